"""What the server does for its backups by itself: WAL each minute, a base each day, a drill a week.

Where several servers share a database one does each of these; the others find its lock. A store
that is away stops none of the others' work: the round says so in the log, and the figures show how
old the last base and the last WAL are.
"""

from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session

from api.door.archive.bring_back import evidence
from api.server.backup.place import retention_of, source_url, spool_of, store_of
from api.settings import Settings
from ledger.backup.queries.progress import last_restoration, progress
from ledger.backup.queries.source import connection_to, slot_place
from ledger.backup.rules.bases import Base
from ledger.backup.rules.keys import WriteKey
from ledger.backup.rules.plan import is_cut, plan
from ledger.backup.steps.base import make_base
from ledger.backup.steps.catalogue import prune, reaches
from ledger.backup.steps.drill import Findings, Source, record_restoration, try_restoration
from ledger.backup.steps.key_files import load_read_key, load_write_key
from ledger.backup.steps.notes import note_base, note_wal
from ledger.backup.steps.stores import Store
from ledger.backup.steps.wal import store_wal
from ledger.people.steps.events import record_own
from ledger.postgres.clock import moment_of

ACTOR = "server"


def wal_round(engine: Engine, settings: Settings) -> bool:
    """Store the WAL that is new; False where another server is at it."""
    key = load_write_key(settings.backup_write_key)
    state = store_wal(source_url(settings), store_of(settings), key, spool_of(settings))
    if state is None:
        return False
    if state.objects:
        with Session(engine) as db, db.begin():
            note_wal(db, state.through)
    return True


def base_round(engine: Engine, settings: Settings, now: datetime) -> bool:
    """Make a base where one is due, and remove what is old; return whether one was made."""
    store, key = store_of(settings), load_write_key(settings.backup_write_key)
    with Session(engine) as db:
        last = progress(db).base_at
    is_old = last is None or now - last >= timedelta(hours=settings.backup_hours)
    if not is_old and not _is_cut(settings, store, key):
        return False
    back_up(engine, settings, actor=ACTOR, act="round backup")
    prune(source_url(settings), store, key, now, retention_of(settings))
    return True


def back_up(engine: Engine, settings: Settings, *, actor: str, act: str) -> Base:
    """Make a base now, and write down that it was made.

    Raises:
        Busy, Unusable: as `make_base` and the key's file say.
    """
    store, key = store_of(settings), load_write_key(settings.backup_write_key)
    base = make_base(source_url(settings), store, key)
    with Session(engine) as db, db.begin():
        note_base(db, base)
        record_own(db, actor, act, "backups", base.number)
    return base


def _is_cut(settings: Settings, store: Store, key: WriteKey) -> bool:
    """Whether the last base is not followed by the WAL up to now, or is gone."""
    rows = reaches(store, key)
    with connection_to(source_url(settings)) as connection:
        place = slot_place(connection)
    return not rows or place is None or is_cut(rows[-1], place)


def drill_round(engine: Engine, settings: Settings, now: datetime) -> bool:
    """Try a restoration where one is due and the read key is here; return whether it was."""
    with Session(engine) as db:
        last = last_restoration(db)
    if last is not None and now - last < timedelta(days=settings.backup_drill_days):
        return False
    drill(engine, settings, None, actor=ACTOR, act="round backup drill")
    return True


def drill(
    engine: Engine, settings: Settings, moment: datetime | None, *, actor: str, act: str
) -> Findings:
    """Try a restoration of a moment, and write down what was found.

    Raises:
        Busy: the store is away.
        Unusable: as `plan`, `try_restoration` and the key's file say.
    """
    key, store = load_read_key(settings.backup_reader), store_of(settings)
    place = (settings.postgres if settings.database_url is None else settings.data).resolve()
    source = Source(store, key, place, evidence)
    findings = try_restoration(source, plan(reaches(store, key), moment))
    with Session(engine) as db, db.begin():
        row = record_restoration(db, findings, actor, moment_of(engine))
        record_own(db, actor, act, "backups", f"{findings.base}/{row.id}")
    return findings
