"""One Beijing day of a project: its figures, and the very windows that they are made of."""

from fractions import Fraction

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.door import access
from api.door.access import Right
from api.door.dependencies import Now, Offset, ReadDb
from api.door.schemas import IsoDay
from api.vouchers.pages import Reader
from api.web.layout import Framed, pages
from ledger.desk.queries import chain
from ledger.metering.queries import usage
from ledger.postgres.columns import key
from ledger.vouchers.queries.quotas import days_of

router = APIRouter(include_in_schema=False)

PAGE_ROWS = 200


@router.get("/projects/{code}/days/{day}")
def day_page(
    code: str,
    day: IsoDay,
    *,
    frame: Framed,
    viewer: Reader,
    db: ReadDb,
    now: Now,
    offset: Offset = 0,
) -> HTMLResponse:
    """The day's figures and a page of its windows."""
    project = access.project(db, viewer, code)
    parts = usage.windows_of_day(db, key(project), day, limit=PAGE_ROWS + 1, offset=offset)
    windows = parts[:PAGE_ROWS]
    days = days_of(db, project, now)
    pager = pages(frame, offset, PAGE_ROWS, len(windows), more=len(parts) > PAGE_ROWS)
    return frame.page(
        "vouchers/day.html",
        {
            "name": project.name,
            "code": project.code,
            "base": f"/projects/{project.code}",
            "day": day,
            "used": next((day_usage for day_usage in days if day_usage.day == day), None),
            "windows": windows,
            "shown_ms": sum((part.device_ms for part in windows), Fraction(0)),
            "charged": chain.months_charged(db, [(project.code, day)]),
            "may_batches": access.may(viewer, Right.READ_POSTINGS),
            "whole": not (pager.before or pager.after),
            "pages": pager,
        },
    )
