"""Which events are asked for: one request model for the page, the API and the command."""

from datetime import date, timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from api.people.events.acts import nouns_of
from ledger.formats.field_parsers import FIRST_DAY, LAST_DAY
from ledger.people.codes import EventResult
from ledger.people.steps.event_log import EventQuery
from ledger.units import midnight

Word = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]


def _of_field(value: object) -> object:
    """A field of a form that was left empty narrows nothing."""
    return value or None


_Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
Day = Annotated[
    _Day | None,
    BeforeValidator(_of_field),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date"}, {"const": ""}]}),
]


class EventsQuery(BaseModel):
    """Events of whom (a part of a name), of which Beijing days, about what, with which result."""

    model_config = ConfigDict(frozen=True)

    who: Word = ""
    since: Day = None
    until: Day = None
    noun: Word = ""
    number: Word = ""
    result: Annotated[EventResult | None, BeforeValidator(_of_field)] = None

    def as_asked(self) -> EventQuery:
        """The same for the ledger: moments, and None for what narrows nothing."""
        return EventQuery(
            person=self.who.strip() or None,
            since=midnight(self.since) if self.since else None,
            until=midnight(self.until + timedelta(days=1)) if self.until else None,
            nouns=nouns_of(self.noun.strip()) if self.noun.strip() else None,
            number=self.number.strip() or None,
            result=self.result,
        )


class EventsPage(EventsQuery):
    """And which part of a long list."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    offset: Annotated[int, Field(ge=0, le=10**9)] = 0
