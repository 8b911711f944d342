"""«我能申请什么»: answer every clause of the policy for the facts typed, and store nothing.

Everybody who is signed in may ask. What was typed stands in the address alone, so that the way
back, the other language and paper keep it; it is written nowhere, not even in the log. Each answer
leads to its explanation: a page to print, with the sentence, the comparison and the arithmetic.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from api.door.dependencies import signed_in
from api.language.i18n import gettext as _
from api.language.labels import label, label_of
from api.policy.eligibility_form import Form, facts_of, form
from api.policy.explain.explanation import as_values
from api.web.layout import Framed
from api.web.mark import Mark
from ledger.errors import NotFound
from ledger.policy.codes import ConditionState, Result
from ledger.policy.decide.engine import decide
from ledger.policy.text.clauses import Clause, Policy
from ledger.policy.text.published import load, versions

router = APIRouter(include_in_schema=False, dependencies=[Depends(signed_in)])

ORDER = ("eligible", "insufficient", "judgement", "ineligible", "rejected")
_SHAPES = {"eligible": "●", "insufficient": "◔", "judgement": "◆", "ineligible": "■"}


_STATES = {"met": "●", "unmet": "■", "judgement": "◆", "open": "◔", "exempt": "○"}


@dataclass(frozen=True)
class Answer:
    """What one clause says, and where it is explained."""

    clause: Clause
    result: str
    why: Mapping[str, Any]
    url: str
    begun: bool  # something of its own was filled in, not only the gate

    @property
    def unmet(self) -> list[Mapping[str, Any]]:
        """The conditions that decided against it, or that a person must judge."""
        return [c for c in self.why["conditions"] if c["state"] in ("unmet", "judgement")]


@router.get("/eligibility")
def eligibility(request: Request, frame: Framed) -> HTMLResponse:
    """The form; with facts, what every clause says."""
    policy = _policy(request)
    answered_form = form(policy, request.query_params)
    complete = bool(answered_form.answers) and not answered_form.faults
    answers = (
        [_answer(policy, clause, answered_form) for clause in policy.clauses] if complete else []
    )
    content = {
        "policy": policy,
        "versions": [load(name) for name in versions()],
        "form": answered_form,
        "groups": _group_by_result(answers),
    }
    return frame.page("policy/eligibility.html", content)


@router.get("/eligibility/{clause}")
def explanation(clause: str, request: Request, frame: Framed) -> HTMLResponse:
    """Why one clause says what it says, for paper."""
    policy = _policy(request)
    definition = policy.clause(clause)
    if definition is None:
        raise NotFound("clause", policy=policy.version, clause=clause)
    answered_form = form(policy, request.query_params)
    content = {
        "policy": policy,
        "clause": definition,
        "answer": _answer(policy, definition, answered_form),
        "mark": mark,
        "marks": {
            state: Mark(shape, label_of(ConditionState, state)) for state, shape in _STATES.items()
        },
        "back": f"/eligibility?{_address(policy, answered_form)}",
    }
    return frame.page("policy/eligibility-clause.html", content)


def mark(result: str) -> Mark:
    """A result as a shape and a word."""
    return Mark(_SHAPES.get(result, "▲"), label(Result(result)), warm=result == "rejected")


def _policy(request: Request) -> Policy:
    """Load the version in the address; else the newest that is not for drills."""
    version = request.query_params.get("policy")
    if version:
        return load(version)
    policies = [load(name) for name in versions()]
    return next((p for p in reversed(policies) if not p.drill), policies[-1])


def _answer(policy: Policy, clause: Clause, answered_form: Form) -> Answer:
    facts = facts_of(policy, clause, answered_form)
    decision = decide(policy, clause.id, facts)
    gate = {requirement.fact for requirement in policy.scope.require}
    return Answer(
        clause=clause,
        result=decision.result,
        why=as_values(policy, decision),
        url=f"/eligibility/{clause.id}?{_address(policy, answered_form)}",
        begun=any(value is not None for name, value in facts.items() if name not in gate),
    )


def _group_by_result(answers: list[Answer]) -> list[tuple[Mark, str, list[Answer]]]:
    """The answers by result; within «材料不足» those first for which something was filled in."""
    notes = {
        "eligible": _("所填事实满足全部条件。能否兑付，还要看申请和审核。"),
        "insufficient": _("还缺以下事实和证明材料；没有填的不当作零，也不当作「否」。"),
        "judgement": _("要由人来认定，机器不代替。"),
        "ineligible": _("至少有一项条件不满足。"),
        "rejected": _("所填的事实自相矛盾，请先改正。"),
    }
    groups = []
    for result in ORDER:
        matches = [answer for answer in answers if answer.result == result]
        if matches:
            groups.append((mark(result), notes[result], sorted(matches, key=lambda a: not a.begun)))
    return groups


def _address(policy: Policy, answered_form: Form) -> str:
    typed = {field.name: field.typed for field in answered_form.fields.values() if field.typed}
    return urlencode({"policy": policy.version, **typed})
