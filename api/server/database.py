"""The database as commands on this machine reach it: the one named by URL, or the embedded one.

Beside a running `suanquan up` the embedded server is already there, and its address and password
lie in the data folder; otherwise it is started for the while and stopped again.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from api.settings import Settings
from ledger.errors import Unusable
from ledger.postgres.database import Database, databases_from, upgrade
from ledger.postgres.embedded import Embedded
from ledger.vouchers.steps.clauses import load_policies


@contextmanager
def reach(settings: Settings) -> Iterator[Database]:
    """The settings' database, up for as long as the block lasts."""
    if settings.database_url is not None:
        yield databases_from(settings.database_url, settings.database_owner_url)
        return
    embedded = Embedded(settings.postgres)
    try:
        embedded.start()
    except Unusable as error:
        if error.code != "in_use":
            raise
    try:
        yield Database(owner_url=embedded.owner_url, app_url=embedded.app_url)
    finally:
        embedded.stop()  # what we did not start stays


def renew(database: Database) -> str:
    """The newest schema and the policies of this program, as owner; the schema's revision."""
    revision = upgrade(database)
    with database.owner_engine().begin() as connection:
        load_policies(connection)
    return revision
