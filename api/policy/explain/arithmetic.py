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


def arithmetic(explanation: Explanation) -> Iterator[dict[str, Any]]:
    """The steps that change something, each in a line."""
    if explanation.clause is None:
        return
    for line in explanation.sums:
        if line.step.kind == "round" and line.before == line.step.value:
            continue
        yield {
            "kind": line.step.kind,
            "quote": line.words,
            "name": line.fact.words if line.fact else "",
            "label": wording.fact_label(line.fact) if line.fact else "",
            "by": plain(line.step.by),
            "value": plain(line.step.value),
            "text": _step(explanation, explanation.clause, line),
        }


def _step(explanation: Explanation, clause: Clause, line: Sum) -> str:
    kind, base = line.step.kind, explanation.sums[0]
    if kind in ("cap", "band", "none_reached"):
        return _cap(clause, line) if kind == "cap" else _band(clause, line)
    if kind in ("base", "paid"):
        return _base(line) if kind == "base" else _paid(line)
    if kind in ("rate", "round"):
        return _rate(base, line) if kind == "rate" else _round(explanation.policy, line)
    return _ceiling(clause, base, line)


def _base(line: Sum) -> str:
    assert line.fact is not None  # noqa: S101 - a base is a fact
    total = wording.value(line.fact, line.step.value)
    if not line.facts:
        return total
    sum_text = ""
    for part in line.facts:
        sign = "−" if part.less else "+"
        sum_text += f" {sign} " if sum_text else ""
        sum_text += wording.value(part.fact, part.value)
    return f"{sum_text} = {total}"


def _rate(base: Sum, line: Sum) -> str:
    rate = Fraction(line.step.by or 0)
    assert base.fact is not None  # noqa: S101 - a base is a fact
    by_unit = base.fact.kind != "money"  # so much for each unit, not a share
    times = wording.money(rate) if by_unit else wording.share(rate)
    before = wording.value(base.fact, line.before)
    return f"{before} × {times} = {wording.money(Fraction(line.step.value))}"


def _round(policy: Policy, line: Sum) -> str:
    mode = {"half_up": _("四舍五入到{unit}"), "down": _("舍去{unit}以下")}[policy.rounding.mode]
    how = mode.format(unit=label(policy.rounding.unit))
    return f"{how} = {wording.money(line.step.value)}"


def _cap(clause: Clause, line: Sum) -> str:
    cap = wording.money(line.step.by or 0)
    unit = counted_for(clause.amount.unit)
    if clause.amount.kind == "ceiling":
        return _("最高 {cap}（{counted}）").format(cap=cap, counted=unit)
    if line.before > line.step.value:
        return _("超过上限 {cap}（{counted}），取上限").format(cap=cap, counted=unit)
    if line.before == line.step.by:
        return _("恰好到上限 {cap}（{counted}）").format(cap=cap, counted=unit)
    return _("未到上限 {cap}（{counted}）").format(cap=cap, counted=unit)


def _band(clause: Clause, line: Sum) -> str:
    if line.step.kind == "none_reached":
        return _("没有到任何一档")
    number = (line.step.by if isinstance(line.step.by, int) else 0) + 1
    if clause.amount.kind == "quota":
        return _("达到第 {n} 档：{gives}").format(
            n=number, gives=wording.share(Fraction(line.step.value))
        )
    if clause.amount.mode == "accumulate":
        return _("达到第 {n} 档，累计 {gives}").format(
            n=number, gives=wording.money(line.step.value)
        )
    return _("达到第 {n} 档：{gives}").format(n=number, gives=wording.money(line.step.value))


def _paid(line: Sum) -> str:
    before, paid, rest = line.before, line.step.by or 0, line.step.value
    if rest < 0:
        text = _("{before} − 此前已兑付 {paid} = {left}，应追回")
    elif rest == before - paid:
        text = _("{before} − 此前已兑付 {paid} = {left}")
    else:
        text = _("{before}，此前已兑付 {paid}，再给 {left}")
    return text.format(
        before=wording.money(before), paid=wording.money(paid), left=wording.money(rest)
    )


def _ceiling(clause: Clause, base: Sum, line: Sum) -> str:
    """The limit of a ceiling; a share of the seats, and whole posts of it."""
    if line.step.kind == "limit":
        limit, rest = wording.money(line.step.by or 0), wording.money(line.step.value)
        return _("且不超过 {limit}：取 {left}").format(limit=limit, left=rest)
    value = wording.figure(line.step.value)
    if line.step.kind == "floor":
        return _("取整 = {posts} 个").format(posts=value)
    if clause.amount.mode == "marginal":
        return _("分段计算 = {value}").format(value=value)
    assert base.fact is not None  # noqa: S101 - a base is a fact
    seats = wording.value(base.fact, base.step.value)
    return f"{seats} × {wording.share(Fraction(line.step.by or 0))} = {value}"


def limits(explanation: Explanation) -> Iterator[dict[str, str]]:
    """What else bounds the award, each with the words that say so."""
    clause, policy = explanation.clause, explanation.policy
    if clause is None:
        return
    if clause.amount.kind == "rate" and clause.amount.cap is None:
        yield {"quote": "", "text": _("原文没有上限")}
    if clause.pool is not None:
        yield _pool(policy, clause.pool)
    if clause.selection is not None:
        text = _("至多 {n} 个（{period}）").format(
            n=clause.selection.limit, period=label(clause.selection.period)
        )
        yield {"quote": clause.selection.words, "text": text}
    for conflict in clause.conflicts:
        text = _("与 {clause} 不能都足额享受（{question}）")
        yield {"quote": "", "text": text.format(clause=conflict.clause, question=conflict.question)}
    if clause.amount.kind != "support":
        yield {
            "quote": policy.stacking.words,
            "text": _("与其他市级奖补相似的，还要按此处理"),
        }
        if not policy.is_complete(clause):
            yield {"quote": "", "text": _("本版本没有施行日期，或有问题未裁定：只可测算，不可兑付")}


def _pool(policy: Policy, key: str) -> dict[str, str]:
    pool = policy.pools[key]
    text = _("与同一总额内的其他奖励合计不超过 {sum}（{period}）；不够时{rule}").format(
        sum=wording.money(pool.fen), period=label(pool.period), rule=label(pool.rule)
    )
    return {"quote": pool.words, "text": text}


def counted_for(unit: Cap | Per | None) -> str:
    """`每个项目，一次性`."""
    if unit is None:
        return ""
    scope, period = label(unit.scope), label(unit.period)
    return _("{scope}，{period}").format(scope=scope, period=period)
