"""Records that the server refused: none is dropped, and all are told again.

A server that is older than its agent cannot read a field that it does not know; one whose clock is
behind refuses what was seen «in the future». So what it refused waits here, beside what was never
told: it is told again when the agent starts, and each hour a batch of it; once one of that batch is
taken, the rest follows at once. What is said anew of the same GPU and hour, or of the same pod,
replaces it. A watch says that every pod was told, so it waits until no pod is among them.

The methods run inside a transaction of the spool.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable
from typing import NamedTuple

import msgspec

from agents import sightings, wire
from agents.reporting.records import HEAD_BYTES_MAX, Place
from agents.reporting.spool_file import SpoolFile

AGAIN_MS = wire.HOUR_MS
IS_WATCH = "key LIKE 'watch/%'"
_TABLES = (
    """
    CREATE TABLE IF NOT EXISTS refused (
        key TEXT PRIMARY KEY,
        is_window INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        refused_ms INTEGER NOT NULL,           -- the longest ago goes first
        body BLOB NOT NULL
    ) WITHOUT ROWID""",
    """
    CREATE TABLE IF NOT EXISTS again (         -- one row
        one INTEGER PRIMARY KEY CHECK (one = 1),
        due_ms INTEGER NOT NULL,               -- when they are told again
        number INTEGER NOT NULL                -- the batch that told some of them last; 0: none
    )""",
    "INSERT INTO again VALUES (1, 0, 0) ON CONFLICT DO NOTHING",
)


class Record(NamedTuple):
    """A record that was refused: the moment of which it speaks, and its JSON."""

    at_ms: int
    body: bytes
    is_window: bool = True


class Refusals:
    """What the server refused, in the spool's file."""

    def __init__(self, file: SpoolFile) -> None:
        self._file = file

    def open(self, *, is_due: bool) -> None:
        """Make the tables, for a file of an earlier version too; what waits may be due at once."""
        for statement in _TABLES:
            self._file.do(statement)
        if is_due:
            self._file.do("UPDATE again SET due_ms = 0")

    def count(self) -> int:
        """Count the records."""
        return int(self._file.row("SELECT count(*) FROM refused")[0])

    def has_sightings(self) -> bool:
        """Return whether some are no windows, nor watches."""
        query = f"SELECT EXISTS (SELECT 1 FROM refused WHERE NOT is_window AND NOT {IS_WATCH})"
        return bool(self._file.row(query)[0])

    def keep(self, number: int, indexes: Collection[int], now_ms: int) -> bool:
        """Keep these records of a batch, windows first; return whether they are all of it."""
        (blob,) = self._file.row("SELECT body FROM batches WHERE number = ?", number)
        batch = msgspec.json.decode(zlib.decompress(blob), type=wire.LooseBatch)
        if not self.count():
            self._file.do("UPDATE again SET due_ms = ?", now_ms + AGAIN_MS)
        for index in indexes:
            if index < len(batch.windows):
                self._keep_window(batch.windows[index], now_ms)
            elif index < len(batch.windows) + len(batch.sightings):
                self._keep_sighting(batch.sightings[index - len(batch.windows)], now_ms)
        return len(indexes) == len(batch.windows) + len(batch.sightings)

    def note_taken(self, number: int) -> None:
        """Remember that the server took some of this batch: the other refused ones may follow."""
        self._file.do("UPDATE again SET due_ms = 0 WHERE number = ?", number)

    def is_due(self, now_ms: int) -> bool:
        """Return whether it is time to tell some again."""
        (due_ms,) = self._file.row("SELECT due_ms FROM again")
        return bool(due_ms <= now_ms)

    def take(self) -> list[Record]:
        """Move out as many as one batch holds, the longest refused first; sort windows first."""
        room = wire.BATCH_BYTES_MAX - HEAD_BYTES_MAX
        keys: list[tuple[str]] = []
        records: list[Record] = []
        for key, is_window, at_ms, blob in self._file.rows(
            "SELECT key, is_window, at_ms, body FROM refused"
            f" ORDER BY {IS_WATCH}, refused_ms, at_ms, key LIMIT ?",
            wire.WINDOWS_MAX,
        ):
            body = zlib.decompress(blob)
            room -= len(body) + 1
            if room < 0:
                break
            keys.append((key,))
            records.append(Record(at_ms, body, is_window=bool(is_window)))
        self._file.do_many("DELETE FROM refused WHERE key = ?", keys)
        return sorted(records, key=lambda record: (not record.is_window, record.at_ms))

    def note_told(self, now_ms: int) -> None:
        """Remember that the newest batch tells some of them again."""
        self._file.do(
            "UPDATE again SET due_ms = ?, number = (SELECT number FROM state)", now_ms + AGAIN_MS
        )

    def forget(self, keys: Iterable[str]) -> None:
        """Drop these: something newer is told in their place."""
        if self.count():
            self._file.do_many("DELETE FROM refused WHERE key = ?", [(key,) for key in keys])

    def drop(self, limit: int) -> list[Record]:
        """Move out the oldest: there is no room."""
        rows = list(
            self._file.rows(
                "SELECT key, is_window, at_ms, body FROM refused ORDER BY at_ms, key LIMIT ?", limit
            )
        )
        self._file.do_many("DELETE FROM refused WHERE key = ?", [(row[0],) for row in rows])
        return [Record(row[2], zlib.decompress(row[3]), is_window=bool(row[1])) for row in rows]

    def _keep_window(self, body: bytes, now_ms: int) -> None:
        window = msgspec.json.decode(body, type=wire.Window)
        self._keep(window_key(window), Record(wire.start_ms(window.start), body), now_ms)

    def _keep_sighting(self, body: bytes, now_ms: int) -> None:
        sighting = msgspec.json.decode(body, type=sightings.Sighting)
        at_ms = wire.start_ms(sightings.at(sighting))
        key = sightings.key(sighting)
        newer = "SELECT count(*) FROM sightings WHERE key = ? AND at_ms >= ?"
        if not self._file.row(newer, key, at_ms)[0]:
            self._keep(key, Record(at_ms, body, is_window=False), now_ms)

    def _keep(self, key: str, record: Record, now_ms: int) -> None:
        self._file.do(
            "INSERT OR REPLACE INTO refused VALUES (?, ?, ?, ?, ?)",
            *(key, record.is_window, record.at_ms, now_ms, zlib.compress(record.body, 1)),
        )


def window_key(window: wire.Window | Place) -> str:
    """Return what names a window among all: its GPU and its start."""
    return f"window {window.gpu} {wire.start_ms(window.start)}"
