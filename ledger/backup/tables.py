"""How far backups are, and which restorations were tried, as rows."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from ledger.postgres.columns import big, moment


class BackupProgress(SQLModel, table=True):
    """How far the backups are: one row."""

    __tablename__ = "backup_progress"
    is_last: bool = Field(default=True, primary_key=True)
    base: str | None = None
    base_at: datetime | None = moment(nullable=True)
    wal_at: datetime | None = moment(nullable=True)


class Restoration(SQLModel, table=True):
    """A restoration that was tried, and its report."""

    __tablename__ = "restorations"
    id: int | None = big(primary_key=True)
    content: str
    seal: int = big()
    seal_hash: bytes
    faults: int
    is_apart: bool
    restored_at: datetime = moment()
    restored_by: str
