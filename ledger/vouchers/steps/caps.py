"""Raise or lower the cap of a voucher (调整上限): one person decides, another confirms.

Raising makes the difference available at once. Lowering takes it from what is available; reserved,
accrued, matched and paid money stays. If too little is available the decision is refused with the
lowest possible cap: a reservation may be released first.
"""

from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from ledger.accounts.queries import lock_book, post, rights
from ledger.accounts.rules.targets import Move, Rights
from ledger.errors import Conflict, Refused
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide
from ledger.people.tables import Decision
from ledger.registry.tables import Project
from ledger.units import FEN_MAX, Fen, beijing_day, month_of, yuan
from ledger.vouchers.steps.accrue import accrue
from ledger.vouchers.tables import Voucher

KIND = DecisionKind.CAP

_SET_CAP = text("SELECT set_cap(:decision)")


def propose_cap(
    db: Session, voucher: Voucher, *, cap_fen: Fen, reason: str, actor: str, now: datetime
) -> Decision:
    """Propose that the voucher's cap becomes `cap_fen` on confirmation.

    Raises:
        Refused: that is no amount (`amount_out_of_range`), what it is already (`cap_unchanged`),
            or less than is drawn by now (`cap_below_drawn`).
        Conflict: another decision about this cap is open.
    """
    if not 0 < cap_fen <= FEN_MAX:
        raise Refused("amount_out_of_range")
    amounts = rights(db, voucher.book)
    if cap_fen == -amounts.clause:
        raise Refused("cap_unchanged", cap=yuan(cap_fen))
    _refuse_drawn(amounts, cap_fen)
    code = db.get_one(Project, voucher.project).code
    content = {
        "voucher": voucher.id,
        "project": code,
        "before_fen": -amounts.clause,
        "cap_fen": cap_fen,
    }
    return decide(db, kind=KIND, subject=code, content=content, reason=reason, actor=actor, now=now)


def change_cap(db: Session, decision: Decision, actor: str, now: datetime) -> None:
    """Carry out the confirmed decision: move the cap and the promise.

    What was used up to now is accrued first; nobody accrues while the cap moves.

    Raises:
        Refused: less is available by now than is taken back (`cap_below_drawn`).
        Conflict: the cap is not what it was when this was decided (`cap_moved`).
    """
    content = decision.content
    voucher = db.get_one(Voucher, content["voucher"])
    lock_book(db, voucher.book)
    accrue(db, voucher, actor, now)
    amounts = rights(db, voucher.book)
    if -amounts.clause != content["before_fen"]:
        raise Conflict("cap_moved", cap=yuan(-amounts.clause))
    _refuse_drawn(amounts, content["cap_fen"])
    more = content["cap_fen"] - content["before_fen"]
    month = month_of(beijing_day(now))
    if more > 0:  # first the cap, then the promise; lowered, the other way round
        db.execute(_SET_CAP, {"decision": decision.id})
    post(
        db,
        cause=f"decision/{decision.id}",
        used_on=month,
        booked=month,
        actor=actor,
        moves={voucher.book: raise_moves(more) if more > 0 else lower_moves(-more, amounts)},
    )
    if more < 0:
        db.execute(_SET_CAP, {"decision": decision.id})


def raise_moves(fen: Fen) -> list[Move]:
    """Promise and issue more: clause → E → A."""
    return [
        Move("eligible", "clause", "entitlement", fen),
        Move("issue", "entitlement", "available", fen),
    ]


def lower_moves(fen: Fen, amounts: Rights) -> list[Move]:
    """Promise less: A → E → clause; what was not issued goes first."""
    withdraw = Move("withdraw", "available", "entitlement", max(fen - amounts.entitlement, 0))
    return [withdraw] * (withdraw.amount > 0) + [Move("reduce", "entitlement", "clause", fen)]


def _refuse_drawn(amounts: Rights, cap_fen: Fen) -> None:
    lowest = -amounts.clause - amounts.entitlement - amounts.available
    if cap_fen < lowest:
        raise Refused("cap_below_drawn", lowest=yuan(lowest))
