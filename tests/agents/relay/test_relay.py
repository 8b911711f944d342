"""The relay's door: two paths, TLS with certificates of nodes, a proxy; and courier-only."""

from __future__ import annotations

import http.client
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from agents import relay_words
from agents.errors import SettingsError
from agents.relay.settings import RelaySettings, relay_id
from agents.reporting.identity import Identity, enrol
from agents.reporting.line import Line
from agents.reporting.report import BATCH_PATH, report
from agents.reporting.server import Request, Response, Server
from agents.reporting.spool import Spool
from tests.support.agents.relay_process import Relay, Wire, lives
from tests.support.agents.tiny_server import TinyServer
from tests.support.agents.windows import window

NOW = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture
def relay(tmp_path: Path, server: TinyServer) -> Iterator[Relay]:
    with lives(Relay(tmp_path, server.url)) as relay:
        yield relay


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with Spool(tmp_path / "spool.db") as spool:
        yield spool


def send(spool: Spool, identity: Identity, url: str, line: Line | None = None) -> None:
    """The sending flow without its waits, as long as it is answered."""
    flow, response = report(spool, identity, lambda: NOW), None
    with Server(url, line=line) as door:
        for _ in range(20):
            try:
                step = flow.send(response)
            except StopIteration:
                return
            response = door.post(step) if isinstance(step, Request) else None


def test_enrolment_and_answers_pass(relay: Relay, spool: Spool, server: TinyServer) -> None:
    identity = enrol(relay.folder / "node", relay.url, "code-1", "n1")
    spool.add([window(1), window(2)])
    send(spool, identity, relay.url)
    assert spool.depth() == 0
    assert len(server.windows) == 2
    assert list(server.keys) == [identity.agent]
    assert relay.figure("forwarded_total") == 1
    assert relay.figure("answers") == 0


def test_what_the_relay_holds_the_node_keeps(
    relay: Relay, spool: Spool, server: TinyServer
) -> None:
    identity = enrol(relay.folder / "node", relay.url, "code-1", "n1")
    server.plan = ["503"] * 4
    spool.add([window(1)])
    send(spool, identity, relay.url)
    assert spool.depth() == 1
    spool.add([window(2)])
    send(spool, identity, relay.url)
    relay.until_empty()
    send(spool, identity, relay.url)
    assert spool.depth() == 0
    assert len(server.windows) == 2


def test_each_batch_tells_the_server_what_else_waits(
    relay: Relay, spool: Spool, server: TinyServer
) -> None:
    identity = enrol(relay.folder / "node", relay.url, "code-1", "n1")
    server.plan = ["503"]
    for number in (1, 2):
        spool.add([window(number)])
        send(spool, identity, relay.url)
    relay.until_empty()
    assert {state.name for state in server.relays} == {"r-1"}
    assert server.relays[-1].batches == 0
    assert server.relays[-1].oldest_s == 0
    assert server.relays[-1].bytes_max == 2**30


def test_relays_in_a_row_are_each_heard_and_of_one_name_are_two(
    tmp_path: Path, spool: Spool, server: TinyServer
) -> None:
    outer_folder, inner_folder = _folder(tmp_path / "outer"), _folder(tmp_path / "inner")
    outer = Relay(outer_folder, server.url)
    with lives(outer), lives(Relay(inner_folder, outer.url)) as inner:
        identity = enrol(tmp_path / "node", inner.url, "code-1", "n1")
        spool.add([window(1)])
        send(spool, identity, inner.url)
        inner.until(lambda: _is_delivered(spool, identity, inner.url))
        (last,) = server.relays[-1:]
        (behind,) = last.behind
        assert (last.name, behind.name) == ("r-1", "r-1")
        assert last.relay == relay_id(outer.data)
        assert behind.relay == relay_id(inner.data) != last.relay
        spool.add([window(2)])  # not through the inner one: it is on this way no more
        send(spool, identity, outer.url)
        outer.until(lambda: _is_delivered(spool, identity, outer.url))
        assert server.relays[-1].behind == ()


def test_a_relay_is_the_same_after_a_restart(tmp_path: Path) -> None:
    first = relay_id(tmp_path)
    assert relay_id(tmp_path) == first
    (tmp_path / "relay.id").write_text("cut o")
    assert relay_id(tmp_path) not in (first, None)


def test_a_proxys_page_is_no_answer(relay: Relay, spool: Spool, server: TinyServer) -> None:
    identity = enrol(relay.folder / "node", relay.url, "code-1", "n1")
    server.plan = ["200", "403", "500"]
    spool.add([window(1)])
    send(spool, identity, relay.url)
    relay.until_empty()
    send(spool, identity, relay.url)
    assert spool.depth() == 0
    assert len(server.windows) == 1


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET / HTTP/1.1", 404),
        ("GET http://example.org/ HTTP/1.1", 404),
        ("CONNECT example.org:443 HTTP/1.1", 501),
        ("POST http://example.org/api/v1/batches HTTP/1.1", 404),
        ("POST /api/v1/tokens HTTP/1.1\r\nContent-Length: 0", 404),
        ("POST /api/v1/batches/../tokens HTTP/1.1\r\nContent-Length: 0", 404),
        ("PUT /api/v1/batches HTTP/1.1", 501),
        ("POST /api/v1/batches HTTP/1.1", 411),
        ("POST /api/v1/batches HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2", 411),
        ("POST /api/v1/batches HTTP/1.1\r\nContent-Length: -1", 411),
        ("POST /api/v1/batches HTTP/1.1\r\nTransfer-Encoding: chunked", 411),
        ("POST /api/v1/batches HTTP/1.1\r\nContent-Length: 1048577", 413),
        (f"POST /api/v1/batches HTTP/1.1\r\nContent-Length: {'9' * 400}", 413),
        ("POST /api/v1/agents HTTP/1.1\r\nContent-Length: 65537", 413),
        ("POST /api/v1/batches HTTP/1.1\r\nContent-Length: 0", 422),
        ("GET /healthz HTTP/1.1", 200),
    ],
)
def test_nothing_else_passes(relay: Relay, server: TinyServer, head: str, status: int) -> None:
    with socket.create_connection(("127.0.0.1", relay.port), 10) as connection:
        connection.sendall(f"{head}\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = http.client.HTTPResponse(connection)
        answer.begin()
    assert answer.status == status
    assert not server.statuses


def certificates(folder: Path) -> Path:
    """An authority, the relay's certificate and a node's, in one folder."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: no certificates")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    new = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl(*new, "-x509", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca")
    for name in ("relay", "node"):
        (folder / "names").write_text("subjectAltName=IP:127.0.0.1")
        openssl(*new, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        openssl(
            *("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key"),
            *("-CAcreateserial", "-extfile", "names", "-out", f"{name}.pem"),
        )
    return folder


def test_tls_with_certificates_on_both_sides(
    tmp_path: Path, spool: Spool, server: TinyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Node to relay, and relay to relay as to a server: who shows no certificate is not heard."""
    folder = certificates(tmp_path)
    tls = {
        "SUANQUAN_RELAY_CERT": str(folder / "relay.pem"),
        "SUANQUAN_RELAY_KEY": str(folder / "relay.key"),
        "SUANQUAN_RELAY_CLIENT_CA": str(folder / "ca.pem"),
    }
    certificate = {
        "SSL_CERT_FILE": str(folder / "ca.pem"),
        "SUANQUAN_CLIENT_CERT": str(folder / "node.pem"),
        "SUANQUAN_CLIENT_KEY": str(folder / "node.key"),
    }
    for place in ("outer", "inner"):
        (tmp_path / place).mkdir()
    outer = Relay(tmp_path / "outer", server.url, tls, "https")
    with (
        lives(outer),
        lives(Relay(tmp_path / "inner", outer.url, tls | certificate, "https")) as inner,
    ):
        monkeypatch.setenv("SSL_CERT_FILE", certificate["SSL_CERT_FILE"])
        stranger = Server(inner.url)
        assert stranger.get("/healthz") is None
        for name in ("SUANQUAN_CLIENT_CERT", "SUANQUAN_CLIENT_KEY"):
            monkeypatch.setenv(name, certificate[name])
        identity = enrol(tmp_path / "node", inner.url, "code-1", "n1")
        spool.add([window(1)])
        send(spool, identity, inner.url)
        inner.until_empty()
        outer.until_empty()
        inner.until(lambda: _is_delivered(spool, identity, inner.url))
    assert len(server.windows) == 1


def test_a_renewed_certificate_is_shown_without_a_restart(tmp_path: Path) -> None:
    old, new = (certificates(_folder(tmp_path / name)) for name in ("old", "new"))
    own = _folder(tmp_path / "mounted")

    def mount(folder: Path) -> None:
        for name in ("relay.pem", "relay.key"):
            shutil.copy(folder / name, own / name)

    mount(old)
    settings = RelaySettings.read(
        {
            "SUANQUAN_RELAY_CERT": str(own / "relay.pem"),
            "SUANQUAN_RELAY_KEY": str(own / "relay.key"),
        }
    )
    context = settings.context()
    assert context is not None
    assert _certificate_of(context) == _der(old)
    shutil.copy(new / "relay.pem", own / "relay.pem")  # half of the new pair: nothing changes
    settings.renew(context)
    assert _certificate_of(context) == _der(old)
    mount(new)
    settings.renew(context)
    assert _certificate_of(context) == _der(new)
    RelaySettings.read({}).renew(None)


def _folder(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _der(folder: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert((folder / "relay.pem").read_text(encoding="ascii"))


def _certificate_of(context: ssl.SSLContext) -> bytes | None:
    """The certificate that a caller gets: a handshake in memory."""
    caller = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    caller.check_hostname, caller.verify_mode = False, ssl.CERT_NONE
    out, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = caller.wrap_bio(back, out)
    far = context.wrap_bio(out, back, server_side=True)
    for end in (near, far, near, far):
        with suppress(ssl.SSLWantReadError):
            end.do_handshake()
    return near.getpeercert(binary_form=True)


def _is_delivered(spool: Spool, identity: Identity, url: str) -> bool:
    send(spool, identity, url)
    return spool.depth() == 0


def test_through_a_proxy(tmp_path: Path, spool: Spool, server: TinyServer) -> None:
    proxy = Wire(server.url, is_proxy=True)
    variables = {"SUANQUAN_PROXY": proxy.url.replace("//", "//clerk:s%40cret@")}
    with lives(Relay(tmp_path, "http://server.invalid:8321", variables)) as relay:
        identity = enrol(tmp_path / "node", relay.url, "code-1", "n1")
        spool.add([window(1)])
        send(spool, identity, relay.url)
        relay.until(lambda: _is_delivered(spool, identity, relay.url))
    proxy.close()
    assert proxy.heads[0].startswith("CONNECT server.invalid:8321 ")
    assert "Basic Y2xlcms6c0BjcmV0" in proxy.heads[0]


def test_without_a_server_it_stores(tmp_path: Path, spool: Spool, server: TinyServer) -> None:
    identity = enrol(tmp_path / "node", server.url, "code-1", "n1")
    with lives(Relay(tmp_path, None)) as relay:
        spool.add([window(1)])
        send(spool, identity, relay.url)
        assert relay.figure("queue_batches") == 1
        assert relay.figure("server_up") == 0
        answer = relay.post(Request("/api/v1/agents", b"{}"))
        assert answer is not None
        assert answer.status == 503
        assert int(answer.headers["retry-after"]) > 0
    assert spool.depth() == 1


def test_another_relays_word_is_none(spool: Spool, server: TinyServer, tmp_path: Path) -> None:
    """A 202 for other bytes, or from anything that is no relay, changes nothing."""
    identity = enrol(tmp_path / "node", server.url, "code-1", "n1")
    spool.add([window(1)])
    flow = report(spool, identity, lambda: NOW)
    request = flow.send(None)
    assert isinstance(request, Request)
    assert request.path == BATCH_PATH
    for body in (b"", b"{}", msgspec.json.encode(relay_words.Relayed("0" * 64))):
        flow.send(Response(202, {}, body))
        request = flow.send(None)
        assert spool.oldest_relayed() is None


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"SUANQUAN_RELAY_LISTEN": "9481"}, "SUANQUAN_RELAY_LISTEN"),
        ({"SUANQUAN_RELAY_LISTEN": "0.0.0.0:70000"}, "SUANQUAN_RELAY_LISTEN"),
        ({"SUANQUAN_RELAY_MIB": "0"}, "SUANQUAN_RELAY_MIB"),
        ({"SUANQUAN_RELAY_MIB": "1.5"}, "SUANQUAN_RELAY_MIB"),
        ({"SUANQUAN_RELAY_CLIENT_CA": "/ca.pem"}, "needs SUANQUAN_RELAY_CERT"),
        ({"SUANQUAN_RELAY_CERT": "/nowhere.pem"}, "SUANQUAN_RELAY_CERT"),
        ({"SUANQUAN_PROXY": "proxy:3128"}, "SUANQUAN_PROXY"),
        ({"SUANQUAN_PROXY": "https://proxy"}, "SUANQUAN_PROXY"),
        ({"SUANQUAN_CLIENT_KEY": "/key"}, "without SUANQUAN_CLIENT_CERT"),
    ],
)
def test_a_wrong_setting_is_one_clear_error(variables: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):  # noqa: PT012
        RelaySettings.read(variables).context()
        Line.read(variables)
