"""Statements over HTTP and on the command line: issued, read, answered, saved."""

from pathlib import Path
from typing import Any

import pytest

from ledger.people.codes import Role
from tests.support.api.command_line import Desk, suanquan
from tests.support.api.town import NOW, Town
from tests.support.simulation import minute

CONTRACT = """
catalogue: [{model: H100-80G, names: [{nvml: H100}]}]
contracts:
  - number: k-mine
    centre: centre of c-mine
    project: p-mine
    from: 2026-03-01
    prices:
      - {unit: gpu-hour, yuan: 60, tax_included: false, tax_rate: 0}
      - {kind: fixed, name: 专线费, unit: month, yuan: 2000, tax_included: false, tax_rate: 0,
         until: 2026-03-31}
"""
APRIL = minute(31 * 24 * 60)


@pytest.fixture
def town(town: Town) -> Town:
    """It is April; the month of March is over."""
    ask(town, Role.CLERK, "POST", "registry", content=CONTRACT.encode())
    town.app.state.wall_clock = lambda: APRIL
    return town


def ask(town: Town, role: Role, method: str, path: str, status: int = 0, **more: Any) -> Any:
    answer = town.client.request(method, f"/api/v1/{path}", headers=town.headers(role), **more)
    assert answer.status_code == status or (not status and answer.is_success), answer.text
    return answer.json()


def issued(town: Town) -> dict[str, Any]:
    (statement,) = ask(town, Role.CLERK, "POST", "statements", json={"month": "2026-03"})
    return dict(statement)


def test_a_month_is_stated_and_answered_line_by_line(town: Town) -> None:
    statement = issued(town)
    assert (statement["number"], statement["month"], statement["total_fen"]) == (
        "DZ-202603-1-1", "2026-03-01", 200_200
    )  # fmt: skip
    metered, fee = statement["lines"]
    assert (metered["kind"], metered["model"], metered["device_ms"], metered["grade"]) == (
        "metered", "H100-80G", 120_000, "B"
    )  # fmt: skip
    assert (fee["kind"], fee["name"], fee["cost_fen"], fee["policy"]) == (
        "fixed", "专线费", 200_000, ""
    )  # fmt: skip
    path = f"statements/{statement['number']}/answers"
    contested = {"lines": [2], "answer": "contested", "reason": "没有专线"}
    ask(town, Role.BUILDER, "POST", path, json={"answer": "confirmed"})
    ask(town, Role.BUILDER, "POST", path, json=contested)
    view = ask(town, Role.OPERATOR, "POST", path, json={"answer": "confirmed"})
    assert (view["builder_says"], view["centre_says"]) == ("contested", "confirmed")
    assert [line["builder"]["answer"] for line in view["lines"]] == ["confirmed", "contested"]
    assert view["lines"][1]["builder"]["reason"] == "没有专线"
    (listed,) = ask(town, Role.AUDITOR, "GET", "statements?month=2026-03&contract=k-mine")
    assert (listed["number"], listed["builder_says"], listed["lines"]) == (
        statement["number"], "contested", 2
    )  # fmt: skip


@pytest.mark.parametrize(
    ("role", "body", "status", "code"),
    [
        (Role.CLERK, {"month": "2026-04"}, 422, "month_open"),
        (Role.CLERK, {"month": "2026-13"}, 422, "invalid"),
        (Role.CLERK, {"month": "2026-02", "contract": "k-mine"}, 422, "nothing_metered"),
        (Role.CLERK, {"month": "2026-03", "contract": "none"}, 404, "contract"),
        (Role.CLERK, {"month": "2026-03", "preview": True}, 422, "preview_of_one"),
        (Role.APPROVER, {"month": "2026-03"}, 403, "not_your_role"),
    ],
)
def test_what_cannot_be_stated(
    town: Town, role: Role, body: dict[str, object], status: int, code: str
) -> None:
    assert ask(town, role, "POST", "statements", status, json=body)["code"] == code


def test_a_preview_is_not_kept(town: Town) -> None:
    town.app.state.wall_clock = lambda: NOW
    wish = {"month": "2026-03", "contract": "k-mine", "preview": True}
    (view,) = ask(town, Role.CLERK, "POST", "statements", json=wish)
    assert (view["number"], view["total_fen"]) == ("", 200_200)
    assert ask(town, Role.CLERK, "GET", "statements") == []


@pytest.mark.parametrize(
    ("role", "body", "status", "code"),
    [
        (Role.SECURITY_ADMIN, {"answer": "confirmed"}, 403, "not_your_role"),
        (Role.CLERK, {"answer": "confirmed"}, 403, "not_your_role"),
        (Role.BUILDER, {"answer": "contested"}, 422, "reason_missing"),
        (Role.BUILDER, {"answer": "confirmed", "lines": [9]}, 404, "statement_line"),
        (Role.BUILDER, {"answer": "maybe"}, 422, "invalid"),
    ],
)
def test_answers_that_are_none(
    town: Town, role: Role, body: dict[str, object], status: int, code: str
) -> None:
    path = f"statements/{issued(town)['number']}/answers"
    assert ask(town, role, "POST", path, status, json=body)["code"] == code


def test_the_file_for_a_spreadsheet(town: Town) -> None:
    number = issued(town)["number"]
    answer = town.client.get(
        f"/api/v1/statements/{number}.csv", headers=town.headers(Role.OPERATOR)
    )
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert f'filename="{number}.csv"' in answer.headers["content-disposition"]
    assert "专线费" in answer.content.decode("utf-8-sig")


def test_the_command_line(desk: Desk, tmp_path: Path) -> None:
    preview = desk.run(
        Role.CLERK, "statement", "issue", "2026-03", "--contract=k-mine", "--preview"
    )
    assert "preview" in preview.stdout
    result = desk.run(Role.CLERK, "statement", "issue", "2026-03")
    assert result.returncode == 0, result.stderr
    number = "DZ-202603-1-1"
    assert number in result.stdout
    confirmed = desk.run(Role.OPERATOR, "statement", "confirm", number, "--line=1")
    assert "confirmed" in confirmed.stdout
    contest = ("statement", "contest", number, "--reason=没有专线", "--line=2")
    assert desk.ask(Role.BUILDER, *contest)["builder_says"] == "contested"
    (listed,) = desk.ask(Role.BUILDER, "statement", "ls", "--month=2026-03")
    assert (listed["number"], listed["centre_says"]) == (number, "open")
    file = tmp_path / "statement.csv"
    assert desk.run(Role.BUILDER, "statement", "show", number, f"--csv={file}").returncode == 0
    assert "没有专线" in file.read_text(encoding="utf-8-sig")
    missing = desk.run(Role.BUILDER, "statement", "show", "DZ-none")
    assert (missing.returncode, "DZ-none" in missing.stderr) == (1, True)
    assert suanquan("statement", "show").returncode == 2
