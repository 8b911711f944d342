"""Try to break each guarantee, as the application and as the owner, and undo all of it.

Each attempt is a transaction of its own that is rolled back, so it holds nothing for longer than
milliseconds and leaves no row, no number of a posting and no event. Sequences of keys may move on,
as they do whenever a transaction fails.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

import psycopg
import sqlalchemy as sa
from psycopg import sql

from ledger.errors import Unusable
from ledger.postgres.codes import Guarantee, MechanismKind, Outcome, TriedAs
from ledger.postgres.database import Database, may_become
from ledger.postgres.guarantees.attempts import Attempt, attempts
from ledger.postgres.guarantees.catalogue import find_lacks
from ledger.postgres.guarantees.mechanisms import Mechanism, making

LOCK_TIMEOUT = "5s"


@dataclass(frozen=True)
class Proof:
    """A guarantee, what holds it, as whom it was tried, and what came of it."""

    guarantee: Guarantee
    mechanism: Mechanism
    tried_as: TriedAs
    outcome: Outcome
    answer: str = ""
    """What PostgreSQL said, where that was not the refusal."""


def check(database: Database) -> list[Proof]:
    """Return what holds and what does not; leave the database as it is.

    Raises:
        Unusable: the owner may not act as the application (`check_needs_role`).
    """
    role = database.app_role
    with closing(psycopg.connect(database.owner_url, options="-c timezone=UTC")) as raw:
        if not may_become(raw, role):
            raise Unusable("check_needs_role", role=role, owner=raw.info.user)
        row = raw.execute("SELECT EXISTS (SELECT FROM drill)").fetchone()
        is_drill = bool(row and row[0])
        raw.rollback()
        outcomes = [_try(raw, attempt, role, is_drill=is_drill) for attempt in attempts()]
    with database.owner_engine().connect() as connection:
        comparison = _compare(connection, role)
    return [*outcomes, *comparison]


def is_broken(findings: Sequence[Proof]) -> bool:
    """Return whether anything is not proved to hold."""
    return any(f.outcome in {Outcome.BROKEN, Outcome.UNTRIED} for f in findings)


def _compare(connection: sa.Connection, role: str) -> list[Proof]:
    """What is otherwise than as it was made; where nothing is, one line that says so."""
    lacks = find_lacks(connection, role)
    if not lacks:
        whole = Mechanism(MechanismKind.SCHEMA, "", str(len(making().texts)))
        return [Proof(Guarantee.AS_MADE, whole, TriedAs.COMPARED, Outcome.HELD)]
    return [Proof(Guarantee.AS_MADE, lack, TriedAs.COMPARED, Outcome.BROKEN) for lack in lacks]


def _try(raw: psycopg.Connection, attempt: Attempt, role: str, *, is_drill: bool) -> Proof:
    actor = TriedAs.OWNER if attempt.as_owner else TriedAs.APPLICATION
    if attempt.real_only and is_drill:
        return Proof(attempt.guarantee, attempt.mechanism, actor, Outcome.NOT_HERE)
    outcome, answer = outcome_of(raw, attempt, role)
    return Proof(attempt.guarantee, attempt.mechanism, actor, outcome, answer)


def outcome_of(raw: psycopg.Connection, attempt: Attempt, role: str) -> tuple[Outcome, str]:
    """Try it in a transaction, and roll that back."""
    try:
        raw.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'".encode())
        raw.execute(attempt.scene.encode() or b"SELECT")
        if not attempt.as_owner:
            raw.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
    except psycopg.Error as error:
        raw.rollback()
        return Outcome.UNTRIED, str(error).strip()
    try:
        raw.execute(attempt.attack.encode())
    except (psycopg.errors.LockNotAvailable, psycopg.OperationalError) as error:
        return Outcome.UNTRIED, str(error).strip()
    except psycopg.Error as error:
        if attempt.refusal in {error.diag.constraint_name, error.sqlstate}:
            return Outcome.HELD, ""
        return Outcome.BROKEN, str(error).strip()
    finally:
        raw.rollback()
    return Outcome.BROKEN, ""
