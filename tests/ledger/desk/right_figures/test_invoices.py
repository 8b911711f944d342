"""What an invoice pays for: in advance, later, in its words, in tolerance (5, 6, 11, 13)."""

from datetime import date
from fractions import Fraction

import pytest

from ledger.documents.rules.cost_document import Document
from ledger.documents.rules.document_file import read_document
from tests.support.documents import CENTRE
from tests.support.invoices import einvoice_xml
from tests.support.months.office import (
    APRIL,
    COMPUTE,
    MARCH,
    MAY,
    STORAGE,
    Office,
    days,
    package,
    price,
)
from tests.support.reconciliation import BUYER, LATER

PACKAGE_DAYS = "from: 2026-03-01, expires: 2026-05-31"


@pytest.mark.parametrize(
    ("hours", "subsidy"), [((9, 9, 9), 810_00), ((1, 20, 6), 810_00), ((3, 0, 5), 240_00)]
)
def test_5_a_package_bought_before_is_laid_over_its_months(
    office: Office, hours: tuple[int, ...], subsidy: int
) -> None:
    office.prices(price(10), package(300, 10, PACKAGE_DAYS))
    office.bill(3_000_00)  # in March, for all of it
    for month, daily in zip((MARCH, APRIL, MAY), hours, strict=True):
        if daily:
            office.use(days(month, month.replace(day=10)), daily)
            office.match()
            office.decide(month)
    assert office.money() == {"payable": subsidy}


def test_5_the_months_are_decided_after_the_package_is_over(office: Office) -> None:
    office.prices(price(10), package(300, 10, PACKAGE_DAYS))
    office.bill(3_000_00)
    for month in (MAY, MARCH, APRIL):
        office.use(days(month, month.replace(day=10)), 9)
    office.match()
    for month in (APRIL, MARCH):
        office.decide(month)
    office.decide(MAY)
    assert office.rights().payable == 810_00


def test_5_a_package_that_is_invoiced_in_its_second_month_pays_for_the_first(
    office: Office,
) -> None:
    office.prices(price(10), package(300, 10, PACKAGE_DAYS))
    office.use(days(MARCH, date(2026, 3, 10)), 9)
    office.bill(3_000_00, month=APRIL)
    office.decide(MARCH)
    assert office.money() == {"payable": 270_00}


def test_5b_two_price_lines_and_a_package_invoiced_before_any_usage(office: Office) -> None:
    lines = (price(10, "until: 2026-04-15"), price(8, "from: 2026-04-16"))
    office.prices(*lines, package(100, 7, "from: 2026-03-01, expires: 2026-05-31"))
    office.bill(700_00)
    for month in (MARCH, APRIL, MAY):
        office.match()
        office.use(days(month, month.replace(day=10)), 3)
        office.match()
        office.decide(month)
    assert office.money() == {"payable": 189_00}  # 90 h at 7


def test_5b_more_than_the_package_is_metered_and_billed_beside_it(office: Office) -> None:
    office.prices(price(12), package(50, 9, "from: 2026-03-01, expires: 2026-04-30"))
    office.bill(450_00)
    office.use(days(MARCH, date(2026, 3, 10)), 3)
    office.use(days(APRIL, date(2026, 4, 10)), 4)  # 20 h of the package, 20 h at 12
    office.bill(240_00, month=APRIL)
    office.decide(MARCH)
    office.decide(APRIL)
    assert office.money() == {"payable": 207_00}


@pytest.mark.parametrize(
    ("march", "billed_fen", "april", "subsidy"),
    [(8, 6_000_00, 7, 4_500_00), (5, 4_321_00, 3, 2_400_00)],
)
def test_6_what_was_carried_over_is_billed_with_the_next_month(
    office: Office, march: int, billed_fen: int, april: int, subsidy: int
) -> None:
    office.prices(price(100))
    office.use(days(MARCH, date(2026, 3, 10)), march)
    office.bill(billed_fen)
    office.decide(MARCH, LATER)
    office.use(days(APRIL, date(2026, 4, 10)), april)
    rest = march * 1_000_00 - billed_fen
    office.bill(april * 1_000_00 + rest, month=APRIL)
    office.decide(APRIL)
    assert office.money() == {"payable": subsidy}


def test_6_carried_over_twice_and_billed_on_a_line_of_its_own(office: Office) -> None:
    office.prices(price(100))
    for month in (MARCH, APRIL, MAY):
        office.use(days(month, month.replace(day=10)), 10)
    office.bill(8_000_00)
    office.decide(MARCH, LATER)
    office.bill(9_000_00, month=APRIL)
    office.decide(APRIL, LATER)
    office.bill(10_000_00, 3_000_00, month=MAY)
    office.decide(MAY)
    assert office.money() == {"payable": 9_000_00}


def test_6_the_rows_own_figures(office: Office) -> None:
    office.prices(price(1000))
    office.use(days(MARCH, date(2026, 3, 10)), 8)
    office.bill(60_000_00)
    office.decide(MARCH, LATER)
    office.use(days(APRIL, date(2026, 4, 10)), 7)
    office.bill(90_000_00, month=APRIL)
    office.decide(APRIL)
    assert office.money() == {"payable": 45_000_00}


def read(issued: str, remark: str) -> Document:
    """An invoice of 1,000.00 as its file says it."""
    document, faults = read_document(
        einvoice_xml(
            [(COMPUTE, 1_000_00, "0.06", 60_00)], issued=issued, remark=remark,
            seller=(CENTRE.uscc, CENTRE.name), buyer=(BUYER.uscc, BUYER.name),
        ), "发票.xml",
    )  # fmt: skip
    assert document is not None, faults
    return document


@pytest.mark.parametrize(
    ("issued", "remark", "month"),
    [
        ("2026-04-10 09:30:00", "3月算力费", MARCH),
        ("2026-04-10 09:30:00", "服务期间 2026-03", MARCH),
        ("2026-06-05 09:30:00", "2026年4月份", APRIL),
    ],
)
def test_11_an_invoice_without_a_period_belongs_to_the_month_of_its_words(
    office: Office, issued: str, remark: str, month: date
) -> None:
    office.prices(price(10))
    for month_used in (MARCH, APRIL):
        office.use(days(month_used, month_used.replace(day=10)), 10)
    office.take(read(issued, remark))
    office.decide(month)
    other_month = APRIL if month == MARCH else MARCH
    assert [cell.invoiced_fen for cell in office.cells(month)] == [1_000_00]
    assert [cell.invoiced_fen for cell in office.cells(other_month)] == [0]
    assert office.money() == {"accrued": 300_00, "payable": 300_00}


def test_11_without_any_word_it_waits_for_a_clerk(office: Office) -> None:
    office.prices(price(10))
    office.use(days(MARCH, date(2026, 3, 10)), 10)
    office.take(read("2026-03-31 09:30:00", "谢谢惠顾"))
    assert [cell.invoiced_fen for cell in office.cells()] == [0]


@pytest.mark.parametrize(("short", "lines"), [(3, 1), (100, 1), (7, 2)])
def test_13_a_tolerated_difference_is_closed(office: Office, short: int, lines: int) -> None:
    office.prices(price(10))
    office.use(days(MARCH, date(2026, 3, 10)), 10)
    parts = [1_000_00 // lines] * lines
    office.bill(*parts[:-1], parts[-1] - short)
    office.decide()
    subsidy = (1_000_00 - short) * 3 / 10
    assert office.money() == {"payable": int(subsidy + 0.5)}
    office.accrue()
    assert office.rights().accrued == 0


@pytest.mark.parametrize(
    ("paid_part", "subsidy"), [(Fraction(1, 2), 150_00), (Fraction(1, 4), 75_00), (1, 300_00)]
)
def test_of_an_invoice_that_is_paid_in_part_its_storage_is_no_more_paid_than_the_rest(
    office: Office, paid_part: Fraction, subsidy: int
) -> None:
    office.prices(price(10))
    office.use(days(MARCH, date(2026, 3, 10)), 10)
    bill = office.bill((COMPUTE, 1_000_00), (STORAGE, 600_00))
    office.receipt(bill, int(bill.gross_fen * paid_part))
    office.decide()
    assert office.rights().payable == subsidy
