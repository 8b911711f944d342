"""Enrol agents: a one-time code from a person, a public key from the node.

The code sets the cluster and the source; the node sends its own public key, so a code read
afterwards is useless. A node that lost the answer asks again with the same code and key and gets
the same answer; for anybody else the code is used. A revoked agent stays revoked. A code of the
bureau is its approval; an agent with a code of the centre waits until the bureau approves it, and
so do its reports.
"""

import base64
import hashlib
import secrets
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import func, text
from sqlmodel import Session, select

from ledger.errors import Conflict, NotFound, Refused
from ledger.metering.tables import Agent, EnrolmentCode
from ledger.registry.tables import Cluster

CODE_LASTS = timedelta(hours=24)
CODE_BYTES = 15  # 120 random bits, 24 letters and digits
SOURCES = ("nvml", "dcgm", "slurm", "import", "witness")

# The database makes the agent of a code: nobody else does.
_ENROL = text("SELECT enrol_agent(:code, :id, CAST(:node AS text), :key, :now)")


def issue_code(
    db: Session,
    *,
    cluster: int,
    source: str,
    actor: str,
    now: datetime,
    history_from: date | None = None,
    lasts: timedelta = CODE_LASTS,
) -> str:
    """Make a code that enrols one node of the cluster while it `lasts`; it is shown once.

    What the node measures counts from then on, or already from the Beijing day `history_from` on.
    """
    if source not in SOURCES:
        raise Refused("source", source=source, known=", ".join(SOURCES))
    letters = base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode()
    code = "-".join(letters[i : i + 6] for i in range(0, len(letters), 6))
    db.add(
        EnrolmentCode(
            hash=_hash(code),
            cluster_id=cluster,
            source=source,
            created_at=now,
            created_by=actor,
            history_from=history_from,
            expires_at=now + lasts,
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
    return enrol_by(db, _hash(code), public_key, node, now)


def enrol_by(db: Session, code_hash: bytes, public_key: bytes, node: str, now: datetime) -> Agent:
    """Register the node's key by the SHA-256 of its code, as `enrol` does."""
    code_row = db.get(EnrolmentCode, code_hash, populate_existing=True)
    if code_row is None:
        raise Refused("code_unusable")
    if code_row.agent_id is not None:
        return _same(db, code_row.agent_id, public_key, node)
    if code_row.expires_at <= now:
        raise Refused("code_unusable")
    of_code = {"code": code_row.hash, "id": uuid4(), "node": node, "key": public_key, "now": now}
    agent = db.scalar(_ENROL, of_code)
    if agent is not None:
        return db.get_one(Agent, agent)
    db.refresh(code_row)  # of two nodes with one code the second finds it used
    if code_row.agent_id is None:
        raise Conflict("key_known")
    return _same(db, code_row.agent_id, public_key, node)


def code_of(db: Session, code_id: bytes, *, centre: int | None) -> EnrolmentCode:
    """Return the code that a courier's request names by the SHA-256 of its hash.

    Refused if there is none, or none of this centre.
    """
    code = db.exec(select(EnrolmentCode).where(func.sha256(EnrolmentCode.hash) == code_id)).first()
    if code is None or (
        centre is not None and db.get_one(Cluster, code.cluster_id).centre_id != centre
    ):
        raise Refused("code_unusable")
    return code


def approve_agent(db: Session, agent: UUID, actor: str, now: datetime) -> None:
    """Let what this agent reports count; again changes nothing. NotFound if it is unknown."""
    row = db.get(Agent, agent)
    if row is None:
        raise NotFound("agent", id=agent)
    if row.approved_at is None:
        row.approved_at, row.approved_by = now, actor
        db.add(row)
        db.flush()


def cluster_of(db: Session, agent: Agent) -> Cluster:
    """Return the cluster that the agent reports for."""
    return db.get_one(Cluster, agent.cluster_id)


def revoke_agent(db: Session, agent: UUID, now: datetime, *, centre: int | None = None) -> None:
    """Accept nothing more signed with this agent's key; its reports stay.

    Again changes nothing. NotFound if it is unknown, or not of this centre.
    """
    row = db.get(Agent, agent)
    if row is None or (centre is not None and cluster_of(db, row).centre_id != centre):
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


def _hash(code: str) -> bytes:
    """Return the SHA-256 of the code, ignoring case, dashes and spaces."""
    plain = "".join(code.split()).replace("-", "").upper()
    return hashlib.sha256(plain.encode()).digest()
