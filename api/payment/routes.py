"""Paying out: the year's indicators, the queue, and the lists that go to the bank.

Whatever is decided here waits for its second person (`POST /decisions/{id}/answer`).
"""

from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from sqlmodel import col, select

from api.door.access import Right
from api.door.dependencies import Db, Now, having
from api.door.problems import Refusal
from api.messages.sentences import findings
from api.payment.schemas import (
    BankReturnRead,
    IndicatorChange,
    IndicatorCreate,
    PayableRead,
    PaymentLineRead,
    PaymentListCreate,
    PaymentListRead,
    PaymentListSummary,
    ProposalRead,
    Year,
)
from ledger.desk.queries import queues as desk
from ledger.errors import Refused
from ledger.payment.queries import payment_lists as payment
from ledger.payment.queries.payment_lists import Money
from ledger.payment.rules.list_export import as_csv, as_xlsx, read_columns
from ledger.payment.steps import indicators as steps
from ledger.payment.steps.payment_list import make_list
from ledger.payment.tables import BankReturn
from ledger.people.steps.credentials import Viewer
from ledger.people.tables import Decision

router = APIRouter(tags=["payment"])

_READ = having(Right.READ_PAYMENTS)
Payer = Annotated[Viewer, having(Right.PAY)]
_MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@router.get("/indicators", dependencies=[_READ])
def indicators(db: Db, year: Year | None = None) -> list[Money]:
    """The budget indicators with their balances, of a year or of all."""
    return payment.indicators(db, year)


@router.post("/indicators", status_code=201)
def open_indicator(wanted: IndicatorCreate, viewer: Payer, db: Db, now: Now) -> ProposalRead:
    """Decide on a new indicator."""
    made = steps.open_indicator(db, **wanted.model_dump(), actor=viewer.actor, now=now)
    return ProposalRead.model_validate(made)


@router.post("/indicators/{year}/{number}/changes", status_code=201)
def change_indicator(
    *, year: Year, number: str, wanted: IndicatorChange, viewer: Payer, db: Db, now: Now
) -> ProposalRead:
    """Decide that more or less is on an indicator."""
    made = steps.change_indicator(
        db, number=number, year=year, **wanted.model_dump(), actor=viewer.actor, now=now
    )
    return ProposalRead.model_validate(made)


@router.get("/payables", dependencies=[_READ])
def payables(db: Db, now: Now) -> list[PayableRead]:
    """What waits to be paid, the oldest first: what holds it, or which indicator has the money."""
    return [PayableRead.model_validate(one) for one in payment.queue(db, now)]


@router.get("/payment-lists", dependencies=[_READ])
def lists(db: Db) -> list[PaymentListSummary]:
    """Every list, the newest first."""
    return [PaymentListSummary.model_validate(row) for row in desk.payment_lists(db)]


@router.post("/payment-lists", status_code=201)
def new_list(wanted: PaymentListCreate, viewer: Payer, db: Db, now: Now) -> ProposalRead:
    """Make a list and ask for its confirmation."""
    made = make_list(
        db,
        indicator=payment.indicator(db, wanted.indicator, wanted.year),
        claims=wanted.claims,
        reason=wanted.reason,
        actor=viewer.actor,
        now=now,
    )
    return ProposalRead.model_validate(db.get_one(Decision, made.decision))


@router.get("/payment-lists/{number}", dependencies=[_READ])
def one_list(number: str, db: Db) -> PaymentListRead:
    """A list with its lines and what the bank said of them."""
    made, indicator, lines = payment.payment_list(db, number)
    decision = db.get_one(Decision, made.decision)
    claims = {line["line"]: line["claim"] for line in decision.content["lines"]}
    said = select(BankReturn).where(BankReturn.list == made.id)
    whole: dict[str, Any] = {
        **made.model_dump(),
        "indicator": indicator.number,
        "year": indicator.year,
        "answer": decision.answer,
        "lines": [
            PaymentLineRead(
                **{**line.model_dump(), "claim": claims[line.line], "account": line.number}
            )
            for line in lines
        ],
        "returns": [
            BankReturnRead.model_validate(row)
            for row in db.exec(said.order_by(col(BankReturn.received_at), BankReturn.reference))
        ],
    }
    return PaymentListRead.model_validate(whole)


@router.get("/payment-lists/{number}/{form}", response_class=Response, dependencies=[_READ])
def list_file(
    number: str,
    form: Literal["csv", "xlsx"],
    db: Db,
    column: Annotated[list[str], Query(max_length=100)] = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """The list as a file. `column` (`title=field`, repeated) says which columns, in which order."""
    made, _, _ = payment.payment_list(db, number)
    if made.sent_at is None:
        raise Refused("list_not_sent", list=number)
    columns, found = read_columns(column)
    if found:
        raise Refusal(422, "columns", {"count": len(found), "findings": findings(found)})
    content = db.get_one(Decision, made.decision).content
    file = (
        as_csv(content, made.digest, columns)
        if form == "csv"
        else as_xlsx(content, made.digest, made.made_at, columns)
    )
    name = quote(f"{number}.{form}")
    return Response(
        file,
        media_type=_MEDIA[form],
        headers={"Content-Disposition": f"attachment; filename={name}"},
    )
