"""Codes, faults and places as sentences in the reader's language; it needs no server's library."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from api.language.format import moment
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from api.language.labels import label_of
from api.messages.messages import FIELDS, PATTERNS, SENTENCES
from ledger.claims.codes import ClaimAction, ClaimState, HoldKind
from ledger.errors import Finding
from ledger.people.codes import Answer, Role

_PLACE = re.compile(r"(?:(.+) )?(line|row) (\d+)(?:: (.*))?")
_PLACES = {"line": msgid("第 {line} 行"), "row": msgid("第 {row} 行")}
_ACTOR = re.compile(r"\w+:(.+)#\d+")
_KINDS: Mapping[str, type[StrEnum]] = MappingProxyType(
    {
        "action": ClaimAction,
        "state": ClaimState,
        "hold": HoldKind,
        "role": Role,
        "answer": Answer,
    }
)


def sentence(code: str, params: Mapping[str, object]) -> str:
    """A code's sentence in the reader's language."""
    if code not in SENTENCES:
        return code
    return _(SENTENCES[code]).format_map(_Parameters({k: _value(k, v) for k, v in params.items()}))


def findings(faults: Iterable[Finding]) -> list[dict[str, str]]:
    """Faults of a user's data, each with its sentence."""
    return [
        {
            "where": f.where,
            "code": f.code,
            "message": sentence(f.code, {k: place(v) for k, v in f.params}),
        }
        for f in faults
    ]


def fault_lines(faults: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
    """Faults as `findings` gives them, a line each: where, and what is wrong there."""
    return tuple(f"{place(fault['where'])}: {fault['message']}" for fault in faults)


def place(where: str) -> str:
    """`line 12: projects[3].uscc`, or `Sheet row 2: yuan`, in the reader's language.

    A field of a request by its name.
    """
    if at := _PLACE.fullmatch(where):
        sheet, kind, number, rest = at.groups()
        words = [sheet, _(_PLACES[kind]).format_map({kind: number}), rest]
        return " ".join(filter(None, words))
    return re.sub(r"^(body|query|path)\.(?=.)", "", where)


def field_message(error: Mapping[str, Any]) -> str:
    """What is wrong with one value, from what Pydantic says of it.

    The value itself is not repeated: it may be a secret.
    """
    params = {**error.get("ctx", {}), "reason": error["msg"]}
    if "expected" in params:  # "'a', 'b' or 'c'": a list of words reads in any language
        params["expected"] = params["expected"].replace(" or ", ", ").replace("'", "")
    code = PATTERNS.get(str(params.get("pattern")), error["type"])
    return sentence(code if code in FIELDS else "value", params)


def _value(name: str, value: object) -> str:
    """A parameter as a person reads it: a code by its word, an actor by the name, a moment here."""
    if isinstance(value, datetime):
        return moment(value)
    text = str(value)
    if actor := _ACTOR.fullmatch(text):
        return actor[1]
    return label_of(_KINDS[name], text) if name in _KINDS else text


class _Parameters(dict[str, str]):
    """Parameters; one that is missing must not turn an error into another one."""

    def __missing__(self, key: str) -> str:
        return "?"
