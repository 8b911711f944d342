"""The page of a person: who sees what of it, and what may be done there."""

from typing import Any

import psycopg

from ledger.people.codes import Role
from tests.support.api.command_line import Desk
from tests.support.api.html import one, parse, text
from tests.support.api.logins import OTHER, accept, browser, invite, minute
from tests.support.api.town import Town


def read(town: Town, person: int, role: Role) -> dict[str, Any]:
    answer = town.client.get(f"/api/v1/persons/{person}", headers=town.headers(role))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def number_of(owner: psycopg.Connection, name: str) -> int:
    row = owner.execute("SELECT id FROM persons WHERE name = %s", [name]).fetchone()
    assert row
    return int(row[0])


def page(town: Town, person: int, role: Role) -> str:
    answer = town.client.get(f"/people/{person}", headers=town.headers(role))
    assert answer.status_code == 200, answer.text
    return text(one(parse(answer.text), "main"))


def test_a_person_is_seen_with_what_lets_her_in(town: Town, owner: psycopg.Connection) -> None:
    accept(town, invite(town))
    lisi = number_of(owner, "李四")
    about = read(town, lisi, Role.SECURITY_ADMIN)["person"]
    assert [row["role"] for row in about["tokens"]] == ["auditor"]
    (account,), (link,) = about["accounts"], about["links"]
    assert (account["name"], account["recovery_codes_left"]) == ("lisi", 10)
    assert account["authenticator_set_at"] == account["password_set_at"]
    assert (link["kind"], link["used_at"] is not None) == ("invitation", True)
    assert "hash" not in about | link


def test_sign_ins_are_for_readers_of_the_logs(town: Town, owner: psycopg.Connection) -> None:
    person = accept(town, invite(town))
    assert person.enter(browser(town, "10.9.9.9"), minute(1), password=OTHER) == 403
    lisi = number_of(owner, "李四")
    for role in (Role.AUDIT_ADMIN, Role.AUDITOR):
        answer = read(town, lisi, role)
        assert [row["fault"] for row in answer["failures"]] == ["password"]
        assert answer["sessions"][0]["address"] == "10.0.0.7"
        assert "10.9.9.9" in page(town, lisi, role)
    answer = read(town, lisi, Role.SECURITY_ADMIN)
    assert (answer["sessions"], answer["failures"]) == (None, None)
    assert "10.9.9.9" not in page(town, lisi, Role.SECURITY_ADMIN)


def test_whom_somebody_let_in_stands_on_her_page(town: Town, owner: psycopg.Connection) -> None:
    token = invite(town, "approver")["id"]
    town.confirm(token)
    (confirmer,) = owner.execute(
        "SELECT identity_of(confirmed_by) FROM tokens WHERE id = %s", [token]
    ).fetchone() or (0,)
    issuer = number_of(owner, "某securityadmin")
    for person in (issuer, confirmer):
        let_in = read(town, person, Role.AUDIT_ADMIN)["person"]["let_in"]
        assert token in [row["id"] for row in let_in]
        assert "李四" in page(town, person, Role.AUDIT_ADMIN)


def test_a_token_that_waits_is_confirmed_on_the_page_by_another(
    town: Town, owner: psycopg.Connection
) -> None:
    invite(town, "approver")
    lisi = number_of(owner, "李四")
    assert "须另一人确认" in page(town, lisi, Role.SECURITY_ADMIN)
    second = {"Authorization": f"Bearer {town.second}"}
    assert "已当面核实" in town.client.get(f"/people/{lisi}", headers=second).text


def test_all_sessions_of_a_person_end_at_once_and_the_account_stays(
    town: Town, owner: psycopg.Connection
) -> None:
    person = accept(town, invite(town))
    lisi = number_of(owner, "李四")
    assert person.client.get("/projects").status_code == 200
    admin = town.headers(Role.SECURITY_ADMIN)
    answer = town.client.post(f"/people/{lisi}/sign-out", headers=admin, follow_redirects=False)
    assert answer.status_code == 303
    assert person.client.get("/projects").status_code == 401
    assert person.enter(browser(town), minute(1)) == 303


def test_nobody_ends_the_sessions_of_an_audit_administrator(
    town: Town, owner: psycopg.Connection
) -> None:
    auditor = browser(town)
    auditor.post("/sign-in", data={"token": town.tokens[Role.AUDIT_ADMIN]})
    number = number_of(owner, "某auditadmin")
    answer = town.client.delete(
        f"/api/v1/persons/{number}/sessions", headers=town.headers(Role.SECURITY_ADMIN)
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "sessions_audit")
    assert auditor.get("/events").status_code == 200
    assert "结束所有浏览器里的登录" not in page(town, number, Role.SECURITY_ADMIN)


def test_people_are_found_by_a_part_of_their_name(town: Town) -> None:
    invite(town)
    admin = town.headers(Role.SECURITY_ADMIN)
    assert "李四" in town.client.get("/people?who=李", headers=admin).text
    assert "李四" not in town.client.get("/people?who=王", headers=admin).text


def test_all_tokens_are_taken_away_as_a_spreadsheet(town: Town) -> None:
    invite(town, "approver")
    answer = town.client.get("/api/v1/tokens.csv", headers=town.headers(Role.AUDIT_ADMIN))
    lines = answer.text.splitlines()
    assert "持有人" in lines[0]
    assert "李四" in lines[1]
    assert "等第二名安全管理员" in lines[1]


def test_the_command_shows_the_same(desk: Desk, owner: psycopg.Connection) -> None:
    number = number_of(owner, "某auditor")
    about = desk.ask(Role.AUDIT_ADMIN, "person", "show", str(number))
    assert about["person"]["name"] == "某auditor"
    printout = desk.run(Role.AUDIT_ADMIN, "person", "show", str(number)).stdout
    assert "某auditor" in printout
    assert desk.run(Role.SECURITY_ADMIN, "person", "sign-out", str(number)).stdout
