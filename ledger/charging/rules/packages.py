"""Packages: GPU-hours bought in advance that expire.

Usage is drawn from them before metered lines: by day, and within a day in the order of device name,
MIG profile, partition, QOS, market, device and holder; from the package that expires first, then
from the one that began first. The excess is split exactly, to the fraction of a millisecond. A
package whose price or days were corrected keeps what was drawn from it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

from ledger.registry.rules.pricing import PricedUsage, PriceLine, Usage

Identity = tuple[int | str | None, ...]


def draw(
    usage: Iterable[Usage], lines: Sequence[PriceLine], catalogue: Mapping[tuple[str, str], int]
) -> tuple[list[PricedUsage], list[Usage]]:
    """Draw usage from packages; return the drawn usage, and the rest for metered lines.

    Args:
        usage: of any projects; all that there is since the packages began, or they seem fuller
            than they are.
        lines: contract lines; only packages are looked at.
        catalogue: (NVML name, MIG profile) → catalogue model.
    """
    packages = sorted((line for line in lines if line.kind == "package"), key=_order)
    if not packages:
        return [], list(usage)
    drawn_ms: dict[Identity, Fraction] = {}
    priced_usage: list[PricedUsage] = []
    remaining: list[Usage] = []
    for item in sorted(usage, key=_turn):
        model, rest = catalogue.get((item.nvml_name, item.mig_profile)), item
        for line in packages:
            if model is None or not rest.device_ms or not line.applies(rest, model):
                continue
            before = drawn_ms.get(_identity(line), Fraction(0))
            part = min(rest.device_ms, max(line.quantity_ms - before, Fraction(0)))
            if part:
                drawn_ms[_identity(line)] = before + part
                priced_usage.append(PricedUsage(replace(rest, device_ms=part), model, line))
                # Utilisation is told once, with the first piece.
                rest = replace(rest, device_ms=rest.device_ms - part, util_ppm_ms=0, util_ms=0)
        if rest is item or rest.device_ms:
            remaining.append(rest)
    return priced_usage, remaining


def _order(line: PriceLine) -> tuple[date, date, int]:
    return line.expires or date.max, line.since or date.min, line.price


def _turn(item: Usage) -> tuple[object, ...]:
    """Return the order of drawing: selectors first, so that detail does not change the result."""
    selectors = (item.nvml_name, item.mig_profile, item.partition, item.qos, item.market)
    where = (item.device, item.holder, item.source, item.session)
    return item.day, *selectors, item.contract or 0, *where


def _identity(line: PriceLine) -> Identity:
    selects = (line.model, line.mig_profile, line.partition, line.qos, line.market)
    return line.contract, line.name, *selects
