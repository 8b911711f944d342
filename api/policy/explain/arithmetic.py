"""How an award was worked out, step by step, and what else holds it: cap, pool, list, conflicts."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from api.language.i18n import gettext as _
from api.language.labels import label
from api.policy.explain import wording
from ledger.policy.decide.explain import Explanation, Sum
from ledger.policy.decide.record import plain
from ledger.policy.text.amounts import Cap, Per
from ledger.policy.text.clauses import Clause, Policy


def arithmetic(found: Explanation) -> Iterator[dict[str, Any]]:
    """The steps that change something, each in a line."""
    if found.clause is None:
        return
    for one in found.sums:
        if one.step.kind == "round" and one.before == one.step.value:
            continue
        yield {
            "kind": one.step.kind,
            "quote": one.words,
            "name": one.fact.words if one.fact else "",
            "label": wording.fact_label(one.fact) if one.fact else "",
            "by": plain(one.step.by),
            "value": plain(one.step.value),
            "text": _step(found, found.clause, one),
        }


def _step(found: Explanation, clause: Clause, one: Sum) -> str:
    kind, base = one.step.kind, found.sums[0]
    if kind in ("cap", "band", "none_reached"):
        return _cap(clause, one) if kind == "cap" else _band(clause, one)
    if kind in ("base", "paid"):
        return _base(one) if kind == "base" else _paid(one)
    if kind in ("rate", "round"):
        return _rate(base, one) if kind == "rate" else _round(found.policy, one)
    return _other(clause, base, one)


def _base(one: Sum) -> str:
    assert one.fact is not None  # noqa: S101 - a base is a fact
    total = wording.value(one.fact, one.step.value)
    if not one.facts:
        return total
    told = ""
    for part in one.facts:
        sign = "−" if part.less else "+"
        told += f" {sign} " if told else ""
        told += wording.value(part.fact, part.value)
    return f"{told} = {total}"


def _rate(base: Sum, one: Sum) -> str:
    rate = Fraction(one.step.by or 0)
    assert base.fact is not None  # noqa: S101 - a base is a fact
    by_unit = base.fact.kind != "money"  # so much for each unit, not a share
    times = wording.money(rate) if by_unit else wording.share(rate)
    before = wording.value(base.fact, one.before)
    return f"{before} × {times} = {wording.money(Fraction(one.step.value))}"


def _round(policy: Policy, one: Sum) -> str:
    mode = {"half_up": _("四舍五入到{unit}"), "down": _("舍去{unit}以下")}[policy.rounding.mode]
    how = mode.format(unit=label(policy.rounding.unit))
    return f"{how} = {wording.money(one.step.value)}"


def _cap(clause: Clause, one: Sum) -> str:
    cap = wording.money(one.step.by or 0)
    counted = counted_for(clause.amount.unit)
    if clause.amount.kind == "ceiling":
        return _("最高 {cap}（{counted}）").format(cap=cap, counted=counted)
    if one.before > one.step.value:
        return _("超过上限 {cap}（{counted}），取上限").format(cap=cap, counted=counted)
    if one.before == one.step.by:
        return _("恰好到上限 {cap}（{counted}）").format(cap=cap, counted=counted)
    return _("未到上限 {cap}（{counted}）").format(cap=cap, counted=counted)


def _band(clause: Clause, one: Sum) -> str:
    if one.step.kind == "none_reached":
        return _("没有到任何一档")
    number = (one.step.by if isinstance(one.step.by, int) else 0) + 1
    if clause.amount.kind == "quota":
        return _("达到第 {n} 档：{gives}").format(
            n=number, gives=wording.share(Fraction(one.step.value))
        )
    if clause.amount.mode == "accumulate":
        return _("达到第 {n} 档，累计 {gives}").format(
            n=number, gives=wording.money(one.step.value)
        )
    return _("达到第 {n} 档：{gives}").format(n=number, gives=wording.money(one.step.value))


def _paid(one: Sum) -> str:
    before, paid, left = one.before, one.step.by or 0, one.step.value
    if left < 0:
        told = _("{before} − 此前已兑付 {paid} = {left}，应追回")
    elif left == before - paid:
        told = _("{before} − 此前已兑付 {paid} = {left}")
    else:
        told = _("{before}，此前已兑付 {paid}，再给 {left}")
    return told.format(
        before=wording.money(before), paid=wording.money(paid), left=wording.money(left)
    )


def _other(clause: Clause, base: Sum, one: Sum) -> str:
    """The limit of a ceiling; a share of the seats, and whole posts of it."""
    if one.step.kind == "limit":
        limit, left = wording.money(one.step.by or 0), wording.money(one.step.value)
        return _("且不超过 {limit}：取 {left}").format(limit=limit, left=left)
    value = wording.figure(one.step.value)
    if one.step.kind == "floor":
        return _("取整 = {posts} 个").format(posts=value)
    if clause.amount.mode == "marginal":
        return _("分段计算 = {value}").format(value=value)
    assert base.fact is not None  # noqa: S101 - a base is a fact
    seats = wording.value(base.fact, base.step.value)
    return f"{seats} × {wording.share(Fraction(one.step.by or 0))} = {value}"


def limits(found: Explanation) -> Iterator[dict[str, str]]:
    """What else bounds the award, each with the words that say so."""
    clause, policy = found.clause, found.policy
    if clause is None:
        return
    if clause.amount.kind == "rate" and clause.amount.cap is None:
        yield {"quote": "", "text": _("原文没有上限")}
    if clause.pool is not None:
        yield _pool(policy, clause.pool)
    if clause.selection is not None:
        told = _("至多 {n} 个（{period}）").format(
            n=clause.selection.limit, period=label(clause.selection.period)
        )
        yield {"quote": clause.selection.words, "text": told}
    for one in clause.conflicts:
        told = _("与 {clause} 不能都足额享受（{question}）")
        yield {"quote": "", "text": told.format(clause=one.clause, question=one.question)}
    if clause.amount.kind != "support":
        yield {
            "quote": policy.stacking.words,
            "text": _("与其他市级奖补相似的，还要按此处理"),
        }
        if not policy.payable(clause):
            yield {"quote": "", "text": _("本版本没有施行日期，或有问题未裁定：只可测算，不可兑付")}


def _pool(policy: Policy, key: str) -> dict[str, str]:
    pool = policy.pools[key]
    told = _("与同一总额内的其他奖励合计不超过 {sum}（{period}）；不够时{rule}").format(
        sum=wording.money(pool.fen), period=label(pool.period), rule=label(pool.rule)
    )
    return {"quote": pool.words, "text": told}


def counted_for(counted: Cap | Per | None) -> str:
    """`每个项目，一次性`."""
    if counted is None:
        return ""
    scope, period = label(counted.scope), label(counted.period)
    return _("{scope}，{period}").format(scope=scope, period=period)
