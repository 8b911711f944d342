"""Records as the spool keeps them: checked, as the JSON that a batch carries, with their moment."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from agents import sightings, wire

HEAD_BYTES_MAX = 1024  # of a batch without its records, generously


def window_body(window: wire.Window) -> bytes:
    """Return the JSON of a window. Raises ValueError if it breaks a rule of the wire."""
    faults = wire.faults(window)
    if faults:
        raise ValueError(f"window {window.gpu} {window.start.isoformat()}: {'; '.join(faults)}")
    body = msgspec.json.encode(window)
    if len(body) > wire.BATCH_BYTES_MAX - HEAD_BYTES_MAX:
        raise ValueError(f"window {window.gpu} {window.start.isoformat()} fits in no batch")
    return body


class Place(msgspec.Struct):
    """What names a window among all."""

    gpu: str
    start: datetime


def window_place(body: bytes) -> Place:
    """Read of a window's JSON what names it."""
    return msgspec.json.decode(body, type=Place)


def window_row(window: wire.Window) -> tuple[int, bytes]:
    """Return (start in ms, compressed JSON). Raises ValueError as `window_body` does."""
    return wire.start_ms(window.start), zlib.compress(window_body(window), 1)


def sighting_row(sighting: sightings.Sighting) -> tuple[str, int, bytes]:
    """Return (key, moment in ms, compressed JSON). Raises ValueError."""
    key = sightings.key(sighting)
    if faults := sightings.faults(sighting):
        raise ValueError(f"{key}: {'; '.join(faults)}")
    body = msgspec.json.encode(sighting)
    if len(body) > wire.BATCH_BYTES_MAX - HEAD_BYTES_MAX:
        raise ValueError(f"{key} fits in no batch")
    return key, wire.start_ms(sightings.at(sighting)), zlib.compress(body, 1)


def moment(ms: int) -> datetime:
    """Return the moment so many milliseconds after 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)


def portions(bodies: Iterable[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    """Cut (start in ms, JSON) into what one batch may hold."""
    portion: list[tuple[int, bytes]] = []
    size = HEAD_BYTES_MAX
    for start_ms, body in bodies:
        if portion and (
            len(portion) == wire.WINDOWS_MAX or size + len(body) >= wire.BATCH_BYTES_MAX
        ):
            yield portion
            portion, size = [], HEAD_BYTES_MAX
        portion.append((start_ms, body))
        size += len(body) + 1
    if portion:
        yield portion
