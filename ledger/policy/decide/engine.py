"""The engine: what a version of the policy says about somebody's facts.

It answers as the clerks do: 符合, 不符合 (one condition known to fail is enough, whatever else is
missing), 材料不足 (naming what is missing: a fact that was not given is never zero and never «no»),
需人工认定 (a person must decide, and no machine does it instead), or that the facts themselves are
wrong. A version is made ready once, clause by clause; a decision then only looks up and compares.
"""

import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from ledger.errors import Finding
from ledger.formats.yaml_with_lines import shown
from ledger.policy.decide import facts as told
from ledger.policy.decide.facts import Lacking, Values
from ledger.policy.decide.formulas import Formula, formula
from ledger.policy.decide.tree import Decision, Judged, Proof, Quotient, Result, State
from ledger.policy.text.clauses import Clause, Policy
from ledger.policy.text.conditions import Requirement
from ledger.policy.text.terms import Operator

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt,
}  # fmt: skip

Condition = Callable[[Values], Judged]


class _Ready(NamedTuple):
    """A clause made ready to decide."""

    clause: Clause
    questions: tuple[str, ...]
    checks: Mapping[str, told.Check]
    impossible: tuple[tuple[tuple[str, ...], str], ...]
    decimals: tuple[str, ...]
    derive: tuple[Callable[[Values], None], ...]
    conditions: tuple[Condition, ...]
    needed: tuple[str, ...]  # by the formula
    formula: Formula
    negotiated: Judged | None


def decide(policy: Policy, clause: str, facts: Mapping[str, object]) -> Decision:
    """Decide a clause on these facts (their names and kinds: the policy's file, `facts`).

    Money is an integer number of fen, a count an integer, a yes or no a boolean, a choice one of
    its words, a quantity with decimals a decimal string. A fact that is absent or None is missing.
    Never raises for what users gave.
    """
    ready = _ready(policy).get(clause)
    if ready is None:
        unknown = Finding("clause", "unknown_clause", (("name", shown(clause)),))
        return Decision("rejected", errors=(unknown,))
    given = {name: value for name, value in facts.items() if value is not None}
    values = None if _wrong(ready.checks, given) else _values(ready, given)
    if values is None or _impossible(ready, values):
        errors = tuple(told.faults(policy, ready.checks, given))
        return Decision("rejected", errors=errors)
    return _decided(policy, ready, given, values)


def _decided(policy: Policy, ready: _Ready, given: Values, values: Values) -> Decision:
    conditions, unmet, to_judge = list[Judged](), list[Judged](), list[Judged]()
    missing: list[str] = []
    for judge in ready.conditions:
        judged = judge(values)
        conditions.append(judged)
        if judged.state != "met":
            if judged.state == "unmet":
                unmet.append(judged)
            elif judged.state == "judgement":
                to_judge.append(judged)
            missing += judged.missing
    missing += _missing(ready, values)
    if ready.negotiated and not unmet and not missing:
        to_judge.append(ready.negotiated)
    result: Result = "eligible"
    if unmet:
        result = "ineligible"
    elif missing:
        result = "insufficient"
    elif to_judge:
        result = "judgement"
    outcome = ready.formula(values) if result == "eligible" else _NOTHING
    steps, amount_fen, ceiling_fen, posts = outcome
    named = tuple(dict.fromkeys(missing)) if missing else ()
    proof = Proof(
        policy.version, ready.clause, given, tuple(conditions), steps, ready.questions
    )  # fmt: skip
    return Decision(
        result, tuple(unmet), named, tuple(to_judge), (), amount_fen, ceiling_fen, posts, proof
    )


_NOTHING: tuple[Any, None, None, None] = ((), None, None, None)


def _missing(ready: _Ready, values: Values) -> list[str]:
    """What the formula needs and does not have."""
    missing: list[str] = []
    for name in ready.needed:
        value = values.get(name)
        if value is None:
            missing.append(name)
        elif type(value) is Lacking:
            missing += value.facts
    return missing


def _wrong(checks: Mapping[str, told.Check], given: Values) -> bool:
    """Whether a fact is wrong by itself; which one, and how, is worked out only then."""
    for name, value in given.items():
        check = checks.get(name)
        if check is None or check(value) is not None:
            return True
    return False


def _impossible(ready: _Ready, values: Values) -> bool:
    """Whether the parts of something are more than the whole of it."""
    for parts, whole in ready.impossible:
        if whole in values and sum([values.get(part, 0) for part in parts]) > values[whole]:
            return True
    return False


def _values(ready: _Ready, given: Values) -> Values:
    """The facts as numbers, and what follows from them."""
    if not ready.decimals and not ready.derive:
        return given
    values = dict(given)
    for name in ready.decimals:
        if name in values:
            text = values[name]
            values[name] = Fraction(text) if "." in text else int(text)
    for derive in ready.derive:
        derive(values)
    return values


def _ready(policy: Policy) -> Mapping[str, _Ready]:
    """The version made ready; again after it was copied with changes."""
    kept = (policy.__pydantic_private__ or {}).get("_compiled")  # asked directly: it is faster
    if kept is None or kept[0] is not policy:
        kept = (policy, {clause.id: _make(policy, clause) for clause in policy.clauses})
        policy._compiled = kept  # noqa: SLF001
    made: Mapping[str, _Ready] = kept[1]
    return made


def _make(policy: Policy, clause: Clause) -> _Ready:
    known = told.names(policy, clause)
    amount, scope = clause.amount, policy.scope
    asked = [(c, scope.article) for c in scope.require]
    asked += [(c, clause.article) for c in (*clause.require, *lowest(clause))]
    used = {c.fact for c, _ in asked} | {amount.base, amount.limit}
    needed = (amount.base, amount.limit, amount.paid)
    return _Ready(
        clause=clause,
        questions=policy.asked(clause),
        checks=told.checks(policy, known),
        impossible=tuple((i.parts, i.whole) for i in policy.impossible if i.whole in known),
        decimals=tuple(name for name in known if policy.facts[name].kind == "decimal"),
        derive=tuple(told.derivation(n, d) for n, d in policy.derived.items() if n in used),
        conditions=tuple(_condition(policy, c, article) for c, article in asked),
        needed=tuple(name for name in needed if name),
        formula=formula(amount, policy.rounding),
        negotiated=_negotiated(clause) if amount.kind == "negotiated" else None,
    )


def lowest(clause: Clause) -> tuple[Requirement, ...]:
    """The condition that lies in bands: the lowest one must be reached."""
    amount = clause.amount
    if not amount.bands:
        return ()
    first = amount.bands[0]
    op: Operator = ">=" if amount.bound == "included" else ">"
    made = Requirement.model_construct(
        fact=amount.base or "", op=op, value=first.low, bound=amount.bound, words=first.words
    )
    return (made,)


def _negotiated(clause: Clause) -> Judged:
    words = clause.amount.words
    agreed = Requirement.model_construct(fact="clause", op="==", value=True, words=words)
    return Judged(agreed, None, clause.article, "judgement")


def _condition(policy: Policy, requirement: Requirement, article: str) -> Condition:
    """How a condition is judged: by a table where the values are few, else by comparing."""
    fact = policy.facts.get(requirement.fact)
    if fact is not None and fact.kind in ("yes_no", "choice"):
        judge = _by_table(requirement, article, fact.choices or (True, False))
    elif fact is None and policy.derived[requirement.fact].ratio:
        judge = _by_multiplying(requirement, article)
    else:
        judge = _by_comparing(requirement, article)
    return judge if requirement.unless is None else _unless(requirement, article, judge)


def _by_table(requirement: Requirement, article: str, values: Any) -> Condition:  # noqa: ANN401
    accepted: Any = requirement.value
    wanted = accepted if isinstance(accepted, tuple) else (accepted,)

    def state(value: object) -> State:
        if value in requirement.judgement:
            return "judgement"
        return "met" if value in wanted else "unmet"

    table = {value: Judged(requirement, value, article, state(value)) for value in values}
    fact = requirement.fact
    absent = Judged(requirement, None, article, "open", (fact,))
    return lambda values: table[values[fact]] if fact in values else absent


def _by_comparing(requirement: Requirement, article: str) -> Condition:
    fact, threshold = requirement.fact, requirement.value
    compare, at_least = _COMPARE[requirement.op], requirement.op in (">=", ">")
    absent = Judged(requirement, None, article, "open", (fact,))

    def judge(values: Values) -> Judged:
        value = values.get(fact)
        if value is None:
            return absent
        if type(value) is Lacking:
            most = value.most
            if at_least and most is not None and not compare(most, threshold):
                return Judged(requirement, None, article, "unmet", (), most)
            return Judged(requirement, None, article, "open", value.facts, most)
        return Judged(requirement, value, article, "met" if compare(value, threshold) else "unmet")

    return judge


def _by_multiplying(requirement: Requirement, article: str) -> Condition:
    """A ratio: of / to < n / d exactly when of × d < n × to."""
    fact, compare = requirement.fact, _COMPARE[requirement.op]
    exact = Fraction(requirement.value) if isinstance(requirement.value, (int, Fraction)) else 0
    num, den = exact.numerator, exact.denominator

    def judge(values: Values) -> Judged:
        value: Quotient | Lacking = values[fact]
        if isinstance(value, Lacking):
            return Judged(requirement, None, article, "open", value.facts)
        met = compare(value.of * den, value.to * num)
        return Judged(requirement, value, article, "met" if met else "unmet")

    return judge


def _unless(requirement: Requirement, article: str, judge: Condition) -> Condition:
    """A condition that some need not meet; who does not say who they are may be one of them."""
    exempt = requirement.unless
    assert exempt is not None  # noqa: S101 - asked before
    who, exempted = exempt.fact, frozenset(exempt.value)

    def judged(values: Values) -> Judged:
        found = judge(values)
        if found.state == "met":
            return found
        if who not in values:
            return Judged(requirement, found.given, article, "open", (who, *found.missing))
        if values[who] in exempted:
            return Judged(requirement, found.given, article, "exempt")
        return found

    return judged
