"""A project's bill: how lines of every kind share its usage, each millisecond in one place only.

First what ran on devices reserved for the project is set aside: it is paid for by delivery. Then
packages are drawn, then metered lines price the rest, and what none of them covers is unpriced.
Delivery and fees come on top. So the usage of a project is always the sum of what is covered,
drawn, metered and unpriced, exactly.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ledger.charging.rules.delivery import DevicePresence, delivered_shares, fees
from ledger.charging.rules.packages import draw
from ledger.registry.rules.pricing import PricedUsage, PriceLine, Share, UnpricedUsage, Usage, price


@dataclass(frozen=True)
class PackageUsage:
    """Usage on a device that is reserved for the project: paid for by delivery."""

    usage: Usage


Item = PricedUsage | PackageUsage | UnpricedUsage | Share
"""Everything but a `Share` is usage, and has `used`."""


def bill(
    usage: Iterable[Usage],
    lines: Sequence[PriceLine],
    catalogue: Mapping[tuple[str, str], int],
    presence: Iterable[DevicePresence],
    today: date,
) -> list[Item]:
    """All items of these projects' bills.

    Args:
        usage: all of it, from the first day on.
        lines: the contract lines that are believed now.
        catalogue: (NVML name, MIG profile) → catalogue model.
        presence: the reserved devices, day by day.
        today: the Beijing day up to which delivery is promised and fees are owed.
    """
    package_usage: list[PackageUsage] = []
    open_: list[Usage] = []
    for item in usage:
        if item.reserved_line is None:
            open_.append(item)
        else:
            package_usage.append(PackageUsage(item))
    priced_usage, rest = draw(open_, lines, catalogue)
    return [
        *package_usage,
        *priced_usage,
        *price(rest, lines, catalogue),
        *delivered_shares(lines, presence, today),
        *fees(lines, today),
    ]


def owed_items(items: Iterable[Item]) -> list[PricedUsage | Share]:
    """The items that cost something."""
    return [item for item in items if isinstance(item, (PricedUsage, Share))]
