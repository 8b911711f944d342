"""Postings to one capped voucher, one call each and a thousand in one statement, beside pgledger.

Ours is the whole of it: a posting whose cause is looked up (a reservation, made before), a
movement, two entries, the balances, a number, and a commit that is on the disk. Beside it the same
transfers by pgledger (https://github.com/pgr0ss/pgledger, MIT), in a schema of its own on the same
server: from an account to another, neither of which may fall below zero, with two entries and the
balances. Both go through the same session and driver. A first turn fills the tables, which are then
analysed, so that nobody's plans are those of empty tables. All four take turns, so that load from
elsewhere meets each; a ratio is the median of the turns' ratios. Beside the seconds stands what the
processes used of the processor, the commit's wait for the disk left out.

pgledger is not part of this tree. Point PGLEDGER at a folder that holds its `pgledger.sql` and, as
`ulid.sql`, the functions of scoville/pgsql-ulid that it is loaded after; without it ours alone is
measured.
"""

import itertools
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import psycopg
import sqlalchemy as sa
from sqlmodel import Session

from bench import stage
from ledger.accounts.queries import Draft, post, post_many, rights
from ledger.postgres.database import Database
from tests.support.people import let_everybody_act
from tests.support.vouchers import chain, place_voucher

TURNS = 5
BATCHES, SIZE = 5, 1_000  # of each turn
SINGLES = 200  # of each turn
CAP = 500_000_000  # 5,000,000.00 yuan
MONTH = date(2026, 11, 1)
RESERVATIONS = """
    INSERT INTO reservations (voucher_id, fen, plan, until, reserved_at, reserved_by)
    SELECT 1, 1, 'bench', '2026-12-31', now(), 'bench' FROM generate_series(1, %s)
"""
_TRANSFER = sa.text("SELECT * FROM pgledger_create_transfer(:giver, :taker, :amount)")
_TRANSFERS = sa.text("""
    SELECT * FROM pgledger_create_transfers(
        ARRAY(SELECT (:giver, :taker, a)::transfer_request FROM unnest(CAST(:amounts AS int[])) a))
""")

Turn = tuple[float, float]  # what was done in a second, and in a second of the processor
Run = Callable[[], int]  # does a turn's work; how much it was


def run() -> dict[str, object]:
    """The figures of one run."""
    with stage.database() as database, stage.owner(database) as owner:
        let_everybody_act(owner)  # two persons open the voucher
        engine = database.engine()
        book = place_voucher(owner, engine, CAP).book_id
        count = (1 + TURNS) * (BATCHES * SIZE + SINGLES)
        owner.execute(RESERVATIONS, (count,))
        owner.execute("ANALYZE")
        drafts = drafts_of(book)
        our_turns = (lambda: _singles(engine, drafts), lambda: _batches(engine, drafts))
        with _pgledger(database) as their_turns:
            runs = (*our_turns, *their_turns)
            for go in runs:
                go()
            owner.execute("ANALYZE")
            turns = [[_measure(go) for go in runs] for _ in range(TURNS)]
        with Session(engine) as db:
            assert rights(db, book).reserved == count
        engine.dispose()
    return _figures(turns)


def _measure(go: Run) -> Turn:
    began, processor_s = time.perf_counter(), stage.processor_s()
    count = go()
    return count / (time.perf_counter() - began), count / (stage.processor_s() - processor_s)


def _figures(turns: Sequence[Sequence[Turn]]) -> dict[str, object]:
    names = ("one_call_each", "batched", "pgledger_one_call_each", "pgledger_batched")
    figures: dict[str, object] = {
        f"{name}_per_s": round(statistics.median(turn[0] for turn in column))
        for name, column in zip(names, zip(*turns, strict=True), strict=False)
    }
    figures["batched_of_one_call_each"] = _ratio(turns, 1, 0, 0)
    if len(turns[0]) == len(names):
        for name, our_place, their_place in (("one_call_each", 0, 2), ("batched", 1, 3)):
            figures[f"{name}_of_pgledger"] = _ratio(turns, our_place, their_place, 0)
            figures[f"{name}_of_pgledger_by_processor"] = _ratio(turns, our_place, their_place, 1)
    return figures | {"postings_in_a_batch": SIZE, "turns": TURNS}


def _ratio(turns: Sequence[Sequence[Turn]], above: int, below: int, of: int) -> float:
    return round(statistics.median(turn[above][of] / turn[below][of] for turn in turns), 2)


def drafts_of(book: int) -> Iterator[Draft]:
    """Reservations of one fen, each with a cause of its own, without end."""
    for number in itertools.count(1):
        moves = {book: chain(1, "reserve available reserved")}
        yield Draft(f"reserve/{number}", MONTH, MONTH, "bench", moves)


def _singles(engine: sa.Engine, drafts: Iterator[Draft]) -> int:
    for single in itertools.islice(drafts, SINGLES):
        with Session(engine) as db, db.begin():
            assert post(db, **vars(single))
    return SINGLES


def _batches(engine: sa.Engine, drafts: Iterator[Draft]) -> int:
    for _ in range(BATCHES):
        batch = list(itertools.islice(drafts, SIZE))
        with Session(engine) as db, db.begin():
            assert post_many(db, batch) == SIZE
    return BATCHES * SIZE


@contextmanager
def _pgledger(database: Database) -> Iterator[tuple[Run, ...]]:
    """Its turns, in a schema of its own beside ours; none where PGLEDGER names no folder."""
    if not (folder := os.environ.get("PGLEDGER")):
        yield ()
        return
    url = f"{database.owner_url}&options=-c%20search_path%3Dpgledger"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA pgledger")
        for name in ("ulid.sql", "pgledger.sql"):
            connection.execute((Path(folder) / name).read_bytes())
        giver, taker = (_account(connection, name) for name in ("available", "reserved"))
        bank = _account(connection, "clause", below_zero=True)
        connection.execute("SELECT pgledger_create_transfer(%s, %s, %s)", (bank, giver, CAP))
        connection.execute("ANALYZE")
    engine = Database(owner_url=url, app_url=url, app_role="suanquan_owner").engine()
    pair = {"giver": giver, "taker": taker}
    yield lambda: _their_singles(engine, pair), lambda: _their_batches(engine, pair)
    engine.dispose()


def _account(connection: psycopg.Connection, name: str, *, below_zero: bool = False) -> str:
    row = connection.execute(
        "SELECT id FROM pgledger_create_account(%s, 'CNY', %s)", (name, below_zero)
    ).fetchone()
    assert row is not None
    return str(row[0])


def _their_singles(engine: sa.Engine, pair: dict[str, str]) -> int:
    for _ in range(SINGLES):
        with Session(engine) as db, db.begin():
            assert db.execute(_TRANSFER, {**pair, "amount": 1}).one()
    return SINGLES


def _their_batches(engine: sa.Engine, pair: dict[str, str]) -> int:
    for _ in range(BATCHES):
        with Session(engine) as db, db.begin():
            assert len(db.execute(_TRANSFERS, {**pair, "amounts": [1] * SIZE}).all()) == SIZE
    return BATCHES * SIZE
