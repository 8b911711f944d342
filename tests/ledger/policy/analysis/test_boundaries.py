"""Every figure of a version at its edges: found from the file, decided, and held against what must
come out; more never gives less, and nothing is given where conditions fail."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.policy.analysis.boundaries import Edge, gate, prove
from ledger.policy.analysis.first_reached import first_reached
from ledger.policy.analysis.monotone import _facts_to_fail, fail_conditions, falls, grid
from ledger.policy.analysis.rounds import shared
from ledger.policy.analysis.witness import place, witness
from ledger.policy.decide.changes import full_at
from ledger.policy.decide.engine import decide
from ledger.policy.text import file
from ledger.policy.text.clauses import Policy
from ledger.policy.text.published import load
from tests.support.invented_policy import TEXT, harbour, source

DRAFT, HARBOUR = load("yinchuan-2024-draft"), harbour()
IDS = [clause.id for clause in DRAFT.clauses]
PROOFS = {clause.id: prove(DRAFT, clause) for clause in DRAFT.clauses}


def trials(name: str, versions: Any) -> list[Any]:
    """A version as it is, and under every other reading of its questions."""
    policy = versions({})
    readings = [
        {key: reading}
        for key, question in policy.questions.items()
        for reading, reading_texts in question.readings.items()
        if reading != question.chosen and (reading_texts.sets or reading_texts.requires)
    ]
    return [
        pytest.param(versions, item, id=f"{name} {' '.join(map('='.join, item.items()))}")
        for item in [{}, *readings]
    ]


def draft(readings: dict[str, str]) -> Policy:
    return load("yinchuan-2024-draft", readings)


def drill(readings: dict[str, str]) -> Policy:
    return load("yinchuan-2024-drill", readings)


@pytest.mark.parametrize(
    ("versions", "reading"),
    [*trials("draft", draft), *trials("harbour", harbour), pytest.param(drill, {}, id="drill")],
)
def test_all_is_as_it_must_be_under_every_reading(versions: Any, reading: dict[str, str]) -> None:
    policy, choice = versions(reading), versions({})
    edges = [*gate(policy), *shared(policy)]
    for clause in policy.clauses:
        if reading and (clause, policy.scope) == (choice.clause(clause.id), choice.scope):
            continue  # the reading changes nothing of it
        proof = prove(policy, clause)
        assert proof.holds, clause.id
        assert proof.facts is not None
        edges += proof.edges
        assert falls(policy, clause, proof.facts, grid(policy, clause, proof.facts)) == ()
        assert fail_conditions(policy, proof)[1] == ()
    assert all(point.holds for edge in edges for point in edge.points)


def edge(clause: str, kind: str, number: int = 0) -> Edge:
    return [edge_found for edge_found in PROOFS[clause].edges if edge_found.kind == kind][number]


def results(bounds: Edge) -> list[tuple[str, int | None]]:
    rows = [(p.result, [o for o in p.outcome if o is not None]) for p in bounds.points]
    return [(result, some[0] if some else None) for result, some in rows]


@pytest.mark.parametrize(
    ("clause", "at"),
    [
        ("03-1", 249_999_999_975),
        ("03-3", 99_999_999_950),
        ("06-1", 99_999_999_950),
        ("06-2", 199_999_999_900),
        ("08-2", 299_999_995),  # 2,999,999.95 yuan: 10 % is half a fen short, and rounded up
        ("09-1", 1_666_666_665),  # 16,666,666.65 yuan, not …67
        ("10-1", 249_999_998),
        ("11-1", 1_666_666_665),
        ("14-1", 666_666_665),
    ],
)
def test_the_base_at_which_a_cap_is_first_reached(clause: str, at: int) -> None:
    found_edge = edge(clause, "cap")
    amount = PROOFS[clause].clause.amount
    assert amount.cap
    assert amount.rate
    assert found_edge.at == at == full_at(amount.rate, amount.cap.fen, DRAFT.rounding)
    cap = amount.cap.fen
    assert results(found_edge) == [("eligible", cap - 1), ("eligible", cap), ("eligible", cap)]


def test_every_clause_with_a_rate_and_a_cap_has_that_base() -> None:
    capped = {c.id for c in DRAFT.clauses if c.amount.kind == "rate" and c.amount.cap}
    assert {key for key in PROOFS if any(e.kind == "cap" for e in PROOFS[key].edges)} == capped


def test_the_ladder_with_what_was_paid() -> None:
    steps = [results(edge("12-1", "band", i)) for i in range(3)]
    assert steps[0] == [("ineligible", None), ("eligible", 50_000_000), ("eligible", 50_000_000)]
    assert steps[2][0] == ("eligible", 100_000_000)
    assert results(edge("12-1", "paid", 2)) == [("eligible", 1), ("eligible", 0), ("eligible", -1)]


def test_the_cliff_of_seats() -> None:
    assert results(edge("07-1", "band", 2)) == [
        ("eligible", 149), ("eligible", 200), ("eligible", 200),
    ]  # fmt: skip


def test_a_ratio_is_compared_to_the_last_decimal() -> None:
    below, at, above = edge("05-1", "condition").points
    assert below.facts["facility_kwh"] == "11999999.999999999999"
    assert at.value == Fraction(12, 10)
    assert [p.result for p in (below, at, above)] == ["eligible", "ineligible", "ineligible"]


def test_what_is_taken_off_counts() -> None:
    assert [p.result for p in edge("03-1", "deducted").points] == [
        "eligible", "eligible", "ineligible",
    ]  # fmt: skip
    names = {e.fact for e in PROOFS["03-1"].edges if e.kind == "deducted"}
    assert names == {"land_cost_fen", "government_plant_fen"}


def test_the_pool_and_the_list() -> None:
    pool, scenes = shared(DRAFT)
    assert [(p.value, p.result, p.outcome.amount_fen) for p in pool.points] == [
        (1_999_999_999, "in_full", 1_999_999_999),
        (2_000_000_000, "in_full", 2_000_000_000),
        (2_000_000_001, "reduced", 2_000_000_000),
    ]
    assert [(p.value, p.result) for p in scenes.points] == [
        (19, "listed"), (20, "listed"), (21, "refused"),
    ]  # fmt: skip
    one_cap = [e.kind for e in shared(load("yinchuan-2024-draft", {"Q6-5": "one"}))]
    assert one_cap == ["pool", "applicant", "selection"]


def test_choices_of_the_gate_and_of_an_open_list() -> None:
    refused = [p.value for e in gate(DRAFT) for p in e.points if p.result == "ineligible"]
    assert refused == ["branch", "sole_trader", "natural_person", False]
    prize = {p.value: p.result for p in edge("14-1", "choice").points}
    assert prize["other_prize"] == "judgement"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "value: 100, bound: excluded",
            "value: 100, bound: excluded, unless: {fact: works, value: [plain]}",
        ),
        ("op: <=, value: 0.5, bound: included", "op: <, value: 0.5, bound: excluded"),
    ],
)
def test_the_cases_follow_the_file(old: str, new: str) -> None:
    assert old in TEXT
    policy, findings = file.read(TEXT.replace(old, new), source)
    assert policy, findings
    assert all(prove(policy, clause).holds for clause in policy.clauses)


def test_a_clause_that_nobody_can_meet_has_no_cases() -> None:
    twice = (
        "[{fact: robots, op: '>', value: 100, bound: excluded, words: 超过100台}, "
        "{fact: robots, op: <, value: 101, bound: excluded, words: 超过100台}]"
    )
    line = next(text for text in TEXT.splitlines() if "value: 100, bound" in text)
    policy, findings = file.read(TEXT.replace(line, f"    require: {twice}"), source)
    assert policy, findings
    proof = prove(policy, policy.clauses[0])
    assert (proof.facts, proof.edges, proof.holds) == (None, (), False)


def test_less_for_more_is_told() -> None:
    policy, findings = file.read(TEXT.replace("gives: 30000.00元", "gives: 3000.00元"), source)
    assert policy, findings
    clause = policy.clause("03-1")
    assert clause
    facts = witness(policy, clause)
    assert facts
    (fall,) = falls(policy, clause, facts, grid(policy, clause, facts))
    assert (fall.smaller, fall.larger, fall.gave, fall.gives) == (
        49_999_999, 50_000_000, 1_000_000, 300_000,
    )  # fmt: skip


def test_a_wrong_engine_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read every «at least» as «more than»: the proofs at the thresholds no longer hold."""
    from ledger.policy.decide import engine  # noqa: PLC0415

    wrong = {**engine._COMPARE, ">=": engine._COMPARE[">"]}
    monkeypatch.setattr(engine, "_COMPARE", wrong)
    policy = DRAFT.model_copy()
    clause = policy.clause("09-1")
    assert clause
    assert not prove(policy, clause).holds


@pytest.mark.parametrize("mode", ["half_up", "down"])
@pytest.mark.parametrize("unit", ["fen", "yuan", "hundred_yuan", "wan"])
def test_caps_under_every_rounding(unit: str, mode: str) -> None:
    text = TEXT.replace("{unit: yuan, mode: down}", f"{{unit: {unit}, mode: {mode}}}")
    policy, findings = file.read(text, source)
    assert policy, findings
    proof = prove(policy, policy.clauses[0])
    amount = proof.clause.amount
    assert proof.holds
    assert proof.facts
    assert amount.cap
    assert amount.rate
    at = first_reached(policy, proof.clause, proof.facts, amount.cap.fen)
    assert at == full_at(amount.rate, amount.cap.fen, policy.rounding)


@pytest.mark.parametrize(("most", "at"), [("300001.00", 30_000_000), ("300000.00", None)])
def test_a_cap_below_the_most_that_the_base_may_be(most: str, at: int | None) -> None:
    """Who sells for so much has no right any more; the cap may be reached before, or never."""
    line = next(text_line for text_line in TEXT.splitlines() if "value: 100, bound" in text_line)
    below = f"{{fact: sales_fen, op: <, value: {most}元, bound: excluded, words: 销售额}}"
    more = line.replace("require: [", f"require: [{below}, ")
    policy, findings = file.read(TEXT.replace(line, more), source)
    assert policy, findings
    clause = policy.clauses[0]
    proof = prove(policy, clause)
    assert proof.holds
    assert proof.facts
    assert first_reached(policy, clause, proof.facts, 10_000_000) == at


BASED = [c.id for c in DRAFT.clauses if c.amount.base and c.id != "05-1"]
sums = st.one_of(st.integers(0, 10**15), st.integers(0, 10**6), st.integers(0, 10**12))


@given(clause=st.sampled_from(BASED), item=sums, other=sums)
@settings(deadline=None, max_examples=300)
def test_a_larger_base_never_gives_less(clause: str, item: int, other: int) -> None:
    proof = PROOFS[clause]
    base, facts = proof.clause.amount.base or "", proof.facts
    assert facts
    amounts = []
    for value in sorted((item, other)):
        decision = decide(DRAFT, clause, place(DRAFT, facts, base, value) or {})
        worth = [decision.amount_fen, decision.ceiling_fen, decision.posts]
        amounts.append(next((w for w in worth if w is not None), -1))
    assert amounts[0] <= amounts[1]


RANK = {"rejected": 0, "ineligible": 0, "insufficient": 1, "judgement": 2, "eligible": 3}


@given(clause=st.sampled_from(IDS), data=st.data())
@settings(deadline=None, max_examples=200)
def test_more_failing_never_gives_more(clause: str, data: st.DataObject) -> None:
    """From any facts at the edges, let one more condition fail: nothing better ever comes out."""
    proof = PROOFS[clause]
    assert proof.facts
    points = [p for e in proof.edges for p in e.points if p.facts]
    facts = dict(proof.facts)
    for point in data.draw(st.lists(st.sampled_from(points), max_size=4)) if points else []:
        facts |= {n: v for n, v in point.facts.items() if proof.facts[n] != v}
    before = decide(DRAFT, clause, facts)
    assert before.proof
    requirements = [j.requirement for j in before.proof.conditions if j.state == "met"]
    requirement = data.draw(st.sampled_from(requirements)) if requirements else None
    broken = requirement and _facts_to_fail(DRAFT, proof.clause, facts, requirement)
    after = decide(DRAFT, clause, {**facts, **(broken or {})})
    if broken:
        assert after.result == "ineligible"
        assert requirement in [judged.requirement for judged in after.unmet]
    assert RANK[after.result] <= RANK[before.result]
