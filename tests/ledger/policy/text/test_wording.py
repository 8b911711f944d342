"""What the words of the text say of a bound, and which figures they name."""

from fractions import Fraction

import pytest

from ledger.policy.text.wording import bound_words, figures, says


@pytest.mark.parametrize(
    ("words", "bounds_found", "sentence"),
    [
        ("智能算力规模100P（含）以上", ("（含）以上",), "included"),
        ("坐席规模达到50、100、500席（均含）以上", ("达到", "（均含）以上"), "included"),
        ("达到2000万元及以上", ("达到", "及以上"), "included"),
        ("参数量不低于百亿", ("不低于",), "included"),
        ("PUE值低于1.2", ("低于",), "excluded"),
        ("最高不超过50万元", ("不超过",), "included"),
        ("超过100台", ("超过",), "excluded"),
        ("不足100万元", ("不足",), "excluded"),
        ("超过5台不超过9台", ("超过", "不超过"), None),
        ("5000万元", (), None),
    ],
)
def test_bounds(words: str, bounds_found: tuple[str, ...], sentence: str | None) -> None:
    assert (bound_words(words), says(words)) == (bounds_found, sentence)


@pytest.mark.parametrize(
    ("words", "fractions"),
    [
        ("达到5亿元（含）以上", {5 * 10**8}),
        ("固定资产投资强度达到300万元/亩", {3_000_000}),
        ("参数量不低于百亿", {10**10}),
        ("三千万元、两亿元", {30_000_000, 200_000_000}),
        ("0.5%", {Fraction(5, 1000)}),
        ("给予0.12元/度的电费补贴", {Fraction(12, 100)}),
        ("销售额的1/3", {Fraction(1, 3)}),
        ("50、100、500席", {50, 100, 500}),
        ("1,234.5元", {Fraction(12345, 10)}),
        ("符合条件的", set()),
    ],
)
def test_figures(words: str, fractions: set[Fraction]) -> None:
    assert figures(words) == fractions
