"""Sessions are rounded once, each on its own device (cases 10a to 10c). These hours are real."""

from datetime import UTC, date, datetime, timedelta

import pytest

from agents import wire
from tests.support.months.office import APRIL, MARCH, Office, price
from tests.support.simulation import gpu_id

NOON_OF_10 = datetime(2026, 3, 10, 4, tzinfo=UTC)
STARTED = "rounding: started_hour"


def slice_windows(at: datetime, minutes: int, *slices: int) -> list[wire.Window]:
    """`a` holds GPU 0 for so many minutes: all of it, or these MIG slices of it."""
    parts = tuple(
        wire.Part(
            wire.Static("a"), 0, wire.MINUTE_MS,
            mig=wire.Mig(number, 0, "1g.10gb", f"MIG-{number}", (number, 1)),
        )
        for number in slices
    ) or (wire.Part(wire.Static("a"), 0, wire.MINUTE_MS),)  # fmt: skip
    return [
        wire.Window(gpu_id(0), "H100", at + timedelta(minutes=n), wire.MINUTE_MS, parts, ())
        for n in range(minutes)
    ]


def job(at: datetime, minutes: int) -> list[wire.Window]:
    """A pod of `a` holds GPU 0."""
    part = wire.Part(wire.Pod("a", "w", "c", "uid"), 0, wire.MINUTE_MS)
    return [
        wire.Window(gpu_id(0), "H100", at + timedelta(minutes=n), wire.MINUTE_MS, (part,), ())
        for n in range(minutes)
    ]


def cost(office: Office, windows: list[wire.Window]) -> dict[date, int]:
    """What they cost by month, fen; each month is invoiced, decided and earns its part."""
    office.register("bindings: [{cluster: c1, holder: {static: a}, project: p1, from: 2026-01-01}]")
    office.report(windows)
    office.accrue()
    fen = {month: sum(c.metered_fen for c in office.cells(month)) for month in (MARCH, APRIL)}
    for month, metered_fen in fen.items():
        if metered_fen:
            office.bill(metered_fen, month=month)
            office.decide(month)
    assert office.money() == {"payable": sum(fen.values()) * 3 // 10}
    return {month: metered_fen for month, metered_fen in fen.items() if metered_fen}


@pytest.mark.parametrize(
    ("slices", "minutes", "expected"), [((1, 2), 20, 20_00), ((1, 2, 3), 61, 60_00)]
)
def test_10a_each_slice_is_rounded(
    office: Office, slices: tuple[int, ...], minutes: int, expected: int
) -> None:
    office.prices(price(10, STARTED, hours=1))
    assert cost(office, slice_windows(NOON_OF_10, minutes, *slices)) == {MARCH: expected}


@pytest.mark.parametrize(("first", "second", "expected"), [(20, 20, 20_00), (61, 59, 30_00)])
def test_10b_each_of_two_sessions_eighteen_days_apart_is_rounded(
    office: Office, first: int, second: int, expected: int
) -> None:
    office.prices(price(10, STARTED, hours=1))
    later = NOON_OF_10 + timedelta(days=18)
    assert cost(office, slice_windows(NOON_OF_10, first) + slice_windows(later, second)) == {
        MARCH: expected
    }


@pytest.mark.parametrize(("more", "expected"), [("", 10_00), (", session_price: split", 9_00)])
def test_10c_a_job_over_a_change_of_price_is_rounded_once(
    office: Office, more: str, expected: int
) -> None:
    terms = f"{STARTED}{more}"
    office.prices(
        price(10, f"until: 2026-03-10, {terms}", hours=1),
        price(8, f"from: 2026-03-11, {terms}", hours=1),
    )
    midnight = datetime(2026, 3, 10, 16, tzinfo=UTC)  # of Beijing
    assert cost(office, job(midnight - timedelta(minutes=20), 40)) == {MARCH: expected}


@pytest.mark.parametrize(("before", "minutes", "expected"), [(20, 40, 8_00), (50, 100, 16_00)])
def test_10c_a_job_over_the_end_of_a_month_is_rounded_once(
    office: Office, before: int, minutes: int, expected: int
) -> None:
    office.prices(price(8, STARTED, hours=1))
    midnight = datetime(2026, 3, 31, 16, tzinfo=UTC)  # April begins
    by_month = cost(office, job(midnight - timedelta(minutes=before), minutes))
    assert sum(by_month.values()) == expected
    assert by_month[MARCH] == 8_00
