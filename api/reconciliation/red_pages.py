"""Red documents that do not say which lines they take back: each beside its blue one's lines."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.door.access import Right
from api.door.dependencies import Db, Now, ReadDb, having
from api.reconciliation import routes
from api.reconciliation.notices import Act, notice
from api.reconciliation.routes import Clerk
from api.reconciliation.schemas import RedPartsCreate
from api.reconciliation.tabs import tabs
from api.web import forms
from api.web.forms import Fields, form
from api.web.layout import Framed
from ledger.reconciliation.queries.months import months

router = APIRouter(include_in_schema=False)
_LINE = "fen of line "


@router.get("/reconcile/reds", dependencies=[having(Right.RECONCILE)])
def listing(
    *, frame: Framed, db: ReadDb, act: Annotated[Act | None, Query()] = None
) -> HTMLResponse:
    """The unclear red documents, the oldest first, with an amount to fill in for each blue line."""
    return frame.page(
        "reconciliation/reds.html",
        {
            "reds": routes.unclear_reds(db),
            "field": _LINE,
            "notice": notice(act),
            "tabs": tabs(db, "reds", months(db), may_reconcile=True),
        },
    )


def _parts(fields: Fields, _path: Mapping[str, Any]) -> Fields:
    parts = [
        {"line": name.removeprefix(_LINE), "fen": forms.fen(typed)}
        for name, typed in fields.items()
        if name.startswith(_LINE)
    ]
    return {"parts": parts, "reason": fields.get("reason")}


@router.post("/reconcile/reds/{document}")
def propose_parts(
    document: int,
    *,
    viewer: Clerk,
    request: Annotated[RedPartsCreate, form(RedPartsCreate, _parts)],
    db: Db,
    now: Now,
) -> Response:
    """Propose which lines of its blue document a red one takes back."""
    routes.propose_parts(document, request, viewer, db, now)
    return RedirectResponse(f"/reconcile/reds?act={Act.RED}", 303)
