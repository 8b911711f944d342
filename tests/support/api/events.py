"""What the event log has, as the owner of the database sees it."""

from typing import Any

import psycopg


def events(owner: psycopg.Connection, since: int = 0, **only: object) -> list[dict[str, Any]]:
    """The events after this number, oldest first."""
    with owner.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        cursor.execute("SELECT * FROM events WHERE id > %s ORDER BY id", (since,))
        rows = cursor.fetchall()
    return [row for row in rows if all(row[name] == value for name, value in only.items())]


def newest(owner: psycopg.Connection) -> int:
    """The number of the newest event."""
    row = owner.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()
    assert row
    return int(row[0])
