"""Bank accounts: where payees are paid. A change is confirmed by another person of the bureau."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from sqlmodel import Session, select

from api.claims.account_numbers import Numbers, hide_numbers
from api.claims.schemas import AccountCreate, AccountRead, ApprovalProposal, NumberReadRead
from api.door.access import Right
from api.door.dependencies import Db, Limit, Now, Offset, ReadDb, having
from api.door.problems import Refusal
from ledger.claims import queries as claim_queries
from ledger.claims.steps.bank_accounts import propose_account
from ledger.claims.steps.number_reads import number_reads
from ledger.errors import NotFound
from ledger.people.steps.credentials import Viewer
from ledger.postgres.columns import key
from ledger.registry.queries import payee_of
from ledger.registry.tables import Centre, Organisation, Project
from ledger.units import beijing_day

router = APIRouter(tags=["bank accounts"])


@router.post("/bank-accounts", status_code=201)
def propose(
    request: AccountCreate, viewer: Annotated[Viewer, having(Right.BRING_PAPERS)], db: Db, now: Now
) -> ApprovalProposal:
    """Propose where an organisation is to be paid; another person confirms it."""
    payee = _organisation(db, viewer, request.organisation, now)
    decision, faults = propose_account(
        db, payee, holder=request.holder, bank=request.bank, bank_code=request.bank_code,
        number=request.number, reason=request.reason, actor=viewer.actor, now=now,
    )  # fmt: skip
    if decision is None:
        raise Refusal.with_faults("account_faulty", faults)
    content = hide_numbers(decision.kind, decision.content)
    return ApprovalProposal(decision=key(decision), digest=decision.digest, content=content)


@router.get("/bank-accounts")
def accounts(
    viewer: Annotated[Viewer, having(Right.READ_CLAIMS)], db: ReadDb, now: Now, numbers: Numbers
) -> list[AccountRead]:
    """List bank accounts, present and past; only their owner and finance see whole numbers."""
    rows = claim_queries.accounts(db, _own(db, viewer, now))
    numbers_shown = numbers.show(viewer, {row.id: row.number for row in rows})
    return [AccountRead.of(row, number=numbers_shown[row.id]) for row in rows]


@router.get("/number-reads", dependencies=[having(Right.READ_PAYMENTS)])
def reads(
    db: ReadDb,
    account: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> list[NumberReadRead]:
    """List who saw account numbers whole, of one account or of all, the newest first."""
    rows = number_reads(db, limit=limit, offset=offset, account=account)
    return [NumberReadRead.model_validate(row) for row in rows]


def _own(db: Session, viewer: Viewer, now: datetime) -> set[int] | None:
    """The viewer's organisations; None for the bureau, to which all are open.

    A builder's are her project's and the one that is paid for it, an operator's his centre's.
    """
    if viewer.centre is not None:
        return {db.get_one(Centre, viewer.centre).organisation_id}
    if viewer.project is None:
        return None
    own = db.get_one(Project, viewer.project).organisation_id
    return {own, payee_of(db, viewer.project, beijing_day(now))}


def _organisation(db: Session, viewer: Viewer, uscc: str | None, now: datetime) -> Organisation:
    """The organisation that is named; the viewer's payee where none is. Others' are not there."""
    if uscc is None and viewer.project is not None:
        return db.get_one(Organisation, payee_of(db, viewer.project, beijing_day(now)))
    if uscc is None and viewer.centre is not None:
        return db.get_one(Organisation, db.get_one(Centre, viewer.centre).organisation_id)
    if uscc is None:
        raise Refusal(422, "no_organisation")
    organisation = db.exec(select(Organisation).where(Organisation.uscc == uscc)).one_or_none()
    own = _own(db, viewer, now)
    if organisation is None or (own is not None and organisation.id not in own):
        raise NotFound("organisation", uscc=uscc)
    return organisation
