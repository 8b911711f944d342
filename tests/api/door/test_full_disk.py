"""A full disk under the embedded database: read on, write not, and back by itself."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import Session

from api.app import create_app
from api.door import disk as module
from api.door import logs
from api.door.disk import Disk
from api.door.problems import problem_of
from api.settings import MIB, Settings
from ledger.people.codes import Role
from ledger.people.steps.credentials import issue_token
from ledger.postgres.database import Database, mark_drill, upgrade
from ledger.postgres.embedded import Embedded
from tests.support.people import FAR
from tests.support.servers.embedded import QUICK
from tests.support.servers.small_disk import fill, small_disk
from tests.support.simulation import START

RESERVE_MIB = 8


@pytest.fixture
def database(folder: Path) -> Iterator[Database]:
    """The embedded database on a small disk of its own, with the schema."""
    with (
        small_disk(folder / "disk", mib=200),
        Embedded(
            folder / "disk" / "data" / "postgres", settings=QUICK | {"max_wal_size": "32MB"}
        ) as embedded,
    ):
        database = Database(owner_url=embedded.owner_url, app_url=embedded.app_url)
        upgrade(database)
        with database.owner_engine().begin() as connection:
            mark_drill(connection, is_drill=True)
        yield database


def test_a_full_disk_is_read_from_and_comes_back_by_itself(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT_S", 0.0)
    monkeypatch.setattr(module, "RETRY_S", 0)
    with Session(database.owner_engine()) as db, db.begin():
        token = issue_token(
            db, role=Role.SECURITY_ADMIN, person="安全管理员", actor="machine:test", now=START,
            expires_at=FAR,
        )  # fmt: skip
    engine = database.engine()
    settings = Settings(data=folder / "disk" / "data", reserve_mib=RESERVE_MIB)
    client = TestClient(create_app(engine, settings), raise_server_exceptions=False)
    client.headers["Authorization"] = f"Bearer {token}"
    wish = {"role": "clerk", "person": "李四", "days": 1}
    filler = fill(folder / "disk", leave=(RESERVE_MIB - 1) * MIB)
    refusal = client.post("/api/v1/tokens", json=wish, headers={"Accept-Language": "en"})
    assert (refusal.status_code, refusal.json()["code"]) == (503, "disk_full")
    assert "disk" in refusal.json()["detail"]
    assert refusal.headers["retry-after"]
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["code"]) == (503, "disk_full")
    assert client.get("/healthz").status_code == 200
    assert client.get("/api/v1/tokens").status_code == 200
    assert client.post("/sign-in", data={"token": token}).status_code in (200, 303)
    assert client.post("/sign-in/password", data={"name": "nobody"}).status_code == 403
    filler.unlink()
    assert client.get("/readyz").text == "ok\n"
    assert client.post("/api/v1/tokens", json=wish).status_code != 503
    _fill_beyond_the_reserve(database, folder)
    engine.dispose()


def _fill_beyond_the_reserve(database: Database, folder: Path) -> None:
    """Whatever else fills the disk: what the database then says is the same problem."""
    owner = database.owner_engine()
    with owner.begin() as connection:
        connection.execute(sa.text("CREATE TABLE hoard (text text STORAGE EXTERNAL)"))
    filler = fill(folder / "disk", leave=256 * 1024)
    with pytest.raises(sa.exc.OperationalError) as full, owner.begin() as connection:
        connection.execute(sa.text("INSERT INTO hoard SELECT repeat('x', 1000000)"))
    filler.unlink()
    assert problem_of(full.value).code == "disk_full"
    disk = Disk((), 0)
    disk.note(full.value)
    assert not disk.is_full  # no longer than it said


def test_what_the_database_said_of_its_disk_counts_for_a_moment() -> None:
    disk = Disk((), 0)
    disk.note(sa.exc.OperationalError("", None, _disk_full()))
    assert disk.is_full
    second = Disk((), 0)
    second.note(ValueError())
    assert not second.is_full


def test_a_log_that_is_lost_turns_readiness_red_and_fails_no_request(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr(logs, "is_failing", lambda: True)
    assert client.get("/readyz").json()["code"] == "log_lost"
    assert client.get("/sign-in").status_code == 200


def _disk_full() -> Exception:
    return psycopg.errors.DiskFull("could not extend file")
