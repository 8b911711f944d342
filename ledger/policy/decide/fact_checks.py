"""Check facts, and derive facts from others.

Money is an integer number of fen, a count an integer, a yes or no a boolean, a choice one of its
words, a quantity with decimals a decimal string. Floats, exponents and booleans for numbers are
errors, and so are facts that contradict each other. A fact that is absent or None is missing; a
fact derived from a missing one has at most a bound.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from ledger.errors import Finding
from ledger.formats.findings import printable
from ledger.policy.decide.tree import Quotient
from ledger.policy.text.clauses import Clause, Policy
from ledger.policy.text.conditions import Derivation, FactKind
from ledger.units import FEN_MAX

COUNT_MAX = 10**36  # more is a typing error

_DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,12})?", re.ASCII)

Values = dict[str, Any]
Check = Callable[[object], str | None]


class Unknown(NamedTuple):
    """A derived fact with missing inputs: those inputs, and the most it can be."""

    facts: tuple[str, ...]
    most: int | None


def names(policy: Policy, clause: Clause) -> tuple[str, ...]:
    """Return the facts that a clause uses, the scope's first."""
    amount = clause.amount
    needed_names: list[str | None] = []
    for requirement in (*policy.scope.require, *clause.require, *amount.rate_conditions):
        needed_names += [requirement.fact, requirement.unless.fact if requirement.unless else None]
    needed_names += [amount.base, amount.limit, amount.paid]
    input_names: list[str] = []
    for name in needed_names:
        derivation = policy.derived.get(name or "")
        input_names += derivation.inputs if derivation else [name] if name else []
    return tuple(dict.fromkeys(input_names))


def checks(policy: Policy, names: Iterable[str]) -> dict[str, Check]:
    """Return, for each fact, the check of a value: a code, or None."""
    return {name: _check(policy.facts[name]) for name in names}


def faults(policy: Policy, checks: Mapping[str, Check], values: Values) -> Iterator[Finding]:
    """Yield one finding for each invalid fact."""
    wrong = set()
    for name, value in values.items():
        check = checks.get(name)
        if check is None:
            yield Finding(printable(name), "unknown_fact", (("name", printable(name)),))
        elif code := check(value):
            wrong.add(name)
            yield Finding(name, code, fault_params(policy.facts[name], code))
    numbers = {n: _number(v) for n, v in values.items() if n in checks and n not in wrong}
    for rule in policy.impossible:
        parts = [part for part in rule.parts if part in numbers]
        if parts and rule.whole in numbers and _sum(numbers, parts) > numbers[rule.whole]:
            yield Finding(parts[0], "impossible", (("words", rule.words),))


def _sum(numbers: Values, parts: Iterable[str]) -> Any:  # noqa: ANN401 - exact, of any kind
    return sum(numbers[part] for part in parts)


def fault_params(kind: FactKind, code: str) -> tuple[tuple[str, str], ...]:
    """Return what the message of a fact's fault says: its words, and which choices there are."""
    choices = (("choices", ", ".join(kind.choices)),) if code == "not_a_choice" else ()
    return (("words", kind.words), *choices)


def _number(value: object) -> Any:  # noqa: ANN401 - only those of `impossible` are used
    return Fraction(value) if isinstance(value, str) and _DECIMAL.fullmatch(value) else value


def _check(kind: FactKind) -> Check:
    if kind.kind == "choice":
        choices = frozenset(kind.choices)
        return lambda v: None if type(v) is str and v in choices else "not_a_choice"
    if kind.kind == "yes_no":
        return lambda v: None if v is True or v is False else "not_yes_no"
    if kind.kind == "decimal":
        return _decimal_fault
    return _money_fault if kind.kind == "money" else _count_fault


def _money_fault(value: object) -> str | None:
    if type(value) is not int:
        return "not_fen"
    if 0 <= value <= FEN_MAX:
        return None
    return "negative" if value < 0 else "too_much"


def _count_fault(value: object) -> str | None:
    if type(value) is not int:
        return "not_a_count"
    if 0 <= value <= COUNT_MAX:
        return None
    return "negative" if value < 0 else "too_much"


def _decimal_fault(value: object) -> str | None:
    if type(value) is not str or not _DECIMAL.fullmatch(value):
        return "not_decimal"
    return "negative" if value.startswith("-") else None


def derivation(name: str, formula: Derivation) -> Callable[[Values], None]:
    """Compile a derived fact: it sets the value, or the missing inputs and the bound."""
    if formula.ratio:
        of, to = formula.ratio.of, formula.ratio.to

        def ratio(values: Values) -> None:
            missing = tuple(fact for fact in (of, to) if fact not in values)
            values[name] = Unknown(missing, None) if missing else Quotient(values[of], values[to])

        return ratio
    plus, less = formula.plus, formula.less

    def difference(values: Values) -> None:
        missing = [fact for fact in plus if fact not in values]
        most = None
        if not missing:
            most = sum([values[fact] for fact in plus])
        for fact in less:
            if fact not in values:
                missing.append(fact)
            elif most is not None:
                most -= values[fact]
        values[name] = Unknown(tuple(missing), most) if missing else most

    return difference
