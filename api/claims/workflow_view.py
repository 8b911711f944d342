"""A claim's stages in a row, what holds it up, and the facts for the policy, as a form.

The stages stand in the order of the claim's course; each that it reached has its day. A claim that
left its course (refused, withdrawn) ends the row where it stopped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.datastructures import FormData

from api.language.i18n import gettext as _
from api.language.labels import label, label_of, labels
from api.web.forms import text
from ledger.claims.codes import ClaimStage, ClaimState, HoldKind
from ledger.claims.rules.courses import DROPPED, FIRST
from ledger.claims.rules.holds import HOLDS
from ledger.claims.tables import CaseHold
from ledger.desk.queries.claim_details import ClaimDetails
from ledger.people.codes import Role
from ledger.people.steps.credentials import Viewer
from ledger.people.steps.decisions import same_person
from ledger.policy.decide.fact_checks import names as facts_of
from ledger.policy.text.published import load
from ledger.units import beijing_day
from ledger.vouchers.queries.facts import Facts
from ledger.vouchers.tables import Voucher


@dataclass(frozen=True)
class Step:
    """A step of the row: `look` is done, now, stopped or ahead."""

    name: str
    look: str
    means: str
    day: date | None
    note: str = ""


def stepper(details: ClaimDetails) -> list[Step]:
    """The claim's course, with the day of each stage that it reached."""
    claim, events = details.claim, details.events
    days = {FIRST: beijing_day(claim.opened_at)}
    days |= {event.next: beijing_day(event.at) for event in events if event.next != event.state}
    at = len(stages_behind(details)) - 1
    steps = []
    for place, stage in enumerate(details.course):
        look = "done" if place < at or claim.state == "paid" else "ahead"
        if place == at and claim.state != "paid":
            look = "stopped" if claim.state in DROPPED else "now"
        day = days.get(stage) if place <= at else None
        note = _note(details) if place == at else ""
        steps.append(Step(label(ClaimStage(stage)), look, looks()[look], day, note))
    return steps


def stages_behind(details: ClaimDetails) -> Sequence[str]:
    """The stages of its course that a claim has reached; if it left it, up to where it left."""
    claim, state = details.claim, details.claim.state
    if state in DROPPED:
        state = next((e.state for e in reversed(details.events) if e.next == claim.state), FIRST)
    return details.course[: details.course.index(state) + 1]


def hold_view(hold: CaseHold, viewer: Viewer) -> dict[str, Any]:
    """A hold as its page shows it: for whom it waits, and whether the viewer may end it."""
    kind = HoldKind(hold.kind)
    ends = {Role.APPROVER} | ({Role.CLERK} if kind is HoldKind.APPLICANT else set())
    return {
        "row": hold,
        "owner": label_of(Role, HOLDS[kind].owner),
        "may_end": kind is not HoldKind.OBJECTION
        and viewer.role in ends
        and (kind is HoldKind.APPLICANT or not same_person(viewer.actor, hold.opened_by)),
    }


def hold_words() -> dict[str, str]:
    """The kinds of holds that a person opens, by code."""
    return {code: word for code, word in labels(HoldKind).items() if code != HoldKind.OBJECTION}


def looks() -> dict[str, str]:
    """What a step's look means, for who cannot see it."""
    return {
        "done": _("已完成"),
        "now": _("进行中"),
        "stopped": _("到此为止"),
        "ahead": _("未到"),
    }


def _note(details: ClaimDetails) -> str:
    state, published = details.claim.state, details.publication
    open_kinds = [HoldKind(hold.kind) for hold in details.holds if hold.closed_at is None]
    if state in DROPPED:
        return label(ClaimState(state))
    if open_kinds:
        return _("挂起：%s") % "、".join(dict.fromkeys(label(kind) for kind in open_kinds))
    if state == "published" and published:
        return _("至 %s") % published.until
    return ""


def fact_fields(voucher: Voucher, known: Facts) -> list[dict[str, Any]]:
    """The facts that a clerk may update when a claim is accepted; the books know the others.

    `known` are those of the newest day of the claim's months.
    """
    policy = load(voucher.policy)
    clause = policy.clause(voucher.clause)
    named_facts = (
        [(name, policy.facts[name]) for name in facts_of(policy, clause)] if clause else []
    )
    return [
        {
            "name": name,
            "words": fact.words,
            "kind": fact.kind,
            "choices": fact.choices,
            "value": known.get(name),
        }
        for name, fact in named_facts
        if fact.kind != "money"
    ]


def facts_of_form(voucher: Voucher, known: Facts, data: FormData) -> Facts:
    """The facts in which the form differs from what is known."""
    facts = {}
    for fact in fact_fields(voucher, known):
        answer = text(data, f"fact_{fact['name']}")
        if answer and (value := _value(fact["kind"], answer)) != fact["value"]:
            facts[fact["name"]] = value
    return facts


def _value(kind: str, answer: str) -> Any:  # noqa: ANN401 - of three kinds
    if kind == "yes_no":
        return {"yes": True, "no": False}.get(answer, answer)
    digits = answer.replace(",", "")
    return int(digits) if kind == "count" and digits.isdecimal() else answer
