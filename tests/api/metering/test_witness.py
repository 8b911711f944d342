"""What a witness saw beside what was metered: from signed batches to the answer of the door."""

from datetime import date

import msgspec
import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from agents import wire
from agents.sightings import ClaimDevice, Phase, PodSighting, Run, Sighting, Watch
from ledger.metering.queries.witnesses.evidence import pieces
from ledger.metering.steps.intake import Receipt, take_batch
from tests.support.simulation import START, Node, enrolled, minute, place, window

LATER = minute(100_000)
DAY = date(2026, 3, 1)
RUNNING = Run("main", START)


@pytest.fixture
def cluster(owner: psycopg.Connection) -> int:
    return place(owner)


def send(
    engine: sa.Engine, node: Node, *windows: wire.Window, sightings: tuple[Sighting, ...] = ()
) -> None:
    with Session(engine) as db, db.begin():
        body = node.batch(windows, sightings=sightings)
        receipt = take_batch(db, node.read(body), LATER)
        assert isinstance(receipt, Receipt)
        assert receipt.kept == len(windows) + len(sightings)


def pod_window(gpu: int, at: int, *pods: str) -> wire.Window:
    step = 60_000 // len(pods)
    parts = [
        wire.Part(wire.Pod("lab", name, "main"), n * step, (n + 1) * step)
        for n, name in enumerate(pods)
    ]
    return window(gpu, at, *parts)


def pod(name: str, *runs: Run, **facts: object) -> PodSighting:
    phase = Phase.RUNNING if runs else Phase.PENDING
    sighting = PodSighting(f"uid-{name}", "lab", name, phase, START, minute(1), runs=runs)
    values = {"node": "n1", "requests": {"nvidia.com/gpu": 1}, **facts}
    return msgspec.structs.replace(sighting, **values)


def verdicts(engine: sa.Engine, cluster: int) -> list[tuple[str, int, str, str | None]]:
    with Session(engine) as db, db.begin():
        return [(p.pod, p.length_ms, p.verdict, p.reason) for p in pieces(db, cluster, DAY, "n1")]


def test_of_each_pod_the_witness_says_whether_it_ran(
    engine: sa.Engine, owner: psycopg.Connection, cluster: int
) -> None:
    node = enrolled(owner, cluster)
    witness = enrolled(owner, cluster, node="witness", source="witness")
    windows = [pod_window(0, at, "ran") for at in range(3)]
    windows += [pod_window(1, 0, "waits"), pod_window(2, 0, "ran", "admin")]
    send(engine, node, *windows)
    watch = ClaimDevice("gpu.nvidia.com", "n1", "gpu-0", admin=True)
    send(
        engine,
        witness,
        sightings=(
            pod("ran", RUNNING),
            pod("waits"),
            pod("admin", RUNNING, requests={}, devices=(watch,)),
            Watch(START, minute(2)),
        ),
    )
    assert verdicts(engine, cluster) == [
        ("ran", 120_000, "agreeing", None),
        ("ran", 60_000, "pending", None),
        ("waits", 60_000, "contradicting", "never_ran"),
        ("ran", 30_000, "agreeing", None),
        ("admin", 30_000, "contradicting", "admin_access"),
    ]


def test_without_a_witness_or_with_one_that_is_not_approved_there_is_one_source(
    engine: sa.Engine, owner: psycopg.Connection, cluster: int
) -> None:
    send(engine, enrolled(owner, cluster), pod_window(0, 0, "ran"))
    assert verdicts(engine, cluster) == [("ran", 60_000, "single", "no_witness")]
    witness = enrolled(owner, cluster, node="witness", source="witness", is_approved=False)
    send(engine, witness, sightings=(Watch(START, minute(9)),))
    assert verdicts(engine, cluster) == [("ran", 60_000, "single", "no_witness")]


def test_a_witness_of_another_cluster_says_nothing(
    engine: sa.Engine, owner: psycopg.Connection, cluster: int
) -> None:
    cluster_id = place(owner, gpus=0, cluster="c2")
    send(engine, enrolled(owner, cluster), pod_window(0, 0, "ran"))
    witness = enrolled(owner, cluster_id, cluster_name="c2", node="witness", source="witness")
    send(engine, witness, sightings=(Watch(START, minute(9)),))
    assert verdicts(engine, cluster) == [("ran", 60_000, "single", "no_witness")]
