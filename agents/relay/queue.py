"""The relay's queue: parcels wait in one SQLite file until the server has answered each.

An answer stays until its node asks for it, or until room is needed: the node would then send the
batch again, and the server gives the same answer again. Of refusals only an agent's first is kept:
what follows it was refused because of it, and the node begins anew from there.

A full disk cannot take an answer down either. Then the answer waits in memory, so that the queue
still empties; after a restart the batch is sent again and gets the same answer.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from agents.errors import SpoolError
from agents.parcels import Parcel
from agents.reporting.server import Response
from agents.reporting.spool_file import SpoolFile

_OK = 200
_FORGET = 64  # answers at once
_SCHEMA = (
    """
    CREATE TABLE parcels (
        id INTEGER PRIMARY KEY AUTOINCREMENT,  -- the order in which they came
        key TEXT NOT NULL UNIQUE, agent TEXT NOT NULL, signature TEXT NOT NULL,
        arrived_ms INTEGER NOT NULL,
        body BLOB,                             -- until it is answered
        status INTEGER, answer BLOB            -- the server's
    )""",
    "CREATE INDEX waiting ON parcels (id) WHERE status IS NULL",
    "CREATE INDEX answers ON parcels (agent, id) WHERE status IS NOT NULL",
)


class QueueFull(Exception):
    """There is no room for a further parcel."""


class Figures(NamedTuple):
    """The state of the queue."""

    parcels: int  # that wait for the server
    answers: int  # that wait for their nodes
    oldest_s: float  # since the oldest parcel came; 0 if none waits
    used_bytes: int


class Queue:
    """A relay's queue. One relay owns it; a courier's command works `beside` it.

    Raises SpoolError when another has the file or the disk is full, SpoolDamaged when it cannot be
    read.
    """

    def __init__(self, path: Path, bytes_max: int = 2**62, *, beside: bool = False) -> None:
        self.bytes_max = bytes_max
        self._unwritten: dict[str, Response | None] = {}  # None: its node has it already
        self._unwritten_lock = threading.Lock()
        self._file = SpoolFile(path, _SCHEMA, beside=beside)

    def close(self) -> None:
        """Close the file; its content stays."""
        self._file.close()

    def add(self, parcel: Parcel) -> None:
        """Store a parcel; it is on disk when this returns. One that is here already stays.

        Raises QueueFull, and SpoolError when the disk is full.
        """
        body = zlib.compress(parcel.body, 1)
        with self._file.transaction():
            if self._has(parcel.key):
                return
            while self._file.used_bytes() + len(body) > self.bytes_max:
                if not self._forget_answers():
                    raise QueueFull
            self._file.do(
                "INSERT INTO parcels (key, agent, signature, arrived_ms, body)"
                " VALUES (?, ?, ?, ?, ?)",
                *(parcel.key, parcel.agent, parcel.signature, time.time_ns() // 10**6, body),
            )

    def is_waiting(self, agent: str) -> bool:
        """Return whether anything of this agent waits for the server."""
        query = "SELECT key FROM parcels WHERE status IS NULL AND agent = ?"
        with self._file.transaction():
            return any(key not in self._unwritten for (key,) in self._file.rows(query, agent))

    def next_parcel(self, but_not: Collection[str] = ()) -> tuple[Parcel, float] | None:
        """Return the oldest parcel that waits, of none of these agents, and its age in seconds."""
        self._write_down()
        query = "SELECT id, key, agent FROM parcels WHERE status IS NULL ORDER BY id"
        with self._file.transaction():
            for row, key, agent in self._file.rows(query):
                if agent not in but_not and key not in self._unwritten:
                    return self._parcel(row)
        return None

    def backlog(self) -> Iterator[Parcel]:
        """Iterate over what waits for the server, oldest first."""
        last = 0
        query = "SELECT min(id) FROM parcels WHERE status IS NULL AND id > ?"
        while True:
            with self._file.transaction():
                (row,) = self._file.row(query, last)
                parcel = None if row is None else self._parcel(row)[0]
            if parcel is None:
                return
            last = row
            yield parcel

    def answer(self, key: str, status: int, answer: bytes) -> bool:
        """Keep the server's answer to a parcel for its node; return whether the parcel waited."""
        try:
            return self._write_answer(key, status, answer)
        except SpoolError:
            with self._unwritten_lock:
                self._unwritten[key] = Response(status, {}, answer)
            return True

    def _write_answer(self, key: str, status: int, answer: bytes) -> bool:
        with self._file.transaction():
            is_refused_before = (
                status != _OK
                and self._file.row(
                    "SELECT count(*) FROM parcels WHERE status <> ? AND agent ="
                    " (SELECT agent FROM parcels WHERE key = ?)",
                    *(_OK, key),
                )[0]
            )
            if is_refused_before:
                query = "DELETE FROM parcels WHERE key = ? AND status IS NULL"
                return self._file.do(query, key) > 0
            query = (
                "UPDATE parcels SET status = ?, answer = ?, body = NULL"
                " WHERE key = ? AND status IS NULL"
            )
            return self._file.do(query, status, zlib.compress(answer, 1), key) > 0

    def take_answer(self, key: str) -> Response | None:
        """Hand the answer out, and forget it; None if there is none yet."""
        with self._unwritten_lock:
            if (unwritten := self._unwritten.get(key)) is not None:
                self._unwritten[key] = None
                return unwritten
        with self._file.transaction():
            query = "SELECT status, answer FROM parcels WHERE key = ? AND status IS NOT NULL"
            for status, answer in list(self._file.rows(query, key)):
                self._file.do("DELETE FROM parcels WHERE key = ?", key)
                return Response(status, {}, zlib.decompress(answer))
        return None

    def figures(self, but_not: str = "") -> Figures:
        """Return the state of the queue; of what waits, the parcel of this key is left out."""
        with self._file.transaction():
            (count,) = self._file.row("SELECT count(*) FROM parcels WHERE status IS NULL")
            (answers,) = self._file.row("SELECT count(*) FROM parcels WHERE status IS NOT NULL")
            (left_out,) = self._file.row(
                "SELECT count(*) FROM parcels WHERE status IS NULL AND key = ?", but_not
            )
            oldest = self._file.rows(
                "SELECT arrived_ms FROM parcels WHERE status IS NULL AND key <> ?"
                " ORDER BY id LIMIT 1",
                but_not,
            )
            age_s = max([0.0, *(time.time() - arrived_ms / 1000 for (arrived_ms,) in oldest)])
            return Figures(count - left_out, answers, age_s, self._file.used_bytes())

    def _write_down(self) -> None:
        """Write the answers that a full disk did not take."""
        with self._unwritten_lock:
            for key, response in list(self._unwritten.items()):
                try:
                    if response is None:
                        with self._file.transaction():
                            self._file.do("DELETE FROM parcels WHERE key = ?", key)
                    else:
                        self._write_answer(key, response.status, response.body)
                except SpoolError:
                    return
                del self._unwritten[key]

    # The methods below run inside a transaction of those above.

    def _has(self, key: str) -> bool:
        return bool(self._file.row("SELECT count(*) FROM parcels WHERE key = ?", key)[0])

    def _parcel(self, row: int) -> tuple[Parcel, float]:
        agent, signature, body, arrived_ms = self._file.row(
            "SELECT agent, signature, body, arrived_ms FROM parcels WHERE id = ?", row
        )
        parcel = Parcel(agent, signature, zlib.decompress(body))
        return parcel, time.time() - arrived_ms / 1000

    def _forget_answers(self) -> bool:
        query = (
            "DELETE FROM parcels WHERE id IN (SELECT id FROM parcels WHERE status IS NOT NULL"
            " ORDER BY id LIMIT ?)"
        )
        return self._file.do(query, _FORGET) > 0
