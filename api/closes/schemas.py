"""Models of closes; see `api/door/schemas.py`."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from api.door.schemas import Fault, Note, RequestModel, ResponseModel, YearMonth
from ledger.closes.codes import CloseKind, OpenKind
from ledger.closes.queries.closes import LateCost, LatePosting
from ledger.people.codes import Role


class CloseCreate(RequestModel):
    """A month to be closed: its usage at once, its books once another person confirms."""

    kind: CloseKind
    month: YearMonth
    reason: Note = ""


class CloseOutcome(ResponseModel):
    """What came of it: the usage is closed, or `id` is the decision that waits."""

    kind: CloseKind
    month: date
    id: int | None
    subject: str
    digest: str


class OpenItemRead(ResponseModel):
    """One thing that is open, and the role that it waits for."""

    kind: OpenKind
    owner: Role
    subject: str
    since: date
    amount: int | None


class CloseRow(ResponseModel):
    """A close in the list; `items` is how many things were carried."""

    kind: CloseKind
    month: date
    closed_at: datetime
    closed_by: str
    decision_id: int | None
    digest: str
    items: int


class CloseRead(ResponseModel):
    """A month as it was closed, or, where `closed_at` is null, as it would be now.

    `obstacles` say why it cannot be closed yet; `late_costs` and `late_postings` what came after
    its usage was closed.
    """

    kind: CloseKind
    month: date
    closed_at: datetime | None = None
    closed_by: str | None = None
    decision_id: int | None = None
    digest: str | None = None
    figures: dict[str, Any]
    items: list[OpenItemRead]
    obstacles: Sequence[Fault] = ()
    late_costs: Sequence[LateCost] = ()
    late_postings: Sequence[LatePosting] = ()
