"""The log's file: begun anew at its size, kept for its days, and no reason to fail."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from api.door import logs
from api.server.log_file import LogFile
from tests.support.servers.small_disk import fill, small_disk

DAY_S = 24 * 3600


@pytest.fixture(autouse=True)
def reconfigure() -> Iterator[None]:
    yield
    logs.configure()
    structlog.reset_defaults()


def events(path: Path) -> list[str]:
    return [json.loads(line)["event"] for line in path.read_text().splitlines()]


def test_it_begins_anew_at_its_size_and_old_parts_go_when_their_days_are_over(
    tmp_path: Path,
) -> None:
    path = tmp_path / "server.log"
    old = tmp_path / "server.log.20200101T000000000000Z"
    draft = tmp_path / "server.log.new"
    for file in (old, draft):
        file.write_text("")
    logs.configure(LogFile(path, size=250, days=180))
    for number in range(6):
        structlog.get_logger().info(f"event {number}")
    parts = [*sorted(tmp_path.glob("server.log.2*")), path]
    assert [event for part in parts for event in events(part)] == [f"event {n}" for n in range(6)]
    assert len(parts) > 1
    assert all(part.stat().st_size <= 250 for part in parts)
    assert all(part.stat().st_mode & 0o777 == 0o600 for part in parts)
    assert not old.exists()
    assert draft.exists()
    assert time.time() - parts[0].stat().st_mtime < DAY_S


def test_it_goes_on_where_the_run_before_ended(tmp_path: Path) -> None:
    for _ in range(2):
        logs.configure(LogFile(tmp_path / "server.log", size=10_000, days=180))
        structlog.get_logger().info("run")
    assert events(tmp_path / "server.log") == ["run", "run"]


def test_a_full_disk_costs_lines_alone_and_they_are_counted(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", mib=1) as disk:
        path = disk / "server.log"
        logs.configure(LogFile(path, size=10_000_000, days=180))
        structlog.get_logger().info("before")
        filler = fill(disk)
        for _ in range(100):
            structlog.get_logger().info("x" * 1_000)
        assert logs.is_failing()
        filler.unlink()
        structlog.get_logger().info("after")
        assert not logs.is_failing()
        first, *_, notice, last = events(path)
        assert (first, notice, last) == ("before", "lines of this log were lost", "after")


def test_a_stream_that_was_closed_fails_nothing(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as stream:
        logs.configure(stream)
    structlog.get_logger().info("nowhere")
    assert logs.is_failing()
