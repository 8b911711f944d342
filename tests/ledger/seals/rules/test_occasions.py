"""A seal is due each hour, and once a month is over in Beijing."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ledger.seals.codes import SealKind
from ledger.seals.rules.occasions import BY_THE_HOUR, Occasion, due

HOUR = timedelta(hours=1)
LAST = datetime(2026, 8, 31, 15, 30, tzinfo=UTC)  # 23:30 in Beijing
AUGUST = Occasion(SealKind.MONTH, date(2026, 8, 1))


@pytest.mark.parametrize(
    ("last", "now", "occasion"),
    [
        (None, LAST, BY_THE_HOUR),
        (LAST, LAST + timedelta(minutes=29), None),
        (LAST, LAST + timedelta(minutes=30), AUGUST),
        (LAST, LAST + timedelta(days=90), AUGUST),
        (LAST - HOUR, LAST, BY_THE_HOUR),
        (LAST, LAST - timedelta(seconds=1), BY_THE_HOUR),  # is refused, and seen
    ],
)
def test_when_it_is_due(last: datetime | None, now: datetime, occasion: Occasion | None) -> None:
    assert due(last, now, HOUR) == occasion


def test_a_close_of_books_is_sealed_at_once() -> None:
    minute, closed = timedelta(minutes=1), date(2026, 7, 1)
    assert due(LAST, LAST + minute, HOUR, closed=closed) == Occasion(SealKind.CLOSE, closed)
    assert due(LAST, LAST + HOUR, HOUR, closed=closed) == AUGUST, (
        "the month that is over goes first"
    )
