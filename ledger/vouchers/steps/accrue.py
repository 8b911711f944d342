"""Accrue: bring each voucher's money to its target under the cap.

The target follows from the reconciliation cells of the project: matched cost is earned, metered and
open cost is provisional (预计), no promise. What the books rest on rises by itself; it falls when
two persons have decided the fall (`reconciliation/steps/falls.py`). The difference to the present
balances is moved, with one posting and one memo for each used month that changed, the oldest first;
where one month's rise would be lost to a case of fraud that another month's fall brings back, or
one month's fall to who waits in a pool though another month rises, with one for all of them.
What the caps cut off is recorded in the memos. Where a voucher has caps for the years, or shares
pools, what is recognised is drawn from the books of its years in the same posting (`years.py`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import text
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from ledger.accounts.queries import lock_book, lock_books, post
from ledger.charging.queries.cells import cells, raise_held
from ledger.charging.steps import charge
from ledger.postgres.columns import key
from ledger.units import beijing_day, month_of
from ledger.vouchers.queries.earnings import earnings_of
from ledger.vouchers.queries.positions import Plan, forfeiting, in_motion, plan, position_of
from ledger.vouchers.queries.years import months_of_memo
from ledger.vouchers.rules import Earnings
from ledger.vouchers.steps.years import keep_waits, lock_pools, open_years
from ledger.vouchers.tables import Accrual, Voucher, YearWait

_MAP_DAYS = text("SELECT map_days(:project)")


@dataclass(frozen=True)
class AccrualResult:
    """How many vouchers were checked, and how many had money moved."""

    vouchers: int
    moved: int


def charge_anew(db: Session, projects: Collection[int], now: datetime) -> None:
    """Charge these projects' usage after two persons changed the days of their versions.

    What the books rest on is mapped to the versions by what is metered now, so that what falls or
    comes later is compared with that.
    """
    charge(db, now, list(projects))
    for project in sorted(projects):
        db.execute(_MAP_DAYS, {"project": project})


def accrue_all(db: Session, actor: str, now: datetime) -> AccrualResult:
    """Accrue every voucher, in the order of their books."""
    vouchers = db.exec(select(Voucher).order_by(col(Voucher.book_id))).all()
    return AccrualResult(len(vouchers), accrue_each(db, vouchers, actor, now))


def accrue_each(db: Session, vouchers: Sequence[Voucher], actor: str, now: datetime) -> int:
    """Accrue these vouchers, in the order of their books; return in how many money moved.

    All are locked before the first of them draws on a pool; those that stand where they should are
    left alone. What came free in a pool on the way goes to those of them who wait, until nothing
    moves any more.
    """
    lock_books(db, [voucher.book_id for voucher in vouchers])
    lock_pools(db, {voucher.clause for voucher in vouchers})
    keys = {v.id for v in _in_motion(db, vouchers) if accrue(db, v, actor, now)}
    while served := {
        v.id for v in _in_motion(db, _queued(db, vouchers)) if accrue(db, v, actor, now)
    }:
        keys |= served
    return len(keys)


def _in_motion(db: Session, vouchers: Sequence[Voucher]) -> list[Voucher]:
    """Those that accruing would change, once the books rest on all that counts."""
    if not vouchers:
        return []
    of_projects = cells(db, projects=[voucher.project_id for voucher in vouchers])
    raise_held(db, of_projects)
    return in_motion(db, vouchers, of_projects)


def _queued(db: Session, vouchers: Sequence[Voucher]) -> list[Voucher]:
    keys = set(db.exec(select(YearWait.voucher_id).distinct()).all())
    return [voucher for voucher in vouchers if voucher.id in keys]


def accrue(db: Session, voucher: Voucher, actor: str, now: datetime) -> bool:
    """Bring one voucher to its target; return whether money moved."""
    lock_book(db, voucher.book_id)
    of_project = cells(db, projects=[voucher.project_id])
    raise_held(db, of_project)
    goal = earnings_of(db, voucher, of_project)
    memo = db.exec(_newest_memo(voucher)).first()
    state = months_of_memo(memo.months) if memo else {}
    books = open_years(db, voucher, {month.year for month in {*goal, *state}})
    any_moves = False
    forfeits = bool(forfeiting(db, [key(voucher)]))
    others_wait = any(book.pool and book.pool.others_wait for book in books.values())
    for months in _together(state, goal, forfeits=forfeits, others_wait=others_wait):
        state = {m: part for m, part in state.items() if m not in months}
        state |= {month: goal[month] for month in months if month in goal}
        step = _step(db, voucher, state, now)
        memo = _keep(db, voucher, memo, step, month=months[-1], actor=actor, now=now)
        any_moves = any_moves or bool(step.moves)
    # Whatever else changed, as the cap, or money that came back, counts for this month.
    step = _step(db, voucher, state, now)
    if step.moves or memo is None:
        this_month = month_of(beijing_day(now))
        _keep(db, voucher, memo, step, month=this_month, actor=actor, now=now)
    return any_moves or bool(step.moves)


def _together(
    state: Mapping[date, Earnings],
    goal: Mapping[date, Earnings],
    *,
    forfeits: bool,
    others_wait: bool,
) -> list[list[date]]:
    """Return the months that changed, the oldest first, as they are posted.

    Each for itself. But what is set off against a debt of fraud is lost: where some rise and some
    fall, only what all of them rise together may be. So it is with a pool in which others wait:
    what a month draws less goes to them, also the fen that rounding moves to another year.
    """
    months = sorted(m for m in {*goal, *state} if goal.get(m) != state.get(m))
    zero = Earnings()
    rises = [goal.get(m, zero).earned_fen - state.get(m, zero).earned_fen for m in months]
    are_mixed = min(rises, default=0) < 0 < max(rises, default=0)
    are_of_years = len({month.year for month in {*goal, *state}}) > 1
    if months and ((are_mixed and forfeits) or (others_wait and (are_mixed or are_of_years))):
        return [months]
    return [[month] for month in months]


def _step(db: Session, voucher: Voucher, state: Mapping[date, Earnings], now: datetime) -> Plan:
    position = position_of(db, voucher, {month.year for month in state})
    its_plan = plan(voucher, state, position)
    keep_waits(db, voucher, position.books, its_plan.of_years, now)
    return its_plan


def _keep(
    db: Session,
    voucher: Voucher,
    before: Accrual | None,
    step: Plan,
    *,
    month: date,
    actor: str,
    now: datetime,
) -> Accrual:
    """Post the moves of one used month, and write the memo beside it."""
    state, aim = step.state, step.aim
    posting = None
    if step.moves:
        posting = post(
            db,
            cause=f"accrue/{voucher.id}/{before.id if before else 0}",
            used_on=month,
            booked=month_of(beijing_day(now)),
            actor=actor,
            moves=step.moves,
        )
    memo = Accrual(
        voucher_id=key(voucher), posting_id=posting,
        cost_fen=sum(part.cost_fen for part in state.values()), uncapped_fen=aim.uncapped_fen,
        target_fen=aim.provisional_fen, earned_fen=aim.earned_fen, months=_as_json(state),
        computed_at=now,
    )  # fmt: skip
    db.add(memo)
    db.flush()
    return memo


def _as_json(state: Mapping[date, Earnings]) -> dict[str, dict[str, int | str]]:
    """Write each month's earnings; fractions as text."""
    return {
        f"{month:%Y-%m}": {
            name: str(value) if isinstance(value, Fraction) else value
            for name, value in asdict(part).items()
        }
        for month, part in sorted(state.items())
    }


def _newest_memo(voucher: Voucher) -> SelectOfScalar[Accrual]:
    memos = select(Accrual).where(Accrual.voucher_id == voucher.id)
    return memos.order_by(col(Accrual.id).desc()).limit(1)
