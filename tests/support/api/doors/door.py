"""A door: to whom a route opens, what to ask there, and what a yes is."""

from collections.abc import Callable
from dataclasses import dataclass

from ledger.people.codes import Role
from tests.support.api.asks import (
    Ask,
)
from tests.support.api.town import Town

OPERATOR, BUILDER = Role.OPERATOR, Role.BUILDER
SYSTEM, SECURITY, AUDIT = Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN

EVERYBODY = {*Role}  # who has signed in
BUREAU = {Role.CLERK, Role.APPROVER, Role.FINANCE, Role.AUDITOR}
SCOPED = {BUILDER, OPERATOR}
BUSINESS = BUREAU | SCOPED
HANDLING = BUREAU - {Role.AUDITOR}
HANDING_IN = {Role.CLERK, OPERATOR}
CLAIMING = {Role.CLERK, BUILDER}
RECONCILING = {Role.CLERK}
PAYERS = {Role.FINANCE}


@dataclass(frozen=True)
class Door:
    """A route: to whom it opens, what to ask there, and what a yes is.

    `roles` None: open to nobody in particular. `scoped`: it names one thing, which is one's own or
    another's; another's is not there, nor anything for the roles in `absent`.
    """

    roles: set[Role] | None
    ask: Callable[[Town, str], Ask]
    yes: int | tuple[int, ...] = 200
    scoped: bool = False
    absent: frozenset[Role] = frozenset()
