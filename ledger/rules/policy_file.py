"""Reading a policy file, strictly: all that contradicts itself is told, with its line.

A version either says everything itself, or `extends` another one: then it takes that one's clauses
word by word and adds dates, and decisions on the questions that were open.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from ledger.errors import Finding
from ledger.rules import document
from ledger.rules.clauses import (
    Clause,
    Decided,
    Extension,
    FactKind,
    FactType,
    Operator,
    Part,
    Policy,
    Question,
    Scope,
)
from ledger.rules.document import Place, line_of
from ledger.rules.spelling import fill

OPERATORS: Mapping[FactType, Operator] = {
    "choice": "in", "yes_no": "==", "count": ">=", "money": ">=",
}  # fmt: skip


def read(text: str, load: Callable[[str], Policy]) -> tuple[Policy | None, list[Finding]]:
    """A policy and all faults of its file, in the order of its lines; None where it cannot be used.

    `load` gives the version that an extension names, or raises NotFound.
    """
    root, findings = document.read(text)
    if root is None:
        return None, findings
    place = Place(root)
    policy: Policy | None
    if root.child("extends"):
        made, faults = fill(Extension, place)
        policy = _extend(made, load(made.extends)) if made else None
        faults += _decision_faults(made.decisions, policy, place) if made and policy else []
    else:
        policy, faults = fill(Policy, place)
        faults += _contradictions(policy, place) if policy else []
    findings = sorted([*findings, *faults], key=line_of)
    return None if findings else policy, findings


def _extend(made: Extension, base: Policy) -> Policy:
    decided = {
        key: question.model_copy(update=dict(made.decisions[key]))
        for key, question in base.questions.items()
        if key in made.decisions
    }
    own = {
        "version": made.version,
        "title": made.title,
        "drill": made.drill,
        "effective": made.effective,
        "questions": {**base.questions, **decided},
    }
    return base.model_copy(update=own)


def _decision_faults(
    decisions: Mapping[str, Decided], policy: Policy, place: Place
) -> Iterator[Finding]:
    for key in decisions:
        at = place.at("decisions", key)
        if key not in policy.questions:
            yield at.finding("unknown_question", name=key)
        else:
            yield from _chosen(policy.questions[key], at)


def _contradictions(policy: Policy, place: Place) -> Iterator[Finding]:
    clauses = [(clause, place.at("clauses", i)) for i, clause in enumerate(policy.clauses)]
    yield from _conditions(policy.scope, place.at("scope"), policy)
    for i, (clause, at) in enumerate(clauses):
        yield from _conditions(clause, at, policy)
        yield from _sum(clause, at.at("amount"), policy.facts)
        if clause.id in {earlier.id for earlier in policy.clauses[:i]}:
            yield at.at("id").finding("duplicate", first=clause.id)
    parts: list[tuple[Part, Place]] = [(policy.scope, place.at("scope")), *clauses]
    for part, at in (*parts, (policy.closing, place.at("closing"))):
        for i, name in enumerate(part.questions):
            if name not in policy.questions:
                yield at.at("questions", i).finding("unknown_question", name=name)
    for key, question in policy.questions.items():
        yield from _chosen(question, place.at("questions", key))


def _conditions(part: Scope | Clause, place: Place, policy: Policy) -> Iterator[Finding]:
    for i, requirement in enumerate(part.require):
        at = place.at("require", i)
        if requirement.words not in part.text:
            yield at.at("words").finding("not_in_text", article=part.article)
        kind = policy.facts.get(requirement.fact)
        if kind is None:
            yield at.at("fact").finding("unknown_fact", name=requirement.fact)
        elif OPERATORS[kind.kind] != requirement.op:
            yield at.at("op").finding("bad_choice", choices=OPERATORS[kind.kind])
        else:
            named = requirement.value if isinstance(requirement.value, tuple) else ()
            yield from _choices((*named, *requirement.judgement), kind, at.at("value"))
        if requirement.unless:
            named, where = requirement.unless.value, at.at("unless")
            yield from _choices(named, policy.facts.get(requirement.unless.fact), where)


def _choices(named: Iterable[str], kind: FactKind | None, place: Place) -> Iterator[Finding]:
    choices = kind.choices if kind else {}
    for name in named:
        if name not in choices:
            yield place.finding("bad_choice", choices=", ".join(choices) or "-")


def _sum(clause: Clause, place: Place, facts: Mapping[str, FactKind]) -> Iterator[Finding]:
    amount = clause.amount
    for key in ("base", "paid"):
        name = getattr(amount, key)
        if name not in facts or facts[name].kind != "money":
            yield place.at(key).finding("unknown_fact", name=name)
    for words, at in ((amount.words, place), (amount.cap.words, place.at("cap"))):
        if words not in clause.text:
            yield at.at("words").finding("not_in_text", article=clause.article)


def _chosen(question: Question, at: Place) -> Iterator[Finding]:
    if question.chosen not in question.readings:
        yield at.at("chosen").finding("bad_choice", choices=", ".join(question.readings))
