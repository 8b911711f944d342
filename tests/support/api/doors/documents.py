"""The doors of invoices, receipts and bank statements."""

from ledger.people.codes import Role
from tests.support.api.asks import (
    DAY,
    a_receipt,
    at,
    at_a_receipt,
    of_an_invoice,
    page_of_an_invoice,
)
from tests.support.api.doors.door import (
    BUILDER,
    BUSINESS,
    CLAIMING,
    HANDING_IN,
    Door,
)
from tests.support.papers.proofs import pdf

LOOKUP = "/lookups?result=agrees&looked_up_on=2026-02-01"

DOCUMENTS = {
    "POST /api/v1/cost-documents": Door(
        HANDING_IN, at("/api/v1/cost-documents", content=b"?"), yes=422
    ),
    "POST /api/v1/cost-documents/keyed": Door(
        HANDING_IN, at("/api/v1/cost-documents/keyed", content=b"?"), yes=422
    ),
    "POST /api/v1/cost-documents/list": Door(
        HANDING_IN, at("/api/v1/cost-documents/list", content=b"?"), yes=422
    ),
    "GET /api/v1/cost-documents": Door(BUSINESS, at("/api/v1/cost-documents")),
    "GET /api/v1/cost-documents/{document}": Door(BUSINESS, of_an_invoice(), scoped=True),
    "GET /api/v1/cost-documents/{document}/original": Door(
        BUSINESS, of_an_invoice("/original"), scoped=True
    ),
    "POST /api/v1/cost-documents/confirmations": Door(
        BUSINESS - {Role.AUDITOR},
        at(
            "/api/v1/cost-documents/confirmations",
            json={"documents": [{"decision": 999999, "seen": "0" * 64}]},
        ),
        yes=404,
    ),
    "POST /api/v1/cost-documents/{document}/lookups": Door(
        {Role.CLERK}, of_an_invoice(LOOKUP, content=pdf("looked up")), yes=201
    ),
    "GET /api/v1/cost-documents/{document}/lookups/{lookup}/original": Door(
        BUSINESS, of_an_invoice("/lookups/999999/original"), yes=404, scoped=True
    ),
    "POST /api/v1/cost-documents/{document}/period": Door(
        {Role.CLERK},
        of_an_invoice("/period", json={"since": DAY, "until": DAY, "reason": "来函"}),
        yes=422,
    ),
    "POST /api/v1/cost-documents/{document}/receipts": Door(
        {Role.CLERK, BUILDER}, a_receipt, yes=201, scoped=True
    ),
    "POST /api/v1/cost-documents/{document}/receipts/check": Door(
        {Role.CLERK},
        at("/api/v1/cost-documents/999999/receipts/check?reference=1"),
        yes=404,
    ),
    "GET /api/v1/cost-documents/{document}/receipts/original": Door(
        BUSINESS, at_a_receipt("/original"), scoped=True
    ),
    "POST /api/v1/cost-documents/{document}/freeze": Door(
        {Role.CLERK}, of_an_invoice("/freeze", json={"confirmation": "1"})
    ),
    "DELETE /api/v1/cost-documents/{document}/freeze": Door({Role.CLERK}, of_an_invoice("/freeze")),
    "GET /documents": Door(BUSINESS, at("/documents")),
    "POST /documents": Door(
        HANDING_IN,
        at("/documents", files={"file": ("x.xml", b"?")}, data={"how": "file"}),
        yes=422,
    ),
    "POST /documents/confirm": Door(
        BUSINESS - {Role.AUDITOR},
        at("/documents/confirm", data={"seen": f"999999:{'0' * 64}"}),
        yes=404,
    ),
    "POST /documents/{document}/lookups": Door(
        {Role.CLERK},
        at(
            "/documents/999999/lookups",
            files={"file": ("x.pdf", pdf("looked up"))},
            data={"result": "agrees", "looked_up_on": DAY},
        ),
        yes=404,
    ),
    "POST /documents/{document}/receipts": Door(
        CLAIMING,
        at(
            "/documents/999999/receipts",
            files={"file": ("x.pdf", pdf("paid"))},
            data={
                "reference": "1",
                "payer": "a",
                "payee": "b",
                "yuan": "1.00",
                "paid_on": DAY,
            },
        ),
        yes=404,
    ),
    "POST /documents/{document}/receipts/check": Door(
        {Role.CLERK},
        at("/documents/999999/receipts/check", data={"reference": "1"}),
        yes=404,
    ),
    "POST /documents/{document}/period": Door(
        {Role.CLERK},
        at("/documents/999999/period", data={"since": DAY, "until": DAY, "reason": "来函"}),
        yes=404,
    ),
    "GET /documents/new": Door(HANDING_IN, at("/documents/new")),
    "POST /documents/new": Door(HANDING_IN, at("/documents/new", data={"kind": "other"}), yes=422),
    "GET /documents/{document}": Door(BUSINESS, page_of_an_invoice, scoped=True),
    "POST /documents/{document}/freeze": Door(
        {Role.CLERK}, at("/documents/999999/freeze"), yes=404
    ),
}
