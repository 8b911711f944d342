"""What was paid or is payable falls only by two persons, whatever lowers it (case 4, «falls»)."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from agents.sightings import Watch
from ledger.desk.queries.incidents import Scope
from ledger.desk.steps.rule_incidents import explain_incident, propose_ruling
from ledger.documents.rules.cost_document import Document
from ledger.errors import LedgerError, Refused
from ledger.metering.codes import IncidentKind
from ledger.people.codes import Answer
from tests.support.documents import file
from tests.support.months.office import APRIL, MARCH, Office, days, price
from tests.support.papers.proofs import pdf
from tests.support.reconciliation import CLERK
from tests.support.simulation import START, Node
from tests.support.witness.reports import TWO_NEEDED, ran, report

TEN = days(MARCH, date(2026, 3, 10))
Act = Callable[[Office, Document], object]

BY_JOBS = """
clusters:
  - name: c1
    centre: centre of c1
    billing: [{source: slurm, from: 2026-03-01, until: 2026-03-03}]
"""
SIXTH, NINTH = START + timedelta(days=5), START + timedelta(days=8)
LAST = START + timedelta(days=17)


def contradict(office: Office) -> Node:
    """A witness comes, which watched for three of the ten days and saw no pod."""
    return report(office, Watch(SIXTH, NINTH))


def need_two(office: Office) -> None:
    """A witness comes, which was blind for three of the ten days; then two are needed."""
    report(office, Watch(START, SIXTH), Watch(NINTH, LAST), ran(START, None, LAST))
    office.register(TWO_NEEDED)


def rule_in(office: Office) -> None:
    """Two persons decide that the contradicted use counts all the same."""
    scope = Scope(office.cluster, IncidentKind.CONTRADICTING, SIXTH, NINTH)
    with office.step() as db:
        incident = explain_incident(
            db, scope, "见证当时看的是另一个集群", file(pdf("log"), "proof.pdf"),
            actor=CLERK.actor, now=office.now,
        )  # fmt: skip
        decision = propose_ruling(
            db, incident.id, counts=True, reason="看过", actor=CLERK.actor, now=office.now
        )
    office.confirm(decision)


FALLS: dict[str, tuple[Act, str, int]] = {  # by what, its cause, and what is left of 3,000.00
    "price": (lambda b, _: b.prices(price(70)), "price", 2_100_00),
    "price of some days": (
        lambda b, _: b.prices(price(40, "from: 2026-03-06, until: 2026-03-08")), "price", 2_460_00
    ),
    "binding": (lambda b, _: b.bind("a", "p2", MARCH, date(2026, 3, 4)), "binding", 1_800_00),
    "allocation to nowhere": (
        lambda b, d: b.move(d, 2_500_00), "document_moved", 2_250_00
    ),
    "allocation to another month": (
        lambda b, d: b.move(d, 4_000_00, target=APRIL), "document_moved", 1_800_00
    ),
    "a red document": (lambda b, d: b.red(d, 3_000_00), "red_document", 2_100_00),
    "billing source": (lambda b, _: b.register(BY_JOBS), "source", 2_100_00),
    "a witness": (lambda b, _: contradict(b), "contradicted", 2_100_00),
    "two witnesses": (lambda b, _: need_two(b), "witnesses", 2_100_00),
}  # fmt: skip
RISES: dict[str, Act] = {  # what takes each back
    "price": lambda b, _: b.prices(price(100)),
    "price of some days": lambda b, _: b.prices(price(100, "from: 2026-03-06, until: 2026-03-08")),
    "binding": lambda b, _: b.bind("a", "p1", MARCH, date(2026, 3, 4)),
    "billing source": lambda b, _: b.register(BY_JOBS.replace("slurm", "nvml")),
    "allocation to nowhere": lambda b, d: b.move(d, 2_500_00, source=None, target=MARCH),
    "allocation to another month": lambda b, d: b.move(d, 4_000_00, source=APRIL, target=MARCH),
    "a witness": lambda b, _: rule_in(b),
    "two witnesses": lambda b, _: b.register(TWO_NEEDED.replace("2, from", "1, from")),
}


@pytest.fixture
def decided_month(office: Office) -> tuple[Office, Document]:
    """A hundred hours of March at 100 yuan, invoiced and decided: 3,000.00 payable."""
    office.prices(price(100))
    office.use(TEN, 10)
    document = office.bill(10_000_00)
    office.decide()
    assert office.money() == {"payable": 3_000_00}
    return office, document


def books_hold(office: Office) -> tuple[int, int, int]:
    """What the books hold of what was decided: payable, paid and to be paid back."""
    amounts = office.rights()
    return amounts.payable, amounts.paid, amounts.recoverable


@pytest.mark.parametrize("paid", [False, True])
@pytest.mark.parametrize("by", FALLS)
def test_4_nothing_falls_before_two_decide_nor_when_they_refuse(
    decided_month: tuple[Office, Document], by: str, paid: bool
) -> None:
    office, document = decided_month
    if paid:
        office.pay()
    before = books_hold(office)
    act, cause, left_fen = FALLS[by]
    act(office, document)
    office.accrue()
    assert books_hold(office) == before
    proposal = office.propose_fall()
    (cell,) = proposal.content["cells"]
    assert cause in {row["code"] for row in cell["causes"]}
    assert proposal.content["subsidy_after_fen"] == left_fen
    office.confirm(proposal, Answer.REFUSED)
    office.accrue()
    assert books_hold(office) == before
    office.fall()
    amounts = office.rights()
    if paid:
        assert (amounts.paid, amounts.recoverable) == (left_fen, 3_000_00 - left_fen)
    else:
        assert (amounts.payable, amounts.recoverable) == (left_fen, 0)


@pytest.mark.parametrize("by", RISES)
def test_4_what_is_taken_back_rises_by_itself(
    decided_month: tuple[Office, Document], by: str
) -> None:
    office, document = decided_month
    office.pay()
    FALLS[by][0](office, document)
    office.accrue()
    office.fall()
    assert office.rights().recoverable == 3_000_00 - FALLS[by][2]
    RISES[by](office, document)
    office.accrue()
    assert office.money() == {"paid": 3_000_00}
    with pytest.raises(Refused, match="nothing_falls"):
        office.propose_fall()


def test_4_a_witness_takes_its_word_back(decided_month: tuple[Office, Document]) -> None:
    """The record of the pod came late: it did run on one of the three days."""
    office, _ = decided_month
    office.pay()
    witness = contradict(office)
    office.accrue()
    office.fall()
    report(office, ran(SIXTH, SIXTH + timedelta(days=1), NINTH), by=witness)
    office.accrue()
    assert office.money() == {"paid": 2_400_00, "recoverable": 600_00}


def test_4_what_a_witness_said_before_the_decision_is_no_cause(office: Office) -> None:
    office.prices(price(100))
    contradict(office)
    office.use(TEN, 10)
    office.bill(7_000_00)
    office.decide()
    office.prices(price(50))
    (cell,) = office.propose_fall().content["cells"]
    assert {row["code"] for row in cell["causes"]} == {"price"}


def test_4_a_part_of_a_fall_that_is_taken_back_rises_by_that_part(
    decided_month: tuple[Office, Document],
) -> None:
    office, _ = decided_month
    office.pay()
    office.prices(price(70))
    office.fall()
    office.prices(price(90))
    assert office.money() == {"paid": 2_700_00, "recoverable": 300_00}


def test_4_a_fall_that_grew_after_it_was_proposed_is_proposed_anew(
    decided_month: tuple[Office, Document],
) -> None:
    office, _ = decided_month
    office.prices(price(70))
    proposal = office.propose_fall()
    office.prices(price(60))
    with pytest.raises(LedgerError, match="figures_changed"):
        office.confirm(proposal)
    assert office.rights().payable == 3_000_00


def test_4_what_is_on_its_way_to_the_bank_is_not_touched(
    decided_month: tuple[Office, Document],
) -> None:
    office, _ = decided_month
    office.send()
    office.prices(price(70))
    office.fall()
    assert office.money() == {"sent": 3_000_00}


def test_4_two_lower_it_for_two_reasons_and_only_one_is_taken_back(
    decided_month: tuple[Office, Document],
) -> None:
    office, document = decided_month
    office.pay()
    office.prices(price(80))
    office.red(document, 3_000_00)
    office.fall()
    assert (office.rights().paid, office.rights().recoverable) == (2_100_00, 900_00)
    office.prices(price(100))  # the red one stands
    assert (office.rights().paid, office.rights().recoverable) == (2_100_00, 900_00)


def test_4_late_usage_raises_nothing_that_is_not_invoiced(
    decided_month: tuple[Office, Document],
) -> None:
    office, _ = decided_month
    office.pay()
    office.use(TEN, 2)
    assert office.money() == {"accrued": 600_00, "paid": 3_000_00}
    office.bill(2_000_00)
    office.decide()
    assert office.money() == {"paid": 3_000_00, "payable": 600_00}
