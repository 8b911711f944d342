"""The table of rights, for whoever is signed in: what one may do oneself, and what others may."""

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from api.door.dependencies import signed_in
from api.language.labels import labels
from api.people.rights import right_table, scope_word
from api.web.layout import Framed
from ledger.people.codes import Role

router = APIRouter(include_in_schema=False)


@router.get("/rights", dependencies=[Depends(signed_in)])
def rights(frame: Framed) -> HTMLResponse:
    """Roles across, rights down; in each place whose things it is about."""
    content = {"rows": right_table(), "roles": labels(Role), "scope_word": scope_word}
    return frame.page("people/rights.html", content)
