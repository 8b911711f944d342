"""Read cases to decide, a JSON list `[{clause, note, facts, expect}, …]`.

A duplicate name, a float, NaN or a number of ten thousand digits is a fault of its own case. Only a
text that is no JSON list is one fault for all, with its line.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ledger.errors import Finding
from ledger.formats.findings import printable
from ledger.formats.yaml_with_lines import Node, Place
from ledger.policy.codes import Result
from ledger.policy.decide.engine import decide
from ledger.policy.decide.tree import Decision
from ledger.policy.text.clauses import Policy

BYTES_MAX = 64 * 1024 * 1024
_DIGITS_MAX = 40  # far beyond every limit; Python refuses to read thousands of them
_KEYS = ("clause", "note", "facts", "expect")


class Case(NamedTuple):
    """A clause and facts to decide it on; `faults` are those of the case as written."""

    clause: str
    facts: Mapping[str, object]
    note: str = ""
    faults: tuple[Finding, ...] = ()


class _Object(dict[str, Any]):
    """A JSON object that remembers its duplicate names."""

    twice: tuple[str, ...] = ()


def read(raw: bytes) -> tuple[list[Case] | None, list[Finding]]:
    """Read the cases of a file, or why it is no list of cases."""
    start = Place(Node(1, None))
    if len(raw) > BYTES_MAX:
        return None, [start.finding("file_too_large", limit=BYTES_MAX)]
    try:
        text = raw.decode()
        items = json.loads(text, object_pairs_hook=_object, parse_int=_integer)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return None, [Place(Node(line, None)).finding("bad_character")]
    except json.JSONDecodeError as error:
        return None, [Place(Node(error.lineno, None)).finding("not_json", problem=error.msg)]
    except RecursionError:
        return None, [start.finding("too_deep", limit=100)]
    if not isinstance(items, list):
        line = text[: len(text) - len(text.lstrip())].count("\n") + 1
        return None, [Place(Node(line, None)).finding("not_json_list")]
    return [case(item) for item in items], []


def case(item: object) -> Case:
    """Read one case, with all faults of its form."""
    if not isinstance(item, dict):
        return Case("", {}, faults=(Finding("case", "not_json_object"),))
    clause, facts, note = item.get("clause"), item.get("facts"), item.get("note")
    return Case(
        clause if isinstance(clause, str) else "",
        facts if isinstance(facts, dict) else {},
        note if isinstance(note, str) else "",
        tuple(_faults(item)),
    )


def decide_case(policy: Policy, case: Case) -> Decision:
    """Decide a case; one with faults is rejected with all of them."""
    if not case.faults:
        return decide(policy, case.clause, case.facts)
    errors = decide(policy, case.clause, case.facts).errors if case.clause else ()
    return Decision(Result.REJECTED, errors=(*case.faults, *errors))


def _faults(item: dict[str, Any]) -> Iterator[Finding]:
    for name in getattr(item, "twice", ()):
        yield Finding(printable(name), "name_twice", (("name", printable(name)),))
    for name in item:
        if name not in _KEYS:
            yield Finding(printable(name), "unknown_key")
    facts = item.get("facts")
    if "clause" not in item:
        yield Finding("clause", "missing")
    elif not isinstance(item["clause"], str):
        yield Finding("clause", "not_text")
    if "facts" not in item:
        yield Finding("facts", "missing")
    elif not isinstance(facts, dict):
        yield Finding("facts", "not_json_object")
    for name in getattr(facts, "twice", ()):
        yield Finding(printable(name), "name_twice", (("name", printable(name)),))


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    fields = _Object(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        fields.twice = tuple(name for name in fields if names.count(name) > 1)
    return fields


def _integer(digits: str) -> int:
    """Parse an integer; digits beyond the limit are cut, as it is too large anyway."""
    return int(digits[:_DIGITS_MAX])
