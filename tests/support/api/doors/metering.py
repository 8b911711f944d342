"""The doors of agents, usage and witnesses."""

from ledger.people.codes import Role
from tests.support.api.asks import (
    DAY,
    WRONG_CODE,
    WRONG_REQUEST,
    agent_of,
    an_hour,
    approval_of,
    at,
    code_for,
    page_of_a_code,
    page_of_an_approval,
    page_of_an_end,
)
from tests.support.api.doors.door import (
    BUILDER,
    BUREAU,
    BUSINESS,
    OPERATOR,
    SYSTEM,
    Door,
)
from tests.support.papers.proofs import pdf

NO_INCIDENT = (
    "cluster=c-{whose}&kind=gap&since=2026-03-01T00:00:00Z&until=2026-03-02T00:00:00Z&explanation=x"
)
AN_INCIDENT = {
    "cluster": "c-mine", "kind": "gap", "since": "2026-03-01T00:00:00Z",
    "until": "2026-03-02T00:00:00Z", "explanation": "x",
}  # fmt: skip

METERING = {
    # its code, and its signature, are the credentials
    "POST /api/v1/agents": Door(None, at("/api/v1/agents", json=WRONG_CODE), yes=403),
    "POST /api/v1/batches": Door(None, at("/api/v1/batches", content=b"{}"), yes=422),
    "GET /api/v1/server-key": Door(None, at("/api/v1/server-key")),
    "GET /api/v1/agents": Door(BUREAU | {OPERATOR, SYSTEM}, at("/api/v1/agents")),
    "GET /api/v1/agents.{form}": Door(BUREAU | {OPERATOR, SYSTEM}, at("/api/v1/agents.csv")),
    "DELETE /api/v1/agents/{agent}": Door({SYSTEM, OPERATOR}, agent_of, yes=204, scoped=True),
    "GET /api/v1/enrolment-codes": Door({SYSTEM, OPERATOR}, at("/api/v1/enrolment-codes")),
    "POST /api/v1/enrolment-codes": Door({SYSTEM, OPERATOR}, code_for, yes=201, scoped=True),
    "POST /api/v1/enrolment-requests": Door(
        {SYSTEM, OPERATOR}, at("/api/v1/enrolment-requests", json=WRONG_REQUEST), yes=403
    ),
    "POST /api/v1/agents/{agent}/approval": Door({Role.CLERK}, approval_of, yes=204),
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
    "GET /api/v1/hours/{cluster}": Door(
        BUREAU | {OPERATOR}, at(f"/api/v1/hours/c-{{whose}}?day={DAY}"), scoped=True
    ),
    "GET /api/v1/hours/{cluster}/{gpu}": Door(
        BUREAU | {OPERATOR}, an_hour("/api/v1/hours"), scoped=True
    ),
    "GET /api/v1/sources": Door(BUREAU | {OPERATOR}, at("/api/v1/sources")),
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
    "GET /api/v1/usage": Door(BUSINESS, at("/api/v1/usage")),
    "GET /agents": Door(BUREAU | {OPERATOR, SYSTEM}, at("/agents")),
    "GET /hours/{cluster}": Door(
        BUREAU | {OPERATOR}, at(f"/hours/c-{{whose}}?day={DAY}"), scoped=True
    ),
    "GET /hours/{cluster}/{gpu}": Door(BUREAU | {OPERATOR}, an_hour("/hours"), scoped=True),
    "GET /sources": Door(BUREAU | {OPERATOR}, at("/sources")),
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
    "POST /agents/codes": Door({SYSTEM, OPERATOR}, page_of_a_code, scoped=True),
    "POST /agents/{agent}/end": Door({SYSTEM, OPERATOR}, page_of_an_end, yes=303, scoped=True),
    "POST /agents/{agent}/approval": Door({Role.CLERK}, page_of_an_approval, yes=303),
}
