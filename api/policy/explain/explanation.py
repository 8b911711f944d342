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


def as_values(policy: Policy, decision: Decision) -> dict[str, Any]:
    """Everything about a decision, to be read."""
    explanation = explain(policy, decision)
    kept_record = record(policy, decision)
    return {
        "policy": policy.version,
        "word": label(decision.result),
        "outcome": wording.outcome(decision),
        **(_clause(explanation) if explanation.clause else {}),
        "errors": findings(decision.errors),
        "conditions": [_condition(line) for line in explanation.lines],
        "lacking": [_fact_name(fact) for fact in explanation.missing_facts],
        "arithmetic": list(arithmetic(explanation)),
        "limits": list(limits(explanation)) if explanation.clause else [],
        "changes": [_change(policy, decision, entry) for entry in explanation.changes],
        "questions": [_question(entry) for entry in explanation.questions],
        "record": kept_record and kept_record.as_json(),
    }


def _clause(explanation: Explanation) -> dict[str, Any]:
    clause = explanation.clause
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
    judged, requirement = line.condition, line.condition.requirement
    return {
        "article": judged.article,
        "quote": requirement.words,
        "reading": requirement.reading,  # the question whose reading adds the condition
        "state": judged.state,
        "word": label(judged.state),
        "text": _state_text(line),
        "fact": requirement.fact,
        "name": line.fact.words,
        "op": requirement.op,
        "threshold": plain(requirement.value),
        "bound": requirement.bound,
        "given": plain(judged.value),
        "distance": plain(judged.distance),
        "facts": [_fact(fact) for fact in line.facts],
    }


def _fact(shown_fact: FactShown) -> dict[str, Any]:
    return {
        **_fact_name(shown_fact.fact),
        "value": shown_fact.value,
        "text": wording.value(shown_fact.fact, shown_fact.value),
        "less": shown_fact.less,
    }


def _fact_name(fact: FactName) -> dict[str, Any]:
    return {
        "fact": fact.name,
        "name": fact.words,
        "label": wording.fact_label(fact),
        "evidence": fact.evidence,
        "owner": fact.owner,
    }


def _state_text(line: Line) -> str:
    """How a condition stands, in a sentence without the policy's own words."""
    judged, requirement = line.condition, line.condition.requirement
    value_text = wording.value(line.fact, judged.value)
    if judged.state == "open":
        return _("还缺事实，不能认定")
    if judged.state == "exempt":
        applicant = line.facts[0]
        return _("对「{who}」不适用").format(who=wording.value(applicant.fact, applicant.value))
    if judged.state == "judgement":
        negotiated = line.fact.name == "clause"
        return _("须由人商定") if negotiated else _("{given}，须由人认定").format(given=value_text)
    if isinstance(requirement.value, (bool, tuple)):
        return value_text if judged.state == "met" else _unmet(requirement, value_text)
    return _comparison(line, value_text)


def _unmet(requirement: Requirement, value_text: str) -> str:
    if isinstance(requirement.value, tuple):
        return _("{given}，不在所列之内").format(given=value_text)
    threshold = _("是") if requirement.value else _("否")
    return _("{given}，须为{wanted}").format(given=value_text, wanted=threshold)


def _comparison(line: Line, value_text: str) -> str:
    judged, requirement = line.condition, line.condition.requirement
    if judged.value is None:
        value_text = _("至多 {value}").format(value=wording.value(line.fact, judged.bound))
    is_met, distance = judged.state == "met", judged.distance
    text = _("{given}，{relation} {threshold}").format(
        given=value_text,
        relation=_relation(requirement.op, is_met=is_met),
        threshold=wording.value(line.fact, requirement.value),
    )
    if not distance:
        return text if distance is None else _("{told}，恰好相等").format(told=text)
    by = wording.value(line.fact, abs(distance))
    return (_("{told}，余 {by}") if is_met else _("{told}，差 {by}")).format(told=text, by=by)


def _relation(op: str, *, is_met: bool) -> str:
    """How what was given stands to the threshold."""
    below, not_below = _("低于"), _("不低于")
    above, not_above = _("高于"), _("不高于")
    return {
        ">=": (below, not_below),
        ">": (not_above, above),
        "<=": (above, not_above),
        "<": (not_below, below),
    }[op][is_met]


def _change(policy: Policy, decision: Decision, change: Change) -> dict[str, Any]:
    fact = fact_name(policy, change.fact)
    text = ("" if language() == SOURCE else " ").join(_if_then(fact, change))
    if fact.kind == "ratio":  # which of its two quantities would change, nobody can say
        text = _target(fact, decision, change)
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
        choices = _("或").join(wording.value(fact, choice) for choice in change.to)
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


def _target(fact: FactName, decision: Decision, change: Change) -> str:
    op = next(
        condition.requirement.op
        for condition in decision.unmet
        if condition.requirement.fact == fact.name
    )
    return _("须{relation} {threshold}").format(
        relation=_relation(op, is_met=True), threshold=wording.value(fact, change.to)
    )


def _then(then: Decision) -> str:
    if then.result == "ineligible":
        return _("仍不符合，还有 {count} 项条件未满足").format(count=len(then.unmet))
    return wording.outcome(then)


def _question(question: Rests) -> dict[str, Any]:
    text = _("建议读法，无人裁定")
    if question.decided_by is not None:
        text = _("{by} 于 {on} 裁定").format(by=question.decided_by, on=question.decided_on)
    return {
        "question": question.question,
        "asks": question.asks,
        "chosen": question.chosen,
        "reading": question.reading,
        "decided_by": question.decided_by,
        "decided_on": question.decided_on and question.decided_on.isoformat(),
        "text": text,
    }
