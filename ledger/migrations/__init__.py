"""The schema, one numbered step after another, in hand-written SQL.

Nothing is released yet, so the first step is the whole schema: the files under `sql/`, one for each
change, in the folder of its room, numbered in the order in which they run; what holds across rooms
stands beside the folders. Once released a step is never edited: a change is a new step, and says
which older programs may serve on what it leaves (`oldest`): expand first, contract later. All steps
that a database lacks run in one transaction (`ledger.postgres.database.upgrade`), as the owner. The
files are run as they stand, but for `:app_role`, which becomes the application's role: its name is
a setting, because roles belong to the whole server and not to one database.
"""

import re
from pathlib import Path

import psycopg
from alembic import op
from psycopg import sql

SQL = Path(__file__).parent / "sql"


def app_role() -> str:
    """The name of the application's role, for the migration that is running."""
    config = op.get_context().config
    assert config is not None  # noqa: S101 - `env.py` always gives one
    return str(config.attributes["app_role"])


def run_sql(name: str) -> None:
    """Run the whole of `sql/<name>`.

    The driver gets the text without parameters, so `%`, `:=` and several statements pass.
    """
    raw = op.get_bind().connection.driver_connection
    assert isinstance(raw, psycopg.Connection)  # noqa: S101 - the only driver that we open
    role = sql.Identifier(app_role()).as_string(raw)
    text = (SQL / name).read_text(encoding="utf-8")
    raw.execute(re.sub(r"(?<!:):app_role\b", lambda _: role, text).encode(), prepare=False)
