"""Heads are stamped by an authority that is nobody's here: a real one, OpenSSL's."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from pydantic import ValidationError

from api.server.seals.rounds import stamp_round
from api.settings import Settings
from ledger.errors import Busy
from ledger.people.codes import Role
from ledger.postgres.clock import moment_of
from ledger.postgres.database import Database
from ledger.seals.codes import FaultCode, UnprovedReason
from ledger.seals.rules.export_check import check_export
from ledger.seals.rules.faults import Tally
from ledger.seals.rules.outside.stamps import question_of
from tests.support.api.command_line import Desk, suanquan
from tests.support.seals import Members, export_at, seal_at, verified
from tests.support.servers.stamp_authority import Authority, reply, stamp_authority

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl")
FUTURE = 24 * 365 * 50  # hours


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with stamp_authority(tmp_path_factory.mktemp("authority")) as authority:
        yield authority


@pytest.fixture
def authority(running: Authority) -> Authority:
    running.answer = None
    return running


@pytest.fixture
def settings(authority: Authority) -> Settings:
    return Settings(tsa=authority.address, tsa_roots=authority.roots)


def stamp_now(engine: sa.Engine, settings: Settings) -> bool:
    return stamp_round(engine, settings, moment_of(engine))


def test_the_last_head_is_stamped_once_and_everybody_sees_when(
    client: TestClient, engine: sa.Engine, settings: Settings
) -> None:
    assert not stamp_now(engine, settings), "there is no head"
    seal_at(engine)
    seal_at(engine, 1)
    assert stamp_now(engine, settings)
    assert not stamp_now(engine, settings)
    newest, first = client.get("/api/v1/seals").json()
    moment = datetime.fromisoformat(newest["stamped_at"])
    assert abs(datetime.now(UTC) - moment) < timedelta(minutes=1)
    assert first["stamped_at"] is None, "the second head commits to the first"
    assert client.get("/api/v1/seals/1").json()["stamp"] is None
    beijing = moment + timedelta(hours=8)
    page = client.get("/seals", headers={"Accept": "text/html"})
    assert f"{beijing:%H:%M:%S}" in page.text


def test_openssl_checks_what_the_command_writes(
    desk: Desk, engine: sa.Engine, settings: Settings, authority: Authority, tmp_path: Path
) -> None:
    seal_at(engine)
    head, stamp = tmp_path / "head.json", tmp_path / "head.tsr"
    words = ("seal", "show", "1", f"--to={head}", f"--stamp-to={stamp}")
    assert "no time stamp" in desk.run(Role.AUDITOR, *words, LC_ALL="en").stderr
    stamp_now(engine, settings)
    assert desk.run(Role.AUDITOR, *words).returncode == 0
    files = [str(stamp), "-CAfile", str(authority.roots), "-data"]
    check = ["openssl", "ts", "-verify", "-in", *files]
    subprocess.run([*check, str(head)], check=True, capture_output=True)
    head.write_bytes(head.read_bytes() + b" ")
    assert subprocess.run([*check, str(head)], capture_output=True, check=False).returncode != 0


def test_verification_holds_stamps_to_the_roots_that_it_is_given(
    database: Database, engine: sa.Engine, settings: Settings, authority: Authority, tmp_path: Path
) -> None:
    seal_at(engine)
    stamp_now(engine, settings)
    export_at(engine, tmp_path / "export.zip", 1)
    roots, members = authority.roots.read_bytes(), Members.of_file(tmp_path / "export.zip")
    with stamp_authority(tmp_path) as another:
        foreign = another.roots.read_bytes()
    checks: list[Callable[[bytes | None], Tally]] = [
        lambda roots: verified(database, roots),
        lambda roots: check_export(members, roots=roots),
    ]
    for check in checks:
        tally = check(roots)
        assert (tally.faults, tally.unproved) == ([], [])
        (row,) = check(None).unproved
        assert (row.reason, row.relation, row.key) == (
            UnprovedReason.NO_ROOTS, "seal_stamps", "[1]",
        )  # fmt: skip
        (fault,) = check(foreign).faults
        assert (fault.code, fault.key) == (FaultCode.STAMP, "[1]")


def test_a_machine_verifies_by_the_roots_of_its_settings_or_a_file(
    database: Database, engine: sa.Engine, settings: Settings, authority: Authority, tmp_path: Path
) -> None:
    seal_at(engine)
    stamp_now(engine, settings)
    where = {
        "SUANQUAN_DATABASE_URL": database.app_url, "SUANQUAN_DATA": str(tmp_path),
        "SUANQUAN_DATABASE_OWNER_URL": database.owner_url, "LC_ALL": "en",
    }  # fmt: skip
    assert "--tsa-roots" in suanquan("verify", **where).stdout
    result = suanquan("verify", f"--tsa-roots={authority.roots}", **where)
    assert (result.returncode, "--tsa-roots" in result.stdout) == (0, False)
    wrong = suanquan("verify", f"--tsa-roots={tmp_path / 'none'}", **where)
    assert (wrong.returncode, "none" in wrong.stderr) == (1, True)
    (tmp_path / "text").write_text("no certificate")
    wrong = suanquan("verify", f"--tsa-roots={tmp_path / 'text'}", **where)
    assert (wrong.returncode, "PEM" in wrong.stderr) == (1, True)


def test_a_head_that_was_dated_later_than_its_stamp_is_a_fault(
    database: Database, engine: sa.Engine, settings: Settings, authority: Authority
) -> None:
    """The server's clock ran ahead; the authority's did not."""
    seal_at(engine, FUTURE)
    stamp_now(engine, settings)
    (fault,) = verified(database, authority.roots.read_bytes()).faults
    assert fault.code is FaultCode.STAMP
    assert fault.worked_out.startswith("2076")


def test_what_does_not_hold_is_not_kept_and_the_next_answer_is(
    engine: sa.Engine, owner: psycopg.Connection, settings: Settings, authority: Authority
) -> None:
    seal_at(engine)
    for answer in (
        b"", b"no answer", b"x" * 100_000,
        reply(authority.roots.parent, question_of("another head").content),
    ):  # fmt: skip
        authority.answer = answer
        with pytest.raises(Busy, match="stamp_away"):
            stamp_now(engine, settings)
    nobody = Settings(tsa="http://127.0.0.1:9", tsa_roots=authority.roots)
    with pytest.raises(Busy, match="stamp_away"):
        stamp_now(engine, nobody)
    assert owner.execute("SELECT count(*) FROM seal_stamps").fetchone() == (0,)
    authority.answer = None
    assert stamp_now(engine, settings)


def test_an_authority_and_its_roots_are_set_together(authority: Authority) -> None:
    for fields in ({"tsa": authority.address}, {"tsa_roots": authority.roots},
                   {"tsa": "ftp://stamp", "tsa_roots": authority.roots}):  # fmt: skip
        with pytest.raises(ValidationError):
            Settings.model_validate(fields)
