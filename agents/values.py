"""Values that every message on the wire is made of, with their bounds."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

YEARS = range(2000, 2100)

TEXT_MAX = 253
Text = Annotated[str, Meta(min_length=1, max_length=TEXT_MAX)]
Count = Annotated[int, Meta(ge=0, le=2**53)]
Aware = Annotated[datetime, Meta(tz=True)]


class Frozen(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """A record of values; an unknown field is an error."""
