"""Sessions as windows show them, against an oracle that walks through every half minute."""

from collections import Counter
from datetime import timedelta
from fractions import Fraction
from random import Random

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from agents import wire
from ledger.charging.steps import charge
from ledger.metering.queries import usage
from ledger.metering.queries.jobs.sessions import session_usage
from tests.support.simulation import START, held, window
from tests.support.town import NOW, Town

TICK_MS = 30_000
MIDNIGHT = 16 * 60  # of Beijing, in minutes from the start
ROUNDED = """
contracts:
  - number: k1
    centre: centre of c1
    project: p1
    from: 2026-01-01
    prices: [{unit: gpu-hour, yuan: "10.60", tax_included: true, tax_rate: "0.06",
              rounding: started_hour}]
bindings:
  - {cluster: c1, holder: {pod: lab}, project: p1, from: 2026-01-01}
  - {cluster: c1, holder: {slurm: lab}, project: p1, from: 2026-01-01}
"""


def pod(uid: str | None, name: str = "w", from_ms: int = 0, to_ms: int = 60_000) -> wire.Part:
    return wire.Part(wire.Pod("lab", name, "c", uid), from_ms, to_ms)


def sliced(number: int) -> wire.Part:
    mig = wire.Mig(number, 0, "1g.10gb", f"MIG-{number}", (number, 1))
    return wire.Part(wire.Static("team-a"), 0, 60_000, mig=mig)


def free() -> wire.Part:
    return wire.Part(wire.Unallocated(), 0, 60_000)


@pytest.fixture
def rounded_town(town: Town) -> Town:
    town.register(ROUNDED, NOW, supersede=True)
    town.register("catalogue: [{model: H100-80G, names: [{nvml: H100, mig_profile: 1g.10gb}]}]")
    return town


def hours(town: Town) -> dict[int, Fraction]:
    """What is charged, in hours by month."""
    with Session(town.engine) as db, db.begin():
        charge(db, NOW)
        rows = db.execute(sa.text("SELECT month, ms_num, ms_den FROM charges"))
        return {r.month.month: Fraction(int(r.ms_num), int(r.ms_den)) / 3_600_000 for r in rows}


def test_two_slices_for_twenty_minutes_are_two_started_hours(rounded_town: Town) -> None:
    rounded_town.report([window(0, at, sliced(1), sliced(2)) for at in range(20)])
    assert hours(rounded_town) == {3: 2}


def test_two_sessions_eighteen_days_apart_are_two_started_hours(rounded_town: Town) -> None:
    later = 18 * 24 * 60
    for job in ("a", None):  # also of one job, whose number came again
        part = held("team-a") if job is None else wire.Part(wire.Slurm("lab", job), 0, 60_000)
        gpu = 0 if job is None else 1
        rounded_town.report([window(gpu, at, part) for at in range(20)])
        rounded_town.report([window(gpu, later + at, part) for at in range(20)])
    assert hours(rounded_town) == {3: 4}


@pytest.mark.parametrize("days", [0, 30])  # over midnight, over the end of March
def test_a_job_over_midnight_is_one_started_hour_where_it_began(
    rounded_town: Town, days: int
) -> None:
    first = MIDNIGHT + days * 24 * 60 - 20
    rounded_town.report([window(0, first + at, pod("u")) for at in range(40)])
    assert hours(rounded_town) == {3: 1}


@pytest.mark.parametrize(
    ("first", "between", "second", "expected"),
    [
        (pod("u"), None, pod("u"), 1),  # silent minutes
        (pod("u"), wire.Gap(0, 60_000, wire.GapReason.AGENT_DOWN), pod("u"), 1),
        (pod(None), None, pod(None), 1),
        (pod("u"), free(), pod("u"), 2),
        (pod("u"), pod("v"), pod("u"), 2 + 1),
        (pod("u"), wire.Part(wire.Unattributed("claimed_twice"), 0, 60_000), pod("u"), 1),
        (pod("u"), None, pod("v"), 2),  # the same name, another pod
    ],
)
def test_what_is_not_seen_ends_no_session(
    rounded_town: Town,
    first: wire.Part,
    between: wire.Part | wire.Gap | None,
    second: wire.Part,
    expected: int,
) -> None:
    rounded_town.report([window(0, at, first) for at in range(5)])
    if isinstance(between, wire.Gap):
        rounded_town.report([window(0, at, gaps=[between]) for at in range(5, 10)])
    elif between is not None:
        rounded_town.report([window(0, at, between) for at in range(5, 10)])
    rounded_town.report([window(0, at, second) for at in range(10, 15)])
    assert hours(rounded_town) == {3: expected}


@pytest.mark.parametrize(("part", "expected"), [(held("team-a"), 2), (pod("u"), 1)])
def test_unseen_for_over_an_hour_only_a_uid_tells_that_it_is_the_same(
    rounded_town: Town, part: wire.Part, expected: int
) -> None:
    rounded_town.report([window(0, at, part) for at in (*range(5), *range(66, 71))])
    assert hours(rounded_town) == {3: expected}


def test_late_windows_join_what_they_lie_between(rounded_town: Town) -> None:
    part = held("team-a")
    rounded_town.report([window(0, at, part) for at in (0, 100)])
    assert hours(rounded_town) == {3: 2}
    rounded_town.report([window(0, at, part) for at in range(1, 100)])
    assert hours(rounded_town) == {3: 2}  # 101 minutes
    rounded_town.report([window(0, at, part) for at in range(101, 120)])
    assert hours(rounded_town) == {3: 2}


def test_hours_of_a_job_source_are_one_session(
    rounded_town: Town, owner: psycopg.Connection
) -> None:
    """A job of 40 minutes over the hour: two windows, one started hour."""
    owner.execute("UPDATE billing_sources SET superseded_at = now(), superseded_by = 'test'")
    rounded_town.register("clusters: [{name: c1, centre: centre of c1,"
                          " billing: [{source: slurm, from: 2026-01-01}]}]", NOW)  # fmt: skip
    job = wire.Slurm("lab", "7")
    parts = [
        (wire.Part(wire.Unallocated(), 0, 2_400_000), wire.Part(job, 2_400_000, 3_600_000)),
        (wire.Part(job, 0, 1_200_000), wire.Part(wire.Unallocated(), 1_200_000, 3_600_000)),
    ]
    windows = [
        wire.Window("job/c1/7/0/0", "H100", START + timedelta(hours=at), 3_600_000, both)
        for at, both in enumerate(parts)
    ]
    node = rounded_town.node
    node.reporter = node.reporter._replace(source="slurm")
    owner.execute("UPDATE agents SET source = 'slurm'")
    rounded_town.report(windows)
    assert hours(rounded_town) == {3: 1}


def test_the_application_may_not_write_stretches(
    rounded_town: Town,
) -> None:
    rounded_town.report([window(0, 0)])
    hours(rounded_town)
    with rounded_town.engine.begin() as connection, pytest.raises(sa.exc.ProgrammingError):
        connection.execute(sa.text("UPDATE stretches SET held = 0"))


STATES = ("free", "static", "uid", "name", "half", "unattributed", "gap", "silent")


def history(random: Random) -> dict[int, str]:
    """States by half minute from the start, around midnight; silent where there is none."""
    tick, states = 2 * (MIDNIGHT - 120), {}
    while tick < 2 * (MIDNIGHT + 120):
        state = random.choice(STATES)
        length = random.choice((1, 2, 3, 10, 119, 120, 121))
        states.update(dict.fromkeys(range(tick, tick + length), state) if state != "silent" else {})
        tick += length
    return states


def part_of(state: str, from_ms: int) -> tuple[wire.Part, ...]:
    to_ms = from_ms + TICK_MS
    whole: dict[str, wire.Holder] = {
        "free": wire.Unallocated(), "static": wire.Static("team-a"),
        "uid": wire.Pod("lab", "w", "c", "u"), "name": wire.Pod("lab", "w", "c"),
        "unattributed": wire.Unattributed("unknown_id"),
    }  # fmt: skip
    if state == "half":
        return tuple(wire.Part(whole[name], from_ms, to_ms, 1, 2) for name in ("static", "uid"))
    return (wire.Part(whole[state], from_ms, to_ms),) if state in whole else ()


def windows_of(states: dict[int, str]) -> list[wire.Window]:
    windows = []
    for at in sorted({tick // 2 for tick in states}):
        parts: list[wire.Part] = []
        gaps = []
        for half in (0, 1):
            state = states.get(2 * at + half, "gap")
            parts += part_of(state, half * TICK_MS)
            if state == "gap":
                reason = wire.GapReason.AGENT_DOWN
                gaps.append(wire.Gap(half * TICK_MS, (half + 1) * TICK_MS, reason))
        windows.append(window(0, at, *parts, gaps=gaps))
    return windows


def walk(states: dict[int, str], of: str) -> Counter[Fraction]:
    """The sessions of one instance: how long each was, in device-milliseconds."""
    limit = (86_400_000 if of == "uid" else 3_600_000) // TICK_MS
    lengths: list[Fraction] = []
    unseen, is_open = 0, False
    for tick in range(min(states, default=0), max(states, default=0) + 1):
        state = states.get(tick, "silent")
        if state == of or (state == "half" and of in ("static", "uid")):
            if not is_open or unseen > limit:
                lengths.append(Fraction(0))
            lengths[-1] += Fraction(TICK_MS, 2 if state == "half" else 1)
            unseen, is_open = 0, True
        elif state in ("silent", "gap", "unattributed"):
            unseen += 1
        else:
            is_open = False
    return Counter(lengths)


def test_sessions_are_those_that_an_oracle_walks_through(
    rounded_town: Town, owner: psycopg.Connection
) -> None:
    for seed in range(25):
        states = history(Random(seed))  # noqa: S311 - a game
        owner.execute("TRUNCATE windows, day_totals, coverage, stretches, stretch_days")
        minutes_told = windows_of(states)
        random = Random(seed)  # noqa: S311
        first, last = sorted(random.randrange(len(minutes_told) + 1) for _ in range(2))
        arrivals = [minutes_told[:first], minutes_told[first:last], minutes_told[last:]]
        for part in arrivals if seed % 2 else random.sample(arrivals, 3):
            rounded_town.report(part)
            with Session(rounded_town.engine) as db, db.begin():
                pieces = session_usage(db, [rounded_town.project])
                summed = usage.owned_usage(db, [rounded_town.project])
                assert usage.totals(pieces) == usage.totals(summed)
        sums: dict[int, Fraction] = {}
        for piece in pieces:
            sums[piece.session] = sums.get(piece.session, Fraction(0)) + piece.device_ms
        expected = sum((walk(states, of) for of in ("static", "uid", "name")), Counter())
        assert Counter(sums.values()) == expected, seed
