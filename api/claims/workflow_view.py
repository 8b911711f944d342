"""A claim's steps in a row, and the facts on which the policy decides, as a form.

The steps stand in the order in which a claim takes them; each passed one has its day. A claim that
ended elsewhere (refused, withdrawn) ends the row where it stopped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.datastructures import FormData

from api.language.i18n import gettext as _
from api.language.labels import label
from api.web.forms import text
from ledger.claims.codes import ClaimStage, ClaimState
from ledger.claims.tables import Claim, ClaimEvent, Publication
from ledger.policy.decide.fact_checks import names as facts_of
from ledger.policy.text.published import load
from ledger.units import beijing_day
from ledger.vouchers.queries.facts import Facts
from ledger.vouchers.tables import Voucher

WAY = tuple(ClaimStage)
ENDS = ("refused", "withdrawn")


@dataclass(frozen=True)
class Step:
    """A step of the row: `look` is done, now, stopped or ahead."""

    name: str
    look: str
    means: str
    day: date | None
    note: str = ""


def stepper(
    claim: Claim, events: Sequence[ClaimEvent], published: Publication | None
) -> list[Step]:
    """The claim's way, with the day of each step that it took."""
    days = {"draft": beijing_day(claim.opened_at)}
    days |= {event.next: beijing_day(event.at) for event in events if event.next != event.state}
    state = "published" if claim.state == "objected" else claim.state
    is_ended = state in ENDS
    if is_ended:
        state = next((e.state for e in reversed(events) if e.next == claim.state), "draft")
        state = "published" if state == "objected" else state
    at = WAY.index(ClaimStage(state))
    steps = []
    for place, stage in enumerate(WAY):
        look = "done" if place < at or claim.state == "paid" else "ahead"
        if place == at and claim.state != "paid":
            look = "stopped" if is_ended else "now"
        day = days.get(stage) if place <= at else None
        note = _note(claim, published) if place == at else ""
        steps.append(Step(label(stage), look, looks()[look], day, note))
    return steps


def looks() -> dict[str, str]:
    """What a step's look means, for who cannot see it."""
    return {
        "done": _("已完成"),
        "now": _("进行中"),
        "stopped": _("到此为止"),
        "ahead": _("未到"),
    }


def _note(claim: Claim, published: Publication | None) -> str:
    if claim.state == "objected":
        return _("有异议，正在处理")
    if claim.state == "refused":
        return label(ClaimState.REFUSED)
    if claim.state == "withdrawn":
        return label(ClaimState.WITHDRAWN)
    if claim.state == "published" and published:
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
