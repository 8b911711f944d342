"""Red invoices take back the lines of their blue one that they mean (cases 2a to 2e)."""

from datetime import date

import pytest

from tests.support.months.office import APRIL, COMPUTE, MARCH, STORAGE, Office, days, price
from tests.support.reconciliation import LATER

OF_A, OF_B = ("*信息技术服务*算力服务费甲", "*信息技术服务*算力服务费乙")
OF_MARCH, OF_APRIL = "*信息技术服务*三月", "*信息技术服务*四月"


def two_projects(office: Office, a_hours: int, b_hours: int) -> None:
    """Ten days of both projects in March, at ten yuan."""
    first_ten = days(MARCH, date(2026, 3, 10))
    office.prices(price(10))
    office.prices(price(10), contract="k2", project="p2")
    office.use(first_ten, a_hours, "a")
    office.use(first_ten, b_hours, "b")


def decide_both(office: Office) -> None:
    office.decide()
    office.decide(contract="k2")


@pytest.mark.parametrize("swapped", [False, True])
def test_2a_the_line_of_another_project_after_both_were_paid(office: Office, swapped: bool) -> None:
    two_projects(office, 30, 7)
    lines = [(OF_A, 3_000_00), (OF_B, 700_00)]
    blue = office.bill(*(lines[::-1] if swapped else lines))
    decide_both(office)
    for code in ("p1", "p2"):
        office.pay(code)
    office.red(blue, (OF_B, 700_00))
    assert (office.money("p1"), office.money("p2")) == ({"paid": 900_00}, {"paid": 210_00})
    office.fall(contract="k2")
    assert office.money("p1") == {"paid": 900_00}
    assert office.money("p2") == {"accrued": 210_00, "recoverable": 210_00}  # metered still


def test_2a_part_of_the_line(office: Office) -> None:
    two_projects(office, 12, 25)
    blue = office.bill((OF_A, 1_200_00), (OF_B, 2_500_00))
    decide_both(office)
    for code in ("p1", "p2"):
        office.pay(code)
    office.red(blue, (OF_A, 450_00))
    office.fall()
    assert office.money("p1") == {"accrued": 135_00, "paid": 225_00, "recoverable": 135_00}
    assert office.money("p2") == {"paid": 750_00}


def test_2a_where_the_red_one_does_not_say_which_two_decide(office: Office) -> None:
    two_projects(office, 30, 30)
    blue = office.bill(3_000_00, 3_000_00)
    decide_both(office)
    for code in ("p1", "p2"):
        office.pay(code)
    red = office.red(blue, 700_00)
    assert [cell.fall_fen for cell in office.cells() + office.cells(contract="k2")] == [0, 0]
    office.choose_parts(red, {2: 700_00})
    (of_b,) = [c for c in ("k1", "k2") if office.cells(contract=c)[0].fall_fen]
    office.fall(contract=of_b)
    of_line_2, of_line_1 = ("p2", "p1") if of_b == "k2" else ("p1", "p2")
    amounts = office.rights(of_line_2)
    assert (amounts.paid, amounts.recoverable) == (690_00, 210_00)
    assert office.money(of_line_1) == {"paid": 900_00}


def test_2b_the_same_unpaid_and_decided_anew(office: Office) -> None:
    two_projects(office, 30, 7)
    blue = office.bill((OF_A, 3_000_00), (OF_B, 700_00))
    decide_both(office)
    office.red(blue, (OF_B, 700_00))
    office.decide()
    office.decide(MARCH, LATER, contract="k2")
    assert office.money("p1") == {"payable": 900_00}
    assert office.money("p2") == {"accrued": 210_00}  # metered still, and nobody bills it


def test_2b_decided_for_the_first_time_only_afterwards(office: Office) -> None:
    two_projects(office, 30, 7)
    blue = office.bill((OF_A, 3_000_00), (OF_B, 700_00))
    office.red(blue, (OF_A, 3_000_00))
    office.decide(contract="k2")
    assert office.money("p1") == {"accrued": 900_00}
    assert office.money("p2") == {"payable": 210_00}


def two_months(office: Office) -> None:
    """36 hours a day for ten days of March, 12 for ten of April: 3,600.00 and 1,200.00."""
    office.prices(price(10))
    office.use(days(MARCH, date(2026, 3, 10)), 36)
    office.use(days(APRIL, date(2026, 4, 10)), 12)


@pytest.mark.parametrize("decided_between", [False, True])
def test_2c_the_line_of_one_month_is_reversed_and_issued_again(
    office: Office, decided_between: bool
) -> None:
    two_months(office)
    blue = office.bill((OF_MARCH, 3_600_00), (OF_APRIL, 1_200_00), until=APRIL)
    if decided_between:
        office.decide(MARCH)
        office.decide(APRIL)
        office.pay()
    office.red(blue, (OF_APRIL, 1_200_00))
    office.bill((OF_APRIL, 1_200_00), month=APRIL)
    if not decided_between:
        office.decide(MARCH)
    office.decide(APRIL)
    expected = {"paid": 1_440_00} if decided_between else {"payable": 1_440_00}
    assert office.money() == expected


@pytest.mark.parametrize("amount", [5_000_00, 1_234_56])
def test_2d_a_red_one_of_the_excluded_line_takes_nothing(office: Office, amount: int) -> None:
    office.prices(price(10))
    office.use_month(MARCH)
    blue = office.bill((COMPUTE, 7_440_00), (STORAGE, amount))
    office.decide()
    office.pay()
    assert office.money() == {"paid": 2_232_00}
    office.red(blue, (STORAGE, amount))
    assert office.money() == {"paid": 2_232_00}
    assert [cell.fall_fen for cell in office.cells()] == [0]


def test_2e_two_red_ones_one_after_the_other(office: Office) -> None:
    two_projects(office, 30, 7)
    blue = office.bill((OF_A, 3_000_00), (OF_B, 700_00))
    decide_both(office)
    office.red(blue, (OF_A, 1_000_00))
    office.red(blue, (OF_A, 500_00))
    office.red(blue, (OF_B, 100_00))
    office.fall()
    office.fall(contract="k2")
    assert office.rights("p1").payable == 450_00
    assert office.rights("p2").payable == 180_00


def test_2e_a_red_one_of_a_reissue(office: Office) -> None:
    two_projects(office, 30, 7)
    blue = office.bill((OF_A, 3_000_00), (OF_B, 700_00))
    office.red(blue, (OF_A, 3_000_00))
    again = office.bill((OF_A, 3_000_00))
    decide_both(office)
    office.pay()
    office.red(again, (OF_A, 1_000_00))
    office.fall()
    assert office.money("p1") == {"accrued": 300_00, "paid": 600_00, "recoverable": 300_00}
    assert office.money("p2") == {"payable": 210_00}


def test_2e_the_line_of_one_price_in_a_month_of_two(office: Office) -> None:
    office.prices(price(10, "until: 2026-03-11"), price(8, "from: 2026-03-12"))
    office.use_month(MARCH)
    blue = office.bill(("*信息技术服务*上旬", 2_640_00), ("*信息技术服务*其后", 3_840_00))
    office.decide()
    office.pay()
    office.red(blue, ("*信息技术服务*其后", 3_840_00))
    office.fall()
    assert office.money() == {"accrued": 1_152_00, "paid": 792_00, "recoverable": 1_152_00}
    office.bill(("*信息技术服务*其后", 3_840_00))
    office.decide()
    assert office.money() == {"paid": 1_944_00}


@pytest.mark.parametrize("fall_first", [False, True])
@pytest.mark.parametrize("again_fen", [3_000_00, 2_999_99])
def test_2e_a_whole_invoice_is_reversed_after_payment_and_issued_again(
    office: Office, again_fen: int, fall_first: bool
) -> None:
    office.prices(price(10))
    office.use(days(MARCH, date(2026, 3, 10)), 30)
    blue = office.bill(3_000_00)
    office.decide()
    office.pay()
    office.red(blue, 3_000_00)
    office.bill(again_fen)
    if fall_first:
        office.fall()
        assert office.money() == {"accrued": 900_00, "recoverable": 900_00}
    office.decide()
    assert office.money() == {"paid": 900_00}  # a fen of cost less is less than half a fen


def test_2e_the_reversed_invoice_paid_for_two_months_one_of_them_carried_over(
    office: Office,
) -> None:
    office.prices(price(10))
    office.use(days(MARCH, date(2026, 3, 10)), 30)
    office.use(days(APRIL, date(2026, 4, 10)), 10)
    office.bill(2_000_00)
    office.decide(MARCH, LATER)
    both = office.bill(2_000_00, month=APRIL)  # half for April, half for the rest of March
    office.decide(APRIL)
    office.pay()
    for reversed_fen, paid in ((1_000_00, 900_00), (1_000_00, 600_00)):
        office.red(both, reversed_fen)
        office.fall(MARCH)
        office.fall(APRIL)
        assert office.rights().paid == paid
    office.bill(2_000_00, month=APRIL)
    office.decide(APRIL)
    assert office.money() == {"paid": 1_200_00}
