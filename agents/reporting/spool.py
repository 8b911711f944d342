"""The spool: windows wait in one SQLite file until the server has them.

When `add` returns, its windows are on disk, and no kill, power cut or restart loses them. Waiting
windows have no number. `next_batch` puts the oldest into one numbered batch and keeps its exact
bytes until the server acknowledges it, so that one number has the same bytes after any crash.
Acknowledged batches are kept for a while as well, for a server that was restored from an old backup
and asks for an earlier number.

A batch that a relay has (`relay_has`) or that a courier carries still waits: only the server's
answer acknowledges it. Bound batches take at most half of the file; what is measured after that
waits unbound.

The file is bounded. When it is full, the acknowledged batches are deleted first, then the oldest
windows; each deleted window is sent as one gap, `spool_overflow`, so that the loss is reported. A
run of such minutes of one GPU is one row, and so are the minutes in which the agent was down; they
become windows when they are sent.

The bound is in bytes, not in age: deleting old windows while there is room would lose money for
nothing. 14 days of 8 GPUs x 7 MIG slices take a third of the default (bench/agents/agent.py).

The witness's sightings (agents/sightings.py) wait here too, the newest of each key; they are sent
in the order of the moments of which they speak, so that a watch never comes before its pods.

What the server refused is kept as well, and told again (agents/reporting/refusals.py).
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID, uuid4

import msgspec

from agents import sightings, wire
from agents.errors import SpoolError
from agents.reporting.gap_runs import GapRun, add_gaps, overflow, take_gaps
from agents.reporting.records import (
    HEAD_BYTES_MAX,
    moment,
    portions,
    sighting_row,
    window_place,
    window_row,
)
from agents.reporting.refusals import IS_WATCH, Refusals, window_key
from agents.reporting.spool_file import SpoolFile

BYTES_MAX = 256 * 2**20
_DROP_BATCH = 256
_BOUND_SHARE = 2  # batches that wait for the server's answer may fill the file up to a half
_HISTORY_SHARE = 4  # acknowledged batches may fill the file up to a quarter
_PENDING = "FROM batches WHERE NOT acknowledged"


class Spool:
    """The agent's spool. One process owns it; its threads may share it. `beside` it is a courier.

    Raises SpoolError when another agent holds the file or the disk is full, SpoolDamaged when it
    cannot be read.
    """

    def __init__(self, path: Path, *, bytes_max: int = BYTES_MAX, beside: bool = False) -> None:
        self._bytes_max = bytes_max
        self._file = SpoolFile(path, beside=beside)
        self._refusals = Refusals(self._file)
        with self._file.transaction():
            self._refusals.open(is_due=not beside)
            if not beside:
                self._file.do(
                    "INSERT INTO state VALUES (1, ?, NULL, 0, '', NULL) ON CONFLICT DO NOTHING",
                    str(uuid4()),
                )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        why: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; its content stays."""
        self._file.close()

    @property
    def stream(self) -> UUID:
        """The stream's id: random, created with the file. A lost spool is a new stream."""
        return UUID(self._file.row("SELECT stream FROM state")[0])

    def add(
        self,
        windows: Iterable[wire.Window],
        *,
        gaps: Iterable[GapRun] = (),
        checkpoint: bytes | None = None,
    ) -> None:
        """Store windows: all are on disk when this returns, none if it raises.

        The meter's new `checkpoint` goes into the same transaction, so that a closed minute is
        never resumed. Raises ValueError for a window that breaks a rule of the wire.
        """
        fresh = list(windows)
        rows = [window_row(window) for window in fresh]
        with self._file.transaction():
            self._refusals.forget(map(window_key, fresh))
            self._insert(rows)
            for run in gaps:
                add_gaps(self._file, run)
            if checkpoint is not None:
                self._file.do("UPDATE state SET meter = ?", zlib.compress(checkpoint, 1))
            self._make_room()

    def add_sightings(self, fresh: Iterable[sightings.Sighting]) -> None:
        """Store sightings in place of earlier ones of the same keys: all of them, or none.

        Raises ValueError for one that breaks a rule of the wire, SpoolError when the spool is full:
        what was seen cannot be shortened to a gap, so the caller keeps it and goes on later.
        """
        rows = [sighting_row(sighting) for sighting in fresh]
        with self._file.transaction():
            self._forget_history(self._bytes_max)
            if rows and self._file.used_bytes() > self._bytes_max:
                raise SpoolError(
                    f"上报队列已满（{self._bytes_max} 字节）：服务器是否长时间不通？",
                    f"the spool is full ({self._bytes_max} bytes): is the server away for long?",
                )
            self._refusals.forget(row[0] for row in rows)
            self._file.do_many("INSERT OR REPLACE INTO sightings VALUES (?, ?, ?)", rows)

    def checkpoint(self, meter: bytes) -> None:
        """Store the meter's open minute in place of the one before."""
        self.add((), checkpoint=meter)

    def restore(self) -> bytes | None:
        """Return the open minute that was stored last, or None."""
        (checkpoint,) = self._file.row("SELECT meter FROM state")
        return zlib.decompress(checkpoint) if checkpoint else None

    def next_batch(self, agent: UUID, now: datetime) -> bytes | None:
        """Return the batch in flight, byte for byte, or a new one; None if nothing waits.

        Batches that a relay has are left out.
        """
        with self._file.transaction():
            self._speak_as(agent)
            query = f"SELECT body {_PENDING} AND NOT relayed ORDER BY number LIMIT 1"
            for (blob,) in self._file.rows(query):
                return zlib.decompress(blob)
            return self._bind(agent, now)

    def oldest_relayed(self) -> bytes | None:
        """Return the oldest batch that a relay has and the server has not answered, or None."""
        query = f"SELECT body {_PENDING} AND relayed ORDER BY number LIMIT 1"
        with self._file.transaction():
            for (blob,) in self._file.rows(query):
                return zlib.decompress(blob)
        return None

    def relay_has(self, number: int) -> None:
        """Mark this batch as taken by a relay: it is sent no more, and still waits."""
        with self._file.transaction():
            self._file.do("UPDATE batches SET relayed = 1 WHERE number = ?", number)

    def add_bound(self, bodies: Iterable[tuple[int, bytes]], agent: UUID, now: datetime) -> None:
        """Store (start in ms, JSON) of windows that were checked, at once in batches.

        Far cheaper than `add`, for a source that has many thousands. What has no room in batches
        waits as windows do.
        """
        with self._file.transaction():
            self._speak_as(agent)
            for batch in portions(bodies):
                self._refusals.forget(window_key(window_place(body)) for _, body in batch)
                if self._has_room_to_bind():
                    starts, of_batch = (list(column) for column in zip(*batch, strict=True))
                    self._number(agent, now, of_batch, starts, len(of_batch))
                else:
                    self._insert((start_ms, zlib.compress(body, 1)) for start_ms, body in batch)
            self._make_room()

    def bind_all(self, agent: UUID, now: datetime) -> None:
        """Put all waiting windows into batches, as many as the file may hold."""
        has_more = True
        while has_more:  # one at a time: the agent may be at work beside us
            with self._file.transaction():
                self._speak_as(agent)
                has_more = self._bind(agent, now) is not None or self._bind_refused(agent, now)

    def tell_again(self, agent: UUID, now: datetime) -> bool:
        """Put a part of what the server refused into a batch; False if it is not time, or none."""
        with self._file.transaction():
            self._speak_as(agent)
            return self._refusals.is_due(wire.start_ms(now)) and self._bind_refused(agent, now)

    def unanswered(self) -> Iterator[tuple[int, bytes]]:
        """Iterate over the batches that the server has not answered: number and bytes."""
        number = 0
        while True:
            query = f"SELECT number, body {_PENDING} AND number > ? ORDER BY number LIMIT 1"
            with self._file.transaction():
                rows = list(self._file.rows(query, number))
            if not rows:
                return
            number, blob = rows[0]
            yield number, zlib.decompress(blob)

    def acknowledge(self, number: int, refused: Collection[int] = (), *, now_ms: int = 0) -> None:
        """Mark this batch as received by the server, and keep what it `refused`, by their indexes.

        They are told again an hour after `now_ms`.
        """
        with self._file.transaction():
            if not (refused and self._refusals.keep(number, refused, now_ms)):
                self._refusals.note_taken(number)
            self._file.do("UPDATE batches SET acknowledged = 1 WHERE number = ?", number)
            self._forget_history(self._bytes_max // _HISTORY_SHARE)

    def rewind(self, number: int) -> bool:
        """Send again from `number`, as the server asks; False if it is no longer here."""
        with self._file.transaction():
            (newest,) = self._file.row("SELECT number FROM state")
            (count,) = self._file.row("SELECT count(*) FROM batches WHERE number >= ?", number)
            if not 1 <= number <= newest or count != newest - number + 1:
                return False
            self._file.do(
                "UPDATE batches SET acknowledged = 0, relayed = 0 WHERE number >= ?", number
            )
            return True

    def new_stream(self, since: int) -> None:
        """Start a new stream with the windows of the batches from `since` on, and of all that wait.

        The server answers `known` for those that it has: it keeps windows by GPU and start.
        """
        with self._file.transaction():
            self._leave_stream(min(since, self._first_waiting()))

    def depth(self) -> int:
        """Count the windows and sightings that wait, in a batch or not."""
        (count,) = self._file.row(
            "SELECT (SELECT count(*) FROM windows) + (SELECT count(*) FROM sightings)"
            f" + (SELECT coalesce(sum(windows), 0) {_PENDING})"
            " + (SELECT coalesce(sum((last_ms - first_ms) / step_ms + 1), 0) FROM gap_runs)"
        )
        return int(count)

    def refused(self) -> int:
        """Count what the server refused; it is not counted among what waits."""
        return self._refusals.count()

    def used_bytes(self) -> int:
        """Return the bytes in use, of `bytes_max`."""
        return self._file.used_bytes()

    def oldest(self) -> datetime | None:
        """Return the moment of the oldest record that waits, or None."""
        (start,) = self._file.row(
            "SELECT min(ms) FROM (SELECT min(start_ms) AS ms FROM windows"
            " UNION ALL SELECT min(at_ms) FROM sightings"
            f" UNION ALL SELECT min(oldest_ms) {_PENDING}"
            " UNION ALL SELECT min(first_ms) FROM gap_runs)"
        )
        return None if start is None else moment(start)

    # The methods below run inside a transaction of those above.

    def _insert(self, rows: Iterable[tuple[int, bytes]]) -> None:
        self._file.do_many("INSERT INTO windows (start_ms, body) VALUES (?, ?)", rows)

    def _speak_as(self, agent: UUID) -> None:
        """Begin a new stream if the node was enrolled anew: what waits goes under the new id."""
        (owner,) = self._file.row("SELECT agent FROM state")
        if owner != str(agent):
            if owner is not None:
                self._leave_stream(self._first_waiting())
            self._file.do("UPDATE state SET agent = ?", str(agent))

    def _has_room_to_bind(self) -> bool:
        (bound,) = self._file.row(f"SELECT coalesce(sum(length(body)), 0) {_PENDING}")
        return bool(bound <= self._bytes_max // _BOUND_SHARE)

    def _bind(self, agent: UUID, now: datetime) -> bytes | None:
        if not self._has_room_to_bind():
            return None
        bodies, starts = take_gaps(self._file)
        self._take("windows", ("start_ms", "id"), bodies, starts)
        windows = len(bodies)
        watches = f" WHERE NOT {IS_WATCH}" if self._refusals.has_sightings() else ""
        self._take(f"sightings{watches}", ("at_ms", "key"), bodies, starts)
        return self._number(agent, now, bodies, starts, windows) if bodies else None

    def _bind_refused(self, agent: UUID, now: datetime) -> bool:
        records = self._refusals.take() if self._has_room_to_bind() else []
        if not records:
            return False
        starts, bodies, is_window = (list(column) for column in zip(*records, strict=True))
        self._number(agent, now, bodies, starts, sum(is_window))
        self._refusals.note_told(wire.start_ms(now))
        return True

    def _number(
        self, agent: UUID, now: datetime, bodies: list[bytes], starts: list[int], windows: int
    ) -> bytes:
        """Make these records the stream's next batch; the first `windows` of them are windows."""
        stream, number, previous = self._file.row("SELECT stream, number + 1, hash FROM state")
        batch = wire.LooseBatch(
            version=wire.VERSION,
            agent=agent,
            stream=UUID(stream),
            number=number,
            previous=previous,
            sent_at=now,
            windows=tuple(msgspec.Raw(body) for body in bodies[:windows]),
            sightings=tuple(msgspec.Raw(body) for body in bodies[windows:]),
        )
        content = msgspec.json.encode(batch)
        self._file.do(
            "INSERT INTO batches (number, windows, oldest_ms, body) VALUES (?, ?, ?, ?)",
            *(number, len(bodies), min(starts), zlib.compress(content, 1)),
        )
        self._file.do("UPDATE state SET number = ?, hash = ?", number, sha256(content).hexdigest())
        return content

    def _take(
        self, table: str, order: tuple[str, str], bodies: list[bytes], starts: list[int]
    ) -> None:
        """Move the oldest rows of the table into the batch, as many as it has room for."""
        (at, key), row_ids = order, []
        room = wire.BATCH_BYTES_MAX - HEAD_BYTES_MAX - sum(len(body) + 1 for body in bodies)
        for row, start_ms, blob in self._file.rows(
            f"SELECT {key}, {at}, body FROM {table} ORDER BY {at}, {key} LIMIT ?",
            wire.WINDOWS_MAX - len(bodies),
        ):
            body = zlib.decompress(blob)
            room -= len(body) + 1
            if room < 0:
                break
            bodies.append(body)
            starts.append(start_ms)
            row_ids.append((row,))
        self._file.do_many(f"DELETE FROM {table.split(maxsplit=1)[0]} WHERE {key} = ?", row_ids)

    def _make_room(self) -> None:
        self._forget_history(self._bytes_max)
        while self._file.used_bytes() > self._bytes_max:
            bodies = [
                record.body for record in self._refusals.drop(_DROP_BATCH) if record.is_window
            ] or self._drop_windows()
            if not bodies:
                return
            for body in bodies:
                add_gaps(self._file, overflow(msgspec.json.decode(body, type=wire.Window)))

    def _drop_windows(self) -> list[bytes]:
        query = "SELECT id, body FROM windows ORDER BY start_ms, id LIMIT ?"
        oldest = list(self._file.rows(query, _DROP_BATCH))
        self._file.do_many("DELETE FROM windows WHERE id = ?", [(row,) for row, _ in oldest])
        return [zlib.decompress(blob) for _, blob in oldest]

    def _forget_history(self, limit: int) -> None:
        while self._file.used_bytes() > limit:
            count = self._file.do(
                "DELETE FROM batches WHERE number IN (SELECT number FROM batches"
                " WHERE acknowledged ORDER BY number LIMIT 64)"
            )
            if count == 0:
                return

    def _leave_stream(self, since: int) -> None:
        numbers = list(
            self._file.rows("SELECT number FROM batches WHERE number >= ? ORDER BY number", since)
        )
        for (number,) in numbers:  # one at a time: all of them may be far more than our memory
            (blob,) = self._file.row("SELECT body FROM batches WHERE number = ?", number)
            batch = msgspec.json.decode(zlib.decompress(blob), type=wire.Batch)
            self._insert(window_row(window) for window in batch.windows)
            self._refusals.forget(map(window_key, batch.windows))
            self._refusals.forget(map(sightings.key, batch.sightings))
            self._file.do_many(  # in the order of the batches: the newest of a key stays
                "INSERT INTO sightings VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET"
                " at_ms = excluded.at_ms, body = excluded.body WHERE excluded.at_ms > at_ms",
                [sighting_row(sighting) for sighting in batch.sightings],
            )
        self._file.do("DELETE FROM batches")
        self._file.do("UPDATE state SET stream = ?, number = 0, hash = ''", str(uuid4()))

    def _first_waiting(self) -> int:
        (number,) = self._file.row(f"SELECT coalesce(min(number), 1 << 62) {_PENDING}")
        return int(number)
