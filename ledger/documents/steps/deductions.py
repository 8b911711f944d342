"""Deductions at the counter (柜台抵扣): a builder pays a centre the bill less its voucher.

The centre, or a clerk, states how much of a document was deducted; the builder confirms it, here or
by a signed file (`deduction_decisions.py`). From then on that much of the document counts as paid.
The document stays whole, and so does the cost.
"""

from datetime import datetime

from sqlalchemy import func, insert
from sqlmodel import Session, col, select

from ledger.documents.tables import CostDocument, Deduction
from ledger.errors import Conflict, NotFound, Refused
from ledger.people.steps.credentials import Viewer
from ledger.people.steps.decisions import refuse_one_identity
from ledger.registry.queries import seller_buyer_contracts
from ledger.registry.tables import Contract
from ledger.units import Fen, yuan


def state_deduction(
    db: Session, document: int, contract: Contract, fen: Fen, *, actor: str, now: datetime
) -> Deduction:
    """State what was deducted of a document under a contract, with tax; idempotent.

    Raises:
        NotFound: there is no such document.
        Refused: it is not between the contract's parties (`deduction_parties`), or not worth as
            much (`deduction_too_much`).
        Conflict: another amount was stated (`deduction_stated`).
    """
    row = db.get(CostDocument, document, with_for_update={"key_share": True})
    if row is None:
        raise NotFound("document", id=document)
    if not any(
        (pair.contract, pair.seller_uscc, pair.buyer_uscc)
        == (contract.id, row.seller_uscc, row.buyer_uscc)
        for pair in seller_buyer_contracts(db)
    ):
        raise Refused("deduction_parties", number=row.number, contract=contract.number)
    of_document = select(Deduction).where(Deduction.document_id == document)
    earlier = db.exec(of_document.where(Deduction.contract_id == contract.id)).one_or_none()
    if earlier is not None:
        if earlier.fen != fen:
            raise Conflict("deduction_stated", number=row.number, fen=yuan(earlier.fen))
        return earlier
    total = select(func.coalesce(func.sum(col(Deduction.held_fen)), 0))
    deducted_fen = int(db.scalar(total.where(col(Deduction.document_id) == document)) or 0)
    reds = select(func.coalesce(func.sum(col(CostDocument.gross_fen)), 0))
    red_sum = reds.where(col(CostDocument.reverses_id) == document, col(CostDocument.stands))
    left_fen = row.gross_fen + int(db.scalar(red_sum) or 0)
    if deducted_fen + fen > left_fen:
        raise Refused("deduction_too_much", number=row.number, gross=yuan(left_fen))
    values = {
        "document_id": document,
        "contract_id": contract.id,
        "fen": fen,
        "stated_at": now,
        "stated_by": actor,
    }
    return db.scalars(insert(Deduction).values(values).returning(Deduction)).one()


def confirm_deduction(db: Session, deduction: int, viewer: Viewer, now: datetime) -> Deduction:
    """Confirm, as the builder, what was deducted; idempotent.

    Raises:
        NotFound: there is no such deduction of her project.
        Refused: it is the person who stated it (`same_person`), or one
            of them made the other's credential (`one_made_the_other`), or she has to show a code
            before (`step_up`).
    """
    row = db.get(Deduction, deduction, with_for_update=True)
    if row is None or db.get_one(Contract, row.contract_id).project_id != viewer.project:
        raise NotFound("deduction", id=deduction)
    if row.confirmed_at is not None:
        return row
    if viewer.unproven:
        raise Refused("step_up")
    refuse_one_identity(db, viewer.actor, row.stated_by)
    row.confirmed_by, row.confirmed_at = viewer.actor, now
    db.add(row)
    db.flush()
    return row
