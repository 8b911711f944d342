"""Every route: to whom it opens, what to ask there, and what a yes is."""

from collections.abc import Callable
from dataclasses import dataclass

from ledger.people.codes import Role
from tests.support.api.asks import (
    A_CAPACITY,
    A_CORRECTION,
    A_MONTH,
    A_MOVE,
    A_REASON,
    A_RECOVERY,
    A_REFUND,
    A_RULING,
    A_SIGHT,
    A_YEAR_END,
    AN_ACCOUNT,
    AN_ACCOUNT_FORM,
    AN_ANSWER,
    AN_EXTRA,
    AN_INDICATOR,
    AN_OBJECTION,
    DAY,
    LATE,
    WRONG_CODE,
    WRONG_REQUEST,
    Ask,
    a_claim,
    a_receipt,
    a_registered_gpu,
    a_reservation,
    a_token,
    a_voucher,
    agent_of,
    an_hour,
    approval_of,
    at,
    at_a_receipt,
    code_for,
    of_a_claim,
    of_a_statement,
    of_an_invoice,
    page_of_an_approval,
    page_of_an_invoice,
    spare_token,
)
from tests.support.api.town import Town
from tests.support.claims import file
from tests.support.papers.proofs import pdf

OPERATOR, BUILDER = Role.OPERATOR, Role.BUILDER
SYSTEM, SECURITY, AUDIT = Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN


BUREAU = {Role.CLERK, Role.APPROVER, Role.FINANCE, Role.AUDITOR}


EVERYBODY = {*Role}  # who has signed in
BUSINESS = BUREAU | {OPERATOR, BUILDER}
LETTING_IN = {SECURITY, AUDIT, Role.AUDITOR}


LOOKUP = "/lookups?result=agrees&looked_up_on=2026-02-01"


SCOPED = {BUILDER, OPERATOR}
PAYERS = {Role.FINANCE}


RECONCILING = {Role.CLERK}


CLAIMING = {Role.CLERK, BUILDER}


BRINGING = CLAIMING | {OPERATOR}


MOVING = BUREAU - {Role.AUDITOR} | SCOPED


HANDING_IN = {Role.CLERK, OPERATOR}


@dataclass(frozen=True)
class Door:
    """A route: to whom it opens, what to ask there, and what a yes is.

    `roles` None: open to nobody in particular. `scoped`: it names one thing, which is one's own or
    another's; another's is not there, nor anything for the roles in `absent`.
    """

    roles: set[Role] | None
    ask: Callable[[Town, str], Ask]
    yes: int | tuple[int, ...] = 200
    scoped: bool = False
    absent: frozenset[Role] = frozenset()


NO_INCIDENT = (
    "cluster=c-{whose}&kind=gap&since=2026-03-01T00:00:00Z&until=2026-03-02T00:00:00Z&explanation=x"
)
AN_INCIDENT = {
    "cluster": "c-mine", "kind": "gap", "since": "2026-03-01T00:00:00Z",
    "until": "2026-03-02T00:00:00Z", "explanation": "x",
}  # fmt: skip
NO_STREAM = "00000000-0000-4000-8000-000000000000"


HANDLING = BUREAU - {Role.AUDITOR}


DOORS = {
    "GET /healthz": Door(None, at("/healthz")),
    "GET /readyz": Door(None, at("/readyz")),
    "GET /metrics": Door({SYSTEM, Role.AUDITOR}, at("/metrics")),
    "GET /openapi.json": Door(EVERYBODY, at("/openapi.json")),
    "GET /docs": Door(EVERYBODY, at("/docs")),
    "POST /api/v1/evaluations": Door(
        EVERYBODY, at("/api/v1/evaluations?policy=yinchuan-2024-draft", json=[])
    ),
    # its code, and its signature, are the credentials
    "POST /api/v1/agents": Door(None, at("/api/v1/agents", json=WRONG_CODE), yes=403),
    "POST /api/v1/batches": Door(None, at("/api/v1/batches", content=b"{}"), yes=422),
    "GET /api/v1/server-key": Door(None, at("/api/v1/server-key")),
    "GET /api/v1/agents": Door(BUREAU | {OPERATOR, SYSTEM}, at("/api/v1/agents")),
    "DELETE /api/v1/agents/{agent}": Door({SYSTEM, OPERATOR}, agent_of, yes=204, scoped=True),
    "POST /api/v1/enrolment-codes": Door({SYSTEM, OPERATOR}, code_for, yes=201, scoped=True),
    "POST /api/v1/enrolment-requests": Door(
        {SYSTEM, OPERATOR}, at("/api/v1/enrolment-requests", json=WRONG_REQUEST), yes=403
    ),
    "POST /api/v1/agents/{agent}/approval": Door({Role.CLERK}, approval_of, yes=204),
    "POST /api/v1/quarantine/admissions": Door(
        {Role.CLERK}, at("/api/v1/quarantine/admissions", json=LATE), yes=422
    ),
    "POST /api/v1/capacities": Door(
        {Role.CLERK}, at("/api/v1/capacities", json=A_CAPACITY), yes=201
    ),
    "POST /api/v1/corrections": Door(
        {Role.CLERK}, at("/api/v1/corrections", json=A_CORRECTION), yes=422
    ),
    "GET /api/v1/evidence": Door(
        BUREAU | {OPERATOR, BUILDER}, at("/api/v1/evidence?month=2026-03")
    ),
    "GET /api/v1/incidents": Door(BUREAU | {OPERATOR}, at("/api/v1/incidents")),
    "GET /api/v1/incidents/unexplained": Door(
        BUREAU | {OPERATOR}, at("/api/v1/incidents/unexplained")
    ),
    "POST /api/v1/incidents": Door(
        {Role.CLERK, OPERATOR},
        at(f"/api/v1/incidents?{NO_INCIDENT}", files={"file": ("x.pdf", pdf("log"))}),
        yes=422,
        scoped=True,
    ),
    "GET /api/v1/incidents/{incident}/file": Door(
        BUREAU | {OPERATOR}, at("/api/v1/incidents/999999/file"), yes=404
    ),
    "POST /api/v1/incidents/{incident}/ruling": Door(
        {Role.CLERK},
        at("/api/v1/incidents/999999/ruling", json={"counts": True, "reason": "x"}),
        yes=404,
    ),
    "GET /api/v1/findings": Door(BUREAU | {OPERATOR}, at("/api/v1/findings?kind=unowned")),
    "GET /api/v1/hours/{cluster}": Door(
        BUREAU | {OPERATOR}, at(f"/api/v1/hours/c-{{whose}}?day={DAY}"), scoped=True
    ),
    "GET /api/v1/hours/{cluster}/{gpu}": Door(
        BUREAU | {OPERATOR}, an_hour("/api/v1/hours"), scoped=True
    ),
    "GET /api/v1/sources": Door(BUREAU | {OPERATOR}, at("/api/v1/sources")),
    "GET /api/v1/inventory": Door(BUREAU | {OPERATOR}, at("/api/v1/inventory")),
    "POST /api/v1/inventory": Door(
        {Role.CLERK, OPERATOR}, at("/api/v1/inventory", json=A_SIGHT), yes=409
    ),
    "GET /api/v1/nodes": Door(
        BUREAU | {OPERATOR}, at("/api/v1/nodes?cluster=c-{whose}"), scoped=True
    ),
    "GET /api/v1/nodes/{cluster}/{node}/witness": Door(
        BUREAU | {OPERATOR},
        at(f"/api/v1/nodes/c-{{whose}}/n-{{whose}}/witness?day={DAY}"),
        scoped=True,
    ),
    "GET /api/v1/nodes/{cluster}/{node}": Door(
        BUREAU | {OPERATOR}, at("/api/v1/nodes/c-{whose}/n-{whose}"), scoped=True
    ),
    "POST /api/v1/quarantine/release": Door({SYSTEM, OPERATOR}, at("/api/v1/quarantine/release")),
    "GET /api/v1/projects": Door(BUREAU | {BUILDER}, at("/api/v1/projects")),
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
    "GET /api/v1/usage": Door(BUSINESS, at("/api/v1/usage")),
    "POST /api/v1/registry": Door({Role.CLERK}, at("/api/v1/registry", content=b"{}")),
    "POST /api/v1/registry/preview": Door(
        {Role.CLERK}, at("/api/v1/registry/preview", content=b"{}")
    ),
    "GET /api/v1/registry/{section}": Door(BUREAU | {OPERATOR}, at("/api/v1/registry/contracts")),
    "GET /api/v1/registry/{section}.{form}": Door(
        BUREAU | {OPERATOR}, at("/api/v1/registry/contracts.csv")
    ),
    "GET /api/v1/registry/{section}/{key}": Door(
        BUREAU | {OPERATOR}, a_registered_gpu("/api/v1"), scoped=True
    ),
    "GET /registry": Door(BUREAU | {OPERATOR}, at("/registry")),
    "GET /registry/{section}": Door(BUREAU | {OPERATOR}, at("/registry/contracts")),
    "GET /registry/{section}/{key}": Door(BUREAU | {OPERATOR}, a_registered_gpu(""), scoped=True),
    "GET /registry/file": Door({Role.CLERK}, at("/registry/file")),
    "POST /registry/file": Door({Role.CLERK}, at("/registry/file", data={"content": "{}"})),
    "GET /registry/{section}/new": Door({Role.CLERK}, at("/registry/bindings/new")),
    "POST /registry/{section}/new": Door(
        {Role.CLERK}, at("/registry/bindings/new", data={}), yes=422
    ),
    "POST /api/v1/accruals": Door({Role.CLERK}, at("/api/v1/accruals")),
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
    "POST /api/v1/cost-documents/{document}/deductions": Door(
        {Role.CLERK, OPERATOR},
        at("/api/v1/cost-documents/999999/deductions", json={"contract": "-", "fen": 1}),
        yes=404,
    ),
    "GET /api/v1/deductions": Door(BUSINESS, at("/api/v1/deductions")),
    "POST /api/v1/deductions/{deduction}/confirm": Door(
        CLAIMING, at("/api/v1/deductions/999999/confirm"), yes=404
    ),
    "POST /api/v1/deductions/{deduction}/consent": Door(
        {Role.CLERK}, at("/api/v1/deductions/999999/consent", content=b"?"), yes=422
    ),
    "GET /api/v1/deductions/{deduction}/consent": Door(
        BUSINESS, at("/api/v1/deductions/999999/consent"), yes=404
    ),
    "POST /api/v1/deductions/{deduction}/fall": Door(
        {Role.CLERK}, at("/api/v1/deductions/999999/fall", json={"reason": "?"}), yes=404
    ),
    "POST /api/v1/redemptions": Door(
        {Role.CLERK, OPERATOR}, at("/api/v1/redemptions", json={"project": "none"}), yes=404
    ),
    "GET /api/v1/decisions": Door(BUREAU, at("/api/v1/decisions")),
    "GET /api/v1/decisions/{key}": Door(BUREAU, at("/api/v1/decisions/999999"), yes=404),
    "GET /api/v1/decisions/{key}/view": Door(BUREAU, at("/api/v1/decisions/999999/view"), yes=404),
    "POST /api/v1/decisions/{key}/answer": Door(
        BUSINESS - {Role.AUDITOR},
        at("/api/v1/decisions/999999/answer", json=AN_ANSWER),
        yes=404,
    ),
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
    "POST /api/v1/claims": Door(CLAIMING, a_claim, yes=422, scoped=True),
    "GET /api/v1/projects/{code}/claimable": Door(
        BUREAU | {BUILDER}, at("/api/v1/projects/p-{whose}/claimable"), scoped=True
    ),
    # the claim that is asked for is a builder's; what a centre redeems: `test_redemptions.py`
    "GET /api/v1/claims": Door(BUSINESS, at("/api/v1/claims")),
    "GET /api/v1/claims/{number}": Door(
        BUSINESS, of_a_claim(), scoped=True, absent=frozenset({OPERATOR})
    ),
    "POST /api/v1/claims/{number}/files": Door(
        BRINGING,
        of_a_claim("/files?role=other", content=b"?"),
        yes=201,
        scoped=True,
        absent=frozenset({OPERATOR}),
    ),
    "GET /api/v1/claims/{number}/papers/{paper}": Door(
        BUSINESS, of_a_claim("/papers/application"), scoped=True, absent=frozenset({OPERATOR})
    ),
    "GET /api/v1/claims/{number}/files/{hash_}": Door(
        BUSINESS,
        of_a_claim(f"/files/{file('receipt').hash}"),
        scoped=True,
        absent=frozenset({OPERATOR}),
    ),
    "POST /api/v1/claims/{number}/actions": Door(
        BRINGING,
        of_a_claim("/actions", json={"action": "withdraw"}),
        scoped=True,
        absent=frozenset({OPERATOR}),
    ),
    "POST /api/v1/claims/{number}/approval": Door(
        HANDLING, of_a_claim("/approval", json={}), yes=409
    ),
    "GET /api/v1/publications": Door(None, at("/api/v1/publications")),
    "POST /api/v1/objections": Door(HANDLING, at("/api/v1/objections", json=AN_OBJECTION), yes=404),
    "POST /api/v1/objections/{key}/resolution": Door(
        HANDLING,
        at("/api/v1/objections/999999/resolution", json={"upheld": True, "resolution": "属实"}),
        yes=404,
    ),
    "GET /api/v1/bank-accounts": Door(BUSINESS, at("/api/v1/bank-accounts")),
    "POST /api/v1/bank-accounts": Door(
        BRINGING, at("/api/v1/bank-accounts", json=AN_ACCOUNT), yes=201
    ),
    "POST /api/v1/tokens": Door({SECURITY}, a_token, yes=201),
    "POST /api/v1/tokens/renew": Door(EVERYBODY, at("/api/v1/tokens/renew", json={}), yes=201),
    "GET /api/v1/tokens": Door(LETTING_IN, at("/api/v1/tokens")),
    "POST /api/v1/tokens/{token}/confirmation": Door(
        {SECURITY}, at("/api/v1/tokens/999999/confirmation"), yes=404
    ),
    "DELETE /api/v1/tokens/{token}": Door({SECURITY}, spare_token, yes=204),
    "GET /api/v1/sign-ins": Door({AUDIT, Role.AUDITOR}, at("/api/v1/sign-ins")),
    "GET /api/v1/sessions": Door(EVERYBODY, at("/api/v1/sessions")),
    "DELETE /api/v1/sessions/{session}": Door(EVERYBODY, at("/api/v1/sessions/9"), yes=404),
    "GET /api/v1/indicators": Door(BUREAU, at("/api/v1/indicators")),
    "POST /api/v1/indicators": Door(PAYERS, at("/api/v1/indicators", json=AN_INDICATOR), yes=201),
    "POST /api/v1/indicators/{year}/{number}/changes": Door(
        PAYERS, at("/api/v1/indicators/2026/none/changes", json={"fen": 1}), yes=404
    ),
    "GET /api/v1/payables": Door(BUREAU, at("/api/v1/payables")),
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
    "GET /number-reads": Door(BUREAU, at("/number-reads")),
    "GET /api/v1/number-reads": Door(BUREAU, at("/api/v1/number-reads")),
    "GET /api/v1/bank-rows": Door(BUREAU, at("/api/v1/bank-rows")),
    "POST /api/v1/bank-rows/{row}/rulings": Door(
        PAYERS, at("/api/v1/bank-rows/9/rulings", json=A_RULING), yes=404
    ),
    "GET /api/v1/refunds": Door(BUREAU, at("/api/v1/refunds")),
    "POST /api/v1/refunds": Door(PAYERS, at("/api/v1/refunds", json=A_REFUND), yes=404),
    "GET /api/v1/recoveries": Door(BUREAU, at("/api/v1/recoveries")),
    "POST /api/v1/recoveries": Door(PAYERS, at("/api/v1/recoveries", json=A_RECOVERY), yes=422),
    "POST /api/v1/year-end": Door(PAYERS, at("/api/v1/year-end", json=A_YEAR_END), yes=404),
    # pages
    "* /static": Door(None, at("/static/style.css")),
    "GET /": Door(None, at("/")),
    "GET /sign-in": Door(None, at("/sign-in")),
    "POST /sign-in": Door(None, at("/sign-in", data={"token": "sq_wrong"}), yes=403),
    "GET /sign-in/once": Door(None, at("/sign-in/once?code=x")),
    "POST /sign-in/once": Door(None, at("/sign-in/once", data={"code": "x"}), yes=403),
    "POST /sign-in/drill": Door(None, at("/sign-in/drill", data={"part": "1"}), yes=403),
    "POST /sign-out": Door(None, at("/sign-out"), yes=303),
    "GET /rights": Door(EVERYBODY, at("/rights")),
    "GET /api/v1/rights": Door(EVERYBODY, at("/api/v1/rights")),
    "GET /sign-ins": Door({AUDIT, Role.AUDITOR}, at("/sign-ins")),
    "GET /people": Door(LETTING_IN, at("/people")),
    "POST /people/tokens": Door(
        {SECURITY}, at("/people/tokens", data={"role": "auditor", "person": "某人"})
    ),
    "POST /people/tokens/{token}/confirmation": Door(
        {SECURITY}, at("/people/tokens/999999/confirmation"), yes=404
    ),
    "POST /people/tokens/{token}/end": Door({SECURITY}, at("/people/tokens/999999/end"), yes=404),
    "GET /agents": Door(BUREAU | {OPERATOR, SYSTEM}, at("/agents")),
    "GET /sessions": Door(EVERYBODY, at("/sessions")),
    "POST /sessions/{session}/end": Door(EVERYBODY, at("/sessions/9/end"), yes=404),
    "POST /sessions/end-others": Door(EVERYBODY, at("/sessions/end-others"), yes=303),
    "GET /eligibility": Door(EVERYBODY, at("/eligibility?seats=500")),
    "GET /eligibility/{clause}": Door(EVERYBODY, at("/eligibility/07-1?seats=500")),
    "GET /projects": Door(BUREAU | {BUILDER}, at("/projects"), yes=(200, 303)),
    "GET /projects/{code}": Door(BUREAU | {BUILDER}, at("/projects/p-{whose}"), scoped=True),
    "GET /projects/{code}/days/{day}": Door(
        BUREAU | {BUILDER}, at(f"/projects/p-{{whose}}/days/{DAY}"), scoped=True
    ),
    "GET /hours/{cluster}": Door(
        BUREAU | {OPERATOR}, at(f"/hours/c-{{whose}}?day={DAY}"), scoped=True
    ),
    "GET /hours/{cluster}/{gpu}": Door(BUREAU | {OPERATOR}, an_hour("/hours"), scoped=True),
    "GET /sources": Door(BUREAU | {OPERATOR}, at("/sources")),
    "GET /inventory": Door(BUREAU | {OPERATOR}, at("/inventory")),
    "POST /inventory": Door({Role.CLERK, OPERATOR}, at("/inventory", data={}), yes=422),
    "GET /nodes": Door(BUREAU | {OPERATOR}, at("/nodes?cluster=c-{whose}"), scoped=True),
    "GET /nodes/{cluster}/{node}": Door(
        BUREAU | {OPERATOR}, at("/nodes/c-{whose}/n-{whose}"), scoped=True
    ),
    "GET /nodes/{cluster}/{node}/{day}": Door(
        BUREAU | {OPERATOR}, at(f"/nodes/c-{{whose}}/n-{{whose}}/{DAY}"), scoped=True
    ),
    "GET /courier": Door({SYSTEM, OPERATOR}, at("/courier")),
    "POST /courier": Door({SYSTEM, OPERATOR}, at("/courier", files={"file": ("x", b"?")}), yes=422),
    "GET /courier/{number}": Door({SYSTEM, OPERATOR}, at("/courier/999999"), yes=404),
    "GET /courier/{number}/answer": Door({SYSTEM, OPERATOR}, at("/courier/999999/answer"), yes=404),
    "GET /evidence": Door(BUREAU | {OPERATOR}, at("/evidence")),
    "POST /evidence/incidents": Door(
        {Role.CLERK, OPERATOR},
        at("/evidence/incidents", files={"file": ("x.pdf", pdf("log"))}, data=AN_INCIDENT),
        yes=422,
    ),
    "GET /incidents/{incident}/file": Door(
        BUREAU | {OPERATOR}, at("/incidents/999999/file"), yes=404
    ),
    "POST /incidents/{incident}/ruling": Door(
        {Role.CLERK},
        at("/incidents/999999/ruling", data={"counts": "true", "reason": "x"}),
        yes=404,
    ),
    "POST /agents/{agent}/approval": Door({Role.CLERK}, page_of_an_approval, yes=303),
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
    "POST /reconcile/{contract}/{month}/move": Door(
        RECONCILING, at(f"{A_MONTH}/move", data=AN_EXTRA), yes=404
    ),
    "POST /reconcile/{contract}/{month}/messages": Door(
        RECONCILING, at(f"{A_MONTH}/messages", data={"code": "R07", "body": "?"}), yes=404
    ),
    "GET /statements": Door(BUSINESS, at("/statements")),
    "POST /statements": Door(RECONCILING, at("/statements", data={"month": "none"}), yes=422),
    "GET /statements/{number}": Door(BUSINESS, at("/statements/none"), yes=404),
    "POST /statements/{number}": Door(
        SCOPED, at("/statements/none", data={"answer": "confirmed"}), yes=404
    ),
    "GET /centre": Door(BUREAU | {OPERATOR}, at("/centre"), yes=(200, 303)),
    "POST /centre/messages/{message}": Door(
        HANDING_IN, at("/centre/messages/999999", data={"body": "a"}), yes=404
    ),
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
    "POST /documents/{document}/deductions": Door(
        {Role.CLERK, OPERATOR},
        at("/documents/999999/deductions", data={"contract": "-", "yuan": "1"}),
        yes=404,
    ),
    "GET /deductions": Door(BUSINESS, at("/deductions")),
    "POST /deductions/{deduction}/confirm": Door(
        CLAIMING, at("/deductions/999999/confirm"), yes=404
    ),
    "POST /deductions/{deduction}/consent": Door(
        {Role.CLERK},
        at("/deductions/999999/consent", files={"file": ("a.pdf", b"?")}),
        yes=422,
    ),
    "GET /deductions/{deduction}/consent": Door(
        BUSINESS, at("/deductions/999999/consent"), yes=404
    ),
    "POST /deductions/{deduction}/fall": Door(
        {Role.CLERK}, at("/deductions/999999/fall", data={"reason": "?"}), yes=404
    ),
    "POST /redemptions": Door(
        {Role.CLERK, OPERATOR}, at("/redemptions", data={"project": "none"}), yes=404
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
    "GET /claims/{number}/print/{paper}": Door(
        BUSINESS, at("/claims/DF-2026-9999/print/application"), yes=404
    ),
    "GET /claims": Door(BUSINESS, at("/claims")),
    "POST /claims": Door(CLAIMING, at("/claims", data={"project": "p-mine"}), yes=(303, 422)),
    "GET /claims/{number}": Door(BUSINESS, at("/claims/none"), yes=404),
    "POST /claims/files": Door(
        BRINGING,
        at("/claims/files", files={"file": ("x", b"?")}, data={"number": "-", "role": "other"}),
        yes=404,
    ),
    "POST /claims/{number}/step": Door(
        MOVING, at("/claims/none/step", data={"action": "submit"}), yes=404
    ),
    "POST /claims/{number}/account": Door(
        BRINGING, at("/claims/none/account", data=AN_ACCOUNT_FORM), yes=404
    ),
    "POST /claims/{number}/objections": Door(
        HANDLING,
        at("/claims/none/objections", data={"objector": "a", "contact": "b", "body": "c"}),
        yes=404,
    ),
    "POST /claims/{number}/objections/{objection}": Door(
        HANDLING,
        at("/claims/none/objections/1", data={"upheld": "no", "resolution": "a"}),
        yes=404,
    ),
    "POST /claims/{number}/approval": Door(HANDLING, at("/claims/none/approval"), yes=404),
    "GET /months/{month}": Door(BUREAU, at("/months/2026-03")),
    "GET /postings": Door(BUREAU, at("/postings")),
    "GET /postings/{number}": Door(BUREAU, at("/postings/1")),
    "GET /batches/{stream}/{number}": Door(BUREAU, at(f"/batches/{NO_STREAM}/1"), yes=404),
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
    "GET /publications": Door(None, at("/publications")),
    "POST /decisions/{decision}": Door(
        BUSINESS - {Role.AUDITOR}, at("/decisions/999999", data=AN_ANSWER), yes=404
    ),
    # last of all: the contracts that these register give other doors something behind them
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
