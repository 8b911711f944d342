"""The database as commands on this machine reach it: the one named by URL, or the embedded one.

Beside a running `suanquan up` the embedded server is already there, and its address and password
lie in the data folder; otherwise it is started for the while and stopped again.
"""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlmodel import Session

from api.settings import Settings
from ledger.documents.steps.trust import trust
from ledger.errors import Unusable
from ledger.people.steps.drill import may_be_drill
from ledger.people.steps.events import record_own
from ledger.postgres.database import Database, databases_from, mark_drill, upgrade
from ledger.postgres.embedded import Embedded
from ledger.vouchers.steps.clauses import load_policies


@contextmanager
def reach(settings: Settings, *, may_start: bool = True) -> Iterator[Database]:
    """The settings' database, up for as long as the block lasts.

    `may_start` False leaves an embedded server that does not run as it is: it cannot be reached.
    """
    if settings.database_url is not None:
        yield by_url(settings)
        return
    embedded = Embedded(settings.postgres)
    if not may_start:
        yield Database(owner_url=embedded.owner_url, app_url=embedded.app_url)
        return
    try:
        embedded.start()
    except Unusable as error:
        if error.code != "in_use":
            raise
    try:
        yield Database(owner_url=embedded.owner_url, app_url=embedded.app_url)
    finally:
        embedded.stop()  # what we did not start stays


def by_url(settings: Settings) -> Database:
    """Return the database that the settings name by URL, for who needs its owner.

    Raises:
        Unusable: the owner would go through the pooler (`pooled_owner`).
    """
    is_pooled = settings.database_pooled
    if is_pooled and settings.database_owner_url is None:
        raise Unusable("pooled_owner")
    url = settings.database_url or ""
    return databases_from(url, settings.database_owner_url, is_pooled=is_pooled)


def renew(database: Database, settings: Settings) -> str:
    """The newest schema, the policies of this program and the trusted authorities, as owner.

    Args:
        database: by its owner's URL.
        settings: the folder with the authorities' certificates (None trusts none), and whether
            there is a drill's clock: without one every moment is the database's.

    Returns:
        The schema's revision.

    Raises:
        Unusable: a file in the folder is no such certificate (`not_certificate`); there is a
            drill's clock where real projects stand (`drill_of_real`), and nothing was changed.
    """
    is_drill = settings.drill_clock is not None
    revision = upgrade(database)
    folder = settings.invoice_roots
    files = sorted(folder.iterdir()) if folder else []
    with database.owner_engine().begin() as connection:
        if is_drill and not may_be_drill(connection):
            raise Unusable("drill_of_real")
        load_policies(connection)
        mark_drill(connection, is_drill=is_drill)
        certificates = {f"{file}": file.read_bytes() for file in files if file.is_file()}
        trust(connection, certificates, datetime.now(UTC))
    return revision


def record_command(database: Database, act: str, noun: str, number: str) -> None:
    """Record that this machine's account carried out a command, as the owner of the database."""
    engine = database.owner_engine()
    try:
        with Session(engine) as db, db.begin():
            record_own(db, machine_actor(), act, noun, number)
    finally:
        engine.dispose()


def machine_actor() -> str:
    """Return how events name whoever runs a command here: `machine:root`."""
    return f"machine:{getpass.getuser()}"
