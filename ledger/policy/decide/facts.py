"""Whether facts can be true at all, and what follows from them.

Money is an integer number of fen, a count an integer, a yes or no a boolean, a choice one of its
words, a quantity with decimals a decimal string. Nothing is guessed: a float, an exponent, a
boolean for a number is an error of its own, and so are facts that contradict each other. A fact
that is absent or None is missing; what follows from a missing fact has bounds at most.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from ledger.errors import Finding
from ledger.formats.yaml_with_lines import shown
from ledger.policy.decide.tree import Quotient
from ledger.policy.text.clauses import Clause, Policy
from ledger.policy.text.conditions import Derived, FactKind
from ledger.units import FEN_MAX

COUNT_MAX = 10**36  # more is a typing error

_DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,12})?", re.ASCII)

Values = dict[str, Any]
Check = Callable[[object], str | None]


class Lacking(NamedTuple):
    """In the place of a fact that follows from missing ones: those, and the most it can be."""

    facts: tuple[str, ...]
    most: int | None


def names(policy: Policy, clause: Clause) -> tuple[str, ...]:
    """The facts on which a clause is decided, the gate's first."""
    amount = clause.amount
    asked: list[str | None] = []
    for requirement in (*policy.scope.require, *clause.require):
        asked += [requirement.fact, requirement.unless.fact if requirement.unless else None]
    asked += [amount.base, amount.limit, amount.paid]
    found: list[str] = []
    for name in asked:
        derived = policy.derived.get(name or "")
        found += derived.inputs if derived else [name] if name else []
    return tuple(dict.fromkeys(found))


def checks(policy: Policy, known: Iterable[str]) -> dict[str, Check]:
    """For each fact that a clause knows, what is wrong with a value: a code, or None."""
    return {name: _check(policy.facts[name]) for name in known}


def faults(policy: Policy, known: Mapping[str, Check], given: Values) -> Iterator[Finding]:
    """What is wrong with the facts themselves: one finding for each that is."""
    wrong = set()
    for name, value in given.items():
        check = known.get(name)
        if check is None:
            yield Finding(shown(name), "unknown_fact", (("name", shown(name)),))
        elif code := check(value):
            wrong.add(name)
            yield _fault(name, code, policy.facts[name].words)
    numbers = {n: _number(v) for n, v in given.items() if n in known and n not in wrong}
    for one in policy.impossible:
        parts = [part for part in one.parts if part in numbers]
        if parts and one.whole in numbers and _sum(numbers, parts) > numbers[one.whole]:
            yield Finding(parts[0], "impossible", (("words", one.words),))


def _sum(numbers: Values, parts: Iterable[str]) -> Any:  # noqa: ANN401 - exact, of any kind
    return sum(numbers[part] for part in parts)


def _fault(name: str, code: str, words: str) -> Finding:
    return Finding(name, code, (("words", words),))


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


def derivation(name: str, derived: Derived) -> Callable[[Values], None]:
    """Put what follows into the values: the fact itself, or what is lacking and its bound."""
    if derived.ratio:
        of, to = derived.ratio.of, derived.ratio.to

        def ratio(values: Values) -> None:
            lacking = tuple(fact for fact in (of, to) if fact not in values)
            values[name] = Lacking(lacking, None) if lacking else Quotient(values[of], values[to])

        return ratio
    plus, less = derived.plus, derived.less

    def difference(values: Values) -> None:
        lacking = [fact for fact in plus if fact not in values]
        most = None
        if not lacking:
            most = sum([values[fact] for fact in plus])
        for fact in less:
            if fact not in values:
                lacking.append(fact)
            elif most is not None:
                most -= values[fact]
        values[name] = Lacking(tuple(lacking), most) if lacking else most

    return difference
