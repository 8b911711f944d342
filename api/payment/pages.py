"""Payments: the year's money, what waits for it, the lists, and the bank's answers.

Everybody of the bureau may look; who has the right to pay makes lists and takes in the bank's file.
A list is confirmed like every decision of two persons, on its own page.
"""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.claims.account_numbers import Numbers
from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, Now, ReadDb
from api.door.files import Uploaded
from api.door.route_table import FORM_MAX, limited
from api.language.format import money
from api.language.i18n import gettext as _
from api.language.labels import labels
from api.payment import return_routes, routes
from api.payment.routes import Payer, Reader
from api.payment.schemas import (
    IndicatorCreate,
    PaymentListCreate,
    RefundCreate,
    RulingCreate,
    SharesCreate,
)
from api.people.step_up import Proving
from api.web import charts
from api.web.forms import Fields, form
from api.web.forms import fen as fen_of
from api.web.layout import Framed
from api.web.mark import Mark, decision_mark
from api.web.sankey import sankey
from ledger.desk.queries import queues
from ledger.payment.codes import HoldReason, LineResult, RowState, Ruling
from ledger.payment.queries import (
    bank_rows,
    funding,
    money_flow,
    payment_lists,
    returned_money,
    shares,
)
from ledger.payment.queries.list_details import list_details
from ledger.payment.queries.payment_lists import Money
from ledger.people.steps.decisions import person
from ledger.units import Fen, beijing_day

router = APIRouter(include_in_schema=False)


@router.get("/payments")
def payments(
    *, frame: Framed, viewer: Reader, db: ReadDb, now: Now, prover: Proving
) -> HTMLResponse:
    """Money, queue, lists, recoveries, and the way that the money went."""
    ways = money_flow.ways(db)
    refunds = sorted(returned_money.refunds(db), key=lambda row: row.reference)
    indicators = payment_lists.indicators(db)
    return frame.page(
        "payment/payments.html",
        {
            "indicators": [
                {"money": indicator_row, "bar": bar(indicator_row), "parts": parts(indicator_row)}
                for indicator_row in indicators
            ],
            "queue": funding.queue(db, now),
            "shares": shares.shares(db),
            "bank_rows": bank_rows.waiting_rows(db),
            "results": labels(LineResult),
            "rulings": labels(Ruling),
            "held": labels(HoldReason),
            "lists": [_list(list_row) for list_row in queues.payment_lists(db)],
            "owed": queues.paybacks(db),
            "recoveries": returned_money.recoveries(db),
            "refunds": sorted(refunds, key=lambda row: row.on_day, reverse=True),
            "ways": ways,
            "picture": picture(ways) if ways else "",
            "may_pay": access.may(viewer, Right.PAY),
            "code_wanted": access.may(viewer, Right.PAY) and prover.asks(viewer),
            "year": beijing_day(now).year,
        },
    )


def parts(of: Money) -> list[dict[str, Any]]:
    """An indicator's money, cut without a rest."""
    cut = [
        ("paid", _("已支出"), of.spent_fen),
        ("payable", _("支付中"), of.committed_fen),
        ("accrued", _("清单待确认"), of.proposed_fen),
        ("lost", _("已上缴"), of.returned_fen),
        ("left", _("可用"), of.free_fen - of.proposed_fen),
    ]
    return [{"look": look, "name": name, "fen": fen} for look, name, fen in cut]


def bar(of: Money) -> str:
    """An indicator's money as one bar."""
    cut = parts(of)
    text = "; ".join(f"{part['name']} {money(part['fen'])}" for part in cut)
    looks = [(part["look"], part["fen"]) for part in cut if part["look"] != "left"]
    return charts.shares(looks, max(of.appropriated_fen, 1), _("指标的去向：%s") % text)


def picture(ways: list[money_flow.Way]) -> str:
    """From the indicator by clause and project to the centre."""
    heads = (_("预算指标"), _("条款"), _("项目"), _("智算中心"))
    rows = [
        ((way.indicator, way.clause, way.project, way.centre or _("未对应")), way.fen)
        for way in ways
    ]
    links = {}
    for way in ways:
        links[0, way.indicator] = "#indicators"
        links[1, way.clause] = f"/eligibility/{quote(way.clause, safe='')}"
        links[2, way.project] = f"/projects/{quote(way.code, safe='')}"
        if way.centre:
            links[3, way.centre] = "/nodes"
    return sankey(heads, rows, _("已付资金从指标到智算中心的流向；数字见下表"), links)


def _list(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of several tables
    return {
        "number": row.number,
        "indicator": f"{row.indicator} / {row.year}",
        "fen": row.total_fen,
        "lines": row.lines,
        "months": row.months,
        "paid_fen": row.paid_fen,
        "returned_fen": row.returned_fen,
        "made_at": row.made_at,
        "mark": list_mark(row.answer, is_sent=row.sent_at is not None, is_open=row.waiting),
    }


def list_mark(answer: str | None, *, is_sent: bool, is_open: bool) -> Mark:
    """Where a list stands."""
    if not is_sent:
        return decision_mark(answer)
    return Mark("◔", _("等银行回音")) if is_open else Mark("●", _("已办结"))


def chosen_indicator(fields: Fields, _path: Mapping[str, Any]) -> Fields:
    """One choice of the form, `2026/640100-2026-001`, is the year and the number."""
    year, _slash, number = fields.get("indicator", "").partition("/")
    return {**fields, "indicator": number, "year": year}


@router.post("/payments/lists")
def make_list(
    viewer: Payer,
    request: Annotated[PaymentListCreate, form(PaymentListCreate, chosen_indicator)],
    db: Db,
    now: Now,
) -> Response:
    """Make a list of the claims that are ticked; of none: of as many as the money covers."""
    proposal = routes.new_list(request, viewer, db, now)
    return RedirectResponse(f"/payments/{proposal.content['number']}", 303)


@router.post("/payments/indicators")
def open_indicator(
    viewer: Payer, request: Annotated[IndicatorCreate, form(IndicatorCreate)], db: Db, now: Now
) -> Response:
    """Enter an indicator that the finance department gave; another person confirms it."""
    proposal = routes.open_indicator(request, viewer, db, now)
    return RedirectResponse(f"/decisions/{proposal.id}", 303)


def _refund_fields(fields: Fields, path: Mapping[str, Any]) -> Fields:
    """The indicator as in `chosen_indicator`, and the transfer and this debt's part in yuan."""
    typed = {name: fields.pop(f"{name}_yuan", "") for name in ("total", "debt")}
    sums = {f"{name}_fen": fen_of(yuan) for name, yuan in typed.items() if yuan}
    return {**chosen_indicator(fields, path), **sums}


@router.post("/payments/refunds")
def book_refund(
    viewer: Payer,
    request: Annotated[RefundCreate, form(RefundCreate, _refund_fields)],
    db: Db,
    now: Now,
) -> Response:
    """Propose to book money that came back; another person confirms it."""
    proposal = return_routes.new_refund(request, viewer, db, now)
    return RedirectResponse(f"/decisions/{proposal.id}", 303)


def _share_fields(fields: Fields, _path: Mapping[str, Any]) -> Fields:
    """Lines `市 2026/Z1 70`: who, which indicator, which weight."""
    rows = [line.split() for line in fields.pop("lines", "").splitlines() if line.strip()]
    names = ("bearer", "year", "number", "weight")
    parts = [
        [bearer, *place.partition("/")[::2], *rest] for bearer, place, *rest in map(_padded, rows)
    ]
    return {**fields, "shares": [dict(zip(names, part, strict=False)) for part in parts]}


def _padded(row: list[str]) -> list[str]:
    return [*row, "", ""][: max(len(row), 2)]


@router.post("/payments/shares")
def share_indicators(
    viewer: Payer,
    request: Annotated[SharesCreate, form(SharesCreate, _share_fields)],
    db: Db,
    now: Now,
) -> Response:
    """Propose who bears which share of every claim; another person confirms it."""
    proposal = routes.share_indicators(request, viewer, db, now)
    return RedirectResponse(f"/decisions/{proposal.id}", 303)


@router.post("/payments/returns")
@limited(body=FORM_MAX)
def take_bank_return(
    viewer: Payer, db: Db, now: Now, upload: Uploaded, prover: Proving
) -> Response:
    """Take in the bank's file; what contradicts is then shown first."""
    outcome = return_routes.bank_return(viewer, upload, db, now, prover)
    place = "#rows" if outcome.waiting else "#lists"
    return prover.keep(RedirectResponse(f"/payments{place}", 303))


@router.post("/payments/rows/{row}")
def rule_row(
    row: int,
    viewer: Payer,
    request: Annotated[RulingCreate, form(RulingCreate)],
    db: Db,
    now: Now,
) -> Response:
    """Propose what a bank's row means; another person confirms it."""
    proposal = return_routes.new_ruling(row, request, viewer, db, now)
    return RedirectResponse(f"/decisions/{proposal.id}", 303)


@router.get("/payments/{number}")
def list_page(
    number: str, frame: Framed, viewer: Reader, db: ReadDb, numbers: Numbers
) -> HTMLResponse:
    """One list: its lines as they were confirmed, and what became of each."""
    details = list_details(db, number)
    open_fen: Fen = sum(line.fen - line.paid_fen - line.returned_fen for line in details.lines)
    is_sent = details.payment_list.sent_at is not None
    return frame.page(
        "payment/payment-list.html",
        {
            "number": details.payment_list.number,
            "indicator": details.indicator,
            "payment_list": details.payment_list,
            "made_by": person(details.payment_list.made_by),
            "lines": details.lines,
            "numbers": numbers.show(
                viewer, {line.account_id: line.number for line in details.lines}
            ),
            "claims": details.claims,
            "months": details.months,
            "returns": details.returns,
            "files": details.files,
            "row_states": labels(RowState),
            "results": labels(LineResult),
            "mark": list_mark(details.decision.answer, is_sent=is_sent, is_open=open_fen > 0),
            "sent": is_sent,
            "beyond": any(line.over_fen or line.outside_fen for line in details.lines),
            "may_pay": access.may(viewer, Right.PAY),
        },
    )
