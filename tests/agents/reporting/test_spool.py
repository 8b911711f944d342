"""The spool: what was added is never lost, a number never has two bodies, a full disk says so."""

from __future__ import annotations

import stat
from collections import deque
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from agents import wire
from agents.errors import SpoolDamaged, SpoolError
from agents.reporting.gap_runs import GapRun
from agents.reporting.spool import Spool
from tests.support.agents.windows import MS, NOON, window
from tests.support.servers.small_disk import fill, small_disk

AGENT = uuid4()


def batch(body: bytes | None) -> wire.Batch:
    assert body is not None
    return msgspec.json.decode(body, type=wire.Batch)


def test_what_was_added_is_there_after_the_file_is_opened_again(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool.db") as spool:
        stream = spool.stream
        spool.add([window(0), window(1)], checkpoint=b"open minute")
    with Spool(tmp_path / "spool.db") as spool:
        assert (spool.stream, spool.depth(), spool.oldest()) == (stream, 2, NOON)
        assert spool.restore() == b"open minute"
        next_batch = batch(spool.next_batch(AGENT, NOON))
    assert next_batch.windows == (window(0), window(1))
    assert (next_batch.stream, next_batch.number, next_batch.previous, next_batch.agent) == (
        stream,
        1,
        "",
        AGENT,
    )


def test_the_batch_in_flight_keeps_its_bytes(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool.db") as spool:
        spool.add([window(0)])
        first = spool.next_batch(AGENT, NOON)
        spool.add([window(1)])
        assert spool.next_batch(AGENT, NOON + timedelta(hours=1)) == first
    with Spool(tmp_path / "spool.db") as spool:
        assert spool.next_batch(AGENT, NOON) == first
        spool.acknowledge(1)
        assert batch(spool.next_batch(AGENT, NOON)).windows == (window(1),)


def test_batches_are_numbered_and_chained(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool.db") as spool:
        spool.add(window(minute) for minute in range(2_500))
        sizes: list[int] = []
        previous = ""
        while (body := spool.next_batch(AGENT, NOON)) is not None:
            next_batch = batch(body)
            assert (next_batch.number, next_batch.previous) == (len(sizes) + 1, previous)
            previous = sha256(body).hexdigest()
            sizes.append(len(next_batch.windows))
            spool.acknowledge(next_batch.number)
        assert sizes == [1_000, 1_000, 500]
        assert (spool.depth(), spool.oldest()) == (0, None)


def test_a_batch_stays_below_one_mebibyte(tmp_path: Path) -> None:
    big = [window(minute, name=f"{minute:04d}" + "x" * 240) for minute in range(900)]
    wide = [
        msgspec.structs.replace(body, parts=_slices(body.parts[0].holder), flags=("f" * 4_000,))
        for body in big
    ]
    with Spool(tmp_path / "spool.db") as spool:
        spool.add(wide)
        windows: list[wire.Window] = []
        while (body := spool.next_batch(AGENT, NOON)) is not None:
            assert len(body) <= wire.BATCH_BYTES_MAX
            windows += batch(body).windows
            spool.acknowledge(batch(body).number)
    assert windows == wide


def test_a_full_spool_drops_the_oldest_and_says_so(tmp_path: Path) -> None:
    """Every minute still reaches the server: as it was, or as a gap."""
    with Spool(tmp_path / "spool.db", bytes_max=300_000) as spool:
        for hour in range(25):
            spool.add([window(60 * hour + m, gpu) for m in range(60) for gpu in range(3)])
        assert (tmp_path / "spool.db").stat().st_size < 400_000
        assert spool.depth() == 4_500
        windows: list[wire.Window] = []
        while (body := spool.next_batch(AGENT, NOON)) is not None:
            windows += batch(body).windows
            spool.acknowledge(batch(body).number)
    assert sorted((w.start, w.gpu) for w in windows) == [
        (window(minute, gpu).start, window(minute, gpu).gpu)
        for minute in range(1_500)
        for gpu in range(3)
    ]
    lost = [w for w in windows if w.gaps]
    assert lost
    assert {gap for w in lost for gap in w.gaps} == {
        wire.Gap(0, 60_000, wire.GapReason.SPOOL_OVERFLOW)
    }
    assert max(w.start for w in lost) <= min(w.start for w in windows if w.parts)
    assert all(wire.faults(w) == [] for w in windows)


def test_the_batch_in_flight_is_never_dropped(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool.db", bytes_max=100_000) as spool:
        spool.add([window(0)])
        first = spool.next_batch(AGENT, NOON)
        spool.add(window(minute) for minute in range(1, 3_000))
        assert spool.next_batch(AGENT, NOON) == first


def test_a_run_of_gaps_is_one_row_and_many_windows(tmp_path: Path) -> None:
    run = GapRun(
        window(0).gpu, "nvidia", "NVIDIA H100", MS, MS + 71 * 60_000, wire.GapReason.AGENT_DOWN
    )
    with Spool(tmp_path / "spool.db") as spool:
        spool.add([window(80)], gaps=[run])
        assert (spool.depth(), spool.oldest()) == (73, NOON)
        windows = batch(spool.next_batch(AGENT, NOON)).windows
    assert [w.start for w in windows] == [NOON + timedelta(minutes=m) for m in [*range(72), 80]]
    assert windows[0].gaps == (wire.Gap(0, 60_000, wire.GapReason.AGENT_DOWN),)


def test_a_long_run_of_gaps_fills_several_batches(tmp_path: Path) -> None:
    last = MS + 1_499 * 60_000
    run = GapRun(window(0).gpu, "nvidia", "H100", MS, last, wire.GapReason.AGENT_DOWN)
    with Spool(tmp_path / "spool.db") as spool:
        spool.add([window(2_000)], gaps=[run])
        first = batch(spool.next_batch(AGENT, NOON))
        assert spool.depth() == 1_501
        spool.acknowledge(1)
        second = batch(spool.next_batch(AGENT, NOON))
    starts = [w.start for w in (*first.windows, *second.windows)]
    assert starts == [NOON + timedelta(minutes=m) for m in [*range(1_500), 2_000]]


def test_a_server_that_lost_batches_gets_the_same_bytes_again(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool.db") as spool:
        bodies = []
        for minute in range(4):
            spool.add([window(minute)])
            bodies.append(spool.next_batch(AGENT, NOON))
            spool.acknowledge(minute + 1)
        assert spool.rewind(2)
        again = []
        while (body := spool.next_batch(AGENT, NOON)) is not None:
            again.append(body)
            spool.acknowledge(batch(body).number)
        assert again == bodies[1:]
        assert not spool.rewind(5)
        assert not spool.rewind(0)


def test_a_new_stream_says_what_waited_again(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool.db") as spool:
        for minute in range(3):
            spool.add([window(minute)])
            spool.next_batch(AGENT, NOON)
            if minute < 2:
                spool.acknowledge(minute + 1)
        old = spool.stream
        spool.new_stream(2)
        next_batch = batch(spool.next_batch(AGENT, NOON))
        assert next_batch.stream != old
        assert (next_batch.number, next_batch.previous) == (1, "")
        assert next_batch.windows == (window(1), window(2))


def test_another_identity_is_another_stream(tmp_path: Path) -> None:
    other_uuid = uuid4()
    with Spool(tmp_path / "spool.db") as spool:
        spool.add([window(0)])
        first = batch(spool.next_batch(AGENT, NOON))
        second = batch(spool.next_batch(other_uuid, NOON))
    assert (second.agent, second.number, second.windows) == (other_uuid, 1, first.windows)
    assert second.stream != first.stream


def test_a_window_that_breaks_a_rule_never_enters(tmp_path: Path) -> None:
    wrong = msgspec.structs.replace(window(0), parts=(wire.Part(wire.Static("a"), 0, 50_000),))
    with Spool(tmp_path / "spool.db") as spool:
        with pytest.raises(ValueError, match="neither a part nor a gap"):
            spool.add([window(1), wrong])
        assert spool.depth() == 0


def test_a_second_agent_is_refused(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool.db"), pytest.raises(SpoolError, match="another suanquan-agent"):
        Spool(tmp_path / "spool.db")


def test_a_damaged_file_is_told_from_a_busy_one(tmp_path: Path) -> None:
    (tmp_path / "spool.db").write_bytes(b"not a database at all" * 400)
    with pytest.raises(SpoolDamaged, match="损坏"):
        Spool(tmp_path / "spool.db")


def test_a_missing_folder_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SpoolError, match="No such file"):
        Spool(tmp_path / "nowhere" / "spool.db")


def test_the_file_is_not_for_all_eyes(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool.db"):
        assert stat.S_IMODE((tmp_path / "spool.db").stat().st_mode) == 0o600


def _slices(holder: wire.Holder) -> tuple[wire.Part, ...]:
    return tuple(
        wire.Part(
            holder,
            0,
            60_000,
            mig=wire.Mig(place, 0, "1g.10gb", f"MIG-{place}", (place, 1)),
        )
        for place in range(7)
    )


def test_a_disk_that_is_really_full_takes_nothing_loses_nothing_and_comes_back(
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path / "disk", mib=1) as disk:
        with Spool(disk / "spool.db") as spool:
            spool.add([window(0)])
            filler = fill(disk)
            with pytest.raises(SpoolError):
                deque(map(spool.add, ([window(minute)] for minute in range(1, 40_000))), maxlen=0)
            kept = spool.depth()
            assert spool.oldest() == NOON
            filler.unlink()
            spool.add([window(50_000)])
        with Spool(disk / "spool.db") as spool:
            assert spool.depth() == kept + 1
            assert batch(spool.next_batch(AGENT, NOON)).windows[0] == window(0)
