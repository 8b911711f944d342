"""Logins: set up by an invitation, once; opened by a password and a code, by nobody else."""

import re
from datetime import timedelta
from io import StringIO

import psycopg
import pytest

from ledger.people.codes import Role
from tests.support.api.command_line import Desk
from tests.support.api.html import attribute, one, parse, text, texts
from tests.support.api.logins import (
    OTHER,
    PASSWORD,
    Person,
    accept,
    browser,
    code_of,
    form_of,
    invite,
    minute,
    secret_on,
)
from tests.support.api.town import NOW, Town


@pytest.fixture
def lisi(town: Town) -> Person:
    return accept(town, invite(town))


def test_an_invitation_sets_up_a_login_once_that_nobody_else_knew(
    log: StringIO, town: Town, lisi: Person, owner: psycopg.Connection
) -> None:
    assert lisi.client.get("/projects").status_code == 200, "she has come in"
    again = form_of(lisi.invitation, lisi.secret)
    assert browser(town).post("/invitation", data=again).status_code == 422
    assert browser(town).get(lisi.invitation["path"]).status_code == 422
    assert lisi.enter(browser(town), minute(1)) == 303
    (kept,) = owner.execute("SELECT hash FROM passwords").fetchall()
    assert kept[0].startswith("$argon2id$")
    secrets = [PASSWORD, code_of(lisi.invitation), *lisi.recovery]
    for table in ("passwords", "logins", "invitations", "tokens", "recovery_codes", "sessions"):
        rows = owner.execute(f"SELECT t::text FROM {table} t".encode()).fetchall()
        assert not [row for row in rows for secret in secrets if secret in row[0]]
    for secret in (*secrets, lisi.secret, lisi.digits(), lisi.digits(minute(1))):
        assert secret not in log.getvalue()


def test_an_invitation_ends(town: Town) -> None:
    invitation = invite(town)
    secret = secret_on(browser(town), invitation)
    town.app.state.wall_clock = lambda: NOW + timedelta(hours=72)
    answer = browser(town).post("/invitation", data=form_of(invitation, secret))
    assert (answer.status_code, answer.json()["code"]) == (422, "invitation_over")


def test_an_invitation_to_decide_about_money_waits_for_the_second(town: Town) -> None:
    invitation = invite(town, "approver")
    assert invitation["waits"]
    assert browser(town).get(invitation["path"]).status_code == 422
    town.confirm(invitation["id"])
    accept(town, invitation)


SENSELESS = (
    ({"again": "x"}, "两次"),
    ({"password": "Short 1", "again": "Short 1"}, "至少 12 个字"),
    ({"password": "all small letters", "again": "all small letters"}, "至少要有 3 种"),
    ({"password": "My Lisi is 12 long", "again": "My Lisi is 12 long"}, "不能有账号"),
    ({"name": "x"}, "2 至 64"),
    ({"name": "li si"}, "2 至 64"),
    ({"name": "li\u200bsi"}, "2 至 64"),
    ({"name": "li\0si"}, "2 至 64"),
    ({"digits": "000000"}, "验证码"),
    ({"digits": ""}, "验证码"),
)


def test_a_form_that_is_refused_comes_back_with_the_same_authenticator(
    town: Town, owner: psycopg.Connection
) -> None:
    invitation, client = invite(town), browser(town)
    secret = secret_on(client, invitation)
    for change, word in SENSELESS:
        answer = client.post("/invitation", data=form_of(invitation, secret, **change))
        page = parse(answer.text)
        assert (answer.status_code, word in text(one(page, "p.notice"))) == (422, True), change
        assert attribute(one(page, "input[name=authenticator]"), "value") == secret
        assert PASSWORD not in answer.text
    assert owner.execute("SELECT 1 FROM logins").fetchall() == []
    assert client.post("/invitation", data=form_of(invitation, secret)).status_code == 200


def test_a_short_authenticator_is_not_taken(town: Town) -> None:
    """Who fills in a secret of her own making gets one of ours instead."""
    invitation = invite(town)
    secret = secret_on(browser(town), invitation)
    weak = form_of(invitation, secret, authenticator="ABCD EFGH")
    answer = browser(town).post("/invitation", data=weak)
    ours = attribute(one(parse(answer.text), "input[name=authenticator]"), "value")
    assert answer.status_code == 422
    assert len(ours.replace(" ", "")) == 32


def test_a_name_is_one_persons_and_moves_with_her(town: Town, lisi: Person) -> None:
    other = invite(town, person="王五")
    secret = secret_on(browser(town), other)
    answer = browser(town).post("/invitation", data=form_of(other, secret, name="ＬＩＳＩ"))
    assert (answer.status_code, "已有别人" in answer.text) == (422, True)
    anew = accept(town, invite(town), password=OTHER, again=OTHER)
    assert anew.enter(browser(town), minute(1), password=OTHER) == 303
    assert lisi.enter(browser(town), minute(2)) == 403, "neither the old password"
    assert lisi.enter(browser(town), minute(3), password=OTHER) == 403, "nor the old authenticator"


def test_a_login_ends_with_its_token(town: Town, lisi: Person) -> None:
    path = f"/api/v1/tokens/{lisi.invitation['id']}"
    town.client.delete(path, headers=town.headers(Role.SECURITY_ADMIN))
    assert lisi.client.get("/projects").status_code == 401
    assert lisi.enter(browser(town), minute(1)) == 403


def test_each_sign_in_has_a_secret_of_its_own(town: Town, lisi: Person) -> None:
    client = browser(town)
    assert lisi.enter(client, minute(1)) == 303
    before = dict(client.cookies)
    assert lisi.enter(client, minute(2)) == 303
    after = dict(client.cookies)
    assert before.keys() == after.keys()
    assert sum(before[name] != after[name] for name in after) == 1, "the device stays"
    planted = browser(town)
    planted.cookies.update(before)
    assert planted.get("/projects").status_code == 401, "the session before has ended"


# --- the second factor ----------------------------------------------------------------------------


def test_a_code_counts_once(town: Town, lisi: Person) -> None:
    assert lisi.enter(browser(town)) == 403, "the code that set the login up"
    assert lisi.enter(browser(town), minute(1)) == 303
    assert lisi.enter(browser(town), minute(1)) == 403, "who looked over her shoulder"
    stale = lisi.digits(minute(1))
    assert lisi.enter(browser(town), minute(5), digits=stale) == 403
    assert lisi.enter(browser(town), minute(6)) == 303


def test_a_password_alone_opens_nothing(town: Town, lisi: Person) -> None:
    for number, digits in enumerate(("", "000000", "123 456 789", lisi.secret), start=1):
        assert lisi.enter(browser(town), minute(40 * number), digits=digits) == 403


def test_a_recovery_code_stands_in_once(town: Town, lisi: Person) -> None:
    assert len(set(lisi.recovery)) == 10
    code = lisi.recovery[3]
    assert lisi.enter(browser(town), minute(1), digits=f" {code.lower()}") == 303
    assert lisi.enter(browser(town), minute(2), digits=code) == 403
    assert "还有 9 个恢复码" in lisi.client.get("/sessions").text


# --- another password -----------------------------------------------------------------------------


def test_another_password_ends_every_session_and_the_last_ones_never_come_again(
    town: Town, lisi: Person
) -> None:
    client, elsewhere = browser(town), browser(town)
    assert lisi.enter(elsewhere, minute(1)) == 303
    assert lisi.enter(client, minute(2)) == 303

    def change(number: int, old: str, new: str) -> tuple[int, str]:
        town.app.state.wall_clock = lambda: minute(number)
        form = {"old": old, "digits": lisi.digits(minute(number)), "password": new, "again": new}
        answer = client.post("/password", data=form)
        is_json = answer.headers.get("content-type", "").endswith("json")
        return answer.status_code, answer.json()["code"] if is_json else ""

    assert change(3, "wrong", OTHER) == (403, "")
    assert change(4, PASSWORD, PASSWORD) == (422, "password_again")
    assert change(5, PASSWORD, OTHER) == (303, "")
    assert elsewhere.get("/projects").status_code == 401
    assert lisi.enter(client, minute(6)) == 403
    assert lisi.enter(client, minute(7), password=OTHER) == 303
    assert change(8, OTHER, PASSWORD) == (422, "password_again")


def test_who_came_in_by_a_token_has_no_password(town: Town) -> None:
    form = {"old": "x", "digits": "1", "password": OTHER, "again": OTHER}
    headers = town.headers(Role.AUDITOR)
    assert "没有账号" in town.client.get("/password", headers=headers).text
    answer = town.client.post("/password", data=form, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "login")


def test_a_program_gets_no_login(town: Town) -> None:
    answer = town.client.post(
        "/api/v1/invitations",
        json={"role": "auditor", "person": "程序", "service": True},
        headers=town.headers(Role.SECURITY_ADMIN),
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "login_service")


def test_the_page_invites_and_shows_the_link_once(town: Town) -> None:
    admin = browser(town)
    admin.post("/sign-in", data={"token": town.tokens[Role.SECURITY_ADMIN]})
    form = {"person": "李四", "role": "auditor"}
    page = parse(admin.post("/people/invitations", data=form).text)
    (link,) = [code for code in texts(page, "code") if "/invitation?code=" in code]
    assert link.startswith("http://testserver/")
    accept(town, {"path": link.removeprefix("http://testserver")})
    people = admin.get("/people").text
    assert "/invitation?code=" not in people
    assert "lisi" in people


def test_commands_invite_and_tell_who_failed(desk: Desk) -> None:
    invite_auditor = ("token", "invite", "李四", "--role=auditor")
    link = desk.run(Role.SECURITY_ADMIN, *invite_auditor).stdout.strip()
    assert link.startswith(f"{desk.url}/invitation?code=")
    clerk = desk.run(Role.SECURITY_ADMIN, "token", "invite", "王五", "--role=clerk").stdout
    assert re.search(r"/invitation\?code=\S+\n.*another security administrator", clerk), clerk
    lisi = accept(desk.town, desk.ask(Role.SECURITY_ADMIN, *invite_auditor))
    assert lisi.enter(browser(desk.town), minute(1), password=OTHER) == 403
    assert [row["login"] for row in desk.ask(Role.AUDIT_ADMIN, "session", "failures")] == ["lisi"]
    table = desk.run(Role.AUDIT_ADMIN, "session", "failures").stdout
    assert "wrong password" in table
    assert "10.0.0.7" in table
    assert desk.ask(Role.CLERK, "session", "failed") == []
