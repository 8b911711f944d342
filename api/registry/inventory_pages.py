"""The inventory: GPUs as the agents see them beside the registry, and a centre's scale."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse

from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, LateAfter, Now, ReadDb
from api.registry import inventory_routes
from api.registry.inventory_routes import Reader, Registrar
from api.registry.schemas import SightsCreate
from api.web.forms import SentForm, request_of
from api.web.layout import Framed
from api.web.mark import inventory_mark
from ledger.desk.queries.inventory import inventory
from ledger.desk.steps.register_seen import open_statements
from ledger.units import decimal

router = APIRouter(include_in_schema=False)

SCALE_TFLOPS = decimal("100000")
"""Article 2: 智能算力规模100P（含）以上; read as FP16, dense, of what is registered."""


@router.get("/inventory")
def inventory_page(
    *,
    frame: Framed,
    viewer: Reader,
    db: ReadDb,
    now: Now,
    count: Annotated[int | None, Query(ge=0)] = None,
) -> HTMLResponse:
    """Where the agents and the registry differ, with what may be confirmed."""
    picture = inventory(db, viewer.centre, now)
    return frame.page(
        "registry/inventory.html",
        {
            "lines": [(line, inventory_mark(line.state)) for line in picture.lines],
            "scales": [
                (scale, f"{float(scale.tflops / 1000):.3f}", scale.tflops >= SCALE_TFLOPS)
                for scale in picture.scales
            ],
            "may_confirm": access.may(viewer, Right.REGISTER_SEEN),
            "is_centre": viewer.centre is not None,
            "statements": [
                (
                    decision,
                    len(decision.content["devices"]),
                    access.may_read_decision(viewer, decision),
                )
                for decision in open_statements(db, viewer.centre)
            ],
            "count": count,
        },
    )


@router.post("/inventory")
def confirm(
    viewer: Registrar, data: SentForm, db: Db, now: Now, late_after: LateAfter
) -> RedirectResponse:
    """Register what was ticked, or say that it stands there, as the API does."""
    ticks = [str(value).split(" ", 2) for value in data.getlist("sight")]
    sights = [dict(zip(("gpu", "cluster", "node"), tick, strict=False)) for tick in ticks]
    wish = request_of(SightsCreate, {"sights": sights})
    outcome = inventory_routes.register_sights(wish, viewer, db, now, late_after)
    if outcome.decision is not None:
        return RedirectResponse(f"/decisions/{outcome.decision}", 303)
    total = sum(outcome.created.values()) + sum(outcome.superseded.values())
    return RedirectResponse(f"/inventory?count={total}", 303)
