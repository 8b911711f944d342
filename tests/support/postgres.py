"""A PostgreSQL for the tests: its settings, its databases, and a folder that it may enter."""

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from ledger.postgres.database import Database
from ledger.postgres.embedded import Embedded
from tests.support.citus.statements import forget, name_faulty, own_functions, statements_of, watch

# What protects against a power cut only costs time here.
FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "32MB",
    "max_wal_size": "128MB",
}
LOOKS_EVERY = 20  # databases: so few that pg_stat_statements has forgotten nothing


TEMPLATE = "migrated"


MEMORY = Path("/dev/shm")  # noqa: S108 - a copy of a database takes 5 ms here, 40 on a disk


ROOM = 2 << 30  # bytes


@dataclass(frozen=True)
class Server:
    """A running PostgreSQL with a migrated template database in it."""

    engine: str  # "embedded" or "system"
    embedded: Embedded
    grounds: dict[str, Any] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count)
    drops: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def binaries(self) -> Path:
        return self.embedded.binaries

    def url(self, url: str, database: str) -> str:
        return sa.make_url(url).set(database=database).render_as_string(hide_password=False)

    def database(self, name: str) -> Database:
        return Database(
            owner_url=self.url(self.embedded.owner_url, name),
            app_url=self.url(self.embedded.app_url, name),
        )

    def admin(self, *statements: str) -> None:
        with psycopg.connect(self.embedded.admin_url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def create(self, name: str, template: str = "template0") -> Database:
        self.admin(
            f"CREATE DATABASE {name} OWNER suanquan_owner TEMPLATE {template} STRATEGY FILE_COPY"
        )
        return self.database(name)

    def lay(self, name: str, below: str, make: Callable[[Database], Any]) -> str:
        """The database that tests' own are copied from, made once from the one below it.

        What `make` returns stays in `grounds`: a test that changes it copies it first.
        """
        if name not in self.grounds:
            self.grounds[name] = make(self.create(name, below))
        return name

    def drop(self, name: str) -> None:
        self.admin(f"DROP DATABASE {name} WITH (FORCE)")
        if next(self.drops) % LOOKS_EVERY == 0:
            self.look_at_statements()

    def watch_statements(self) -> None:
        """Let every statement that is run from now on be looked at."""
        with psycopg.connect(self.embedded.admin_url, autocommit=True) as connection:
            watch(connection)

    def look_at_statements(self) -> None:
        """Look at the form of the statements that ran: see `tests/support/citus/form.py`."""
        with psycopg.connect(self.database(TEMPLATE).owner_url) as connection:
            functions = own_functions(connection)
        with psycopg.connect(self.embedded.admin_url, autocommit=True) as connection:
            wrong = name_faulty(statements_of(connection), functions)
            forget(connection)
        assert not wrong, "\n".join(["statements on large tables (docs/adr/0018-citus.md)", *wrong])


@contextmanager
def open_folder() -> Iterator[Path]:
    in_memory = (
        MEMORY.is_dir()
        and shutil.disk_usage(MEMORY).free > ROOM
        and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
    )
    path = Path(tempfile.mkdtemp(prefix="suanquan-test-", dir=MEMORY if in_memory else None))
    path.chmod(0o711)
    try:
        yield path
    finally:
        shutil.rmtree(path)
