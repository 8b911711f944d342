"""Decide what a bank's row means that contradicts the books, or undo one that was booked.

One person proposes: accept it (the bank did this; the books follow), reject it (it is false), or
undo an earlier payment (it never was). Another confirms the very changes that were shown. If the
figures moved meanwhile, nothing is done, and it is proposed anew. Until then the claim is stopped.

A late payment of a claim that is again on its way would pay it twice: it is accepted when the bank
has answered the other line, or has said in writing that it will not pay it (`recalled`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from ledger.accounts.queries import balances, post, rights
from ledger.accounts.rules.targets import Move
from ledger.errors import Conflict, NotFound, Refused
from ledger.payment.codes import LineResult, RowState, Ruling
from ledger.payment.queries import bank_rows, payment_lists, shares
from ledger.payment.queries.payment_lists import SentLine
from ledger.payment.rules.bank_reversal import Change, RowChange, Standing, accept, undo
from ledger.payment.rules.payment_list import answer_moves
from ledger.payment.steps.payment_list import settle_claims
from ledger.payment.steps.recover import open_case, settle_recoveries
from ledger.payment.tables import BankReturn, Indicator, PaymentList
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.units import Fen, beijing_day, month_of, yuan
from ledger.vouchers.tables import Voucher

KIND = DecisionKind.BANK_REVERSAL
AFTER = {
    Ruling.ACCEPT: RowState.ACCEPTED,
    Ruling.REJECT: RowState.REJECTED,
    Ruling.UNDO: RowState.UNDONE,
}


@dataclass(frozen=True)
class _Case:
    """A row with its line, all sent lines of its claim, and what is left of that, fen.

    Where several bear their shares of the claim, `alike` are the lines of whoever paid this one,
    and no more is left than is left of its share.
    """

    row: BankReturn
    line: SentLine
    lines: Sequence[SentLine]
    alike: Sequence[SentLine]
    left_fen: Fen
    indicator: Indicator
    recalled: bool
    today: date


@dataclass(frozen=True)
class _Outlook:
    """What a ruling would do: the change of the line, and the lines that are called back."""

    change: Change
    recalls: Sequence[SentLine] = ()
    fraud: bool = False
    to_treasury: bool = False


def propose_ruling(
    db: Session,
    row: int,
    ruling: Ruling,
    *,
    recalled: bool = False,
    reason: str,
    actor: str,
    now: datetime,
) -> Decision:
    """Propose what a bank's row means; `recalled`: the bank will not pay the claim's other lines.

    Raises:
        NotFound: there is no such row (`bank_row`).
        Conflict: the row is not one to be decided so (`row_state`), or a decision is open.
        Refused: the claim is on its way on another list (`claim_at_bank`), the indicator has not
            the money (`money_short`), or what is to be undone came back (`not_undoable`).
    """
    payment_lists.alone(db)
    if db.get(BankReturn, row) is None:
        raise NotFound("bank_row", id=row)
    case = _case(db, row, beijing_day(now), recalled=recalled)
    _refuse_state(case.row, ruling)
    content = _content(case, ruling, _outlook(db, case, ruling))
    subject = f"bank {content['list']} / {content['line']} #{row}"
    return decide(
        db, kind=KIND, subject=subject, content=content, reason=reason, actor=actor, now=now
    )


def carry_out(db: Session, decision: Decision, actor: str, now: datetime) -> None:
    """Carry out the confirmed ruling: the row, its line, both books, and the claim.

    Raises:
        Conflict: the figures are others by now (`reversal_changed`); or as `propose_ruling`.
        Refused: as `propose_ruling`.
    """
    content, today = decision.content, beijing_day(now)
    ruling = Ruling(content["ruling"])
    payment_lists.alone(db)
    lines = _case(db, content["row"], today, recalled=content["recalled"]).lines
    payment_lists.lock_books(
        db, (book for line in lines for book in (line.book, line.indicator_book))
    )
    case = _case(db, content["row"], today, recalled=content["recalled"])
    _refuse_state(case.row, ruling)
    outlook = _outlook(db, case, ruling)
    if _content(case, ruling, outlook) != content:
        raise Conflict("reversal_changed", reference=case.row.reference)
    if moves := _moves(case, outlook):
        post(
            db,
            cause=f"decision/{decision.id}",
            used_on=month_of(case.row.on_day),
            booked=month_of(today),
            actor=actor,
            moves=moves,
            note={"list": content["list"], "line": content["line"], "row": content["row"]},
        )
    for line in outlook.recalls:
        payment_lists.recall_line(db, line, line.state.open_fen)
    _rule(db, case.row, decision, outlook.change)
    settle_claims(db, [case.line.claim], f"{content['list']} / {content['line']}", actor, now)
    settle_recoveries(db, now)


def _refuse_state(row: BankReturn, ruling: Ruling) -> None:
    booked = row.result == LineResult.PAID and row.state in (RowState.BOOKED, RowState.ACCEPTED)
    if not (booked if ruling == Ruling.UNDO else row.state == RowState.OPEN):
        raise Conflict("row_state", reference=row.reference)


def _content(of: _Case, ruling: Ruling, outlook: _Outlook) -> dict[str, Any]:
    row, change = of.row, outlook.change
    return {
        "row": row.id,
        "ruling": ruling.value,
        "recalled": of.recalled,
        "reference": row.reference,
        "list": of.line.number,
        "line": row.line,
        "claim": of.line.claim_number,
        "voucher": of.line.voucher,
        "result": row.result,
        "fen": row.fen,
        "on_day": row.on_day.isoformat(),
        "paid_fen": change.paid_fen,
        "returned_fen": change.returned_fen,
        "over_fen": change.over_fen,
        "outside_fen": change.outside_fen,
        "fraud": outlook.fraud,
        "to_treasury": outlook.to_treasury,
        "lines": [
            {"list": sent_line.number, "line": sent_line.line, "fen": sent_line.state.open_fen}
            for sent_line in outlook.recalls
        ],
    }


def _outlook(db: Session, of: _Case, ruling: Ruling) -> _Outlook:
    if ruling == Ruling.REJECT:
        return _Outlook(Change())
    row = of.row
    if ruling == Ruling.UNDO:
        booked = RowChange(row.paid_fen, row.returned_fen, row.over_fen, row.outside_fen)
        at = _standing_of(db, of, (), of.today)
        undone = undo(at, booked)
        if undone is None:
            raise Refused("not_undoable", reference=row.reference)
        return _Outlook(undone, (), at.fraud, at.to_treasury)
    recalls = _recalls(of) if row.result == LineResult.PAID else ()
    at = _standing_of(db, of, recalls, row.on_day)
    change = accept(at, LineResult(row.result), row.fen)
    if change.missing_fen:
        free = at.budget["free"]
        needed_yuan = yuan(free + change.missing_fen)
        raise Refused(
            "money_short", number=of.indicator.number, free=yuan(free), wanted=needed_yuan
        )
    return _Outlook(change, recalls, at.fraud, at.to_treasury)


def _case(db: Session, row_id: int, today: date, *, recalled: bool) -> _Case:
    row = db.get_one(BankReturn, row_id, populate_existing=True)
    payment_list = db.get_one(PaymentList, row.list_id)
    of_list = payment_lists.sent_lines(db, numbers=[payment_list.number])
    claim = next(item.claim for item in of_list if item.line == row.line)
    lines = payment_lists.sent_lines(db, claim=claim)
    (claim_row,) = payment_lists.settled_claims(db, [claim])
    left_fen, alike = claim_row.due_fen - claim_row.paid_fen - claim_row.open_fen, lines
    if scheme := shares.scheme_of(db, payment_list.indicator_id):
        books = shares.books_of_bearer(db, payment_list.indicator_id)
        alike = [sent_line for sent_line in lines if sent_line.indicator_book in books]
        share_fen = shares.share_of(scheme, payment_list.indicator_id, claim_row.due_fen)
        drawn_fen = sum(item.state.fen - item.state.returned_fen for item in alike)
        left_fen = min(left_fen, share_fen - drawn_fen)
    return _Case(
        row=row,
        line=next(item for item in lines if (item.list, item.line) == (row.list_id, row.line)),
        lines=lines,
        alike=alike,
        left_fen=left_fen,
        indicator=db.get_one(Indicator, payment_list.indicator_id),
        recalled=recalled,
        today=today,
    )


def _recalls(of: _Case) -> Sequence[SentLine]:
    """Return the lines to call back so that the claim is not paid twice, the newest first."""
    late = min(max(of.row.fen - of.line.state.open_fen, 0), of.line.state.returned_fen)
    missing: Fen = late - of.left_fen
    recalls = list[SentLine]()
    for sent_line in reversed(of.alike):
        if sent_line is not of.line and sent_line.state.open_fen and missing > 0:
            recalls.append(sent_line)
            missing -= sent_line.state.open_fen
    if recalls and not of.recalled:
        lists = "、".join(sorted(line.number for line in recalls))
        raise Refused("claim_at_bank", claim=of.line.claim_number, lists=lists)
    return recalls


def _standing_of(db: Session, of: _Case, recalls: Sequence[SentLine], day: date) -> Standing:
    """Return what the row meets, once these lines are called back."""
    line = of.line
    voucher = db.get_one(Voucher, line.voucher)
    called_fen = sum(sent_line.state.open_fen for sent_line in recalls)
    same_fen = sum(
        sent_line.state.open_fen
        for sent_line in recalls
        if sent_line.indicator_book == line.indicator_book
    )
    amounts, budget = rights(db, line.book), balances(db, line.indicator_book)
    case = open_case(db, voucher)
    return Standing(
        line=line.state,
        claim_left_fen=of.left_fen + called_fen,
        rights=replace(
            amounts, sent=amounts.sent - called_fen, payable=amounts.payable + called_fen
        ),
        budget=budget
        | {"free": budget["free"] + same_fen, "committed": budget["committed"] - same_fen},
        net_fen=bank_rows.net_paid(db, key(voucher), key(of.indicator)),
        fraud=case is not None and case.fraud,
        to_treasury=day.year > of.indicator.year,
    )


def _moves(of: _Case, outlook: _Outlook) -> dict[int, list[Move]]:
    """Return the moves by book: first what is called back, then the row's."""
    moves = dict[int, list[Move]]()
    for sent_line in outlook.recalls:
        voucher, budget = answer_moves(LineResult.RETURNED, sent_line.state.open_fen)
        moves.setdefault(sent_line.book, []).append(voucher)
        moves.setdefault(sent_line.indicator_book, []).append(budget)
    moves.setdefault(of.line.book, []).extend(outlook.change.voucher)
    moves.setdefault(of.line.indicator_book, []).extend(outlook.change.budget)
    return {book: part for book, part in moves.items() if part}


def _rule(db: Session, row: BankReturn, decision: Decision, change: Change) -> None:
    """Write what the row is now; the database carries it to the line."""
    row.state = AFTER[Ruling(decision.content["ruling"])]
    row.decision_id = decision.id
    row.paid_fen += change.paid_fen
    row.returned_fen += change.returned_fen
    row.over_fen += change.over_fen
    row.outside_fen += change.outside_fen
    db.add(row)
    db.flush()
    db.expire_all()
