"""The doors of claims and what they rest on."""

from ledger.people.codes import Role
from tests.support.api.asks import (
    AN_ACCOUNT,
    AN_ACCOUNT_FORM,
    AN_OBJECTION,
    a_claim,
    at,
    of_a_claim,
)
from tests.support.api.doors.door import (
    BUILDER,
    BUREAU,
    BUSINESS,
    CLAIMING,
    HANDLING,
    OPERATOR,
    SCOPED,
    Door,
)
from tests.support.claims import file

BRINGING = CLAIMING | {OPERATOR}
MOVING = HANDLING | SCOPED

CLAIMS = {
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
    "POST /api/v1/claims/{number}/dossier": Door(
        {Role.CLERK, Role.AUDITOR}, at("/api/v1/claims/none/dossier"), yes=404
    ),
    "POST /claims/{number}/dossier": Door(
        {Role.CLERK, Role.AUDITOR}, at("/claims/none/dossier"), yes=404
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
    "GET /number-reads": Door(BUREAU, at("/number-reads")),
    "GET /api/v1/number-reads": Door(BUREAU, at("/api/v1/number-reads")),
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
    "POST /api/v1/claims/{number}/holds": Door(
        HANDLING,
        at("/api/v1/claims/none/holds", json={"kind": "credit", "reason": "a"}),
        yes=404,
    ),
    "POST /api/v1/claims/{number}/holds/{hold}/end": Door(
        HANDLING, at("/api/v1/claims/none/holds/1/end", json={"outcome": "a"}), yes=404
    ),
    "POST /claims/{number}/holds": Door(
        HANDLING, at("/claims/none/holds", data={"kind": "credit", "reason": "a"}), yes=404
    ),
    "POST /claims/{number}/holds/{hold}": Door(
        HANDLING, at("/claims/none/holds/1", data={"outcome": "a"}), yes=404
    ),
    "GET /publications": Door(None, at("/publications")),
}
