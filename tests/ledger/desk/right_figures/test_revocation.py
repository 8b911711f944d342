"""What is said late: another programme, a revocation, an early end, another binding."""

from datetime import date

import pytest

from tests.support.months.office import APRIL, MARCH, Office, days, price
from tests.support.reconciliation import LATER


def months(office: Office) -> None:
    """A hundred hours of March at a thousand yuan, fifty of April; invoiced and decided."""
    office.prices(price(1000))
    for month, hours in ((MARCH, 10), (APRIL, 5)):
        office.use(days(month, month.replace(day=10)), hours)
        office.bill(hours * 10_000_00, month=month)
        office.decide(month)
    assert office.money() == {"payable": 45_000_00}


@pytest.mark.parametrize("paid", [False, True])
@pytest.mark.parametrize(
    ("until", "left_fen"), [(MARCH, 0), (APRIL, 30_000_00), (date(2026, 4, 6), 37_500_00)]
)
def test_eligibility_revoked_from_a_day_on(
    office: Office, until: date, left_fen: int, paid: bool
) -> None:
    months(office)
    if paid:
        office.pay()
    office.validity(None, until)
    rest = {"paid" if paid else "payable": left_fen}
    debt = {"recoverable": 45_000_00 - left_fen} if paid else {}
    assert office.money() == {role: fen for role, fen in {**rest, **debt}.items() if fen}


@pytest.mark.parametrize(
    ("other", "left_fen"), [("80000", 20_000_00), ("70000.01", 29_999_99), ("100000", 0)]
)
def test_support_of_another_programme_after_payment_falls_when_two_register_it(
    office: Office, other: str, left_fen: int
) -> None:
    office.prices(price(1000))
    office.use(days(MARCH, date(2026, 3, 10)), 10)
    office.bill(100_000_00)
    office.decide()
    office.pay()
    support = f"project: p1, contract: k1, programme: 省级, month: 2026-03, yuan: '{other}'"
    office.register(f"other_support: [{{{support}}}]")
    office.accrue()
    rest = {"paid": left_fen, "recoverable": 30_000_00 - left_fen}
    assert office.money() == {role: fen for role, fen in rest.items() if fen}


def test_a_contract_ends_early_whose_invoice_is_for_the_whole_year(office: Office) -> None:
    office.prices(price(10))
    office.bill(10_000_00, until=date(2026, 12, 1))
    for month in (MARCH, APRIL):
        office.use(days(month, month.replace(day=10)), 10)
        office.match()
        office.decide(month)
    line = f"project: p1, from: 2026-01-01, until: 2026-04-30, prices: [{price(10)}]"
    office.register(f"contracts: [{{number: k1, centre: centre of c1, {line}}}]")
    office.match()
    assert office.money() == {"payable": 600_00}
    assert [cell.fall_fen for month in (MARCH, APRIL) for cell in office.cells(month)] == [0, 0]


def test_days_are_bound_to_another_project_after_both_were_paid(office: Office) -> None:
    office.prices(price(10))
    office.prices(price(10), contract="k2", project="p2")
    office.use(days(MARCH, date(2026, 3, 10)), 10)
    office.use(days(MARCH, date(2026, 3, 10)), 5, "b")
    for contract, code, fen in (("k1", "p1", 1_000_00), ("k2", "p2", 500_00)):
        office.bill(fen)
        office.decide(contract=contract)
        office.pay(code)
    office.bind("a", "p2", MARCH, date(2026, 3, 3))
    assert office.money("p1") == {"paid": 300_00}
    assert office.money("p2") == {"accrued": 90_00, "paid": 150_00}
    office.fall()
    office.decide(MARCH, LATER, contract="k2")
    assert office.money("p1") == {"paid": 210_00, "recoverable": 90_00}
    assert office.money("p2") == {"accrued": 90_00, "paid": 150_00}


def test_a_red_line_of_one_of_two_contracts_of_a_project(office: Office) -> None:
    k3 = f"number: k3, centre: centre of c1, project: p1, from: 2026-01-01, prices: [{price(6)}]"
    names = "project: p1, contract: {}, from: 2026-01-01"
    office.register(f"contracts: [{{{k3}}}]")
    for holder, contract in (("a", "k1"), ("b", "k3")):
        bound = f"cluster: c1, holder: {{pod: {holder}}}, {names.format(contract)}"
        office.register(f"bindings: [{{{bound}}}]")
    office.prices(price(10))
    for holder in "ab":
        office.use(days(MARCH, date(2026, 3, 10)), 10, holder)
    blue = office.bill(("甲", 1_000_00), ("乙", 600_00))
    office.decide()
    office.decide(contract="k3")
    office.pay()
    office.red(blue, ("乙", 333_33))
    assert [cell.fall_fen for cell in office.cells()] == [0]
    office.fall(contract="k3")
    assert office.money() == {"accrued": 100_00, "paid": 380_00, "recoverable": 100_00}
