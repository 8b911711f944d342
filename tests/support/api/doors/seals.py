"""The doors of seals, open to everybody."""

from ledger.people.codes import Role
from tests.support.api.asks import at
from tests.support.api.doors.door import Door

AUDITING = {Role.CLERK, Role.AUDITOR}

SEALS = {
    "GET /api/v1/seals": Door(None, at("/api/v1/seals")),
    "GET /api/v1/seals/{number}": Door(None, at("/api/v1/seals/999999"), yes=404),
    "GET /api/v1/audit/sample": Door(AUDITING, at("/api/v1/audit/sample?count=3")),
    "GET /api/v1/audit/books.zip": Door(
        AUDITING, at("/api/v1/audit/books.zip?since=2026-01&until=2026-03")
    ),
    "GET /api/v1/audit/vouchers.zip": Door(
        AUDITING, at("/api/v1/audit/vouchers.zip?since=2026-01&until=2026-03"), yes=404
    ),
    "GET /seals": Door(None, at("/seals")),
}
