"""A single month in which the project was not eligible, with eligible months before and after."""

from datetime import date

import pytest
from sqlmodel import Session

from ledger.claims.queries import months_left, voucher_of
from ledger.errors import Refused
from ledger.people.codes import Answer
from ledger.postgres.columns import key
from ledger.statements.steps import issue_all
from ledger.vouchers.queries.quotas import project_by_code, quota
from tests.support.months.office import APRIL, MARCH, MAY, Office, days, price
from tests.support.reconciliation import CLERK

HOURS = {MARCH: 10, APRIL: 20, MAY: 5}  # a day, on ten days; a thousand yuan an hour


def months(office: Office, earned_fen: int = 105_000_00) -> None:
    """A hundred, two hundred and fifty hours; invoiced and decided: 30,000, 60,000 and 15,000."""
    office.prices(price(1000))
    for month, hours in HOURS.items():
        office.use(days(month, month.replace(day=10)), hours)
        office.bill(hours * 10_000_00, month=month)
        office.decide(month)
    assert office.money() == {"payable": earned_fen}


def issued(office: Office) -> str:
    """The number of April's statement."""
    with office.step() as db:
        (statement,) = issue_all(db, APRIL, actor=CLERK.actor, now=office.now)
        return statement.number


@pytest.mark.parametrize(
    ("month", "left_fen", "paid"),
    [(APRIL, 45_000_00, False), (APRIL, 45_000_00, True), (MARCH, 75_000_00, True)],
)
def test_a_month_in_the_middle_is_excluded_and_readmitted(
    office: Office, month: date, left_fen: int, paid: bool
) -> None:
    months(office)
    if paid:
        office.pay()
    office.exclude(month)
    rest = {"paid" if paid else "payable": left_fen}
    debt = {"recoverable": 105_000_00 - left_fen} if paid else {}
    assert office.money() == {**rest, **debt}
    office.accrue()
    office.match()
    assert office.money() == {**rest, **debt}, "neither a round nor a new match brings it back"
    office.readmit(month)
    assert office.money() == {"paid" if paid else "payable": 105_000_00}


def test_what_was_metered_and_matched_stays(office: Office) -> None:
    months(office)
    before = office.cells(APRIL)
    number = issued(office)
    office.exclude(APRIL)
    assert office.cells(APRIL) == before
    assert issued(office) == number, "no other figure, no other statement"


def test_its_days_and_its_claim_follow(office: Office) -> None:
    months(office)
    office.exclude(APRIL)
    with Session(office.engine) as db:
        project = project_by_code(db, "p1")
        quotas = quota(db, project, office.now)
        left_fen = {row.month: row.fen for row in months_left(db, voucher_of(db, key(project)))}
    assert left_fen == {"2026-03": 30_000_00, "2026-05": 15_000_00}
    assert [(month.number, month.month, month.reason) for month in quotas.exclusions] == [
        ("k1", APRIL, "不符合条件")
    ]
    earned_by_day = {day.day: day.earned_fen for day in quotas.days}
    assert earned_by_day[date(2026, 3, 10)] == earned_by_day[date(2026, 4, 10)] == 30_000_00
    assert (earned_by_day[date(2026, 5, 10)], quotas.cut_fen) == (45_000_00, 0)
    assert quotas.uncapped_fen == 45_000_00


def test_nothing_moves_before_two_decide_nor_when_they_refuse(office: Office) -> None:
    months(office)
    proposal = office.propose_exclusion(APRIL)
    figures = ("subsidy_before_fen", "subsidy_after_fen")
    assert [proposal.content[name] for name in figures] == [105_000_00, 45_000_00]
    assert office.money() == {"payable": 105_000_00}
    office.confirm(proposal, Answer.REFUSED)
    assert office.money() == {"payable": 105_000_00}


def test_usage_that_comes_later_earns_nothing_either(office: Office) -> None:
    months(office)
    office.exclude(APRIL)
    office.use([date(2026, 4, 20)], 10)
    assert office.money() == {"payable": 45_000_00}, "not even provisionally"
    office.readmit(APRIL)
    assert office.money() == {"payable": 105_000_00, "accrued": 3_000_00}


def test_a_month_with_two_versions_is_excluded_whole(office: Office) -> None:
    office.publish("next", 50, date(2026, 4, 6))
    office.open("p1", "next")
    months(office, 135_000_00)
    office.exclude(APRIL)
    # March at 30 %, May at 50 %.
    assert office.money() == {"payable": 55_000_00}


def test_of_two_contracts_in_one_month_one_is_excluded(office: Office) -> None:
    k3 = f"number: k3, centre: centre of c1, project: p1, from: 2026-01-01, prices: [{price(6)}]"
    office.register(f"contracts: [{{{k3}}}]")
    for holder, contract in (("a", "k1"), ("b", "k3")):
        office.register(
            f"bindings: [{{cluster: c1, holder: {{pod: {holder}}}, project: p1,"
            f" contract: {contract}, from: 2026-01-01}}]"
        )
    office.prices(price(10))
    for holder in "ab":
        office.use(days(MARCH, date(2026, 3, 10)), 10, holder)
    office.bill(("甲", 1_000_00), ("乙", 600_00))
    office.decide()
    office.decide(contract="k3")
    office.exclude(MARCH, contract="k3")
    assert office.money() == {"payable": 300_00}


def test_what_cannot_be_proposed(office: Office) -> None:
    months(office)
    office.exclude(APRIL)
    with pytest.raises(Refused, match="month_excluded"):
        office.propose_exclusion(APRIL)
    with pytest.raises(Refused, match="month_not_excluded"):
        office.propose_exclusion(MAY, excluded=False)
    with pytest.raises(Refused, match="month_ahead"):
        office.propose_exclusion(date(2027, 6, 1))
