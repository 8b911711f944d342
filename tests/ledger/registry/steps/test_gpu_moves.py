"""A GPU whose use was charged is moved, or retired, by two persons; the database asks the same."""

from datetime import UTC, datetime

import psycopg
import pytest
from sqlmodel import Session

from ledger.desk.steps.confirm import respond
from ledger.desk.steps.take_registry import RegistryIntake, preview_registry, take_registry
from ledger.errors import Conflict
from ledger.people.codes import Answer
from ledger.postgres.columns import key
from ledger.postgres.database import Database
from tests.support.accounts.attacks import attempt
from tests.support.simulation import gpu_id, window
from tests.support.town import APPROVER, CLERK, NOW, Town

FILE = "gpus: [{{gpu: {gpu}, cluster: c1, node: {node}, from: 2026-03-01{until}}}]"
CHECK = psycopg.errors.CheckViolation


def file(number: int, node: str = "n2", until: str = "") -> str:
    return FILE.format(gpu=gpu_id(number), node=node, until=until and f", until: {until}")


def take(town: Town, content: str) -> RegistryIntake:
    with Session(town.engine, expire_on_commit=False) as db, db.begin():
        intake = take_registry(db, content, actor=CLERK.actor, now=NOW, supersede=True)
        assert not intake.report.findings, intake.report.findings
    return intake


def confirm(town: Town, intake: RegistryIntake) -> None:
    decision = intake.decision
    assert decision is not None
    with Session(town.engine) as db, db.begin():
        respond(
            db, key(decision), answer=Answer.CONFIRMED, digest_seen=decision.digest,
            viewer=APPROVER, now=NOW,
        )  # fmt: skip


def place_of(owner: psycopg.Connection, number: int) -> tuple[object, ...]:
    query = "SELECT node, retired_at, decision_id FROM gpus WHERE gpu = %s"
    row = owner.execute(query, (gpu_id(number),)).fetchone()
    assert row
    return tuple(row)


@pytest.fixture
def busy_town(town: Town) -> Town:
    """GPU 0 was used and charged, GPU 1 was free."""
    town.report([window(0, at) for at in range(60)])
    town.accrue()
    return town


def test_where_use_was_charged_two_persons_move_it(
    busy_town: Town, owner: psycopg.Connection
) -> None:
    intake = take(busy_town, file(0))
    assert intake.report.superseded == {}
    assert intake.decision is not None
    assert intake.decision.content["changes"] == [
        {"about": f"gpu {gpu_id(0)}", "before": "c1/n1", "after": "c1/n2"}
    ]
    assert place_of(owner, 0) == ("n1", None, None)
    confirm(busy_town, intake)
    assert place_of(owner, 0) == ("n2", None, key(intake.decision))


def test_and_retire_it_on_the_day_that_they_saw(busy_town: Town, owner: psycopg.Connection) -> None:
    intake = take(busy_town, file(0, "n1", "2026-03-31"))
    assert intake.decision is not None
    (change,) = intake.decision.content["changes"]
    assert change["after"] == "c1/n1 until 2026-03-31"
    confirm(busy_town, intake)
    assert place_of(owner, 0)[1] == datetime(2026, 3, 31, 16, tzinfo=UTC)


def test_one_person_moves_what_nobody_used(busy_town: Town, owner: psycopg.Connection) -> None:
    intake = take(busy_town, file(1))
    assert intake.decision is None
    assert intake.report.superseded == {"gpus": 1}
    assert place_of(owner, 1) == ("n2", None, None)


def test_what_moved_meanwhile_is_not_moved_again(
    busy_town: Town, owner: psycopg.Connection
) -> None:
    first_intake = take(busy_town, file(0))
    owner.execute("ALTER TABLE gpus DISABLE TRIGGER moved_by_two")
    owner.execute("UPDATE gpus SET node = 'n3' WHERE gpu = %s", (gpu_id(0),))
    with pytest.raises(Conflict, match="registry_moved"):
        confirm(busy_town, first_intake)


def test_a_preview_says_that_another_person_confirms(busy_town: Town) -> None:
    with Session(busy_town.engine) as db:
        preview = preview_registry(db, file(0), actor=CLERK.actor, now=NOW, supersede=True)
    assert preview.content is not None
    assert len(preview.content["moves"]) == 1


def test_no_sql_of_one_person_moves_it(database: Database, busy_town: Town) -> None:
    by = f"changed_at = now(), changed_by = '{CLERK.actor}'"
    move = f"UPDATE gpus SET {{}}, {by} WHERE gpu = '{{}}'"
    for change in ("node = 'n2'", "retired_at = now()", "node = 'n2', decision_id = 1"):
        assert attempt(database, move.format(change, gpu_id(0))) is CHECK, change
        assert attempt(database, move.format("node = node", gpu_id(0))) is None
    assert attempt(database, move.format("node = 'n2'", gpu_id(1))) is None


def test_what_two_took_back_nobody_does_again_by_the_old_decision(
    busy_town: Town, owner: psycopg.Connection, database: Database
) -> None:
    move = take(busy_town, file(0))
    confirm(busy_town, move)
    confirm(busy_town, take(busy_town, file(0, "n1")))
    assert move.decision
    again = (
        f"UPDATE gpus SET node = 'n2', changed_at = now(), changed_by = '{APPROVER.actor}',"
        f" decision_id = {key(move.decision)} WHERE gpu = '{gpu_id(0)}'"
    )
    assert attempt(database, again) is CHECK
    assert place_of(owner, 0)[0] == "n1"
