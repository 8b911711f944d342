"""What to look at in a simulation before deciding: the pool, the list, cliffs, exposure, questions.

Every table answers one question: what a shared pool leaves, who is on the list, where one step
of a fact changes much, which clauses have no upper bound, which sums depend on open questions.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from api.cli.answer import Block, Column, Heading, Pairs, Table
from api.cli.values import ABSENT, COUNT, MONEY, NUMBER, money
from api.language.i18n import SOURCE, language, msgid
from api.language.i18n import gettext as _
from api.language.labels import label_of
from ledger.policy.codes import PoolRule

Values = dict[str, Any]

_NEAREST = 3
_SIGNS = {">=": "≥", ">": ">", "<=": "≤", "<": "<"}


def _factor(pool: Values) -> str:
    return f"{int(Fraction(pool['factor']) * 1_000_000) / 10_000:.4f}%"


POOL = (
    Column(msgid("总额"), "fen", MONEY),
    Column(msgid("应给"), "asked_fen", MONEY),
    Column(msgid("实给"), "paid_fen", MONEY),
    Column(msgid("系数"), _factor),
)
RULES = (
    Column(msgid("办法"), "name"),
    Column(msgid("足额"), "full", COUNT),
    Column(msgid("部分"), "part", COUNT),
    Column(msgid("落空"), "nothing", COUNT),
    Column(msgid("最多少得"), "most_lost_fen", MONEY),
)
LISTS = (
    Column(msgid("条款"), "clause"),
    Column(msgid("名额"), "limit", NUMBER),
    Column(msgid("符合"), "eligible", COUNT),
    Column(msgid("应给"), "asked_fen", MONEY),
    Column(msgid("实给"), "paid_fen", MONEY),
)


def _fact(cliff: Values) -> str:
    return str(cliff["words"] if language() == SOURCE else cliff["fact"])


def _threshold(cliff: Values) -> str:
    return f"{_SIGNS[cliff['op']]} {_value(cliff, cliff['threshold'])}"


def _value(cliff: Values, value: int | str) -> str:
    if cliff["money"]:
        return money(int(value))
    exact = Fraction(value)
    return f"{int(exact):,}" if exact.denominator == 1 else f"{float(exact):g}"


def _sum(cliff: Values, name: str) -> str:
    """What is got before or after, or the difference; an award may be all or nothing."""
    if cliff["after"] is None:
        return ABSENT if name == "before" else _("整项")
    value = cliff[name]
    if cliff["gives"] == "posts":
        return _("{posts} 岗").format(posts=value)
    return ("≤ " if cliff["gives"] == "ceiling_fen" and value else "") + money(value)


CLIFFS = (
    Column(msgid("条款"), "clause"),
    Column(msgid("事实"), _fact),
    Column(msgid("门槛"), _threshold),
    Column(msgid("之前"), lambda c: _sum(c, "before"), NUMBER),
    Column(msgid("之后"), lambda c: _sum(c, "after"), NUMBER),
    Column(msgid("多得"), lambda c: _sum(c, "adds"), NUMBER),
    Column(msgid("差一点"), "short", COUNT),
    Column(msgid("刚过"), "past", COUNT),
    Column(msgid("最近的申请"), lambda c: "  ".join(n["number"] for n in c["nearest"][:_NEAREST])),
)


def _reason(exposure: Values) -> str:
    texts = {
        "pool": _("总额 {pool}"),
        "selection": _("至多 {limit} 个"),
        "in_kind": _("给岗位"),
        "winners": _("得主不限人数"),
        "no_cap": _("单笔无上限"),
        "negotiated": _("一事一议"),
    }
    return texts[exposure["why"]].format_map(exposure)


def _bound(exposure: Values) -> str:
    if exposure["why"] == "in_kind":
        return _("不付钱")
    return _("无上限") if exposure["bound_fen"] is None else money(exposure["bound_fen"])


EXPOSURE = (
    Column(msgid("条款"), "clause"),
    Column(msgid("依据"), _reason),
    Column(msgid("一年至多"), _bound, NUMBER),
    Column(msgid("单笔至多"), lambda row: row["each_fen"] or None, MONEY),
)
QUESTIONS = (
    Column(msgid("问题"), "question"),
    Column(msgid("认定"), "awards", COUNT),
    Column(msgid("实给"), "fen", MONEY),
    Column(msgid("上限之内"), "ceiling_fen", MONEY),
    Column(msgid("问"), "asks"),
)


def edges(version: Values, top: int) -> Iterator[Block]:
    """All of them, of one version."""
    for pool in version["pools"]:
        yield Heading(_("总额 {pool} 的摊薄").format(pool=pool["pool"]))
        yield from (Pairs(POOL, pool), "")
        yield Table(RULES, [_rule(rule, pool["rule"]) for rule in pool["rules"]])
    if version["lists"]:
        yield Heading(_("名额"))
        yield Table(LISTS, version["lists"])
    yield Heading(_("悬崖：差一步差多少，谁站在旁边（相差百分之一以内）"))
    yield Table(CLIFFS, version["cliffs"], msgid("没有悬崖"))
    yield Heading(_("敞口：一年最多要多少钱"))
    yield from _exposure(version["exposure"])
    yield Heading(_("依赖未裁定问题的金额"))
    yield from _questions(version, top)


def _rule(rule: Values, in_force: str) -> Values:
    """A rule of sharing by its name; one that needs ranks has no figures without them."""
    name = label_of(PoolRule, rule["rule"])
    name += _("（现行）") if rule["rule"] == in_force else ""
    if rule["ranked"]:
        return {**rule, "name": name}
    return {**dict.fromkeys(rule), "name": _("{rule}：名册没有名次").format(rule=name)}


def _exposure(exposure: Values) -> Iterator[Block]:
    yield Table(EXPOSURE, [clause for clause in exposure["clauses"] if clause["why"] != "support"])
    if (total := exposure["total_fen"]) is not None:
        yield _("合计至多 {total}").format(total=money(total))
        return
    text = _("\n没有合计：{clauses} 没有上限。有上限的各条合计至多 {sum}。")
    clauses = _("、").join(exposure["unbounded"])
    yield text.format(clauses=clauses, sum=money(exposure["bounded_fen"]))
    for clause in exposure["clauses"]:
        if clause["example_fen"] is not None:
            text = _("{clause} 单笔也没有上限：一个 100 兆瓦、PUE 1.15 的中心，一年就是 {sum}。")
            yield text.format(clause=clause["clause"], sum=money(clause["example_fen"]))


def _questions(version: Values, top: int) -> Iterator[Block]:
    """What rests on each; those that every clause rests on are named in one line."""
    open_questions = [question for question in version["questions"] if question["awards"]]
    always = [
        question["question"]
        for question in open_questions
        if question["clauses"] == len(version["clauses"])
    ]
    rest = [question for question in open_questions if question["question"] not in always]
    yield Table(QUESTIONS, rest[:top], msgid("没有金额依赖未裁定的问题"))
    if always:
        yield _("各条都涉及：{questions}").format(questions=" ".join(always))
    if len(rest) > top:
        yield _("另有 {count} 个，见 --json").format(count=len(rest) - top)
