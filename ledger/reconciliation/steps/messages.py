"""Questions to the centre about a month, each to be answered by a day, and the centre's answers."""

from datetime import date, datetime

from sqlmodel import Session

from ledger.errors import Conflict, NotFound, Refused
from ledger.formats.working_days import working_days_after
from ledger.policy.process import Process
from ledger.postgres.columns import key
from ledger.reconciliation.queries.months import reconciliation
from ledger.reconciliation.tables import Message, Reconciliation
from ledger.registry.tables import Contract
from ledger.units import beijing_day


def send(
    db: Session,
    contract: Contract,
    month: date,
    *,
    code: str,
    body: str,
    document: int | None,
    process: Process,
    actor: str,
    now: datetime,
) -> Message:
    """Ask the centre; it has the policy version's working days to answer.

    Raises:
        Refused: nothing is asked, or the calendar ends before the day.
    """
    if not body.strip():
        raise Refused("reason_missing")
    kept = reconciliation(db, key(contract), month, actor, now)
    asked = Message(
        reconciliation=key(kept),
        document=document,
        code=code,
        body=body.strip(),
        answer_by=working_days_after(beijing_day(now), process.answer_days),
        sent_at=now,
        sent_by=actor,
    )
    db.add(asked)
    db.flush()
    return asked


def answer(
    db: Session, message: int, *, centre: int | None, body: str, actor: str, now: datetime
) -> Message:
    """The centre answers, once; late answers are taken too.

    Raises:
        NotFound: there is no such message, or it is another centre's.
        Conflict: it was answered.
        Refused: an empty answer.
    """
    asked = db.get(Message, message, with_for_update=True)
    if asked is None or centre not in (None, _centre(db, asked)):
        raise NotFound("message", id=message)
    if asked.answer is not None:
        raise Conflict("message_answered", by=asked.answered_by or "")
    if not body.strip():
        raise Refused("reason_missing")
    asked.answer, asked.answered_at, asked.answered_by = body.strip(), now, actor
    db.add(asked)
    db.flush()
    return asked


def _centre(db: Session, asked: Message) -> int:
    kept = db.get_one(Reconciliation, asked.reconciliation)
    return db.get_one(Contract, kept.contract).centre
