"""Notations of a policy file: figures, ids, and fixed words.

Money is yuan with its unit (`500000000.00元`), a share an exact fraction (`30/100`), any other
bound the plain number. The meaning of a threshold depends only on its operator.
"""

import re
from datetime import date
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import PlainSerializer, PlainValidator, ValidationInfo

from ledger.formats.field_parsers import fault, read_day, text_field
from ledger.units import Fen, fen_from_yuan

FactType = Literal["choice", "yes_no", "count", "money", "decimal"]
Operator = Literal["==", "in", ">=", ">", "<", "<="]
Bound = Literal["included", "excluded"]
Threshold = bool | int | Fraction | tuple[str, ...]


BOUNDS: dict[str, Bound] = {">=": "included", "<=": "included", ">": "excluded", "<": "excluded"}
"""Whether the threshold itself meets a comparison."""

_SHARE = re.compile(r"[1-9]\d{0,5}/[1-9]\d{0,5}", re.ASCII)
_WHOLE = re.compile(r"\d{1,15}", re.ASCII)
_POINT = re.compile(r"\d{1,15}\.\d{1,12}", re.ASCII)


def _matching(pattern: str) -> PlainValidator:
    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text, re.ASCII):
            raise fault("bad_id")
        return text

    return text_field(parse)


def _key(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", text, re.ASCII):
        raise fault("bad_key")
    return text


def _sentence(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise fault("bad_sentence")
    return text


def money(text: str) -> Fen:
    """Parse `0.12元` as 12 fen; ValueError for anything else or a negative sum."""
    number, yuan, rest = text.partition("元")
    if not yuan or rest or number.startswith("-"):
        raise ValueError(text)
    return fen_from_yuan(number)


def number(text: str) -> int | Fraction:
    """Parse yuan (as fen), a count, or an exact decimal; ValueError otherwise."""
    if text.endswith("元"):
        return money(text)
    if _POINT.fullmatch(text):
        return Fraction(text)
    if not _WHOLE.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _cap(text: str) -> Fen:
    try:
        fen = fen_from_yuan(text)
    except ValueError:
        fen = 0
    if fen <= 0:
        raise fault("bad_cap")
    return fen


def _rate(text: str) -> Fraction:
    if text.endswith("元"):  # so much for each unit of the base
        try:
            return Fraction(money(text))
        except ValueError:
            raise fault("bad_rate") from None
    if not _SHARE.fullmatch(text) or Fraction(text) > 1:
        raise fault("bad_rate")
    return Fraction(text)


def _gives(text: str) -> Fen | Fraction:
    try:
        return money(text) if text.endswith("元") else _rate(text)
    except ValueError:
        raise fault("bad_rate") from None


def _bound(text: str) -> int | Fraction:
    try:
        return number(text)
    except ValueError:
        raise fault("bad_threshold", op=">=") from None


def _end(text: str) -> date | str:
    return text if text == "open" else read_day(text)


def _offset(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise fault("bad_count", limit=10**6)
    return int(text)


def threshold(value: object, info: ValidationInfo) -> Threshold:
    """Parse a threshold by its operator: a yes or no, a number, a list of choices."""
    operator = info.data.get("op")
    if operator == "in" and isinstance(value, list) and all(isinstance(w, str) for w in value):
        return tuple(value)
    if operator == "==" and value in ("true", "false"):
        return value == "true"
    if operator in BOUNDS and isinstance(value, str):
        try:
            return number(value)
        except ValueError:
            pass
    raise fault("bad_threshold", op=operator or "-")


def plain_value(value: object) -> object:
    """Convert a figure to a plain value: a fraction to its text."""
    return str(value) if isinstance(value, Fraction) else value


_PLAIN = PlainSerializer(plain_value)

Key = Annotated[str, text_field(_key)]
ClauseId = Annotated[str, _matching(r"\d\d-\d")]
PoolId = Annotated[str, _matching(r"\d\d")]
QuestionId = Annotated[str, _matching(r"Q\d{1,2}-\d{1,2}")]
PlaceId = Annotated[str, _matching(r"[a-zA-Z0-9_-]{1,40}(\.[a-zA-Z0-9_-]{1,40}){0,6}")]
Version = Annotated[str, _matching(r"[a-z][a-z0-9-]{0,60}")]
Sentence = Annotated[str, text_field(_sentence)]
LastDay = Annotated[date | Literal["open"], text_field(_end)]
Rate = Annotated[Fraction, text_field(_rate), _PLAIN]
Gives = Annotated[Fen | Fraction, text_field(_gives), _PLAIN]
Bounded = Annotated[int | Fraction, text_field(_bound), _PLAIN]
CapYuan = Annotated[Fen, text_field(_cap)]
Offset = Annotated[int, text_field(_offset)]
