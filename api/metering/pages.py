"""The operator's page: a cluster's nodes, what nobody saw of their GPUs, and what to do about it.

From the cluster one goes to a node, and from there to one of its days with the very minutes. What
was not seen is nobody's usage and in no bill; that is why somebody ought to look here every day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from api.door import access
from api.door.access import Right
from api.door.dependencies import Now, Offset, ReadDb, having
from api.door.schemas import IsoDay
from api.language.i18n import gettext as _
from api.metering import advice
from api.metering.finding_columns import reason
from api.metering.node_picture import picture
from api.web.layout import Framed, pages
from api.web.mark import Mark, fault_mark
from ledger.metering.queries import node_status, nodes
from ledger.metering.queries.agents import unapproved
from ledger.metering.queries.node_status import Node, Trouble, cluster_status
from ledger.metering.queries.nodes import Period
from ledger.metering.rules.incidents import Incident
from ledger.people.steps.credentials import Viewer
from ledger.units import beijing_day

router = APIRouter(include_in_schema=False)

PAGE_ROWS = 200
PAGE_NODES = 8
OF_A_CAUSE = 20  # incidents that are listed of one cause
CHOICES = (1, 3, 7)

Days = Annotated[int, Query(ge=1, le=nodes.DAYS_MAX)]
Reader = Annotated[Viewer, having(Right.READ_METERING)]


@dataclass(frozen=True)
class Cause:
    """A cause with its explanation, given once, and its incidents."""

    name: str
    advice: advice.Advice
    lost_ms: int
    incidents: Sequence[Incident]
    more: int


@router.get("/nodes")
def cluster_page(
    *,
    frame: Framed,
    viewer: Reader,
    db: ReadDb,
    now: Now,
    cluster: str = "",
    days: Days = 3,
    offset: Offset = 0,
) -> HTMLResponse:
    """One cluster: its incidents and its nodes."""
    names = access.cluster_names(db, viewer)
    if not names:
        return frame.page("metering/nodes.html", {"clusters": [], "name": ""})
    cluster_row = access.cluster(db, viewer, cluster or names[0])
    status = cluster_status(db, cluster_row, now, days=days, limit=PAGE_NODES + 1, offset=offset)
    page_rows = status.nodes[:PAGE_NODES]
    more = len(status.nodes) > PAGE_NODES
    return frame.page(
        "metering/nodes.html",
        {
            "unapproved": unapproved(db, cluster_row),
            "may_approve": access.may(viewer, Right.ADMIT_USAGE),
            "may_tend": access.may(viewer, Right.TEND_AGENTS),
            "clusters": names,
            "name": cluster_row.name,
            "nodes": [_node(node, status.trouble) for node in page_rows],
            "pages": pages(frame, offset, PAGE_NODES, len(page_rows), more=more),
            **_period(frame, status.period, days),
            **_trouble(status.trouble),
            **picture(db, cluster_row.name, page_rows, days, now),
        },
    )


@router.get("/nodes/{cluster}/{node}")
def node_page(
    cluster: str,
    node: str,
    *,
    frame: Framed,
    viewer: Reader,
    db: ReadDb,
    now: Now,
    days: Days = 3,
) -> HTMLResponse:
    """One node: its agents, its GPUs hour by hour, its incidents."""
    cluster_row = access.cluster(db, viewer, cluster)
    node_row = node_status.node_status(db, cluster_row, node, now)
    period = nodes.last_days(now, days)
    trouble = node_status.trouble(db, cluster_row, period, name=node)
    return frame.page(
        "metering/node.html",
        {
            "name": cluster_row.name,
            "node": _node(node_row, trouble),
            "reasons": {s.reason: reason(s.reason) for s in node_row.strangers},
            "days_of": sorted({beijing_day(at) for at in period.hours}, reverse=True),
            **_period(frame, period, days),
            **_trouble(trouble),
            **picture(db, cluster_row.name, [node_row], days, now, with_names=False),
        },
    )


@router.get("/nodes/{cluster}/{node}/{day}")
def day_page(
    cluster: str,
    node: str,
    day: IsoDay,
    *,
    frame: Framed,
    viewer: Reader,
    db: ReadDb,
    now: Now,
    offset: Offset = 0,
) -> HTMLResponse:
    """One node's day: the very minutes that nobody saw."""
    cluster_row = access.cluster(db, viewer, cluster)
    node_status.node_status(db, cluster_row, node, now)
    spans = node_status.day_of(db, cluster_row, node, day, now)
    rows = spans[offset : offset + PAGE_ROWS]
    return frame.page(
        "metering/node-day.html",
        {
            "name": cluster_row.name,
            "node": node,
            "day": day,
            "rows": [{"span": span, "cause": reason(span.cause)} for span in rows],
            "lost_ms": sum(span.lost_ms for span in spans),
            "pages": pages(
                frame, offset, PAGE_ROWS, len(rows), more=len(spans) > offset + len(rows)
            ),
        },
    )


def _node(node: Node, trouble: Trouble) -> dict[str, Any]:
    """A node's row: its state in words, and what of its GPUs' time nobody saw."""
    return {
        "node": node,
        "marks": [fault_mark(fault) for fault in node.faults] or [Mark("●", _("正常"))],
        "gap_ms": trouble.gap_ms(node.name),
        "silent_ms": trouble.silent_ms(node.name),
    }


def _period(frame: Framed, period: Period, days: int) -> dict[str, Any]:
    ways = [(n, frame.current_url(days=n, offset=0), n == days) for n in CHOICES]
    return {"period": period, "days": days, "choices": ways}


def _trouble(trouble: Trouble) -> dict[str, Any]:
    """Incidents by their cause, the newest cause first; each cause is explained once."""
    by_cause: dict[str, list[Incident]] = {}
    for incident in trouble.incidents:
        by_cause.setdefault(incident.cause, []).append(incident)
    advices = advice.causes()
    causes = [
        Cause(
            reason(code),
            advices[code],
            sum(entry.lost_ms for entry in incidents),
            incidents[:OF_A_CAUSE],
            len(incidents[OF_A_CAUSE:]),
        )
        for code, incidents in by_cause.items()
    ]
    return {"causes": causes, "too_many": trouble.more, "beijing_day": beijing_day}
