import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.formats.capital_amounts import from_words, in_words
from ledger.units import FEN_MAX

# 《支付结算办法》附一, and what 数电票 print.
OFFICIAL = [
    (140_950, "壹仟肆佰零玖元伍角"),
    (600_714, "陆仟零柒元壹角肆分"),
    (168_032, "壹仟陆佰捌拾元零叁角贰分"),
    (10_700_053, "壹拾万柒仟元零伍角叁分"),
    (1_640_902, "壹万陆仟肆佰零玖元零贰分"),
    (32_504, "叁佰贰拾伍元零肆分"),
    (444_900, "肆仟肆佰肆拾玖元整"),
    (1_000, "壹拾元整"),
    (5, "伍分"),
    (0, "零元整"),
    (10_000_700_000, "壹亿零柒仟元整"),
    (FEN_MAX, "壹拾万亿元整"),
    (-50_000, "（负数）伍佰元整"),
]


@pytest.mark.parametrize(("fen", "words"), OFFICIAL)
def test_both_ways(fen: int, words: str) -> None:
    assert in_words(fen) == words
    assert from_words(words) == fen


@pytest.mark.parametrize(
    ("words", "fen"),
    [
        ("壹拾万零柒仟元伍角叁分", 10_700_053),  # the other official form
        ("壹仟陆佰捌拾元叁角贰分", 168_032),
        ("肆仟肆佰肆拾玖圆整", 444_900),
        ("伍佰元正", 50_000),
        ("(负数)伍佰圆整", -50_000),
        ("⊗人民币 壹佰元整", 10_000),
        ("零元零伍分", 5),
        ("壹元伍角整", 150),
    ],
)
def test_what_invoices_print_is_read(words: str, fen: int) -> None:
    assert from_words(words) == fen


@pytest.mark.parametrize(
    "words",
    [
        *(
            "",
            "整",
            "元整",
            "负",
            "壹",
            "壹元零",
            "壹拾",
            "壹仟零伍",
            "12.00",
            "十元整",
            "一百元整",
        ),
        *("壹仟伍元整", "壹亿柒仟元整", "壹拾万伍元整"),  # a 零 that must stand there
        *(
            "壹零零元整",
            "壹佰佰元整",
            "壹万万元整",
            "壹亿亿元整",
            "伍角壹元",
            "伍分伍角",
            "壹元壹元",
        ),
        *("壹佰万亿元整", "壹元整整", "万元整", "佰元整", "壹元拾角", "零零元整", "元伍角"),
        "亿" * 61,
    ],
)
def test_what_is_no_amount_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        from_words(words)


@given(st.integers(-FEN_MAX, FEN_MAX))
def test_what_is_written_is_read_back(fen: int) -> None:
    assert from_words(in_words(fen)) == fen


@given(st.lists(st.sampled_from("000012"), min_size=1, max_size=15).map("".join).map(int))
def test_many_zeros_are_read_back(fen: int) -> None:
    words = in_words(fen)
    assert from_words(words) == fen
    assert "零零" not in words


@given(st.text("零壹贰玖拾佰仟万亿元角分整", max_size=12))
def test_no_two_amounts_share_their_words(words: str) -> None:
    try:
        fen = from_words(words)
    except ValueError:
        return
    assert in_words(fen).replace("零", "").removesuffix("整").removesuffix("元") == words.replace(
        "零", ""
    ).removesuffix("整").removesuffix("元")


def test_more_than_the_books_hold_is_refused() -> None:
    with pytest.raises(ValueError, match=str(FEN_MAX + 1)):
        in_words(FEN_MAX + 1)
