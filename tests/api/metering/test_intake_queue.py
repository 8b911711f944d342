"""Batches wait together: who waits for whom, and that nobody suffers for a neighbour."""

import asyncio
from collections.abc import Sequence
from threading import Event
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from agents.parcels import Parcel
from api.door.problems import Refusal
from api.metering import intake_queue
from api.metering.intake_queue import Answer, Asking, IntakeQueue
from api.settings import Settings
from ledger.errors import Refused, Spent
from ledger.metering.steps.intake import Receipt
from ledger.metering.steps.intake_together import take_batches
from tests.support.simulation import Node, enrolled, minute, place, window

NOW = minute(60)
KEPT = Receipt(kept=1, known=0)


@pytest.fixture
def nodes(owner: psycopg.Connection) -> list[Node]:
    cluster = place(owner, gpus=8)
    return [enrolled(owner, cluster) for _ in range(5)]


class Watched(IntakeQueue):
    """A queue that notes the size of each group."""

    def __init__(self, engine: sa.Engine, **settings: Any) -> None:
        super().__init__(engine, lambda: Settings(**settings))
        self.groups: list[int] = []
        self.has_begun = Event()

    def _take(self, askings: Sequence[Asking]) -> list[Answer]:
        self.groups.append(len(askings))
        self.has_begun.set()
        return super()._take(askings)


def asking(node: Node, body: bytes, signature: str | None = None) -> Asking:
    parcel = Parcel(str(node.reporter.agent), signature or node.signature(body), body)
    return Asking(parcel, node.reporter.agent, "", NOW)


def outcome(answer: Answer) -> object:
    return answer if isinstance(answer, Exception) else answer[1]


def test_while_one_group_is_taken_the_next_one_gathers(
    engine: sa.Engine, owner: psycopg.Connection, nodes: list[Node]
) -> None:
    queue = Watched(engine)
    agent = str(nodes[0].reporter.agent)
    first, *rest = [asking(node, node.batch([window(gpu, 0)])) for gpu, node in enumerate(nodes)]
    again = asking(nodes[1], nodes[1].batch([window(1, 1)]))

    async def story() -> list[Answer]:
        tasks = [asyncio.create_task(queue.take(first))]
        await asyncio.to_thread(queue.has_begun.wait)
        tasks += [asyncio.create_task(queue.take(a)) for a in (*rest, again)]
        await asyncio.sleep(0)
        owner.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 2))", (agent,))
        return await asyncio.gather(*tasks)

    owner.execute("SELECT pg_advisory_lock(hashtextextended(%s, 2))", (agent,))
    answers = asyncio.run(story())
    assert [outcome(answer) for answer in answers] == [KEPT] * 6
    assert queue.groups == [1, 4, 1], "of each agent one batch at a time"


def test_a_bad_batch_harms_no_neighbour(engine: sa.Engine, nodes: list[Node]) -> None:
    queue = Watched(engine)
    bodies = [node.batch([window(gpu, 0)]) for gpu, node in enumerate(nodes)]
    unknown = Node(nodes[0].reporter._replace(agent=nodes[0].stream))
    answers = queue.take_together(
        [
            asking(nodes[0], bodies[0]),
            asking(nodes[1], bodies[1], nodes[2].signature(bodies[1])),
            asking(unknown, unknown.batch([window(0, 1)])),
            asking(nodes[2], nodes[2].sent[0] + b"x", nodes[2].signature(bodies[2] + b"x")),
            asking(nodes[3], bodies[3]),
        ]
    )
    kinds = [type(outcome(answer)) for answer in answers]
    assert kinds == [Receipt, Refused, Refusal, Refused, Receipt]
    assert queue.groups == [5]


def test_what_cannot_be_committed_together_is_taken_alone(
    engine: sa.Engine, owner: psycopg.Connection, nodes: list[Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A constraint that is looked at with the commit, of one of them."""
    queue = Watched(engine)
    evil = nodes[1].reporter.agent

    def take(db: Any, arrivals: Any, *rest: Any) -> Any:
        outcomes = take_batches(db, arrivals, *rest)
        if evil in {arrival.submission.batch.agent for arrival in arrivals}:
            db.execute(
                sa.text(
                    "INSERT INTO windows SELECT gpu, start + interval '1 day', cluster_id, source,"
                    " stream, 7, jsonb_set(body, '{start}', to_jsonb(start + interval '1 day'))"
                    " FROM windows LIMIT 1"
                )
            )
        return outcomes

    monkeypatch.setattr(intake_queue, "take_batches", take)
    bodies = [node.batch([window(gpu, 0)]) for gpu, node in enumerate(nodes)]
    answers = queue.take_together(list(map(asking, nodes, bodies)))
    assert [outcome(answer) for answer in (answers[0], *answers[2:])] == [KEPT] * 4
    assert isinstance(answers[1], Exception)
    assert queue.groups == [5, 1, 1, 1, 1, 1]
    rows = owner.execute("SELECT count(*) FROM windows").fetchone()
    assert rows == (4,)


def test_two_processes_never_spend_a_share_twice(
    engine: sa.Engine, owner: psycopg.Connection, nodes: list[Node]
) -> None:
    """One agent, a stream in each process at the same moment; any of the two may be first."""
    queues = [Watched(engine, agent_aside=10) for _ in range(2)]
    agent = nodes[0]
    copies = [Node(agent.reporter, agent.key) for _ in queues]
    bodies = [
        copy.batch([window(99, 10 * turn + at) for at in range(6)])
        for turn, copy in enumerate(copies)
    ]

    async def story() -> list[Answer]:
        askings = zip(queues, map(asking, copies, bodies), strict=True)
        return await asyncio.gather(*(queue.take(a) for queue, a in askings))

    answers = asyncio.run(story())
    assert sorted(isinstance(answer, Spent) for answer in answers) == [False, True]
    rows = owner.execute("SELECT count(*) FROM quarantine").fetchone()
    assert rows == (6,)
