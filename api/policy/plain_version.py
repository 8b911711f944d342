"""A version of the policy as plain values: rates are fractions, caps fen."""

from typing import Any

from ledger.policy.text.clauses import Clause
from ledger.policy.text.conditions import Requirement
from ledger.policy.text.published import load


def plain_version(name: str) -> dict[str, Any]:
    """The version of this name, with all its clauses."""
    version = load(name)
    span = version.effective.span
    return {
        "version": version.version,
        "title": version.title,
        "drill": version.drill,
        "effective": span and [str(span.start), str(span.end) if span.end else None],
        "clauses": [
            {
                "id": clause.id,
                "title": clause.title,
                "article": clause.article,
                "text": clause.text,
                "span": clause.span and list(clause.span),
                "departments": list(clause.departments),
                "payee": clause.payee,
                **_amount(clause),
                "payable": version.payable(clause),
                "undecided": list(version.undecided_questions(clause)),
                "require": [_condition(c) for c in (*version.scope.require, *clause.require)],
            }
            for clause in version.clauses
        ],
    }


def _amount(clause: Clause) -> dict[str, Any]:
    """What a clause gives."""
    amount = clause.amount
    return {
        "kind": amount.kind,
        "words": amount.words,
        "base": amount.base,
        "rate": amount.rate and str(amount.rate),
        "rates": [
            {
                "rate": str(case.rate),
                "words": case.words,
                "require": [_condition(condition) for condition in case.require],
            }
            for case in amount.rate_cases
        ],
        "combine": amount.rates and amount.rates.combine,
        "mode": amount.mode,
        "bands": [
            [_plain(band.low), _plain(band.high), _plain(band.gives)] for band in amount.bands
        ],
        "cap_fen": amount.cap and amount.cap.fen,
        "cap_per_year_fen": amount.cap_per_year and amount.cap_per_year.fen,
        "limit": amount.limit,
        "scope": amount.unit and amount.unit.scope,
        "period": amount.unit and amount.unit.period,
        "pool": clause.pool,
        "selection": clause.selection and clause.selection.limit,
    }


def _condition(of: Requirement) -> dict[str, Any]:
    return {"fact": of.fact, "op": of.op, "value": _threshold(of.value), "words": of.words}


def _plain(value: object) -> object:
    return value if isinstance(value, (int, type(None))) else str(value)


def _threshold(value: object) -> object:
    return list(value) if isinstance(value, tuple) else _plain(value)
