"""Random histories of agents and networks: no GPU-millisecond is counted twice, none is lost.

Nodes report, lose answers, replay old batches, are cloned, lose their spools, crash half-way, and a
second agent reports the same minutes. An oracle of a few lines knows what must stand: the first
body of each GPU-minute, and nothing else. `make torture` runs many thousands of histories.
"""

import copy
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from agents import wire
from ledger.metering.queries.windows import KeptWindow
from ledger.metering.steps.intake import Ahead, Forked, Receipt, Submission, take_batch
from ledger.units import beijing_day
from tests.support.simulation import Node, enrolled, held, minute, place, window

LATER = minute(100_000)
TABLES = (
    "windows, window_counts, batches, streams, forks, corrections, conflicts, quarantine,"
    " day_totals, coverage, hour_totals, hour_coverage, xid_events"
)

Event = tuple[str, int, Any]

cuts = st.integers(1, 59_999)
holders = st.sampled_from(["team-a", "team-b"])


@st.composite
def windows(draw: st.DrawFn) -> wire.Window:
    gpu, at, cut = draw(st.integers(0, 2)), draw(st.integers(58, 62)), draw(cuts)
    first = held(draw(holders), 0, cut)
    if draw(st.booleans()):
        return window(gpu, at, first, held(draw(holders), cut, 60_000))
    return window(gpu, at, first, gaps=[wire.Gap(cut, 60_000, wire.GapReason.AGENT_DOWN)])


events = st.one_of(
    st.tuples(st.just("report"), st.integers(0, 2), st.lists(windows(), max_size=6)),
    st.tuples(st.just("crash"), st.integers(0, 2), st.lists(windows(), max_size=6)),
    st.tuples(st.just("replay"), st.integers(0, 2), st.integers(0, 9)),
    st.tuples(st.just("skip"), st.integers(0, 2), st.lists(windows(), max_size=2)),
    st.tuples(st.just("clone"), st.integers(0, 2), st.lists(windows(), max_size=3)),
    st.tuples(st.just("lose_spool"), st.integers(0, 2), st.none()),
)


class World:
    """The server under test, three nodes, and the oracle beside them."""

    def __init__(self, engine: sa.Engine, nodes: Sequence[Node]) -> None:
        self.engine = engine
        self.nodes = [copy.copy(node) for node in nodes]
        for node in self.nodes:
            node.sent = []
        self.standing: dict[tuple[str, object], KeptWindow] = {}
        self.aside: set[tuple[str, object, bytes]] = set()
        self.answers: dict[bytes, Receipt] = {}

    def take(self, submission: Submission, *, commit: bool = True) -> Receipt | Forked | Ahead:
        with Session(self.engine) as db:
            outcome = take_batch(db, submission, LATER)
            if commit:
                db.commit()
        return outcome

    def accept(self, submission: Submission, receipt: object) -> None:
        """What the oracle says of a batch that is next in its stream."""
        fates: Counter[str] = Counter()
        for _, kept_window in submission.windows:
            first = self.standing.setdefault((kept_window.gpu, kept_window.start), kept_window)
            if first is kept_window:
                fates["kept"] += 1
            elif first.body == kept_window.body:
                fates["known"] += 1
            else:
                fates["conflicts"] += 1
                self.aside.add((kept_window.gpu, kept_window.start, kept_window.body))
        assert isinstance(receipt, Receipt)
        assert (receipt.kept, receipt.known, len(receipt.conflicts)) == (
            fates["kept"],
            fates["known"],
            fates["conflicts"],
        )
        self.answers[submission.batch.body] = receipt

    def report(self, node: Node, values: list[wire.Window]) -> None:
        submission = node.read(node.batch(values))
        self.accept(submission, self.take(submission))

    def crash(self, node: Node, values: list[wire.Window]) -> None:
        submission = node.read(node.batch(values))
        self.take(submission, commit=False)
        self.accept(submission, self.take(submission))

    def replay(self, node: Node, choice: int) -> None:
        if node.sent:
            body = node.sent[choice % len(node.sent)]
            assert self.take(node.read(body)) == self.answers[body]

    def skip(self, node: Node, values: list[wire.Window]) -> None:
        """A batch gets lost on its way; the next one is told to wait for it."""
        lost = node.read(node.batch(values))
        ahead = node.read(node.batch(values))
        assert self.take(ahead) == Ahead(lost.batch.number)
        self.accept(lost, self.take(lost))
        self.accept(ahead, self.take(ahead))

    def clone(self, node: Node, values: list[wire.Window]) -> None:
        """A copy of the node's disk reports too: the second to speak forks."""
        twin = copy.copy(node)
        twin.sent = []
        self.report(node, values)
        content = twin.batch([*values, window(1, 62, held("team-b"))])
        assert self.take(twin.read(content)) == Forked(node.number)

    def lose_spool(self, node: Node, _: None) -> None:
        fresh = Node(node.reporter, node.key)
        node.stream, node.number, node.head = fresh.stream, 0, ""
        node.sent = []


def check(owner: psycopg.Connection, world: World) -> None:
    rows = owner.execute("SELECT gpu, start FROM windows").fetchall()
    assert set(rows) == world.standing.keys()
    expected: Counter[tuple[object, ...]] = Counter()
    cover: Counter[tuple[object, ...]] = Counter()
    for (gpu, _), w in world.standing.items():
        day = beijing_day(w.start)
        body = msgspec.json.decode(w.body, type=wire.Window)
        for part in body.parts:
            assert isinstance(part.holder, wire.Static)
            expected[gpu, day, part.holder.name] += part.to_ms - part.from_ms
        cover[gpu, day] += 1
    totals = owner.execute(
        "SELECT gpu, day, holder, sum(held)::bigint FROM day_totals GROUP BY 1, 2, 3"
    )
    assert {tuple(row[:3]): row[3] for row in totals} == dict(expected)
    cursor = owner.execute("SELECT gpu, day, sum(windows)::bigint FROM coverage GROUP BY 1, 2")
    assert {tuple(row[:2]): row[2] for row in cursor} == dict(cover)
    check_hours(owner, world)
    conflicts = owner.execute(
        "SELECT gpu, start FROM conflicts GROUP BY gpu, start, hash"
    ).fetchall()
    assert sorted(conflicts) == sorted((gpu, start) for gpu, start, _ in world.aside)
    batches = {row[0] for row in owner.execute("SELECT bytes FROM batches")}
    assert batches == world.answers.keys()


def check_hours(owner: psycopg.Connection, world: World) -> None:
    """The sums by the hour are those of the windows that stand, gaps among them."""
    expected: Counter[tuple[object, ...]] = Counter()
    counts: Counter[tuple[object, ...]] = Counter()
    for (gpu, _), w in world.standing.items():
        body = msgspec.json.decode(w.body, type=wire.Window)
        hour = w.start.replace(minute=0)
        counts[gpu, hour] += 1
        for part in body.parts:
            assert isinstance(part.holder, wire.Static)
            expected[gpu, hour, "static", part.holder.name] += part.to_ms - part.from_ms
        for gap in body.gaps:
            expected[gpu, hour, "gap", gap.reason] += gap.to_ms - gap.from_ms
    totals = owner.execute(
        "SELECT gpu, hour, holder_kind, holder, sum(held)::bigint FROM hour_totals"
        " GROUP BY 1, 2, 3, 4"
    )
    assert {tuple(row[:4]): row[4] for row in totals} == dict(expected)
    rows = owner.execute("SELECT gpu, hour, sum(windows)::bigint FROM hour_coverage GROUP BY 1, 2")
    assert {tuple(row[:2]): row[2] for row in rows} == dict(counts)


def run(
    owner: psycopg.Connection, engine: sa.Engine, nodes: Sequence[Node], history: Sequence[Event]
) -> None:
    owner.execute(f"TRUNCATE {TABLES}".encode())
    world = World(engine, nodes)
    for kind, index, detail in history:
        getattr(world, kind)(world.nodes[index], detail)
    check(owner, world)


@pytest.fixture
def nodes(owner: psycopg.Connection) -> list[Node]:
    cluster = place(owner)
    return [enrolled(owner, cluster) for _ in range(3)]


def histories(examples: int, longest: int) -> Callable[..., Callable[..., None]]:
    """Hypothesis runs on one database, emptied before each history."""

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        drawing = given(history=st.lists(events, max_size=longest))(test)
        return settings(
            max_examples=examples,
            deadline=None,
            suppress_health_check=[HealthCheck.function_scoped_fixture],
        )(drawing)

    return decorate


@histories(examples=40, longest=8)
def test_no_millisecond_is_counted_twice_and_none_is_lost(
    owner: psycopg.Connection, engine: sa.Engine, nodes: list[Node], history: list[Event]
) -> None:
    run(owner, engine, nodes, history)


@pytest.mark.torture
@pytest.mark.timeout(3600)
@histories(examples=5_000, longest=25)
def test_no_millisecond_is_counted_twice_and_none_is_lost_for_long(
    owner: psycopg.Connection, engine: sa.Engine, nodes: list[Node], history: list[Event]
) -> None:
    run(owner, engine, nodes, history)


def test_two_agents_at_once(
    owner: psycopg.Connection, engine: sa.Engine, nodes: list[Node]
) -> None:
    """A rolling update: both report the same minutes, at the same moment, in opposite order."""
    minutes = [window(gpu, at) for at in range(60) for gpu in range(3)]
    orders = [minutes, minutes[::-1], minutes]
    receipts: list[Receipt | Forked | Ahead] = []
    barrier = threading.Barrier(3, timeout=30)

    def report(node: Node, order: list[wire.Window]) -> None:
        sents = [node.read(node.batch(order[i : i + 30])) for i in range(0, len(order), 30)]
        for submission in sents:
            barrier.wait()
            with Session(engine) as db, db.begin():
                receipts.append(take_batch(db, submission, LATER))

    threads = [
        threading.Thread(target=report, args=pair) for pair in zip(nodes, orders, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(r.kept for r in receipts if isinstance(r, Receipt)) == 180
    assert sum(r.known for r in receipts if isinstance(r, Receipt)) == 360
    total = owner.execute("SELECT sum(held)::bigint FROM day_totals").fetchone()
    assert total == (180 * 60_000,)
