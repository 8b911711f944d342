"""A project's bill: how lines of every kind share its usage, each millisecond in one place only.

First what ran on devices reserved for the project is set aside: it is paid for by delivery. Then
packages are drawn, then metered lines price the rest, and what none of them covers is unpriced.
Delivery and fees come on top. So the usage of a project is always the sum of what is covered,
drawn, metered and unpriced, exactly.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ledger.charging.rules.delivery import Seen, delivered, fees
from ledger.charging.rules.packages import draw
from ledger.registry.rules.pricing import Priced, PriceLine, Share, Unpriced, Used, price


@dataclass(frozen=True)
class Covered:
    """Usage on a device that is reserved for the project: paid for by delivery."""

    used: Used


Item = Priced | Covered | Unpriced | Share
"""Everything but a `Share` is usage, and has `used`."""


def bill(
    usage: Iterable[Used],
    lines: Sequence[PriceLine],
    catalogue: Mapping[tuple[str, str], int],
    seen: Iterable[Seen],
    today: date,
) -> list[Item]:
    """All items of these projects' bills.

    Args:
        usage: all of it, from the first day on.
        lines: the contract lines that are believed now.
        catalogue: (NVML name, MIG profile) → catalogue model.
        seen: the reserved devices, day by day.
        today: the Beijing day up to which delivery is promised and fees are owed.
    """
    covered: list[Covered] = []
    open_: list[Used] = []
    for used in usage:
        if used.covered is None:
            open_.append(used)
        else:
            covered.append(Covered(used))
    drawn, rest = draw(open_, lines, catalogue)
    return [
        *covered,
        *drawn,
        *price(rest, lines, catalogue),
        *delivered(lines, seen, today),
        *fees(lines, today),
    ]


def owed(items: Iterable[Item]) -> list[Priced | Share]:
    """The items that cost something."""
    return [item for item in items if isinstance(item, (Priced, Share))]
