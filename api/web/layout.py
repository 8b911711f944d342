"""The frame of every page: the head with its links, the banner, the language, the type size.

Templates are strict: a name that is missing is an error, never an empty place on the page. The
banner says 演练 until nothing is lacking for real payments (`/mark`), and 含模拟数据 as soon as one
centre is made up. Choices of the reader (language, large type) are links, kept in a cookie.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlmodel import Session, col, select

from api.door.dependencies import Now, ReadDb, Visitor
from api.door.problems import Problem
from api.door.schemas import LINE_MAX, QR_MAX, TEXT_MAX
from api.language import format as formats
from api.language import i18n
from api.language.i18n import gettext as _
from api.language.labels import label
from ledger.desk.queries.mark import is_marked
from ledger.people.codes import Role
from ledger.people.steps.credentials import TOKEN_PREFIX, Viewer
from ledger.registry.tables import Centre
from ledger.units import beijing_day

HERE = Path(__file__).parents[1]
TYPE_COOKIE = "type"
YEAR_S = 365 * 24 * 3600
MARK_STANDS_S = 60.0  # how long it is believed that something is lacking, or nothing
UNAUTHORISED = 401

FILTERS = {
    "money": formats.money,
    "exact_money": formats.exact_money,
    "fraction": Fraction,
    "quantity": formats.quantity,
    "gpu_hours": formats.gpu_hours,
    "capital": formats.capital,
    "moment": formats.moment,
    "clock": formats.clock,
    "second": formats.second,
    "duration": formats.duration,
    "long_day": formats.long_day,
    "day": lambda at: beijing_day(at).isoformat() if isinstance(at, datetime) else at.isoformat(),
    "month": lambda month: month.strftime("%Y-%m"),
    "measured": lambda ppm: _("未测量") if ppm is None else formats.percent(ppm),
}


class Static(StaticFiles):
    """The style sheet and the mark; a browser asks each time whether they are still the same."""

    def __init__(self) -> None:
        super().__init__(directory=HERE / "static")

    def file_response(self, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401
        """As Starlette's, and never used without asking."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(i18n.gettext, i18n.ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.filters.update(FILTERS)
    environment.globals |= {
        "line_max": LINE_MAX,
        "text_max": TEXT_MAX,
        "qr_max": QR_MAX,
        "share": formats.share,
        "token_prefix": TOKEN_PREFIX,
    }
    return environment


TEMPLATES = _environment()


@dataclass(frozen=True)
class Place:
    """A way on, in the head of the page."""

    name: str
    url: str
    is_current: bool


def places(viewer: Viewer | None, path: str) -> list[Place]:
    """Where this viewer may go; the first is where they belong."""
    if viewer is None:
        return []
    if viewer.role is Role.BUILDER:
        ways = [
            (_("我的额度"), "/projects"),
            (_("我的对账单"), "/statements"),
            (_("我的申请"), "/claims"),
            (_("我能申请什么"), "/eligibility"),
        ]
    elif viewer.role is Role.OPERATOR:
        ways = [
            (_("我的对账"), "/centre"),
            (_("我的申请"), "/claims"),
            (_("节点一览"), "/nodes"),
            (_("盘点"), "/inventory"),
            (_("数据来源"), "/sources"),
            (_("信使"), "/courier"),
            (_("见证"), "/evidence"),
            (_("登记簿"), "/registry"),
            (_("待查事项"), "/findings"),
            (_("我能申请什么"), "/eligibility"),
        ]
    elif viewer.role is Role.SYSTEM_ADMIN:
        ways = [(_("采集端"), "/agents"), (_("信使带来的文件"), "/courier")]
    elif viewer.role is Role.SECURITY_ADMIN:
        ways = [(_("人员与令牌"), "/people")]
    elif viewer.role is Role.AUDIT_ADMIN:
        ways = [
            (_("事件记录"), "/events"),
            (_("登录记录"), "/sign-ins"),
            (_("人员与令牌"), "/people"),
        ]
    else:
        ways = [
            (_("工作台"), "/desk"),
            (_("对账单"), "/statements"),
            (_("对账"), "/reconcile"),
            (_("单据"), "/documents"),
            (_("申请"), "/claims"),
            (_("支付"), "/payments"),
            (_("项目一览"), "/projects"),
            (_("节点一览"), "/nodes"),
            (_("盘点"), "/inventory"),
            (_("数据来源"), "/sources"),
            (_("登记簿"), "/registry"),
            (_("待查事项"), "/findings"),
            (_("见证"), "/evidence"),
            (_("政策认定"), "/eligibility"),
        ]
        if viewer.role is Role.AUDITOR:
            ways.append((_("事件记录"), "/events"))
    return [Place(name, url, path.startswith(url)) for name, url in ways]


@dataclass(frozen=True)
class Frame:
    """The page's surroundings: who looks at what, when, and whether anything is made up."""

    request: Request
    viewer: Viewer | None
    now: datetime
    simulated: bool
    has_mark: bool

    def page(self, template: str, content: Mapping[str, Any], status: int = 200) -> HTMLResponse:
        """The template with this content, framed."""
        large = chosen_type(self.request) == "large"
        surroundings = {
            "lang": i18n.language(),
            "large": large,
            "gap": "" if i18n.language() == i18n.SOURCE else " ",  # between sentences
            "session_hours": self.request.app.state.settings.session_hours,
            "session_idle": self.request.app.state.settings.session_idle_minutes,
            "provider": provider_name(self.request),
            "viewer": self.viewer,
            "role": label(self.viewer.role) if self.viewer else "",
            "places": places(self.viewer, self.request.url.path),
            "simulated": self.simulated,
            "has_mark": self.has_mark,
            "now": self.now,
            "path": self.request.url.path,
            "current_url": self.current_url,
        }
        if status >= 400:  # noqa: PLR2004
            self.request.state.refused = True
        html = TEMPLATES.get_template(template).render({**surroundings, **content})
        response = HTMLResponse(html, status)
        if TYPE_COOKIE in self.request.query_params:
            response.set_cookie(
                TYPE_COOKIE, "large" if large else "normal", max_age=YEAR_S, samesite="lax"
            )
        return response

    def current_url(self, **query: str | int) -> str:
        """This page's address with other choices."""
        url = self.request.url.include_query_params(**query)
        return f"{url.path}?{url.query}"


def provider_name(request: Request) -> str:
    """What people call the site's provider of identities; "" where it has none."""
    state = request.app.state
    return state.settings.oidc_name if state.provider else ""


def chosen_type(request: Request) -> str:
    """`large` or anything else, from `?type=` or the cookie."""
    return request.query_params.get(TYPE_COOKIE) or request.cookies.get(TYPE_COOKIE, "")


def frame(request: Request, db: ReadDb, now: Now, visitor: Visitor) -> Frame:
    """The surroundings of this request's page."""
    simulated = any_simulated(db)
    request.app.state.simulated = simulated  # for pages of problems, which have no database
    return Frame(request, visitor, now, simulated, _is_marked(request, db))


Framed = Annotated[Frame, Depends(frame)]


def _is_marked(request: Request, db: Session) -> bool:
    """Whether pages bear the mark, as it was a while ago at most."""
    state = request.app.state
    since, has_mark = getattr(state, "mark", (-MARK_STANDS_S, True))
    if time.monotonic() - since >= MARK_STANDS_S:
        has_mark = is_marked(db, state.wall_clock())
        state.mark = (time.monotonic(), has_mark)
    return bool(has_mark)


def any_simulated(db: Session) -> bool:
    """Whether some centre is made up; then every page says so."""
    return db.exec(select(Centre.id).where(col(Centre.simulated)).limit(1)).first() is not None


def problem_page(request: Request, problem: Problem) -> Response:
    """A problem as a page; who has to sign in first may do it right there."""
    viewer = getattr(request.state, "viewer", None)
    simulated = getattr(request.app.state, "simulated", False)
    _since, has_mark = getattr(request.app.state, "mark", (0.0, True))
    surroundings = Frame(request, viewer, datetime.now(UTC), simulated, has_mark)
    if problem.status == UNAUTHORISED:
        next_page = request.url.path if request.method == "GET" else ""
        content: dict[str, Any] = {"refused": problem.title, "next": next_page, "parts": []}
        response = surroundings.page("people/sign-in.html", content, problem.status)
    else:
        content = {
            "status": problem.status,
            "title": problem.title,
            "detail": problem.detail,
            "faults": problem.params.get("findings", []),
            "back": came_from(request),
        }
        response = surroundings.page("web/error.html", content, problem.status)
    response.headers.update(problem.headers)
    return response


def came_from(request: Request) -> str:
    """The page of ours that the reader came from, if the browser says; it keeps what was typed."""
    referrer = urlsplit(request.headers.get("referer", ""))
    same_host = referrer.netloc == request.headers.get("host")
    is_ours = same_host and referrer.path.startswith("/")
    return f"{referrer.path}?{referrer.query}".rstrip("?") if is_ours else ""


@dataclass(frozen=True)
class Pages:
    """Which rows of a long list are shown, and where the others are."""

    first: int
    last: int
    before: str
    after: str


def pages(frame: Frame, offset: int, size: int, count: int, *, more: bool) -> Pages:
    """The pager of a list of which `shown` rows from `offset` stand on this page."""
    return Pages(
        first=offset + 1,
        last=offset + count,
        before=frame.current_url(offset=max(offset - size, 0)) if offset else "",
        after=frame.current_url(offset=offset + size) if more else "",
    )
