"""The shapes of the entries of a registry file.

Entries are referred to by name: an organisation by its 统一社会信用代码, a project by its code, a
contract by its number. Days are Beijing days; `from` and `until` are both included (自…至…). The
format is described, with an example, in docs/registry.md. Contract lines are in `price_entry.py`.
"""

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from ledger.formats.field_parsers import (
    Day,
    GpuId,
    Handle,
    MigProfile,
    Name,
    Shape,
    Uscc,
    YesNo,
    fault,
    one_of,
    text_field,
)
from ledger.registry.codes import Market, ProjectKind
from ledger.registry.rules.effective_dating import Span
from ledger.registry.rules.price_entry import Price
from ledger.units import FEN_MAX, Fen, fen_from_yuan

Source = Literal["nvml", "dcgm", "slurm", "import"]
RequiredWitnesses = Literal[1, 2]
RelationKind = Literal["seller", "buyer", "payee", "related"]


class DatedShape(Shape):
    """An entry that holds from a day until another, both included; open without `until`."""

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
    """A computing centre, and the organisation that runs it."""

    name: Name
    organisation: Uscc
    simulated: YesNo = False


class Billing(DatedShape):
    """The one source by which a cluster bills on these days."""

    source: Annotated[Source, one_of(Source)]


class Witnesses(DatedShape):
    """How many witnesses a cluster's use needs on these days: what meters it, or one beside."""

    required: Annotated[RequiredWitnesses, one_of(RequiredWitnesses)]


class Cluster(Shape):
    """A cluster of a centre; its usage counts only with a billing source.

    One that is registered may be named again with its witnesses alone.
    """

    name: Handle
    centre: Name
    witnesses: tuple[Witnesses, ...] = ()
    billing: tuple[Billing, ...] = Field(default=(), validate_default=True)

    @field_validator("billing")
    @classmethod
    def _says_something(
        cls, billing: tuple[Billing, ...], info: ValidationInfo
    ) -> tuple[Billing, ...]:
        if not billing and info.data.get("witnesses", True) == ():
            raise fault("missing")
        return billing


class DeviceName(Shape):
    """A device's name in NVML or a job trace; with a MIG profile, one of its slices."""

    nvml: Name
    mig_profile: MigProfile | None = None


class Model(Shape):
    """A model of the catalogue, and all names that devices have for it."""

    model: Name
    names: tuple[DeviceName, ...] = Field(min_length=1)


class Gpu(DatedShape):
    """A physical GPU, its node, and the days on which it should report."""

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


def _total(text: str) -> Fen:
    try:
        fen = fen_from_yuan(text)
    except ValueError:
        fen = 0
    if not 0 < fen <= FEN_MAX:
        raise fault("bad_total")
    return fen


Total = Annotated[Fen, text_field(_total)]  # written in yuan


def _sha256(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", text, re.ASCII):
        raise fault("bad_sha256")
    return text


Sha256 = Annotated[str, text_field(_sha256)]


class Contract(DatedShape):
    """A contract between a project and a centre.

    `total` is with tax (合同总额), `sha256` that of its signed text.
    """

    number: Name
    centre: Name
    project: Handle
    total: Total | None = None
    sha256: Sha256 | None = None
    prices: tuple[Price, ...] = ()


# As Kubernetes writes them: a key may have a domain before it, a value may be empty.
_LABEL = re.compile(r"([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?"
                    r"=([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?")  # fmt: skip
_USER = re.compile(r".+/[^/\s]+")
_OWNER = re.compile(r"[a-z0-9-]+/[A-Za-z]+/[a-z0-9.-]+")


class Holder(Shape):
    """Who held a device: a pod's namespace, a Slurm account, or a static name.

    Or a user's jobs under a Slurm account (`account/user`), which go before the account's; or pods
    as the cluster's witness knows them: by a label (`key=value`), or by their controller
    (`namespace/Kind/name`).
    """

    pod: Name | None = None
    slurm: Name | None = None
    static: Name | None = None
    label: Name | None = None
    owner: Name | None = None
    user: Name | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "Holder":
        if len(self.model_fields_set) != 1:
            raise fault("one_holder")
        if self.label is not None and not _LABEL.fullmatch(self.label):
            raise fault("label_of_holder")
        if self.owner is not None and not _OWNER.fullmatch(self.owner):
            raise fault("owner_of_holder")
        if self.user is not None and not _USER.fullmatch(self.user):
            raise fault("user_of_holder")
        return self

    @property
    def kind(self) -> str:
        """`pod`, `slurm`, `static`, `label`, `owner` or `user`."""
        return next(iter(self.model_fields_set))

    @property
    def name(self) -> str:
        """The namespace, account or name; the label or the controller."""
        return self.pod or self.slurm or self.static or self.label or self.owner or self.user or ""

    @property
    def label_key(self) -> str | None:
        """The key of the label; None where it is told otherwise."""
        return self.label.partition("=")[0] if self.label else None


class Binding(DatedShape):
    """The project that pays for a holder's use of a cluster, and the market it runs on.

    `contract` says under which of several contracts, where the lines don't tell.
    """

    cluster: Handle
    holder: Holder
    project: Handle
    market: Annotated[Market, one_of(Market)] = Market.ON_DEMAND
    contract: Name | None = None


_TARGET: dict[RelationKind, str] = {
    "seller": "centre", "buyer": "project", "payee": "project", "related": "other",
}  # fmt: skip


class Relation(DatedShape):
    """An organisation sells for a centre, buys or is paid for a project, or is related to another.

    The organisation that runs a centre, and a project's own, need not be named.
    """

    kind: Annotated[RelationKind, one_of(RelationKind)]
    organisation: Uscc
    centre: Name | None = Field(default=None, validate_default=True)
    project: Handle | None = Field(default=None, validate_default=True)
    other: Uscc | None = Field(default=None, validate_default=True)

    @field_validator("centre", "project", "other")
    @classmethod
    def _of_this_kind(cls, value: str | None, info: ValidationInfo) -> str | None:
        kind = info.data.get("kind")
        if kind and value is None and info.field_name == _TARGET[kind]:
            raise fault("missing")
        if kind and value is not None and info.field_name != _TARGET[kind]:
            raise fault("not_for_kind", kind=kind)
        if value is not None and value == info.data.get("organisation"):
            raise fault("itself")
        return value

    @property
    def target(self) -> str:
        """The centre, project or organisation of the relation."""
        return self.centre or self.project or self.other or ""
