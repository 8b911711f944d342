"""A round that shares one sum: A6 of the articles, and that no fen is ever lost or made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import Conflict, Refused
from ledger.policy.decide.pools import Application, select, settle
from ledger.policy.text.published import load

DRAFT = load("yinchuan-2024-draft")
POOL = DRAFT.pools["06"]
FOUR = [
    Application("A", "a", 1_000_000_000, 1),
    Application("B", "b", 600_000_000, 2),
    Application("C", "c", 800_000_000, 3),
    Application("D", "d", 20_000_000, 4),
]


def paid(applications: list[Application], **terms: object) -> list[int]:
    return [s.paid_fen for s in settle(POOL.model_copy(update=terms), applications)]


def test_in_proportion() -> None:
    assert paid(FOUR) == [826_446_281, 495_867_768, 661_157_025, 16_528_926]
    assert sum(paid(FOUR)) == POOL.fen == 2_000_000_000


def test_three_equal_claims_and_the_fen_left_over() -> None:
    three = [Application(n, n, 1_000_000_000) for n in ("A-10", "A-2", "A-1")]
    assert paid(three) == [666_666_666, 666_666_667, 666_666_667]


def test_in_the_order_in_which_they_came_or_were_ranked() -> None:
    assert paid(FOUR, rule="first_come") == [1_000_000_000, 600_000_000, 400_000_000, 0]
    applications = [application._replace(order=5 - application.order) for application in FOUR]
    assert paid(applications, rule="ranked") == [580_000_000, 600_000_000, 800_000_000, 20_000_000]


@pytest.mark.parametrize("rule", ["pro_rata", "first_come", "ranked"])
def test_where_there_is_enough_all_are_paid_in_full(rule: str) -> None:
    assert paid(FOUR[1:], rule=rule) == [600_000_000, 800_000_000, 20_000_000]


def test_one_bound_for_an_applicant_of_both_branches() -> None:
    pool = load("yinchuan-2024-draft", {"Q6-5": "one"}).pools["06"]
    both = [Application("1", "x", 700_000_000), Application("2", "x", 700_000_000)]
    assert [s.paid_fen for s in settle(pool, both)] == [700_000_000, 300_000_000]
    assert paid(both) == [700_000_000, 700_000_000]


def test_a_recovery_neither_takes_nor_fills() -> None:
    assert paid([*FOUR, Application("E", "e", -5)])[-1] == -5
    assert sum(paid([*FOUR, Application("E", "e", -5)])[:-1]) == POOL.fen


def test_a_number_that_is_there_twice() -> None:
    with pytest.raises(Conflict, match="application_twice: number=A"):
        settle(POOL, [FOUR[0], FOUR[0]])


@given(
    sums=st.lists(st.integers(0, 10**12), max_size=40),
    rule=st.sampled_from(["pro_rata", "first_come", "ranked"]),
)
def test_no_fen_is_lost_and_nobody_gets_more_than_asked(sums: list[int], rule: str) -> None:
    round_ = [Application(str(i), str(i), fen, i) for i, fen in enumerate(sums)]
    shares = settle(POOL.model_copy(update={"rule": rule}), round_)
    assert sum(s.paid_fen for s in shares) == min(sum(sums), POOL.fen)
    assert all(0 <= s.paid_fen <= s.asked_fen for s in shares)
    if rule == "pro_rata":
        again = settle(POOL, round_[::-1])
        assert set(again) == set(shares), "the order in which they are given does not matter"


def test_the_21st_scenario_is_refused() -> None:
    clause = DRAFT.clause("10-1")
    assert clause
    assert clause.selection
    listed: tuple[str, ...] = ()
    for i in range(20):
        listed = select(clause.selection, listed, f"S-{i}")
    with pytest.raises(Conflict, match="selected_already"):
        select(clause.selection, listed, "S-3")
    with pytest.raises(Refused, match="selection_full"):
        select(clause.selection, listed, "S-20")
