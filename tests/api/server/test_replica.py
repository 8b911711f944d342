"""Who only looks reads a standby: it shows what was committed before, and when it goes is left out.

A real primary with a real standby, and a small region on it.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta

import psycopg
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlmodel import Session

from ledger.people.codes import Role
from ledger.postgres import replica as module
from ledger.postgres.database import Database
from ledger.postgres.replica import Replica
from tests.support.postgres import open_folder
from tests.support.processes import until
from tests.support.region.site import RegionSite, page_paths
from tests.support.region.usage import NOW, Size
from tests.support.servers.pair import Pair, pair

LONG_S = 300.0
OURS = "FROM pg_stat_activity WHERE application_name = 'suanquan'"


@dataclass
class Region:
    """A small region on two servers, and which statements its standby was asked."""

    both: Pair
    site: RegionSite
    replica: Replica
    statements: list[str] = field(default_factory=list)
    days: Iterator[date] = field(
        default_factory=lambda: (NOW.date() - timedelta(days=n) for n in range(1, 60))
    )

    @property
    def is_asked(self) -> bool:
        """Whether the standby was asked for more than how far it is; forgets it."""
        asks = [statement for statement in self.statements if "pg_last_wal" not in statement]
        self.statements.clear()
        return bool(asks)

    def write(self, client: TestClient) -> str:
        """Make a code by the API; return what a page says of it."""
        day = next(self.days).isoformat()
        wish = {"cluster": "c1", "source": "nvml", "history_from": day}
        answer = client.post(
            "/api/v1/enrolment-codes", json=wish, headers=self.site.headers(Role.SYSTEM_ADMIN)
        )
        assert answer.status_code == 201, answer.text
        return day

    def page(self, client: TestClient) -> Response:
        """The page that shows the codes."""
        return client.get("/agents", headers=self.site.headers(Role.SYSTEM_ADMIN))


@pytest.fixture(scope="module")
def region() -> Iterator[Region]:
    with (
        open_folder() as folder,
        pair(folder) as both,
        psycopg.connect(both.database.owner_url, autocommit=True) as owner,
    ):
        site = RegionSite(both.database, owner)
        site.grow(Size(4, 8, 12))
        app_url = both.url(both.database.app_url, both.b, read_write=False)
        region = Region(both, site, Replica(Database("", app_url).engine()))

        @sa.event.listens_for(region.replica.engine, "before_cursor_execute")
        def _note(*words: object) -> None:
            region.statements.append(str(words[2]))

        yield region
        region.replica.engine.dispose()
        site.close()


@pytest.fixture
def client(region: Region, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A reader, of whose pages the replica has the time that it needs."""
    monkeypatch.setattr(module, "WAIT_S", LONG_S)
    monkeypatch.setattr(region.replica, "_away_until", 0.0)
    region.site.app.state.replica = region.replica
    region.statements.clear()
    with region.site.client() as client:
        yield client


@pytest.mark.parametrize("page", page_paths(), ids=lambda page: f"{page[0]} {page[1]}")
def test_every_page_can_be_read_from_a_standby(
    region: Region, client: TestClient, page: tuple[Role, str]
) -> None:
    assert region.site.ask(client, *page).status == 200
    assert region.is_asked


@pytest.mark.parametrize(
    "path", ["projects", "projects/p1/quota", "findings?kind=silent", "agents"]
)
def test_a_program_that_only_looks_is_answered_from_a_standby(
    region: Region, client: TestClient, path: str
) -> None:
    answer = client.get(f"/api/v1/{path}", headers=region.site.headers(Role.CLERK))
    assert answer.status_code == 200
    assert region.is_asked


def test_what_one_has_written_is_on_the_next_page(region: Region, client: TestClient) -> None:
    for _ in range(5):
        day = region.write(client)
        assert day in region.page(client).text
        assert region.is_asked


def test_a_page_waits_for_a_replica_that_is_a_moment_behind(
    region: Region, client: TestClient
) -> None:
    region.both.admin(region.both.b, "SELECT pg_wal_replay_pause()")
    day = region.write(client)
    with ThreadPoolExecutor(1) as threads:
        page = threads.submit(region.page, client)
        until("a page that waits", lambda: len(region.statements) > 1)
        assert not region.is_asked
        region.both.admin(region.both.b, "SELECT pg_wal_replay_resume()")
        assert day in page.result(LONG_S).text
    assert region.is_asked


def test_where_the_replica_stays_behind_the_primary_is_read_for_a_while(
    region: Region, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAIT_S", 0.0)
    monkeypatch.setattr(module, "AWAY_S", LONG_S)
    region.both.admin(region.both.b, "SELECT pg_wal_replay_pause()")
    day = region.write(client)
    assert day in region.page(client).text
    assert len(region.statements) == 1
    assert day in region.page(client).text
    assert len(region.statements) == 1  # it was left alone
    region.both.admin(region.both.b, "SELECT pg_wal_replay_resume()")


def test_a_primary_is_no_replica(region: Region) -> None:
    with Session(region.site.engine) as db, Replica(region.site.engine).session(db) as copy:
        assert copy is None


def test_a_page_that_loses_the_replica_is_told_to_ask_again(
    region: Region, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AWAY_S", LONG_S)
    is_first = iter([True])

    @sa.event.listens_for(region.replica.engine, "before_cursor_execute")
    def _cut(*words: object) -> None:
        if "pg_last_wal" not in str(words[2]) and next(is_first, False):
            region.both.admin(region.both.b, f"SELECT pg_terminate_backend(pid, 60000) {OURS}")

    refusal = region.page(client)
    sa.event.remove(region.replica.engine, "before_cursor_execute", _cut)
    assert (refusal.status_code, refusal.headers["Retry-After"]) == (503, "5")
    region.statements.clear()
    assert region.page(client).status_code == 200
    assert not region.statements


def test_without_the_replica_pages_are_read_from_the_primary(
    region: Region, client: TestClient
) -> None:
    region.both.kill_standby()
    day = region.write(client)
    assert day in region.page(client).text
