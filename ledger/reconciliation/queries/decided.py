"""Read what two persons decided of a contract's month: each treatment with its reason."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from ledger.people.tables import Decision
from ledger.reconciliation.rules.difference_codes import Difference
from ledger.reconciliation.tables import Match, Reconciliation
from ledger.units import Fen


@dataclass(frozen=True)
class Treated:
    """What was decided of a difference; `part` and `fen` are None where it was only noted."""

    decision: int
    by: str
    confirmed_by: str
    at: datetime | None
    code: str
    document: int | None
    line: int | None
    part: str | None
    fen: Fen | None
    treatment: str
    reason: str

    def is_about(self, difference: Difference) -> bool:
        """Return whether this was decided of a difference that is still found."""
        part = difference.cell[2] if difference.cell else None
        return (
            self.code == difference.code
            and self.document == difference.document
            and (self.line == difference.line or None in (self.line, difference.line))
            and (self.part == part or None in (self.part, part))
        )


def treatments(db: Session, contract: int, month: date) -> list[Treated]:
    """Return what the decisions that hold of a contract's month say, the newest first."""
    return treatments_in(db, month, [contract]).get(contract, [])


def treatments_in(db: Session, month: date, contracts: Sequence[int]) -> dict[int, list[Treated]]:
    """Return what the decisions that hold of these contracts' month say, the newest first."""
    standing_keys = (
        select(Reconciliation.contract_id, Match.decision_id)
        .join(Match, col(Match.reconciliation_id) == Reconciliation.id)
        .where(col(Reconciliation.contract_id).in_(contracts), Reconciliation.month == month)
        .distinct()
        .subquery()
    )
    query = (
        select(standing_keys.c.contract_id, Decision)
        .join(Decision, col(Decision.id) == standing_keys.c.decision_id)
        .where(Decision.kind == "reconciliation")
        .order_by(col(Decision.id).desc())
    )
    by_contract: dict[int, list[Treated]] = {}
    for contract, decision in db.exec(query):
        by_contract.setdefault(contract, []).extend(_of_decision(decision, month))
    return by_contract


def _of_decision(decision: Decision, month: date) -> Iterator[Treated]:
    content = decision.content
    for cell in content["cells"]:
        if cell["month"] == f"{month:%Y-%m}":
            yield from _rows(decision, cell["typed"], cell["part"])
    if content["month"] == f"{month:%Y-%m}":
        yield from _rows(decision, content["notes"], None)


def _rows(
    decision: Decision, rows: Iterable[dict[str, Any]], part: str | None
) -> Iterator[Treated]:
    for row in rows:
        yield Treated(
            decision=decision.id or 0, by=decision.decided_by,
            confirmed_by=decision.answered_by or "", at=decision.answered_at, code=row["code"],
            document=row["document"], line=row["line"], part=part, fen=row.get("fen"),
            treatment=row.get("treatment", "note"), reason=row["reason"],
        )  # fmt: skip
