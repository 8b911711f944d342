"""Where windows wait until the server has them: one SQLite file beside the agent.

A window counts only once `add` has returned: then it is on the disk, and no kill, power cut or
restart loses it. Windows wait without a number. `next_batch` takes the oldest, binds them into one
numbered batch and keeps its exact bytes until the server has acknowledged it, so that after any
crash the same number always bears the same bytes. Acknowledged batches stay for a while too: a
server that was restored from an old backup asks for an older number and is answered from here.

The file is bounded. When it is full, first the acknowledged batches go, then the oldest windows; of
each dropped window the fact stays (one row for a whole run of minutes of a GPU) and is sent as a
window that is one gap, `spool_overflow`. So what was lost is said aloud, never passed over.

Only bytes bound it, not age: dropping old windows while there is room would lose money for nothing.
14 days of 8 GPUs x 7 MIG slices fit the default (measured in bench/agent.py).
"""

from __future__ import annotations

import os
import sqlite3
import threading
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID, uuid4

import msgspec

from agents import wire
from agents.errors import SpoolDamaged, SpoolError

BYTES_MAX = 256 * 2**20
_VERSION = 1
_HEAD_BYTES_MAX = 1024  # of a batch without its windows, generously
_DROPPED_AT_ONCE = 256
_HISTORY_SHARE = 4  # acknowledged batches may fill the file up to a quarter

_SCHEMA = f"""
CREATE TABLE state (                       -- one row
    one INTEGER PRIMARY KEY CHECK (one = 1),
    stream TEXT NOT NULL,
    agent TEXT,                            -- in whose name the stream's batches are written
    number INTEGER NOT NULL,               -- of the newest batch of the stream
    hash TEXT NOT NULL,                    -- SHA-256 of its bytes
    meter BLOB                             -- the meter's open minute
);
CREATE TABLE windows (id INTEGER PRIMARY KEY, start_ms INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX windows_by_start ON windows (start_ms, id);
CREATE TABLE dropped (                     -- runs of dropped windows without a hole
    gpu TEXT NOT NULL, vendor TEXT NOT NULL, model TEXT NOT NULL,
    step_ms INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
    PRIMARY KEY (gpu, first_ms)
);
CREATE TABLE batches (
    number INTEGER PRIMARY KEY,
    windows INTEGER NOT NULL,
    oldest_ms INTEGER NOT NULL,
    acknowledged INTEGER NOT NULL DEFAULT 0,
    body BLOB NOT NULL
);
PRAGMA user_version = {_VERSION};
"""


class Spool:
    """The agent's spool; one agent at a time has it open, its threads may share it.

    Raises SpoolError when another agent holds the file, SpoolDamaged when it cannot be read.
    """

    def __init__(self, path: Path, *, bytes_max: int = BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._lock = threading.RLock()
        self._path = path
        try:  # it names holders: not for all eyes
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise SpoolError(
                f"无法创建离线队列 {path}（{error.strerror}）",
                f"cannot make the spool {path} ({error.strerror})",
            ) from error
        self._db = sqlite3.connect(path, timeout=1, isolation_level=None, check_same_thread=False)
        try:
            self._open()
        except SpoolError:
            self._db.close()
            raise

    def _open(self) -> None:
        with self._plainly():
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")  # a second agent is refused
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA cache_size = -2048")
        with self._transaction():
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version not in (0, _VERSION):
                raise SpoolError(
                    f"离线队列 {self._path} 是第 {version} 版，本程序只认第 {_VERSION} 版",
                    f"the spool {self._path} has version {version}, this program knows {_VERSION}",
                )
            if version == 0:
                for statement in _SCHEMA.split(";\n"):
                    self._db.execute(statement)
                fresh = str(uuid4())
                self._db.execute("INSERT INTO state VALUES (1, ?, NULL, 0, '', NULL)", (fresh,))
            (verdict,) = self._db.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise sqlite3.DatabaseError(verdict)

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
        """Give the file back; whatever was added stays."""
        with self._lock:
            self._db.close()

    @property
    def stream(self) -> UUID:
        """The stream's id: random, made with the file. A lost spool is a new stream."""
        with self._lock:
            return UUID(self._db.execute("SELECT stream FROM state").fetchone()[0])

    def add(self, windows: Iterable[wire.Window], *, checkpoint: bytes | None = None) -> None:
        """Keep windows; on the disk when this returns. All of them or, if it raises, none.

        The meter gives its new `checkpoint` along, so that a closed minute can never be resumed.
        Raises ValueError for a window that breaks a rule of the wire: it must not leave this node.
        """
        rows = [_row(window) for window in windows]
        with self._transaction():
            self._db.executemany("INSERT INTO windows (start_ms, body) VALUES (?, ?)", rows)
            if checkpoint is not None:
                self._db.execute("UPDATE state SET meter = ?", (checkpoint,))
            self._make_room()

    def checkpoint(self, meter: bytes) -> None:
        """Keep the meter's open minute, in place of the one kept before."""
        self.add((), checkpoint=meter)

    def restore(self) -> bytes | None:
        """The open minute kept last, or None."""
        with self._lock:
            kept: bytes | None = self._db.execute("SELECT meter FROM state").fetchone()[0]
            return kept

    def next_batch(self, agent: UUID, now: datetime) -> bytes | None:
        """The batch to send: the one in flight, byte for byte, or a new one; None when empty."""
        with self._transaction():
            (owner,) = self._db.execute("SELECT agent FROM state").fetchone()
            if owner != str(agent):  # enrolled anew: what waits is said again in the new name
                if owner is not None:
                    self._new_stream(self._first_waiting())
                self._db.execute("UPDATE state SET agent = ?", (str(agent),))
            row = self._db.execute(
                "SELECT body FROM batches WHERE NOT acknowledged ORDER BY number LIMIT 1"
            ).fetchone()
            return zlib.decompress(row[0]) if row else self._bind(agent, now)

    def acknowledge(self, number: int) -> None:
        """The server has this batch."""
        with self._transaction():
            self._db.execute("UPDATE batches SET acknowledged = 1 WHERE number = ?", (number,))
            self._forget_history(self._bytes_max // _HISTORY_SHARE)

    def rewind(self, number: int) -> bool:
        """The server asks for `number`: send from there again. False when that is gone."""
        with self._transaction():
            (newest,) = self._db.execute("SELECT number FROM state").fetchone()
            (held,) = self._db.execute(
                "SELECT count(*) FROM batches WHERE number >= ?", (number,)
            ).fetchone()
            if not 1 <= number <= newest or held != newest - number + 1:
                return False
            self._db.execute("UPDATE batches SET acknowledged = 0 WHERE number >= ?", (number,))
            return True

    def new_stream(self, since: int) -> None:
        """Leave this stream; what its batches from `since` on said is said again in a new one.

        What the server had already, it answers as known: windows are kept by GPU and start.
        """
        with self._transaction():
            self._new_stream(since)

    def depth(self) -> int:
        """How many windows wait, in a batch or not."""
        with self._lock:
            (count,) = self._db.execute(
                "SELECT (SELECT count(*) FROM windows)"
                " + (SELECT coalesce(sum(windows), 0) FROM batches WHERE NOT acknowledged)"
                " + (SELECT coalesce(sum((last_ms - first_ms) / step_ms + 1), 0) FROM dropped)"
            ).fetchone()
            return int(count)

    def oldest(self) -> datetime | None:
        """The start of the oldest window that waits, or None."""
        with self._lock:
            (start,) = self._db.execute(
                "SELECT min(ms) FROM (SELECT min(start_ms) AS ms FROM windows"
                " UNION ALL SELECT min(oldest_ms) FROM batches WHERE NOT acknowledged"
                " UNION ALL SELECT min(first_ms) FROM dropped)"
            ).fetchone()
            return None if start is None else _moment(start)

    # What follows runs inside a transaction of one of the methods above.

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock, self._plainly():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:  # locked, disk full, no permission, I/O error
            raise SpoolError(
                f"离线队列 {self._path} 无法使用（{error}）："
                "是否已有一个 suanquan-agent 在使用，或磁盘已满？",
                f"cannot use the spool {self._path} ({error}): "
                "is another suanquan-agent using it, or is the disk full?",
            ) from error
        except sqlite3.DatabaseError as error:
            raise SpoolDamaged(
                f"离线队列 {self._path} 已损坏（{error}）",
                f"the spool {self._path} is damaged ({error})",
            ) from error

    def _bind(self, agent: UUID, now: datetime) -> bytes | None:
        bodies, starts = self._take_dropped()
        self._take_windows(bodies, starts)
        if not bodies:
            return None
        stream, number, previous = self._db.execute(
            "SELECT stream, number + 1, hash FROM state"
        ).fetchone()
        batch = wire.LooseBatch(
            version=wire.VERSION,
            agent=agent,
            stream=UUID(stream),
            number=number,
            previous=previous,
            sent_at=now,
            windows=tuple(msgspec.Raw(body) for body in bodies),
        )
        content = msgspec.json.encode(batch)
        self._db.execute(
            "INSERT INTO batches (number, windows, oldest_ms, body) VALUES (?, ?, ?, ?)",
            (number, len(bodies), min(starts), zlib.compress(content, 1)),
        )
        self._db.execute(
            "UPDATE state SET number = ?, hash = ?", (number, sha256(content).hexdigest())
        )
        return content

    def _take_windows(self, bodies: list[bytes], starts: list[int]) -> None:
        room = wire.BATCH_BYTES_MAX - _HEAD_BYTES_MAX - sum(len(body) + 1 for body in bodies)
        taken = []
        for row, start_ms, packed in self._db.execute(
            "SELECT id, start_ms, body FROM windows ORDER BY start_ms, id LIMIT ?",
            (wire.WINDOWS_MAX - len(bodies),),
        ):
            body = zlib.decompress(packed)
            room -= len(body) + 1
            if room < 0:
                break
            bodies.append(body)
            starts.append(start_ms)
            taken.append((row,))
        self._db.executemany("DELETE FROM windows WHERE id = ?", taken)

    def _take_dropped(self) -> tuple[list[bytes], list[int]]:
        bodies: list[bytes] = []
        starts: list[int] = []
        runs = self._db.execute("SELECT * FROM dropped ORDER BY first_ms").fetchall()
        for gpu, vendor, model, step, first, last in runs:
            stop = min(last + step, first + (wire.WINDOWS_MAX - len(bodies)) * step)
            for start_ms in range(first, stop, step):
                bodies.append(msgspec.json.encode(_overflow(gpu, vendor, model, start_ms, step)))
                starts.append(start_ms)
            self._db.execute("DELETE FROM dropped WHERE gpu = ? AND first_ms = ?", (gpu, first))
            if stop <= last:
                self._db.execute(
                    "INSERT INTO dropped VALUES (?, ?, ?, ?, ?, ?)",
                    (gpu, vendor, model, step, stop, last),
                )
                break
        return bodies, starts

    def _make_room(self) -> None:
        self._forget_history(self._bytes_max)
        while self._used() > self._bytes_max:
            oldest = self._db.execute(
                "SELECT id, body FROM windows ORDER BY start_ms, id LIMIT ?", (_DROPPED_AT_ONCE,)
            ).fetchall()
            if not oldest:
                return
            for row, packed in oldest:
                self._drop(msgspec.json.decode(zlib.decompress(packed), type=wire.Window))
                self._db.execute("DELETE FROM windows WHERE id = ?", (row,))

    def _drop(self, window: wire.Window) -> None:
        start_ms = wire.start_ms(window.start)
        longer = self._db.execute(
            "UPDATE dropped SET last_ms = ? WHERE gpu = ? AND last_ms = ?",
            (start_ms, window.gpu, start_ms - window.window_ms),
        )
        if longer.rowcount == 0:
            self._db.execute(
                "INSERT OR IGNORE INTO dropped VALUES (?, ?, ?, ?, ?, ?)",
                (window.gpu, window.vendor, window.model, window.window_ms, start_ms, start_ms),
            )

    def _forget_history(self, limit: int) -> None:
        while self._used() > limit:
            gone = self._db.execute(
                "DELETE FROM batches WHERE number IN (SELECT number FROM batches"
                " WHERE acknowledged ORDER BY number LIMIT 64)"
            )
            if gone.rowcount == 0:
                return

    def _new_stream(self, since: int) -> None:
        numbers = self._db.execute(
            "SELECT number FROM batches WHERE number >= ? ORDER BY number", (since,)
        ).fetchall()
        for number in numbers:  # one at a time: all of them may be far more than our memory
            (packed,) = self._db.execute(
                "SELECT body FROM batches WHERE number = ?", number
            ).fetchone()
            batch = msgspec.json.decode(zlib.decompress(packed), type=wire.Batch)
            rows = [_row(window) for window in batch.windows]
            self._db.executemany("INSERT INTO windows (start_ms, body) VALUES (?, ?)", rows)
        self._db.execute("DELETE FROM batches")
        self._db.execute("UPDATE state SET stream = ?, number = 0, hash = ''", (str(uuid4()),))

    def _first_waiting(self) -> int:
        (number,) = self._db.execute(
            "SELECT coalesce(min(number), 1 << 62) FROM batches WHERE NOT acknowledged"
        ).fetchone()
        return int(number)

    def _used(self) -> int:
        """Bytes of the file that are in use; pages once freed are used again."""
        (pages,) = self._db.execute("PRAGMA page_count").fetchone()
        (free,) = self._db.execute("PRAGMA freelist_count").fetchone()
        (size,) = self._db.execute("PRAGMA page_size").fetchone()
        return int((pages - free) * size)


def _row(window: wire.Window) -> tuple[int, bytes]:
    found = wire.faults(window)
    if found:
        raise ValueError(f"window {window.gpu} {window.start.isoformat()}: {'; '.join(found)}")
    body = msgspec.json.encode(window)
    if len(body) > wire.BATCH_BYTES_MAX - _HEAD_BYTES_MAX:
        raise ValueError(f"window {window.gpu} {window.start.isoformat()} fits in no batch")
    return wire.start_ms(window.start), zlib.compress(body, 1)


def _overflow(gpu: str, vendor: str, model: str, start_ms: int, step_ms: int) -> wire.Window:
    gap = wire.Gap(0, step_ms, wire.GapReason.SPOOL_OVERFLOW)
    return wire.Window(gpu, model, _moment(start_ms), step_ms, (), (gap,), vendor=vendor)


def _moment(ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
