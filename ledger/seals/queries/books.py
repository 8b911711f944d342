"""The books computed again from their movements: entries, balances, floors, numbers.

Each movement makes two entries. Those of an account are numbered from 1, each bears the balance
after it, and the account is what the last one says.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

from psycopg import sql

from ledger.seals.queries.leaves import lines
from ledger.seals.queries.shapes import Raw
from ledger.seals.rules.faults import Tally

_STEP = 1_000  # entries between two words on how far it is

# What each movement makes, beside the entry that stands; in the order of the entries.
_LEGS = sql.SQL("""
    COPY (
        SELECT coalesce(l.book_id, e.book_id), coalesce(l.role, e.role), e.version, l.amount,
               e.amount, e.balance
        FROM (SELECT id, book_id, from_role AS role, -amount AS amount FROM movements
              UNION ALL SELECT id, book_id, to_role, amount FROM movements) l
        FULL JOIN entries e
            ON e.book_id = l.book_id AND e.role = l.role AND e.movement_id = l.id
        ORDER BY 1, 2, 3
    ) TO STDOUT
""")
_ACCOUNTS = "SELECT book_id, role, floor, balance, version FROM accounts"
_NUMBERS = """
    SELECT (SELECT count(*) FROM postings WHERE number BETWEEN 1 AND last) = last
           AND (SELECT count(*) FROM postings) = last
           AND usage_closed IS NOT DISTINCT FROM
               (SELECT max(month) FROM closes WHERE kind = 'usage')
           AND books_closed IS NOT DISTINCT FROM
               (SELECT max(month) FROM closes WHERE kind = 'books')
    FROM numbering
"""


@dataclass(frozen=True)
class Leg:
    """A movement's side, and the entry that stands for it; None where there is none."""

    version: int | None
    amount: int | None
    entry_amount: int | None
    entry_balance: int | None


def check_books(raw: Raw, tally: Tally, look: Callable[[Tally], None]) -> None:
    """Compute entries and accounts again; what differs is a fault, named by its key."""
    accounts = {(book, role): tuple(rest) for book, role, *rest in raw.execute(_ACCOUNTS)}
    for (book, role), legs in groupby(_legs(raw), key=lambda row: row[0]):
        balance, version = _entries((leg for _, leg in legs), book, role, tally, look)
        floor, *stands = accounts.pop((book, role), (0, None, None))
        if stands != [balance, version] or balance < floor:
            tally.note_difference("accounts", book, role)
    for (book, role), (floor, *stands) in accounts.items():
        if stands != [0, 0] or floor > 0:
            tally.note_difference("accounts", book, role)
    for (is_right,) in raw.execute(_NUMBERS):
        if not is_right:
            tally.note_difference("numbering", True)  # noqa: FBT003 - the key of its one row


def _entries(
    legs: Iterator[Leg], book: int, role: str, tally: Tally, look: Callable[[Tally], None]
) -> tuple[int, int]:
    """Check the entries of one account; its balance and number of entries in the end."""
    version = balance = 0
    for leg in legs:
        tally.entries += 1
        if not tally.entries % _STEP:
            look(tally)
        version, balance = version + 1, balance + (leg.amount or 0)
        if leg != Leg(version, leg.amount, leg.amount, balance) or leg.amount is None:
            tally.note_difference("entries", book, role, leg.version)
            if leg.version is not None:  # go on from what stands, and name each fault once
                version, balance = leg.version, leg.entry_balance or 0
    return balance, version


def _legs(raw: Raw) -> Iterator[tuple[tuple[int, str], Leg]]:
    for line in lines(raw, sql.Composed([_LEGS])):
        book, role, *numbers = line[:-1].split(b"\t")
        yield (int(book), role.decode()), Leg(*(None if n == b"\\N" else int(n) for n in numbers))
