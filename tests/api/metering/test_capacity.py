"""500 GPUs by sacct where 64 stand: a finding, until two persons say what there is."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from agents.sightings import Partitions, Watch
from ledger.metering.queries.jobs.capacity import unproved_days
from ledger.people.codes import Role
from tests.support.api.town import Town
from tests.support.simulation import Node, enrolled, gpu_id

DAY = "2026-03-01"


def jobs(owner: psycopg.Connection, gpus: int, day: str = DAY) -> None:
    """Jobs held so many GPUs for the whole of a day, by a source that knows no GPU."""
    owner.execute(
        "UPDATE billing_sources SET superseded_at = now(), superseded_by = 'test'"
        " WHERE source = 'nvml' AND superseded_at IS NULL"
    )
    owner.execute(
        "INSERT INTO billing_sources (cluster_id, source, valid, recorded_at, recorded_by)"
        " SELECT id, 'slurm', '[2026-01-01,)', now(), 'test' FROM clusters"
        " WHERE name = 'c-mine' ON CONFLICT DO NOTHING"
    )
    owner.execute(
        "INSERT INTO day_totals (gpu, day, cluster_id, source, model, holder_kind, holder,"
        " mig_profile, den, held) SELECT 'job/c-mine/1/0/' || n, %s, c.id, 'slurm', 'H100',"
        " 'slurm', 'lab', '', 1, 86400000 FROM clusters c, generate_series(1, %s) n"
        " WHERE c.name = 'c-mine'",
        (day, gpus),
    )


def findings(town: Town) -> list[dict[str, Any]]:
    answer = town.client.get("/api/v1/findings?kind=unproved", headers=town.headers(Role.CLERK))
    assert answer.status_code == 200, answer.text
    return list(answer.json())


def state(town: Town, gpus: int, **more: object) -> None:
    """A clerk states a capacity, and another person confirms it."""
    wish = {
        "cluster": "c-mine",
        "gpus": gpus,
        "since": "2026-01-01",
        "evidence": "采购合同",
        **more,
    }
    proposal = town.client.post("/api/v1/capacities", json=wish, headers=town.headers(Role.CLERK))
    assert proposal.status_code == 201, proposal.text
    path = f"/api/v1/decisions/{proposal.json()['decision']}"
    digest = town.client.get(path, headers=town.headers(Role.APPROVER)).json()["digest"]
    answer = town.client.post(
        f"{path}/answer",
        json={"answer": "confirmed", "seen": digest},
        headers=town.headers(Role.APPROVER),
    )
    assert answer.status_code == 200, answer.text


def test_more_gpus_than_stand_there_are_a_finding_until_two_say_otherwise(
    town: Town, owner: psycopg.Connection
) -> None:
    jobs(owner, 500)
    (finding,) = findings(town)
    assert (finding["cluster"], finding["day"], finding["gpus"]) == ("c-mine", DAY, 1)
    assert finding["device_ms"] == 500 * 86_400_000
    page = town.client.get("/findings?kind=unproved", headers=town.headers(Role.CLERK))
    assert page.status_code == 200
    assert "认定集群的容量" in page.text
    state(town, 64)
    assert [finding["gpus"] for finding in findings(town)] == [64]
    state(town, 500)
    assert findings(town) == []
    state(town, 64)  # the last statement holds
    assert [finding["gpus"] for finding in findings(town)] == [64]


def test_registered_gpus_prove_their_own_days(town: Town, owner: psycopg.Connection) -> None:
    jobs(owner, 2)
    assert [finding["gpus"] for finding in findings(town)] == [1]
    owner.execute(
        "INSERT INTO gpus (gpu, cluster_id, node, registered_from)"
        " SELECT %s, id, 'n', '2025-01-01' FROM clusters WHERE name = 'c-mine'",
        (gpu_id(50),),
    )
    assert findings(town) == []


def slurm_node(owner: psycopg.Connection) -> Node:
    """An approved Slurm agent of the cluster."""
    row = owner.execute("SELECT id FROM clusters WHERE name = 'c-mine'").fetchone()
    assert row is not None
    node = enrolled(owner, row[0], cluster_name="c-mine", node=f"head-{uuid4()}", source="slurm")
    owner.commit()
    return node


def told(town: Town, owner: psycopg.Connection, whole: int, **partitions: int) -> dict[str, Any]:
    """A Slurm agent of the cluster says what sinfo says, at noon of the day."""
    node = slurm_node(owner)
    seen_at = datetime(2026, 3, 1, 4, tzinfo=UTC)
    body = node.batch([], sightings=[Partitions(seen_at, whole, partitions)])
    answer = town.client.post("/api/v1/batches", content=body, headers=node.headers(body))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_sinfo_bounds_what_two_stated_and_proves_nothing(
    town: Town, owner: psycopg.Connection
) -> None:
    jobs(owner, 64)
    owner.execute("UPDATE day_totals SET partition = 'gpu' WHERE source = 'slurm'")
    assert told(town, owner, 64, gpu=64)["kept"] == 1
    (finding,) = findings(town)
    assert (finding["basis"], finding["gpus"]) == ("registry", 1), "its own word is no proof"
    state(town, 500)
    assert findings(town) == []
    owner.execute("DELETE FROM partition_gpus")
    told(town, owner, 60, gpu=63, cpu=0)
    said = [(f["partition"], f["basis"], f["gpus"]) for f in findings(town)]
    assert said == [("", "sinfo", 60), ("gpu", "sinfo", 63)]
    told(town, owner, 64, gpu=64)  # nodes came back: the most of a day holds
    told(town, owner, 8, gpu=8)
    assert findings(town) == []
    page = town.client.get("/sources", headers=town.headers(Role.CLERK)).text
    assert "sinfo 所说的 GPU" in page
    (mine, _) = town.client.get("/api/v1/sources", headers=town.headers(Role.CLERK)).json()
    assert ("", 64) in [(p["name"], p["gpus"]) for p in mine["partitions"]]


def test_slices_are_not_counted_against_whole_gpus(town: Town, owner: psycopg.Connection) -> None:
    jobs(owner, 7)
    owner.execute("UPDATE day_totals SET mig_profile = '1g.10gb', partition = 'mig'"
                  " WHERE source = 'slurm'")  # fmt: skip
    state(town, 7)
    told(town, owner, 0, mig=0)
    assert findings(town) == []


def test_only_a_slurm_agent_tells_of_partitions_and_only_a_witness_of_pods(
    town: Town, owner: psycopg.Connection
) -> None:
    seen_at = datetime(2026, 3, 1, 4, tzinfo=UTC)
    for node, sighting in (
        (town.nodes["mine"], Partitions(seen_at, 8)),
        (slurm_node(owner), Watch(seen_at, seen_at)),
    ):
        body = node.batch([], sightings=[sighting])
        answer = town.client.post("/api/v1/batches", content=body, headers=node.headers(body))
        (refused,) = answer.json()["refused"]
        assert refused["reason"] == "wrong_source"


def test_a_month_of_a_contract_asks_for_its_own_days(
    town: Town, engine: sa.Engine, owner: psycopg.Connection
) -> None:
    jobs(owner, 500)
    owner.execute(
        "INSERT INTO contracts (number, centre_id, project_id, valid)"
        " SELECT p.code, c.centre_id, p.id, '[2026-01-01,)' FROM clusters c, projects p"
        " WHERE c.name = 'c-' || right(p.code, -2)"
    )
    with Session(engine) as db:
        rows = db.execute(sa.text("SELECT number, id FROM contracts"))
        keys = {row.number: row.id for row in rows}
        march, april = date(2026, 3, 1), date(2026, 4, 1)
        assert [d.day for d in unproved_days(db, contract=keys["p-mine"], month=march)] == [march]
        assert unproved_days(db, contract=keys["p-mine"], month=april) == []
        assert unproved_days(db, contract=keys["p-theirs"], month=march) == []


def test_nobody_writes_a_capacity_that_two_did_not_state(town: Town, engine: sa.Engine) -> None:
    state(town, 64)
    again = (
        "INSERT INTO capacities (cluster_id, gpus, valid, evidence, decision_id)"
        " SELECT cluster_id, %s, valid, evidence, decision_id + %s FROM capacities"
    )
    for gpus, decision in ((500, 0), (64, 0), (64, 1)):
        with engine.begin() as connection, pytest.raises(sa.exc.IntegrityError):
            connection.exec_driver_sql(again, (gpus, decision))
