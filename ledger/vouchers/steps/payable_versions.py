"""Make a policy version payable (定为可付): one person proposes, another confirms.

A version that was read from its file is known: it can be explained, checked and simulated. Vouchers
are opened under it, money is earned and claimed once two persons have decided that it is payable.
They decide it as it was read: of each clause that promises money the digest of its terms, and what
differs from the version before.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from ledger.errors import Conflict, NotFound, Refused
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide
from ledger.people.tables import Decision
from ledger.policy.text import published
from ledger.policy.text.differences import differences
from ledger.postgres.columns import key
from ledger.vouchers.tables import Clause, PayableVersion

KIND = DecisionKind.POLICY_PAYABLE

_IS_PAYABLE = text("""
    SELECT EXISTS (SELECT FROM payable_clauses WHERE (policy, clause) = (:policy, :clause))
""")

# Of the payable versions the one that came into force last, but not after this one.
_BEFORE = text("""
    SELECT c.policy FROM payable_clauses p JOIN clauses c USING (policy, clause)
    WHERE c.policy <> :policy
    ORDER BY lower(c.effective) > (SELECT min(lower(effective)) FROM clauses
                                   WHERE policy = :policy),
             lower(c.effective) DESC, c.policy DESC
    LIMIT 1
""")


def is_payable(db: Session, promise: Clause) -> bool:
    """Return whether two persons have made the clause's version payable, with these terms."""
    return bool(db.scalar(_IS_PAYABLE, {"policy": promise.policy, "clause": promise.clause}))


def refuse_not_payable(db: Session, promise: Clause) -> None:
    """Refuse a clause of a version that is not payable (`not_payable`)."""
    if not is_payable(db, promise):
        raise Refused("not_payable", policy=promise.policy)


def propose_payable(
    db: Session, policy: str, *, reason: str, actor: str, now: datetime
) -> Decision:
    """Propose that a version becomes payable.

    Raises:
        NotFound: there is no such version.
        Refused: it has no days, or a question of each clause is open (`version_incomplete`), it is
            payable already (`payable_already`), or no reason (`reason_missing`).
        Conflict: this is proposed already, or another thing about the version (`decision_open`).
    """
    clauses = _clauses(db, policy)
    if not clauses:
        raise NotFound("policy", version=policy)
    if not reason.strip():
        raise Refused("reason_missing")
    complete = [clause for clause in clauses if clause.complete]
    if not complete:
        raise Refused("version_incomplete", policy=policy)
    if all(is_payable(db, clause) for clause in complete):
        raise Refused("payable_already", policy=policy)
    return decide(
        db, kind=KIND, subject=policy, content=_content(db, policy, clauses), reason=reason,
        actor=actor, now=now,
    )  # fmt: skip


def make_payable(db: Session, decision: Decision, actor: str, now: datetime) -> None:  # noqa: ARG001
    """Carry out the confirmed decision.

    Raises:
        Conflict: the terms of a clause are not what was decided on (`figures_changed`).
    """
    policy = decision.content["policy"]
    if decision.content["digests"] != _digests(_clauses(db, policy)):
        raise Conflict("figures_changed", subject=decision.subject)
    db.add(PayableVersion(decision_id=key(decision), policy=policy))
    db.flush()


def _content(db: Session, policy: str, clauses: list[Clause]) -> dict[str, Any]:
    before = db.scalar(_BEFORE, {"policy": policy})
    all_versions = published.versions()
    return {
        "policy": policy,
        "digests": _digests(clauses),
        "clauses": [
            {
                "clause": clause.clause,
                "rate": f"{clause.rate_num}/{clause.rate_den}",
                "cap_fen": clause.cap_fen,
                "effective": _days(clause),
                "complete": clause.complete,
            }
            for clause in clauses
        ],
        "version_before": before,
        "differences": [
            asdict(difference)
            for difference in (
                differences(published.load(before), published.load(policy))
                if before in all_versions and policy in all_versions
                else ()
            )
        ],
    }


def _clauses(db: Session, policy: str) -> list[Clause]:
    query = select(Clause).where(Clause.policy == policy).order_by(col(Clause.clause))
    return list(db.exec(query).all())


def _digests(clauses: list[Clause]) -> dict[str, str]:
    return {clause.clause: clause.digest for clause in clauses}


def _days(clause: Clause) -> str:
    """Write the days on which it is in force: `2026-01-01/`, half-open, as ISO 8601 intervals."""
    days = clause.effective
    return f"{days.lower or ''}/{days.upper or ''}" if days is not None else ""
