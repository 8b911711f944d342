"""Caps, lapses and reservations through the API and the command line, by clerk and approver."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from api.server.background import accrue_round
from ledger.people.codes import Role
from tests.support.api.command_line import Desk
from tests.support.api.requests import ask, problem
from tests.support.api.town import FACTS, NOW, POLICY, Town

CAP = 500_000_000
MINE = "projects/p-mine"


def confirm(town: Town, proposal: dict[str, Any], role: Role = Role.APPROVER) -> Any:
    answer = {"answer": "confirmed", "seen": proposal["digest"]}
    return ask(town, role, "POST", f"decisions/{proposal['id']}/answer", json=answer)


def rights(town: Town) -> dict[str, int]:
    answer = ask(town, Role.BUILDER, "GET", f"{MINE}/quota")["rights"]
    return {role: fen for role, fen in answer.items() if fen}


def test_a_cap_is_changed_by_two_persons(town: Town) -> None:
    wish = {"cap_fen": 300, "reason": "市里核定"}
    answer = ask(town, Role.CLERK, "POST", f"{MINE}/cap", json=wish)
    assert (answer["kind"], answer["subject"], answer["reason"]) == ("cap", "p-mine", "市里核定")
    assert (answer["content"]["before_fen"], answer["content"]["cap_fen"]) == (CAP, 300)
    assert rights(town) == {"available": CAP}
    confirm(town, answer)
    assert rights(town) == {"available": 300}
    assert ask(town, Role.BUILDER, "GET", f"{MINE}/quota")["cap_fen"] == 300
    opening = {"clause": "09-1", "policy": POLICY, "facts": FACTS}
    assert ask(town, Role.CLERK, "POST", f"{MINE}/voucher", json=opening)["cap_fen"] == 300


def test_a_cap_below_what_is_drawn_says_how_low_it_can_be(town: Town) -> None:
    wish = {"fen": 5000, "plan": "训练", "until": "2026-12-31"}
    ask(town, Role.CLERK, "POST", f"{MINE}/reservations", json=wish)
    cap = {"cap_fen": 4999, "reason": "x"}
    refusal = problem(town, "POST", f"{MINE}/cap", json=cap)
    assert (refusal["code"], "最低可调到 50.00 元" in refusal["detail"]) == (
        "cap_below_drawn",
        True,
    )


def test_what_is_left_lapses_by_two_persons(town: Town) -> None:
    answer = ask(town, Role.CLERK, "POST", f"{MINE}/lapse", json={"reason": "到期"})
    confirm(town, answer, Role.APPROVER)
    assert rights(town) == {"lapsed": CAP}
    assert problem(town, "POST", f"{MINE}/lapse", json={"reason": "到期"})["code"] == "nothing_left"


def test_the_days_of_a_voucher_are_changed_by_two_persons(town: Town) -> None:
    wish = {"valid_until": "2026-07-01", "reason": "撤销资格"}
    answer = ask(town, Role.CLERK, "POST", f"{MINE}/validity", json=wish)
    assert (answer["kind"], answer["content"]["valid_until"]) == ("validity", "2026-07-01")
    confirm(town, answer)
    again = problem(town, "POST", f"{MINE}/validity", json=wish)
    assert again["code"] == "days_unchanged"


def test_a_policy_version_is_given_its_end_by_two_persons(town: Town) -> None:
    wish = {"until": "2027-01-01", "reason": "新版施行"}
    answer = ask(town, Role.CLERK, "POST", f"policies/{POLICY}/end", json=wish)
    assert (answer["subject"], answer["content"]["vouchers"]) == (POLICY, 2)
    confirm(town, answer)
    headers = town.headers(Role.CLERK)
    unknown = town.client.post("/api/v1/policies/none/end", headers=headers, json=wish)
    assert (unknown.status_code, "none" in unknown.json()["detail"]) == (404, True)


def test_a_reservation_stands_until_it_is_released(town: Town) -> None:
    wish = {"fen": 5000, "plan": "训练", "until": "2026-12-31"}
    answer = ask(town, Role.CLERK, "POST", f"{MINE}/reservations", json=wish)
    assert {**wish, "id": answer["id"], "left_fen": 5000} == answer
    assert ask(town, Role.BUILDER, "GET", f"{MINE}/reservations") == [answer]
    assert rights(town) == {"available": CAP - 5000, "reserved": 5000}
    path = f"{MINE}/reservations/{answer['id']}"
    assert ask(town, Role.CLERK, "DELETE", path) == {"id": answer["id"], "released_fen": 5000}
    again = town.client.delete(f"/api/v1/{path}", headers=town.headers(Role.CLERK))
    assert (again.status_code, again.json()["code"]) == (409, "reservation_released")
    assert ask(town, Role.BUILDER, "GET", f"{MINE}/reservations") == []


def test_the_reservation_of_another_voucher_is_not_there(town: Town) -> None:
    wish = {"fen": 5000, "plan": "训练", "until": "2026-12-31"}
    receipt = ask(town, Role.CLERK, "POST", "projects/p-theirs/reservations", json=wish)
    path = f"/api/v1/{MINE}/reservations/{receipt['id']}"
    answer = town.client.delete(path, headers=town.headers(Role.CLERK))
    assert (answer.status_code, answer.json()["code"]) == (404, "reservation")


@pytest.mark.parametrize(
    ("fen", "until", "code"),
    [
        (CAP + 1, "2026-12-31", "not_available"),
        (0, "2026-12-31", "amount_out_of_range"),
        (1, "2026-02-28", "reservation_past"),
    ],
)
def test_a_reservation_that_cannot_be(town: Town, fen: int, until: str, code: str) -> None:
    wish = {"fen": fen, "plan": "训练", "until": until}
    assert problem(town, "POST", f"{MINE}/reservations", json=wish)["code"] == code


def test_the_server_ends_a_reservation_with_its_day(town: Town, engine: sa.Engine) -> None:
    day = (NOW + timedelta(hours=8)).date().isoformat()
    wish = {"fen": 5000, "plan": "训练", "until": day}
    ask(town, Role.CLERK, "POST", f"{MINE}/reservations", json=wish)
    accrue_round(engine, NOW)
    assert rights(town)["reserved"] == 5000
    accrue_round(engine, NOW + timedelta(days=1))
    assert "reserved" not in rights(town)


def test_the_same_from_the_command_line(desk: Desk) -> None:
    arguments = ("voucher", "reserve", "p-mine", "--yuan", "50", "--plan", "训练")
    answer = desk.ask(Role.CLERK, *arguments, "--until", "2026-12-31")
    assert answer["fen"] == 5000
    output = desk.run(Role.CLERK, *arguments, "--until", "2026-12-31", LANG="zh_CN.UTF-8").stdout
    assert output == f"预留 {answer['id'] + 1}：¥50.00，至 2026-12-31 止\n"
    listed = desk.run(Role.BUILDER, "voucher", "reservations", "p-mine").stdout.splitlines()
    assert listed[1].split() == [str(answer["id"]), "¥50.00", "¥50.00", "2026-12-31", "训练"]
    output = desk.run(Role.CLERK, "voucher", "release", "p-mine", str(answer["id"])).stdout
    assert output == "¥50.00 are available again\n"
    capping = ("voucher", "cap", "p-mine", "--yuan", "4000000", "--reason", "核定")
    decision = desk.ask(Role.CLERK, *capping)
    assert decision["content"]["cap_fen"] == 400_000_000
    output = desk.run(Role.CLERK, *capping).stdout
    assert output == f"another person confirms it: suanquan confirm {decision['id']}\n"
    assert desk.ask(Role.CLERK, "voucher", "lapse", "p-mine", "--reason", "到期")["kind"] == "lapse"
    wrong = desk.run(Role.CLERK, "voucher", "cap", "p-mine", "--yuan", "4万", "--reason", "x")
    assert (wrong.returncode, "not a sum of money: 4万" in wrong.stderr) == (2, True)
