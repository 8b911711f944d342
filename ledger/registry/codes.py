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


class RegistrySection(StrEnum):
    """A list of the registry; named as in a registry file, as far as it is in one."""

    ORGANISATIONS = "organisations"
    CENTRES = "centres"
    CLUSTERS = "clusters"
    BILLING = "billing"
    WITNESSES = "witnesses"
    GPUS = "gpus"
    CATALOGUE = "catalogue"
    PROJECTS = "projects"
    CONTRACTS = "contracts"
    PRICES = "prices"
    BINDINGS = "bindings"
    RELATIONS = "relations"
    NAMES = "names"
    CONTROLLERS = "controllers"
    PRICE_BANDS = "price_bands"
    OTHER_SUPPORT = "other_support"
    ASSIGNMENTS = "assignments"
    ACCOUNTS = "accounts"


class EntryState(StrEnum):
    """Whether an entry of the registry holds today."""

    IN_FORCE = "in_force"
    FUTURE = "future"
    ENDED = "ended"
    SUPERSEDED = "superseded"


class RelationKind(StrEnum):
    """How an organisation is related to a centre, a project or another organisation."""

    SELLER = "seller"
    BUYER = "buyer"
    PAYEE = "payee"
    RELATED = "related"
