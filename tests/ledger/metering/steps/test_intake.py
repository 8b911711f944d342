"""Intake keeps every window once, whatever the network, the agents and the clocks do."""

import json
from datetime import timedelta
from random import Random
from uuid import uuid4

import msgspec
import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from agents import wire
from api.door.batch_decoder import read_kept, read_window
from ledger.metering.queries.windows import KeptWindow, Origin, keep, raw_connection
from ledger.metering.steps.intake import Ahead, Forked, Receipt, Submission, release, take_batch
from tests.support.simulation import START, Node, enrolled, gpu_id, held, minute, place, window

LATER = minute(100_000)
MONTH = 31 * 1440  # minutes


@pytest.fixture
def cluster(owner: psycopg.Connection) -> int:
    return place(owner)


@pytest.fixture
def node(owner: psycopg.Connection, cluster: int) -> Node:
    return enrolled(owner, cluster)


def take(engine: sa.Engine, submission: Submission) -> Receipt | Forked | Ahead:
    with Session(engine) as db, db.begin():
        return take_batch(db, submission, LATER)


def totals(owner: psycopg.Connection) -> dict[tuple[str, str], int]:
    rows = owner.execute(
        "SELECT holder_kind, holder, sum(held)::bigint FROM day_totals GROUP BY 1, 2"
    )
    return {(kind, holder): held_ms for kind, holder, held_ms in rows}


def test_a_batch_is_kept_and_folded(
    engine: sa.Engine, owner: psycopg.Connection, node: Node
) -> None:
    body = node.batch(
        [
            window(
                0, 0, held("team-a", 0, 45_000, util_ppm=500_000), held("team-b", 45_000, 60_000)
            ),
            window(0, 1, gaps=[wire.Gap(0, 60_000, wire.GapReason.AGENT_DOWN)]),
        ]
    )
    assert take(engine, node.read(body)) == Receipt(kept=2, known=0)
    assert totals(owner) == {("static", "team-a"): 45_000, ("static", "team-b"): 15_000}
    cover = owner.execute("SELECT windows, window_ms, gap_ms FROM coverage").fetchone()
    assert cover == (2, 120_000, 60_000)
    util = owner.execute("SELECT util_ppm_ms, util_ms FROM day_totals ORDER BY holder").fetchall()
    assert util == [(500_000 * 45_000, 45_000), (0, 0)]
    row = owner.execute("SELECT bytes FROM batches").fetchone()
    assert row
    assert row[0] == body


def test_a_repeated_batch_gets_the_same_answer_and_changes_nothing(
    engine: sa.Engine, owner: psycopg.Connection, node: Node
) -> None:
    body = node.batch([window(0, 0), window(9, 0)])
    first = take(engine, node.read(body))
    before = totals(owner)
    assert take(engine, node.read(body)) == first
    assert totals(owner) == before


def test_a_batch_that_is_ahead_is_told_what_is_expected(engine: sa.Engine, node: Node) -> None:
    node.batch([window(0, 0)])
    assert take(engine, node.read(node.batch([window(0, 1)]))) == Ahead(1)


def test_other_bytes_under_a_known_number_are_kept_as_a_fork(
    engine: sa.Engine, owner: psycopg.Connection, node: Node
) -> None:
    take(engine, node.read(node.batch([window(0, 0)])))
    node.number, node.head = 0, ""
    content = node.batch([window(0, 5)])
    assert take(engine, node.read(content)) == Forked(1)
    assert take(engine, node.read(content)) == Forked(1)
    forks = owner.execute("SELECT bytes FROM forks").fetchall()
    assert forks == [(content,)]
    assert totals(owner) == {("static", "team-a"): 60_000}


def test_a_broken_chain_is_a_fork(engine: sa.Engine, node: Node) -> None:
    take(engine, node.read(node.batch([window(0, 0)])))
    node.head = "ab" * 32
    assert take(engine, node.read(node.batch([window(0, 1)]))) == Forked(2)


def test_another_agent_cannot_continue_a_stream(
    engine: sa.Engine, owner: psycopg.Connection, cluster: int, node: Node
) -> None:
    take(engine, node.read(node.batch([window(0, 0)])))
    thief = enrolled(owner, cluster)
    thief.stream, thief.number, thief.head = node.stream, node.number, node.head
    assert take(engine, thief.read(thief.batch([window(0, 1)]))) == Forked(2)


def test_the_first_body_of_a_window_stands(
    engine: sa.Engine, owner: psycopg.Connection, cluster: int, node: Node
) -> None:
    take(engine, node.read(node.batch([window(0, 0), window(0, 1)])))
    clone = enrolled(owner, cluster)
    body = clone.batch([window(0, 0, held("team-b")), window(0, 1), window(0, 2)])
    receipt = take(engine, clone.read(body))
    assert isinstance(receipt, Receipt)
    assert (receipt.kept, receipt.known) == (1, 1)
    assert [(item.index, item.reason) for item in receipt.conflicts] == [(0, "conflict")]
    assert totals(owner) == {("static", "team-a"): 180_000}
    assert owner.execute("SELECT count(*) FROM conflicts").fetchone() == (1,)


def test_one_batch_that_says_a_minute_twice(engine: sa.Engine, node: Node) -> None:
    body = node.batch([window(0, 0), window(0, 0), window(0, 0, held("team-b"))])
    receipt = take(engine, node.read(body))
    assert isinstance(receipt, Receipt)
    assert (receipt.kept, receipt.known, [i.index for i in receipt.conflicts]) == (1, 1, [2])


def test_what_is_said_twice_is_asked_of_what_stands(engine: sa.Engine, node: Node) -> None:
    take(engine, node.read(node.batch([window(0, 0)])))
    other_window = window(0, 0, held("team-b"))
    receipt = take(engine, node.read(node.batch([other_window, other_window, window(0, 0)])))
    assert isinstance(receipt, Receipt)
    assert (receipt.kept, receipt.known) == (0, 1)
    assert [item.index for item in receipt.conflicts] == [0, 1]


def test_what_cannot_count_yet_waits_and_is_released(
    engine: sa.Engine, owner: psycopg.Connection, cluster: int, node: Node
) -> None:
    place(owner, gpus=0, cluster="c2")
    owner.execute(
        "INSERT INTO gpus (gpu, cluster_id, node, registered_from)"
        " SELECT %s, id, 'n1', now() FROM clusters WHERE name = 'c2'",
        (gpu_id(7),),
    )
    owner.execute("UPDATE gpus SET node = 'n2' WHERE gpu = %s", (gpu_id(3),))
    body = node.batch([window(0, 200_000), window(9, 0), window(7, 0), window(3, 0), window(1, 0)])
    receipt = take(engine, node.read(body))
    assert isinstance(receipt, Receipt)
    assert receipt.kept == 1
    assert [(i.index, i.reason) for i in receipt.quarantined] == [
        (0, "future"),
        (1, "unknown_gpu"),
        (2, "other_cluster"),
        (3, "other_node"),
    ]
    owner.execute(
        "INSERT INTO gpus (gpu, cluster_id, node, registered_from) VALUES (%s, %s, 'n1', %s)",
        (gpu_id(9), cluster, START),
    )
    with Session(engine) as db, db.begin():
        assert release(db, read_kept, LATER) == 1
        assert release(db, read_kept, LATER) == 0
        assert release(db, read_kept, minute(300_000)) == 1
    assert totals(owner) == {("static", "team-a"): 180_000}


def test_one_agent_of_exporters_speaks_for_all_nodes_of_its_cluster(
    engine: sa.Engine, owner: psycopg.Connection, cluster: int
) -> None:
    place(owner, gpus=0, cluster="c2")
    owner.execute(
        "UPDATE gpus SET cluster_id = (SELECT id FROM clusters WHERE name = 'c2') WHERE gpu = %s",
        (gpu_id(2),),
    )
    owner.execute("UPDATE gpus SET node = 'n2' WHERE gpu = %s", (gpu_id(3),))
    npu = "NPU-185011d4-21104518-a0c4ed94-14cc040a-56102003"
    owner.execute(
        "INSERT INTO gpus (gpu, cluster_id, node, registered_from) VALUES (%s, %s, 'n3', %s)",
        (npu, cluster, START),
    )
    chip = msgspec.structs.replace(window(1, 0), gpu=npu, vendor="huawei")
    agent = enrolled(owner, cluster, node="exporters", source="dcgm")
    body = agent.batch([window(1, 0), window(3, 0), window(2, 0), chip])
    receipt = take(engine, agent.read(body))
    assert isinstance(receipt, Receipt)
    assert receipt.kept == 3
    assert [(i.index, i.reason) for i in receipt.quarantined] == [(2, "other_cluster")]


def test_a_source_reports_only_its_own_kind(
    engine: sa.Engine, owner: psycopg.Connection, cluster: int, node: Node
) -> None:
    hour = wire.Window(
        "job/c1/42/0/0",
        "any",
        minute(0),
        3_600_000,
        (wire.Part(wire.Slurm("acct", "42"), 0, 3_600_000),),
    )
    receipt = take(engine, node.read(node.batch([hour])))
    assert isinstance(receipt, Receipt)
    assert [i.reason for i in receipt.refused] == ["wrong_source"]
    jobs = enrolled(owner, cluster, source="import")
    body = jobs.batch([hour, window(0, 0), msgspec.structs.replace(hour, gpu="job/c2/42/0/0")])
    receipt = take(engine, jobs.read(body))
    assert isinstance(receipt, Receipt)
    assert receipt.kept == 1
    assert [i.reason for i in receipt.refused] == ["wrong_source"]
    assert [i.reason for i in receipt.quarantined] == ["other_cluster"]
    counts = "SELECT (SELECT count(*) FROM day_totals), (SELECT count(*) FROM hour_totals)"
    assert owner.execute(counts).fetchone() == (1, 0), "a job's window is an hour already"


def test_day_totals_know_where_a_job_ran(
    engine: sa.Engine, owner: psycopg.Connection, node: Node
) -> None:
    def window_at(at: int, *place: str | None) -> wire.Window:
        return window(0, at, wire.Part(wire.Slurm("acct", "42", *place), 0, 60_000))

    windows = [
        window_at(0),
        window_at(1, "gpu"),
        window_at(2, "gpu", "high"),
        window_at(3, None, "high"),
        window_at(4, "gpu"),
    ]
    take(engine, node.read(node.batch([*windows, window(0, 5)])))
    rows = owner.execute(
        "SELECT holder_kind, partition, qos, held::int FROM day_totals ORDER BY 1, 2, 3"
    ).fetchall()
    assert rows == [
        ("slurm", "", "", 60_000),
        ("slurm", "", "high", 60_000),
        ("slurm", "gpu", "", 120_000),
        ("slurm", "gpu", "high", 60_000),
        ("static", "", "", 60_000),
    ]


def test_the_longest_texts_fit_into_the_key_of_a_day(engine: sa.Engine, cluster: int) -> None:
    """Four bytes a character, and nothing in them that could be compressed."""
    chance = Random(1)  # noqa: S311

    def long(length: int) -> str:
        return "".join(chr(chance.randrange(0x20000, 0x2A000)) for _ in range(length))

    def longest(holder: wire.Slurm) -> wire.Window:
        mig = wire.Mig(1, 0, long(32), "MIG", (0, 1))
        part = wire.Part(holder, 0, 3_600_000, den=1000, mig=mig)
        gpu = f"job/{long(64)}/{long(128)}/999999/999999"
        window = wire.Window(gpu, long(wire.MODEL_MAX), minute(0), 3_600_000, (part,))
        return msgspec.json.decode(msgspec.json.encode(window), type=wire.Window)

    holder = wire.Slurm(long(253), "42", long(36), long(36), long(253))
    read = longest(holder)
    assert wire.faults(read) == []
    too_long = longest(wire.Slurm(long(253), "42", long(37), long(36)))
    assert wire.faults(too_long) == ["its texts have more than 2600 bytes together"]
    plain = wire.Slurm("a" * 253, "42", "p" * 253, "q" * 253, "u" * 253)
    assert wire.faults(longest(plain)) == []
    with Session(engine) as db:  # of no batch, so that it is never committed
        raw = raw_connection(db)
        keep(raw, [read_window(read)], Origin(cluster, "import", uuid4(), 1))
        rows = raw.execute("SELECT holder_kind, holder, held FROM day_totals").fetchall()
    assert rows == [("slurm", holder.account, 3_600_000)]


def test_an_aborted_batch_leaves_nothing(
    engine: sa.Engine, owner: psycopg.Connection, node: Node
) -> None:
    submission = node.read(node.batch([window(0, 0)]))
    with Session(engine) as db:
        take_batch(db, submission, LATER)
        db.rollback()
    for table in ("windows", "batches", "streams", "day_totals", "coverage"):
        assert owner.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() == (0,)
    assert take(engine, submission) == Receipt(kept=1, known=0)


def test_day_totals_begin_at_beijing_midnight(
    engine: sa.Engine, owner: psycopg.Connection, node: Node
) -> None:
    before_midnight = 16 * 60 - 1  # 23:59 in Beijing
    take(
        engine, node.read(node.batch([window(0, before_midnight), window(0, before_midnight + 1)]))
    )
    days = owner.execute("SELECT day::text, held FROM day_totals ORDER BY day").fetchall()
    assert days == [("2026-03-01", 60_000), ("2026-03-02", 60_000)]


def test_the_kept_body_reads_back_as_it_was(
    engine: sa.Engine, owner: psycopg.Connection, node: Node
) -> None:
    submission = node.read(node.batch([window(0, 0, held("甲", util_ppm=1))]))
    take(engine, submission)
    row = owner.execute("SELECT body FROM windows").fetchone()
    assert row
    (_, given_window), again = submission.windows[0], read_kept(row[0])
    assert again == given_window
    assert json.loads(given_window.body) == row[0]


def test_a_window_may_end_only_a_little_after_our_clock(engine: sa.Engine, node: Node) -> None:
    submission = node.read(node.batch([window(0, 0), window(0, 1)]))
    with Session(engine) as db, db.begin():
        receipt = take_batch(db, submission, minute(0) + timedelta(seconds=30))
    assert isinstance(receipt, Receipt)
    assert receipt.kept == 1
    assert [i.index for i in receipt.quarantined] == [1]


def test_what_another_node_said_first_hides_nothing(
    engine: sa.Engine, owner: psycopg.Connection, cluster: int, node: Node
) -> None:
    other_node = enrolled(owner, cluster, node="n2")
    for sender in (other_node, node):
        receipt = take(engine, sender.read(sender.batch([window(9, 0)])))
        assert isinstance(receipt, Receipt)
        assert len(receipt.quarantined) == 1
    owner.execute(
        "INSERT INTO gpus (gpu, cluster_id, node, registered_from) VALUES (%s, %s, 'n1', %s)",
        (gpu_id(9), cluster, START),
    )
    with Session(engine) as db, db.begin():
        assert release(db, read_kept, LATER) == 1
    assert totals(owner) == {("static", "team-a"): 60_000}


def test_a_release_reads_only_what_may_count(engine: sa.Engine, node: Node) -> None:
    hopeless = [window(9, 0), window(10, 0), window(0, 200_000)]
    assert isinstance(take(engine, node.read(node.batch(hopeless))), Receipt)
    read: list[str] = []

    def reading(body: dict[str, str]) -> KeptWindow:
        read.append(body["gpu"])
        return read_kept(body)

    with Session(engine) as db, db.begin():
        assert release(db, reading, LATER) == 0
    assert read == []


def test_a_repeated_window_touches_no_other_month(
    engine: sa.Engine, owner: psycopg.Connection, node: Node
) -> None:
    take(engine, node.read(node.batch([window(0, month * MONTH) for month in range(5)])))
    submission = node.read(node.batch([window(0, MONTH), window(0, 2 * MONTH)]))
    with Session(engine) as db, db.begin():
        assert take_batch(db, submission, LATER) == Receipt(kept=0, known=2)
        rows = owner.execute(
            "SELECT DISTINCT relation::regclass::text FROM pg_locks"
            " WHERE relation::regclass::text ~ '^windows_[0-9]+$' ORDER BY 1"
        ).fetchall()
    assert rows == [("windows_202604",), ("windows_202605",)]
