"""The doors of the desk, decisions and chains."""

from ledger.people.codes import Role
from tests.support.api.asks import (
    A_CAPACITY,
    A_CORRECTION,
    AN_ANSWER,
    LATE,
    at,
)
from tests.support.api.doors.door import (
    BUREAU,
    BUSINESS,
    EVERYBODY,
    HANDING_IN,
    OPERATOR,
    SYSTEM,
    Door,
)

NO_STREAM = "00000000-0000-4000-8000-000000000000"

DESK = {
    "GET /api/v1/mark": Door(EVERYBODY, at("/api/v1/mark")),
    "GET /mark": Door(EVERYBODY, at("/mark")),
    "POST /api/v1/quarantine/admissions": Door(
        {Role.CLERK}, at("/api/v1/quarantine/admissions", json=LATE), yes=422
    ),
    "POST /api/v1/capacities": Door(
        {Role.CLERK}, at("/api/v1/capacities", json=A_CAPACITY), yes=201
    ),
    "POST /api/v1/corrections": Door(
        {Role.CLERK}, at("/api/v1/corrections", json=A_CORRECTION), yes=422
    ),
    "GET /api/v1/findings": Door(BUREAU | {OPERATOR}, at("/api/v1/findings?kind=unowned")),
    "POST /api/v1/quarantine/release": Door({SYSTEM, OPERATOR}, at("/api/v1/quarantine/release")),
    "GET /api/v1/decisions": Door(BUREAU, at("/api/v1/decisions")),
    "GET /api/v1/decisions/{key}": Door(BUREAU, at("/api/v1/decisions/999999"), yes=404),
    "GET /api/v1/decisions/{key}/view": Door(BUREAU, at("/api/v1/decisions/999999/view"), yes=404),
    "POST /api/v1/decisions/{key}/answer": Door(
        BUSINESS - {Role.AUDITOR},
        at("/api/v1/decisions/999999/answer", json=AN_ANSWER),
        yes=404,
    ),
    "GET /api/v1/postings": Door(BUREAU, at("/api/v1/postings")),
    "GET /api/v1/postings/{number}": Door(BUREAU, at("/api/v1/postings/1")),
    "GET /api/v1/movements": Door(BUREAU, at("/api/v1/movements")),
    "GET /api/v1/batches": Door(BUREAU, at("/api/v1/batches")),
    "GET /api/v1/months/{month}.xlsx": Door(BUREAU, at("/api/v1/months/2026-03.xlsx")),
    "GET /api/v1/months/{month}": Door(BUREAU, at("/api/v1/months/2026-03")),
    "GET /api/v1/months/{month}/{table}.csv": Door(BUREAU, at("/api/v1/months/2026-03/claims.csv")),
    "GET /api/v1/batches/{stream}/{number}": Door(
        BUREAU, at(f"/api/v1/batches/{NO_STREAM}/1"), yes=404
    ),
    "GET /api/v1/batches/{stream}/{number}/bytes": Door(
        BUREAU, at(f"/api/v1/batches/{NO_STREAM}/1/bytes"), yes=404
    ),
    "GET /api/v1/reconciliations/{key}/chain": Door(
        BUREAU, at("/api/v1/reconciliations/9999-2026-03/chain"), yes=404
    ),
    "POST /findings/admissions": Door({Role.CLERK}, at("/findings/admissions", data=LATE), yes=422),
    "POST /findings/capacities": Door(
        {Role.CLERK}, at("/findings/capacities", data=A_CAPACITY), yes=303
    ),
    "POST /findings/corrections": Door(
        {Role.CLERK}, at("/findings/corrections", data=A_CORRECTION), yes=422
    ),
    "GET /findings": Door(BUREAU | {OPERATOR}, at("/findings")),
    "GET /desk": Door(BUREAU, at("/desk")),
    "GET /decisions": Door(BUREAU, at("/decisions")),
    "GET /decisions/{decision}": Door(BUSINESS, at("/decisions/999999"), yes=404),
    "GET /centre": Door(BUREAU | {OPERATOR}, at("/centre"), yes=(200, 303)),
    "POST /centre/messages/{message}": Door(
        HANDING_IN, at("/centre/messages/999999", data={"body": "a"}), yes=404
    ),
    "GET /months/{month}": Door(BUREAU, at("/months/2026-03")),
    "GET /postings": Door(BUREAU, at("/postings")),
    "GET /postings/{number}": Door(BUREAU, at("/postings/1")),
    "GET /batches/{stream}/{number}": Door(BUREAU, at(f"/batches/{NO_STREAM}/1"), yes=404),
    "POST /decisions/{decision}": Door(
        BUSINESS - {Role.AUDITOR}, at("/decisions/999999", data=AN_ANSWER), yes=404
    ),
}
