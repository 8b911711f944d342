"""Texts of files that name something: with nothing in them that is not seen."""

import pytest

from ledger.formats.visible import is_seen, is_visible

HIDDEN = [
    *("\u200b", "\u202e", "\u2066", "\u061c", "\u200f", "\ufeff", "\u00ad", "\u2800", "\u3164"),
    *("\ufe00", "\ufe0f", "\U000e0100", "\u034f", "\u115f", "\u17b4", "\uffa0", "\t", "\n"),
]


@pytest.mark.parametrize("hidden", HIDDEN)
def test_what_is_not_seen_is_found_anywhere_in_a_text(hidden: str) -> None:
    for text in (f"{hidden}HT-1", f"HT{hidden}-1", f"HT-1{hidden}"):
        assert not is_visible(text)
        assert not is_seen(text)


@pytest.mark.parametrize("text", ["HT-1", "宁财建〔2026〕1号", "银川 智算（一期）", "Ａ－1"])
def test_what_is_seen_may_be_written(text: str) -> None:
    assert is_seen(text)
