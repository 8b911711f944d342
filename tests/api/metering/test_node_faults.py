"""What is wrong with a node is said, all of it, and nothing is said of one that is well."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from ledger.metering.queries.agents import AgentStatus
from ledger.metering.queries.node_status import GPU_DAYS_MAX, Node, affordable
from ledger.metering.queries.nodes import Gpu, Stranger

NOW = datetime(2026, 3, 4, 4, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=9)


def ago(seconds: int) -> datetime:
    return NOW - timedelta(seconds=seconds)


def agent(
    heard: int | None = 30, *, source: str = "nvml", ahead: int = 0, revoked: bool = False
) -> AgentStatus:
    at = None if heard is None else ago(heard)
    sent_at = None if at is None else at + timedelta(seconds=ahead)
    return AgentStatus(
        UUID(int=heard or 0),
        "c1",
        "n1",
        source,
        LONG_AGO,
        None,
        LONG_AGO,
        "test",
        NOW if revoked else None,
        at,
        sent_at,
    )


def gpu(name: str, minute: int | None = 120, *, retired: datetime | None = None,
        is_held: bool = True, since: datetime = LONG_AGO) -> Gpu:  # fmt: skip
    return Gpu(name, "n1", since, retired, None if minute is None else ago(minute), "H100", is_held)


def faults(*agents: AgentStatus, gpus: tuple[Gpu, ...] = (), strangers: int = 0) -> tuple[str, ...]:
    strange = (Stranger("n1", "x", "unknown_gpu", NOW, NOW, 1),) * strangers
    return Node("n1", agents, gpus, strange, NOW).faults


@pytest.mark.parametrize(
    ("agents", "wrong"),
    [
        ([agent()], ()),
        ([], ("no_agent",)),
        ([agent(None)], ("never",)),
        ([agent(300)], ()),
        ([agent(301)], ("late",)),
        ([agent(4_000, source="slurm")], ()),
        ([agent(ahead=5)], ()),
        ([agent(ahead=-6)], ("skewed",)),
        ([agent(revoked=True)], ("revoked",)),
        ([agent(10, revoked=True), agent(600)], ("late",)),
        ([agent(600), agent(20)], ()),
    ],
)
def test_the_agent_that_is_believed_and_heard_last_speaks_for_the_node(
    agents: list[AgentStatus], wrong: tuple[str, ...]
) -> None:
    assert faults(*agents) == wrong


@pytest.mark.parametrize(
    ("gpus", "missing"),
    [
        ([gpu("a"), gpu("b")], False),
        ([gpu("a"), gpu("b", 900)], True),
        ([gpu("a", None)], True),
        ([gpu("a", is_held=False)], True),
        ([gpu("a"), gpu("b", 900, retired=ago(60))], False),
        ([gpu("a"), gpu("b", None, since=NOW + timedelta(days=1))], False),
    ],
)
def test_registered_gpus_that_are_not_looked_at_are_missing(gpus: list[Gpu], missing: bool) -> None:
    assert faults(agent(), gpus=tuple(gpus)) == (("gpus_missing",) if missing else ())


def test_of_jobs_no_gpu_is_looked_at_and_none_is_missing() -> None:
    node = Node("n1", (agent(4_000, source="slurm"),), (gpu("a", None),), (), NOW)
    assert (node.source, node.faults) == ("slurm", ())
    assert Node("n1", (), (gpu("a", None),), (), NOW).faults == ("no_agent", "gpus_missing")


def test_everything_that_is_wrong_is_said() -> None:
    findings = faults(agent(900, ahead=60), gpus=(gpu("a", None),), strangers=1)
    assert findings == ("late", "skewed", "gpus_missing", "strangers")


@pytest.mark.parametrize(("gpus", "days"), [(0, 7), (8, 7), (GPU_DAYS_MAX // 3, 3), (10_000, 1)])
def test_a_picture_of_many_gpus_has_fewer_days(gpus: int, days: int) -> None:
    period = affordable(gpus, 7, NOW)
    assert (period.last - period.first).days + 1 == days
