"""A dump is whole or not there; what was changed or cut off is refused before anything is."""

import base64
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from ledger.errors import Unusable
from ledger.formats.sealing import PIECE, read_key, seal, unseal
from ledger.postgres.database import Database, check_revision
from ledger.postgres.dump import programs
from ledger.postgres.dump.make import dumps, make
from ledger.postgres.dump.restore import restore
from tests.support.postgres import Server
from tests.support.town import Town

NOW = datetime(2026, 11, 30, 18, 30, tzinfo=UTC)
KEY, SECOND = b"k" * 32, b"o" * 32
_TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1"


@pytest.fixture
def empty(postgres: Server) -> Iterator[Database]:
    name = f"restored_{next(postgres.numbers)}"
    yield postgres.create(name)
    postgres.drop(name)


@pytest.fixture
def dump(database: Database, metered_town: Town, tmp_path: Path) -> Path:
    return make(database, tmp_path / "place", NOW, key=KEY)


def content(database: Database) -> list[object]:
    """The schema's objects, and the rows of some tables: what a restored one has to have."""
    with psycopg.connect(database.owner_url) as connection:
        rows: list[object] = list(connection.execute(_TABLES))
        for table in ("windows", "agents", "batches", "alembic_version"):
            rows += connection.execute(f"SELECT t::text FROM {table} t ORDER BY 1".encode())
        rights = "SELECT relname, relacl::text FROM pg_class WHERE relacl IS NOT NULL ORDER BY 1"
        return rows + list(connection.execute(rights))


def refusal(run: Callable[[], object]) -> str:
    with pytest.raises(Unusable) as caught:
        run()
    return caught.value.code


@pytest.mark.parametrize("key", [None, KEY])
def test_what_is_restored_is_what_was_there(
    database: Database, metered_town: Town, empty: Database, tmp_path: Path, key: bytes | None
) -> None:
    folder = make(database, tmp_path / "place", NOW, key=key)
    assert folder.name == "suanquan-20261130T183000Z"
    manifest = restore(empty, folder, key=key)
    assert manifest.rows["public.windows"] > 0
    assert content(empty) == content(database)
    restored = empty.engine()
    check_revision(restored)
    restored.dispose()
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 or path.name == "manifest.json"
    assert (b"PGDMP" in (folder / "database.dump").read_bytes()) is (key is None)


def test_the_restored_books_still_refuse_what_the_first_ones_refused(
    dump: Path, empty: Database
) -> None:
    """Triggers and rights came along: the application may not delete."""
    restore(empty, dump, key=KEY)
    with (
        psycopg.connect(empty.app_url) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("DELETE FROM windows")


def test_a_database_that_has_something_is_left_alone(dump: Path, database: Database) -> None:
    before = content(database)
    assert refusal(lambda: restore(database, dump, key=KEY)) == "dump_not_empty"
    assert content(database) == before


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def edit(**changes: object) -> Callable[[Path], None]:
    def change(dump: Path) -> None:
        path = dump.with_name("manifest.json")
        text = json.loads(path.read_bytes())
        text["manifest"].update(changes)
        path.write_text(json.dumps(text))

    return change


def unmark(dump: Path) -> None:
    path = dump.with_name("manifest.json")
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"mark": None}))


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (cut, "dump_changed"),
        (flip, "dump_changed"),
        (Path.unlink, "dump_absent"),
        (lambda dump: dump.with_name("manifest.json").unlink(), "dump_absent"),
        (lambda dump: dump.with_name("manifest.json").write_text("{"), "dump_broken"),
        (lambda dump: dump.with_name("manifest.json").write_text("[]"), "dump_broken"),
        (edit(nonsense=1), "dump_broken"),
        (edit(format=2), "dump_format"),
        (edit(rows={}), "dump_forged"),
        (edit(sealed=False), "dump_forged"),
        (edit(revision="9999"), "dump_forged"),
        (unmark, "dump_forged"),
    ],
)
def test_a_damaged_or_changed_dump_is_refused_and_nothing_is_done(
    dump: Path, empty: Database, damage: Callable[[Path], object], code: str
) -> None:
    damage(dump / "database.dump")
    assert refusal(lambda: restore(empty, dump, key=KEY)) == code
    with psycopg.connect(empty.owner_url) as connection:
        assert not list(connection.execute(_TABLES))


def test_the_key_is_needed_and_it_is_this_one(dump: Path, empty: Database) -> None:
    assert refusal(lambda: restore(empty, dump)) == "dump_needs_key"
    assert refusal(lambda: restore(empty, dump, key=SECOND)) == "dump_forged"


def test_a_dump_without_a_key_is_not_taken_for_one_with_a_mark(
    database: Database, empty: Database, tmp_path: Path
) -> None:
    """Who has a key wants its mark: an unsealed one put in its place is no dump of theirs."""
    folder = make(database, tmp_path, NOW)
    assert refusal(lambda: restore(empty, folder, key=KEY)) == "dump_forged"


def test_one_of_a_newer_program_is_refused(
    database: Database, empty: Database, tmp_path: Path
) -> None:
    folder = make(database, tmp_path, NOW)
    edit(revision="9999")(folder / "database.dump")
    assert refusal(lambda: restore(empty, folder)) == "dump_newer"


def test_what_fails_in_the_middle_leaves_the_database_empty(
    dump: Path, empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = programs.load

    def half(url: str, pieces: Iterator[bytes]) -> None:
        first = next(iter(pieces))
        whole(url, [first[: len(first) // 2]])

    monkeypatch.setattr("ledger.postgres.dump.restore.load", half)
    assert refusal(lambda: restore(empty, dump, key=KEY)) == "dump_program"
    with psycopg.connect(empty.owner_url) as connection:
        assert not list(connection.execute(_TABLES))
    monkeypatch.undo()
    restore(empty, dump, key=KEY)


def test_the_newest_stay(database: Database, tmp_path: Path) -> None:
    stranger = tmp_path / "suanquan-notes"
    stranger.mkdir()
    for hour in range(4):
        make(database, tmp_path, NOW + timedelta(hours=hour), keep=2)
    assert [f.name[-7:] for f in dumps(tmp_path)] == ["203000Z", "213000Z"]
    assert stranger.is_dir()
    assert refusal(lambda: make(database, tmp_path, NOW + timedelta(hours=3))) == "dump_exists"


KILLED = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from ledger.postgres.dump import make as module
from ledger.postgres.database import Database
real = module.dump
def slow(url, snapshot):
    for piece in real(url, snapshot):
        yield piece
        print("wrote", flush=True)
        sys.stdin.readline()
module.dump = slow
database, now = Database(sys.argv[1], sys.argv[1]), datetime(2026, 11, 30, tzinfo=UTC)
module.make(database, Path(sys.argv[2]), now)
"""


def test_killed_in_the_middle_it_is_no_dump_and_the_next_one_clears_it(
    database: Database, tmp_path: Path
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, database.owner_url, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout
        assert process.stdout.readline() == b"wrote\n"
        busy = refusal(lambda: make(database, tmp_path, NOW))
        process.kill()
    assert busy == "dump_busy"
    assert [p.name for p in tmp_path.glob("*.part")] == ["suanquan-20261130T000000Z.part"]
    assert dumps(tmp_path) == []
    folder = make(database, tmp_path, NOW)
    assert dumps(tmp_path) == [folder]
    assert not list(tmp_path.glob("*.part"))


def test_a_failing_program_is_said_and_leaves_no_dump(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "ledger.postgres.dump.make.dump", lambda url, _: programs.dump(url, "00000000-1")
    )
    with pytest.raises(Unusable) as caught:
        make(database, tmp_path, NOW)
    assert caught.value.code == "dump_program"
    assert "snapshot" in str(caught.value.params["detail"])
    assert dumps(tmp_path) == []


def test_the_password_stands_in_no_argument(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = str(psycopg.conninfo.conninfo_to_dict(database.owner_url)["password"])
    real, commands = subprocess.Popen, []

    def start(command: list[str], **rest: object) -> subprocess.Popen[bytes]:
        commands.append(command)
        process: subprocess.Popen[bytes] = real(command, **rest)  # type: ignore[call-overload]
        return process

    monkeypatch.setattr("ledger.postgres.dump.programs.subprocess.Popen", start)
    make(database, tmp_path, NOW)
    (command,) = commands
    assert any("suanquan_owner" in word for word in command)
    assert not any(password in word for word in command)


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 7])
def test_a_sealed_stream_comes_back_and_no_part_of_it_does(size: int, tmp_path: Path) -> None:
    content = os.urandom(size)
    path = tmp_path / "sealed"
    pieces = (content[i : i + 1000] for i in range(0, size, 1000))
    sealed = b"".join(seal(pieces, KEY))
    path.write_bytes(sealed)
    with path.open("rb") as file:
        assert b"".join(unseal(file, KEY)) == content
    ways = (
        (sealed[:-1], KEY),
        (sealed[: len(sealed) // 2], KEY),
        (sealed + b"x", KEY),
        (sealed[:30] + bytes([sealed[30] ^ 1]) + sealed[31:], KEY),
        (sealed, SECOND),
        (b"", KEY),
    )
    for wrong, key in ways:
        path.write_bytes(wrong)
        with path.open("rb") as file, pytest.raises(Unusable):
            list(unseal(file, key))


def test_pieces_in_another_order_are_refused(tmp_path: Path) -> None:
    size = PIECE + 17
    sealed = b"".join(seal(iter([os.urandom(3 * PIECE)]), KEY))
    first, second = sealed[24 : 24 + size], sealed[24 + size : 24 + 2 * size]
    path = tmp_path / "sealed"
    path.write_bytes(sealed[:24] + second + first + sealed[24 + 2 * size :])
    with path.open("rb") as file, pytest.raises(Unusable):
        list(unseal(file, KEY))


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 32, base64.b64encode(b"k" * 31)])
def test_a_file_that_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    assert refusal(lambda: read_key(tmp_path / "key")) == "dump_key"
    assert refusal(lambda: read_key(tmp_path / "none")) == "dump_key"
    (tmp_path / "key").write_bytes(base64.b64encode(KEY) + b"\n")
    assert read_key(tmp_path / "key") == KEY
