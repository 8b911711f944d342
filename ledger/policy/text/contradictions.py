"""Find contradictions within a policy file.

Unknown names, wrong quotations, bands with gaps or overlaps, figures of the wrong kind. The shapes
(`clauses.py`) check each entry by itself; here they are compared with each other.
"""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

from ledger.errors import Finding
from ledger.formats.yaml_with_lines import Place
from ledger.policy.text import intervals
from ledger.policy.text.amounts import Amount
from ledger.policy.text.clauses import Clause, Part, Policy, Scope
from ledger.policy.text.conditions import FactKind, Requirement
from ledger.policy.text.terms import BOUNDS

_COMPARISONS = tuple(BOUNDS)
OPERATORS: Mapping[str, tuple[str, ...]] = {
    "choice": ("in",), "yes_no": ("==",),
    "count": _COMPARISONS, "money": _COMPARISONS, "decimal": _COMPARISONS, "ratio": _COMPARISONS,
}  # fmt: skip


def of(policy: Policy, place: Place) -> Iterator[Finding]:
    """Yield every contradiction in a version."""
    clauses = [(clause, place.at("clauses", i)) for i, clause in enumerate(policy.clauses)]
    yield from _derivations(policy, place)
    yield from _conditions(policy.scope, place.at("scope"), policy)
    for i, (clause, at) in enumerate(clauses):
        yield from _conditions(clause, at, policy)
        for j, case in enumerate(clause.amount.rate_cases):
            where = at.at("amount", "rates", "cases", j)
            yield from _conditions(clause, where, policy, case.require)
            yield from _rate(where, clause, policy)
            if case.words not in clause.text:
                yield where.at("words").finding("not_in_text", article=clause.article)
        yield from _sum(clause, at.at("amount"), policy)
        yield from _cross_references(clause, at, policy)
        if clause.id in {earlier.id for earlier in policy.clauses[:i]}:
            yield at.at("id").finding("duplicate", first=clause.id)
    parts: list[tuple[Part, Place]] = [(policy.scope, place.at("scope")), *clauses]
    for part, at in (*parts, (policy.closing, place.at("closing"))):
        for i, name in enumerate(part.questions):
            if name not in policy.questions:
                yield at.at("questions", i).finding("unknown_question", name=name)
    yield from _beside(policy, place)
    yield from _questions(policy, place)


def kind_of(policy: Policy, fact: str) -> str | None:
    """Return the kind of a fact, given or derived; None if the file does not define it."""
    if fact in policy.facts:
        return policy.facts[fact].kind
    derivation = policy.derived.get(fact)
    if derivation is None:
        return None
    return "ratio" if derivation.ratio else kind_of(policy, derivation.plus[0])


def _derivations(policy: Policy, place: Place) -> Iterator[Finding]:
    for name, derivation in policy.derived.items():
        at = place.at("derived", name)
        if name in policy.facts:
            yield at.finding("duplicate", first=name)
        kind = "decimal" if derivation.ratio else "money"
        for fact in derivation.inputs:
            if fact not in policy.facts or policy.facts[fact].kind != kind:
                yield at.finding("unknown_fact", name=fact)
    for i, impossible in enumerate(policy.impossible):
        kinds = {kind_of(policy, fact) for fact in (*impossible.parts, impossible.whole)}
        if len(kinds) != 1 or not kinds <= {"money", "count", "decimal"}:
            yield place.at("impossible", i).finding("unknown_fact", name=impossible.whole)


def _conditions(
    part: Scope | Clause,
    place: Place,
    policy: Policy,
    of_rate: tuple[Requirement, ...] | None = None,
) -> Iterator[Finding]:
    """Check the conditions of a part, or those of one of its rates."""
    for i, requirement in enumerate(part.require if of_rate is None else of_rate):
        at = place.at("require", i)
        if requirement.words not in _quotable(part, requirement, policy):
            yield at.at("words").finding("not_in_text", article=part.article)
        kind = kind_of(policy, requirement.fact)
        if kind is None:
            yield at.at("fact").finding("unknown_fact", name=requirement.fact)
        elif requirement.op not in OPERATORS[kind]:
            yield at.at("op").finding("bad_choice", choices=", ".join(OPERATORS[kind]))
        else:
            yield from _threshold(requirement.value, kind, at.at("value"))
            choices = requirement.value if isinstance(requirement.value, tuple) else ()
            fact_kind = policy.facts.get(requirement.fact)
            yield from _choices((*choices, *requirement.judgement), fact_kind, at.at("value"))
        if requirement.unless:
            choices, where = requirement.unless.value, at.at("unless")
            yield from _choices(choices, policy.facts.get(requirement.unless.fact), where)


def _quotable(part: Part, requirement: Requirement, policy: Policy) -> str:
    """Return what a condition may quote: the sentence, or the reading that adds it."""
    question = policy.questions.get(requirement.reading or "")
    if question is None or question.chosen not in question.readings:
        return "" if requirement.reading else part.text
    return question.readings[question.chosen].words


def _threshold(value: object, kind: str, at: Place) -> Iterator[Finding]:
    """Check that sums, and only sums, have a unit, and counts no decimals."""
    if kind not in ("money", "count", "decimal", "ratio"):
        return
    text = at.node.value
    in_yuan = isinstance(text, str) and text.endswith("元")
    if in_yuan != (kind == "money") or (kind == "count" and isinstance(value, Fraction)):
        yield at.finding("bad_threshold", op=kind)


def _choices(values: Iterable[str], kind: FactKind | None, place: Place) -> Iterator[Finding]:
    choices = kind.choices if kind else {}
    for name in values:
        if name not in choices:
            yield place.finding("bad_choice", choices=", ".join(choices) or "-")


def _sum(clause: Clause, place: Place, policy: Policy) -> Iterator[Finding]:
    amount = clause.amount
    bases = {"rate": ("money", "decimal"), "quota": ("count",)}.get(amount.kind, ("money",))
    for key, kinds in (("base", bases), ("paid", ("money",)), ("limit", ("money",))):
        name = getattr(amount, key)
        if name is not None and kind_of(policy, name) not in kinds:
            yield place.at(key).finding("unknown_fact", name=name)
    if amount.rate is not None:
        yield from _rate(place, clause, policy)
    quotations = [(amount.words, place)]
    quotations += [(amount.cap.words, place.at("cap"))] if amount.cap else []
    if amount.cap_per_year:
        at_year = place.at("cap_per_year")
        quotations.append((amount.cap_per_year.words, at_year))
        if amount.cap and amount.cap_per_year.fen > amount.cap.fen:
            yield at_year.at("yuan").finding("year_cap_above_cap")
    quotations += [(band.words, place.at("bands", i)) for i, band in enumerate(amount.bands)]
    for words, at in quotations:
        if words not in clause.text:
            yield at.at("words").finding("not_in_text", article=clause.article)
    yield from _bands(amount, place)


def _rate(place: Place, clause: Clause, policy: Policy) -> Iterator[Finding]:
    """Check that a rate of a quantity, and only that, has a unit."""
    text = place.at("rate").node.value
    by_unit = isinstance(text, str) and text.endswith("元")
    if by_unit != (kind_of(policy, clause.amount.base or "") == "decimal"):
        yield place.at("rate").finding("bad_rate")


def _bands(amount: Amount, place: Place) -> Iterator[Finding]:
    """Check that bands cover the line from the first threshold: no gap, overlap or end."""
    kind = "quota" if amount.kind == "quota" else "money"
    for i, band in enumerate(amount.bands):
        at = place.at("bands", i)
        yield from _threshold(band.low, "count" if kind == "quota" else "money", at.at("from"))
        if isinstance(band.gives, Fraction) != (kind == "quota"):
            yield at.at("gives").finding("bad_rate")
    for i, code in intervals.faults(intervals.of_bands(amount)):
        end = "to" if code in ("band_empty", "band_ended") else "from"
        yield place.at("bands", i, end).finding(code)


def _cross_references(clause: Clause, place: Place, policy: Policy) -> Iterator[Finding]:
    if clause.pool is not None and clause.pool not in policy.pools:
        yield place.at("pool").finding("bad_choice", choices=", ".join(policy.pools) or "-")
    if clause.selection and clause.selection.words not in clause.text:
        yield place.at("selection", "words").finding("not_in_text", article=clause.article)
    for i, conflict in enumerate(clause.conflicts):
        at = place.at("conflicts", i)
        if policy.clause(conflict.clause) is None or conflict.clause == clause.id:
            yield at.at("with").finding("unknown_clause", name=conflict.clause)
        if conflict.question not in policy.questions:
            yield at.at("question").finding("unknown_question", name=conflict.question)


def _beside(policy: Policy, place: Place) -> Iterator[Finding]:
    """Check that pools quote their sentences, and the stacking rules the closing clause."""
    for key, pool in policy.pools.items():
        if pool.words not in pool.text:
            yield place.at("pools", key, "words").finding("not_in_text", article=pool.article)
    if policy.stacking.words not in policy.closing.text:
        at = place.at("stacking", "words")
        yield at.finding("not_in_text", article=policy.closing.article)
    for i, line in enumerate(policy.stacking.table):
        if policy.clause(line.clause) is None:
            yield place.at("stacking", "table", i).finding("unknown_clause", name=line.clause)


def _questions(policy: Policy, place: Place) -> Iterator[Finding]:
    """Check that a chosen reading exists, and that every question is used."""
    parts: tuple[Part, ...] = (policy.scope, *policy.clauses, policy.closing)
    question_ids = {name for part in parts for name in part.questions}
    for key, question in policy.questions.items():
        at = place.at("questions", key)
        if question.chosen not in question.readings:
            yield at.at("chosen").finding("bad_choice", choices=", ".join(question.readings))
        if key not in question_ids:
            yield at.finding("asked_nowhere", name=key)
