"""Organisations, machines, contracts and prices."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ARRAY, Numeric, Text
from sqlmodel import Field, SQLModel

from ledger.postgres.columns import Days, big, days, identity, moment


class RegisteredRow(SQLModel):
    """Who registered it, and when; the database looks whether she might."""

    recorded_at: datetime = moment()
    recorded_by: str


class DatedRow(RegisteredRow):
    """The columns of every dated fact: its days, who recorded, superseded and confirmed it.

    The transactions are kept by the database.
    """

    valid: Days = days()
    superseded_at: datetime | None = moment(nullable=True)
    superseded_by: str | None = None
    recorded_in: int = big()
    superseded_in: int | None = big(nullable=True, default=None)
    decision_id: int | None = big(nullable=True, default=None)
    superseded_decision_id: int | None = big(nullable=True, default=None)


class Organisation(RegisteredRow, table=True):
    """A legal person, known by its 统一社会信用代码 (GB 32100)."""

    __tablename__ = "organisations"
    id: int | None = identity()
    uscc: str = Field(unique=True)
    name: str


class Centre(RegisteredRow, table=True):
    """A computing centre (智算中心); `simulated` marks fictional ones on every page."""

    __tablename__ = "centres"
    id: int | None = identity()
    name: str = Field(unique=True)
    organisation_id: int = big()
    simulated: bool = False


class Cluster(RegisteredRow, table=True):
    """A cluster of a centre."""

    __tablename__ = "clusters"
    id: int | None = identity()
    name: str = Field(unique=True)
    centre_id: int = big()


class BillingSource(DatedRow, table=True):
    """The one source by which a cluster bills: nvml, dcgm, slurm or import."""

    __tablename__ = "billing_sources"
    id: int | None = identity()
    cluster_id: int = big()
    source: str


class WitnessRequirement(DatedRow, table=True):
    """How many witnesses a cluster's use needs: 1, or 2."""

    __tablename__ = "witness_requirements"
    id: int | None = identity()
    cluster_id: int = big()
    required: int


class Relation(DatedRow, table=True):
    """An organisation sells for a centre, buys for or is paid for a project, or is related."""

    __tablename__ = "relations"
    id: int | None = identity()
    kind: str
    organisation_id: int = big()
    centre_id: int | None = big(nullable=True, default=None)
    project_id: int | None = big(nullable=True, default=None)
    other_id: int | None = big(nullable=True, default=None)


class Project(RegisteredRow, table=True):
    """A large-model project (article 9, `model`) or a talent team (article 14, `team`)."""

    __tablename__ = "projects"
    id: int | None = identity()
    code: str = Field(unique=True)
    name: str
    kind: str
    organisation_id: int = big()
    drill: bool = False


class Contract(RegisteredRow, table=True):
    """A contract between a centre and a project; `total_fen` (合同总额) is with tax."""

    __tablename__ = "contracts"
    id: int | None = identity()
    number: str = Field(unique=True)
    centre_id: int = big()
    project_id: int = big()
    valid: Days = days()
    total_fen: int | None = big(nullable=True, default=None)
    text_sha256: str | None = None
    changed_at: datetime | None = moment(nullable=True)
    changed_by: str | None = None
    decision_id: int | None = big(nullable=True, default=None)


class Price(DatedRow, table=True):
    """A contract line: `yuan` buys `gpus` devices for `hours` hours, or a month of a fixed one.

    `devices` are those of a reserved line, `quantity` (GPU-hours) and `expires` a package's,
    `counts` a fixed fee's. A selector that is missing (model, profile, partition, QOS, market)
    matches any.
    """

    __tablename__ = "prices"
    id: int | None = identity()
    contract_id: int = big()
    kind: str = "metered"
    name: str = ""
    model_id: int | None = big(nullable=True, default=None)
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
    session_price: str = "start"
    devices: list[str] | None = Field(default=None, sa_type=ARRAY(Text))
    quantity: Decimal | None = Field(default=None, sa_type=Numeric)
    expires: date | None = None
    counts: bool | None = None


class Binding(DatedRow, table=True):
    """Holder (namespace, Slurm account, static name) → the project that pays, in `valid`.

    `market` says whether it runs `on-demand` or `spot`, `contract_id` under which of several
    contracts.
    """

    __tablename__ = "bindings"
    id: int | None = identity()
    cluster_id: int = big()
    holder_kind: str
    holder: str
    project_id: int = big()
    market: str = "on-demand"
    contract_id: int | None = big(nullable=True, default=None)


class OrganisationName(DatedRow, table=True):
    """What an organisation is called on these days."""

    __tablename__ = "organisation_names"
    id: int | None = identity()
    organisation_id: int = big()
    name: str


class Controller(DatedRow, table=True):
    """A natural person who controls an organisation: its legal representative, or actually."""

    __tablename__ = "controllers"
    id: int | None = identity()
    organisation_id: int = big()
    role: str
    person: str
    id_tail: str | None = None


class PriceBand(DatedRow, table=True):
    """The usual prices of a GPU-hour of a model, yuan without tax."""

    __tablename__ = "price_bands"
    id: int | None = identity()
    model_id: int = big()
    mig_profile: str = ""
    low_yuan: Decimal = Field(sa_type=Numeric)
    high_yuan: Decimal = Field(sa_type=Numeric)


class OtherSupport(DatedRow, table=True):
    """What another programme pays for a month of a project, or of one of its contracts."""

    __tablename__ = "other_support"
    id: int | None = identity()
    project_id: int = big()
    contract_id: int | None = big(nullable=True, default=None)
    programme: str
    fen: int = big()
