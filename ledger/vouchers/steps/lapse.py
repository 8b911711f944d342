"""Let a voucher lapse (失效): whatever is not used yet is withdrawn.

Available and reserved money lapses; accrued, matched and paid money stays and is processed. One
person decides, another confirms. Usage after the day of the confirmation earns nothing, whatever
money becomes available later (a reversed invoice, a corrected price, a refund); that lapses by
another decision.
"""

from datetime import datetime

from sqlmodel import Session

from ledger.accounts.queries import lock_book, post, rights
from ledger.accounts.rules.targets import Move, Rights
from ledger.errors import Refused
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide
from ledger.people.tables import Decision
from ledger.registry.tables import Project
from ledger.units import beijing_day, month_of
from ledger.vouchers.steps.accrue import accrue
from ledger.vouchers.steps.reserve import close_all
from ledger.vouchers.steps.validity import set_days
from ledger.vouchers.tables import Voucher

KIND = DecisionKind.LAPSE


def propose_lapse(
    db: Session, voucher: Voucher, *, reason: str, actor: str, now: datetime
) -> Decision:
    """Propose that the voucher lapses.

    The content says what is left at that moment; usage up to the confirmation is still accrued.

    Raises:
        Refused: nothing is left that could lapse (`nothing_left`).
        Conflict: another decision about it is open.
    """
    amounts = rights(db, voucher.book_id)
    _refuse_empty_lapse(amounts)
    code = db.get_one(Project, voucher.project_id).code
    content = {
        "voucher": voucher.id,
        "project": code,
        "available_fen": amounts.available,
        "reserved_fen": amounts.reserved,
    }
    return decide(db, kind=KIND, subject=code, content=content, reason=reason, actor=actor, now=now)


def let_lapse(db: Session, decision: Decision, actor: str, now: datetime) -> None:
    """Carry out the confirmed lapse: H → A → L, after accruing usage up to now.

    Raises:
        Refused: nothing is left any more (`nothing_left`).
    """
    voucher = db.get_one(Voucher, decision.content["voucher"])
    lock_book(db, voucher.book_id)
    set_days(db, decision, voucher, now)
    accrue(db, voucher, actor, now)
    amounts = rights(db, voucher.book_id)
    _refuse_empty_lapse(amounts)
    month = month_of(beijing_day(now))
    moves = [
        Move("release", "reserved", "available", amounts.reserved),
        Move("lapse", "available", "lapsed", amounts.available + amounts.reserved),
    ]
    post(
        db,
        cause=f"decision/{decision.id}",
        used_on=month,
        booked=month,
        actor=actor,
        moves={voucher.book_id: [move for move in moves if move.amount]},
    )
    close_all(db, voucher, actor, now)


def _refuse_empty_lapse(amounts: Rights) -> None:
    if not amounts.available + amounts.reserved:
        raise Refused("nothing_left")
