"""The page of the mark: what is lacking, each with how it is brought about."""

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from api.desk.mark import routes
from api.door.dependencies import ReadDb, Wall, signed_in
from api.language.i18n import gettext as _
from api.language.labels import label, label_of
from api.web.layout import Framed
from ledger.desk.codes import Safeguard
from ledger.people.codes import Role

router = APIRouter(include_in_schema=False)


@router.get("/mark", dependencies=[Depends(signed_in)])
def mark(frame: Framed, db: ReadDb, wall: Wall) -> HTMLResponse:
    """What the mark at the foot of each page waits for."""
    rows = [
        {
            "name": label(row.safeguard),
            "is_there": row.is_there,
            "lacks": [] if row.is_there else _in_words(row.safeguard, row.lacks),
        }
        for row in routes.mark(db, wall)
    ]
    return frame.page("desk/mark.html", {"rows": rows})


def _in_words(safeguard: Safeguard, lacks: list[str]) -> list[str]:
    """What is lacking, in the reader's words: roles have labels, people have names."""
    if safeguard is Safeguard.ADMINISTRATORS:
        return [label_of(Role, role) for role in lacks]
    if safeguard is Safeguard.BACKUP:
        return [_("在另一块盘或另一台机器上的备份，恢复演练一次，没有不符：suanquan backup drill")]
    return lacks
