"""Recovery cases (追缴): paid money to be returned by a deadline.

The outstanding amount is the voucher's balance 应追缴: it falls when money is returned and when new
earnings are set off. At zero the case closes by itself. Two persons open a case and decide whether
there was fraud; after fraud returned money lapses.
"""

from datetime import date, datetime

from sqlalchemy import insert, text
from sqlmodel import Session, col, select

from ledger.accounts.queries import lock_book, rights
from ledger.errors import Conflict, NotFound, Refused
from ledger.payment.queries import payment_lists
from ledger.payment.tables import Recovery
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide
from ledger.people.tables import Decision
from ledger.postgres.series import Series, next_number
from ledger.registry.tables import Project
from ledger.units import beijing_day
from ledger.vouchers.tables import Voucher

KIND = DecisionKind.RECOVERY

_SETTLED_CASES = text("""
    UPDATE recoveries r SET closed_at = :now
    FROM vouchers v JOIN accounts x ON x.book_id = v.book_id AND x.role = 'recoverable'
    WHERE v.id = r.voucher_id AND r.closed_at IS NULL AND x.balance = 0
""")


def open_recovery(
    db: Session,
    *,
    project: Project,
    fraud: bool,
    pay_by: date,
    reason: str,
    actor: str,
    now: datetime,
) -> Decision:
    """Propose to ask for the money back, until `pay_by`.

    Raises:
        NotFound: the project has no voucher.
        Refused: nothing is to be paid back (`nothing_recoverable`; after a fraud the match is
            closed first), or the deadline is past (`pay_by_past`).
        Conflict: a case is open (`recovery_open`), or a decision about one.
    """
    voucher = db.exec(select(Voucher).where(Voucher.project_id == project.id)).one_or_none()
    if voucher is None:
        raise NotFound("voucher", project=project.code)
    _refuse_wrong(db, voucher, project.code)
    if pay_by <= beijing_day(now):
        raise Refused("pay_by_past", pay_by=pay_by)
    content = {
        "project": project.code,
        "voucher": voucher.id,
        "fraud": fraud,
        "fen": rights(db, voucher.book_id).recoverable,
        "pay_by": pay_by.isoformat(),
    }
    return decide(
        db, kind=KIND, subject=project.code, content=content, reason=reason, actor=actor, now=now
    )


def keep_recovery(db: Session, decision: Decision, actor: str, now: datetime) -> None:
    """Carry out the confirmed decision: open the case with its number."""
    content = decision.content
    voucher = db.get_one(Voucher, content["voucher"])
    payment_lists.alone(db)
    lock_book(db, voucher.book_id)
    _refuse_wrong(db, voucher, content["project"])
    values = {
        "number": next_number(db, Series.RECOVERY, beijing_day(now).year),
        "voucher_id": voucher.id,
        "reason": decision.reason,
        "fraud": content["fraud"],
        "fen": rights(db, voucher.book_id).recoverable,
        "pay_by": date.fromisoformat(content["pay_by"]),
        "decision_id": decision.id,
        "opened_at": now,
        "opened_by": actor,
    }
    db.execute(insert(Recovery).values(values))


def settle_recoveries(db: Session, now: datetime) -> int:
    """Close the cases with nothing outstanding; return how many."""
    return db.execute(_SETTLED_CASES, {"now": now}).rowcount  # type: ignore[attr-defined, no-any-return]


def open_case(db: Session, voucher: Voucher) -> Recovery | None:
    """Return the voucher's open case, if any."""
    cases = select(Recovery).where(Recovery.voucher_id == voucher.id)
    return db.exec(cases.where(col(Recovery.closed_at).is_(None))).one_or_none()


def _refuse_wrong(db: Session, voucher: Voucher, project: str) -> None:
    open_recovery = open_case(db, voucher)
    if open_recovery is not None:
        raise Conflict("recovery_open", number=open_recovery.number)
    if not rights(db, voucher.book_id).recoverable:
        raise Refused("nothing_recoverable", project=project)
