"""The annex for a legal office: a version at its edges, clause by clause, told in words.

Each clause stands under its sentence; a table tells for every figure what happens just below, at
and just above it, and which words of the sentence include it or do not. Nothing is computed here:
the cases and their figures come from `ledger/policy/analysis/boundaries.py`.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from api.cli.values import ABSENT
from api.language.i18n import gettext as _
from api.language.labels import labels
from api.policy.explain import wording
from ledger.policy.analysis.boundaries import ClauseEdges, Edge, Point, gate, prove
from ledger.policy.analysis.monotone import fail_conditions, falls, grid
from ledger.policy.analysis.reference import Outcome
from ledger.policy.analysis.rounds import shared
from ledger.policy.codes import Result
from ledger.policy.decide.explain import fact_name
from ledger.policy.decide.tree import Quotient
from ledger.policy.text.clauses import Citation, Clause, Policy
from ledger.policy.text.wording import bound_words


class Row(NamedTuple):
    """A case: the words, the bound and the fact are told once, in the first row of an edge."""

    words: str
    bound: str
    fact: str
    value: str
    result: str
    sum: str


class Section(NamedTuple):
    """A part of the version: its sentences, its cases, and what is to be said of them."""

    title: str
    quotations: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    edges: int
    cases: int
    wrong: int  # cases that did not come out as they must, and falls


class Annex(NamedTuple):
    """All of it."""

    policy: Policy
    sections: tuple[Section, ...]

    @property
    def wrong(self) -> int:
        """How much is not as it must be."""
        return sum(section.wrong for section in self.sections)


def annex(policy: Policy) -> Annex:
    """A version at all its edges."""
    everywhere = _("以下问题，每一条都涉及：")
    questions = _questions(policy, (*policy.scope.questions, *policy.closing.questions))
    gates = _("门槛（{article}）").format(article=policy.scope.article)
    whole = _section(policy, gates, [policy.scope], gate(policy), [everywhere, *questions])
    clauses = [_clause(policy, clause) for clause in policy.clauses]
    pools = list(policy.pools.values())
    together = _section(policy, _("总额与名额"), pools, shared(policy), ())
    return Annex(policy, (whole, *clauses, *([together] if together.rows else [])))


def titles() -> tuple[str, ...]:
    """The columns of a section's table."""
    return (
        _("原文用字"), _("含不含本数"), _("事实"),
        _("取值"), _("结果"), _("可得"),
    )  # fmt: skip


def _clause(policy: Policy, clause: Clause) -> Section:
    proof = prove(policy, clause)
    monotony, wrong = _check_monotony(policy, proof)
    notes = [*_fixed_facts(policy, proof), *monotony, *_questions(policy, clause.questions)]
    section = _section(
        policy, f"{clause.id} {clause.title}（{clause.article}）", [clause], proof.edges, notes
    )
    return section._replace(wrong=section.wrong + wrong + (proof.facts is None))


def _section(
    policy: Policy,
    title: str,
    quotations: Sequence[Citation],
    edges: Sequence[Edge],
    notes: Sequence[str],
) -> Section:
    points = [point for edge in edges for point in edge.points]
    return Section(
        title,
        tuple(quotation.text for quotation in quotations),
        tuple(row for edge in edges for row in _rows(policy, edge)),
        tuple(notes),
        len(edges),
        len(points),
        sum(not point.holds for point in points),
    )


def _rows(policy: Policy, edge: Edge) -> Iterator[Row]:
    words, bound, fact = edge.words, _bound(edge), _fact(policy, edge)
    for value, point in _edge_values(policy, edge):
        wrong = "" if point.holds else _("（与核对不符）")
        result = _results()[point.result] + wrong
        yield Row(words, bound, fact, value, result, _sum(point.outcome))
        words = bound = fact = ""


def _edge_values(policy: Policy, edge: Edge) -> Iterator[tuple[str, Point]]:
    """The values of an edge; choices on which the same is decided are told together."""
    if edge.kind != "choice":
        yield from ((_value(policy, edge, point), point) for point in edge.points)
        return
    fact = fact_name(policy, edge.fact)
    alike: dict[object, list[Point]] = {}
    for point in edge.points:
        alike.setdefault((point.result, point.outcome, point.holds), []).append(point)
    for points in alike.values():
        yield _("、").join(wording.value(fact, choice.value) for choice in points), points[0]


def _value(policy: Policy, edge: Edge, point: Point) -> str:
    side = {
        "below": _("低一步"), "at": _("正好"), "above": _("高一步"),
    }[point.side or "at"]  # fmt: skip
    if edge.kind == "selection":
        return _("{side}：第 {value} 个").format(side=side, value=point.value)
    if not edge.fact:
        assert isinstance(point.value, (int, Fraction))  # noqa: S101 - a sum
        return f"{side}：{wording.money(point.value)}"
    raw: object = point.value
    quotient = policy.derived.get(edge.fact)
    if quotient and quotient.ratio:
        of, to = (Fraction(str(point.facts[name])) for name in quotient.inputs)
        raw = Quotient(of, to)
    elif fact_name(policy, edge.fact).kind == "decimal":
        raw = Fraction(str(point.value))
    return f"{side}：{wording.value(fact_name(policy, edge.fact), raw)}"


def _fact(policy: Policy, edge: Edge) -> str:
    own = {
        "approval": _("评审核定的金额"),
        "pool": _("各家申请合计"),
        "applicant": _("同一申请人合计"),
        "selection": _("名单"),
    }
    if edge.kind in own:
        return own[edge.kind]
    label = wording.fact_label(fact_name(policy, edge.fact))
    if edge.kind == "cap":
        return _("{label}（首次达到上限）").format(label=label)
    return _("{label}（毛额不变）").format(label=label) if edge.kind == "deducted" else label


def _bound(edge: Edge) -> str:
    """Whether the figure itself is in, and the words that say so."""
    if edge.bound is None:
        return ""
    side = _("含") if edge.bound == "included" else _("不含")
    words = "".join(f"「{word}」" for word in bound_words(edge.words))
    return f"{side}{words}" if words else _("{told}（此处无明文）").format(told=side)


def _sum(outcome: Outcome) -> str:
    if outcome.amount_fen is not None:
        amount = wording.money(outcome.amount_fen)
        return _("{shown}（追回）").format(shown=amount) if outcome.amount_fen < 0 else amount
    if outcome.ceiling_fen is not None:
        most = wording.money(outcome.ceiling_fen)
        return _("不超过 {most}").format(most=most)
    if outcome.posts is not None:
        return _("{posts} 个岗位").format(posts=f"{outcome.posts:,}")
    return ABSENT


def _results() -> dict[str, str]:
    return labels(Result) | {
        "allowed": _("可以核定"),
        "refused": _("不予接受"),
        "in_full": _("全额支付"),
        "reduced": _("按规则减付"),
        "listed": _("列入名单"),
        "lost": _("未列入"),
    }


def _fixed_facts(policy: Policy, proof: ClauseEdges) -> Iterator[str]:
    """The facts that stay as they are where the table changes one."""
    if proof.facts is None:
        yield _("没有谁能符合全部条件。")
        return
    facts = [(fact_name(policy, name), value) for name, value in proof.facts.items()]
    texts = [
        f"{wording.fact_label(fixed_fact)} {wording.value(fixed_fact, value)}"
        for fixed_fact, value in facts
    ]
    yield _("其余事实取：{facts}。").format(facts=_("；").join(texts))


def _check_monotony(policy: Policy, proof: ClauseEdges) -> tuple[list[str], int]:
    """Whether more ever gives less, and whether anything is given where conditions fail."""
    if proof.facts is None:
        return [], 0
    lines = []
    values = grid(policy, proof.clause, proof.facts)
    fallen = falls(policy, proof.clause, proof.facts, values)
    if values and not fallen:
        count = len(values)
        lines.append(
            _("基数取 {count} 个值逐一试过：基数增加，所得不减。").format(count=count)
        )  # fmt: skip
    for fall in fallen:
        fact = fact_name(policy, fall.fact)
        smaller, larger = (wording.value(fact, v) for v in (fall.smaller, fall.larger))
        lines.append(
            _("基数增加而所得减少：{smaller} → {larger}。").format(smaller=smaller, larger=larger)
        )  # fmt: skip
    combinations, wrong = fail_conditions(policy, proof)
    text = _("任意一个或几个条件不符合，共 {tried} 种，{wrong}。")
    lines.append(text.format(tried=combinations, wrong=_none(len(wrong))))
    return lines, len(fallen) + len(wrong)


def _none(wrong: int) -> str:
    if not wrong:
        return _("都不给予")
    return _("有 {wrong} 种仍给予").format(wrong=wrong)


def _questions(policy: Policy, keys: Sequence[str]) -> Iterator[str]:
    for key in keys:
        question = policy.questions[key]
        reading = question.readings[question.chosen].words
        by, on = question.decided_by, question.decided_on
        decision = _("{by} {on} 裁定").format(by=by, on=on) if by else _("未裁定")
        yield _("{key} {asks} 采用「{reading}」，{decided}。").format(
            key=key, asks=question.asks, reading=reading, decided=decision
        )
