"""Decisions of two persons: what one decided, in full, and the other's answer.

Whoever confirms sends back the digest of what he saw; if the decision changed meanwhile, the answer
does not count. Who decided can only withdraw.
"""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session

from api.claims.account_numbers import Numbers
from api.desk import decision_routes
from api.desk.decision_reader import answerable, may_answer, may_withdraw, names_of_keys, why_not
from api.desk.decision_routes import Answerer
from api.desk.decision_view import content
from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, LateAfter, Now, Offset, ReadDb, having
from api.language.labels import label_of
from api.people.schemas import DecisionAnswer
from api.people.step_up import Proving
from api.people.subject import plain_subject
from api.reconciliation.next_month import next_address
from api.reconciliation.notices import Act, notice
from api.web.forms import form
from api.web.layout import Framed, pages
from api.web.mark import decision_mark
from ledger.desk.queries import queues
from ledger.documents.queries import document_views
from ledger.documents.queries.document_views import DocumentQuery, Scope
from ledger.errors import NotFound
from ledger.people.codes import Answer, DecisionKind
from ledger.people.steps.credentials import Viewer
from ledger.people.steps.decisions import person
from ledger.people.tables import Decision

router = APIRouter(include_in_schema=False)

PAGE_ROWS = 50
_OF_MONTHS = frozenset(
    {
        DecisionKind.RECONCILIATION,
        DecisionKind.EXTRA,
        DecisionKind.FALL,
        DecisionKind.RED_PARTS,
    }
)


def subject(decision: Decision) -> str:
    """What it is about, without the word by which the books keep kinds apart."""
    return plain_subject(decision.subject)


def row(decision: Decision) -> dict[str, Any]:
    """A decision in a list."""
    return {
        "id": decision.id,
        "kind": label_of(DecisionKind, decision.kind),
        "subject": subject(decision),
        "reason": decision.reason,
        "by": person(decision.decided_by),
        "at": decision.decided_at,
        "mark": decision_mark(decision.answer),
    }


@router.get("/decisions")
def listing(
    *,
    frame: Framed,
    viewer: Annotated[Viewer, having(Right.READ_PAYMENTS)],
    db: ReadDb,
    offset: Offset = 0,
) -> HTMLResponse:
    """Every decision: the open ones first."""
    decisions = queues.decisions(db, limit=PAGE_ROWS + 1, offset=offset)
    of_page = decisions[:PAGE_ROWS]
    asked_keys = {decision.id for decision in answerable(db, viewer, of_page)}
    rows = [{**row(decision), "asked": decision.id in asked_keys} for decision in of_page]
    more = len(decisions) > PAGE_ROWS
    pager = pages(frame, offset, PAGE_ROWS, len(rows), more=more)
    return frame.page("desk/decisions.html", {"rows": rows, "pages": pager})


@router.get("/decisions/{decision}")
def decision_page(
    decision: int,
    *,
    frame: Framed,
    viewer: Annotated[Viewer, having(Right.READ_MONTH)],
    db: ReadDb,
    numbers: Numbers,
    prover: Proving,
    act: Act | None = None,
) -> HTMLResponse:
    """One decision in full, and the buttons for whom it concerns; outside the bureau one's own."""
    record = db.get(Decision, decision)
    if record is None or not access.may_read_decision(viewer, record):
        raise NotFound("decision", id=decision)
    may_answer_it = may_answer(db, viewer, record)
    visible = numbers.show_decision(viewer, record, to_answer=may_answer_it)
    return frame.page(
        "desk/decision.html",
        {
            **row(record),
            "content": content(visible, key_names=names_of_keys(db, record)),
            "place": place(db, record),
            "notice": notice(act),
            "digest": record.digest,
            "answered_by": person(record.answered_by or ""),
            "answered_at": record.answered_at,
            "answer_reason": record.answer_reason,
            "may_answer": may_answer_it,
            "code_wanted": may_answer_it and prover.asks(viewer),
            "may_withdraw": may_withdraw(viewer, record),
            "why_not": why_not(db, viewer, record),
        },
    )


def place(db: Session, record: Decision) -> str:
    """The page of what is decided about; "" where it has none."""
    details = record.content
    if record.kind == "document":
        documents = document_views.documents(
            db, Scope(), DocumentQuery(decision=record.id), limit=2
        )
        return (
            f"/documents/{documents[0].id}"
            if len(documents) == 1
            else "/documents?state=to_confirm"
        )
    if record.kind in _OF_MONTHS and {"contract", "month"} <= details.keys():
        return f"/reconcile/{details['contract']}/{details['month']}"
    number = quote(str(details.get("list") or details.get("number", "")), safe="")
    pages_of = {
        "claim": f"/claims/{number}",
        "payment_list": f"/payments/{number}",
        "bank_reversal": f"/payments/{number}",
        "deduction_consent": f"/deductions/{details.get('deduction')}/consent",
        "deduction_fall": "/deductions",
        "incident": "/evidence#incidents",
        "inventory": "/inventory",
        "red_parts": f"/documents/{details.get('document')}",
    }
    return pages_of.get(record.kind, "")


@router.post("/decisions/{decision}")
def answer(
    *,
    decision: int,
    viewer: Answerer,
    request: Annotated[DecisionAnswer, form(DecisionAnswer)],
    db: Db,
    now: Now,
    late_after: LateAfter,
    prover: Proving,
) -> Response:
    """Confirm, refuse or withdraw."""
    decision_routes.answer(
        key=decision, request=request, viewer=viewer, db=db, now=now, late_after=late_after,
        prover=prover,
    )  # fmt: skip
    record = db.get_one(Decision, decision)
    return prover.keep(RedirectResponse(_way_on(db, viewer, record, request.answer, now), 303))


def _way_on(db: Session, viewer: Viewer, record: Decision, verdict: Answer, now: datetime) -> str:
    """Where to go after an answer: from a decision on a month to the next one that waits."""
    if record.kind not in _OF_MONTHS or verdict is Answer.WITHDRAWN:
        return f"/decisions/{record.id}?act={Act(verdict)}"
    of_months = [d for d in queues.open_decisions(db) if d.kind in _OF_MONTHS]
    for decision in answerable(db, viewer, of_months):
        return f"/decisions/{decision.id}?act={Act(f'{verdict}-next')}"
    return next_address(db, now, Act(verdict))
