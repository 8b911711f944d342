"""Worked cases: those that came with the policy, and what they lack; and cases written badly."""

import json
from typing import Any

import pytest

from ledger.policy.decide import cases
from ledger.policy.decide.engine import decide
from ledger.policy.text.published import FOLDER, load
from tests.support.paths import SHARED

DRAFT, DRILL = load("yinchuan-2024-draft"), load("yinchuan-2024-drill")
CASES = json.loads((FOLDER / "yinchuan-2024-draft.cases.json").read_text(encoding="utf-8"))
SHARED = SHARED / "policy/cases.json"


@pytest.mark.parametrize("version", [DRAFT, DRILL], ids=lambda p: p.version)
def test_every_case(version: Any) -> None:
    for case in CASES:
        decision = decide(version, case["clause"], case["facts"])
        outcome = {"amount_fen", "ceiling_fen", "posts"}
        fields = {n: getattr(decision, n) for n in outcome if getattr(decision, n) is not None}
        assert {"result": decision.result, **fields} == case["expect"], case


@pytest.mark.skipif(not SHARED.is_file(), reason="../shared/policy is not here")
def test_the_cases_of_the_policy_are_all_among_them() -> None:
    for case in json.loads(SHARED.read_text(encoding="utf-8")):
        assert case in CASES


def test_every_clause_has_a_case_for_what_it_gives() -> None:
    gives = {c["clause"] for c in CASES if c["expect"]["result"] in ("eligible", "judgement")}
    assert gives == {clause.id for clause in DRAFT.clauses}


def results(text: str) -> list[tuple[str, list[tuple[str, str]]]]:
    listed, findings = cases.read(text.encode())
    assert listed is not None, findings
    decisions = [cases.decide_case(DRAFT, case) for case in listed]
    return [(d.result, [(e.where, e.code) for e in d.errors]) for d in decisions]


GOOD = '{"clause": "15-0", "facts": {"subject_kind": "park"}}'


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ("3", [("case", "not_json_object")]),
        ("null", [("case", "not_json_object")]),
        ("[]", [("case", "not_json_object")]),
        ("{}", [("clause", "missing"), ("facts", "missing")]),
        ('{"clause": 12, "facts": []}', [("clause", "not_text"), ("facts", "not_json_object")]),
        ('{"clause": "99-9", "facts": {}}', [("clause", "unknown_clause")]),
        ('{"clause": "15-0", "facts": {}, "fact": {}}', [("fact", "unknown_key")]),
        ('{"clause": "15-0", "clause": "02-2", "facts": {}}', [("clause", "name_twice")]),
        (
            '{"clause": "15-0", "facts": {"subject_kind": "park", "subject_kind": "park"}}',
            [("subject_kind", "name_twice")],
        ),
        ('{"clause": "13-1", "facts": {"accepted": 1}}', [("accepted", "not_yes_no")]),
        ('{"clause": "13-1", "facts": {"accepted": "true"}}', [("accepted", "not_yes_no")]),
    ],
)
def test_a_bad_case_is_rejected_by_itself(text: str, errors: list[tuple[str, str]]) -> None:
    rows = results(f"[{GOOD}, {text}, {GOOD}]")
    assert rows == [("eligible", []), ("rejected", errors), ("eligible", [])]


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("1e9", "not_fen"), ("1.0", "not_fen"), ("NaN", "not_fen"), ("Infinity", "not_fen"),
        ("-Infinity", "not_fen"), ("true", "not_fen"), ('"1"', "not_fen"), ("[1]", "not_fen"),
        ("{}", "not_fen"), ("-1", "negative"), ("-0.0", "not_fen"), ("9" * 5000, "too_much"),
        ("-" + "9" * 5000, "negative"), ("1000000000000001", "too_much"),
    ],
)  # fmt: skip
def test_what_is_no_sum_of_money(number: str, code: str) -> None:
    text = f'{{"clause": "08-2", "facts": {{"annual_trade_fen": {number}}}}}'
    assert results(f"[{text}]") == [("rejected", [("annual_trade_fen", code)])]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("100", "not_decimal"), ("1.5", "not_decimal"), ("true", "not_decimal"),
        ('"1e2"', "not_decimal"), ('"+1"', "not_decimal"), ('" 1"', "not_decimal"),
        ('"1."', "not_decimal"), ('".5"', "not_decimal"), ('""', "not_decimal"),
        ('"1,000"', "not_decimal"), ('"１"', "not_decimal"), ('"1\\n"', "not_decimal"),
        ('"-1"', "negative"), ('"1234567890123456"', "not_decimal"),
    ],
)  # fmt: skip
def test_what_is_no_quantity(text: str, code: str) -> None:
    case = f'{{"clause": "02-1", "facts": {{"pflops_fp16": {text}}}}}'
    assert results(f"[{case}]") == [("rejected", [("pflops_fp16", code)])]


def test_null_is_not_given() -> None:
    assert results('[{"clause": "13-1", "facts": {"accepted": null}}]') == [("insufficient", [])]
    assert results("[]") == []


@pytest.mark.parametrize(
    ("raw", "where", "code"),
    [
        (b"", "line 1", "not_json"),
        (b"[\n{},\n{,]", "line 3", "not_json"),
        (b"clause,facts\n09-1,5", "line 1", "not_json"),
        (b'\n\n{"clause": "09-1"}', "line 3", "not_json_list"),
        (b"[\n\xff]", "line 2", "bad_character"),
        (b"\xef\xbb\xbf[]", "line 1", "not_json"),
        (b"[" * 100_000, "line 1", "too_deep"),
    ],
)
def test_a_file_that_is_no_list_is_one_fault_with_its_line(
    raw: bytes, where: str, code: str
) -> None:
    listed, findings = cases.read(raw)
    assert listed is None
    assert [(f.where, f.code) for f in findings] == [(where, code)]
