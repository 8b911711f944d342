"""The schema that the migrations make is the one in `schema.sql`, and the one the code expects.

`schema.sql` shows a reader the whole schema in one file, and a reviewer what a migration changes.
One `pg_dump`, the wheel's, reads both engines: they must agree to the letter.
"""

import importlib
import importlib.util
import pkgutil
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

import ledger
import ledger.migrations
from ledger.postgres.binaries import find_binaries
from ledger.postgres.database import Database

REFERENCE = Path(ledger.migrations.__file__).with_name("schema.sql")
# Headings, the dump's own settings, and the key that its psql commands bear: not the schema.
NOISE = re.compile(r"^(--|SET |SELECT pg_catalog\.set_config|\\(un)?restrict )")
# The servers' versions disagree on when a view names the table of a column.
VIEW = re.compile(r"^CREATE VIEW .*?;$", re.MULTILINE | re.DOTALL)
# Since version 18 a column that is not null has a constraint of its own, and `LIKE` keeps its name.
NOT_NULL = re.compile(r"\bCONSTRAINT \w+_not_null NOT NULL\b")
OF_TABLE = re.compile(r"\b(?!public\b)[a-z_]+\.(?=[a-z_]+\b)")


def dump(database: Database) -> str:
    pg_dump = find_binaries() / "pg_dump"
    result = subprocess.run(
        [pg_dump, "--schema-only", database.owner_url], capture_output=True, text=True, check=True
    )
    lines = [line for line in result.stdout.splitlines() if not NOISE.match(line)]
    plain = VIEW.sub(lambda view: OF_TABLE.sub("", view[0]), "\n".join(lines))
    plain = NOT_NULL.sub("NOT NULL", plain)
    return re.sub(r"\n{2,}", "\n\n", plain).strip() + "\n"


def test_schema_is_the_reference(database: Database, request: pytest.FixtureRequest) -> None:
    text = dump(database)
    if request.config.getoption("--renew-schema"):
        REFERENCE.write_text(text, encoding="utf-8")
    assert text == REFERENCE.read_text(encoding="utf-8"), (
        "the migrations make another schema; if that is meant: "
        "pytest --renew-schema --engine=embedded tests/ledger/migrations/test_drift.py"
    )


def tables() -> dict[str, sa.Table]:
    for room in pkgutil.iter_modules(ledger.__path__, "ledger."):
        if importlib.util.find_spec(f"{room.name}.tables") if room.ispkg else None:
            importlib.import_module(f"{room.name}.tables")
    return dict(SQLModel.metadata.tables)


def sql_type(of: sa.types.TypeEngine[Any], engine: sa.Engine) -> str:
    text = of.compile(engine.dialect)
    return "TEXT" if text == "VARCHAR" else text  # PostgreSQL's two words for one type


def columns_of_the_code(engine: sa.Engine) -> dict[str, dict[str, tuple[str, bool]]]:
    return {
        name: {
            column.name: (sql_type(column.type, engine), bool(column.nullable))
            for column in table.columns
        }
        for name, table in tables().items()
    }


def columns_of_the_database(engine: sa.Engine) -> dict[str, dict[str, tuple[str, bool]]]:
    look = sa.inspect(engine)
    return {
        name: {
            column["name"]: (sql_type(column["type"], engine), column["nullable"])
            for column in look.get_columns(name)
        }
        for name in look.get_table_names()
    }


def test_tables_of_the_code_are_those_of_the_database(engine: sa.Engine) -> None:
    code, database = columns_of_the_code(engine), columns_of_the_database(engine)
    assert code
    assert {name: database.get(name) for name in code} == code
