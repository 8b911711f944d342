"""Contract lines in a registry file: their kinds, and the keys of each.

Four kinds share most of their keys. A key of another kind is a fault, so that nobody writes a
quantity into a metered line and relies on it.
"""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from ledger.formats.field_parsers import (
    Day,
    GpuId,
    Name,
    PricedProfile,
    Shape,
    TaxRate,
    YesNo,
    Yuan,
    fault,
    one_of,
    text_field,
    up_to,
)
from ledger.formats.visible import is_seen
from ledger.registry.codes import LineKind, Market, PriceUnit
from ledger.registry.rules.effective_dating import Span
from ledger.registry.rules.pricing import Rounding, SessionPrice
from ledger.units import decimal

MONTH_HOURS = 720  # where a price per month does not say otherwise: 30 days


def _hours(text: str) -> Decimal:
    try:
        hours = decimal(text)
    except ValueError:
        hours = Fraction(0)
    if not hours:
        raise fault("bad_quantity")
    return Decimal(text)


def _node(text: str) -> str:
    cluster, slash, node = text.partition("/")
    if not (cluster and slash and node) or not is_seen(text) or text != text.strip():
        raise fault("bad_node")
    return text


Hours = Annotated[Decimal, text_field(_hours)]  # GPU-hours of a package
NodeName = Annotated[str, text_field(_node)]  # cluster/node

# What only some kinds of lines may say, and which.
_ONLY_OF: dict[str, tuple[LineKind, ...]] = {
    "model": (LineKind.METERED, LineKind.PACKAGE),
    "mig_profile": (LineKind.METERED, LineKind.PACKAGE),
    "partition": (LineKind.METERED, LineKind.PACKAGE),
    "qos": (LineKind.METERED, LineKind.PACKAGE),
    "market": (LineKind.METERED, LineKind.PACKAGE),
    "rounding": (LineKind.METERED,),
    "session_price": (LineKind.METERED,),
    "quantity": (LineKind.PACKAGE,),
    "expires": (LineKind.PACKAGE,),
    LineKind.RESERVED: (LineKind.RESERVED,),
    "nodes": (LineKind.RESERVED,),
    "counts": (LineKind.FIXED,),
    "until": (LineKind.METERED, LineKind.RESERVED, LineKind.FIXED),
}
_PACKAGE_FIELDS = ("quantity", "expires")  # of a package


class Price(Shape):
    """A contract line: yuan for a GPU or a node for a time; without days, for the whole term.

    A metered line prices what is used; a reserved one these devices for the term; a package
    `quantity` GPU-hours that expire; a fixed one a fee a month. Lines of a kind whose days overlap
    are told apart by what they are for, or by their `name`; metered ones not by that.
    """

    kind: Annotated[LineKind, one_of(LineKind)] = LineKind.METERED
    name: Name | None = None
    unit: Annotated[PriceUnit, one_of(PriceUnit)]
    yuan: Yuan
    tax_included: YesNo
    tax_rate: TaxRate
    gpus_per_node: Annotated[int, up_to(1024)] | None = Field(default=None, validate_default=True)
    hours_per_month: Annotated[int, up_to(744)] | None = None
    model: Name | None = None
    mig_profile: PricedProfile | None = None
    partition: Name | None = None
    qos: Name | None = None
    market: Annotated[Market, one_of(Market)] | None = None
    rounding: Annotated[Rounding, one_of(Rounding)] = "ms"
    session_price: Annotated[SessionPrice, one_of(SessionPrice)] = "start"
    reserved: tuple[GpuId, ...] = Field(default=(), alias="gpus")
    nodes: tuple[NodeName, ...] = Field(default=(), validate_default=True)
    quantity: Hours | None = Field(default=None, validate_default=True)
    expires: Day | None = Field(default=None, validate_default=True)
    counts: YesNo | None = None
    since: Day | None = Field(default=None, alias="from")
    until: Day | None = None

    @field_validator(*_ONLY_OF)
    @classmethod
    def _of_this_kind(cls, value: object, info: ValidationInfo) -> object:
        kind = info.data.get("kind")
        field = info.field_name or ""
        is_given = value not in (None, ())
        if kind and is_given and kind not in _ONLY_OF[field]:
            raise fault("not_for_kind", kind=kind)
        if kind == "package" and not is_given and field in _PACKAGE_FIELDS:
            raise fault("missing")
        return value

    @field_validator("nodes")
    @classmethod
    def _devices_named(cls, nodes: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if info.data.get("kind") == "reserved" and not nodes and info.data.get("reserved") == ():
            raise fault("missing")
        return nodes

    @field_validator("unit")
    @classmethod
    def _unit_of_kind(cls, unit: PriceUnit, info: ValidationInfo) -> PriceUnit:
        kind = info.data.get("kind")
        if kind and (kind == "fixed") != (unit == "month"):
            units = [u for u in PriceUnit if (kind == "fixed") == (u == "month")]
            raise fault("bad_choice", choices=", ".join(units))
        return unit

    @field_validator("gpus_per_node")
    @classmethod
    def _of_nodes_alone(cls, gpus: int | None, info: ValidationInfo) -> int | None:
        unit = info.data.get("unit", "")
        if gpus is None and unit.startswith("node"):
            raise fault("missing")
        if gpus is not None and unit and not unit.startswith("node"):
            raise fault("not_for_unit", unit=unit)
        return gpus

    @field_validator("hours_per_month")
    @classmethod
    def _of_months_alone(cls, hours: int | None, info: ValidationInfo) -> int | None:
        unit = info.data.get("unit")
        if hours is not None and unit and unit != "node-month":
            raise fault("not_for_unit", unit=unit)
        return hours

    @field_validator("session_price")
    @classmethod
    def _of_rounded_usage(cls, price: SessionPrice, info: ValidationInfo) -> SessionPrice:
        if price != "start" and info.data.get("rounding", "") == "ms":
            raise fault("bad_choice", choices="start")
        return price

    @field_validator("mig_profile")
    @classmethod
    def _of_a_model(cls, profile: str | None, info: ValidationInfo) -> str | None:
        if profile is not None and info.data.get("model", "") is None:
            raise fault("profile_without_model")
        return profile

    @property
    def selectors(self) -> tuple[str | None, ...]:
        """What it applies to, besides its model; None is any."""
        return self.mig_profile, self.partition, self.qos, self.market

    @property
    def gpus(self) -> int:
        """The number of devices that the price buys; 1 for a fixed fee."""
        return self.gpus_per_node or 1

    @property
    def hours(self) -> int:
        """The number of hours that the price buys; 1 for a fixed fee."""
        month = self.hours_per_month or MONTH_HOURS
        return {"node-day": 24, "node-month": month}.get(self.unit, 1)

    @property
    def last(self) -> date | None:
        """Its last day, if stated: a package's is the day it expires."""
        return self.expires or self.until

    def span(self, contract: Span) -> Span:
        """The days on which it holds; by default those of the contract."""
        start = self.since or contract.start
        return Span.through(start, self.last) if self.last else Span(start, contract.end)
