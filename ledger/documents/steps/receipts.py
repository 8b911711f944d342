"""Receipts (付款凭证): who paid whom for a document, how much, with the bank's reference.

The parties of contract, invoice and payment must agree (三流一致): reconciliation compares a
receipt with its document (R05). Not any file is a receipt: it must be readable, and no invoice; its
text must have the amount and the reference that were keyed. Where it has no text, or says something
else, it proves nothing until a second person has looked at it.
"""

from datetime import date, datetime

from sqlalchemy import ColumnElement, String, func, insert
from sqlmodel import Session, col, select

from ledger.documents.queries.documents import is_document_file
from ledger.documents.queries.originals import File, keep
from ledger.documents.rules.proof_files import (
    Proof,
    is_invoice,
    read_proof,
    says_amount,
    says_reference,
)
from ledger.documents.tables import CostDocument, Receipt
from ledger.errors import Conflict, NotFound, Refused
from ledger.formats.bounded_call import bounded_call
from ledger.people.steps.credentials import Viewer
from ledger.people.steps.decisions import refuse_one_identity
from ledger.units import Fen, beijing_day


def enter(
    db: Session,
    document: int,
    *,
    reference: str,
    payer: str,
    payee: str,
    fen: Fen,
    paid_on: date,
    file: File,
    actor: str,
    now: datetime,
) -> Receipt:
    """Store a receipt with its file; idempotent. The file is read before the database is asked.

    Raises:
        NotFound: there is no such document.
        Refused: it is a red one (`receipt_of_red`), the day is to come (`receipt_day`), or the file
            proves nothing (`file_empty`, `proof_…`).
        Conflict: the reference stands for another payment (`receipt_known`).
    """
    proof = proof_of(file)
    row = db.get(CostDocument, document)
    if row is None:
        raise NotFound("document", id=document)
    if row.reverses_id is not None:
        raise Refused("receipt_of_red", number=row.number)
    if paid_on > beijing_day(now):
        raise Refused("receipt_day", day=paid_on)
    if is_document_file(db, file.hash):
        raise Refused("proof_is_document", name=file.name)
    earlier = db.exec(
        select(Receipt).where(_plain(col(Receipt.reference)) == _plain(reference))
    ).first()
    if earlier is not None:
        if (document, payer, payee, fen, paid_on) != (
            earlier.document_id,
            earlier.payer,
            earlier.payee,
            earlier.fen,
            earlier.paid_on,
        ):
            raise Conflict("receipt_known", reference=reference)
        return earlier
    text = proof.text
    values = {
        "reference": reference,
        "document_id": document,
        "payer": payer,
        "payee": payee,
        "fen": fen,
        "paid_on": paid_on,
        "original": keep(db, file, actor=actor, now=now),
        "amount_found": None if text is None else says_amount(text, fen),
        "reference_found": None if text is None else says_reference(text, reference),
        "entered_at": now,
        "entered_by": actor,
    }
    db.execute(insert(Receipt).values(values))
    return db.get_one(Receipt, reference)


def _plain(reference: object) -> ColumnElement[str]:
    """A reference as it is searched for in a file: without width, case and blanks."""
    return func.plain_reference(reference, type_=String)


def check(db: Session, document: int, reference: str, *, viewer: Viewer, now: datetime) -> Receipt:
    """Let a second person say that a receipt shows what was keyed; idempotent.

    Raises:
        NotFound: the document has no such receipt.
        Refused: it is the person who entered it (`same_person`), or one
            of them made the other's credential (`one_made_the_other`), or she has to show a code
            before (`step_up`).
    """
    receipt = db.get(Receipt, reference, with_for_update=True)
    if receipt is None or receipt.document_id != document:
        raise NotFound("receipt", reference=reference)
    if receipt.checked_at is not None:
        return receipt
    if viewer.unproven:
        raise Refused("step_up")
    refuse_one_identity(db, viewer.actor, receipt.entered_by)
    receipt.checked_by, receipt.checked_at = viewer.actor, now
    db.add(receipt)
    db.flush()
    return receipt


def proof_of(file: File) -> Proof:
    """Read a file that is to prove something, in a process of its own.

    Raises:
        Refused: it is none (`file_empty`, `proof_…`), or an invoice (`proof_is_invoice`).
    """
    proof, faults = bounded_call(read_proof, file.content, file.name)
    if proof is None:
        raise Refused(faults[0].code, **dict(faults[0].params))
    if proof.text is not None and is_invoice(proof.text):
        raise Refused("proof_is_invoice")
    return proof
