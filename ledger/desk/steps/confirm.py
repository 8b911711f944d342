"""Confirm a decision, and carry it out in the same transaction.

Each kind of decision belongs to one step, and only some roles may confirm it: here is the table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlmodel import Session

from ledger.claims.steps import approval, bank_accounts
from ledger.closes import steps as close_steps
from ledger.desk.steps import (
    admit_usage,
    register_seen,
    rule_corrections,
    rule_incidents,
    state_capacity,
    take_documents,
    take_registry,
)
from ledger.documents.steps import deduction_decisions, documents
from ledger.errors import NotFound, Refused
from ledger.payment.steps import (
    bank_reversal,
    indicators,
    payment_list,
    recover,
    refund,
    year_end,
)
from ledger.people.codes import Answer, Role
from ledger.people.steps import decisions
from ledger.people.steps.credentials import Viewer
from ledger.people.tables import Decision
from ledger.reconciliation.steps import exclusions, falls, reconcile, reds
from ledger.vouchers.steps import (
    caps,
    lapse,
    openings,
    payable_versions,
    policy_ends,
    pools,
    rates,
    validity,
    year_caps,
)

Effect = Callable[[Session, Decision, str, datetime], None]
"""(db, the confirmed decision, who confirmed it, now)"""


@dataclass(frozen=True)
class Kind:
    """Who may confirm decisions of a kind, and the step that carries them out."""

    roles: frozenset[Role]
    effect: Effect


CLERKS = frozenset({Role.CLERK, Role.APPROVER})
APPROVERS = frozenset({Role.APPROVER})
FINANCE = frozenset({Role.FINANCE, Role.APPROVER})

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        bank_accounts.KIND: Kind(CLERKS, bank_accounts.set_account),
        approval.KIND: Kind(APPROVERS, approval.approve),
        bank_reversal.KIND: Kind(FINANCE, bank_reversal.carry_out),
        caps.KIND: Kind(APPROVERS, caps.change_cap),
        deduction_decisions.CONSENT: Kind(CLERKS, deduction_decisions.carry_out_consent),
        deduction_decisions.FALL: Kind(APPROVERS, deduction_decisions.carry_out_fall),
        documents.KIND: Kind(CLERKS, take_documents.confirmed),
        exclusions.KIND: Kind(APPROVERS, exclusions.carry_out_exclusion),
        falls.KIND: Kind(APPROVERS, falls.carry_out_fall),
        indicators.KIND: Kind(FINANCE, indicators.appropriate),
        lapse.KIND: Kind(APPROVERS, lapse.let_lapse),
        payment_list.KIND: Kind(FINANCE, payment_list.send_list),
        payable_versions.KIND: Kind(APPROVERS, payable_versions.make_payable),
        policy_ends.KIND: Kind(APPROVERS, policy_ends.end_version),
        pools.KIND: Kind(FINANCE, pools.change_pool),
        reconcile.KIND: Kind(CLERKS, reconcile.carry_out),
        reconcile.EXTRA: Kind(CLERKS, reconcile.carry_out_extra),
        rates.KIND: Kind(APPROVERS, rates.change_rate),
        recover.KIND: Kind(FINANCE, recover.keep_recovery),
        reds.KIND: Kind(CLERKS, reds.carry_out_parts),
        refund.KIND: Kind(FINANCE, refund.book_refund),
        validity.KIND: Kind(APPROVERS, validity.change_validity),
        openings.KIND: Kind(APPROVERS, openings.open_decided),
        take_registry.KIND: Kind(CLERKS, take_registry.change_registry),
        state_capacity.KIND: Kind(CLERKS, state_capacity.carry_out),
        rule_corrections.KIND: Kind(CLERKS, rule_corrections.carry_out),
        rule_incidents.KIND: Kind(CLERKS, rule_incidents.carry_out),
        register_seen.KIND: Kind(frozenset({Role.CLERK}), register_seen.carry_out),
        admit_usage.KIND: Kind(CLERKS, admit_usage.carry_out),
        year_caps.KIND: Kind(APPROVERS, year_caps.change_year_cap),
        year_end.KIND: Kind(FINANCE, year_end.carry_over),
        close_steps.KIND: Kind(FINANCE, close_steps.carry_out),
    }
)


def respond(
    db: Session,
    decision: int,
    *,
    answer: Answer,
    digest_seen: str,
    viewer: Viewer,
    now: datetime,
    reason: str = "",
) -> Decision:
    """Answer a decision; if it is confirmed, carry it out.

    Raises:
        NotFound, Conflict, Refused: as `decide.answer`; Refused also where this role may not
            (`not_your_decision`), where she has to show a code before (`step_up`), or where what
            follows is not possible any more; outside the bureau others' decisions are not there.
    """
    open_one = db.get(Decision, decision)
    outside = viewer.actor.startswith(decisions.OUTSIDE)
    if open_one is None or (outside and not decisions.own(viewer.actor, open_one)):
        raise NotFound("decision", id=decision)
    kind = KINDS[open_one.kind]
    if answer != "withdrawn" and viewer.role not in kind.roles:
        raise Refused("not_your_decision", role=viewer.role)
    if answer == "confirmed" and viewer.unproven:
        raise Refused("step_up")
    row = decisions.answer(
        db,
        decision,
        answer=answer,
        digest_seen=digest_seen,
        actor=viewer.actor,
        now=now,
        reason=reason,
    )
    if answer == "confirmed":
        kind.effect(db, row, viewer.actor, now)
    return row
