"""The doors of seals, open to everybody."""

from tests.support.api.asks import at
from tests.support.api.doors.door import Door

SEALS = {
    "GET /api/v1/seals": Door(None, at("/api/v1/seals")),
    "GET /api/v1/seals/{number}": Door(None, at("/api/v1/seals/999999"), yes=404),
    "GET /seals": Door(None, at("/seals")),
}
