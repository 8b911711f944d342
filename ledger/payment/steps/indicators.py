"""Budget indicators (预算指标): the money of a year, by number, in its own book.

One person enters an appropriation of the finance department, another confirms it; only then does
the indicator exist or change. Committed or spent money cannot be cut.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert
from sqlmodel import Session, col, select

from ledger.accounts.queries import balances, lock_book, post
from ledger.accounts.rules.targets import Move
from ledger.errors import Conflict, Refused
from ledger.payment.queries.payment_lists import indicator
from ledger.payment.queries.shares import scheme_of
from ledger.payment.tables import Indicator, IndicatorShare
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.units import Fen, beijing_day, month_of, yuan

KIND = DecisionKind.INDICATOR


def open_indicator(
    db: Session,
    *,
    number: str,
    year: int,
    project_name: str,
    fund_kind: str,
    classification: str,
    fen: Fen,
    reason: str,
    actor: str,
    now: datetime,
) -> Decision:
    """Propose a new indicator with its first appropriation.

    `classification` is the functional classification code (支出功能分类): 3, 5 or 7 digits.

    Raises:
        Conflict: it is there (`indicator_exists`), or a decision about it is open.
    """
    _refuse_known(db, number, year)
    content = {
        "number": number,
        "year": year,
        "project_name": project_name,
        "fund_kind": fund_kind,
        "classification": classification,
        "fen": fen,
    }
    return _decide(db, content, reason, actor, now)


def change_indicator(
    db: Session, *, number: str, year: int, fen: Fen, reason: str, actor: str, now: datetime
) -> Decision:
    """Propose to add `fen` to an indicator (to cut, if negative).

    Raises:
        NotFound: there is no such indicator.
        Refused: nothing changes, or less is free than is to be cut (`money_short`).
    """
    row = indicator(db, number, year)
    _refuse_cut(db, row, fen)
    return _decide(db, {"number": number, "year": year, "fen": fen}, reason, actor, now)


def share_indicators(
    db: Session, *, shares: Sequence[Mapping[str, Any]], reason: str, actor: str, now: datetime
) -> Decision:
    """Propose who bears which share of every claim: `bearer`, `number`, `year`, `weight` each.

    Raises:
        NotFound: there is no such indicator.
        Refused: fewer than two bearers, one twice, or of several years (`shares_wrong`).
        Conflict: an indicator bears a share already (`shares_exist`).
    """
    content = {"shares": [dict(share) for share in shares]}
    _refuse_shares(db, content["shares"])
    subject = " + ".join(f"{share['year']}/{share['number']}" for share in shares)
    return decide(
        db, kind=KIND, subject=subject, content=content, reason=reason, actor=actor, now=now
    )


def _keep_shares(db: Session, decision: Decision) -> None:
    parts = decision.content["shares"]
    _refuse_shares(db, parts)
    for place, share in enumerate(parts, start=1):
        row = indicator(db, share["number"], share["year"])
        db.add(
            IndicatorShare(
                scheme=key(decision),
                place=place,
                bearer=share["bearer"],
                indicator_id=key(row),
                weight=share["weight"],
            )
        )
    db.flush()


def _refuse_shares(db: Session, parts: Sequence[Mapping[str, Any]]) -> None:
    rows = [indicator(db, share["number"], share["year"]) for share in parts]
    distinct = min(len({share["bearer"] for share in parts}), len({row.id for row in rows}))
    is_alone = len(parts) == 1
    if is_alone or distinct < len(parts) or len({row.year for row in rows}) > 1:
        raise Refused("shares_wrong")
    for row in rows:
        if scheme_of(db, key(row)):
            raise Conflict("shares_exist", number=row.number, year=row.year)


def appropriate(db: Session, decision: Decision, actor: str, now: datetime) -> None:
    """Carry out the confirmed decision: open the indicator, change its money, or share it."""
    content = decision.content
    if "shares" in content:
        _keep_shares(db, decision)
        return
    if "classification" in content:
        _refuse_known(db, content["number"], content["year"])
        facts = ("number", "year", "project_name", "fund_kind", "classification")
        values = {key: content[key] for key in facts}
        db.execute(insert(Indicator).values({**values, "opened_at": now, "opened_by": actor}))
    row = indicator(db, content["number"], content["year"])
    lock_book(db, row.book_id)
    fen: Fen = content["fen"]
    _refuse_cut(db, row, fen)
    move = Move("appropriate", "appropriation", "free", fen)
    cut = Move("cut", "free", "appropriation", -fen)
    month = month_of(beijing_day(now))
    post(
        db,
        cause=f"decision/{decision.id}",
        used_on=month,
        booked=month,
        actor=actor,
        moves={row.book_id: [move if fen > 0 else cut]},
    )


def _decide(
    db: Session, content: dict[str, Any], reason: str, actor: str, now: datetime
) -> Decision:
    if content["fen"] == 0:
        raise Refused("amount_out_of_range")
    subject = f"{content['year']}/{content['number']}"
    return decide(
        db, kind=KIND, subject=subject, content=content, reason=reason, actor=actor, now=now
    )


def _refuse_known(db: Session, number: str, year: int) -> None:
    """One number in a year, however it is written."""
    same = func.plain_code(col(Indicator.number)) == func.plain_code(number)
    number_there = db.exec(select(Indicator.number).where(same, Indicator.year == year)).first()
    if number_there is not None:
        raise Conflict("indicator_exists", number=number_there, year=year)


def _refuse_cut(db: Session, row: Indicator, fen: Fen) -> None:
    free = balances(db, row.book_id)["free"]
    if -fen > free:
        raise Refused("money_short", number=row.number, free=yuan(free), wanted=yuan(-fen))
