"""What is open as a month is closed, each with the role that it waits for; nothing waits for it."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import text
from sqlmodel import Session, select

from ledger.charging.queries import contract_lines
from ledger.claims.codes import ClaimState
from ledger.closes.codes import CloseKind, OpenKind
from ledger.closes.rules import CLAIM_OWNERS, OpenItem
from ledger.people.codes import DecisionKind, Role
from ledger.reconciliation.queries.months import months
from ledger.registry.rules.pricing import UnpricedUsage
from ledger.registry.tables import Project
from ledger.units import beijing_day, last_day, midnight, month_of, next_month, round_half_up

_QUARANTINE = text("""
    SELECT c.name || ' ' || q.reason AS subject, min(q.received_at) AS since, count(*) AS amount
    FROM quarantine q JOIN clusters c ON c.id = q.cluster_id
    WHERE q.released_at IS NULL AND q.start < :until
    GROUP BY c.name, q.reason ORDER BY c.name, q.reason
""")
_CLEARING = text("""
    SELECT k.number || ' ' || to_char(r.month, 'YYYY-MM') AS subject, r.opened_at AS since,
           a.balance AS amount
    FROM cost_books b JOIN reconciliations r ON r.id = b.reconciliation_id
    JOIN contracts k ON k.id = r.contract_id
    JOIN accounts a ON a.book_id = b.book_id AND a.role = 'clearing'
    WHERE a.balance <> 0 AND r.month < :until ORDER BY r.month, k.number
""")
_DECISIONS = text("""
    SELECT d.id, d.subject, d.decided_at AS since, k.roles[1] AS owner
    FROM decisions d JOIN decision_kinds k USING (kind)
    WHERE d.answer IS NULL AND d.kind <> :own ORDER BY d.id
""")
_CLAIMS = text("""
    SELECT number AS subject, state, opened_at AS since, coalesce(due_fen, fen) AS amount
    FROM claims WHERE state = ANY(:states) ORDER BY id
""")
_RECOVERABLE = text("""
    SELECT p.code AS subject, a.balance AS amount,
           (SELECT min(opened_at) FROM recoveries r
            WHERE r.voucher_id = v.id AND r.closed_at IS NULL) AS since
    FROM accounts a JOIN vouchers v ON v.book_id = a.book_id JOIN projects p ON p.id = v.project_id
    WHERE a.role = 'recoverable' AND a.balance > 0 ORDER BY p.code
""")
_UNENDED = text("""
    SELECT i.number || ' / ' || i.year AS subject, i.opened_at AS since,
           sum(a.balance)::bigint AS amount
    FROM indicators i JOIN accounts a ON a.book_id = i.book_id AND a.role IN ('free', 'committed')
    WHERE i.year <= :year GROUP BY i.id HAVING sum(a.balance) <> 0 ORDER BY i.year, i.number
""")
DECEMBER = 12


def open_items(db: Session, kind: CloseKind, month: date, now: datetime) -> list[OpenItem]:
    """Return what is open up to this month: of its usage, or of everything that books wait for."""
    items = [*_unpriced(db, month), *_quarantine(db, month)]
    if kind == CloseKind.BOOKS:
        items += _months(db, month)
        items += _clearing(db, month)
        items += _decisions(db)
        items += _claims(db)
        items += _recoverable(db, now)
        items += _unended(db, month)
    return items


def _unpriced(db: Session, month: date) -> Iterable[OpenItem]:
    codes = {key: code for key, code in db.exec(select(Project.id, Project.code)) if key}
    amounts: dict[tuple[int, date], Fraction] = defaultdict(Fraction)
    for item in contract_lines.bill_items(db, sorted(codes), last_day(month)):
        if isinstance(item, UnpricedUsage) and month_of(item.usage.day) <= month:
            amounts[item.usage.project, month_of(item.usage.day)] += item.usage.device_ms
    for (project, month_of_use), ms in sorted(amounts.items()):
        subject = f"{codes[project]} {month_of_use:%Y-%m}"
        yield OpenItem(OpenKind.UNPRICED, Role.CLERK, subject, month_of_use, round_half_up(ms))


def _quarantine(db: Session, month: date) -> Iterable[OpenItem]:
    for row in db.execute(_QUARANTINE, {"until": midnight(next_month(month))}):
        since = beijing_day(row.since)
        yield OpenItem(OpenKind.QUARANTINE, Role.CLERK, row.subject, since, row.amount)


def _months(db: Session, month: date) -> Iterable[OpenItem]:
    """Months of contracts that two have not decided: an invoice is missing, or a clerk."""
    for row in months(db):
        subject = f"{row.number} {row.month:%Y-%m}"
        if row.month <= month and row.state != "decided":
            owner = Role.CLERK if row.invoiced_fen else Role.OPERATOR
            yield OpenItem(OpenKind.MONTH, owner, subject, next_month(row.month), row.open_fen)
        if row.month <= month and row.fall_fen:
            yield OpenItem(OpenKind.FALL, Role.APPROVER, subject, row.month, row.fall_fen)


def _clearing(db: Session, month: date) -> Iterable[OpenItem]:
    for row in db.execute(_CLEARING, {"until": next_month(month)}):
        since = beijing_day(row.since)
        yield OpenItem(OpenKind.CLEARING, Role.CLERK, row.subject, since, row.amount)


def _decisions(db: Session) -> Iterable[OpenItem]:
    for row in db.execute(_DECISIONS, {"own": DecisionKind.BOOKS_CLOSE}):
        subject, since = f"#{row.id} {row.subject}", beijing_day(row.since)
        yield OpenItem(OpenKind.DECISION, Role(row.owner), subject, since)


def _claims(db: Session) -> Iterable[OpenItem]:
    for row in db.execute(_CLAIMS, {"states": list(CLAIM_OWNERS)}):
        owner, since = CLAIM_OWNERS[ClaimState(row.state)], beijing_day(row.since)
        yield OpenItem(OpenKind.CLAIM, owner, row.subject, since, row.amount)


def _recoverable(db: Session, now: datetime) -> Iterable[OpenItem]:
    for row in db.execute(_RECOVERABLE):
        since = beijing_day(row.since or now)
        yield OpenItem(OpenKind.RECOVERY, Role.FINANCE, row.subject, since, row.amount)


def _unended(db: Session, month: date) -> Iterable[OpenItem]:
    """What is left on the year's indicators as its December is closed."""
    if month.month != DECEMBER:
        return
    for row in db.execute(_UNENDED, {"year": month.year}):
        since = beijing_day(row.since)
        yield OpenItem(OpenKind.YEAR_END, Role.FINANCE, row.subject, since, row.amount)
