"""What two persons decide of a deduction at the counter: a written consent, and a fall.

A builder who does not confirm in the system signs a file: a clerk hands it in, and another person
who has seen it confirms; the decision names its hash. What red documents take back of a document,
they take back of its deduction in the same part: that is shown at once, and holds when two persons
have decided it.
"""

from datetime import datetime

from sqlmodel import Session

from ledger.documents.queries.deductions import counted_fen
from ledger.documents.queries.documents import is_document_file
from ledger.documents.queries.originals import File, keep
from ledger.documents.steps.receipts import proof_of
from ledger.documents.tables import CostDocument, Deduction
from ledger.errors import Conflict, NotFound, Refused
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide, refuse_one_identity
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.registry.tables import Contract

CONSENT, FALL = DecisionKind.DEDUCTION_CONSENT, DecisionKind.DEDUCTION_FALL


def propose_consent(
    db: Session, deduction: int, file: File, *, reason: str, actor: str, now: datetime
) -> Decision:
    """Hand in the file in which the builder consents to a deduction, for another to confirm.

    Raises:
        NotFound: there is no such deduction.
        Conflict: it is confirmed (`deduction_confirmed`), or a consent waits for its answer.
        Refused: the file can prove nothing (`file_empty`, `proof_…`).
    """
    proof_of(file)
    if is_document_file(db, file.hash):
        raise Refused("proof_is_document", name=file.name)
    row = _locked(db, deduction)
    if row.confirmed_at is not None:
        raise Conflict("deduction_confirmed", id=deduction)
    original = keep(db, file, actor=actor, now=now)
    content = _about(db, row) | {"fen": row.fen, "file": file.name, "original": original}
    return decide(
        db, kind=CONSENT, subject=_subject(row), content=content, reason=reason, actor=actor,
        now=now,
    )  # fmt: skip


def carry_out_consent(db: Session, decision: Decision, actor: str, now: datetime) -> None:
    """Carry out the confirmed consent: from now on the deduction counts as paid.

    Raises:
        Refused: who confirms stated the deduction (`same_person`), or one of them made the other's
            credential (`one_made_the_other`).
        Conflict: the builder confirmed it meanwhile (`deduction_confirmed`).
    """
    row = _locked(db, decision.content["deduction"])
    if row.confirmed_at is not None:
        raise Conflict("deduction_confirmed", id=row.id)
    refuse_one_identity(db, actor, row.stated_by)
    row.confirmed_by, row.confirmed_at, row.consent_decision_id = actor, now, key(decision)
    db.add(row)
    db.flush()


def propose_fall(
    db: Session, deduction: int, *, reason: str, actor: str, now: datetime
) -> Decision:
    """Propose that a confirmed deduction falls to what counts of it.

    Raises:
        NotFound: there is no such deduction.
        Refused: nothing falls (`nothing_falls`), or no reason (`reason_missing`).
        Conflict: a fall of it waits for its answer.
    """
    if not reason.strip():
        raise Refused("reason_missing")
    row = _locked(db, deduction)
    content = _about(db, row) | _figures(db, row)
    if row.confirmed_at is None or content["counted_fen"] == content["held_fen"]:
        raise Refused("nothing_falls", subject=_subject(row))
    return decide(
        db, kind=FALL, subject=_subject(row), content=content, reason=reason, actor=actor, now=now
    )


def carry_out_fall(db: Session, decision: Decision, actor: str, now: datetime) -> None:  # noqa: ARG001 - as every effect
    """Carry out the confirmed fall.

    Raises:
        Conflict: by now more or less would fall than was decided (`figures_changed`).
    """
    content = decision.content
    row = _locked(db, content["deduction"])
    if _figures(db, row) != {name: content[name] for name in ("held_fen", "counted_fen")}:
        raise Conflict("figures_changed", subject=decision.subject)
    row.held_fen, row.fall_decision_id = content["counted_fen"], key(decision)
    db.add(row)
    db.flush()


def _locked(db: Session, deduction: int) -> Deduction:
    row = db.get(Deduction, deduction, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("deduction", id=deduction)
    return row


def _subject(row: Deduction) -> str:
    return f"deduction {row.id}"


def _about(db: Session, row: Deduction) -> dict[str, int | str]:
    return {
        "deduction": key(row),
        "number": db.get_one(CostDocument, row.document_id).number,
        "contract_number": db.get_one(Contract, row.contract_id).number,
    }


def _figures(db: Session, row: Deduction) -> dict[str, int]:
    return {"held_fen": row.held_fen, "counted_fen": counted_fen(db, key(row))}
