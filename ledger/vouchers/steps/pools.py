"""Make a yearly pool (年度资金池) that vouchers share, or change its sum, by two persons.

A pool is a budget line of a calendar year: the vouchers of its clauses together are recognised no
more than it has. First come, first served; what comes too late waits, and is served in its order
when months of that year fall, or the pool is raised. It is never below what is recognised already.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session, col, select

from ledger.accounts.queries import lock_book, post, rights
from ledger.accounts.rules.targets import Move
from ledger.accounts.rules.years import year_moves
from ledger.errors import Conflict, NotFound, Refused
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide
from ledger.people.tables import Decision
from ledger.units import FEN_MAX, Fen, beijing_day, month_of, yuan
from ledger.vouchers.queries.pools import pool_by_number
from ledger.vouchers.queries.years import drawn_by_year
from ledger.vouchers.steps.accrue import accrue_each
from ledger.vouchers.steps.year_caps import YEARS
from ledger.vouchers.steps.years import begin, held_by_year
from ledger.vouchers.tables import Clause, Pool, PoolClause, Voucher

KIND = DecisionKind.POOL

_SET = text("SELECT set_pool(:decision)")


def propose_pool(
    db: Session,
    *,
    year: int,
    number: str,
    clauses: Collection[str],
    cap_fen: Fen,
    reason: str,
    actor: str,
    now: datetime,
) -> Decision:
    """Propose a pool of a year for the vouchers of these clauses, or another sum for one.

    Of a pool that is there the clauses stand: they are left out, or the same.

    Raises:
        NotFound: there is no such clause (`voucher_clause`).
        Refused: no year (`year_out_of_range`), no amount (`amount_out_of_range`), no clauses
            (`pool_without_clauses`) or others (`pool_clauses_stand`), the same sum
            (`pool_unchanged`), less than is recognised (`pool_below_drawn`), or no reason
            (`reason_missing`).
        Conflict: a clause has a pool in that year (`clause_in_pool`), or a decision about it waits.
    """
    if not reason.strip():
        raise Refused("reason_missing")
    if year not in YEARS:
        raise Refused("year_out_of_range", first=YEARS.start, last=YEARS.stop - 1)
    if not 0 < cap_fen <= FEN_MAX:
        raise Refused("amount_out_of_range")
    pool = pool_by_number(db, year, number)
    if pool is None:
        _refuse_clauses(db, year, clauses)
    elif clauses and set(clauses) != set(pool.clauses):
        raise Refused("pool_clauses_stand", clauses=", ".join(pool.clauses))
    elif pool.cap_fen == cap_fen:
        raise Refused("pool_unchanged", cap=yuan(cap_fen))
    of_pool = sorted(set(pool.clauses if pool else clauses))
    _refuse_drawn(cap_fen, pool.drawn_fen if pool else _held_fen(db, of_pool, year))
    content = {
        "year": year,
        "pool": number,
        "clauses": of_pool,
        "before_fen": pool.cap_fen if pool else None,
        "cap_fen": cap_fen,
    }
    return decide(
        db, kind=KIND, subject=f"{year}/{number}", content=content, reason=reason, actor=actor,
        now=now,
    )  # fmt: skip


def change_pool(db: Session, decision: Decision, actor: str, now: datetime) -> None:
    """Carry out the confirmed decision: who waits is served, and what is over stays free.

    Raises:
        Refused: more is recognised by now (`pool_below_drawn`).
        Conflict: a clause has another pool by now (`clause_in_pool`).
    """
    content = decision.content
    year, number, clauses = content["year"], content["pool"], content["clauses"]
    for voucher in _vouchers(db, clauses):
        lock_book(db, voucher.book_id)
    before = pool_by_number(db, year, number)
    if before is None:
        _refuse_clauses(db, year, clauses)
        _make(db, decision, actor, now)
    else:
        lock_book(db, before.book_id)
        _refuse_drawn(content["cap_fen"], before.drawn_fen)
        db.execute(_SET, {"decision": decision.id})
    accrue_each(db, _vouchers(db, clauses), actor, now)


def _make(db: Session, decision: Decision, actor: str, now: datetime) -> None:
    """Make a pool; what its vouchers have recognised by now is drawn from it at once."""
    year, clauses = decision.content["year"], decision.content["clauses"]
    undrawn = [v for v in _vouchers(db, clauses) if drawn_by_year(db, v) is None]
    whole_fen = _held_fen(db, clauses, year)
    _refuse_drawn(decision.content["cap_fen"], whole_fen)
    shares = {v.book_id: held_by_year(db, v, rights(db, v.book_id)) for v in undrawn}
    pool = db.get_one(Pool, db.scalar(_SET, {"decision": decision.id}))
    moves: dict[int, list[Move]] = {pool.book_id: year_moves(0, whole_fen)} if whole_fen else {}
    for voucher in undrawn:
        moves |= begin(db, voucher, shares[voucher.book_id])
    month = month_of(beijing_day(now))
    if moves:
        post(
            db, cause=f"decision/{decision.id}", used_on=month, booked=month, actor=actor,
            moves=moves,
        )  # fmt: skip


def _vouchers(db: Session, clauses: Collection[str]) -> Sequence[Voucher]:
    query = select(Voucher).where(col(Voucher.clause).in_(clauses))
    return db.exec(query.order_by(col(Voucher.book_id))).all()


def _held_fen(db: Session, clauses: Collection[str], year: int) -> Fen:
    """Return what the vouchers of these clauses have recognised of a year."""
    fen = 0
    for voucher in _vouchers(db, clauses):
        by_year = drawn_by_year(db, voucher)
        if by_year is None:
            by_year = held_by_year(db, voucher, rights(db, voucher.book_id))
        fen += by_year.get(year, 0)
    return fen


def _refuse_clauses(db: Session, year: int, clauses: Collection[str]) -> None:
    if not clauses:
        raise Refused("pool_without_clauses")
    for clause in clauses:
        if db.exec(select(Clause.clause).where(Clause.clause == clause).limit(1)).first() is None:
            raise NotFound("voucher_clause", clause=clause)
        taken_by = db.get(PoolClause, (year, clause))
        if taken_by is not None:
            number = db.get_one(Pool, taken_by.pool_id).number
            raise Conflict("clause_in_pool", clause=clause, year=year, pool=number)


def _refuse_drawn(cap_fen: Fen, drawn_fen: Fen) -> None:
    if cap_fen < drawn_fen:
        raise Refused("pool_below_drawn", lowest=yuan(drawn_fen))
