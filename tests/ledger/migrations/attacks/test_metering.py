"""Whatever SQL the application's role sends, windows are of a batch, and totals are of windows."""

import psycopg
import pytest
from psycopg import errors
from sqlmodel import Session

from ledger.metering.steps.intake import Receipt, take_batch
from ledger.postgres.database import Database
from tests.support.accounts.attacks import attempt
from tests.support.people import place_token
from tests.support.simulation import Node, enrolled, gpu_id, minute, place, window

CHECK, DENIED = errors.CheckViolation, errors.InsufficientPrivilege
BODY = """{{"gpu": "{gpu}", "start": "2026-03-01T02:00:00Z", "window_ms": 60000, "model": "H100",
    "vendor": "nvidia", "parts": [{{"holder": {{"kind": "static", "name": "team-a"}},
    "from_ms": {low}, "to_ms": {high}, "num": {num}, "den": 1}}]}}"""
WINDOW = """
    INSERT INTO windows (gpu, start, cluster_id, source, stream, number, body)
    SELECT '{key}', '2026-03-01T02:00:00Z', cluster_id, '{source}', stream, {number}, '{body}'
    FROM batches b JOIN agents a ON a.id = b.agent_id WHERE b.number = 1;
"""
BATCH = """
    INSERT INTO batches (stream, number, hash, signature, agent_id, received_at, answer, bytes)
    SELECT stream, {number}, {hash}, signature, {agent}, now(),
        '{{"kept": 1, "known": 0, "quarantined": []}}', 'mine' FROM batches WHERE number = 1;
"""
OURS = {"number": 2, "hash": "sha256('mine')", "agent": "agent_id"}
ASIDE = """
    INSERT INTO quarantine (gpu, start, hash, reason, cluster_id, node, source, stream, number,
        received_at, body)
    SELECT 'mine', now(), sha256('mine'), 'late', cluster_id, node, source, stream, number, now(),
        '{}' FROM batches b JOIN agents a ON a.id = b.agent_id;
"""


@pytest.fixture
def node(database: Database, owner: psycopg.Connection) -> Node:
    """An agent that sent a batch: one window counts, one is of a GPU that nobody registered."""
    node = enrolled(owner, place(owner, gpus=2))
    engine = database.engine()
    try:
        with Session(engine) as db, db.begin():
            batch = node.read(node.batch([window(0, 0), window(9, 0)]))
            receipt = take_batch(db, batch, minute(10))
    finally:
        engine.dispose()
    assert isinstance(receipt, Receipt)
    assert (receipt.kept, len(receipt.quarantined)) == (1, 1)
    return node


def new_window(
    *, key: str = gpu_id(1), source: str = "nvml", number: int = 2, gpu: str = gpu_id(1),
    low: int = 0, high: int = 60_000, num: int = 1,
) -> str:  # fmt: skip
    body = BODY.format(gpu=gpu, low=low, high=high, num=num)
    return WINDOW.format(key=key, source=source, number=number, body=body)


def arrange(owner: psycopg.Connection, agents: str) -> None:
    """The owner's agents are as the test wants them."""
    owner.execute("ALTER TABLE agents DISABLE TRIGGER USER")
    owner.execute(f"UPDATE agents SET {agents}".encode())
    owner.execute("ALTER TABLE agents ENABLE TRIGGER USER")


def test_a_window_is_of_a_batch_that_came(database: Database, node: Node) -> None:
    assert attempt(database, new_window()) is CHECK  # nothing of that number came
    assert attempt(database, new_window(number=1)) is CHECK  # and batch 1 has one window, no two
    assert attempt(database, new_window(number=1) + "SET CONSTRAINTS ALL IMMEDIATE") is CHECK
    assert attempt(database, BATCH.format(**OURS) + new_window(source="slurm")) is CHECK
    twice = new_window() + new_window(key=gpu_id(0), gpu=gpu_id(0))
    assert attempt(database, BATCH.format(**OURS) + twice) is CHECK
    # Where the bytes are kept that it claims to be of, whoever verifies them sees the signature.
    assert attempt(database, BATCH.format(**OURS) + new_window()) is None


@pytest.mark.parametrize(
    "change",
    [{"number": 3}, {"hash": "sha256('other')"}, {"agent": "gen_random_uuid()"}],
    ids=["a number that follows nothing", "another digest", "nobody's"],
)
def test_a_batch_follows_another_of_an_agent(
    database: Database, node: Node, change: dict[str, object]
) -> None:
    assert attempt(database, BATCH.format(**{**OURS, **change})) is CHECK


def test_an_agent_that_is_not_approved_or_revoked_reports_nothing(
    database: Database, owner: psycopg.Connection, node: Node
) -> None:
    arrange(owner, "approved_at = NULL, approved_by = NULL")
    assert attempt(database, BATCH.format(**OURS) + new_window()) is CHECK
    arrange(owner, "approved_at = now(), approved_by = 'x', revoked_at = now()")
    assert attempt(database, BATCH.format(**OURS)) is CHECK


@pytest.mark.parametrize(
    "change",
    [{"gpu": gpu_id(0)}, {"high": 60_001}, {"low": -1}, {"low": 50, "high": 40}, {"num": 2}],
    ids=str,
)
def test_a_window_is_whole(database: Database, node: Node, change: dict[str, int]) -> None:
    assert attempt(database, BATCH.format(**OURS) + new_window(**change)) is CHECK  # type: ignore[arg-type]


def test_totals_are_what_the_windows_say(
    database: Database, owner: psycopg.Connection, node: Node
) -> None:
    for attack in (
        "INSERT INTO day_totals SELECT * FROM day_totals", "UPDATE day_totals SET held = 0",
        "UPDATE coverage SET windows = 9", "UPDATE hour_totals SET held = 0",
        "UPDATE hour_coverage SET windows = 9", "DELETE FROM hour_totals",
        "INSERT INTO xid_events SELECT gpu, start, 79 FROM windows",
        "UPDATE window_counts SET kept = 0",
        "INSERT INTO windows_202603 SELECT * FROM windows", "DELETE FROM windows",
        "UPDATE windows SET body = '{}'", "SELECT fold_windows()",
    ):  # fmt: skip
        assert attempt(database, attack) is DENIED, attack
    assert owner.execute("SELECT held, windows FROM day_totals, coverage").fetchall() == [
        (60_000, 1)
    ]


def test_what_waits_is_of_a_batch_too(database: Database, node: Node) -> None:
    assert attempt(database, ASIDE) is CHECK
    admitted = "UPDATE quarantine SET admitted_at = now(), admitted_by = '{}'"
    for nobody in ("clerk:丙#99", "x", "server"):
        assert attempt(database, admitted.format(nobody)) is CHECK


def test_agents_come_by_codes_and_count_by_the_bureau(
    database: Database, owner: psycopg.Connection, node: Node
) -> None:
    assert attempt(database, "INSERT INTO agents SELECT * FROM agents") is DENIED
    code = """
        INSERT INTO enrolment_codes (hash, cluster_id, source, created_at, created_by, expires_at)
        SELECT sha256('c'), cluster_id, source, now(), '{}', now() + interval '1 day' FROM agents
    """
    for nobody in ("securityadmin:丙#99", "clerk:丙#1", "x"):
        assert attempt(database, code.format(nobody)) is CHECK
    token = place_token(owner, "systemadmin", "管理")
    assert attempt(database, code.format(token)) is None
    assert attempt(database, "UPDATE enrolment_codes SET agent_id = NULL") is DENIED
    enrol = "SELECT enrol_agent(sha256('{}'), gen_random_uuid(), 'n', sha256('k'), now())"
    assert attempt(database, enrol.format("another code")) is None  # and there is no agent
    assert owner.execute("SELECT count(*) FROM agents").fetchone() == (1,)
    assert attempt(database, enrol.format("c")) is None
    assert attempt(database, enrol.format("c")) is None  # used up
    assert owner.execute("SELECT count(*) FROM agents").fetchone() == (2,)
    arrange(owner, "approved_at = NULL, approved_by = NULL")
    approve = "UPDATE agents SET approved_at = now(), approved_by = '{}' WHERE node = 'n'"
    for nobody in ("clerk:丙#99", token, "operator:丁#1"):
        assert attempt(database, approve.format(nobody)) is CHECK
    assert attempt(database, approve.format(place_token(owner, "clerk", "经办"))) is None
