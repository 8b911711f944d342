"""Take cost documents, and let red ones take back allocations once they stand.

`documents` stores them; `reconciliation` takes allocations back, in the transaction in which a
second person confirms them.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from ledger.documents.queries.originals import File
from ledger.documents.rules.cost_document import Document
from ledger.documents.rules.document_file import read_document, read_keyed
from ledger.documents.rules.document_list import read_documents
from ledger.documents.rules.qr import agrees, read_qr
from ledger.documents.steps import documents
from ledger.documents.steps.documents import Intake
from ledger.errors import Finding
from ledger.formats.bounded_call import bounded_call, bounded_read
from ledger.people.tables import Decision
from ledger.reconciliation.steps.reds import reverse


def take_file(
    db: Session, file: File, *, qr: str = "", actor: str, now: datetime, centre: int | None
) -> Intake | list[Finding]:
    """Take an XML or OFD file: read it, compare it with its QR code, keep it whole or not at all.

    Args:
        db: the session of the request.
        file: what was sent; its content says what it is, whatever it is called.
        qr: the text of the QR code, where somebody scanned it.
        actor: who hands it in.
        now: when.
        centre: the centre that hands it in, if it is one.
    """
    document, faults = bounded_read(read_document, file.content, file.name)
    if document is None or (faults := [*faults, *_qr_faults(qr, document)]):
        return faults
    intake = documents.take_document(db, document, file, actor=actor, now=now, centre=centre)
    if isinstance(intake, Intake):
        reverse(db, intake.standing_ids, actor, now)
    return intake


def take_keyed(
    db: Session,
    values: Mapping[str, object],
    file: File,
    *,
    qr: str = "",
    actor: str,
    now: datetime,
    centre: int | None,
) -> Intake | list[Finding]:
    """Take what a person keyed, with the file that he keyed it from; see `take_file`."""
    document, faults = read_keyed(values)
    if document is None or (faults := [*faults, *_qr_faults(qr, document)]):
        return faults
    return documents.take_document(db, document, file, actor=actor, now=now, centre=centre)


def take_list_file(
    db: Session, file: File, *, actor: str, now: datetime, centre: int | None
) -> Intake | list[Finding]:
    """Take all documents of a CSV or XLSX list, or none; it is read in a process of its own."""
    listed, faults = bounded_call(read_documents, file.content)
    return faults or documents.take_list(db, listed, file, actor=actor, now=now, centre=centre)


def _qr_faults(qr: str, document: Document) -> list[Finding]:
    if not qr.strip():
        return []
    code, faults = read_qr(qr.strip())
    return agrees(code, document) if code else faults


def confirmed(db: Session, decision: Decision, actor: str, now: datetime) -> None:
    """Carry out a decision of kind `document`: its documents stand, red ones reverse.

    Raises:
        Refused: the blue one of a red one waits for its own confirmation (`blue_unconfirmed`).
    """
    reverse(db, documents.confirm(db, decision, actor, now), actor, now)
