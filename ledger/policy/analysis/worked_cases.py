"""Worked cases: what must come out of some facts, as people worked it out beside the law.

They stand beside the version's file, `<version>.cases.json`, in the form of `cases.py`; a version
that extends another one uses that one's. The engine must agree with each; every clause has one that
gives, and, where it asks for anything, one that is refused.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ledger.errors import Finding
from ledger.formats.yaml_with_lines import Node, Place, shown
from ledger.policy.decide import cases
from ledger.policy.decide.tree import Decision
from ledger.policy.text.clauses import Policy

GIVES = ("eligible", "judgement")

_OUTCOMES = ("amount_fen", "ceiling_fen", "posts")
_SKIPPED = " \t\r\n,"


class Worked(NamedTuple):
    """A case, what must come out, and the line on which it begins."""

    case: cases.Case
    expect: Mapping[str, object]
    line: int


def read(raw: bytes) -> tuple[list[Worked], list[Finding]]:
    """The worked cases of a file, and what is wrong with it."""
    listed, found = cases.read(raw)
    if listed is None:
        return [], found
    worked = []
    for case, (line, written) in zip(listed, _items(raw.decode()), strict=True):
        expect = written.get("expect") if isinstance(written, dict) else None
        if isinstance(expect, dict) and "result" in expect:
            worked.append(Worked(case, expect, line))
        else:
            found.append(_at(line).finding("no_expectation"))
    return worked, found


def _items(text: str) -> Iterator[tuple[int, Any]]:
    """The items of a JSON list, each with its line."""
    decoder, position = json.JSONDecoder(), text.index("[") + 1
    while True:
        while text[position] in _SKIPPED:
            position += 1
        if text[position] == "]":
            return
        line = text.count("\n", 0, position) + 1
        item, position = decoder.raw_decode(text, position)
        yield line, item


def differences(policy: Policy, worked: list[Worked]) -> Iterator[Finding]:
    """The cases in which the engine says otherwise."""
    for one in worked:
        said = _said(cases.decided(policy, one.case))
        if said != one.expect:
            about = {"clause": one.case.clause, "note": one.case.note}
            expected, got = _told(one.expect), _told(said)
            yield _at(one.line).finding("case_differs", **about, expected=expected, got=got)


def lacking(policy: Policy, worked: list[Worked]) -> Iterator[tuple[int, str]]:
    """The clauses, by their numbers, without a case: `no_case`, `no_case_gives`, `no_case_refuses`.

    Support for which nothing is asked cannot be refused by it.
    """
    for i, clause in enumerate(policy.clauses):
        results = {one.expect["result"] for one in worked if one.case.clause == clause.id}
        if not results:
            yield i, "no_case"
        elif not results & set(GIVES):
            yield i, "no_case_gives"
        elif (clause.require or clause.amount.bands) and "ineligible" not in results:
            yield i, "no_case_refuses"


def _said(decision: Decision) -> dict[str, object]:
    outcome = {name: getattr(decision, name) for name in _OUTCOMES}
    given = {name: value for name, value in outcome.items() if value is not None}
    return {"result": decision.result, **given}


def _told(outcome: Mapping[str, object]) -> str:
    """`eligible, amount_fen 300000`."""
    rest = [f"{name} {value}" for name, value in outcome.items() if name != "result"]
    return shown(", ".join([str(outcome["result"]), *rest]))


def _at(line: int) -> Place:
    return Place(Node(line, None))
