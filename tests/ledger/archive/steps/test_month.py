"""A month goes into the archive, and whoever asks is told what he was told before."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors
from sqlmodel import Session

from ledger.archive.queries.parts import missing_rolls, return_rolls
from ledger.archive.rules.manifests import read_manifest
from ledger.archive.steps.bring_back import bring_back
from ledger.archive.steps.part_files import Limits
from ledger.archive.steps.places import Place
from ledger.errors import Busy, LedgerError, Refused
from ledger.metering.queries import batches as batch_list
from ledger.metering.queries.usage import windows_of_day
from ledger.metering.queries.windows import raw_connection
from ledger.postgres.database import Database
from ledger.seals.codes import FaultCode
from ledger.seals.rules.export_check import check_export
from tests.support.accounts.attacks import attempt
from tests.support.archive.months import LATER, archive_all, close_month, place_in
from tests.support.seals import Members, export_at, seal_at, verified
from tests.support.simulation import held, window
from tests.support.town import Town

SENT = 9
DAY = date(2026, 3, 1)


@pytest.fixture
def closed_town(town: Town) -> Town:
    """A town whose node sent nine batches in May, in three seals; the month is closed."""
    for at in range(SENT):
        town.report([window(gpu, at, held("team-a", util_ppm=1_000 * at + gpu)) for gpu in (0, 1)])
        if at % 3 == 2:
            seal_at(town.engine, at)
    close_month(town.engine, SENT)
    return town


def drill_down(town: Town) -> tuple[Any, ...]:
    with Session(town.engine) as db:
        windows = windows_of_day(db, town.project, DAY, limit=100)
        batch = batch_list.batch(db, town.node.stream, 5)
        return windows, tuple(batch), [tuple(row) for row in batch_list.batches(db)]


def test_the_books_answer_as_before(
    database: Database,
    closed_town: Town,
    owner: psycopg.Connection,
    tmp_path: Path,
    place: Place,
) -> None:
    town = closed_town
    pages, before = drill_down(town), verified(database)
    export_at(town.engine, tmp_path / "before.zip", SENT + 1)
    assert before.faults == []
    new_parts = archive_all(town.engine, place, Limits(group_bytes=1, groups=2))
    manifests = [read_manifest(part.manifest) for part in new_parts]
    assert [(m.rolls, m.batches, m.windows) for m in manifests] == [(2, 6, 12), (1, 3, 6)]
    assert owner.execute("SELECT count(*) FROM batch_rolls").fetchone() == (0,)
    assert verified(database).faults == []
    export_at(town.engine, tmp_path / "after.zip", SENT + 2)
    first, second = (Members.of_file(tmp_path / f"{name}.zip") for name in ("before", "after"))
    for member in ("rows/batches.tsv", "leaves/batches.tsv"):
        assert first[member] == second[member]
    assert check_export(second).faults == []
    with pytest.raises(Exception, match="are archived") as error:
        drill_down(town)
    keys = missing_rolls(error.value)
    assert [first for _, first in keys] == [1, 4, 7]
    with Session(town.engine) as db, db.begin():
        bring_back(db, keys, LATER)
    assert drill_down(town) == pages
    with Session(town.engine) as db, db.begin():
        assert return_rolls(raw_connection(db), LATER + timedelta(days=1)) == 0
        assert return_rolls(raw_connection(db), LATER + timedelta(days=3)) == 3


ROLL = "SELECT archive_roll('2026-05-01', 1, 0, r) FROM batch_rolls r"
LEND = """
    SELECT lend_roll(ROW(stream, first, 3, seal, stream, tstzrange(NULL, NULL), '', '', '',
        '{mine}', '{1}', '{1}', 'n', '{0}', '{0}', '{0}', '')::batch_rolls, now())
    FROM archived_rolls
"""
ARCHIVE = """
    INSERT INTO archives SELECT '2026-05-01', 1, 'x', jsonb_build_object('month', '2026-05',
        'part', 1, 'head', encode(hash, 'hex')), decode(repeat('00', 64), 'hex'), number,
        now(), 'me'
    FROM seals WHERE month IS NOT NULL;
"""


def forge(owner: psycopg.Connection) -> None:
    with owner.transaction():
        owner.execute(ARCHIVE)
        owner.execute("CREATE TEMP TABLE mine AS SELECT * FROM batch_rolls")
        owner.execute("UPDATE mine SET content = content || 'x'::bytea")
        owner.execute("SELECT archive_roll('2026-05-01', 1, 0, ROW(m.*)::batch_rolls) FROM mine m")


def test_raw_sql_takes_nothing_away_and_lends_nothing_else(
    database: Database, closed_town: Town, owner: psycopg.Connection, tmp_path: Path
) -> None:
    with pytest.raises(errors.CheckViolation, match="not being archived"):
        owner.execute(ROLL)
    with pytest.raises(errors.CheckViolation, match="not that of the file"):
        forge(owner)
    assert attempt(database, ARCHIVE.replace("'part', 1", "'part', 2")) is errors.CheckViolation
    archive_all(closed_town.engine, place_in(tmp_path))
    assert attempt(database, LEND) is errors.CheckViolation
    for attack in (
        "DELETE FROM archived_rolls", "INSERT INTO lent_rolls SELECT r.*, now() FROM batch_rolls r",
        "UPDATE archives SET place = 'y'", "DELETE FROM archives", "DELETE FROM lent_rolls",
        "UPDATE archived_rolls SET leaves = digest",
    ):  # fmt: skip
        assert attempt(database, attack) is errors.InsufficientPrivilege, attack


class Killed(BaseException):
    """As a process is killed: nothing of ours catches it."""


class FaultyPlace(Place):
    """A folder that does so many things and then no more."""

    steps_to_do = 0

    def _count(self) -> None:
        self.steps_to_do -= 1
        if self.steps_to_do < 0:
            raise Killed

    def create(self, name: str) -> Any:
        self._count()
        return super().create(name)

    def open(self, name: str) -> Any:
        self._count()
        return super().open(name)

    def remove(self, name: str) -> None:
        """Leave it, as who is killed does."""


def test_who_is_killed_at_any_step_loses_nothing(
    database: Database, closed_town: Town, owner: psycopg.Connection, tmp_path: Path
) -> None:
    place = FaultyPlace(place_in(tmp_path).address)
    for steps in range(10):
        place.steps_to_do = steps
        try:
            archive_all(closed_town.engine, place)
        except Killed:
            assert owner.execute("SELECT count(*) FROM batch_rolls").fetchone() == (3,)
            assert owner.execute("SELECT count(*) FROM archives").fetchone() == (0,)
        else:
            break
    assert steps > 3
    assert owner.execute("SELECT count(*) FROM archives").fetchone() == (1,)
    assert verified(database).faults == []


def test_a_place_that_is_full_or_away_takes_nothing(
    closed_town: Town, owner: psycopg.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = place_in(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", no_room)
        with pytest.raises(Busy, match="archive_away"):
            archive_all(closed_town.engine, place)
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []
    Path(place.address).rename(tmp_path / "away")
    with pytest.raises(LedgerError):
        archive_all(closed_town.engine, place)
    assert owner.execute("SELECT count(*) FROM batch_rolls").fetchone() == (3,)


def no_room(_: int) -> None:
    raise OSError(28, "No space left on device")


def test_what_was_tampered_with_is_named(
    database: Database, closed_town: Town, tmp_path: Path
) -> None:
    archive_all(closed_town.engine, place_in(tmp_path))
    seal_at(closed_town.engine, SENT + 1)
    file, manifest = (next(tmp_path.rglob(f"*.{ending}")) for ending in ("parquet", "json"))
    for path in (file, manifest):
        content = path.read_bytes()
        middle = len(content) // 2
        for damage in (
            content[:middle], content + b" ", b"",
            content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        ):  # fmt: skip
            path.write_bytes(damage)
            faults = verified(database).faults
            assert [(f.code, f.key) for f in faults] == [
                (FaultCode.ARCHIVE, f"2026-05/{path.name}")
            ]
            with pytest.raises(Refused, match="archive_file"):
                export_at(closed_town.engine, tmp_path / "none.zip", SENT + 2)
        path.write_bytes(content)
    assert not (tmp_path / "none.zip").exists()
    (tmp_path / "archive").rename(tmp_path / "away")
    (fault,) = verified(database).faults
    assert (fault.code, fault.key) == (FaultCode.ARCHIVE, str(tmp_path / "archive"))


def test_a_forged_manifest_is_named(
    database: Database, closed_town: Town, owner: psycopg.Connection, tmp_path: Path
) -> None:
    (part,) = archive_all(closed_town.engine, place_in(tmp_path))
    seal_at(closed_town.engine, SENT + 1)
    owner.execute("UPDATE archives SET manifest = %s", (part.manifest.replace("}", " }"),))
    owner.execute("UPDATE archived_rolls SET digest = sha256(digest)")
    faults = {(fault.relation, fault.code) for fault in verified(database).faults}
    assert ("archives", FaultCode.HEAD) in faults
    forged = part.manifest.replace(f'"batches":{SENT}', '"batches":8')
    owner.execute("UPDATE archives SET manifest = %s", (forged,))
    faults = {(fault.relation, fault.code) for fault in verified(database).faults}
    assert ("archives", FaultCode.SIGNATURE) in faults


def test_a_month_that_is_not_ready_is_refused(town: Town, tmp_path: Path) -> None:
    place = place_in(tmp_path)
    town.report([window(0, 0)])
    with pytest.raises(Refused, match="archive_not_packed"):
        archive_all(town.engine, place)
    seal_at(town.engine)
    with pytest.raises(Refused, match="archive_unsealed"):
        close_and_archive(town, place)


def close_and_archive(town: Town, place: Place) -> None:
    with Session(town.engine) as db, db.begin():
        raw_connection(db).execute("SELECT close_window_day('2026-03-01')")
    archive_all(town.engine, place)
