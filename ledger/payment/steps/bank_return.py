"""Book the bank's return file: lines paid, returned, or both in parts.

A file is booked whole or not at all: a row without a sent line, with a repeated reference, or
beyond the open amount is reported, and nothing is stored. The same file twice is an error. Paid
lines are final; returned money is owed and free again, and the claim is back at its place in the
queue.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert
from sqlmodel import Session, col, select

from ledger.accounts.queries import Draft, post_many
from ledger.documents.queries.originals import File, keep
from ledger.errors import Conflict, Finding
from ledger.payment.queries import payment_lists
from ledger.payment.queries.payment_lists import SentLine
from ledger.payment.rules.bank_return import read_return
from ledger.payment.rules.payment_list import (
    BankRow,
    LineState,
    Place,
    answer_moves,
    outcome,
    settle,
)
from ledger.payment.steps.payment_list import take_on
from ledger.payment.tables import BankReturn
from ledger.units import Fen, beijing_day, month_of


@dataclass(frozen=True)
class ReturnIntake:
    """The result of a file: rows booked and sums in fen, or findings only."""

    rows: int = 0
    paid_fen: Fen = 0
    returned_fen: Fen = 0
    findings: Sequence[Finding] = ()


def take_return(db: Session, file: File, *, actor: str, now: datetime) -> ReturnIntake:
    """Book a bank's return file, or report everything wrong with it.

    Raises:
        Conflict: this very file was booked before (`bank_return_repeated`).
    """
    payment_lists.alone(db)
    _refuse_repeated(db, file)
    rows, findings = read_return(file.content)
    if findings:
        return ReturnIntake(findings=findings)
    numbers = sorted({row.list for row in rows})
    lines = payment_lists.sent_lines(db, numbers=numbers)
    payment_lists.lock_books(
        db, (book for line in lines for book in (line.book, line.indicator_book))
    )
    by_place = {
        (line.number, line.line): line for line in payment_lists.sent_lines(db, numbers=numbers)
    }
    states = {place: line.state for place, line in by_place.items()}
    after, findings = settle(states, _known_references(db, rows), rows, beijing_day(now))
    if findings:
        return ReturnIntake(findings=findings)
    _keep_rows(db, file, rows, by_place, actor=actor, now=now)
    _post(db, rows, by_place, actor, now)
    touched_lines = [
        by_place[place] for place in dict.fromkeys((row.list, row.line) for row in rows)
    ]
    _settle_claims(db, touched_lines, after, actor, now)
    sums = {
        result: sum(row.fen for row in rows if row.result == result)
        for result in ("paid", "returned")
    }
    return ReturnIntake(len(rows), sums["paid"], sums["returned"])


def _refuse_repeated(db: Session, file: File) -> None:
    before = db.exec(select(BankReturn).where(BankReturn.original == file.hash)).first()
    if before is not None:
        day = beijing_day(before.received_at)
        raise Conflict("bank_return_repeated", day=day, by=before.received_by)


def _known_references(db: Session, rows: Iterable[BankRow]) -> frozenset[str]:
    references = [row.reference for row in rows]
    query = select(BankReturn.reference).where(col(BankReturn.reference).in_(references))
    return frozenset(db.exec(query).all())


def _keep_rows(
    db: Session,
    file: File,
    rows: Sequence[BankRow],
    lines: Mapping[Place, SentLine],
    *,
    actor: str,
    now: datetime,
) -> None:
    original = keep(db, file, actor=actor, now=now)
    values = [
        {
            "reference": row.reference,
            "list_id": lines[row.list, row.line].list,
            "line": row.line,
            "result": row.result,
            "fen": row.fen,
            "on_day": row.on_day,
            "reason": row.reason,
            "original": original,
            "received_at": now,
            "received_by": actor,
        }
        for row in rows
    ]
    db.execute(insert(BankReturn), values)


def _post(
    db: Session,
    rows: Sequence[BankRow],
    lines: Mapping[Place, SentLine],
    actor: str,
    now: datetime,
) -> None:
    drafts = []
    for row in rows:
        line = lines[row.list, row.line]
        voucher, budget = answer_moves(row.result, row.fen)
        drafts.append(
            Draft(
                cause=f"bank/{row.reference}",
                used_on=month_of(row.on_day),
                booked=month_of(beijing_day(now)),
                actor=actor,
                moves={line.book: [voucher], line.indicator_book: [budget]},
                note={"list": row.list, "line": row.line, "reason": row.reason},
            )
        )
    post_many(db, drafts)


def _settle_claims(
    db: Session,
    lines: Sequence[SentLine],
    after: Mapping[Place, LineState],
    actor: str,
    now: datetime,
) -> None:
    """Write the lines, and move the claims with nothing on its way."""
    for line in lines:
        payment_lists.write_line(db, line, after[line.number, line.line])
    paid = payment_lists.paid_of(db, [line.claim for line in lines])
    for line in lines:
        place = line.number, line.line
        action = outcome(line.claim_fen, paid[line.claim], after[place].open_fen)
        if action:
            note = f"{line.number} / {line.line}"
            take_on(db, line.claim, action, note=note, actor=actor, now=now)
