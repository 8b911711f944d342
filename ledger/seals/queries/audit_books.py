"""Read the books for an auditor's own program: accounts, vouchers, balances, parties."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from sqlalchemy import text
from sqlmodel import Session

from ledger.units import Fen

_OWNERS = """
    LEFT JOIN vouchers v ON v.book_id = b.id LEFT JOIN projects j ON j.id = v.project_id
    LEFT JOIN indicators i ON i.book_id = b.id
    LEFT JOIN cost_books c ON c.book_id = b.id
    LEFT JOIN reconciliations r ON r.id = c.reconciliation_id
    LEFT JOIN contracts k ON k.id = r.contract_id
"""
_OWNER = """
    coalesce(j.code, i.number || ' / ' || i.year, k.number || to_char(r.month, ' YYYY-MM'),
             '#' || b.id)
"""
_TURNOVER = text(f"""
    SELECT b.ledger, b.id AS book, {_OWNER} AS owner, e.role, p.booked::date AS booked,
           coalesce(sum(e.amount) FILTER (WHERE e.amount > 0), 0)::bigint AS debit,
           coalesce(-sum(e.amount) FILTER (WHERE e.amount < 0), 0)::bigint AS credit
    FROM entries e JOIN movements m ON m.id = e.movement_id JOIN postings p ON p.id = m.posting_id
    JOIN books b ON b.id = e.book_id {_OWNERS}
    WHERE p.number IS NOT NULL AND p.booked < :until
    GROUP BY b.ledger, b.id, owner, e.role, p.booked ORDER BY b.ledger, b.id, e.role, p.booked
""")
_LINES = text(f"""
    SELECT p.number, p.booked::date AS booked, p.used::date AS used, p.posted_at, p.cause, p.actor,
           m.id AS movement, m.kind, b.ledger, {_OWNER} AS owner, m.from_role, m.to_role, m.amount
    FROM postings p JOIN movements m ON m.posting_id = p.id JOIN books b ON b.id = m.book_id
    {_OWNERS}
    WHERE p.booked >= :since AND p.booked < :until AND p.number <= :last
    ORDER BY p.number, m.id
""")
_PARTIES = text("""
    SELECT o.uscc, o.name, EXISTS (SELECT FROM centres c WHERE c.organisation_id = o.id) AS supplies
    FROM organisations o ORDER BY o.uscc
""")
_ACCOUNTS = text("SELECT ledger, role FROM roles ORDER BY ledger, role")


@dataclass(frozen=True)
class Turnover:
    """An account's month, fen: what it was before, what came and went, what it is after."""

    ledger: str
    owner: str
    role: str
    month: date
    before: Fen
    debit: Fen
    credit: Fen

    @property
    def after(self) -> Fen:
        """What it is at the end."""
        return self.before + self.debit - self.credit


@dataclass(frozen=True)
class VoucherLine:
    """A movement of a posting: `amount` fen are debited to one role and credited to the other."""

    number: int
    booked: date
    used_in: date
    posted_at: datetime
    cause: str
    actor: str
    kind: str
    ledger: str
    owner: str
    from_role: str
    to_role: str
    amount: Fen


@dataclass(frozen=True)
class Party:
    """An organisation; whether it supplies, as a centre."""

    uscc: str
    name: str
    supplies: bool


def turnovers(db: Session, since: date, until: date) -> Iterator[Turnover]:
    """Return each account's months from `since` until before `until`, as far as it moved by then.

    A month in which an account that moved before stands still is not told of again.
    """
    rows = db.execute(_TURNOVER, {"until": until})
    for _, months in groupby(rows, key=lambda row: (row.ledger, row.book, row.role)):
        before = 0
        for row in months:
            month = Turnover(
                row.ledger, row.owner, row.role, row.booked, before, row.debit, row.credit
            )
            before = month.after
            if row.booked >= since:
                yield month


def voucher_lines(
    db: Session, since: date, until: date, last: int | None = None
) -> Iterator[VoucherLine]:
    """Return the movements that were booked from `since` until before `until`, by number.

    `last` is the highest number of a posting that is wanted.
    """
    params = {"since": since, "until": until, "last": 2**62 if last is None else last}
    for row in db.execute(_LINES, params):
        yield VoucherLine(
            row.number, row.booked, row.used, row.posted_at, row.cause, row.actor, row.kind,
            row.ledger, row.owner, row.from_role, row.to_role, row.amount,
        )  # fmt: skip


def parties(db: Session) -> list[Party]:
    """Return all organisations."""
    return [Party(row.uscc, row.name, row.supplies) for row in db.execute(_PARTIES)]


def account_roles(db: Session) -> Sequence[tuple[str, str]]:
    """Return the accounts that a book can have: its ledger and the role."""
    return [(row.ledger, row.role) for row in db.execute(_ACCOUNTS)]
