"""A month of a town that is over, sealed and packed, and its archive."""

from datetime import date, timedelta
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import Session

from ledger.archive.steps.month import Order, archive_part
from ledger.archive.steps.part_files import USUAL, Limits
from ledger.archive.steps.places import Place
from ledger.archive.tables import Archive
from ledger.metering.steps.pack import pack_day
from ledger.metering.steps.pack_rolls import pack_rolls
from ledger.seals.codes import SealKind
from ledger.seals.rules.occasions import Occasion
from tests.support.seals import KEY, NOON, seal_at

MAY = date(2026, 5, 1)
LATER = NOON + timedelta(days=10)


def close_month(engine: sa.Engine, hour: int = 0) -> None:
    """Seal what came by the end of May, as that of its month, and pack it."""
    seal_at(engine, hour, occasion=Occasion(SealKind.MONTH, MAY))
    session = partial(Session, engine)
    while list(pack_day(session, LATER)):
        pass
    assert sum(pack_rolls(session, LATER)) > 0


def archive_all(engine: sa.Engine, place: Place, limits: Limits = USUAL) -> list[Archive]:
    """Archive what is left of May; return its new parts."""
    session = partial(Session, engine, expire_on_commit=False)
    order = Order(MAY, place, KEY, "test", LATER, limits)
    new_parts = []
    while part := archive_part(session, order):
        new_parts.append(part)
    return new_parts


def place_in(folder: Path) -> Place:
    """A new archive in a folder."""
    (folder / "archive").mkdir()
    return Place(str(folder / "archive"))
