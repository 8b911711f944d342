"""Price usage: find the contract line of each piece of usage, and its exact cost.

A price buys a number of devices for a number of hours, with or without tax; here it becomes an
exact fraction of a fen, without tax, per device-millisecond (the policy's cost basis). Usage whose
device is not in the catalogue, or that has no price that day, is *unpriced*: it is returned with
its reason, never dropped and never zero. `charging/rules/billing.py` shares usage among kinds of
lines.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

from ledger.registry.codes import LineKind, Market, UnpricedReason
from ledger.units import HOUR_MS

Rounding = Literal["ms", "minute", "started_hour"]
SessionPrice = Literal["start", "split"]
"""Over a change of price: a unit costs what it does where it starts, or is split by use."""


@dataclass(frozen=True)
class Usage:
    """What one project used of one kind of device in one centre on one Beijing day.

    `partition` and `qos` are "" where the holder has none; `market` is the binding's. `device`,
    `holder` and `source` are set where a contract line or a statement needs them, else empty.
    `session` numbers the holdings of devices where a line rounds them, from 1.
    `reserved_line` is the reserved line on whose device it ran: it is not charged again.
    `contract` is the one that the binding names, or that is told from the lines, else None.
    """

    project: int
    centre: int
    nvml_name: str
    mig_profile: str
    day: date
    device_ms: Fraction
    util_ppm_ms: int = 0
    util_ms: int = 0
    partition: str = ""
    qos: str = ""
    market: Market = Market.ON_DEMAND
    device: str = ""
    holder: str = ""
    source: str = ""
    reserved_line: int | None = None
    session: int = 0
    contract: int | None = None


@dataclass(frozen=True)
class PriceLine:
    """A contract line as it holds from `since` until before `until` (None: open).

    `model`, `mig_profile`, `partition`, `qos` and `market` select usage; None matches any.
    """

    price: int
    contract: int
    project: int
    centre: int
    model: int | None
    mig_profile: str | None
    since: date | None
    until: date | None
    fen_per_ms: Fraction
    kind: LineKind = LineKind.METERED
    partition: str | None = None
    qos: str | None = None
    market: Market | None = None
    name: str = ""
    rounding: Rounding = "ms"
    session_price: SessionPrice = "start"
    devices: int = 0  # of a reserved line: how many were promised
    quantity_ms: Fraction = Fraction(0)  # of a package
    expires: date | None = None
    fen_per_month: Fraction = Fraction(0)  # of a fee; of one reserved device
    counts: bool = True  # whether it is compute cost, and earns

    def applies(self, usage: Usage, model: int) -> bool:
        """Return whether this line prices that usage of that catalogue model."""
        return (
            (self.project, self.centre) == (usage.project, usage.centre)
            and usage.contract in (None, self.contract)
            and (self.since is None or self.since <= usage.day)
            and (self.until is None or usage.day < self.until)
            and self.model in (None, model)
            and self.mig_profile in (None, usage.mig_profile)
            and self.partition in (None, usage.partition)
            and self.qos in (None, usage.qos)
            and self.market in (None, usage.market)
        )

    @property
    def exactness(self) -> tuple[bool, ...]:
        """Return a sort key: of the lines that apply, the greatest is the most exact.

        The model counts most, then the MIG profile, the partition, the QOS, the market. Lines that
        are equally exact and apply to the same usage select the same, so there are no two of them
        on a day.
        """
        selectors = (self.model, self.mig_profile, self.partition, self.qos, self.market)
        return tuple(selector is not None for selector in selectors)


@dataclass(frozen=True)
class PricedUsage:
    """Usage with its price: `cost` is exact, in fen without tax, not rounded.

    `rounded_ms` is what it comes to where the contract rounds its session (None: it does not).
    """

    usage: Usage
    model: int
    line: PriceLine
    rounded_ms: Fraction | None = None

    @property
    def charged_ms(self) -> Fraction:
        """Device-milliseconds that cost."""
        return self.usage.device_ms if self.rounded_ms is None else self.rounded_ms

    @property
    def cost(self) -> Fraction:
        """Exact fen; only a whole charge is ever rounded."""
        return self.charged_ms * self.line.fen_per_ms


@dataclass(frozen=True)
class Share:
    """What a day adds to a line without any usage: delivery, or a part of a fee.

    `months` is of a fee, or of devices: one of them delivered for a whole month is 1. `gap_ms` is
    the time in which nobody watched the reserved devices; `sources` are who watched.
    """

    line: PriceLine
    day: date
    delivered_ms: Fraction = Fraction(0)
    promised_ms: int | None = None
    months: Fraction = Fraction(0)
    gap_ms: int = 0
    sources: frozenset[str] = frozenset()

    @property
    def cost(self) -> Fraction:
        """Exact fen, not rounded."""
        return self.delivered_ms * self.line.fen_per_ms + self.months * self.line.fen_per_month


@dataclass(frozen=True)
class UnpricedUsage:
    """Usage that no price covers; see `UnpricedReason`."""

    usage: Usage
    reason: UnpricedReason


def fen_per_ms(
    yuan: Fraction, gpus: int, hours: int, *, tax_included: bool, tax_rate: Fraction
) -> Fraction:
    """Exact fen without tax per device-millisecond. 29,800 yuan a node-month of 8×720 h → ..."""
    net = yuan / (1 + tax_rate) if tax_included else yuan
    return net * 100 / (gpus * hours * HOUR_MS)


def price(
    usage: Iterable[Usage], lines: Sequence[PriceLine], catalogue: Mapping[tuple[str, str], int]
) -> list[PricedUsage | UnpricedUsage]:
    """Find the metered price of each piece of usage; the more exact selector wins."""
    by_pair: dict[tuple[int, int], list[PriceLine]] = {}
    for line in lines:
        if line.kind == "metered":
            by_pair.setdefault((line.project, line.centre), []).append(line)
    return [_price_one(u, by_pair.get((u.project, u.centre), []), catalogue) for u in usage]


def _price_one(
    usage: Usage, lines: Sequence[PriceLine], catalogue: Mapping[tuple[str, str], int]
) -> PricedUsage | UnpricedUsage:
    model = catalogue.get((usage.nvml_name, usage.mig_profile))
    if model is None:
        return UnpricedUsage(usage, UnpricedReason.UNKNOWN_MODEL)
    fitting = [line for line in lines if line.applies(usage, model)]
    if not fitting:
        return UnpricedUsage(usage, UnpricedReason.NO_PRICE)
    return PricedUsage(usage, model, max(fitting, key=lambda line: line.exactness))
