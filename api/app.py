"""Assemble the application: its layers, its routes, its pages.

From the outside in: the gate (language, log, headers, errors as problems), the limits, the turns,
the shortcut, the routes under /api/v1 and the pages. The database and the settings are parameters;
nothing is read from the environment.
"""

import gc
import sys
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine
from starlette.routing import BaseRoute
from starlette.types import Lifespan
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api import health, metrics, pages
from api.claims import bank_account_routes, papers, publication_routes, redemption_routes
from api.claims import routes as claims_routes
from api.claims.cases import routes as case_routes
from api.closes import routes as closes_routes
from api.desk import decision_routes, finding_routes
from api.desk.chain import routes as chain_routes
from api.desk.mark import routes as mark_routes
from api.desk.report import routes as report_routes
from api.documents import receipt_routes
from api.documents import routes as documents_routes
from api.door import problems
from api.door.archive.layer import Archived
from api.door.dependencies import moment
from api.door.disk import Disk
from api.door.exactness import exact
from api.door.guarantees.watch import Guarantees, with_watch
from api.door.limits import Limits
from api.door.middleware import Gate
from api.door.outer import behind, beside
from api.door.route_table import API, RouteTable
from api.door.schemas import PROBLEM_SCHEMA
from api.door.signer import Signer
from api.door.turns.callers import Callers
from api.door.turns.layer import Turns
from api.door.turns.shared_counts import SharedCounts
from api.door.turns.shortcut import Shortcut
from api.metering import batch_routes, node_routes, usage_routes
from api.metering.agents import routes as agent_routes
from api.metering.couriers import routes as courier_routes
from api.metering.evidence import routes as evidence_routes
from api.metering.intake_queue import IntakeQueue
from api.metering.sources import routes as sources_routes
from api.payment import return_routes
from api.payment import routes as payment_routes
from api.people import routes as people_routes
from api.people.events import routes as event_routes
from api.people.persons import routes as person_routes
from api.people.persons import workbook_routes as persons_workbook_routes
from api.people.sso.provider import provider_from
from api.policy import routes as policy_routes
from api.reconciliation import routes as reconciliation_routes
from api.registry import entry_routes as registry_entry_routes
from api.registry import inventory_routes
from api.registry import routes as registry_routes
from api.seals import dossier_routes
from api.seals import routes as seals_routes
from api.seals.audit import routes as audit_routes
from api.seals.certificates import routes as certificate_routes
from api.settings import Door, Settings
from api.statements import routes as statements_routes
from api.vouchers import accrual_routes, project_routes, year_routes
from api.vouchers import routes as vouchers_routes
from api.vouchers.workbook import routes as vouchers_workbook_routes
from api.web.form_again import form_again
from api.web.layout import Static, problem_page
from ledger.postgres.clock import DatabaseClock
from ledger.postgres.database import databases_from
from ledger.postgres.replica import Replica

ROUTES = (
    bank_account_routes,
    accrual_routes,
    agent_routes,
    batch_routes,
    chain_routes,
    courier_routes,
    claims_routes,
    case_routes,
    papers,
    documents_routes,
    receipt_routes,
    decision_routes,
    policy_routes,
    finding_routes,
    evidence_routes,
    node_routes,
    sources_routes,
    return_routes,
    report_routes,
    mark_routes,
    payment_routes,
    project_routes,
    publication_routes,
    redemption_routes,
    reconciliation_routes,
    registry_routes,
    inventory_routes,
    registry_entry_routes,
    closes_routes,
    seals_routes,
    dossier_routes,
    audit_routes,
    certificate_routes,
    statements_routes,
    people_routes,
    person_routes,
    persons_workbook_routes,
    event_routes,
    usage_routes,
    vouchers_routes,
    vouchers_workbook_routes,
    year_routes,
)
ROUTERS = (
    ("", health.router),
    ("", metrics.router),
    *((API, routes.router) for routes in ROUTES),
    *(("", router) for router in pages.ROUTERS),
)
SWITCH_S = 0.001  # a person's question does not wait behind the reading of batches

EXACT = [Depends(exact), Depends(moment)]  # a drill's clock is read, or refused, everywhere
PROBLEMS: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem (RFC 9457), in the reader's language",
        "content": {"application/problem+json": {"schema": PROBLEM_SCHEMA}},
    }
}


def create_app(
    engine: Engine,
    settings: Settings,
    lifespan: Lifespan[FastAPI] | None = None,
    counters: CollectorRegistry | None = None,
    counts: SharedCounts | None = None,
) -> FastAPI:
    """Make the server as an ASGI application on this database.

    Args:
        engine: connections with the application's rights.
        settings: what the environment says.
        lifespan: what runs for as long as the application does (`api/server/background.py`).
        counters: reads those of all processes of this server; None: it is one.
        counts: what all of them have counted of each caller.
    """
    app = FastAPI(
        title="算券 suanquan",
        version=version("suanquan"),
        docs_url=None,  # FastAPI's own would load scripts from other people's servers
        redoc_url=None,
        openapi_url=None,  # served by api/health.py to people who are signed in
        redirect_slashes=False,
        lifespan=with_watch(lifespan),
        routes=[*_routes(settings.door)],
    )
    app.state.engine = engine
    app.state.settings = settings
    app.state.replica = _replica(settings)
    app.state.wall_clock = DatabaseClock(engine)
    app.state.metrics = CollectorRegistry()
    app.state.counters = counters or app.state.metrics
    app.state.figures = metrics.Figures(engine)
    app.state.signer = Signer(engine)
    app.state.disk = Disk.of(settings)
    app.state.guarantees = Guarantees(engine)
    app.state.intake = IntakeQueue(engine, lambda: app.state.settings)
    app.state.provider = provider_from(settings)
    door = settings.door
    app.state.route_table = RouteTable((prefix, behind(door, r)) for prefix, r in ROUTERS)
    app.add_middleware(Archived)
    app.add_middleware(Shortcut, prefix=API, directs=[batch_routes.DIRECT])
    app.add_middleware(Turns, routes=app.state.route_table)
    app.add_middleware(
        Limits, callers=Callers(engine), routes=app.state.route_table, disk=app.state.disk,
        guarantees=app.state.guarantees, storage=counts,
    )  # fmt: skip
    elsewhere = _elsewhere(door, app.state.route_table)
    app.add_middleware(Gate, registry=app.state.metrics, disk=app.state.disk, elsewhere=elsewhere)
    if settings.proxies:  # outermost: what counts by address counts people's, and no proxy's
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=settings.proxies)
    problems.install(app)
    app.mount("/static", Static())
    app.state.problem_page = problem_page
    app.state.form_again = form_again
    return app


def _replica(settings: Settings) -> Replica | None:
    url = settings.database_replica_url
    if url is None:
        return None
    return Replica(databases_from(url, None, is_pooled=settings.database_pooled).engine())


def _elsewhere(door: Door, own: RouteTable) -> Callable[[str, str], bool]:
    """Whether the other door alone has what is asked for; the short table is looked at first."""
    other_door = beside(door)
    if other_door is None:
        return lambda *_: False
    other_table = RouteTable((prefix, behind(other_door, r)) for prefix, r in ROUTERS)
    if door is Door.AGENTS:
        return lambda method, path: not own.has(method, path) and other_table.has(method, path)
    return lambda method, path: other_table.has(method, path) and not own.has(method, path)


@cache
def _routes(door: Door) -> tuple[BaseRoute, ...]:
    """Return all routes behind a door.

    Every application of a process has the same ones, because what FastAPI works out of each of them
    at the first request takes half a second.
    """
    router = APIRouter()
    for own in (health.router, metrics.router):
        router.include_router(behind(door, own), responses=PROBLEMS, dependencies=EXACT)
    for routes in ROUTES:
        api_router = behind(door, routes.router)
        router.include_router(api_router, prefix=API, responses=PROBLEMS, dependencies=EXACT)
    for page_router in pages.ROUTERS:
        router.include_router(behind(door, page_router))
    return tuple(router.routes)


def settle(app: FastAPI) -> None:
    """Before serving: ask the database what time it is; what is loaded by now stays for good.

    A batch makes thousands of small objects, and without this the collector walks through all the
    program's own ones each time: a third of the time of intake, and pauses for everybody else.
    """
    app.state.wall_clock.ask()
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_S)
