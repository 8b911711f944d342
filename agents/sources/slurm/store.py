"""The runs that were read, and what was told of each: one SQLite file.

Slurm may be asked for the same run as often as one likes: a run is kept once, under its key, and
only what was not told before is told. What is read in one answer of sacct is kept wholly or not at
all.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from agents import wire
from agents.sources.slurm.fault import BadCell
from agents.sources.slurm.runs import Run, bodies, hours, windows

_SCHEMA = """
    CREATE TABLE IF NOT EXISTS runs (
        key TEXT PRIMARY KEY,
        start_ms INTEGER NOT NULL,
        is_final INTEGER NOT NULL,
        body BLOB NOT NULL,
        reported BLOB,          -- the run as it was when it was told last
        reported_ms INTEGER NOT NULL DEFAULT 0,  -- hours that begin before this were told
        is_waiting INTEGER NOT NULL DEFAULT 1
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS runs_waiting ON runs (start_ms, key) WHERE is_waiting;
    CREATE INDEX IF NOT EXISTS runs_open ON runs (key) WHERE NOT is_final;
    CREATE TABLE IF NOT EXISTS answers (last_ms INTEGER NOT NULL);
"""
_PAGE = 500
_encoder, _decoder = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(Run)


def runs_path(data: Path) -> Path:
    """Return the file of a Slurm agent's runs in its data folder."""
    return data / "slurm.db"


@dataclass(frozen=True, slots=True)
class Report:
    """What is to be told of a run: new windows, and those that differ from what was told."""

    run: Run
    bodies: Iterator[tuple[int, bytes]]  # (start in ms, JSON) of each new window
    corrections: tuple[wire.Window, ...]


class Transaction:
    """What is kept together; `undo` keeps nothing of it."""

    is_undone = False

    def undo(self) -> None:
        """Keep nothing of it when it ends."""
        self.is_undone = True


class RunStore:
    """The file; `with store.transaction()` makes what is kept inside one piece."""

    def __init__(self, path: Path | str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Keep all of it, or nothing if it raises or is undone."""
        transaction = Transaction()
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield transaction
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("ROLLBACK" if transaction.is_undone else "COMMIT")

    def take(self, run: Run) -> None:
        """Keep a run: the newer word of two, and a final one before one that is not.

        Raises BadCell for a second final word that starts elsewhere: sacct -T cuts a run into
        pieces that bear one name.
        """
        body = _encoder.encode(run)
        row = self._db.execute("SELECT body FROM runs WHERE key = ?", (run.key,)).fetchone()
        if row is None:
            self._db.execute(
                "INSERT INTO runs (key, start_ms, is_final, body) VALUES (?, ?, ?, ?)",
                (run.key, run.start_ms, run.is_final, body),
            )
            return
        if row[0] == body or not _is_newer(run, _decoder.decode(row[0])):
            return
        self._db.execute(
            "UPDATE runs SET start_ms = ?, is_final = ?, body = ?, is_waiting = 1 WHERE key = ?",
            (run.start_ms, run.is_final, body, run.key),
        )

    def all(self) -> Iterator[Run]:
        """Yield every run, in the order of their names."""
        for (body,) in self._db.execute("SELECT body FROM runs ORDER BY key"):
            yield _decoder.decode(body)

    def open_jobs(self) -> list[str]:
        """Return the job numbers (JobIDRaw) of the runs that had not ended when last seen."""
        rows = self._db.execute("SELECT key FROM runs WHERE NOT is_final ORDER BY key")
        return sorted({key.rpartition(":")[2].partition("@")[0] for (key,) in rows})

    def count_waiting(self) -> int:
        """Count the runs of which something may be to tell."""
        (count,) = self._db.execute("SELECT count(*) FROM runs WHERE is_waiting").fetchone()
        return int(count)

    def reports(self, cluster: str, before_ms: int | None) -> Iterator[Report]:
        """Yield what is to be told of hours that begin before `before_ms`, oldest run first."""
        place = (-1, "")
        while True:
            page = self._db.execute(
                "SELECT start_ms, key, body, reported, reported_ms FROM runs"
                " WHERE is_waiting AND (start_ms, key) > (?, ?) ORDER BY start_ms, key LIMIT ?",
                (*place, _PAGE),
            ).fetchall()
            if not page:
                return
            for _, _, body, reported, reported_ms in page:
                old = _decoder.decode(reported) if reported else None
                yield _report(_decoder.decode(body), old, reported_ms, cluster, before_ms)
            place = (page[-1][0], page[-1][1])

    def mark(self, runs: list[Run], before_ms: int | None) -> None:
        """Remember that these were told, up to hours that begin before `before_ms`."""
        with self.transaction():
            for run in runs:
                end_ms = _end_ms(run)
                limit_ms = end_ms if before_ms is None else before_ms
                self._db.execute(
                    "UPDATE runs SET reported = body,"
                    " reported_ms = min(?1, max(reported_ms, ?2)),"
                    " is_waiting = min(?1, max(reported_ms, ?2)) < ?1 WHERE key = ?3",
                    (end_ms, limit_ms, run.key),
                )

    @property
    def last_answer_ms(self) -> int | None:
        """When sacct answered last, in ms since 1970."""
        (value,) = self._db.execute("SELECT max(last_ms) FROM answers").fetchone()
        return None if value is None else int(value)

    def note_answer(self, ms: int) -> None:
        """Remember when sacct answered."""
        self._db.execute("DELETE FROM answers")
        self._db.execute("INSERT INTO answers VALUES (?)", (ms,))


def _is_newer(run: Run, old: Run) -> bool:
    if run.is_final != old.is_final:
        return run.is_final
    if not run.is_final:
        return run.until_ms >= old.until_ms
    if run.start_ms != old.start_ms:
        raise BadCell(
            "Start",
            f"同一次运行 {run.key} 有两个开始时间：导出时请勿加 -T",
            f"is the second start of one run, {run.key}: export without -T",
        )
    return True


def _report(
    run: Run, old: Run | None, reported_ms: int, cluster: str, before_ms: int | None
) -> Report:
    limit_ms = _end_ms(run) if before_ms is None else before_ms
    if old is None or _is_same_until(run, old, reported_ms):
        new = bodies(run, cluster, since_ms=reported_ms, before_ms=limit_ms)
        return Report(run, new, ())
    earlier = {(w.gpu, w.start): w for w in _before(windows(old, cluster), reported_ms)}
    right = {(w.gpu, w.start): w for w in windows(run, cluster)}
    corrections = []
    for key, window in earlier.items():
        correction = right.get(key) or _free(window)
        if correction != window:
            corrections.append(correction)
    rest = (w for key, w in right.items() if key not in earlier)
    return Report(run, map(_body, _before(rest, limit_ms)), tuple(corrections))


def _body(window: wire.Window) -> tuple[int, bytes]:
    return wire.start_ms(window.start), msgspec.json.encode(window)


def _is_same_until(run: Run, old: Run, ms: int) -> bool:
    """Tell whether both say the same of all hours before `ms`."""
    names = ("account", "devices", "start_ms", "partition", "qos")
    is_same = all(getattr(run, name) == getattr(old, name) for name in names)
    return is_same and min(run.stated_ms, ms) == min(old.stated_ms, ms)


def _end_ms(run: Run) -> int:
    """Return the end of the last hour to tell; 0 if there is none."""
    held_hours = hours(run)
    return held_hours[-1] + wire.HOUR_MS if held_hours else 0


def _before(windows_of_run: Iterator[wire.Window], ms: int) -> Iterator[wire.Window]:
    return (w for w in windows_of_run if wire.start_ms(w.start) < ms)


def _free(window: wire.Window) -> wire.Window:
    """Return the window as it is if the run held nothing in it."""
    slices = {part.mig for part in window.parts}
    parts = tuple(wire.Part(wire.Unallocated(), 0, window.window_ms, mig=mig) for mig in slices)
    return wire.Window(
        window.gpu, window.model, window.start, window.window_ms, parts, missing=window.missing
    )
