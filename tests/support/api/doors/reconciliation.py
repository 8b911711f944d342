"""The doors of reconciled months."""

from ledger.people.codes import Role
from tests.support.api.asks import (
    A_MONTH,
    A_MOVE,
    A_REASON,
    AN_EXTRA,
    at,
)
from tests.support.api.doors.door import (
    BUSINESS,
    HANDING_IN,
    RECONCILING,
    Door,
)

RECONCILIATION = {
    "GET /api/v1/reconciliations": Door(BUSINESS, at("/api/v1/reconciliations")),
    "GET /api/v1/reconciliations.{form}": Door(BUSINESS, at("/api/v1/reconciliations.csv")),
    "GET /api/v1/reconciliations/{key}": Door(
        BUSINESS, at("/api/v1/reconciliations/1-2026-03"), yes=404
    ),
    "POST /api/v1/matching": Door({Role.CLERK}, at("/api/v1/matching")),
    "POST /api/v1/allocations/move": Door(
        {Role.CLERK}, at("/api/v1/allocations/move", json=A_MOVE), yes=404
    ),
    "POST /api/v1/reconciliations/proposals": Door(
        {Role.CLERK},
        at("/api/v1/reconciliations/proposals", json={"month": "2026-03"}),
        yes=201,
    ),
    "POST /api/v1/reconciliations/{key}/proposal": Door(
        {Role.CLERK}, at("/api/v1/reconciliations/1-2026-03/proposal", json={}), yes=404
    ),
    "POST /api/v1/reconciliations/{key}/fall": Door(
        {Role.CLERK},
        at("/api/v1/reconciliations/1-2026-03/fall", json={"reason": "价格更正"}),
        yes=404,
    ),
    "POST /api/v1/reconciliations/{key}/exclusion": Door(
        {Role.CLERK}, at("/api/v1/reconciliations/1-2026-03/exclusion", json=A_REASON), yes=404
    ),
    "POST /api/v1/reconciliations/{key}/readmission": Door(
        {Role.CLERK}, at("/api/v1/reconciliations/1-2026-03/readmission", json=A_REASON), yes=404
    ),
    "GET /api/v1/red-documents": Door({Role.CLERK}, at("/api/v1/red-documents")),
    "POST /api/v1/red-documents/{key}/parts": Door(
        {Role.CLERK},
        at("/api/v1/red-documents/1/parts", json={"parts": [{"line": 1, "fen": 1}], "reason": "x"}),
        yes=404,
    ),
    "POST /api/v1/reconciliations/{key}/preview": Door(
        {Role.CLERK}, at("/api/v1/reconciliations/1-2026-03/preview", json={}), yes=404
    ),
    "POST /api/v1/reconciliations/{key}/extra": Door(
        {Role.CLERK},
        at(
            "/api/v1/reconciliations/1-2026-03/extra",
            json={"part": "compute", "extra_fen": 1, "reason": "核实"},
        ),
        yes=404,
    ),
    "POST /api/v1/reconciliations/{key}/messages": Door(
        {Role.CLERK},
        at("/api/v1/reconciliations/1-2026-03/messages", json={"code": "R07", "body": "为何"}),
        yes=404,
    ),
    "POST /api/v1/messages/{key}/answer": Door(
        HANDING_IN, at("/api/v1/messages/1/answer", json={"body": "补开"}), yes=404
    ),
    "GET /reconcile": Door(BUSINESS, at("/reconcile")),
    "POST /reconcile/match": Door(RECONCILING, at("/reconcile/match"), yes=303),
    "POST /reconcile/tolerable": Door(
        RECONCILING, at("/reconcile/tolerable", data={"month": "2026-03"}), yes=303
    ),
    "GET /reconcile/reds": Door({Role.CLERK}, at("/reconcile/reds")),
    "POST /reconcile/reds/{document}": Door(
        {Role.CLERK},
        at("/reconcile/reds/999999", data={"fen of line 1": "1", "reason": "核实"}),
        yes=404,
    ),
    "GET /reconcile/{contract}/{month}": Door(BUSINESS, at(A_MONTH), yes=404),
    "POST /reconcile/{contract}/{month}": Door(RECONCILING, at(A_MONTH), yes=404),
    "POST /reconcile/{contract}/{month}/preview": Door(
        {Role.CLERK}, at(f"{A_MONTH}/preview"), yes=404
    ),
    "POST /reconcile/{contract}/{month}/extra": Door(
        RECONCILING, at(f"{A_MONTH}/extra", data=AN_EXTRA), yes=404
    ),
    "POST /reconcile/{contract}/{month}/fall": Door(
        RECONCILING, at(f"{A_MONTH}/fall", data={"reason": "x"}), yes=404
    ),
    "POST /reconcile/{contract}/{month}/exclusion": Door(
        RECONCILING, at(f"{A_MONTH}/exclusion", data=A_REASON), yes=404
    ),
    "POST /reconcile/{contract}/{month}/readmission": Door(
        RECONCILING, at(f"{A_MONTH}/readmission", data=A_REASON), yes=404
    ),
    "POST /reconcile/{contract}/{month}/move": Door(
        RECONCILING, at(f"{A_MONTH}/move", data=AN_EXTRA), yes=404
    ),
    "POST /reconcile/{contract}/{month}/messages": Door(
        RECONCILING, at(f"{A_MONTH}/messages", data={"code": "R07", "body": "?"}), yes=404
    ),
}
