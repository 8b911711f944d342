"""The tabs of the reconcile desk: months that are due, all, falls, unclear red documents."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from api.language.i18n import gettext as _
from ledger.desk.queries import queues
from ledger.reconciliation.queries.months import Month


@dataclass(frozen=True)
class Tab:
    """A tab; what waits behind it is counted."""

    name: str
    url: str
    is_current: bool
    count: int = 0


def tabs(db: Session, current: str, months: Sequence[Month], *, may_reconcile: bool) -> list[Tab]:
    """The tabs over the reader's months; the red documents are for those who reconcile."""
    falls = queues.waiting_falls(months).count if may_reconcile else 0
    ways = [
        ("due", _("待对账"), "/reconcile", 0),
        ("all", _("全部"), "/reconcile?show=all", 0),
        ("falls", _("待调减"), "/reconcile?show=falls", falls),
    ]
    if may_reconcile:
        count = queues.unclear_reds(db).count
        ways.append(("reds", _("不明确的红字"), "/reconcile/reds", count))
    return [Tab(name, url, key == current, count) for key, name, url, count in ways]
