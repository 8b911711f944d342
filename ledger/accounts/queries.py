"""Post movements to the books, and read balances.

A posting says why money moves, for which month it counts and in which month it is booked; its moves
say from which role of a book to which. The database does the rest: balances, entries, numbers,
floors. A cause is posted once: posting it again changes nothing, posting something else under it is
a conflict. Nothing is committed here.

To decide by balances, lock the book first, then read and post; lock several books in the order of
their ids.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import psycopg
from sqlalchemy import text
from sqlmodel import Session, col, select

from ledger.accounts.rules.targets import Move, Rights
from ledger.accounts.tables import Account
from ledger.errors import Conflict, LedgerError, NotFound, Refused
from ledger.postgres.refusals import refusals
from ledger.units import Fen

# One statement for any number of postings: the database's work on a posting is small beside a
# round trip and a commit. Arrays keep their order, so moves apply in the order given.
_POST = text("""
    WITH drafts AS (
        SELECT * FROM unnest(
            CAST(:causes AS text[]), CAST(:used AS date[]), CAST(:booked AS date[]),
            CAST(:actors AS text[]), CAST(:notes AS text[])
        ) WITH ORDINALITY AS d (cause, used, booked, actor, note, line)
    ), kept AS (
        INSERT INTO postings (cause, used, booked, actor, note)
        SELECT cause, used, booked, actor, note::jsonb FROM drafts ORDER BY line
        ON CONFLICT (cause) DO NOTHING
        RETURNING id, cause
    ), moved AS (
        INSERT INTO movements (posting_id, book_id, kind, from_role, to_role, amount)
        SELECT kept.id, m.book_id, m.kind, m.from_role, m.to_role, m.amount
        FROM unnest(
            CAST(:lines AS bigint[]), CAST(:books AS bigint[]), CAST(:kinds AS text[]),
            CAST(:from_roles AS text[]), CAST(:to_roles AS text[]), CAST(:amounts AS bigint[])
        ) WITH ORDINALITY AS m (line, book_id, kind, from_role, to_role, amount, step)
        JOIN drafts USING (line) JOIN kept USING (cause)
        ORDER BY m.step
    )
    SELECT cause, id FROM kept
""")

_KNOWN_POSTINGS = text("""
    SELECT p.cause, p.used, m.book_id AS book, m.kind, m.from_role, m.to_role, m.amount
    FROM postings p JOIN movements m ON m.posting_id = p.id
    WHERE p.cause = ANY(:causes) ORDER BY m.id
""")

_LOCK = text("SELECT lock_book(:book)")


@dataclass(frozen=True)
class Draft:
    """A posting to be made.

    `cause` is derived from what caused it and identifies it for ever; `used_on` and `booked` are
    months (their first days); `moves` apply in order, book by book.
    """

    cause: str
    used_on: date
    booked: date
    actor: str
    moves: Mapping[int, Sequence[Move]]
    note: Mapping[str, Any] = field(default_factory=dict)


def lock_book(db: Session, book: int) -> None:
    """Keep others from posting to this book until the transaction ends.

    Raises:
        NotFound: there is no such book.
    """
    if not db.execute(_LOCK, {"book": book}).scalar_one():
        raise NotFound("book", book=book)


def rights(db: Session, book: int) -> Rights:
    """Return the balances of a voucher's book, fen.

    Raises:
        NotFound: there is no such book of rights.
    """
    amounts = balances(db, book)
    if amounts.keys() != Rights.__dataclass_fields__.keys():
        raise NotFound("book", book=book)
    return Rights(**amounts)


def balances(db: Session, book: int) -> dict[str, Fen]:
    """Return the balances of any book by role, fen; empty if there is no such book."""
    rows = db.exec(select(Account.role, Account.balance).where(col(Account.book_id) == book))
    return dict(rows.all())


def post(
    db: Session,
    *,
    cause: str,
    used_on: date,
    booked: date,
    actor: str,
    moves: Mapping[int, Sequence[Move]],
    note: Mapping[str, Any] | None = None,
) -> int | None:
    """Post once; return the posting's id, or None if the cause was posted before.

    Raises:
        Conflict: the cause was posted with other moves or for another month.
        Refused: a move is not legal, an amount not above zero, an account would fall below its
            floor, or a promise be lowered without a decision. The transaction is then over: the
            caller rolls back.
        NotFound: a book or an account does not exist.
    """
    draft = Draft(cause, used_on, booked, actor, moves, note or {})
    return _insert(db, [draft]).get(cause)


def post_many(db: Session, drafts: Sequence[Draft]) -> int:
    """Post all drafts in one statement: all of them or, on an error, none.

    Returns how many were new. Errors as `post`; Conflict also where two drafts have one cause.
    """
    return len(_insert(db, drafts))


def _insert(db: Session, drafts: Sequence[Draft]) -> dict[str, int]:
    """Insert the drafts; return the new ids by cause."""
    by_cause = {draft.cause: draft for draft in drafts}
    if len(by_cause) < len(drafts):
        raise Conflict(
            "cause_repeated", cause=Counter(d.cause for d in drafts).most_common(1)[0][0]
        )
    with refusals(_refusal):
        rows = db.execute(_POST, _columns(drafts)).all()
    numbers: dict[str, int] = {row.cause: row.id for row in rows}
    if len(numbers) < len(drafts):
        _refuse_changed(db, {c: d for c, d in by_cause.items() if c not in numbers})
    return numbers


def _columns(drafts: Sequence[Draft]) -> dict[str, list[Any]]:
    lines = [
        (line, book, move)
        for line, draft in enumerate(drafts, start=1)
        for book, moves in draft.moves.items()
        for move in moves
    ]
    return {
        "causes": [d.cause for d in drafts],
        "used": [d.used_on for d in drafts],
        "booked": [d.booked for d in drafts],
        "actors": [d.actor for d in drafts],
        "notes": [json.dumps(dict(d.note), ensure_ascii=False) for d in drafts],
        "lines": [line for line, _, _ in lines],
        "books": [book for _, book, _ in lines],
        "kinds": [move.kind for _, _, move in lines],
        "from_roles": [move.from_role for _, _, move in lines],
        "to_roles": [move.to_role for _, _, move in lines],
        "amounts": [move.amount for _, _, move in lines],
    }


def _refuse_changed(db: Session, again: Mapping[str, Draft]) -> None:
    """Raise Conflict unless the causes were posted with the same month and moves.

    Who posted it and when it was booked belong to the first time, not to what was meant.
    """
    posted_entries: dict[str, list[tuple[Any, ...]]] = {}
    for cause, *content in db.execute(_KNOWN_POSTINGS, {"causes": list(again)}):
        posted_entries.setdefault(cause, []).append(tuple(content))
    for cause, draft in again.items():
        drafted_entries = [
            (draft.used_on, book, m.kind, m.from_role, m.to_role, m.amount)
            for book, moves in draft.moves.items()
            for m in moves
        ]
        if posted_entries[cause] != drafted_entries:
            raise Conflict("cause_repeated", cause=cause)


def _refusal(error: object) -> LedgerError | None:
    if isinstance(error, psycopg.errors.NumericValueOutOfRange):
        return Refused("amount_out_of_range")
    if not isinstance(error, psycopg.Error):
        return None
    # A row's values stand in brackets in every language the server may speak.
    values = re.findall(r"[(,] ?([^(),]*)", error.diag.message_detail or "")
    refusal: LedgerError | None = None
    match error.diag.constraint_name:
        case "balance_at_least_floor":
            refusal = Refused("below_floor", book=int(values[0]), role=values[1])
        case "legal_move":
            kind, source, goal = values[-3:]
            refusal = Refused("illegal_move", kind=kind, from_role=source, to_role=goal)
        case "amount_above_zero":
            refusal = Refused("amount_out_of_range")
        case "two_persons_decided":
            refusal = Refused("undecided")
        case "drawn_of_its_year":
            refusal = Refused("not_drawn")
        case "account_exists":
            refusal = NotFound("account")
    return refusal
