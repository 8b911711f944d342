"""The postings by which money leaves: each moves what its cause says, and no cause lacks its one.

Causes are a voucher's opening, a line that was sent, a bank's row that was booked, a refund, and
two persons' word about an indicator. What vouchers accrue moves within their books; that it is what
they earned is held by the database alone (`check_earned`, 32_earned).
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ledger.seals.codes import FaultCode
from ledger.seals.rules.recomputation.evidence import Evidence, text, whole
from ledger.seals.rules.recomputation.notes import Notes, row_name

Moves = Mapping[tuple[int, str], int]  # by book and kind of move, fen
_WORDS = frozenset({"voucher", "pay", "bank", "refund"})


class Cause(NamedTuple):
    """What a posting has to move, and the row that says so."""

    moves: Moves
    row: str


def check_postings(evidence: Evidence, notes: Notes) -> None:
    """Hold the postings of these causes to the rows that caused them."""
    causes = dict(_causes(evidence))
    numbers = {
        text(number): text(cause)
        for number, cause in evidence.rows("postings", "id", "cause")
        if cause in causes or text(cause).partition("/")[0] in _WORDS
    }
    sums: dict[str, dict[tuple[int, str], int]] = defaultdict(lambda: defaultdict(int))
    for posting, book, kind, amount in evidence.rows(
        "movements", "posting_id", "book_id", "kind", "amount"
    ):
        if posting in numbers:
            sums[text(posting)][whole(book), text(kind)] += whole(amount)
    for posting, cause in numbers.items():
        right = causes.pop(cause, Cause({}, ""))
        pairs = {"moves": (_moves_text(sums[posting]), _moves_text(right.moves))}
        notes.hold(FaultCode.POSTING, "postings", (int(posting),), pairs, right.row)
    for cause, right in causes.items():  # nothing was booked of it
        pairs = {"moves": ("", _moves_text(right.moves))}
        notes.hold(FaultCode.POSTING, "postings", (cause,), pairs, right.row)


def _moves_text(moves: Moves) -> str:
    return ", ".join(f"{kind}[{book}]={fen}" for (book, kind), fen in sorted(moves.items()))


def _causes(evidence: Evidence) -> Iterator[tuple[str, Cause]]:
    """Every cause that has to have its posting."""
    vouchers: dict[str, int] = {}
    for key, book, face in evidence.rows("vouchers", "id", "book_id", "face_fen"):
        vouchers[text(key)] = whole(book)
        moves = {(whole(book), kind): whole(face) for kind in ("eligible", "issue")}
        yield f"voucher/{key}/open", Cause(moves, row_name("vouchers", whole(key)))
    indicators: dict[str, int] = {}
    numbers: dict[tuple[str, str], int] = {}
    for key, book, number, year in evidence.rows("indicators", "id", "book_id", "number", "year"):
        indicators[text(key)] = whole(book)
        numbers[text(number), text(year)] = whole(book)
    yield from _lines(evidence, vouchers, indicators)
    yield from _refunds(evidence, vouchers, indicators)
    yield from _appropriations(evidence, numbers)


def _lines(
    evidence: Evidence, vouchers: Mapping[str, int], indicators: Mapping[str, int]
) -> Iterator[tuple[str, Cause]]:
    """Lines that were sent, and what the bank said that was booked at once."""
    lists = {
        text(key): (text(number), indicators[text(indicator)], sent_at is not None)
        for key, number, indicator, sent_at in evidence.rows(
            "payment_lists", "id", "number", "indicator_id", "sent_at"
        )
    }
    books: dict[tuple[str, str], tuple[int, int]] = {}
    columns = ("list_id", "line", "voucher_id", "fen")
    for list_id, line, voucher, fen in evidence.rows("payment_lines", *columns):
        number, budget, is_sent = lists[text(list_id)]
        books[text(list_id), text(line)] = vouchers[text(voucher)], budget
        if is_sent:
            moves = {(vouchers[text(voucher)], "list"): whole(fen), (budget, "commit"): whole(fen)}
            row = row_name("payment_lines", whole(list_id), whole(line))
            yield f"pay/{number}/{line}", Cause(moves, row)
    rulings = _first_rulings(evidence)
    for key, reference, list_id, line, fen, state in evidence.rows(
        "bank_returns", "id", "reference", "list_id", "line", "fen", "state"
    ):
        if state == "booked" or rulings.get(text(key)) == "undo":  # then it was booked at once
            book, budget = books[text(list_id), text(line)]
            moves = {(book, "pay"): whole(fen), (budget, "spend"): whole(fen)}
            yield f"bank/{reference}", Cause(moves, row_name("bank_returns", whole(key)))


def _first_rulings(evidence: Evidence) -> dict[str, str]:
    """What two persons first ruled of rows."""
    rulings: dict[str, tuple[int, str]] = {}
    columns = ("id", "kind", "answer", "content")
    for key, kind, answer, content in evidence.rows("decisions", *columns):
        if kind == "bank_reversal" and answer == "confirmed":
            terms = json.loads(text(content))
            ruling, row = (whole(key), str(terms["ruling"])), str(terms["row"])
            rulings[row] = min(rulings.get(row, ruling), ruling)
    return {row: ruling for row, (_, ruling) in rulings.items()}


def _refunds(
    evidence: Evidence, vouchers: Mapping[str, int], indicators: Mapping[str, int]
) -> Iterator[tuple[str, Cause]]:
    """What was paid back: a whole reference, or each part of one by its decision."""
    columns = (
        "reference", "total_fen", "voucher_id", "indicator_id", "fen", "fraud", "to_treasury",
        "decision_id",
    )  # fmt: skip
    for reference, total, voucher, indicator, fen, fraud, treasury, decision in evidence.rows(
        "refunds", *columns
    ):
        cause = f"refund/{reference}" if fen == total else f"decision/{decision}"
        moves = {
            (vouchers[text(voucher)], "forfeit" if fraud == "t" else "refund"): whole(fen),
            (indicators[text(indicator)], "remit" if treasury == "t" else "unspend"): whole(fen),
        }
        row = row_name("refunds", text(reference), whole(voucher), whole(indicator))
        yield cause, Cause(moves, row)


def _appropriations(
    evidence: Evidence, numbers: Mapping[tuple[str, str], int]
) -> Iterator[tuple[str, Cause]]:
    """What two persons gave to an indicator, or took from it."""
    columns = ("id", "kind", "answer", "content")
    for key, kind, answer, content in evidence.rows("decisions", *columns):
        if kind != "indicator" or answer != "confirmed":
            continue
        terms = json.loads(text(content))
        fen, book = int(terms.get("fen") or 0), numbers.get((terms["number"], str(terms["year"])))
        if fen and book is not None:
            moves = {(book, "appropriate" if fen > 0 else "cut"): abs(fen)}
            yield f"decision/{key}", Cause(moves, row_name("decisions", whole(key)))
