"""Seal and verify a test's database."""

from datetime import UTC, datetime, timedelta

import psycopg
import sqlalchemy as sa
from nacl.signing import SigningKey
from sqlmodel import Session

from ledger.postgres.database import Database
from ledger.seals.codes import Algorithm
from ledger.seals.queries.verify import verify
from ledger.seals.rules.faults import Tally
from ledger.seals.rules.occasions import BY_THE_HOUR, Occasion
from ledger.seals.steps.seal import seal
from ledger.seals.tables import Seal

KEY = SigningKey(bytes(32))
NOON = datetime(2026, 8, 1, 4, tzinfo=UTC)


def seal_at(
    engine: sa.Engine,
    hour: int = 0,
    *,
    key: SigningKey = KEY,
    occasion: Occasion = BY_THE_HOUR,
    algorithm: Algorithm = Algorithm.SHA256,
) -> Seal:
    """One seal, so many hours after the first noon."""
    with Session(engine, expire_on_commit=False) as db, db.begin():
        now = NOON + timedelta(hours=hour)
        return seal(db, key, "test", now, occasion=occasion, algorithm=algorithm)


def verified(database: Database) -> Tally:
    """What verify says, asked with the application's login."""
    with psycopg.connect(database.app_url) as connection:
        return verify(connection)
