"""Decisions: one person proposes, another confirms whatever concerns public money.

A decision has a kind, a subject, a content and a reason; a subject has one open decision at a time.
The confirmation names the digest of the content, so nobody confirms something else than was shown.
What follows is done in the same transaction (`desk/steps/confirm.py`).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from ledger.errors import Conflict, Refused
from ledger.formats.digest import digest
from ledger.people.codes import Answer, DecisionKind
from ledger.people.queries import second_refused
from ledger.people.rules.persons import plain
from ledger.people.tables import Decision
from ledger.postgres.columns import key

OUTSIDE = ("builder:", "operator:")  # actors who are not of the bureau


def decide(
    db: Session,
    *,
    kind: DecisionKind,
    subject: str,
    content: Mapping[str, Any],
    reason: str,
    actor: str,
    now: datetime,
) -> Decision:
    """Record one person's decision; nothing follows from it yet.

    Raises:
        Conflict: something else is open about this subject (`decision_open`). The same content by
            the same person again is the same decision.
    """
    content_digest = digest(content)
    # Its answer is another's to write, so those columns are not written here, not even as nulls.
    values = {
        "kind": kind,
        "subject": subject,
        "content": dict(content),
        "digest": content_digest,
        "reason": reason,
        "decided_by": actor,
        "decided_at": now,
    }
    # Two who decide at once take turns at the index of open decisions.
    statement = (
        insert(Decision)
        .values(values)
        .on_conflict_do_nothing(
            index_elements=["kind", "subject"], index_where=col(Decision.answer).is_(None)
        )
    )
    decision = db.scalars(statement.returning(Decision)).one_or_none()
    if decision is not None:
        return decision
    open_one = open_decision(db, kind, subject)
    if open_one is not None and (open_one.digest, open_one.decided_by) == (content_digest, actor):
        return open_one
    by, number = (open_one.decided_by, key(open_one)) if open_one else ("", "")
    raise Conflict("decision_open", subject=subject, by=by, decision=number)


def answer(
    db: Session,
    decision: int,
    *,
    answer: Answer,
    digest_seen: str,
    actor: str,
    now: datetime,
    reason: str = "",
) -> Decision:
    """Answer a decision: another person confirms or refuses, or its author withdraws it.

    Args:
        db: the transaction.
        decision: which one; it exists.
        answer: `withdrawn` by who decided, the others by somebody else.
        digest_seen: the digest of what was confirmed.
        actor: who answers.
        now: when.
        reason: why, where it is refused or withdrawn.

    Raises:
        Conflict: it was answered (`decision_answered`), or is not what was seen
            (`decision_changed`).
        Refused: the same person (`same_person`), one of whom made the other's credential
            (`one_made_the_other`), a program (`service_confirms`), or withdrawn by another one
            (`not_yours`).
    """
    query = select(Decision).where(Decision.id == decision).with_for_update()
    query = query.execution_options(populate_existing=True)  # it was read before it was locked
    row = db.exec(query).one()
    if row.answer is not None:
        raise Conflict(
            "decision_answered", by=row.answered_by or "", at=row.answered_at, answer=row.answer
        )
    if row.digest != digest_seen:
        raise Conflict("decision_changed", subject=row.subject)
    if answer == "withdrawn" and not own(actor, row):
        raise Refused("not_yours", person=person(row.decided_by))
    if answer != "withdrawn":
        refuse_one_identity(db, actor, row.decided_by)
    row.answer, row.answered_by, row.answered_at = answer, actor, now
    row.answered_digest, row.answer_reason = digest_seen, reason
    db.add(row)
    db.flush()
    return row


def refuse_one_identity(db: Session, actor: str, proposer: str) -> None:
    """Refuse whoever is no second person beside who proposed it.

    Raises:
        Refused: the same person (`same_person`), one of whom made the other's credential
            (`one_made_the_other`), a program (`service_confirms`), or at the other's device
            (`shared_device`).
    """
    reason = second_refused(db, actor, proposer)
    if reason is not None:
        raise Refused(reason, person=person(proposer))


def open_decision(db: Session, kind: str, subject: str) -> Decision | None:
    """Return the unanswered decision about this subject."""
    query = select(Decision).where(Decision.kind == kind, Decision.subject == subject)
    return db.exec(query.where(col(Decision.answer).is_(None))).one_or_none()


def own(actor: str, decision: Decision) -> bool:
    """Return whether it is the actor's own decision, which may be withdrawn.

    Who works for the bureau and for somebody outside as well withdraws in the same part.
    """
    outside = (actor.startswith(OUTSIDE), decision.decided_by.startswith(OUTSIDE))
    if any(outside) and _role(actor) != _role(decision.decided_by):
        return False
    return same_person(actor, decision.decided_by)


def same_person(first: str, second: str) -> bool:
    """Return whether two actors are one identity: no two have one name (`person_of` in SQL)."""
    return plain(person(first)) == plain(person(second))


def person(actor: str) -> str:
    """Return the name in an actor: `clerk:李四#12` is 李四."""
    role, colon, rest = actor.partition(":")
    name, hash_, token = rest.rpartition("#")
    return name if role.isalpha() and colon and hash_ and token.isdigit() else actor


def _role(actor: str) -> str:
    return actor.partition(":")[0]
