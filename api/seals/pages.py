"""The page of seals. Nobody has to sign in: the more people keep a head, the better it proves."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.door.dependencies import Offset, ReadDb
from api.language.i18n import gettext as _
from api.language.labels import label_of
from api.seals.routes import views_of
from api.web.layout import Framed, pages
from api.web.squares import in_fours, square
from ledger.seals.codes import SealKind
from ledger.seals.queries import seals as seal_queries

router = APIRouter(include_in_schema=False)

PAGE_ROWS = 50


@router.get("/seals")
def seals(*, frame: Framed, db: ReadDb, offset: Offset = 0) -> HTMLResponse:
    """The heads, newest first."""
    entries = seal_queries.seals(db, limit=PAGE_ROWS + 1, offset=offset)
    rows = [
        view | {"kind": label_of(SealKind, view["kind"])}
        for view in views_of(db, entries[:PAGE_ROWS])
    ]
    more = len(entries) > PAGE_ROWS
    content = {"rows": rows, "pages": pages(frame, offset, PAGE_ROWS, len(rows), more=more)}
    return frame.page("seals/seals.html", content)


@router.get("/seals/{number}")
def seal_page(number: int, *, frame: Framed, db: ReadDb) -> HTMLResponse:
    """One head, to be printed and kept: its hash in groups, and as a square."""
    (view,) = views_of(db, [seal_queries.seal_by_number(db, number)])
    words = f"suanquan seal {number} {view['sealed_at']:%Y-%m-%dT%H:%M:%SZ} {view['hash']}"
    content = view | {
        "kind": label_of(SealKind, view["kind"]),
        "groups": in_fours(view["hash"]),
        "square": square(words, _("封首的二维码")),
    }
    return frame.page("seals/seal.html", content)
