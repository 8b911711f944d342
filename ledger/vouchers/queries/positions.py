"""Which vouchers do not stand where they should: those that accruing would change.

A round accrues every voucher, and most of them have not changed since the one before. What they
earn and hold is read for all of them by a number of statements that does not depend on how many
there are; what moves money, or writes anything, is then done for each.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlmodel import Session

from ledger.accounts.queries import rights_of
from ledger.accounts.rules.targets import Move, Rights, Target, after, rebalance, room_of
from ledger.accounts.rules.years import YearShare
from ledger.charging.rules.cells import Cell
from ledger.postgres.columns import key
from ledger.vouchers.queries.earnings import earnings_of_projects
from ledger.vouchers.queries.years import (
    YearBook,
    aim_of,
    draw_moves,
    months_of_memo,
    newest_months_of,
    waits_after,
    year_books_of,
)
from ledger.vouchers.rules import Earnings
from ledger.vouchers.tables import Voucher

_FRAUD = text("""
    SELECT DISTINCT voucher_id FROM recoveries
    WHERE voucher_id = ANY(:vouchers) AND closed_at IS NULL AND fraud
""")
_PROJECTS = text("SELECT id, project_id FROM contracts WHERE project_id = ANY(:projects)")


@dataclass(frozen=True)
class Position:
    """What a voucher's books hold, and whether what it earns is set off against a case of fraud."""

    balances: Rights
    forfeits: bool
    books: Mapping[int, YearBook]


@dataclass(frozen=True)
class Plan:
    """What the months earn by now, where the voucher's money belongs, and the moves, by book."""

    state: Mapping[date, Earnings]
    aim: Target
    of_years: tuple[YearShare, ...]
    moves: Mapping[int, Sequence[Move]]


def plan(voucher: Voucher, state: Mapping[date, Earnings], position: Position) -> Plan:
    """Return which moves bring a voucher, whose months earn this, to where it belongs."""
    balances, forfeits = position.balances, position.forfeits
    aim, of_years = aim_of(state, room_of(balances, forfeits=forfeits), position.books)
    moves = rebalance(balances, aim, forfeits=forfeits)
    by_book: dict[int, Sequence[Move]] = {voucher.book_id: moves} if moves else {}
    by_book |= draw_moves(position.books, of_years, after(balances, moves))
    return Plan(state, aim, of_years, by_book)


def position_of(db: Session, voucher: Voucher, years: Collection[int]) -> Position:
    """Return what a voucher holds; of these years and those of which something is drawn."""
    return positions_of(db, [voucher], {key(voucher): years})[key(voucher)]


def positions_of(
    db: Session, vouchers: Sequence[Voucher], years: Mapping[int, Collection[int]]
) -> dict[int, Position]:
    """Return the same of several vouchers, by their keys."""
    balances = rights_of(db, [voucher.book_id for voucher in vouchers])
    keys = [key(voucher) for voucher in vouchers]
    in_fraud = forfeiting(db, keys)
    books = year_books_of(db, years)
    return {
        number: Position(balances[voucher.book_id], number in in_fraud, books[number])
        for number, voucher in zip(keys, vouchers, strict=True)
    }


def forfeiting(db: Session, vouchers: Sequence[int]) -> set[int]:
    """Return of which of these vouchers, by key, what is earned is set off against a fraud."""
    return set(db.scalars(_FRAUD, {"vouchers": list(vouchers)}))


def in_motion(db: Session, vouchers: Sequence[Voucher], all_cells: Iterable[Cell]) -> list[Voucher]:
    """Return those of these vouchers that accruing would change, in their order.

    Args:
        db: where their books, and the pools that they share, are locked.
        vouchers: any number of them.
        all_cells: the cells of their projects.
    """
    goals = earnings_of_projects(db, _with_cells(db, vouchers, all_cells))
    memos = newest_months_of(db, list(goals))
    states = {number: months_of_memo(months) for number, months in memos.items()}
    years = {
        number: {month.year for month in {*goal, *states.get(number, ())}}
        for number, goal in goals.items()
    }
    positions = positions_of(db, vouchers, years)
    return [
        voucher
        for voucher in vouchers
        if states.get(key(voucher)) != goals[key(voucher)]
        or not _stands(voucher, goals[key(voucher)], positions[key(voucher)])
    ]


def _stands(voucher: Voucher, goal: Mapping[date, Earnings], position: Position) -> bool:
    """Whether a voucher whose memo says what it earns is where it belongs."""
    its_plan = plan(voucher, goal, position)
    shares = {share.year: share for share in its_plan.of_years}
    changes = (waits_after(book, shares.get(year)) for year, book in position.books.items())
    are_open = all(book.book_id is not None for book in position.books.values())
    return are_open and not its_plan.moves and all(c.is_empty for c in changes)


def _with_cells(
    db: Session, vouchers: Sequence[Voucher], all_cells: Iterable[Cell]
) -> list[tuple[Voucher, list[Cell]]]:
    projects = [voucher.project_id for voucher in vouchers]
    project_of = {row.id: row.project_id for row in db.execute(_PROJECTS, {"projects": projects})}
    by_project: dict[int, list[Cell]] = {}
    for cell in all_cells:
        by_project.setdefault(project_of[cell.contract], []).append(cell)
    return [(voucher, by_project.get(voucher.project_id, [])) for voucher in vouchers]
