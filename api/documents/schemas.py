"""Request and response models of cost documents; see `api/door/schemas.py`."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from pydantic import AliasChoices, Field

from api.door.schemas import Integer, IsoDay, Line, ProofCode, RequestModel, ResponseModel, Text
from ledger.charging.codes import Part
from ledger.documents.codes import LookupResult
from ledger.documents.queries.document_views import DocumentView
from ledger.documents.steps.documents import Received


class DocumentsOutcome(ResponseModel):
    """The result of a file; `decision` waits for a second person, unless nothing is new."""

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


class LookupRead(ResponseModel):
    """What the tax platform said of a document (查验); `original` is the picture's hash."""

    id: int
    result: LookupResult
    looked_up_on: date
    note: str
    original: str
    entered_at: datetime
    entered_by: str


class StatedPeriodRead(ResponseModel):
    """Service days that a clerk stated, both included."""

    since: date
    until: date
    reason: str
    stated_at: datetime
    stated_by: str


class ReceiptRead(ResponseModel):
    """A proof of payment of a document, gross fen.

    `amount_found` and `reference_found` say whether the file's text has them, null where it is a
    picture; `proves` if it has, or another person has looked at it.
    """

    reference: str
    document: int = Field(validation_alias=AliasChoices("document", "document_id"))
    payer: str
    payee: str
    fen: int
    paid_on: date
    amount_found: bool | None
    reference_found: bool | None
    entered_at: datetime
    entered_by: str
    checked_by: str | None
    checked_at: datetime | None
    proves: bool


@dataclass(frozen=True)
class DocumentRead(DocumentView):
    """A cost document with its lines, what is allocated of them, and all that was said of it."""

    lines: list[DocumentLineRead]
    allocations: list[AllocationRead]
    reds: list[DocumentView]
    freezes: list[FreezeRead]
    receipts: list[ReceiptRead]
    lookups: list[LookupRead]
    stated_periods: list[StatedPeriodRead]


class SeenDocument(RequestModel):
    """A decision about documents, and the digest of what was compared with the originals."""

    decision: Annotated[Integer, Field(ge=1, le=2**63 - 1)]
    seen: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class DocumentsConfirm(RequestModel):
    """Documents that a second person has compared with their originals; all of them, or none."""

    documents: Annotated[list[SeenDocument], Field(min_length=1, max_length=200)]
    code: ProofCode = ""


class PeriodCreate(RequestModel):
    """For which days a document is, both included, and how one knows."""

    since: IsoDay
    until: IsoDay
    reason: Text


class FreezeCreate(RequestModel):
    """The number of the red confirmation (红字发票信息确认单) that is on its way."""

    confirmation: Line
