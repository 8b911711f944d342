"""The annex for a legal office: a version at its edges, clause by clause, told in words.

Each clause stands under its sentence; a table tells for every figure what happens just below, at
and just above it, and which words of the sentence include it or do not. Nothing is worked out here:
the cases come from `ledger/policy/analysis/boundaries.py`, and everything that is printed is
theirs.
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
    asked = _questions(policy, (*policy.scope.questions, *policy.closing.questions))
    gates = _("门槛（{article}）").format(article=policy.scope.article)
    whole = _section(policy, gates, [policy.scope], gate(policy), [everywhere, *asked])
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
    told, wrong = _grown(policy, proof)
    notes = [*_others(policy, proof), *told, *_questions(policy, clause.questions)]
    made = _section(
        policy, f"{clause.id} {clause.title}（{clause.article}）", [clause], proof.edges, notes
    )
    return made._replace(wrong=made.wrong + wrong + (proof.facts is None))


def _section(
    policy: Policy,
    title: str,
    quoted: Sequence[Citation],
    edges: Sequence[Edge],
    notes: Sequence[str],
) -> Section:
    points = [point for edge in edges for point in edge.points]
    return Section(
        title,
        tuple(one.text for one in quoted),
        tuple(row for edge in edges for row in _rows(policy, edge)),
        tuple(notes),
        len(edges),
        len(points),
        sum(not point.holds for point in points),
    )


def _rows(policy: Policy, edge: Edge) -> Iterator[Row]:
    words, bound, fact = edge.words, _bound(edge), _fact(policy, edge)
    for value, point in _told(policy, edge):
        wrong = "" if point.holds else _("（与核对不符）")
        result = _results()[point.result] + wrong
        yield Row(words, bound, fact, value, result, _sum(point.outcome))
        words = bound = fact = ""


def _told(policy: Policy, edge: Edge) -> Iterator[tuple[str, Point]]:
    """The values of an edge; choices on which the same is decided are told together."""
    if edge.kind != "choice":
        yield from ((_value(policy, edge, point), point) for point in edge.points)
        return
    fact = fact_name(policy, edge.fact)
    alike: dict[object, list[Point]] = {}
    for point in edge.points:
        alike.setdefault((point.result, point.outcome, point.holds), []).append(point)
    for points in alike.values():
        yield _("、").join(wording.value(fact, one.value) for one in points), points[0]


def _value(policy: Policy, edge: Edge, point: Point) -> str:
    side = {
        "below": _("低一步"), "at": _("正好"), "above": _("高一步"),
    }[point.side or "at"]  # fmt: skip
    if edge.kind == "selection":
        return _("{side}：第 {value} 个").format(side=side, value=point.value)
    if not edge.fact:
        assert isinstance(point.value, (int, Fraction))  # noqa: S101 - a sum
        return f"{side}：{wording.money(point.value)}"
    given: object = point.value
    derived = policy.derived.get(edge.fact)
    if derived and derived.ratio:
        of, to = (Fraction(str(point.facts[name])) for name in derived.inputs)
        given = Quotient(of, to)
    elif fact_name(policy, edge.fact).kind == "decimal":
        given = Fraction(str(point.value))
    return f"{side}：{wording.value(fact_name(policy, edge.fact), given)}"


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
    told = _("含") if edge.bound == "included" else _("不含")
    said = "".join(f"「{word}」" for word in bound_words(edge.words))
    return f"{told}{said}" if said else _("{told}（此处无明文）").format(told=told)


def _sum(outcome: Outcome) -> str:
    if outcome.amount_fen is not None:
        shown = wording.money(outcome.amount_fen)
        return _("{shown}（追回）").format(shown=shown) if outcome.amount_fen < 0 else shown
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


def _others(policy: Policy, proof: ClauseEdges) -> Iterator[str]:
    """The facts that stay as they are where the table changes one."""
    if proof.facts is None:
        yield _("没有谁能符合全部条件。")
        return
    facts = [(fact_name(policy, name), value) for name, value in proof.facts.items()]
    told = [f"{wording.fact_label(one)} {wording.value(one, value)}" for one, value in facts]
    yield _("其余事实取：{facts}。").format(facts=_("；").join(told))


def _grown(policy: Policy, proof: ClauseEdges) -> tuple[list[str], int]:
    """Whether more ever gives less, and whether anything is given where conditions fail."""
    if proof.facts is None:
        return [], 0
    told = []
    values = grid(policy, proof.clause, proof.facts)
    fallen = falls(policy, proof.clause, proof.facts, values)
    if values and not fallen:
        count = len(values)
        told.append(
            _("基数取 {count} 个值逐一试过：基数增加，所得不减。").format(count=count)
        )  # fmt: skip
    for fall in fallen:
        fact = fact_name(policy, fall.fact)
        smaller, larger = (wording.value(fact, v) for v in (fall.smaller, fall.larger))
        told.append(
            _("基数增加而所得减少：{smaller} → {larger}。").format(smaller=smaller, larger=larger)
        )  # fmt: skip
    tried, wrong = fail_conditions(policy, proof)
    text = _("任意一个或几个条件不符合，共 {tried} 种，{wrong}。")
    told.append(text.format(tried=tried, wrong=_none(len(wrong))))
    return told, len(fallen) + len(wrong)


def _none(wrong: int) -> str:
    if not wrong:
        return _("都不给予")
    return _("有 {wrong} 种仍给予").format(wrong=wrong)


def _questions(policy: Policy, keys: Sequence[str]) -> Iterator[str]:
    for key in keys:
        question = policy.questions[key]
        reading = question.readings[question.chosen].words
        by, on = question.decided_by, question.decided_on
        decided = _("{by} {on} 裁定").format(by=by, on=on) if by else _("未裁定")
        yield _("{key} {asks} 采用「{reading}」，{decided}。").format(
            key=key, asks=question.asks, reading=reading, decided=decided
        )
