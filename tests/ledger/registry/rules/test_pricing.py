"""A price per unit becomes an exact fraction of a fen; only a whole charge is rounded."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.charging.rules.charges import ChargeKey, charges
from ledger.registry.codes import Market
from ledger.registry.rules.pricing import (
    PricedUsage,
    PriceLine,
    UnpricedUsage,
    Usage,
    fen_per_ms,
    price,
)
from ledger.units import HOUR_MS, round_half_up

DAY = date(2026, 3, 1)
H100, A800 = 1, 2
CATALOGUE = {("H100", ""): H100, ("H100", "1g.10gb"): H100, ("A800", ""): A800}


def use(name: str = "H100", profile: str = "", day: date = DAY, hours: Fraction | int = 1) -> Usage:
    return Usage(7, 3, name, profile, day, Fraction(hours) * HOUR_MS)


def line(
    number: int,
    *,
    model: int | None = None,
    profile: str | None = None,
    since: date | None = None,
    until: date | None = None,
    yuan: str = "10",
) -> PriceLine:
    per_ms = fen_per_ms(Fraction(yuan), 1, 1, tax_included=False, tax_rate=Fraction(0))
    return PriceLine(number, 5, 7, 3, model, profile, since, until, per_ms)


@pytest.mark.parametrize(
    ("yuan", "gpus", "hours", "tax_included", "fen_per_gpu_hour"),
    [
        ("10.60", 1, 1, True, Fraction(1000)),
        ("10.60", 1, 1, False, Fraction(1060)),
        ("38.5", 8, 1, False, Fraction(3850, 8)),
        ("960", 8, 24, False, Fraction(500)),
        ("29800.00", 8, 720, False, Fraction(2_980_000, 5760)),
    ],
)
def test_every_unit_comes_down_to_fen_per_device_hour(
    yuan: str,
    gpus: int,
    hours: int,
    tax_included: bool,
    fen_per_gpu_hour: Fraction,
) -> None:
    per_ms = fen_per_ms(
        Fraction(yuan), gpus, hours, tax_included=tax_included, tax_rate=Fraction("0.06")
    )
    assert per_ms * HOUR_MS == fen_per_gpu_hour


def test_the_more_exact_price_wins() -> None:
    lines = [line(1), line(2, model=H100), line(3, model=H100, profile="1g.10gb")]
    items = price([use("A800"), use(), use(profile="1g.10gb")], lines, CATALOGUE)
    assert [item.line.price for item in items if isinstance(item, PricedUsage)] == [1, 2, 3]


WHOLE = line(1, model=H100, profile="")
SELECTED = [
    line(2, model=H100),
    replace(line(3), partition="gpu"),
    replace(line(4), qos="high"),
    replace(line(5), market=Market.SPOT),
    replace(line(6), partition="gpu", qos="high", market=Market.SPOT),
    replace(WHOLE, price=7, market=Market.SPOT),
    replace(WHOLE, price=8, qos="high"),
    replace(WHOLE, price=9, partition="gpu"),
]


@pytest.mark.parametrize(
    ("among", "price_"),
    [
        ((2, 3, 4, 5, 6), 2),  # the model counts more than all that follows
        ((1, 2), 1),
        ((3, 4, 5), 3),
        ((3, 4, 5, 6), 6),
        ((4, 5), 4),
        ((1, 7, 8, 9), 9),
        ((1, 7, 8), 8),
        ((1, 7), 7),
        ((6, 7), 7),
    ],
)
def test_exactness_has_one_order(among: tuple[int, ...], price_: int) -> None:
    """Model and profile, then partition, QOS, market."""
    usage = replace(use(), partition="gpu", qos="high", market=Market.SPOT)
    lines = [item for item in (WHOLE, *SELECTED) if item.price in among]
    for order in (lines, lines[::-1]):
        (item,) = price([usage], order, CATALOGUE)
        assert isinstance(item, PricedUsage)
        assert item.line.price == price_


def test_a_selector_leaves_other_usage_alone() -> None:
    lines = [line(1), *SELECTED]
    plain = use("A800")
    usages = [
        plain,
        replace(plain, partition="cpu", qos="low"),
        replace(plain, partition="gpu"),
        replace(plain, qos="high"),
        replace(plain, market=Market.SPOT),
    ]
    items = price(usages, lines, CATALOGUE)
    assert [item.line.price for item in items if isinstance(item, PricedUsage)] == [1, 1, 3, 4, 5]


def test_what_no_price_covers_is_told_never_dropped() -> None:
    lines = [line(1, model=H100, profile="", since=DAY, until=date(2026, 3, 2))]
    usage = [use("B200"), use(profile="3g.40gb"), use("A800"), use(day=date(2026, 3, 2))]
    items = price([*usage, use()], lines, CATALOGUE)
    reasons = [item.reason for item in items if isinstance(item, UnpricedUsage)]
    assert reasons == ["unknown_model", "unknown_model", "no_price", "no_price"]
    assert sum(item.usage.device_ms for item in items) == 5 * HOUR_MS


def test_another_contract_does_not_price_it() -> None:
    price_line = PriceLine(1, 5, 8, 3, None, None, None, None, Fraction(1))
    assert isinstance(price([use()], [price_line], CATALOGUE)[0], UnpricedUsage)


def test_charges_are_cut_by_month_price_and_policy() -> None:
    lines = [
        line(1, until=date(2026, 3, 16)),
        line(2, since=date(2026, 3, 16), yuan="20"),
    ]
    days = [date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 15), date(2026, 3, 16)]
    items = price([use(day=day) for day in days], lines, CATALOGUE)
    charge_lines = charges(
        [item for item in items if isinstance(item, PricedUsage)],
        {7: [("drill", date(2026, 3, 1), date(2026, 3, 16))]},
    )
    february, march = date(2026, 2, 1), date(2026, 3, 1)
    assert {key: total.cost_fen for key, total in charge_lines.items()} == {
        ChargeKey(5, 1, february, "", H100, ""): 1000,
        ChargeKey(5, 1, march, "drill", H100, ""): 2000,
        ChargeKey(5, 2, march, "", H100, ""): 2000,
    }


pieces = st.lists(
    st.fractions(min_value=0, max_value=1000, max_denominator=12), min_size=1, max_size=30
)


@given(pieces, st.integers(0, 10**6))
def test_a_charge_is_rounded_once_however_its_usage_is_cut(hours: list[Fraction], fen: int) -> None:
    lines = [line(1, yuan=str(Fraction(fen, 100)))]
    items = price([use(hours=h) for h in hours], lines, CATALOGUE)
    (total,) = charges([p for p in items if isinstance(p, PricedUsage)], {}).values()
    assert total.device_ms == sum(hours) * HOUR_MS
    assert total.cost_fen == round_half_up(sum(hours) * fen)


@given(pieces, st.integers(0, 10**6), st.integers(2, 31), st.integers(2, 31))
def test_what_costs_the_same_is_rounded_once_over_lines_and_versions(
    hours: list[Fraction], fen: int, split: int, version: int
) -> None:
    cut, start = date(2026, 3, split), date(2026, 3, version)
    yuan = str(Fraction(fen, 100))
    lines = [line(1, until=cut, yuan=yuan), line(2, since=cut, yuan=yuan)]
    usage = [use(day=date(2026, 3, n % 31 + 1), hours=h) for n, h in enumerate(hours)]
    items = [i for i in price(usage, lines, CATALOGUE) if isinstance(i, PricedUsage)]
    exact = sum(hours) * fen
    totals = charges(items, {7: [("new", start, None), ("old", None, start)]})
    assert sum(total.cost_fen for total in totals.values()) == round_half_up(exact)
    assert all(
        abs(total.cost_fen - total.device_ms * Fraction(fen, HOUR_MS)) < 1
        for total in totals.values()
    )
