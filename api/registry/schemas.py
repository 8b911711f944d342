"""Request and response models of the registry; see `api/door/schemas.py`."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field

from api.door.schemas import Line, RequestModel, ResponseModel
from ledger.desk.queries.inventory import InventoryLine
from ledger.formats.json.exact import Exact
from ledger.registry.codes import EntryState, RegistrySection


class WaitingChange(ResponseModel):
    """A change that waits for a second person: what it was, and what it becomes."""

    about: str
    before: str
    after: str


class ChangeAtOnce(WaitingChange):
    """A change that one person may register, and the section of the file that it stands in."""

    section: str


class CostChange(ResponseModel):
    """What a month of a contract costs before and after a change, fen without tax."""

    contract: str
    month: str
    before_fen: int
    after_fen: int
    difference_fen: int


class RegistryCounts(ResponseModel):
    """What of a registry file is new, was there, or was stated anew, counted by section."""

    created: dict[str, int]
    unchanged: dict[str, int]
    superseded: dict[str, int]


class RegistryOutcome(RegistryCounts):
    """What came of a registry file."""

    decision: int | None = None  # what touches charged usage waits for its confirmation
    changes: tuple[WaitingChange, ...] = ()


class RegistryPreviewRead(RegistryCounts):
    """What a registry file would do; nothing was kept.

    `at_once` by one person, `changes` only when another person confirms them; `months` is what
    those would cost more or less.
    """

    at_once: tuple[ChangeAtOnce, ...]
    changes: tuple[WaitingChange, ...]
    months: tuple[CostChange, ...]


def _exact(value: object) -> object:
    """A decimal to the letter, a day as ISO writes it."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else value


Value = Annotated[str | int | bool | None, BeforeValidator(_exact)]


class MarkRead(ResponseModel):
    """Who proposed and who confirmed, when, by which decision; none where one person registers."""

    at: datetime | None
    by: str | None
    confirmed_by: str | None
    decision: int | None


class EntryRead(ResponseModel):
    """An entry of the registry: its values and the keys of those that it names, by column.

    `until` is the last day on which it holds.
    """

    section: RegistrySection
    key: str
    values: dict[str, Value]
    keys: dict[str, str]
    since: date | None
    until: date | None
    state: EntryState
    recorded: MarkRead
    superseded: MarkRead
    reason: str


class EntryDetailsRead(ResponseModel):
    """An entry with its history, the newest first, and what names it elsewhere, by section."""

    entry: EntryRead
    history: list[EntryRead]
    concerning: dict[RegistrySection, list[EntryRead]]


class ScaleRead(ResponseModel):
    """A centre's registered GPUs and their peak FP16, dense, as far as it is known.

    `without_peak` counts the GPUs of each model that has none; '' stands for those never seen.
    """

    centre: str
    gpus: int
    tflops: Exact
    without_peak: dict[str, int]


class InventoryRead(ResponseModel):
    """What the agents see beside what is registered."""

    lines: list[InventoryLine]
    scales: list[ScaleRead]


class SightCreate(RequestModel):
    """A GPU that is to be registered where it is seen."""

    gpu: Line
    cluster: Line
    node: Line


class SightsCreate(RequestModel):
    """GPUs that are to be registered where they are seen."""

    sights: Annotated[list[SightCreate], Field(min_length=1, max_length=1_000)]


class SightsOutcome(RegistryOutcome):
    """What came of it, and how many windows that waited for it count now.

    Of what a centre said nothing is registered: `decision` is the one that a clerk confirms.
    """

    windows_released: int = 0
