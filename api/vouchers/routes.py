"""Vouchers: the policy decides on the facts that are given, and only then one is opened.

Later its cap is changed or it lapses, by two persons; and parts of it are reserved.
"""

from typing import Annotated

from fastapi import APIRouter
from sqlmodel import Session

from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, Now, having
from api.door.problems import Refusal
from api.messages.sentences import findings
from api.people.schemas import DecisionRead
from api.vouchers.schemas import (
    CapCreate,
    LapseCreate,
    ReservationCreate,
    ReservationRead,
    ReservationRelease,
    VoucherCreate,
    VoucherRead,
)
from ledger.accounts.queries import rights
from ledger.claims.queries import voucher_of
from ledger.people.steps.credentials import Viewer
from ledger.policy.decide.engine import decide
from ledger.policy.decide.reasons import reasons
from ledger.policy.text.clauses import Policy
from ledger.policy.text.published import load
from ledger.postgres.columns import key
from ledger.registry.tables import Project
from ledger.vouchers.steps.caps import propose_cap
from ledger.vouchers.steps.lapse import propose_lapse
from ledger.vouchers.steps.reserve import open_reservations, release, reservation_of, reserve
from ledger.vouchers.steps.voucher import open_voucher
from ledger.vouchers.tables import Reservation, Voucher

router = APIRouter(tags=["vouchers"])

Opener = Annotated[Viewer, having(Right.OPEN_VOUCHERS)]

# What the books know is not asked: a voucher is opened before anything is reconciled or paid.
_OF_THE_BOOKS = {"compute_cost_fen": 0, "paid_before_fen": 0}


@router.post("/projects/{code}/voucher", status_code=201)
def open_for(
    *,
    code: str,
    wanted: VoucherCreate,
    viewer: Opener,
    db: Db,
    now: Now,
) -> VoucherRead:
    """Decide, and open the project's voucher; asked again it is the same one."""
    project = access.project(db, viewer, code)
    policy = load(wanted.policy)
    _refuse_unless_eligible(policy, wanted, project)
    voucher = open_voucher(
        db,
        project=key(project),
        clause=wanted.clause,
        policy=wanted.policy,
        facts=wanted.facts,
        actor=viewer.actor,
        now=now,
    )
    cap_fen = -rights(db, voucher.book).clause  # it may have been changed since
    return VoucherRead(project=code, policy=voucher.policy, clause=voucher.clause, cap_fen=cap_fen)


@router.post("/projects/{code}/cap", status_code=201)
def propose_a_cap(
    *, code: str, wanted: CapCreate, viewer: Opener, db: Db, now: Now
) -> DecisionRead:
    """Decide on another cap; another person confirms it."""
    made = propose_cap(
        db,
        _voucher(db, viewer, code),
        cap_fen=wanted.cap_fen,
        reason=wanted.reason,
        actor=viewer.actor,
        now=now,
    )
    return DecisionRead.model_validate(made)


@router.post("/projects/{code}/lapse", status_code=201)
def propose_to_lapse(
    *, code: str, wanted: LapseCreate, viewer: Opener, db: Db, now: Now
) -> DecisionRead:
    """Decide that what is left of the voucher lapses; another person confirms it."""
    voucher = _voucher(db, viewer, code)
    made = propose_lapse(db, voucher, reason=wanted.reason, actor=viewer.actor, now=now)
    return DecisionRead.model_validate(made)


@router.post("/projects/{code}/reservations", status_code=201)
def reserve_a_part(
    *, code: str, wanted: ReservationCreate, viewer: Opener, db: Db, now: Now
) -> ReservationRead:
    """Reserve a part of the voucher for a plan."""
    made = reserve(
        db,
        _voucher(db, viewer, code),
        fen=wanted.fen,
        plan=wanted.plan,
        until=wanted.until,
        actor=viewer.actor,
        now=now,
    )
    return _reservation(made, made.fen)


@router.get("/projects/{code}/reservations")
def reservations(
    *, code: str, viewer: Annotated[Viewer, having(Right.READ_PROJECTS)], db: Db
) -> list[ReservationRead]:
    """The reservations that stand, oldest first: they are used up in this order."""
    found = open_reservations(db, _voucher(db, viewer, code))
    return [_reservation(one, left) for one, left in found]


@router.delete("/projects/{code}/reservations/{key}")
def release_a_part(*, code: str, key: int, viewer: Opener, db: Db, now: Now) -> ReservationRelease:
    """Release a reservation; what nobody used of it is available again."""
    found = reservation_of(db, _voucher(db, viewer, code), key)
    released = release(db, found, actor=viewer.actor, now=now)
    return ReservationRelease(id=key, released_fen=released)


def _reservation(one: Reservation, left: int) -> ReservationRead:
    return ReservationRead.model_validate({**one.model_dump(), "left_fen": left})


def _voucher(db: Session, viewer: Viewer, code: str) -> Voucher:
    """The voucher of a project that is there and has one."""
    project = access.project(db, viewer, code)
    return voucher_of(db, key(project))


def _refuse_unless_eligible(policy: Policy, wanted: VoucherCreate, project: Project) -> None:
    """Anything but an eligible project of the clause's kind is refused, with its reasons."""
    decision = decide(policy, wanted.clause, {**wanted.facts, **_OF_THE_BOOKS})
    clause = policy.clause(wanted.clause)
    if decision.result != "eligible" or clause is None:
        told = findings(reasons(policy, decision))
        raise Refusal(422, decision.result, {"clause": wanted.clause, "findings": told})
    counted = clause.amount.unit
    if not clause.voucher or counted is None or counted.scope != project.kind:
        raise Refusal(422, "wrong_kind", {"clause": wanted.clause, "kind": project.kind})
