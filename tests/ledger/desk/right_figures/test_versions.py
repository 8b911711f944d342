"""What falls, or comes late, in a month of two versions is mapped by its days (1b, 3, 9, falls).

March is under the first version, at 30 per cent, until the 10th and under another from the 11th. A
lower price of one version's days must not move what the other's days earned, nor anything at all
before two persons decide it.
"""

from datetime import date
from fractions import Fraction

import pytest
from sqlmodel import Session

from ledger.desk.queries.queues import waiting_falls
from ledger.errors import Conflict
from ledger.people.codes import Answer
from ledger.reconciliation.queries.months import months
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


@pytest.mark.parametrize("is_paid", [False, True])
@pytest.mark.parametrize(("prices", "left_fen"), LOWERED)
def test_a_lower_price_of_one_versions_days(
    march: Office, prices: list[str], left_fen: int, is_paid: bool
) -> None:
    if is_paid:
        march.pay()
    before = march.money()
    march.prices(*prices)
    assert march.money() == before
    proposal = march.propose_fall()
    assert proposal.content["subsidy_before_fen"] == 2_736_00
    assert proposal.content["subsidy_after_fen"] == left_fen
    march.confirm(proposal)
    back = {"paid": left_fen, "recoverable": 2_736_00 - left_fen}
    assert march.money() == (back if is_paid else {"payable": left_fen})
    march.prices(price(10))
    assert march.money() == before


@pytest.mark.parametrize("is_paid", [False, True])
def test_what_falls_after_two_changed_the_rates_of_a_month_is_of_its_days(
    office: Office, is_paid: bool
) -> None:
    """The whole month was matched at one rate; then ten days have another and the rest a third."""
    for place, rate in enumerate((Fraction(1, 3), Fraction(1, 10))):
        office.owner.execute(
            "INSERT INTO clause_rates VALUES (%s, '09-1', %s, %s, %s, '另一比例')",
            (A, place, rate.numerator, rate.denominator),
        )
    office.prices(price(10))
    office.use_month(MARCH, 6)
    office.bill(1_860_00)
    office.decide()
    office.rate(Fraction(1, 3), ELEVENTH, A)
    office.rate(Fraction(1, 10), date(2026, 3, 21), A)
    assert office.money() == {"payable": 446_00}  # 180 + 200 + 66
    if is_paid:
        office.pay()
    before = office.money()
    office.prices(price(10, "until: 2026-03-20"), price(5, "from: 2026-03-21"))
    assert office.money() == before
    office.fall()
    assert office.money() == (
        {"paid": 413_00, "recoverable": 33_00} if is_paid else {"payable": 413_00}
    )
    office.prices(price(10))
    assert office.money() == before


def test_days_that_were_changed_before_a_price_map_what_was_metered_then(office: Office) -> None:
    """The voucher is valid from the 11th on; a lower price of the days before takes nothing."""
    office.prices(price(10))
    office.use_month(MARCH, 4)
    office.bill(1_240_00)
    office.decide()
    office.validity(ELEVENTH, None)
    assert office.money() == {"payable": 252_00}
    office.prices(price(2, "until: 2026-03-10"), price(10, "from: 2026-03-11"))
    assert office.money() == {"payable": 252_00}
    office.fall()
    assert office.money() == {"payable": 252_00}


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


# --- as much more was used on another version's days ---------------------------------------

CHEAPER = [price(6, "until: 2026-03-10"), price(10, "from: 2026-03-11")]  # 960.00 less under a
MORE = {  # hours of a day under b, three days; what is earned by then
    32: 2_832_00,  # 960.00: 1,440.00 at 30 per cent and 6,000.00 at 40
    20: 2_688_00,  # 600.00: 5,640.00 at 40
}


def cheaper_and_more(march: Office, hours: int) -> None:
    march.prices(*CHEAPER)
    march.use(days(date(2026, 3, 21), date(2026, 3, 23)), hours)


@pytest.mark.parametrize("hours", MORE)
@pytest.mark.parametrize("is_paid", [False, True])
def test_what_one_version_lost_falls_though_another_gained(
    march: Office, hours: int, is_paid: bool
) -> None:
    if is_paid:
        march.pay()
    before = march.money()
    cheaper_and_more(march, hours)
    assert march.money().get("payable", 0) == before.get("payable", 0)
    assert march.money().get("paid", 0) == before.get("paid", 0)
    (cell,) = march.cells()
    assert (cell.booked_fen, cell.fall_fen) == (7_440_00, 960_00)
    with Session(march.engine) as db:
        rows = months(db, month=MARCH)
    assert [(row.state, row.fall_fen) for row in rows] == [("changed", 960_00)]
    assert waiting_falls(rows).count == 1
    proposal = march.propose_fall()
    (content,) = proposal.content["cells"]
    assert {cause["code"] for cause in content["causes"]} == {"price"}
    assert content["versions"] == [
        {"policy": "b", "held_fen": 5_040_00, "counted_fen": 5_040_00 + hours * 30_00},
        {"policy": A, "held_fen": 2_400_00, "counted_fen": 1_440_00},
    ]
    march.confirm(proposal)
    assert march.rights().payable + march.rights().paid == MORE[hours]
    assert [c.fall_fen for c in march.cells()] == [0]


def test_it_stays_as_it_is_where_two_refuse(march: Office) -> None:
    cheaper_and_more(march, 32)
    march.confirm(march.propose_fall(), Answer.REFUSED)
    assert march.money() == {"payable": 2_736_00}
    march.prices(price(10))
    assert [c.fall_fen for c in march.cells()] == [0]
    assert march.money() == {"payable": 2_736_00, "accrued": 384_00}


def test_a_fall_is_decided_as_it_was_proposed(march: Office) -> None:
    cheaper_and_more(march, 32)
    proposal = march.propose_fall()
    march.prices(price(5, "until: 2026-03-10"), price(10, "from: 2026-03-11"))
    march.use(days(date(2026, 3, 24), date(2026, 3, 24)), 24)  # in all it is the same again
    with pytest.raises(Conflict) as refusal:
        march.confirm(proposal)
    assert refusal.value.code == "figures_changed"


def test_what_counts_again_waits_while_a_versions_days_have_lost_something(march: Office) -> None:
    march.prices(price(10, "until: 2026-03-20"), price(6, "from: 2026-03-21"))
    march.fall()  # 1,056.00 under b
    assert march.money() == {"payable": 2_313_60}
    march.prices(*CHEAPER)
    assert march.money() == {"payable": 2_313_60, "accrued": 38_40}
    march.fall()
    assert march.money() == {"payable": 2_448_00}  # 1,440.00 and 5,040.00


def test_what_counts_again_lowers_no_versions_part(office: Office) -> None:
    office.publish("b", 40, ELEVENTH)
    office.open("p1", "b")
    office.end_policy(A, ELEVENTH)
    office.prices(price(10))
    office.use_month(MARCH)
    document = office.bill(3_720_00)  # half of the month: 1,200.00 and 2,520.00
    office.decide(MARCH, LATER)
    office.move(document, 1_240_00)
    office.fall()  # a third of it: 800.00 and 1,680.00 are left
    assert office.money()["payable"] == 912_00
    office.use(days(date(2026, 3, 1), date(2026, 3, 10)), 24)  # twice as much under a
    assert office.money()["payable"] == 912_00
    office.move(document, 1_240_00, source=None, target=MARCH)
    assert office.cells()[0].booked_fen == 3_720_00
    # 1,240.00 go by what is metered and not held: 4,000.00 and 3,360.00
    more_fen = 1_240_00 * (Fraction(3, 10) * 4_000 + Fraction(4, 10) * 3_360) / 7_360
    assert office.money()["payable"] == round(912_00 + more_fen)


def test_what_stands_of_documents_is_mapped_by_their_days(office: Office) -> None:
    office.publish("b", 40, ELEVENTH)
    office.open("p1", "b")
    office.end_policy(A, ELEVENTH)
    office.prices(price(10))
    office.use_month(MARCH)
    of_a = office.bill(2_400_00, last=date(2026, 3, 10))
    office.bill(5_040_00, since=ELEVENTH)
    office.decide()
    assert office.money() == {"payable": 2_736_00}
    office.red(of_a, 2_400_00)
    assert office.money() == {"payable": 2_736_00}
    office.fall()
    assert office.money()["payable"] == 2_016_00  # 5,040.00 at 40 per cent
