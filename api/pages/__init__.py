"""What people see in a browser: pages made on the server, which need no script.

`install` gives an application its pages, their static files, and error pages in the same look.
"""

from fastapi import FastAPI

from api.pages import (
    centre,
    claims,
    days,
    decisions,
    desk,
    documents,
    eligibility,
    findings,
    front,
    nodes,
    payments,
    projects,
    publications,
    reconcile,
    reconciling,
    statements,
)
from api.pages.frame import Static, problem_page

ROUTERS = (
    front.router,
    desk.router,
    decisions.router,
    reconciling.router,
    reconcile.router,
    statements.router,
    centre.router,
    documents.router,
    claims.router,
    payments.router,
    publications.router,
    projects.router,
    days.router,
    nodes.router,
    findings.router,
    eligibility.router,
)


def install(app: FastAPI) -> None:
    """Add the pages to an application."""
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", Static())
    app.state.problem_page = problem_page
