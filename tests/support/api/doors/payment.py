"""The doors of lists, indicators and refunds."""

from tests.support.api.asks import (
    A_RECOVERY,
    A_REFUND,
    A_RULING,
    A_YEAR_END,
    AN_INDICATOR,
    at,
)
from tests.support.api.doors.door import (
    BUREAU,
    PAYERS,
    Door,
)

PAYMENT = {
    "GET /api/v1/indicators": Door(BUREAU, at("/api/v1/indicators")),
    "POST /api/v1/indicators": Door(PAYERS, at("/api/v1/indicators", json=AN_INDICATOR), yes=201),
    "POST /api/v1/indicators/{year}/{number}/changes": Door(
        PAYERS, at("/api/v1/indicators/2026/none/changes", json={"fen": 1}), yes=404
    ),
    "GET /api/v1/payables": Door(BUREAU, at("/api/v1/payables")),
    "GET /api/v1/payment-lists": Door(BUREAU, at("/api/v1/payment-lists")),
    "POST /api/v1/payment-lists": Door(
        PAYERS, at("/api/v1/payment-lists", json={"indicator": "none", "year": 2026}), yes=404
    ),
    "GET /api/v1/payment-lists/{number}": Door(
        BUREAU, at("/api/v1/payment-lists/ZF-2026-9999"), yes=404
    ),
    "GET /api/v1/payment-lists/{number}/{form}": Door(
        BUREAU, at("/api/v1/payment-lists/ZF-2026-9999/csv"), yes=404
    ),
    "POST /api/v1/bank-returns": Door(PAYERS, at("/api/v1/bank-returns", content=b"x"), yes=422),
    "GET /api/v1/indicator-shares": Door(BUREAU, at("/api/v1/indicator-shares")),
    "POST /api/v1/indicator-shares": Door(PAYERS, at("/api/v1/indicator-shares", json={}), yes=422),
    "POST /payments/shares": Door(PAYERS, at("/payments/shares", data={}), yes=422),
    "GET /api/v1/bank-rows": Door(BUREAU, at("/api/v1/bank-rows")),
    "POST /api/v1/bank-rows/{row}/rulings": Door(
        PAYERS, at("/api/v1/bank-rows/9/rulings", json=A_RULING), yes=404
    ),
    "GET /api/v1/refunds": Door(BUREAU, at("/api/v1/refunds")),
    "POST /api/v1/refunds": Door(PAYERS, at("/api/v1/refunds", json=A_REFUND), yes=404),
    "GET /api/v1/recoveries": Door(BUREAU, at("/api/v1/recoveries")),
    "POST /api/v1/recoveries": Door(PAYERS, at("/api/v1/recoveries", json=A_RECOVERY), yes=422),
    "POST /api/v1/year-end": Door(PAYERS, at("/api/v1/year-end", json=A_YEAR_END), yes=404),
    "GET /payments": Door(BUREAU, at("/payments")),
    "GET /payments/{number}": Door(BUREAU, at("/payments/ZF-2026-9999"), yes=404),
    "POST /payments/lists": Door(
        PAYERS, at("/payments/lists", data={"indicator": "2026/none"}), yes=404
    ),
    "POST /payments/indicators": Door(PAYERS, at("/payments/indicators", data={}), yes=422),
    "POST /payments/rows/{row}": Door(PAYERS, at("/payments/rows/9", data=A_RULING), yes=404),
    "POST /payments/indicators/{year}/{number}/changes": Door(
        PAYERS, at("/payments/indicators/2026/none/changes", data={"yuan": "1"}), yes=404
    ),
    "POST /payments/recoveries": Door(PAYERS, at("/payments/recoveries", data={}), yes=422),
    "POST /payments/year-end": Door(PAYERS, at("/payments/year-end", data={}), yes=422),
    "POST /payments/refunds": Door(PAYERS, at("/payments/refunds", data={}), yes=422),
    "POST /payments/returns": Door(
        PAYERS, at("/payments/returns", files={"file": ("r.csv", b"x")}), yes=422
    ),
}
