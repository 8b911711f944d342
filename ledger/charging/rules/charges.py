"""Charges: what a project owes under one contract line for a Beijing month, rounded once.

Bill items are summed exactly by contract, line, month, policy and device. What one device costs at
one price in a month is rounded once: the one rounding that must match an invoice line. If several
lines or versions share it, its fen are laid over them by the largest remainder. So it is the same
however lines are named and split, and whenever a version begins. If a contract rounds usage itself
(to minutes, to started hours), that was done before, session by session (`sessions.py`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from ledger.charging.rules.segments import Span, policy_on
from ledger.registry.rules.pricing import PricedUsage, PriceLine, Share
from ledger.units import Fen, month_of, round_half_up


@dataclass(frozen=True)
class ChargeKey:
    """The key of a charge for a Beijing month; `policy` is "" if no policy applies.

    A reserved or a fixed line has no single model.
    """

    contract: int
    price: int
    month: date
    policy: str
    model: int | None
    mig_profile: str


@dataclass(frozen=True)
class ChargeSum:
    """The total of a key: exact device-milliseconds, cost rounded once."""

    device_ms: Fraction
    cost_fen: Fen
    promised_ms: int | None = None


Policies = Mapping[int, Sequence[Span]]
"""The versions under which each project's usage is charged; the first that is in force counts."""


def charge_key(item: PricedUsage | Share, policies: Policies) -> ChargeKey:
    """Return the key of an item; what is no compute cost has no policy."""
    line = item.line
    if isinstance(item, PricedUsage):
        day, model, profile = item.usage.day, item.model, item.usage.mig_profile
    else:
        day, model, profile = item.day, None, ""
    policy = policy_on(day, policies.get(line.project, ())) if line.counts else ""
    return ChargeKey(line.contract, line.price, month_of(day), policy, model, profile)


@dataclass
class _Sum:
    """A charge being summed, exact until the end."""

    line: PriceLine
    device_ms: Fraction = Fraction(0)
    months: Fraction = Fraction(0)
    promised_ms: int | None = None

    def add(self, item: PricedUsage | Share) -> None:
        if isinstance(item, Share):
            self.device_ms += item.delivered_ms
            self.months += item.months
            if item.promised_ms is not None:
                self.promised_ms = (self.promised_ms or 0) + item.promised_ms
        else:
            self.device_ms += item.charged_ms

    @property
    def is_nothing(self) -> bool:
        """Whether all of it was rounded away, as of a session that another month is charged."""
        return self.line.rounding != "ms" and not self.device_ms

    @property
    def cost(self) -> Fraction:
        """Exact fen."""
        return self.device_ms * self.line.fen_per_ms + self.months * self.line.fen_per_month


def charges(items: Iterable[PricedUsage | Share], policies: Policies) -> dict[ChargeKey, ChargeSum]:
    """Sum by contract, price, month, policy and device; round what costs the same once, half up.

    Usage on days without a policy in force is charged too, but earns nothing.
    """
    sums: dict[ChargeKey, _Sum] = {}
    for item in items:
        key = charge_key(item, policies)
        if key not in sums:
            sums[key] = _Sum(item.line)
        sums[key].add(item)
    groups: dict[tuple[object, ...], dict[ChargeKey, _Sum]] = defaultdict(dict)
    for key, total in sums.items():
        if not total.is_nothing:
            groups[_rounded_together(key, total.line)][key] = total
    return {
        key: ChargeSum(group[key].device_ms, fen, group[key].promised_ms)
        for group in groups.values()
        for key, fen in _round({key: total.cost for key, total in group.items()}).items()
    }


def _rounded_together(key: ChargeKey, line: PriceLine) -> tuple[object, ...]:
    """Return what charges have in common that are rounded as one: the device and its price."""
    price = (line.kind, line.counts, line.fen_per_ms, line.fen_per_month)
    return key.contract, key.month, key.model, key.mig_profile, *price


def _round(costs: Mapping[ChargeKey, Fraction]) -> dict[ChargeKey, Fen]:
    """Round the sum of some costs once, half up; each gets its fen, or one more."""
    fen = {key: int(cost) for key, cost in costs.items()}
    rest = round_half_up(sum(costs.values(), Fraction(0))) - sum(fen.values())
    by_remainder = sorted(costs, key=lambda key: (fen[key] - costs[key], key.policy, key.price))
    for key in by_remainder[:rest]:
        fen[key] += 1
    return fen
