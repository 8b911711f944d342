"""The agent is killed, stopped, rebooted, started twice: what is on the disk counts, the rest is a
gap."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from agents import wire
from agents.driver import epochs
from agents.errors import SpoolError
from tests.support.agents.fake_driver import FakeDriver
from tests.support.agents.mortal import in_a_process
from tests.support.agents.tiny_server import TinyServer
from tests.support.faults.fault_books import Tell
from tests.support.faults.fault_site import Site, Tiny, Verdict, judge


def test_the_agent_is_killed_at_every_second_of_a_minute(site: Site, check_row: Tell) -> None:
    away = 3_000
    for second in range(60):
        life = site.start()
        site.run(60 + (second - site.now // 1_000) % 60)
        life.kill()
        site.pass_by(away)
    life = site.start()
    site.run(61)
    assert life.send()
    verdict = judge(site)
    assert set(verdict.gaps) == {"agent_down"}
    assert 2 * 60 * away <= verdict.gaps["agent_down"] <= 2 * 60 * (away + 10_000)
    assert verdict.silent == 0
    check_row("killed", verdict)


def test_the_agent_is_killed_at_every_step_of_writing_and_sending(
    site: Site, server: TinyServer, driver: FakeDriver, check_row: Tell
) -> None:
    """Before and after each statement to its disk and each request, enrolment included."""
    life = site.start()
    site.run(55)
    life.kill()
    worst, steps, survived = Verdict(), 0, False
    while not survived:
        steps += 1
        server.forget()
        folder = site.folder / f"killed-{steps}"
        folder.mkdir()
        shutil.copytree(site.folder / "agent", folder / "agent")
        own_site = Site(folder, driver, Tiny(server), site.now, truth=list(site.truth))
        survived, results = _killed_at(own_site, steps)
        assert len(server.keys) == 1
        assert server.conflicts == 0
        worst = max(worst, results, key=lambda verdict: sum(verdict.gaps.values()))
    assert steps > 30
    assert worst.gaps["agent_down"] <= 2 * (10_000 + 5_000 + 10_000)
    check_row("killed_at_a_step", worst)


def _killed_at(site: Site, step: int) -> tuple[bool, Verdict]:
    """Ten seconds of life over the end of a minute, killed at the step; then another agent."""

    def work(_countdown: Callable[[], None]) -> None:
        life = site.start()
        site.run(10)
        life.send()

    survived = in_a_process(work, step)
    site.pass_by(10_000 + 5_000)
    life = site.start()
    site.run(61)
    assert life.send()
    life.kill()
    verdict = judge(site)
    assert set(verdict.gaps) == {"agent_down"}
    return survived, verdict


def test_the_agent_is_stopped_and_started_again(site: Site, check_row: Tell) -> None:
    life = site.start()
    site.run(85)
    life.term()
    assert len(site.centre.windows_kept()) == 2  # what was closed is there before the process ends
    site.pass_by(5_000)
    life = site.start()
    site.run(90)
    assert life.send()
    verdict = judge(site)
    assert verdict.gaps == {"agent_down": 2 * 5_000}
    check_row("stopped", verdict)


def test_the_node_reboots(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, check_row: Tell
) -> None:
    """The counters of the driver begin anew; neither energy nor time is what lies between."""
    boot = tmp_path / "boot_id"
    boot.write_text("before")
    monkeypatch.setattr(epochs, "_BOOT", boot)
    site.show(energy=9_000_000)
    life = site.start()
    site.run(125)
    life.kill()
    boot.write_text("after")
    site.show(energy=10)
    site.pass_by(240_000)
    life = site.start()
    site.run(120)
    assert life.send()
    verdict = judge(site)
    assert {w.boot for w in site.centre.windows_kept() if w.parts} == {"before", "after"}
    assert verdict.gaps == {"agent_down": 2 * (240_000 + 5_000)}
    check_row("reboot", verdict)


def test_the_agent_is_away_for_longer_than_its_gaps_reach_back(site: Site, check_row: Tell) -> None:
    life = site.start()
    site.run(60)
    life.term()
    site.pass_by(80 * wire.HOUR_MS)
    life = site.start()
    site.run(61)
    assert life.send()
    verdict = judge(site)
    assert verdict.gaps == {"agent_down": 2 * 72 * wire.HOUR_MS}
    assert verdict.silent == 2 * 8 * wire.HOUR_MS
    check_row("away", verdict)


def test_a_second_agent_on_the_same_folder_is_refused(site: Site, check_row: Tell) -> None:
    """A rolling update: the new one is refused until the old one has ended."""
    old = site.start()
    site.run(70)
    with pytest.raises(SpoolError, match="another suanquan-agent"):
        site.start()
    site.run(15)
    old.term()
    site.pass_by(2_000)
    new = site.start()
    site.run(95)
    assert new.send()
    verdict = judge(site)
    assert verdict.gaps == {"agent_down": 2 * 2_000}
    check_row("rolled", verdict)
