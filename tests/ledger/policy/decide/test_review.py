"""What a reviewer sets is within the ceiling, to the fen: A4, A8 and A13 of the articles."""

from typing import Any

import pytest

from ledger.policy.decide.engine import decide
from ledger.policy.decide.review import approval
from ledger.policy.decide.tree import Decision
from ledger.policy.text.published import load

DRAFT = load("yinchuan-2024-draft")


def on(clause: str, **facts: Any) -> Decision:
    return decide(DRAFT, clause, {"subject_kind": "park"} | facts)


REVENUE = on(
    "04-1", newly_introduced=True, first_full_tax_year_reached=True,
    annual_revenue_fen=300_000_000_000,
)  # fmt: skip


@pytest.mark.parametrize(
    ("decision", "fen"),
    [
        (on("13-1", accepted=True), 480_000_000),
        (on("13-5", accepted=True), 500_000_000),
        (on("08-1", platform=True), 85_000_000),
        (REVENUE, 500_000_000),
        (REVENUE, 0),
    ],
)
def test_within(decision: Decision, fen: int) -> None:
    assert approval(decision, fen) == []


@pytest.mark.parametrize(
    ("decision", "fen", "code"),
    [
        (on("13-1", accepted=True), 500_000_001, "above_ceiling"),
        (on("13-2", accepted=True), 300_000_001, "above_ceiling"),
        (on("08-1", platform=True), 100_000_001, "above_ceiling"),
        (REVENUE, 500_000_001, "above_ceiling"),
        (REVENUE, -1, "negative_approval"),
        (on("13-1", accepted=False), 1, "no_ceiling"),
        (on("09-3", landed_in_city=True, exceptionally_major=True), 1, "no_ceiling"),
        (on("08-2", supplier=True, annual_trade_fen=100), 1, "no_ceiling"),
        (on("15-0"), 1, "no_ceiling"),
        (on("08-1", platform=1), 1, "no_ceiling"),
    ],
)
def test_refused(decision: Decision, fen: int, code: str) -> None:
    assert [(f.where, f.code) for f in approval(decision, fen)] == [("approved_fen", code)]
