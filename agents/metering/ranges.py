"""Which minutes are closed, as a few ranges: a clock that was set back closes none again."""

from __future__ import annotations

from agents import wire

_RUNS_KEPT = 32
Ranges = list[tuple[int, int]]  # of minutes, by the start of the first and of the last, sorted


def claim(ranges: Ranges, first_ms: int, last_ms: int) -> Ranges:
    """Mark minutes as closed and return those that were still open."""
    free: Ranges = []
    at = first_ms
    for low, high in ranges:
        if low > at and at <= last_ms:
            free.append((at, min(last_ms, low - wire.MINUTE_MS)))
        at = max(at, high + wire.MINUTE_MS)
    if at <= last_ms:
        free.append((at, last_ms))
    union: Ranges = []
    for low, high in sorted([*ranges, *free]):
        if union and low <= union[-1][1] + wire.MINUTE_MS:
            union[-1] = (union[-1][0], max(high, union[-1][1]))
        else:
            union.append((low, high))
    ranges[:] = union[-_RUNS_KEPT:]
    return free
