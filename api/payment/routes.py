"""Paying out: the year's indicators, the queue, and the lists that go to the bank.

Whatever is decided here waits for its second person (`POST /decisions/{id}/answer`).
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from api.claims.account_numbers import Numbers, NumberView
from api.door.access import Right
from api.door.dependencies import Db, Now, ReadDb, having
from api.door.files import download
from api.door.problems import Refusal
from api.messages.sentences import findings
from api.payment.schemas import (
    AskedYear,
    IndicatorChange,
    IndicatorCreate,
    PayableRead,
    PaymentListCreate,
    PaymentListRead,
    PaymentListSummary,
    ProposalRead,
    SharesCreate,
)
from ledger.desk.queries import queues
from ledger.errors import Refused
from ledger.payment.queries import funding, payment_lists, shares
from ledger.payment.queries.list_details import list_details
from ledger.payment.queries.payment_lists import Money
from ledger.payment.queries.shares import Share
from ledger.payment.rules.list_export import as_csv, as_xlsx, read_columns
from ledger.payment.steps import indicators as indicator_steps
from ledger.payment.steps.payment_list import make_list
from ledger.people.steps.credentials import Viewer
from ledger.people.tables import Decision

router = APIRouter(tags=["payment"])

_READ = having(Right.READ_PAYMENTS)
Reader = Annotated[Viewer, having(Right.READ_PAYMENTS)]
Payer = Annotated[Viewer, having(Right.PAY)]


@router.get("/indicators", dependencies=[_READ])
def indicators(db: ReadDb, year: AskedYear | None = None) -> list[Money]:
    """List budget indicators with their balances, of a year or of all."""
    return payment_lists.indicators(db, year)


@router.post("/indicators", status_code=201)
def open_indicator(request: IndicatorCreate, viewer: Payer, db: Db, now: Now) -> ProposalRead:
    """Propose a new indicator."""
    decision = indicator_steps.open_indicator(
        db, **request.model_dump(), actor=viewer.actor, now=now
    )
    return ProposalRead.model_validate(decision)


@router.post("/indicators/{year}/{number}/changes", status_code=201)
def change_indicator(
    *, year: AskedYear, number: str, request: IndicatorChange, viewer: Payer, db: Db, now: Now
) -> ProposalRead:
    """Propose to raise or lower an indicator's appropriation."""
    decision = indicator_steps.change_indicator(
        db, number=number, year=year, **request.model_dump(), actor=viewer.actor, now=now
    )
    return ProposalRead.model_validate(decision)


@router.get("/indicator-shares", dependencies=[_READ])
def indicator_shares(db: ReadDb) -> list[Share]:
    """List who bears which share of what the indicators pay."""
    return shares.shares(db)


@router.post("/indicator-shares", status_code=201)
def share_indicators(request: SharesCreate, viewer: Payer, db: Db, now: Now) -> ProposalRead:
    """Propose who bears which share of every claim."""
    decision = indicator_steps.share_indicators(
        db, **request.model_dump(), actor=viewer.actor, now=now
    )
    return ProposalRead.model_validate(decision)


@router.get("/payables", dependencies=[_READ])
def payables(db: ReadDb, now: Now) -> list[PayableRead]:
    """List what waits to be paid, oldest first: what holds it, or which indicator can pay it."""
    return [PayableRead.model_validate(payable) for payable in funding.queue(db, now)]


@router.get("/payment-lists", dependencies=[_READ])
def lists(db: ReadDb) -> list[PaymentListSummary]:
    """List the payment lists, newest first."""
    return [PaymentListSummary.model_validate(row) for row in queues.payment_lists(db)]


@router.post("/payment-lists", status_code=201)
def new_list(request: PaymentListCreate, viewer: Payer, db: Db, now: Now) -> ProposalRead:
    """Make a payment list and propose it for confirmation."""
    payment_list = make_list(
        db,
        indicator=payment_lists.indicator(db, request.indicator, request.year),
        claims=request.claims,
        divide=request.divide,
        reason=request.reason,
        actor=viewer.actor,
        now=now,
    )
    decision = db.get_one(Decision, payment_list.decision_id)
    numbers = NumberView(db, now, "/api/v1/payment-lists")
    content = numbers.show_decision(viewer, decision, to_answer=False)
    return ProposalRead.model_validate({**decision.model_dump(), "content": content})


@router.get("/payment-lists/{number}")
def one_list(number: str, viewer: Reader, db: ReadDb, numbers: Numbers) -> PaymentListRead:
    """Return a payment list with its lines and the bank's answers."""
    details = list_details(db, number)
    numbers_shown = numbers.show(viewer, {line.account_id: line.number for line in details.lines})
    whole: dict[str, Any] = {
        **details.payment_list.model_dump(),
        "indicator": details.indicator.number,
        "year": details.indicator.year,
        "decision": details.decision.id,
        "answer": details.decision.answer,
        "lines": [
            {
                **line.model_dump(),
                "claim": details.claims[line.claim_id].number,
                "months": details.month_names[line.claim_id],
                "asked_fen": details.claims[line.claim_id].fen,
                "claim_fen": details.claims[line.claim_id].due_fen,
                "account": numbers_shown[line.account_id],
            }
            for line in details.lines
        ],
        "returns": details.returns,
        "files": details.files,
    }
    return PaymentListRead.model_validate(whole)


@router.get("/payment-lists/{number}/{form}", response_class=Response)
def list_file(
    *,
    number: str,
    form: Literal["csv", "xlsx"],
    viewer: Reader,
    db: ReadDb,
    numbers: Numbers,
    column: Annotated[list[str], Query(max_length=100)] = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """Download a payment list; `column` (`title=field`, repeated) chooses and orders columns."""
    details = list_details(db, number)
    payment_list = details.payment_list
    if payment_list.sent_at is None:
        raise Refused("list_not_sent", list=number)
    columns, faults = read_columns(column)
    if faults:
        raise Refusal(422, "columns", {"count": len(faults), "findings": findings(faults)})
    accounts = [line.account_id for line in details.lines]
    readable = numbers.show_decision(viewer, details.decision, to_answer=False, accounts=accounts)
    months = {claim.number: details.month_names[key] for key, claim in details.claims.items()}
    lines = [{**line, "months": months[line["claim"]]} for line in readable["lines"]]
    content = {**readable, "lines": lines}
    file = (
        as_csv(content, payment_list.digest, columns)
        if form == "csv"
        else as_xlsx(content, payment_list.digest, payment_list.made_at, columns)
    )
    return download(file, f"{number}.{form}")
