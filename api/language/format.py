"""How figures are shown to people: money, GPU-hours, shares, days. Nothing is computed from these.

Thin over `ledger.units`. Money shows every fen; a figure that is not whole is shown with ≈ in front
so it cannot be taken for an exact one. A share is cut off, not rounded: 100 % is said only at
100 %.
"""

import re
from datetime import date, datetime
from fractions import Fraction

from api.language.i18n import SOURCE, language
from ledger.units import BEIJING, Fen, hours, round_half_up, yuan

_WORD = re.compile(r"[a-z]+(?:['’-][a-z]+)*(?=[\s,;:.]|$)(?! \|)")
WAN_FEN = 1_000_000  # 一万元


def money(fen: Fen) -> str:
    """123450 fen → `¥1,234.50`."""
    return f"−¥{yuan(-fen)}" if fen < 0 else f"¥{yuan(fen)}"


def exact_money(fen: Fraction) -> str:
    """Exact fen; `≈ ¥0.33` where it is not a whole number of them."""
    amount = money(round_half_up(fen))
    return amount if fen.denominator == 1 else f"≈ {amount}"


def wan(fen: Fen) -> str:
    """Fen as 万元 for an axis, in as few digits as say it exactly: 1_500_000 → `1.5`."""
    whole, rest = divmod(fen, WAN_FEN)
    return f"{whole:,}.{rest:06d}".rstrip("0").rstrip(".")


def quantity(value: Fraction | int) -> str:
    """An exact quantity: `60,000`, or `20,000 1/3` where it is not whole."""
    exact = Fraction(value)
    whole, rest = divmod(exact.numerator, exact.denominator)
    part = f"{rest}/{exact.denominator}"
    if not rest:
        return f"{whole:,}"
    return f"{whole:,} {part}" if whole else part


def gpu_hours(device_ms: Fraction | int) -> str:
    """Device-milliseconds as GPU-hours, two places; `< 0.01` rather than a zero that is none."""
    text = hours(device_ms)
    return "< 0.01" if device_ms and text == "0.00" else text


def percent(ppm: int) -> str:
    """Millionths → `67.2%`."""
    tenths = round_half_up(Fraction(ppm, 1_000))
    return f"{tenths // 10}.{tenths % 10}%"


def share(part: int, whole: int) -> str:
    """`part` of `whole`, cut off at a tenth of a percent; `< 0.1%` is not nothing."""
    tenths = part * 1_000 // whole if whole else 0
    return "< 0.1%" if part and not tenths else f"{tenths // 10}.{tenths % 10}%"


def moment(at: datetime) -> str:
    """An aware moment on Beijing's clock: `2026-10-17 10:42`."""
    return at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")


def clock(at: datetime) -> str:
    """The Beijing time of day of an aware moment: `10:42`."""
    return at.astimezone(BEIJING).strftime("%H:%M")


def duration(ms: int) -> str:
    """Milliseconds as hours, minutes and seconds: `1:44:30`, `0:00:00.250` where they matter."""
    seconds, rest = divmod(ms, 1_000)
    minutes, second_part = divmod(seconds, 60)
    text = f"{minutes // 60}:{minutes % 60:02d}:{second_part:02d}"
    return f"{text}.{rest:03d}" if rest else text


def second(at: datetime) -> str:
    """An aware moment to the second, on Beijing's clock: `2026-10-17 10:42:38`."""
    return at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def long_day(day: date) -> str:
    """A Beijing day as it is said in a sentence: `2026年11月23日`, `Nov 23, 2026`."""
    if language() == SOURCE:
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day:%b} {day.day}, {day.year}"


def capital(text: str) -> str:
    """A title or a sentence that stands by itself: `unit price` → `Unit price`.

    What begins with a code is left as it is: `paper_invoice`, or a choice like `clerk | auditor`.
    """
    return text[:1].upper() + text[1:] if _WORD.match(text) else text


def short_day(day: date) -> str:
    """`10-17`, where the year is clear."""
    return day.strftime("%m-%d")
