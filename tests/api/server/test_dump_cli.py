"""`suanquan db dump` and `db load`, as cron runs them, on the embedded database and another."""

import base64
import os
import signal
import subprocess
from pathlib import Path

import psycopg
import pytest

from api.server.database import reach
from api.settings import Settings
from tests.support.api.events import events
from tests.support.postgres import Server, open_folder
from tests.support.processes import SUANQUAN


def variables(data: Path, **more: str) -> dict[str, str]:
    rest = {k: v for k, v in os.environ.items() if not k.startswith("SUANQUAN_")}
    return rest | {"LC_ALL": "en", "SUANQUAN_DATA": str(data), **more}


def run(*words: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SUANQUAN, *words],
        env=env,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


def test_from_another_postgresql_into_the_embedded_one(postgres: Server, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(base64.b64encode(b"k" * 32))
    name = f"dump_{next(postgres.numbers)}"
    source = postgres.create(name, "migrated")
    try:
        urls = {
            "SUANQUAN_DATABASE_URL": source.app_url,
            "SUANQUAN_DATABASE_OWNER_URL": source.owner_url,
        }
        words = ("db", "dump", str(tmp_path / "place"), f"--key={tmp_path / 'key'}", "--keep=3")
        dump = run(*words, env=variables(tmp_path / "none", **urls))
        with psycopg.connect(source.owner_url) as owner:
            (event,) = events(owner, act="command db dump")
    finally:
        postgres.drop(name)
    assert dump.returncode == 0, dump.stderr
    folder = dump.stdout.split()[-1]
    assert not (tmp_path / "none").exists()
    assert event["actor"].startswith("machine:")
    assert event["number"] == Path(folder).name
    with open_folder() as place:
        own = variables(place / "data")
        early = run("db", "load", folder, env=own)
        assert early.returncode == 1
        assert "--key" in early.stderr
        back = run("db", "load", folder, f"--key={tmp_path / 'key'}", env=own)
        assert back.returncode == 0, back.stderr
        settings = Settings(data=place / "data")
        with reach(settings) as database, psycopg.connect(database.owner_url) as owner:
            (restored,) = events(owner, act="command db load")
            assert restored["number"] == Path(folder).name
        again = run("db", "load", folder, f"--key={tmp_path / 'key'}", env=own)
        assert again.returncode == 1
        assert "not empty" in again.stderr
        once_more = run("db", "dump", str(tmp_path / "embedded"), env=own)
        assert once_more.returncode == 0, once_more.stderr


def test_beside_a_server_it_waits_for_it_and_never_takes_its_place(tmp_path: Path) -> None:
    data, place = tmp_path / "data", tmp_path / "place"
    command = [*SUANQUAN, "db", "dump", str(place), "--every=1"]
    with subprocess.Popen(
        command, env=variables(data), stderr=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stderr
        line = process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert "never been started" in line
    assert not data.exists()


@pytest.mark.parametrize("word", ["--keep=0", "--every=0", "--every=25"])
def test_a_number_that_makes_no_sense_is_misuse(word: str, tmp_path: Path) -> None:
    assert run("db", "dump", str(tmp_path), word, env=variables(tmp_path)).returncode == 2
