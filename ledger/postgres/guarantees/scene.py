"""The rows that attempts are made on: made by the owner in the attempt's transaction, and undone.

Their numbers are given, so that no sequence that people see moves; none is anybody's.
"""

NUMBER = 999_999_999_999_999_000
BOOK, POSTING, DECISION, OLD_DECISION = NUMBER + 1, NUMBER + 2, NUMBER + 3, NUMBER + 4
NAME = "suanquan db check"


def _actor(role: str, number: int) -> str:
    return f"{role}:{NAME} {number}#{NUMBER + number}"


CLERK, SECOND, APPROVER = _actor("clerk", 1), _actor("clerk", 2), _actor("approver", 3)
FINANCE, BOSS, FORMER = _actor("finance", 4), _actor("securityadmin", 5), _actor("clerk", 6)
NOBODY = _actor("clerk", 9)

_ROLES = (
    "(VALUES (1, 'clerk'), (2, 'clerk'), (3, 'approver'), (4, 'finance'), (5, 'securityadmin'),"
    " (6, 'clerk')) AS v (n, role)"
)
PEOPLE = f"""
    INSERT INTO persons (id, name, created_at, created_by) OVERRIDING SYSTEM VALUE
        SELECT {NUMBER} + n, '{NAME} ' || n, now(), 'machine:check' FROM {_ROLES};
    INSERT INTO tokens (id, hash, role, person_id, created_at, created_by, expires_at)
        OVERRIDING SYSTEM VALUE
        SELECT {NUMBER} + n, sha256(convert_to('{NAME} ' || n, 'UTF8')), role, {NUMBER} + n, now(),
            'machine:check', now() + interval '1 day' FROM {_ROLES};
    UPDATE tokens SET revoked_at = now(), revoked_by = 'machine:check' WHERE id = {NUMBER + 6};
"""

DECISION_ROW = f"""{PEOPLE}
    INSERT INTO decisions (id, kind, subject, content, digest, reason, decided_by, decided_at)
        OVERRIDING SYSTEM VALUE VALUES
        ({DECISION}, 'cap', '{NAME}', '{{}}', digest_of('{{}}'), '', '{CLERK}', now());
"""
ANSWER_ROW = f"""{DECISION_ROW}
    INSERT INTO decisions (id, kind, subject, content, digest, reason, decided_by, decided_at,
            answer, answered_by, answered_at) OVERRIDING SYSTEM VALUE VALUES
        ({OLD_DECISION}, 'cap', '{NAME}', '{{}}', digest_of('{{}}'), '', '{CLERK}', now(),
         'refused', '{APPROVER}', now());
"""

BUDGET = f"""
    INSERT INTO books (id, ledger) OVERRIDING SYSTEM VALUE VALUES ({BOOK}, 'budget');
    INSERT INTO accounts (book_id, role, floor)
        SELECT {BOOK}, role, CASE role WHEN 'appropriation' THEN -1000 ELSE 0 END
        FROM roles WHERE ledger = 'budget';
"""
RIGHTS = f"""
    INSERT INTO books (id, ledger) OVERRIDING SYSTEM VALUE VALUES ({BOOK}, 'rights');
    INSERT INTO accounts (book_id, role, floor, balance)
        SELECT {BOOK}, role, CASE role WHEN 'clause' THEN -100 ELSE 0 END,
            CASE WHEN role IN ('available', 'paid') THEN 50 ELSE 0 END
        FROM roles WHERE ledger = 'rights';
"""
NUMBERED_POSTING = f"""{BUDGET}
    INSERT INTO postings (id, number, cause, used, booked, actor, posted_at)
        OVERRIDING SYSTEM VALUE VALUES
        ({POSTING}, {POSTING}, '{NAME}', '2026-01-01', '2026-01-01', 'x', now());
"""


def move(kind: str, from_role: str, to_role: str, fen: int, cause: str = NAME) -> str:
    """Return the SQL that posts one movement in the scene's book."""
    return moves([(kind, from_role, to_role, fen)], cause)


def moves(rows: list[tuple[str, str, str, int]], cause: str = NAME) -> str:
    """Return the SQL that posts movements in the scene's book, in one posting."""
    values = ", ".join(str(row) for row in rows)
    return f"""
        WITH fresh AS (INSERT INTO postings (cause, used, booked, actor)
            VALUES ('{cause}', '2026-01-01', '2026-01-01', 'x') RETURNING id)
        INSERT INTO movements (posting_id, book_id, kind, from_role, to_role, amount)
            SELECT id, {BOOK}, v.* FROM fresh, (VALUES {values}) v;
    """


_DAY = "date_trunc('month', now())"
GPU = "suanquan-db-check"
WINDOW = f"""
    INSERT INTO windows (gpu, start, cluster_id, source, stream, number, body)
    SELECT '{GPU}', {_DAY}, {NUMBER}, 'nvml', gen_random_uuid(), 1, jsonb_build_object(
        'gpu', '{GPU}', 'start', {_DAY}, 'window_ms', 60000, 'model', 'x', 'vendor', 'x',
        'parts', '[]'::jsonb);
"""
MONTH = "SELECT ensure_month(now()::date);"
PACK = f"""{MONTH}
    INSERT INTO window_days VALUES (({_DAY} AT TIME ZONE interval '+08:00')::date, 'packed')
        ON CONFLICT DO NOTHING;
    INSERT INTO window_hours VALUES ('{GPU}', date_trunc('hour', {_DAY}, 'UTC'), gen_random_uuid(),
        {NUMBER}, 'nvml', '{{0,60,1,1,1,0}}');
"""
