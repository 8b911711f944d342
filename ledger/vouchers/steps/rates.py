"""Give a voucher another rate from a day on, since its facts changed: two persons decide.

The engine chose the rate on the new facts. Usage from that day on earns at it; the charges and what
is earned follow at once, also where less is payable then: that is what they decided.
"""

from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from sqlmodel import Session

from ledger.accounts.queries import lock_book
from ledger.charging.steps import lock_charges
from ledger.errors import NotFound, Refused
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide
from ledger.people.tables import Decision
from ledger.policy.decide.tree import ChosenRate
from ledger.postgres.columns import key
from ledger.registry.tables import Project
from ledger.vouchers.queries.earnings import rates_of
from ledger.vouchers.steps.accrue import accrue, charge_anew
from ledger.vouchers.steps.openings import rate_text
from ledger.vouchers.tables import Voucher, VoucherRate, VoucherVersion

KIND = DecisionKind.RATE


def propose_rate(
    db: Session,
    voucher: Voucher,
    *,
    policy: str,
    since: date,
    facts: Mapping[str, Any],
    rate: ChosenRate,
    reason: str,
    actor: str,
    now: datetime,
) -> Decision:
    """Propose the rate that a voucher has under a version from the Beijing day `since` on.

    Raises:
        NotFound: it was not opened under this version.
        Refused: that is its rate from that day on already (`rate_unchanged`), or no reason
            (`reason_missing`).
        Conflict: another decision about its rate is open.
    """
    if db.get(VoucherVersion, (voucher.id, policy)) is None:
        raise NotFound("clause", policy=policy, clause=voucher.clause)
    if not reason.strip():
        raise Refused("reason_missing")
    before = [
        days for days in rates_of(db, voucher)
        if days.policy == policy and (days.until is None or since < days.until)
    ]  # fmt: skip
    if all(days.rate == rate.rate for days in before):
        raise Refused("rate_unchanged", rate=rate_text(rate.rate))
    code = db.get_one(Project, voucher.project_id).code
    content = {
        "voucher": voucher.id,
        "project": code,
        "policy": policy,
        "clause": voucher.clause,
        "since": since.isoformat(),
        "rate_before": rate_text(before[0].rate),
        "rate": rate_text(rate.rate),
        "rate_words": rate.words,
        "facts": dict(facts),
    }
    return decide(db, kind=KIND, subject=code, content=content, reason=reason, actor=actor, now=now)


def change_rate(db: Session, decision: Decision, actor: str, now: datetime) -> None:
    """Carry out the confirmed change: charge the project's usage anew, and accrue."""
    content = decision.content
    voucher = db.get_one(Voucher, content["voucher"])
    lock_charges(db)
    lock_book(db, voucher.book_id)
    rate = Fraction(content["rate"])
    db.add(
        VoucherRate(
            decision_id=key(decision),
            voucher_id=key(voucher),
            policy=content["policy"],
            since=date.fromisoformat(content["since"]),
            rate_num=rate.numerator,
            rate_den=rate.denominator,
            rate_words=content["rate_words"],
        )
    )
    db.flush()
    charge_anew(db, [voucher.project_id], now)
    accrue(db, voucher, actor, now)
