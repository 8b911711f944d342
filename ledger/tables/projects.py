"""Who pays whom for what: projects, contracts, prices, and the bindings of holders to projects."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ARRAY, Numeric, Text
from sqlmodel import Field, SQLModel

from ledger.tables.columns import Days, big, days, identity, moment


class Project(SQLModel, table=True):
    """A large-model project (article 9, `model`) or a talent team (article 14, `team`)."""

    __tablename__ = "projects"
    id: int | None = identity()
    code: str = Field(unique=True)
    name: str
    kind: str
    organisation: int = big()
    drill: bool = False


class Contract(SQLModel, table=True):
    """A contract between a centre and a project."""

    __tablename__ = "contracts"
    id: int | None = identity()
    number: str = Field(unique=True)
    centre: int = big()
    project: int = big()
    valid: Days = days()


class Price(SQLModel, table=True):
    """A contract line: `yuan` buys `gpus` devices for `hours` hours, or a month of a fixed one.

    `devices` are those of a reserved line, `quantity` (GPU-hours) and `expires` a package's,
    `counts` a fixed fee's. A selector that is missing (model, profile, partition, QOS, market)
    matches any.
    """

    __tablename__ = "prices"
    id: int | None = identity()
    contract: int = big()
    kind: str = "metered"
    name: str = ""
    model: int | None = big(nullable=True, default=None)
    mig_profile: str | None = None
    partition: str | None = None
    qos: str | None = None
    market: str | None = None
    unit: str
    yuan: Decimal = Field(sa_type=Numeric)
    gpus: int
    hours: int
    tax_included: bool
    tax_rate: Decimal = Field(sa_type=Numeric)
    rounding: str = "ms"
    devices: list[str] | None = Field(default=None, sa_type=ARRAY(Text))
    quantity: Decimal | None = Field(default=None, sa_type=Numeric)
    expires: date | None = None
    counts: bool | None = None
    valid: Days = days()
    recorded_at: datetime = moment()
    recorded_by: str
    superseded_at: datetime | None = moment(nullable=True)
    superseded_by: str | None = None


class ReservedDevice(SQLModel, table=True):
    """A GPU that is reserved for a project; kept by the database from the reserved lines."""

    __tablename__ = "reserved_devices"
    price: int = big(primary_key=True)
    gpu: str = Field(primary_key=True)
    project: int = big()
    centre: int = big()
    valid: Days = days()


class Binding(SQLModel, table=True):
    """Holder (namespace, Slurm account, static name) → the project that pays, in `valid`.

    `market` says whether it runs `on-demand` or `spot`.
    """

    __tablename__ = "bindings"
    id: int | None = identity()
    cluster: int = big()
    holder_kind: str
    holder: str
    project: int = big()
    market: str = "on-demand"
    valid: Days = days()
    recorded_at: datetime = moment()
    recorded_by: str
    superseded_at: datetime | None = moment(nullable=True)
    superseded_by: str | None = None
