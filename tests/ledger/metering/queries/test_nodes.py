"""Nodes, their GPUs and what the driver announced of them are read as they were told."""

from datetime import date

import msgspec
import psycopg
from sqlmodel import Session

from agents import wire
from ledger.metering.queries import nodes
from ledger.metering.queries.node_status import node_status
from ledger.metering.queries.nodes import Gpu, Period
from ledger.registry.tables import Cluster
from tests.support.simulation import enrolled, gpu_id, minute, window
from tests.support.town import Town

DAY = date(2026, 3, 1)
PERIOD = Period(DAY, DAY, minute(180))
GAP = wire.Gap(0, 60_000, wire.GapReason.GPU_LOST)


def gpus(db: Session, town: Town) -> list[Gpu]:
    return nodes.gpus(db, town.cluster, ["n1"], PERIOD.since)


def test_a_gpu_is_seen_while_its_newest_window_is_young_and_no_gap(town: Town) -> None:
    town.report([window(0, at) for at in range(100)])
    town.report([window(1, 99, gaps=[GAP])])
    with Session(town.engine) as db:
        by_gpu = {gpu.gpu: gpu for gpu in gpus(db, town)}
    assert by_gpu[gpu_id(0)].is_seen(minute(100))
    assert not by_gpu[gpu_id(0)].is_seen(minute(101))
    assert not by_gpu[gpu_id(1)].is_seen(minute(100))
    assert (by_gpu[gpu_id(1)].newest, by_gpu[gpu_id(1)].model) == (minute(99), "H100")


def test_nodes_are_those_with_gpus_or_agents_and_strangers_are_told(
    town: Town, owner: psycopg.Connection
) -> None:
    enrolled(owner, town.cluster, node="n0")
    town.report([window(9, 0), window(9, 1)])
    with Session(town.engine) as db:
        assert nodes.names(db, town.cluster, minute(0), limit=10) == ["n0", "n1"]
        assert nodes.names(db, town.cluster, minute(0), limit=1, offset=1) == ["n1"]
        (stranger,) = nodes.strangers(db, town.cluster, ["n0", "n1"], minute(0))
        assert nodes.strangers(db, town.cluster, ["n0"], minute(0)) == []
    assert (stranger.gpu, stranger.reason, stranger.windows) == (gpu_id(9), "unknown_gpu", 2)
    assert (stranger.first, stranger.last) == (minute(0), minute(1))


def test_a_node_without_an_agent_of_its_own_is_metered_by_its_clusters(
    town: Town, owner: psycopg.Connection
) -> None:
    def source(db: Session, name: str) -> str | None:
        cluster = db.get_one(Cluster, town.cluster)
        return node_status(db, cluster, name, minute(100)).source

    with Session(town.engine) as db:
        assert source(db, "n1") == "nvml"
        owner.execute("UPDATE agents SET revoked_at = now() WHERE node = 'n1'")
        assert source(db, "n1") == "nvml"  # nobody else is there
        db.rollback()
        enrolled(owner, town.cluster, node="exporters", source="dcgm")
        assert source(db, "n1") == "dcgm"
        assert source(db, "exporters") == "dcgm"


def test_xids_are_told_once_a_minute_the_newest_first(town: Town) -> None:
    flags = {3: ("xid:31", "xid:31@1/0"), 5: ("xid:79", "xid:13"), 7: ("shares_held",)}
    town.report([msgspec.structs.replace(window(0, at), flags=f) for at, f in flags.items()])
    with Session(town.engine) as db:
        xid_events = nodes.xid_events(db, gpus(db, town), PERIOD)
        assert nodes.xid_events(db, [], PERIOD) == []
    assert [(a.start, a.xid) for a in xid_events] == [
        (minute(5), 13), (minute(5), 79), (minute(3), 31),
    ]  # fmt: skip
