"""The policy versions that promise vouchers: which are payable, until when, and what to propose."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, Now, ReadDb
from api.language.labels import label
from api.vouchers import routes
from api.vouchers.schemas import PolicyEndCreate, PolicyPayableCreate
from api.web.forms import form
from api.web.layout import Framed
from api.web.mark import Mark
from ledger.vouchers.codes import VersionState
from ledger.vouchers.queries.versions import versions

router = APIRouter(include_in_schema=False)

_SHAPES = {
    VersionState.INCOMPLETE: "○",
    VersionState.KNOWN: "◔",
    VersionState.PROPOSED: "◑",
    VersionState.PAYABLE: "●",
}


@router.get("/policies")
def listing(frame: Framed, viewer: routes.Reader, db: ReadDb) -> HTMLResponse:
    """Show every version with its state."""
    rows = [
        (version, Mark(_SHAPES[version.state], label(version.state))) for version in versions(db)
    ]
    return frame.page(
        "vouchers/versions.html",
        {
            "rows": rows,
            "open": [v.policy for v, _mark in rows if v.state is VersionState.KNOWN],
            "payable": [v.policy for v, _mark in rows if v.state is VersionState.PAYABLE],
            "may_propose": access.may(viewer, Right.OPEN_VOUCHERS),
        },
    )


@router.post("/policies/{version}/payable")
def propose_here(
    version: str,
    viewer: routes.Opener,
    request: Annotated[PolicyPayableCreate, form(PolicyPayableCreate)],
    db: Db,
    now: Now,
) -> Response:
    """Propose that a version becomes payable, and show the decision for another person."""
    decision = routes.propose_version_payable(
        version=version, request=request, viewer=viewer, db=db, now=now
    )
    return RedirectResponse(f"/decisions/{decision.id}", 303)


@router.post("/policies/{version}/end")
def propose_end_here(
    version: str,
    viewer: routes.Opener,
    request: Annotated[PolicyEndCreate, form(PolicyEndCreate)],
    db: Db,
    now: Now,
) -> Response:
    """Propose from which day on a version is no longer in force; another person confirms it."""
    decision = routes.propose_version_end(
        version=version, request=request, viewer=viewer, db=db, now=now
    )
    return RedirectResponse(f"/decisions/{decision.id}", 303)
