"""What the agents see of GPUs beside the registry, and to register them as they are seen."""

from typing import Annotated

from fastapi import APIRouter

from api.door.access import Right
from api.door.batch_decoder import read_kept
from api.door.dependencies import Db, LateAfter, Now, ReadDb, having
from api.door.problems import Refusal
from api.registry.schemas import (
    InventoryRead,
    ScaleRead,
    SightsCreate,
    SightsOutcome,
)
from ledger.desk.queries.inventory import inventory
from ledger.desk.steps.register_seen import register_seen, state_seen
from ledger.metering.steps.intake import release
from ledger.people.steps.credentials import Viewer
from ledger.registry.tables import Centre

router = APIRouter(tags=["registry"])

Reader = Annotated[Viewer, having(Right.READ_METERING)]
Registrar = Annotated[Viewer, having(Right.REGISTER_SEEN)]


@router.get("/inventory")
def inventory_lines(viewer: Reader, db: ReadDb, now: Now) -> InventoryRead:
    """List where what the agents of the viewer's centre see differs from the registry."""
    picture = inventory(db, viewer.centre, now)
    return InventoryRead(
        lines=[*picture.lines],
        scales=[ScaleRead.model_validate(scale) for scale in picture.scales],
    )


@router.post("/inventory")
def register_sights(
    request: SightsCreate, viewer: Registrar, db: Db, now: Now, late_after: LateAfter
) -> SightsOutcome:
    """Register GPUs where they are seen; what touches charged usage is proposed to another.

    A centre only says that they stand there: the decision waits for a clerk.
    """
    sights = [(sight.gpu, sight.cluster, sight.node) for sight in request.sights]
    if viewer.centre is not None:
        centre = db.get_one(Centre, viewer.centre)
        stated = state_seen(db, sights, centre=centre, actor=viewer.actor, now=now)
        return SightsOutcome(created={}, unchanged={}, superseded={}, decision=stated.id)
    intake = register_seen(db, sights, centre=viewer.centre, actor=viewer.actor, now=now)
    report, decision = intake.report, intake.decision
    if report.findings:
        raise Refusal.with_faults("registry", report.findings)
    return SightsOutcome(
        created=report.created,
        unchanged=report.unchanged,
        superseded=report.superseded,
        decision=decision.id if decision else None,
        changes=tuple(decision.content["changes"]) if decision else (),
        windows_released=release(db, read_kept, now, late_after=late_after),
    )
