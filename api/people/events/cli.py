"""`suanquan event`: who did what, and whether the log of it is as it was written."""

from typing import Annotated, Any

import typer

from api.cli.answer import Answer, Column, Listing, listing
from api.cli.client import ask
from api.cli.commands import Commands
from api.cli.failures import Failure
from api.cli.options import MACHINE, Limit, Offset
from api.cli.values import MOMENT, NUMBER
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from ledger.people.codes import EventResult

app = Commands()
event = Commands(msgid("事件记录：谁做了什么"))
app.add_typer(event, name="event", rich_help_panel=MACHINE)

EVENTS = (
    Column(msgid("编号"), "id", NUMBER),
    Column(msgid("时刻"), "at", MOMENT),
    Column(msgid("谁"), "actor_name"),
    Column(msgid("网络地址"), "address"),
    Column(msgid("做了什么"), "act_name"),
    Column(msgid("对什么"), "thing"),
    Column(msgid("结果"), "outcome"),
    Column(msgid("原因"), "reason"),
)
RESULTS = " | ".join(EventResult)


@event.verb("ls", msgid("事件，从新到旧；可按人、日期、对象查"))
def events(
    *,
    who: Annotated[str | None, typer.Option(help=msgid("姓名，或其中几个字"))] = None,
    since: Annotated[str | None, typer.Option(help=msgid("从哪天起，如 2026-11-30"))] = None,
    until: Annotated[str | None, typer.Option(help=msgid("到哪天止"))] = None,
    noun: Annotated[str | None, typer.Option(help=msgid("对什么，如 申请 或 claims"))] = None,
    number: Annotated[str | None, typer.Option(help=msgid("它的编号"))] = None,
    result: Annotated[str | None, typer.Option(help=RESULTS)] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Listing:
    """List events."""
    query: dict[str, Any] = {
        "who": who, "since": since, "until": until, "noun": noun, "number": number,
        "result": result, "limit": limit, "offset": offset,
    }  # fmt: skip
    return listing(EVENTS, ask("GET", "events", query=query), empty=msgid("没有"))


@event.verb("check", msgid("核对事件的链：是否原样、完整"))
def check() -> Answer:
    """Say whether the chain of events holds."""
    state = ask("GET", "events/chain")
    if state["holds"]:
        line = _("完好：{links} 个事件，最后一个的摘要 {head}")
        return Answer(state, [line.format(links=state["links"], head=state["head"] or "—")])
    event_id = state["event"] or "—"
    line = _("链在第 {broken} 处断开（事件 {event}）")
    raise Failure(line.format(broken=state["broken"], event=event_id))
