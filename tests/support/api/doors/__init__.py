"""Every route: to whom it opens, what to ask there, and what a yes is; a room of api/ a module."""

from tests.support.api.doors.claims import CLAIMS
from tests.support.api.doors.closes import CLOSES
from tests.support.api.doors.desk import DESK
from tests.support.api.doors.documents import DOCUMENTS
from tests.support.api.doors.metering import METERING
from tests.support.api.doors.payment import PAYMENT
from tests.support.api.doors.people import PEOPLE
from tests.support.api.doors.reconciliation import RECONCILIATION
from tests.support.api.doors.registry import REGISTRY
from tests.support.api.doors.seals import SEALS
from tests.support.api.doors.server import SERVER
from tests.support.api.doors.statements import STATEMENTS
from tests.support.api.doors.vouchers import VOUCHERS

DOORS = {
    **SERVER,
    **METERING,
    **PEOPLE,
    **VOUCHERS,
    **REGISTRY,
    **DOCUMENTS,
    **RECONCILIATION,
    **CLAIMS,
    **DESK,
    **PAYMENT,
    **CLOSES,
    **SEALS,
    **STATEMENTS,  # last: the contracts that these register give other doors something behind them
}
