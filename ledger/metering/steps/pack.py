"""Pack the windows of closed days: bodies stand in the batches, and rows take room.

A day is packed once it is over for two days: hardly a window comes later, and one that does is
packed with its day again. Each hour is a transaction of its own, so whoever is stopped in the
middle goes on later, and nobody waits long.
"""

from collections.abc import Callable, Generator
from datetime import datetime, timedelta

from sqlmodel import Session

from ledger.metering.queries.packing import close_day, day_to_pack, hours_to_pack, pack
from ledger.units import beijing_day

KEPT_WHOLE = timedelta(days=2)
"""Days that are over for less than this stay as they came."""


def pack_day(session: Callable[[], Session], now: datetime) -> Generator[int]:
    """Pack the first day that waits, hour by hour; yield how many windows each took.

    `session` opens a session, which is committed after each hour.
    """
    with session() as db:
        day = day_to_pack(db, beijing_day(now - KEPT_WHOLE))
        hours = hours_to_pack(db, day) if day else []
    if day is None:
        return
    for hour, gpus in hours:
        with session() as db, db.begin():
            count = pack(db, gpus, hour)
        yield count
    with session() as db, db.begin():
        close_day(db, day)
