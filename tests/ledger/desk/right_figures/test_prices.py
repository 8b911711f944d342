"""Prices that are stated anew after a month was decided, unpaid or paid (cases 1a to 1f).

March is used for 24 hours on each of its 31 days: 744 hours, 7,440.00 at ten yuan.
"""

from datetime import date

import pytest

from tests.support.months.office import MARCH, Office, days, price

TWELFTH = date(2026, 3, 12)
UNTIL_11, FROM_12 = "until: 2026-03-11", "from: 2026-03-12"
CHEAPER = (price(10, UNTIL_11), price(8, FROM_12))  # 2,640.00 and 3,840.00


@pytest.fixture
def march(office: Office) -> Office:
    """March at ten yuan, invoiced and decided."""
    office.prices(price(10))
    office.use_month(MARCH)
    office.bill(7_440_00)
    office.decide()
    assert office.money() == {"payable": 2_232_00}
    return office


def test_1a_names_of_price_lines_move_nothing(office: Office) -> None:
    office.prices(*CHEAPER)
    office.use_month(MARCH)
    office.bill(6_480_00)
    office.decide()
    assert office.money() == {"payable": 1_944_00}
    office.prices(price(10, f"{UNTIL_11}, name: 上旬"), price(8, f"{FROM_12}, name: 其后"))
    assert office.money() == {"payable": 1_944_00}
    office.match()
    assert [cell.invoiced_fen for cell in office.cells()] == [6_480_00]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_1a_named_one_after_the_other_and_paid(office: Office, order: tuple[int, int]) -> None:
    old = [price(7, "until: 2026-03-20"), price(5, "from: 2026-03-21")]
    new = [price(7, "until: 2026-03-20, name: 甲"), price(5, "from: 2026-03-21, name: 乙")]
    office.prices(*old)
    office.use_month(MARCH, 2)  # 40 h at 7, 22 h at 5
    office.bill(280_00, 110_00)
    office.decide()
    office.pay()
    for index in order:
        office.prices(new[index])
        assert office.money() == {"paid": 117_00}


def test_1b_a_lower_price_after_payment_takes_back_the_difference_by_two(march: Office) -> None:
    march.pay()
    march.prices(price(8, FROM_12))
    assert march.money() == {"paid": 2_232_00}
    march.fall()
    assert march.money() == {"paid": 1_944_00, "recoverable": 288_00}


def test_1b_two_lower_prices_one_after_the_other(march: Office) -> None:
    march.pay()
    march.prices(price(8, FROM_12))
    march.prices(price(5, "from: 2026-03-22"))  # ten days: 720.00 less again
    march.fall()
    assert march.money() == {"paid": 1_728_00, "recoverable": 504_00}


def test_1c_the_same_unpaid_and_decided_anew(march: Office) -> None:
    march.prices(price(8, FROM_12))
    assert march.money() == {"payable": 2_232_00}
    march.decide()
    assert march.money() == {"payable": 1_944_00}


def test_1c_the_fall_decided_first_and_then_the_month(march: Office) -> None:
    march.prices(price(8, FROM_12))
    march.fall()
    assert march.money() == {"payable": 1_944_00}
    march.decide()
    assert march.money() == {"payable": 1_944_00}


@pytest.mark.parametrize("more", ["model: H100-80G", "model: H100-80G, mig_profile: whole"])
def test_1d_a_more_exact_line_at_the_same_price_recovers_nothing(office: Office, more: str) -> None:
    office.prices(price(1000))
    office.use(days(MARCH, date(2026, 3, 10)), 10)
    office.bill(100_000_00)
    office.decide()
    office.pay()
    assert office.money() == {"paid": 30_000_00}
    office.prices(price(1000, more))
    assert office.money() == {"paid": 30_000_00}
    assert [cell.fall_fen for cell in office.cells()] == [0]


@pytest.mark.parametrize("yuan", ["3.33", "1.01", "0.77"])  # 12.0435, 3.6528, 2.7848 in all
def test_1d_a_line_that_is_split_at_the_same_price_costs_the_same_to_the_fen(
    office: Office, yuan: str
) -> None:
    line = f'{{unit: gpu-hour, yuan: "{yuan}", tax_included: false, tax_rate: "0.06"'
    office.prices(f"{line}}}")
    office.use_month(MARCH, 7)
    (cell,) = office.cells()
    office.bill(cell.metered_fen)
    office.decide()
    office.pay()
    before = office.money()
    for day in (5, 12, 13, 22):
        earlier, later = f"until: 2026-03-{day - 1:02}", f"from: 2026-03-{day:02}, name: 自{day}日"
        office.prices(f"{line}, {earlier}}}", f"{line}, {later}}}")
        assert [(c.metered_fen, c.fall_fen) for c in office.cells()] == [(cell.metered_fen, 0)]
    assert office.money() == before


def test_1e_the_day_of_a_change_is_corrected_and_the_balance_invoiced(office: Office) -> None:
    office.prices(*CHEAPER)
    office.use_month(MARCH)
    office.bill(6_480_00)
    office.decide()
    office.prices(price(10, "until: 2026-03-14"), price(8, "from: 2026-03-15"))
    assert office.money() == {"payable": 1_944_00, "accrued": 43_20}
    office.bill(144_00)
    office.decide()
    assert office.money() == {"payable": 1_987_20}


def test_1e_the_same_paid_with_the_day_moved_back_and_on(office: Office) -> None:
    office.prices(*CHEAPER)
    office.use_month(MARCH)
    office.bill(2_640_00, 3_840_00)
    office.decide()
    office.pay()
    office.prices(price(10, "until: 2026-03-08"), price(8, "from: 2026-03-09"))  # 6,336.00
    office.prices(price(10, "until: 2026-03-14"), price(8, "from: 2026-03-15"))
    office.bill(144_00)
    office.decide()
    assert office.money() == {"paid": 1_944_00, "payable": 43_20}


@pytest.mark.parametrize("paid", [False, True])
def test_1f_a_selector_that_is_added_and_removed_leaves_no_trace(march: Office, paid: bool) -> None:
    if paid:
        march.pay()
    before = march.money()
    march.prices(price(10, "model: H100-80G"))
    march.prices(price(10))
    assert march.money() == before
    assert [(cell.metered_fen, cell.fall_fen) for cell in march.cells()] == [(7_440_00, 0)]


def test_1f_the_line_itself_gets_the_selector_and_loses_it(march: Office) -> None:
    march.pay()
    over, exact = "until: 2026-02-28", "model: H100-80G"
    march.prices(price(10, over), price(10, exact))
    assert march.money() == {"paid": 2_232_00}
    march.prices(price(10), price(10, f"{exact}, {over}"))
    assert march.money() == {"paid": 2_232_00}
    assert [(cell.metered_fen, cell.fall_fen) for cell in march.cells()] == [(7_440_00, 0)]


def test_1f_a_fall_that_was_decided_and_taken_back_rises_again(march: Office) -> None:
    march.pay()
    march.prices(price(8, FROM_12))
    march.fall()
    march.prices(price(10))
    assert march.money() == {"paid": 2_232_00}
