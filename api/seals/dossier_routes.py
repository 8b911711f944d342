"""A claim's dossier: one file that verifies itself, for clerks and auditors."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from api.door import access
from api.door.access import Right
from api.door.dependencies import Configured, Db, Wall, having
from api.door.files import download
from api.seals.dossiers import accounts_of, dossier_of
from ledger.claims.steps.number_reads import record_read
from ledger.people.steps.credentials import Viewer

router = APIRouter(tags=["claims"])

Taker = Annotated[Viewer, having(Right.TAKE_DOSSIERS)]


@router.post("/claims/{number}/dossier", response_class=Response)
def dossier(
    number: str, request: Request, *, viewer: Taker, settings: Configured, db: Db, wall: Wall
) -> Response:
    """Seal what waits, and download everything of a claim with its proofs, as a ZIP file."""
    access.claim(db, viewer, number)
    db.commit()  # others have the connection while the file is written
    content = dossier_of(request.app.state.engine, settings, number, actor=viewer.actor, now=wall)
    record_read(db, accounts_of(db, number), place=request.url.path, actor=viewer.actor, now=wall)
    return download(content, f"{number}.zip", "application/zip")
