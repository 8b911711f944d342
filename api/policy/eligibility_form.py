"""The form of «我能申请什么»: the facts that the policy asks for, by article, and what was typed.

The policy's file says which facts there are, so a new version needs no new form. A fact that
several clauses share is asked for once; what was paid before is another sum for each clause. A
field left empty is a fact that is missing, never a nought.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from api.language.i18n import gettext as _
from api.messages.sentences import sentence
from api.policy.explain import wording
from ledger.policy.decide.explain import FactName, fact_name
from ledger.policy.decide.fact_checks import fault_params, names
from ledger.policy.decide.typed_facts import Keyed, keyed
from ledger.policy.text.clauses import Clause, Policy
from ledger.policy.text.conditions import FactKind


@dataclass(frozen=True)
class Field:
    """One fact in the form: what was typed, how it was understood, what is wrong with it."""

    name: str
    fact: FactName
    label: str
    typed: str
    value: Keyed
    understood: str
    fault: str
    unit: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Group:
    """The facts that an article is the first to ask for."""

    article: str
    titles: tuple[str, ...]
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Form:
    """The whole form as it was filled in."""

    groups: tuple[Group, ...]

    @property
    def fields(self) -> Mapping[str, Field]:
        """Every field by its name."""
        return {field.name: field for group in self.groups for field in group.fields}

    @property
    def faults(self) -> list[Field]:
        """The fields that cannot be read."""
        return [field for field in self.fields.values() if field.fault]

    @property
    def answers(self) -> list[Field]:
        """The fields that say something."""
        return [field for field in self.fields.values() if field.value is not None]


def form(policy: Policy, typed: Mapping[str, str]) -> Form:
    """The form of a version, with what was typed."""
    groups: list[Group] = []
    shown_names: set[str] = set()
    gate = list(dict.fromkeys(_gate(policy)))
    groups.append(_group(policy, policy.scope.article, (), gate, typed))
    shown_names |= set(gate)
    for article in dict.fromkeys(clause.article for clause in policy.clauses):
        clauses = [clause for clause in policy.clauses if clause.article == article]
        names = [name for clause in clauses for name in _fields(policy, clause)]
        new = [name for name in dict.fromkeys(names) if name not in shown_names]
        shown_names |= set(new)
        if new:
            titles = tuple(clause.title for clause in clauses)
            groups.append(_group(policy, article, titles, new, typed))
    return Form(tuple(groups))


def facts_of(policy: Policy, clause: Clause, form_values: Form) -> dict[str, Keyed]:
    """The facts of a clause, as the form says them."""
    fields = form_values.fields
    return {name.rpartition(".")[2]: fields[name].value for name in _fields(policy, clause)}


def _gate(policy: Policy) -> Iterator[str]:
    for requirement in policy.scope.require:
        yield requirement.fact
        if requirement.unless is not None:
            yield requirement.unless.fact


def _fields(policy: Policy, clause: Clause) -> Iterator[str]:
    """The names of a clause's fields: what was paid before is asked for under its own clause."""
    for name in names(policy, clause):
        yield f"{clause.id}.{name}" if name == clause.amount.paid else name


def _group(
    policy: Policy,
    article: str,
    titles: tuple[str, ...],
    names: list[str],
    typed: Mapping[str, str],
) -> Group:
    fields = tuple(_field(policy, name, typed.get(name, "")) for name in names)
    return Group(article, titles, fields)


def _field(policy: Policy, name: str, typed: str) -> Field:
    clause, _dot, key = name.rpartition(".")
    fact = fact_name(policy, key)
    value, code = keyed(policy.facts[key], typed)
    label = f"{wording.fact_label(fact)} ({clause})" if clause else wording.fact_label(fact)
    readable = value is not None and fact.kind in ("money", "count", "decimal")
    return Field(
        name=name,
        fact=fact,
        label=label,
        typed=typed,
        value=value,
        understood=wording.value(fact, value) if readable else "",
        fault=_fault(policy.facts[key], fact, code) if code else "",
        unit=wording.unit(fact),
        options=tuple(_options(fact)),
    )


def _fault(kind: FactKind, fact: FactName, code: str) -> str:
    """What is wrong with a field, in the reader's words for it."""
    return sentence(code, {**dict(fault_params(kind, code)), "words": wording.fact_label(fact)})


def _options(fact: FactName) -> Iterator[tuple[str, str]]:
    if fact.kind == "yes_no":
        yield "yes", _("是")
        yield "no", _("否")
    for choice in fact.choices:
        yield choice, wording.value(fact, choice)
