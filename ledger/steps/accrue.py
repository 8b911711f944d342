"""Accrue: bring each voucher's money to its target under the cap.

The target follows from the absolute charges of the months in which the voucher's policy is in
force; what moves is the difference to where the money is. Accrued (预计) is provisional, no
promise. What the cap cuts off is written down as a memo, with every change of it.
"""

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import text
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from ledger.books.movements import lock_book, post, rights
from ledger.rules.targets import rebalance, target
from ledger.tables.vouchers import Accrual, Clause, Voucher
from ledger.units import Fen, beijing_day, month_of

_MONTHS = text("""
    SELECT g.month, sum(g.cost_fen)::bigint AS cost_fen
    FROM charges g JOIN contracts k ON k.id = g.contract
    WHERE k.project = :project AND g.policy = :policy
    GROUP BY g.month ORDER BY g.month
""")


@dataclass(frozen=True)
class Accrued:
    """How many vouchers were looked at, and how many had money moved."""

    vouchers: int
    moved: int


def accrue_all(db: Session, actor: str, now: datetime) -> Accrued:
    """Accrue every voucher, in the order of their books."""
    vouchers = db.exec(select(Voucher).order_by(col(Voucher.book))).all()
    moved = sum(accrue(db, voucher, actor, now) for voucher in vouchers)
    return Accrued(len(vouchers), moved)


def accrue(db: Session, voucher: Voucher, actor: str, now: datetime) -> bool:
    """Bring one voucher to its target. Returns whether money moved."""
    lock_book(db, voucher.book)
    clause = db.get_one(Clause, (voucher.policy, voucher.clause))
    months = _months(db, voucher)
    cost = sum(months.values())
    held = rights(db, voucher.book)
    # M, the matched cost, is 0 until reconciliation is there.
    aim = target([(Fraction(clause.rate_num, clause.rate_den), 0, cost)], held.room)
    memo = db.exec(_newest_memo(voucher)).first()
    moves = rebalance(held, aim)
    if not moves and memo is not None and memo.months == months:
        return False
    posting = None
    if moves:
        posting = post(
            db,
            cause=f"accrue/{voucher.id}/{memo.id if memo else 0}",
            used=_first_changed(months, memo.months if memo else {}, now),
            booked=month_of(beijing_day(now)),
            actor=actor,
            moves={voucher.book: moves},
        )
    db.add(
        Accrual.model_validate(
            {
                "voucher": voucher.id,
                "posting": posting,
                "cost_fen": cost,
                "uncapped_fen": aim.uncapped_fen,
                "target_fen": aim.provisional_fen,
                "matched_fen": 0,
                "earned_fen": aim.earned_fen,
                "months": months,
                "computed_at": now,
            }
        )
    )
    db.flush()
    return bool(moves)


def _months(db: Session, voucher: Voucher) -> dict[str, Fen]:
    """The cost charged in each month in force, `{"2026-11": fen}`."""
    rows = db.execute(_MONTHS, {"project": voucher.project, "policy": voucher.policy})
    return {f"{row.month:%Y-%m}": row.cost_fen for row in rows}


def _newest_memo(voucher: Voucher) -> SelectOfScalar[Accrual]:
    mine = select(Accrual).where(Accrual.voucher == voucher.id)
    return mine.order_by(col(Accrual.id).desc()).limit(1)


def _first_changed(now_months: dict[str, Fen], before: dict[str, Fen], now: datetime) -> date:
    """The used period of a posting: the oldest month whose cost is not what it was."""
    changed = [m for m in now_months | before if now_months.get(m) != before.get(m)]
    return date.fromisoformat(f"{min(changed)}-01") if changed else month_of(beijing_day(now))
