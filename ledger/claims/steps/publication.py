"""Publish (公示): a claim is public for some working days, and objections are resolved.

Published are number, project, organisation, clause, amount, months, and where to object. Never a
person, an account or a unit price; as the name of a talent team may name a person, only its
organisation is published. A signed objection holds the claim until an approver resolves it who had
no other part in it, and an upheld one ends it. Without a name it is a lead (线索): kept, and looked
into, but it holds nothing.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from ledger.claims import queries as claim_queries
from ledger.claims.steps.claims import StepResult, act, lock, next_of
from ledger.claims.tables import Claim, Objection, Publication
from ledger.errors import Conflict, Finding, NotFound, Refused
from ledger.formats.capital_amounts import in_words
from ledger.formats.working_days import working_days_after
from ledger.policy.text.published import load
from ledger.postgres.columns import key
from ledger.registry.tables import Organisation, Project
from ledger.units import beijing_day
from ledger.vouchers.tables import Voucher


def publish(
    db: Session,
    claim: Claim,
    channel: str,
    *,
    viewer_role: str,
    actor: str,
    now: datetime,
    note: str = "",
) -> StepResult:
    """Publish an accepted claim, from tomorrow for the policy's working days.

    `channel` says where to object: an office, a telephone, a post box.

    Raises:
        Refused: the calendar does not reach that far (`calendar_ends`); or as `act`.
        Conflict: as `act`.
    """
    next_of(db, claim, "publish", viewer_role)
    if not channel.strip():
        return StepResult(claim, "claim_lacks", (Finding("channel", "channel_missing"),))
    voucher = db.get_one(Voucher, claim.voucher_id)
    today = beijing_day(now)
    days = load(voucher.policy).process.publication_days
    publication = Publication(
        claim_id=key(claim),
        since=today + timedelta(days=1),
        until=working_days_after(today, days),
        days=days,
        content=_public_content(db, claim, voucher) | {"channel": channel.strip()},
        published_at=now,
        published_by=actor,
    )
    db.add(publication)
    db.flush()
    content = {
        "publication": publication.id,
        "since": str(publication.since),
        "until": str(publication.until),
    }
    return StepResult(
        act(
            db, claim, "publish", viewer_role=viewer_role, actor=actor, now=now, note=note,
            content=content,
        )
    )  # fmt: skip


def _public_content(db: Session, claim: Claim, voucher: Voucher) -> dict[str, Any]:
    """Return what the public may know."""
    project = db.get_one(Project, voucher.project_id)
    policy = load(voucher.policy)
    clause = policy.clause(voucher.clause)
    (months,) = claim_queries.months_of(db, [key(claim)]).values()
    return {
        "number": claim.number,
        "project": project.name if project.kind == "model" else "",
        "organisation": db.get_one(Organisation, claim.payee_id).name,
        "policy": policy.title,
        "article": clause.article if clause else "",
        "award": clause.title if clause else "",
        "fen": claim.fen,
        "words": in_words(claim.fen),
        "months": sorted({f"{row.month:%Y-%m}" for row in months}),
        "drill": policy.drill or project.drill,
    }


def receive(
    db: Session,
    claim: Claim,
    *,
    objector: str,
    contact: str,
    body: str,
    viewer_role: str,
    actor: str,
    now: datetime,
) -> Objection:
    """Record an objection to a published claim; there may be several, and a signed one holds it.

    Raises:
        Refused: it says nothing (`objection_blank`); or as `act`.
        Conflict: as `act`.
    """
    if not body.strip():
        raise Refused("objection_blank")
    lock(db, claim)
    next_of(db, claim, "object", viewer_role)
    published = claim_queries.publication_of(db, key(claim))
    if published is None:
        raise Conflict("no_such_step", action="object", state=claim.state)
    objection = Objection(
        publication_id=key(published),
        objector=objector.strip(),
        contact=contact,
        body=body,
        received_at=now,
        received_by=actor,
    )
    db.add(objection)
    db.flush()
    content = {"objection": objection.id}
    act(db, claim, "object", viewer_role=viewer_role, actor=actor, now=now, content=content)
    return objection


def resolve(
    db: Session,
    objection: int,
    *,
    upheld: bool,
    resolution: str,
    viewer_role: str,
    actor: str,
    now: datetime,
) -> Objection:
    """Uphold an objection, which ends the claim, or dismiss it, which ends its hold.

    Raises:
        NotFound: there is no such objection.
        Conflict: it was resolved (`objection_resolved`); or as `act`.
        Refused: the reasons are missing (`note_missing`), whoever resolves it handled the claim
            (`barred_pair`); or as `act`.
    """
    claim = claim_of(db, objection)
    lock(db, claim)
    row = db.get_one(Objection, objection, populate_existing=True)
    action = "uphold" if upheld else "dismiss"
    if row.upheld is not None:
        raise Conflict("objection_resolved", id=objection)
    next_of(db, claim, action, viewer_role)
    if not resolution.strip():
        raise Refused("note_missing")
    content = {"objection": objection}
    act(
        db, claim, action, viewer_role=viewer_role, actor=actor, now=now, note=resolution,
        content=content,
    )  # fmt: skip
    row.upheld, row.resolution = upheld, resolution
    row.resolved_at, row.resolved_by = now, actor
    db.add(row)
    db.flush()
    return row


def claim_of(db: Session, objection: int) -> Claim:
    """Return the claim of an objection.

    Raises:
        NotFound: there is no such objection.
    """
    row = db.get(Objection, objection)
    if row is None:
        raise NotFound("objection", id=objection)
    return db.get_one(Claim, db.get_one(Publication, row.publication_id).claim_id)
