"""The nodes of a cluster, for programs: what the operator's page shows, in the same words."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, Now, having
from api.metering import node_view
from api.metering.node_view import Node
from api.metering.schemas import (
    HourRead,
    IncidentRead,
    NodeDetailRead,
    NodeGpuRead,
    NodeRead,
    NodesRead,
    StrangerRead,
)
from ledger.errors import NotFound
from ledger.metering.queries import coverage_gaps, nodes
from ledger.metering.rules.incidents import SILENT, Incident, Span
from ledger.people.steps.credentials import Viewer

router = APIRouter(tags=["nodes"])

Days = Annotated[int, Query(ge=1, le=nodes.DAYS_MAX)]
Reader = Annotated[Viewer, having(Right.READ_METERING)]


@router.get("/nodes")
def cluster_nodes(
    *,
    cluster: str,
    viewer: Reader,
    db: Db,
    now: Now,
    days: Days = 1,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> NodesRead:
    """List a cluster's nodes now, and its incidents of the last Beijing days, with today."""
    cluster_row = access.cluster(db, viewer, cluster)
    period = nodes.last_days(now, days)
    trouble = node_view.trouble(db, cluster_row, period)
    rows = node_view.nodes(db, cluster_row, now, limit=limit, offset=offset)
    return NodesRead(
        cluster=cluster_row.name,
        since=period.since,
        until=period.until,
        nodes=[_node(cluster_row.name, item, trouble.spans) for item in rows],
        incidents=[_incident(item) for item in trouble.incidents],
        more=trouble.more,
    )


@router.get("/nodes/{cluster}/{node}")
def one_node(
    cluster: str, node: str, *, viewer: Reader, db: Db, now: Now, days: Days = 1
) -> NodeDetailRead:
    """Return a node: every hour of its GPUs, and the time without coverage."""
    cluster_row = access.cluster(db, viewer, cluster)
    node_row = node_view.node(db, cluster_row, node, now)
    if node_row is None:
        raise NotFound("node", name=node)
    period = node_view.affordable(len(node_row.gpus), days, now)
    trouble = node_view.trouble(db, cluster_row, period, name=node)
    return NodeDetailRead(
        since=period.since,
        until=period.until,
        node=_node(cluster_row.name, node_row, trouble.spans),
        hours=[_hour(item) for item in coverage_gaps.hours(db, node_row.gpus, period)],
        spans=sorted(trouble.spans),
        incidents=[_incident(item) for item in trouble.incidents],
        xids=list(nodes.xid_events(db, node_row.gpus, period)),
        more=trouble.more,
    )


def _node(cluster: str, node: Node, spans: Sequence[Span]) -> NodeRead:
    node_spans = [span for span in spans if span.node == node.name]
    agent, lag = node.agent, node.lag
    skew = agent.skew if agent else None
    horizon = nodes.horizon(node.now)
    gpus: list[dict[str, Any]] = [{**vars(g), "seen": g.is_seen(horizon)} for g in node.gpus]
    return NodeRead(
        cluster=cluster,
        node=node.name,
        faults=list(node.faults),
        reported_at=agent.reported_at if agent else None,
        lag_s=None if lag is None else int(lag.total_seconds()),
        skew_s=None if skew is None else round(skew.total_seconds()),
        gpus_registered=len(node.current_gpus),
        gpus_seen=node.seen_count,
        gap_ms=sum(span.lost_ms for span in node_spans if span.cause != SILENT),
        silent_ms=sum(span.lost_ms for span in node_spans if span.cause == SILENT),
        gpus=[NodeGpuRead.model_validate(gpu) for gpu in gpus],
        strangers=[StrangerRead.model_validate(stranger) for stranger in node.strangers],
    )


def _incident(incident: Incident) -> IncidentRead:
    return IncidentRead(
        cause=incident.cause,
        since=incident.since,
        until=incident.until,
        nodes=incident.nodes,
        gpus=incident.gpus,
        spans=len(incident.spans),
        lost_ms=incident.lost_ms,
        xids=incident.xids,
    )


def _hour(hour: coverage_gaps.Hour) -> HourRead:
    return HourRead(
        gpu=hour.gpu,
        hour=hour.hour,
        seen_ms=hour.seen_ms,
        gap_ms=hour.gap_ms,
        silent_ms=hour.silent * 60_000,
        util_ppm=hour.util_ppm,
    )
