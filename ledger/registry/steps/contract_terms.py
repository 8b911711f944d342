"""Change the days or the total of a contract: an early end, an extension, a supplement (补充协议).

A contract is known by its number and keeps its parties. Its days and its total may be stated anew
(`supersede`); the former ones stay on record. Where days with charged usage are lost or won, or
the total of a contract with charged usage changes, two persons decide.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from ledger.registry.rules.effective_dating import Span
from ledger.registry.steps.entities import CONTRACTS, EntityFact, Registration
from ledger.registry.steps.guarded_update import Marks, update_each
from ledger.units import Fen, yuan

_TERMS = text("""
    SELECT number AS named, id, lower(valid) AS since, upper(valid) - 1 AS until, total_fen
    FROM contracts WHERE number = ANY(:names)
""")
_TOUCHED = text("""
    SELECT change ->> 'contract' FROM jsonb_array_elements(CAST(:changes AS jsonb)) AS change
    WHERE terms_touched((change ->> 'contract')::bigint,
        (change -> 'before' ->> 'valid')::daterange, (change -> 'after' ->> 'valid')::daterange,
        change -> 'before' ->> 'total_fen' IS DISTINCT FROM change -> 'after' ->> 'total_fen')
""")
_CHANGE = text("""
    UPDATE contracts SET valid = CAST(:valid AS daterange), total_fen = :total, changed_at = :now,
        changed_by = :actor, decision_id = :decision
    WHERE id = :contract AND valid = CAST(:valid_before AS daterange)
        AND total_fen IS NOT DISTINCT FROM :total_before
""")
Terms = Mapping[str, Any]
"""`valid` as PostgreSQL writes it, `total_fen` as text or None."""


@dataclass(frozen=True)
class TermsChange:
    """The days and total of a contract as they are, and as they become."""

    contract: int
    number: str
    before: Terms
    after: Terms

    def as_json(self) -> dict[str, Any]:
        """The change to the letter, as the decision holds it."""
        return {"contract": str(self.contract), "before": self.before, "after": self.after}


def without_proposals(
    registration: Registration, facts: Iterable[EntityFact]
) -> tuple[list[EntityFact], list[TermsChange]]:
    """Return the contracts of a file as one person may register them, and what two must decide."""
    listed = list(facts)
    rows = registration.db.execute(_TERMS, {"names": [fact.name for fact in listed]})
    current = {row.named: row for row in rows}
    changes = [
        TermsChange(row.id, fact.name, _terms(row.since, row.until, row.total_fen), after)
        for fact in listed
        if (row := current.get(fact.name)) is not None
        and (after := _terms(row.since, fact.fields["until"], fact.fields["total"]))
        != _terms(row.since, row.until, row.total_fen)
    ]
    if not registration.supersede or not changes:
        return listed, []
    texts = json.dumps([change.as_json() for change in changes])
    numbers = {int(key) for key in registration.db.scalars(_TOUCHED, {"changes": texts})}
    proposals = [change for change in changes if change.contract in numbers]
    present = {change.number: current[change.number] for change in proposals}
    as_now = [
        replace(
            fact,
            fields={
                **fact.fields,
                "until": present[fact.name].until,
                "total": present[fact.name].total_fen,
            },
        )
        if fact.name in present
        else fact
        for fact in listed
    ]
    return as_now, proposals


def _terms(since: date, until: Any, total: Any) -> Terms:  # noqa: ANN401 - of a file or a row
    span = Span.through(since, until)
    valid = f"[{span.start},{span.end or ''})"
    return {"valid": valid, "total_fen": None if total is None else str(total)}


def description(change: TermsChange) -> dict[str, str]:
    """Return a change as its reader sees it."""
    return {
        "about": f"{CONTRACTS.singular} {change.number}",
        "before": _line(change.before),
        "after": _line(change.after),
    }


def _line(terms: Terms) -> str:
    total = terms["total_fen"]
    return f"{terms['valid']} {yuan(int(total)) if total is not None else ''}".strip()


def change_terms(db: Session, changes: Iterable[Mapping[str, Any]], marks: Marks) -> None:
    """Write the changes, as `TermsChange.as_json` has them.

    Raises:
        Conflict: a contract is not as it was (`registry_moved`).
    """
    update_each(db, _CHANGE, map(_row, changes), marks)


def _row(change: Mapping[str, Any]) -> dict[str, Any]:
    before, after = change["before"], change["after"]
    return {
        "contract": int(change["contract"]),
        "valid": after["valid"],
        "total": _fen(after["total_fen"]),
        "valid_before": before["valid"],
        "total_before": _fen(before["total_fen"]),
    }


def _fen(total: str | None) -> Fen | None:
    return None if total is None else int(total)
