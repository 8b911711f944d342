"""The bureau's queues, and the lists on its pages; read only.

A queue has a count and the oldest date. A contract's month is due once it is over, or as soon as
something is invoiced for it, until two persons decided exactly its present figures; a later change
of a charge or an invoice brings it back (`reconciliation.queries.months`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session, col, select

from ledger.claims.rules.courses import FIRST, OPEN
from ledger.documents.queries import deductions
from ledger.people.tables import Decision
from ledger.reconciliation.queries import red_lines
from ledger.reconciliation.queries.months import Month
from ledger.units import next_month

_CLAIMS = text("""
    SELECT c.id, c.number, c.state, c.fen, c.approved_fen, c.due_fen, v.clause,
           p.name AS project, p.code, o.name AS payee,
           EXISTS (SELECT FROM case_holds h
                   WHERE h.claim_id = c.id AND h.closed_at IS NULL) AS is_held,
           coalesce(e.at, c.opened_at) AS since, u.since AS published_on,
           u.until AS published_until,
           coalesce((SELECT jsonb_agg(jsonb_build_object(
                   'key', k.id || to_char(n.month, '-YYYY-MM'),
                   'contract', k.number, 'month', to_char(n.month, 'YYYY-MM'), 'fen', n.fen,
                   'approved_fen', n.approved_fen) ORDER BY n.month, k.id)
               FROM claim_cells n JOIN contracts k ON k.id = n.contract_id
               WHERE n.claim_id = c.id), '[]') AS months
    FROM claims c JOIN vouchers v ON v.id = c.voucher_id JOIN projects p ON p.id = v.project_id
    JOIN organisations o ON o.id = c.payee_id
    LEFT JOIN LATERAL (SELECT at FROM claim_events WHERE claim_id = c.id
    ORDER BY seq DESC LIMIT 1) e
        ON true
    LEFT JOIN LATERAL (
        SELECT since, until FROM publications WHERE claim_id = c.id
        ORDER BY id DESC LIMIT 1) u ON true
    WHERE (CAST(:project AS bigint) IS NULL OR v.project_id = :project AND c.centre_id IS NULL)
        AND (CAST(:centre AS bigint) IS NULL OR c.centre_id = :centre)
        AND (CAST(:states AS text[]) IS NULL OR c.state = ANY(:states))
        AND (CAST(:number AS text) IS NULL OR c.number = :number)
    ORDER BY c.id DESC LIMIT :limit OFFSET :offset
""")

_LISTS = text("""
    SELECT l.id, l.number, l.total_fen, l.words, l.made_at, l.made_by, l.sent_at, d.answer,
           l.decision_id AS decision, i.number AS indicator, i.year, count(n.line) AS lines,
           coalesce(sum(n.paid_fen), 0)::bigint AS paid_fen,
           coalesce(sum(n.returned_fen), 0)::bigint AS returned_fen,
           coalesce(bool_or(n.paid_fen + n.returned_fen < n.fen AND NOT n.void), false)
               AS waiting,
           ARRAY(SELECT DISTINCT to_char(c.month, 'YYYY-MM') AS month FROM payment_lines p
                 JOIN claim_cells c ON c.claim_id = p.claim_id
                 WHERE p.list_id = l.id AND c.due_fen > 0 ORDER BY month) AS months
    FROM payment_lists l JOIN decisions d ON d.id = l.decision_id
    JOIN indicators i ON i.id = l.indicator_id LEFT JOIN payment_lines n ON n.list_id = l.id
    GROUP BY l.id, d.id, i.id ORDER BY l.id DESC
""")

_TO_PAY_BACK = text("""
    SELECT p.code, p.name AS project, a.balance AS fen
    FROM accounts a JOIN vouchers v ON v.book_id = a.book_id JOIN projects p ON p.id = v.project_id
    WHERE a.role = 'recoverable' AND a.balance > 0 AND NOT EXISTS (
        SELECT 1 FROM recoveries r WHERE r.voucher_id = v.id AND r.closed_at IS NULL)
    ORDER BY p.code
""")


_UNVERIFIED = text("""
    SELECT d.received_at AS since FROM decisions q JOIN cost_documents d ON d.decision_id = q.id
    WHERE q.kind = 'document' AND q.answer IS NULL
""")

_WITHOUT_PERIOD = text("""
    SELECT d.received_at AS since FROM cost_documents d
    LEFT JOIN decisions q ON q.id = d.decision_id
    WHERE d.reverses_id IS NULL AND d.dropped_at IS NULL
        AND (d.period_assumed OR d.period_contradicts AND NOT EXISTS (
            SELECT FROM stated_periods p WHERE p.document_id = d.id))
        AND coalesce(q.answer = 'confirmed', true)
""")


_UNPROVED = text("SELECT entered_at AS since FROM receipts WHERE NOT proves")


REVIEW = tuple(state for state in OPEN if state not in (FIRST, "approved", "listed"))
"""The states of claims that wait for the bureau."""


@dataclass(frozen=True)
class Queue:
    """How many are waiting, and since when."""

    count: int
    oldest: date | datetime | None

    @classmethod
    def of(cls, since: Sequence[Any]) -> "Queue":
        """Make a queue from the dates or moments of its items."""
        return cls(len(since), min(since, default=None))


def waiting_months(rows: Sequence[Month], today: date) -> Queue:
    """Count 待对账: of all months those that are due and not decided as they are."""
    return Queue.of([next_month(row.month) for row in rows if due(row, today)])


def waiting_falls(rows: Sequence[Month]) -> Queue:
    """Count 待调减: of all months those of which less counts than the books rest on."""
    return Queue.of([row.month for row in rows if row.fall_fen])


def falling_deductions(db: Session) -> Queue:
    """Count deductions at the counter of which red documents took something back."""
    return Queue.of([row.confirmed_at for row in deductions.falls(db)])


def unclear_reds(db: Session) -> Queue:
    """Count red documents of which nobody has said yet which lines they take back."""
    rows = red_lines.unclear_reds(db)
    return Queue.of([row.received_at for row in rows if row.proposed is None])


def due(row: Month, today: date) -> bool:
    """Return whether a month is due: over or invoiced, and not decided as it is."""
    return row.state != "decided" and (next_month(row.month) <= today or row.invoiced_fen != 0)


def open_decisions(db: Session) -> Sequence[Decision]:
    """Return unanswered decisions, oldest first."""
    query = select(Decision).where(col(Decision.answer).is_(None))
    return db.exec(query.order_by(col(Decision.decided_at), col(Decision.id))).all()


def unverified_documents(db: Session) -> Queue:
    """Count documents that no second person has compared or looked up yet."""
    return Queue.of([row.since for row in db.execute(_UNVERIFIED)])


def documents_without_period(db: Session) -> Queue:
    """Count documents that do not say for which days they are, or say it in two ways."""
    return Queue.of([row.since for row in db.execute(_WITHOUT_PERIOD)])


def unproved_receipts(db: Session) -> Queue:
    """Count receipts whose file does not show what was keyed, and that nobody looked at."""
    return Queue.of([row.since for row in db.execute(_UNPROVED)])


def decisions(
    db: Session, *, kind: str | None = None, limit: int = 100, offset: int = 0
) -> Sequence[Decision]:
    """Return decisions of a kind or of all kinds: open ones first, then the newest."""
    query = select(Decision).order_by(col(Decision.answer).is_not(None), col(Decision.id).desc())
    if kind is not None:
        query = query.where(Decision.kind == kind)
    return db.exec(query.limit(limit).offset(offset)).all()


def claims(
    db: Session,
    *,
    project: int | None = None,
    centre: int | None = None,
    states: Sequence[str] | None = None,
    number: str | None = None,
    limit: int = 1_000,
    offset: int = 0,
) -> Sequence[Row[Any]]:
    """Return claims, newest first, filtered by states, number or whose they are.

    Those of a `project` are the builder's own, those of a `centre` what it redeems.
    """
    params = {
        "project": project,
        "centre": centre,
        "states": list(states) if states else None,
        "number": number,
    }
    return db.execute(_CLAIMS, {**params, "limit": limit, "offset": offset}).all()


def waiting_claims(db: Session, today: date) -> Queue:
    """Count 待审: with the bureau and not published, or held by it, or published till yesterday."""
    rows = claims(db, states=REVIEW, limit=1_000_000)
    waiting = [r for r in rows if r.state != "published" or r.is_held or over(r, today)]
    return Queue.of([row.since for row in waiting])


def over(claim: Row[Any], today: date) -> bool:
    """Return whether the claim's publication is over."""
    return claim.published_until is not None and claim.published_until < today


def payment_lists(db: Session) -> Sequence[Row[Any]]:
    """Return payment lists with returned amounts, newest first."""
    return db.execute(_LISTS).all()


def waiting_payments(db: Session) -> Queue:
    """Count 待支付: approved claims, and sent lists that the bank has not settled."""
    approved = [row.since for row in claims(db, states=("approved",), limit=1_000_000)]
    return Queue.of(approved + [row.sent_at for row in payment_lists(db) if awaits_bank(row)])


def awaits_bank(row: Row[Any]) -> bool:
    """Return whether the list was sent and has an unsettled line."""
    return row.sent_at is not None and row.waiting


def paybacks(db: Session) -> Sequence[Row[Any]]:
    """Return projects with money to recover and no open case."""
    return db.execute(_TO_PAY_BACK).all()
