"""Bring a moment back: into the empty data folder of this program, or for another PostgreSQL."""

from pathlib import Path

import psycopg
from psycopg import sql

from api.server.database import record_command
from api.settings import Settings
from ledger.backup.rules.keys import ReadKey
from ledger.backup.rules.plan import Plan
from ledger.backup.steps.recover import Recovered, recovered
from ledger.backup.steps.stores import Store
from ledger.errors import Unusable
from ledger.postgres.database import Database
from ledger.postgres.embedded import ADMIN, Embedded


def restore(
    settings: Settings, store: Store, key: ReadKey, choice: Plan, into: Path | None
) -> Path:
    """Recover what a plan says; return where the data lies.

    Args:
        settings: of which the data folder is filled, where there is no `into`.
        store: from where.
        key: the bureau's.
        choice: base, WAL and moment.
        into: a folder that is made, in which `cluster` is the data folder of a PostgreSQL.

    Raises:
        Busy: the store is away.
        Unusable: something is there already (`restore_not_empty`); the backup is of another
            PostgreSQL than this program's own (`backup_foreign`); as `recovered` says. What was
            there is as it was.
    """
    if into is not None:
        return _for_another(store, key, choice, into)
    if choice.base.admin != ADMIN:
        raise Unusable("backup_foreign")
    embedded = Embedded(settings.postgres)
    with embedded.vacant() as (cluster, password):
        place = embedded.data
        with recovered(store, key, choice, place, keep=cluster) as server:
            _note(server)
            with psycopg.connect(server.url(ADMIN), autocommit=True) as admin:
                words = sql.SQL("ALTER ROLE {} PASSWORD {}")
                admin.execute(words.format(sql.Identifier(ADMIN), sql.Literal(password)))
    return cluster


def _for_another(store: Store, key: ReadKey, choice: Plan, into: Path) -> Path:
    try:
        into.mkdir(parents=True)
        into.chmod(0o711)  # PostgreSQL's account passes through
    except FileExistsError as error:
        raise Unusable("restore_not_empty", path=into) from error
    except OSError as error:
        raise Unusable("backup_room", path=into, detail=error.strerror) from error
    cluster = into.resolve() / "cluster"
    with recovered(store, key, choice, into.resolve(), keep=cluster) as server:
        _note(server)
    return cluster


def _note(server: Recovered) -> None:
    """Let the event log of what was restored say so."""
    url = server.url(server.base.owner)
    target = Database(owner_url=url, app_url=url)
    record_command(target, "command restore", "backups", server.base.number)
