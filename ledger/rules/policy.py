"""The policy: its versions, and what one of them says about somebody's facts.

A version is a file in `ledger/policies` (`policy_file.py` reads it). `decide` answers as the clerks
do: 符合, 不符合 (one condition known to fail is enough, whatever else is missing), 材料不足 (naming
what is missing: a fact that was not given is never zero and never «no»), 需人工认定, or that the
facts themselves are wrong.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Literal

from ledger.errors import Finding, NotFound, Refused
from ledger.rules import policy_file
from ledger.rules.clauses import Clause, FactKind, Policy, Requirement
from ledger.rules.document import shown
from ledger.units import FEN_MAX

_FOLDER = files("ledger") / "policies"

_ELSEWHERE = {"clauses", "questions", "facts", "process"}  # told beside it, or no part of an award

Result = Literal["eligible", "ineligible", "insufficient", "judgement", "rejected"]
State = Literal["met", "unmet", "judgement", "open"]


def versions() -> list[str]:
    """The versions that there are, by name."""
    names = (file.name for file in _FOLDER.iterdir())
    return sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml"))


@cache
def load(version: str) -> Policy:
    """A version of the policy.

    Raises:
        NotFound: there is no such version.
        Refused: its file contradicts itself; the first fault is named.
    """
    if version not in versions():
        raise NotFound("policy", version=version)
    text = (_FOLDER / f"{version}.yaml").read_text(encoding="utf-8")
    policy, findings = policy_file.read(text, load)
    if policy is None or policy.version != version:
        first = findings[0] if findings else Finding("line 1: version", "bad_id")
        raise Refused("policy_file", version=version, where=first.where, fault=first.code)
    return policy


def digest(policy: Policy, clause: Clause) -> str:
    """SHA-256, in hexadecimal, of all that this version says about an award under the clause."""
    cited = (*policy.scope.questions, *clause.questions, *policy.closing.questions)
    rests_on = {
        "policy": policy.model_dump(exclude=_ELSEWHERE, exclude_unset=True),
        "clause": clause.model_dump(exclude_unset=True),
        "questions": {q: policy.questions[q].model_dump(exclude_unset=True) for q in cited},
    }
    text = json.dumps(rests_on, sort_keys=True, ensure_ascii=False, default=str)
    return sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Judged:
    """A condition, the fact that was given for it, and where the text has it."""

    requirement: Requirement
    given: object
    article: str


@dataclass(frozen=True)
class Decision:
    """What the policy says; each field explains one kind of result."""

    result: Result
    unmet: tuple[Judged, ...] = ()  # ineligible: the conditions known to fail
    missing: tuple[str, ...] = ()  # the facts that were not given and would be needed
    to_judge: tuple[Judged, ...] = ()  # judgement: what a person must decide
    errors: tuple[Finding, ...] = ()  # rejected: one for each fact that is wrong


def decide(policy: Policy, clause: str, facts: Mapping[str, object]) -> Decision:
    """Decide a clause on these facts (their names and kinds: the policy's file, `facts`).

    Money is an integer number of fen, a count an integer, a yes or no a boolean, a choice one of
    its words. A fact that is absent or None is missing. Never raises for what users gave.
    """
    rule = policy.clause(clause)
    if rule is None:
        unknown = Finding("clause", "unknown_clause", (("name", shown(clause)),))
        return Decision("rejected", errors=(unknown,))
    given = {name: value for name, value in facts.items() if value is not None}
    if errors := tuple(_errors(policy, rule, given)):
        return Decision("rejected", errors=errors)
    unmet: list[Judged] = []
    to_judge: list[Judged] = []
    missing: list[str] = []
    for part in (policy.scope, rule):
        for requirement in part.require:
            state, lacking = _state(requirement, given)
            judged = Judged(requirement, given.get(requirement.fact), part.article)
            missing += lacking
            if state == "unmet":
                unmet.append(judged)
            elif state == "judgement":
                to_judge.append(judged)
    missing += [name for name in (rule.amount.base, rule.amount.paid) if name not in given]
    return Decision(
        result=_result(unmet, missing, to_judge),
        unmet=tuple(unmet),
        missing=tuple(dict.fromkeys(missing)),
        to_judge=tuple(to_judge),
    )


def _result(unmet: Sequence[Judged], missing: Sequence[str], to_judge: Sequence[Judged]) -> Result:
    if unmet:
        return "ineligible"
    if missing:
        return "insufficient"
    return "judgement" if to_judge else "eligible"


def _state(requirement: Requirement, given: Mapping[str, object]) -> tuple[State, tuple[str, ...]]:
    """How a condition stands, and the facts that are missing where it is open."""
    value = given.get(requirement.fact)
    state: State = "open" if value is None else _compare(requirement, value)
    lacking = (requirement.fact,) if value is None else ()
    exempt = requirement.unless
    if state == "met" or exempt is None:
        return state, lacking
    who = given.get(exempt.fact)
    if who is None:
        return "open", (exempt.fact, *lacking)
    return ("met", ()) if who in exempt.value else (state, lacking)


def _compare(requirement: Requirement, value: Any) -> State:  # noqa: ANN401 - checked by its kind
    threshold: Any = requirement.value
    if value in requirement.judgement:
        return "judgement"
    if requirement.op == ">=":
        return "met" if value >= threshold else "unmet"
    if requirement.op == "in":
        return "met" if value in threshold else "unmet"
    return "met" if value == threshold else "unmet"


def _errors(policy: Policy, clause: Clause, given: Mapping[str, object]) -> Iterator[Finding]:
    """What is wrong with the facts themselves: one finding for each that is."""
    conditions = (*policy.scope.require, *clause.require)
    known = {clause.amount.base, clause.amount.paid, *(c.fact for c in conditions)}
    for name, value in given.items():
        if name not in known:
            yield Finding(shown(name), "unknown_fact", (("name", shown(name)),))
        elif code := _fault(policy.facts[name], value):
            yield Finding(name, code, (("words", policy.facts[name].words),))


def _fault(kind: FactKind, value: object) -> str | None:
    if kind.kind == "choice":
        return None if isinstance(value, str) and value in kind.choices else "not_a_choice"
    if kind.kind == "yes_no":
        return None if isinstance(value, bool) else "not_yes_no"
    if isinstance(value, bool) or not isinstance(value, int):
        return "not_fen" if kind.kind == "money" else "not_a_count"
    if value < 0:
        return "negative"
    return "too_much" if kind.kind == "money" and value > FEN_MAX else None
