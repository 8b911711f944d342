"""Months of contracts that two persons excluded: what was used in them earns nothing."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlmodel import Session

from ledger.charging.rules.cells import Cell
from ledger.vouchers.rules import ContractMonth

_EXCLUDED = text("""
    SELECT x.voucher_id AS voucher, x.decision_id AS decision, x.contract_id AS contract, k.number,
           x.month, d.reason, d.decided_by, d.answered_by, d.answered_at AS at
    FROM excluded_months x JOIN contracts k ON k.id = x.contract_id
    JOIN decisions d ON d.id = x.decision_id
    WHERE x.readmission_id IS NULL
        AND x.voucher_id = ANY(coalesce(CAST(:vouchers AS bigint[]), ARRAY[x.voucher_id]))
        AND x.contract_id = coalesce(CAST(:contract AS bigint), x.contract_id)
        AND x.month = coalesce(CAST(:month AS date), x.month)
    ORDER BY x.month, k.number
""")


@dataclass(frozen=True)
class Exclusion:
    """A contract's month that earns nothing, why, and who decided it and confirmed it when."""

    decision: int
    contract: int
    number: str
    month: date
    reason: str
    decided_by: str
    answered_by: str
    at: datetime

    @property
    def place(self) -> ContractMonth:
        """What the month is known by where money is laid over months."""
        return (self.month, self.contract)


def exclusions(db: Session, voucher: int) -> tuple[Exclusion, ...]:
    """Return the months of a voucher, by its key, that are excluded at present, oldest first."""
    return exclusions_of(db, [voucher]).get(voucher, ())


def exclusions_of(db: Session, vouchers: Sequence[int]) -> dict[int, tuple[Exclusion, ...]]:
    """Return the months of each of these vouchers that are excluded at present, oldest first."""
    by_voucher: dict[int, tuple[Exclusion, ...]] = {}
    for voucher, exclusion in _read(db, vouchers=list(vouchers)):
        by_voucher[voucher] = (*by_voucher.get(voucher, ()), exclusion)
    return by_voucher


def exclusion_of(db: Session, contract: int, month: date) -> Exclusion | None:
    """Return by which decision a contract's month is excluded; None where it is not."""
    rows = _read(db, contract=contract, month=month)
    return rows[0][1] if rows else None


def exclusions_in(db: Session, month: date) -> dict[int, Exclusion]:
    """Return by which decision each contract is excluded in a month that is, by its key."""
    return {exclusion.contract: exclusion for _, exclusion in _read(db, month=month)}


def without(cells: Iterable[Cell], excluded_months: Collection[ContractMonth]) -> list[Cell]:
    """Return the cells that may earn: those of no excluded month."""
    return [cell for cell in cells if (cell.month, cell.contract) not in excluded_months]


def _read(
    db: Session,
    *,
    vouchers: list[int] | None = None,
    contract: int | None = None,
    month: date | None = None,
) -> list[tuple[int, Exclusion]]:
    """Return those that are excluded at present, each with its voucher."""
    of = {"vouchers": vouchers, "contract": contract, "month": month}
    rows = [dict(row) for row in db.execute(_EXCLUDED, of).mappings()]
    return [(row.pop("voucher"), Exclusion(**row)) for row in rows]
