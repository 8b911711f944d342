"""Who takes part: organisations, the centres they run, and the centres' clusters."""

from datetime import datetime

from sqlalchemy import SmallInteger
from sqlmodel import Field, SQLModel

from ledger.tables.columns import Days, big, days, identity, moment


class Organisation(SQLModel, table=True):
    """A legal person, known by its 统一社会信用代码 (GB 32100)."""

    __tablename__ = "organisations"
    id: int | None = identity()
    uscc: str = Field(unique=True)
    name: str


class Centre(SQLModel, table=True):
    """A smart-computing centre (智算中心). `simulated` marks made-up ones on every page."""

    __tablename__ = "centres"
    id: int | None = identity()
    name: str = Field(unique=True)
    organisation: int = big()
    simulated: bool = False


class Cluster(SQLModel, table=True):
    """A cluster of a centre; `witnesses_required` is 1 until a cluster agent is enrolled."""

    __tablename__ = "clusters"
    id: int | None = identity()
    name: str = Field(unique=True)
    centre: int = big()
    witnesses_required: int = Field(default=1, sa_type=SmallInteger)


class BillingSource(SQLModel, table=True):
    """The one source by which a cluster bills in `valid`: nvml, dcgm, slurm or import."""

    __tablename__ = "billing_sources"
    id: int | None = identity()
    cluster: int = big()
    source: str
    valid: Days = days()
    recorded_at: datetime = moment()
    recorded_by: str
    superseded_at: datetime | None = moment(nullable=True)
    superseded_by: str | None = None


class Relation(SQLModel, table=True):
    """An organisation sells for a centre, buys for or is paid for a project, or is related."""

    __tablename__ = "relations"
    id: int | None = identity()
    kind: str
    organisation: int = big()
    centre: int | None = big(nullable=True, default=None)
    project: int | None = big(nullable=True, default=None)
    other: int | None = big(nullable=True, default=None)
    valid: Days = days()
    recorded_at: datetime = moment()
    recorded_by: str
    superseded_at: datetime | None = moment(nullable=True)
    superseded_by: str | None = None
