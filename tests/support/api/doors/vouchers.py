"""The doors of projects, vouchers and quota."""

from ledger.people.codes import Role
from tests.support.api.asks import (
    DAY,
    a_reservation,
    a_voucher,
    at,
)
from tests.support.api.doors.door import (
    BUILDER,
    BUREAU,
    PAYERS,
    RECONCILING,
    Door,
)

VOUCHERS = {
    "GET /api/v1/projects": Door(BUREAU | {BUILDER}, at("/api/v1/projects")),
    "GET /api/v1/vouchers.xlsx": Door(BUREAU | {BUILDER}, at("/api/v1/vouchers.xlsx")),
    "POST /api/v1/vouchers": Door({Role.CLERK}, at("/api/v1/vouchers", content=b"x"), yes=422),
    "POST /projects/vouchers": Door(
        {Role.CLERK}, at("/projects/vouchers", files={"file": ("v.xlsx", b"x")}), yes=422
    ),
    "GET /api/v1/projects/{code}": Door(
        BUREAU | {BUILDER}, at("/api/v1/projects/p-{whose}"), scoped=True
    ),
    "GET /api/v1/projects/{code}/quota": Door(
        BUREAU | {BUILDER}, at("/api/v1/projects/p-{whose}/quota"), scoped=True
    ),
    "GET /api/v1/projects/{code}/days": Door(
        BUREAU | {BUILDER}, at("/api/v1/projects/p-{whose}/days"), scoped=True
    ),
    "GET /api/v1/projects/{code}/days/{day}/windows": Door(
        BUREAU | {BUILDER}, at(f"/api/v1/projects/p-{{whose}}/days/{DAY}/windows"), scoped=True
    ),
    "POST /api/v1/projects/{code}/voucher": Door({Role.CLERK}, a_voucher, yes=201),
    "POST /api/v1/projects/{code}/cap": Door(
        {Role.CLERK},
        at("/api/v1/projects/p-mine/cap", json={"cap_fen": 1, "reason": "核定"}),
        yes=201,
    ),
    "POST /api/v1/projects/{code}/lapse": Door(
        {Role.CLERK},
        at("/api/v1/projects/p-mine/lapse", json={"reason": "到期"}),
        yes=201,
    ),
    "POST /api/v1/projects/{code}/rate": Door(
        {Role.CLERK},
        at(
            "/api/v1/projects/p-mine/rate",
            json={"policy": "none", "since": "2026-03-01", "facts": {}, "reason": "x"},
        ),
        yes=404,
    ),
    "POST /api/v1/projects/{code}/reservations": Door(
        {Role.CLERK},
        at(
            "/api/v1/projects/p-mine/reservations",
            json={"fen": 1, "plan": "训练", "until": "2026-12-31"},
        ),
        yes=201,
    ),
    "GET /api/v1/projects/{code}/reservations": Door(
        BUREAU | {BUILDER}, at("/api/v1/projects/p-{whose}/reservations"), scoped=True
    ),
    "DELETE /api/v1/projects/{code}/reservations/{key}": Door({Role.CLERK}, a_reservation),
    "POST /api/v1/accruals": Door({Role.CLERK}, at("/api/v1/accruals")),
    "POST /api/v1/projects/{code}/year-cap": Door(
        {Role.CLERK}, at("/api/v1/projects/p-mine/year-cap", json={"since": 1}), yes=422
    ),
    "GET /api/v1/pools": Door(BUREAU, at("/api/v1/pools")),
    "POST /api/v1/pools": Door(PAYERS, at("/api/v1/pools", json={"year": 1}), yes=422),
    "GET /pools": Door(BUREAU, at("/pools")),
    "POST /pools": Door(PAYERS, at("/pools", data={"year": "1"}), yes=422),
    "POST /api/v1/projects/{code}/validity": Door(
        {Role.CLERK}, at("/api/v1/projects/p-mine/validity", json={"reason": "x"}), yes=422
    ),
    "GET /api/v1/policies": Door(BUREAU | {BUILDER}, at("/api/v1/policies")),
    "POST /api/v1/policies/{version}/payable": Door(
        {Role.CLERK}, at("/api/v1/policies/none/payable", json={"reason": "x"}), yes=404
    ),
    "POST /api/v1/policies/{version}/end": Door(
        {Role.CLERK},
        at("/api/v1/policies/none/end", json={"until": "2027-01-01", "reason": "x"}),
        yes=404,
    ),
    "GET /projects": Door(BUREAU | {BUILDER}, at("/projects"), yes=(200, 303)),
    "GET /projects/{code}": Door(BUREAU | {BUILDER}, at("/projects/p-{whose}"), scoped=True),
    "GET /projects/{code}/days/{day}": Door(
        BUREAU | {BUILDER}, at(f"/projects/p-{{whose}}/days/{DAY}"), scoped=True
    ),
    "POST /projects/{code}/rate": Door(
        RECONCILING,
        at("/projects/none/rate", data={"policy": "x", "since": "2026-03-01", "reason": "x"}),
        yes=404,
    ),
    "POST /projects/{code}/voucher": Door(
        RECONCILING, at("/projects/none/voucher", data={"policy": "x", "clause": "09-1"}), yes=404
    ),
    "POST /projects/{code}/cap": Door(
        RECONCILING, at("/projects/none/cap", data={"yuan": "1", "reason": "x"}), yes=404
    ),
    "GET /policies": Door(BUREAU | {BUILDER}, at("/policies")),
    "POST /policies/{version}/payable": Door(
        RECONCILING, at("/policies/none/payable", data={"reason": "x"}), yes=404
    ),
    "POST /policies/{version}/end": Door(
        RECONCILING, at("/policies/none/end", data={"until": "2027-01-01", "reason": "x"}), yes=404
    ),
    "POST /projects/{code}/year-cap": Door(
        RECONCILING, at("/projects/none/year-cap", data={"since": "2026", "reason": "x"}), yes=404
    ),
    "POST /projects/{code}/validity": Door(
        RECONCILING, at("/projects/none/validity", data={"reason": "x"}), yes=404
    ),
    "POST /projects/{code}/lapse": Door(
        RECONCILING, at("/projects/none/lapse", data={"reason": "x"}), yes=404
    ),
}
