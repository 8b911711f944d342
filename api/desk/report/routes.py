"""The report of a month: as JSON, as one workbook, and each of its tables as CSV."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.desk.report.tables import spreadsheet
from api.door.access import Right
from api.door.dependencies import Now, ReadDb, having
from api.door.files import download
from api.door.schemas import YearMonth, first_day
from api.language.format import moment
from api.language.i18n import gettext as _
from api.language.labels import label
from ledger.desk.codes import ReportTable
from ledger.desk.queries.month_report import MonthReport, month_report
from ledger.formats.spreadsheets.export import Rows, csv_file, xlsx_book

router = APIRouter(tags=["audit"])

READ = having(Right.READ_POSTINGS)
AskedMonth = Annotated[YearMonth, Path()]


@router.get("/months/{month}.xlsx", dependencies=[READ], response_class=Response)
def workbook(month: AskedMonth, db: ReadDb, now: Now) -> Response:
    """Download the month as a workbook: a sheet for each table, amounts in yuan."""
    report = month_report(db, first_day(month))
    sheets = {_("说明"): _about(report, now)}
    sheets |= {label(table): spreadsheet(report, table) for table in ReportTable}
    return download(xlsx_book(sheets), f"{month}.xlsx")


@router.get("/months/{month}", dependencies=[READ])
def of_month(month: AskedMonth, db: ReadDb) -> MonthReport:
    """Return the month of all contracts: figures, document lines, treatments, claims."""
    return month_report(db, first_day(month))


@router.get("/months/{month}/{table}.csv", dependencies=[READ], response_class=Response)
def table_file(month: AskedMonth, table: ReportTable, db: ReadDb) -> Response:
    """Download one table of the month as CSV, amounts in yuan."""
    report = month_report(db, first_day(month))
    return download(csv_file(spreadsheet(report, table)), f"{month}-{table}.csv")


def _about(report: MonthReport, now: datetime) -> Rows:
    """What a reader of the file alone has to know."""
    yield [_("账期"), f"{report.month:%Y-%m}"]
    yield [_("生成（北京时间）"), moment(now)]
    yield [_("金额"), _("元；计量、开票、核定不含税，补贴在各上限之内")]
    yield [_("已支付"), _("一件申请只付了一部分的，先算最早的账期")]
