"""Claim (兑付申请): a beneficiary asks for payment of what its voucher has earned.

A claim is opened for an amount of the voucher's payable money and names the months that it is of;
it gets its files, and is submitted. An amount cannot be claimed twice while a claim is open: the
voucher's book is locked while it is computed. Every step is an event of the case
(`ledger/claims/rules/courses.py`) that the database checks and numbers. Further conditions are with
the steps: `eligibility.py`, `publication.py`, `approval.py`, `claim_actions.py`.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from sqlalchemy import insert, text
from sqlmodel import Session

from ledger.accounts.queries import lock_book
from ledger.claims import queries as claim_queries
from ledger.claims.rules.courses import FIRST, next_state
from ledger.claims.rules.holds import shut
from ledger.claims.steps.bank_accounts import open_change
from ledger.claims.tables import Claim, ClaimCell
from ledger.documents.queries.originals import File, keep
from ledger.documents.steps.receipts import proof_of
from ledger.errors import Conflict, Finding, LedgerError, Refused
from ledger.people.codes import Role
from ledger.policy.codes import FileRole
from ledger.policy.text.published import load
from ledger.postgres.columns import key
from ledger.postgres.refusals import refusals
from ledger.postgres.series import Series, next_number
from ledger.registry.queries import payee_of
from ledger.registry.tables import Centre, Organisation, Project
from ledger.units import Fen, beijing_day, yuan
from ledger.vouchers.rules import oldest
from ledger.vouchers.tables import Voucher

_LOOKED_AT = frozenset({FileRole.APPLICATION, FileRole.COMMITMENT, FileRole.RECEIPT})
_EVENT = text("""
    INSERT INTO claim_events (claim_id, state, action, role, next, actor, at, note, content)
    VALUES (:claim, :state, :action, :role, :next, :actor, :at, :note, CAST(:content AS jsonb))
""")
_FILE = text("""
    INSERT INTO claim_files (claim_id, role, original, proves, added_at, added_by)
    VALUES (:claim, :role, :original, :proves, :now, :actor) ON CONFLICT DO NOTHING
""")


@dataclass(frozen=True)
class StepResult:
    """A claim after a step; if refused, the code and the findings."""

    claim: Claim
    code: str = ""
    findings: tuple[Finding, ...] = ()


BANK_ACCOUNT = "bank_account"


@dataclass(frozen=True)
class ChecklistItem:
    """A file's role, or `bank_account`: whether it is there, and whose it is to bring it."""

    item: str
    is_there: bool
    by: Role


def open_claim(
    db: Session,
    project: int,
    fen: Fen | None,
    *,
    actor: str,
    now: datetime,
    months: Collection[date] = (),
    centre: Centre | None = None,
) -> Claim:
    """Open a claim of the project's voucher for `fen`, or for all that may be claimed.

    It names the oldest months that have something rest, of `months` where they are given. A
    `centre` claims what was deducted at its counter (核销), and is paid itself.

    Raises:
        NotFound: the project has no voucher.
        Refused: nothing may be claimed (`nothing_to_claim`), nothing of these months
            (`month_claimed`), or less than that (`more_than_claimable`); nothing was deducted
            there and confirmed (`nothing_deducted`).
    """
    voucher = claim_queries.voucher_of(db, project)
    lock_book(db, voucher.book_id)
    rest = claim_queries.left_by_month(db, voucher, centre=centre.id if centre else None)
    if not rest:
        raise Refused("nothing_to_claim", project=db.get_one(Project, project).code)
    for month in months:
        if month not in {of for of, _ in rest}:
            raise Refused("month_claimed", month=f"{month:%Y-%m}")
    claimable_fen = sum(oldest(rest, sum(rest.values()), months).values())
    if centre is not None:
        deducted_fen = claim_queries.deducted_fen(db, voucher, lasting=True).get(key(centre), 0)
        if not deducted_fen:
            raise Refused("nothing_deducted", centre=centre.name)
        claimable_fen = min(claimable_fen, deducted_fen)
    if fen is not None and not 0 < fen <= claimable_fen:
        raise Refused("more_than_claimable", asked=yuan(fen), left=yuan(claimable_fen))
    parts = oldest(rest, claimable_fen if fen is None else fen, months)
    # The database says where a claim begins, so its state is read and not written.
    values = {
        "number": next_number(db, Series.CLAIM, beijing_day(now).year),
        "voucher_id": voucher.id,
        "payee_id": centre.organisation_id if centre else payee_of(db, project, beijing_day(now)),
        "centre_id": centre.id if centre else None,
        "fen": sum(parts.values()),
        "opened_at": now,
        "opened_by": actor,
    }
    claim = db.scalars(insert(Claim).values(values).returning(Claim)).one()
    cells = [
        {"claim_id": claim.id, "contract_id": contract, "month": month, "fen": part}
        for (month, contract), part in parts.items()
    ]
    db.execute(insert(ClaimCell), cells)
    return claim


def add_file(
    db: Session,
    claim: Claim,
    role: FileRole,
    file: File,
    *,
    actor: str,
    now: datetime,
    proves: str = "",
) -> str:
    """Add a file to a draft claim; return its hash; idempotent.

    A receipt is a real file of its kind, and `proves` the payment of a document: its number. What
    was stamped, the application and the commitment, can be looked at.

    Raises:
        Conflict: the claim was handed in (`claim_no_draft`): a clerk may return it.
        Refused: the file is empty (`file_empty`); a receipt or what was stamped is none
            (`proof_…`); a receipt names no document on which the claim's months rest
            (`receipt_proves`).
    """
    if not file.content:
        raise Refused("file_empty", name=file.name)
    if role in _LOOKED_AT:
        proof_of(file)  # before the database is asked: others have the connection meanwhile
    if claim.state != FIRST:
        raise Conflict("claim_no_draft", number=claim.number)
    if role == FileRole.RECEIPT and proves not in claim_queries.documents_of(db, key(claim)):
        raise Refused("receipt_proves", number=proves)
    original = keep(db, file, actor=actor, now=now)
    db.execute(
        _FILE,
        {
            "claim": claim.id,
            "role": role,
            "original": original,
            "proves": proves,
            "now": now,
            "actor": actor,
        },
    )
    return original


def checklist(db: Session, claim: Claim) -> list[ChecklistItem]:
    """Return what a claim needs for submission: the files that its policy asks for, an account."""
    voucher = db.get_one(Voucher, claim.voucher_id)
    roles = {file.role for file in claim_queries.files(db, key(claim))}
    required_roles = load(voucher.policy).process.claim_files
    claimant = Role.BUILDER if claim.centre_id is None else Role.OPERATOR
    items = [ChecklistItem(str(role), role in roles, claimant) for role in required_roles]
    is_confirmed = claim_queries.account_of(db, claim.payee_id) is not None
    whose_turn = Role.CLERK if open_change(db, claim.payee_id) else claimant
    return [*items, ChecklistItem(BANK_ACCOUNT, is_confirmed, whose_turn)]


def missing_files(db: Session, claim: Claim) -> list[Finding]:
    """Report everything a claim needs for submission: required files, the payee's account."""
    payee = db.get_one(Organisation, claim.payee_id).name
    return [
        Finding("account", "lacks_bank_account", (("payee", payee),))
        if item.item == BANK_ACCOUNT
        else Finding(f"files.{item.item}", f"lacks_{item.item}")
        for item in checklist(db, claim)
        if not item.is_there
    ]


def act(
    db: Session,
    claim: Claim,
    action: str,
    *,
    viewer_role: str,
    actor: str,
    now: datetime,
    note: str = "",
    content: Mapping[str, Any] | None = None,
) -> Claim:
    """Record a step and move the claim; its conditions were checked by the caller.

    Raises:
        Refused: the step is another role's (`not_your_step`), the claim another's
            (`not_your_claim`), whoever takes it had another part in it (`barred_pair`), or the
            database sees that two persons did not approve, or that the publication runs on.
        Conflict: as `next_of`, or the claim was moved or held meanwhile (`claim_moved`). The
            transaction is then over: the caller rolls back.
    """
    event = {
        "claim": claim.id,
        "state": claim.state,
        "action": action,
        "role": viewer_role,
        "next": next_of(db, claim, action, viewer_role),
        "actor": actor,
        "at": now,
        "note": note,
        "content": json.dumps(dict(content or {}), ensure_ascii=False),
    }
    with refusals(_refusal):
        db.execute(_EVENT, event)
    db.refresh(claim)
    return claim


def next_of(db: Session, claim: Claim, action: str, role: str) -> str:
    """Return the state of a case after this action by this role.

    Raises:
        Refused, Conflict: as `next_state`; Conflict also where a hold shuts the gate (`case_held`).
    """
    following = next_state(claim_queries.course_of(db, claim), claim.state, action, role)
    if hold := shut(claim_queries.open_holds(db, key(claim)), action):
        raise Conflict("case_held", hold=hold)
    return following


def lock(db: Session, claim: Claim) -> Voucher:
    """Lock the voucher's book and return the current claim."""
    voucher = db.get_one(Voucher, claim.voucher_id)
    lock_book(db, voucher.book_id)
    db.refresh(claim)
    return voucher


def _refusal(error: object) -> LedgerError | None:
    refusal: LedgerError | None = None
    match error.diag.constraint_name if isinstance(error, psycopg.Error) else None:
        case "case_state" | "case_held":
            refusal = Conflict("claim_moved")
        case "claimant_moves":
            refusal = Refused("not_your_claim")
        case "barred_pair":
            refusal = Refused("barred_pair")
        case "claim_decided":
            refusal = Refused("claim_not_decided")
        case "claim_stopped":
            refusal = Refused("claim_stopped")
        case "publication_over":
            refusal = Refused("publication_not_over")
    return refusal
