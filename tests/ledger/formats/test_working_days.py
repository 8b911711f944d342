"""Working days: weekends, holidays, adjusted weekends, and the end of the calendar."""

from datetime import date, timedelta

import pytest

from ledger.errors import Refused
from ledger.formats.working_days import is_working_day, working_days_after


@pytest.mark.parametrize(
    ("day", "count", "last"),
    [
        (date(2026, 11, 23), 1, date(2026, 11, 24)),  # a Monday
        (date(2026, 11, 23), 5, date(2026, 11, 30)),  # over a weekend
        (date(2026, 11, 21), 1, date(2026, 11, 23)),  # from a Saturday
        (date(2026, 9, 30), 1, date(2026, 10, 8)),  # National Day
        (date(2026, 10, 8), 2, date(2026, 10, 10)),  # a Saturday that is worked
        (date(2026, 2, 13), 1, date(2026, 2, 14)),  # a Saturday before Spring Festival
        (date(2026, 2, 14), 1, date(2026, 2, 24)),
        (date(2025, 12, 31), 1, date(2026, 1, 4)),  # over the year's end, a Sunday that is worked
    ],
)
def test_the_nth_working_day_after_a_day(day: date, count: int, last: date) -> None:
    assert working_days_after(day, count) == last


def test_between_a_day_and_the_nth_lie_as_many_working_days() -> None:
    start = date(2026, 1, 1)
    for offset in range(300):
        day = start + timedelta(days=offset)
        last = working_days_after(day, 10)
        between = [day + timedelta(days=n + 1) for n in range((last - day).days)]
        assert sum(map(is_working_day, between)) == 10
        assert is_working_day(last)


@pytest.mark.parametrize("day", [date(2026, 12, 31), date(2031, 5, 5), date(2003, 1, 1)])
def test_a_year_that_was_not_announced_is_refused_and_never_guessed(day: date) -> None:
    with pytest.raises(Refused) as caught:
        working_days_after(day, 1)
    assert caught.value.code == "calendar_ends"
    assert caught.value.params == {"year": (day + timedelta(days=1)).year}


def test_the_last_known_day_can_be_reached_and_not_passed() -> None:
    assert working_days_after(date(2026, 12, 30), 1) == date(2026, 12, 31)
    with pytest.raises(Refused, match="calendar_ends: year=2027"):
        working_days_after(date(2026, 12, 30), 2)


@pytest.mark.parametrize("count", [0, -1])
def test_no_working_days_are_nobodys_deadline(count: int) -> None:
    with pytest.raises(ValueError, match="working days"):
        working_days_after(date(2026, 11, 23), count)
