"""Caps for the years and yearly pools, by page, API and command, and what they cut off."""

from typing import Any

import pytest

from ledger.people.codes import Role
from tests.support.api.command_line import Desk
from tests.support.api.html import visible_text
from tests.support.api.requests import ask, problem
from tests.support.api.town import Town
from tests.support.simulation import minute

MINE = "projects/p-mine"
CONTRACT = """
catalogue: [{model: H100-80G, names: [{nvml: H100}]}]
contracts:
  - number: k-mine
    centre: centre of c-mine
    project: p-mine
    from: 2026-03-01
    prices: [{unit: gpu-hour, yuan: 60, tax_included: false, tax_rate: 0}]
"""
POOL = {"year": 2026, "number": "算力 1", "clauses": ["09-1"], "cap_fen": 25, "reason": "预算"}
CAP = {"since": 2026, "cap_fen": 40, "reason": "核定"}


@pytest.fixture
def town(town: Town) -> Town:
    """It is April; of March 60 fen would be earned."""
    ask(town, Role.CLERK, "POST", "registry", content=CONTRACT.encode())
    town.app.state.wall_clock = lambda: minute(31 * 24 * 60)
    return town


def confirm(town: Town, proposal: dict[str, Any]) -> None:
    answer = {"answer": "confirmed", "seen": proposal["digest"]}
    path = f"decisions/{proposal['id']}/answer"
    ask(town, Role.APPROVER, "POST", path, json=answer)


def year(town: Town) -> dict[str, Any]:
    ask(town, Role.CLERK, "POST", "accruals")
    (of_year,) = ask(town, Role.BUILDER, "GET", f"{MINE}/quota")["years"]
    return dict(of_year)


def page(town: Town, role: Role, path: str) -> str:
    answer = town.client.get(path, headers=town.headers(role))
    assert answer.status_code == 200, answer.text
    return visible_text(answer.text)


@pytest.fixture
def short_town(town: Town) -> Town:
    """40 fen of the year for the voucher, 25 for all of the clause."""
    confirm(town, ask(town, Role.CLERK, "POST", f"{MINE}/year-cap", json=CAP))
    confirm(town, ask(town, Role.FINANCE, "POST", "pools", json=POOL))
    return town


def test_without_them_the_years_are_not_told_apart(town: Town) -> None:
    ask(town, Role.CLERK, "POST", "accruals")
    assert ask(town, Role.BUILDER, "GET", f"{MINE}/quota")["years"] == []
    assert "逐年上限" not in page(town, Role.BUILDER, "/projects/p-mine")


def test_the_api_says_what_each_of_them_cuts_off(short_town: Town) -> None:
    of_year = year(short_town)
    assert of_year["pool"] == {"number": "算力 1", "cap_fen": 25, "drawn_fen": 0}
    del of_year["pool"]
    assert of_year == {
        "year": 2026, "cap_fen": 40, "metered_fen": 60, "earned_fen": 0, "provisional_fen": 25,
        "over_cap_fen": 20, "over_pool_fen": 15, "over_life_fen": 0, "waiting_fen": 0,
    }  # fmt: skip
    quota = ask(short_town, Role.BUILDER, "GET", f"{MINE}/quota")
    assert (quota["uncapped_fen"], quota["cut_fen"], quota["provisional_fen"]) == (60, 35, 25)
    days = ask(short_town, Role.BUILDER, "GET", f"{MINE}/days")
    assert days[-1]["earned_fen"] == 25


def test_the_pages_say_the_same(short_town: Town) -> None:
    year(short_town)
    words = page(short_town, Role.BUILDER, "/projects/p-mine")
    assert "2026 年度上限 ¥0.40，已用 ¥0.00，预计 ¥0.25，超出 ¥0.20。" in words
    assert "2026 年度资金池「算力 1」¥0.25，各券合计已用 ¥0.00；本券已用 ¥0.00，超出 ¥0.15" in words
    assert "逐年上限" in words
    pools = page(short_town, Role.AUDITOR, "/pools")
    assert "2026 · 算力 1 条款 09-1" in pools
    (statement,) = ask(short_town, Role.CLERK, "POST", "statements", json={"month": "2026-03"})
    of_month = page(short_town, Role.BUILDER, f"/statements/{statement['number']}")
    assert "2026 年度上限 ¥0.40，已用 ¥0.00，预计 ¥0.25，超出 ¥0.20。" in of_month
    of_centre = page(short_town, Role.OPERATOR, f"/statements/{statement['number']}")
    assert "年度上限" not in of_centre


def test_forms_propose_them(town: Town) -> None:
    cap = {"since": "2026", "yuan": "0.40", "reason": "核定"}
    pool = {"year": "2026", "number": "甲", "clauses": "09-1、14-1", "yuan": "9", "reason": "预算"}
    for role, path, data in [
        (Role.CLERK, "/projects/p-mine/year-cap", cap), (Role.FINANCE, "/pools", pool),
    ]:  # fmt: skip
        answer = town.client.post(
            path, headers=town.headers(role), data=data, follow_redirects=False
        )
        assert answer.status_code == 303, answer.text
        text = page(town, Role.APPROVER, answer.headers["location"])
        assert "2026" in text
        assert "2,026" not in text
    assert "09-1 · 14-1" in text


def test_a_year_without_a_cap(short_town: Town) -> None:
    wish = {"since": 2026, "reason": "取消"}
    decision = ask(short_town, Role.CLERK, "POST", f"{MINE}/year-cap", json=wish)
    assert decision["content"]["cap_fen"] is None
    confirm(short_town, decision)
    assert (year(short_town)["cap_fen"], year(short_town)["over_pool_fen"]) == (None, 35)


@pytest.mark.parametrize(
    ("path", "wish", "code"),
    [
        (f"{MINE}/year-cap", {**CAP, "since": 2027, "cap_fen": 40}, "year_cap_unchanged"),
        (f"{MINE}/year-cap", {**CAP, "reason": " "}, "invalid"),
        (f"{MINE}/year-cap", {**CAP, "since": 1999}, "invalid"),
        (f"{MINE}/year-cap", {**CAP, "cap_fen": 0}, "invalid"),
    ],
)
def test_a_cap_that_cannot_be(short_town: Town, path: str, wish: dict[str, Any], code: str) -> None:
    assert problem(short_town, "POST", path, json=wish)["code"] == code


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({"number": "另", "clauses": []}, 422, "pool_without_clauses"),
        ({"number": "另"}, 409, "clause_in_pool"),
        ({"number": "另", "clauses": ["99-9"]}, 404, "voucher_clause"),
        ({"clauses": ["14-1"]}, 422, "pool_clauses_stand"),
        ({}, 422, "pool_unchanged"),
    ],
)
def test_a_pool_that_cannot_be(
    short_town: Town, wish: dict[str, Any], status: int, code: str
) -> None:
    headers = short_town.headers(Role.FINANCE)
    answer = short_town.client.post("/api/v1/pools", headers=headers, json={**POOL, **wish})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_the_same_from_the_command_line(desk: Desk, short_town: Town) -> None:
    arguments = ("voucher", "pool", "算力 1", "--year", "2026", "--yuan", "0.30", "--reason", "增")
    decision = desk.ask(Role.FINANCE, *arguments)
    assert (decision["content"]["before_fen"], decision["content"]["cap_fen"]) == (25, 30)
    cap = ("voucher", "year-cap", "p-mine", "--from", "2027", "--reason", "取消")
    assert desk.ask(Role.CLERK, *cap)["content"]["cap_fen"] is None
    year(short_town)
    listed = desk.run(Role.AUDITOR, "voucher", "pools", LANG="zh_CN.UTF-8").stdout
    assert listed.splitlines()[1].split() == ["2026", "算力", "1", "09-1", "¥0.25", "¥0.00",
                                              "¥0.25", "¥0.00"]  # fmt: skip
    output = desk.run(Role.BUILDER, "quota", "p-mine", LANG="zh_CN.UTF-8").stdout
    assert "超出年度上限" in output
    assert output.splitlines()[-1].split()[:5] == ["2026", "¥0.40", "¥0.00", "¥0.25", "¥0.20"]
