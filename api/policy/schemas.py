"""Request and response models of the policy; see `api/door/schemas.py`. Money in fen.

A case is read as it was written, not by these shapes: a float, or a name that is there twice, is
that case's own fault and is answered, not refused. They describe it for the OpenAPI document.
"""

from typing import Any, Literal

from pydantic import Field

from api.door.schemas import RequestModel, ResponseModel

Result = Literal["eligible", "ineligible", "insufficient", "judgement", "rejected"]


class CaseRequest(RequestModel):
    """A clause, and the facts to decide it on; the facts of each clause: the policy's file."""

    clause: str
    facts: dict[str, Any]
    note: str = ""
    expect: Any = None  # a worked case says what it expects; it changes nothing


class Reason(ResponseModel):
    """Why it is not eligible: at which fact, by which rule, in a sentence."""

    where: str
    code: str
    message: str


class EvaluationRead(ResponseModel):
    """A case decided; what its kind of clause does not give is left out."""

    clause: str
    note: str
    result: Result
    amount_fen: int | None = Field(None, description="may be negative: a recovery")
    ceiling_fen: int | None = None
    posts: int | None = None
    reasons: list[Reason]
    explanation: dict[str, Any] | None = Field(None, description="only with `explain=true`")
