"""A small server that is backed up: a table of acts, and a store."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from subprocess import PIPE, Popen

import psycopg
import pytest

from ledger.backup.rules.keys import ReadKey, WriteKey, make_keys
from ledger.backup.rules.plan import plan
from ledger.backup.steps.base import make_base
from ledger.backup.steps.catalogue import reaches
from ledger.backup.steps.recover import recovered
from ledger.backup.steps.stores import Store, open_store
from ledger.backup.steps.wal import Progress, store_wal
from ledger.errors import LedgerError
from ledger.postgres.binaries import system_binaries
from ledger.postgres.embedded import Embedded
from tests.support.paths import ROOT
from tests.support.postgres import FAST

ENGINES = ["embedded", *(["system"] if system_binaries() else [])]
each_engine = pytest.mark.parametrize("running", ENGINES, indirect=True)
one_engine = pytest.mark.parametrize("running", ENGINES[:1], indirect=True)

COMMITTED = FAST | {"synchronous_commit": "on", "max_slot_wal_keep_size": "64MB"}
_ACTS = "SELECT array_agg(said ORDER BY said) FROM acts"


def refusal(code: str) -> pytest.RaisesExc[LedgerError]:
    return pytest.raises(LedgerError, match=f"^{code}:")


@dataclass(frozen=True)
class City:
    """The server, its folders and its keys."""

    embedded: Embedded
    place: Path
    write: WriteKey
    read: ReadKey

    @property
    def url(self) -> str:
        return self.embedded.backup_url

    @property
    def store(self) -> Store:
        return open_store(str(self.place / "store"))

    @property
    def spool(self) -> Path:
        return self.place / "spool"

    def act(self, said: str) -> datetime:
        """Commit something; return a moment after it, before anything else."""
        with psycopg.connect(self.embedded.owner_url, autocommit=True) as owner:
            owner.execute("INSERT INTO acts VALUES (%s)", (said,))
            row = owner.execute("SELECT clock_timestamp()").fetchone()
        assert row
        moment: datetime = row[0]
        return moment

    def wait_for_next_second(self) -> None:
        """Bases are called after their second."""
        rest = "1.001 - extract(microseconds FROM clock_timestamp()) % 1000000 / 1000000"
        with psycopg.connect(self.embedded.owner_url) as owner:
            owner.execute(f"SELECT pg_sleep({rest})".encode())

    def switch(self) -> None:
        """End the segment."""
        with psycopg.connect(self.embedded.admin_url, autocommit=True) as admin:
            admin.execute("SELECT pg_switch_wal()")

    def copy(self, store: Store | None = None) -> None:
        make_base(self.url, store or self.store, self.write)

    def stream(self, store: Store | None = None) -> Progress | None:
        return store_wal(self.url, store or self.store, self.write, self.spool)

    def acts_at(self, moment: datetime | None, store: Store | None = None) -> list[str]:
        """Recover a moment, and say what had been done by then."""
        rows = reaches(store or self.store, self.read)
        with (
            recovered(store or self.store, self.read, plan(rows, moment), self.place) as server,
            psycopg.connect(server.url(server.base.owner)) as owner,
        ):
            row = owner.execute(_ACTS).fetchone()
        assert row
        return list(row[0] or [])


@contextmanager
def city(place: Path, binaries: Path | None = None) -> Iterator[City]:
    """Start one in a folder that every account may enter."""
    (place / "store").mkdir()
    with Embedded(place / "data", binaries=binaries, settings=COMMITTED) as embedded:
        with psycopg.connect(embedded.owner_url, autocommit=True) as owner:
            owner.execute("CREATE TABLE acts (said text)")
        yield City(embedded, place, *make_keys())


DYING = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from ledger.backup.rules.keys import read_key, write_key
from ledger.backup.rules.plan import Retention, plan
from ledger.backup.steps import base, catalogue, recover, stores, wal
url, place, write, read, what, step = sys.argv[1:]
place, step, count = Path(place), int(step), 0

def die(*_):
    global count
    count += 1
    if count > step:
        os.kill(os.getpid(), signal.SIGKILL)

# Each process that is started, and each thing in a file system that is made, named or removed.
names = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "subprocess.Popen"}
def look(event, args):
    is_ours = event == "open" and str(args[0]).startswith(str(place / "store"))
    if (is_ours and args[2] & os.O_CREAT) or event in names:
        die()

write, read = write_key(write), read_key(read)
sys.addaudithook(look)
store = stores.open_store(str(place / "store"))
if what == "base":
    base.make_base(url, store, write)
elif what == "wal":
    wal.store_wal(url, store, write, place / "spool")
elif what == "prune":
    later = datetime(2100, 1, 1, tzinfo=UTC)
    catalogue.prune(url, store, write, later, Retention(days=1, bases=1))
else:
    chosen = plan(catalogue.reaches(store, read), None)
    with recover.recovered(store, read, chosen, place, keep=place / "kept"):
        pass
print("done", flush=True)
"""


def die_at(town: City, what: str, step: int) -> bool:
    """Run something in a process that is killed before its step; return whether it came through."""
    words = [town.url, str(town.place), town.write.text(), town.read.text(), what, str(step)]
    with Popen([sys.executable, "-c", DYING, *words], cwd=ROOT, stdout=PIPE) as process:
        output, _ = process.communicate()
    assert process.returncode in {0, -9}, process.returncode
    return bool(output) and os.WIFEXITED(process.returncode)
