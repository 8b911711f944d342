"""What one look at a node's GPUs found: the words that the driver's side and the meter share.

A look is taken every ten seconds. For each GPU it says either what was seen, or why nothing was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from agents import wire


class Instant(NamedTuple):
    """One moment on two clocks, in milliseconds: the wall's (since 1970, UTC) and the monotonic."""

    wall_ms: int
    mono_ms: int


class Reading(msgspec.Struct, frozen=True):
    """What a device shows at one moment. None is «not measured», and `missing` says why."""

    util_ppm: int | None = None
    engine_ppm: int | None = None
    memory_mib: int | None = None
    power_mw: int | None = None
    missing: dict[str, str] = {}


class Look(msgspec.Struct, frozen=True):
    """One GPU as it was seen: how it is sliced, and what each device of it shows."""

    model: str
    mig: bool
    slices: tuple[wire.Mig, ...]
    readings: Mapping[str, Reading]  # by the device's UUID
    energy_mj: int | None = None  # the GPU's counter, not a difference
    energy_missing: str = ""
    index: int | None = None  # NVML's number of the GPU
    minor: int | None = None  # the number in /dev/nvidia<n>; both hold only at this moment


Looks = (
    Mapping[str, Look | wire.GapReason] | wire.GapReason
)  # by GPU UUID, or why there was no look


class Held(msgspec.Struct, frozen=True):
    """Somebody holds a device, with this share of it."""

    holder: wire.Holder
    num: int = 1
    den: int = 1


class Holding(msgspec.Struct, frozen=True):
    """Who holds which device (by its UUID) at one moment, and what is true of every other."""

    devices: Mapping[str, tuple[Held, ...]]
    others: Held = Held(wire.Unallocated())
