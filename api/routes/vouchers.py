"""Vouchers: the policy decides on the facts that are given, and only then one is opened."""

from typing import Annotated

from fastapi import APIRouter

from api import access
from api.access import Right
from api.deps import Db, Now, having
from api.problems import Refusal, findings
from api.schemas import VoucherGiven, VoucherWanted
from ledger.rules.clauses import Policy
from ledger.rules.policy import decide, load
from ledger.rules.reasons import reasons
from ledger.steps.doors import Viewer
from ledger.steps.voucher import open_voucher
from ledger.tables.projects import Project

router = APIRouter(tags=["vouchers"])

# What the books know is not asked: a voucher is opened before anything is reconciled or paid.
_OF_THE_BOOKS = {"compute_cost_fen": 0, "paid_before_fen": 0}


@router.post("/projects/{code}/voucher", status_code=201)
def open_for(
    *,
    code: str,
    wanted: VoucherWanted,
    viewer: Annotated[Viewer, having(Right.OPEN_VOUCHERS)],
    db: Db,
    now: Now,
) -> VoucherGiven:
    """Decide, and open the project's voucher; asked again it is the same one."""
    project = access.project(db, viewer, code)
    policy = load(wanted.policy)
    cap_fen = _decided(policy, wanted, project)
    assert project.id is not None  # noqa: S101 - it was read from the database
    voucher = open_voucher(
        db,
        project=project.id,
        clause=wanted.clause,
        policy=wanted.policy,
        facts=wanted.facts,
        actor=viewer.actor,
        now=now,
    )
    return VoucherGiven(project=code, policy=voucher.policy, clause=voucher.clause, cap_fen=cap_fen)


def _decided(policy: Policy, wanted: VoucherWanted, project: Project) -> int:
    """The cap of an eligible project's clause, fen; anything but eligible is refused."""
    decision = decide(policy, wanted.clause, {**wanted.facts, **_OF_THE_BOOKS})
    clause = policy.clause(wanted.clause)
    if decision.result != "eligible" or clause is None:
        told = findings(reasons(policy, decision))
        raise Refusal(422, decision.result, {"clause": wanted.clause, "findings": told})
    cap = clause.amount.cap
    if cap.scope != project.kind:
        raise Refusal(422, "wrong_kind", {"clause": wanted.clause, "kind": project.kind})
    return cap.fen
