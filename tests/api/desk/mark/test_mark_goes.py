"""A real database is brought through every condition until the mark goes; a drill never is.

Nothing here is set by the owner: administrators are made by the command on the machine, all others
are invited and confirmed, and two persons decide, each with her codes, by the clock on the wall.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient
from psycopg import errors
from sqlmodel import Session

from api.app import create_app
from api.server.database import renew
from api.settings import Settings
from ledger.backup.steps.drill import Findings, record_restoration
from ledger.desk.codes import Safeguard
from ledger.desk.queries.mark import checks
from ledger.people.codes import Role
from ledger.postgres.database import Database
from ledger.seals.queries.seals import last_seal
from tests.support.api.command_line import environment
from tests.support.api.html import attribute, one, parse, texts
from tests.support.api.logins import digits_of, form_of, secret_on
from tests.support.invented_policy import HERE as POLICIES
from tests.support.postgres import Server
from tests.support.processes import run_here

WORDS = "演练，不得用于拨付"
POLICY = "harbour-2032"
"""Invented, with dates and no open question: the laws that there are have both."""


@dataclass
class Bureau:
    """A real database, its server, and the machine that it stands on."""

    database: Database
    engine: sa.Engine
    app: FastAPI
    variables: dict[str, str]

    def command(self, *words: str) -> str:
        """Run `suanquan` on the machine; what it says."""
        result = run_here(words, self.variables)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def come_in(self, link: str, name: str) -> TestClient:
        """Set up a login by the link of an invitation; the browser is signed in with a code."""
        client = TestClient(self.app, base_url="http://suanquan.example", follow_redirects=False)
        invitation = {"path": "/invitation" + link.strip().partition("/invitation")[2]}
        secret = secret_on(client, invitation)
        digits = digits_of(secret, datetime.now(UTC))
        form = form_of(invitation, secret, name=name, digits=digits)
        answer = client.post("/invitation", data=form)
        assert answer.status_code == 200, answer.text
        return client

    def lacks(self) -> set[Safeguard]:
        with Session(self.engine) as db:
            return {c.safeguard for c in checks(db, datetime.now(UTC)) if not c.is_there}

    def is_marked(self, client: TestClient | None = None) -> bool:
        self.app.state.mark = (float("-inf"), True)  # what it was a while ago
        return WORDS in (client or TestClient(self.app)).get("/").text


def empty(postgres: Server) -> Iterator[Database]:
    name = f"real_{next(postgres.numbers)}"
    yield postgres.create(name)
    postgres.drop(name)


database = pytest.fixture(empty)


@pytest.fixture
def bureau(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bureau]:
    shutil.copy(POLICIES / "rates.yaml", tmp_path / f"{POLICY}.yaml")
    monkeypatch.setenv("SUANQUAN_POLICIES", str(tmp_path))
    settings = Settings(url="http://suanquan.example")
    renew(database, settings)
    engine = database.engine()
    variables = environment(
        SUANQUAN_DATABASE_URL=database.app_url,
        SUANQUAN_DATABASE_OWNER_URL=database.owner_url,
        SUANQUAN_DATA=str(tmp_path / "data"),
        SUANQUAN_SEAL_KEY=str(tmp_path / "seal.key"),
        SUANQUAN_POLICIES=str(tmp_path),
        SUANQUAN_URL="http://suanquan.example",
    )
    yield Bureau(database, engine, create_app(engine, settings), variables)
    engine.dispose()


def let_in(bureau: Bureau, first: TestClient, second: TestClient, role: Role) -> TestClient:
    """Somebody whom one security administrator invites and another confirms."""
    form = {"role": role.value, "person": f"某{role}"}
    page = parse(first.post("/people/invitations", data=form).text)
    (link,) = (text for text in texts(page, "code") if "/invitation" in text)
    page = parse(second.get("/people").text)
    action = attribute(one(page, "form[action$='/confirmation']"), "action")
    answer = second.post(action, data={"code": ""})
    assert answer.status_code == 303, answer.text
    return bureau.come_in(link, role.value)


def record_drill(bureau: Bureau) -> None:
    """What `suanquan backup drill` records; that it restores is in `tests/api/server/backup`."""
    now = datetime.now(UTC)
    with Session(bureau.engine) as db, db.begin():
        last = last_seal(db)
        assert last
        findings = Findings(
            base="20260101T000000Z", postgres=18, moment=now.isoformat(), seal=last.number,
            head=last.hash.hex(), rows=1, entries=0, faults=0, is_apart=True,
        )  # fmt: skip
        record_restoration(db, findings, "machine:test", now)


def test_the_mark_goes_condition_by_condition(bureau: Bureau) -> None:
    assert bureau.lacks() == set(Safeguard) - {Safeguard.NO_DRILL}
    assert bureau.is_marked()
    links = {
        name: bureau.command("admin", "create", name, f"--role={role}", "--invite")
        for name, role in (("systems", "systemadmin"), ("security", "securityadmin"),
                           ("second", "securityadmin"), ("audits", "auditadmin"))
    }  # fmt: skip
    lacks = {Safeguard.SECOND_FACTOR, Safeguard.SEALING, Safeguard.BACKUP, Safeguard.POLICY}
    assert bureau.lacks() == lacks
    administrators = {name: bureau.come_in(link, name) for name, link in links.items()}
    lacks -= {Safeguard.SECOND_FACTOR}
    assert bureau.lacks() == lacks
    security, second = administrators["security"], administrators["second"]
    clerk, approver, _finance = (
        let_in(bureau, security, second, role) for role in (Role.CLERK, Role.APPROVER, Role.FINANCE)
    )
    assert bureau.lacks() == lacks
    bureau.command("seal", "now")
    lacks -= {Safeguard.SEALING}
    assert bureau.lacks() == lacks
    record_drill(bureau)
    lacks -= {Safeguard.BACKUP}
    assert bureau.lacks() == lacks
    assert bureau.is_marked(clerk), "one is lacking still"
    answer = clerk.post(f"/policies/{POLICY}/payable", data={"reason": "市政府公布"})
    assert answer.status_code == 303, answer.text
    assert bureau.lacks() == lacks, "one person is not two"
    where = answer.headers["location"]
    digest = attribute(one(parse(approver.get(where).text), "input[name=seen]"), "value")
    answer = approver.post(where, data={"seen": digest, "answer": "confirmed"})
    assert answer.status_code == 303, answer.text
    assert bureau.lacks() == set()
    for client in (clerk, approver, *administrators.values()):
        assert not bureau.is_marked(client)
    states = texts(parse(clerk.get("/mark").text), "tbody .state")
    assert len(states) == len(Safeguard)
    assert all("具备" in state for state in states)
    bureau.command("admin", "create", "newcomer", "--role=systemadmin")
    assert bureau.lacks() == {Safeguard.SECOND_FACTOR}, "she has no authenticator yet"
    assert bureau.is_marked(clerk)


def test_a_drill_is_never_promoted(database: Database) -> None:
    renew(database, Settings(drill_clock="x" * 16))
    renew(database, Settings())  # as a real server does when it starts
    engine = database.engine()
    with Session(engine) as db:
        (no_drill,) = (
            c for c in checks(db, datetime.now(UTC)) if c.safeguard is Safeguard.NO_DRILL
        )
    engine.dispose()
    assert not no_drill.is_there
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        for attempt in ("DELETE FROM drill", "UPDATE drill SET is_drill = false", "TRUNCATE drill"):
            with pytest.raises((errors.RestrictViolation, errors.CheckViolation)):
                owner.execute(attempt.encode())
    intruder = psycopg.connect(database.app_url, autocommit=True)
    with intruder, pytest.raises(errors.InsufficientPrivilege):
        intruder.execute("DELETE FROM drill")
