"""Relays as they tell: the newest word of each, and no more of them than a centre has."""

from datetime import timedelta

import psycopg
import sqlalchemy as sa
from sqlmodel import Session

from ledger.metering.queries.streams import (
    RELAY_KEPT,
    RELAYS_MAX,
    RelayQueue,
    keep_relay,
    relays,
)
from ledger.metering.queries.windows import raw_connection
from tests.support.simulation import START, Node, enrolled, place


def tell(engine: sa.Engine, node: Node, name: str, batches: int, days: int = 0) -> None:
    queue = RelayQueue(name, batches, timedelta(minutes=11), 5, 9)
    with Session(engine) as db:
        keep_relay(raw_connection(db), node.reporter.agent, queue, START + timedelta(days=days))
        db.commit()


def test_the_newest_word_counts_and_the_gone_are_gone(
    engine: sa.Engine, owner: psycopg.Connection
) -> None:
    node = enrolled(owner, place(owner))
    tell(engine, node, "old", 1)
    for batches in (7, 0):
        tell(engine, node, "new", batches, days=6)
    with Session(engine) as db:
        old, new = sorted(relays(db, None, START + timedelta(days=6)), key=lambda r: r.told_at)
        assert old.is_late(START)
        assert (new.batches, new.waiting_since, new.is_late(START)) == (0, None, False)
        assert [r.name for r in relays(db, None, START + RELAY_KEPT)] == ["new"]
        assert relays(db, 0, START) == []


def test_made_up_names_do_not_pile_up(engine: sa.Engine, owner: psycopg.Connection) -> None:
    node = enrolled(owner, place(owner))
    for number in range(RELAYS_MAX + 3):
        tell(engine, node, f"r-{number}", 1)
    tell(engine, node, "r-0", 5)
    with Session(engine) as db:
        rows = relays(db, None, START)
    assert len(rows) == RELAYS_MAX
    assert rows[0].batches == 5
