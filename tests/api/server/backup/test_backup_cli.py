"""`suanquan backup …` and `restore`, as a bureau runs them: from nothing to a restored city."""

import json
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlmodel import Session

from api.server.backup.rounds import base_round, drill_round, wal_round
from api.server.database import reach
from api.settings import Settings
from ledger.desk.codes import Safeguard
from ledger.desk.queries.gauges import gauges
from ledger.desk.queries.mark import checks
from ledger.errors import Unusable
from ledger.postgres.clock import moment_of
from tests.support.api.events import events
from tests.support.postgres import Server, open_folder
from tests.support.processes import Result, run_here

Run = Callable[..., Result]


@pytest.fixture
def place() -> Iterator[Path]:
    with open_folder() as path:
        (path / "store").mkdir()
        yield path


def runner(place: Path, data: str, **more: str) -> Run:
    env = {
        "LC_ALL": "en", "PATH": "/usr/bin:/bin", "SUANQUAN_DATA": str(place / data),
        "SUANQUAN_BACKUP": str(place / "store"), **more,
    }  # fmt: skip
    return lambda *words: run_here(words, env)


def answer(result: Result) -> Any:
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@contextmanager
def city_of(data: Path) -> Iterator[psycopg.Connection]:
    with (
        reach(Settings(data=data)) as database,
        psycopg.connect(database.owner_url) as owner,
    ):
        yield owner


def test_from_nothing_to_a_restored_city(place: Path) -> None:
    run, key = runner(place, "first"), str(place / "read.key")
    assert run("db", "upgrade").returncode == 0
    assert "nobody said" in runner(place, "first", SUANQUAN_BACKUP="")("backup", "now").stderr
    assert "backup.key" in run("backup", "now").stderr, "there is no key yet"
    pair = answer(run("backup", "keys", key, "--json"))
    for file in pair.values():
        assert stat.S_IMODE(Path(file).stat().st_mode) == 0o600
    assert "exists" in run("backup", "keys", key).stderr
    base = answer(run("backup", "now", "--json"))
    with city_of(place / "first") as owner:
        (event,) = events(owner, act="command backup now")
    assert event["number"] == base["number"]
    (listed,) = answer(run("backup", "ls", "--json"))
    assert listed["number"] == base["number"]
    assert listed["first"] <= listed["last"]
    assert answer(run("backup", "prune", "--json"))["bases"] == 0
    assert answer(run("backup", "ls", "--json")) == [listed]

    again = runner(place, "second", SUANQUAN_BACKUP="")
    source = f"--from={place / 'store'}"
    assert answer(again("backup", "ls", source, f"--key={key}", "--json")) == [listed]
    late = again("restore", source, f"--key={key}", "--to=2100-01-01T00:00")
    assert listed["last"] in late.stderr
    early = again("restore", source, f"--key={key}", "--to=2020-01-01T00:00")
    assert listed["first"] in early.stderr
    assert "2026-11-30T18:30" in again("restore", source, f"--key={key}", "--to=noon").stderr
    wrong = again("restore", source, f"--key={place / 'first' / 'backup.key'}")
    assert "suanquan-backup-read-1" in wrong.stderr
    restored = answer(again("restore", source, f"--key={key}", "--json"))
    assert restored["number"] == base["number"]
    with city_of(place / "second") as owner:
        assert events(owner, act="command restore")[0]["number"] == base["number"]
        assert events(owner, act="command db upgrade"), "what was there before is there again"
    occupied = again("restore", source, f"--key={key}")
    assert "there already" in occupied.stderr


def test_another_postgresql_is_copied_by_a_login_and_comes_back_in_a_folder(
    postgres: Server, place: Path
) -> None:
    name = f"backup_{next(postgres.numbers)}"
    source = postgres.create(name, "migrated")
    with ExitStack() as stack:
        stack.callback(postgres.drop, name)
        urls = {
            "SUANQUAN_DATABASE_URL": source.app_url,
            "SUANQUAN_DATABASE_OWNER_URL": source.owner_url,
        }
        run = runner(place, "none", **urls)
        (place / "none").mkdir()
        key = str(place / "read.key")
        run("backup", "keys", key)
        assert "REPLICATION" in run("backup", "now").stderr
        copier = postgres.url(postgres.embedded.backup_url, name)
        run = runner(place, "none", **urls, SUANQUAN_BACKUP_DATABASE_URL=copier)
        answer(run("backup", "now", "--json"))
        postgres.admin("SELECT pg_drop_replication_slot('suanquan_backup')")
    into = place / "into"
    row = answer(run("restore", f"--key={key}", f"--into={into}", "--json"))
    assert row["data"] == str(into / "cluster")
    assert (into / "cluster" / "PG_VERSION").is_file()
    assert not (into / "recovery").exists()
    assert "there already" in run("restore", f"--key={key}", f"--into={into}").stderr


def test_a_drill_verifies_what_it_restored_and_the_mark_waits_for_one(place: Path) -> None:
    run, key = runner(place, "first"), str(place / "read.key")
    run("db", "upgrade")
    run("backup", "keys", key)
    run("backup", "now")
    assert "seal now" in run("backup", "drill", f"--key={key}").stderr, "nothing to compare with"
    assert run("seal", "now").returncode == 0
    settings = Settings(data=place / "first", backup=str(place / "store"), backup_days=1)
    with reach(settings) as database:
        engine = database.engine(pool_size=1)
        try:
            assert wal_round(engine, settings)
            now = moment_of(engine)
            assert not base_round(engine, settings, now), "one was made by hand just now"
            assert base_round(engine, settings, now + timedelta(days=2))
            assert wal_round(engine, settings)
            with Session(engine) as db:
                figures = gauges(db, moment_of(engine)).backups
                done = {check.safeguard: check.is_there for check in checks(db, now)}
                assert not done[Safeguard.BACKUP]
            assert 0 <= figures.base_s < 3600
            assert 0 <= figures.wal_s < 3600
            assert figures.restored_s is None
        finally:
            engine.dispose()
    report = place / "drill.json"
    row = answer(run("backup", "drill", f"--key={key}", f"--report={report}", "--json"))
    assert json.loads(report.read_text()) == row
    assert (row["faults"], row["seal"]) == (0, 1)
    assert row["rows"] > 0
    assert row["is_apart"] is False, "the same disk"
    with city_of(place / "first") as owner:
        (event,) = events(owner, act="command backup drill")
        assert event["number"].startswith(row["base"])
        forged = "UPDATE restorations SET is_apart = true"
        insert = (
            "INSERT INTO restorations (content, seal, seal_hash, faults, is_apart, restored_at,"
            " restored_by) SELECT content, seal, seal_hash, faults, {}, now(), 'x'"
            " FROM restorations"
        )
        with pytest.raises(psycopg.errors.CheckViolation):
            owner.execute(insert.format("true").encode())
        owner.rollback()
        wrong = insert.format("false").replace("seal_hash, faults, f", "'\\x00', faults, f")
        with pytest.raises(psycopg.errors.CheckViolation):
            owner.execute(wrong.encode())
        owner.rollback()
        owner.execute("SET ROLE suanquan_app")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            owner.execute(forged.encode())


def test_a_server_that_has_the_read_key_tries_a_restoration_when_one_is_due(place: Path) -> None:
    run, key = runner(place, "first"), place / "read.key"
    for words in (["db", "upgrade"], ["backup", "keys", str(key)], ["seal", "now"]):
        assert run(*words).returncode == 0
    assert run("backup", "now").returncode == 0
    settings = Settings(data=place / "first", backup=str(place / "store"), backup_read_key=key)
    with reach(settings) as database, ExitStack() as stack:
        engine = database.engine(pool_size=1)
        stack.callback(engine.dispose)
        now = moment_of(engine)
        assert drill_round(engine, settings, now), "there was none yet"
        assert not drill_round(engine, settings, now + timedelta(days=6))
        with Session(engine) as db:
            assert gauges(db, moment_of(engine)).backups.restored_s is not None
        key.unlink()
        with pytest.raises(Unusable, match="backup_key"):
            drill_round(engine, settings, now + timedelta(days=8))
    with city_of(place / "first") as owner:
        (event,) = events(owner, act="round backup drill")
    assert event["actor"] == "server"
