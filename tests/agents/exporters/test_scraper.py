"""Scrapes over real sockets: TLS, tokens, limits, and everything that is no whole answer."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.errors import SettingsError
from agents.exporters import scraper as module
from agents.exporters.client import ScrapeFault
from agents.exporters.fleet import Answers
from agents.exporters.scraper import Scraper
from agents.exporters.settings import ScrapeSettings
from tests.support.agents.fake_exporter import FakeExporter, dcgm_rows, page, serving_exporter

GPU = "GPU-00000000-0000-4000-8000-000000000001"


def write() -> str:
    return page(dcgm_rows(GPU))


@pytest.fixture
def exporter() -> Iterator[FakeExporter]:
    with serving_exporter(FakeExporter(write)) as fake:
        yield fake


def scrape(urls: str, **more: str) -> tuple[Answers, dict[str, str]]:
    """One round, and its faults."""
    scraper = Scraper(ScrapeSettings.read({"SUANQUAN_EXPORTERS": urls, **more}))
    try:
        return scraper.scrape(), scraper.faults
    finally:
        scraper.close()


def test_an_exporter_answers(exporter: FakeExporter) -> None:
    answers, faults = scrape(exporter.url)
    ((name, answer),) = answers.items()
    assert name == exporter.url
    assert answer is not None
    assert {sample.family for sample in answer.samples} >= {"DCGM_FI_DEV_GPU_UTIL"}
    assert faults == {}
    path, headers = exporter.requests[0]
    assert (path, headers["Host"]) == ("/metrics", f"127.0.0.1:{exporter.port}")
    assert "Authorization" not in headers


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        ("drop", "unreachable"),
        ("cut", "incomplete"),
        ("huge", "too_large"),
        ("gzip", "encoding"),
        ("503", "status_503"),
        ("302", "status_302"),
        ("401", "status_401"),
    ],
)
def test_an_answer_that_is_not_whole_is_none(exporter: FakeExporter, fault: str, word: str) -> None:
    exporter.fault = fault
    answers, faults = scrape(exporter.url)
    assert list(answers.values()) == [None]
    assert faults == {exporter.url: word}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "no_gpus"),
        ("# HELP nothing here\n", "no_gpus"),
        ("node_load1 0.5\n", "no_gpus"),
        ("<html>\n", "broken"),
    ],
)
def test_an_answer_without_gpus_is_none(exporter: FakeExporter, text: str, word: str) -> None:
    exporter.write = lambda: text
    answers, faults = scrape(exporter.url)
    assert list(answers.values()) == [None]
    assert faults == {exporter.url: word}


def test_an_exporter_that_drips_is_left_after_its_time(exporter: FakeExporter) -> None:
    exporter.fault = "drip"
    began = time.monotonic()
    _, faults = scrape(exporter.url, SUANQUAN_SCRAPE_S="5")
    assert faults == {exporter.url: "timeout"}
    assert time.monotonic() - began < 8


def test_one_that_is_away_costs_the_others_nothing(exporter: FakeExporter) -> None:
    away = "http://127.0.0.1:9/metrics"
    answers, faults = scrape(f"{away}, {exporter.url}")
    assert answers[away] is None
    assert answers[exporter.url] is not None
    assert faults == {away: "unreachable"}


def test_an_idle_connection_that_was_closed_is_opened_again(exporter: FakeExporter) -> None:
    settings = ScrapeSettings.read({"SUANQUAN_EXPORTERS": exporter.url})
    scraper = Scraper(settings)
    assert list(scraper.scrape().values()) != [None]
    for client in scraper._clients.values():
        assert client._connection.sock is not None
        client._connection.sock.shutdown(2)
    assert list(scraper.scrape().values()) != [None]
    scraper.close()


def test_a_name_stands_for_all_its_addresses(
    exporter: FakeExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A headless Service; one that cannot be resolved for a while keeps its addresses."""
    monkeypatch.setattr(module, "addresses_of", lambda _host, _port: ["127.0.0.1", "127.0.0.2"])
    url = f"http://dcgm-exporter.gpu-operator.svc:{exporter.port}/metrics"
    scraper = Scraper(ScrapeSettings.read({"SUANQUAN_EXPORTERS": url}))
    answers = scraper.scrape()
    assert list(answers) == [f"http://127.0.0.{n}:{exporter.port}/metrics" for n in (1, 2)]
    assert exporter.requests[0][1]["Host"].startswith("dcgm-exporter.gpu-operator.svc")

    def fail(_host: str, _port: int) -> list[str]:
        raise ScrapeFault("no_address")

    monkeypatch.setattr(module, "addresses_of", fail)
    again = scraper.scrape()
    scraper.close()
    assert again.keys() == answers.keys()
    assert again[exporter.url] is not None
    assert scraper.faults["dcgm-exporter.gpu-operator.svc"] == "no_address"


def test_the_token_is_read_before_each_scrape(exporter: FakeExporter, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("first\n")
    settings = ScrapeSettings.read(
        {"SUANQUAN_EXPORTERS": exporter.url, "SUANQUAN_SCRAPE_TOKEN": str(token)}
    )
    scraper = Scraper(settings)
    scraper.scrape()
    token.write_text("second")
    scraper.scrape()
    tokens = [headers["Authorization"] for _, headers in exporter.requests]
    assert tokens == ["Bearer first", "Bearer second"]
    token.unlink()
    assert scraper.scrape() == {exporter.url: None}
    scraper.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of its own for the name `exporter.test`, with its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: no certificate can be made")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"),
            *("-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=exporter.test"),
            *("-addext", "subjectAltName=DNS:exporter.test"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")),
        ],
        check=True,
        capture_output=True,
    )
    both = folder / "both.pem"
    names = ("certificate.pem", "key.pem")
    both.write_bytes(b"".join((folder / name).read_bytes() for name in names))
    return both


@pytest.mark.parametrize(
    ("host", "trusted", "fault"),
    [("exporter.test", True, None), ("exporter.test", False, "tls"), ("other.test", True, "tls")],
)
def test_tls_with_an_authority_of_ones_own(
    authority: Path, monkeypatch: pytest.MonkeyPatch, host: str, trusted: bool, fault: str | None
) -> None:
    """The certificate must be that of the name that was written, not of the address."""
    monkeypatch.setattr(module, "addresses_of", lambda _host, _port: ["127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    with serving_exporter(FakeExporter(write), context) as fake:
        more = {"SUANQUAN_SCRAPE_CA": str(authority)} if trusted else {}
        answers, faults = scrape(f"https://{host}:{fake.port}", **more)
    assert list(faults.values()) == ([fault] if fault else [])
    assert (list(answers.values()) == [None]) == bool(fault)


@pytest.mark.parametrize(
    ("environ", "word"),
    [
        ({}, "SUANQUAN_EXPORTERS"),
        ({"SUANQUAN_EXPORTERS": "http://a:1", "SUANQUAN_PROMETHEUS": "http://b:2"}, "one of"),
        ({"SUANQUAN_EXPORTERS": "dcgm-exporter:9400"}, "no address"),
        ({"SUANQUAN_EXPORTERS": "http://user:secret@a:9400"}, "no address"),
        ({"SUANQUAN_EXPORTERS": "http://a:99999"}, "no address"),
        ({"SUANQUAN_PROMETHEUS": "ftp://a"}, "SUANQUAN_PROMETHEUS"),
        ({"SUANQUAN_EXPORTERS": "http://a", "SUANQUAN_SCRAPE_S": "4"}, "SUANQUAN_SCRAPE_S"),
        ({"SUANQUAN_EXPORTERS": "http://a", "SUANQUAN_SCRAPE_S": "1.5"}, "SUANQUAN_SCRAPE_S"),
        ({"SUANQUAN_EXPORTERS": "http://a", "SUANQUAN_SCRAPE_CA": "/no"}, "SUANQUAN_SCRAPE_CA"),
        (
            {"SUANQUAN_EXPORTERS": "http://a", "SUANQUAN_SCRAPE_TOKEN": "/no"},
            "SUANQUAN_SCRAPE_TOKEN",
        ),
    ],
)
def test_each_wrong_setting_is_named(environ: dict[str, str], word: str) -> None:
    with pytest.raises(SettingsError, match=word):
        ScrapeSettings.read(environ)
