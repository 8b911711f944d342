"""What would change a decision: the distance to a threshold, and what lies behind it."""

from fractions import Fraction
from typing import Any

import pytest

from ledger.policy.decide.changes import Change, changes, decimal_text, full_at
from ledger.policy.decide.engine import decide
from ledger.policy.text.clauses import Rounding
from ledger.policy.text.published import load

DRAFT = load("yinchuan-2024-draft")
FIRM = {"subject_kind": "enterprise", "legal_person": True}
PLANT = FIRM | {
    "newly_introduced": True, "sector": "industrial", "in_production": True,
    "intensity_fen_per_mu": 300_000_000, "investment_24m_fen": 49_999_999_999,
    "land_cost_fen": 0, "government_plant_fen": 0,
}  # fmt: skip


def changes_of(clause: str, facts: dict[str, Any]) -> tuple[Change, ...]:
    return changes(DRAFT, decide(DRAFT, clause, facts))


def test_one_fen_more() -> None:
    (change,) = changes_of("03-1", PLANT)
    assert (change.fact, change.to, change.distance) == ("net_investment_24m", 50_000_000_000, 1)
    assert change.then
    assert (change.then.result, change.then.amount_fen) == ("eligible", 1_000_000_000)


def test_land_moves_the_gross_sum_that_is_wanted() -> None:
    (change,) = changes_of(
        "03-1", PLANT | {"investment_24m_fen": 52_000_000_000, "land_cost_fen": 3_000_000_000}
    )
    assert change.distance == 1_000_000_000
    assert change.then
    assert change.then.result == "eligible"


def test_each_of_several_alone_is_not_enough() -> None:
    two = changes_of("03-1", PLANT | {"sector": "service"})
    assert [c.fact for c in two] == ["sector", "net_investment_24m"]
    assert two[0].to == ("industrial",)
    assert [c.then and c.then.result for c in two] == ["ineligible", "ineligible"]


def test_yes_and_decimals_and_a_ratio() -> None:
    (yes,) = changes_of("08-1", FIRM | {"platform": False})
    assert (yes.to, yes.distance) == (True, None)
    assert yes.then
    assert yes.then.ceiling_fen == 100_000_000
    (scale,) = changes_of("02-1", FIRM | {"centre_kind": "intelligent", "pflops_fp16": "99.99"})
    assert (scale.to, scale.distance) == (100, Fraction(1, 100))
    assert scale.then
    assert scale.then.result == "eligible"
    site = FIRM | {"infrastructure": True, "it_kwh": "10", "facility_kwh": "13"}
    (pue,) = changes_of("05-1", site)
    assert (pue.fact, pue.distance, pue.then) == ("pue", Fraction(-1, 10), None)
    (change,) = changes_of("05-1", site | {"it_kwh": "0"})
    assert change.distance is None


def test_where_the_award_grows_and_where_it_stops() -> None:
    (cap,) = changes_of("03-1", PLANT | {"investment_24m_fen": 50_000_000_000})
    assert (cap.kind, cap.to) == ("cap", 249_999_999_975)
    assert cap.then
    assert cap.then.amount_fen == 5_000_000_000
    (seats,) = changes_of("07-1", FIRM | {"business": "training", "seats": 499})
    assert (seats.kind, seats.to, seats.distance) == ("band", 500, 1)
    assert seats.then
    assert seats.then.posts == 200
    assert changes_of("07-1", FIRM | {"business": "training", "seats": 500}) == ()
    assert changes_of("08-2", FIRM | {"supplier": True, "annual_trade_fen": 10**9}) == ()


@pytest.mark.parametrize(
    ("clause", "base"),
    [("09-1", 1_666_666_665), ("14-1", 666_666_665), ("10-1", 249_999_998), ("08-2", 299_999_995)],
)
def test_the_base_at_which_a_cap_is_first_reached(clause: str, base: int) -> None:
    amount = next(c.amount for c in DRAFT.clauses if c.id == clause)
    assert amount.rate
    assert amount.cap
    assert full_at(amount.rate, amount.cap.fen, DRAFT.rounding) == base


def test_the_same_in_whole_yuan_without_rounding_up() -> None:
    down = Rounding.model_validate({"unit": "yuan", "mode": "down"})
    assert full_at(Fraction(1, 3), 10_000, down) == 30_000
    up = Rounding.model_validate({"unit": "yuan", "mode": "half_up"})
    assert full_at(Fraction(1, 3), 10_000, up) == 29_850


def test_nothing_changes_what_is_wrong_or_missing() -> None:
    assert changes_of("08-1", {"platform": 1}) == ()
    assert changes_of("08-1", {}) == ()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(1, 100), "0.01"),
        (Fraction(-3, 2), "-1.5"),
        (Fraction(7), "7"),
        (Fraction(1, 3), None),
    ],
)
def test_decimals(value: Fraction, text: str | None) -> None:
    assert decimal_text(value) == text
