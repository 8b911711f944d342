"""The closes that are kept, what came after them, and the books whose invariants are checked."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlmodel import Session, col, func, select

from ledger.accounts.rules.targets import Move, Rights
from ledger.accounts.tables import Account
from ledger.closes.codes import CloseKind
from ledger.closes.queries.figures import figures
from ledger.closes.rules import VoucherBook
from ledger.closes.tables import Close
from ledger.payment.tables import Indicator
from ledger.registry.tables import Project
from ledger.units import Fen
from ledger.vouchers.tables import Voucher

_CASH = text("""
    SELECT book_id AS book, kind, from_role, to_role, sum(amount)::bigint AS fen FROM movements
    WHERE kind IN ('pay', 'late', 'overpay', 'unpay', 'refund', 'forfeit')
    GROUP BY book_id, kind, from_role, to_role
""")
_LATE = text("""
    SELECT p.number, p.cause, p.booked,
           (coalesce(sum(m.amount) FILTER (WHERE m.to_role = 'accrued'), 0)
            - coalesce(sum(m.amount) FILTER (WHERE m.from_role = 'accrued'), 0))::bigint
               AS accrued_fen
    FROM postings p JOIN movements m ON m.posting_id = p.id
    WHERE p.used = :month AND p.number > :since GROUP BY p.id ORDER BY p.number
""")


Amounts = tuple[dict[str, Fen], dict[str, Fen]]
"""Of the accounts of a book: balances and floors, by role."""


@dataclass(frozen=True)
class LateCost:
    """What a contract's month costs now, beside what it cost as its usage was closed, fen."""

    contract: str
    closed_fen: Fen
    now_fen: Fen


@dataclass(frozen=True)
class LatePosting:
    """A posting for use of a month, made after its usage was closed, and where it is booked."""

    number: int
    cause: str
    booked: date
    accrued_fen: Fen  # signed: what it adds to the provisional part


def closes(db: Session, *, limit: int = 100, offset: int = 0) -> Sequence[Close]:
    """Return the closes, newest month first, books before usage."""
    query = select(Close).order_by(col(Close.month).desc(), Close.kind)
    return db.exec(query.limit(limit).offset(offset)).all()


def close_of(db: Session, kind: CloseKind, month: date) -> Close | None:
    """Return the close of this month, or None."""
    return db.get(Close, (kind.value, month))


def last_closed(db: Session) -> dict[CloseKind, date]:
    """Return the last month closed of each kind."""
    query = select(Close.kind, func.max(Close.month)).group_by(Close.kind)
    return {CloseKind(kind): month for kind, month in db.exec(query)}


def late_costs(db: Session, close: Close) -> list[LateCost]:
    """Return the contracts whose month costs something else now than as its usage was closed."""
    before = {row["contract"]: row["cost_fen"] for row in close.figures["contracts"]}
    now = figures(db, CloseKind.USAGE, close.month)["contracts"]
    after = {row["contract"]: row["cost_fen"] for row in now}
    return [
        LateCost(contract, before.get(contract, 0), after.get(contract, 0))
        for contract in sorted({*before, *after})
        if before.get(contract, 0) != after.get(contract, 0)
    ]


def late_postings(db: Session, close: Close) -> list[LatePosting]:
    """Return the postings that point back to a month whose usage was closed before."""
    params = {"month": close.month, "since": close.figures["last_posting"]}
    return [LatePosting(**row) for row in db.execute(_LATE, params).mappings()]


def voucher_books(db: Session) -> list[VoucherBook]:
    """Return every voucher's book with its floors, and what cash moved in it."""
    moves: dict[int, list[Move]] = defaultdict(list)
    for row in db.execute(_CASH):
        moves[row.book].append(Move(row.kind, row.from_role, row.to_role, row.fen))
    query = select(Project.code, Voucher.book_id).join(
        Voucher, col(Voucher.project_id) == Project.id
    )
    books = {book: code for code, book in db.exec(query.order_by(col(Voucher.book_id)))}
    accounts = _accounts(db, list(books))
    return [
        VoucherBook(code, Rights(**accounts[book][0]), accounts[book][1], moves[book])
        for book, code in books.items()
    ]


def budget_books(db: Session) -> dict[str, tuple[Mapping[str, Fen], Mapping[str, Fen]]]:
    """Return the balances and the floors of every indicator, by its number and year."""
    indicators = db.exec(
        select(Indicator).order_by(col(Indicator.year), col(Indicator.number))
    ).all()
    accounts = _accounts(db, [indicator.book_id for indicator in indicators])
    return {f"{of.number} / {of.year}": accounts[of.book_id] for of in indicators}


def _accounts(db: Session, books: Sequence[int]) -> dict[int, Amounts]:
    by_book: dict[int, Amounts] = {book: ({}, {}) for book in books}
    for account in db.exec(select(Account).where(col(Account.book_id).in_(books))):
        balances, floors = by_book[account.book_id]
        balances[account.role], floors[account.role] = account.balance, account.floor
    return by_book
