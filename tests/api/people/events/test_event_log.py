"""The event log as it is asked for: by person, time and thing; bounded; without secrets."""

from typing import Any

import psycopg
import pytest

from api.door.events import bound
from api.door.events.bound import Bound
from ledger.people.codes import Role
from tests.support.api.command_line import Desk
from tests.support.api.town import Town

READERS = (Role.AUDIT_ADMIN, Role.AUDITOR)


def ask(town: Town, query: str = "", language: str = "zh-CN") -> list[dict[str, Any]]:
    headers = town.headers(Role.AUDIT_ADMIN, language)
    answer = town.client.get(f"/api/v1/events{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()
    return rows


@pytest.fixture
def acts(town: Town) -> Town:
    """A token is made, one is refused, and a stranger guesses."""
    new = {"role": "auditor", "person": "新来的"}
    for role in (Role.SECURITY_ADMIN, Role.CLERK):
        town.client.post("/api/v1/tokens", json=new, headers=town.headers(role))
    town.client.post("/sign-in", data={"token": "sq_guess"})
    return town


def test_it_is_searched_by_person_time_and_thing(acts: Town) -> None:
    assert [(e["result"], e["code"]) for e in ask(acts, "?noun=tokens")] == [
        ("refused", "not_your_role"), ("done", ""),
    ]  # fmt: skip
    (issue,) = ask(acts, "?who=某security&result=done")
    assert ask(acts, f"?noun=tokens&number={issue['number']}") == [issue]
    day = issue["at"][:10]
    assert issue in ask(acts, f"?until={day}") + ask(acts, f"?since={day}")
    assert ask(acts, "?since=2199-01-01") == ask(acts, "?until=2001-01-01") == []
    assert [e["id"] for e in ask(acts, "?limit=1&offset=1")] == [ask(acts)[1]["id"]]


def test_a_stranger_has_no_name_and_an_address(acts: Town) -> None:
    (guess,) = ask(acts, "?noun=sign-in")
    assert (guess["actor"], guess["result"], guess["address"]) == (None, "refused", "testclient")
    assert "sq_guess" not in str(ask(acts))


def test_nobody_stops_the_files_by_what_he_writes_into_an_address(town: Town) -> None:
    town.client.post("/api/v1/projects/a%01b/cap", headers=town.headers(Role.CLERK))
    (refused,) = ask(town, "?noun=projects")
    assert refused["number"] == "a\x01b"
    for form in ("csv", "xlsx"):
        headers = town.headers(Role.AUDIT_ADMIN)
        answer = town.client.get(f"/api/v1/events.{form}?noun=projects", headers=headers)
        assert answer.status_code == 200, form


def test_the_page_and_the_files_say_the_same(acts: Town) -> None:
    for role in READERS:
        headers = acts.headers(role)
        page = acts.client.get("/events?noun=tokens", headers=headers).text
        assert page.count("签发令牌") == 2
        lines = acts.client.get("/api/v1/events.csv?noun=tokens", headers=headers).text
        assert len(lines.strip().splitlines()) == 3
        book = acts.client.get("/api/v1/events.xlsx?noun=tokens", headers=headers)
        assert book.content.startswith(b"PK")


def test_a_form_whose_fields_are_left_empty_asks_for_all(acts: Town) -> None:
    empty = "who=&since=&until=&noun=&number=&result="
    for path in (f"/events?{empty}", f"/api/v1/events?{empty}", f"/api/v1/events.csv?{empty}"):
        answer = acts.client.get(path, headers=acts.headers(Role.AUDIT_ADMIN))
        assert answer.status_code == 200
        assert "签发令牌" in answer.text


def test_a_day_that_is_none_is_told_once(acts: Town) -> None:
    headers = acts.headers(Role.AUDIT_ADMIN)
    for day in ("yesterday", "1899-01-01"):
        answer = acts.client.get(f"/api/v1/events?since={day}", headers=headers)
        assert (answer.status_code, answer.json()["count"]) == (422, 1)


def test_nobody_fills_the_disk_with_refusals() -> None:
    now = 0.0
    limit = Bound(lambda: now)
    assert [limit.admit(None) for _ in range(bound.AT_ONCE)] == [0] * bound.AT_ONCE
    assert [limit.admit(None) for _ in range(5)] == [None] * 5
    assert limit.admit(7) == 0, "somebody else's is recorded"
    now = 3600 / bound.AN_HOUR
    assert limit.admit(None) == 5
    assert limit.admit(None) is None


def test_commands_list_and_check(acts: Town, desk: Desk, owner: psycopg.Connection) -> None:
    listed = desk.ask(Role.AUDIT_ADMIN, "event", "ls", "--noun", "tokens")
    assert listed == ask(acts, "?noun=tokens", "en")
    assert desk.run(Role.AUDIT_ADMIN, "event", "check").returncode == 0
    owner.execute("ALTER TABLE events DISABLE TRIGGER stays")
    owner.execute("UPDATE events SET address = '203.0.113.1' WHERE noun = 'sign-in'")
    broken = desk.run(Role.AUDIT_ADMIN, "event", "check")
    assert broken.returncode == 1
    assert str(ask(acts, "?noun=sign-in")[0]["id"]) in broken.stderr
