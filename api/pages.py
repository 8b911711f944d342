"""What people see in a browser: pages made on the server, which need no script.

`install` gives an application its pages, their static files, and error pages in the same look.
"""

from fastapi import FastAPI

from api.claims import pages as claims
from api.claims import publication_pages as publications
from api.desk import centre_pages as centre
from api.desk import decision_pages as decisions
from api.desk import finding_pages as findings
from api.desk import pages as desk
from api.documents import pages as documents
from api.metering import pages as nodes
from api.payment import pages as payments
from api.people import pages as front
from api.policy import pages as eligibility
from api.reconciliation import action_pages as reconciling
from api.reconciliation import pages as reconcile
from api.statements import pages as statements
from api.vouchers import day_pages as days
from api.vouchers import pages as projects
from api.web.layout import Static, problem_page

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
