"""Figures for people: exact where they can be, and marked where they cannot."""

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest

from api.language import format as formats
from api.language.i18n import speaking


@pytest.mark.parametrize(
    ("fen", "words"),
    [(0, "¥0.00"), (5, "¥0.05"), (123_456_789, "¥1,234,567.89"), (-150, "−¥1.50")],
)
def test_money_shows_every_fen(fen: int, words: str) -> None:
    assert formats.money(fen) == words


def test_money_that_is_not_whole_says_so() -> None:
    assert formats.exact_money(Fraction(100)) == "¥1.00"
    assert formats.exact_money(Fraction(100, 3)) == "≈ ¥0.33"


@pytest.mark.parametrize(
    ("fen", "words"), [(0, "0"), (1_000_000, "1"), (1_500_000, "1.5"), (1_230_000_000, "1,230")]
)
def test_wan(fen: int, words: str) -> None:
    assert formats.wan(fen) == words


def test_quantities_stay_exact() -> None:
    assert formats.quantity(60_000) == "60,000"
    assert formats.quantity(Fraction(60_001, 3)) == "20,000 1/3"
    assert formats.quantity(Fraction(1, 3)) == "1/3"


def test_a_little_is_not_nothing() -> None:
    assert formats.gpu_hours(0) == "0.00"
    assert formats.gpu_hours(1) == "< 0.01"
    assert formats.gpu_hours(3_600_000 * 1_234) == "1,234.00"
    assert formats.share(1, 1_000_000) == "< 0.1%"
    assert formats.share(0, 1_000_000) == "0.0%"


def test_all_is_said_only_of_all() -> None:
    assert formats.share(999_999, 1_000_000) == "99.9%"
    assert formats.share(1_000_000, 1_000_000) == "100.0%"


def test_percent_is_rounded_half_up() -> None:
    assert formats.percent(672_500) == "67.3%"


def test_moments_are_beijing_s() -> None:
    late = datetime(2026, 3, 1, 16, 5, tzinfo=UTC)
    assert formats.moment(late) == "2026-03-02 00:05"
    assert formats.clock(late) == "00:05"
    assert formats.second(late) == "2026-03-02 00:05:00"


@pytest.mark.parametrize(
    ("ms", "words"),
    [(0, "0:00:00"), (6_270_000, "1:44:30"), (250, "0:00:00.250"), (360_000_000, "100:00:00")],
)
def test_a_length_of_time_keeps_its_milliseconds(ms: int, words: str) -> None:
    assert formats.duration(ms) == words


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("unit price", "Unit price"), ("a builder's project", "A builder's project"),
        ("lag, s", "Lag, s"), ("paid", "Paid"), ("GPU lost", "GPU lost"), ("", ""),
        ("单价", "单价"), ("item|net", "item|net"),
        ("paper_invoice, other", "paper_invoice, other"),
    ],
)  # fmt: skip
def test_a_title_begins_with_a_capital_and_a_code_stays(words: str, title: str) -> None:
    assert formats.capital(words) == title


def test_a_day_in_a_sentence_is_the_reader_s() -> None:
    assert formats.long_day(date(2026, 7, 9)) == "2026年7月9日"
    with speaking("en"):
        assert formats.long_day(date(2026, 7, 9)) == "Jul 9, 2026"
