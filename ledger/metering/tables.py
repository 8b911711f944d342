"""Agents' reports and what is derived: streams, batches, windows, day totals, coverage.

Windows and day totals are written by COPY and folded in SQL (`ledger/metering/steps/intake.py`);
these classes name their columns for queries.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, Numeric
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from ledger.postgres.columns import big, moment


class Agent(SQLModel, table=True):
    """An enrolled agent with its public key, bound to one cluster and node."""

    __tablename__ = "agents"
    id: UUID = Field(primary_key=True)
    cluster: int = big()
    node: str
    source: str
    public_key: bytes = Field(sa_type=LargeBinary, unique=True)
    enrolled_at: datetime = moment()
    revoked_at: datetime | None = moment(nullable=True)


class EnrolmentCode(SQLModel, table=True):
    """A one-time code (its SHA-256); `agent` is set once it is used."""

    __tablename__ = "enrolment_codes"
    hash: bytes = Field(sa_type=LargeBinary, primary_key=True)
    cluster: int = big()
    source: str
    created_at: datetime = moment()
    created_by: str
    expires_at: datetime = moment()
    agent: UUID | None = Field(default=None, unique=True)


class Stream(SQLModel, table=True):
    """The newest batch of a stream: its number, and the hash that the next one must carry."""

    __tablename__ = "streams"
    stream: UUID = Field(primary_key=True)
    agent: UUID
    number: int = big()
    hash: bytes = Field(sa_type=LargeBinary)
    sent_at: datetime = moment()
    received_at: datetime = moment()


class Batch(SQLModel, table=True):
    """An accepted batch: exact bytes, signature and answer, stored for ever."""

    __tablename__ = "batches"
    stream: UUID = Field(primary_key=True)
    number: int = big(primary_key=True)
    hash: bytes = Field(sa_type=LargeBinary)
    signature: bytes = Field(sa_type=LargeBinary)
    agent: UUID
    received_at: datetime = moment()
    answer: dict[str, Any] = Field(sa_type=JSONB)
    bytes: Any = Field(sa_type=LargeBinary)


class Fork(SQLModel, table=True):
    """A second body of a known batch number, stored as evidence."""

    __tablename__ = "forks"
    stream: UUID = Field(primary_key=True)
    number: int = big(primary_key=True)
    hash: Any = Field(sa_type=LargeBinary, primary_key=True)
    agent: UUID
    received_at: datetime = moment()
    bytes: Any = Field(sa_type=LargeBinary)


class Window(SQLModel, table=True):
    """A stored window; `body` is the wire's record, (gpu, start) its only key."""

    __tablename__ = "windows"
    gpu: str = Field(primary_key=True)
    start: datetime = moment(primary_key=True)
    cluster: int = big()
    source: str
    stream: UUID
    number: int = big()
    body: dict[str, Any] = Field(sa_type=JSONB)


class Conflict(SQLModel, table=True):
    """A second body of a stored window; the first stands, a person decides."""

    __tablename__ = "conflicts"
    gpu: str = Field(primary_key=True)
    start: datetime = moment(primary_key=True)
    hash: bytes = Field(sa_type=LargeBinary, primary_key=True)
    cluster: int = big()
    stream: UUID
    number: int = big()
    received_at: datetime = moment()
    body: dict[str, Any] = Field(sa_type=JSONB)


class Quarantined(SQLModel, table=True):
    """A window that cannot count yet: future, unknown_gpu, other_cluster, other_node."""

    __tablename__ = "quarantine"
    gpu: str = Field(primary_key=True)
    start: datetime = moment(primary_key=True)
    hash: bytes = Field(sa_type=LargeBinary, primary_key=True)
    reason: str
    cluster: int = big(primary_key=True)
    node: str = Field(primary_key=True)
    source: str
    stream: UUID
    number: int = big()
    received_at: datetime = moment()
    released_at: datetime | None = moment(nullable=True)
    body: dict[str, Any] = Field(sa_type=JSONB)


class DayTotal(SQLModel, table=True):
    """Σ held_ms × num of one holder on one GPU and Beijing day; a device-ms is held / den."""

    __tablename__ = "day_totals"
    gpu: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    cluster: int = big(primary_key=True)
    source: str = Field(primary_key=True)
    model: str = Field(primary_key=True)
    holder_kind: str = Field(primary_key=True)
    holder: str = Field(primary_key=True)
    mig_profile: str = Field(primary_key=True)
    partition: str = Field(default="", primary_key=True)
    qos: str = Field(default="", primary_key=True)
    den: int = Field(primary_key=True)
    held: int = big()
    util_ppm_ms: Decimal = Field(default=Decimal(0), sa_type=Numeric)
    util_ms: int = big(default=0)


class Coverage(SQLModel, table=True):
    """The time seen of one GPU on one Beijing day, whoever held it."""

    __tablename__ = "coverage"
    gpu: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    cluster: int = big(primary_key=True)
    source: str = Field(primary_key=True)
    windows: int
    window_ms: int = big()
    gap_ms: int = big()
    energy_mj: Decimal | None = Field(default=None, sa_type=Numeric)
