"""The reconcile desk: every month of every contract, and one of them with all that does not fit.

Metered, invoiced and payable stand side by side; the differences below them by money, each with its
choice and reason; at the foot what documents paid in. J and K go from difference to difference,
Enter opens one; without script the same links lead there. A centre and a builder see their own.
"""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from pydantic import Field
from sqlmodel import Session
from starlette.datastructures import FormData

from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, Now, ReadDb, having
from api.door.files import SPREADSHEETS
from api.language.i18n import gettext as _
from api.language.labels import label, label_of, labels
from api.messages.sentences import findings
from api.reconciliation import difference_view
from api.reconciliation.month_list import MONEY_SORTS, MonthsQuery, Show, Sort, listed
from api.reconciliation.month_picture import picture
from api.reconciliation.notices import Act, notice
from api.reconciliation.routes import contract_month
from api.reconciliation.tabs import tabs
from api.web.forms import SentForm, text
from api.web.layout import Frame, Framed, pages
from api.web.mark import Mark, answer_state_mark
from ledger.charging.rules.cells import Cell
from ledger.claims.codes import ClaimState
from ledger.desk.queries import chain, queues
from ledger.errors import NotFound
from ledger.people.steps.credentials import Viewer
from ledger.people.steps.decisions import person
from ledger.postgres.columns import key
from ledger.reconciliation.codes import DifferenceCode, MonthState, Treatment
from ledger.reconciliation.queries import months as month_queries
from ledger.reconciliation.queries.decided import Treated, treatments
from ledger.reconciliation.queries.month_details import MonthDetails, month_details
from ledger.reconciliation.queries.months import Month
from ledger.reconciliation.queries.move_targets import move_targets
from ledger.reconciliation.queries.preview import preview
from ledger.registry.tables import Centre, Contract, Project
from ledger.statements.queries import statements
from ledger.units import beijing_day

router = APIRouter(include_in_schema=False)
Reader = Annotated[Viewer, having(Right.READ_MONTH)]

PAGE_ROWS = 100
_SHAPES = {MonthState.OPEN: "○", MonthState.CHANGED: "▲", MonthState.DECIDED: "●"}


def month_mark(row: Month) -> Mark:
    """Where a month stands."""
    if row.proposed:
        return Mark("◔", _("已提出，待确认"))
    state = MonthState(row.state)
    return Mark(_SHAPES[state], label(state), warm=state is MonthState.CHANGED)


class MonthsPage(MonthsQuery):
    """What the list's page asks: unless it says otherwise, what is due, greatest difference first.

    `act` is what the act before did, said in a notice.
    """

    show: Show = "due"
    sort: Sort = "-difference"
    offset: Annotated[int, Field(ge=0, le=10**9)] = 0
    act: Act | None = None


@router.get("/reconcile")
def listing(
    *, frame: Framed, viewer: Reader, db: ReadDb, now: Now, query: Annotated[MonthsPage, Query()]
) -> HTMLResponse:
    """The months that are due, or all; the greatest differences first."""
    today = beijing_day(now)
    months = month_queries.months(db, centre=viewer.centre, project=viewer.project)
    listed_months = listed(months, query, today)
    rows = listed_months[query.offset : query.offset + PAGE_ROWS]
    more = len(listed_months) > query.offset + PAGE_ROWS
    may_reconcile = access.may(viewer, Right.RECONCILE)
    return frame.page(
        "reconciliation/reconcile.html",
        {
            "rows": [{"month": row, "mark": month_mark(row)} for row in rows],
            "query": query,
            "notice": notice(query.act),
            "heads": _heads(frame, query),
            "count": len(listed_months),
            "files": {form: _file_address(form, query) for form in SPREADSHEETS},
            "states": labels(MonthState),
            "projects": dict(sorted((row.project, row.project_name) for row in months)),
            "all_months": sorted({f"{row.month:%Y-%m}" for row in months}, reverse=True),
            "tabs": tabs(db, query.show, months, may_reconcile=may_reconcile),
            "pages": pages(frame, query.offset, PAGE_ROWS, len(rows), more=more),
            "months": sorted({f"{row.month:%Y-%m}" for row in months if queues.due(row, today)}),
            "report_month": _report_month(viewer, query, rows),
            "may_reconcile": may_reconcile,
        },
    )


def _report_month(viewer: Viewer, query: MonthsPage, rows: Sequence[Month]) -> str | None:
    """The month whose report is one step away: the one that is chosen, or the newest here."""
    if not rows or not access.may(viewer, Right.READ_POSTINGS):
        return None
    return query.month or f"{max(row.month for row in rows):%Y-%m}"


def _heads(frame: Frame, query: MonthsPage) -> list[dict[str, Any]]:
    """The columns: each leads to the same list sorted by it, and once more the other way."""
    columns = (
        ("contract", _("合同")), ("month", _("账期")), ("state", _("状态")),
        ("metered", _("计量金额")), ("invoiced", _("已开票")), ("matched", _("核定")),
        ("difference", _("差额")), ("fall", _("待调减")), ("open", _("未了")),
        ("project", _("项目")), ("centre", _("智算中心")),
    )  # fmt: skip
    heads = []
    for column, name in columns:
        is_money = column in MONEY_SORTS
        first = f"-{column}" if is_money else column
        opposite = column if is_money else f"-{column}"
        order = first if query.sort != first else opposite
        heads.append(
            {
                "name": name,
                "number": is_money,
                "url": frame.current_url(sort=order, offset=0),
                "order": {column: "ascending", f"-{column}": "descending"}.get(query.sort),
            }
        )
    return heads


def _file_address(form: str, query: MonthsPage) -> str:
    """Where exactly what is listed, on all its pages, is a table for a spreadsheet."""
    fields = MonthsQuery(**query.model_dump(include=set(MonthsQuery.model_fields))).model_dump(
        mode="json", exclude_none=True
    )
    return f"/api/v1/reconciliations.{form}?{urlencode(fields)}"


@router.get("/reconcile/{contract}/{month}")
def month_page(
    contract: int,
    month: str,
    *,
    frame: Framed,
    viewer: Reader,
    db: ReadDb,
    show: Annotated[int | None, Query(ge=0)] = None,
    act: Act | None = None,
) -> HTMLResponse:
    """One month of one contract; `show` is the difference that is opened."""
    place = contract_month(db, viewer, f"{contract}-{month}")
    return _month_page(frame, viewer, db, *place, show=show, act=act)


@router.post("/reconcile/{contract}/{month}/preview", dependencies=[having(Right.RECONCILE)])
def try_choices(
    contract: int, month: str, *, frame: Framed, viewer: Reader, db: Db, data: SentForm
) -> HTMLResponse:
    """The page again, with what the choices of the form would decide; nothing is written."""
    place = contract_month(db, viewer, f"{contract}-{month}")
    return _month_page(frame, viewer, db, *place, data=data)


def _month_page(
    frame: Frame,
    viewer: Viewer,
    db: Session,
    contract: Contract,
    month: date,
    *,
    show: int | None = None,
    act: Act | None = None,
    data: FormData | None = None,
) -> HTMLResponse:
    details = month_details(db, contract, month)
    state, cells, shares, numbers = details.month, details.cells, details.shares, details.numbers
    if not cells:
        raise NotFound("reconciliation", id=f"{contract.id}-{month:%Y-%m}")
    treated = treatments(db, key(contract), month)
    rows = _difference_rows(details, treated, data)
    trial = preview(details, difference_view.choices_in(rows))
    open_row = next((row for row in rows if row.place == show), None)
    may = access.may(viewer, Right.RECONCILE)
    return frame.page(
        "reconciliation/reconcile-month.html",
        {
            "contract": contract,
            "project": db.get_one(Project, contract.project_id),
            "centre": db.get_one(Centre, contract.centre_id),
            "month": month,
            "mark": month_mark(state),
            "notice": notice(act),
            "state": state,
            "cells": cells,
            "picture": picture(cells),
            "lines": [
                {"line": line, "name": difference_view.line_name(line)} for line in details.lines
            ],
            "label": label,
            "falls": details.falls,
            "exclusion": details.exclusion,
            "targets": move_targets(db, contract, month) if may else [],
            "sums": _sums(cells),
            "rows": rows,
            "words": labels(Treatment),
            "trial": trial,
            "faults": findings(trial.faults) if data is not None else [],
            "general_reason": text(data, "reason") if data is not None else "",
            "treated": [_treated_row(row) for row in treated],
            "opened": open_row,
            "shares": _shares_of(shares, open_row),
            "all_shares": shares,
            "numbers": {**numbers, **month_queries.numbers(db, [row.document for row in treated])},
            "statements": _statement_rows(db, contract, month),
            "messages": details.messages,
            "person": person,
            "codes": labels(DifferenceCode),
            "may_reconcile": may,
            "may_report": access.may(viewer, Right.READ_POSTINGS),
            "may_propose": may and state.proposed is None and bool(rows or state.invoiced_fen),
            "base": f"/reconcile/{contract.id}/{month:%Y-%m}",
            **_chain(db, viewer, contract, month),
        },
    )


def _difference_rows(
    details: MonthDetails, treated: Sequence[Treated], data: FormData | None
) -> list[difference_view.Row]:
    """The differences as a form has them, as two persons decided, or as the rules propose."""
    rows = difference_view.rows(details.differences, details.numbers)
    if data is not None:
        return difference_view.typed_rows(rows, data)
    if details.month.state == MonthState.DECIDED:
        return difference_view.decided_rows(rows, treated)
    return rows


def _treated_row(row: Treated) -> dict[str, object]:
    return {
        "row": row,
        "name": label_of(DifferenceCode, row.code),
        "treatment": label_of(Treatment, row.treatment),
    }


def _chain(db: Session, viewer: Viewer, contract: Contract, month: date) -> dict[str, Any]:
    """What the month rests on and what rests on it, as far as the reader may follow."""
    claims = chain.claims_of_month(db, key(contract), month)
    scoped = viewer.project is not None or viewer.centre is not None
    return {
        "days": chain.days_of_month(db, contract, month),
        "may_days": access.may(viewer, Right.READ_PROJECTS),
        "claims": [row for row in claims if not scoped or row.centre == viewer.centre],
        "may_payments": access.may(viewer, Right.READ_PAYMENTS),
        "claim_states": labels(ClaimState),
    }


def _statement_rows(db: Session, contract: Contract, month: date) -> list[dict[str, Any]]:
    """The month's statement as it stands, and what both parties say of it."""
    return [
        {
            "number": summary.number,
            "centre": answer_state_mark(summary.centre_says),
            "builder": answer_state_mark(summary.builder_says),
            "contested": "contested" in (summary.centre_says, summary.builder_says),
        }
        for summary in statements(db, month=month, contract=contract.number)
    ]


def _sums(cells: Sequence[Cell]) -> dict[str, int]:
    keys = ("metered_fen", "invoiced_fen", "booked_fen", "fall_fen", "open_fen")
    return {key: sum(getattr(cell, key) for cell in cells) for key in keys}


def _shares_of(
    shares: Sequence[month_queries.Share], row: difference_view.Row | None
) -> Sequence[month_queries.Share]:
    """What documents paid in: of the opened difference's document or cell, or all."""
    if row is None:
        return shares
    difference = row.difference
    return [
        share
        for share in shares
        if difference.document in (None, share.document)
        and difference.line in (None, share.line)
        and (difference.cell is None or difference.cell[2] == share.part)
    ]
