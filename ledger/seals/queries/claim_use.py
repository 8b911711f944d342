"""The days of use that a claim is of, and for each a batch in which some of it came."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from sqlmodel import Session

from ledger.claims.queries import months_of
from ledger.claims.tables import Claim
from ledger.metering.queries.usage import owned_usage, windows_of_day
from ledger.postgres.columns import key
from ledger.registry.tables import Contract
from ledger.units import next_month

DAYS_WITH_BATCH = 60  # of long claims every second, third … day has one


@dataclass(frozen=True)
class DayOfUse:
    """What was used on a day, and the batch of its first window; None where none is shown."""

    day: date
    device_ms: Fraction
    stream: str | None = None
    number: int | None = None


def days_of_use(db: Session, claim: Claim) -> list[DayOfUse]:
    """Return the days of a claim's months on which the project used the contract, in order."""
    sums: dict[tuple[date, int], Fraction] = {}
    for cell in months_of(db, [key(claim)])[key(claim)]:
        contract = db.get_one(Contract, cell.contract_id)
        until = next_month(cell.month)
        for use in owned_usage(db, [contract.project_id], since=cell.month, until=until):
            if use.centre == contract.centre_id and use.contract in (None, contract.id):
                at = use.day, contract.project_id
                sums[at] = sums.get(at, Fraction(0)) + use.device_ms
    step = -(-len(sums) // DAYS_WITH_BATCH) or 1
    return [
        _with_batch(db, project, day, device_ms) if place % step == 0 else DayOfUse(day, device_ms)
        for place, ((day, project), device_ms) in enumerate(sorted(sums.items()))
    ]


def _with_batch(db: Session, project: int, day: date, device_ms: Fraction) -> DayOfUse:
    for part in windows_of_day(db, project, day, limit=1):
        return DayOfUse(day, device_ms, part.stream, part.number)
    return DayOfUse(day, device_ms)
