"""The record of a decision: its digest, what is not kept, and that it is the same years later.

`golden/engine-N.json` holds records as version N of the engine made them: for each kind of formula
some of each result, from the version's own worked cases. An engine that decides one of them in
another way, or tells it in another way, needs a number of its own (`record.ENGINE`), and writes its
own file: `pytest --renew-golden tests/ledger/policy/decide/test_record.py`.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import Refused
from ledger.policy.decide import cases
from ledger.policy.decide.engine import decide
from ledger.policy.decide.record import ENGINE, record, replay
from ledger.policy.text.clauses import Policy
from ledger.policy.text.published import FOLDER, load

GOLDEN = Path(__file__).parent / "golden"
DRAFT = "yinchuan-2024-draft"
OF_EACH = 3
READINGS = ("Q12-1=accumulate", "Q12-1=once", "Q7-3=marginal", "Q4-3=top_up", "Q13-1=full")


@pytest.fixture
def renew_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--renew-golden"))


def choices(policy: Policy) -> Iterator[dict[str, Any]]:
    """Of each kind of formula and each result the first worked cases, as records."""
    listed, _ = cases.read((FOLDER / f"{DRAFT}.cases.json").read_bytes())
    counts: dict[tuple[str, str], int] = {}
    for case in listed or []:
        decision = cases.decide_case(policy, case)
        new_record = record(policy, decision)
        if new_record is None or decision.proof is None:
            continue
        kind = (decision.proof.clause.amount.kind, decision.result)
        counts[kind] = counts.get(kind, 0) + 1
        if counts[kind] <= OF_EACH:
            yield new_record.as_json()


def golden() -> list[dict[str, Any]]:
    """What this engine writes: under the readings as they are, and under some others."""
    fields = list(choices(load(DRAFT)))
    for text in READINGS:
        question, _, reading = text.partition("=")
        policy = load(DRAFT, {question: reading})
        clause = next(c for c in policy.clauses if question in c.questions)
        same = [
            stored_rows for stored_rows in choices(policy) if stored_rows["clause"] == clause.id
        ]
        fields += [stored_rows for stored_rows in same if stored_rows not in fields]
    return fields


def test_golden_records_are_decided_again_to_the_letter(renew_golden: bool) -> None:
    path = GOLDEN / f"engine-{ENGINE}.json"
    if renew_golden:
        GOLDEN.mkdir(exist_ok=True)
        lines = (json.dumps(sealed, ensure_ascii=False, sort_keys=True) for sealed in golden())
        path.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
    records = json.loads(path.read_text(encoding="utf-8"))
    assert len(records) > 40
    for sealed in records:
        again = replay(sealed)
        assert again
        assert again.as_json() == sealed, (
            f"{sealed['clause']}: renew with --renew-golden, or count up"
        )


def test_the_golden_records_are_those_of_the_cases() -> None:
    """Every kind of formula is there, with an award, a refusal and what is missing."""
    records = json.loads((GOLDEN / f"engine-{ENGINE}.json").read_text(encoding="utf-8"))
    policy = load(DRAFT)
    kinds = {c.id: c.amount.kind for c in policy.clauses}
    assert {kinds[sealed["clause"]] for sealed in records} == set(kinds.values())
    assert {sealed["result"] for sealed in records} == {
        "eligible", "ineligible", "insufficient", "judgement",
    }  # fmt: skip


TALENT = {
    "subject_kind": "talent",
    "talent_category": "national_plan",
    "compute_cost_fen": 100_000_000,
    "paid_before_fen": 0,
}


def test_what_must_not_be_kept_is_nowhere_in_the_record() -> None:
    policy = load(DRAFT)
    new_record = record(policy, decide(policy, "14-1", TALENT), veiled={"talent_category"})
    assert new_record
    fields = new_record.as_json()
    assert fields["facts"]["talent_category"] is None
    assert fields["result"] == "eligible"
    assert '"given": "national_plan"' not in json.dumps(fields)
    assert replay(fields, {"talent_category": "national_plan"}) == new_record
    other_record = replay(fields, {"talent_category": "none"})
    assert other_record
    assert other_record.digest != new_record.digest


@pytest.mark.parametrize(
    ("change", "value"),
    [("compute_cost_fen", 100_000_001), ("paid_before_fen", 1), ("talent_category", "academician")],
)
def test_another_fact_is_another_digest(change: str, value: object) -> None:
    policy = load(DRAFT)
    digests = {
        new_record.digest
        for facts in (TALENT, {**TALENT, change: value})
        if (new_record := record(policy, decide(policy, "14-1", facts)))
    }
    assert len(digests) == 2


def test_a_record_that_was_changed_is_found_out() -> None:
    policy = load(DRAFT)
    new_record = record(policy, decide(policy, "14-1", TALENT))
    assert new_record
    fields = new_record.as_json()
    fields["outcome"] = {"amount_fen": 30_000_001}
    again = replay(fields)
    assert again
    assert again.as_json() != fields


def test_another_reading_is_another_record_and_replays_by_itself() -> None:
    facts = {
        "subject_kind": "enterprise", "legal_person": True, "industry": "software",
        "annual_revenue_fen": 5_000_000_000, "paid_before_fen": 50_000_000,
    }  # fmt: skip
    digests = set()
    for reading in ("top_up", "accumulate", "once"):
        policy = load(DRAFT, {"Q12-1": reading})
        new_record = record(policy, decide(policy, "12-1", facts))
        assert new_record
        assert new_record.readings["Q12-1"] == reading
        assert replay(new_record.as_json()) == new_record
        digests.add((new_record.digest, new_record.outcome["amount_fen"]))
    assert {fen for _, fen in digests} == {50_000_000, 100_000_000, 0}
    assert len(digests) == 3


def test_wrong_facts_leave_no_record_and_another_engine_is_refused() -> None:
    policy = load(DRAFT)
    assert record(policy, decide(policy, "14-1", {"compute_cost_fen": 1.5})) is None
    new_record = record(policy, decide(policy, "14-1", TALENT))
    assert new_record
    with pytest.raises(Refused, match="other_engine"):
        replay({**new_record.as_json(), "engine": ENGINE + 1})
