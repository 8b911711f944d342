"""The doors of statements."""

from ledger.people.codes import Role
from tests.support.api.asks import (
    at,
    of_a_statement,
)
from tests.support.api.doors.door import (
    BUILDER,
    BUSINESS,
    OPERATOR,
    RECONCILING,
    SCOPED,
    Door,
)

STATEMENTS = {
    "GET /statements": Door(BUSINESS, at("/statements")),
    "POST /statements": Door(RECONCILING, at("/statements", data={"month": "none"}), yes=422),
    "GET /statements/{number}": Door(BUSINESS, at("/statements/none"), yes=404),
    "POST /statements/{number}": Door(
        SCOPED, at("/statements/none", data={"answer": "confirmed"}), yes=404
    ),
    "GET /api/v1/statements": Door(BUSINESS, at("/api/v1/statements")),
    "POST /api/v1/statements": Door(
        {Role.CLERK}, at("/api/v1/statements", json={"month": "2026-01"}), yes=201
    ),
    "GET /api/v1/statements/{number}": Door(BUSINESS, of_a_statement(), scoped=True),
    "GET /api/v1/statements/{number}.csv": Door(BUSINESS, of_a_statement(".csv"), scoped=True),
    "POST /api/v1/statements/{number}/answers": Door(
        {BUILDER, OPERATOR}, of_a_statement("/answers", json={"answer": "confirmed"}), scoped=True
    ),
}
