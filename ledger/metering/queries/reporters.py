"""Who reports: agents with their keys, their clusters, and what they took of their share today."""

from collections.abc import Collection
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from psycopg.rows import class_row

from ledger.metering.queries.shares import Use
from ledger.metering.queries.windows import Raw

# In one order, whoever asks. What stands in the database is looked at after that: a second process
# that takes a batch of the same agent has spent its share, or has not begun.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(agent, 2)) FROM unnest(%s::text[]) AS agent"
_REPORTERS = """
    SELECT a.id, a.public_key, a.revoked_at, a.cluster_id AS cluster, c.name AS cluster_name,
           a.node, a.source, a.enrolled_at, a.history_from,
           a.approved_at IS NOT NULL AS is_approved,
           s.day AS spent_on, s.bytes, s.aside, s.conflicts
    FROM agents a JOIN clusters c ON c.id = a.cluster_id
    LEFT JOIN agent_shares s ON s.agent_id = a.id
    WHERE a.id = ANY(%s)
"""


class ReporterRow(NamedTuple):
    """What an agent's batch is judged by; the last four are of the day of its last report."""

    id: UUID
    public_key: bytes
    revoked_at: datetime | None
    cluster: int
    cluster_name: str
    node: str
    source: str
    enrolled_at: datetime
    history_from: datetime | None
    is_approved: bool
    spent_on: date | None
    bytes: int | None
    aside: int | None
    conflicts: int | None

    def use(self, day: date) -> Use:
        """What it took on a day so far."""
        if self.spent_on != day:
            return Use()
        return Use(self.bytes or 0, self.aside or 0, self.conflicts or 0)


def lock_reporters(raw: Raw, agents: Collection[UUID]) -> dict[UUID, ReporterRow]:
    """Return these agents, if they are enrolled; no other process takes a batch of them meanwhile.

    Two processes may get batches of one agent, or of a copy of it: they take turns here, so that
    its share of a day is never spent twice.
    """
    with raw.cursor(row_factory=class_row(ReporterRow)) as cursor, raw.pipeline():
        raw.execute(_LOCK, (sorted(map(str, agents)),))
        cursor.execute(_REPORTERS, ([*agents],))
        rows = cursor.fetchall()
    return {row.id: row for row in rows}
