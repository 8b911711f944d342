"""Approve: after the publication a clerk proposes and an approver confirms.

Less than was asked may be approved, with a reason (核减); the rest stays payable. The confirmation
covers the number, the sum, the payee, the account and the facts of acceptance; if any of them
changed, nothing is approved. The database checks again: two persons, the publication over, no open
objection.
"""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from ledger.claims import queries as claim_queries
from ledger.claims.steps.claims import act, lock, next_of
from ledger.claims.steps.eligibility import check_earned, earnings_of, named_months
from ledger.claims.tables import Claim
from ledger.errors import Conflict, Refused
from ledger.formats.capital_amounts import in_words
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide, open_decision
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.registry.tables import Organisation, Project
from ledger.units import Fen, beijing_day, yuan
from ledger.vouchers.tables import Voucher

KIND = DecisionKind.CLAIM  # of its decisions


def propose_approval(
    db: Session,
    claim: Claim,
    *,
    viewer_role: str,
    actor: str,
    now: datetime,
    reason: str = "",
    fen: Fen | None = None,
) -> Decision:
    """Propose to pay a claim, or `fen` of it, for another person to confirm.

    Raises:
        Refused: more than was asked (`more_than_asked`), or less without a reason (`note_missing`).
        Refused: the publication is not over (`publication_runs`), less was earned (`not_earned`),
            or less in the months that it names (`months_not_earned`), it would be paid to
            another organisation by now (`payee_changed`), or the payee has no account
            (`account_unknown`); or as `act`.
        Conflict: somebody else's proposal is open (`decision_open`); or as `act`.
    """
    voucher = lock(db, claim)
    next_of(db, claim, "propose", viewer_role)
    approved_fen = claim.fen if fen is None else fen
    if approved_fen > claim.fen:
        raise Refused("more_than_asked", asked=yuan(claim.fen))
    if approved_fen < claim.fen and not reason.strip():
        raise Refused("note_missing")
    content = _content(db, claim, voucher, now, approved_fen)
    subject = subject_of(claim)
    again = open_decision(db, KIND, subject) is not None
    decision = decide(
        db, kind=KIND, subject=subject, content=content, reason=reason, actor=actor, now=now
    )
    if not again:
        act(
            db, claim, "propose", viewer_role=viewer_role, actor=actor, now=now, note=reason,
            content={"decision": decision.id},
        )  # fmt: skip
    return decision


def subject_of(claim: Claim) -> str:
    """Return the subject of a proposal about this claim."""
    return f"claim {claim.number}"


def approve(db: Session, decision: Decision, actor: str, now: datetime) -> None:
    """Carry out the confirmed proposal: the claim is approved, and waits for payment.

    Raises:
        Refused: as `propose_approval`; or as `act`.
        Conflict: payee, account, sum or facts are others by now (`proposal_outdated`).
    """
    claim = claim_queries.claim_by_number(db, decision.content["number"])
    voucher = lock(db, claim)
    role = actor.partition(":")[0]
    next_of(db, claim, "approve", role)
    if _content(db, claim, voucher, now, decision.content["fen"]) != decision.content:
        raise Conflict("proposal_outdated", number=claim.number)
    content = {"decision": decision.id}
    act(db, claim, "approve", viewer_role=role, actor=actor, now=now, content=content)


def _content(
    db: Session, claim: Claim, voucher: Voucher, now: datetime, fen: Fen
) -> dict[str, Any]:
    """Check the claim, and return what is approved: `fen` of it."""
    published = claim_queries.publication_of(db, key(claim))
    if published is None or published.until >= beijing_day(now):
        raise Refused("publication_runs", until=str(published.until) if published else "")
    payee = db.get_one(Organisation, claim.payee_id)
    if claim_queries.payee_on(db, claim, beijing_day(now)) != claim.payee_id:
        raise Refused("payee_changed", claim=claim.number, payee=payee.name)
    account = claim_queries.account_of(db, claim.payee_id)
    if account is None:
        raise Refused("account_unknown", payee=payee.name)
    check_earned(fen, earnings_of(db, voucher, claim))
    months = named_months(db, voucher, claim, fen)
    contracts = {row.contract_id: row.contract for row in
                 claim_queries.months_of(db, [key(claim)])[key(claim)]}  # fmt: skip
    accepted = claim_queries.newest_event(db, key(claim), "accept")
    return {
        "number": claim.number,
        "project": db.get_one(Project, voucher.project_id).code,
        **({"asked_fen": claim.fen} if fen < claim.fen else {}),
        "fen": fen,
        "words": in_words(fen),
        "claimed_months": [
            {"contract": contracts[contract], "month": f"{month:%Y-%m}", "fen": part}
            for (month, contract), part in months.items()
        ],
        "payee": payee.name,
        "uscc": payee.uscc,
        "account": account.id,
        "facts": accepted.content["digest"] if accepted else "",
    }
