"""What a decided month was billed too much pays for usage that comes later (R07).

An invoice of March and April is laid over April, where everything was used by then; April is
decided, and what is too much is excluded. Then more usage comes. Ten yuan an hour, 30 per cent.
"""

from datetime import date

import pytest

from ledger.documents.rules.cost_document import Document
from tests.support.months.office import APRIL, MARCH, MAY, STORAGE, Office, days, package, price
from tests.support.reconciliation import LATER

FIRST = days(APRIL, date(2026, 4, 10))


@pytest.fixture
def document(office: Office) -> Document:
    """1,000.00 were used in April and 1,500.00 invoiced: 500.00 are too much."""
    office.prices(price(10))
    office.use(FIRST, 10)
    document = office.bill(1_500_00, month=MARCH, until=APRIL)
    office.decide(APRIL)
    assert office.money() == {"payable": 300_00}
    return document


def invoiced(office: Office) -> list[int]:
    """What documents pay into March and April."""
    return [sum(c.invoiced_fen for c in office.cells(month)) for month in (MARCH, APRIL)]


@pytest.mark.parametrize("is_paid", [False, True])
@pytest.mark.parametrize(("hours", "moved_fen"), [(3, 300_00), (5, 500_00), (8, 500_00)])
def test_it_pays_for_another_month_of_the_invoice(
    office: Office, document: Document, hours: int, moved_fen: int, is_paid: bool
) -> None:
    if is_paid:
        office.pay()
    before = office.money()
    office.use(days(MARCH, date(2026, 3, 10)), hours)
    assert invoiced(office) == [moved_fen, 1_500_00 - moved_fen]
    assert office.money() == {"accrued": hours * 30_00, **before}
    assert [cell.fall_fen for cell in office.cells(APRIL)] == [0]
    office.decide(MARCH, *([LATER] if hours == 8 else []))
    assert office.rights().payable + office.rights().paid == 300_00 + moved_fen * 3 // 10
    office.decide(APRIL)  # what is too much is less by now, and the rest is as before
    assert office.rights().payable + office.rights().paid == 300_00 + moved_fen * 3 // 10
    office.accrue()
    assert invoiced(office) == [moved_fen, 1_500_00 - moved_fen]


def test_what_its_own_month_needs_stays(office: Office, document: Document) -> None:
    office.use(FIRST, 2)  # 200.00 more in April
    office.use(days(MARCH, date(2026, 3, 10)), 6)
    assert invoiced(office) == [300_00, 1_200_00]


def test_what_was_matched_stays_though_less_is_metered(office: Office, document: Document) -> None:
    office.prices(price(8))
    office.use(days(MARCH, date(2026, 3, 10)), 10)
    assert invoiced(office) == [500_00, 1_000_00]
    assert office.money()["payable"] == 300_00
    office.fall(APRIL)
    office.accrue()
    assert invoiced(office) == [500_00, 1_000_00]
    office.prices(price(10))
    assert office.money()["payable"] == 300_00


def test_it_goes_to_no_month_that_is_not_of_the_invoice(office: Office, document: Document) -> None:
    office.use(days(MAY, date(2026, 5, 10)), 10)
    assert invoiced(office) == [0, 1_500_00]


def test_what_two_excluded_stays(office: Office) -> None:
    office.prices(price(10))
    office.use(FIRST, 10)
    office.bill(1_000_00, (STORAGE, 200_00), month=MARCH, until=APRIL)
    office.decide(APRIL)
    office.use(days(MARCH, date(2026, 3, 10)), 10)
    assert invoiced(office) == [0, 1_200_00]


def test_what_a_clerk_laid_stays(office: Office) -> None:
    office.prices(price(10))
    office.use(FIRST, 10)
    office.bill(1_000_00, month=APRIL)
    document = office.bill(300_00, month=MARCH, until=APRIL)
    office.move(document, 300_00, source=APRIL, target=None)
    office.move(document, 300_00, source=None, target=APRIL)
    office.decide(APRIL)
    office.use(days(MARCH, date(2026, 3, 10)), 10)
    assert invoiced(office) == [0, 1_300_00]


def test_a_document_that_is_reversed_moves_no_more(office: Office, document: Document) -> None:
    office.red(document, 400_00)
    office.use(days(MARCH, date(2026, 3, 10)), 10)
    assert invoiced(office) == [100_00, 1_000_00]
    assert office.money()["payable"] == 300_00


def test_the_rest_of_a_package_pays_for_what_is_drawn_later(office: Office) -> None:
    office.prices(price(10), package(100, 10, "from: 2026-03-01, expires: 2026-04-30"))
    office.bill(1_000_00)
    office.use(days(APRIL, date(2026, 4, 7)), 10)
    office.match()
    office.decide(APRIL)
    assert office.money() == {"payable": 210_00}
    office.use(days(MARCH, date(2026, 3, 2)), 10)
    office.decide(MARCH)
    assert office.money() == {"payable": 270_00}
