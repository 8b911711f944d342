"""Take in the bank's return file: plain payments are booked, and what contradicts waits for two.

A file with a faulty row is not taken at all: a row about nothing that was sent, or twice the same.
Otherwise it is kept as it came. A payment of what is on its way is booked at once. Every other row
(退回, more than is on its way, a reference that was used) is recorded with its place, and stops its
claim until two persons have decided it (`bank_reversal.py`). Rows that were received before are
counted and change nothing; that rows are missing or sums differ is reported. Who takes it in has
shown a code just before, as for a confirmation (docs/adr/0027-bank-file.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, select

from ledger.accounts.queries import Draft, post_many
from ledger.documents.queries.originals import File, keep
from ledger.errors import Conflict, Finding, Refused
from ledger.formats.bounded_call import bounded_call
from ledger.payment.codes import LineResult, RowState
from ledger.payment.queries import bank_rows, payment_lists
from ledger.payment.queries.payment_lists import SentLine
from ledger.payment.rules.bank_return import read_return
from ledger.payment.rules.payment_list import (
    BankRow,
    Place,
    SortedRows,
    answer_moves,
    compare,
    sort_rows,
)
from ledger.payment.steps.payment_list import settle_claims
from ledger.payment.tables import BankReturn
from ledger.people.steps.credentials import Viewer
from ledger.units import Fen, beijing_day, month_of

_ADD_ROWS = text("""
    INSERT INTO bank_returns (reference, list_id, line, result, fen, on_day, reason, original,
        place, received_at, received_by, state, paid_fen)
    VALUES (:reference, :list_id, :line, :result, :fen, :on_day, :reason, :original, :place,
        :received_at, :received_by, :state, :paid_fen)
""")


@dataclass(frozen=True)
class ReturnIntake:
    """The result of a file: findings only, or rows and sums in fen, with notes.

    `rows` were booked, `waiting` are for two persons, `repeats` were received before.
    """

    rows: int = 0
    paid_fen: Fen = 0
    waiting: int = 0
    waiting_fen: Fen = 0
    repeats: int = 0
    notes: Sequence[Finding] = ()
    findings: Sequence[Finding] = ()


def read_file(file: File) -> tuple[list[BankRow], list[Finding]]:
    """Return the rows of a bank's return file, or every fault of it; no connection is needed.

    Raises:
        Refused: reading it takes too long or too much memory (`file_too_hard`).
    """
    return bounded_call(read_return, file.content)


def take_return(
    db: Session, file: File, rows: Sequence[BankRow], *, viewer: Viewer, now: datetime
) -> ReturnIntake:
    """Take in the rows of a bank's return file, or report everything wrong with them.

    Raises:
        Conflict: this very file was taken in before (`bank_return_repeated`).
        Refused: the viewer has to show a code before (`step_up`).
    """
    if viewer.unproven:
        raise Refused("step_up")
    payment_lists.alone(db)
    _refuse_repeated(db, file)
    numbers = sorted({row.list for row in rows})
    lines = payment_lists.sent_lines(db, numbers=numbers)
    payment_lists.lock_books(
        db, (book for line in lines for book in (line.book, line.indicator_book))
    )
    by_place = {
        (line.number, line.line): line for line in payment_lists.sent_lines(db, numbers=numbers)
    }
    states = {place: line.state for place, line in by_place.items()}
    earlier = bank_rows.earlier_rows(db, (row.reference for row in rows))
    result, findings = sort_rows(states, earlier, rows, beijing_day(now))
    if findings:
        return ReturnIntake(findings=findings)
    actor = viewer.actor
    _keep_rows(db, file, result, by_place, actor=actor, now=now)
    _post(db, result.plain, by_place, actor, now)
    claims = {by_place[row.list, row.line].claim for row in result.plain}
    settle_claims(db, claims, file.name, actor, now)
    return ReturnIntake(
        rows=len(result.plain),
        paid_fen=sum(row.fen for row in result.plain),
        waiting=len(result.contrary),
        waiting_fen=sum(row.fen for row in result.contrary),
        repeats=len(result.repeats),
        notes=compare(bank_rows.list_totals(db, numbers), rows),
    )


def _refuse_repeated(db: Session, file: File) -> None:
    before = db.exec(select(BankReturn).where(BankReturn.original == file.hash)).first()
    if before is not None:
        day = beijing_day(before.received_at)
        raise Conflict("bank_return_repeated", day=day, by=before.received_by)


def _keep_rows(
    db: Session,
    file: File,
    rows: SortedRows,
    lines: Mapping[Place, SentLine],
    *,
    actor: str,
    now: datetime,
) -> None:
    original = keep(db, file, actor=actor, now=now)
    of_file = {"original": original, "received_at": now, "received_by": actor}
    plain = [_values(row, lines) | {"state": RowState.BOOKED, "paid_fen": row.fen}
             for row in rows.plain]  # fmt: skip
    contrary = [_values(row, lines) | {"state": RowState.OPEN, "paid_fen": 0}
                for row in rows.contrary]  # fmt: skip
    if values := [row | of_file for row in plain + contrary]:
        db.execute(_ADD_ROWS, values)


def _values(row: BankRow, lines: Mapping[Place, SentLine]) -> dict[str, Any]:
    return {
        "reference": row.reference,
        "list_id": lines[row.list, row.line].list,
        "line": row.line,
        "result": row.result,
        "fen": row.fen,
        "on_day": row.on_day,
        "reason": row.reason,
        "place": row.where,
    }


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
        voucher, budget = answer_moves(LineResult.PAID, row.fen)
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
    if drafts:
        post_many(db, drafts)
