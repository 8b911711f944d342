"""Close a month: its usage by one person, its books by two; with what is open listed and carried.

Usage is closed from a day of the next month on. What arrives later still counts: it is booked in an
open month, and its posting names the month of use. Books never wait for an invoice. What keeps a
month from being closed is returned, a line each; a figure that changed between the two persons
takes a new decision.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from ledger.charging.steps import charge
from ledger.closes.codes import CloseKind
from ledger.closes.queries.closes import budget_books, last_closed, voucher_books
from ledger.closes.queries.figures import figures
from ledger.closes.queries.open_items import open_items
from ledger.closes.rules import USAGE_DAY, Calendar, OpenItem, books_broken
from ledger.closes.tables import Close
from ledger.errors import Conflict, Finding
from ledger.formats.digest import digest
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.units import beijing_day

KIND = DecisionKind.BOOKS_CLOSE


@dataclass(frozen=True)
class Preview:
    """What closing a month would keep, and what stands against it; none: it may be closed."""

    kind: CloseKind
    month: date
    figures: dict[str, Any]
    items: Sequence[OpenItem]
    obstacles: Sequence[Finding]


def preview(
    db: Session, kind: CloseKind, month: date, *, now: datetime, usage_day: int = USAGE_DAY
) -> Preview:
    """Return what the month comes to, what is open, and what stands against closing it."""
    last = last_closed(db)
    today = beijing_day(now)
    calendar = Calendar(today, last.get(CloseKind.USAGE), last.get(CloseKind.BOOKS), usage_day)
    obstacles = calendar.obstacles(kind, month)
    if kind == CloseKind.BOOKS:
        obstacles += books_broken(voucher_books(db), budget_books(db))
    return Preview(
        kind, month, figures(db, kind, month), open_items(db, kind, month, now), obstacles
    )


def close_usage(
    db: Session, month: date, *, actor: str, now: datetime, usage_day: int = USAGE_DAY
) -> Close | Sequence[Finding]:
    """Charge what there is and close the month's usage; return the close, or why not."""
    charge(db, now)
    view = preview(db, CloseKind.USAGE, month, now=now, usage_day=usage_day)
    return view.obstacles or _keep(db, view, actor, now)


def propose_books(
    db: Session, month: date, *, reason: str, actor: str, now: datetime
) -> Decision | Sequence[Finding]:
    """Propose to close the month's books; return the decision for a second person, or why not.

    Raises:
        Conflict: something else is proposed of this month (`decision_open`).
    """
    view = preview(db, CloseKind.BOOKS, month, now=now)
    return view.obstacles or decide(
        db,
        kind=KIND,
        subject=f"{month:%Y-%m}",
        content={
            "month": f"{month:%Y-%m}",
            "figures": view.figures,
            "items": [item.as_json() for item in view.items],
        },
        reason=reason,
        actor=actor,
        now=now,
    )


def carry_out(db: Session, decision: Decision, actor: str, now: datetime) -> None:
    """Close the books as two persons decided; what is carried is what is open at this moment.

    Raises:
        Conflict: the figures are others by now, or something stands against it (`close_changed`).
    """
    month = date.fromisoformat(f"{decision.content['month']}-01")
    view = preview(db, CloseKind.BOOKS, month, now=now)
    if view.obstacles or view.figures != decision.content["figures"]:
        raise Conflict("close_changed", month=decision.content["month"])
    _keep(db, view, actor, now, key(decision))


def _keep(
    db: Session, view: Preview, actor: str, now: datetime, decision: int | None = None
) -> Close:
    close = Close(
        kind=view.kind.value,
        month=view.month,
        closed_at=now,
        closed_by=actor,
        decision_id=decision,
        figures=view.figures,
        items=[item.as_json() for item in view.items],
        digest=digest(view.figures),
    )
    db.add(close)
    db.flush()
    return close
