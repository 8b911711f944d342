"""The public page, signing in and signing out.

Signing in takes a token, pasted once; from then on the browser holds a session that the server can
end. The public page says what this is and how each user starts.
"""

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.door.dependencies import Configured, Db, Wall, close_session, open_session
from api.door.route_table import limited
from api.language.i18n import gettext as _
from api.language.labels import label
from api.people.drill_pages import playable
from api.web import charts
from api.web.layout import Frame, Framed, places
from ledger.people.steps import credentials
from ledger.people.steps.drill import Part

router = APIRouter(include_in_schema=False)


def flow_steps() -> list[tuple[str, str, bool]]:
    """The steps of the flow: name, what it does, whether it is there yet."""
    return [
        (_("计量"), _("每秒看占用"), True),
        (_("上报"), _("签名批次"), True),
        (_("收取"), _("窗口只留一份"), True),
        (_("计费"), _("按合同价"), True),
        (_("计提"), _("比例与上限"), True),
        (_("对账"), _("发票逐行"), True),
        (_("申请"), _("审批公示"), True),
        (_("兑付"), _("逐笔到账"), True),
        (_("封存"), _("签名成链"), True),
    ]


@router.get("/")
def home(frame: Framed) -> HTMLResponse:
    """What this is, and how to start."""
    flow = charts.flow(flow_steps(), _("从计量到封存的九步"))
    return frame.page("people/home.html", {"flow": flow})


@router.get("/sign-in")
def sign_in_form(
    frame: Framed,
    db: Db,
    wall: Wall,
    settings: Configured,
    next: str = "",  # noqa: A002 - the query's name
) -> HTMLResponse:
    """The form for a token; in a drill its people too."""
    parts = playable(db, settings, wall)
    return _sign_in(frame, local(next), parts=parts)


@router.post("/sign-in")
@limited(guesses=True)
def sign_in(
    request: Request,
    *,
    frame: Framed,
    db: Db,
    wall: Wall,
    token: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "",  # noqa: A002 - the form's name
) -> Response:
    """Open a session and go where the reader wanted to go."""
    viewer = credentials.viewer(db, token.strip(), wall)
    if viewer is None:
        refused = _("这个令牌无效、已到期或已停用。请检查是否复制完整。")
        return sign_in_page(frame, refused, next, 403)
    response = RedirectResponse(local(next) or places(viewer, "")[0].url, 303)
    open_session(request, response, db, viewer, wall)
    return response


@router.post("/sign-out")
def sign_out(request: Request, db: Db, wall: Wall) -> Response:
    """End the session, here and in the browser."""
    response = RedirectResponse("/", 303)
    close_session(request, response, db, wall)
    return response


def sign_in_page(frame: Frame, refused: str, next_page: str, status: int) -> HTMLResponse:
    """The form again, with what was wrong."""
    return _sign_in(frame, local(next_page), refused=refused, status=status)


def _sign_in(
    frame: Frame,
    next_page: str,
    *,
    parts: Sequence[Part] = (),
    refused: str = "",
    status: int = 200,
) -> HTMLResponse:
    """The ways in; the provider's only where the site has one."""
    content = {"refused": refused, "next": next_page, "parts": parts, "label": label}
    return frame.page("people/sign-in.html", content, status)


def local(path: str) -> str:
    """The path if it is one of this site, else nothing: nobody is sent elsewhere from here."""
    parts = urlsplit(path)
    inside = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if inside and not parts.scheme and not parts.netloc else ""
