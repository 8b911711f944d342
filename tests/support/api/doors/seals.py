"""The doors of seals, open to everybody."""

from ledger.people.codes import Role
from tests.support.api.asks import at
from tests.support.api.doors.door import BUILDER, Door

MONTHS = {"since": "2026-01", "until": "2026-03"}
AT_NONE = "/api/v1/certificates/none"
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
    "POST /api/v1/projects/{code}/certificates": Door(
        {Role.CLERK, BUILDER},
        at("/api/v1/projects/p-{whose}/certificates", json=MONTHS),
        yes=422,
        scoped=True,
    ),
    "POST /projects/{code}/certificates": Door(
        {Role.CLERK, BUILDER},
        at("/projects/p-{whose}/certificates", data=MONTHS),
        yes=422,
        scoped=True,
    ),
    "GET /api/v1/certificates/{number}": Door(None, at(f"{AT_NONE}?code=0"), yes=404),
    "GET /api/v1/certificates/{number}/certificate.json": Door(
        None, at(f"{AT_NONE}/certificate.json?code=0"), yes=404
    ),
    "GET /api/v1/certificates/{number}/certificate.pdf": Door(
        None, at(f"{AT_NONE}/certificate.pdf?code=0"), yes=404
    ),
    "GET /certificates": Door(None, at("/certificates")),
    "GET /certificates/{number}": Door(None, at("/certificates/none"), yes=404),
    "GET /seals": Door(None, at("/seals")),
    "GET /seals/{number}": Door(None, at("/seals/999999"), yes=404),
}
