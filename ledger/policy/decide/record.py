"""The stored record of a decision: its facts, terms, proof and digest.

The digest covers the clause's terms, the readings, the facts, the proof and the engine's version.
Years later the same facts and terms must give exactly the same record. A fact that must not be
stored (the talent programme somebody is in) is replaced by null; whoever knows it supplies it again
to replay the decision.
"""

from collections.abc import Callable, Collection, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any, NamedTuple

from ledger.errors import Refused
from ledger.formats.digest import digest as digest_of
from ledger.policy.decide.engine import decide
from ledger.policy.decide.tree import ChosenRate, Decision, JudgedCondition, Quotient, Step
from ledger.policy.text.clauses import Policy
from ledger.policy.text.published import digest, load

ENGINE = 1
"""The engine's version. Another one as soon as the same facts could give another record."""

Load = Callable[[str, Mapping[str, str]], Policy]
"""Loads a version with these readings, by question (`published.load`)."""

_OUTCOMES = ("amount_fen", "ceiling_fen", "posts")
_NONE: Mapping[str, object] = MappingProxyType({})


class Record(NamedTuple):
    """A decision in plain values, sums in fen, fractions as `1/50`."""

    engine: int
    policy: str
    clause: str
    terms: str  # the digest of the clause's binding terms
    readings: Mapping[str, str]  # question: the reading chosen
    facts: Mapping[str, object]  # as they were given; null: not kept
    result: str
    outcome: Mapping[str, int]
    proof: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """SHA-256 over all of it, in hexadecimal."""
        return digest_of(self._asdict())

    def as_json(self) -> dict[str, Any]:
        """The record and its digest, to be stored or sent."""
        return {**self._asdict(), "digest": self.digest}


def record(policy: Policy, decision: Decision, veiled: Collection[str] = ()) -> Record | None:
    """Record a decision; None if the facts were invalid.

    `veiled` names the facts that are not kept.
    """
    proof = decision.proof
    if proof is None:
        return None
    outcome = {name: getattr(decision, name) for name in _OUTCOMES}
    return Record(
        engine=ENGINE,
        policy=proof.version,
        clause=proof.clause.id,
        terms=digest(policy, proof.clause),
        readings={key: policy.questions[key].chosen for key in proof.questions},
        facts={name: None if name in veiled else v for name, v in proof.facts.items()},
        result=decision.result,
        outcome={name: value for name, value in outcome.items() if value is not None},
        proof={
            "conditions": [_condition(item, veiled) for item in proof.conditions],
            "steps": [_step(item) for item in proof.steps],
            "missing": list(decision.missing),
            "to_judge": [item.requirement.words for item in decision.to_judge],
            **_rate(proof.rate),
        },
    )


def _rate(choice: ChosenRate | None) -> dict[str, Any]:
    """Return the case whose rate applied; nothing of a clause's own rate, which is its terms'."""
    if choice is None or choice.case is None:
        return {}
    return {"rate": {"case": choice.case, "words": choice.words}}


def replay(
    saved: Mapping[str, Any], veiled: Mapping[str, object] = _NONE, load: Load = load
) -> Record | None:
    """Decide a stored record (`as_json`) again; `veiled` are the facts that were not stored.

    Raises:
        NotFound: there is no such version of the policy.
        Refused: another engine wrote it (`other_engine`), or its readings are not there.
    """
    if saved["engine"] != ENGINE:
        raise Refused("other_engine", engine=saved["engine"], here=ENGINE)
    policy = load(saved["policy"], saved["readings"])
    unkept = [name for name, value in saved["facts"].items() if value is None]
    facts = {name: veiled.get(name) if name in unkept else v for name, v in saved["facts"].items()}
    return record(policy, decide(policy, saved["clause"], facts), unkept)


def plain(value: object) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Convert a value of the proof to JSON: a fraction as `1/50`, a ratio as two quantities."""
    if isinstance(value, Quotient):
        return {"of": plain(value.of), "to": plain(value.to)}
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Fraction) else value


def _condition(condition: JudgedCondition, veiled: Collection[str]) -> dict[str, Any]:
    requirement = condition.requirement
    return {
        "article": condition.article,
        "words": requirement.words,
        "reading": requirement.reading,
        "fact": requirement.fact,
        "op": requirement.op,
        "value": plain(requirement.value),
        "given": None if requirement.fact in veiled else plain(condition.value),
        "state": condition.state,
        "missing": list(condition.missing),
        "bound": plain(condition.bound),
    }


def _step(step: Step) -> dict[str, Any]:
    return {name: plain(value) for name, value in step._asdict().items()}
