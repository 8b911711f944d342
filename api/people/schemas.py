"""What the API takes and gives of decisions by two persons."""

from typing import Annotated, Any

from pydantic import AwareDatetime, Field

from api.door.schemas import Asked, Told
from ledger.people.codes import Answer


class DecisionSeen(Told):
    """What somebody decided, and how another answered."""

    id: int
    kind: str
    subject: str
    content: dict[str, Any]
    digest: str
    reason: str
    decided_by: str
    decided_at: AwareDatetime
    answer: str | None
    answered_by: str | None
    answered_at: AwareDatetime | None
    answer_reason: str


class DecisionAnswered(Asked):
    """The one answer to a decision; `seen` is the digest of what was seen."""

    answer: Answer
    seen: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    reason: str = Field("", max_length=2000)
