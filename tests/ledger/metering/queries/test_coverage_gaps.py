"""What nobody saw is told exactly: by hour, by span and by minute, and all three agree."""

from collections.abc import Iterable
from datetime import date, timedelta

import msgspec
import psycopg
import pytest
from sqlmodel import Session

from agents import wire
from ledger.metering.queries import coverage_gaps, nodes
from ledger.metering.queries.hours import Hour
from ledger.metering.queries.hours import hours as hours_of
from ledger.metering.queries.nodes import Gpu, Period
from ledger.metering.rules.incidents import SILENT, Span
from ledger.units import midnight
from tests.support.simulation import gpu_id, held, minute, window
from tests.support.town import Town

LOST = wire.GapReason.GPU_LOST
DAY = date(2026, 3, 1)  # the town's GPUs are registered from 08:00 in Beijing
PERIOD = Period(DAY, DAY, minute(180))


def gap(low: int = 0, high: int = 60_000, reason: wire.GapReason = LOST) -> wire.Gap:
    return wire.Gap(low, high, reason)


def report(town: Town, gpu: int, minutes: Iterable[int]) -> None:
    town.report([window(gpu, at, held("team-a", util_ppm=500_000)) for at in minutes])


def gpus(db: Session, town: Town) -> list[Gpu]:
    return nodes.gpus(db, town.cluster, ["n1"], PERIOD.since)


def hours(town: Town, period: Period = PERIOD) -> dict[tuple[str, int], Hour]:
    with Session(town.engine) as db:
        hours = hours_of(db, gpus(db, town), period)
    return {(h.gpu, (h.hour - minute(0)) // nodes.HOUR): h for h in hours}


def spans(town: Town, period: Period = PERIOD) -> list[Span]:
    with Session(town.engine) as db:
        spans, more = coverage_gaps.spans(db, town.cluster, period)
    assert not more
    return spans


def test_gaps_are_told_to_the_millisecond_joined_over_minutes_and_with_their_xids(
    town: Town,
) -> None:
    report(town, 1, range(180))
    lost = window(0, 0, held("team-a", 0, 59_999), gaps=[gap(59_999)])
    town.report(
        [
            msgspec.structs.replace(lost, flags=("xid:79", "shares_held", "xid:43@3/0", "xid:x")),
            window(0, 1, gaps=[gap()]),
            window(0, 2, held("team-a", 20_000), gaps=[gap(0, 20_000)]),
            window(0, 3, held("a", 0, 1), gaps=[gap(1, 60_000, wire.GapReason.DRIVER_RELOAD)]),
        ]
    )
    report(town, 0, range(4, 180))
    begun = minute(1) - timedelta(milliseconds=1)
    assert spans(town) == [
        Span(minute(3) + timedelta(milliseconds=1), minute(4), gpu_id(0), "n1", "driver_reload"),
        Span(begun, minute(2) + timedelta(seconds=20), gpu_id(0), "n1", "gpu_lost", (43, 79)),
    ]


@pytest.mark.parametrize("minutes_said", [range(180), range(0), range(10, 170), [0, 5, 6, 90, 179]])
def test_silence_is_told_by_spans_and_by_the_very_minutes_alike(
    town: Town, minutes_said: Iterable[int]
) -> None:
    report(town, 0, minutes_said)
    report(town, 1, range(180))
    reported_spans = spans(town)
    with Session(town.engine) as db:
        day = coverage_gaps.spans_of_day(db, town.cluster, "n1", DAY, minute(185))
    assert reported_spans == day
    silent = {at for at in range(180) for s in reported_spans if s.since <= minute(at) < s.until}
    assert silent == set(range(180)) - set(minutes_said)
    lost = sum(span.lost_ms for span in reported_spans)
    assert lost == sum(h.silent for h in hours(town).values()) * 60_000


def test_a_silence_over_midnight_is_one_and_ends_where_the_gpu_retires(
    town: Town, owner: psycopg.Connection
) -> None:
    owner.execute("UPDATE gpus SET retired_at = %s WHERE gpu = %s", (minute(1_000), gpu_id(1)))
    report(town, 0, range(900))
    period = Period(DAY, DAY + timedelta(days=1), minute(1_100))
    assert minute(900) < midnight(DAY + timedelta(days=1)) < minute(1_000)
    assert spans(town, period) == [
        Span(minute(900), minute(1_100), gpu_id(0), "n1", SILENT),
        Span(minute(0), minute(1_000), gpu_id(1), "n1", SILENT),
    ]


def test_what_is_younger_than_the_horizon_is_on_its_way(town: Town) -> None:
    report(town, 0, range(100))
    report(town, 1, range(100))
    now = minute(105) + timedelta(seconds=59)
    assert nodes.last_days(now, 1) == Period(DAY, DAY, minute(100))
    assert spans(town, nodes.last_days(now, 1)) == []
    later = nodes.last_days(minute(106), 1)
    assert [s.since for s in spans(town, later)] == [minute(100)] * 2


def test_more_than_can_be_read_at_once_is_said(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage_gaps, "SPANS_MAX", 2)
    report(town, 0, range(0, 180, 2))
    with Session(town.engine) as db:
        spans, more = coverage_gaps.spans(db, town.cluster, PERIOD)
    assert more
    assert len(spans) == 2


@pytest.mark.parametrize("day", [date.min, date.max, DAY - timedelta(days=1)])
def test_a_day_without_anything_is_empty(town: Town, day: date) -> None:
    with Session(town.engine) as db:
        assert coverage_gaps.spans_of_day(db, town.cluster, "n1", day, minute(180)) == []
