"""The list of contracts' months: narrowed, sorted, and written for a spreadsheet.

The page, the JSON list and the files take one query, so that a file holds what the page shows.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from api.door.schemas import LINE_MAX, YearMonth, first_day
from api.language.i18n import gettext as _
from api.language.labels import label
from ledger.desk.queries import queues
from ledger.formats.spreadsheets.export import Rows
from ledger.reconciliation.codes import MonthState
from ledger.reconciliation.queries.months import Month
from ledger.units import Fen

Show = Literal["due", "all", "falls"]
SORTS: Mapping[str, Callable[[Month], Any]] = MappingProxyType(
    {
        "contract": lambda row: (row.number, row.month),
        "month": lambda row: (row.month, row.number),
        "state": lambda row: (row.state, row.proposed or 0),
        "metered": lambda row: row.metered_fen,
        "invoiced": lambda row: row.invoiced_fen,
        "matched": lambda row: row.matched_fen,
        "difference": lambda row: abs(row.invoiced_fen - row.metered_fen),
        "fall": lambda row: row.fall_fen,
        "open": lambda row: row.open_fen,
        "project": lambda row: (row.project_name, row.month),
        "centre": lambda row: (row.centre, row.month),
    }
)

MONEY_SORTS = ("metered", "invoiced", "matched", "difference", "fall", "open")
Sort = Annotated[str, Field(pattern=rf"^-?({'|'.join(SORTS)})$")]


def _of_field(value: object) -> object:
    """A field of a form that was left empty narrows nothing."""
    return value or None


class MonthsQuery(BaseModel):
    """Which months of contracts, and in which order: a column, `-` before it for the greatest."""

    model_config = ConfigDict(frozen=True)

    show: Show = "all"
    month: Annotated[
        YearMonth | None,
        BeforeValidator(_of_field, json_schema_input_type=YearMonth | Literal[""] | None),
    ] = None
    state: Annotated[
        MonthState | None,
        BeforeValidator(_of_field, json_schema_input_type=MonthState | Literal[""] | None),
    ] = None
    contract: Annotated[str, Field(max_length=LINE_MAX)] = ""
    project: Annotated[str, Field(max_length=LINE_MAX)] = ""
    sort: Sort = "month"


def listed(rows: Iterable[Month], query: MonthsQuery, today: date) -> list[Month]:
    """The months that a query asks for, in its order.

    `contract` is a part of the number, `project` a project's code.
    """
    part, descending = query.contract.strip().casefold(), query.sort.startswith("-")
    narrowed = [
        row
        for row in rows
        if _shows(query.show, row, today)
        and (query.month is None or row.month == first_day(query.month))
        and query.state in (None, row.state)
        and part in row.number.casefold()
        and query.project in ("", row.project)
    ]
    return sorted(narrowed, key=SORTS[query.sort.removeprefix("-")], reverse=descending)


def _shows(show: Show, row: Month, today: date) -> bool:
    match show:
        case "due":
            return queues.due(row, today)
        case "falls":
            return row.fall_fen > 0
        case "all":
            return True


def table(rows: Iterable[Month]) -> Rows:
    """The months for a spreadsheet, under their titles; amounts in yuan without tax."""
    yield [
        _("合同"), _("账期"), _("状态"), _("项目编号"), _("项目"), _("智算中心"), _("计量金额"),
        _("已开票"), _("核定"), _("差额"), _("待调减"), _("未了"),
    ]  # fmt: skip
    for row in rows:
        amounts = (
            row.metered_fen, row.invoiced_fen, row.matched_fen, row.invoiced_fen - row.metered_fen,
            row.fall_fen, row.open_fen,
        )  # fmt: skip
        yield [
            row.number, f"{row.month:%Y-%m}", label(MonthState(row.state)), row.project,
            row.project_name, row.centre, *map(_yuan, amounts),
        ]  # fmt: skip


def _yuan(fen: Fen) -> Decimal:
    return Decimal(fen).scaleb(-2)
