"""What lists and the bank's rows do, as pure functions."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.accounts.rules.oracle import LEGAL_MOVES
from ledger.formats.digest import digest
from ledger.payment.codes import LineResult
from ledger.payment.rules.payment_list import (
    BankRow,
    EarlierRows,
    LineState,
    Payout,
    answer_moves,
    cover,
    list_content,
    listed,
    outcome,
    refund_moves,
    sort_rows,
    split,
)

DAY = date(2026, 11, 23)


def payout(line: int, fen: int, account: str = "6222") -> Payout:
    return Payout(line, f"c{line}", "甲公司", "91", "银行", "313871000007", account, fen)


def test_a_list_says_its_sum_in_words_and_its_digest_covers_every_line() -> None:
    fields = list_content("ZF-2026-0001", "Z1", 2026, [payout(1, 10_700_053), payout(2, 1)])
    assert (fields["total_fen"], fields["words"]) == (10_700_054, "壹拾万柒仟元零伍角肆分")
    changed_fields = list_content(
        "ZF-2026-0001", "Z1", 2026, [payout(1, 10_700_053), payout(2, 1, "7")]
    )
    assert digest(fields) != digest(changed_fields)


@pytest.mark.parametrize(
    ("dues", "free", "by_due"),
    [
        ([], {"a": 5}, []),
        ([3, 2], {"a": 5}, ["a", "a"]),
        ([3, 3, 2], {"a": 5}, ["a", None, None]),  # nobody is overtaken
        ([3, 3, 2], {"a": 5, "b": 3}, ["a", "b", "a"]),
        ([6], {"a": 5, "b": 3}, [None]),  # no payout is split between two indicators
        ([1], {}, [None]),
    ],
)
def test_who_is_covered(dues: list[int], free: dict[str, int], by_due: list[str | None]) -> None:
    expected = [{by: due} if by else None for due, by in zip(dues, by_due, strict=True)]
    assert cover([[{name: due} for name in free] for due in dues], free) == expected


def test_who_shares_covers_a_payable_together_or_not_at_all() -> None:
    city, district = {"a": 7, "b": 3}, {"a": 14, "b": 6}
    assert cover([[city], [district]], {"a": 21, "b": 9}) == [city, district]
    assert cover([[city], [district], [city]], {"a": 99, "b": 8}) == [city, None, None]
    assert cover([[{"c": 10}, city], [{"c": 10}, city]], {"a": 7, "b": 3, "c": 10}) == [
        {"c": 10}, city,
    ]  # fmt: skip
    assert cover([[{}]], {"a": 99}) == [None]


@given(st.lists(st.integers(1, 50)), st.dictionaries(st.sampled_from("abc"), st.integers(-5, 100)))
def test_no_indicator_covers_more_than_it_has(dues: list[int], free: dict[str, int]) -> None:
    covers = cover([[{name: due} for name in free] for due in dues], free)
    for name, fen in free.items():
        assert sum((parts or {}).get(name, 0) for parts in covers) <= max(fen, 0)


@given(st.integers(1, 100), st.dictionaries(st.sampled_from("abc"), st.integers(-5, 60)))
def test_several_indicators_pay_one_payable_to_the_fen(due: int, free: dict[str, int]) -> None:
    parts = split(due, free)
    assert sum(parts.values()) == (due if sum(max(fen, 0) for fen in free.values()) >= due else 0)
    assert all(0 < fen <= free[name] for name, fen in parts.items())


def test_every_move_of_payment_is_a_legal_one() -> None:
    moves = [*listed(1), *answer_moves(LineResult.PAID, 1), *answer_moves(LineResult.RETURNED, 1)]
    for fraud in (False, True):
        for to_treasury in (False, True):
            moves += refund_moves(1, fraud=fraud, to_treasury=to_treasury)
    assert {(m.kind, m.from_role, m.to_role) for m in moves} <= LEGAL_MOVES


@pytest.mark.parametrize(
    ("state", "paid", "still_open", "by_due"),
    [
        ("listed", 10, 0, "pay"),
        ("listed", 4, 0, "bounce"),
        ("listed", 0, 0, "bounce"),
        ("listed", 4, 6, None),
        ("paid", 10, 0, None),
        ("paid", 4, 0, "bounce"),  # the bank took it back
        ("paid", 4, 6, "reopen"),  # it never paid
        ("approved", 10, 0, "pay"),  # it paid late
        ("approved", 4, 0, None),
        ("refused", 0, 0, None),
        ("refused", 10, 0, "pay"),
    ],
)
def test_what_becomes_of_a_claim(
    state: str, paid: int, still_open: int, by_due: str | None
) -> None:
    assert outcome(state, 10, paid, still_open) == by_due


rows = st.lists(
    st.tuples(st.sampled_from(LineResult), st.integers(1, 60), st.integers(0, 9)), max_size=8
)


@given(rows)
def test_a_line_is_never_settled_beyond_its_sum(results: list[tuple[LineResult, int, int]]) -> None:
    file = [
        BankRow(f"row {n}", f"r{reference}", "L", 1, result, fen, DAY, "")
        for n, (result, fen, reference) in enumerate(results)
    ]
    earlier = EarlierRows(frozenset({"r0"}))
    result, findings = sort_rows({("L", 1): LineState(DAY, 100)}, earlier, file, DAY)
    assert sum(row.fen for row in result.plain) <= 100
    assert {row.result for row in result.plain} <= {LineResult.PAID}
    references = [row.reference for row in result.plain]
    assert len(references) == len(set(references))
    assert "r0" not in references
    assert len(result.plain) + len(result.contrary) + len(findings) == len(file)
