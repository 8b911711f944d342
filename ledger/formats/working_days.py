"""Working days (工作日) by the Chinese calendar, for publications and deadlines.

Each autumn the State Council announces next year's holidays and the weekends worked instead (调休).
The library `chinesecalendar` has these notices by year; a year not yet announced is refused,
because a guess could end a publication too early.
"""

from datetime import date, timedelta

import chinese_calendar

from ledger.errors import Refused


def working_days_after(day: date, count: int) -> date:
    """Return the `count`-th working day after `day`; adjusted weekends count.

    Raises:
        Refused: the calendar of a year that is needed is not known (`calendar_ends`).
        ValueError: `count` is not above zero.
    """
    if count <= 0:
        raise ValueError(f"{count} working days")
    while count:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day


def is_working_day(day: date) -> bool:
    """Return whether offices are open in China on this day.

    Raises:
        Refused: the calendar of its year is not known (`calendar_ends`).
    """
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError as error:
        raise Refused("calendar_ends", year=day.year) from error


def known_working_days() -> list[date]:
    """Return the working days of every year that has been announced, in order."""
    years = sorted({day.year for day in chinese_calendar.holidays})
    first, last = date(years[0], 1, 1), date(years[-1], 12, 31)
    every = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in every if chinese_calendar.is_workday(day)]
