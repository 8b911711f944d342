"""Read a claim with everything that belongs to it: its files, its history, what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row
from sqlmodel import Session

from ledger.claims import queries as claim_queries
from ledger.claims.rules.courses import FIRST, actions
from ledger.claims.rules.holds import shut
from ledger.claims.steps.approval import KIND, subject_of
from ledger.claims.steps.bank_accounts import open_change
from ledger.claims.steps.claims import ChecklistItem, checklist, missing_files
from ledger.claims.tables import BankAccount, CaseHold, Claim, ClaimEvent, Objection, Publication
from ledger.desk.queries import queues
from ledger.errors import Finding
from ledger.people.steps.decisions import open_decision
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.registry.tables import Organisation, Project
from ledger.vouchers.tables import Voucher


@dataclass(frozen=True)
class ClaimDetails:
    """A claim with all that is known of it.

    `summary` is its row in a list of claims; `missing` is what a draft lacks for submission, and
    `checklist` what it needs, both empty later; `documents` are the numbers of those on which its
    months rest; `decision` is the proposal to approve it that waits for the second person.
    """

    claim: Claim
    summary: Row[Any]
    voucher: Voucher
    project: Project
    payee: Organisation
    account: BankAccount | None
    account_change: int | None  # the open decision
    events: Sequence[ClaimEvent]
    files: Sequence[Row[Any]]
    publication: Publication | None
    objections: Sequence[Objection]
    course: tuple[str, ...]
    holds: Sequence[CaseHold]
    missing: Sequence[Finding]
    checklist: Sequence[ChecklistItem]
    documents: Sequence[str]
    decision: Decision | None

    def actions(self, role: str) -> list[str]:
        """Return what this role may do now: in this state, and as far as no hold shuts it."""
        kinds = [hold.kind for hold in self.holds if hold.closed_at is None]
        permitted = actions(self.course, self.claim.state, role)
        return [action for action in permitted if shut(kinds, action) is None]


def claim_details(db: Session, claim: Claim) -> ClaimDetails:
    """Return the claim with its files, history, publication, account and open decision."""
    (summary,) = queues.claims(db, number=claim.number)
    claim_id = key(claim)
    voucher = db.get_one(Voucher, claim.voucher_id)
    return ClaimDetails(
        claim=claim,
        summary=summary,
        voucher=voucher,
        project=db.get_one(Project, voucher.project_id),
        payee=db.get_one(Organisation, claim.payee_id),
        account=claim_queries.account_of(db, claim.payee_id),
        account_change=open_change(db, claim.payee_id),
        events=claim_queries.events(db, claim_id),
        files=claim_queries.files(db, claim_id),
        publication=claim_queries.publication_of(db, claim_id),
        objections=claim_queries.objections(db, claim_id),
        course=claim_queries.course_of(db, claim),
        holds=claim_queries.holds(db, claim_id),
        missing=missing_files(db, claim) if claim.state == FIRST else (),
        checklist=checklist(db, claim) if claim.state == FIRST else (),
        documents=claim_queries.documents_of(db, claim_id),
        decision=open_decision(db, KIND, subject_of(claim)),
    )
