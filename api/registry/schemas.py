"""Request and response models of the registry; see `api/door/schemas.py`."""

from api.door.schemas import ResponseModel


class WaitingChange(ResponseModel):
    """A change that waits for a second person: what it was, and what it becomes."""

    about: str
    before: str
    after: str


class RegistryOutcome(ResponseModel):
    """What came of a registry file, counted by section."""

    created: dict[str, int]
    unchanged: dict[str, int]
    superseded: dict[str, int]
    decision: int | None = None  # what touches charged usage waits for its confirmation
    changes: tuple[WaitingChange, ...] = ()
