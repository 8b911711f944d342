"""The facts on which a voucher earns, by day: those of its opening, and what two decided since.

A change of the rate (`ledger/vouchers/steps/rates.py`) was decided on facts. They are those of its
first day and of each day after it, until a newer decision holds; where nothing was decided, the
facts of the opening are right.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from ledger.units import next_month
from ledger.vouchers.tables import Voucher

Facts = dict[str, Any]

_CHANGES = text("""
    SELECT r.since, d.content -> 'facts' AS facts
    FROM voucher_rates r JOIN decisions d ON d.id = r.decision_id
    WHERE r.voucher_id = :voucher AND r.policy = :policy ORDER BY r.decision_id
""")


def facts_of_months(db: Session, voucher: Voucher, months: Collection[date]) -> list[Facts]:
    """Return each set of facts that holds on a day of these months, the earliest first.

    Without a month it is the facts of the opening.
    """
    params = {"voucher": voucher.id, "policy": voucher.policy}
    changes = [(row.since, dict(row.facts)) for row in db.execute(_CHANGES, params)]
    sets: list[Facts] = [] if months else [dict(voucher.facts)]
    for day in _days_of_change(months, (since for since, _ in changes)):
        facts = dict(voucher.facts)
        for since, newer in changes:
            facts = {**voucher.facts, **newer} if since <= day else facts
        if facts not in sets:
            sets.append(facts)
    return sets


def _days_of_change(months: Collection[date], changes: Iterable[date]) -> Iterator[date]:
    """Yield the first day of each month, and the days in it on which something changes."""
    days_of_change = sorted(set(changes))
    for month in sorted(months):
        yield month
        yield from (day for day in days_of_change if month < day < next_month(month))
