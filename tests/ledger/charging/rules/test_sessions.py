"""Sessions are rounded once each, however many days, prices and months they touch."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.charging.rules.billing import bill, owed_items
from ledger.charging.rules.charges import charges
from ledger.charging.rules.sessions import round_sessions, round_usage
from ledger.registry.codes import LineKind
from ledger.registry.rules.pricing import PricedUsage, PriceLine, Rounding, SessionPrice, Usage
from ledger.units import HOUR_MS

MINUTE_MS = 60_000
LAST = date(2026, 3, 31)  # of March
TEN = PriceLine(1, 5, 7, 3, None, None, date(2026, 1, 1), None, Fraction(1000, HOUR_MS),
                rounding="started_hour")  # fmt: skip
EIGHT = replace(TEN, price=2, since=LAST + timedelta(days=1), fen_per_ms=Fraction(800, HOUR_MS))
CHANGED = (replace(TEN, until=EIGHT.since), EIGHT)


def use(minutes: Fraction | int, days: int = 0, session: int = 1) -> Usage:
    ms = Fraction(minutes) * MINUTE_MS
    return Usage(7, 3, "H100", "", LAST + timedelta(days=days), ms, session=session)


def fen(usage: list[Usage], *lines: PriceLine) -> dict[tuple[int, int], int]:
    """What is charged, by month and price."""
    items = bill(usage, lines, {("H100", ""): 1}, (), LAST)
    totals = charges(owed_items(items), {}).items()
    return {(key.month.month, key.price): total.cost_fen for key, total in totals}


@pytest.mark.parametrize(
    ("ms", "minute", "hour"),
    [
        (Fraction(0), 0, 0),
        (Fraction(1), 0, HOUR_MS),
        (Fraction(30_000), 60_000, HOUR_MS),
        (Fraction(89_999), 60_000, HOUR_MS),
        (Fraction(HOUR_MS), HOUR_MS, HOUR_MS),
        (Fraction(HOUR_MS) + Fraction(1, 7), HOUR_MS, 2 * HOUR_MS),
    ],
)
def test_rounding_of_usage(ms: Fraction, minute: int, hour: int) -> None:
    assert round_usage(ms, "ms") == ms
    assert round_usage(ms, "minute") == minute
    assert round_usage(ms, "started_hour") == hour


def test_each_session_is_rounded_once() -> None:
    assert fen([use(20, session=1), use(20, session=2)], TEN) == {(3, 1): 2000}
    assert fen([use(20), use(20)], TEN) == {(3, 1): 1000}  # two shares of one


def test_a_session_over_the_end_of_a_month_is_charged_where_it_began() -> None:
    assert fen([use(20), use(20, days=1)], TEN) == {(3, 1): 1000}


def test_a_started_hour_belongs_to_the_month_in_which_it_starts() -> None:
    assert fen([use(50), use(20, days=1), use(60, days=2)], TEN) == {(3, 1): 1000, (4, 1): 2000}


def test_over_a_change_of_price_a_session_costs_what_it_did_when_it_began() -> None:
    assert fen([use(20), use(20, days=1)], *CHANGED) == {(3, 1): 1000}


def test_a_contract_may_split_a_session_over_its_prices() -> None:
    lines = [replace(line, session_price="split") for line in CHANGED]
    assert fen([use(20), use(20, days=1)], *lines) == {(3, 1): 500, (4, 2): 400}
    assert fen([use(30), use(10, days=1)], *lines) == {(3, 1): 750, (4, 2): 200}


def test_the_line_under_which_a_session_began_says_how_it_is_rounded() -> None:
    exact = replace(EIGHT, rounding="ms")
    assert fen([use(20), use(50, days=1)], CHANGED[0], exact) == {(3, 1): 1000, (4, 2): 800}
    assert fen([use(50, days=1)], CHANGED[0], exact) == {(4, 2): 667}


def test_what_a_package_gave_is_not_rounded() -> None:
    package = replace(TEN, price=3, kind=LineKind.PACKAGE, rounding="ms", expires=date(2026, 6, 30),
                      quantity_ms=Fraction(HOUR_MS, 4))  # fmt: skip
    assert fen([use(20)], package, TEN) == {(3, 3): 250, (3, 1): 1000}


pieces = st.lists(
    st.tuples(st.integers(1, 4), st.integers(0, 3), st.fractions(0, 200, max_denominator=7)),
    max_size=12,
)


@given(pieces, st.sampled_from(["minute", "started_hour"]), st.sampled_from(["start", "split"]))
def test_whatever_its_days_a_session_comes_to_its_use_rounded_once(
    pieces_of: list[tuple[int, int, Fraction]], rounding: Rounding, session_price: SessionPrice
) -> None:
    line = replace(TEN, rounding=rounding, session_price=session_price)
    items = [
        PricedUsage(use(minutes, days, session), 1, line) for session, days, minutes in pieces_of
    ]
    sessions = round_sessions(items)
    assert len(sessions) == len(items)
    assert all(item.charged_ms >= 0 for item in sessions)
    for session in {session for session, _, _ in pieces_of}:
        exact = sum((m for s, _, m in pieces_of if s == session), Fraction(0)) * MINUTE_MS
        of_it = [item.charged_ms for item in sessions if item.usage.session == session]
        assert sum(of_it, Fraction(0)) == round_usage(exact, rounding)


@given(pieces)
def test_what_comes_later_does_not_change_the_days_before(
    pieces_of: list[tuple[int, int, Fraction]],
) -> None:
    def by_day(items: list[tuple[int, int, Fraction]]) -> dict[date, Fraction]:
        sums: dict[date, Fraction] = {}
        for item in round_sessions(PricedUsage(use(m, d, s), 1, TEN) for s, d, m in items):
            day = item.usage.day
            sums[day] = sums.get(day, Fraction(0)) + item.charged_ms
        return sums

    whole, early = by_day(pieces_of), by_day([piece for piece in pieces_of if piece[1] < 2])
    assert early == {day: ms for day, ms in whole.items() if day in early}
