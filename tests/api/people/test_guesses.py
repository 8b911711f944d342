"""Who guesses at a login slows himself down and locks nobody out; the holder sees it."""

from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from ledger.people.codes import Role
from tests.support.api.html import parse, texts
from tests.support.api.logins import PASSWORD, Person, accept, browser, invite, minute
from tests.support.api.town import Town

WRONG = "wrong"
WAIT = timedelta(seconds=2)  # after three


@pytest.fixture
def lisi(town: Town) -> Person:
    return accept(town, invite(town))


def guess(lisi: Person, client: TestClient, at: datetime, times: int) -> None:
    for _ in range(times):
        assert lisi.enter(client, at, password=WRONG) == 403


def test_a_stranger_who_guesses_waits_longer_each_time(town: Town, lisi: Person) -> None:
    stranger, neighbour = browser(town, "192.0.2.9"), browser(town, "192.0.2.200")
    at = minute(10)
    guess(lisi, stranger, at, 3)
    assert lisi.enter(stranger, at) == 403, "the right one is not even looked at"
    assert lisi.enter(neighbour, at) == 403, "nor from elsewhere in his network"
    guess(lisi, stranger, at + WAIT, 1)
    assert lisi.enter(stranger, at + 2 * WAIT) == 403
    assert lisi.enter(stranger, at + 3 * WAIT) == 303


def test_a_stranger_locks_nobody_out(town: Town, lisi: Person) -> None:
    own_browser, stranger = lisi.client, browser(town, "192.0.2.9")
    at = minute(10)
    guess(lisi, stranger, at, 4)
    assert lisi.enter(browser(town, "198.51.100.1"), at) == 303, "from another network"
    at_his = TestClient(town.app, follow_redirects=False, client=("192.0.2.1", 1))
    at_his.cookies.update(own_browser.cookies)
    assert lisi.enter(at_his, at + timedelta(minutes=1)) == 303, "from his, at her own device"


def test_who_has_the_password_guesses_codes_as_slowly_from_everywhere(
    town: Town, lisi: Person
) -> None:
    at = minute(10)
    for number in range(3):
        thief = browser(town, f"192.0.{number}.9")
        assert lisi.enter(thief, at, digits="000000") == 403
    assert lisi.enter(browser(town, "198.51.100.1"), at) == 403, "a new network waits too"
    assert lisi.enter(lisi.client, at) == 303, "her own device does not"


def test_nobody_is_told_whether_a_name_is_there_or_it_was_too_soon(
    town: Town, lisi: Person
) -> None:
    stranger, answers = browser(town, "192.0.2.9"), set[tuple[int | str, ...]]()
    lisi.enter(stranger, minute(10), password=WRONG)
    for name, password in (("lisi", "x"), ("nobody", "x"), ("x\0y", "x"), ("lisi", PASSWORD)):
        form = {"name": name, "password": password, "digits": "1"}
        answer = stranger.post("/sign-in/password", data=form)
        answers.add((answer.status_code, *texts(parse(answer.text), "p.notice")))
    assert len(answers) == 1


def test_she_sees_who_tried_and_the_audit_administrator_sees_all(town: Town, lisi: Person) -> None:
    stranger = browser(town, "192.0.2.9")
    lisi.enter(stranger, minute(10), password=WRONG)
    lisi.enter(stranger, minute(11), digits="000000")
    assert lisi.enter(lisi.client, minute(12)) == 303
    rows = lisi.client.get("/api/v1/sessions/failed").json()
    assert [(row["fault"], row["address"], row["login"]) for row in rows] == [
        ("code", "192.0.2.9", "lisi"),
        ("password", "192.0.2.9", "lisi"),
    ]
    assert "口令对，验证码不对" in lisi.client.get("/sessions").text
    audit = town.headers(Role.AUDIT_ADMIN)
    assert town.client.get("/api/v1/sign-ins/failed", headers=audit).json() == rows
    assert "192.0.2.9" in town.client.get("/sign-ins", headers=audit).text
    other = town.headers(Role.CLERK)
    assert town.client.get("/api/v1/sessions/failed", headers=other).json() == []
