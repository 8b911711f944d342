"""Give an open policy version its end: one person decides, another confirms.

Usage from that day on is under another version, if the voucher was opened under one that is in
force then; else it earns nothing. The charges and what is earned follow at once.
"""

from datetime import date, datetime

from sqlmodel import Session, col, select

from ledger.errors import NotFound, Refused
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.vouchers.steps.accrue import accrue_each, charge_anew
from ledger.vouchers.tables import Clause, PolicyEnd, Voucher, VoucherVersion

KIND = DecisionKind.POLICY_END


def propose_end(
    db: Session, policy: str, until: date, *, reason: str, actor: str, now: datetime
) -> Decision:
    """Propose that a version is no longer in force from the Beijing day `until` on.

    Raises:
        NotFound: there is no such version.
        Refused: it is a draft or ends before (`policy_not_open`), or no reason (`reason_missing`).
        Conflict: another decision about its end is open.
    """
    clauses = db.exec(select(Clause).where(Clause.policy == policy)).all()
    if not clauses:
        raise NotFound("policy", version=policy)
    if not reason.strip():
        raise Refused("reason_missing")
    days = [clause.effective for clause in clauses if clause.effective is not None]
    if not days or any(span.lower is None or until <= span.lower for span in days):
        raise Refused("policy_not_open", policy=policy, until=until)
    if any(span.upper is not None and span.upper <= until for span in days):
        raise Refused("policy_not_open", policy=policy, until=until)
    content = {
        "policy": policy,
        "until": until.isoformat(),
        "vouchers": len(_vouchers(db, policy)),
    }
    return decide(
        db, kind=KIND, subject=policy, content=content, reason=reason, actor=actor, now=now
    )


def end_version(db: Session, decision: Decision, actor: str, now: datetime) -> None:
    """Carry out the confirmed end: charge the usage of its vouchers anew, and accrue."""
    policy = decision.content["policy"]
    until = date.fromisoformat(decision.content["until"])
    db.add(PolicyEnd(decision_id=key(decision), policy=policy, until=until))
    db.flush()
    vouchers = _vouchers(db, policy)
    charge_anew(db, [voucher.project_id for voucher in vouchers], now)
    accrue_each(db, vouchers, actor, now)


def _vouchers(db: Session, policy: str) -> list[Voucher]:
    """Return the vouchers opened under a version, in the order of their books."""
    versions = select(VoucherVersion.voucher_id).where(VoucherVersion.policy == policy)
    query = select(Voucher).where(col(Voucher.id).in_(versions))
    return list(db.exec(query.order_by(col(Voucher.book_id))).all())
