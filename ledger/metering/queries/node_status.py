"""A cluster's nodes as its operators see them: agents' last reports and their GPUs' windows.

Pages and programs show the same. What is wrong with a node is said in codes (`FAULTS`), every one
of which a person can do something about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlmodel import Session

from ledger.errors import NotFound
from ledger.metering.codes import NodeFault
from ledger.metering.queries import agents as agent_queries
from ledger.metering.queries import coverage_gaps
from ledger.metering.queries import nodes as node_queries
from ledger.metering.queries.agents import AgentStatus
from ledger.metering.queries.hours import Hour, Minute, hours, minutes
from ledger.metering.queries.nodes import Gpu, Stranger
from ledger.metering.queries.witnesses.sightings import WITNESS
from ledger.metering.rules.incidents import SILENT, Incident, Span, incidents
from ledger.postgres.columns import key
from ledger.registry.tables import Cluster

LATE = timedelta(minutes=5)
GPU_DAYS_MAX = 128
"""So many days of a GPU one picture draws: more cells than that nobody can look at."""
FAULTS = tuple(NodeFault)
_LIVE = ("nvml", "dcgm")  # the other sources report jobs when they are over
_OF_CLUSTER = ("dcgm", "slurm")  # one agent for all nodes of its cluster


@dataclass(frozen=True)
class Node:
    """A node: who reports for it, what is registered on it, what else it reports.

    Where it has no agent of its own, those of its cluster report that read exporters or jobs.
    """

    name: str
    agents: tuple[AgentStatus, ...]
    gpus: tuple[Gpu, ...]
    strangers: tuple[Stranger, ...]
    now: datetime

    @property
    def agent(self) -> AgentStatus | None:
        """Who reports: of the agents that are believed the one heard last, else any heard last."""
        believed = [a for a in self.agents if a.revoked_at is None] or list(self.agents)
        return max(believed, key=lambda a: a.reported_at or a.enrolled_at, default=None)

    @property
    def source(self) -> str | None:
        """What meters it: nvml, dcgm, slurm or import; None where nobody reports for it."""
        return self.agent.source if self.agent else None

    @property
    def lag(self) -> timedelta | None:
        """How long ago it was last heard."""
        reported_at = self.agent.reported_at if self.agent else None
        return None if reported_at is None else self.now - reported_at

    @property
    def seen_count(self) -> int:
        """How many of the registered GPUs are looked at now."""
        return sum(gpu.is_seen(node_queries.horizon(self.now)) for gpu in self.current_gpus)

    @property
    def current_gpus(self) -> list[Gpu]:
        """The GPUs that are registered now."""
        retired = [gpu for gpu in self.gpus if gpu.retired_at and gpu.retired_at <= self.now]
        return [gpu for gpu in self.gpus if gpu not in retired and gpu.registered_from <= self.now]

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with it now, in the order of `FAULTS`; empty when nothing is."""
        agent, lag = self.agent, self.lag
        live = agent is not None and agent.source in _LIVE
        wrong = {
            "no_agent": agent is None,
            "revoked": agent is not None and agent.revoked_at is not None,
            "never": agent is not None and lag is None,
            "late": live and lag is not None and lag > LATE,
            "skewed": agent is not None and agent.is_skewed,
            "gpus_missing": (live or agent is None) and self.seen_count < len(self.current_gpus),
            "strangers": bool(self.strangers),
        }
        return tuple(fault for fault in FAULTS if wrong[fault])


@dataclass(frozen=True)
class Trouble:
    """What nobody saw in a period; `more` when there is too much of it to be read at once."""

    spans: Sequence[Span]
    incidents: Sequence[Incident]
    more: bool

    def gap_ms(self, node: str) -> int:
        """Return what a node's agents could not look at."""
        return sum(s.lost_ms for s in self.spans if s.node == node and s.cause != SILENT)

    def silent_ms(self, node: str) -> int:
        """Return what nobody reported of a node."""
        return sum(s.lost_ms for s in self.spans if s.node == node and s.cause == SILENT)


@dataclass(frozen=True)
class ClusterStatus:
    """A cluster's nodes now, one page of them, and its trouble in a period."""

    period: node_queries.Period
    trouble: Trouble
    nodes: Sequence[Node]


@dataclass(frozen=True)
class DayHours:
    """The hours of some nodes' GPUs on one day; `more`: there are more nodes."""

    period: node_queries.Period
    nodes: Sequence[str]
    gpus: Sequence[Gpu]
    hours: Sequence[Hour]
    more: bool


@dataclass(frozen=True)
class HourMinutes:
    """The minutes of one GPU's hour."""

    gpu: Gpu
    hour: datetime
    minutes: Sequence[Minute]


def cluster_status(
    db: Session, cluster: Cluster, now: datetime, *, days: int, limit: int, offset: int = 0
) -> ClusterStatus:
    """Return the cluster's nodes by name, and its trouble of the last Beijing days."""
    period = node_queries.last_days(now, days)
    since = node_queries.last_days(now, node_queries.DAYS_MAX).since
    names = node_queries.names(db, key(cluster), since, limit=limit, offset=offset)
    nodes = _nodes(db, cluster, names, now)
    return ClusterStatus(period, trouble(db, cluster, period), nodes)


def node_status(db: Session, cluster: Cluster, name: str, now: datetime) -> Node:
    """Return the node; NotFound if nothing of that name is registered or reports."""
    (node,) = _nodes(db, cluster, [name], now)
    if not (node.agents or node.gpus or node.strangers):
        raise NotFound("node", name=name)
    return node


def trouble(
    db: Session, cluster: Cluster, period: node_queries.Period, *, name: str | None = None
) -> Trouble:
    """Return the gaps and silences of a cluster or one of its nodes, and their incidents."""
    spans, more = coverage_gaps.spans(db, key(cluster), period, node=name)
    return Trouble(spans, incidents(spans), more)


def affordable(gpus: int, days: int, now: datetime) -> node_queries.Period:
    """Return the last so many days, or fewer where so many GPUs would take too long."""
    return node_queries.last_days(now, min(days, max(GPU_DAYS_MAX // max(gpus, 1), 1)))


def day_of(db: Session, cluster: Cluster, name: str, day: date, now: datetime) -> list[Span]:
    """Return the very gaps and silent minutes of a node on one day."""
    return coverage_gaps.spans_of_day(db, key(cluster), name, day, now)


def hours_of_day(
    db: Session, cluster: Cluster, day: date, now: datetime, *, limit: int, offset: int = 0
) -> DayHours:
    """Return the hours of the GPUs of a page of nodes on a Beijing day, up to the horizon."""
    period = node_queries.one_day(max(day, node_queries.EARLIEST), now)
    names = node_queries.names(db, key(cluster), period.since, limit=limit + 1, offset=offset)
    gpus = node_queries.gpus(db, key(cluster), names[:limit], period.since)
    of_day = hours(db, gpus, period)
    of_that_day = {hour.gpu for hour in of_day}
    return DayHours(
        period,
        names[:limit],
        [gpu for gpu in gpus if gpu.gpu in of_that_day],
        of_day,
        len(names) > limit,
    )


def minutes_of_hour(
    db: Session, cluster: Cluster, name: str, at: datetime, now: datetime
) -> HourMinutes:
    """Return the minutes of a GPU's hour in which `at` lies; NotFound if it is not registered."""
    gpu = node_queries.gpu(db, key(cluster), name)
    hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return HourMinutes(gpu, hour, minutes(db, key(cluster), gpu, hour, node_queries.horizon(now)))


def _nodes(db: Session, cluster: Cluster, names: Sequence[str], now: datetime) -> list[Node]:
    since = node_queries.last_days(now, node_queries.DAYS_MAX).since
    agents = [
        agent
        for agent in agent_queries.agents(db, cluster.centre_id)
        if agent.cluster == cluster.name and agent.source != WITNESS
    ]
    gpus = node_queries.gpus(db, key(cluster), names, since)
    strangers = node_queries.strangers(db, key(cluster), names, now - timedelta(days=1))
    return [
        Node(
            name,
            _agents_of(name, agents),
            tuple(g for g in gpus if g.node == name),
            tuple(s for s in strangers if s.node == name),
            now,
        )
        for name in names
    ]


def _agents_of(name: str, agents: Sequence[AgentStatus]) -> tuple[AgentStatus, ...]:
    """Return a node's own agents; where none of them is believed, those of its cluster too."""
    own = tuple(agent for agent in agents if agent.node == name)
    if any(agent.revoked_at is None for agent in own):
        return own
    return own + tuple(
        a for a in agents if a not in own and a.source in _OF_CLUSTER and a.revoked_at is None
    )
