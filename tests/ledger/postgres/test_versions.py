"""Programs of one version on a schema of another: servers are changed one by one."""

import shutil
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from ledger import migrations
from ledger.errors import Unusable
from ledger.postgres import database as db
from ledger.postgres.database import Database, check_revision, upgrade

STEP = """
from ledger.migrations import run_sql
revision, down_revision, oldest = '0002', '0001', '{oldest}'
def upgrade():
    run_sql('next.sql')
"""
EXPAND = "ALTER TABLE clusters ADD COLUMN room text;"
CONTRACT = "ALTER TABLE clusters DROP COLUMN name CASCADE;"
Later = Callable[[str, str], None]


@pytest.fixture
def later(database: Database, tmp_path: Path) -> Later:
    """Upgrades as the program of the next version does, by a step of this SQL."""

    def later(step: str, oldest: str) -> None:
        copy = tmp_path / "migrations"
        shutil.copytree(db.MIGRATIONS, copy)
        (copy / "versions/0002_next.py").write_text(STEP.format(oldest=oldest))
        (tmp_path / "next.sql").write_text(step)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(db, "MIGRATIONS", copy)
            patch.setattr(migrations, "SQL", tmp_path)
            assert upgrade(database) == "0002"

    return later


def test_a_server_goes_on_where_the_next_schema_only_adds(later: Later, engine: sa.Engine) -> None:
    later(EXPAND, "0001")
    check_revision(engine)


def test_a_server_that_is_too_old_for_the_schema_says_so(
    later: Later, engine: sa.Engine, database: Database
) -> None:
    later(CONTRACT, "0002")
    for act in (lambda: check_revision(engine), lambda: upgrade(database)):
        with pytest.raises(Unusable, match="schema_newer") as refusal:
            act()
        assert refusal.value.params["have"] == "0002"


def test_a_server_before_the_upgrade_waits_for_it(
    engine: sa.Engine, owner: psycopg.Connection
) -> None:
    owner.execute("UPDATE alembic_version SET version_num = '0000'")
    with pytest.raises(Unusable, match="not_migrated"):
        check_revision(engine)


def test_every_step_lets_the_program_before_it_serve() -> None:
    steps = list(ScriptDirectory.from_config(db.migrations()).walk_revisions())
    for step in steps:
        assert step.module.oldest <= (step.down_revision or step.revision), step.path


def test_an_upgrade_beside_a_busy_server_is_tried_again(
    database: Database, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = []

    def release(pause_s: float) -> None:
        pauses.append(pause_s)
        owner.execute("ROLLBACK")

    monkeypatch.setattr(db, "MIGRATION_LOCK_TIMEOUT", "50ms")
    monkeypatch.setattr("ledger.postgres.database.time.sleep", release)
    owner.execute("BEGIN")
    owner.execute("LOCK TABLE alembic_version")
    assert upgrade(database) == "0001"
    assert pauses == [db.ATTEMPT_PAUSE_S]
