"""The rules of good books find what is broken, and say it."""

from dataclasses import replace

from ledger.accounts.rules.invariants import (
    budget_broken,
    cap_broken,
    cash_broken,
    cost_broken,
    earned_broken,
    floors_broken,
    provisional_broken,
    sum_broken,
)
from ledger.accounts.rules.oracle import BUDGET_ROLES, COST_ROLES, ROLES, rights_floors
from ledger.accounts.rules.targets import Rights, Target

CAP = 500_000_000
GOOD = Rights(
    **dict.fromkeys(ROLES, 0)
    | {"clause": -CAP, "available": CAP - 30, "accrued": 10, "sent": 5, "paid": 15}
)
AIM = Target(uncapped_fen=30, earned_fen=20, provisional_fen=30, cut_fen=0)
BUDGET = dict.fromkeys(BUDGET_ROLES, 0) | {
    "appropriation": -50, "free": 30, "committed": 5, "spent": 15,
}  # fmt: skip
COST = dict.fromkeys(COST_ROLES, 0) | {"metered": -90, "invoiced": 75, "R07": -5, "R17": 20}


def test_good_books_break_nothing() -> None:
    assert floors_broken(vars(GOOD), rights_floors(CAP)) == []
    assert sum_broken(vars(GOOD)) == sum_broken(BUDGET) == sum_broken(COST) == []
    assert cap_broken(GOOD, CAP) == []
    assert cash_broken(GOOD, 15, CAP) == []
    assert earned_broken(GOOD, AIM) == []
    assert provisional_broken(GOOD, AIM) == []
    assert budget_broken([GOOD], [BUDGET]) == []
    assert cost_broken(COST, 90, 75, {"R07": 5, "R17": -20}) == []


def test_a_balance_below_its_floor() -> None:
    floors = rights_floors(CAP)
    broken = floors_broken(vars(replace(GOOD, accrued=-1)), floors)
    assert broken == ["accrued is -1, below its floor 0"]
    broken = floors_broken(vars(GOOD), rights_floors(CAP - 1))
    assert broken == [f"clause is -{CAP}, below its floor -{CAP - 1}"]


def test_money_from_nowhere() -> None:
    assert sum_broken(vars(replace(GOOD, lapsed=1))) == ["the accounts add up to 1, not to nothing"]
    assert sum_broken(BUDGET | {"free": 29}) == ["the accounts add up to -1, not to nothing"]


def test_a_promise_that_is_not_the_cap() -> None:
    assert cap_broken(GOOD, CAP + 1) == [f"{CAP} are promised, the cap is {CAP + 1}"]


def test_cash_that_is_not_in_the_books_or_beyond_the_cap() -> None:
    assert cash_broken(GOOD, 14, CAP) == ["14 left the bank, 15 are paid or recoverable"]
    assert cash_broken(GOOD, 15, 14) == ["15 are paid or recoverable, the cap is 14"]


def test_more_or_less_than_is_earned() -> None:
    assert earned_broken(GOOD, replace(AIM, earned_fen=19)) == [
        "20 are paid, sent or payable, 19 are earned"
    ]
    assert earned_broken(replace(GOOD, payable=1), AIM) == [
        "21 are paid, sent or payable, 20 are earned"
    ]


def test_what_is_on_its_way_may_be_more_than_is_earned() -> None:
    late = replace(AIM, earned_fen=4, provisional_fen=14)
    assert earned_broken(replace(GOOD, paid=0, recoverable=15), late) == []
    assert earned_broken(GOOD, late) == ["20 are paid, sent or payable, 5 are earned"]


def test_the_provisional_part() -> None:
    assert provisional_broken(GOOD, replace(AIM, provisional_fen=29)) == [
        "10 are accrued, 9 should be"
    ]
    beyond = replace(AIM, provisional_fen=99)
    assert provisional_broken(GOOD, beyond) == ["10 are accrued, 79 should be"]
    assert provisional_broken(replace(GOOD, available=0), beyond) == []


def test_a_payout_that_is_not_in_the_budget() -> None:
    assert budget_broken([GOOD, GOOD], [BUDGET]) == [
        "10 are sent, 5 are committed",
        "30 are paid or recoverable, 15 are spent",
    ]


def test_a_closed_month_that_is_not_clear() -> None:
    open_ = COST | {"clearing": 20, "R17": 0}
    assert cost_broken(open_, 90, 75, {"R07": 5, "R17": -20}) == [
        "clearing is 20, not 0",
        "R17 is 0, not 20",
    ]
    assert cost_broken(COST, 91, 75, {"R07": 5, "R17": -20}) == ["metered is -90, not -91"]
