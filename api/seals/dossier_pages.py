"""The button of a claim's page that downloads its dossier."""

from fastapi import APIRouter, Request, Response

from api.door.dependencies import Configured, Db, Wall
from api.seals import dossier_routes
from api.seals.dossier_routes import Taker

router = APIRouter(include_in_schema=False)


@router.post("/claims/{number}/dossier")
def dossier(
    number: str, request: Request, *, viewer: Taker, settings: Configured, db: Db, wall: Wall
) -> Response:
    """Download a claim's dossier."""
    return dossier_routes.dossier(
        number, request, viewer=viewer, settings=settings, db=db, wall=wall
    )
