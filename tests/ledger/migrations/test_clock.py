"""What is recorded happens now: the application dates nothing before or after, but in a drill."""

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import errors

from ledger.formats.working_days import known_working_days
from ledger.postgres.database import APP_ROLE, Database, mark_drill, upgrade
from tests.support.accounts.attacks import attempt
from tests.support.people import promote
from tests.support.simulation import enrolled, place
from tests.support.vouchers import place_voucher

# What others say happened, and what is yet to come.
NOT_NOW = {
    "conflicts.start", "quarantine.start", "windows.start", "streams.sent_at",
    "gpus.registered_from", "gpus.retired_at", "relays.waiting_since",
    "enrolment_codes.expires_at", "invitations.expires_at", "sessions.expires_at",
    "tokens.expires_at", "backup_progress.base_at", "backup_progress.wal_at",
    "seal_stamps.stamped_at",
}  # fmt: skip
CHECK = errors.CheckViolation
CLAIM = """
    INSERT INTO claims (number, voucher_id, payee_id, fen, opened_at, opened_by)
    SELECT 'DF-{n}', v.id, p.organisation_id, 30, {at}, 'x'
    FROM vouchers v JOIN projects p ON p.id = v.project_id;
"""
PUBLICATION = """
    INSERT INTO publications (claim_id, since, until, days, content, published_at, published_by)
    SELECT id, day + {since}, day + {until}, {days}, '{{}}', {at}, 'x'
    FROM claims, (SELECT (({at}) AT TIME ZONE interval '+08:00')::date AS day) published LIMIT 1
"""
LONG_AGO = "now() - interval '30 days'"
DATED = {
    "a claim": CLAIM.format(n=2, at="{at}"),
    "a publication": PUBLICATION.replace("{since}", "1")
    .replace("{until}", "7")
    .replace("{days}", "5"),
    "a decision": "INSERT INTO decisions (kind, subject, content, digest, reason, decided_by,"
    " decided_at) SELECT 'validity', 'x', '{{}}', repeat('0', 64), '', decided_by, {at}"
    " FROM decisions LIMIT 1",
    "an answer": "UPDATE decisions SET answer = 'withdrawn', answered_by = decided_by,"
    " answered_at = {at} WHERE answer IS NULL",
    "the end of an agent": "UPDATE agents SET revoked_at = {at}",
}


@pytest.fixture
def rows(engine: sa.Engine, owner: psycopg.Connection, database: Database) -> None:
    """A claim, an open decision and an agent, all of now; and then it is no drill any more."""
    place_voucher(owner, engine, 100)
    enrolled(owner, place(owner, gpus=1))
    owner.execute(CLAIM.format(n=1, at="now()").encode())
    owner.execute(
        "INSERT INTO decisions (kind, subject, content, digest, reason, decided_by, decided_at)"
        " SELECT kind, 'open', content, digest, '', decided_by, now() FROM decisions LIMIT 1"
    )
    promote(owner)


def mark(database: Database) -> None:
    with database.owner_engine().begin() as connection:
        mark_drill(connection, is_drill=True)


def test_every_moment_that_the_application_writes_is_by_the_clock(
    owner: psycopg.Connection,
) -> None:
    written = owner.execute(
        "SELECT t.relname || '.' || a.attname FROM pg_attribute a"
        " JOIN pg_class t ON t.oid = a.attrelid"
        " WHERE t.relnamespace = 'public'::regnamespace AND t.relkind IN ('r', 'p')"
        " AND NOT t.relispartition AND a.atttypid = 'timestamptz'::regtype AND a.attnum > 0"
        " AND (has_column_privilege(%(role)s, t.oid, a.attname, 'INSERT')"
        "      OR has_column_privilege(%(role)s, t.oid, a.attname, 'UPDATE'))",
        {"role": APP_ROLE},
    ).fetchall()
    stamps = owner.execute(
        "SELECT tgrelid::regclass || '.' || substr(tgname, 7) FROM pg_trigger"
        " WHERE tgfoid = 'keep_clock'::regproc AND tgenabled = 'O'"
    ).fetchall()
    assert {name for (name,) in written} - NOT_NOW == {name for (name,) in stamps}
    assert {name for (name,) in written} >= NOT_NOW


@pytest.mark.parametrize("what", DATED)
def test_nothing_is_dated_before_or_after(database: Database, rows: None, what: str) -> None:
    for at in (LONG_AGO, "now() + interval '11 minutes'", "'infinity'::timestamptz"):
        assert attempt(database, DATED[what].format(at=at)) is CHECK, at
    assert attempt(database, DATED[what].format(at="now() - interval '1 minute'")) is None


def test_only_the_owner_says_that_it_is_a_drill(database: Database, rows: None) -> None:
    for attack in ("INSERT INTO drill VALUES (true)", "DELETE FROM drill"):
        assert attempt(database, attack) is errors.InsufficientPrivilege
    mark(database)
    assert attempt(database, DATED["a claim"].format(at=LONG_AGO)) is None


def test_a_drill_is_never_promoted(database: Database, owner: psycopg.Connection) -> None:
    for attack in ("DELETE FROM drill", "TRUNCATE drill", "UPDATE drill SET is_drill = true"):
        with pytest.raises(errors.RestrictViolation):
            owner.execute(attack.encode())
    with database.owner_engine().begin() as connection:
        mark_drill(connection, is_drill=False)
    assert owner.execute("SELECT is_drill()").fetchone() == (True,)


@pytest.mark.parametrize("is_drill", [False, True])
@pytest.mark.parametrize(
    ("since", "until", "days"), [(0, 6, 5), (-9, -5, 5), (1, 4, 5), (1, 1, 1), (2, 9, 5)]
)
def test_a_publication_lasts(
    database: Database, owner: psycopg.Connection, rows: None, *,
    since: int, until: int, days: int, is_drill: bool,
) -> None:  # fmt: skip
    owner.execute("UPDATE clauses SET publication_days = 5")
    owner.execute(  # as if offices never closed
        "INSERT INTO working_days SELECT current_date + n FROM generate_series(-20, 20) AS n"
        " ON CONFLICT DO NOTHING"
    )
    if is_drill:
        mark(database)
    short = PUBLICATION.format(since=since, until=until, days=days, at="now()")
    assert attempt(database, short) is CHECK
    enough = PUBLICATION.format(since=1, until=5, days=5, at="now()")
    assert attempt(database, enough) is None


@pytest.mark.parametrize(
    ("at", "until", "is_enough"),
    [
        ("2026-11-27", "2026-12-03", False),  # a Friday: five days, two of them of its week-end
        ("2026-11-27", "2026-12-04", True),
        ("2026-09-30", "2026-10-12", False),  # the holidays of October
        ("2026-09-30", "2026-10-13", True),
        ("2026-12-30", "2027-01-31", False),  # of 2027 nobody knows yet
    ],
)
def test_a_publication_has_its_working_days(
    database: Database, owner: psycopg.Connection, rows: None, at: str, until: str, *,
    is_enough: bool,
) -> None:  # fmt: skip
    owner.execute("UPDATE clauses SET publication_days = 5")
    owner.execute("DELETE FROM working_days WHERE day > '2026-12-31'")
    mark(database)
    attack = PUBLICATION.format(
        since=1, until=f"('{until}'::date - day)", days=5, at=f"'{at} 04:00Z'::timestamptz"
    )
    assert attempt(database, attack) is (None if is_enough else CHECK)


def test_the_calendar_is_the_owners_and_the_programs(
    database: Database, owner: psycopg.Connection
) -> None:
    assert attempt(database, "INSERT INTO working_days VALUES ('2026-10-01')") is (
        errors.InsufficientPrivilege
    )
    owner.execute("UPDATE working_days SET day = '2026-10-01' WHERE day = '2026-09-30'")
    upgrade(database)
    days = owner.execute("SELECT day FROM working_days ORDER BY day").fetchall()
    assert [day for (day,) in days] == known_working_days()
