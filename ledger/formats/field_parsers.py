"""Parsers for the fields of files: days, names, codes, prices, yes or no.

A value is the text that a person wrote (`yaml_with_lines.py`). Each kind has one notation, and a
fault says which rule was broken; whoever reads the file adds the place.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from enum import EnumType
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, PlainValidator, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from ledger.errors import Finding
from ledger.formats.uscc import uscc_fault
from ledger.formats.visible import is_seen
from ledger.formats.yaml_with_lines import Place
from ledger.units import decimal

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)
NAME_MAX = 253

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_COUNT = re.compile(r"[1-9]\d{0,8}", re.ASCII)
_RATE = re.compile(r"0(\.\d{1,6})?", re.ASCII)
_HANDLE = re.compile(r"[^/\s]{1,64}")
_GPU = re.compile(
    r"GPU-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|NPU-[0-9a-f]{8}(-[0-9a-f]{8}){4}", re.ASCII
)
_PROFILE = re.compile(r"(\dc\.)?\dg\.\d{1,4}gb([+-][a-z.]{1,12})?", re.ASCII)

Value = TypeVar("Value")
Entry = TypeVar("Entry", bound="Shape")


def fault(code: str, **params: object) -> PydanticCustomError:
    """Make a fault of a value, in the form that Pydantic collects."""
    return PydanticCustomError(code, "{code}", {"code": code, **params})


def text_field(parse: Callable[[str], Value]) -> PlainValidator:
    """Declare a field that is written as text and read by `parse`."""

    def check(value: object) -> Value:
        if not isinstance(value, str):
            raise fault("not_text")
        return parse(value)

    return PlainValidator(check)


def _name(text: str) -> str:
    if not is_seen(text) or text != text.strip() or not 0 < len(text) <= NAME_MAX:
        raise fault("bad_name", limit=NAME_MAX)
    return text


def _handle(text: str) -> str:
    if not is_seen(text) or not _HANDLE.fullmatch(text):
        raise fault("bad_handle")
    return text


def _code(text: str) -> str:
    if wrong := uscc_fault(text):
        raise fault(f"uscc_{wrong}", uscc=text)
    return text


def read_day(text: str) -> date:
    """Parse a day, YYYY-MM-DD only."""
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not FIRST_DAY <= day <= LAST_DAY:
        raise fault("bad_day", first=FIRST_DAY, last=LAST_DAY)
    return day


def _yes_no(text: str) -> bool:
    if text not in ("true", "false"):
        raise fault("bad_yes_no")
    return text == "true"


def _price(text: str) -> Decimal:
    try:
        decimal(text)
    except ValueError:
        raise fault("bad_price") from None
    return Decimal(text)


def _tax_rate(text: str) -> Decimal:
    if not _RATE.fullmatch(text):
        raise fault("bad_tax_rate")
    return Decimal(text)


def _gpu(text: str) -> str:
    if not _GPU.fullmatch(text):
        raise fault("bad_gpu")
    return text


def _profile(text: str) -> str:
    if not _PROFILE.fullmatch(text):
        raise fault("bad_mig_profile")
    return text


def _priced_profile(text: str) -> str:
    return "" if text == "whole" else _profile(text)


def up_to(limit: int) -> PlainValidator:
    """Declare a count from 1 to `limit`."""

    def parse(text: str) -> int:
        if not _COUNT.fullmatch(text) or int(text) > limit:
            raise fault("bad_count", limit=limit)
        return int(text)

    return text_field(parse)


def one_of(kind: Any) -> PlainValidator:  # noqa: ANN401 - a Literal has no type of its own
    """Declare a field with a fixed set of words: a StrEnum or a Literal."""
    members = {str(word): word for word in (kind if isinstance(kind, EnumType) else get_args(kind))}

    def parse(text: str) -> Any:  # noqa: ANN401 - of the kind that was given
        if text not in members:
            raise fault("bad_choice", choices=", ".join(members))
        return members[text]

    return text_field(parse)


Name = Annotated[str, text_field(_name)]
Handle = Annotated[str, text_field(_handle)]  # of clusters and projects: also part of addresses
Uscc = Annotated[str, text_field(_code)]
Day = Annotated[date, text_field(read_day)]
YesNo = Annotated[bool, text_field(_yes_no)]
Yuan = Annotated[Decimal, text_field(_price)]  # at most 8 digits before the point, 12 after it
TaxRate = Annotated[Decimal, text_field(_tax_rate)]
GpuId = Annotated[str, text_field(_gpu)]
MigProfile = Annotated[str, text_field(_profile)]
PricedProfile = Annotated[str, text_field(_priced_profile)]  # "": the whole GPU, none of its slices


class Shape(BaseModel):
    """A mapping with exactly these keys; a null counts as missing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_not_given(cls, data: Any) -> Any:  # noqa: ANN401 - whatever was written
        if not isinstance(data, Mapping):
            return data
        names = {field.alias or name for name, field in cls.model_fields.items()}
        return {k: v for k, v in data.items() if v is not None or k not in names}


def fill(shape: type[Entry], place: Place) -> tuple[Entry | None, list[Finding]]:
    """Read the mapping at a place as this shape: the entry, or every fault in it."""
    try:
        return shape.model_validate(place.node.plain()), []
    except ValidationError as error:
        faults = error.errors(include_url=False)
        places = [fault["loc"] for fault in faults]
        # A list whose items are all faulty is not a list without items.
        short = {fault["loc"] for fault in faults if fault["type"] == "too_short"}
        full = {
            loc for loc in short if any(loc == longer[: len(loc)] != longer for longer in places)
        }
        return None, [_finding(place, fault) for fault in faults if fault["loc"] not in full]


_PYDANTIC = {
    "missing": "missing",
    "too_short": "missing",
    "extra_forbidden": "unknown_key",
    "model_type": "not_mapping",
    "dict_type": "not_mapping",
    "tuple_type": "not_list",
}


def _finding(place: Place, error: Any) -> Finding:  # noqa: ANN401 - Pydantic's ErrorDetails
    params = {k: v for k, v in error.get("ctx", {}).items() if k != "code"}
    code = error["type"]
    if code in _PYDANTIC:
        code, params = _PYDANTIC[code], {}
    return place.at(*error["loc"]).finding(code, **params)
