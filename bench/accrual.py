"""Postings to one capped voucher: a thousand in one statement, beside one call each.

Both do the whole of it: a posting whose cause is looked up (a reservation, made before), a
movement, two entries, the balances, a number, and a commit that is on the disk. They take turns on
one voucher, so that load from elsewhere meets both; the ratio is the median of the turns' ratios.
"""

import statistics
import time
from collections.abc import Iterator
from datetime import date

import sqlalchemy as sa
from sqlmodel import Session

from bench import stage
from ledger.accounts.queries import Draft, post, post_many, rights
from tests.support.vouchers import chain, place_voucher

TURNS = 5
BATCHES, SIZE = 20, 1_000  # of each turn
SINGLES = 300  # of each turn
CAP = 500_000_000  # 5,000,000.00 yuan
MONTH = date(2026, 11, 1)
_RESERVATIONS = """
    INSERT INTO reservations (voucher_id, fen, plan, until, reserved_at, reserved_by)
    SELECT 1, 1, 'bench', '2026-12-31', now(), 'bench' FROM generate_series(1, %s)
"""


def run() -> dict[str, object]:
    """The figures of one run."""
    with stage.database() as database, stage.owner(database) as owner:
        engine = database.engine()
        book = place_voucher(owner, engine, CAP).book_id
        owner.execute(_RESERVATIONS, (TURNS * (BATCHES * SIZE + SINGLES),))
        owner.execute("ANALYZE")
        drafts = _drafts(book)
        turns = [(_batched(engine, drafts), _one_by_one(engine, drafts)) for _ in range(TURNS)]
        with Session(engine) as db:
            assert rights(db, book).reserved == TURNS * (BATCHES * SIZE + SINGLES)
        engine.dispose()
    return {
        "batched_per_s": round(statistics.median(batched for batched, _ in turns)),
        "one_call_each_per_s": round(statistics.median(single for _, single in turns)),
        "batched_of_one_call_each": round(statistics.median(b / s for b, s in turns), 1),
        "accruals_in_a_batch": SIZE,
        "accruals_measured": TURNS * (BATCHES * SIZE + SINGLES),
    }


def _drafts(book: int) -> Iterator[Draft]:
    """Reservations of one fen, each with a cause of its own, without end."""
    number = 0
    while True:
        number += 1
        moves = {book: chain(1, "reserve available reserved")}
        yield Draft(f"reserve/{number}", MONTH, MONTH, "bench", moves)


def _batched(engine: sa.Engine, drafts: Iterator[Draft]) -> float:
    batches = [[next(drafts) for _ in range(SIZE)] for _ in range(BATCHES)]
    began = time.perf_counter()
    for batch in batches:
        with Session(engine) as db, db.begin():
            assert post_many(db, batch) == SIZE
    return BATCHES * SIZE / (time.perf_counter() - began)


def _one_by_one(engine: sa.Engine, drafts: Iterator[Draft]) -> float:
    singles = [next(drafts) for _ in range(SINGLES)]
    began = time.perf_counter()
    for single in singles:
        with Session(engine) as db, db.begin():
            assert post(db, **vars(single))
    return SINGLES / (time.perf_counter() - began)
