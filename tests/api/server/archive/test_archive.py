"""Who looks at an archived month sees what he saw, or why he cannot; commands and the round."""

import base64
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from api.server.archive import rounds
from api.settings import Settings
from ledger.archive.queries.parts import return_rolls
from ledger.archive.steps.places import Place
from ledger.errors import Busy, Unusable
from ledger.metering.queries.windows import raw_connection
from ledger.people.codes import Role
from ledger.postgres.database import Database
from tests.support.api.command_line import suanquan
from tests.support.api.town import Town
from tests.support.archive.months import LATER, MAY, archive_all, close_month
from tests.support.seals import KEY
from tests.support.servers.read_only import ReadOnly
from tests.support.simulation import gpu_id, held, window

DAY = "2026-03-01"
HOUR = f"hour={DAY}T01:00:00%2B00:00"
OTHER_PATHS = (
    "/api/v1/projects/p-mine/quota", "/api/v1/projects/p-mine/days",
    "/findings", "/nodes", "/projects/p-mine",
)  # fmt: skip


@pytest.fixture
def closed_town(town: Town, engine: sa.Engine) -> Town:
    """Six minutes of a GPU, a batch each, packed and sealed; it is August."""
    for at in range(100, 106):
        town.report(town.nodes["mine"], window(0, at, held("team-a", util_ppm=at)))
    close_month(engine)
    town.app.state.wall_clock = lambda: LATER
    return town


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "archive").mkdir()
    return tmp_path / "archive"


def evidence_paths(town: Town) -> list[str]:
    batch = f"batches/{town.nodes['mine'].stream}/2"
    return [
        f"/api/v1/{batch}", f"/api/v1/{batch}/bytes", f"/{batch}", "/api/v1/batches",
        f"/hours/c-mine?day={DAY}", f"/hours/c-mine/{gpu_id(0)}?{HOUR}",
        f"/api/v1/hours/c-mine/{gpu_id(0)}?{HOUR}",
        f"/api/v1/projects/p-mine/days/{DAY}/windows", f"/projects/p-mine/days/{DAY}",
    ]  # fmt: skip


def answers(town: Town, paths: list[str]) -> dict[str, tuple[int, str]]:
    responses = {path: town.client.get(path, headers=town.headers(Role.AUDITOR)) for path in paths}
    return {path: (answer.status_code, answer.text) for path, answer in responses.items()}


def let_go(engine: sa.Engine) -> int:
    with Session(engine) as db, db.begin():
        return return_rolls(raw_connection(db), LATER.replace(year=2027))


def test_pages_and_answers_are_the_same_and_say_so_where_the_archive_is_away(
    closed_town: Town, engine: sa.Engine, folder: Path
) -> None:
    town, paths = closed_town, [*evidence_paths(closed_town), *OTHER_PATHS]
    before = answers(town, paths)
    assert {path: status for path, (status, _) in before.items() if status != 200} == {}
    assert len(archive_all(engine, Place(str(folder)))) == 1
    for path in paths:
        let_go(engine)
        assert answers(town, [path]) == {path: before[path]}
    let_go(engine)
    folder.rename(folder.with_name("away"))
    for status, text in answers(town, evidence_paths(town)).values():
        assert status == 503
        assert "归档现在打不开" in text
        assert str(folder) not in text
    assert answers(town, [*OTHER_PATHS]) == {path: before[path] for path in OTHER_PATHS}
    folder.with_name("away").rename(folder)
    file = next(folder.rglob("*.parquet"))
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    for status, text in answers(town, evidence_paths(town)).values():
        assert status == 503
        assert file.name in text
    file.write_bytes(content)
    assert answers(town, paths) == before


def test_who_reads_a_copy_has_it_brought_back_on_the_primary(
    closed_town: Town, engine: sa.Engine, folder: Path
) -> None:
    town, paths = closed_town, evidence_paths(closed_town)
    before = answers(town, paths)
    archive_all(engine, Place(str(folder)))
    town.app.state.replica = copy = ReadOnly(engine)
    for path in paths:
        let_go(engine)
        assert answers(town, [path]) == {path: before[path]}
    assert copy.is_asked


def send(town: Town, body: bytes) -> tuple[int, dict[str, object]]:
    response = town.client.post(
        "/api/v1/batches", content=body, headers=town.nodes["mine"].headers(body)
    )
    return response.status_code, response.json()


def test_a_batch_that_is_sent_again_after_it_was_archived_gets_its_answer(
    closed_town: Town, engine: sa.Engine, owner: psycopg.Connection, folder: Path
) -> None:
    node = closed_town.nodes["mine"]
    archive_all(engine, Place(str(folder)))
    body, second_body = node.sent[1], node.sent[1].replace(b'"H100"', b'"H200"')
    folder.rename(folder.with_name("away"))
    assert send(closed_town, body)[0] == 503
    folder.with_name("away").rename(folder)
    status, answer = send(closed_town, body)
    assert (status, answer["kept"], answer["number"]) == (200, 1, 2)
    assert send(closed_town, second_body)[0] == 409
    assert owner.execute("SELECT number FROM forks").fetchall() == [(2,)]


def settings_in(folder: Path, **more: Any) -> Settings:
    """Settings of a machine that has the key of the seals."""
    folder.mkdir(exist_ok=True)
    key = folder / "seal.key"
    key.touch(0o600)
    key.write_bytes(base64.b64encode(bytes(KEY)))
    return Settings(data=folder, **more)


def test_the_server_archives_by_itself_what_is_old_enough(
    closed_town: Town, engine: sa.Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_in(folder.with_name("data"), archive=str(folder), archive_months=2)
    assert not rounds.archive_round(engine, settings, LATER.replace(month=7, day=30))
    with engine.begin() as connection:
        connection.execute(
            sa.text("SELECT pg_advisory_xact_lock(hashtextextended('suanquan.archiving', 0))")
        )
        assert not rounds.archive_round(engine, settings, LATER), "another server is at it"
    assert rounds.archive_round(engine, settings, LATER)
    assert not rounds.archive_round(engine, settings, LATER)
    with pytest.raises(Unusable, match="archive_place"):
        rounds.archive_month(engine, settings_in(folder), MAY, to=None, actor="a", now=LATER)
    monkeypatch.setitem(sys.modules, "ledger.archive.steps.month", None)  # as without pyarrow
    with pytest.raises(Busy, match="archive_extra"):
        rounds.archive_month(engine, settings, MAY, to=None, actor="a", now=LATER)


def test_a_machine_archives_lists_and_checks(
    closed_town: Town, database: Database, folder: Path
) -> None:
    settings_in(folder.with_name("data"))
    run = partial(
        suanquan, SUANQUAN_DATABASE_URL=database.app_url,
        SUANQUAN_DATABASE_OWNER_URL=database.owner_url,
        SUANQUAN_DATA=str(folder.with_name("data")),
    )  # fmt: skip
    result = run("archive", "month", "2026-05", f"--to={folder}", "--json")
    assert result.returncode == 0, result.stderr
    (part,) = json.loads(result.stdout)
    assert (part["part"], part["batches"]) == (1, 8), result.stdout
    assert json.loads(run("archive", "ls", "--json").stdout) == [part]
    good = run("archive", "check", "--json")
    assert (good.returncode, json.loads(good.stdout)["batches"]) == (0, 8)
    (folder / part["file"]).unlink()
    bad = run("archive", "check", "--json")
    assert bad.returncode == 1
    assert [fault["key"] for fault in json.loads(bad.stdout)["faults"]] == [part["file"]]
