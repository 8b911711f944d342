"""The spool's SQLite file: durable at every commit, one process at a time.

It uses a write-ahead log with synchronous=FULL, so a commit returns when the data is on disk. The
lock is exclusive and ends with the process: a second agent on the same folder is refused, and a
killed one leaves nothing to clean up. Errors of SQLite become one sentence for the operator.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from agents.errors import SpoolDamaged, SpoolError

_VERSION = 2
_SCHEMA = (
    """
    CREATE TABLE state (                       -- one row
        one INTEGER PRIMARY KEY CHECK (one = 1),
        stream TEXT NOT NULL,
        agent TEXT,                            -- in whose name the stream's batches are written
        number INTEGER NOT NULL,               -- of the newest batch of the stream
        hash TEXT NOT NULL,                    -- SHA-256 of its bytes
        meter BLOB                             -- the meter's open minute
    )""",
    """
    CREATE TABLE windows (                     -- not in a batch yet
        id INTEGER PRIMARY KEY, start_ms INTEGER NOT NULL, body BLOB NOT NULL
    )""",
    "CREATE INDEX windows_by_start ON windows (start_ms, id)",
    """
    CREATE TABLE gap_runs (                    -- windows that are one gap, without a hole between
        id INTEGER PRIMARY KEY, gpu TEXT NOT NULL, vendor TEXT NOT NULL, model TEXT NOT NULL,
        first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, reason TEXT NOT NULL,
        step_ms INTEGER NOT NULL
    )""",
    """
    CREATE TABLE sightings (                   -- not in a batch yet: the newest of each key
        key TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, body BLOB NOT NULL
    )""",
    "CREATE INDEX sightings_by_moment ON sightings (at_ms, key)",
    """
    CREATE TABLE batches (
        number INTEGER PRIMARY KEY,
        windows INTEGER NOT NULL,              -- and sightings
        oldest_ms INTEGER NOT NULL,
        acknowledged INTEGER NOT NULL DEFAULT 0,
        body BLOB NOT NULL
    )""",
    f"PRAGMA user_version = {_VERSION}",
)


class SpoolFile:
    """The open file; threads may share it. Raises SpoolError and SpoolDamaged."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        try:  # mode 0600, because it names holders
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise SpoolError(
                f"无法创建上报队列 {path}（{error.strerror}）",
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
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA cache_size = -2048")
        with self.transaction():
            (version,) = self.row("PRAGMA user_version")
            if version not in (0, _VERSION):
                raise SpoolError(
                    f"上报队列 {self._path} 是第 {version} 版，本程序只认第 {_VERSION} 版",
                    f"the spool {self._path} has version {version}, this program knows {_VERSION}",
                )
            if version == 0:
                for statement in _SCHEMA:
                    self.do(statement)
                self.do("INSERT INTO state VALUES (1, ?, NULL, 0, '', NULL)", str(uuid4()))
            (verdict,) = self.row("PRAGMA quick_check(1)")
            if verdict != "ok":
                raise sqlite3.DatabaseError(verdict)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run a transaction: at the end all of it is on disk, or none of it."""
        with self._lock, self._plainly():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def do(self, sql: str, *values: object) -> int:
        """Run one statement and return the number of rows it changed."""
        with self._lock:
            return self._db.execute(sql, values).rowcount

    def do_many(self, sql: str, rows: Iterable[tuple[object, ...]]) -> None:
        """Run one statement for each row."""
        with self._lock:
            self._db.executemany(sql, rows)

    def rows(self, sql: str, *values: object) -> Iterable[tuple[Any, ...]]:
        """Iterate over the rows of a query, fetching as needed."""
        return self._db.execute(sql, values)

    def row(self, sql: str, *values: object) -> tuple[Any, ...]:
        """Return the only row of a query that always has one."""
        with self._lock:
            only: tuple[Any, ...] = self._db.execute(sql, values).fetchone()
            return only

    def used_bytes(self) -> int:
        """Return the bytes in use; free pages are used again."""
        (pages,) = self.row("PRAGMA page_count")
        (free,) = self.row("PRAGMA freelist_count")
        (size,) = self.row("PRAGMA page_size")
        return int((pages - free) * size)

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:  # locked, disk full, no permission, I/O error
            raise SpoolError(
                f"上报队列 {self._path} 无法使用（{error}）："
                "是否已有一个 suanquan-agent 在使用，或磁盘已满？",
                f"cannot use the spool {self._path} ({error}): "
                "is another suanquan-agent using it, or is the disk full?",
            ) from error
        except sqlite3.DatabaseError as error:
            raise SpoolDamaged(
                f"上报队列 {self._path} 已损坏（{error}）",
                f"the spool {self._path} is damaged ({error})",
            ) from error
