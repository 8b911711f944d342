"""What the application's role may write at all: whatever is new is seen here, and needs a guard."""

import psycopg

from ledger.postgres.database import APP_ROLE

# Tables into which it writes rows that no trigger looks at, and why they move no money alone.
UNGUARDED = {
    "evidence, kept as it came": {
        "conflicts", "forks", "streams", "originals", "claim_files", "lookups", "number_reads",
        "courier_files", "relays", "agent_shares", "seal_stamps",
    },
    "the name of a thing, which a decision has to speak of": {"reconciliations"},
    "recomputed from other rows, whose history is kept, or written beside a decision": {
        "charges", "accruals", "differences", "statements", "statement_lines", "rounds",
        "backup_progress",
    },
    "words between people": {"messages", "statement_answers"},
    "what only holds money back": {
        "freezes", "reservations", "payment_lists", "partition_gpus",
    },
    "who comes in, by what only she has; a login and an authenticator need an invitation": {
        "sessions", "passwords", "code_steps", "recovery_codes", "failed_sign_ins",
    },
}  # fmt: skip
DELETED = {"charges", "allocations", "year_waits"}
CALLED = {
    "lock_book", "next_in_series", "set_cap", "set_validity", "charged_days", "bank_contradicts",
    "ensure_month", "pack_windows", "close_window_day", "close_batch_day", "pack_batches",
    "keep_stretches", "keep_sightings", "pack_sums",
    "enrol_agent", "set_year_cap", "set_pool",
    "rule_corrections", "gpu_was_charged", "map_days",
    "archive_roll", "lend_roll", "return_rolls", "read_days",
    "keep_holds", "keep_evidence", "explain_incident", "note_postings", "link_events", "is_drill",
}  # fmt: skip
KINDS = {"INSERT": 4, "UPDATE": 16}  # bits of pg_trigger.tgtype
TABLES = "t.relnamespace = 'public'::regnamespace AND t.relkind IN ('r', 'p', 'v', 'm', 'f')"


def names(owner: psycopg.Connection, query: str) -> set[str]:
    rows = owner.execute(query.encode(), {"role": APP_ROLE}).fetchall()
    return {row[0] for row in rows}


def test_whatever_it_writes_is_looked_at_or_moves_no_money(owner: psycopg.Connection) -> None:
    unguarded = set[str]()
    for right, bit in KINDS.items():
        unguarded |= names(
            owner,
            f"SELECT relname FROM pg_class t WHERE {TABLES}"
            f" AND has_any_column_privilege(%(role)s, oid, '{right}') AND NOT EXISTS (SELECT FROM"
            f" pg_trigger WHERE tgrelid = t.oid AND NOT tgisinternal AND tgtype & {bit} <> 0"
            " AND tgfoid NOT IN ('keep_clock'::regproc, 'note_unsealed'::regproc))",
        )
    reasons = list(UNGUARDED.values())
    assert unguarded == set.union(*reasons)
    assert len(unguarded) == sum(map(len, reasons)), "one reason each"


def test_it_deletes_next_to_nothing_and_makes_nothing(owner: psycopg.Connection) -> None:
    table = f"SELECT relname FROM pg_class t WHERE {TABLES} AND has_table_privilege(%(role)s, oid, "
    assert names(owner, f"{table}'DELETE')") == DELETED
    for right in ("TRUNCATE", "TRIGGER", "REFERENCES"):
        assert names(owner, f"{table}'{right}')") == set(), right
    assert names(owner, f"{table}'UPDATE')") == {"charges"}, "else by columns"
    assert not names(
        owner,
        "SELECT relname FROM pg_class WHERE CASE WHEN relkind = 'S'"
        " THEN has_sequence_privilege(%(role)s, oid, 'USAGE, UPDATE') END",
    )
    rights = owner.execute(
        "SELECT has_schema_privilege(%(role)s, 'public', 'CREATE'),"
        " has_database_privilege(%(role)s, current_database(), 'CREATE'),"
        " has_parameter_privilege(%(role)s, 'session_replication_role', 'SET'),"
        " rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication,"
        " EXISTS (SELECT FROM pg_auth_members WHERE member = r.oid)"
        " FROM pg_roles r WHERE rolname = %(role)s",
        {"role": APP_ROLE},
    ).fetchone()
    assert rights == (False,) * 5


def test_it_borrows_the_owners_rights_only_here(owner: psycopg.Connection) -> None:
    assert (
        names(
            owner,
            "SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
            " AND has_function_privilege(%(role)s, oid, 'EXECUTE')",
        )
        == CALLED
    )


def test_it_grants_nothing_on(owner: psycopg.Connection) -> None:
    query = (
        "SELECT relname FROM pg_class t CROSS JOIN aclexplode(relacl) a"
        f" WHERE {TABLES} AND (a.is_grantable OR a.grantee = 0)"
    )
    assert names(owner, query) == set()
