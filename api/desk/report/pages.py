"""The page of a month: its four tables, and the files that finance and audit are handed."""

from datetime import date, timedelta

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.desk.report import tables
from api.desk.report.routes import READ, AskedMonth
from api.door.dependencies import ReadDb
from api.door.schemas import first_day
from api.language.i18n import gettext as _
from api.language.labels import label
from api.web.layout import Framed
from ledger.desk.codes import ReportTable
from ledger.desk.queries.month_report import month_report
from ledger.units import next_month

router = APIRouter(include_in_schema=False)


@router.get("/months/{month}", dependencies=[READ])
def month_page(month: AskedMonth, frame: Framed, db: ReadDb) -> HTMLResponse:
    """The month of all contracts, with the way to the month before and after it."""
    first = first_day(month)
    report = month_report(db, first)
    shown = [
        {
            "code": table,
            "name": label(table),
            "heads": [(_(column.title), column.has_fen) for column in tables.columns_of(table)],
            "rows": [
                [
                    (column.of(line), column.url(line) if column.url else "")
                    for column in tables.columns_of(table)
                ]
                for line in tables.lines_of(report, table)
            ],
            "sums": tables.sums_fen(report, table),
        }
        for table in ReportTable
    ]
    return frame.page(
        "desk/month-report.html",
        {
            "month": first,
            "earlier": _month_before(first),
            "later": next_month(first),
            "tables": shown,
            "file": f"/api/v1/months/{month}",
        },
    )


def _month_before(month: date) -> date:
    return (month - timedelta(days=1)).replace(day=1)
