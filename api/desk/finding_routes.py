"""Findings: what a person should look at, and the release of what was quarantined."""

from typing import Annotated, Any

from fastapi import APIRouter

from api.door import access
from api.door.access import Right
from api.door.batch_decoder import read_kept
from api.door.dependencies import Db, Limit, Now, Offset, having
from api.door.schemas import exact
from api.metering.schemas import ReleaseOutcome
from ledger.desk.codes import FindingKind
from ledger.desk.queries import findings
from ledger.metering.steps.intake import release
from ledger.people.steps.credentials import Viewer

router = APIRouter(tags=["findings"])


@router.get("/findings")
def list_findings(
    *,
    kind: FindingKind,
    viewer: Annotated[Viewer, having(Right.READ_METERING)],
    db: Db,
    now: Now,
    limit: Limit = 100,
    offset: Offset = 0,
) -> list[dict[str, Any]]:
    """List findings of one kind, newest first, of the viewer's centre or of all."""
    rows = findings.findings(db, kind, now, centre=viewer.centre, limit=limit, offset=offset)
    return [{key: exact(value) for key, value in row.items()} for row in rows]


@router.post("/quarantine/release")
def release_quarantine(
    viewer: Annotated[Viewer, having(Right.TEND_AGENTS)], db: Db, now: Now
) -> ReleaseOutcome:
    """Check quarantined windows again and accept those that are valid by now."""
    clusters = access.clusters(db, viewer)
    return ReleaseOutcome(
        released=sum(release(db, read_kept, now, cluster) for cluster in clusters)
    )
