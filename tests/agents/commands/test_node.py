"""The loop of the node's agent on the fake driver, second by second, by its own clocks."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from agents import wire
from agents.commands.health import Health
from agents.commands.node import Sampler
from agents.commands.reporter import open_spool
from agents.driver.watchdog import WatchedDriver
from agents.errors import SpoolDamaged, SpoolError
from agents.holders.source import MapFile
from agents.reporting.spool import Spool
from tests.support.agents.clocks import Clocks
from tests.support.agents.fake_driver import (
    Direct,
    FakeDriver,
    gpu_line,
    gpu_uuid,
    mig_uuid,
    sliced_lines,
)


@dataclass
class Driven:
    """The loop of a node, second by second."""

    folder: Path
    clocks: Clocks = field(default_factory=Clocks)

    def run(self, seconds: int, *, term: bool = True) -> None:
        """One life of the agent; without `term` it is killed."""
        nvml = Direct()
        with Spool(self.folder / "spool.db") as spool:
            holders = MapFile(self.folder / "holders")
            sampler = Sampler(nvml, holders, spool, Health(spool), self.clocks)
            for _ in range(seconds):
                sampler.sample()
                self.clocks.now += 1_000
            if term:
                sampler.sample(last=True)
        nvml.close()

    def windows(self) -> list[wire.Window]:
        with Spool(self.folder / "spool.db") as spool:
            body = spool.next_batch(UUID(int=0), datetime(2026, 1, 1, tzinfo=UTC))
        return list(msgspec.json.decode(body, type=wire.Batch).windows) if body else []


@pytest.fixture
def driven(driver: FakeDriver, tmp_path: Path) -> Driven:
    (tmp_path / "holders").write_text(f"{gpu_uuid(0)} model-a\n{mig_uuid(1, 0)} model-b\n")
    driver.say(gpu_line(0), *sliced_lines(1, 2))
    return Driven(tmp_path)


def test_minutes_of_a_gpu_and_of_slices(driven: Driven) -> None:
    driven.run(121)
    windows = driven.windows()
    assert [(w.gpu, w.start.minute) for w in windows] == [
        (gpu_uuid(gpu), minute) for minute in range(2) for gpu in range(2)
    ]
    whole, sliced = windows[2:]
    assert [(p.holder, p.mig) for p in whole.parts] == [(wire.Static("model-a"), None)]
    assert whole.parts[0].readings == wire.Readings(
        6, 370_000, None, 1_024, 300_000, {"engine_ppm": "not_supported"}
    )
    assert (whole.energy_mj, whole.missing) == (0, {})
    assert [p.holder for p in sliced.parts] == [wire.Static("model-b"), wire.Unallocated()]
    assert [p.mig.uuid for p in sliced.parts if p.mig] == [mig_uuid(1, 0), mig_uuid(1, 1)]
    assert sliced.parts[0].readings is not None
    assert sliced.parts[0].readings.missing["util_ppm"] == "not_supported"


@pytest.mark.parametrize(("term", "gap_ms"), [(True, 5_000), (False, 10_000)])
def test_a_restart_resumes_the_minute_and_the_time_away_is_a_gap(
    driven: Driven, gap_ms: int, *, term: bool
) -> None:
    """Killed at 26 s: what was seen after the look at 20 s is gone, and said to be gone."""
    driven.run(25, term=term)
    driven.clocks.now += 5_000
    driven.run(40)
    first = driven.windows()[0]
    assert wire.faults(first) == []
    (gap,) = first.gaps
    assert gap == wire.Gap(30_000 - gap_ms, 30_000, wire.GapReason.AGENT_DOWN)


def test_a_changed_map_changes_holders_within_two_seconds(driven: Driven) -> None:
    nvml = Direct()
    path = driven.folder / "holders"
    with Spool(driven.folder / "spool.db") as spool:
        sampler = Sampler(nvml, MapFile(path), spool, Health(spool), driven.clocks)
        for second in range(61):
            if second == 30:
                path.write_text(f"{gpu_uuid(0)} model-c\n")
            sampler.sample()
            driven.clocks.now += 1_000
    nvml.close()
    parts = driven.windows()[0].parts
    assert [(p.holder, p.from_ms, p.to_ms) for p in parts] == [
        (wire.Static("model-a"), 0, 31_000),
        (wire.Static("model-c"), 31_000, 60_000),
    ]


def test_a_full_disk_costs_nothing_while_memory_holds(
    driven: Driven, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvml = Direct()
    full = threading.Event()
    with Spool(driven.folder / "spool.db") as spool:
        add = spool.add

        def refuse(*args: object, **kwargs: object) -> None:
            if full.is_set():
                raise SpoolError("磁盘已满", "database or disk is full")
            add(*args, **kwargs)  # type: ignore[arg-type]

        monkeypatch.setattr(spool, "add", refuse)
        holders = MapFile(driven.folder / "holders")
        sampler = Sampler(nvml, holders, spool, Health(spool), driven.clocks)
        for second in range(301):
            (full.set if 50 < second < 250 else full.clear)()
            sampler.sample()
            driven.clocks.now += 1_000
    nvml.close()
    windows = driven.windows()
    assert len(windows) == 10
    assert not any(w.gaps for w in windows)


def test_a_call_that_never_comes_back_stops_no_minute(
    driven: Driven, driver: FakeDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first GPU's driver hangs for three minutes; the second's goes on."""
    for name, value in driver.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("agents.commands.node._LOOK_WAIT_S", 0.05)
    ahead = 0.0
    watched = WatchedDriver(lambda: time.monotonic() + ahead)
    watched.open()
    text = driver.state.read_text()
    with Spool(driven.folder / "spool.db") as spool:
        holders = MapFile(driven.folder / "holders")
        sampler = Sampler(watched, holders, spool, Health(spool), driven.clocks)
        for second in range(361):
            if second == 75:
                driver.say(gpu_line(0), "hang", *sliced_lines(1, 2))
            if second == 255:
                driver.state.write_text(text)
            sampler.sample()
            driven.clocks.now += 1_000
            ahead += 1
    watched.close()
    windows = driven.windows()
    assert all(wire.faults(w) == [] for w in windows)
    for gpu, most_ms in ((0, 300_000), (1, 60_000)):
        gpu_windows = [w for w in windows if w.gpu == gpu_uuid(gpu)]
        assert [w.start.minute for w in gpu_windows] == list(range(6))
        gaps = [g for w in gpu_windows for g in w.gaps]
        assert {g.reason for g in gaps} <= {wire.GapReason.NVML_ERROR}
        assert bool(gaps) or gpu == 1
        assert sum(g.to_ms - g.from_ms for g in gaps) <= most_ms
        assert not gpu_windows[0].gaps


def test_a_damaged_spool_is_put_aside_and_a_new_one_begins(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    path.write_bytes(b"damaged" * 1_000)
    with pytest.raises(SpoolDamaged):
        Spool(path)
    with open_spool(path) as spool:
        assert spool.depth() == 0
    (aside,) = tmp_path.glob("spool.db.damaged-*")
    assert aside.read_bytes().startswith(b"damaged")
