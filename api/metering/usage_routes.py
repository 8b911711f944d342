"""Usage by project: exact device-milliseconds, to compare with anyone's own count."""

from typing import Annotated

from fastapi import APIRouter

from api.door import access
from api.door.access import Right
from api.door.dependencies import ReadDb, having
from api.door.schemas import IsoDay
from api.metering.schemas import UsageRead
from ledger.metering.queries import usage
from ledger.people.steps.credentials import Viewer

router = APIRouter(tags=["usage"])


@router.get("/usage")
def usage_by_project(
    viewer: Annotated[Viewer, having(Right.READ_USAGE)],
    db: ReadDb,
    since: IsoDay | None = None,
    until: IsoDay | None = None,
) -> list[UsageRead]:
    """List what each project used from `since` until before `until`, by project code.

    A builder sees its own project, an operator what was used at its own centre. A project without
    usage is not listed: nothing was measured, which is not zero.
    """
    codes = access.project_codes(db, viewer)
    usages = usage.owned_usage(db, list(codes), since=since, until=until)
    own_usages = [u for u in usages if viewer.centre in (None, u.centre)]
    totals = usage.totals(own_usages)
    lines = sorted((codes[project], device_ms) for project, device_ms in totals.items())
    return [UsageRead(project=code, device_ms=device_ms) for code, device_ms in lines]
