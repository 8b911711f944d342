"""Enrolled agents, the codes that enrol them, and the files that couriers brought.

Batches, windows and day totals are written and read in SQL alone, from
`ledger/metering/steps/intake.py` on.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from ledger.postgres.columns import big, identity, moment


class Agent(SQLModel, table=True):
    """An enrolled agent with its public key, bound to one cluster and node."""

    __tablename__ = "agents"
    id: UUID = Field(primary_key=True)
    cluster_id: int = big()
    node: str
    source: str
    public_key: bytes = Field(sa_type=LargeBinary, unique=True)
    enrolled_at: datetime = moment()
    history_from: datetime | None = moment(nullable=True)
    approved_at: datetime | None = moment(nullable=True)
    approved_by: str | None = None
    revoked_at: datetime | None = moment(nullable=True)


class EnrolmentCode(SQLModel, table=True):
    """A one-time code (its SHA-256); `agent` is set once it is used."""

    __tablename__ = "enrolment_codes"
    hash: bytes = Field(sa_type=LargeBinary, primary_key=True)
    cluster_id: int = big()
    source: str
    created_at: datetime = moment()
    created_by: str
    history_from: date | None = None
    expires_at: datetime = moment()
    agent_id: UUID | None = Field(default=None, unique=True)


class CourierFile(SQLModel, table=True):
    """A file that a courier brought to the page, what came of it, and the file that goes back."""

    __tablename__ = "courier_files"
    id: int | None = identity()
    centre_id: int | None = big(nullable=True, default=None)
    kind: str
    name: str
    taken_at: datetime = moment()
    taken_by: str
    outcome: list[dict[str, Any]] = Field(sa_type=JSONB)
    answer: bytes = Field(sa_type=LargeBinary)
