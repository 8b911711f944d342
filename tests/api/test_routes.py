"""The routes' answers: exact figures down to the windows, and faults that name their place."""

from datetime import timedelta
from fractions import Fraction
from typing import Any

import psycopg
import pytest
from nacl.signing import SigningKey

from agents import wire
from ledger.desk.queries.findings import KINDS
from ledger.people.codes import Role
from tests.support.api.asks import code_for
from tests.support.api.requests import REGISTRY, ask, problem
from tests.support.api.town import FACTS, NOW, POLICY, Town
from tests.support.simulation import Node, gpu_id, held, minute, window

TALENT = {"subject_kind": "talent", "compute_cost_fen": 0, "paid_before_fen": 0}


def test_from_a_registered_price_to_the_quota_and_down_to_the_windows(town: Town) -> None:
    """Two minutes at 30 yuan an hour cost one yuan, of which the voucher bears 30 %."""
    answer = ask(town, Role.CLERK, "POST", "registry", content=REGISTRY)
    assert answer["created"] == {"catalogue": 1, "catalogue_names": 1, "contracts": 1, "prices": 1}
    again = ask(town, Role.CLERK, "POST", "registry", content=REGISTRY)
    assert (again["created"], again["unchanged"]) == ({}, answer["created"])
    summary = ask(town, Role.CLERK, "POST", "accruals")
    assert summary == {"charges_changed": 1, "unpriced": 1, "vouchers": 2, "moved": 1}
    assert ask(town, Role.CLERK, "POST", "accruals")["moved"] == 0
    quota = ask(town, Role.BUILDER, "GET", "projects/p-mine/quota")
    figures = {key: quota[key] for key in quota if key.endswith("_fen")}
    assert figures == {
        "cap_fen": 500_000_000,
        "provisional_fen": 30,
        "payable_fen": 0,
        "paid_fen": 0,
        "left_fen": 499_999_970,
        "cost_fen": 100,
        "uncapped_fen": 30,
        "cut_fen": 0,
        "deducted_fen": 0,
        "pace_fen": 30,
    }
    assert (quota["rate"], quota["rights"]["accrued"]) == ("3/10", 30)
    (day,) = ask(town, Role.BUILDER, "GET", "projects/p-mine/days")
    assert day == {
        "day": "2026-03-01",
        "device_ms": 120_000,
        "cost_fen": 100,
        "earned_fen": 30,
        "util_ppm": None,
        "unpriced_ms": 0,
    }
    windows = ask(town, Role.BUILDER, "GET", f"projects/p-mine/days/{day['day']}/windows")
    assert sum(w["device_ms"] for w in windows) == day["device_ms"]
    assert [w["start"] for w in windows] == ["2026-03-01T00:00:00Z", "2026-03-01T00:01:00Z"]
    assert {w["stream"] for w in windows} == {str(town.nodes["mine"].stream)}
    page = f"projects/p-mine/days/{day['day']}/windows?limit=1&offset=1"
    assert ask(town, Role.BUILDER, "GET", page) == windows[1:]


def test_shares_that_are_not_whole_stay_exact(town: Town) -> None:
    third = wire.Part(wire.Static("team-a"), 0, 60_000, num=1, den=7)
    rest = wire.Part(wire.Static("team-b"), 0, 60_000, num=6, den=7)
    town.report(town.nodes["mine"], window(0, 5, third, rest))
    (answer,) = ask(town, Role.BUILDER, "GET", "usage")
    assert answer["device_ms"] == str(120_000 + Fraction(60_000, 7)) == "900000/7"


def test_days_and_usage_from_a_day_until_before_another(town: Town) -> None:
    for query, days in (
        ({"since": "2026-03-01", "until": "2026-03-02"}, True),
        ({"since": "2026-03-02"}, False),
        ({"until": "2026-03-01"}, False),
    ):
        assert bool(ask(town, Role.BUILDER, "GET", "usage", params=query)) == days
        assert bool(ask(town, Role.BUILDER, "GET", "projects/p-mine/days", params=query)) == days


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_at_the_calendar_s_end_has_no_windows(town: Town, day: str) -> None:
    assert ask(town, Role.BUILDER, "GET", f"projects/p-mine/days/{day}/windows") == []


def test_a_project_is_shown_with_its_voucher(town: Town, owner: psycopg.Connection) -> None:
    assert ask(town, Role.BUILDER, "GET", "projects/p-mine") == {
        "code": "p-mine",
        "name": "p-mine",
        "kind": "model",
        "organisation": "测试单位",
        "drill": False,
        "clause": "09-1",
    }


def test_a_gpu_that_is_registered_releases_what_waited_for_it(town: Town) -> None:
    town.report(town.nodes["mine"], window(7, 3))
    answer = ask(town, Role.CLERK, "GET", "findings?kind=quarantine")
    assert gpu_id(7) in {row["gpu"] for row in answer}
    gpus = f"gpus: [{{gpu: {gpu_id(7)}, cluster: c-mine, node: n-mine, from: 2026-03-01}}]"
    assert ask(town, Role.CLERK, "POST", "registry", content=gpus)["created"] == {"gpus": 1}
    answer = ask(town, Role.CLERK, "GET", "findings?kind=quarantine")
    assert gpu_id(7) not in {row["gpu"] for row in answer}
    assert ask(town, Role.SYSTEM_ADMIN, "POST", "quarantine/release") == {"released": 0}


# --- the registry -----------------------------------------------------------------------------


FAULTS = {
    "zh-CN": ("没有登记过智算中心 nowhere", "没有这一项", "没有登记过项目 p-nobody"),
    "en": ("no centre nowhere is registered", "there is no such field", "no project p-nobody"),
}


def test_all_faults_of_a_file_are_told_at_once(town: Town, owner: psycopg.Connection) -> None:
    wrong = REGISTRY.replace("centre of c-mine", "nowhere").replace("p-mine", "p-nobody")
    for language, messages in FAULTS.items():
        refusal = problem(town, "POST", "registry", language, content=wrong + "colours: []\n")
        assert (refusal["code"], refusal["count"]) == ("registry", 3)
        assert [(f["where"].split(":")[0], f["code"]) for f in refusal["findings"]] == [
            ("line 7", "unknown_centre"),
            ("line 8", "unknown_project"),
            ("line 13", "unknown_key"),
        ]
        for message in messages:
            assert any(message in f["message"] for f in refusal["findings"]), refusal
    assert owner.execute("SELECT count(*) FROM catalogue_models").fetchone() == (0,)


def test_a_place_within_a_sentence_is_translated_too(town: Town) -> None:
    twice = "catalogue: []\ncatalogue: []\n"
    for language, message in (("zh-CN", "前一次在第 1 行"), ("en", "first at line 1")):
        (finding,) = problem(town, "POST", "registry", language, content=twice)["findings"]
        assert finding["where"] == "line 2: catalogue"
        assert message in finding["message"]


def test_a_file_that_is_none_is_one_clear_error(town: Town) -> None:
    for content in (b"", b"\xef\xbb\xbfa: 1", b"]"):
        assert problem(town, "POST", "registry", content=content)["code"] == "registry"
    assert problem(town, "POST", "registry", content=b"a: \xff")["byte"] == 3


def test_a_dated_fact_changes_only_when_that_is_meant(town: Town) -> None:
    ask(town, Role.CLERK, "POST", "registry", content=REGISTRY)
    dearer = REGISTRY.replace('"30"', '"40"')
    refusal = problem(town, "POST", "registry", content=dearer)
    assert [f["code"] for f in refusal["findings"]] == ["contradicts"]
    answer = ask(town, Role.CLERK, "POST", "registry?supersede=true", content=dearer)
    assert answer["superseded"] == {"prices": 1}


# --- vouchers ---------------------------------------------------------------------------------


NOT_ELIGIBLE: tuple[tuple[dict[str, Any], str, list[str]], ...] = (
    ({"facts": {**FACTS, "scenarios": 4}}, "ineligible", ["scenarios"]),
    ({"facts": {"subject_kind": "enterprise"}}, "insufficient", ["legal_person"]),
    ({"facts": {**FACTS, "scenarios": "many"}}, "rejected", ["scenarios"]),
    ({"facts": {**FACTS, "colour": "red"}}, "rejected", ["colour"]),
    ({"clause": "99-9"}, "rejected", ["clause"]),
    ({"policy": "yinchuan-2024-draft"}, "not_payable", []),
    (
        {"clause": "14-1", "facts": {**TALENT, "talent_category": "other_prize"}},
        "judgement",
        ["talent_category"],
    ),
    (
        {"clause": "14-1", "facts": {**TALENT, "talent_category": "academician"}},
        "wrong_kind",
        [],
    ),
)


def test_a_voucher_is_refused_with_its_reasons(town: Town) -> None:
    for change, code, reasons in NOT_ELIGIBLE:
        wish = {"clause": "09-1", "policy": POLICY, "facts": FACTS} | change
        refusal = problem(town, "POST", "projects/p-mine/voucher", json=wish)
        assert refusal["code"] == code
        assert [f["where"] for f in refusal.get("findings", [])][: len(reasons)] == reasons


def test_a_voucher_of_another_clause_or_version_is_a_conflict(town: Town) -> None:
    wish = {"clause": "09-1", "policy": "no-such", "facts": FACTS}
    headers = town.headers(Role.CLERK)
    answer = town.client.post("/api/v1/projects/p-mine/voucher", json=wish, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "policy")


# --- agents and what they say ----------------------------------------------------------------


def test_a_node_enrols_reports_and_is_revoked(town: Town) -> None:
    code = ask(town, Role.OPERATOR, "POST", "enrolment-codes", json=code_for(town, "mine")["json"])
    assert code["expires_at"] == "2026-03-05T00:00:00Z"
    key = SigningKey.generate()
    wish = {"code": code["code"], "public_key": key.verify_key.encode().hex(), "node": "n-mine"}
    answers = [town.client.post("/api/v1/agents", json=wish) for _ in range(2)]
    assert [a.status_code for a in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["cluster"] == "c-mine"
    agent = answers[0].json()["agent"]
    node = Node(town.nodes["mine"].reporter._replace(agent=agent), key)
    town.report(node, window(0, 9, held("team-a")))
    status = {a["id"]: a for a in ask(town, Role.OPERATOR, "GET", "agents")}[agent]
    assert (status["node"], status["source"], status["lag_s"]) == ("n-mine", "nvml", 0)
    ask(town, Role.OPERATOR, "DELETE", f"agents/{agent}")
    body = node.batch([window(0, 10)])
    refused = town.client.post("/api/v1/batches", content=body, headers=node.headers(body))
    assert (refused.status_code, refused.json()["code"]) == (401, "revoked")


@pytest.mark.parametrize(
    ("date", "skew_s", "skewed"),
    [
        ("Wed, 04 Mar 2026 00:00:05 GMT", 5, False),
        ("Tue, 03 Mar 2026 23:59:59 GMT", 0, False),  # a `Date` has whole seconds
        ("Tue, 03 Mar 2026 23:59:58 GMT", -2, False),
        ("Wed, 04 Mar 2026 00:00:06 GMT", 6, True),
        ("Tue, 03 Mar 2026 23:00:00 GMT", -3_600, True),
        ("the day before yesterday", None, True),  # then the batch's own word is taken
    ],
)
def test_a_node_whose_clock_is_wrong_is_flagged(
    town: Town, date: str, skew_s: int | None, skewed: bool
) -> None:
    node = town.nodes["mine"]
    body = node.batch([window(0, 9, held("team-a"))], NOW - timedelta(hours=9))
    headers = {**node.headers(body), "Date": date}
    assert town.client.post("/api/v1/batches", content=body, headers=headers).status_code == 200
    (view,) = ask(town, Role.OPERATOR, "GET", "agents")
    assert view["skew_s"] == (-9 * 3_600 if skew_s is None else skew_s)
    assert view["skewed"] is skewed


NO_ENROLMENTS = (
    b"{}",
    b"\xff",
    b'{"code": "x", "public_key": "short", "node": "n"}',
    b'{"code": "x", "public_key": "%s", "node": ""}' % (b"0" * 64),
    b'{"code": "x", "public_key": "%s", "node": "n", "extra": 1}' % (b"0" * 64),
    b'{"code": "x", "public_key": "%s", "node": "a\\u0000b"}' % (b"0" * 64),
)


def test_a_malformed_enrolment_is_one_clear_error(town: Town) -> None:
    for wish in NO_ENROLMENTS:
        answer = town.client.post("/api/v1/agents", content=wish)
        assert answer.status_code == 422
        assert answer.json()["code"] in ("not_enrolment", "unusable_value")


def test_an_operator_releases_its_own_quarantine(town: Town, owner: psycopg.Connection) -> None:
    town.report(town.nodes["mine"], window(7, 0))
    town.report(town.nodes["theirs"], window(8, 0))
    kinds = ask(town, Role.OPERATOR, "GET", "findings?kind=quarantine")
    assert [row["gpu"] for row in kinds] == [gpu_id(7)]
    for number in (7, 8):
        owner.execute(
            "INSERT INTO gpus (gpu, cluster_id, node, registered_from)"
            " SELECT %s, id, 'n-' || substr(name, 3), %s FROM clusters WHERE name = %s",
            (gpu_id(number), minute(0), "c-mine" if number == 7 else "c-theirs"),
        )
    assert ask(town, Role.OPERATOR, "POST", "quarantine/release") == {"released": 1}
    assert ask(town, Role.OPERATOR, "POST", "quarantine/release") == {"released": 0}
    assert ask(town, Role.SYSTEM_ADMIN, "POST", "quarantine/release") == {"released": 1}


def test_every_kind_of_finding_can_be_listed(town: Town) -> None:
    town.report(town.nodes["mine"], window(0, 20, held("nobody")))
    for kind in KINDS:
        rows = ask(town, Role.AUDITOR, "GET", "findings", params={"kind": kind})
        assert bool(rows) == (kind in {"silent", "unowned", "unpriced"}), kind


def test_a_kind_of_finding_that_does_not_exist_is_named(town: Town) -> None:
    refusal = problem(town, "GET", "findings?kind=ghosts&limit=0&offset=-1")
    assert {f["where"] for f in refusal["findings"]} == {
        "query.kind",
        "query.limit",
        "query.offset",
    }
    (kind,) = (f["message"] for f in refusal["findings"] if f["where"] == "query.kind")
    assert kind.endswith("：" + ", ".join(KINDS))  # no English between the words
