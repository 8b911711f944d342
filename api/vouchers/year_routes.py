"""Caps for the years and yearly pools: proposed here, confirmed by another person."""

from typing import Annotated

from fastapi import APIRouter

from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, Now, ReadDb, having
from api.people.schemas import DecisionRead
from api.vouchers.routes import Opener
from api.vouchers.year_schemas import PoolCreate, PoolRead, YearCapCreate
from ledger.claims.queries import voucher_of
from ledger.people.steps.credentials import Viewer
from ledger.postgres.columns import key
from ledger.vouchers.queries import pools
from ledger.vouchers.steps.pools import propose_pool
from ledger.vouchers.steps.year_caps import propose_year_cap

router = APIRouter(tags=["vouchers"])

_READ = having(Right.READ_PAYMENTS)
Payer = Annotated[Viewer, having(Right.PAY)]


@router.post("/projects/{code}/year-cap", status_code=201)
def propose_a_year_cap(
    *, code: str, request: YearCapCreate, viewer: Opener, db: Db, now: Now
) -> DecisionRead:
    """Propose what the voucher may earn of each year from one on; another person confirms it."""
    voucher = voucher_of(db, key(access.project(db, viewer, code)))
    decision = propose_year_cap(db, voucher, **request.model_dump(), actor=viewer.actor, now=now)
    return DecisionRead.model_validate(decision)


@router.get("/pools", dependencies=[_READ])
def list_pools(db: ReadDb) -> list[PoolRead]:
    """List the yearly pools, the newest year first: what is drawn by whom, and who waits."""
    return [PoolRead.model_validate(pool) for pool in pools.pools(db)]


@router.post("/pools", status_code=201)
def propose_a_pool(request: PoolCreate, viewer: Payer, db: Db, now: Now) -> DecisionRead:
    """Propose a yearly pool, or another sum for one; another person confirms it."""
    decision = propose_pool(db, **request.model_dump(), actor=viewer.actor, now=now)
    return DecisionRead.model_validate(decision)
