"""Moments and lengths as sacct writes them."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo
from functools import lru_cache

from agents.sources.slurm.fault import BadCell, short

_EPOCH = re.compile(r"\d{9,11}", re.ASCII)
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:?\d\d)?", re.ASCII)
_LENGTH = re.compile(r"(?:(\d{1,6})-)?(?:(\d\d):)?(\d\d):(\d\d)(?:\.\d+)?", re.ASCII)
_ABSENT = frozenset({"", "Unknown", "None", "N/A"})
_YEARS_S = range(946_684_800, 4_102_444_800)  # 2000 to before 2100


@lru_cache(maxsize=65_536)
def moment_ms(column: str, value: str, zone: tzinfo | None) -> int | None:
    """Return ms since 1970; None where sacct knows no time. Raises BadCell.

    A time without its zone is of `zone`; of this process's own (TZ) if that is None, as in sacct.
    """
    if value in _ABSENT:
        return None
    if _EPOCH.fullmatch(value):
        seconds = int(value)
    elif _ISO.fullmatch(value):
        seconds = _iso_s(column, value, zone)
    else:
        raise _bad(column, value)
    if seconds not in _YEARS_S:
        raise _bad(column, value)
    return seconds * 1000


def _iso_s(column: str, value: str, zone: tzinfo | None) -> int:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:  # such as the 31st of February
        raise _bad(column, value) from error
    if moment.tzinfo is not None:
        return int(moment.timestamp())
    first, second = (int(moment.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1))
    if first != second:
        raise BadCell(
            column,
            f"「{value}」正值换夏令时，当地有两个或没有这一刻：导出时请设 TZ=UTC",
            f"{value!r} is twice or never at a change to or from summer time: export with TZ=UTC",
        )
    return first


def _bad(column: str, value: str) -> BadCell:
    return BadCell(
        column,
        f"「{short(value)}」须为 1970 年起的秒数，或 2026-03-01T08:00:00",
        f"{short(value)!r} must be seconds since 1970, or like 2026-03-01T08:00:00",
    )


def length_ms(column: str, value: str) -> int | None:
    """Return the ms of `[days-][hours:]minutes:seconds` or of plain seconds; None if empty."""
    if value in _ABSENT or value == "INVALID":
        return None
    if value.isascii() and value.isdigit() and len(value) <= 10:  # noqa: PLR2004
        return int(value) * 1000
    match = _LENGTH.fullmatch(value)
    if match is None:
        raise BadCell(
            column,
            f"「{short(value)}」须为秒数，或 天-时:分:秒",
            f"{short(value)!r} must be seconds, or days-hours:minutes:seconds",
        )
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000
