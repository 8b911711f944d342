"""The wire of the version before Slurm's `user`: what a server of then could read."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from agents import wire
from agents.values import Aware, Count, Frozen, Text

Selector = Annotated[str, Meta(min_length=1, max_length=36)]


class OlderSlurm(Frozen, frozen=True, tag_field="kind", tag="slurm"):
    account: Text
    job: Text
    partition: Selector | None = None
    qos: Selector | None = None


class OlderPart(Frozen, frozen=True):
    holder: wire.Pod | OlderSlurm | wire.Static | wire.Unallocated | wire.Unattributed
    from_ms: Count
    to_ms: Count
    num: int = 1
    den: int = 1
    mig: wire.Mig | None = None
    readings: wire.Readings | None = None


class OlderWindow(Frozen, frozen=True):
    gpu: Text
    model: Text
    start: Aware
    window_ms: Count
    parts: tuple[OlderPart, ...]
    gaps: tuple[wire.Gap, ...] = ()
    vendor: Text = "nvidia"
    boot: str | None = None
    energy_mj: Count | None = None
    missing: dict[str, str] = {}  # noqa: RUF012 - msgspec copies it
    flags: tuple[str, ...] = ()


_WINDOW = msgspec.json.Decoder(OlderWindow)


def fault(window: bytes) -> str:
    """What a server of then said of a window that it could not read; "" for any other."""
    try:
        _WINDOW.decode(window)
    except msgspec.DecodeError as error:
        return str(error)
    return ""
