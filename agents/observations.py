"""What the driver and the holders show at one moment: types that driver, holders and meter share.

The agent looks at the GPUs every ten seconds. For each GPU a look has either its state, or the
reason why it could not be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple, Protocol

import msgspec

from agents import wire

MIG_CHANGED = "mig_changed"  # an event of the driver: the slices may have changed


class Instant(NamedTuple):
    """One moment on two clocks, in milliseconds: the wall's (since 1970, UTC) and the monotonic."""

    wall_ms: int
    mono_ms: int


class Reading(msgspec.Struct, frozen=True):
    """Readings of a device at one moment. None is «not measured», and `missing` has the reason."""

    util_ppm: int | None = None
    engine_ppm: int | None = None
    memory_mib: int | None = None
    power_mw: int | None = None
    missing: dict[str, str] = {}


class Look(msgspec.Struct, frozen=True):
    """One GPU at one look: its MIG slices and the readings of each of its devices."""

    model: str
    mig: bool
    slices: tuple[wire.Mig, ...]
    readings: Mapping[str, Reading]  # by the device's UUID
    energy_mj: int | None = None  # the GPU's counter in millijoules, not a difference
    energy_missing: str = ""
    index: int | None = None  # NVML's number of the GPU
    minor: int | None = None  # the number in /dev/nvidia<n>; both hold only at this moment
    epoch: str = (
        ""  # counters of two looks may be subtracted only within one (agents/driver/epochs.py)
    )
    xid_missing: str = ""  # why the driver cannot report XIDs
    vendor: str = "nvidia"


Looks = (
    Mapping[str, Look | wire.GapReason] | wire.GapReason
)  # by GPU UUID, or why there was no look


class NodeLook(NamedTuple):
    """One look at all GPUs of the node, and the driver's events before it, by GPU."""

    looks: Looks
    events: Mapping[str, tuple[str, ...]] = {}


class Driver(Protocol):
    """A reader of the driver: it takes a question and answers when it can."""

    restarts: int  # of the reading process, since the agent started

    def poll(self) -> None:
        """Keep the reading process alive. It is called every second."""

    def ask(self) -> None:
        """Start a look."""

    def answer(self, wait_s: float) -> NodeLook | None:
        """Return the look, or None if it lasts longer than `wait_s`. Every look ends at last."""


class ShareRule(StrEnum):
    """The rule by which the slots of one device share it; the contract names it."""

    HELD = "held"
    REPLICAS = "replicas"


class HolderShare(msgspec.Struct, frozen=True):
    """A holder of a device, with its share num/den."""

    holder: wire.Holder
    num: int = 1
    den: int = 1


class Holdings(msgspec.Struct, frozen=True):
    """The holders of each device (by UUID) at one moment; `default` is for all other devices."""

    devices: Mapping[str, tuple[HolderShare, ...]]
    default: HolderShare = HolderShare(wire.Unallocated())
    rules: Mapping[str, str] = {}  # device held in slots → the flag that names the rule
