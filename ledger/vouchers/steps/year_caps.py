"""Give a voucher a cap for each calendar year (年度上限), or another, by two persons.

It holds from a year on, beside the cap for life. It is never below what is recognised of a year by
then: that falls month by month, if at all.
"""

from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session, col, select

from ledger.accounts.queries import lock_book, post, rights
from ledger.errors import Refused
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide
from ledger.people.tables import Decision
from ledger.registry.tables import Project
from ledger.units import FEN_MAX, Fen, beijing_day, month_of, yuan
from ledger.vouchers.queries.years import drawn_by_year
from ledger.vouchers.steps.accrue import accrue
from ledger.vouchers.steps.years import begin, held_by_year
from ledger.vouchers.tables import Voucher, YearCap

KIND = DecisionKind.YEAR_CAP
YEARS = range(2000, 2100)

_CAP_OF = text("SELECT year_cap_of(:voucher, :year)")
_SET = text("SELECT set_year_cap(:decision)")


def propose_year_cap(
    db: Session,
    voucher: Voucher,
    *,
    since: int,
    cap_fen: Fen | None,
    reason: str,
    actor: str,
    now: datetime,
) -> Decision:
    """Propose what the voucher may earn of each year from `since` on; None: no such cap.

    Raises:
        Refused: that is no year (`year_out_of_range`), no amount (`amount_out_of_range`), what it
            is already (`year_cap_unchanged`), less than is recognised of a year
            (`year_cap_below_drawn`), or no reason (`reason_missing`).
        Conflict: another decision about it is open.
    """
    if not reason.strip():
        raise Refused("reason_missing")
    if since not in YEARS:
        raise Refused("year_out_of_range", first=YEARS.start, last=YEARS.stop - 1)
    if cap_fen is not None and not 0 < cap_fen <= FEN_MAX:
        raise Refused("amount_out_of_range")
    later = select(YearCap.since).where(
        YearCap.voucher_id == voucher.id, col(YearCap.since) > since
    )
    before = [_cap_of(db, voucher, year) for year in (since, *db.exec(later))]
    if all(fen == cap_fen for fen in before):
        raise Refused("year_cap_unchanged", year=since)
    _refuse_drawn(db, voucher, since, cap_fen)
    code = db.get_one(Project, voucher.project_id).code
    content = {
        "voucher": voucher.id,
        "project": code,
        "since_year": since,
        "before_fen": before[0],
        "cap_fen": cap_fen,
    }
    return decide(db, kind=KIND, subject=code, content=content, reason=reason, actor=actor, now=now)


def change_year_cap(db: Session, decision: Decision, actor: str, now: datetime) -> None:
    """Carry out the confirmed decision.

    What was recognised up to now is accrued first, and drawn from its years.

    Raises:
        Refused: more is recognised of a year by now (`year_cap_below_drawn`).
    """
    content = decision.content
    voucher = db.get_one(Voucher, content["voucher"])
    lock_book(db, voucher.book_id)
    accrue(db, voucher, actor, now)
    _refuse_drawn(db, voucher, content["since_year"], content["cap_fen"])
    if drawn_by_year(db, voucher) is None:
        by_year = held_by_year(db, voucher, rights(db, voucher.book_id))
        moves = begin(db, voucher, by_year)
        month = month_of(beijing_day(now))
        if moves:
            post(
                db, cause=f"decision/{decision.id}", used_on=month, booked=month, actor=actor,
                moves=moves,
            )  # fmt: skip
    db.execute(_SET, {"decision": decision.id})
    accrue(db, voucher, actor, now)


def _cap_of(db: Session, voucher: Voucher, year: int) -> Fen | None:
    fen: Fen | None = db.scalar(_CAP_OF, {"voucher": voucher.id, "year": year})
    return fen


def _refuse_drawn(db: Session, voucher: Voucher, since: int, cap_fen: Fen | None) -> None:
    by_year = drawn_by_year(db, voucher)
    if by_year is None:
        by_year = held_by_year(db, voucher, rights(db, voucher.book_id))
    most_fen, year = max(
        ((fen, year) for year, fen in by_year.items() if year >= since), default=(0, since)
    )
    if cap_fen is not None and cap_fen < most_fen:
        raise Refused("year_cap_below_drawn", year=year, lowest=yuan(most_fen))
