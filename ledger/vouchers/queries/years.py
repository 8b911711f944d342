"""The calendar years of vouchers, and the pools that they share: caps, what is drawn, who waits."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from ledger.accounts.queries import rights
from ledger.accounts.rules.targets import Move, Rights, Target, target
from ledger.accounts.rules.years import (
    Limits,
    Wait,
    YearShare,
    draws,
    queue,
    shares,
    target_of,
    whole_fen,
    year_moves,
)
from ledger.accounts.rules.years import Pool as PoolRest
from ledger.postgres.columns import key
from ledger.registry.tables import Project
from ledger.units import Fen
from ledger.vouchers.rules import Earnings, by_year
from ledger.vouchers.tables import Voucher

_DRAW_BY_YEAR = text("""
    SELECT voucher FROM unnest(CAST(:vouchers AS bigint[])) voucher WHERE draws_by_year(voucher)
""")

_YEARS = text("""
    SELECT n.voucher, n.year, y.book_id, coalesce(a.balance, 0) AS drawn_fen,
           year_cap_of(n.voucher, n.year) AS cap_fen,
           l.id AS pool_id, l.number AS pool, l.book_id AS pool_book,
           -p.floor AS pool_cap_fen, s.balance AS pool_drawn_fen
    FROM unnest(CAST(:vouchers AS bigint[]), CAST(:years AS integer[])) n (voucher, year)
    JOIN vouchers v ON v.id = n.voucher
    LEFT JOIN voucher_years y ON (y.voucher_id, y.year) = (v.id, n.year)
    LEFT JOIN accounts a ON a.book_id = y.book_id AND a.role = 'drawn'
    LEFT JOIN pool_clauses c ON (c.year, c.clause) = (n.year, v.clause)
    LEFT JOIN pools l ON l.id = c.pool_id
    LEFT JOIN accounts p ON p.book_id = l.book_id AND p.role = 'ceiling'
    LEFT JOIN accounts s ON s.book_id = l.book_id AND s.role = 'drawn'
    ORDER BY n.voucher, n.year
""")

_YEARS_DRAWN = text("""
    SELECT voucher_id AS voucher, year FROM voucher_years WHERE voucher_id = ANY (:vouchers)
""")

_MEMO_MONTHS = text("""
    SELECT v.id AS voucher, m.months FROM unnest(CAST(:vouchers AS bigint[])) v (id)
    CROSS JOIN LATERAL (
        SELECT months FROM accruals WHERE voucher_id = v.id ORDER BY id DESC LIMIT 1
    ) m
""")

_WAITS = text("""
    SELECT c.pool_id, w.id, w.fen, w.voucher_id AS voucher
    FROM year_waits w JOIN vouchers v ON v.id = w.voucher_id
    JOIN pool_clauses c ON (c.year, c.clause) = (w.year, v.clause)
    WHERE c.pool_id = ANY (:pools) ORDER BY w.id
""")


@dataclass(frozen=True)
class PoolBook:
    """A pool of a year, fen: its cap, what all its vouchers have drawn, and who waits for more."""

    number: str
    book_id: int
    cap_fen: Fen
    drawn_fen: Fen
    waits: tuple[Wait, ...]

    @property
    def others_wait(self) -> bool:
        """Whether another voucher than this one waits for its money."""
        return any(not wait.own for wait in self.waits)


@dataclass(frozen=True)
class YearBook:
    """A voucher's year, fen: its cap (None: none), what is drawn, and the pool that it shares."""

    year: int
    book_id: int | None
    cap_fen: Fen | None
    drawn_fen: Fen
    pool: PoolBook | None

    @property
    def limits(self) -> Limits:
        """What limits the year."""
        pool = self.pool
        rest = PoolRest(pool.cap_fen - pool.drawn_fen, pool.waits) if pool else None
        return Limits(self.cap_fen, rest, self.drawn_fen)


@dataclass(frozen=True)
class YearQuota:
    """A year of a voucher: its limits, what they let through, and what each of them cuts off."""

    book: YearBook
    share: YearShare


def year_books(db: Session, voucher: Voucher, years: Collection[int] = ()) -> dict[int, YearBook]:
    """Return these years of a voucher, and those of which something is drawn.

    None of them where it has neither caps for the years nor pools.
    """
    return year_books_of(db, {key(voucher): years})[key(voucher)]


def year_books_of(
    db: Session, years: Mapping[int, Collection[int]]
) -> dict[int, dict[int, YearBook]]:
    """Return the same of several vouchers, by their keys; `years` says which of each."""
    books: dict[int, dict[int, YearBook]] = {voucher: {} for voucher in years}
    drawing = sorted(draw_by_year(db, list(years)))
    if not drawing:
        return books
    wanted = {(voucher, year) for voucher in drawing for year in years[voucher]}
    wanted.update((r.voucher, r.year) for r in db.execute(_YEARS_DRAWN, {"vouchers": drawing}))
    pairs = sorted(wanted)
    params = {"vouchers": [v for v, _ in pairs], "years": [year for _, year in pairs]}
    rows = db.execute(_YEARS, params).all()
    waits: dict[int, list[Any]] = {}
    pools = sorted({row.pool_id for row in rows if row.pool_id is not None})
    for row in db.execute(_WAITS, {"pools": pools}):
        waits.setdefault(row.pool_id, []).append(row)
    for row in rows:
        pool = _pool_book(row, waits.get(row.pool_id, ())) if row.pool_id is not None else None
        books[row.voucher][row.year] = YearBook(
            row.year, row.book_id, row.cap_fen, row.drawn_fen, pool
        )
    return books


def _pool_book(row: Any, waits: Sequence[Any]) -> PoolBook:  # noqa: ANN401 - rows of the database
    """Return the pool of a voucher's year; the waits are of all vouchers that share it."""
    own = tuple(Wait(w.id, w.fen, w.voucher == row.voucher) for w in waits)
    return PoolBook(row.pool, row.pool_book, row.pool_cap_fen, row.pool_drawn_fen, own)


def aim_of(
    months: Mapping[date, Earnings], room: Fen, books: Mapping[int, YearBook]
) -> tuple[Target, tuple[YearShare, ...]]:
    """Return the target of a voucher whose months earn this, and its years where it has books."""
    if not books:
        whole = sum(months.values(), Earnings())
        return target(whole.earned_fen, whole.uncapped_fen, room), ()
    limits = {year: book.limits for year, book in books.items()}
    of_years = shares(whole_fen(by_year(months)), limits, room)
    return target_of(of_years), of_years


def draw_moves(
    books: Mapping[int, YearBook], of_years: Iterable[YearShare], balances: Rights
) -> dict[int, list[Move]]:
    """Return the moves in the books of years and pools that go with these balances."""
    before = {year: book.drawn_fen for year, book in books.items()}
    moves: dict[int, list[Move]] = {}
    goal = draws(of_years, before, balances.payable + balances.sent + balances.paid)
    for year, fen in goal.items():
        pool = books[year].pool
        for book in (books[year].book_id, pool.book_id if pool else None):
            if book is not None and fen != before[year]:
                moves[book] = year_moves(before[year], fen)
    return moves


@dataclass(frozen=True)
class WaitChanges:
    """What changes of what a voucher waits for in a pool: fen left by number, and fen anew."""

    rests: Mapping[int, Fen]
    more_fen: Fen

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes."""
        return not self.rests and not self.more_fen


def waits_after(book: YearBook, share: YearShare | None) -> WaitChanges:
    """Return what changes of a year's waiting sums: served in front, new at the end."""
    own = [wait for wait in book.pool.waits if wait.own] if book.pool else []
    fen, earned_fen = (share.waiting_fen, share.earned_fen) if share else (0, 0)
    served_fen = max(earned_fen - book.drawn_fen, 0)
    rests, more_fen = queue([wait.fen for wait in own], served_fen, fen if book.pool else 0)
    changes = {w.number: rest for w, rest in zip(own, rests, strict=True) if rest != w.fen}
    return WaitChanges(changes, more_fen)


def drawn_by_year(db: Session, voucher: Voucher) -> dict[int, Fen] | None:
    """Return what is recognised of each year; None where the years are not told apart."""
    if not draws_by_year(db, voucher):
        return None
    return {year: book.drawn_fen for year, book in year_books(db, voucher).items()}


def draws_by_year(db: Session, voucher: Voucher) -> bool:
    """Return whether a voucher has, or had, a cap for each year or a part in a pool."""
    return bool(draw_by_year(db, [key(voucher)]))


def draw_by_year(db: Session, vouchers: Sequence[int]) -> set[int]:
    """Return which of these vouchers have, or had, a cap for each year or a part in a pool."""
    return set(db.scalars(_DRAW_BY_YEAR, {"vouchers": list(vouchers)}))


def year_quotas(db: Session, voucher: Voucher, room: Fen) -> tuple[YearQuota, ...]:
    """Return the years of a voucher under `room` fen in all; none where they are not told apart."""
    months = months_of_memo(newest_months(db, voucher))
    books = year_books(db, voucher, {month.year for month in months})
    _, of_years = aim_of(months, room, books)
    by_number = {share.year: share for share in of_years}
    return tuple(
        YearQuota(book, by_number.get(year, YearShare(year)))
        for year, book in sorted(books.items())
    )


def years_of_project(db: Session, code: str) -> tuple[YearQuota, ...]:
    """Return the years of a project's voucher, if it has one that tells them apart."""
    query = select(Voucher).join(Project, col(Project.id) == Voucher.project_id)
    voucher = db.exec(query.where(Project.code == code)).one_or_none()
    if voucher is None:
        return ()
    return year_quotas(db, voucher, rights(db, voucher.book_id).room)


def let_through(years: Sequence[YearQuota]) -> dict[int, Fen]:
    """Return what caps and pools let through of the years that they cut."""
    cut_fen = {of.book.year: of.share.over_cap_fen + of.share.over_pool_fen for of in years}
    return {
        of.book.year: of.share.metered_fen - cut_fen[of.book.year]
        for of in years
        if cut_fen[of.book.year]
    }


def newest_months(db: Session, voucher: Voucher) -> Mapping[str, Any]:
    """Return the months of a voucher's newest memo, as it was written."""
    return newest_months_of(db, [key(voucher)]).get(key(voucher), {})


def newest_months_of(db: Session, vouchers: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """Return the same of several vouchers, of those that have a memo, by their keys."""
    rows = db.execute(_MEMO_MONTHS, {"vouchers": list(vouchers)})
    return {row.voucher: row.months for row in rows}


def months_of_memo(months: Mapping[str, Mapping[str, int | str]]) -> dict[date, Earnings]:
    """Return what each month earned, as the memo of an accrual says."""
    return {
        date.fromisoformat(f"{month}-01"): Earnings(
            int(part["cost_fen"]),
            int(part["matched_fen"]),
            Fraction(part["earned_fen"]),
            Fraction(part["uncapped_fen"]),
        )
        for month, part in months.items()
    }
