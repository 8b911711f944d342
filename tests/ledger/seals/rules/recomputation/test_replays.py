"""Every decision of the policy is made again; a record that says another thing is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from ledger.formats.digest import digest
from ledger.policy.decide.engine import decide
from ledger.policy.decide.record import record
from ledger.policy.text.published import load
from ledger.seals.codes import FaultCode, UnprovedReason
from ledger.seals.rules.faults import Tally
from ledger.seals.rules.recomputation.notes import Notes
from ledger.seals.rules.recomputation.replays import check_replays
from tests.support.seals import StatedRows

POLICY = "yinchuan-2024-draft"
FACTS = {
    "subject_kind": "talent", "talent_category": "national_plan",
    "compute_cost_fen": 100_000_000, "paid_before_fen": 0,
}  # fmt: skip
GOLDEN = Path(__file__).parents[3] / "policy" / "decide" / "golden"


@pytest.fixture
def accepted() -> dict[str, Any]:
    """What a claim's step says once it is accepted, of a talent whose programme is not kept."""
    policy = load(POLICY)
    new_record = record(policy, decide(policy, "14-1", FACTS), veiled={"talent_category"})
    assert new_record
    return {
        "policy": POLICY, "clause": "14-1", "result": "eligible", "record": new_record.as_json(),
    }  # fmt: skip


def replay_of(*contents: dict[str, Any]) -> Tally:
    """What is found of steps that say this, each with the digest that belongs to it."""
    steps: list[dict[str, str | None]] = [
        {
            "claim_id": "7", "seq": str(seq), "action": "accept",
            "content": json.dumps(content | {"digest": digest(content)}),
        }
        for seq, content in enumerate(contents, start=3)
    ]  # fmt: skip
    tally = Tally()
    check_replays(StatedRows(claim_events=steps), Notes(tally))
    return tally


def test_the_same_facts_give_the_same_record(accepted: dict[str, Any]) -> None:
    tally = replay_of(accepted)
    assert (tally.faults, tally.unproved, tally.recomputed) == ([], [], 1)


def forge(record: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """A record that says something else, under the digest that it would have."""
    forged = {name: value for name, value in (record | change).items() if name != "digest"}
    return forged | {"digest": digest(forged)}


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": {"amount_fen": 30_000_001}},
        {"facts": FACTS | {"talent_category": None, "compute_cost_fen": 100_000_004}},
        {"terms": "0" * 64},
        {"result": "ineligible"},
        {"proof": {}},
    ],
    ids=lambda change: str(next(iter(change))),
)
def test_a_forged_record_is_named(accepted: dict[str, Any], change: dict[str, Any]) -> None:
    forged = accepted | {"record": forge(accepted["record"], change)}
    (fault,) = replay_of(forged).faults
    assert (fault.code, fault.relation, fault.key) == (FaultCode.REPLAY, "claim_events", "[7, 3]")
    assert fault.says != fault.worked_out
    assert fault.rests_on == f"policies/{POLICY}.yaml, engine 1"


def test_what_the_step_says_beside_its_record(accepted: dict[str, Any]) -> None:
    (fault,) = replay_of(accepted | {"clause": "09-1"}).faults
    assert (fault.says, fault.worked_out) == ("content.clause=09-1", "content.clause=14-1")


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (None, UnprovedReason.NO_RECORD),
        ({"engine": 99}, UnprovedReason.OTHER_ENGINE),
        ({"policy": "elsewhere"}, UnprovedReason.NO_POLICY),
    ],
    ids=["none", "engine", "policy"],
)
def test_what_cannot_be_decided_again_is_listed(
    accepted: dict[str, Any], record: dict[str, Any] | None, reason: UnprovedReason
) -> None:
    accepted["record"] = accepted["record"] | record if record else None
    tally = replay_of(accepted)
    assert tally.faults == []
    assert [(row.reason, row.key) for row in tally.unproved] == [(reason, "[7, 3]")]


def test_the_golden_records_of_every_released_engine() -> None:
    """Each was kept when its engine was released, and is decided to the letter by it."""
    kept_records = [
        golden
        for file in GOLDEN.glob("engine-*.json")
        for golden in json.loads(file.read_text(encoding="utf-8"))
    ]
    steps = [
        {name: golden[name] for name in ("policy", "clause", "result")} for golden in kept_records
    ]
    tally = replay_of(
        *(step | {"record": golden} for step, golden in zip(steps, kept_records, strict=True))
    )
    assert (tally.faults, tally.unproved) == ([], [])
    assert tally.recomputed == len(kept_records) > 40
