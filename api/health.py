"""Whether the server lives, whether it can work, its counters, and its own description."""

from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.door import schemas
from api.door.access import Right
from api.door.dependencies import having, signed_in
from api.metering import agent_routes as agents
from api.metering import batch_routes as batches
from ledger.postgres.database import check_revision

router = APIRouter()


@router.get("/healthz", response_class=PlainTextResponse)
def healthz() -> str:
    """The process answers."""
    return "ok\n"


@router.get("/readyz", response_class=PlainTextResponse)
def readyz(request: Request) -> str:
    """The database answers and has the schema of this program; 503 otherwise."""
    check_revision(request.app.state.engine)
    return "ok\n"


@router.get("/metrics", response_class=PlainTextResponse, dependencies=[having(Right.READ_METRICS)])
def metrics(request: Request) -> Response:
    """Counters for Prometheus."""
    return Response(generate_latest(request.app.state.metrics), media_type=CONTENT_TYPE_LATEST)


@router.get("/openapi.json", dependencies=[Depends(signed_in)])
def openapi(request: Request) -> dict[str, Any]:
    """What this server offers, for programs."""
    description: dict[str, Any] = request.app.openapi()
    for others in (schemas.SCHEMAS, batches.SCHEMAS, agents.SCHEMAS):
        description["components"]["schemas"].update(others)
    return description
