"""Change the days on which a voucher is valid (有效期): an extension, a shorter term, a revocation.

Usage on other days earns nothing. One person decides, another confirms; the charges and what is
earned follow at once, also where less is payable then: that is what they decided.
"""

from datetime import date, datetime

from sqlalchemy import text
from sqlmodel import Session

from ledger.accounts.queries import lock_book
from ledger.charging.steps import lock_charges
from ledger.errors import Refused
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide
from ledger.people.tables import Decision
from ledger.registry.tables import Project
from ledger.vouchers.steps.accrue import accrue, charge_anew
from ledger.vouchers.tables import Voucher

KIND = DecisionKind.VALIDITY

_SET = text("SELECT set_validity(:decision)")


def propose_validity(
    db: Session,
    voucher: Voucher,
    *,
    valid_from: date | None,
    valid_until: date | None,
    reason: str,
    actor: str,
    now: datetime,
) -> Decision:
    """Propose the Beijing days of a voucher; `valid_until` is the first day after them.

    Raises:
        Refused: no day is left (`no_days`), they are the same as now (`days_unchanged`), or no
            reason (`reason_missing`).
        Conflict: another decision about them is open.
    """
    if not reason.strip():
        raise Refused("reason_missing")
    if valid_from and valid_until and valid_from >= valid_until:
        raise Refused("no_days", since=valid_from, until=valid_until)
    if (valid_from, valid_until) == (voucher.valid.lower, voucher.valid.upper):
        raise Refused("days_unchanged")
    code = db.get_one(Project, voucher.project_id).code
    content = {
        "voucher": voucher.id,
        "project": code,
        "valid_from": valid_from.isoformat() if valid_from else None,
        "valid_until": valid_until.isoformat() if valid_until else None,
    }
    return decide(db, kind=KIND, subject=code, content=content, reason=reason, actor=actor, now=now)


def change_validity(db: Session, decision: Decision, actor: str, now: datetime) -> None:
    """Carry out the confirmed change: charge the project's usage anew, and accrue."""
    voucher = db.get_one(Voucher, decision.content["voucher"])
    lock_charges(db)
    lock_book(db, voucher.book_id)
    set_days(db, decision, voucher, now)
    accrue(db, voucher, actor, now)


def set_days(db: Session, decision: Decision, voucher: Voucher, now: datetime) -> None:
    """Write the days that a confirmed decision gives a voucher; its usage is charged anew."""
    db.execute(_SET, {"decision": decision.id})
    db.refresh(voucher)
    charge_anew(db, [voucher.project_id], now)
