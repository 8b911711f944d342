"""What one look at a node's GPUs found: the words that the driver's side and the meter share.

A look is taken every ten seconds. For each GPU it says either what was seen, or why nothing was.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple, Protocol

import msgspec

from agents import wire

MIG_CHANGED = "mig_changed"  # announced by the driver: the slices may be others than before


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
    epoch: str = (
        ""  # counters of two looks may be subtracted only within one (agents/driver/epochs.py)
    )
    xid_missing: str = ""  # why no XID could be announced


Looks = (
    Mapping[str, Look | wire.GapReason] | wire.GapReason
)  # by GPU UUID, or why there was no look


class Sight(NamedTuple):
    """What one look at the whole node brought, and what the driver announced before it, by GPU."""

    looks: Looks
    announced: Mapping[str, tuple[str, ...]] = {}


class Driver(Protocol):
    """Whoever looks: it is asked, and answers when it can."""

    restarts: int  # of what reads the driver, since the agent started

    def ask(self) -> None:
        """Begin a look."""

    def answer(self, wait_s: float) -> Sight | None:
        """The look that was begun, or None while it lasts. It comes at last, whatever happens."""


class Shares(StrEnum):
    """By which rule the slots of one device share it; the contract names it."""

    HELD = "held"
    REPLICAS = "replicas"


class Held(msgspec.Struct, frozen=True):
    """Somebody holds a device, with this share of it."""

    holder: wire.Holder
    num: int = 1
    den: int = 1


class Holding(msgspec.Struct, frozen=True):
    """Who holds which device (by its UUID) at one moment, and what is true of every other."""

    devices: Mapping[str, tuple[Held, ...]]
    others: Held = Held(wire.Unallocated())
    rules: Mapping[str, str] = {}  # device held in slots → the flag that names the rule
