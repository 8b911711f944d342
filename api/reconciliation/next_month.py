"""Where a clerk goes on after an act: to the next month that waits for somebody."""

from datetime import datetime
from urllib.parse import urlencode

from sqlmodel import Session

from api.reconciliation.month_list import MonthsQuery, Show, listed
from api.reconciliation.notices import Act
from ledger.reconciliation.queries.months import Month, months
from ledger.units import beijing_day


def address(row: Month) -> str:
    """The page of a contract's month."""
    return f"/reconcile/{row.contract}/{row.month:%Y-%m}"


def next_address(db: Session, now: datetime, act: Act, show: Show = "due") -> str:
    """The next due month that nobody has proposed, or the next fall; the list where none is left.

    In the order of the list: the greatest difference first, the greatest fall first. A month's page
    says that it is the next one.
    """
    sort = "-fall" if show == "falls" else "-difference"
    rows = listed(months(db), MonthsQuery(show=show, sort=sort), beijing_day(now))
    row = next((row for row in rows if row.proposed is None), None)
    if row is None:
        return f"/reconcile?{urlencode({'act': act})}"
    return f"{address(row)}?{urlencode({'act': Act(f'{act}-next')})}"
