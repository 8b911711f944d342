"""What a reader of a decision may answer, and what the keys in it stand for."""

from collections.abc import Iterable

from sqlmodel import Session

from api.door import access
from api.door.access import Right
from api.language.i18n import gettext as _
from api.messages.sentences import sentence
from ledger.desk.steps.confirm import KINDS
from ledger.people.codes import Answer, DecisionKind
from ledger.people.queries import second_refused, seconds_refused
from ledger.people.steps.credentials import Viewer
from ledger.people.steps.decisions import own, person
from ledger.people.tables import Decision
from ledger.reconciliation.queries import months
from ledger.registry.tables import Organisation


def may_answer(db: Session, viewer: Viewer, decision: Decision) -> bool:
    """Whether this reader may confirm or refuse: the role may, and another identity decided it."""
    return bool(answerable(db, viewer, [decision]))


def answerable(db: Session, viewer: Viewer, decisions: Iterable[Decision]) -> list[Decision]:
    """Those of these decisions that this reader may confirm or refuse."""
    of_role = [
        decision
        for decision in decisions
        if decision.answer is None
        and decision.kind in KINDS
        and viewer.role in KINDS[decision.kind].roles
    ]
    if not of_role:
        return []
    reasons = seconds_refused(db, viewer.actor, {decision.decided_by for decision in of_role})
    return [decision for decision in of_role if reasons[decision.decided_by] is None]


def may_withdraw(viewer: Viewer, decision: Decision) -> bool:
    """Whether this reader decided it, and nobody answered yet."""
    may = access.may(viewer, Right.ANSWER_DECISIONS)
    return decision.answer is None and may and own(viewer.actor, decision)


def may_give(db: Session, viewer: Viewer, decision: Decision) -> list[Answer]:
    """The answers that this reader may give."""
    confirm = [Answer.CONFIRMED, Answer.REFUSED] if may_answer(db, viewer, decision) else []
    return [*confirm, *([Answer.WITHDRAWN] if may_withdraw(viewer, decision) else [])]


def why_not(db: Session, viewer: Viewer, decision: Decision) -> str:
    """Why a decision has no button to confirm it for this reader."""
    if decision.answer is not None:
        answer_facts = {"by": decision.answered_by, "at": decision.answered_at}
        return sentence("decision_answered", {**answer_facts, "answer": decision.answer})
    if may_answer(db, viewer, decision):
        return ""
    kind = KINDS.get(decision.kind)
    reason = second_refused(db, viewer.actor, decision.decided_by)
    if reason == "same_person":
        return _("须由另一人确认；您可以撤回自己的决定。")
    if reason is not None and kind is not None and viewer.role in kind.roles:
        return sentence(reason, {"person": person(decision.decided_by)})
    return _("您的角色不能确认这类决定。")


def names_of_keys(db: Session, decision: Decision) -> dict[tuple[str, int], str]:
    """What keys in the content stand for: documents, organisations."""
    cells = decision.content.get("cells", [])
    notes = [*decision.content.get("notes", []), *(t for c in cells for t in c.get("typed", []))]
    numbers = months.numbers(db, (note["document"] for note in notes))
    names = {("document", key): number for key, number in numbers.items()}
    if decision.kind == DecisionKind.ACCOUNT:
        payee = db.get_one(Organisation, decision.content["organisation"])
        names["organisation", decision.content["organisation"]] = f"{payee.name} {payee.uscc}"
    if decision.kind == DecisionKind.RED_PARTS:
        names["document", decision.content["document"]] = decision.content["number"]
    if {"contract", "number"} <= decision.content.keys():
        names["contract", decision.content["contract"]] = decision.content["number"]
    return names
