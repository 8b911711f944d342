"""Agents: the codes that let them in, their enrolment, their list, and the end of one."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from agents import wire
from api.door import access
from api.door.access import Right
from api.door.batch_decoder import read_kept
from api.door.dependencies import Db, LateAfter, Now, ReadDb, having
from api.door.files import download_table
from api.door.problems import Refusal
from api.door.route_table import limited
from api.door.signer import Signer, signer
from api.language.format import moment
from api.language.i18n import gettext as _
from api.metering.agents.schemas import (
    EnrolmentCodeCreate,
    EnrolmentCodeRead,
    ServerKeyRead,
    WaitingCodeRead,
)
from api.metering.schemas import AgentRead
from api.metering.wire_schemas import of_wire
from ledger.formats.spreadsheets.export import Rows
from ledger.formats.visible import is_seen
from ledger.metering.queries import agents as agent_queries
from ledger.metering.queries.agents import AgentStatus
from ledger.metering.steps import enrol
from ledger.metering.steps.intake import release
from ledger.people.steps.credentials import Viewer
from ledger.postgres.columns import key

router = APIRouter(tags=["agents"])

_SCHEMAS, SCHEMAS = of_wire(wire.Enrol, wire.Enrolment)
_OPENAPI: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": _SCHEMAS[0]}},
    },
    "responses": {
        "201": {
            "description": "The node's key is known; the same code, key and node, the same answer.",
            "content": {"application/json": {"schema": _SCHEMAS[1]}},
        }
    },
}


async def wish(request: Request) -> wire.Enrol:
    """What the node asks, in the wire's own words."""
    try:
        enrolment = msgspec.json.decode(await request.body(), type=wire.Enrol)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refusal(422, "not_enrolment", {"detail": str(error)}) from error
    if not is_seen(enrolment.node):
        raise Refusal(422, "unusable_value")
    return enrolment


@router.post("/agents", status_code=201, openapi_extra=_OPENAPI, response_class=Response)
@limited(guesses=True)
def enrol_agent(
    enrolment: Annotated[wire.Enrol, Depends(wish)],
    of_server: Annotated[Signer, Depends(signer)],
    db: Db,
    now: Now,
) -> Response:
    """Enrol an agent: register its node's key with a one-time code, which is the credential.

    A header of the answer has the server's own key, with which it signs receipts: an older agent
    would refuse an answer with one more field.
    """
    agent = enrol.enrol(
        db, enrolment.code, bytes.fromhex(enrolment.public_key), enrolment.node, now
    )
    cluster = enrol.cluster_of(db, agent)
    answer = wire.Enrolment(agent=agent.id, cluster=cluster.name, node=agent.node)
    headers = {wire.SERVER_KEY_HEADER: of_server.public_key, "Content-Type": "application/json"}
    return Response(msgspec.json.encode(answer), 201, headers)


@router.get("/server-key")
def server_key(of_server: Annotated[Signer, Depends(signer)]) -> ServerKeyRead:
    """Tell the key with which the server signs the receipts that a courier carries back."""
    return ServerKeyRead(public_key=of_server.public_key)


@router.post("/enrolment-codes", status_code=201)
def issue_code(
    request: EnrolmentCodeCreate,
    viewer: Annotated[Viewer, having(Right.TEND_AGENTS)],
    db: Db,
    now: Now,
) -> EnrolmentCodeRead:
    """Issue a code by which one node of a cluster enrols within a day, or some days."""
    cluster = access.cluster(db, viewer, request.cluster)
    lasts = timedelta(days=request.days)
    code = enrol.issue_code(
        db, cluster=key(cluster), source=request.source, actor=viewer.actor, now=now,
        history_from=request.history_from, lasts=lasts,
    )  # fmt: skip
    return EnrolmentCodeRead(code=code, expires_at=now + lasts)


@router.get("/enrolment-codes")
def codes(
    viewer: Annotated[Viewer, having(Right.TEND_AGENTS)], db: ReadDb, now: Now
) -> list[WaitingCodeRead]:
    """List the codes that still let a node in: of the viewer's centre, or all; never themselves."""
    rows = agent_queries.waiting_codes(db, viewer.centre, now)
    return [WaitingCodeRead.model_validate(vars(row)) for row in rows]


@router.get("/agents")
def agents(
    viewer: Annotated[Viewer, having(Right.READ_AGENTS)], db: ReadDb, now: Now
) -> list[AgentRead]:
    """List the agents of the viewer's centre, or of all, with the last report of each."""
    return [agent_read(a, now) for a in agent_queries.agents(db, viewer.centre)]


@router.get("/agents.{form}", response_class=Response)
def agents_file(
    form: Literal["csv", "xlsx"],
    viewer: Annotated[Viewer, having(Right.READ_AGENTS)],
    db: ReadDb,
    now: Now,
) -> Response:
    """Download the agents of the viewer's centre, or of all, as a spreadsheet: a row an agent."""
    return download_table(_rows(agents(viewer, db, now)), f"agents.{form}")


@router.post("/agents/{agent}/approval", status_code=204)
def approve(
    agent: UUID,
    viewer: Annotated[Viewer, having(Right.ADMIT_USAGE)],
    db: Db,
    now: Now,
    late_after: LateAfter,
) -> None:
    """Let an agent count that was enrolled with its centre's code, and what waits of it."""
    enrol.approve_agent(db, agent, viewer.actor, now)
    release(db, read_kept, now, late_after=late_after)


@router.delete("/agents/{agent}", status_code=204)
def revoke(
    agent: UUID, viewer: Annotated[Viewer, having(Right.TEND_AGENTS)], db: Db, now: Now
) -> None:
    """Revoke an agent's key; what it reported stays."""
    enrol.revoke_agent(db, agent, now, centre=viewer.centre)


def agent_read(agent: AgentStatus, now: datetime) -> AgentRead:
    """An agent as lists show it."""
    lag = None if agent.reported_at is None else int((now - agent.reported_at).total_seconds())
    skew = None if agent.skew is None else round(agent.skew.total_seconds())
    return AgentRead.model_validate(
        {**vars(agent), "lag_s": lag, "skew_s": skew, "skewed": agent.is_skewed}
    )


def _rows(agents_read: list[AgentRead]) -> Rows:
    yield [
        _("编号"), _("集群"), _("节点"), _("来源"), _("最近上报"), _("时钟差秒"), _("批准"),
        _("停用"),
    ]  # fmt: skip
    for row in agents_read:
        yield [
            str(row.id), row.cluster, row.node, row.source, _when(row.reported_at),
            "" if row.skew_s is None else Decimal(row.skew_s),
            _when(row.approved_at), _when(row.revoked_at),
        ]  # fmt: skip


def _when(at: datetime | None) -> str:
    return moment(at) if at else ""
