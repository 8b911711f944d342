"""Units of the books, and the one rounding rule.

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
_THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d*)?", re.ASCII)
_DECIMAL = re.compile(r"\d{1,8}(\.\d{1,12})?", re.ASCII)


def round_half_up(value: Fraction | int) -> int:
    """Round to the nearest integer, halves away from zero (四舍五入)."""
    exact = Fraction(value)
    num, den = abs(exact.numerator), exact.denominator
    magnitude = (2 * num + den) // (2 * den)
    return magnitude if exact >= 0 else -magnitude


def fen_from_yuan(text: str) -> Fen:
    """Convert `"1234.5"` yuan to 123450 fen; ValueError unless exact to the fen."""
    if not _YUAN.fullmatch(text):
        raise ValueError(text)
    return int(Fraction(text) * 100)


def without_commas(text: str) -> str:
    """Remove the commas between thousands, `"1,234.50"`; ValueError for others, `"1,00"`."""
    if "," in text and not _THOUSANDS.fullmatch(text):
        raise ValueError(text)
    return text.replace(",", "")


def decimal(text: str) -> Fraction:
    """Parse an exact decimal from 0 to below 100 million (`"517.36"`); ValueError otherwise."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError(text)
    return Fraction(text)


def yuan(fen: Fen) -> str:
    """Format fen as yuan: 123450 → `"1,234.50"`."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def hours(device_ms: Fraction | int, places: int = 2) -> str:
    """Format device-milliseconds as GPU-hours (卡时): `"1,234.50"`; for display only."""
    scale = 10**places
    amount = round_half_up(Fraction(device_ms) * scale / HOUR_MS)
    return f"{amount // scale:,}.{amount % scale:0{places}d}"


@lru_cache(maxsize=8192)  # the windows of a batch share their minutes
def beijing_day(moment: datetime) -> date:
    """Return the Beijing calendar day of an aware moment."""
    return moment.astimezone(BEIJING).date()


def midnight(day: date) -> datetime:
    """Return the first moment of a Beijing day, in UTC."""
    return datetime.combine(day, time(), BEIJING).astimezone(UTC)


def month_of(day: date) -> date:
    """Return the first day of a day's month, which stands for the period (账期)."""
    return day.replace(day=1)


def next_month(month: date) -> date:
    """Return the first day of the month after that of a day."""
    return month_of(month.replace(day=1) + timedelta(days=31))


def last_day(month: date) -> date:
    """Return the last day of a day's month."""
    return next_month(month) - timedelta(days=1)
