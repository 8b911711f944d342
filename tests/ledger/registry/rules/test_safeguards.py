"""Names, usual prices, totals and other programmes' support."""

from datetime import date
from fractions import Fraction

import pytest

from ledger.registry.rules.safeguards import (
    KnownName,
    PriceBand,
    beyond_total,
    name_stands,
    outside_band,
    support_room,
)

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)
NAMES = [KnownName("塞上科技"), KnownName("塞上智能", JUNE)]
BAND = PriceBand(1, "", Fraction(300), Fraction(1200), MAY, JUNE)


@pytest.mark.parametrize(
    ("name", "day", "stands"),
    [
        ("塞上科技", MAY, True),
        ("塞上科技", JUNE, True),  # an old contract is still invoiced under it
        ("塞上智能", MAY, False),
        ("塞上智能", JUNE, True),
        (" 塞上智能", JUNE, True),
        ("别家", JUNE, False),
    ],
)
def test_an_old_name_stays_good_and_a_new_one_is_not_good_before_its_day(
    name: str, day: date, *, stands: bool
) -> None:
    assert name_stands(name, day, NAMES) == stands


@pytest.mark.parametrize(
    ("model", "profile", "fen", "day", "is_outside"),
    [
        (1, "", 300, MAY, False),
        (1, "", 1200, MAY, False),
        (1, "", 299, MAY, True),
        (1, "", 1201, MAY, True),
        (None, None, 1201, MAY, True),  # it could price this model too
        (2, "", 1201, MAY, False),
        (1, "1g.10gb", 1201, MAY, False),
        (1, "", 1201, JUNE, False),
    ],
)
def test_a_price_outside_its_band_is_found(
    model: int | None, profile: str | None, fen: int, day: date, *, is_outside: bool
) -> None:
    found_band = outside_band(model, profile, Fraction(fen), day, [BAND])
    assert found_band == (BAND if is_outside else None)


def test_invoices_beyond_the_total_of_a_contract() -> None:
    assert beyond_total(100_00, 100_00) == 0
    assert beyond_total(100_00, 100_01) == 1
    assert beyond_total(None, 10**12) == 0


def test_all_public_support_is_within_the_cost() -> None:
    assert support_room(1000, 0) == 1000
    assert support_room(1000, 750) == 250
    assert support_room(1000, 1200) == 0
