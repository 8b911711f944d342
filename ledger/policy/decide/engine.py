"""The engine: decide a clause of a policy version on given facts.

The results: 符合; 不符合 (one condition known to fail is enough); 材料不足 (with the missing facts:
a missing fact is never zero and never «no»); 需人工认定 (a person must decide); or the facts
themselves are wrong. A version is compiled once, clause by clause; a decision then only looks up
and compares.
"""

import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from ledger.errors import Finding
from ledger.formats.findings import printable
from ledger.policy.codes import ConditionState, Result
from ledger.policy.decide import fact_checks
from ledger.policy.decide.fact_checks import Unknown, Values
from ledger.policy.decide.formulas import Formula, formula
from ledger.policy.decide.tree import (
    ChosenRate,
    Decision,
    JudgedCondition,
    Proof,
    Quotient,
)
from ledger.policy.text.clauses import Clause, Policy
from ledger.policy.text.conditions import Requirement
from ledger.policy.text.terms import Operator

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt,
}  # fmt: skip

Condition = Callable[[Values], JudgedCondition]


class _Ready(NamedTuple):
    """A compiled clause."""

    clause: Clause
    questions: tuple[str, ...]
    checks: Mapping[str, fact_checks.Check]
    impossible: tuple[tuple[tuple[str, ...], str], ...]
    decimals: tuple[str, ...]
    derive: tuple[Callable[[Values], None], ...]
    conditions: tuple[Condition, ...]
    formula_facts: tuple[str, ...]  # by the formula
    formulas: tuple[tuple[ChosenRate | None, Formula], ...]  # by rate, the clause's own first
    cases: tuple[tuple[Condition, ...], ...]  # of the other rates
    highest: bool
    negotiated: JudgedCondition | None


def decide(policy: Policy, clause: str, facts: Mapping[str, object]) -> Decision:
    """Decide a clause on these facts (their names and kinds: the policy's file, `facts`).

    Money is an integer number of fen, a count an integer, a yes or no a boolean, a choice one of
    its words, a quantity with decimals a decimal string. A fact that is absent or None is missing.
    Never raises for what users gave.
    """
    ready = _ready(policy).get(clause)
    if ready is None:
        unknown = Finding("clause", "unknown_clause", (("name", printable(clause)),))
        return Decision(Result.REJECTED, errors=(unknown,))
    present = {name: value for name, value in facts.items() if value is not None}
    values = None if _wrong(ready.checks, present) else _values(ready, present)
    if values is None or _impossible(ready, values):
        errors = tuple(fact_checks.faults(policy, ready.checks, present))
        return Decision(Result.REJECTED, errors=errors)
    return _decide_present(policy, ready, present, values)


def _decide_present(policy: Policy, ready: _Ready, present: Values, values: Values) -> Decision:
    conditions, unmet, to_judge = (
        list[JudgedCondition](),
        list[JudgedCondition](),
        list[JudgedCondition](),
    )
    missing: list[str] = []
    for judge in ready.conditions:
        condition = judge(values)
        conditions.append(condition)
        if condition.state != "met":
            if condition.state == "unmet":
                unmet.append(condition)
            elif condition.state == "judgement":
                to_judge.append(condition)
            missing += condition.missing
    missing += _missing(ready, values)
    rate_place, rate_facts, rate_judgements = _rate(ready, values)
    missing += rate_facts
    to_judge += rate_judgements
    if ready.negotiated and not unmet and not missing:
        to_judge.append(ready.negotiated)
    result: Result = Result.ELIGIBLE
    if unmet:
        result = Result.INELIGIBLE
    elif missing:
        result = Result.INSUFFICIENT
    elif to_judge:
        result = Result.JUDGEMENT
    rate, formula = ready.formulas[rate_place]
    outcome = formula(values) if result == "eligible" else _NO_AWARD
    steps, amount_fen, ceiling_fen, posts = outcome
    names = tuple(dict.fromkeys(missing)) if missing else ()
    proof = Proof(
        policy.version, ready.clause, present, tuple(conditions), steps, ready.questions,
        rate if result == "eligible" else None,
    )  # fmt: skip
    return Decision(
        result, tuple(unmet), names, tuple(to_judge), (), amount_fen, ceiling_fen, posts, proof
    )


def _rate(
    ready: _Ready, values: Values
) -> tuple[int, tuple[str, ...], tuple[JudgedCondition, ...]]:
    """Return which rate applies; or the facts, or the judgements, on which that depends.

    A rate does not apply where one of its conditions is known to fail. Of several that apply the
    highest counts, or the first, as the clause says; its own where none applies.
    """
    applying: list[int] = []
    missing: list[str] = []
    to_judge: list[JudgedCondition] = []
    for place, case in enumerate(ready.cases, start=1):
        conditions = [judge(values) for judge in case]
        states = {condition.state for condition in conditions}
        if ConditionState.UNMET in states:
            continue
        missing += [fact for condition in conditions for fact in condition.missing]
        to_judge += [c for c in conditions if c.state is ConditionState.JUDGEMENT]
        if states <= {ConditionState.MET, ConditionState.EXEMPT}:
            applying.append(place)
            if not ready.highest:
                break  # whatever follows, this is the first
    if ready.highest:
        applying.sort(key=lambda place: -_at(ready, place))
        if applying and _at(ready, applying[0]) <= _at(ready, 0):
            applying = []
    return (applying or [0])[0], tuple(missing), tuple(to_judge)


def _at(ready: _Ready, place: int) -> Fraction:
    choice = ready.formulas[place][0]
    return choice.rate if choice else Fraction(0)


_NO_AWARD: tuple[Any, None, None, None] = ((), None, None, None)


def _missing(ready: _Ready, values: Values) -> list[str]:
    """Return the facts that the formula needs and are missing."""
    missing: list[str] = []
    for name in ready.formula_facts:
        value = values.get(name)
        if value is None:
            missing.append(name)
        elif type(value) is Unknown:
            missing += value.facts
    return missing


def _wrong(checks: Mapping[str, fact_checks.Check], present: Values) -> bool:
    """Return whether any fact is invalid; which one is found out only then."""
    for name, value in present.items():
        check = checks.get(name)
        if check is None or check(value) is not None:
            return True
    return False


def _impossible(ready: _Ready, values: Values) -> bool:
    """Return whether parts exceed their whole."""
    for parts, whole in ready.impossible:
        if whole in values and sum([values.get(part, 0) for part in parts]) > values[whole]:
            return True
    return False


def _values(ready: _Ready, present: Values) -> Values:
    """Return the facts as numbers, with the derived ones."""
    if not ready.decimals and not ready.derive:
        return present
    values = dict(present)
    for name in ready.decimals:
        if name in values:
            text = values[name]
            values[name] = Fraction(text) if "." in text else int(text)
    for derive in ready.derive:
        derive(values)
    return values


def _ready(policy: Policy) -> Mapping[str, _Ready]:
    """Return the compiled version; compile again if it was copied with changes."""
    cached = (policy.__pydantic_private__ or {}).get("_compiled")  # asked directly: it is faster
    if cached is None or cached[0] is not policy:
        cached = (policy, {clause.id: _make(policy, clause) for clause in policy.clauses})
        policy._compiled = cached  # noqa: SLF001
    clauses: Mapping[str, _Ready] = cached[1]
    return clauses


def _make(policy: Policy, clause: Clause) -> _Ready:
    names = fact_checks.names(policy, clause)
    amount, scope = clause.amount, policy.scope
    requirements = [(c, scope.article) for c in scope.require]
    requirements += [(c, clause.article) for c in (*clause.require, *lowest(clause))]
    of_rates = {c.fact for c in amount.rate_conditions}
    derivation_names = {c.fact for c, _ in requirements} | of_rates | {amount.base, amount.limit}
    formula_facts = (amount.base, amount.limit, amount.paid)
    return _Ready(
        clause=clause,
        questions=policy.questions_of(clause),
        checks=fact_checks.checks(policy, names),
        impossible=tuple((i.parts, i.whole) for i in policy.impossible if i.whole in names),
        decimals=tuple(name for name in names if policy.facts[name].kind == "decimal"),
        derive=tuple(
            fact_checks.derivation(n, d) for n, d in policy.derived.items() if n in derivation_names
        ),
        conditions=tuple(_condition(policy, c, article) for c, article in requirements),
        formula_facts=tuple(name for name in formula_facts if name),
        formulas=_formulas(policy, clause),
        cases=tuple(
            tuple(_condition(policy, c, clause.article) for c in case.require)
            for case in amount.rate_cases
        ),
        highest=amount.rates is not None and amount.rates.combine == "highest",
        negotiated=_negotiated(clause) if amount.kind == "negotiated" else None,
    )


def _formulas(policy: Policy, clause: Clause) -> tuple[tuple[ChosenRate | None, Formula], ...]:
    """Compile the clause's formula, and beside it the same at each of its other rates."""
    amount, rounding = clause.amount, policy.rounding
    own = None if amount.rate is None else ChosenRate(amount.rate, amount.words, None)
    formulas: list[tuple[ChosenRate | None, Formula]] = [(own, formula(amount, rounding))]
    for place, case in enumerate(amount.rate_cases):
        at_its_rate = amount.model_copy(update={"rate": case.rate})
        choice = ChosenRate(case.rate, case.words, place)
        formulas.append((choice, formula(at_its_rate, rounding)))
    return tuple(formulas)


def lowest(clause: Clause) -> tuple[Requirement, ...]:
    """Return the condition implied by bands: the lowest one must be reached."""
    amount = clause.amount
    if not amount.bands:
        return ()
    first = amount.bands[0]
    op: Operator = ">=" if amount.bound == "included" else ">"
    requirement = Requirement.model_construct(
        fact=amount.base or "", op=op, value=first.low, bound=amount.bound, words=first.words
    )
    return (requirement,)


def _negotiated(clause: Clause) -> JudgedCondition:
    words = clause.amount.words
    requirement = Requirement.model_construct(fact="clause", op="==", value=True, words=words)
    return JudgedCondition(requirement, None, clause.article, ConditionState.JUDGEMENT)


def _condition(policy: Policy, requirement: Requirement, article: str) -> Condition:
    """Compile a condition: a table for few values, else a comparison."""
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
    choices = accepted if isinstance(accepted, tuple) else (accepted,)

    def state(value: object) -> ConditionState:
        if value in requirement.judgement:
            return ConditionState.JUDGEMENT
        return ConditionState.MET if value in choices else ConditionState.UNMET

    table = {value: JudgedCondition(requirement, value, article, state(value)) for value in values}
    fact = requirement.fact
    absent = JudgedCondition(requirement, None, article, ConditionState.OPEN, (fact,))
    return lambda values: table[values[fact]] if fact in values else absent


def _by_comparing(requirement: Requirement, article: str) -> Condition:
    fact, threshold = requirement.fact, requirement.value
    compare, at_least = _COMPARE[requirement.op], requirement.op in (">=", ">")
    absent = JudgedCondition(requirement, None, article, ConditionState.OPEN, (fact,))

    def judge(values: Values) -> JudgedCondition:
        value = values.get(fact)
        if value is None:
            return absent
        if type(value) is Unknown:
            most = value.most
            if at_least and most is not None and not compare(most, threshold):
                return JudgedCondition(requirement, None, article, ConditionState.UNMET, (), most)
            return JudgedCondition(
                requirement, None, article, ConditionState.OPEN, value.facts, most
            )
        return JudgedCondition(
            requirement,
            value,
            article,
            ConditionState.MET if compare(value, threshold) else ConditionState.UNMET,
        )

    return judge


def _by_multiplying(requirement: Requirement, article: str) -> Condition:
    """Compare a ratio: of / to < n / d exactly when of × d < n × to."""
    fact, compare = requirement.fact, _COMPARE[requirement.op]
    exact = Fraction(requirement.value) if isinstance(requirement.value, (int, Fraction)) else 0
    num, den = exact.numerator, exact.denominator

    def judge(values: Values) -> JudgedCondition:
        value: Quotient | Unknown = values[fact]
        if isinstance(value, Unknown):
            return JudgedCondition(requirement, None, article, ConditionState.OPEN, value.facts)
        is_met = compare(value.of * den, value.to * num)
        return JudgedCondition(
            requirement, value, article, ConditionState.MET if is_met else ConditionState.UNMET
        )

    return judge


def _unless(requirement: Requirement, article: str, judge: Condition) -> Condition:
    """Compile an exemption; if the subject is unknown, the condition stays open."""
    exempt = requirement.unless
    assert exempt is not None  # noqa: S101 - asked before
    subject_fact, exempt_values = exempt.fact, frozenset(exempt.value)

    def judge_unless(values: Values) -> JudgedCondition:
        condition = judge(values)
        if condition.state == "met":
            return condition
        if subject_fact not in values:
            return JudgedCondition(
                requirement,
                condition.value,
                article,
                ConditionState.OPEN,
                (subject_fact, *condition.missing),
            )
        if values[subject_fact] in exempt_values:
            return JudgedCondition(requirement, condition.value, article, ConditionState.EXEMPT)
        return condition

    return judge_unless
