"""Projects and their quota: what is left, where the rest went, and how fast it goes.

The bureau sees every project; a builder is led to its own. A builder's page begins with one figure
and leads from it to the days, and from each day to its windows.
"""

from datetime import date, datetime, timedelta
from fractions import Fraction
from statistics import median_low
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse, Response

from api.door import access
from api.door.access import Right
from api.door.dependencies import Configured, Db, Now, ReadDb, having
from api.door.files import Uploaded
from api.door.route_table import KIB, limited
from api.language.format import gpu_hours, long_day, money, percent
from api.language.i18n import gettext as _
from api.language.labels import label, label_of, labels
from api.vouchers.routes import Opener
from api.vouchers.schemas import ProjectsPage, ProjectsQuery
from api.vouchers.workbook import routes as workbook
from api.vouchers.year_notices import year_notices
from api.web import charts
from api.web.claim_form import new_claim
from api.web.layout import Framed, pages
from api.web.mark import Mark
from ledger.claims.queries import months_left, voucher_of
from ledger.documents.queries.deductions import confirmed_fen, unconfirmed
from ledger.people.steps.credentials import Viewer
from ledger.postgres.columns import key
from ledger.registry.codes import ProjectKind
from ledger.registry.tables import Project
from ledger.units import beijing_day
from ledger.vouchers.codes import VoucherState
from ledger.vouchers.queries import quotas as voucher_queries
from ledger.vouchers.queries.quotas import FORESEEN_DAYS, PACE_DAYS, Quota

router = APIRouter(include_in_schema=False)
Reader = Annotated[Viewer, having(Right.READ_PROJECTS)]

PAGE_ROWS = 50
SOON_DAYS = 30
_SHAPES = {
    VoucherState.ABSENT: "○",
    VoucherState.USED_UP: "■",
    VoucherState.NOT_STARTED: "◔",
    VoucherState.RUNNING_OUT: "▲",
    VoucherState.STALE: "◇",
    VoucherState.IN_USE: "●",
}


@router.get("/projects")
def listing(
    *, frame: Framed, viewer: Reader, db: ReadDb, now: Now, query: Annotated[ProjectsPage, Query()]
) -> Response:
    """The projects that are found, for the bureau; a builder goes to its own."""
    if viewer.project is not None:
        own = db.get_one(Project, viewer.project)
        return RedirectResponse(f"/projects/{own.code}", 303)
    found = access.projects(
        db, viewer, query.text, query.kind, limit=PAGE_ROWS + 1, offset=query.offset
    )
    projects = [row[0] for row in found]
    of_page = projects[:PAGE_ROWS]
    quotas = voucher_queries.quotas_of(db, of_page, now)
    rows = [_row(project, quotas.get(key(project)), now) for project in of_page]
    voucher_rows = [row["held"] for row in rows if row["held"]]
    sums = {
        name: sum(voucher_row[name] for voucher_row in voucher_rows)
        for name in ("cap_fen", "accrued_fen", "left_fen")
    }
    more = len(projects) > PAGE_ROWS
    pager = pages(frame, query.offset, PAGE_ROWS, len(rows), more=more)
    return frame.page(
        "vouchers/projects.html",
        {
            "rows": rows,
            "sums": sums,
            "pages": pager,
            "query": query,
            "kinds": labels(ProjectKind),
            "file": f"/api/v1/vouchers.xlsx{_narrowed(query)}",
            "may_open": access.may(viewer, Right.OPEN_VOUCHERS),
        },
    )


def _narrowed(query: ProjectsQuery) -> str:
    """The query of an address for what is found here."""
    fields = query.model_dump(mode="json", include=set(ProjectsQuery.model_fields))
    words = urlencode({name: value for name, value in fields.items() if value})
    return f"?{words}" if words else ""


@router.post("/projects/vouchers")
@limited(body=KIB * KIB)
def propose_by_workbook(viewer: Opener, upload: Uploaded, db: Db, now: Now) -> Response:
    """Propose every voucher of a workbook, and show the decisions that wait."""
    workbook.propose_vouchers(upload=upload, viewer=viewer, db=db, now=now)
    return RedirectResponse("/decisions", 303)


def _row(project: Project, quota: Quota | None, now: datetime) -> dict[str, Any]:
    sums = None
    if quota:
        sums = {
            "cap_fen": quota.cap_fen,
            "accrued_fen": quota.rights.accrued,
            "left_fen": quota.left_fen,
        }
    return {
        "name": project.name,
        "code": project.code,
        "url": f"/projects/{project.code}",
        "kind": label_of(ProjectKind, project.kind),
        "mark": mark(quota, beijing_day(now)),
        "held": sums,
    }


def mark(quota: Quota | None, today: date) -> Mark:
    """The state of a project's voucher as a shape and a word."""
    state = _state(quota, today)
    warm = state in {VoucherState.USED_UP, VoucherState.RUNNING_OUT, VoucherState.STALE}
    return Mark(_SHAPES[state], label(state), warm=warm)


def _state(quota: Quota | None, today: date) -> VoucherState:
    if quota is None:
        return VoucherState.ABSENT
    if quota.left_fen == 0:
        return VoucherState.USED_UP
    if not quota.days:
        return VoucherState.NOT_STARTED
    if quota.runs_out and quota.runs_out <= today + timedelta(days=SOON_DAYS):
        return VoucherState.RUNNING_OUT
    if quota.days[-1].day < today - timedelta(days=PACE_DAYS):
        return VoucherState.STALE
    return VoucherState.IN_USE


@router.get("/projects/{code}")
def own_quota(
    code: str, *, frame: Framed, viewer: Reader, db: ReadDb, now: Now, settings: Configured
) -> Response:
    """What is left of a project's voucher, and where the rest went."""
    project = access.project(db, viewer, code)
    quota = voucher_queries.quota_of(db, project, now)
    content: dict[str, Any] = {
        "name": project.name,
        "code": project.code,
        "kind": label_of(ProjectKind, project.kind),
        "drill": project.drill,
        "quota": quota,
        "may_change": access.may(viewer, Right.OPEN_VOUCHERS),
        "may_months": access.may(viewer, Right.READ_MONTH),
        "claim_form": None,
        "base": f"/projects/{project.code}",
        "api": f"{settings.address}/api/v1/projects/{project.code}/quota",
    }
    if quota:
        if access.may(viewer, Right.CLAIM) and viewer.project is not None:
            rest = months_left(db, voucher_of(db, viewer.project))
            content["claim_form"] = new_claim(project.code, rest)
        content |= _figures(quota, beijing_day(now))
        content["deducted_fen"] = confirmed_fen(db, project=key(project))
        content["unconfirmed"] = viewer.project and unconfirmed(db, project=key(project))
        content |= _pictures(quota, beijing_day(now)) if quota.days else {}
    content["may_certify"] = access.may(viewer, Right.CERTIFY)
    return frame.page("vouchers/quota.html", content)


def _figures(quota: Quota, today: date) -> dict[str, Any]:
    parts = voucher_parts(quota)
    looks = [(part["look"], part["fen"]) for part in parts if part["look"] != "left"]
    unpriced = sum((day.unpriced_ms for day in quota.days), Fraction(0))
    words = "; ".join(f"{part['name']} {money(part['fen'])}" for part in parts)
    return {
        "parts": parts,
        "bar": charts.shares(looks, quota.cap_fen, _("额度的去向：%s") % words),
        "outlook": outlook(quota, today),
        "rate": rate(quota.rate),
        "rates": [
            {**vars(item), "rate": rate(item.rate), "until": _last(item.until)}
            for item in quota.rates
        ],
        "pace_days": PACE_DAYS,
        "foreseen_years": FORESEEN_DAYS // 365,
        "notices": notices(quota, unpriced, today),
        "unpriced_ms": unpriced,
    }


def _last(until: date | None) -> date | None:
    """The last day before a day."""
    return until - timedelta(days=1) if until else None


def voucher_parts(quota: Quota) -> list[dict[str, Any]]:
    """The voucher's cap, cut without a rest: the sum of these is the cap."""
    rights = quota.rights
    parts = [
        ("paid", _("已兑付"), "", rights.paid),
        ("payable", _("待兑付"), _("已对账，含支付中"), rights.payable + rights.sent),
        ("accrued", _("预计"), _("尚未对账，不作承诺"), rights.accrued),
        ("lost", _("应追缴"), "", rights.recoverable),
        ("lost", _("已失效"), "", rights.lapsed),
        ("left", _("剩余"), "", quota.left_fen),
    ]
    return [
        {"look": look, "name": name, "note": note, "fen": fen}
        for look, name, note, fen in parts
        if fen or look != "lost"
    ]


def outlook(quota: Quota, today: date) -> str:
    """Whether there is a day on which the voucher runs out, or why there is none."""
    if quota.runs_out:
        return "until" if quota.left_fen else "used_up"
    if not quota.days:
        return "no_usage"
    if quota.days[-1].day < today - timedelta(days=PACE_DAYS):
        return "stale"
    return "far" if quota.pace_fen else "no_pace"


def rate(of: Fraction) -> str:
    """An exact rate: `30%`, or `1/3` where no whole number of percent says it."""
    percents = of * 100
    return f"{percents.numerator}%" if percents.denominator == 1 else str(of)


def notices(quota: Quota, unpriced_ms: Fraction, today: date) -> list[str]:
    """What the reader must know before trusting the figures below."""
    lines = []
    if quota.days and quota.days[-1].day < today - timedelta(days=1):
        last = long_day(quota.days[-1].day)
        lines.append(_("最近一笔用量在 %s，此后没有数据。没有数据不等于没有使用。") % last)
    if unpriced_ms:
        hours = gpu_hours(unpriced_ms)
        lines.append(_("有 %s 卡时没有价格，还没有算进金额；补上价格后会自动计入。") % hours)
    if quota.cut_fen:
        cut = money(quota.cut_fen)
        lines.append(_("已到上限：超出的 %s 不予补贴。") % cut)
    cut_years = [of for of in quota.years if of.share.over_cap_fen or of.share.over_pool_fen]
    return lines + year_notices(cut_years)


def _pictures(quota: Quota, today: date) -> dict[str, Any]:
    points = [(day.day, day.earned_fen) for day in quota.days]
    pace = quota.pace_fen if outlook(quota, today) in {"until", "far"} else Fraction(0)
    chart = charts.BurnUp(points, quota.cap_fen, today, quota.runs_out, pace)
    words = charts.BurnUpWords(
        title=_("累计补贴的曲线、额度线和预测"),
        unit=_("万元"),
        cap=_("额度"),
        forecast=_("预测"),
        today=_("今天"),
    )
    heat_words = charts.HeatWords(
        title=_("逐日利用率的日历，虚线框为未测量"),
        weekdays=[_("一"), _("二"), _("三"), _("四"), _("五"), _("六"), _("日")],
        not_measured=_("未测量"),
        not_used=_("没有用量"),
    )
    return {
        "burn_up": charts.burn_up(chart, words),
        "ahead": chart.forecast(),
        "heat": charts.heat({day.day: day.util_ppm for day in quota.days}, heat_words),
        "utilisation": utilisation(quota),
    }


def utilisation(quota: Quota) -> str:
    """The median of the days that were measured, and how many were not."""
    figures = [day.util_ppm for day in quota.days if day.util_ppm is not None]
    missing = len(quota.days) - len(figures)
    if not figures:
        return _("未测量：%s 天有用量，都没有利用率读数。") % missing
    return _("日中位数 %(middle)s：%(days)s 天已测量，%(missing)s 天未测量。") % {
        "middle": percent(median_low(figures)),
        "days": len(figures),
        "missing": missing,
    }
