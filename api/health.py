"""Health checks, and the description of the API: for programs, and as a page."""

from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, PlainTextResponse

from api.door import logs, schemas
from api.door.dependencies import signed_in
from api.door.middleware import CONTENT_POLICY
from api.door.problems import Refusal
from api.door.route_table import limited
from api.metering import batch_routes
from api.metering.agents import routes as agent_routes
from api.web.layout import Framed
from ledger.postgres.database import check_revision

router = APIRouter()


@router.get("/healthz", response_class=PlainTextResponse)
@limited(counts=False)
def healthz() -> str:
    """Answer as long as the process lives."""
    return "ok\n"


@router.get("/readyz", response_class=PlainTextResponse)
@limited(counts=False)
def readyz(request: Request) -> str:
    """Check that the database answers, is as we made it, and that we can write; 503 otherwise."""
    check_revision(request.app.state.engine)
    request.app.state.disk.refuse_full()
    request.app.state.guarantees.refuse_lacking()
    if logs.is_failing():
        raise Refusal(503, "log_lost")
    return "ok\n"


@router.get("/docs", include_in_schema=False, dependencies=[Depends(signed_in)])
def reference(frame: Framed) -> HTMLResponse:
    """Show the API's reference: Swagger UI, from our own files."""
    page = frame.page("web/reference.html", {})
    page.headers["Content-Security-Policy"] = f"{CONTENT_POLICY}; img-src 'self' data:"  # its icons
    return page


@router.get("/openapi.json", dependencies=[Depends(signed_in)])
def openapi(request: Request) -> dict[str, Any]:
    """Describe the API as OpenAPI."""
    description: dict[str, Any] = request.app.openapi()
    for definitions in (schemas.SCHEMAS, batch_routes.SCHEMAS, agent_routes.SCHEMAS):
        description["components"]["schemas"].update(definitions)
    components = description["components"]
    components["schemas"] = _plain_lists(components["schemas"])
    for path in description["paths"].values():
        for operation in path.values():  # the docstring's first line says more than a name
            operation["summary"] = operation["description"].split("\n")[0].rstrip(".")
    return description


def _plain_lists(schema: Any) -> Any:  # noqa: ANN401 - JSON
    """Describe a list of so many members by what any of them may be: tools read `items` alone."""
    if isinstance(schema, list):
        return [_plain_lists(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: _plain_lists(part) for name, part in schema.items()}
    if members := plain.pop("prefixItems", None):
        kinds = [kind for at, kind in enumerate(members) if kind not in members[:at]]
        plain["items"] = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    return plain
