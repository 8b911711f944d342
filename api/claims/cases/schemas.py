"""Models of holds."""

from datetime import date, datetime

from api.door.schemas import RequestModel, ResponseModel, Text
from ledger.claims.codes import HoldKind
from ledger.claims.rules.holds import HOLDS
from ledger.claims.tables import CaseHold


class HoldCreate(RequestModel):
    """What holds a case up, and why."""

    kind: HoldKind
    reason: Text


class HoldEnd(RequestModel):
    """What came of a hold."""

    outcome: Text


class HoldRead(ResponseModel):
    """A hold: `owner` has to act until `due`, the last Beijing day of its clock."""

    id: int
    kind: HoldKind
    owner: str
    reason: str
    opened_at: datetime
    opened_by: str
    due: date | None
    closed_at: datetime | None
    closed_by: str | None
    outcome: str | None

    @classmethod
    def of(cls, hold: CaseHold) -> "HoldRead":
        """From the books."""
        return cls(**hold.model_dump(), owner=HOLDS[HoldKind(hold.kind)].owner)
