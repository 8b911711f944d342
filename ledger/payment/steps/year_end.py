"""Year-end (年末结转): close an indicator's year.

Lines that the bank has not settled come back: they are owed again and wait, at their old place in
the queue, for the new year's indicator. This requires the bank's written statement that it will not
pay them: otherwise a late payment and a new list would pay the same claim twice. What is then free
on the old indicator is surrendered. One person decides, with every line that comes back, and
another confirms; if a line was settled meanwhile, a new decision is needed.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from ledger.accounts.queries import Draft, balances, post_many
from ledger.accounts.rules.targets import Move
from ledger.errors import Conflict, Refused
from ledger.payment.codes import LineResult
from ledger.payment.queries import payment_lists
from ledger.payment.rules.payment_list import answer_moves
from ledger.payment.steps.payment_list import settle_claims
from ledger.payment.tables import Indicator
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide
from ledger.people.tables import Decision
from ledger.units import beijing_day, month_of

KIND = DecisionKind.YEAR_END

_UNSENT = text("""
    SELECT l.number FROM payment_lists l JOIN decisions d ON d.id = l.decision_id
    WHERE l.indicator_id = :indicator AND d.answer IS NULL ORDER BY l.id LIMIT 1
""")

_CONTRARY = text("""
    SELECT s.number FROM bank_returns r JOIN payment_lists s ON s.id = r.list_id
    WHERE s.indicator_id = :indicator AND r.state = 'open' ORDER BY s.id LIMIT 1
""")


def close_year(
    db: Session,
    *,
    indicator: Indicator,
    new_indicator: Indicator,
    recalled: bool = False,
    reason: str,
    actor: str,
    now: datetime,
) -> Decision:
    """Propose to close the indicator's year; open lines wait for the new one.

    `recalled`: the bank has said in writing that it will not pay what it has not settled.

    Raises:
        Refused: lines are still at the bank (`lines_at_bank`), the new indicator is not of a later
            year (`not_later_year`), nothing is open or free (`nothing_to_close`), a list waits for
            its second person (`list_waits`), or a bank's row for two (`bank_rows_wait`).
    """
    if new_indicator.year <= indicator.year:
        raise Refused("not_later_year", number=new_indicator.number, year=new_indicator.year)
    content = _content(db, indicator, new_indicator)
    if content["lines"] and not recalled:
        at_bank = sorted({line["list"] for line in content["lines"]})
        raise Refused("lines_at_bank", count=len(content["lines"]), lists="、".join(at_bank))
    return decide(
        db,
        kind=KIND,
        subject=f"{indicator.year}/{indicator.number}",
        content=content,
        reason=reason,
        actor=actor,
        now=now,
    )


def carry_over(db: Session, decision: Decision, actor: str, now: datetime) -> None:
    """Carry out the confirmed decision: lines come back, the rest is surrendered."""
    content = decision.content
    old = payment_lists.indicator(db, content["indicator"], content["year"])
    new = payment_lists.indicator(db, content["new_indicator"], content["new_year"])
    payment_lists.alone(db)
    lines = payment_lists.sent_lines(db, indicator=old.id)
    payment_lists.lock_books(db, [old.book_id, *(item.book for item in lines)])
    if _content(db, old, new) != content:
        raise Conflict("year_end_changed", number=old.number, year=old.year)
    month = month_of(beijing_day(now))
    drafts = []
    for line in lines:
        voucher, budget = answer_moves(LineResult.RETURNED, line.state.open_fen)
        moves = {line.book: [voucher], old.book_id: [budget]}
        cause = f"year-end/{line.number}/{line.line}"
        drafts.append(Draft(cause, month, month, actor, moves))
    post_many(db, drafts)
    # The second person may be one who takes no claim on; who decided may.
    for line in lines:
        payment_lists.recall_line(db, line, line.state.open_fen)
    note = f"{old.year}/{old.number}"
    settle_claims(db, (line.claim for line in lines), note, decision.decided_by, now)
    if free := balances(db, old.book_id)["free"]:
        surrender = [Move("surrender", "free", "returned", free)]
        cause = f"decision/{decision.id}"
        post_many(db, [Draft(cause, month, month, actor, {old.book_id: surrender})])


def _content(db: Session, old: Indicator, new: Indicator) -> dict[str, Any]:
    unsent_list = db.execute(_UNSENT, {"indicator": old.id}).scalar()
    if unsent_list is not None:
        raise Refused("list_waits", list=unsent_list)
    contrary_list = db.execute(_CONTRARY, {"indicator": old.id}).scalar()
    if contrary_list is not None:
        raise Refused("bank_rows_wait", list=contrary_list)
    lines = payment_lists.sent_lines(db, indicator=old.id)
    open_fen = sum(line.state.open_fen for line in lines)
    surrendered_fen = balances(db, old.book_id)["free"] + open_fen
    if not surrendered_fen:
        raise Refused("nothing_to_close", number=old.number, year=old.year)
    return {
        "indicator": old.number,
        "year": old.year,
        "new_indicator": new.number,
        "new_year": new.year,
        "carried_fen": open_fen,
        "surrendered_fen": surrendered_fen,
        "lines": [
            {
                "list": line.number,
                "line": line.line,
                "claim": line.claim_number,
                "fen": line.state.open_fen,
            }
            for line in lines
        ],
    }
