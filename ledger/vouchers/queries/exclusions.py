"""Months of contracts that two persons excluded: what was used in them earns nothing."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlmodel import Session

from ledger.charging.rules.cells import Cell
from ledger.vouchers.rules import ContractMonth

_EXCLUDED = text("""
    SELECT x.decision_id AS decision, x.contract_id AS contract, k.number, x.month, d.reason,
           d.decided_by, d.answered_by, d.answered_at AS at
    FROM excluded_months x JOIN contracts k ON k.id = x.contract_id
    JOIN decisions d ON d.id = x.decision_id
    WHERE x.readmission_id IS NULL AND x.voucher_id = coalesce(:voucher, x.voucher_id)
        AND x.contract_id = coalesce(:contract, x.contract_id)
        AND x.month = coalesce(:month, x.month)
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
    return _read(db, {"voucher": voucher, "contract": None, "month": None})


def exclusion_of(db: Session, contract: int, month: date) -> Exclusion | None:
    """Return by which decision a contract's month is excluded; None where it is not."""
    rows = _read(db, {"voucher": None, "contract": contract, "month": month})
    return rows[0] if rows else None


def without(cells: Iterable[Cell], excluded_months: Collection[ContractMonth]) -> list[Cell]:
    """Return the cells that may earn: those of no excluded month."""
    return [cell for cell in cells if (cell.month, cell.contract) not in excluded_months]


def _read(db: Session, of: Mapping[str, int | date | None]) -> tuple[Exclusion, ...]:
    rows = db.execute(_EXCLUDED, of)
    return tuple(Exclusion(**row._mapping) for row in rows)  # noqa: SLF001 - SQLAlchemy's name
