"""Coming in by a link that was made on the machine: once, within minutes.

Opening the link shows a button, because what looks at links beforehand (a mail's scanner, a
browser's preview) must not use it up. Its secret stands in the query, which no log of ours keeps.
"""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.door.dependencies import Db, Wall, open_session
from api.door.route_table import limited
from api.language.i18n import gettext as _
from api.web.layout import Framed, places
from ledger.people.steps import links

router = APIRouter(include_in_schema=False)


@router.get("/sign-in/once")
def ask(frame: Framed, code: str = "") -> HTMLResponse:
    """The button that uses the link."""
    return frame.page("people/link.html", {"code": code, "refused": ""})


@router.post("/sign-in/once")
@limited(guesses=True)
def use(
    request: Request, *, frame: Framed, db: Db, wall: Wall, code: Annotated[str, Form()] = ""
) -> Response:
    """Sign in by the link, if it was not used and is not over."""
    viewer = links.use_link(db, code, wall)
    if viewer is None:
        refused = _("这个链接已经用过、已过期，或没有复制完整。")
        return frame.page("people/link.html", {"code": "", "refused": refused}, 403)
    response = RedirectResponse(places(viewer, "")[0].url, 303)
    open_session(request, response, db, viewer, wall)
    return response
