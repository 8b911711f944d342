"""The policy's clauses in the database: written once by the owner, never changed."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from ledger.errors import Unusable
from ledger.policy.text import published
from ledger.postgres.database import Database
from ledger.vouchers.steps.clauses import load_policies
from ledger.vouchers.tables import Clause


@pytest.fixture
def owning(database: Database) -> Iterator[sa.Engine]:
    """Connections with the owner's rights."""
    engine = database.owner_engine()
    yield engine
    engine.dispose()


def load(owning: sa.Engine) -> None:
    with owning.begin() as connection:
        load_policies(connection)


def test_clauses_of_every_version(owning: sa.Engine, engine: sa.Engine) -> None:
    load(owning)
    with Session(engine) as db:
        clauses = {(c.policy.rpartition("-")[2], c.clause): c for c in db.exec(select(Clause))}
    assert clauses.keys() == {(v, c) for v in ("draft", "drill") for c in ("09-1", "14-1")}
    drill = clauses["drill", "09-1"]
    assert (drill.rate_num, drill.rate_den, drill.cap_fen) == (3, 10, 500_000_000)
    assert drill.effective is not None
    assert (str(drill.effective.lower), drill.effective.upper) == ("2017-01-01", None)
    assert clauses["drill", "14-1"].cap_fen == 200_000_000
    assert {name: c.complete for name, c in clauses.items()} == {
        ("draft", "09-1"): False, ("draft", "14-1"): False,
        ("drill", "09-1"): True, ("drill", "14-1"): True,
    }  # fmt: skip
    assert clauses["draft", "09-1"].effective is None


def test_loading_again_changes_nothing_also_in_a_session(owning: sa.Engine) -> None:
    load(owning)
    with Session(owning) as db:
        before = db.execute(sa.text("SELECT xmin::text, * FROM clauses ORDER BY 2, 3")).all()
        load_policies(db)
        db.commit()
        after = db.execute(sa.text("SELECT xmin::text, * FROM clauses ORDER BY 2, 3")).all()
    assert after == before
    assert len(after) == 4


def test_a_published_clause_never_changes(owning: sa.Engine, owner: psycopg.Connection) -> None:
    load(owning)
    owner.execute("UPDATE clauses SET digest = 'another' WHERE complete AND clause = '14-1'")
    with pytest.raises(Unusable) as refused:
        load(owning)
    assert str(refused.value) == "policy_changed: policy=yinchuan-2024-drill, clause=14-1"


@pytest.mark.parametrize(
    "change",
    [
        "cap_fen = cap_fen + 1",
        "rate_num = 4",
        "effective = '[2017-01-02,)'",
        "effective = '[2017-01-01,2030-01-01)'",
        "complete = false",
    ],
)
def test_a_row_with_other_figures_is_another_promise(
    owning: sa.Engine, owner: psycopg.Connection, change: str
) -> None:
    load(owning)
    owner.execute(f"UPDATE clauses SET {change} WHERE complete")
    with pytest.raises(Unusable, match="policy_changed: policy=yinchuan-2024-drill"):
        load(owning)


def test_a_published_version_keeps_its_process(
    owning: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(owning)
    shutil.copytree(str(published.FOLDER), tmp_path, dirs_exist_ok=True)
    draft = tmp_path / "yinchuan-2024-draft.yaml"
    text = draft.read_text(encoding="utf-8")
    draft.write_text(text.replace("tolerance_fen: 100", "tolerance_fen: 99999"), encoding="utf-8")
    monkeypatch.setattr(published, "FOLDER", tmp_path)
    monkeypatch.setattr(published, "_as_chosen", published._as_chosen.__wrapped__)
    with pytest.raises(Unusable, match="policy_changed: policy=yinchuan-2024-draft"):
        load(owning)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE clauses SET cap_fen = 1",
        "DELETE FROM clauses",
        "INSERT INTO clauses VALUES ('p', '09-1', 'd', 1, 1, 1, NULL, false)",
    ],
)
def test_the_application_may_only_read_them(engine: sa.Engine, statement: str) -> None:
    with engine.connect() as db, pytest.raises(sa.exc.ProgrammingError) as refused:
        db.execute(sa.text(statement))
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)
