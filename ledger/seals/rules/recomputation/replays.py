"""The policy's decisions made again: same facts, same terms, same engine, the same tree and digest.

A claim is accepted with the record of its decision (`ledger/policy/decide/record.py`): engine,
version, readings, facts, proof and outcome. Each is decided again by the text of the version as it
was sealed. A fact of which only a yes or no was kept is tried with each of its choices: one of them
must give exactly this record.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache, partial
from itertools import product
from typing import Any

from ledger.errors import NotFound, Refused
from ledger.formats.digest import digest
from ledger.policy.decide.record import ENGINE, Load, replay
from ledger.policy.text.clauses import Policy
from ledger.policy.text.published import load_from
from ledger.seals.codes import FaultCode, UnprovedReason
from ledger.seals.rules.recomputation.evidence import Evidence, text, whole
from ledger.seals.rules.recomputation.notes import Key, Notes

_EVENTS = "claim_events"
_TOLD_TWICE = ("policy", "clause", "result")  # by the step and by its record


def check_replays(evidence: Evidence, notes: Notes) -> None:
    """Decide again whatever the policy decided of a claim, and compare."""
    load = _loading(evidence)
    for claim, seq, action, content in evidence.rows(
        _EVENTS, "claim_id", "seq", "action", "content"
    ):
        if action == "accept":
            check_replay((whole(claim), whole(seq)), json.loads(text(content)), load, notes)


def check_replay(key: Key, content: Mapping[str, Any], load: Load, notes: Notes) -> None:
    """Decide one step's record again."""
    record = content.get("record")
    of_step = {name: value for name, value in content.items() if name != "digest"}
    if content.get("digest") != digest(of_step):
        says, worked_out = f"digest={content.get('digest')}", f"digest={digest(of_step)}"
        notes.differs(FaultCode.REPLAY, _EVENTS, key, says, worked_out)
    if record is None:
        notes.unproved(UnprovedReason.NO_RECORD, _EVENTS, key)
        return
    if record["engine"] != ENGINE:
        notes.unproved(UnprovedReason.OTHER_ENGINE, _EVENTS, key, f"engine {record['engine']}")
        return
    try:
        again = _decided_again(record, load)
    except (NotFound, Refused) as error:
        notes.unproved(UnprovedReason.NO_POLICY, _EVENTS, key, f"{record['policy']}: {error}")
        return
    pairs = {name: (record.get(name), again.get(name)) for name in sorted({*record, *again})}
    pairs |= {f"content.{name}": (content[name], record[name]) for name in _TOLD_TWICE}
    rests_on = f"policies/{record['policy']}.yaml, engine {ENGINE}"
    notes.hold(FaultCode.REPLAY, _EVENTS, key, pairs, rests_on)


def _decided_again(record: Mapping[str, Any], load: Load) -> Mapping[str, Any]:
    """Return the record as it is decided now: the same, where any choice of what is veiled is."""
    policy = load(record["policy"], record["readings"])
    again: Mapping[str, Any] = {}
    for veiled in _choices(policy, record["facts"]):
        new_record = replay(record, veiled, load)
        again = json.loads(json.dumps(new_record.as_json())) if new_record else {}
        if again == record:
            break
    return again


def _choices(policy: Policy, facts: Mapping[str, object]) -> Iterator[dict[str, object]]:
    """Return what the facts that are not kept may have been."""
    unkept = [name for name, value in facts.items() if value is None]
    values: list[list[object]] = [
        list(policy.facts[name].choices) or [True, False] for name in unkept
    ]
    for combination in product(*values):
        yield dict(zip(unkept, combination, strict=True))


def _loading(evidence: Evidence) -> Load:
    read = cache(partial(_read, evidence))
    return lambda version, readings: read(version, tuple(sorted(readings.items())))


def _read(evidence: Evidence, version: str, readings: tuple[tuple[str, str], ...]) -> Policy:
    return load_from(evidence.policy_source(), version, dict(readings))
