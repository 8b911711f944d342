"""Batches in a roll are to the byte what they were: to readers, agents, auditors and attackers."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg import errors
from sqlmodel import Session

from agents import wire
from api.door.batch_decoder import read_kept
from ledger.metering.queries import batches as batch_list
from ledger.metering.queries.kept_batches import kept_batches
from ledger.metering.steps.intake import Forked, Outcome, Receipt, release, take_batch
from ledger.metering.steps.pack import pack_day
from ledger.metering.steps.pack_rolls import pack_rolls
from ledger.postgres.database import Database
from ledger.seals.codes import FaultCode
from ledger.seals.queries.chain import kept_leaves, kept_seals
from ledger.seals.queries.rows import check_rows
from ledger.seals.queries.shapes import write_as_sealed
from ledger.seals.rules.chain import check_chain, check_trees
from ledger.seals.rules.export_check import check_export
from ledger.seals.rules.faults import Tally
from tests.support.accounts.attacks import attempt
from tests.support.seals import Members, export_at, seal_at, verified
from tests.support.simulation import Node, enrolled, gpu_id, held, minute, window
from tests.support.town import NOW, Town

LATER = NOW + timedelta(days=4)
SENT = 7


def pack(town: Town) -> int:
    """Pack windows and batches; how many batches that were."""
    session = partial(Session, town.engine)
    while list(pack_day(session, NOW)):
        pass
    return sum(pack_rolls(session, LATER))


def send(town: Town, body: bytes, node: Node | None = None) -> Outcome:
    with Session(town.engine) as db, db.begin():
        return take_batch(db, (node or town.node).read(body), NOW)


def every_batch(owner: psycopg.Connection) -> list[Any]:
    with owner.transaction():
        return list(kept_batches(owner, NOW - timedelta(days=365), LATER))


def refusal(owner: psycopg.Connection, attack: str) -> type[psycopg.Error] | None:
    try:
        with owner.transaction():
            owner.execute(attack.encode())
    except psycopg.Error as error:
        return type(error)
    return None


@pytest.fixture
def busy_town(town: Town) -> Town:
    """A town whose node sent a few batches, of different sizes; all are sealed."""
    for at in range(SENT):
        readings = [held("team-a", util_ppm=1_000 * at + gpu) for gpu in range(2)]
        windows = [window(gpu, at, readings[gpu]) for gpu in range(2)]
        town.report(windows[: 1 + at % 2])
    seal_at(town.engine)
    return town


def test_a_roll_says_what_its_batches_said(
    database: Database, busy_town: Town, owner: psycopg.Connection, tmp_path: Path
) -> None:
    before = every_batch(owner)
    export_at(busy_town.engine, tmp_path / "before.zip", 1)
    with Session(busy_town.engine) as db:
        rows = batch_list.batches(db)
        page = batch_list.batches(db, stream=busy_town.node.stream, limit=3, offset=2)
    assert pack(busy_town) == SENT
    assert owner.execute("SELECT count(*) FROM batches").fetchone() == (0,)
    assert owner.execute("SELECT first, last FROM batch_rolls").fetchall() == [(1, SENT)]
    assert owner.execute("SELECT count(*) FROM window_counts").fetchone() == (0,)
    assert every_batch(owner) == before
    assert [batch.body for batch in before] == busy_town.node.sent
    with Session(busy_town.engine) as db:
        assert batch_list.batches(db) == rows
        assert batch_list.batches(db, cluster="c1") == rows
        assert batch_list.batches(db, cluster="c2") == []
        assert batch_list.batches(db, stream=busy_town.node.stream, limit=3, offset=2) == page
    assert verified(database).faults == []
    export_at(busy_town.engine, tmp_path / "after.zip", 2)
    first, second = (Members.of_file(tmp_path / f"{name}.zip") for name in ("before", "after"))
    for member in ("rows/batches.tsv", "leaves/batches.tsv"):
        assert first[member] == second[member]
    assert check_export(second).faults == []


def test_intake_goes_on_behind_a_roll(busy_town: Town, owner: psycopg.Connection) -> None:
    receipt = Receipt(2, 0)
    assert pack(busy_town) == SENT
    assert send(busy_town, busy_town.node.sent[1]) == receipt  # its answer was lost
    clone = Node(busy_town.node.reporter, busy_town.node.key, busy_town.node.stream)
    assert send(busy_town, clone.batch([window(1, 5_000)])) == Forked(1)
    late = busy_town.node.batch([window(1, 0), window(0, 0), window(0, 1, held("team-b"))])
    outcome = send(busy_town, late)
    assert isinstance(outcome, Receipt)
    assert (outcome.kept, outcome.known, len(outcome.conflicts)) == (1, 0, 2)
    seal_at(busy_town.engine, 1)
    assert pack(busy_town) == 1
    assert owner.execute("SELECT first, last FROM batch_rolls ORDER BY 1").fetchall() == [
        (1, SENT), (SENT + 1, SENT + 1),
    ]  # fmt: skip
    assert [batch.body for batch in every_batch(owner)] == busy_town.node.sent
    busy_town.report([window(0, 100)])
    assert [batch.number for batch in every_batch(owner)] == list(range(1, SENT + 3))


def test_what_must_stay_a_row_does(town: Town, owner: psycopg.Connection) -> None:
    town.report([window(0, 0)])
    town.report([window(2, 1)])  # a GPU that nobody registered
    town.report([window(0, 2)])
    forged = town.node.read(town.node.batch([window(0, 3)]))
    with Session(town.engine) as db, db.begin():
        take_batch(db, replace(forged, batch=forged.batch._replace(signature=bytes(64))), NOW)
    town.report([window(0, 4)])
    assert pack(town) == 0  # nothing is sealed
    seal_at(town.engine)
    town.report([window(0, 5)])
    owner.execute("INSERT INTO window_days VALUES ('2026-03-01', 'batches') ON CONFLICT DO NOTHING")
    assert pack(town) == 3
    assert owner.execute("SELECT number FROM batches ORDER BY 1").fetchall() == [(2,), (4,), (6,)]
    owner.execute(
        "INSERT INTO gpus (gpu, cluster_id, node, registered_from) VALUES (%s, %s, 'n1', %s)",
        (gpu_id(2), town.cluster, minute(0)),
    )
    with Session(town.engine) as db, db.begin():
        assert release(db, read_kept, NOW) == 1  # of the second, whose neighbours are packed
    assert pack(town) == 0
    assert [batch.body for batch in every_batch(owner)] == town.node.sent


FORGED = """
    INSERT INTO batches (stream, number, hash, signature, agent_id, received_at, answer, bytes)
    SELECT stream, {number}, sha256('mine'), substring(signatures FOR 64), agent_id, now(),
        '{{"kept": 1, "known": 0, "quarantined": []}}', 'mine' FROM batch_rolls
"""
WINDOW = f"""
    INSERT INTO windows (gpu, start, cluster_id, source, stream, number, body)
    SELECT '{gpu_id(0)}', '{minute(900).isoformat()}', cluster_id, source, stream, 1,
        jsonb_build_object('gpu', '{gpu_id(0)}', 'start', '{minute(900).isoformat()}',
                           'window_ms', 60000, 'parts', '[]'::jsonb)
    FROM roll_spans JOIN agents ON id = agent_id
"""
ROLL = """
    SELECT pack_batches(stream, {first}, {last}, decode(repeat('00', 32), 'hex'), '{{mine}}',
        '{{1}}', '{{1}}', 'n', '{{0}}', '{{0}}', '{{0}}', '') FROM batches LIMIT 1
"""


def test_raw_sql_forges_no_roll(
    database: Database, busy_town: Town, owner: psycopg.Connection
) -> None:
    for first, last in ((1, 1), (1, SENT), (1, 100), (9, 9), (3, 2)):
        assert attempt(database, ROLL.format(first=first, last=last)) is errors.CheckViolation
    assert [batch.body for batch in every_batch(owner)] == busy_town.node.sent
    assert pack(busy_town) == SENT
    for attack in (
        "INSERT INTO batch_rolls SELECT * FROM batch_rolls", "DELETE FROM batch_rolls",
        "INSERT INTO roll_spans SELECT * FROM roll_spans", "DELETE FROM roll_spans",
        "UPDATE roll_spans SET last = 1",
        "UPDATE batch_rolls SET last = 1", "TRUNCATE batch_rolls", "DELETE FROM sealed_rows",
        "SELECT batch_follows()",
    ):  # fmt: skip
        assert attempt(database, attack) is errors.InsufficientPrivilege, attack
    for number in (1, SENT, SENT + 2):
        assert attempt(database, FORGED.format(number=number)) is errors.CheckViolation
    assert attempt(database, WINDOW) is errors.CheckViolation
    past = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; " + FORGED.format(number=SENT + 1)
    assert attempt(database, past) is errors.CheckViolation


def test_who_adds_a_batch_waits_while_its_stream_is_packed(
    database: Database, busy_town: Town
) -> None:
    with (
        closing(psycopg.connect(database.app_url)) as packer,
        closing(psycopg.connect(database.app_url)) as writer,
    ):
        stream = (str(busy_town.node.stream),)
        packer.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", stream)
        writer.execute("SET lock_timeout = '50ms'")
        with pytest.raises(errors.LockNotAvailable):
            writer.execute(
                "INSERT INTO batches SELECT stream, 1, hash, signature, agent_id, now(),"
                " answer, bytes FROM batches WHERE number = 1"
            )


def test_who_is_stopped_in_the_middle_goes_on_later(town: Town, owner: psycopg.Connection) -> None:
    for hour in range(3):
        town.report([window(0, 2 * hour)])
        town.report([window(0, 2 * hour + 1)])
        seal_at(town.engine, hour)
    session = partial(Session, town.engine)
    while list(pack_day(session, NOW)):
        pass
    some = pack_rolls(session, LATER)
    assert next(some) == 2
    some.close()
    assert [batch.body for batch in every_batch(owner)] == town.node.sent
    assert sum(pack_rolls(session, LATER)) == 4
    assert sum(pack_rolls(session, LATER)) == 0
    assert owner.execute("SELECT first, last FROM batch_rolls ORDER BY 1").fetchall() == [
        (1, 2), (3, 4), (5, 6),
    ]  # fmt: skip
    assert [batch.body for batch in every_batch(owner)] == town.node.sent


TAMPERED = {
    "hashes": range(64, 80),
    "signatures": range(60, 70),
    "leaves": range(0, 40, 7),
    "content": None,
}


def changes(owner: psycopg.Connection) -> Iterator[str]:
    """Every byte of the numbers, some of the digests, each word of the templates."""
    for column, places in TAMPERED.items():
        (size,) = owner.execute(f"SELECT octet_length({column}) FROM batch_rolls").fetchone() or (
            0,
        )
        for place in places or range(size):
            yield f"{column} = set_byte({column}, {place}, 255 - get_byte({column}, {place}))"
    for word, instead in (
        ("H100", "H200"), ("team-a", "team-b"), ("known", "knowm"), ("%s", "%q"), ("%s", "0"),
        ("kept", 'kept\\"'), ("\x01", ""), ("GPU-", "GPU_"),
    ):  # fmt: skip
        yield f"templates = replace(templates::text, '{word}', '{instead}')::text[]"
    for column in ("counts", "columns", "bases", "steps", "widths"):
        for n in (1, 2, 3):
            yield f"{column}[{n}] = {column}[{n}] + 1"
    yield "agent_id = gen_random_uuid()"
    yield "seal = seal + 1"
    yield "stream = gen_random_uuid()"


def test_every_byte_of_a_roll_that_was_changed_is_found(
    busy_town: Town, owner: psycopg.Connection
) -> None:
    assert pack(busy_town) == SENT
    assert look(owner).faults == []
    before = every_batch(owner)
    for change in changes(owner):
        with owner.transaction(force_rollback=True):
            owner.execute("ALTER TABLE batch_rolls DROP CONSTRAINT batch_rolls_check")
            owner.execute(f"UPDATE batch_rolls SET {change}".encode())
            faults = look(owner).faults
            says_the_same = every_batch(owner) == before
        if says_the_same and "[" in change:
            continue  # the step of what occurs once, a microsecond of a second: nobody reads it
        assert {fault.relation for fault in faults} == {"batches"}, change
        if not change.startswith(("seal", "stream")):
            codes = {FaultCode.CHANGED, FaultCode.KEY, FaultCode.ADDED}
            assert [f.key for f in faults if f.code in codes], change


def test_the_changed_batch_is_named_and_no_other(
    busy_town: Town, owner: psycopg.Connection
) -> None:
    assert pack(busy_town) == SENT
    with owner.transaction(force_rollback=True):
        owner.execute(
            "UPDATE batch_rolls SET content = set_byte(content, octet_length(content) - 1,"
            " 255 - get_byte(content, octet_length(content) - 1))"
        )
        faults = look(owner).faults
    assert len(faults) == 1
    assert faults[0].code == FaultCode.CHANGED


def look(raw: psycopg.Connection) -> Tally:
    """What `verify` says of batches."""
    tally = Tally()
    write_as_sealed(raw)
    heads = check_chain(kept_seals(raw), tally)
    check_trees(kept_leaves(raw), heads, tally)
    check_rows(raw, heads, tally, lambda _: None, ["batches"])
    return tally


def test_other_agents_keep_their_own_streams(busy_town: Town, owner: psycopg.Connection) -> None:
    stranger = enrolled(owner, busy_town.cluster, node="n2")
    assert pack(busy_town) == SENT
    for number in (1, 3):
        assert refusal(owner, f"""
            INSERT INTO batches SELECT stream, {number}, hash, signature,
                '{stranger.reporter.agent}', received_at, answer, bytes
            FROM kept_batches WHERE number = 1
        """) is errors.CheckViolation  # fmt: skip


def test_hashes_are_those_of_the_bytes(busy_town: Town, owner: psycopg.Connection) -> None:
    assert pack(busy_town) == SENT
    for batch in every_batch(owner):
        assert batch.hash == sha256(batch.body).digest()
        assert msgspec.json.decode(batch.body, type=wire.Batch).number == batch.number
