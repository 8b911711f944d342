"""The doors of the server itself, and of the policy."""

from ledger.people.codes import Role
from tests.support.api.asks import (
    at,
)
from tests.support.api.doors.door import (
    EVERYBODY,
    SYSTEM,
    Door,
)

SERVER = {
    "GET /healthz": Door(None, at("/healthz")),
    "GET /readyz": Door(None, at("/readyz")),
    "GET /openapi.json": Door(EVERYBODY, at("/openapi.json")),
    "GET /docs": Door(EVERYBODY, at("/docs")),
    "GET /metrics": Door({SYSTEM, Role.AUDITOR}, at("/metrics")),
    "* /static": Door(None, at("/static/style.css")),
    "POST /api/v1/evaluations": Door(
        EVERYBODY, at("/api/v1/evaluations?policy=yinchuan-2024-draft", json=[])
    ),
    "GET /eligibility": Door(EVERYBODY, at("/eligibility?seats=500")),
    "GET /eligibility/{clause}": Door(EVERYBODY, at("/eligibility/07-1?seats=500")),
}
