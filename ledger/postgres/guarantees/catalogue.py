"""Compare a database with the schema that this program makes: what is missing, off, or otherwise.

Only the catalogue is read, so the application's login is enough, and a server does it all the time.
What somebody added is not looked at, but for rights: those that nobody gave.
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from ledger.postgres.citus import spread_tables
from ledger.postgres.codes import MechanismKind
from ledger.postgres.database import APP_ROLE, migrations
from ledger.postgres.guarantees.mechanisms import Making, Mechanism, constraint, making, trigger

_OURS = "relnamespace = 'public'::regnamespace AND NOT relispartition"
_TRIGGERS = sa.text(f"""
    SELECT relname, tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t
    JOIN pg_class c ON c.oid = tgrelid
    WHERE {_OURS} AND NOT tgisinternal AND tgenabled IN ('O', 'A')
""")
_CONSTRAINTS = sa.text(f"""
    SELECT relname, conname, pg_get_constraintdef(t.oid) FROM pg_constraint t
    JOIN pg_class c ON c.oid = conrelid
    WHERE {_OURS} AND convalidated AND contype IN ('c', 'f', 'p', 'u', 'x')
""")
_INDEXES = sa.text(f"""
    SELECT t.relname, i.relname, pg_get_indexdef(indexrelid) FROM pg_index x
    JOIN pg_class t ON t.oid = indrelid JOIN pg_class i ON i.oid = indexrelid
    WHERE t.{_OURS.replace("NOT ", "NOT t.")} AND indisunique AND indisvalid
""")
_FUNCTIONS = sa.text("""
    SELECT format('%s(%s)', proname, pg_get_function_arguments(oid)),
        CASE WHEN prosecdef THEN '+' ELSE '-' END
            || CASE WHEN proconfig IS NULL THEN '-' ELSE '+' END,
        prosrc, pg_get_function_sqlbody(oid)
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
        AND probin IS NULL
""")
# What anybody but the owner may do, beside reading.
_RIGHTS = sa.text(f"""
    SELECT relname, privilege_type, '', grantee FROM pg_class c, aclexplode(relacl) a
    WHERE {_OURS} AND relkind IN ('r', 'p', 'v') AND grantee <> relowner
        AND privilege_type <> 'SELECT'
    UNION ALL
    SELECT relname, privilege_type, attname, grantee FROM pg_class c
    JOIN pg_attribute ON attrelid = c.oid, aclexplode(attacl) a
    WHERE {_OURS} AND grantee <> relowner AND privilege_type <> 'SELECT'
    UNION ALL
    SELECT proname, privilege_type, '', grantee
    FROM pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner))) a
    WHERE pronamespace = 'public'::regnamespace AND grantee <> proowner AND prosecdef
        AND probin IS NULL
""")
_ROLE = sa.text("""
    SELECT 'SUPERUSER' FROM pg_roles WHERE rolname = :role AND rolsuper
    UNION ALL
    SELECT 'MEMBER' FROM pg_class WHERE oid = 'public.accounts'::regclass
        AND pg_has_role(:role, relowner, 'MEMBER')
""")


def find_lacks(connection: sa.Connection, role: str = APP_ROLE) -> list[Mechanism]:
    """Return the mechanisms that are not as this program makes them; for rights, those too many.

    None is returned of a schema that is newer than this program: it has other ones.
    """
    if MigrationContext.configure(connection).get_current_revision() != _own_revision():
        return []
    connection.execute(sa.text("SET LOCAL search_path = pg_catalog"))
    have, spread = dict(_texts(connection)), spread_tables(connection)
    otherwise = [
        mechanism
        for mechanism, text in making().texts.items()
        if mechanism.table not in spread and not _is_same(mechanism, have.get(mechanism), text)
    ]
    lacks = [*otherwise, *_rights_too_many(connection, making(), role)]
    connection.execute(sa.text("SET LOCAL search_path = DEFAULT"))
    return sorted(lacks)


def _own_revision() -> str | None:
    return ScriptDirectory.from_config(migrations()).get_current_head()


def _texts(connection: sa.Connection) -> Iterator[tuple[Mechanism, str]]:
    for table, name, text in connection.execute(_TRIGGERS):
        yield trigger(table, name), text
    for table, name, text in connection.execute(_CONSTRAINTS):
        yield constraint(table, name), text
    for table, name, text in connection.execute(_INDEXES):
        yield Mechanism(MechanismKind.INDEX, table, name), text
    for signature, head, source, sql_body in connection.execute(_FUNCTIONS):
        yield Mechanism(MechanismKind.FUNCTION, "", signature), head + (sql_body or source)


def _is_same(mechanism: Mechanism, have: str | None, want: str) -> bool:
    if have is None or mechanism.kind is not MechanismKind.FUNCTION:
        return have == want
    if have[:2] != want[:2]:
        return False
    body = "".join(have[2:].split())
    return "".join(want[2:].split()).endswith(body)  # the dump writes more before, and indents


def _rights_too_many(connection: sa.Connection, rules: Making, role: str) -> Iterator[Mechanism]:
    app = connection.scalar(sa.text("SELECT oid FROM pg_roles WHERE rolname = :r"), {"r": role})
    for place, word, column, grantee in connection.execute(_RIGHTS):
        is_given = (place, word, column) in rules.rights and grantee == app
        if word == "EXECUTE" and grantee == 0:
            is_given = place not in rules.closed
        if not is_given:
            yield Mechanism(MechanismKind.RIGHT, place, f"{word} ({column})" if column else word)
    for word in connection.execute(_ROLE, {"role": role}).scalars():
        yield Mechanism(MechanismKind.RIGHT, "", word)
