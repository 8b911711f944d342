"""The server is killed at every step of taking a group: all of it is there, or nothing."""

from collections.abc import Callable, Sequence
from operator import add
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from agents.parcels import Parcel
from api.metering.intake_queue import Answer, Asking, IntakeQueue
from api.settings import Settings
from ledger.metering.steps.intake import Item, Receipt
from tests.support.agents.mortal import in_a_process
from tests.support.simulation import Node, enrolled, minute, place, window

NOW = minute(600)
UNKNOWN = 99  # no registered GPU: a batch with it is taken behind a savepoint of its own
KEPT = Receipt(kept=1, known=0)
SETTINGS = Settings(late_days=36_500)


@pytest.fixture
def nodes(owner: psycopg.Connection) -> list[Node]:
    cluster = place(owner, gpus=8)
    return [enrolled(owner, cluster) for _ in range(4)]


def asking(node: Node, body: bytes) -> Asking:
    parcel = Parcel(str(node.reporter.agent), node.signature(body), body)
    return Asking(parcel, node.reporter.agent, "", NOW)


def take(engine: sa.Engine, group: Sequence[Asking]) -> list[Answer]:
    return IntakeQueue(engine, lambda: SETTINGS).take_together(group)


def killed_at(engine: sa.Engine, group: Sequence[Asking], step: int) -> bool:
    """Whether a server that dies at this step had come to its end before."""

    def work(countdown: Callable[[], None]) -> None:
        wait = psycopg.Connection.wait

        def mortal(self: Any, *args: Any, **more: Any) -> Any:
            countdown()
            return wait(self, *args, **more)

        own_engine = sa.create_engine(engine.url)
        own_engine.connect().close()
        psycopg.Connection.wait = mortal  # type: ignore[method-assign]
        take(own_engine, group)
        countdown()  # committed, and nobody was answered

    return in_a_process(work, step)


def counts(owner: psycopg.Connection) -> tuple[int, ...]:
    row = owner.execute(
        "SELECT (SELECT count(*) FROM batches), (SELECT count(*) FROM windows),"
        " (SELECT count(*) FROM quarantine), (SELECT sum(windows) FROM coverage)::integer,"
        " (SELECT sum(bytes) FROM agent_shares)::integer"
    ).fetchone()
    assert row
    return tuple(value or 0 for value in row)


def test_a_group_is_taken_whole_wherever_the_server_dies(
    engine: sa.Engine, owner: psycopg.Connection, nodes: list[Node]
) -> None:
    first, second, stranger, repeater = nodes
    repetition = asking(repeater, repeater.batch([window(3, 0)]))
    take(engine, [repetition])
    step, is_over = 0, False
    while not is_over:
        step += 1
        bodies = [
            first.batch([window(0, step)]),
            second.batch([window(1, step)]),
            stranger.batch([window(2, step), window(UNKNOWN, step)]),
        ]
        group = [*map(asking, (first, second, stranger), bodies), repetition]
        before, more = counts(owner), (3, 3, 1, 3, sum(map(len, bodies)))
        after = tuple(map(add, before, more))
        is_over = killed_at(engine, group, step)
        assert counts(owner) in (before, after), f"killed at step {step}"
        outcomes = [answer[1] for answer in take(engine, group) if isinstance(answer, tuple)]
        aside = Item(1, "unknown_gpu", window(UNKNOWN, step).gpu)
        assert outcomes == [KEPT, KEPT, Receipt(kept=1, known=0, quarantined=(aside,)), KEPT]
        assert counts(owner) == after, f"sent again after step {step}"
    assert step > 15
    assert owner.execute("SELECT count(*) FROM forks").fetchone() == (0,)
    assert owner.execute("SELECT count(*) FROM conflicts").fetchone() == (0,)
