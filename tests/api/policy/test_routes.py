"""`POST /api/v1/evaluations`: the cases of the command line, over HTTP; nothing is kept."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from ledger.people.codes import Role
from ledger.policy.text.published import FOLDER
from tests.support.api.town import Town

DRAFT = "yinchuan-2024-draft"
CASES = json.loads(Path(str(FOLDER / f"{DRAFT}.cases.json")).read_text(encoding="utf-8"))
SOFTWARE = {
    "subject_kind": "enterprise",
    "legal_person": True,
    "industry": "software",
    "annual_revenue_fen": 5_000_000_000,
    "paid_before_fen": 50_000_000,
}


def evaluate(town: Town, body: object, query: str = "", role: Role = Role.BUILDER) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = town.client.post(
        f"/api/v1/evaluations?policy={DRAFT}{query}", content=content, headers=town.headers(role)
    )
    return answer.status_code, answer.json()


def test_every_worked_case_is_answered_as_it_expects_in_its_order(town: Town) -> None:
    status, answers = evaluate(town, CASES)
    assert status == 200
    assert len(answers) == len(CASES)
    for case, answer in zip(CASES, answers, strict=True):
        values = {key: answer.get(key) for key in case["expect"]}
        assert values == case["expect"], (case, answer)
        assert (answer["clause"], answer["note"]) == (case["clause"], case["note"])


def test_one_case_alone_is_answered_alone(town: Town) -> None:
    status, answer = evaluate(town, {"clause": "12-1", "facts": SOFTWARE})
    assert (status, answer["result"], answer["amount_fen"]) == (200, "eligible", 50_000_000)
    assert "ceiling_fen" not in answer
    assert "explanation" not in answer


def test_a_reading_may_be_tried(town: Town) -> None:
    case = {"clause": "12-1", "facts": SOFTWARE}
    _, answer = evaluate(town, case, "&reading=Q12-1=accumulate")
    assert answer["amount_fen"] == 100_000_000
    status, answer = evaluate(town, case, "&reading=Q12-1=never")
    assert (status, answer["code"]) == (422, "no_such_reading")
    status, answer = evaluate(town, case, "&reading=Q12-1")
    assert (status, answer["findings"][0]["code"]) == (422, "bad_reading")


def test_explained_it_says_why_and_leaves_a_record(town: Town) -> None:
    _, [answer] = evaluate(town, [{"clause": "12-1", "facts": SOFTWARE}], "&explain=true")
    assert answer["explanation"]["conditions"][-1]["state"] == "met"
    assert answer["explanation"]["record"]["outcome"] == {"amount_fen": 50_000_000}


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ('{"annual_revenue_fen": 5000000000.0}', "not_fen"),
        ('{"annual_revenue_fen": 1e3}', "not_fen"),
        ('{"annual_revenue_fen": NaN}', "not_fen"),
        ('{"annual_revenue_fen": true}', "not_fen"),
        ('{"annual_revenue_fen": -1}', "negative"),
        ('{"annual_revenue_fen": 1, "annual_revenue_fen": 2}', "name_twice"),
        ('{"revenue": 1}', "unknown_fact"),
        ("[]", "not_json_object"),
    ],
)
def test_a_case_that_is_wrong_is_rejected_and_the_rest_goes_on(
    town: Town, facts: str, code: str
) -> None:
    body = f'[{{"clause": "12-1", "facts": {facts}}}, {{"clause": "15-0", "facts": {{}}}}]'
    status, answer = evaluate(town, body.encode())
    assert status == 200
    assert answer[0]["result"] == "rejected"
    assert [reason["code"] for reason in answer[0]["reasons"]] == [code]
    assert answer[1]["result"] == "insufficient"


@pytest.mark.parametrize("body", [b"", b"7", b'"case"', b"[1,", b'{"clause": ', b"\xff", b"{},{}"])
def test_what_is_no_list_of_cases_is_a_problem(town: Town, body: bytes) -> None:
    status, answer = evaluate(town, body)
    assert (status, answer["code"]) == (422, "invalid")


def test_its_bounds(town: Town) -> None:
    case = {"clause": "15-0", "facts": {}}
    assert evaluate(town, [case] * 1_000)[0] == 200
    status, answer = evaluate(town, [case] * 1_001)
    assert (status, answer["code"]) == (422, "too_many_cases")
    status, answer = evaluate(town, b"[" + b" " * (2 << 20) + b"]")
    assert (status, answer["code"]) == (413, "too_large")
    deep = b'[{"clause": "15-0", "facts": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]"
    assert evaluate(town, deep)[0] in (200, 422)
    unknown = town.client.post(
        "/api/v1/evaluations?policy=none", json=[], headers=town.headers(Role.CLERK)
    )
    assert (unknown.status_code, unknown.json()["code"]) == (404, "policy")


def test_the_reasons_are_in_the_readers_language(town: Town) -> None:
    sentences = [
        town.client.post(
            f"/api/v1/evaluations?policy={DRAFT}",
            json=[{"clause": "12-1", "facts": {"revenue": 1}}],
            headers=town.headers(Role.AUDITOR, language),
        ).json()[0]["reasons"][0]["message"]
        for language in ("zh-CN", "en")
    ]
    assert sentences == ["没有名为 revenue 的事实", "there is no fact revenue"]


def test_no_fact_is_in_the_log(town: Town, log: io.StringIO) -> None:
    evaluate(town, {"clause": "12-1", "facts": SOFTWARE | {"annual_revenue_fen": 8_765_432_123}})
    town.client.get(
        "/eligibility?annual_revenue_fen=87654321.23", headers=town.headers(Role.BUILDER)
    )
    log_text = log.getvalue()
    assert "/eligibility" in log_text
    assert "8765432" not in log_text
