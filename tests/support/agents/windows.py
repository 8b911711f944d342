"""Windows for tests of the spool and of reporting: one GPU, one minute, one holder."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from agents import wire

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


MS = 1_767_268_800_000


def window(minute: int, gpu: int = 0, name: str = "model-a") -> wire.Window:
    part = wire.Part(wire.Static(name), 0, 60_000)
    return wire.Window(
        f"GPU-00000000-0000-4000-8000-{gpu:012d}",
        "NVIDIA H100",
        NOON + timedelta(minutes=minute),
        60_000,
        (part,),
    )
