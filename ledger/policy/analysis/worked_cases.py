"""Worked cases: expected decisions on given facts, as people computed them from the law.

They are in `<version>.cases.json`, in the form of `cases.py`; an extension uses those of the
version it extends. The engine must agree with each. Every clause has a case that gives and, if it
has conditions, one that is refused.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ledger.errors import Finding
from ledger.formats.findings import printable
from ledger.formats.yaml_with_lines import Node, Place
from ledger.policy.decide import cases
from ledger.policy.decide.tree import Decision
from ledger.policy.text.clauses import Policy

GIVES = ("eligible", "judgement")

_OUTCOMES = ("amount_fen", "ceiling_fen", "posts")
_BLANKS = " \t\r\n,"


class WorkedCase(NamedTuple):
    """A case, its expected result, and its line."""

    case: cases.Case
    expect: Mapping[str, object]
    line: int


def read(raw: bytes) -> tuple[list[WorkedCase], list[Finding]]:
    """Read the worked cases of a file, with its faults."""
    listed, faults = cases.read(raw)
    if listed is None:
        return [], faults
    worked_cases = []
    for case, (line, item) in zip(listed, _items(raw.decode()), strict=True):
        expect = item.get("expect") if isinstance(item, dict) else None
        if isinstance(expect, dict) and "result" in expect:
            worked_cases.append(WorkedCase(case, expect, line))
        else:
            faults.append(_at(line).finding("no_expectation"))
    return worked_cases, faults


def _items(text: str) -> Iterator[tuple[int, Any]]:
    """Yield the items of a JSON list with their lines."""
    decoder, position = json.JSONDecoder(), text.index("[") + 1
    while True:
        while text[position] in _BLANKS:
            position += 1
        if text[position] == "]":
            return
        line = text.count("\n", 0, position) + 1
        item, position = decoder.raw_decode(text, position)
        yield line, item


def differences(policy: Policy, worked_cases: list[WorkedCase]) -> Iterator[Finding]:
    """Report the cases in which the engine decides otherwise."""
    for worked_case in worked_cases:
        actual = _outcome(cases.decide_case(policy, worked_case.case))
        if actual != worked_case.expect:
            about = {"clause": worked_case.case.clause, "note": worked_case.case.note}
            expected, actual_text = _outcome_text(worked_case.expect), _outcome_text(actual)
            yield _at(worked_case.line).finding(
                "case_differs", **about, expected=expected, got=actual_text
            )


def missing_cases(policy: Policy, worked_cases: list[WorkedCase]) -> Iterator[tuple[int, str]]:
    """Yield clauses without a case: `no_case`, `no_case_gives`, `no_case_refuses`.

    Support for which nothing is asked cannot be refused by it.
    """
    for i, clause in enumerate(policy.clauses):
        results = {
            worked_case.expect["result"]
            for worked_case in worked_cases
            if worked_case.case.clause == clause.id
        }
        if not results:
            yield i, "no_case"
        elif not results & set(GIVES):
            yield i, "no_case_gives"
        elif (clause.require or clause.amount.bands) and "ineligible" not in results:
            yield i, "no_case_refuses"


def _outcome(decision: Decision) -> dict[str, object]:
    outcome = {name: getattr(decision, name) for name in _OUTCOMES}
    amounts = {name: value for name, value in outcome.items() if value is not None}
    return {"result": decision.result, **amounts}


def _outcome_text(outcome: Mapping[str, object]) -> str:
    """`eligible, amount_fen 300000`."""
    rest = [f"{name} {value}" for name, value in outcome.items() if name != "result"]
    return printable(", ".join([str(outcome["result"]), *rest]))


def _at(line: int) -> Place:
    return Place(Node(line, None))
