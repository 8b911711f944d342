"""Findings: what a person should look at, and the release of what was quarantined."""

from fractions import Fraction
from typing import Annotated, Any

from fastapi import APIRouter

from api.door import access
from api.door.access import Right
from api.door.batch_decoder import read_kept
from api.door.dependencies import Db, Limit, Now, Offset, having
from api.metering.schemas import ReleaseOutcome
from ledger.desk.codes import FindingKind
from ledger.desk.queries import findings
from ledger.formats.exact import whole_or_ratio
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
    return [
        {key: whole_or_ratio(v) if isinstance(v, Fraction) else v for key, v in row.items()}
        for row in rows
    ]


@router.post("/quarantine/release")
def release_quarantine(
    viewer: Annotated[Viewer, having(Right.TEND_AGENTS)], db: Db, now: Now
) -> ReleaseOutcome:
    """Check quarantined windows again and accept those that are valid by now."""
    clusters = access.clusters(db, viewer)
    return ReleaseOutcome(
        released=sum(release(db, read_kept, now, cluster) for cluster in clusters)
    )
