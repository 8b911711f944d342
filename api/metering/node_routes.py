"""The nodes of a cluster, for programs: what the operator's page shows, in the same words."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, Now, ReadDb, having
from api.door.schemas import IsoDay, IsoMoment
from api.metering.schemas import (
    HourRead,
    IncidentRead,
    NodeDetailRead,
    NodeGpuRead,
    NodeRead,
    NodesRead,
    ShareRead,
    StrangerRead,
    WitnessRead,
)
from ledger.metering.queries import node_status, nodes
from ledger.metering.queries.hours import Hour, Minute, hours
from ledger.metering.queries.node_status import (
    Node,
    Trouble,
    cluster_status,
    hours_of_day,
    minutes_of_hour,
)
from ledger.metering.queries.witnesses import evidence
from ledger.metering.rules.incidents import Incident
from ledger.people.steps.credentials import Viewer
from ledger.postgres.columns import key

router = APIRouter(tags=["nodes"])

Days = Annotated[int, Query(ge=1, le=nodes.DAYS_MAX)]
Reader = Annotated[Viewer, having(Right.READ_METERING)]


@router.get("/nodes")
def cluster_nodes(
    *,
    cluster: str,
    viewer: Reader,
    db: ReadDb,
    now: Now,
    days: Days = 1,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> NodesRead:
    """List a cluster's nodes now, and its incidents of the last Beijing days, with today."""
    cluster_row = access.cluster(db, viewer, cluster)
    status = cluster_status(db, cluster_row, now, days=days, limit=limit, offset=offset)
    return NodesRead(
        cluster=cluster_row.name,
        since=status.period.since,
        until=status.period.until,
        nodes=[_node(cluster_row.name, node, status.trouble) for node in status.nodes],
        incidents=[_incident(incident) for incident in status.trouble.incidents],
        more=status.trouble.more,
    )


@router.get("/nodes/{cluster}/{node}")
def one_node(
    cluster: str, node: str, *, viewer: Reader, db: ReadDb, now: Now, days: Days = 1
) -> NodeDetailRead:
    """Return a node: every hour of its GPUs, and the time without coverage."""
    cluster_row = access.cluster(db, viewer, cluster)
    node_row = node_status.node_status(db, cluster_row, node, now)
    period = node_status.affordable(len(node_row.gpus), days, now)
    trouble = node_status.trouble(db, cluster_row, period, name=node)
    return NodeDetailRead(
        since=period.since,
        until=period.until,
        node=_node(cluster_row.name, node_row, trouble),
        hours=[_hour(hour) for hour in hours(db, node_row.gpus, period)],
        spans=sorted(trouble.spans),
        incidents=[_incident(incident) for incident in trouble.incidents],
        xids=list(nodes.xid_events(db, node_row.gpus, period)),
        more=trouble.more,
    )


@router.get("/nodes/{cluster}/{node}/witness")
def witness_of_node(
    cluster: str, node: str, *, day: IsoDay, viewer: Reader, db: Db
) -> list[WitnessRead]:
    """Compare what was metered of a node's pods on a Beijing day with what witnesses saw."""
    cluster_row = access.cluster(db, viewer, cluster)
    return [
        WitnessRead(
            gpu=piece.gpu,
            namespace=piece.namespace,
            pod=piece.pod,
            container=piece.container,
            uid=piece.uid or None,
            since=piece.low,
            until=piece.high,
            length_ms=piece.length_ms,
            verdict=piece.verdict,
            reason=piece.reason,
            counts=piece.counts,
            grade=piece.grade,
            incident=piece.incident,
        )
        for piece in evidence.pieces(db, key(cluster_row), day, node)
    ]


@router.get("/hours/{cluster}")
def cluster_hours(
    cluster: str,
    *,
    day: IsoDay,
    viewer: Reader,
    db: ReadDb,
    now: Now,
    limit: Annotated[int, Query(ge=1, le=64)] = 16,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> list[HourRead]:
    """List what became of each hour of a Beijing day, of the GPUs of so many nodes."""
    cluster_row = access.cluster(db, viewer, cluster)
    of_day = hours_of_day(db, cluster_row, day, now, limit=limit, offset=offset)
    return [_hour(hour) for hour in of_day.hours]


@router.get("/hours/{cluster}/{gpu}")
def hour_minutes(
    cluster: str, gpu: str, *, hour: IsoMoment, viewer: Reader, db: ReadDb, now: Now
) -> list[Minute]:
    """List the minutes of an hour of a GPU with their windows; a silent one has none."""
    cluster_row = access.cluster(db, viewer, cluster)
    return [*minutes_of_hour(db, cluster_row, gpu, hour, now).minutes]


def _node(cluster: str, node: Node, trouble: Trouble) -> NodeRead:
    agent, lag = node.agent, node.lag
    skew = agent.skew if agent else None
    horizon = nodes.horizon(node.now)
    gpus: list[dict[str, Any]] = [{**vars(g), "seen": g.is_seen(horizon)} for g in node.gpus]
    return NodeRead(
        cluster=cluster,
        node=node.name,
        faults=list(node.faults),
        source=node.source,
        reported_at=agent.reported_at if agent else None,
        lag_s=None if lag is None else int(lag.total_seconds()),
        skew_s=None if skew is None else round(skew.total_seconds()),
        gpus_registered=len(node.current_gpus),
        gpus_seen=node.seen_count,
        gap_ms=trouble.gap_ms(node.name),
        silent_ms=trouble.silent_ms(node.name),
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


def _hour(hour: Hour) -> HourRead:
    return HourRead(
        gpu=hour.gpu,
        hour=hour.hour,
        seen_ms=hour.seen_ms,
        gap_ms=hour.gap_ms,
        silent_ms=hour.silent * 60_000,
        util_ppm=hour.util_ppm,
        shares=[ShareRead.model_validate(vars(share)) for share in hour.shares],
        gaps=dict(hour.gaps),
    )
