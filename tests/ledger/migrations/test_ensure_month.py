"""Two intakes that need the same month's partition at once both get it."""

import threading
from datetime import date

import psycopg

from ledger.postgres.database import Database

DAY = date(2026, 3, 1)
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


def test_the_second_of_two_waits_and_finds_the_partition(database: Database) -> None:
    with (
        psycopg.connect(database.owner_url) as first,
        psycopg.connect(database.owner_url) as second,
        psycopg.connect(database.owner_url, autocommit=True) as onlooker,
    ):
        first.execute("SELECT ensure_month(%s)", (DAY,))
        late = threading.Thread(target=second.execute, args=("SELECT ensure_month(%s)", (DAY,)))
        late.start()
        while onlooker.execute(WAITING).fetchone() != (1,):
            assert late.is_alive()
        first.commit()
        late.join()
        second.commit()
        assert onlooker.execute(
            "SELECT count(*) FROM pg_class WHERE relname = 'windows_202603'"
        ).fetchone() == (1,)
