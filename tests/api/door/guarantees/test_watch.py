"""A database that lacks a guarantee is read and not written, and it passes by itself."""

import psycopg
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from ledger.postgres.database import Database
from tests.support.api.command_line import environment
from tests.support.api.events import events
from tests.support.people import promote
from tests.support.processes import run_here


def test_a_server_reads_on_and_writes_again_once_it_is_whole(
    database: Database, owner: psycopg.Connection
) -> None:
    engine = database.engine()
    try:
        owner.execute("ALTER TABLE events DISABLE TRIGGER stays")
        with TestClient(create_app(engine, Settings())) as client:
            assert client.get("/healthz").status_code == 200
            ready = client.get("/readyz", headers={"Accept-Language": "en"})
            assert (ready.status_code, ready.json()["code"]) == (503, "guarantee_missing")
            assert "1 of its guarantees" in ready.json()["detail"]
            wish = client.post("/api/v1/tokens", json={})
            assert (wish.status_code, wish.json()["code"]) == (503, "guarantee_missing")
            assert wish.headers["retry-after"]
            assert client.get("/sign-in").status_code == 200
            owner.execute("ALTER TABLE events ENABLE TRIGGER stays")
            client.app.state.guarantees.look()  # type: ignore[attr-defined]
            assert client.get("/readyz").text == "ok\n"
            assert client.post("/api/v1/tokens", json={}).status_code == 401
    finally:
        engine.dispose()


@pytest.mark.parametrize(("language", "word"), [("en", "not held"), ("zh", "没有守住")])
def test_the_command_names_what_does_not_hold(
    database: Database, owner: psycopg.Connection, language: str, word: str
) -> None:
    promote(owner)
    urls = {
        "SUANQUAN_DATABASE_URL": database.app_url,
        "SUANQUAN_DATABASE_OWNER_URL": database.owner_url,
    }
    first = run_here(("db", "check", "--json"), environment(**urls))
    assert first.returncode == 0, first.stderr
    owner.execute("DROP TRIGGER keep ON decisions")
    second = run_here(("db", "check"), environment(**urls, LC_ALL=language))
    assert second.returncode == 1
    lines = [line for line in second.stdout.splitlines() if word in line and "keep" in line]
    assert len(lines) == 2  # by trying, and by comparing
    assert [event["number"] for event in events(owner, act="command db check")] == [
        "held", "broken",
    ]  # fmt: skip
