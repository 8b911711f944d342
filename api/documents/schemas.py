"""Request and response models of cost documents; see `api/door/schemas.py`."""

from dataclasses import dataclass
from datetime import date, datetime

from pydantic import AliasChoices, Field

from api.door.schemas import Line, RequestModel, ResponseModel
from ledger.charging.codes import Part
from ledger.documents.queries.document_views import DocumentView
from ledger.documents.steps.documents import Received


class DocumentsOutcome(ResponseModel):
    """The result of a file; `decision` waits for a second person, where it was keyed."""

    documents: list[Received]
    decision: int | None


class DocumentLineRead(ResponseModel):
    """A line, fen; quantity and unit price as they were printed."""

    line: int
    item: str
    unit: str
    quantity: str
    unit_price: str
    net_fen: int
    tax_rate: str
    tax_fen: int


class AllocationRead(ResponseModel):
    """So many fen of a line, allocated to a contract, month and part of its cost."""

    line: int
    contract: str
    project: str
    month: date
    part: Part
    fen: int
    allocated_at: datetime
    allocated_by: str


class FreezeRead(ResponseModel):
    """A freeze by a red confirmation (R18), and when it was lifted."""

    confirmation: str
    frozen_at: datetime
    frozen_by: str
    lifted_at: datetime | None
    lifted_by: str | None


@dataclass(frozen=True)
class DocumentRead(DocumentView):
    """A cost document with its lines, what is allocated of them, its red ones and its freezes."""

    lines: list[DocumentLineRead]
    allocations: list[AllocationRead]
    reds: list[DocumentView]
    freezes: list[FreezeRead]


class FreezeCreate(RequestModel):
    """The number of the red confirmation (红字发票信息确认单) that is on its way."""

    confirmation: Line


class ReceiptRead(ResponseModel):
    """A proof of payment of a document, gross fen."""

    reference: str
    document: int = Field(validation_alias=AliasChoices("document", "document_id"))
    payer: str
    payee: str
    fen: int
    paid_on: date
