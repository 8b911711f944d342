"""A decision laid out: facts beside their conditions, what they follow from, what it rests on."""

from datetime import date

from ledger.policy.decide.engine import decide
from ledger.policy.decide.explain import Explanation, explain
from ledger.policy.text.published import load
from tests.support.invented_policy import harbour

DRAFT, DRILL, HARBOUR = load("yinchuan-2024-draft"), load("yinchuan-2024-drill"), harbour()
CLAUSE = next(clause for clause in DRAFT.clauses if clause.id == "09-1")
GATE = {"subject_kind": "enterprise", "legal_person": True}


def laid_out(clause: str, **facts: object) -> Explanation:
    return explain(HARBOUR, decide(HARBOUR, clause, {"registered": True, **facts}))


def test_a_derived_fact_stands_beside_those_it_follows_from() -> None:
    facts = {**GATE, "investment_24m_fen": 5, "land_cost_fen": 3}
    explanation = explain(DRAFT, decide(DRAFT, "03-1", facts))
    line = next(line for line in explanation.lines if line.fact.name == "net_investment_24m")
    assert line.fact.evidence is None
    assert [(t.fact.name, t.value, t.less) for t in line.facts] == [
        ("investment_24m_fen", 5, False),
        ("land_cost_fen", 3, True),
        ("government_plant_fen", None, True),
    ]
    assert line.condition.state == "unmet"  # two fen at the very most
    assert line.condition.bound == 2


def test_a_condition_that_some_need_not_meet_stands_beside_who_they_are() -> None:
    explanation = explain(DRAFT, decide(DRAFT, "13-1", {"subject_kind": "park", "accepted": True}))
    line = next(line for line in explanation.lines if line.condition.state == "exempt")
    assert [(t.fact.name, t.value) for t in line.facts] == [("subject_kind", "park")]


def test_each_step_has_the_value_before_it_and_the_words_that_say_so() -> None:
    explanation = laid_out("02-1", robots=101, sales_fen=90_000_000, paid_fen=0)
    steps = [
        (step_line.step.kind, step_line.before, step_line.words) for step_line in explanation.sums
    ]
    assert steps == [
        ("base", 90_000_000, ""),
        ("rate", 90_000_000, "销售额的1/3"),
        ("round", 30_000_000, ""),
        ("cap", 30_000_000, "最高不超过10万元"),
        ("paid", 10_000_000, ""),
    ]
    bands = laid_out("03-1", exports_fen=50_000_000, paid_fen=0)
    assert bands.sums[1].words == "50万元以上"


def test_what_is_missing_is_named_with_its_proof() -> None:
    explanation = explain(DRAFT, decide(DRAFT, "07-1", {**GATE, "business": "annotation"}))
    assert [(fact.name, fact.evidence, fact.owner) for fact in explanation.missing_facts] == [
        ("seats", "坐席清单与社保记录", "市人社局")
    ]


def test_the_questions_say_who_decided_them_when() -> None:
    drafted = explain(DRAFT, decide(DRAFT, "09-1", GATE)).questions
    assert {question.decided_by for question in drafted} == {None}
    assert [question.question for question in drafted] == list(DRAFT.questions_of(CLAUSE))
    drilled = explain(DRILL, decide(DRILL, "09-1", GATE)).questions
    assert all(
        question.decided_by and isinstance(question.decided_on, date) for question in drilled
    )


def test_of_wrong_facts_there_is_nothing_to_lay_out() -> None:
    explanation = laid_out("02-1", robots=1.5)
    assert explanation.clause is None
    assert [
        *explanation.lines,
        *explanation.sums,
        *explanation.changes,
        *explanation.questions,
    ] == []
    assert [error.code for error in explanation.decision.errors] == ["not_a_count"]
