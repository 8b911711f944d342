"""Check that a version's figures are those of the words it quotes.

«达到5亿元（含）以上» is `>=` and 500000000.00元. A figure that its words do not name, or a bound
that they state otherwise, is a mistake in the file, unless a chosen reading sets it.
"""

from collections.abc import Iterator
from fractions import Fraction

from ledger.errors import Finding
from ledger.formats.yaml_with_lines import Place
from ledger.policy.text.clauses import Clause, Policy
from ledger.policy.text.conditions import Requirement
from ledger.policy.text.contradictions import kind_of
from ledger.policy.text.terms import Bound
from ledger.policy.text.wording import bound_words, figures, says

Number = int | Fraction


def faults(policy: Policy, place: Place) -> Iterator[Finding]:
    """Yield the figures and bounds that differ from their words."""
    readings = [question.readings[question.chosen] for question in policy.questions.values()]
    sets = {path for reading in readings for path in reading.sets}
    for i, clause in enumerate(policy.clauses):
        if not any(path.startswith(clause.id) for path in sets):
            at = place.at("clauses", i)
            yield from _conditions(policy, clause, at)
            yield from _amount(policy, clause, at.at("amount"))
    for key, pool in policy.pools.items():
        if f"pools.{key}.yuan" not in sets:
            yield from _figure(_yuan(pool.fen), pool.words, place.at("pools", key))


def _conditions(policy: Policy, clause: Clause, place: Place) -> Iterator[Finding]:
    yield from _figures(policy, clause.require, place)
    for i, case in enumerate(clause.amount.rate_cases):
        yield from _figures(policy, case.require, place.at("amount", "rates", "cases", i))
    if clause.selection:
        at = place.at("selection")
        yield from _figure(clause.selection.limit, clause.selection.words, at)


def _figures(
    policy: Policy, requirements: tuple[Requirement, ...], place: Place
) -> Iterator[Finding]:
    for i, requirement in enumerate(requirements):
        if requirement.reading is not None or isinstance(requirement.value, (bool, tuple)):
            continue
        at, money = place.at("require", i), kind_of(policy, requirement.fact) == "money"
        yield from _figure(
            _yuan(requirement.value) if money else requirement.value, requirement.words, at
        )
        yield from _bound(requirement.bound, requirement.words, at)


def _amount(policy: Policy, clause: Clause, place: Place) -> Iterator[Finding]:
    amount = clause.amount
    statements = [(amount.rate, amount.words, place)] if amount.rate is not None else []
    for i, case in enumerate(amount.rate_cases):
        statements.append((case.rate, case.words, place.at("rates", "cases", i)))
    money = kind_of(policy, amount.base or "") == "money"
    for rate, words, at in statements:
        yield from _figure(rate if money else _yuan(rate), words, at)
    if amount.cap is not None:
        yield from _figure(_yuan(amount.cap.fen), amount.cap.words, place.at("cap"))
    if amount.cap_per_year is not None:
        yearly = amount.cap_per_year
        yield from _figure(_yuan(yearly.fen), yearly.words, place.at("cap_per_year"))
    money = amount.kind != "quota"
    for i, band in enumerate(amount.bands):
        at = place.at("bands", i)
        yield from _figure(_yuan(band.low) if money else band.low, band.words, at)
        gives = _yuan(band.gives) if money else band.gives
        yield from _figure(gives, f"{band.words}；{amount.words}", at)
        yield from _bound(amount.bound, band.words, at)


def _figure(figure: Number, words: str, at: Place) -> Iterator[Finding]:
    if figure not in figures(words):
        yield at.at("words").finding("figure_unlike_words", figure=figure, words=words)


def _bound(bound: Bound | None, words: str, at: Place) -> Iterator[Finding]:
    meaning = says(words)
    if meaning is not None and meaning != bound:
        yield at.at("words").finding("bound_unlike_words", words="、".join(bound_words(words)))


def _yuan(fen: Number) -> Fraction:
    return Fraction(fen) / 100
