"""A rate that depends on facts: the highest that applies, or the first, and why."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.policy.analysis.boundaries import prove
from ledger.policy.analysis.reference import Outcome, expected
from ledger.policy.decide.changes import changes
from ledger.policy.decide.engine import decide
from ledger.policy.decide.explain import explain
from ledger.policy.decide.record import record
from ledger.policy.decide.tree import ChosenRate, Decision
from ledger.policy.text import file
from ledger.policy.text.published import digest
from tests.support.invented_policy import RATES, rated, source

POLICY = rated()
PLAIN: dict[str, Any] = {
    "registered": True, "startup": False, "staff": 60, "programme": "none", "facility": False,
    "compute_cost_fen": 1000, "paid_before_fen": 0,
}  # fmt: skip


def on(clause: str = "09-1", **facts: Any) -> Decision:
    expected = PLAIN | facts
    if clause == "14-1":
        expected = {n: v for n, v in expected.items() if n not in ("staff", "programme")}
    return decide(POLICY, clause, {name: v for name, v in expected.items() if v is not None})


def rate_of(decision: Decision) -> ChosenRate:
    assert decision.proof
    assert decision.proof.rate
    return decision.proof.rate


@pytest.mark.parametrize(
    ("facts", "amount", "words"),
    [
        ({}, 200, "按算力费用的1/5补贴"),
        ({"startup": True}, 200, "按算力费用的1/5补贴"),
        ({"startup": True, "staff": 50}, 200, "按算力费用的1/5补贴"),
        ({"startup": True, "staff": 49}, 300, "员工不足50人的初创企业按3/10"),
        ({"programme": "national"}, 500, "国家级项目按1/2"),
        ({"startup": True, "staff": 49, "programme": "national"}, 500, "国家级项目按1/2"),
        ({"facility": True}, 200, "按算力费用的1/5补贴"),  # lower than the clause's own
    ],
)
def test_the_highest_that_applies(facts: dict[str, Any], amount: int, words: str) -> None:
    decision = on(**facts)
    assert (decision.amount_fen, rate_of(decision).words) == (amount, words)


@pytest.mark.parametrize(
    ("facts", "amount"),
    [
        ({}, 200),
        ({"facility": True}, 100),
        ({"startup": True}, 300),
        ({"facility": True, "startup": True}, 100),
        ({"facility": True, "startup": None}, 100),  # whatever follows the first
    ],
)
def test_the_first_that_applies(facts: dict[str, Any], amount: int) -> None:
    assert on("14-1", **facts).amount_fen == amount


def test_a_fact_on_which_the_rate_depends_is_asked_for() -> None:
    assert on(programme=None).missing == ("programme",)
    assert on(staff=None).result == "eligible"  # no start-up, however small
    assert on(staff=None, startup=True).missing == ("staff",)
    assert on("14-1", facility=None, startup=True).missing == ("facility",)
    assert on(programme="candidate").result == "judgement"


def test_the_rate_and_its_reason_stand_in_the_explanation_and_the_record() -> None:
    decision = on(programme="national")
    sums = {line.step.kind: line for line in explain(POLICY, decision).sums}
    assert (str(sums["rate"].step.by), sums["rate"].words) == ("1/2", "国家级项目按1/2")
    (full,) = changes(POLICY, decision)
    assert full.to == 200_000_000 - 1  # half a fen below the cap is rounded up to it
    kept, plain = record(POLICY, decision), record(POLICY, on())
    assert kept
    assert plain
    assert kept.proof["rate"] == {"case": 1, "words": "国家级项目按1/2"}
    assert "rate" not in plain.proof


@given(
    clause=st.sampled_from(["09-1", "14-1"]),
    facts=st.fixed_dictionaries(
        {
            "registered": st.booleans(),
            "startup": st.booleans(),
            "staff": st.integers(48, 52),
            "programme": st.sampled_from(["national", "regional", "candidate", "none"]),
            "facility": st.booleans(),
            "compute_cost_fen": st.integers(0, 10**9),
            "paid_before_fen": st.integers(0, 10**8),
        }
    ),
)
def test_as_an_independent_computation_says(clause: str, facts: dict[str, Any]) -> None:
    definition = POLICY.clause(clause)
    assert definition
    decision = on(clause, **facts)
    outcome = Outcome(decision.amount_fen, decision.ceiling_fen, decision.posts)
    assert (decision.result, outcome) == expected(POLICY, definition, facts)


@pytest.mark.parametrize("clause", ["09-1", "14-1"])
def test_every_boundary_of_a_rate_is_tried_and_holds(clause: str) -> None:
    definition = POLICY.clause(clause)
    assert definition
    proof = prove(POLICY, definition)
    assert proof.holds
    conditions = {condition.fact for condition in definition.amount.rate_conditions}
    assert conditions <= {edge.fact for edge in proof.edges}


@pytest.mark.parametrize(
    ("old", "new", "where", "code"),
    [
        ("combine: highest", "combine: lowest", "rates.combine", "bad_choice"),
        ("rate: 1/2", "rate: 3/2", "cases[1].rate", "bad_rate"),
        ("rate: 1/2", "rate: 0.50元", "cases[1].rate", "bad_rate"),
        ("words: 国家级项目按1/2", "words: 国家级", "", ""),
        ("words: 国家级项目按1/2", "words: 省级按1/2", "cases[1].words", "not_in_text"),
        ("{fact: facility,", "{fact: factory,", "require[0].fact", "unknown_fact"),
        ("value: 50, bound", "value: 50元, bound", "require[1].value", "bad_threshold"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(
    old: str, new: str, where: str, code: str
) -> None:
    policy, findings = file.read(RATES.replace(old, new, 1), source)
    if not code:
        assert policy
        return
    assert policy is None
    assert any(where in f.where and f.code == code for f in findings), findings


def test_the_rates_are_binding_terms() -> None:
    for old, new in (("rate: 1/2", "rate: 2/5"), ("combine: highest", "combine: first")):
        policy, _ = file.read(RATES.replace(old, new, 1), source)
        assert policy
        clause, new_clause = POLICY.clause("09-1"), policy.clause("09-1")
        assert clause
        assert new_clause
        assert digest(policy, new_clause) != digest(POLICY, clause)
