"""`suanquan backup …` and `restore`, as a bureau runs them: from nothing to a restored city."""

import json
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from api.server.database import reach
from api.settings import Settings
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
