"""When a seal is due: each so many minutes, once a month is over, and once its books are closed."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ledger.seals.codes import SealKind
from ledger.units import beijing_day, month_of


@dataclass(frozen=True)
class Occasion:
    """Why a seal is made: by the hour, or because a month (its first day) is over or closed."""

    kind: SealKind = SealKind.LIGHT
    month: date | None = None


BY_THE_HOUR = Occasion()


def due(
    last_at: datetime | None, now: datetime, every: timedelta, *, closed: date | None = None
) -> Occasion | None:
    """Return why a seal is due, or None.

    The first seal that a new month sees is that of the month before; a month whose books were
    `closed` since the last seal has one at once. A clock behind the last seal
    makes one due, which is then refused: that is to be seen.
    """
    if last_at is None:
        return BY_THE_HOUR
    month = month_of(beijing_day(last_at))
    if month_of(beijing_day(now)) > month:
        return Occasion(SealKind.MONTH, month)
    if closed is not None:
        return Occasion(SealKind.CLOSE, closed)
    return BY_THE_HOUR if now - last_at >= every or now < last_at else None
