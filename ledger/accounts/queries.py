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
from collections.abc import Collection, Mapping, Sequence
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
# round trip and a commit. JSON, because Python writes it faster than an array for each column. Its
# arrays keep their order, so moves apply in the order given.
_POST = text("""
    WITH kept AS (
        INSERT INTO postings (cause, used, booked, actor, note)
        SELECT d.cause, d.used, d.booked, d.actor, d.note
        FROM ROWS FROM (json_to_recordset(CAST(:drafts AS json))
            AS (cause text, used date, booked date, actor text, note jsonb))
            WITH ORDINALITY AS d (cause, used, booked, actor, note, line)
        ORDER BY d.line
        ON CONFLICT (cause) DO NOTHING
        RETURNING id, cause
    ), moved AS (
        INSERT INTO movements (posting_id, book_id, kind, from_role, to_role, amount)
        SELECT kept.id, m.book_id, m.kind, m.from_role, m.to_role, m.amount
        FROM ROWS FROM (json_to_recordset(CAST(:moves AS json))
            AS (cause text, book_id bigint, kind text, from_role text, to_role text, amount bigint))
            WITH ORDINALITY AS m (cause, book_id, kind, from_role, to_role, amount, step)
        JOIN kept USING (cause)
        ORDER BY m.step
    )
    SELECT coalesce(array_agg(cause), '{}') FROM kept
""")

# The same for one posting, without joins and sorts, which cost more than the rows. What JSON lists
# stays in its order, for there is one row to join it to.
_POST_ONE = text("""
    WITH kept AS (
        INSERT INTO postings (cause, used, booked, actor, note)
        VALUES (:cause, :used, :booked, :actor, CAST(:note AS jsonb))
        ON CONFLICT (cause) DO NOTHING
        RETURNING id
    ), moved AS (
        INSERT INTO movements (posting_id, book_id, kind, from_role, to_role, amount)
        SELECT kept.id, m.book_id, m.kind, m.from_role, m.to_role, m.amount
        FROM kept CROSS JOIN json_to_recordset(CAST(:moves AS json))
            AS m (book_id bigint, kind text, from_role text, to_role text, amount bigint)
    )
    SELECT id FROM kept
""")

_KNOWN_POSTINGS = text("""
    SELECT p.cause, p.used, m.book_id AS book, m.kind, m.from_role, m.to_role, m.amount
    FROM postings p JOIN movements m ON m.posting_id = p.id
    WHERE p.cause = ANY(:causes) ORDER BY m.id
""")

_to_json = json.JSONEncoder(ensure_ascii=False).encode
_LOCK = text("""
    SELECT bool_and(lock_book(b.id))
    FROM (SELECT id FROM unnest(CAST(:books AS bigint[])) id ORDER BY id) b
""")


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
    if not lock_books(db, [book]):
        raise NotFound("book", book=book)


def lock_books(db: Session, books: Collection[int]) -> bool:
    """Lock these books in the order of their ids; return whether all of them are there."""
    return db.execute(_LOCK, {"books": list(books)}).scalar_one() is not False


def rights(db: Session, book: int) -> Rights:
    """Return the balances of a voucher's book, fen.

    Raises:
        NotFound: there is no such book of rights.
    """
    books = rights_of(db, [book])
    if book not in books:
        raise NotFound("book", book=book)
    return books[book]


def rights_of(db: Session, books: Sequence[int]) -> dict[int, Rights]:
    """Return the balances of those of these books that are of vouchers, fen."""
    amounts: dict[int, dict[str, Fen]] = {}
    query = select(Account.book_id, Account.role, Account.balance)
    for book, role, fen in db.exec(query.where(col(Account.book_id).in_(books))):
        amounts.setdefault(book, {})[role] = fen
    names = Rights.__dataclass_fields__.keys()
    return {book: Rights(**of) for book, of in amounts.items() if of.keys() == names}


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
    content = {
        "cause": cause,
        "used": used_on,
        "booked": booked,
        "actor": actor,
        "note": _to_json(draft.note),
        "moves": _to_json(_moves(draft)),
    }
    with refusals(_refusal):
        posting: int | None = db.execute(_POST_ONE, content).scalar_one_or_none()
    if posting is None:
        _refuse_changed(db, {cause: draft})
    return posting


def post_many(db: Session, drafts: Sequence[Draft]) -> int:
    """Post all drafts in one statement: all of them or, on an error, none.

    Returns how many were new. Errors as `post`; Conflict also where two drafts have one cause.
    """
    by_cause = {draft.cause: draft for draft in drafts}
    if len(by_cause) < len(drafts):
        raise Conflict(
            "cause_repeated", cause=Counter(d.cause for d in drafts).most_common(1)[0][0]
        )
    with refusals(_refusal):
        new_causes = set(db.execute(_POST, _as_json(drafts)).scalar_one())
    if len(new_causes) < len(drafts):
        _refuse_changed(db, {c: d for c, d in by_cause.items() if c not in new_causes})
    return len(new_causes)


def _as_json(drafts: Sequence[Draft]) -> dict[str, str]:
    """Drafts and their moves as `_POST` reads them."""
    postings = [
        {
            "cause": d.cause,
            "used": d.used_on.isoformat(),
            "booked": d.booked.isoformat(),
            "actor": d.actor,
            "note": dict(d.note),
        }
        for d in drafts
    ]
    moves = [move for d in drafts for move in _moves(d)]
    return {"drafts": _to_json(postings), "moves": _to_json(moves)}


def _moves(draft: Draft) -> list[dict[str, str | int]]:
    return [
        {
            "cause": draft.cause,
            "book_id": book,
            "kind": move.kind,
            "from_role": move.from_role,
            "to_role": move.to_role,
            "amount": move.amount,
        }
        for book, of_book in draft.moves.items()
        for move in of_book
    ]


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
