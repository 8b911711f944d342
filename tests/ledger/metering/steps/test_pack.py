"""Packed or not, a window is the same to whoever reads it, and no minute is kept twice."""

from collections.abc import Iterable
from contextlib import closing
from datetime import date, datetime, timedelta
from functools import partial
from itertools import compress
from random import Random
from typing import Any

import msgspec
import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import errors
from sqlmodel import Session

from agents import wire
from api.desk.chain.batch_check import check_batch
from api.door.batch_decoder import read_kept
from ledger.desk.codes import FindingKind
from ledger.desk.queries import chain
from ledger.desk.queries.findings import findings
from ledger.desk.queries.inventory import inventory
from ledger.metering.queries import batches, coverage_gaps, hours, nodes, usage
from ledger.metering.queries.nodes import Period
from ledger.metering.steps.intake import Receipt, release, take_batch
from ledger.metering.steps.pack import pack_day
from ledger.metering.steps.pack_rolls import pack_rolls
from ledger.postgres.database import Database
from ledger.units import midnight
from tests.support.accounts.attacks import attempt
from tests.support.citus.statements import statements_of
from tests.support.postgres import Server
from tests.support.seals import seal_at
from tests.support.simulation import Node, gpu_id, held, minute, window
from tests.support.town import NOW, Town

DAYS = date(2026, 3, 1), date(2026, 3, 2)
FIRST, LAST = 14 * 60, 18 * 60  # minutes: two hours on either side of Beijing's midnight
LATE = 0.02
GAP = wire.Gap(0, 60_000, wire.GapReason.NVML_ERROR)


def pack(engine: sa.Engine, now: datetime = NOW) -> int:
    """Pack all that is old enough by now; how many windows that were."""
    total = 0
    while counts := list(pack_day(partial(Session, engine), now)):
        total += sum(counts)
    return total


def pod(random: Random) -> wire.Part:
    name = random.choice(["w1", "w2", "w3"])
    readings = wire.Readings(6, random.randrange(1_000_000), None, 61_000, 412_345)
    return wire.Part(wire.Pod("lab", name, "main", None), 0, 60_000, readings=readings)


def made_up(random: Random, at: int) -> Iterable[wire.Window]:
    """What a node's two GPUs did in a minute; now and then nothing was heard of one."""
    for gpu in range(2):
        parts = random.choice([
            [held("team-a", util_ppm=random.randrange(1_000_000))],
            [held("team-a", 0, 20_000), held("team-b", 20_000, 60_000)],
            [pod(random)],
        ])  # fmt: skip
        kind = random.randrange(20)
        if kind == 0:
            continue
        yield (
            window(gpu, at, gaps=[GAP])
            if kind == 1
            else msgspec.structs.replace(
                window(gpu, at, *parts), energy_mj=random.randrange(10**8), flags=("shares_held",)
            )
        )


def history(town: Town, seed: int) -> None:
    """Days in batches of different sizes, of which some windows come late."""
    random = Random(seed)  # noqa: S311
    town.register("bindings: [{cluster: c1, holder: {pod: lab}, project: p1, from: 2026-01-01}]")
    at, later = FIRST, list[wire.Window]()
    while at < LAST:
        until = min(at + random.choice([1, 1, 1, 30, 70]), LAST)
        windows = [w for m in range(at, until) for w in made_up(random, m)]
        late = [random.random() < LATE for _ in windows]
        later += compress(windows, late)
        town.report(w for w, is_late in zip(windows, late, strict=True) if not is_late)
        at = until
    town.report(later)


def answers(town: Town, owner: psycopg.Connection) -> list[Any]:
    """Whatever is read of windows: pages, each batch's check, stretches and holds made anew."""
    owner.execute("TRUNCATE stretches, stretch_days, holds, hold_days")
    with Session(town.engine) as db:
        read = [*pages(db, town), *checks(db), *made_anew(db, town)]
        db.rollback()
    return read


def pages(db: Session, town: Town) -> Iterable[Any]:
    period = Period(*DAYS, minute(LAST))
    gpus = nodes.gpus(db, town.cluster, ["n1"], period.since)
    yield gpus
    yield inventory(db, None, minute(LAST))
    yield hours.hours(db, gpus, period)
    yield coverage_gaps.spans(db, town.cluster, period)
    yield findings(db, FindingKind.CONFLICTS, NOW)
    for gpu in gpus:
        yield coverage_gaps.silent_minutes(db, gpu.gpu, minute(FIRST), minute(LAST))
        for hour in range(FIRST // 60, LAST // 60):
            yield hours.minutes(db, town.cluster, gpu, minute(60 * hour), period.horizon)
    for day in DAYS:
        yield usage.windows_of_day(db, town.project, day, limit=10_000)


def checks(db: Session) -> Iterable[Any]:
    for row in batches.batches(db, limit=10_000):
        check = check_batch(db, batches.batch(db, row.stream, row.number))
        assert check.altered == 0
        yield check
        if check.span:
            yield chain.uses_of_batch(db, str(row.stream), row.number, check.gpus, check.span)


def made_anew(db: Session, town: Town) -> Iterable[Any]:
    for day in DAYS:
        of_day = {"cluster": town.cluster, "day": day, "gpus": [gpu_id(0), gpu_id(1)]}
        db.execute(sa.text("SELECT keep_stretches(:day, :gpus)"), of_day)
        db.execute(sa.text("SELECT keep_holds(:cluster, :day)"), of_day)
    yield db.execute(sa.text(
        "SELECT gpu, day, begins_ms, ends_ms, holder, instance, held, util_ppm_ms FROM stretches"
        " ORDER BY 1, 2, 3, 4, 5, 6")).all()  # fmt: skip
    yield db.execute(sa.text(
        "SELECT gpu, day, low, high, kind, pod, util_ppm_ms, util_ms FROM holds"
        " ORDER BY 1, 2, 3, 4, 5, 6")).all()  # fmt: skip
    yield db.execute(sa.text("SELECT * FROM stretch_days ORDER BY gpu, day")).all()


@pytest.mark.parametrize("seed", range(2))
def test_whatever_is_read_of_windows_stays_when_they_are_packed(
    town: Town, owner: psycopg.Connection, seed: int
) -> None:
    history(town, seed)
    before, total = answers(town, owner), count(owner)
    number = pack(town.engine)
    assert number > LAST - FIRST  # of two GPUs
    assert answers(town, owner) == before
    assert count(owner) == total
    (rows,) = owner.execute("SELECT count(*) FROM windows").fetchone() or ()
    assert rows == total - number
    assert owner.execute("SELECT count(*) FROM windows WHERE NOT body ? 'gaps'").fetchone() == (0,)
    seal_at(town.engine)
    assert sum(pack_rolls(partial(Session, town.engine), NOW + timedelta(days=4))) > 4
    assert owner.execute("SELECT count(*) FROM batches").fetchone() == (0,)
    assert answers(town, owner) == before


def count(owner: psycopg.Connection) -> int:
    (windows,) = owner.execute(
        "SELECT count(DISTINCT (w.gpu, start)) FROM gpus g,"
        " kept_windows(ARRAY[g.gpu], '-infinity', 'infinity') w"
    ).fetchone() or (0,)
    return int(windows)


def test_days_that_are_over_for_two_days_are_packed(town: Town) -> None:
    town.report([window(0, 0), window(0, LAST)])
    assert pack(town.engine, midnight(DAYS[0]) + timedelta(days=3, minutes=-1)) == 0
    assert pack(town.engine, midnight(DAYS[0]) + timedelta(days=3)) == 1
    assert pack(town.engine, midnight(DAYS[0]) + timedelta(days=4)) == 1
    assert pack(town.engine) == 0


def test_a_minute_is_known_or_in_conflict_when_it_is_packed_too(
    town: Town, owner: psycopg.Connection
) -> None:
    town.report([window(0, at) for at in range(90)])
    assert pack(town.engine) == 90
    new_spool = Node(town.node.reporter, town.node.key)  # its spool was lost
    second_body = window(0, 5, held("team-b"))
    batch = new_spool.batch([window(0, 4), second_body, window(0, 90), window(1, 4), window(0, 61)])
    with Session(town.engine) as db, db.begin():
        receipt = take_batch(db, new_spool.read(batch), NOW)
    assert isinstance(receipt, Receipt)
    assert (receipt.kept, receipt.known) == (2, 2)
    assert [item.detail for item in receipt.conflicts] == [f"{gpu_id(0)} {minute(5).isoformat()}"]
    with Session(town.engine) as db:
        (finding,) = findings(db, FindingKind.CONFLICTS, NOW)
    assert (finding["first_stream"], finding["first_number"]) == (str(town.node.stream), 1)
    assert count(owner) == 92


def test_what_comes_late_is_packed_with_its_hour(town: Town, owner: psycopg.Connection) -> None:
    town.report([window(0, at) for at in (0, 2, 61)])
    assert pack(town.engine) == 3
    town.report([window(0, 1), window(0, 3)])
    assert pack(town.engine) == 2
    assert owner.execute(
        "SELECT hour, minute, number, place FROM window_hours, minutes_of(segments) ORDER BY 1, 2"
    ).fetchall() == [
        (minute(0), 0, 1, 1), (minute(0), 1, 2, 1), (minute(0), 2, 1, 2), (minute(0), 3, 2, 2),
        (minute(60), 1, 1, 3),
    ]  # fmt: skip
    assert owner.execute("SELECT windows FROM coverage").fetchone() == (5,)


SECOND = """
    INSERT INTO windows (gpu, start, cluster_id, source, stream, number, body)
    SELECT m.gpu, m.start, m.cluster_id, m.source, m.stream, m.number,
        convert_from(b.bytes, 'UTF8')::jsonb #> '{windows, 0}'
    FROM batches b, kept_minutes((SELECT array_agg(gpu) FROM gpus), '-infinity', 'infinity') m
    ON CONFLICT DO NOTHING
"""


def test_raw_sql_adds_no_second_window_and_packs_none(
    database: Database, town: Town, owner: psycopg.Connection
) -> None:
    town.report([window(0, 0)])
    assert attempt(database, SECOND.replace("ON CONFLICT DO NOTHING", "")) is errors.UniqueViolation
    assert attempt(database, SECOND) is None  # of which nothing came
    assert pack(town.engine) == 1
    assert attempt(database, SECOND) is errors.UniqueViolation
    for attack in (
        "INSERT INTO window_hours SELECT * FROM window_hours", "DELETE FROM window_hours",
        "UPDATE window_hours SET segments = '{0, 1, 1, 0, 2, 0}'", "DELETE FROM window_days",
        "INSERT INTO window_days VALUES ('2026-03-01', 'open')", "SELECT window_is_first()",
        "INSERT INTO past_hours SELECT * FROM past_hours", "UPDATE past_hours SET sums = '[]'",
        "DELETE FROM past_hours",
    ):  # fmt: skip
        assert attempt(database, attack) is errors.InsufficientPrivilege, attack
    assert owner.execute("SELECT held, windows FROM day_totals, coverage").fetchall() == [
        (60_000, 1)
    ]


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_who_looks_at_the_past_stores_no_window(database: Database, town: Town, level: str) -> None:
    town.report([window(0, 0)])
    with closing(psycopg.connect(database.app_url)) as connection:
        connection.execute(f"SET TRANSACTION ISOLATION LEVEL {level}".encode())
        connection.execute("SELECT count(*) FROM window_days")
        assert pack(town.engine) == 1
        with pytest.raises(errors.CheckViolation):
            connection.execute(SECOND.encode())


def test_who_waits_for_a_minute_that_is_being_packed_adds_none(
    database: Database, town: Town
) -> None:
    town.report([window(0, 0)])
    with (
        closing(psycopg.connect(database.app_url)) as packer,
        closing(psycopg.connect(database.app_url)) as writer,
    ):
        packer.execute("SELECT pack_windows(%s, %s)", ([gpu_id(0)], minute(0)))
        writer.execute("SET lock_timeout = '50ms'")
        with pytest.raises(errors.LockNotAvailable):
            writer.execute(_ONE, (gpu_id(0), minute(0), town.cluster, town.node.stream))
        packer.commit()
        writer.rollback()
        with pytest.raises(errors.UniqueViolation):
            writer.execute(_ONE, (gpu_id(0), minute(0), town.cluster, town.node.stream))


_ONE = """
    INSERT INTO windows (gpu, start, cluster_id, source, stream, number, body)
    VALUES (%s, %s, %s, 'nvml', %s, 1, '{}')
"""


def test_what_is_packed_late_is_seen_by_who_looks_at_the_form_of_statements(
    postgres: Server, town: Town
) -> None:
    town.report([window(0, at) for at in (0, 1)])
    assert pack(town.engine) == 2
    town.report([window(0, 1), window(0, 2)])
    with psycopg.connect(postgres.embedded.admin_url) as admin:
        statements = statements_of(admin)
    assert {sql.split()[0] for sql in statements} == {"INSERT", "SELECT"}


def test_who_is_stopped_in_the_middle_goes_on_later(town: Town, owner: psycopg.Connection) -> None:
    town.report([window(0, at) for at in range(0, 180, 3)])
    before = answers(town, owner)
    hours_of_day = pack_day(partial(Session, town.engine), NOW)
    assert sum(next(hours_of_day) for _ in range(10)) == 40  # from Beijing midnight: 08:00, 09:00
    hours_of_day.close()
    with Session(town.engine) as db:
        db.execute(sa.text("SELECT pack_windows(:gpus, :hour)"),
                   {"gpus": [gpu_id(0)], "hour": minute(120)})  # fmt: skip
        db.rollback()
    assert answers(town, owner) == before
    assert owner.execute("SELECT count(*) FROM windows").fetchone() == (20,)
    assert pack(town.engine) == 20
    assert answers(town, owner) == before


def test_what_does_not_stand_in_its_batch_is_not_packed(
    town: Town, owner: psycopg.Connection
) -> None:
    town.report([window(0, 0), window(0, 1)])
    owner.execute(
        "UPDATE windows SET body = jsonb_set(body, '{model}', '\"B200\"') WHERE start = %s",
        (minute(1),),
    )
    assert pack(town.engine) == 1
    assert owner.execute("SELECT start FROM windows").fetchall() == [(minute(1),)]


def test_a_batch_that_postgresql_cannot_read_stays_as_it_came(
    town: Town, owner: psycopg.Connection
) -> None:
    body = town.node.batch([window(0, 0)])
    body = body.replace(b'"windows":[', b'"windows":["\\u0000",')
    with Session(town.engine) as db, db.begin():
        receipt = take_batch(db, town.node.read(body), NOW)
    assert isinstance(receipt, Receipt)
    assert (receipt.kept, len(receipt.refused)) == (1, 1)
    assert pack(town.engine) == 0
    assert count(owner) == 1


def test_what_leaves_the_quarantine_is_packed(town: Town, owner: psycopg.Connection) -> None:
    town.report([window(2, 0), window(0, 0)])
    assert pack(town.engine) == 1
    owner.execute(
        "INSERT INTO gpus (gpu, cluster_id, node, registered_from) VALUES (%s, %s, 'n1', %s)",
        (gpu_id(2), town.cluster, minute(0)),
    )
    with Session(town.engine) as db, db.begin():
        assert release(db, read_kept, NOW) == 1
    assert pack(town.engine) == 1
    assert owner.execute(
        "SELECT gpu, place FROM window_hours, minutes_of(segments) ORDER BY gpu"
    ).fetchall() == [(gpu_id(0), 2), (gpu_id(2), 1)]


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(-2, 2), st.integers(-2, 2)), max_size=60),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_segments_say_every_minute(
    owner: psycopg.Connection, steps: list[tuple[int, int, int]]
) -> None:
    triples = [(0, 100, 200)]
    for step in steps:
        triples.append(tuple(a + b for a, b in zip(triples[-1], step, strict=True)))  # type: ignore[arg-type]
    minutes, numbers, places = map(list, zip(*triples, strict=True))
    assert (
        triples
        == owner.execute(
            "SELECT * FROM minutes_of(segments_of(%s::integer[], %s::integer[], %s::integer[]))",
            (minutes, numbers, places),
        ).fetchall()
    )


def test_the_sums_of_a_closed_day_are_a_row_of_its_gpu(
    town: Town, owner: psycopg.Connection
) -> None:
    """Gaps stay as they are, and what comes late is added to what is there."""

    def sums() -> list[Any]:
        return owner.execute(
            "SELECT gpu, hour, holder_kind, holder, sum(held), sum(util_ms) FROM"
            " kept_sums(%s, %s, %s) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
            ([gpu_id(0), gpu_id(1)], minute(60), minute(24 * 60)),
        ).fetchall()

    town.report([window(0, 30), window(0, 61), window(1, 61), window(1, 62, gaps=[GAP])])
    before = sums()
    assert pack(town.engine) == 3
    assert sums() == before
    assert owner.execute("SELECT holder_kind FROM hour_totals").fetchall() == [("gap",)]
    town.report([window(0, 63), window(0, 180)])
    late = sums()
    assert pack(town.engine) == 2
    assert sums() == late
    assert owner.execute(
        "SELECT gpu, (SELECT sum(n) FROM unnest(windows) n) FROM past_hours ORDER BY gpu"
    ).fetchall() == [(gpu_id(0), 4), (gpu_id(1), 2)]
    assert owner.execute("SELECT count(*) FROM hour_coverage").fetchone() == (0,)
