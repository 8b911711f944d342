"""How far backups are, by what the server that makes them wrote down."""

from datetime import datetime

from sqlmodel import Session, col, func, select

from ledger.backup.tables import BackupProgress, Restoration


def progress(db: Session) -> BackupProgress:
    """Return how far they are; without a row nothing was made yet."""
    return db.exec(select(BackupProgress)).first() or BackupProgress()


def last_restoration(db: Session) -> datetime | None:
    """Return when one was last tried, whatever was found."""
    return db.exec(select(func.max(col(Restoration.restored_at)))).one()
