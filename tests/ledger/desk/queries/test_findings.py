"""Whatever was kept aside, is missing or belongs to nobody can be listed; nothing else is."""

from datetime import timedelta

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from agents import wire
from ledger.desk.codes import FindingKind
from ledger.desk.queries.findings import KINDS, Row, findings
from ledger.metering.queries.coverage_gaps import silent_minutes
from ledger.metering.steps.intake import Forked, Receipt, take_batch
from ledger.registry.tables import Cluster
from tests.support.simulation import enrolled, gpu_id, held, minute, window
from tests.support.town import NOW, Town


def findings_of(town: Town, kind: FindingKind, at: int = 6, centre: int | None = None) -> list[Row]:
    with Session(town.engine) as db:
        return findings(db, kind, minute(at) + timedelta(minutes=4), centre=centre)


@pytest.mark.parametrize("kind", KINDS)
def test_a_quiet_town_has_nothing_to_list(town: Town, kind: FindingKind) -> None:
    town.report([window(gpu, at) for gpu in range(2) for at in range(5)])
    town.accrue()
    assert findings_of(town, kind) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_centre_sees_its_own_only(
    town: Town, owner: psycopg.Connection, kind: FindingKind
) -> None:
    _trouble(town)
    _jobs_without_capacity(town, owner)
    assert findings_of(town, kind, centre=1)
    assert findings_of(town, kind, centre=999) == []


def _trouble(town: Town) -> None:
    gap = wire.Gap(0, 60_000, wire.GapReason.GPU_LOST)
    town.report([window(0, 0), window(0, 1, gaps=[gap]), window(9, 0), window(1, 0, model="B200")])
    town.report([window(0, 0, held("other")), window(0, 2, held("stranger"))])
    town.node.number, town.node.head = 0, ""
    with Session(town.engine) as db, db.begin():
        submission = town.node.read(town.node.batch([]))
        assert take_batch(db, submission, NOW) == Forked(1)


def _jobs_without_capacity(town: Town, owner: psycopg.Connection) -> None:
    """A job holds a GPU for an hour in a cluster that has none."""
    town.register(
        "clusters: [{name: jobs, centre: centre of c1,"
        " billing: [{source: slurm, from: 2026-01-01}]}]"
    )
    part = wire.Part(wire.Slurm("lab", "7"), 0, 3_600_000)
    with Session(town.engine) as db, db.begin():
        cluster = db.exec(select(Cluster.id).where(Cluster.name == "jobs")).one() or 0
        node = enrolled(owner, cluster, cluster_name="jobs", source="slurm")
        hour = wire.Window("job/jobs/7/0/0", "H100", minute(0), 3_600_000, (part,))
        shorter = (
            wire.Part(wire.Slurm("lab", "8"), 0, 60_000),
            wire.Part(wire.Unallocated(), 60_000, 3_600_000),
        )
        job = wire.Window("job/jobs/8/0/0", "H100", minute(0), 3_600_000, (part,))
        later = wire.Window("job/jobs/8/0/0", "H100", minute(0), 3_600_000, shorter)
        for windows in ([hour, job], [later]):
            assert isinstance(take_batch(db, node.read(node.batch(windows)), NOW), Receipt)


def test_each_kind_says_what_and_where(town: Town) -> None:
    _trouble(town)
    (conflict,) = findings_of(town, FindingKind.CONFLICTS)
    assert (conflict["gpu"], conflict["start"], conflict["first_number"], conflict["number"]) == (
        gpu_id(0),
        minute(0),
        1,
        2,
    )
    (gap,) = findings_of(town, FindingKind.GAPS)
    assert (gap["gap_ms"], gap["reasons"]) == (60_000, "gpu_lost")
    (aside,) = findings_of(town, FindingKind.QUARANTINE)
    assert (aside["gpu"], aside["reason"], aside["windows"]) == (gpu_id(9), "unknown_gpu", 1)
    (fork,) = findings_of(town, FindingKind.FORKS)
    assert (fork["node"], fork["number"]) == ("n1", 1)
    (unowned,) = findings_of(town, FindingKind.UNOWNED)
    assert (unowned["holder"], unowned["device_ms"]) == ("stranger", 60_000)
    (unpriced,) = findings_of(town, FindingKind.UNPRICED)
    assert (unpriced["model"], unpriced["reason"], unpriced["device_ms"]) == (
        "B200",
        "unknown_model",
        60_000,
    )


def test_a_registered_gpu_that_says_nothing_is_silent_never_idle(town: Town) -> None:
    town.report([window(0, 0), window(0, 1), window(0, 4), window(1, 0)])
    rows = {row["gpu"]: row["minutes"] for row in findings_of(town, FindingKind.SILENT)}
    assert rows == {gpu_id(0): 2, gpu_id(1): 4}
    with Session(town.engine) as db:
        assert silent_minutes(db, gpu_id(0), minute(0), minute(5)) == [minute(2), minute(3)]


def test_silence_is_counted_by_beijing_days_from_registration_to_retirement(
    town: Town, owner: psycopg.Connection
) -> None:
    midnight = 16 * 60
    owner.execute("UPDATE gpus SET retired_at = %s WHERE gpu = %s", (minute(60), gpu_id(1)))
    rows = findings_of(town, FindingKind.SILENT, midnight + 31)
    assert [(r["gpu"], f"{r['day']:%m-%d}", r["minutes"]) for r in rows] == [
        (gpu_id(0), "03-02", 30),
        (gpu_id(0), "03-01", midnight),
        (gpu_id(1), "03-01", 60),
    ]


def test_silence_of_many_weeks_is_listed_newest_first_on_every_page(town: Town) -> None:
    at = 40 * 24 * 60
    rows = findings_of(town, FindingKind.SILENT, at)
    days = list(dict.fromkeys(row["day"] for row in rows))
    assert days == sorted(days, reverse=True)
    assert len(days) == 41
    assert len(rows) == 2 * len(days)
    with Session(town.engine) as db:
        pages = [
            findings(db, FindingKind.SILENT, minute(at + 4), limit=9, offset=offset)
            for offset in range(0, len(rows) + 9, 9)
        ]
    assert [row for page in pages for row in page] == rows


def test_usage_without_an_owner_is_read_page_by_page(town: Town) -> None:
    shared = wire.Pod("shared", "p", "c", "")
    half, third = (wire.Part(shared, 0, 60_000, den=den) for den in (2, 3))
    town.report([window(0, 0, half), window(0, 1, third), window(0, 2, held("odd"))])
    town.report([window(1, 0, held("stranger"))])
    rows = findings_of(town, FindingKind.UNOWNED)
    assert [row["holder"] for row in rows] == ["shared", "odd", "stranger"]
    assert rows[0]["device_ms"] == 50_000
    assert pages_of(town, FindingKind.UNOWNED) == [(1, [row]) for row in rows] + [(0, [])]


def test_of_days_within_their_capacity_nothing_is_read(
    town: Town, owner: psycopg.Connection
) -> None:
    _jobs_without_capacity(town, owner)
    rows = findings_of(town, FindingKind.UNPROVED)
    assert pages_of(town, FindingKind.UNPROVED)[0] == (1, rows)
    owner.execute(
        "INSERT INTO gpus (gpu, cluster_id, node, registered_from) SELECT %s, id, 'j1', %s"
        " FROM clusters WHERE name = 'jobs'",
        (gpu_id(7), minute(-1440)),
    )
    assert pages_of(town, FindingKind.UNPROVED) == [(0, [])]


def pages_of(town: Town, kind: FindingKind) -> list[tuple[int, list[Row]]]:
    """Each finding on a page of its own, and after how many rows of the database."""
    pages: list[tuple[int, list[Row]]] = []
    counts: list[int] = []
    with Session(town.engine) as db:
        count = lambda *event: counts.append(event[1].rowcount)  # noqa: E731
        sa.event.listen(town.engine, "after_cursor_execute", count)
        while not pages or pages[-1][1]:
            counts.clear()
            rows = findings(db, kind, minute(10), limit=1, offset=len(pages))
            pages.append((sum(counts), rows))
        sa.event.remove(town.engine, "after_cursor_execute", count)
    return pages


def test_a_later_witness_adds_no_second_window(town: Town, owner: psycopg.Connection) -> None:
    node = enrolled(owner, town.cluster, source="dcgm")
    town.report([window(0, 0)])
    town.node = node
    town.report([window(0, 0, held("team-b"))])
    assert len(findings_of(town, FindingKind.CONFLICTS)) == 1
