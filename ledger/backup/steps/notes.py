"""Write down how far backups are. Figures for those who watch: they prove nothing."""

from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from ledger.backup.rules.bases import Base

_BASE = text("""
    INSERT INTO backup_progress (base, base_at) VALUES (:base, :at)
    ON CONFLICT (is_last) DO UPDATE SET base = EXCLUDED.base, base_at = EXCLUDED.base_at
""")
_WAL = text("""
    INSERT INTO backup_progress (wal_at) VALUES (:at)
    ON CONFLICT (is_last) DO UPDATE SET wal_at = EXCLUDED.wal_at
""")


def note_base(db: Session, base: Base) -> None:
    """Note the last base."""
    db.execute(_BASE, {"base": base.number, "at": base.moment})


def note_wal(db: Session, through: datetime) -> None:
    """Note the moment of which all is in the store."""
    db.execute(_WAL, {"at": through})
