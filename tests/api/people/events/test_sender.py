"""Events go out in the order of their chain, and none is missing, whatever the receiver does."""

import json
import re
import ssl
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from api.people.events import sender
from api.people.events.sender import Receiver, send_round
from api.server.background import link_round
from api.settings import Settings
from tests.support.servers.collector import Collector, collecting

ADD = (
    "INSERT INTO events (address, request, act, noun, number, result, code, omitted)"
    " SELECT '192.0.2.7', 'r', 'POST /x', '申请', n::text, 'refused', '', 0"
    " FROM generate_series({}, {}) n"
)
MESSAGE = re.compile(r"<108>1 \d{4}-\d\d-\d\dT[\d:.]+Z \S+ suanquan - refused - (\{.*\})")


def add(engine: sa.Engine, first: int, last: int) -> None:
    """Events with these numbers, at their places in the chain."""
    with engine.begin() as connection:
        connection.execute(sa.text(ADD.format(first, last)))
    link_round(engine)


def numbers(collector: Collector) -> list[int]:
    """The numbers of what came by JSON, in its order."""
    return [
        int(json.loads(line)["number"]) for part in collector.parts for line in part.splitlines()
    ]


def syslog_messages(stream: bytes) -> list[dict[str, Any]]:
    """The messages of a stream of counted octets, each checked to be of RFC 5424."""
    messages = []
    while stream:
        length, _, rest = stream.partition(b" ")
        match = MESSAGE.fullmatch(rest[: int(length)].decode("ascii"))
        assert match
        messages.append(json.loads(match[1]))
        stream = rest[int(length) :]
    return messages


def bookmark(owner: psycopg.Connection) -> int:
    row = owner.execute("SELECT coalesce(max(position), 0) FROM event_bookmarks").fetchone()
    assert row
    return int(row[0])


def test_syslog_over_tls(engine: sa.Engine, owner: psycopg.Connection, tmp_path: Path) -> None:
    add(engine, 1, 3)
    with collecting(tmp_path) as collector:
        url = f"syslog+tls://localhost:{collector.port}"
        receiver = Receiver(url, tmp_path / "certificate.pem")
        assert send_round(engine, receiver) == 3
        assert send_round(engine, receiver) == 0
        (part,) = collector.parts
        messages = syslog_messages(part)
        assert [(m["position"], m["number"], m["noun"]) for m in messages] == [
            (1, "1", "申请"), (2, "2", "申请"), (3, "3", "申请"),
        ]  # fmt: skip
        head = owner.execute("SELECT encode(hash, 'hex') FROM event_links WHERE position = 3")
        assert head.fetchone() == (messages[-1]["hash"],)
        add(engine, 4, 4)
        collector.fates = ["ragged"]
        assert send_round(engine, receiver) == 1
        add(engine, 5, 5)
        with pytest.raises(ssl.SSLError):
            send_round(engine, Receiver(url))  # a stranger's certificate
        assert bookmark(owner) == 4


@pytest.mark.parametrize("is_tls", [False, True])
def test_a_receiver_dies_and_nothing_is_missing(
    engine: sa.Engine,
    owner: psycopg.Connection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_tls: bool,
) -> None:
    monkeypatch.setattr(sender, "PART", 20)
    add(engine, 1, 50)
    with collecting(tmp_path if is_tls else None) as collector:
        scheme = "json+tls" if is_tls else "json+tcp"
        receiver = Receiver(
            f"{scheme}://localhost:{collector.port}",
            tmp_path / "certificate.pem" if is_tls else None,
        )
        collector.fates = ["read", "break", "break"]
        for place in (20, 20):
            with pytest.raises(OSError):  # noqa: PT011 - however it breaks off
                send_round(engine, receiver)
            assert bookmark(owner) == place
        add(engine, 51, 60)
        assert send_round(engine, receiver) == 40
        assert numbers(collector) == list(range(1, 61))
    add(engine, 61, 61)
    with pytest.raises(OSError):  # noqa: PT011 - it is away
        send_round(engine, receiver)
    assert bookmark(owner) == 60


@pytest.mark.parametrize("url", ["https://collector", "syslog+tls://", "collector:6514"])
def test_a_wrong_address_is_named(url: str) -> None:
    with pytest.raises(ValueError, match="events_to"):
        Settings(events_to=url)
