"""How a source is asked: how long a sample of the holders is valid, and what it says of a span.

On a node the holders are asked every second, so a sample is taken to hold until the next. A scrape
comes every fifteen seconds, at a moment within the exchange that nobody knows. There a holder holds
a device for the span between two scrapes only if both name the same holders of it: rather less than
more, and never another's.
"""

from __future__ import annotations

from typing import NamedTuple

from agents import wire
from agents.observations import HolderShare, Holdings

_CHANGED = (HolderShare(wire.Unattributed("changed_between_scrapes")),)


class Cadence(NamedTuple):
    """The rhythm of a source."""

    holds_ms: int  # a sample says nothing of what is later than this
    needs_both_ends: bool = False
    late_gpu: wire.GapReason = wire.GapReason.DRIVER_RELOAD  # of a GPU that appears later


NODE = Cadence(holds_ms=3_000)


def common_holdings(
    first: Holdings | wire.GapReason, second: Holdings | wire.GapReason
) -> Holdings | wire.GapReason:
    """Return what both say; a device of which they say different things has an unknown holder."""
    if isinstance(first, wire.GapReason):
        return first
    if isinstance(second, wire.GapReason):
        return second
    if first == second:
        return first
    devices = {
        device: shares if second.devices.get(device) == shares else _CHANGED
        for device, shares in first.devices.items()
    } | dict.fromkeys(second.devices.keys() - first.devices.keys(), _CHANGED)
    default = first.default if first.default == second.default else _CHANGED[0]
    return Holdings(devices, default, first.rules)
