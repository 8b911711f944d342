"""Share a project's usage among its contract lines, each millisecond once.

Usage on reserved devices is set aside: it is paid for by delivery. What two contracts claim alike
is nobody's until a person tells (`contracts.py`). Then packages are drawn, metered lines price the
rest, and what no line covers is unpriced. Delivery and fees are added. So a
project's usage is exactly the sum of reserved, drawn, metered and unpriced usage.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ledger.charging.rules.contracts import tell_contracts
from ledger.charging.rules.delivery import DevicePresence, delivered_shares, fees
from ledger.charging.rules.packages import draw
from ledger.charging.rules.sessions import round_sessions
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
    """Return all items of these projects' bills.

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
    open_, contested = tell_contracts(open_, lines, catalogue)
    priced_usage, rest = draw(open_, lines, catalogue)
    metered = price(rest, lines, catalogue)
    return [
        *package_usage,
        *contested,
        *priced_usage,
        *round_sessions(item for item in metered if isinstance(item, PricedUsage)),
        *(item for item in metered if isinstance(item, UnpricedUsage)),
        *delivered_shares(lines, presence, today),
        *fees(lines, today),
    ]


def owed_items(items: Iterable[Item]) -> list[PricedUsage | Share]:
    """Return the items that cost something."""
    return [item for item in items if isinstance(item, (PricedUsage, Share))]
