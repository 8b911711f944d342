"""What the API takes and gives of claims, publication and bank accounts."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field

from api.door.schemas import Asked, Long, Text, Told
from ledger.claims.queries import mask
from ledger.claims.steps.claim_actions import Action
from ledger.units import FEN_MAX

Words = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]
"""A note that may be missing."""


class ClaimWanted(Asked):
    """A claim of a project's voucher: for so much, or for all that may be claimed."""

    project: Text
    fen: Annotated[int, Field(ge=1, le=FEN_MAX)] | None = None


class StepWanted(Asked):
    """A step of a claim. `facts` and `reference` are for accepting, `channel` for publishing."""

    action: Action
    note: Words = ""
    facts: dict[str, Any] = Field(default={})
    reference: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    channel: Words = ""


class ProposalWanted(Asked):
    """A proposal to approve."""

    reason: Words = ""


class ObjectionWanted(Asked):
    """What somebody objects to a published claim, as a clerk received it."""

    claim: Text
    objector: Text
    contact: Text
    body: Long


class ResolutionWanted(Asked):
    """How an objection ends, and why."""

    upheld: bool
    resolution: Long


class AccountWanted(Asked):
    """Where an organisation is to be paid; a builder's own where none is named (by its USCC)."""

    organisation: Text | None = None
    holder: Text
    bank: Text
    bank_code: Text
    number: Text
    reason: Words = ""


class ClaimSeen(Told):
    """A claim in a list. `since` is when it came into its state; the days are of publication."""

    number: str
    project: str
    code: str
    clause: str
    payee: str
    fen: int
    state: str
    since: datetime
    published_on: date | None
    published_until: date | None


class StepSeen(Told):
    """A step that was taken, and what was kept of it."""

    seq: int
    action: str
    next: str
    actor: str
    at: datetime
    note: str
    content: dict[str, Any]


class FileSeen(Told):
    """A file of a claim; `size` in bytes."""

    role: str
    hash: str
    name: str
    media: str
    size: int
    added_at: datetime
    added_by: str


class ObjectionSeen(Told):
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


class PublicationSeen(Told):
    """What the public may know of a claim; both days are included."""

    number: str
    project: str
    organisation: str
    policy: str
    article: str
    award: str
    fen: int
    words: str
    channel: str
    drill: bool
    since: date
    until: date
    days: int
    current: bool


class ClaimWhole(ClaimSeen):
    """A claim with its history. `actions` are those that the viewer may take now."""

    uscc: str
    policy: str
    words: str
    actions: list[str]
    lacks: list[str]
    decision: int | None
    events: list[StepSeen]
    files: list[FileSeen]
    objections: list[ObjectionSeen]


class ClaimProposed(Told):
    """The proposal that another person is asked to confirm."""

    decision: int
    digest: str
    content: dict[str, Any]


class FileAdded(Told):
    """The file's SHA-256."""

    hash: str


class AccountSeen(Told):
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
    def of(cls, row: Any, *, whole: bool) -> "AccountSeen":  # noqa: ANN401 - a row
        """From the books; without the right to the whole number, its last four figures."""
        number = row.number if whole else mask(row.number)
        found = {**row._mapping, "organisation": row.name}  # noqa: SLF001 - its public name
        return cls.model_validate({**found, "number": number})
