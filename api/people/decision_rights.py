"""Who may read and answer a decision."""

from api.door import access
from api.door.access import Right
from ledger.people.steps.credentials import Viewer
from ledger.people.steps.decisions import own
from ledger.people.tables import Decision


def may_read(viewer: Viewer, decision: Decision) -> bool:
    """Whether this reader may see it: outside the bureau only one's own."""
    return access.may(viewer, Right.READ_PAYMENTS) or own(viewer.actor, decision)
