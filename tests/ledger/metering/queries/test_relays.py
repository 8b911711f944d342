"""Relays as they tell: the newest word of each, and no more of them than a centre has."""

from datetime import timedelta
from uuid import UUID

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


def tell(
    engine: sa.Engine,
    node: Node,
    name: str,
    batches: int,
    *,
    days: int = 0,
    relay: UUID | None = None,
) -> None:
    queue = RelayQueue(name, batches, timedelta(minutes=11), 5, 9, relay)
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


def test_two_of_one_name_are_two_and_one_that_is_renamed_is_one(
    engine: sa.Engine, owner: psycopg.Connection
) -> None:
    node = enrolled(owner, place(owner))
    tell(engine, node, "relay", 1)  # of a version that says its name alone
    for number, name in ((1, "relay"), (2, "relay"), (1, "renamed")):
        tell(engine, node, name, number + 1, relay=UUID(int=number))
    with Session(engine) as db:
        batches_of = sorted((r.name, r.batches) for r in relays(db, None, START))
    assert batches_of == [("relay", 1), ("relay", 3), ("renamed", 2)]


def test_made_up_names_do_not_pile_up(engine: sa.Engine, owner: psycopg.Connection) -> None:
    node = enrolled(owner, place(owner))
    for number in range(RELAYS_MAX + 3):
        tell(engine, node, f"r-{number}", 1)
    tell(engine, node, "r-0", 5)
    with Session(engine) as db:
        rows = relays(db, None, START)
    assert len(rows) == RELAYS_MAX
    assert next(row.batches for row in rows if row.name == "r-0") == 5
