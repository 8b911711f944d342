"""The few units of the books, and the one rounding rule.

Money is an integer number of fen (分), quantity an integer number of device-milliseconds (one whole
device for one millisecond; a time-slice holds `num/den` of it), a price an exact fraction of a fen
per device-millisecond. Nothing here is a float. Days begin at Beijing midnight, fixed +08:00
(China has had no daylight saving since 1991).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from fractions import Fraction
from functools import lru_cache

Fen = int
FEN_MAX = 10**15  # ten trillion yuan: more is a typing error

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
HOUR_MS = 3_600_000

_YUAN = re.compile(r"-?\d{1,13}(\.\d{1,2})?", re.ASCII)
_DECIMAL = re.compile(r"\d{1,8}(\.\d{1,12})?", re.ASCII)


def round_half_up(value: Fraction | int) -> int:
    """The one rounding rule (四舍五入): to the nearest integer, halves away from zero."""
    exact = Fraction(value)
    num, den = abs(exact.numerator), exact.denominator
    magnitude = (2 * num + den) // (2 * den)
    return magnitude if exact >= 0 else -magnitude


def fen_from_yuan(text: str) -> Fen:
    """`"1234.5"` yuan → 123450 fen. ValueError for anything that is not an exact sum of fen."""
    if not _YUAN.fullmatch(text):
        raise ValueError(text)
    return int(Fraction(text) * 100)


def decimal(text: str) -> Fraction:
    """An exact decimal from 0 to below 100 million: `"517.36"`. ValueError for anything else."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError(text)
    return Fraction(text)


def yuan(fen: Fen) -> str:
    """123450 → `"1,234.50"`; every fen is shown."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def hours(device_ms: Fraction | int, places: int = 2) -> str:
    """Device-milliseconds as GPU-hours (卡时) for people: `"1,234.50"`. Never computed with."""
    scale = 10**places
    amount = round_half_up(Fraction(device_ms) * scale / HOUR_MS)
    return f"{amount // scale:,}.{amount % scale:0{places}d}"


@lru_cache(maxsize=8192)  # the windows of a batch share their minutes
def beijing_day(moment: datetime) -> date:
    """The Beijing calendar day of an aware moment."""
    return moment.astimezone(BEIJING).date()


def midnight(day: date) -> datetime:
    """The first moment of a Beijing day, in UTC."""
    return datetime.combine(day, time(), BEIJING).astimezone(UTC)


def month_of(day: date) -> date:
    """A period (账期) is a Beijing month, named by its first day."""
    return day.replace(day=1)
