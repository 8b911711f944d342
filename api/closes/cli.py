"""`suanquan close`: close a month's usage, then its books; see what is carried and why not."""

from typing import Annotated, Any

import typer

from api.cli.answer import Answer, Column, Heading, Listing, Pairs, Table, listing
from api.cli.arguments import path
from api.cli.client import ask
from api.cli.commands import Commands
from api.cli.options import SUBSIDY, Limit, Month, Offset, Reason
from api.cli.values import MOMENT, MONEY, MONTH, NUMBER, PERSON, coded
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from ledger.closes.codes import CloseKind, OpenKind
from ledger.people.codes import Role

app = Commands()
close = Commands(msgid("月结：先结用量，再结账"))
app.add_typer(close, name="close", rich_help_panel=SUBSIDY)

CLOSES = (
    Column(msgid("账期"), "month", MONTH),
    Column(msgid("月结"), "kind", coded(CloseKind)),
    Column(msgid("时刻"), "closed_at", MOMENT),
    Column(msgid("何人"), "closed_by", PERSON),
    Column(msgid("决定"), "decision_id", NUMBER),
    Column(msgid("结转的事项"), "items", NUMBER),
    Column(msgid("摘要"), "digest"),
)
CLOSE = (
    Column(msgid("账期"), "month", MONTH),
    Column(msgid("月结"), "kind", coded(CloseKind)),
    Column(msgid("时刻"), "closed_at", MOMENT),
    Column(msgid("何人"), "closed_by", PERSON),
    Column(msgid("决定"), "decision_id", NUMBER),
    Column(msgid("摘要"), "digest"),
)
ITEMS = (
    Column(msgid("事项"), "kind", coded(OpenKind)),
    Column(msgid("等谁"), "owner", coded(Role)),
    Column(msgid("内容"), "subject"),
    Column(msgid("自"), "since"),
    Column(msgid("金额（分）、窗口或毫秒"), "amount", NUMBER),
)
OBSTACLES = (Column(msgid("处"), "where"), Column(msgid("为何不能结"), "message"))
LATE_COSTS = (
    Column(msgid("合同"), "contract"),
    Column(msgid("月结时"), "closed_fen", MONEY),
    Column(msgid("现在"), "now_fen", MONEY),
)
LATE_POSTINGS = (
    Column(msgid("凭证号"), "number", NUMBER),
    Column(msgid("原因"), "cause"),
    Column(msgid("入账月份"), "booked", MONTH),
    Column(msgid("预计的增减"), "accrued_fen", MONEY),
)
Kind = Annotated[CloseKind, typer.Argument(help=msgid("usage 用量，books 账"))]


@close.verb("usage", msgid("结一个月的用量；此后到的记入未结的月份"))
def usage(month: Month) -> Answer:
    """Close a month's usage."""
    outcome = ask("POST", "closes", body={"kind": CloseKind.USAGE, "month": month})
    text = _("{month} 的用量已结，摘要 {digest}").format(month=month, digest=outcome["digest"])
    return Answer(outcome, [text])


@close.verb("books", msgid("结一个月的账，由另一人确认；没有了的事项列出、结转"))
def books(month: Month, *, reason: Reason = "") -> Answer:
    """Propose to close a month's books."""
    body = {"kind": CloseKind.BOOKS, "month": month, "reason": reason}
    outcome = ask("POST", "closes", body=body)
    text = _("{subject}：已提出，等另一人确认（{command}）\n摘要 {digest}")
    command = f"suanquan confirm {outcome['id']}"
    sentence = text.format(command=command, subject=outcome["subject"], digest=outcome["digest"])
    return Answer(outcome, [sentence])


@close.verb("ls", msgid("结过的月份，从新到旧"))
def ls(*, limit: Limit = 100, offset: Offset = 0) -> Listing:
    """List the months that are closed."""
    rows = ask("GET", "closes", query={"limit": limit, "offset": offset})
    return listing(CLOSES, rows, empty=msgid("还没有结过。"))


@close.verb("show", msgid("一个月结时的数字和结转的事项；没有结的，现在结会怎样"))
def show(kind: Kind, month: Month) -> Answer:
    """Show a month as it was closed, or as it would be."""
    view: dict[str, Any] = ask("GET", path("closes", kind.value, month))
    more = [
        block
        for title, columns, name in (
            (msgid("现在不能结"), OBSTACLES, "obstacles"),
            (msgid("结转的事项"), ITEMS, "items"),
            (msgid("月结之后费用变了的合同"), LATE_COSTS, "late_costs"),
            (msgid("月结之后指回这个月的凭证"), LATE_POSTINGS, "late_postings"),
        )
        if view[name]
        for block in (Heading(_(title)), Table(columns, view[name]))
    ]
    return Answer(view, [Pairs(CLOSE, view, short=True), *more])
