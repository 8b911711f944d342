"""Accrue: bring each voucher's money to its target under the cap.

The target follows from the reconciliation cells of the project: matched cost is earned, metered and
open cost is provisional (预计), no promise. What the books rest on rises by itself; it falls when
two persons have decided the fall (`reconciliation/steps/falls.py`). The difference to the present
balances is moved, with one posting and one memo for each used month that changed, the oldest first.
What the cap cuts off is recorded in the memos.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import text
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from ledger.accounts.queries import lock_book, post, rights
from ledger.accounts.rules.targets import Move, Rights, Target, after, rebalance, room_of, target
from ledger.charging.queries.cells import cells, raise_held
from ledger.postgres.columns import key
from ledger.units import beijing_day, month_of
from ledger.vouchers import queries
from ledger.vouchers.rules import Earnings
from ledger.vouchers.tables import Accrual, Voucher

_FRAUD = text("""
    SELECT EXISTS (SELECT FROM recoveries
                   WHERE voucher_id = :voucher AND closed_at IS NULL AND fraud)
""")


@dataclass(frozen=True)
class AccrualResult:
    """How many vouchers were checked, and how many had money moved."""

    vouchers: int
    moved: int


def accrue_all(db: Session, actor: str, now: datetime) -> AccrualResult:
    """Accrue every voucher, in the order of their books."""
    vouchers = db.exec(select(Voucher).order_by(col(Voucher.book_id))).all()
    count = sum(accrue(db, voucher, actor, now) for voucher in vouchers)
    return AccrualResult(len(vouchers), count)


def accrue(db: Session, voucher: Voucher, actor: str, now: datetime) -> bool:
    """Bring one voucher to its target; return whether money moved."""
    lock_book(db, voucher.book_id)
    of_project = cells(db, projects=[voucher.project_id])
    raise_held(db, of_project)
    goal = queries.earnings_of(db, voucher, of_project)
    memo = db.exec(_newest_memo(voucher)).first()
    state = _read(memo.months) if memo else {}
    balances = rights(db, voucher.book_id)
    forfeits = bool(db.scalar(_FRAUD, {"voucher": voucher.id}))
    any_moves = False
    for month in sorted(m for m in {*goal, *state} if goal.get(m) != state.get(m)):
        state = {**state, month: goal[month]} if month in goal else _without(state, month)
        aim = _aim(state, balances, forfeits=forfeits)
        moves = rebalance(balances, aim, forfeits=forfeits)
        memo = _keep(db, voucher, memo, (state, aim, moves), month=month, actor=actor, now=now)
        balances = after(balances, moves)
        any_moves = any_moves or bool(moves)
    # Whatever else changed, as the cap, or money that came back, counts for this month.
    aim = _aim(state, balances, forfeits=forfeits)
    moves = rebalance(balances, aim, forfeits=forfeits)
    if moves or memo is None:
        _keep(
            db,
            voucher,
            memo,
            (state, aim, moves),
            month=month_of(beijing_day(now)),
            actor=actor,
            now=now,
        )
    return any_moves or bool(moves)


def _without(state: Mapping[date, Earnings], month: date) -> dict[date, Earnings]:
    return {key: part for key, part in state.items() if key != month}


def _aim(state: Mapping[date, Earnings], balances: Rights, *, forfeits: bool) -> Target:
    whole = sum(state.values(), Earnings())
    return target(whole.earned_fen, whole.uncapped_fen, room_of(balances, forfeits=forfeits))


def _keep(
    db: Session,
    voucher: Voucher,
    before: Accrual | None,
    step: tuple[Mapping[date, Earnings], Target, tuple[Move, ...]],
    *,
    month: date,
    actor: str,
    now: datetime,
) -> Accrual:
    """Post the moves of one used month, and write the memo beside it."""
    state, aim, moves = step
    posting = None
    if moves:
        posting = post(
            db,
            cause=f"accrue/{voucher.id}/{before.id if before else 0}",
            used_on=month,
            booked=month_of(beijing_day(now)),
            actor=actor,
            moves={voucher.book_id: moves},
        )
    memo = Accrual(
        voucher_id=key(voucher), posting_id=posting,
        cost_fen=sum(part.cost_fen for part in state.values()), uncapped_fen=aim.uncapped_fen,
        target_fen=aim.provisional_fen, earned_fen=aim.earned_fen, months=_written(state),
        computed_at=now,
    )  # fmt: skip
    db.add(memo)
    db.flush()
    return memo


def _written(state: Mapping[date, Earnings]) -> dict[str, dict[str, int | str]]:
    """Write each month's earnings; fractions as text."""
    return {
        f"{month:%Y-%m}": {
            name: str(value) if isinstance(value, Fraction) else value
            for name, value in asdict(part).items()
        }
        for month, part in sorted(state.items())
    }


def _read(months: Mapping[str, Mapping[str, int | str]]) -> dict[date, Earnings]:
    return {
        date.fromisoformat(f"{month}-01"): Earnings(
            int(part["cost_fen"]),
            int(part["matched_fen"]),
            Fraction(part["earned_fen"]),
            Fraction(part["uncapped_fen"]),
        )
        for month, part in months.items()
    }


def _newest_memo(voucher: Voucher) -> SelectOfScalar[Accrual]:
    memos = select(Accrual).where(Accrual.voucher_id == voucher.id)
    return memos.order_by(col(Accrual.id).desc()).limit(1)
