"""Where this server's backups go, and by which login it is copied, as the settings say."""

from pathlib import Path

from api.settings import Settings
from ledger.backup.rules.plan import Retention
from ledger.backup.steps.stores import Store, open_store
from ledger.errors import Unusable
from ledger.postgres.embedded import Embedded


def store_of(settings: Settings, address: str | None = None) -> Store:
    """Open the store, or the one at another address.

    Raises:
        Unusable: nobody said which (`backup_place`).
        Busy: it is away (`backup_away`).
    """
    place = address or settings.backup
    if place is None:
        raise Unusable("backup_place")
    return open_store(place)


def source_url(settings: Settings) -> str:
    """Return the URL by which the server is copied.

    Raises:
        Unusable: the settings name a database and no login that may replicate (`backup_login`); an
            embedded one has never been started.
    """
    if settings.database_url is None:
        return Embedded(settings.postgres).backup_url
    if settings.backup_database_url is None:
        raise Unusable("backup_login")
    return settings.backup_database_url


def spool_of(settings: Settings) -> Path:
    """Return the folder in which some WAL lies on its way."""
    return settings.data / "backup"


def retention_of(settings: Settings) -> Retention:
    """Return what stays in the store."""
    return Retention(days=settings.backup_days, bases=settings.backup_bases)
