"""Request models of statements; see `api/door/schemas.py`."""

from typing import Annotated, Literal

from pydantic import Field

from api.door.schemas import Integer, Line, Note, RequestModel, Truth, YearMonth
from ledger.statements.codes import LineAnswer


class StatementCreate(RequestModel):
    """A month to be stated: of one contract, or of all that have charges in it.

    A preview is shown and not kept; it needs a contract, and the month need not be over.
    """

    month: YearMonth
    contract: Line | None = None
    preview: Truth = False


class LineAnswersCreate(RequestModel):
    """A party's word on some lines, or on all; contested only with a reason."""

    lines: list[Annotated[Integer, Field(ge=1, le=32_767)]] | Literal["all"] = "all"
    answer: LineAnswer
    reason: Note = ""
