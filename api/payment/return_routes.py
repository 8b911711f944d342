"""What the bank says, what comes back, and the end of the year.

Plain payments of the bank's file are booked at once; all else waits for its second person.
"""

from fastapi import APIRouter

from api.door.access import Right
from api.door.dependencies import Db, Limit, Now, Offset, ReadDb, having
from api.door.files import Uploaded, documented
from api.door.problems import Refusal
from api.door.route_table import KIB, limited
from api.messages.sentences import findings
from api.payment.routes import Payer
from api.payment.schemas import (
    BankReturnOutcome,
    BankRowRead,
    ProposalRead,
    RecoveryCreate,
    RecoveryRead,
    RefundCreate,
    RefundRead,
    RulingCreate,
    YearEndCreate,
)
from api.people.step_up import Proving
from ledger.payment.queries import bank_rows, payment_lists, returned_money
from ledger.payment.steps.bank_return import read_file, take_return
from ledger.payment.steps.bank_reversal import propose_ruling
from ledger.payment.steps.recover import open_recovery
from ledger.payment.steps.refund import refund
from ledger.payment.steps.year_end import close_year
from ledger.vouchers.queries.quotas import project_by_code

router = APIRouter(tags=["payment"])

_READ = having(Right.READ_PAYMENTS)


@router.post("/bank-returns", openapi_extra=documented(with_code=True))
@limited(body=8 * KIB * KIB)
def bank_return(
    viewer: Payer, uploaded: Uploaded, db: Db, now: Now, prover: Proving
) -> BankReturnOutcome:
    """Take in the bank's file, or report everything that is wrong with it.

    Where a code is asked for, the file is sent as a form, with the code beside it.
    """
    db.commit()  # others have the connection while the file is read
    rows, faults = read_file(uploaded.file)
    if faults:
        raise Refusal.with_faults("bank_return", faults)
    viewer = prover.take(viewer, uploaded.code)
    outcome = take_return(db, uploaded.file, rows, viewer=viewer, now=now)
    if outcome.findings:
        raise Refusal.with_faults("bank_return", outcome.findings)
    return BankReturnOutcome.model_validate(vars(outcome) | {"notes": findings(outcome.notes)})


@router.get("/bank-rows", dependencies=[_READ])
def waiting_rows(db: ReadDb, limit: Limit = 100, offset: Offset = 0) -> list[BankRowRead]:
    """List the bank's rows that contradict the books and wait for two persons, oldest first."""
    rows = bank_rows.waiting_rows(db, limit=limit, offset=offset)
    return [BankRowRead.model_validate(row) for row in rows]


@router.post("/bank-rows/{row}/rulings", status_code=201)
def new_ruling(row: int, request: RulingCreate, viewer: Payer, db: Db, now: Now) -> ProposalRead:
    """Propose what a bank's row means."""
    decision = propose_ruling(db, row, **request.model_dump(), actor=viewer.actor, now=now)
    return ProposalRead.model_validate(decision)


@router.get("/refunds", dependencies=[_READ])
def refunds(db: ReadDb, limit: Limit = 100, offset: Offset = 0) -> list[RefundRead]:
    """List refunds, newest first."""
    rows = returned_money.refunds(db, limit=limit, offset=offset)
    return [RefundRead.model_validate(row) for row in rows]


@router.post("/refunds", status_code=201)
def new_refund(request: RefundCreate, viewer: Payer, db: Db, now: Now) -> ProposalRead:
    """Propose to book a refund."""
    decision = refund(
        db,
        reference=request.reference,
        project=project_by_code(db, request.project),
        indicator=payment_lists.indicator(db, request.indicator, request.year),
        fen=request.fen,
        total_fen=request.total_fen,
        debt_fen=request.debt_fen,
        on_day=request.on_day,
        reason=request.reason,
        actor=viewer.actor,
        now=now,
    )
    return ProposalRead.model_validate(decision)


@router.get("/recoveries", dependencies=[_READ])
def recoveries(db: ReadDb, limit: Limit = 100, offset: Offset = 0) -> list[RecoveryRead]:
    """List recovery cases, the open ones first."""
    rows = returned_money.recoveries(db, limit=limit, offset=offset)
    return [RecoveryRead.model_validate(row) for row in rows]


@router.post("/recoveries", status_code=201)
def new_recovery(request: RecoveryCreate, viewer: Payer, db: Db, now: Now) -> ProposalRead:
    """Propose to open a recovery."""
    decision = open_recovery(
        db,
        project=project_by_code(db, request.project),
        fraud=request.fraud,
        pay_by=request.pay_by,
        reason=request.reason,
        actor=viewer.actor,
        now=now,
    )
    return ProposalRead.model_validate(decision)


@router.post("/year-end", status_code=201)
def year_end(request: YearEndCreate, viewer: Payer, db: Db, now: Now) -> ProposalRead:
    """Propose to close an indicator's year."""
    decision = close_year(
        db,
        indicator=payment_lists.indicator(db, request.indicator, request.year),
        new_indicator=payment_lists.indicator(db, request.new_indicator, request.new_year),
        recalled=request.recalled,
        reason=request.reason,
        actor=viewer.actor,
        now=now,
    )
    return ProposalRead.model_validate(decision)
