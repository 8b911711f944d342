"""Receipts (付款凭证): who paid whom for a document, how much, with the bank's reference.

The parties of contract, invoice and payment must agree (三流一致): reconciliation compares a
receipt with its document (R05).
"""

from datetime import date, datetime

from sqlmodel import Session

from ledger.documents.queries.originals import File, keep
from ledger.documents.tables import CostDocument, Receipt
from ledger.errors import Conflict, NotFound, Refused
from ledger.units import Fen


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
    """Store a receipt with its file; idempotent.

    Raises:
        NotFound: there is no such document.
        Refused: it is a red one (`receipt_of_red`), or the file is empty (`file_empty`).
        Conflict: the reference stands for another payment (`receipt_known`).
    """
    row = db.get(CostDocument, document)
    if row is None:
        raise NotFound("document", id=document)
    if row.reverses is not None:
        raise Refused("receipt_of_red", number=row.number)
    if not file.content:
        raise Refused("file_empty", name=file.name)
    earlier = db.get(Receipt, reference)
    if earlier is not None:
        values = (document, payer, payee, fen, paid_on)
        if values != (earlier.document, earlier.payer, earlier.payee, earlier.fen, earlier.paid_on):
            raise Conflict("receipt_known", reference=reference)
        return earlier
    receipt = Receipt(
        reference=reference,
        document=document,
        payer=payer,
        payee=payee,
        fen=fen,
        paid_on=paid_on,
        original=keep(db, file, actor=actor, now=now),
        entered_at=now,
        entered_by=actor,
    )
    db.add(receipt)
    db.flush()
    return receipt
