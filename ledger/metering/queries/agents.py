"""Read agents: where they report from, when they last did, and how their clocks stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from ledger.errors import NotFound
from ledger.metering.tables import Agent, CourierFile
from ledger.registry.tables import Cluster

SKEW_MAX = timedelta(seconds=5)
"""A node's clock may be so far from ours; further, it puts usage into the wrong minutes."""

_DATE_STEP = timedelta(seconds=1)

_AGENTS = text("""
    SELECT a.id, c.name AS cluster, a.node, a.source, a.enrolled_at, a.history_from,
           a.approved_at, a.approved_by, a.revoked_at,
           s.received_at AS reported_at, s.sent_at
    FROM agents a JOIN clusters c ON c.id = a.cluster_id LEFT JOIN LATERAL (
        SELECT received_at, sent_at FROM streams WHERE agent_id = a.id
        ORDER BY received_at DESC LIMIT 1
    ) s ON true
    WHERE CAST(:centre AS bigint) IS NULL OR c.centre_id = :centre
    ORDER BY c.name, a.node, a.enrolled_at, a.id
""")

_WAITING_CODES = text("""
    SELECT c.name AS cluster, e.source, e.created_at, e.created_by, e.history_from, e.expires_at
    FROM enrolment_codes e JOIN clusters c ON c.id = e.cluster_id
    WHERE e.agent_id IS NULL AND e.expires_at > :now
        AND (CAST(:centre AS bigint) IS NULL OR c.centre_id = :centre)
    ORDER BY e.expires_at, c.name, e.created_at
""")

_IS_ENROLLED = text("SELECT EXISTS (SELECT FROM agents WHERE id = :agent)")


def is_enrolled(db: Session, agent: UUID) -> bool:
    """Return whether this is an agent, a revoked one too: it is told so by a signed answer."""
    return bool(db.execute(_IS_ENROLLED, {"agent": agent}).scalar_one())


@dataclass(frozen=True)
class AgentStatus:
    """An agent as lists show it; no report before the first one.

    `sent_at` is by the node's clock, `reported_at` by ours, of one and the same batch.
    """

    id: UUID
    cluster: str
    node: str
    source: str
    enrolled_at: datetime
    history_from: datetime | None
    approved_at: datetime | None
    approved_by: str | None
    revoked_at: datetime | None
    reported_at: datetime | None
    sent_at: datetime | None

    @property
    def skew(self) -> timedelta | None:
        """How far the node's clock was ahead of ours (behind, if negative), including transit.

        `sent_at` comes from an HTTP `Date`, which has whole seconds: up to one second behind, the
        clocks may be equal.
        """
        if self.sent_at is None or self.reported_at is None:
            return None
        difference = self.sent_at - self.reported_at
        return timedelta(0) if -_DATE_STEP <= difference <= timedelta(0) else difference

    @property
    def is_skewed(self) -> bool:
        """Whether the clock must be set."""
        return self.skew is not None and abs(self.skew) > SKEW_MAX


@dataclass(frozen=True)
class WaitingCode:
    """An enrolment code that no node has used yet; the code itself nobody has but its holder."""

    cluster: str
    source: str
    created_at: datetime
    created_by: str
    history_from: date | None
    expires_at: datetime


def waiting_codes(db: Session, centre: int | None, now: datetime) -> Sequence[WaitingCode]:
    """Return the codes by which a node can still enrol, those first that end first."""
    rows = db.execute(_WAITING_CODES, {"centre": centre, "now": now})
    return [WaitingCode(**row._mapping) for row in rows]  # noqa: SLF001


def unapproved(db: Session, cluster: Cluster) -> Sequence[Agent]:
    """Return the agents of a cluster that wait for the bureau's approval, oldest first."""
    query = select(Agent).where(
        Agent.cluster_id == cluster.id,
        col(Agent.approved_at).is_(None),
        col(Agent.revoked_at).is_(None),
    )
    return db.exec(query.order_by(col(Agent.enrolled_at), col(Agent.id))).all()


def agents(db: Session, centre: int | None) -> Sequence[AgentStatus]:
    """Return the agents of one centre, or of all, with their last report."""
    return [AgentStatus(**row._mapping) for row in db.execute(_AGENTS, {"centre": centre})]  # noqa: SLF001


def server_seed(db: Session) -> bytes:
    """Return the secret half of the server's own key: 32 bytes."""
    return bytes(db.execute(text("SELECT seed FROM server_key")).scalar_one())


def courier_files(db: Session, centre: int | None, limit: int = 50) -> Sequence[CourierFile]:
    """Return the newest files that couriers brought: of this centre, or all."""
    query = select(CourierFile).order_by(col(CourierFile.id).desc()).limit(limit)
    if centre is not None:
        query = query.where(CourierFile.centre_id == centre)
    return db.exec(query).all()


def courier_file(db: Session, number: int, centre: int | None) -> CourierFile:
    """Return one of them. NotFound if it is not there, or another centre's."""
    row = db.get(CourierFile, number)
    if row is None or (centre is not None and row.centre_id != centre):
        raise NotFound("courier_file", id=number)
    return row
