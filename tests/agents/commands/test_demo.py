"""The made-up centre: it keeps every rule of the wire, and says the same however it is asked."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents import sightings, wire
from agents.__main__ import main
from agents.commands import demo
from agents.reporting.spool import Spool
from agents.sources import demo_centre, demo_witness

NOW = datetime(2026, 3, 18, 6, 17, 42, tzinfo=UTC)  # a Wednesday, 14:17 in Beijing
FIRST = demo_centre.midnight_ms(NOW, demo_centre.K8S_DAYS)
SLURM_FIRST = demo_centre.midnight_ms(NOW, demo_centre.SLURM_DAYS)
HISTORY = demo.History(k8s_ms=FIRST, slurm_ms=SLURM_FIRST, opened_ms=wire.start_ms(NOW))
CARDS = list(chain(*(demo_centre.cards(node) for node in demo_centre.NODES)))
HOUR, MINUTE, DAY = wire.HOUR_MS, wire.MINUTE_MS, 86_400_000


def history_bytes(card: demo_centre.Card, from_ms: int, to_ms: int) -> list[bytes]:
    return [msgspec.json.encode(w) for w in demo_centre.minutes(card, FIRST, from_ms, to_ms)]


def teller(node: str) -> demo.DemoAgent:
    (demo_agent,) = (item for item in demo.demo_agents(HISTORY) if item.node == node)
    return demo_agent


def test_days_begin_at_beijing_midnight() -> None:
    assert datetime.fromtimestamp(FIRST // 1000, UTC).isoformat() == "2026-03-13T16:00:00+00:00"


@settings(deadline=None)
@given(st.sampled_from(CARDS), st.integers(-3, 10_000))
def test_every_minute_keeps_the_rules_of_the_wire(card: demo_centre.Card, minute: int) -> None:
    start = FIRST + minute * MINUTE
    for window in demo_centre.minutes(card, FIRST, start, start + 3 * MINUTE):
        assert wire.faults(window) == []


@settings(deadline=None)
@given(st.sampled_from(CARDS), st.integers(0, 5_000), st.integers(1, 90))
def test_it_says_the_same_however_it_is_asked(
    card: demo_centre.Card, minute: int, length: int
) -> None:
    low = FIRST + minute * MINUTE
    high = low + length * MINUTE
    one_by_one = [history_bytes(card, ms, ms + MINUTE) for ms in range(low, high, MINUTE)]
    assert list(chain(*one_by_one)) == history_bytes(card, low, high)


EVENTFUL = ((FIRST + DAY, 6 * HOUR), (FIRST + 2 * DAY + 9 * HOUR, 7 * HOUR))


@pytest.fixture(scope="module")
def eventful() -> list[wire.Window]:
    """Everything that the three nodes say of the hours in which something happened."""
    return [
        window
        for low, length in EVENTFUL
        for node in demo_centre.NODES
        for window in teller(node).windows(low, low + length)
    ]


def test_there_is_something_for_every_page(eventful: list[wire.Window]) -> None:
    reasons = {gap.reason for w in eventful for gap in w.gaps}
    assert reasons == {wire.GapReason.AGENT_DOWN, wire.GapReason.GPU_LOST}
    parts = [part for w in eventful for part in w.parts]
    holders = {p.holder.namespace for p in parts if isinstance(p.holder, wire.Pod)}
    assert holders == {"helan-llm", "fenghuang-vision", "saishang-speech", "qin-team", "open-class"}
    assert {p.mig.profile for p in parts if p.mig} == {"3g.40gb", "2g.20gb", "1g.10gb"}
    assert {(p.num, p.den) for p in parts} >= {(1, 1), (1, 4), (4, 4)}
    assert {w.model for w in eventful} == {
        "NVIDIA A800-SXM4-80GB",
        "NVIDIA L20",
        "NVIDIA GeForce RTX 4090",
    }
    assert {c.gpu for c in CARDS} == {w.gpu for w in eventful}  # no stranger yet


def test_fifty_minutes_of_a_node_are_silent_and_three_have_two_stories(
    eventful: list[wire.Window],
) -> None:
    bodies = Counter((w.gpu, w.start) for w in eventful)
    twice = [key for key, count in bodies.items() if count == 2]
    assert len(twice) == 3
    assert len({gpu for gpu, _ in twice}) == 1
    told_by = Counter(gpu for gpu, _ in bodies)
    silent = {gpu: (6 + 7) * 60 - count for gpu, count in told_by.items()}
    node = {c.gpu for c in demo_centre.cards(demo_centre.NODES[2])}
    assert silent == {gpu: 50 if gpu in node else 0 for gpu in silent}


def test_the_stranger_comes_two_hours_before_the_end_of_the_history() -> None:
    low, high = HISTORY.opened_ms - 3 * HOUR, HISTORY.opened_ms
    low -= low % MINUTE
    windows = teller(demo_centre.NODES[2]).windows(low, high - high % MINUTE)
    strange = [window for window in windows if window.gpu == demo_centre.unregistered_card().gpu]
    assert [wire.faults(window) for window in strange] == [[]] * len(strange)
    starts = [wire.start_ms(window.start) for window in strange]
    assert min(starts) >= HISTORY.opened_ms - demo_centre.SWAPPED_IN_MS - MINUTE
    assert len(starts) in (120, 121)


def test_jobs_are_told_hour_by_hour_and_all_of_a_job_is_told() -> None:
    low, high = SLURM_FIRST, SLURM_FIRST + 10 * DAY
    at_once = [msgspec.json.encode(w) for w in demo_centre.hours(SLURM_FIRST, low, high)]
    by_hour = [
        [msgspec.json.encode(w) for w in demo_centre.hours(SLURM_FIRST, ms, ms + HOUR)]
        for ms in range(low, high, HOUR)
    ]
    assert sorted(at_once) == sorted(chain(*by_hour))
    past_jobs = {j.job: j for j in demo_centre.jobs(SLURM_FIRST, high) if j.end_ms < high - HOUR}
    counter: Counter[str] = Counter()
    for window in demo_centre.hours(SLURM_FIRST, low, high):
        assert wire.faults(window) == []
        for part in window.parts:
            if isinstance(part.holder, wire.Slurm):
                counter[part.holder.job] += part.to_ms - part.from_ms
    assert {name: counter[name] for name in past_jobs} == {
        n: j.held_ms for n, j in past_jobs.items()
    }
    assert past_jobs


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 20 * 60), min_size=1, max_size=6))
def test_cut_off_anywhere_it_tells_each_window_once(steps: list[int]) -> None:
    agent = teller(demo_centre.CONTROLLER)
    moments = [SLURM_FIRST]
    for minutes in steps:
        moments.append(moments[-1] + minutes * MINUTE)
    results: list[wire.Window] = []
    with TemporaryDirectory() as folder, Spool(Path(folder) / "spool.db") as spool:
        for now_ms in moments:
            for number, (to_ms, windows) in enumerate(demo.pending_windows(agent, spool, now_ms)):
                if number == 3:
                    break  # killed between two strides
                results += windows
                spool.checkpoint(str(to_ms).encode())
        for to_ms, windows in demo.pending_windows(agent, spool, moments[-1]):
            results += windows
            spool.checkpoint(str(to_ms).encode())
    hour_marks = list(demo_centre.hours(SLURM_FIRST, SLURM_FIRST, moments[-1] - moments[-1] % HOUR))
    assert sorted(map(msgspec.json.encode, results)) == sorted(map(msgspec.json.encode, hour_marks))


def test_after_long_absence_the_nodes_leave_what_is_old_untold(tmp_path: Path) -> None:
    agent = teller(demo_centre.NODES[0])
    with Spool(tmp_path / "spool.db") as spool:
        spool.checkpoint(str(FIRST).encode())
        later = FIRST + 40 * DAY
        (first, *_) = demo.pending_windows(agent, spool, later)
        assert first[0] == later - (demo_centre.K8S_DAYS + 1) * DAY + agent.stride_ms


def test_the_description_fixes_the_beginning_and_names_every_gpu(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--describe", "--data", str(tmp_path / "demo")]) == 0
    first = capsys.readouterr().out
    assert main(["demo", "--describe", "--data", str(tmp_path / "demo")]) == 0
    assert capsys.readouterr().out == first
    k8s, slurm = json.loads(first)["clusters"]
    assert (k8s["source"], slurm["source"]) == ("nvml", "slurm")
    assert [gpu for node in k8s["nodes"] for gpu in node["gpus"]] == [c.gpu for c in CARDS]
    assert demo_centre.unregistered_card().gpu not in first
    since = datetime.fromisoformat(slurm["since"])
    assert datetime.fromisoformat(k8s["since"]) - since == timedelta(
        days=demo_centre.SLURM_DAYS - demo_centre.K8S_DAYS
    )


def test_without_a_code_it_says_which_node_needs_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--data", str(tmp_path), "--url", "http://127.0.0.1:1"]) == 5
    assert f"--code {demo_centre.CONTROLLER}=CODE" in capsys.readouterr().err


def told_by_witness(low: int, high: int, step: int) -> dict[str, bytes]:
    """What is kept of each key at the end, as the server and the spool do."""
    newest: dict[str, tuple[datetime, bytes]] = {}
    for ms in range(low, high, step):
        for sighting in demo_witness.sightings(FIRST, ms, min(ms + step, high)):
            assert sightings.faults(sighting) == []
            key, body = sightings.key(sighting), msgspec.json.encode(sighting)
            if key not in newest or newest[key][0] < sightings.at(sighting):
                newest[key] = sightings.at(sighting), body
    return {key: body for key, (_, body) in newest.items() if not key.startswith("watch/")}


def test_the_witness_agrees_with_the_nodes_but_for_a_pod_that_never_ran() -> None:
    low, high = FIRST + 2 * DAY, FIRST + 3 * DAY
    pods = {
        (p["namespace"], p["name"]): p
        for p in map(msgspec.json.decode, told_by_witness(low, high, 4 * HOUR).values())
    }
    begin, end, pod = demo_witness.never_ran(FIRST)
    assert low <= begin < end <= high
    assert [key for key, p in pods.items() if "runs" not in p] == [(pod.namespace, pod.pod)]
    noon = low + 12 * HOUR
    held = {
        (part.holder.namespace, part.holder.pod)
        for node in demo_centre.NODES
        for window in teller(node).windows(noon, noon + MINUTE)
        for part in window.parts
        if isinstance(part.holder, wire.Pod)
    }
    assert len(held) > 10
    assert held <= set(pods)


def test_the_witness_says_the_same_however_often_it_looks() -> None:
    low, high = FIRST + DAY, FIRST + DAY + 8 * HOUR
    by_minute, at_once = (told_by_witness(low, high, step) for step in (20 * MINUTE, 8 * HOUR))
    assert by_minute == at_once
