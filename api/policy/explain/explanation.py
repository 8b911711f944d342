"""A decision explained, in the reader's language, around the policy's own words.

One structure serves the command line, the API and the printable page: what the program says stands
in `text`, `label`, `word`; what it quotes from the policy (`quote`, `name`, `asks`, `reading`,
`evidence`, …) stays Chinese. Sums are integer fen beside their text, fractions exact.
"""

from collections.abc import Iterator
from typing import Any

from api.language.i18n import SOURCE, language
from api.language.i18n import gettext as _
from api.language.labels import label
from api.messages.sentences import findings
from api.policy.explain import wording
from api.policy.explain.arithmetic import arithmetic, limits
from ledger.policy.decide.changes import Change
from ledger.policy.decide.explain import (
    Explanation,
    FactName,
    FactShown,
    Line,
    Rests,
    explain,
    fact_name,
)
from ledger.policy.decide.record import plain, record
from ledger.policy.decide.tree import Decision
from ledger.policy.text.clauses import Policy
from ledger.policy.text.conditions import Requirement


def explained(policy: Policy, decision: Decision) -> dict[str, Any]:
    """Everything about a decision, to be read."""
    found = explain(policy, decision)
    kept = record(policy, decision)
    return {
        "policy": policy.version,
        "word": label(decision.result),
        "outcome": wording.outcome(decision),
        **(_clause(found) if found.clause else {}),
        "errors": findings(decision.errors),
        "conditions": [_condition(line) for line in found.lines],
        "lacking": [_lacking(fact) for fact in found.lacking],
        "arithmetic": list(arithmetic(found)),
        "limits": list(limits(found)) if found.clause else [],
        "changes": [_change(policy, decision, one) for one in found.changes],
        "questions": [_question(one) for one in found.questions],
        "record": kept and kept.as_json(),
    }


def _clause(found: Explanation) -> dict[str, Any]:
    clause = found.clause
    assert clause is not None  # noqa: S101 - asked by the caller
    start, end = clause.span or (None, None)
    place = ""
    if start is not None and end is not None:
        place = _("原文第 {first} 至 {last} 字").format(first=start + 1, last=end)
    return {
        "title": clause.title,
        "sentence": {"article": clause.article, "text": clause.text, "place": place},
        "payee": clause.payee,
        "departments": list(clause.departments),
    }


def _condition(line: Line) -> dict[str, Any]:
    judged, asked = line.condition, line.condition.requirement
    return {
        "article": judged.article,
        "quote": asked.words,
        "reading": asked.reading,  # the question whose reading adds the condition
        "state": judged.state,
        "word": label(judged.state),
        "text": _said(line),
        "fact": asked.fact,
        "name": line.fact.words,
        "op": asked.op,
        "threshold": plain(asked.value),
        "bound": asked.bound,
        "given": plain(judged.value),
        "distance": plain(judged.distance),
        "facts": [_fact(told) for told in line.facts],
    }


def _fact(told: FactShown) -> dict[str, Any]:
    return {
        **_lacking(told.fact),
        "value": told.value,
        "text": wording.value(told.fact, told.value),
        "less": told.less,
    }


def _lacking(fact: FactName) -> dict[str, Any]:
    return {
        "fact": fact.name,
        "name": fact.words,
        "label": wording.fact_label(fact),
        "evidence": fact.evidence,
        "owner": fact.owner,
    }


def _said(line: Line) -> str:
    """How a condition stands, in a sentence without the policy's own words."""
    judged, asked = line.condition, line.condition.requirement
    given = wording.value(line.fact, judged.value)
    if judged.state == "open":
        return _("还缺事实，不能认定")
    if judged.state == "exempt":
        who = line.facts[0]
        return _("对「{who}」不适用").format(who=wording.value(who.fact, who.value))
    if judged.state == "judgement":
        negotiated = line.fact.name == "clause"
        return _("须由人商定") if negotiated else _("{given}，须由人认定").format(given=given)
    if isinstance(asked.value, (bool, tuple)):
        return given if judged.state == "met" else _unmet(asked, given)
    return _compared(line, given)


def _unmet(asked: Requirement, given: str) -> str:
    if isinstance(asked.value, tuple):
        return _("{given}，不在所列之内").format(given=given)
    wanted = _("是") if asked.value else _("否")
    return _("{given}，须为{wanted}").format(given=given, wanted=wanted)


def _compared(line: Line, given: str) -> str:
    judged, asked = line.condition, line.condition.requirement
    if judged.value is None:
        given = _("至多 {value}").format(value=wording.value(line.fact, judged.bound))
    met, distance = judged.state == "met", judged.distance
    told = _("{given}，{relation} {threshold}").format(
        given=given,
        relation=_relation(asked.op, met=met),
        threshold=wording.value(line.fact, asked.value),
    )
    if not distance:
        return told if distance is None else _("{told}，恰好相等").format(told=told)
    by = wording.value(line.fact, abs(distance))
    return (_("{told}，余 {by}") if met else _("{told}，差 {by}")).format(told=told, by=by)


def _relation(op: str, *, met: bool) -> str:
    """How what was given stands to the threshold."""
    below, not_below = _("低于"), _("不低于")
    above, not_above = _("高于"), _("不高于")
    return {
        ">=": (below, not_below),
        ">": (not_above, above),
        "<=": (above, not_above),
        "<": (not_below, below),
    }[op][met]


def _change(policy: Policy, decision: Decision, change: Change) -> dict[str, Any]:
    fact = fact_name(policy, change.fact)
    text = ("" if language() == SOURCE else " ").join(_if_then(fact, change))
    if fact.kind == "ratio":  # which of its two quantities would change, nobody can say
        text = _wanted(fact, decision, change)
    return {
        "kind": change.kind,
        "fact": change.fact,
        "name": fact.words,
        "label": wording.fact_label(fact),
        "to": plain(change.to),
        "distance": plain(change.distance),
        "text": text,
    }


def _if_then(fact: FactName, change: Change) -> Iterator[str]:
    if isinstance(change.to, tuple):
        choices = _("或").join(wording.value(fact, one) for one in change.to)
        yield _("如果是{value}：").format(value=choices)
    elif change.distance is None:
        yield _("如果是{value}：").format(value=wording.value(fact, change.to))
    else:
        by = wording.value(fact, abs(change.distance))
        to = wording.value(fact, change.to)
        more = _("如果再多 {by}，到 {to}：") if change.distance > 0 else _("如果少 {by}，到 {to}：")
        yield more.format(by=by, to=to)
    if change.kind == "cap":
        yield _("就到上限，")
    if change.kind == "band":
        yield _("就到下一档，")
    if change.then is not None:
        yield _then(change.then)


def _wanted(fact: FactName, decision: Decision, change: Change) -> str:
    op = next(one.requirement.op for one in decision.unmet if one.requirement.fact == fact.name)
    return _("须{relation} {threshold}").format(
        relation=_relation(op, met=True), threshold=wording.value(fact, change.to)
    )


def _then(then: Decision) -> str:
    if then.result == "ineligible":
        return _("仍不符合，还有 {count} 项条件未满足").format(count=len(then.unmet))
    return wording.outcome(then)


def _question(one: Rests) -> dict[str, Any]:
    text = _("建议读法，无人裁定")
    if one.decided_by is not None:
        text = _("{by} 于 {on} 裁定").format(by=one.decided_by, on=one.decided_on)
    return {
        "question": one.question,
        "asks": one.asks,
        "chosen": one.chosen,
        "reading": one.reading,
        "decided_by": one.decided_by,
        "decided_on": one.decided_on and one.decided_on.isoformat(),
        "text": text,
    }
