"""Codes of projects, contracts and prices. Their labels: `api/language/labels/registry.py`."""

from enum import StrEnum


class ProjectKind(StrEnum):
    """Which article of the policy a project falls under."""

    MODEL = "model"
    TEAM = "team"


class LineKind(StrEnum):
    """How a line of a contract is charged."""

    METERED = "metered"
    RESERVED = "reserved"
    PACKAGE = "package"
    FIXED = "fixed"


class Market(StrEnum):
    """Whether capacity is promised or may be taken away."""

    ON_DEMAND = "on-demand"
    SPOT = "spot"


class PriceUnit(StrEnum):
    """What a price is for."""

    GPU_HOUR = "gpu-hour"
    NODE_HOUR = "node-hour"
    NODE_DAY = "node-day"
    NODE_MONTH = "node-month"
    MONTH = "month"


class ControllerRole(StrEnum):
    """How a natural person controls an organisation."""

    LEGAL = "legal"
    ACTUAL = "actual"


class UnpricedReason(StrEnum):
    """Why usage has no price."""

    UNKNOWN_MODEL = "unknown_model"
    NO_PRICE = "no_price"
    TWO_CONTRACTS = "two_contracts"
