"""Questions to the centre about a month, due by a day, and the centre's answers."""

from datetime import date, datetime

from sqlmodel import Session

from ledger.errors import Conflict, NotFound
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
    """Ask the centre a question, due after the policy version's working days.

    Raises:
        Refused: the calendar ends before the day.
    """
    month_row = reconciliation(db, key(contract), month, actor, now)
    question = Message(
        reconciliation_id=key(month_row),
        document_id=document,
        code=code,
        body=body.strip(),
        answer_by=working_days_after(beijing_day(now), process.answer_days),
        sent_at=now,
        sent_by=actor,
    )
    db.add(question)
    db.flush()
    return question


def answer(
    db: Session, message: int, *, centre: int | None, body: str, actor: str, now: datetime
) -> Message:
    """Record the centre's answer, once; late answers are accepted.

    Raises:
        NotFound: there is no such message, or it is another centre's.
        Conflict: it was answered.
    """
    question = db.get(Message, message, with_for_update=True)
    if question is None or centre not in (None, _centre(db, question)):
        raise NotFound("message", id=message)
    if question.answer is not None:
        raise Conflict("message_answered", by=question.answered_by or "")
    question.answer, question.answered_at, question.answered_by = body.strip(), now, actor
    db.add(question)
    db.flush()
    return question


def _centre(db: Session, question: Message) -> int:
    month_row = db.get_one(Reconciliation, question.reconciliation_id)
    return db.get_one(Contract, month_row.contract_id).centre_id
