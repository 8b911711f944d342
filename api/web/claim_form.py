"""The form of a new claim: what may be claimed, what was typed, and what is wrong with it where."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.datastructures import FormData

from api.messages.sentences import field_message, sentence
from api.web.forms import text
from ledger.claims.queries import MonthLeft
from ledger.errors import LedgerError

_FIELDS = {"month_claimed": "months", "project": "project", "voucher": "project", "fen": "yuan"}


def new_claim(
    code: str,
    rest: Iterable[MonthLeft],
    typed: Mapping[str, Any] = MappingProxyType({}),
    faults: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """What the form shows (`claims/claim-form.html`); `faults` by field."""
    rows = list(rest)
    by_month: dict[str, int] = {}
    for row in rows:
        by_month[row.month] = by_month.get(row.month, 0) + row.fen
    return {
        "project": code,
        "months": by_month,
        "claimable_fen": sum(row.fen for row in rows),
        "typed": typed,
        "faults": faults,
    }


def typed_claim(data: FormData) -> dict[str, Any]:
    """What somebody typed, as it stands."""
    return {
        "project": text(data, "project"),
        "yuan": text(data, "yuan"),
        "months": [value for value in data.getlist("months") if isinstance(value, str)],
    }


def faults_of(error: LedgerError | RequestValidationError) -> dict[str, str]:
    """What is wrong, in the reader's language, by the field that it belongs to."""
    if isinstance(error, LedgerError):
        return {_FIELDS.get(error.code, "yuan"): sentence(error.code, error.params)}
    faults = {}
    for fault in error.errors():
        name = str(fault["loc"][1]) if len(fault["loc"]) > 1 else "yuan"
        faults[_FIELDS.get(name, name)] = field_message(fault)
    return faults
