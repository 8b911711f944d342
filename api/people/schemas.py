"""Request and response models of tokens and of decisions by two persons."""

from typing import Annotated, Any

from pydantic import AwareDatetime, Field

from api.door.access import Right
from api.door.schemas import (
    Integer,
    IsoMoment,
    Line,
    Note,
    ProofCode,
    RequestModel,
    ResponseModel,
    Truth,
)
from ledger.people.codes import Answer, Role
from ledger.people.steps.credentials import OVERLAP_HOURS_MAX


class DecisionRead(ResponseModel):
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


class DecisionAnswer(RequestModel):
    """The one answer to a decision; `seen` is the digest of the content that was shown.

    `code` is one of the answerer's authenticator, where a confirmation asks for it.
    """

    answer: Answer
    seen: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    reason: Note = ""
    code: ProofCode = ""


class KeyName(ResponseModel):
    """What a key in a decision's content stands for: `organisation` 4 is 贺兰山智算."""

    field: str
    key: int
    name: str


class DecisionView(ResponseModel):
    """What keys stand for, the answers that a reader may give, and why she may not confirm.

    `code_wanted`: she is asked for a code of her authenticator when she confirms.
    """

    names: list[KeyName]
    answers: list[Answer]
    why_not: str
    code_wanted: bool


class TokenCreate(RequestModel):
    """For whom; a builder's token names its project, an operator's its centre.

    `person` is found by name, or made; `service` says that it is a program. `rights` are those of
    the role's that the token has; all of them where none are named.
    """

    role: Role
    person: Line
    service: Truth = False
    project: Line | None = None
    centre: Line | None = None
    rights: Annotated[list[Right] | None, Field(min_length=1, max_length=len(Right))] = None
    expires_at: IsoMoment | None = None


class Proof(RequestModel):
    """A code of the asker's authenticator, where a confirmation asks for it."""

    code: ProofCode = ""


class TokenRenew(RequestModel):
    """Until when the token is good that takes this one's place.

    This one stays good for `overlap_hours` from the first use of the other one on.
    """

    expires_at: IsoMoment | None = None
    overlap_hours: Annotated[Integer, Field(ge=0, le=OVERLAP_HOURS_MAX)] = 0


class TokenSecret(ResponseModel):
    """A new token; its secret is shown here only. It opens nothing while it waits for a second."""

    id: int
    secret: str
    expires_at: AwareDatetime
    overlap_hours: int
    waits: bool


class InvitationRead(ResponseModel):
    """An invitation: its token's number, and the path of the link by which its holder comes in."""

    id: int
    path: str
    expires_at: AwareDatetime
    waits: bool
