"""`suanquan db distribute`: tells what is missing, does what is left, and says what then holds.

Citus is SIMULATED here (`tests/support/citus/stand_in.py`).
"""

import psycopg

from ledger.metering.rules.large_tables import LARGE_TABLES
from ledger.postgres.database import Database
from tests.support.api.command_line import environment
from tests.support.api.events import events
from tests.support.citus.stand_in import stand_in
from tests.support.processes import Result, run_here


def distribute(database: Database, *words: str) -> Result:
    urls = {
        "SUANQUAN_DATABASE_URL": database.app_url,
        "SUANQUAN_DATABASE_OWNER_URL": database.owner_url,
    }
    return run_here(("db", "distribute", *words), environment(**urls))


def test_from_a_plain_postgresql_to_several_machines(
    database: Database, owner: psycopg.Connection
) -> None:
    plain = distribute(database, "--dry-run")
    assert plain.returncode == 1
    assert plain.stdout.startswith("SELECT create_distributed_table('public.")
    assert "There is no Citus in this database" in plain.stderr
    stand_in(owner, ["w1", "roleless"])
    first_answer = distribute(database)
    assert first_answer.returncode == 1
    assert "roleless:5432: suanquan_app cannot log in here" in first_answer.stderr
    owner.execute("UPDATE pg_dist_node SET nodename = 'w2' WHERE nodename = 'roleless'")
    assert owner.execute("SELECT count(*) FROM pg_dist_partition").fetchone() == (0,)
    first = distribute(database)
    assert first.returncode == 0, first.stderr
    assert first.stdout.count("create_distributed_table") == len(LARGE_TABLES)
    assert "keys have the distribution column" in first.stdout
    again = distribute(database)
    assert again.returncode == 0, again.stderr
    assert "create_distributed_table" not in again.stdout
    assert len(events(owner, act="command db distribute")) == 2
