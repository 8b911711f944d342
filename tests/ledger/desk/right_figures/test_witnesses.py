"""Where a cluster needs two witnesses, only what both say is decided."""

from datetime import timedelta

from agents.sightings import Watch
from ledger.errors import Finding
from tests.support.months.office import MARCH, Office, days, price
from tests.support.simulation import START
from tests.support.witness.reports import TWO_NEEDED, ran, report

TENTH = START + timedelta(days=10)
TEN = days(MARCH, TENTH.date() - timedelta(days=1))


def test_what_waits_for_a_witness_accrues_and_is_not_decided(office: Office) -> None:
    office.prices(price(100))
    witness = report(office, Watch(START, START + timedelta(hours=1)))
    office.register(TWO_NEEDED)
    office.use(TEN, 10)
    assert office.money() == {"accrued": 3_000_00}
    office.bill(10_000_00)
    findings = office.propose()
    assert isinstance(findings, list)
    assert findings == [Finding("k1", "witness_pending", (("month", "2026-03"), ("hours", "1.67")))]
    report(office, Watch(START, TENTH), ran(START, None, TENTH), by=witness)
    office.accrue()
    office.decide()
    assert office.money() == {"payable": 3_000_00}


def test_what_no_witness_saw_waits_for_nobody_and_does_not_count(office: Office) -> None:
    office.prices(price(100))
    report(office, Watch(START + timedelta(days=3), TENTH), ran(START, None, TENTH))
    office.register(TWO_NEEDED)
    office.use(TEN, 10)
    office.bill(7_000_00)
    office.decide()
    assert office.money() == {"payable": 2_100_00}
