"""Accruals: price what was used by now, and bring every voucher to its target."""

from typing import Annotated

from fastapi import APIRouter

from api.door.access import Right
from api.door.dependencies import Db, Now, having
from api.vouchers.schemas import AccrualOutcome
from ledger.charging.steps import charge
from ledger.people.steps.credentials import Viewer
from ledger.reconciliation.steps.excess import move_excess
from ledger.vouchers.steps.accrue import accrue_all

router = APIRouter(tags=["vouchers"])


@router.post("/accruals")
def accrue(viewer: Annotated[Viewer, having(Right.ACCRUE)], db: Db, now: Now) -> AccrualOutcome:
    """Charge and accrue everything. Absolute: again, without new usage, changes nothing."""
    outcome = charge(db, now)
    move_excess(db, viewer.actor, now)
    accrued = accrue_all(db, viewer.actor, now)
    return AccrualOutcome(
        charges_changed=outcome.changed,
        unpriced=outcome.unpriced,
        vouchers=accrued.vouchers,
        moved=accrued.moved,
    )
