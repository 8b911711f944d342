"""Publications, open to everybody, and the objections to them, which a clerk writes down."""

from typing import Annotated

from fastapi import APIRouter

from api.claims.schemas import ObjectionCreate, ObjectionRead, PublicationRead, ResolutionCreate
from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, Limit, Now, Offset, having
from ledger.claims import queries as claim_queries
from ledger.claims.steps.publication import receive, resolve
from ledger.people.steps.credentials import Viewer
from ledger.units import beijing_day

router = APIRouter(tags=["publications"])

Handler = Annotated[Viewer, having(Right.HANDLE_CLAIMS)]


@router.get("/publications")
def publications(
    *,
    db: Db,
    now: Now,
    limit: Limit = 100,
    offset: Offset = 0,
) -> list[PublicationRead]:
    """List publications, latest first. Nobody has to sign in."""
    rows = claim_queries.publications(db, beijing_day(now), limit=limit, offset=offset)
    return [
        PublicationRead.model_validate(
            {**row.content, "since": row.since, "until": row.until, "days": row.days,
             "current": row.current, "approved_fen": row.approved_fen}
        )
        for row in rows
    ]  # fmt: skip


@router.post("/objections", status_code=201)
def receive_one(request: ObjectionCreate, viewer: Handler, db: Db, now: Now) -> ObjectionRead:
    """Write down an objection; the claim then waits until it is resolved."""
    objection = receive(
        db, access.claim(db, viewer, request.claim), objector=request.objector,
        contact=request.contact, body=request.body, viewer_role=viewer.role, actor=viewer.actor,
        now=now,
    )  # fmt: skip
    return ObjectionRead.model_validate(objection)


@router.post("/objections/{key}/resolution")
def resolve_one(
    key: int, request: ResolutionCreate, viewer: Handler, db: Db, now: Now
) -> ObjectionRead:
    """Uphold an objection, which ends the claim, or dismiss it."""
    objection = resolve(
        db, key, upheld=request.upheld, resolution=request.resolution, viewer_role=viewer.role,
        actor=viewer.actor, now=now,
    )  # fmt: skip
    return ObjectionRead.model_validate(objection)
