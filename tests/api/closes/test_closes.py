"""A month is closed over HTTP, on the page and by command; what stands against it is told."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from api.server.seals.rounds import seal_round
from api.settings import Settings
from ledger.people.codes import Role
from ledger.seals.codes import SealKind
from ledger.seals.queries.seals import last_seal
from tests.support.api.command_line import Desk
from tests.support.api.town import Town
from tests.support.simulation import minute

APRIL = minute(35 * 24 * 60)  # the fifth, in Beijing


def ask(town: Town, role: Role, method: str, path: str, status: int, **more: Any) -> Any:
    answer = town.client.request(method, f"/api/v1/{path}", headers=town.headers(role), **more)
    assert answer.status_code == status, answer.text
    return answer.json()


def close_march(town: Town) -> None:
    """Its usage by a clerk, its books by finance and an approver."""
    town.app.state.wall_clock = lambda: APRIL
    month = {"month": "2026-03"}
    ask(town, Role.CLERK, "POST", "closes", 201, json={"kind": "usage", **month})
    decision = ask(town, Role.FINANCE, "POST", "closes", 201, json={"kind": "books", **month})
    answer = {"answer": "confirmed", "seen": decision["digest"]}
    ask(town, Role.APPROVER, "POST", f"decisions/{decision['id']}/answer", 200, json=answer)


def test_a_close_that_cannot_be_says_why_a_line_each(town: Town) -> None:
    body = {"kind": "books", "month": "2026-03"}
    problem = ask(town, Role.FINANCE, "POST", "closes", 422, json=body)
    assert problem["code"] == "close_obstructed"
    assert [fault["code"] for fault in problem["findings"]] == ["close_too_early", "usage_open"]
    view = ask(town, Role.AUDITOR, "GET", "closes/books/2026-03", 200)
    assert view["obstacles"] == problem["findings"]
    page = town.client.get("/closes/books/2026-03", headers=town.headers(Role.AUDITOR)).text
    assert all(fault["message"] in page for fault in problem["findings"])
    form = town.client.post(
        "/closes",
        data={**body, "_page": "/closes"},
        headers=town.headers(Role.FINANCE) | {"Accept": "text/html"},
    )
    assert problem["findings"][1]["message"] in form.text


def test_a_month_is_closed_and_shown(town: Town) -> None:
    close_march(town)
    rows = ask(town, Role.AUDITOR, "GET", "closes", 200)
    assert [(row["kind"], row["month"]) for row in rows] == [
        ("books", "2026-03-01"), ("usage", "2026-03-01")
    ]  # fmt: skip
    view = ask(town, Role.AUDITOR, "GET", "closes/books/2026-03", 200)
    assert view["digest"] == rows[0]["digest"]
    assert len(view["items"]) == rows[0]["items"] > 0
    for path in ("/closes", "/closes/books/2026-03", "/closes/usage/2026-03"):
        answer = town.client.get(path, headers=town.headers(Role.AUDITOR, "en"))
        assert answer.status_code == 200
        assert view["digest"][:8] in answer.text or "usage" in path


def test_commands_close_list_and_show(desk: Desk, town: Town) -> None:
    town.app.state.wall_clock = lambda: APRIL
    assert "digest" in desk.run(Role.CLERK, "close", "usage", "2026-03", "--json").stdout
    assert "2026-03" in desk.run(Role.AUDITOR, "close", "ls").stdout
    output = desk.run(Role.AUDITOR, "close", "show", "books", "2026-03").stdout
    assert "p-mine" in output


def test_a_seal_follows_the_close(town: Town, engine: sa.Engine, tmp_path: Any) -> None:
    settings = Settings(seal_key=tmp_path / "seal.key")
    now = datetime.now(UTC)
    seal_round(engine, settings, now)
    close_march(town)
    assert seal_round(engine, settings, now + timedelta(minutes=1))
    with Session(engine) as db:
        seal = last_seal(db)
        assert seal is not None
        assert (seal.kind, seal.month) == (SealKind.CLOSE, date(2026, 3, 1))
    assert not seal_round(engine, settings, now + timedelta(minutes=2))
