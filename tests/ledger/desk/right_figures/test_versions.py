"""What falls, or comes late, in a month of two versions is mapped by its days (1b, 3, 9, falls).

March is under the first version, at 30 per cent, until the 10th and under another from the 11th. A
lower price of one version's days must not move what the other's days earned, nor anything at all
before two persons decide it.
"""

from datetime import date

import pytest

from tests.support.months.office import MARCH, Office, days, price
from tests.support.months.office import POLICY as A
from tests.support.reconciliation import LATER

ELEVENTH = date(2026, 3, 11)


@pytest.fixture
def march(office: Office) -> Office:
    """24 hours a day at ten yuan: 2,400.00 at 30 per cent, 5,040.00 at 40, invoiced and decided."""
    office.publish("b", 40, ELEVENTH)
    office.open("p1", "b")
    office.end_policy(A, ELEVENTH)
    office.prices(price(10))
    office.use_month(MARCH)
    office.bill(7_440_00)
    office.decide()
    assert office.money() == {"payable": 2_736_00}
    return office


LOWERED = [  # prices, and what is earned by them
    ([price(8, "from: 2026-03-12")], 2_352_00),  # 960.00 less at 40 per cent
    ([price(5, "until: 2026-03-10"), price(10, "from: 2026-03-11")], 2_376_00),  # 1,200.00 at 30
    ([price(9)], 2_462_40),  # 240.00 at 30 per cent, 504.00 at 40
]


@pytest.mark.parametrize("paid", [False, True])
@pytest.mark.parametrize(("prices", "left_fen"), LOWERED)
def test_a_lower_price_of_one_versions_days(
    march: Office, prices: list[str], left_fen: int, paid: bool
) -> None:
    if paid:
        march.pay()
    before = march.money()
    march.prices(*prices)
    assert march.money() == before
    proposal = march.propose_fall()
    assert proposal.content["subsidy_before_fen"] == 2_736_00
    assert proposal.content["subsidy_after_fen"] == left_fen
    march.confirm(proposal)
    back = {"paid": left_fen, "recoverable": 2_736_00 - left_fen}
    assert march.money() == (back if paid else {"payable": left_fen})
    march.prices(price(10))
    assert march.money() == before


@pytest.mark.parametrize(("on", "more_fen"), [(1, 720_00), (21, 960_00)])
def test_late_usage_moves_nothing_that_was_matched(march: Office, on: int, more_fen: int) -> None:
    march.pay()
    march.use(days(date(2026, 3, on), date(2026, 3, on + 9)))  # ten days once more: 2,400.00
    assert march.money() == {"accrued": more_fen, "paid": 2_736_00}
    march.bill(2_400_00)
    march.decide()
    assert march.money() == {"paid": 2_736_00, "payable": more_fen}


def test_a_month_that_was_billed_in_part_holds_what_it_earned(office: Office) -> None:
    office.publish("b", 40, ELEVENTH)
    office.open("p1", "b")
    office.end_policy(A, ELEVENTH)
    office.prices(price(100))
    office.use(days(MARCH, date(2026, 3, 20)), 1)
    office.bill(1_000_00)
    office.decide(MARCH, LATER)
    office.pay()
    assert office.money() == {"paid": 350_00, "accrued": 350_00}
    office.use(days(MARCH, date(2026, 3, 10)), 1)  # more at 30 per cent
    assert office.money()["paid"] == 350_00


@pytest.mark.parametrize(
    ("prices", "left_fen"),
    [([price(5, "until: 2026-03-10"), price(10, "from: 2026-03-11")], 1_152_00),
     ([price(10, "until: 2026-03-21"), price(9, "from: 2026-03-22")], 1_080_00)],
)  # fmt: skip
def test_a_lower_price_of_days_before_and_in_the_vouchers(
    office: Office, prices: list[str], left_fen: int
) -> None:
    office.validity(date(2026, 3, 16), None)  # sixteen days of March
    office.prices(price(10))
    office.use_month(MARCH)
    office.bill(7_440_00)
    office.decide()
    office.pay()
    office.prices(*prices)
    assert office.money() == {"paid": 1_152_00}
    office.fall()
    rest = {"paid": left_fen, "recoverable": 1_152_00 - left_fen}
    assert office.money() == {role: fen for role, fen in rest.items() if fen}


def test_days_that_two_persons_give_the_voucher_map_what_is_held_anew(march: Office) -> None:
    march.pay()
    march.validity(date(2026, 3, 6), None)  # five days of the first version are out of it
    assert march.money() == {"paid": 2_376_00, "recoverable": 360_00}
    march.validity(None, None)
    assert march.money() == {"paid": 2_736_00}
