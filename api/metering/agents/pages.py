"""Who reports: the agents, the codes that let them in, and the end of one. No usage stands here.

A new code is shown on the page that answers the form, this once.
"""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse

from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, LateAfter, Now, ReadDb, having
from api.metering.agents import routes as agent_routes
from api.metering.agents.schemas import EnrolmentCodeCreate, EnrolmentCodeRead
from api.web.forms import form
from api.web.layout import Frame, Framed
from ledger.metering.steps.enrol import SOURCES
from ledger.metering.tables import Agent
from ledger.people.steps.credentials import Viewer
from ledger.registry.tables import Cluster

router = APIRouter(include_in_schema=False)
Reader = Annotated[Viewer, having(Right.READ_AGENTS)]
Tender = Annotated[Viewer, having(Right.TEND_AGENTS)]


@router.get("/agents")
def agent_list(viewer: Reader, frame: Framed, db: ReadDb, now: Now) -> HTMLResponse:
    """Which agents report, when each last did, and what waits for its agent."""
    return _page(viewer, frame, db, now)


@router.post("/agents/codes")
def issue_code(
    viewer: Tender,
    wish: Annotated[EnrolmentCodeCreate, form(EnrolmentCodeCreate)],
    *,
    frame: Framed,
    db: Db,
    now: Now,
) -> HTMLResponse:
    """Issue a code, and show it this once."""
    code = agent_routes.issue_code(wish, viewer, db, now)
    return _page(viewer, frame, db, now, code=code)


@router.post("/agents/{agent}/approval")
def approve(
    agent: UUID,
    viewer: Annotated[Viewer, having(Right.ADMIT_USAGE)],
    db: Db,
    now: Now,
    late_after: LateAfter,
) -> RedirectResponse:
    """Let an agent count that was enrolled with its centre's code."""
    agent_routes.approve(agent, viewer, db, now, late_after)
    cluster = db.get_one(Cluster, db.get_one(Agent, agent).cluster_id)
    return RedirectResponse(f"/nodes?{urlencode({'cluster': cluster.name})}", 303)


@router.post("/agents/{agent}/end")
def revoke(agent: UUID, viewer: Tender, db: Db, now: Now) -> RedirectResponse:
    """Revoke an agent's key; what it reported stays."""
    agent_routes.revoke(agent, viewer, db, now)
    return RedirectResponse("/agents", 303)


def _page(
    viewer: Viewer, frame: Frame, db: Db, now: Now, *, code: EnrolmentCodeRead | None = None
) -> HTMLResponse:
    rows = agent_routes.agents(viewer, db, now)
    may_tend = access.may(viewer, Right.TEND_AGENTS)
    content = {
        "code": code,
        "reporting": [row for row in rows if row.revoked_at is None],
        "ended": [row for row in rows if row.revoked_at is not None],
        "may_tend": may_tend,
        "codes": agent_routes.codes(viewer, db, now) if may_tend else [],
        "clusters": access.cluster_names(db, viewer) if may_tend else [],
        "sources": SOURCES,
    }
    return frame.page("metering/agents.html", content)
