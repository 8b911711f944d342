"""What people see in a browser: pages made on the server, which need no script."""

from api.claims import number_read_pages, publication_pages, redemption_pages
from api.claims import pages as claims_pages
from api.claims.cases import pages as case_pages
from api.closes import pages as closes_pages
from api.desk import centre_pages, decision_pages, finding_pages
from api.desk import pages as desk_pages
from api.desk.chain import pages as chain_pages
from api.desk.mark import pages as mark_pages
from api.desk.report import pages as report_pages
from api.documents import pages as documents_pages
from api.documents import receipt_pages
from api.metering import hour_pages
from api.metering import pages as metering_pages
from api.metering.agents import pages as agent_pages
from api.metering.couriers import pages as courier_pages
from api.metering.evidence import pages as evidence_pages
from api.metering.sources import pages as sources_pages
from api.payment import money_pages
from api.payment import pages as payment_pages
from api.people import (
    drill_pages,
    link_pages,
    login_pages,
    right_pages,
    session_pages,
    sign_in_log_pages,
)
from api.people import pages as people_pages
from api.people.events import pages as event_pages
from api.people.persons import pages as person_pages
from api.people.sso import pages as sso_pages
from api.people.tokens import own_pages as own_token_pages
from api.people.tokens import pages as token_pages
from api.policy import pages as policy_pages
from api.reconciliation import action_pages, red_pages
from api.reconciliation import pages as reconciliation_pages
from api.registry import change_pages as registry_change_pages
from api.registry import entry_pages as registry_pages
from api.registry import inventory_pages
from api.seals import dossier_pages
from api.seals import pages as seals_pages
from api.seals.certificates import pages as certificate_pages
from api.statements import pages as statements_pages
from api.vouchers import action_pages as voucher_action_pages
from api.vouchers import day_pages, opening_pages, version_pages, year_pages
from api.vouchers import pages as vouchers_pages

ROUTERS = (
    people_pages.router,
    link_pages.router,
    login_pages.router,
    sso_pages.router,
    right_pages.router,
    drill_pages.router,
    session_pages.router,
    sign_in_log_pages.router,
    event_pages.router,
    token_pages.router,
    person_pages.router,
    own_token_pages.router,
    desk_pages.router,
    decision_pages.router,
    chain_pages.router,
    report_pages.router,
    mark_pages.router,
    red_pages.router,
    action_pages.router,
    reconciliation_pages.router,
    statements_pages.router,
    centre_pages.router,
    documents_pages.router,
    receipt_pages.router,
    claims_pages.router,
    case_pages.router,
    payment_pages.router,
    money_pages.router,
    publication_pages.router,
    closes_pages.router,
    seals_pages.router,
    dossier_pages.router,
    certificate_pages.router,
    redemption_pages.router,
    number_read_pages.router,
    vouchers_pages.router,
    year_pages.router,
    voucher_action_pages.router,
    day_pages.router,
    opening_pages.router,
    version_pages.router,
    agent_pages.router,
    metering_pages.router,
    hour_pages.router,
    sources_pages.router,
    evidence_pages.router,
    courier_pages.router,
    finding_pages.router,
    policy_pages.router,
    registry_change_pages.router,
    inventory_pages.router,
    registry_pages.router,
)
