"""Request and response models of claims, publications and bank accounts."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field

from api.claims.cases.schemas import HoldRead
from api.door.schemas import (
    LINE_MAX,
    Line,
    Note,
    PositiveFen,
    RequestModel,
    ResponseModel,
    Text,
    Truth,
    Visible,
    YearMonth,
)
from ledger.claims.steps.claim_actions import Action


class ClaimCreate(RequestModel):
    """A claim of a project's voucher: for so much, or for all that may be claimed.

    It is of these months, or of the oldest that have something left.
    """

    project: Line
    fen: PositiveFen | None = None
    months: list[YearMonth] = Field(default=[])


class DeductionCreate(RequestModel):
    """What was deducted of a document at the counter, with tax, under a contract."""

    contract: Line
    fen: PositiveFen


class RedemptionCreate(RequestModel):
    """What a centre claims of what was deducted there, or all of it; operators name no centre."""

    project: Line
    centre: Line | None = None
    fen: PositiveFen | None = None


class ActionCreate(RequestModel):
    """A step of a claim. `facts` and `reference` are for accepting, `channel` for publishing."""

    action: Action
    note: Note = ""
    facts: dict[str, Any] = Field(default={})
    reference: Annotated[
        str, Field(max_length=LINE_MAX, pattern=r"^[^\x00-\x1f\x7f]*$"), Visible
    ] = ""
    channel: Note = ""


class ApprovalCreate(RequestModel):
    """A proposal to approve what was asked, or less with a reason (核减)."""

    fen: PositiveFen | None = None
    reason: Note = ""


class ObjectionCreate(RequestModel):
    """What somebody objects to a published claim, as a clerk received it; unsigned it is a lead."""

    claim: Line
    objector: Note = ""
    contact: Note = ""
    body: Text


class ResolutionCreate(RequestModel):
    """How an objection ends, and why."""

    upheld: Truth
    resolution: Text


class AccountCreate(RequestModel):
    """Where an organisation is to be paid; a builder's own where none is named (by its USCC)."""

    organisation: Line | None = None
    holder: Line
    bank: Line
    bank_code: Line
    number: Line
    reason: Note = ""


class MonthLeft(ResponseModel):
    """What of a contract's month may still be claimed; `key` is its reconciliation's."""

    key: str
    contract: str
    month: YearMonth
    fen: int


class ClaimMonth(MonthLeft):
    """What a claim asks for of a contract's month, and what was approved of it."""

    approved_fen: int | None


class ClaimSummary(ResponseModel):
    """A claim in a list: `fen` were asked for, `approved_fen` approved, of these months.

    `since` is when it came into its state, `is_held` whether something holds it up; the days are of
    publication.
    """

    number: str
    project: str
    code: str
    clause: str
    payee: str
    fen: int
    approved_fen: int | None
    state: str
    is_held: bool
    since: datetime
    published_on: date | None
    published_until: date | None
    months: list[ClaimMonth]


class DeductionRead(ResponseModel):
    """What was deducted of a document, fen with tax; it counts once the builder confirmed it.

    `held_fen` holds of it, `counted_fen` is what red documents left: the difference falls when two
    persons have decided it. `consent` is the hash of the file that the builder signed instead;
    `decision` about either waits for its answer.
    """

    id: int
    document: int
    number: str
    contract: str
    project: str
    centre: str
    gross_fen: int
    fen: int
    held_fen: int
    counted_fen: int
    stated_at: datetime
    stated_by: str
    confirmed_at: datetime | None
    confirmed_by: str | None
    consent: str | None
    decision: int | None


class RedemptionRead(ResponseModel):
    """A centre's claim of what was deducted there; the centre is paid."""

    number: str
    project: str
    centre: str
    payee: str
    fen: int
    state: str


class EventRead(ResponseModel):
    """A step that was taken, and what was kept of it."""

    seq: int
    action: str
    next: str
    actor: str
    at: datetime
    note: str
    content: dict[str, Any]


class FileRead(ResponseModel):
    """A file of a claim; `size` in bytes. What a receipt `proves` is a document's number."""

    role: str
    proves: str
    hash: str
    name: str
    media: str
    size: int
    added_at: datetime
    added_by: str


class ObjectionRead(ResponseModel):
    """An objection; who objected is the bureau's to know."""

    id: int
    objector: str
    contact: str
    body: str
    received_at: datetime
    upheld: bool | None
    resolution: str | None
    resolved_at: datetime | None
    resolved_by: str | None


class PublicationRead(ResponseModel):
    """What the public may know of a claim; both days are included."""

    number: str
    project: str
    organisation: str
    policy: str
    article: str
    award: str
    fen: int
    approved_fen: int | None
    words: str
    months: list[str]
    channel: str
    drill: bool
    since: date
    until: date
    days: int
    current: bool


class ChecklistItem(ResponseModel):
    """What a claim needs to be handed in: whether it is there, else whose turn it is.

    An item is a file's role, or `bank_account`.
    """

    item: str
    is_there: bool
    by: str


class ClaimRead(ClaimSummary):
    """A claim with its history. `actions` are those that the viewer may take now.

    `documents` are the numbers of those on which its months rest, `course` the stages that it goes
    through.
    """

    uscc: str
    policy: str
    words: str
    actions: list[str]
    lacks: list[str]
    checklist: list[ChecklistItem]
    documents: list[str]
    decision: int | None
    events: list[EventRead]
    files: list[FileRead]
    objections: list[ObjectionRead]
    course: list[str]
    holds: list[HoldRead]


class ApprovalProposal(ResponseModel):
    """A proposal that another person is to confirm."""

    decision: int
    digest: str
    content: dict[str, Any]


class FileHash(ResponseModel):
    """The file's SHA-256."""

    hash: str


class AccountRead(ResponseModel):
    """A bank account; `held` while a change of it is under way."""

    id: int
    organisation: str
    uscc: str
    holder: str
    bank: str
    bank_code: str
    number: str
    confirmed_at: datetime
    decided_by: str
    confirmed_by: str
    superseded_at: datetime | None
    held: bool

    @classmethod
    def of(cls, row: Any, *, number: str) -> "AccountRead":  # noqa: ANN401 - a row
        """From the books, with the number as the reader may see it."""
        fields = {**row._mapping, "organisation": row.name}  # noqa: SLF001 - its public name
        return cls.model_validate({**fields, "number": number})


class NumberReadRead(ResponseModel):
    """That somebody saw account numbers whole: `accounts` by `id`, and at which address.

    `numbers` are the payees of the accounts and the last four figures, in the same order.
    """

    at: datetime
    actor: str
    accounts: list[int]
    numbers: list[str]
    place: str
