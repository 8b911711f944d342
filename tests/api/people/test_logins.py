"""Names and passwords: set by invitation, kept as Argon2id, guessed slowly, locking nobody out."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from fastapi.testclient import TestClient

from api.door import dependencies as deps
from ledger.people.codes import Role
from ledger.people.rules import PasswordRules, password_fault, wait_after
from tests.support.api.town import NOW, Town

PASSWORD, OTHER = "Correct horse 1", "Another horse 2"
GOOD = {"name": "lisi", "password": PASSWORD, "again": PASSWORD}


def later(town: Town, by: timedelta) -> None:
    town.app.dependency_overrides[deps.wall_clock] = lambda: NOW + by


def browser(town: Town, address: str = "10.0.0.7") -> TestClient:
    return TestClient(town.app, follow_redirects=False, client=(address, 1))


def invite(town: Town, role: str = "auditor", person: str = "李四") -> dict[str, Any]:
    answer = town.client.post(
        "/api/v1/invitations",
        json={"role": role, "person": person},
        headers=town.headers(Role.SECURITY_ADMIN),
    )
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def code_of(invitation: dict[str, Any]) -> str:
    return str(urlsplit(invitation["link"]).query.partition("=")[2])


def accept(town: Town, invitation: dict[str, Any], **change: str) -> tuple[int, str]:
    form = {"code": code_of(invitation), **GOOD, **change}
    answer = browser(town).post("/invitation", data=form)
    return answer.status_code, "" if answer.status_code == 303 else str(answer.json()["code"])


def enter(client: TestClient, password: str = PASSWORD, name: str = "lisi") -> int:
    form = {"name": name, "password": password}
    return client.post("/sign-in/password", data=form).status_code


@pytest.fixture
def lisi(town: Town) -> dict[str, Any]:
    invitation = invite(town)
    assert accept(town, invitation) == (303, "")
    return invitation


def test_an_invitation_sets_a_password_once_that_nobody_else_knew(
    town: Town, owner: psycopg.Connection
) -> None:
    invitation = invite(town)
    assert "李四" in browser(town).get(f"/invitation?code={code_of(invitation)}").text
    client = browser(town)
    assert client.post("/invitation", data={"code": code_of(invitation), **GOOD}).status_code == 303
    assert client.get("/projects").status_code == 200
    assert accept(town, invitation) == (422, "invitation_over")
    assert enter(browser(town)) == 303
    kept = owner.execute("SELECT hash FROM passwords").fetchall()
    assert [row[0].startswith("$argon2id$") for row in kept] == [True]
    for table in ("passwords", "logins", "invitations", "tokens"):
        rows = owner.execute(f"SELECT t::text FROM {table} t".encode()).fetchall()
        assert not [row for row in rows if PASSWORD in row[0] or code_of(invitation) in row[0]]


def test_an_invitation_ends(town: Town) -> None:
    invitation = invite(town)
    later(town, timedelta(hours=72))
    assert accept(town, invitation) == (422, "invitation_over")


def test_an_invitation_to_decide_about_money_waits_for_the_second(town: Town) -> None:
    invitation = invite(town, "approver")
    assert invitation["waits"]
    assert accept(town, invitation) == (422, "invitation_over")
    town.confirm(invitation["id"])
    assert accept(town, invitation) == (303, "")


SENSELESS = (
    ({"again": "x"}, "password_differs"),
    ({"password": "Short 1", "again": "Short 1"}, "password_length"),
    ({"password": "all small letters", "again": "all small letters"}, "password_kinds"),
    ({"password": "My Lisi is 12 long", "again": "My Lisi is 12 long"}, "password_name"),
    ({"name": "x"}, "login_name"),
    ({"name": "li si"}, "login_name"),
)


def test_a_password_that_does_not_keep_the_rules_is_refused(town: Town) -> None:
    invitation = invite(town)
    for change, code in SENSELESS:
        assert accept(town, invitation, **change) == (422, code)
    assert accept(town, invitation) == (303, "")


def test_a_name_is_one_persons_and_moves_with_her(town: Town, lisi: dict[str, Any]) -> None:
    assert accept(town, invite(town, person="王五")) == (422, "login_taken")
    anew = {"password": OTHER, "again": OTHER}
    assert accept(town, invite(town), **anew) == (303, "")
    assert enter(browser(town), OTHER) == 303
    assert enter(browser(town)) == 403


def test_a_login_ends_with_its_token_and_is_paused(town: Town, lisi: dict[str, Any]) -> None:
    admin, path = town.headers(Role.SECURITY_ADMIN), f"/api/v1/tokens/{lisi['id']}"
    client = browser(town)
    assert enter(client) == 303
    assert town.client.post(f"{path}/pause", headers=admin).status_code == 204
    assert client.get("/projects").status_code == 401, "and her sessions end"
    assert enter(client) == 403
    assert town.client.delete(f"{path}/pause", headers=admin).status_code == 204
    assert enter(client) == 303
    assert town.client.delete(path, headers=admin).status_code == 204
    assert enter(client) == 403


def test_a_stranger_who_guesses_slows_himself_down_and_nobody_else(
    town: Town, lisi: dict[str, Any]
) -> None:
    hers = browser(town)
    assert enter(hers) == 303  # this device is known now
    stranger, neighbour = browser(town, "192.0.2.9"), browser(town, "192.0.2.200")
    assert [enter(stranger, "wrong") for _ in range(4)] == [403, 403, 403, 429]
    assert enter(stranger) == 429, "the right one waits too"
    assert enter(neighbour) == 429, "and so does his network"
    assert enter(browser(town, "198.51.100.1")) == 303, "not that of others"
    at_his = TestClient(town.app, follow_redirects=False, client=("192.0.2.1", 1))
    at_his.cookies.update(hers.cookies)
    assert enter(at_his) == 303, "nor a device that she used before"
    later(town, timedelta(seconds=2))
    assert enter(stranger, "wrong") == 403
    assert enter(stranger) == 429
    later(town, timedelta(seconds=6))
    assert enter(stranger) == 303


def test_each_wrong_password_makes_the_next_one_wait_longer() -> None:
    waits = [wait_after(failures).total_seconds() for failures in range(14)]
    assert waits == [0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
    assert wait_after(10**6) == timedelta(minutes=15)


def test_a_name_that_is_not_there_is_answered_like_a_wrong_password(
    town: Town, lisi: dict[str, Any]
) -> None:
    texts = set[tuple[int, bool]]()
    for name in ("lisi", "nobody"):
        form = {"name": name, "password": "wrong"}
        answer = browser(town, f"10.1.{len(texts)}.1").post("/sign-in/password", data=form)
        texts.add((answer.status_code, "名字或口令不对" in answer.text))
    assert texts == {(403, True)}


def test_another_password_ends_every_session_and_the_last_ones_never_come_again(
    town: Town, lisi: dict[str, Any]
) -> None:
    client, elsewhere = browser(town), browser(town)
    assert (enter(client), enter(elsewhere)) == (303, 303)

    def change(old: str, new: str) -> tuple[int, str]:
        answer = client.post("/password", data={"old": old, "password": new, "again": new})
        return answer.status_code, "" if answer.status_code == 303 else answer.json()["code"]

    assert change("wrong", OTHER) == (422, "password_wrong")
    assert change(PASSWORD, PASSWORD) == (422, "password_again")
    assert change(PASSWORD, OTHER) == (303, "")
    assert elsewhere.get("/projects").status_code == 401
    assert enter(client) == 403
    assert enter(client, OTHER) == 303
    assert change(OTHER, PASSWORD) == (422, "password_again")


def test_a_program_gets_no_login(town: Town) -> None:
    answer = town.client.post(
        "/api/v1/invitations",
        json={"role": "auditor", "person": "程序", "service": True},
        headers=town.headers(Role.SECURITY_ADMIN),
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "login_service")


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("a" * 7, "password_length"),
        ("Aa1" * 43, "password_length"),
        ("aaaaaaaa1", "password_kinds"),
        ("Aaaaaaaa1", None),
        ("中文口令加Ab1", None),
    ],
)
def test_what_a_password_has_to_be(password: str, fault: str | None) -> None:
    assert password_fault(password, ("zhang",), PasswordRules(8, 3, 5)) == fault
