"""Enrol agents: a one-time code from a person, a public key from the node.

The code sets the cluster and the source; the node sends its own public key, so a code read
afterwards is useless. A node that lost the answer asks again with the same code and key and gets
the same answer; for anybody else the code is used. A revoked agent stays revoked.
"""

import base64
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import Session, select

from ledger.errors import Conflict, NotFound, Refused
from ledger.metering.tables import Agent, EnrolmentCode
from ledger.registry.tables import Cluster

CODE_LASTS = timedelta(hours=24)
SKEW_MAX = timedelta(seconds=5)
"""A node's clock may be so far from ours; further, it puts usage into the wrong minutes."""
CODE_BYTES = 15  # 120 random bits, 24 letters and digits
SOURCES = ("nvml", "dcgm", "slurm", "import")

_AGENTS = text("""
    SELECT a.id, c.name AS cluster, a.node, a.source, a.enrolled_at, a.revoked_at,
           s.received_at AS reported_at, s.sent_at
    FROM agents a JOIN clusters c ON c.id = a.cluster LEFT JOIN LATERAL (
        SELECT received_at, sent_at FROM streams WHERE agent = a.id
        ORDER BY received_at DESC LIMIT 1
    ) s ON true
    WHERE CAST(:centre AS bigint) IS NULL OR c.centre = :centre
    ORDER BY c.name, a.node, a.enrolled_at, a.id
""")


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
    revoked_at: datetime | None
    reported_at: datetime | None
    sent_at: datetime | None

    @property
    def skew(self) -> timedelta | None:
        """How far the node's clock was ahead of ours (behind, if negative), including transit."""
        if self.sent_at is None or self.reported_at is None:
            return None
        return self.sent_at - self.reported_at

    @property
    def is_skewed(self) -> bool:
        """Whether the clock must be set."""
        return self.skew is not None and abs(self.skew) > SKEW_MAX


def issue_code(db: Session, *, cluster: int, source: str, actor: str, now: datetime) -> str:
    """Make a code that enrols one node of the cluster within 24 hours; it is shown once."""
    if source not in SOURCES:
        raise Refused("source", source=source, known=", ".join(SOURCES))
    letters = base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode()
    code = "-".join(letters[i : i + 6] for i in range(0, len(letters), 6))
    db.add(
        EnrolmentCode(
            hash=_hash(code),
            cluster=cluster,
            source=source,
            created_at=now,
            created_by=actor,
            expires_at=now + CODE_LASTS,
        )
    )
    db.flush()
    return code


def enrol(db: Session, code: str, public_key: bytes, node: str, now: datetime) -> Agent:
    """Register the node's key by its code; idempotent for the same code, key and node.

    Raises:
        Refused: the code is unknown, expired, or another key or node has used it.
        Conflict: another agent has this key.
    """
    code_row = db.exec(
        select(EnrolmentCode).where(EnrolmentCode.hash == _hash(code)).with_for_update()
    ).one_or_none()  # locked: of two nodes with one code the second finds it used
    if code_row is None:
        raise Refused("code_unusable")
    if code_row.agent is not None:
        return _same(db, code_row.agent, public_key, node)
    if code_row.expires_at <= now:
        raise Refused("code_unusable")
    agent = Agent(
        id=uuid4(),
        cluster=code_row.cluster,
        node=node,
        source=code_row.source,
        public_key=public_key,
        enrolled_at=now,
    )
    _insert(db, agent)
    code_row.agent = agent.id
    db.add(code_row)
    db.flush()
    return agent


def cluster_of(db: Session, agent: Agent) -> Cluster:
    """Return the cluster that the agent reports for."""
    return db.get_one(Cluster, agent.cluster)


def agents(db: Session, centre: int | None) -> Sequence[AgentStatus]:
    """Return the agents of one centre, or of all, with their last report."""
    return [AgentStatus(**row._mapping) for row in db.execute(_AGENTS, {"centre": centre})]  # noqa: SLF001


def revoke_agent(db: Session, agent: UUID, now: datetime, *, centre: int | None = None) -> None:
    """Accept nothing more signed with this agent's key; its reports stay.

    Again changes nothing. NotFound if it is unknown, or not of this centre.
    """
    row = db.get(Agent, agent)
    if row is None or (centre is not None and cluster_of(db, row).centre != centre):
        raise NotFound("agent", id=agent)
    if row.revoked_at is None:
        row.revoked_at = now
        db.add(row)
        db.flush()


def _same(db: Session, agent: UUID, public_key: bytes, node: str) -> Agent:
    """Return the agent that used the code, if it asks again and is not revoked."""
    row = db.get_one(Agent, agent)
    if (row.public_key, row.node) != (public_key, node) or row.revoked_at is not None:
        raise Refused("code_unusable")
    return row


def _insert(db: Session, agent: Agent) -> None:
    """Add the agent unless its key is taken, also when two codes race with one key."""
    result = db.execute(
        text("""
            INSERT INTO agents (id, cluster, node, source, public_key, enrolled_at)
            VALUES (:id, :cluster, :node, :source, :public_key, :enrolled_at)
            ON CONFLICT (public_key) DO NOTHING RETURNING id
        """),
        agent.model_dump(exclude={"revoked_at"}),
    )
    if result.one_or_none() is None:
        raise Conflict("key_known")


def _hash(code: str) -> bytes:
    """Return the SHA-256 of the code, ignoring case, dashes and spaces."""
    plain = "".join(code.split()).replace("-", "").upper()
    return hashlib.sha256(plain.encode()).digest()
