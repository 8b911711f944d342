"""What stands in a registry file: the shape of each kind of entry.

Names stand for things: an organisation is its 统一社会信用代码, a project its code, a contract its
number. Days are Beijing days; `from` and `until` are both included, as Chinese documents say
自…至…. The format is described, with an example, in docs/registry.md.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from ledger.rules.dated import Span
from ledger.rules.spelling import (
    Day,
    GpuId,
    Handle,
    MigProfile,
    Name,
    PricedProfile,
    Shape,
    TaxRate,
    Uscc,
    YesNo,
    Yuan,
    fault,
    one_of,
    up_to,
)

Source = Literal["nvml", "dcgm", "slurm", "import"]
ProjectKind = Literal["model", "team"]
Unit = Literal["gpu-hour", "node-hour", "node-day", "node-month"]
MONTH_HOURS = 720  # where a price per month does not say otherwise: 30 days


class Dated(Shape):
    """Something that holds from a day until another, both included; no `until` is an open end."""

    since: Day = Field(alias="from")
    until: Day | None = None

    @field_validator("until")
    @classmethod
    def _not_reversed(cls, until: date | None, info: ValidationInfo) -> date | None:
        since = info.data.get("since")
        if since and until and until < since:
            raise fault("reversed_days", since=since)
        return until

    @property
    def span(self) -> Span:
        """The same days, half-open."""
        return Span.through(self.since, self.until)


class Organisation(Shape):
    """A legal person."""

    uscc: Uscc
    name: Name


class Centre(Shape):
    """A smart-computing centre, and the organisation that runs it."""

    name: Name
    organisation: Uscc
    simulated: YesNo = False


class Billing(Dated):
    """The one source by which a cluster bills in these days."""

    source: Annotated[Source, one_of(Source)]


class Cluster(Shape):
    """A cluster of a centre. Without a billing source its usage would count nowhere."""

    name: Handle
    centre: Name
    billing: tuple[Billing, ...] = Field(min_length=1)


class DeviceName(Shape):
    """What NVML or a job trace calls a device; with a MIG profile, one of its slices."""

    nvml: Name
    mig_profile: MigProfile | None = None


class Model(Shape):
    """A model of the catalogue, of which prices speak, and all names that devices have for it."""

    model: Name
    names: tuple[DeviceName, ...] = Field(min_length=1)


class Gpu(Dated):
    """A physical GPU, the node where it stands, and the days on which it should report."""

    gpu: GpuId
    cluster: Handle
    node: Name


class Project(Shape):
    """A large-model project (article 9) or a talent team (article 14)."""

    code: Handle
    name: Name
    kind: Annotated[ProjectKind, one_of(ProjectKind)]
    organisation: Uscc
    drill: YesNo = False


class Price(Shape):
    """So many yuan for a GPU or a node for so long; without days, for the contract's whole term."""

    unit: Annotated[Unit, one_of(Unit)]
    yuan: Yuan
    tax_included: YesNo
    tax_rate: TaxRate
    gpus_per_node: Annotated[int, up_to(1024)] | None = Field(default=None, validate_default=True)
    hours_per_month: Annotated[int, up_to(744)] | None = None
    model: Name | None = None
    mig_profile: PricedProfile | None = None
    since: Day | None = Field(default=None, alias="from")
    until: Day | None = None

    @field_validator("gpus_per_node")
    @classmethod
    def _of_nodes_alone(cls, gpus: int | None, info: ValidationInfo) -> int | None:
        unit = info.data.get("unit", "")
        if gpus is None and unit.startswith("node"):
            raise fault("missing")
        if gpus is not None and unit == "gpu-hour":
            raise fault("not_for_unit", unit=unit)
        return gpus

    @field_validator("hours_per_month")
    @classmethod
    def _of_months_alone(cls, hours: int | None, info: ValidationInfo) -> int | None:
        unit = info.data.get("unit")
        if hours is not None and unit and unit != "node-month":
            raise fault("not_for_unit", unit=unit)
        return hours

    @field_validator("mig_profile")
    @classmethod
    def _of_a_model(cls, profile: str | None, info: ValidationInfo) -> str | None:
        if profile is not None and info.data.get("model", "") is None:
            raise fault("profile_without_model")
        return profile

    @property
    def gpus(self) -> int:
        """How many devices the price buys."""
        return self.gpus_per_node or 1

    @property
    def hours(self) -> int:
        """For how many hours."""
        month = self.hours_per_month or MONTH_HOURS
        return {"gpu-hour": 1, "node-hour": 1, "node-day": 24, "node-month": month}[self.unit]

    def span(self, contract: Span) -> Span:
        """The days on which it holds; what it leaves open is the contract's."""
        start = self.since or contract.start
        return Span.through(start, self.until) if self.until else Span(start, contract.end)


class Contract(Dated):
    """What a project has agreed with a centre."""

    number: Name
    centre: Name
    project: Handle
    prices: tuple[Price, ...] = ()


class Holder(Shape):
    """Who held a device: a pod's namespace, a Slurm account, or a name of a static map."""

    pod: Name | None = None
    slurm: Name | None = None
    static: Name | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "Holder":
        if len(self.model_fields_set) != 1:
            raise fault("one_holder")
        return self

    @property
    def kind(self) -> str:
        """`pod`, `slurm` or `static`."""
        return next(iter(self.model_fields_set))

    @property
    def name(self) -> str:
        """The namespace, account or name."""
        return self.pod or self.slurm or self.static or ""


class Binding(Dated):
    """Which project pays for what a holder held in a cluster."""

    cluster: Handle
    holder: Holder
    project: Handle
