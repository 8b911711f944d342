"""Archive a month, hold archives to their manifests, and let the server do the first by itself."""

from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import Engine
from sqlmodel import Session

from api.door.archive.bring_back import evidence, needing_pyarrow
from api.settings import Settings
from ledger.archive.queries.parts import return_rolls
from ledger.archive.queries.rolls import months_to_archive
from ledger.archive.tables import Archive
from ledger.errors import Busy, Unusable
from ledger.metering.queries.windows import raw_connection
from ledger.people.steps import events
from ledger.seals.queries.verify import verify_away
from ledger.seals.rules.faults import Tally
from ledger.seals.steps.bureau_key import read_bureau_key
from ledger.units import beijing_day

if TYPE_CHECKING:
    from ledger.archive.steps.month import Order

ACTOR = "server"


def archive_month(
    engine: Engine, settings: Settings, month: date, *, to: str | None, actor: str, now: datetime
) -> list[Archive]:
    """Archive what is left of a month; return its new parts.

    Raises:
        Unusable: nobody said where to (`archive_place`), or the bureau's key cannot be read.
        Busy, Refused: as `archive_part` does, or pyarrow is missing (`archive_extra`).
    """
    order = _order(settings, to or settings.archive, month, actor, now)
    parts = []
    while part := _next_part(engine, order, "command archive month"):
        parts.append(part)
    return parts


def _order(
    settings: Settings, address: str | None, month: date, actor: str, now: datetime
) -> "Order":
    if address is None:
        raise Unusable("archive_place")
    with needing_pyarrow():
        from ledger.archive.steps.month import Order  # noqa: PLC0415 - pyarrow
        from ledger.archive.steps.places import Place  # noqa: PLC0415
    return Order(month, Place(address), read_bureau_key(settings.bureau_key), actor, now)


def _next_part(engine: Engine, order: "Order", act: str) -> Archive | None:
    from ledger.archive.steps.month import archive_part  # noqa: PLC0415 - pyarrow

    session = partial(Session, engine, expire_on_commit=False)
    part = archive_part(session, order)
    if part is not None:
        with session() as db, db.begin():
            events.record_own(db, order.actor, act, "archives", f"{part.month:%Y-%m}/{part.part}")
    return part


def archive_round(engine: Engine, settings: Settings, now: datetime) -> bool:
    """Let go again what was brought back; archive one part, where the server is to and can.

    Returns:
        Whether there was one.

    Raises:
        Busy: the archive is not there, or pyarrow is missing.
        Refused, Unusable: as `archive_month`.
    """
    with Session(engine) as db, db.begin():
        raw = raw_connection(db)
        return_rolls(raw, now)
        months = months_to_archive(raw, beijing_day(now), settings.archive_months)
    if settings.archive is None:
        return False
    try:
        orders = (_order(settings, settings.archive, month, ACTOR, now) for month in months)
        return any(_next_part(engine, order, "round archive") for order in orders)
    except Busy as error:
        if error.code == "archive_busy":
            return False
        raise


def check_archives(connection: psycopg.Connection) -> Tally:
    """Hold every part to its manifest, and every batch in it to its leaf and signature.

    Raises:
        Busy: there are archives, and nothing here reads them (`archive_extra`).
    """
    return verify_away(connection, evidence)
