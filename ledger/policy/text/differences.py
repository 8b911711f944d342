"""In what the binding terms of one version differ from those of another, clause by clause."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ledger.policy.text.clauses import Policy
from ledger.policy.text.published import terms

_OWN = frozenset({"format", "version"})  # these differ always, and bind nobody


@dataclass(frozen=True)
class Difference:
    """A term of a clause in both versions, as JSON; empty where a version does not have it."""

    clause: str
    term: str
    before: str
    after: str


def differences(before: Policy, after: Policy) -> tuple[Difference, ...]:
    """Return every term that differs, in the order of the clauses of the later version."""
    both = {clause.id: clause for clause in (*after.clauses, *before.clauses)}
    return tuple(
        Difference(clause, term, old.get(term, ""), new.get(term, ""))
        for clause in both
        for old, new in [(_leaves_of(before, clause), _leaves_of(after, clause))]
        for term in sorted({*old, *new})
        if old.get(term, "") != new.get(term, "")
    )


def _leaves_of(policy: Policy, clause: str) -> dict[str, str]:
    of_version = policy.clause(clause)
    if of_version is None:
        return {}
    binding = {name: term for name, term in terms(policy, of_version).items() if name not in _OWN}
    return dict(_leaves(json.loads(json.dumps(binding, default=str)), ""))


def _leaves(value: Any, place: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON
    """Yield each value that has no parts, under its place: `amount.cap.fen`, `scope.1.0.fact`."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _leaves(part, f"{place}.{name}" if place else name)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _leaves(part, f"{place}.{index}")
    else:
        yield place, json.dumps(value, ensure_ascii=False)
