"""Coming in without a token: by the machine's link once, and as a made-up person of a drill."""

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import Session

from api.door.middleware import DEVICE_COOKIE
from api.settings import Settings
from ledger.people.codes import Role
from ledger.people.steps import credentials, drill, links
from ledger.postgres.database import Database
from tests.support.api.html import parse
from tests.support.api.town import NOW, Town
from tests.support.people import FAR

DRILL = Settings(drill_clock="x" * 16)
PEOPLE = (("clerk", "演练经办"), ("approver", "演练审批"))


@pytest.fixture
def drilling(town: Town, database: Database) -> Town:
    """A town of a drill, with two made-up people; its projects are made up too."""
    with Session(database.owner_engine()) as db, db.begin():
        db.execute(sa.text("UPDATE projects SET drill = true"))
        for role, person in PEOPLE:
            credentials.issue_token(
                db, role=role, person=person, actor=drill.MAKER, now=NOW, expires_at=FAR
            )
    town.app.state.settings = DRILL
    return town


def play(town: Town, role: Role) -> None:
    """Click, as this role, on the page for signing in."""
    buttons = parse(town.client.get("/sign-in").text).css("button[name=part]")
    words = {Role.CLERK: "经办", Role.APPROVER: "审批"}
    value = next(b.attributes["value"] for b in buttons if b.text().endswith(words[role]))
    answer = town.client.post("/sign-in/drill", data={"part": value})
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk")


def test_one_browser_plays_who_proposes_and_who_confirms(drilling: Town) -> None:
    play(drilling, Role.CLERK)
    form = {"cluster": "c-mine", "gpus": 64, "since": "2026-01-01", "evidence": "采购合同"}
    assert drilling.client.post("/findings/capacities", data=form).status_code == 303
    play(drilling, Role.APPROVER)
    (decision,) = drilling.client.get("/api/v1/decisions").json()
    page = parse(drilling.client.get(f"/decisions/{decision['id']}").text)
    assert page.css("button[value=confirmed]")
    answer = {"answer": "confirmed", "seen": decision["digest"]}
    path = f"/decisions/{decision['id']}"
    assert drilling.client.post(path, data=answer).status_code == 303
    assert drilling.client.get("/api/v1/decisions").json() == []


def test_playing_leaves_the_browsers_own_device_alone(drilling: Town) -> None:
    drilling.client.post("/sign-in", data={"token": drilling.tokens[Role.AUDITOR]})
    device = drilling.client.cookies[DEVICE_COOKIE]
    play(drilling, Role.CLERK)
    assert drilling.client.cookies[DEVICE_COOKIE] == device


def test_outside_a_drill_nobody_is_played(drilling: Town, owner: object) -> None:
    with Session(drilling.app.state.engine) as db:
        part = drill.parts(db, NOW)[0].token
    drilling.app.state.settings = Settings()
    assert "/sign-in/drill" not in drilling.client.get("/sign-in").text
    answer = drilling.client.post("/sign-in/drill", data={"part": part})
    assert (answer.status_code, answer.json()["code"]) == (403, "no_drill_here")


def test_a_real_person_is_not_played(drilling: Town) -> None:
    with Session(drilling.app.state.engine) as db:
        viewer = credentials.viewer(db, drilling.tokens[Role.CLERK], NOW)
    assert viewer
    answer = drilling.client.post("/sign-in/drill", data={"part": viewer.token})
    assert (answer.status_code, answer.json()["code"]) == (404, "part")


def test_a_drill_registers_no_real_project(drilling: Town) -> None:
    file = "projects: [{code: x, name: x, kind: model, organisation: 91640100MADEM00022}]"
    for drill_word, codes in (("", ["drill_stays"]), (", drill: true", [])):
        answer = drilling.client.post(
            "/api/v1/registry",
            content=file.replace("}]", drill_word + "}]").encode(),
            headers=drilling.headers(Role.CLERK),
        )
        findings = [f["code"] for f in answer.json().get("findings", [])]
        assert [code for code in findings if code == "drill_stays"] == codes


# --- the machine's link --------------------------------------------------------------------------


@pytest.fixture
def code(town: Town, database: Database) -> str:
    with Session(database.owner_engine()) as db, db.begin():
        viewer = credentials.viewer(db, town.tokens[Role.SECURITY_ADMIN], NOW)
        assert viewer
        return links.make_link(db, viewer.token, "machine:test", NOW)


def test_a_link_opens_a_session_once_and_looking_does_not_use_it(town: Town, code: str) -> None:
    for _ in range(2):  # a scanner of mails looks first
        page = parse(town.client.get(f"/sign-in/once?code={code}").text)
        (field,) = page.css("input[name=code]")
        assert field.attributes["value"] == code
    assert town.client.post("/sign-in/once", data={"code": code}).status_code == 303
    assert town.client.get("/api/v1/tokens").status_code == 200
    second = TestClient(town.app, follow_redirects=False)
    for secret in (code, "", "x"):
        answer = second.post("/sign-in/once", data={"code": secret})
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
    assert "没有内容" in second.get("/sign-in/once").text


def test_the_log_keeps_no_link(town: Town, code: str, log: object) -> None:
    town.client.get(f"/sign-in/once?code={code}")
    town.client.post("/sign-in/once", data={"code": code})
    assert code not in str(log.getvalue())  # type: ignore[attr-defined]


def test_a_device_is_shared_where_a_link_was_used(
    town: Town, code: str, database: Database
) -> None:
    """Coming in by a link is no way round the rule of devices."""
    town.client.post("/sign-in", data={"token": town.tokens[Role.CLERK]})
    device = town.client.cookies[DEVICE_COOKIE]
    town.client.post("/sign-in/once", data={"code": code})
    assert town.client.cookies[DEVICE_COOKIE] == device
