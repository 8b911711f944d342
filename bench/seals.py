"""Seal and verify: rows a second, and the memory that verification takes.

A voucher is posted to, in batches, and what that made is sealed and verified: a posting, a movement
and two entries each. The rates count sealed rows (postings, movements and the reservations that
cause them), verification entries too; seconds of the processor stand beside those by the clock,
with the server's part.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psutil
import psycopg
from nacl.signing import SigningKey
from sqlmodel import Session

from bench import stage
from bench.posting import CAP, RESERVATIONS, SIZE, drafts_of
from ledger.accounts.queries import post_many
from ledger.seals.queries.verify import verify
from ledger.seals.rules.faults import Tally
from ledger.seals.steps.seal import seal
from tests.support.people import let_everybody_act
from tests.support.vouchers import place_voucher

POSTINGS = 60_000
HOUR = timedelta(hours=1)


def run() -> dict[str, object]:
    """The figures of one run."""
    with stage.database() as database, stage.owner(database) as owner:
        let_everybody_act(owner)
        engine = database.engine()
        book = place_voucher(owner, engine, CAP).book_id
        owner.execute(RESERVATIONS, (POSTINGS,))
        drafts = drafts_of(book)
        for _ in range(POSTINGS // SIZE):
            with Session(engine) as db, db.begin():
                post_many(db, [next(drafts) for _ in range(SIZE)])
        owner.execute("ANALYZE")
        now, key = datetime.now(UTC), SigningKey.generate()

        def seal_all(at: datetime) -> None:
            with Session(engine) as db, db.begin():
                seal(db, key, "bench", at)

        sealing = _measure(lambda: seal_all(now))
        empty = _measure(lambda: seal_all(now + HOUR))
        tallies: list[Tally] = []
        before = psutil.Process().memory_info().rss
        with psycopg.connect(database.app_url) as connection:
            verifying = _measure(lambda: tallies.append(verify(connection)))
        grown = psutil.Process().memory_info().rss - before
        assert not tallies[0].faults
        engine.dispose()
    rows, entries = tallies[0].rows, tallies[0].entries
    return {
        "rows": rows,
        "entries": entries,
        "sealed_per_s": round(rows / sealing[0]),
        "sealed_per_processor_s": round(rows / sealing[1]),
        "seal_of_nothing_s": round(empty[0], 3),
        "verified_per_s": round((rows + entries) / verifying[0]),
        "verified_per_processor_s": round((rows + entries) / verifying[1]),
        "verify_memory_mib": round(grown / 2**20, 1),
    }


def _measure(go: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of the processor."""
    began, processor_s = time.perf_counter(), stage.processor_s()
    go()
    return time.perf_counter() - began, stage.processor_s() - processor_s
