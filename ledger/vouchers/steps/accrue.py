"""Accrue: bring each voucher's money to its target under the cap.

The target follows from the reconciliation cells of the project in which the voucher's policy is in
force: matched cost is earned, metered and open cost is provisional (预计), no promise. The
difference to the present balances is moved. What the cap cuts off is recorded as a memo at every
change.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from ledger.accounts.queries import lock_book, post, rights
from ledger.accounts.rules.targets import rebalance, target
from ledger.charging.queries.cells import cells
from ledger.charging.rules.cells import Cell
from ledger.units import Fen, beijing_day, month_of
from ledger.vouchers.tables import Accrual, Clause, Voucher


@dataclass(frozen=True)
class AccrualResult:
    """How many vouchers were checked, and how many had money moved."""

    vouchers: int
    moved: int


def accrue_all(db: Session, actor: str, now: datetime) -> AccrualResult:
    """Accrue every voucher, in the order of their books."""
    vouchers = db.exec(select(Voucher).order_by(col(Voucher.book))).all()
    count = sum(accrue(db, voucher, actor, now) for voucher in vouchers)
    return AccrualResult(len(vouchers), count)


def accrue(db: Session, voucher: Voucher, actor: str, now: datetime) -> bool:
    """Bring one voucher to its target; return whether money moved."""
    lock_book(db, voucher.book)
    clause = db.get_one(Clause, (voucher.policy, voucher.clause))
    earning_cells = [c for c in cells(db, projects=[voucher.project]) if c.policy == voucher.policy]
    months = _by_month((cell.month, cell.metered_fen) for cell in earning_cells)
    matched = _by_month((cell.month, cell.counted_fen) for cell in earning_cells)
    amounts = rights(db, voucher.book)
    rate = Fraction(clause.rate_num, clause.rate_den)
    aim = target([(rate, _counted_fen(earning_cells), _open(earning_cells))], amounts.room)
    memo = db.exec(_newest_memo(voucher)).first()
    before = (memo.months, memo.matched) if memo else ({}, {})
    moves = rebalance(amounts, aim)
    if not moves and memo is not None and before == (months, matched):
        return False
    posting = None
    if moves:
        posting = post(
            db,
            cause=f"accrue/{voucher.id}/{memo.id if memo else 0}",
            used_on=_first_changed((months, matched), before, now),
            booked=month_of(beijing_day(now)),
            actor=actor,
            moves={voucher.book: moves},
        )
    db.add(
        Accrual.model_validate(
            {
                "voucher": voucher.id,
                "posting": posting,
                "cost_fen": sum(months.values()),
                "uncapped_fen": aim.uncapped_fen,
                "target_fen": aim.provisional_fen,
                "earned_fen": aim.earned_fen,
                "months": months,
                "matched": matched,
                "computed_at": now,
            }
        )
    )
    db.flush()
    return bool(moves)


def _by_month(sums: Iterable[tuple[date, Fen]]) -> dict[str, Fen]:
    """Sum by month: `{"2026-11": fen}`."""
    sums_by_month: dict[str, Fen] = {}
    for month, fen in sums:
        sums_by_month[f"{month:%Y-%m}"] = sums_by_month.get(f"{month:%Y-%m}", 0) + fen
    return {month: fen for month, fen in sums_by_month.items() if fen}


def _counted_fen(earning_cells: Iterable[Cell]) -> Fen:
    return sum(cell.counted_fen for cell in earning_cells)


def _open(earning_cells: Iterable[Cell]) -> Fen:
    return sum(cell.open_fen for cell in earning_cells)


def _newest_memo(voucher: Voucher) -> SelectOfScalar[Accrual]:
    memos = select(Accrual).where(Accrual.voucher == voucher.id)
    return memos.order_by(col(Accrual.id).desc()).limit(1)


def _first_changed(
    now_sums: tuple[dict[str, Fen], ...], before: tuple[dict[str, Fen], ...], now: datetime
) -> date:
    """Return the used period of a posting: the oldest month with a changed cost or match."""
    months = [
        month
        for new, old in zip(now_sums, before, strict=True)
        for month in new | old
        if new.get(month) != old.get(month)
    ]
    return date.fromisoformat(f"{min(months)}-01") if months else month_of(beijing_day(now))
