"""Round sessions: a contract that rounds up rounds each holding of each device once.

A session is one device (a GPU or a slice) held by one instance (a pod, a job, a static name) until
it is seen without it. Not to be seen does not end it: for up to an hour, or a day if a UID or a job
number tells the instance. Its use is rounded as a running total: a day gets what the rounded total
has grown by. So a started hour belongs to the day, month and price in which it starts, a session is
rounded once however long it is, and a month that is over does not change. Under `split` the units
are split over the days by use instead. The line under which a session began says how.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import groupby

from ledger.registry.rules.pricing import PricedUsage, PriceLine, Rounding
from ledger.units import HOUR_MS, round_half_up

MINUTE_MS = 60_000


def round_usage(device_ms: Fraction, rounding: Rounding) -> Fraction:
    """Round a session's device-milliseconds, as the contract says.

    `minute`: to the nearest whole minute, half up; `started_hour`: a started hour is a whole one.
    """
    if rounding == "minute":
        return Fraction(round_half_up(device_ms / MINUTE_MS) * MINUTE_MS)
    if rounding == "started_hour":
        return Fraction(-(-device_ms // HOUR_MS) * HOUR_MS)
    return device_ms


def round_sessions(items: Iterable[PricedUsage]) -> list[PricedUsage]:
    """Return the items with what they come to; what a package gave is not rounded."""
    whole: list[PricedUsage] = []
    of_sessions: list[PricedUsage] = []
    for item in items:
        is_of_session = item.usage.session and item.line.kind == "metered"
        (of_sessions if is_of_session else whole).append(item)
    of_sessions.sort(key=_turn)
    for _, pieces in groupby(of_sessions, key=_whose):
        whole += _round_one(list(pieces))
    return whole


def _whose(item: PricedUsage) -> tuple[int, int]:
    return item.line.contract, item.usage.session


def _turn(item: PricedUsage) -> tuple[int, int, date, int]:
    return *_whose(item), item.usage.day, item.line.price


def _round_one(pieces: Sequence[PricedUsage]) -> list[PricedUsage]:
    """Round the pieces of one session, which are in the order of their days."""
    line = pieces[0].line
    if line.rounding == "ms":
        return list(pieces)
    used_ms = [piece.usage.device_ms for piece in pieces]
    rounded_ms = _split(used_ms, line) if line.session_price == "split" else _grow(used_ms, line)
    return [replace(p, rounded_ms=ms) for p, ms in zip(pieces, rounded_ms, strict=True)]


def _grow(used_ms: Sequence[Fraction], line: PriceLine) -> list[Fraction]:
    """Return what the rounded running total grows by with each piece."""
    total, growths = Fraction(0), []
    for ms in used_ms:
        before, total = total, total + ms
        growths.append(round_usage(total, line.rounding) - round_usage(before, line.rounding))
    return growths


def _split(used_ms: Sequence[Fraction], line: PriceLine) -> list[Fraction]:
    """Return each piece's use, and its part of what is rounded: the last unit's, by use."""
    total = sum(used_ms, Fraction(0))
    tail = total % (HOUR_MS if line.rounding == "started_hour" else MINUTE_MS)
    if not tail:
        return list(used_ms)
    factor = (round_usage(total, line.rounding) - total) / tail
    end, shares = Fraction(0), []
    for ms in used_ms:
        end += ms
        in_tail = min(ms, max(end - (total - tail), Fraction(0)))
        shares.append(ms + in_tail * factor)
    return shares
