"""Projects as their builders and the bureau see them: the quota, its days, the days' windows."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter

from api.door import access
from api.door.access import Right
from api.door.dependencies import Limit, Now, Offset, ReadDb, having
from api.door.schemas import IsoDay
from api.vouchers.schemas import ProjectRead, QuotaRead
from ledger.documents.queries.deductions import confirmed_fen
from ledger.metering.queries.usage import WindowPart, windows_of_day
from ledger.people.steps.credentials import Viewer
from ledger.postgres.columns import key
from ledger.vouchers.queries import quotas as voucher_queries
from ledger.vouchers.queries.quotas import Day

router = APIRouter(tags=["projects"])

Reader = Annotated[Viewer, having(Right.READ_PROJECTS)]


@router.get("/projects")
def projects(viewer: Reader, db: ReadDb) -> list[ProjectRead]:
    """List the projects in the viewer's scope, by code."""
    return [ProjectRead.model_validate(row) for row in access.projects(db, viewer)]


@router.get("/projects/{code}")
def project(code: str, viewer: Reader, db: ReadDb) -> ProjectRead:
    """Return a project."""
    project = access.project(db, viewer, code)
    (row,) = access.projects(db, viewer, only=project.id)
    return ProjectRead.model_validate(row)


@router.get("/projects/{code}/quota")
def quota(code: str, viewer: Reader, db: ReadDb, now: Now) -> QuotaRead:
    """Return a quota: the cap, what is used, what is left, and until when it lasts."""
    project = access.project(db, viewer, code)
    return QuotaRead.of(
        voucher_queries.quota(db, project, now), confirmed_fen(db, project=key(project))
    )


@router.get("/projects/{code}/days")
def days(
    *,
    code: str,
    viewer: Reader,
    db: ReadDb,
    now: Now,
    since: IsoDay = date.min,
    until: IsoDay = date.max,
) -> list[Day]:
    """List the days with usage from `since` until before `until`, oldest first."""
    project = access.project(db, viewer, code)
    return [d for d in voucher_queries.days_of(db, project, now) if since <= d.day < until]


@router.get("/projects/{code}/days/{day}/windows")
def windows(
    *, code: str, day: IsoDay, viewer: Reader, db: ReadDb, limit: Limit = 100, offset: Offset = 0
) -> list[WindowPart]:
    """List the windows behind a day; together they are exactly its usage."""
    project = access.project(db, viewer, code)
    return windows_of_day(db, key(project), day, limit=limit, offset=offset)
