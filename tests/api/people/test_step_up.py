"""Who confirms what money hangs on is asked for a code again, at the place, and loses nothing."""

from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from ledger.people.codes import Role
from tests.support.api.asks import A_CAPACITY
from tests.support.api.command_line import Desk
from tests.support.api.html import parse, text, texts
from tests.support.api.logins import Person, accept, browser, invite, minute
from tests.support.api.town import Town

FIELD = "input[name=code]"


@pytest.fixture
def lisi(town: Town) -> Person:
    """An approver who has come in with a code."""
    invitation = invite(town, "approver")
    town.confirm(invitation["id"])
    return accept(town, invitation)


@pytest.fixture
def strict(town: Town, lisi: Person) -> Town:
    """A town that asks again: as a real one does, and this one is a drill."""
    return make_strict(town)


def make_strict(town: Town) -> Town:
    settings = town.app.state.settings
    town.app.state.settings = settings.model_copy(update={"step_up_minutes": 5})
    return town


def make_token(town: Town) -> str:
    """A token for commands, of somebody who has an authenticator by another one."""
    body = {"role": "approver", "person": "李四"}
    headers = town.headers(Role.SECURITY_ADMIN)
    answer = town.client.post("/api/v1/tokens", json=body, headers=headers).json()
    town.confirm(answer["id"])
    return str(answer["secret"])


def propose(town: Town, count: int = 8) -> dict[str, Any]:
    body = A_CAPACITY | {"gpus": count}
    headers = town.headers(Role.CLERK)
    answer = town.client.post("/api/v1/capacities", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return dict(
        town.client.get(f"/api/v1/decisions/{answer.json()['decision']}", headers=headers).json()
    )


def confirm(client: TestClient, decision: dict[str, Any], **more: str) -> Response:
    form = {"seen": decision["digest"], "answer": "confirmed", **more}
    headers = {"accept": "text/html", "referer": f"http://testserver/decisions/{decision['id']}"}
    return client.post(f"/decisions/{decision['id']}", data=form, headers=headers)


def at(town: Town, number: int) -> None:
    town.app.state.wall_clock = lambda: minute(number)


def test_a_code_stands_for_some_minutes_and_then_another_is_wanted(
    strict: Town, lisi: Person
) -> None:
    decision = propose(strict)
    path = f"/decisions/{decision['id']}"
    at(strict, 4)
    assert not parse(lisi.client.get(path).text).css(FIELD), "she has shown one as she came in"
    at(strict, 5)
    assert parse(lisi.client.get(path).text).css(FIELD)
    refused = confirm(lisi.client, decision, reason="已电话核实")
    page = parse(refused.text)
    assert refused.status_code == 422
    assert "已电话核实" in texts(page, "textarea"), "what was typed is there"
    assert "再输入" in text(page.css("#fault-code")[0])
    before = dict(lisi.client.cookies)
    answer = confirm(lisi.client, decision, code=lisi.digits(minute(5)))
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, path)
    after = dict(lisi.client.cookies)
    assert sum(before[name] != after[name] for name in after) == 1, "the session has a new secret"
    stale = browser(strict)
    stale.cookies.update(before)
    assert stale.get("/desk").status_code == 401
    assert lisi.client.get("/desk").status_code == 200
    another = propose(strict, 9)
    assert confirm(lisi.client, another).status_code == 303, "it stands for a while"


def test_who_refuses_or_withdraws_is_not_asked(strict: Town, lisi: Person) -> None:
    at(strict, 6)
    decision = propose(strict)
    form = {"seen": decision["digest"], "answer": "refused", "reason": "x"}
    answer = lisi.client.post(f"/decisions/{decision['id']}", data=form)
    assert answer.status_code == 303


def test_a_token_shows_one_at_every_confirmation(town: Town, lisi: Person) -> None:
    token, strict = make_token(town), make_strict(town)
    decision = propose(strict)

    def ask(**more: str) -> tuple[int, str]:
        body = {"answer": "confirmed", "seen": decision["digest"], **more}
        path = f"/api/v1/decisions/{decision['id']}/answer"
        answer = strict.client.post(path, json=body, headers={"Authorization": f"Bearer {token}"})
        return answer.status_code, answer.json().get("code", "")

    assert ask() == (422, "step_up")
    assert ask(code="000000") == (422, "step_up_code")
    assert ask(code=lisi.digits()) == (422, "step_up_code"), "it was used at the invitation"
    at(strict, 1)
    assert ask(code=lisi.digits(minute(1))) == (200, "")


def test_who_has_no_authenticator_confirms_nothing(strict: Town) -> None:
    decision = propose(strict)
    body = {"answer": "confirmed", "seen": decision["digest"], "code": "123456"}
    answer = strict.client.post(
        f"/api/v1/decisions/{decision['id']}/answer",
        json=body,
        headers=strict.headers(Role.APPROVER),
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "step_up_none")


def test_guesses_wait_and_are_shown_to_the_holder(
    strict: Town, lisi: Person, owner: psycopg.Connection
) -> None:
    decision = propose(strict)
    at(strict, 6)
    for _ in range(3):
        assert confirm(lisi.client, decision, code="000000").status_code == 422
    good = lisi.digits(minute(6))
    assert confirm(lisi.client, decision, code=good).status_code == 422, "too soon"
    faults = owner.execute("SELECT DISTINCT fault, count(*) FROM failed_sign_ins GROUP BY 1")
    assert faults.fetchall() == [("step_up", 3)]
    assert "确认时验证码不对" in lisi.client.get("/sessions").text
    at(strict, 7)
    assert lisi.enter(browser(strict), minute(7)) == 303, "it locks nobody out"
    assert confirm(lisi.client, decision, code=lisi.recovery[0]).status_code == 303


def test_a_confirmation_that_fails_uses_no_code_up(strict: Town, lisi: Person) -> None:
    decision = propose(strict)
    at(strict, 6)
    code = lisi.digits(minute(6))
    changed = decision | {"digest": "0" * 64}
    before = dict(lisi.client.cookies)
    assert confirm(lisi.client, changed, code=code).status_code == 409
    assert dict(lisi.client.cookies) == before
    assert confirm(lisi.client, decision, code=code).status_code == 303


def test_the_second_administrator_is_asked_too(strict: Town) -> None:
    invitation = invite(strict, "finance")
    path = f"/api/v1/tokens/{invitation['id']}/confirmation"
    headers = {"Authorization": f"Bearer {strict.second}"}
    answer = strict.client.post(path, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "step_up_none")
    admin = browser(strict)
    admin.post("/sign-in", data={"token": strict.second})
    page = parse(admin.get("/people").text)
    assert page.css(f"form[action='/people/tokens/{invitation['id']}/confirmation'] {FIELD}")


def test_commands_ask_for_it(desk: Desk) -> None:
    invitation = invite(desk.town, "approver")
    desk.town.confirm(invitation["id"])
    lisi = accept(desk.town, invitation)
    desk.town.tokens[Role.APPROVER] = make_token(desk.town)
    decision = propose(make_strict(desk.town))
    confirming = ("confirm", str(decision["id"]), f"--seen={decision['digest']}")
    refused = desk.run(Role.APPROVER, *confirming)
    assert (refused.returncode, "authenticator" in refused.stderr) == (1, True)
    at(desk.town, 1)
    assert desk.run(Role.APPROVER, *confirming, f"--code={lisi.digits(minute(1))}").returncode == 0
