"""Vouchers: the policy decides on the facts that are given, and only then one is opened.

Later its cap is changed or it lapses, by two persons; and parts of it are reserved.
"""

from typing import Annotated, Any

from fastapi import APIRouter
from sqlmodel import Session

from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, Now, ReadDb, having
from api.door.problems import Refusal
from api.messages.sentences import findings
from api.people.schemas import DecisionRead
from api.vouchers.schemas import (
    CapCreate,
    LapseCreate,
    PolicyEndCreate,
    PolicyPayableCreate,
    RateCreate,
    ReservationCreate,
    ReservationRead,
    ReservationRelease,
    ValidityCreate,
    VoucherCreate,
    VoucherRead,
)
from ledger.accounts.queries import rights
from ledger.claims.queries import voucher_of
from ledger.people.steps.credentials import Viewer
from ledger.policy.decide.engine import decide
from ledger.policy.decide.reasons import reasons
from ledger.policy.decide.tree import ChosenRate
from ledger.policy.text.clauses import Policy
from ledger.policy.text.published import load
from ledger.postgres.columns import key
from ledger.registry.tables import Project
from ledger.vouchers.queries.earnings import rates_of
from ledger.vouchers.queries.versions import Version, versions
from ledger.vouchers.steps.caps import propose_cap
from ledger.vouchers.steps.lapse import propose_lapse
from ledger.vouchers.steps.openings import Face, propose_voucher, voucher_under
from ledger.vouchers.steps.payable_versions import propose_payable
from ledger.vouchers.steps.policy_ends import propose_end
from ledger.vouchers.steps.rates import propose_rate
from ledger.vouchers.steps.reserve import open_reservations, release, reservation_of, reserve
from ledger.vouchers.steps.validity import propose_validity
from ledger.vouchers.tables import Reservation, Voucher

router = APIRouter(tags=["vouchers"])

Opener = Annotated[Viewer, having(Right.OPEN_VOUCHERS)]
Reader = Annotated[Viewer, having(Right.READ_PROJECTS)]

# What the books know is not asked: a voucher is opened before anything is reconciled or paid.
_OF_THE_BOOKS = {"compute_cost_fen": 0, "paid_before_fen": 0}


@router.post("/projects/{code}/voucher", status_code=201)
def open_for(
    *,
    code: str,
    request: VoucherCreate,
    viewer: Opener,
    db: Db,
    now: Now,
) -> VoucherRead:
    """Decide on the facts and propose the project's voucher; another person confirms it.

    One that is open is told as it is.
    """
    project = access.project(db, viewer, code)
    policy = load(request.policy)
    rate = _rate_if_eligible(policy, request, project)
    terms: dict[str, Any] = {
        "project": code,
        "policy": request.policy,
        "clause": request.clause,
    }
    voucher = voucher_under(db, project, policy=request.policy, clause=request.clause)
    if voucher is not None:
        cap_fen = -rights(db, voucher.book_id).clause  # it may have been changed since
        *_, now_at = (days for days in rates_of(db, voucher) if days.policy == request.policy)
        terms |= {"rate": now_at.rate, "rate_words": now_at.words}
        return VoucherRead(**terms, cap_fen=cap_fen)
    decision = propose_voucher(
        db,
        project,
        clause=request.clause,
        policy=request.policy,
        facts=request.facts,
        actor=viewer.actor,
        now=now,
        rate=rate,
        face=Face(request.face_fen, request.valid_from, request.valid_until),
    )
    terms |= {"rate": rate.rate, "rate_words": rate.words}
    return VoucherRead(**terms, cap_fen=decision.content["cap_fen"], decision=decision.id)


@router.post("/projects/{code}/cap", status_code=201)
def propose_a_cap(
    *, code: str, request: CapCreate, viewer: Opener, db: Db, now: Now
) -> DecisionRead:
    """Propose another cap; another person confirms it."""
    decision = propose_cap(
        db,
        _voucher(db, viewer, code),
        cap_fen=request.cap_fen,
        reason=request.reason,
        actor=viewer.actor,
        now=now,
    )
    return DecisionRead.model_validate(decision)


@router.post("/projects/{code}/lapse", status_code=201)
def propose_to_lapse(
    *, code: str, request: LapseCreate, viewer: Opener, db: Db, now: Now
) -> DecisionRead:
    """Propose that the rest of the voucher lapses; another person confirms it."""
    voucher = _voucher(db, viewer, code)
    decision = propose_lapse(db, voucher, reason=request.reason, actor=viewer.actor, now=now)
    return DecisionRead.model_validate(decision)


@router.post("/projects/{code}/validity", status_code=201)
def propose_days(
    *, code: str, request: ValidityCreate, viewer: Opener, db: Db, now: Now
) -> DecisionRead:
    """Propose on which days the voucher is valid; usage on others earns nothing."""
    decision = propose_validity(
        db, _voucher(db, viewer, code), **request.model_dump(), actor=viewer.actor, now=now
    )
    return DecisionRead.model_validate(decision)


@router.post("/projects/{code}/rate", status_code=201)
def propose_another_rate(
    *, code: str, request: RateCreate, viewer: Opener, db: Db, now: Now
) -> DecisionRead:
    """Decide the rate again on other facts, and propose it from a day on."""
    project, voucher = access.project(db, viewer, code), _voucher(db, viewer, code)
    wish = VoucherCreate(clause=voucher.clause, policy=request.policy, facts=request.facts)
    decision = propose_rate(
        db,
        voucher,
        policy=request.policy,
        since=request.since,
        facts=request.facts,
        rate=_rate_if_eligible(load(request.policy), wish, project),
        reason=request.reason,
        actor=viewer.actor,
        now=now,
    )
    return DecisionRead.model_validate(decision)


@router.get("/policies")
def known_versions(viewer: Reader, db: ReadDb) -> list[Version]:  # noqa: ARG001 - who may read
    """List the policy versions that promise vouchers, and whether two persons made them payable."""
    return versions(db)


@router.post("/policies/{version}/payable", status_code=201)
def propose_version_payable(
    *, version: str, request: PolicyPayableCreate, viewer: Opener, db: Db, now: Now
) -> DecisionRead:
    """Propose that a policy version becomes payable, as it was read."""
    decision = propose_payable(db, version, reason=request.reason, actor=viewer.actor, now=now)
    return DecisionRead.model_validate(decision)


@router.post("/policies/{version}/end", status_code=201)
def propose_version_end(
    *, version: str, request: PolicyEndCreate, viewer: Opener, db: Db, now: Now
) -> DecisionRead:
    """Propose from which day on a policy version is no longer in force."""
    decision = propose_end(
        db, version, request.until, reason=request.reason, actor=viewer.actor, now=now
    )
    return DecisionRead.model_validate(decision)


@router.post("/projects/{code}/reservations", status_code=201)
def reserve_a_part(
    *, code: str, request: ReservationCreate, viewer: Opener, db: Db, now: Now
) -> ReservationRead:
    """Reserve a part of the voucher for a plan."""
    reservation = reserve(
        db,
        _voucher(db, viewer, code),
        fen=request.fen,
        plan=request.plan,
        until=request.until,
        actor=viewer.actor,
        now=now,
    )
    return _reservation(reservation, reservation.fen)


@router.get("/projects/{code}/reservations")
def reservations(
    *, code: str, viewer: Annotated[Viewer, having(Right.READ_PROJECTS)], db: ReadDb
) -> list[ReservationRead]:
    """List the open reservations, oldest first: they are used up in this order."""
    rows = open_reservations(db, _voucher(db, viewer, code))
    return [_reservation(reservation, rest) for reservation, rest in rows]


@router.delete("/projects/{code}/reservations/{key}")
def release_a_part(*, code: str, key: int, viewer: Opener, db: Db, now: Now) -> ReservationRelease:
    """Release a reservation; its unused part is available again."""
    reservation = reservation_of(db, _voucher(db, viewer, code), key)
    amount = release(db, reservation, actor=viewer.actor, now=now)
    return ReservationRelease(id=key, released_fen=amount)


def _reservation(reservation: Reservation, rest: int) -> ReservationRead:
    return ReservationRead.model_validate({**reservation.model_dump(), "left_fen": rest})


def _voucher(db: Session, viewer: Viewer, code: str) -> Voucher:
    """The voucher of a project that is there and has one."""
    project = access.project(db, viewer, code)
    return voucher_of(db, key(project))


def _rate_if_eligible(policy: Policy, request: VoucherCreate, project: Project) -> ChosenRate:
    """Anything but an eligible project of the clause's kind is refused, with its reasons."""
    decision = decide(policy, request.clause, {**request.facts, **_OF_THE_BOOKS})
    clause = policy.clause(request.clause)
    if decision.result != "eligible" or clause is None:
        faults = findings(reasons(policy, decision))
        raise Refusal(422, decision.result, {"clause": request.clause, "findings": faults})
    cap = clause.amount.unit
    rate = decision.proof and decision.proof.rate
    if not clause.voucher or cap is None or cap.scope != project.kind or rate is None:
        raise Refusal(422, "wrong_kind", {"clause": request.clause, "kind": project.kind})
    return rate
