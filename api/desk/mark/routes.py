"""What a database lacks before the mark goes: for whoever is signed in."""

from fastapi import APIRouter, Depends

from api.door.dependencies import ReadDb, Wall, signed_in
from api.door.schemas import ResponseModel
from ledger.desk.codes import Safeguard
from ledger.desk.queries.mark import checks

router = APIRouter(tags=["mark"])


class SafeguardRead(ResponseModel):
    """A safeguard, whether it is there, and the names of what is lacking, where it has some."""

    safeguard: Safeguard
    is_there: bool
    lacks: list[str]


@router.get("/mark", dependencies=[Depends(signed_in)])
def mark(db: ReadDb, wall: Wall) -> list[SafeguardRead]:
    """List what the mark «演练，不得用于拨付» waits for; it goes when all of it is there."""
    return [
        SafeguardRead(safeguard=c.safeguard, is_there=c.is_there, lacks=list(c.lacks))
        for c in checks(db, wall)
    ]
