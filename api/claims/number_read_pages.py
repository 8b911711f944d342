"""Who saw account numbers whole: when, whose, and for what."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from api.door.access import Right
from api.door.dependencies import Offset, ReadDb, having
from api.language.i18n import gettext as _
from api.language.labels import label_of
from api.web.layout import Framed, pages
from ledger.claims.steps.number_reads import NumberReadView, number_reads
from ledger.people.codes import Role
from ledger.people.steps.decisions import person

router = APIRouter(include_in_schema=False)

PAGE_ROWS = 100
_PLACE = re.compile(
    r"(?:/api/v1)?/(?P<kind>payments|payment-lists|decisions|claims|bank-accounts)"
    r"(?:/(?P<number>[^/]+))?(?:/(?P<rest>.+))?"
)


@router.get("/number-reads", dependencies=[having(Right.READ_PAYMENTS)])
def reads_page(
    *,
    frame: Framed,
    db: ReadDb,
    account: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    offset: Offset = 0,
) -> HTMLResponse:
    """What was recorded, the newest first; of one account, or of all."""
    reads = number_reads(db, limit=PAGE_ROWS + 1, offset=offset, account=account)
    rows = [_row(read) for read in reads[:PAGE_ROWS]]
    return frame.page(
        "claims/number-reads.html",
        {
            "rows": rows,
            "account": account,
            "pages": pages(frame, offset, PAGE_ROWS, len(rows), more=len(reads) > PAGE_ROWS),
        },
    )


def _row(read: NumberReadView) -> dict[str, Any]:
    role, _colon, _name = read.actor.partition(":")
    purpose, url = reason_of(read.place)
    return {
        "at": read.at,
        "who": person(read.actor),
        "role": label_of(Role, role),
        "numbers": list(zip(read.accounts, read.numbers, strict=True)),
        "purpose": purpose,
        "url": url,
        "place": read.place,
    }


def reason_of(place: str) -> tuple[str, str]:
    """What somebody did at an address, in words, and the page of what it was about."""
    match = _PLACE.fullmatch(place)
    if match is None:
        return place, ""
    kind, number, rest = match["kind"], match["number"] or "", match["rest"]
    if kind == "bank-accounts":
        return _("看收款账户一览"), "/registry/accounts"
    if kind == "decisions":
        return _("核对决定 {number}").format(number=number), f"/decisions/{number}"
    if kind == "claims":
        words = _("打印申请 {number} 的材料") if rest else _("看申请 {number}")
        return words.format(number=number), f"/claims/{number}"
    words = _("导出付款清单 {number}") if rest else _("看付款清单 {number}")
    return words.format(number=number), f"/payments/{number}"
