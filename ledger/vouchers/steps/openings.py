"""Propose to open a voucher: one person decides, another confirms, since it promises a whole cap.

The policy decided before whether the project is eligible; the decision holds the facts.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from ledger.errors import Conflict, NotFound, Refused
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.registry.tables import Project
from ledger.vouchers.steps.voucher import open_voucher
from ledger.vouchers.tables import Clause, Voucher, VoucherVersion

KIND = DecisionKind.VOUCHER


def propose_voucher(
    db: Session,
    project: Project,
    *,
    clause: str,
    policy: str,
    facts: Mapping[str, Any],
    actor: str,
    now: datetime,
    reason: str = "",
) -> Decision:
    """Propose a voucher under a clause of a policy version, or another version for one.

    Raises:
        NotFound: the clause does not exist.
        Refused: the policy version has no dates, or a question of it is undecided (`not_payable`).
        Conflict: the project has a voucher of another clause, or under this version
            (`voucher_exists`), or one waits (`decision_open`).
    """
    promise = db.get(Clause, (policy, clause))
    if promise is None:
        raise NotFound("clause", policy=policy, clause=clause)
    if not promise.payable:
        raise Refused("not_payable", policy=policy)
    voucher = db.exec(select(Voucher).where(Voucher.project_id == key(project))).one_or_none()
    opened_before = voucher_under(db, project, policy=policy, clause=clause) is not None
    if voucher is not None and (voucher.clause != clause or opened_before):
        raise Conflict(
            "voucher_exists", project=project.code, policy=voucher.policy, clause=voucher.clause
        )
    content = {
        "project": project.code,
        "policy": policy,
        "clause": clause,
        "cap_fen": promise.cap_fen,
        "facts": dict(facts),
    }
    return decide(
        db, kind=KIND, subject=project.code, content=content, reason=reason, actor=actor, now=now
    )


def voucher_under(db: Session, project: Project, *, policy: str, clause: str) -> Voucher | None:
    """Return the project's voucher, if it was opened under this clause and version."""
    query = select(Voucher).join(VoucherVersion, col(VoucherVersion.voucher_id) == Voucher.id)
    query = query.where(Voucher.project_id == key(project))
    return db.exec(
        query.where(VoucherVersion.policy == policy, VoucherVersion.clause == clause)
    ).one_or_none()


def open_decided(db: Session, decision: Decision, actor: str, now: datetime) -> None:
    """Carry out the confirmed decision: open the voucher and issue its cap.

    Raises:
        NotFound, Refused, Conflict: as `open_voucher`.
    """
    content = decision.content
    project = db.exec(select(Project).where(Project.code == content["project"])).one()
    open_voucher(
        db,
        project=key(project),
        clause=content["clause"],
        policy=content["policy"],
        facts=content["facts"],
        actor=actor,
        now=now,
    )
