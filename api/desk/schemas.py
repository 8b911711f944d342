"""Response models of the chain: postings, movements, batches, and what a month is linked to."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from api.door.schemas import ResponseModel, YearMonth


class CauseRead(ResponseModel):
    """Why money moved, and what that names.

    A decision by its key; or the line of a payment list, and the claim that it pays.
    """

    cause: str
    decision: int | None
    payment_list: str | None
    line: int | None
    claim: str | None


class PostingSummary(CauseRead):
    """A posting: for which month it counts, in which it is booked (their first days)."""

    number: int
    used: date
    booked: date
    actor: str
    posted_at: datetime


class MovementOfPosting(ResponseModel):
    """Money from one role of a book to another, and both balances after it, fen.

    The book is a project's, an indicator's, or a month's (`month`: the reconciliation's key).
    """

    id: int
    kind: str
    from_role: str
    to_role: str
    fen: int
    book: int
    project: str | None
    indicator: str | None
    month: str | None
    from_balance: int
    to_balance: int


class PostingRead(PostingSummary):
    """A posting with its movements, in order."""

    movements: list[MovementOfPosting]


class MovementRead(PostingSummary):
    """A movement, with its posting's number and cause."""

    id: int
    kind: str
    from_role: str
    to_role: str
    fen: int
    book: int
    project: str | None
    indicator: str | None
    month: str | None


class BatchSummary(ResponseModel):
    """A batch as it came; `size` in bytes."""

    stream: UUID
    number: int
    agent: UUID
    cluster: str
    node: str
    source: str
    received_at: datetime
    size: int


class BatchUse(ResponseModel):
    """A project and a day to whose usage windows of a batch belong."""

    project: str
    day: date


class BatchMonth(ResponseModel):
    """A month of a contract in which such usage is charged; `key` is its reconciliation's."""

    key: str
    project: str
    contract: str
    month: YearMonth


class BatchRead(BatchSummary):
    """A batch, its signature checked anew, and where its windows lead.

    `sha256` is of the stored bytes, now; `signature` is Ed25519 over it by `public_key`, in hex.
    `is_signed`: this key made this signature of these bytes. Of `windows` in the bytes `stored`
    stand in the database by this batch, `altered` of them otherwise than they were signed.
    """

    sha256: str
    public_key: str
    signature: str
    is_signed: bool
    windows: int
    stored: int
    altered: int
    answer: dict[str, Any]
    uses: list[BatchUse]
    months: list[BatchMonth]


class LineOfMonth(ResponseModel):
    """What a document's line pays into a month."""

    document: int
    number: str
    line: int
    part: str
    fen: int


class ClaimOfMonth(ResponseModel):
    """What a claim is of a month, a line of a list that pays the claim, and its postings."""

    claim: str
    state: str
    fen: int
    due_fen: int
    payment_list: str | None
    line: int | None
    line_fen: int | None
    paid_fen: int | None
    postings: list[int]


class MonthChain(ResponseModel):
    """What a contract's month is linked to, both ways."""

    key: str
    project: str
    contract: str
    month: YearMonth
    days: list[date]
    lines: list[LineOfMonth]
    statements: list[str]
    claims: list[ClaimOfMonth]
