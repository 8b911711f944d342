"""An hour of a GPU says who held it and what nobody saw, over or not, as its windows do."""

from datetime import date
from fractions import Fraction

import msgspec
from sqlmodel import Session

from agents import wire
from ledger.metering.codes import HolderKind
from ledger.metering.queries import nodes
from ledger.metering.queries.hours import Hour, Share, hours, utilisation
from ledger.metering.queries.nodes import Period
from tests.support.simulation import gpu_id, held, minute, window
from tests.support.town import Town

LOST = wire.GapReason.GPU_LOST
DAY = date(2026, 3, 1)  # the town's GPUs are registered from 08:00 in Beijing
PERIOD = Period(DAY, DAY, minute(180))
STATIC, FREE = HolderKind.STATIC, HolderKind.UNALLOCATED


def by_hour(town: Town, period: Period = PERIOD) -> dict[tuple[str, int], Hour]:
    with Session(town.engine) as db:
        gpus = nodes.gpus(db, town.cluster, ["n1"], period.since)
        return {(h.gpu, (h.hour - minute(0)) // nodes.HOUR): h for h in hours(db, gpus, period)}


def test_an_hour_says_what_was_seen_what_was_a_gap_and_what_was_silent(town: Town) -> None:
    town.report([window(0, at, held("team-a", util_ppm=500_000)) for at in range(50)])
    lost = wire.Gap(45_000, 60_000, LOST)
    town.report([window(0, 50, held("team-a", 0, 45_000), gaps=[lost])])
    of_hours = by_hour(town)
    first = of_hours[gpu_id(0), 0]
    assert (first.expected, first.silent, first.gap_ms) == (60, 9, 15_000)
    assert first.seen_ms == 51 * 60_000 - 15_000
    assert first.util_ppm == 500_000
    assert of_hours[gpu_id(0), 1] == Hour(gpu_id(0), minute(60), 60, 60, 0)
    assert of_hours[gpu_id(1), 2].seen_ms == 0
    assert max(hour for _, hour in of_hours) == 2  # up to the horizon, and not before registration
    assert min(hour for _, hour in of_hours) == 0


def test_utilisation_is_the_mean_of_what_was_measured_if_that_speaks_for_the_rest(
    town: Town,
) -> None:
    half = held("team-a", 0, 30_000, util_ppm=900_000)
    town.report([window(0, 0, half, held("b", 30_000)), window(0, 1, held("b", util_ppm=0))])
    assert by_hour(town)[gpu_id(0), 0].util_ppm == 300_000
    town.report([window(0, 2), window(1, 0)])
    of_hours = by_hour(town)
    assert of_hours[gpu_id(0), 0].util_ppm == 300_000  # half of three minutes
    assert of_hours[gpu_id(1), 0].util_ppm is None
    town.report([window(0, 3)])
    assert by_hour(town)[gpu_id(0), 0].util_ppm is None
    assert utilisation([]) is None


def test_it_says_who_held_it_for_which_project_and_why_it_was_not_seen(town: Town) -> None:
    free = wire.Part(wire.Unallocated(), 45_000, 50_000)
    gap = wire.Gap(50_000, 60_000, LOST)
    half = msgspec.structs.replace(held("b", 0, 45_000), num=1, den=2)
    minutes = [
        window(0, at, msgspec.structs.replace(held("team-a", 0, 45_000), den=2), half, free,
               gaps=[gap])
        for at in (0, 1, 119)
    ]  # fmt: skip
    town.report(minutes)
    of_hours = by_hour(town)
    shares = (
        Share(STATIC, "b", None, Fraction(45_000)),
        Share(STATIC, "team-a", "p1", Fraction(45_000)),
        Share(FREE, "", None, Fraction(10_000)),
    )
    assert of_hours[gpu_id(0), 0].shares == shares
    assert of_hours[gpu_id(0), 0].gaps == (("gpu_lost", 20_000),)
    assert of_hours[gpu_id(0), 0].device_ms(STATIC) == 90_000
    assert of_hours[gpu_id(0), 1].device_ms(STATIC, FREE) == 50_000


def test_the_hour_that_is_not_over_counts_up_to_the_horizon_as_it_will_when_it_is(
    town: Town,
) -> None:
    gap = wire.Gap(0, 10_000, LOST)
    town.report([window(0, at, held("a", 10_000, util_ppm=9), gaps=[gap]) for at in range(30)])
    before = by_hour(town, Period(DAY, DAY, minute(20)))[gpu_id(0), 0]
    assert (before.expected, before.silent, before.gap_ms) == (20, 0, 200_000)
    at_its_end = by_hour(town, Period(DAY, DAY, minute(60)))[gpu_id(0), 0]
    assert (at_its_end.expected, at_its_end.silent, at_its_end.gap_ms) == (60, 30, 300_000)
    with_its_last_minute_open = by_hour(town, Period(DAY, DAY, minute(59)))[gpu_id(0), 0]
    assert with_its_last_minute_open.shares == at_its_end.shares
    assert with_its_last_minute_open.util_ms == at_its_end.util_ms == 30 * 50_000
    assert with_its_last_minute_open.util_ppm == at_its_end.util_ppm == 9
