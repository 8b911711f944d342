"""The event log for programs: as JSON, as a spreadsheet, and whether its chain holds."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.door.access import Right
from api.door.dependencies import Db, ReadDb, having
from api.door.files import download_table
from api.language.format import second
from api.language.i18n import gettext as _
from api.people.events.query import EventsPage, EventsQuery
from api.people.events.words import EventRead, events
from ledger.formats.spreadsheets.export import Rows
from ledger.people.steps.events import ChainState, chain_state

router = APIRouter(tags=["audit"])

READ = having(Right.READ_LOGS)
FILE_ROWS = 100_000
"""Of one file: the newest ones that were asked for."""


@router.get("/events", dependencies=[READ])
def event_list(page: Annotated[EventsPage, Query()], db: ReadDb) -> list[EventRead]:
    """List who did what, and what was refused, newest first."""
    return [*events(db, page.as_asked(), limit=page.limit, offset=page.offset)]


@router.get("/events/chain", dependencies=[READ])
def chain(db: ReadDb) -> ChainState:
    """Go through the chain of all events and say whether it holds, and where not."""
    return chain_state(db)


@router.get("/events.csv", dependencies=[READ], response_class=Response)
def csv(query: Annotated[EventsQuery, Query()], db: ReadDb) -> Response:
    """Download the events as CSV."""
    return download_table(_rows(db, query), "events.csv")


@router.get("/events.xlsx", dependencies=[READ], response_class=Response)
def workbook(query: Annotated[EventsQuery, Query()], db: ReadDb) -> Response:
    """Download the events as a workbook."""
    return download_table(_rows(db, query), "events.xlsx")


def _rows(db: Db, query: EventsQuery) -> Rows:
    yield [
        _("编号"), _("时刻"), _("谁"), _("登录"), _("网络地址"), _("做了什么"), _("对什么"),
        _("结果"), _("原因"), _("略去几次"), _("请求"), _("身份"), _("路径"), _("代码"),
    ]  # fmt: skip
    for event in events(db, query.as_asked(), limit=FILE_ROWS):
        yield [*_cells(event)]


def _cells(event: EventRead) -> Iterator[str]:
    yield from (str(event.id), second(event.at), event.actor_name, str(event.session or ""))
    yield from (event.address, event.act_name, event.thing, event.outcome, event.reason)
    yield from (str(event.omitted or ""), event.request, event.actor or "", event.act, event.code)
