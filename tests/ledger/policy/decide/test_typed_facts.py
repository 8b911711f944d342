"""Facts as people key them in: exact sums in yuan, 万 and 亿, and nothing that is guessed."""

import pytest

from ledger.policy.decide.typed_facts import keyed
from ledger.policy.text.published import load

FACTS = load("yinchuan-2024-draft").facts
MONEY, COUNT, DECIMAL = FACTS["annual_sales_fen"], FACTS["parameters"], FACTS["facility_kwh"]


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("500万", 500_000_000),
        ("5亿", 50_000_000_000),
        ("1亿2000万", 12_000_000_000),
        ("1亿2000万3.21元", 12_000_000_321),
        ("1234.56", 123_456),
        ("1,234.56", 123_456),
        (" ￥1 234.5 元 ", 123_450),
        ("５００万元", 500_000_000),
        ("0.000001万", 1),
        ("499999999.99", 49_999_999_999),
        ("0", 0),
        ("", None),
        ("   ", None),
    ],
)
def test_a_sum(text: str, fen: int | None) -> None:
    assert keyed(MONEY, text) == (fen, None)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("0.001", "keyed_fen"),
        ("0.0000001万", "keyed_fen"),
        ("-5", "negative"),
        *((text, "keyed_number") for text in ("5亿3", "3万5", "1,5", "12,34", "1e5", "0x10")),
        *(
            (text, "keyed_number")
            for text in ("NaN", "万", "元", "-", "五百万", "1.2.3", "1亿20000万")
        ),
        ("9" * 100, "keyed_number"),
    ],
)
def test_what_is_no_sum_of_fen_is_told(text: str, code: str) -> None:
    assert keyed(MONEY, text) == (None, code)


def test_counts_and_quantities() -> None:
    assert keyed(COUNT, "100亿") == (10_000_000_000, None)
    assert keyed(COUNT, "0.5亿") == (50_000_000, None)
    assert keyed(COUNT, "1.5") == (None, "not_a_count")
    assert keyed(COUNT, "500元") == (None, "keyed_number")
    assert keyed(DECIMAL, "123,456,789.50") == ("123456789.5", None)
    assert keyed(DECIMAL, "1.2亿") == ("120000000", None)


def test_choices_and_yes_or_no() -> None:
    assert keyed(FACTS["legal_person"], "yes") == (True, None)
    assert keyed(FACTS["legal_person"], "no") == (False, None)
    assert keyed(FACTS["legal_person"], "true") == (True, None)
    assert keyed(FACTS["legal_person"], "maybe") == (None, "not_yes_no")
    assert keyed(FACTS["sector"], "service") == ("service", None)
    assert keyed(FACTS["sector"], "服务业项目") == (None, "not_a_choice")
