"""Names of people: when two of them are one; which roles are kept apart, and which take two.

The database holds the same (`plain_name` in people/01_decisions.sql, `duty_of` and `takes_two` in
people/06_tokens.sql).
"""

import unicodedata

from ledger.formats.visible import HIDDEN
from ledger.people.codes import Role

ADMINISTRATORS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})
"""三员: three people, made on the machine, none of whom has another role."""

TAKES_TWO = frozenset({Role.CLERK, Role.APPROVER, Role.FINANCE})
"""Who decides about money: two security administrators let her in."""

_CAPITALS = {capital: capital + 32 for capital in range(ord("A"), ord("Z") + 1)}


def plain(name: str) -> str:
    """Return what tells persons apart: without width, spaces, capitals and what is not seen."""
    visible = HIDDEN.sub("", unicodedata.normalize("NFKC", name)).replace(" ", "")
    return unicodedata.normalize("NFKC", visible).translate(_CAPITALS)


def duty_of(role: Role) -> str:
    """Return what is kept apart: each administrator's duty, or business."""
    return role if role in ADMINISTRATORS else "business"
