"""From device-milliseconds to a cost: which price applies on a day, and the charge's one rounding.

A contract's price buys so many devices for so many hours, with or without tax; here it becomes an
exact fraction of a fen, without tax, per device-millisecond (the policy's cost basis). Usage whose
device is not in the catalogue, or for which no contract has a price that day, is *unpriced*: it is
returned with its reason, never dropped and never zero.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from ledger.units import HOUR_MS, Fen, month_of, round_half_up


@dataclass(frozen=True)
class Used:
    """What one project used of one kind of device in one centre on one Beijing day."""

    project: int
    centre: int
    nvml_name: str
    mig_profile: str
    day: date
    device_ms: Fraction
    util_ppm_ms: int = 0
    util_ms: int = 0


@dataclass(frozen=True)
class PriceLine:
    """A price as it holds on the days from `since` until before `until` (None: open)."""

    price: int
    contract: int
    project: int
    centre: int
    model: int | None
    mig_profile: str | None
    since: date | None
    until: date | None
    fen_per_ms: Fraction

    def applies(self, used: Used, model: int) -> bool:
        """Whether this price is meant for that usage of that catalogue model."""
        return (
            (self.project, self.centre) == (used.project, used.centre)
            and (self.since is None or self.since <= used.day)
            and (self.until is None or used.day < self.until)
            and self.model in (None, model)
            and self.mig_profile in (None, used.mig_profile)
        )


@dataclass(frozen=True)
class Priced:
    """Usage with its price: `cost` is exact, in fen without tax, not rounded."""

    used: Used
    model: int
    line: PriceLine

    @property
    def cost(self) -> Fraction:
        """Exact fen; only a whole charge is ever rounded."""
        return self.used.device_ms * self.line.fen_per_ms


@dataclass(frozen=True)
class Unpriced:
    """Usage that no price covers; `reason` is `unknown_model` or `no_price`."""

    used: Used
    reason: str


@dataclass(frozen=True)
class ChargeKey:
    """One line of a project's bill for a Beijing month. `policy` is "" where no policy counts."""

    contract: int
    price: int
    month: date
    policy: str
    model: int
    mig_profile: str


@dataclass(frozen=True)
class ChargeSum:
    """The absolute total under one key: exact device-milliseconds, cost rounded once."""

    device_ms: Fraction
    cost_fen: Fen


def fen_per_ms(
    yuan: Fraction, gpus: int, hours: int, *, tax_included: bool, tax_rate: Fraction
) -> Fraction:
    """Exact fen without tax per device-millisecond. 29,800 yuan a node-month of 8×720 h → ..."""
    net = yuan / (1 + tax_rate) if tax_included else yuan
    return net * 100 / (gpus * hours * HOUR_MS)


def price(
    usage: Iterable[Used], lines: Sequence[PriceLine], catalogue: Mapping[tuple[str, str], int]
) -> list[Priced | Unpriced]:
    """Find the price of each piece of usage; the more exact selector wins."""
    by_pair: dict[tuple[int, int], list[PriceLine]] = {}
    for line in lines:
        by_pair.setdefault((line.project, line.centre), []).append(line)
    return [_price_one(u, by_pair.get((u.project, u.centre), []), catalogue) for u in usage]


def _price_one(
    used: Used, lines: Sequence[PriceLine], catalogue: Mapping[tuple[str, str], int]
) -> Priced | Unpriced:
    model = catalogue.get((used.nvml_name, used.mig_profile))
    if model is None:
        return Unpriced(used, "unknown_model")
    fitting = [line for line in lines if line.applies(used, model)]
    if not fitting:
        return Unpriced(used, "no_price")
    best = max(fitting, key=lambda line: (line.model is not None, line.mig_profile is not None))
    return Priced(used, model, best)


def charges(
    priced: Iterable[Priced], policies: Mapping[int, tuple[str, date | None, date | None]]
) -> dict[ChargeKey, ChargeSum]:
    """Sum by contract, price, month, policy and device; round each sum once, half up.

    `policies` gives each project's policy version and the days on which it is in force
    (half-open); usage on other days is charged all the same, but earns nothing.
    """
    sums: dict[ChargeKey, Fraction] = {}
    rates: dict[int, Fraction] = {}
    for item in priced:
        used, line = item.used, item.line
        policy = _policy_on(used.day, policies.get(used.project))
        month = month_of(used.day)
        key = ChargeKey(line.contract, line.price, month, policy, item.model, used.mig_profile)
        sums[key] = sums.get(key, Fraction(0)) + used.device_ms
        rates[line.price] = line.fen_per_ms
    return {
        key: ChargeSum(total, round_half_up(total * rates[key.price]))
        for key, total in sums.items()
    }


def _policy_on(day: date, policy: tuple[str, date | None, date | None] | None) -> str:
    if policy is None:
        return ""
    version, since, until = policy
    in_force = (since is None or since <= day) and (until is None or day < until)
    return version if in_force else ""
