"""The doors of closes."""

from ledger.people.codes import Role
from tests.support.api.asks import at
from tests.support.api.doors.door import BUREAU, Door

CLOSING = {Role.CLERK, Role.FINANCE}
A_CLOSE = {"kind": "books", "month": "2026-03"}  # whose usage is not closed

CLOSES = {
    "GET /api/v1/closes": Door(BUREAU, at("/api/v1/closes")),
    "GET /api/v1/closes/{kind}/{month}": Door(BUREAU, at("/api/v1/closes/usage/2026-03")),
    "POST /api/v1/closes": Door(CLOSING, at("/api/v1/closes", json=A_CLOSE), yes=422),
    "GET /closes": Door(BUREAU, at("/closes")),
    "GET /closes/{kind}/{month}": Door(BUREAU, at("/closes/books/2026-03")),
    "POST /closes": Door(CLOSING, at("/closes", data=A_CLOSE), yes=422),
}
