"""A new policy needs no code: another text, other facts, clauses of every formula kind."""

from typing import Any

import pytest

from ledger.policy.decide.changes import changes
from ledger.policy.decide.engine import decide
from ledger.policy.decide.tree import Decision
from ledger.policy.text import quotations
from ledger.policy.text.published import digest
from tests.support.invented_policy import LAW, harbour

HARBOUR = harbour()
HERE = {"registered": True}


def on(clause: str, **facts: Any) -> Decision:
    return decide(HARBOUR, clause, HERE | facts)


@pytest.mark.parametrize(
    ("robots", "sales", "paid", "amount"),
    [
        (101, 299, 0, 0),  # 99 fen and two thirds: whole yuan, rounded down
        (101, 300, 0, 100),
        (101, 30_000_000, 0, 10_000_000),
        (101, 29_999_999, 0, 9_999_900),
        (101, 90_000_000, 0, 10_000_000),
        (101, 90_000_000, 1, 0),  # paid once already
        (101, 300, 200, -100),
    ],
)
def test_a_rate_rounded_down_to_whole_yuan(robots: int, sales: int, paid: int, amount: int) -> None:
    decision = on("02-1", robots=robots, sales_fen=sales, paid_fen=paid)
    assert (decision.result, decision.amount_fen) == ("eligible", amount)


def test_a_threshold_that_is_not_enough_itself() -> None:
    assert on("02-1", robots=100, sales_fen=300, paid_fen=0).result == "ineligible"
    (change,) = changes(HARBOUR, on("02-1", robots=100, sales_fen=300, paid_fen=0))
    assert (change.to, change.distance) == (101, 1)
    assert change.then
    assert change.then.amount_fen == 100


@pytest.mark.parametrize(
    ("exports", "paid", "ceiling"),
    [
        (10_000_000, 0, 1_000_000), (49_999_999, 0, 1_000_000), (50_000_000, 0, 3_000_000),
        (50_000_000, 1_000_000, 2_000_000), (10_000_000, 3_000_000, 0),
    ],
)  # fmt: skip
def test_bands_of_ceilings_less_what_was_paid(exports: int, paid: int, ceiling: int) -> None:
    decision = on("03-1", exports_fen=exports, paid_fen=paid)
    assert (decision.result, decision.ceiling_fen) == ("eligible", ceiling)
    assert on("03-1", exports_fen=9_999_999, paid_fen=0).result == "ineligible"


@pytest.mark.parametrize(
    ("reading", "research", "amount"),
    [
        ("accumulate", 100_000_000, None), ("accumulate", 100_000_001, 2_000_000),
        ("accumulate", 200_000_000, 2_000_000), ("accumulate", 200_000_001, 7_000_000),
        ("once", 200_000_001, 5_000_000), ("top", 200_000_000, 5_000_000),
    ],
)  # fmt: skip
def test_a_ladder_under_each_reading(reading: str, research: int, amount: int | None) -> None:
    facts: dict[str, Any] = HERE | {"research_fen": research, "paid_fen": 0}
    if reading == "top":
        assert decide(harbour({"Q4-1": reading}), "04-1", facts).missing == ("works",)
        facts |= {"works": "candidate"}
    assert decide(harbour({"Q4-1": reading}), "04-1", facts).amount_fen == amount


def test_a_reading_that_is_only_tried_is_nobodys_decision() -> None:
    policy, clause = harbour({"Q4-1": "once"}), HARBOUR.clause("04-1")
    other_clause = policy.clause("04-1")
    assert clause
    assert other_clause
    assert (HARBOUR.is_complete(clause), policy.is_complete(other_clause)) == (True, False)
    assert digest(HARBOUR, clause) != digest(policy, other_clause)
    assert HARBOUR.clause("02-1") == policy.clause("02-1")


def test_a_ceiling_no_higher_than_another_sum() -> None:
    facts: dict[str, Any] = {"works": "model", "gross_fen": 9_000_000, "wear_fen": 500_000}
    assert on("05-1", **facts).ceiling_fen == 8_000_000
    assert on("05-1", **facts | {"wear_fen": 2_000_000}).ceiling_fen == 7_000_000
    assert on("05-1", **facts | {"works": "candidate"}).result == "judgement"
    assert on("05-1", **facts | {"wear_fen": 9_000_001}).errors[0].code == "impossible"


@pytest.mark.parametrize(("staff", "posts"), [(20, 2), (49, 4), (50, 5), (52, 6), (100, 30)])
def test_a_marginal_quota(staff: int, posts: int) -> None:
    assert on("06-1", staff=staff).posts == posts
    assert on("06-1", staff=19).result == "ineligible"


def test_what_is_agreed_and_what_is_merely_told() -> None:
    assert on("07-1", major=True).result == "judgement"
    assert on("07-1", major=False).result == "ineligible"
    assert on("07-1").missing == ("major",)
    assert on("07-2").result == "eligible"


@pytest.mark.parametrize(
    ("coal", "result", "amount"),
    [("1.5", "eligible", 400), ("1.500000000001", "ineligible", None), ("0", "eligible", 400)],
)
def test_a_ratio_with_its_bound_included(coal: str, result: str, amount: int | None) -> None:
    decision = on("07-3", waste_t="3", coal_t=coal)
    assert (decision.result, decision.amount_fen) == (result, amount)


def test_its_quotations_are_to_the_letter_and_whole() -> None:
    assert list(quotations.find_misquotations(HARBOUR.citations(), LAW)) == []
    assert list(quotations.find_uncited(HARBOUR, LAW)) == []
