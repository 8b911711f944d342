"""Enrolment: the key never leaves, a crash is mended by asking again, and modes are minded."""

from __future__ import annotations

import base64
import stat
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from nacl.signing import VerifyKey

from agents import wire
from agents.errors import IdentityError, SettingsError, Unreachable
from agents.reporting.identity import Identity, enrol, rotate
from agents.reporting.server import Request, Server
from tests.support.agents.tiny_server import TinyServer


def test_a_node_is_enrolled_once_and_known_afterwards(tmp_path: Path, server: TinyServer) -> None:
    folder = tmp_path / "agent"
    assert Identity.load(folder) is None
    identity = enrol(folder, server.url, "code-1", "node-1")
    identity_read = Identity.load(folder)
    assert identity_read is not None
    assert (identity_read.agent, identity_read.cluster, identity_read.node) == (
        identity.agent,
        "centre-1",
        "node-1",
    )
    signature = base64.b64decode(identity_read.sign(b"body"))
    server.keys[identity.agent].verify(sha256(b"body").digest(), signature)


def test_the_key_is_for_our_eyes_only(tmp_path: Path, server: TinyServer) -> None:
    folder = tmp_path / "agent"
    enrol(folder, server.url, "code-1", "node-1")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {"agent.key": 0o600, "agent.json": 0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("fate", ["lose", "drop", "503"])
def test_a_lost_answer_is_mended_by_asking_again(
    tmp_path: Path, server: TinyServer, fate: str
) -> None:
    server.plan = [fate, fate]  # the kept-alive connection may be tried twice
    with pytest.raises(Unreachable, match="still good"):
        enrol(tmp_path, server.url, "code-1", "node-1")
    server.plan = []
    assert Identity.load(tmp_path) is None
    identity = enrol(tmp_path, server.url, "code-1", "node-1")
    assert list(server.keys) == [identity.agent]


def test_a_used_or_unknown_code_is_refused_in_the_servers_words(
    tmp_path: Path, server: TinyServer
) -> None:
    enrol(tmp_path / "a", server.url, "code-1", "node-a")
    with pytest.raises(IdentityError, match="used by another key"):
        enrol(tmp_path / "b", server.url, "code-1", "node-b")
    with pytest.raises(IdentityError, match="no such code"):
        enrol(tmp_path / "b", server.url, "code-2", "node-b")
    assert Identity.load(tmp_path / "b") is None


def test_a_strange_answer_is_no_enrolment(tmp_path: Path, server: TinyServer) -> None:
    server.plan = ["201"]
    with pytest.raises(Unreachable, match="HTTP 201"):
        enrol(tmp_path, server.url, "code-1", "node-1")
    assert Identity.load(tmp_path) is None


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path, server: TinyServer) -> None:
    enrol(tmp_path, server.url, "code-1", "node-1")
    (tmp_path / "agent.key").chmod(0o644)
    with pytest.raises(IdentityError, match="chmod 600"):
        Identity.load(tmp_path)
    with pytest.raises(IdentityError, match="chmod 600"):
        enrol(tmp_path, server.url, "code-1", "node-1")


@pytest.mark.parametrize(
    ("name", "content"),
    [("agent.key", b"short"), ("agent.json", b"{}"), ("agent.json", b"\xff"), ("agent.key", None)],
)
def test_a_damaged_identity_says_what_to_do(
    tmp_path: Path, server: TinyServer, name: str, content: bytes | None
) -> None:
    enrol(tmp_path, server.url, "code-1", "node-1")
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(IdentityError, match="enrol with a new code"):
        Identity.load(tmp_path)


def test_a_half_written_key_is_never_taken(tmp_path: Path, server: TinyServer) -> None:
    """A crash in the middle of writing leaves a draft beside the place, never in it."""
    (tmp_path / "agent.key.new").write_bytes(b"half")
    identity = enrol(tmp_path, server.url, "code-1", "node-1")
    seed = (tmp_path / "agent.key").read_bytes()
    assert len(seed) == 32
    assert isinstance(server.keys[identity.agent], VerifyKey)


def test_a_new_key_takes_the_place_of_the_old_one(tmp_path: Path, server: TinyServer) -> None:
    old = enrol(tmp_path, server.url, "code-1", "node-1")
    for code in ("code-2", "code-3"):
        server.codes[code] = None
        new = rotate(tmp_path, server.url, code)
        identity = Identity.load(tmp_path)
        assert identity is not None
        assert (identity.agent, identity.node) == (new.agent, "node-1")
        assert new.agent != old.agent
        signature = base64.b64decode(identity.sign(b"body"))
        server.keys[new.agent].verify(sha256(b"body").digest(), signature)
        files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
        assert files == {"agent.json": 0o600, f"agent-{new.agent}.key": 0o600}
        old = new


def test_a_new_key_that_the_server_refuses_leaves_the_old_one(
    tmp_path: Path, server: TinyServer
) -> None:
    """A code that is used up, then a lost answer: in both cases the old key is still good."""
    old = enrol(tmp_path, server.url, "code-1", "node-1")
    with pytest.raises(IdentityError, match="used by another key"):
        rotate(tmp_path, server.url, "code-1")
    server.codes["code-2"] = None
    server.plan = ["lose", "lose"]
    with pytest.raises(Unreachable, match="still good"):
        rotate(tmp_path, server.url, "code-2")
    identity = Identity.load(tmp_path)
    assert identity is not None
    assert identity.agent == old.agent
    server.plan = []
    new = rotate(tmp_path, server.url, "code-2")
    assert list(server.keys) == [old.agent, new.agent]


def test_a_key_left_by_a_crash_after_the_switch_is_not_used_again(
    tmp_path: Path, server: TinyServer
) -> None:
    enrol(tmp_path, server.url, "code-1", "node-1")
    server.codes |= {"code-2": None, "code-3": None}
    second = rotate(tmp_path, server.url, "code-2")
    path = tmp_path / "agent.key.next"
    path.write_bytes((tmp_path / f"agent-{second.agent}.key").read_bytes())
    path.chmod(0o600)
    assert rotate(tmp_path, server.url, "code-3").agent != second.agent


def test_a_node_that_is_not_known_has_no_key_to_replace(tmp_path: Path, server: TinyServer) -> None:
    with pytest.raises(IdentityError, match="not enrolled"):
        rotate(tmp_path, server.url, "code-1")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    ["", "suanquan.example.cn", "ftp://example.cn", "http://", "http://a:port", "http://[::1"],
)
def test_a_wrong_address_is_one_clear_error(url: str) -> None:
    with pytest.raises(SettingsError, match="服务器地址"):
        Server(url)


def test_a_connection_that_was_closed_meanwhile_is_opened_again(server: TinyServer) -> None:
    wish = msgspec.json.encode(wire.Enrol("code-1", "0" * 64, "node-1"))
    with Server(server.url) as connection:
        assert connection.get("/healthz") is not None
        server.plan = ["drop"]
        answer = connection.post(Request("/api/v1/agents", wish))
    assert answer is not None
    assert (answer.status, server.statuses) == (201, [201])
