"""Another reading of an open question changes a result without a line of code."""

from typing import Any

import pytest

from ledger.errors import NotFound, Refused
from ledger.policy.decide.engine import decide
from ledger.policy.decide.tree import Decision
from ledger.policy.text.file import read, read_each_reading
from ledger.policy.text.published import load, source, versions

FIRM = {"subject_kind": "enterprise", "legal_person": True}
SOFTWARE = FIRM | {
    "industry": "software",
    "annual_revenue_fen": 5_000_000_000,
    "paid_before_fen": 0,
}
MODEL = FIRM | {
    "landed_in_city": True, "parameters": 10**10, "scenarios": 5,
    "compute_cost_fen": 1_000_000_000, "paid_before_fen": 0,
}  # fmt: skip
TALENT = {
    "subject_kind": "talent",
    "talent_category": "other_prize",
    "compute_cost_fen": 1000,
    "paid_before_fen": 1,
}
HERE = SOFTWARE | {"registered_in_city": True}
BRANCH = SOFTWARE | {"subject_kind": "branch", "legal_person": False}
NAMED = TALENT | {"talent_category": "academician"}
SITE = FIRM | {"infrastructure": True, "it_kwh": "100", "facility_kwh": "110"}
PILOT = FIRM | {"accepted": True, "pilot_investment_fen": 900, "excluded_fen": 0}
CENTRE = FIRM | {"centre_kind": "supercomputing", "pflops_fp16": "100"}
SEATS = FIRM | {"business": "training", "seats": 499}
REVENUE = FIRM | {
    "newly_introduced": True,
    "first_full_tax_year_reached": True,
    "annual_revenue_fen": 10**11,
}


def on(clause: str, facts: dict[str, Any], **readings: str) -> Decision:
    readings_by_question = {key.replace("_", "-"): reading for key, reading in readings.items()}
    return decide(load("yinchuan-2024-draft", readings_by_question), clause, facts)


@pytest.mark.parametrize(
    ("mode", "paid", "amount"),
    [
        ("top_up", 0, 100_000_000), ("accumulate", 0, 150_000_000), ("once", 0, 100_000_000),
        ("top_up", 50_000_000, 50_000_000), ("accumulate", 50_000_000, 100_000_000),
        ("once", 50_000_000, 0),
    ],
)  # fmt: skip
def test_q12_1(mode: str, paid: int, amount: int) -> None:
    assert on("12-1", SOFTWARE | {"paid_before_fen": paid}, Q12_1=mode).amount_fen == amount


def test_q12_1_all_three_steps() -> None:
    facts = SOFTWARE | {"annual_revenue_fen": 10**10}
    assert on("12-1", facts, Q12_1="accumulate").amount_fen == 350_000_000


@pytest.mark.parametrize(
    ("clause", "facts", "readings", "result", "outcome"),
    [
        ("12-1", SOFTWARE, {"Q12_5": "excluded"}, "eligible", 50_000_000),
        ("12-1", SOFTWARE, {"Q12_2": "required"}, "insufficient", None),
        ("12-1", SOFTWARE | {"above_scale": False}, {"Q12_2": "required"}, "ineligible", None),
        ("12-1", SOFTWARE, {"Q1_1": "required"}, "insufficient", None),
        ("12-1", HERE, {"Q1_1": "required"}, "eligible", 100_000_000),
        ("12-1", BRANCH, {"Q1_4": "accepted"}, "eligible", 100_000_000),
        ("12-1", SOFTWARE | {"subject_kind": "park"}, {"Q1_5": "article_2"}, "ineligible", None),
        ("09-1", MODEL, {"Q9_2": "required"}, "insufficient", None),
        ("09-1", MODEL | {"builder_kind": "other"}, {"Q9_2": "required"}, "ineligible", None),
        ("14-1", TALENT, {}, "judgement", None),
        ("14-1", TALENT, {"Q14_4": "closed"}, "ineligible", None),
        ("14-1", NAMED, {}, "eligible", 299),
        ("14-1", NAMED, {"Q14_6": "one_payment"}, "eligible", 0),
        ("05-1", SITE, {}, "eligible", 1320),
        ("05-1", SITE, {"Q5_3": "it"}, "eligible", 1200),
        ("05-1", SITE, {"Q5_5": "condition"}, "insufficient", None),
        ("13-4", PILOT, {"Q13_1": "full"}, "eligible", 900),
        ("02-1", CENTRE, {}, "judgement", None),
        ("02-1", CENTRE, {"Q2_4": "refused"}, "ineligible", None),
        ("02-1", CENTRE, {"Q2_4": "accepted"}, "eligible", None),
        ("07-1", SEATS, {"Q7_1": "stipend"}, "judgement", None),
        ("07-1", SEATS | {"seats": 49}, {"Q7_1": "cost"}, "ineligible", None),
        ("04-1", REVENUE, {}, "eligible", None),
        ("04-1", REVENUE, {"Q4_1": "full"}, "insufficient", None),
        ("04-1", REVENUE | {"paid_before_fen": 0}, {"Q4_1": "full"}, "eligible", 300_000_000),
    ],
)  # fmt: skip
def test_a_reading_changes_the_result(
    clause: str, facts: dict[str, Any], readings: dict[str, str], result: str, outcome: int | None
) -> None:
    decision = on(clause, facts, **readings)
    assert (decision.result, decision.amount_fen) == (result, outcome), decision.errors


def test_the_cliff_of_article_7_read_by_bands() -> None:
    at = [
        on("07-1", SEATS | {"seats": n}, Q7_3="marginal").posts
        for n in (50, 99, 100, 499, 500, 501)
    ]
    assert at == [10, 19, 20, 139, 140, 140]


def test_a_ceiling_less_what_was_paid() -> None:
    decision = on("04-1", REVENUE | {"paid_before_fen": 100}, Q4_3="top_up")
    assert decision.ceiling_fen == 299_999_900


def test_a_condition_that_a_reading_adds_quotes_the_reading() -> None:
    (unmet,) = on("12-1", SOFTWARE | {"above_scale": False}, Q12_2="required").unmet
    assert (unmet.requirement.words, unmet.requirement.reading) == ("须已纳入规模以上统计", "Q12-2")


def test_readings_that_there_are_not() -> None:
    with pytest.raises(Refused, match=r"no_such_question: .*question=Q99-1"):
        load("yinchuan-2024-draft", {"Q99-1": "x"})
    with pytest.raises(Refused, match="no_such_reading: question=Q12-1, choices=top_up"):
        load("yinchuan-2024-draft", {"Q12-1": "x"})
    with pytest.raises(NotFound):
        load("none", {"Q12-1": "x"})


def test_a_tried_reading_is_undecided_and_the_chosen_one_is_not() -> None:
    drill = load("yinchuan-2024-drill", {"Q12-1": "top_up"})
    assert drill is load("yinchuan-2024-drill")
    policy = load("yinchuan-2024-drill", {"Q12-1": "once"})
    software = policy.clause("12-1")
    assert software
    assert policy.undecided_questions(software) == ("Q12-1",)


def test_every_other_reading_can_be_tried() -> None:
    for version in versions():
        assert read_each_reading(source(version), source) == []


# A slip each in what a reading sets, in what it requires or in its words.
MODE = "sets: {12-1.amount.mode: accumulate}"
FACT = "requires: {12-1: [{fact: above_scale"
WORDS = "words: 须已纳入规模以上统计}]}"


@pytest.mark.parametrize(
    "slips",
    [
        [
            (MODE, "sets: {12-9.amount.mode: accumulate}", "no_such_place"),
            (FACT, "requires: {12-1: [{fact: scale", "unknown_fact"),
        ],
        [
            (MODE, "sets: {12-1.amount.mode: often}", "bad_choice"),
            (FACT, "requires: {12-9: [{fact: above_scale", "no_such_place"),
        ],
        [
            (MODE, "sets: {12-1.amount.moods: once}", "unknown_key"),
            (WORDS, "words: 须已纳入统计}]}", "not_in_text"),
        ],
    ],
)
def test_a_slip_in_a_reading_that_is_not_chosen(slips: list[tuple[str, str, str]]) -> None:
    text = source("yinchuan-2024-draft")
    for old, new, _ in slips:
        assert old in text
        text = text.replace(old, new)
    policy, _ = read(text, source)
    assert policy, "no such reading is chosen, so the version as it stands can be used"
    codes = {finding.code for finding in read_each_reading(text, source)}
    assert {code for _, _, code in slips} <= codes
