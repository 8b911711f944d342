"""Pack the windows of closed days: bodies stand in the batches, and rows take room.

A window of a closed day needs no row of its own: its body stands in its batch's bytes, and of the
row there stays where (`window_hours`). `pack_windows` (08_windows) does it and compares each body
first; `kept_windows` reads windows in both forms.

A day is packed once it is over for two days: hardly a window comes later, and one that does is
packed with its day again. Then the day's sums by the hour become a row a GPU (`pack_sums`,
45_past_hours), which `kept_sums` and `kept_counts` read. Each hour is a transaction of its own, so
whoever is stopped in the middle goes on later, and nobody waits long.
"""

from collections.abc import Callable, Generator, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlmodel import Session

from ledger.units import beijing_day, midnight

KEPT_WHOLE = timedelta(days=2)
"""Days that are over for less than this stay as they came."""

GPUS_MAX = 1_000
"""Of one call: as many as one batch may name, so that few batches are read twice."""

_DAY = text("SELECT min(day) FROM window_days WHERE state = 'open' AND day < :before")
_GPUS = text("""
    SELECT DISTINCT cluster_id, gpu FROM coverage
    WHERE cluster_id IN (SELECT id FROM clusters) AND day = :day AND source IN ('nvml', 'dcgm')
    ORDER BY cluster_id, gpu
""")
_PACK = text("SELECT pack_windows(:gpus, :hour)")
_PACK_SUMS = text("SELECT pack_sums(:gpus, :day)")
_CLOSE = text("SELECT close_window_day(:day)")


def pack_day(session: Callable[[], Session], now: datetime) -> Generator[int]:
    """Pack the first day that waits, hour by hour; yield how many windows each took.

    `session` opens a session, which is committed after each hour.
    """
    with session() as db:
        day = _day_to_pack(db, beijing_day(now - KEPT_WHOLE))
        parts = _gpus_to_pack(db, day) if day else []
    if day is None:
        return
    for hour in (midnight(day) + timedelta(hours=n) for n in range(24)):
        for gpus in parts:
            with session() as db, db.begin():
                count = _pack(db, gpus, hour)
            yield count
    for gpus in parts:
        with session() as db, db.begin():
            db.execute(_PACK_SUMS, {"gpus": gpus, "day": day})
    with session() as db, db.begin():
        _close_day(db, day)


def _day_to_pack(db: Session, before: date) -> date | None:
    """Return the first Beijing day before this one of which windows wait to be packed."""
    day: date | None = db.scalar(_DAY, {"before": before})
    return day


def _gpus_to_pack(db: Session, day: date) -> list[list[str]]:
    """Return the GPUs of which a day has windows, as one call takes them."""
    gpus = [row.gpu for row in db.execute(_GPUS, {"day": day})]
    return [gpus[at : at + GPUS_MAX] for at in range(0, len(gpus), GPUS_MAX)]


def _pack(db: Session, gpus: Sequence[str], hour: datetime) -> int:
    """Pack the windows of these GPUs that start in this hour; return how many."""
    return int(db.scalar(_PACK, {"gpus": list(gpus), "hour": hour}) or 0)


def _close_day(db: Session, day: date) -> None:
    """Note that a day is packed; a window that comes later opens it again."""
    db.execute(_CLOSE, {"day": day})
