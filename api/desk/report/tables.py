"""The tables of a month's report: one list of columns for the page and for the files."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from api.language.format import money
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from api.language.labels import label, label_of
from ledger.desk.codes import ReportTable
from ledger.desk.queries.month_report import BankRow, MonthReport
from ledger.formats.spreadsheets.export import Rows
from ledger.people.steps.decisions import person
from ledger.reconciliation.codes import DifferenceCode, Treatment
from ledger.units import Fen


@dataclass(frozen=True)
class Column:
    """A title, what of a row stands under it, and where that leads.

    `value` is a name of the row or a function of it; an amount in fen ends in `_fen`, or is told
    by `is_money`.
    """

    title: str
    value: str | Callable[[Any], object]
    url: Callable[[Any], str] | None = None
    is_money: bool = False

    @property
    def has_fen(self) -> bool:
        """Whether amounts stand in it."""
        return self.is_money or (isinstance(self.value, str) and self.value.endswith("_fen"))

    def of(self, row: Any) -> Any:  # noqa: ANN401 - a line of the report
        """What of the row stands in this column; None where it has nothing."""
        return self.value(row) if callable(self.value) else getattr(row, self.value)


def _month_page(key: str) -> str:
    return f"/reconcile/{key.replace('-', '/', 1)}"


def _decision(number: int | None) -> str:
    return f"/decisions/{number}" if number else ""


def _document(number: int | None) -> str:
    return f"/documents/{number}" if number else ""


def _project(code: str) -> str:
    return f"/projects/{quote(code, safe='')}"


def _claim(number: str) -> str:
    return f"/claims/{quote(number, safe='')}"


def _person(actor: str | None) -> str | None:
    return person(actor) if actor else None


def _difference(code: str) -> str:
    return f"{code} {label_of(DifferenceCode, code)}"


def _bank_row(row: BankRow) -> str:
    return f"{row.reference} {label(row.result)} {money(row.fen)} {row.on_day}"


_CONTRACT = Column(msgid("合同"), "contract_number")

_CONTRACTS = (
    Column(msgid("合同"), "contract", lambda line: _month_page(line.key)),
    Column(msgid("状态"), lambda line: label(line.state)),
    Column(msgid("计量金额"), "metered_fen"),
    Column(msgid("已开票"), "invoiced_fen"),
    Column(msgid("核定"), "matched_fen"),
    Column(msgid("待调减"), "fall_fen"),
    Column(msgid("未了"), "open_fen"),
    Column(msgid("补贴"), "subsidy_fen"),
    Column(msgid("已申请"), "claimed_fen"),
    Column(msgid("已支付"), "paid_fen"),
    Column(msgid("不予补贴的决定"), "excluded_by", lambda line: _decision(line.excluded_by)),
    Column(msgid("项目编号"), "project", lambda line: _project(line.project)),
    Column(msgid("项目"), "project_name"),
    Column(msgid("智算中心"), "centre"),
)
_DOCUMENTS = (
    _CONTRACT,
    Column(msgid("单据号码"), "number", lambda line: _document(line.document)),
    Column(msgid("行"), "line"),
    Column(msgid("项目名称"), "item"),
    Column(msgid("部分"), lambda line: label(line.part)),
    Column(msgid("这一行的金额"), "net_fen"),
    Column(msgid("计入这里"), "fen", is_money=True),
    Column(msgid("种类"), lambda line: label(line.kind)),
    Column(msgid("红字"), lambda line: _("红字") if line.is_red else None),
    Column(msgid("开票日"), "issued_on"),
    Column(msgid("销方"), "seller_name"),
    Column(msgid("购方"), "buyer_name"),
    Column(msgid("交单人"), lambda line: _person(line.received_by)),
    Column(msgid("核对人"), lambda line: _person(line.confirmed_by)),
    Column(msgid("原件 SHA-256"), "original"),
)
_TREATMENTS = (
    _CONTRACT,
    Column(msgid("差异"), lambda line: _difference(line.treated.code)),
    Column(msgid("金额"), lambda line: line.treated.fen, is_money=True),
    Column(msgid("单据号码"), "number", lambda line: _document(line.treated.document)),
    Column(msgid("行"), lambda line: line.treated.line),
    Column(msgid("处理"), lambda line: label_of(Treatment, line.treated.treatment)),
    Column(msgid("理由"), lambda line: line.treated.reason),
    Column(
        msgid("决定"),
        lambda line: line.treated.decision,
        lambda line: _decision(line.treated.decision),
    ),
    Column(msgid("提出"), lambda line: _person(line.treated.by)),
    Column(msgid("确认"), lambda line: _person(line.treated.confirmed_by)),
)
_CLAIMS = (
    _CONTRACT,
    Column(msgid("申请编号"), "claim", lambda line: _claim(line.claim)),
    Column(msgid("状态"), lambda line: label(line.state)),
    Column(msgid("申请"), "asked_fen"),
    Column(msgid("应付"), "due_fen"),
    Column(msgid("已支付"), "paid_fen"),
    Column(msgid("清单 / 行"), lambda line: " ".join(line.lines)),
    Column(msgid("指标"), lambda line: " ".join(line.indicators)),
    Column(msgid("银行流水号"), lambda line: "; ".join(map(_bank_row, line.bank_rows))),
    Column(msgid("收款单位"), "payee"),
    Column(msgid("项目编号"), "project"),
)


def columns_of(table: ReportTable) -> Sequence[Column]:
    """The columns of a table, in order."""
    match table:
        case ReportTable.CONTRACTS:
            return _CONTRACTS
        case ReportTable.DOCUMENTS:
            return _DOCUMENTS
        case ReportTable.TREATMENTS:
            return _TREATMENTS
        case ReportTable.CLAIMS:
            return _CLAIMS


def lines_of(report: MonthReport, table: ReportTable) -> Sequence[object]:
    """The lines of one table."""
    lines: Sequence[object] = getattr(report, table.value)
    return lines


def spreadsheet(report: MonthReport, table: ReportTable) -> Rows:
    """A table under its titles; amounts in yuan, what is not there empty."""
    columns = columns_of(table)
    yield [_(column.title) for column in columns]
    for line in lines_of(report, table):
        yield [_cell(column, line) for column in columns]


def sums_fen(report: MonthReport, table: ReportTable) -> list[Fen | None]:
    """The sum of each column in which amounts stand, None for the others."""
    lines = lines_of(report, table)
    sums: list[Fen | None] = []
    for column in columns_of(table):
        amounts = [column.of(line) for line in lines] if column.has_fen else []
        known = [fen for fen in amounts if fen is not None]
        sums.append(sum(known) if known else None)
    return sums


def _cell(column: Column, line: object) -> str | Decimal:
    value = column.of(line)
    if value is None:
        return ""
    return Decimal(value).scaleb(-2) if column.has_fen else str(value)
