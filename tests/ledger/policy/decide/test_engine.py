"""What the policy says about facts: article 1's gate, 09-1 and 14-1."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import NotFound
from ledger.policy.decide.engine import decide
from ledger.policy.decide.tree import Decision
from ledger.policy.text.published import digest, load, versions
from ledger.registry.rules.effective_dating import Span
from ledger.units import FEN_MAX

DRAFT, DRILL = load("yinchuan-2024-draft"), load("yinchuan-2024-drill")

MODEL: dict[str, Any] = {
    "subject_kind": "enterprise",
    "legal_person": True,
    "landed_in_city": True,
    "parameters": 10_000_000_000,
    "scenarios": 5,
    "compute_cost_fen": 1_000_000_000,
    "paid_before_fen": 0,
}
TEAM: dict[str, Any] = {
    "subject_kind": "talent",
    "legal_person": False,
    "talent_category": "academician",
    "compute_cost_fen": 100_000_000,
    "paid_before_fen": 0,
}
EXEMPT = ("research_institute", "talent", "park")
LEGAL = (
    "enterprise", "social_organisation", "private_nonprofit", "foundation", "public_institution",
)  # fmt: skip
REFUSED = ("branch", "sole_trader", "natural_person")


def on_model(**changes: Any) -> Decision:
    return decide(DRAFT, "09-1", MODEL | changes)


def without(facts: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name not in names}


def test_the_two_versions() -> None:
    assert versions() == ["yinchuan-2024-draft", "yinchuan-2024-drill"]
    with pytest.raises(NotFound, match="yinchuan-1999"):
        load("yinchuan-1999")


@pytest.mark.parametrize(
    ("clause", "cap_fen", "scope", "period"),
    [("09-1", 500_000_000, "model", "lifetime"), ("14-1", 200_000_000, "team", "once")],
)
def test_the_sums_of_the_text(clause: str, cap_fen: int, scope: str, period: str) -> None:
    for policy in (DRAFT, DRILL):
        found_clause = policy.clause(clause)
        assert found_clause
        assert found_clause.amount.cap
        assert found_clause.amount.rate == Fraction(30, 100)
        assert found_clause.amount.cap.fen == cap_fen
        assert (found_clause.amount.cap.scope, found_clause.amount.cap.period) == (scope, period)


def test_the_draft_may_simulate_but_not_pay_and_the_drill_goes_all_the_way() -> None:
    assert DRAFT.effective.span is None
    assert not DRAFT.drill
    assert DRILL.effective.span == Span(date(2017, 1, 1), None)
    assert DRILL.drill
    for clause in DRAFT.clauses:
        assert "Q1-1" in DRAFT.undecided_questions(clause)
        assert not DRAFT.is_complete(clause)
        assert DRILL.is_complete(clause)
        assert DRILL.clause(clause.id) == clause, "the drill changes no word of a clause"
        assert digest(DRAFT, clause) != digest(DRILL, clause), "but it is another promise"


def test_eligible() -> None:
    model, team = on_model(), decide(DRAFT, "14-1", TEAM)
    assert (model.result, model.amount_fen) == ("eligible", 300_000_000)
    assert (team.result, team.amount_fen) == ("eligible", 30_000_000)
    assert model[1:5] == team[1:5] == ((), (), (), ())


@pytest.mark.parametrize(
    ("changes", "result"),
    [
        ({"parameters": 9_999_999_999}, "ineligible"),
        ({"parameters": 10_000_000_001}, "eligible"),
        ({"scenarios": 4}, "ineligible"),
        ({"scenarios": 6}, "eligible"),
        ({"landed_in_city": False}, "ineligible"),
        ({"compute_cost_fen": 0}, "eligible"),
        ({"compute_cost_fen": 100, "paid_before_fen": 50_000_000}, "eligible"),  # a recovery
    ],
)
def test_thresholds_of_09_1(changes: dict[str, Any], result: str) -> None:
    assert on_model(**changes).result == result


@pytest.mark.parametrize(
    ("category", "result"),
    [
        ("academician", "eligible"),
        ("award_winner", "eligible"),
        ("national_plan", "eligible"),
        ("other_prize", "judgement"),
        ("none", "ineligible"),
    ],
)
def test_categories_of_14_1(category: str, result: str) -> None:
    assert decide(DRAFT, "14-1", TEAM | {"talent_category": category}).result == result


@pytest.mark.parametrize("kind", LEGAL + EXEMPT + REFUSED)
@pytest.mark.parametrize("legal_person", [True, False, None])
def test_the_gate_of_article_1(kind: str, legal_person: bool | None) -> None:
    decision = on_model(subject_kind=kind, legal_person=legal_person)
    if kind in REFUSED:
        assert decision.result == "ineligible"
    elif kind in EXEMPT or legal_person:
        assert decision.result == "eligible"
    else:
        assert decision.result == ("insufficient" if legal_person is None else "ineligible")
    assert all(judged.article == "第一条" for judged in decision.unmet)


def test_no_legal_person_of_unknown_kind_may_still_be_a_talent() -> None:
    facts = without(MODEL, "subject_kind") | {"legal_person": False}
    decision = decide(DRAFT, "09-1", facts)
    assert (decision.result, decision.missing) == ("insufficient", ("subject_kind",))


def test_the_unmet_condition_is_told_in_the_words_of_the_text() -> None:
    (unmet,) = on_model(scenarios=4).unmet
    assert unmet.requirement.words == "典型应用场景不少于5个"
    assert (unmet.value, unmet.requirement.value, unmet.article) == (4, 5, "第九条")


def test_what_a_person_must_judge_is_told() -> None:
    (condition,) = decide(DRAFT, "14-1", TEAM | {"talent_category": "other_prize"}).to_judge
    assert (condition.value, condition.article) == ("other_prize", "第十四条")
    assert "等" in condition.requirement.words


@pytest.mark.parametrize("name", MODEL)
@pytest.mark.parametrize("absent", [True, False])
def test_what_is_missing_is_named_and_never_zero(name: str, absent: bool) -> None:
    facts = without(MODEL, name) if absent else MODEL | {name: None}
    decision = decide(DRAFT, "09-1", facts)
    assert (decision.result, decision.missing) == ("insufficient", (name,))


def test_with_nothing_given_everything_is_missing() -> None:
    decision = decide(DRAFT, "14-1", {})
    assert decision.result == "insufficient"
    assert set(decision.missing) == set(TEAM)


@pytest.mark.parametrize(
    ("fact", "value", "code"),
    [
        ("colour", "red", "unknown_fact"),
        ("talent_category", "none", "unknown_fact"),  # a fact of another clause
        ("subject_kind", "company", "not_a_choice"),
        ("subject_kind", 1, "not_a_choice"),
        ("subject_kind", [], "not_a_choice"),
        ("legal_person", "true", "not_yes_no"),
        ("legal_person", 1, "not_yes_no"),
        ("parameters", 1e10, "not_a_count"),
        ("parameters", "10000000000", "not_a_count"),
        ("parameters", True, "not_a_count"),
        ("scenarios", -5, "negative"),
        ("compute_cost_fen", 10.0, "not_fen"),
        ("compute_cost_fen", "1000", "not_fen"),
        ("compute_cost_fen", False, "not_fen"),
        ("compute_cost_fen", -1, "negative"),
        ("paid_before_fen", -1, "negative"),
        ("compute_cost_fen", FEN_MAX + 1, "too_much"),
    ],
)
def test_wrong_facts_are_rejected_each_by_name(fact: str, value: object, code: str) -> None:
    decision = on_model(**{fact: value})
    assert decision.result == "rejected"
    assert [(error.where, error.code) for error in decision.errors] == [(fact, code)]


def test_all_wrong_facts_are_told_at_once() -> None:
    decision = on_model(scenarios=-1, parameters="many", colour="red")
    assert {error.where for error in decision.errors} == {"scenarios", "parameters", "colour"}


def test_an_unknown_clause_is_rejected() -> None:
    (error,) = decide(DRAFT, "99-9", MODEL).errors
    assert (error.where, error.code, error.params) == (
        "clause", "unknown_clause", (("name", "99-9"),),
    )  # fmt: skip


values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5),
    st.sampled_from([*LEGAL, *EXEMPT, *REFUSED, "academician", 5, 10**10]),
    st.lists(st.integers(), max_size=2),
)  # fmt: skip
names = st.sampled_from([*MODEL, *TEAM, "colour"])


@given(clause=st.sampled_from(["09-1", "14-1", "x"]), facts=st.dictionaries(names, values))
@settings(deadline=None)
def test_any_facts_get_an_answer_that_explains_itself(clause: str, facts: dict[str, Any]) -> None:
    decision = decide(DRAFT, clause, facts)
    fields = {
        "eligible": not decision.missing,
        "ineligible": decision.unmet,
        "insufficient": decision.missing,
        "judgement": decision.to_judge,
        "rejected": decision.errors,
    }
    assert fields[decision.result]


@given(hidden=st.sets(st.sampled_from(list(MODEL))))
@settings(deadline=None)
def test_a_known_failure_decides_whatever_else_is_missing(hidden: set[str]) -> None:
    facts = without(MODEL | {"scenarios": 4}, *(hidden - {"scenarios"}))
    assert decide(DRAFT, "09-1", facts).result == "ineligible"
    eligible = decide(DRAFT, "09-1", without(MODEL, *hidden))
    assert eligible.result == ("insufficient" if hidden else "eligible")
