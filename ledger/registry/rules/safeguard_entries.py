"""The shapes of the entries that guard public money: names, controllers, usual prices, support.

Renamed organisations, natural persons in control of them, the prices that the bureau publishes as
usual, what other programmes pay, and the contracts that those support as a whole.
"""

import re
from calendar import monthrange
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from ledger.formats.field_parsers import (
    Handle,
    Name,
    PricedProfile,
    Shape,
    Uscc,
    Yuan,
    fault,
    one_of,
    read_day,
    text_field,
)
from ledger.registry.codes import ControllerRole
from ledger.registry.rules.effective_dating import Span
from ledger.registry.rules.entries import DatedShape, Total

_TAIL = re.compile(r"[0-9]{5}[0-9X]", re.ASCII)
_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)


def _tail(text: str) -> str:
    if not _TAIL.fullmatch(text):
        raise fault("bad_id_tail")
    return text


def _month(text: str) -> date:
    if not _MONTH.fullmatch(text):
        raise fault("bad_month")
    return read_day(f"{text}-01")


class Rename(DatedShape):
    """What an organisation is called from a day on."""

    organisation: Uscc
    name: Name


class Controller(DatedShape):
    """A natural person who controls an organisation."""

    organisation: Uscc
    role: Annotated[ControllerRole, one_of(ControllerRole)]
    person: Name
    id_tail: Annotated[str, text_field(_tail)] | None = None


class PriceBand(DatedShape):
    """The usual prices of a GPU-hour, yuan without tax, both bounds included."""

    model: Name
    mig_profile: PricedProfile = ""
    low: Yuan
    high: Yuan

    @field_validator("high")
    @classmethod
    def _at_least_low(cls, high: Decimal, info: ValidationInfo) -> Decimal:
        low = info.data.get("low")
        if low is not None and high < low:
            raise fault("reversed_band", low=low)
        return high


class OtherSupport(Shape):
    """What another programme pays for a month of a project, or of one of its contracts."""

    project: Handle
    contract: Name | None = None
    programme: Name
    month: Annotated[date, text_field(_month)]
    fen: Total = Field(alias="yuan")

    @property
    def span(self) -> Span:
        """The days of the month."""
        last = monthrange(self.month.year, self.month.month)[1]
        return Span.through(self.month, self.month.replace(day=last))


class Assignment(Shape):
    """A contract that another programme supports as a whole."""

    contract: Name
    programme: Name
