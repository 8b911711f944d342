"""Verify documents: compare several with their originals, or look one up as 查验.

Either is the second person's word on the decision that a document waits for, so it is never that
of who brought it.
"""

from collections.abc import Sequence
from datetime import date, datetime

from sqlmodel import Session

from ledger.desk.steps.confirm import CLERKS, respond
from ledger.documents.codes import LookupResult
from ledger.documents.queries.originals import File, keep
from ledger.documents.steps.receipts import proof_of
from ledger.documents.tables import CostDocument, Lookup
from ledger.errors import NotFound, Refused
from ledger.people.codes import Answer
from ledger.people.steps.credentials import Viewer
from ledger.people.steps.decisions import same_person
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.units import beijing_day


def confirm_documents(
    db: Session, seen: Sequence[tuple[int, str]], *, viewer: Viewer, now: datetime
) -> list[Decision]:
    """Confirm the documents of several decisions after comparing them; all of them, or none.

    Args:
        db: the transaction.
        seen: decisions, each with the digest of what was compared.
        viewer: the second person.
        now: when.

    Raises:
        NotFound, Conflict, Refused: as `confirm.respond`; Refused also where a decision is about
            something else (`no_documents`).
    """
    decisions = []
    for decision, digest in sorted(dict(seen).items()):  # a blue one came before its red one
        row = db.get(Decision, decision)
        if row is not None and row.kind != "document":
            raise Refused("no_documents", id=decision)
        answer = respond(
            db, decision, answer=Answer.CONFIRMED, digest_seen=digest, viewer=viewer, now=now
        )
        decisions.append(answer)
    return decisions


def look_up(
    db: Session,
    document: int,
    *,
    result: LookupResult,
    looked_up_on: date,
    note: str,
    file: File,
    viewer: Viewer,
    now: datetime,
) -> Lookup:
    """Record what the tax platform said of a document, with the picture of it.

    Where it agrees, and another person than who brought the document looked it up, the document
    stands by that. Who brought it himself leaves it to a second person, and who has to show a code
    before confirms it by itself; a list is confirmed as a whole.

    Args:
        db: the transaction.
        document: which one.
        result: what the platform said.
        looked_up_on: Beijing day, not after today.
        note: what else there is to say.
        file: the picture or the printed page.
        viewer: who looked it up.
        now: when it is entered.

    Raises:
        NotFound: there is no such document.
        Refused: it was refused before (`document_refused`), the day is to come (`lookup_day`), or
            the file shows nothing (`file_empty`, `proof_…`); and as `confirm.respond`.
    """
    proof_of(file)
    row = db.get(CostDocument, document)
    if row is None:
        raise NotFound("document", id=document)
    decision = db.get(Decision, row.decision_id) if row.decision_id else None
    if decision is not None and decision.answer is not None and not row.stands:
        raise Refused("document_refused", number=row.number)
    if looked_up_on > beijing_day(now):
        raise Refused("lookup_day", day=looked_up_on)
    lookup = Lookup(
        document_id=document, result=result, looked_up_on=looked_up_on, note=note,
        original=keep(db, file, actor=viewer.actor, now=now), entered_at=now,
        entered_by=viewer.actor,
    )  # fmt: skip
    db.add(lookup)
    db.flush()
    if result == LookupResult.AGREES and decision is not None and _answers(decision, viewer):
        respond(
            db, key(decision), answer=Answer.CONFIRMED, digest_seen=decision.digest,
            viewer=viewer, now=now,
        )  # fmt: skip
    return lookup


def _answers(decision: Decision, viewer: Viewer) -> bool:
    """Return whether this person's look-up is the answer: it is open, hers to give, and of one."""
    return (
        decision.answer is None
        and "documents" not in decision.content
        and viewer.role in CLERKS
        and not viewer.unproven
        and not same_person(viewer.actor, decision.decided_by)
    )
