"""What all request and response models share: their base classes, texts, money, months, problems.

Money is integer fen in fields named `_fen`. Exact quantities are integers, or `"n/d"` where they
are not whole. Days are ISO dates of Beijing, moments RFC 3339 in UTC. A field that was not measured
is null; a field that is not known here is refused. Each room has its own models in `schemas.py`;
where a dataclass of the ledger says it all, the route answers with that.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
)
from pydantic.json_schema import models_json_schema
from pydantic_core import PydanticCustomError, PydanticKnownError

from api.messages.messages import MONTH_PATTERN
from ledger.formats.visible import is_visible
from ledger.units import FEN_MAX

LINE_MAX = 200
TEXT_MAX = 2000
QR_MAX = 500
PROOF_MAX = 40


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:")

BY_FORM: Mapping[str, bool] = MappingProxyType({"form": True})
"""The context in which a request model is read from a form, whose every value is text."""


def _whole(value: object, info: ValidationInfo) -> object:
    """Refuse what is no integer as JSON writes it: `true`, `"1"`, `1.0`."""
    if type(value) is int or (info.context == BY_FORM and isinstance(value, str)):
        return value
    raise PydanticKnownError("int_type")


def _truth(value: object, info: ValidationInfo) -> object:
    """Refuse what is neither `true` nor `false` as JSON writes it: `0`, `"yes"`."""
    if type(value) is bool or (info.context == BY_FORM and isinstance(value, str)):
        return value
    raise PydanticKnownError("bool_parsing")


def _day(value: object) -> object:
    """Refuse what is no ISO day: a number of seconds, a moment."""
    if isinstance(value, str) and _DAY.fullmatch(value):
        return value
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise PydanticKnownError("date_from_datetime_parsing", {"error": "no day"})


def _moment(value: object) -> object:
    """Refuse what is no moment in RFC 3339: a number of seconds, a day."""
    if isinstance(value, datetime) or (isinstance(value, str) and _MOMENT.match(value)):
        return value
    raise PydanticKnownError("datetime_from_date_parsing", {"error": "no moment"})


def _all_visible(text: str) -> str:
    """Refuse a text with characters that nobody sees, or that turn its order round."""
    if not is_visible(text):
        raise PydanticCustomError("hidden_characters", "characters that are not seen")
    return text


Integer = Annotated[int, BeforeValidator(_whole)]
"""A whole number in a request; in JSON nothing else is taken for one."""

Truth = Annotated[bool, BeforeValidator(_truth)]
"""Yes or no in a request; in JSON nothing else is taken for one."""

IsoDay = Annotated[date, BeforeValidator(_day)]
"""A Beijing day in a request or an address, as ISO 8601 writes it; no number is one."""

IsoMoment = Annotated[AwareDatetime, BeforeValidator(_moment)]
"""A moment in a request or an address, as RFC 3339 writes it; no number is one."""

OfField = BeforeValidator(lambda value: value or None)
"""Put beside what may be missing: a field of a form that was left empty narrows nothing."""

Visible = AfterValidator(_all_visible)
"""Put beside `str` where a text names something: what looks the same must be the same."""

PositiveFen = Annotated[Integer, Field(ge=1, le=FEN_MAX)]
AskedFen = Annotated[int, Field(ge=1, le=FEN_MAX)]
"""The same in an address, where every value is text."""

YearMonth = Annotated[str, Field(pattern=MONTH_PATTERN)]


def first_day(month: str) -> date:
    """The first day of a `YearMonth`."""
    return date.fromisoformat(f"{month}-01")


Line = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=LINE_MAX, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
    Visible,
]
"""A name or a number: some words on one line."""

Text = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=TEXT_MAX, pattern=r"^[^\x00]+$"
    ),
]
"""A reason, a question, an answer: some sentences."""

ProofCode = Annotated[str, Field(max_length=PROOF_MAX)]
"""A code of an authenticator, or a recovery code; "" where none is asked for."""
Note = Annotated[str, Field(max_length=TEXT_MAX, pattern=r"^[^\x00]*$")]
"""A text that may be missing."""


class RequestModel(BaseModel):
    """What a client sends: a field that is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ResponseModel(BaseModel):
    """What the server answers."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class Fault(ResponseModel):
    """One wrong place in what was sent."""

    where: str
    code: str
    message: str


class ProblemDetails(ResponseModel):
    """RFC 9457. `code` is stable; `title` and `detail` are in the reader's language."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    findings: list[Fault] | None = None


_REFERENCE = "#/components/schemas/{model}"
PROBLEM_SCHEMA = {"$ref": _REFERENCE.format(model=ProblemDetails.__name__)}
_, _DEFINITIONS = models_json_schema([(ProblemDetails, "serialization")], ref_template=_REFERENCE)
SCHEMAS: dict[str, Any] = _DEFINITIONS["$defs"]
"""The schemas of problems, for the OpenAPI document: every route may answer with one."""
