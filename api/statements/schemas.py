"""Request and response models of statements; see `api/door/schemas.py`."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from api.door.schemas import Exact, Line, Note, RequestModel, ResponseModel, YearMonth
from ledger.statements.codes import AnswerState, LineAnswer


class StatementCreate(RequestModel):
    """A month to be stated: of one contract, or of all that have charges in it.

    A preview is shown and not kept; it needs a contract, and the month need not be over.
    """

    month: YearMonth
    contract: Line | None = None
    preview: bool = False


class LineAnswersCreate(RequestModel):
    """A party's word on some lines, or on all; contested only with a reason."""

    lines: list[Annotated[int, Field(ge=1, le=32_767)]] | Literal["all"] = "all"
    answer: LineAnswer
    reason: Note = ""


class LineAnswerRead(ResponseModel):
    """A party's newest word on a line."""

    answer: LineAnswer = Field(validation_alias="word")
    reason: str
    answered_at: datetime
    answered_by: str


class StatementLineRead(ResponseModel):
    """A charge as the statement shows it; `promised_ms` is what reserved devices should deliver.

    `partition`, `qos` and `market` are what its price selects by; null is any.
    """

    line: int
    price: int
    kind: str
    name: str
    unit: str
    policy: str
    model: str | None
    mig_profile: str
    partition: str | None
    qos: str | None
    market: str | None
    device_ms: Exact
    promised_ms: int | None
    cost_fen: int
    grade: str
    gap_ms: int
    centre: LineAnswerRead | None
    builder: LineAnswerRead | None


class StatementHead(ResponseModel):
    """A statement in a list; a preview has no number."""

    number: str
    contract: str
    centre: str
    project: str
    month: date
    revision: int
    total_fen: int
    issued_at: datetime
    issued_by: str
    superseded_by: str | None
    centre_says: AnswerState
    builder_says: AnswerState


class StatementSummary(StatementHead):
    """How many lines it has."""

    lines: int


class StatementRead(StatementHead):
    """A statement with its lines; `digest` names exactly what it says."""

    digest: str
    lines: list[StatementLineRead]
