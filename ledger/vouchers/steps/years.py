"""Draw what a voucher recognises from the books of its years, and of the pools that it shares.

The voucher's book is locked first, then the pools, in the order of their books: whoever holds a
pool takes no voucher's book any more, so several vouchers are locked before the first one draws.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import insert
from sqlmodel import Session, col, delete, select, update

from ledger.accounts.queries import lock_books
from ledger.accounts.rules.targets import Move, Rights
from ledger.accounts.rules.years import YearShare, year_moves
from ledger.postgres.columns import key
from ledger.units import Fen
from ledger.vouchers.queries.years import (
    YearBook,
    months_of_memo,
    newest_months,
    waits_after,
    year_books,
)
from ledger.vouchers.rules import earned_in_order
from ledger.vouchers.tables import Pool, PoolClause, Voucher, VoucherYear, YearWait


def open_years(db: Session, voucher: Voucher, years: Collection[int]) -> dict[int, YearBook]:
    """Open the books of these years, lock the pools, and return the voucher's years.

    None where the voucher, whose book is locked, has neither caps for the years nor pools.
    """
    lock_pools(db, {voucher.clause})
    books = year_books(db, voucher, years)
    absent = [year for year in years if year in books and books[year].book_id is None]
    if not absent:
        return books
    _open_books(db, voucher, absent)
    return year_books(db, voucher, years)


def keep_waits(
    db: Session,
    voucher: Voucher,
    books: Mapping[int, YearBook],
    of_years: Iterable[YearShare],
    now: datetime,
) -> None:
    """Write down what of the years waits for its pool: served in front, new at the end."""
    shares = {share.year: share for share in of_years}
    for year, book in books.items():
        changes = waits_after(book, shares.get(year))
        for number, rest in changes.rests.items():
            row = col(YearWait.id) == number
            if rest:
                db.execute(update(YearWait).where(row).values(fen=rest))
            else:
                db.execute(delete(YearWait).where(row))
        if changes.more_fen:
            values = {"voucher_id": voucher.id, "year": year, "fen": changes.more_fen}
            db.execute(insert(YearWait).values({**values, "since": now}))


def held_by_year(db: Session, voucher: Voucher, balances: Rights) -> dict[int, Fen]:
    """Return of which years what is recognised is, of a voucher that did not tell them apart."""
    recognised_fen = balances.payable + balances.sent + balances.paid
    months = months_of_memo(newest_months(db, voucher))
    exact = {(month, 0): part.earned_fen for month, part in months.items()}
    by_year: dict[int, Fen] = {}
    for (month, _), fen in earned_in_order(exact, recognised_fen).items():
        by_year[month.year] = by_year.get(month.year, 0) + fen
    rest_fen = recognised_fen - sum(by_year.values())
    if rest_fen:  # on its way to the bank beyond what is earned
        last = max(months, default=voucher.opened_at.date()).year
        by_year[last] = by_year.get(last, 0) + rest_fen
    return by_year


def begin(db: Session, voucher: Voucher, by_year: Mapping[int, Fen]) -> dict[int, list[Move]]:
    """Open the books of a voucher's years; return the moves that draw what it recognised."""
    _open_books(db, voucher, sorted(by_year))
    rows = db.exec(select(VoucherYear).where(VoucherYear.voucher_id == voucher.id)).all()
    return {row.book_id: year_moves(0, by_year[row.year]) for row in rows if by_year.get(row.year)}


def _open_books(db: Session, voucher: Voucher, years: Sequence[int]) -> None:
    # The database opens the books, so their numbers are not written.
    rows = [{"voucher_id": key(voucher), "year": year} for year in years]
    if rows:
        db.execute(insert(VoucherYear).values(rows))


def lock_pools(db: Session, clauses: Collection[str]) -> None:
    """Lock the pools of these clauses; all books of vouchers that will be changed come before."""
    query = select(Pool.book_id).join(PoolClause, col(PoolClause.pool_id) == Pool.id)
    books = db.exec(query.where(col(PoolClause.clause).in_(clauses))).all()
    lock_books(db, set(books))
