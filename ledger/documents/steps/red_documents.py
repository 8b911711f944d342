"""Red documents (红冲): each reverses a part, or all, of its blue one, identified by number.

A red document without a matching blue one is refused, never guessed by its amount.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from ledger.documents.queries.documents import BookedDocument
from ledger.documents.rules.cost_document import Document
from ledger.errors import Finding
from ledger.units import Fen, yuan

OLD_NUMBER = 8  # digits after the code of older invoices


@dataclass
class Blue:
    """A document that may be reversed; `red_…_fen` is reversed already, below zero."""

    code: str
    number: str
    parties: tuple[str, str]
    net_fen: Fen
    gross_fen: Fen
    is_red: bool
    period: tuple[date, date, bool] | None = None  # None: of the same list, which says none
    id: int | None = None
    red_net_fen: Fen = 0
    red_gross_fen: Fen = 0


class Blues:
    """The documents that may be reversed, by number."""

    def __init__(self, booked: Iterable[BookedDocument], documents: Iterable[Document]) -> None:
        self._by_number: dict[str, list[Blue]] = {}
        for blue in (*map(_of_the_books, booked), *map(_of_the_list, documents)):
            for name in {blue.number, blue.code + blue.number}:
                self._by_number.setdefault(name, []).append(blue)

    def of(self, red: Document) -> Blue | None:
        """Return the document that a red one names, with or without its code."""
        candidates = self._by_number.get(red.reverses or "", [])
        fitting = [blue for blue in candidates if blue.parties == _parties(red)] or candidates
        return fitting[0] if len(fitting) == 1 else None

    def faults(self, where: str, red: Document) -> Iterator[Finding]:
        """Report why a red document cannot reverse its part; count the part otherwise."""
        number = red.reverses or ""
        blue = self.of(red)
        if blue is None:
            yield Finding(where, "blue_unknown", (("number", number),))
        elif blue.is_red:
            yield Finding(where, "red_of_red", (("number", number),))
        elif blue.parties != _parties(red):
            yield Finding(where, "red_parties", (("number", number),))
        else:
            left_fen = blue.gross_fen + blue.red_gross_fen
            blue.red_net_fen += red.net_fen
            blue.red_gross_fen += red.gross_fen
            if left_fen + red.gross_fen < 0 or blue.net_fen + blue.red_net_fen < 0:
                yield Finding(where, "red_too_much", (("number", number), ("left", yuan(left_fen))))

    def set_id(self, document: Document, key: int) -> None:
        """Set the key of a new document, so that red ones can refer to it."""
        for blue in self._by_number[document.number]:
            if blue.id is None and blue.code == document.code:
                blue.id = key


def numbers_of(documents: Iterable[Document]) -> set[str]:
    """Return the numbers under which these documents, and those they reverse, may be stored."""
    document_list = list(documents)
    reversed_ = [d.reverses for d in document_list if d.reverses]
    return {*(d.number for d in document_list), *reversed_, *(n[-OLD_NUMBER:] for n in reversed_)}


def _of_the_list(document: Document) -> Blue:
    return Blue(
        document.code, document.number, _parties(document), document.net_fen, document.gross_fen,
        document.reverses is not None,
        (document.since, document.until, False) if document.since and document.until else None,
    )  # fmt: skip


def _of_the_books(booked: BookedDocument) -> Blue:
    return Blue(
        booked.code, booked.number, (booked.seller_uscc, booked.buyer_uscc), booked.net_fen,
        booked.gross_fen, booked.reverses is not None,
        (booked.since, booked.until, booked.period_assumed), booked.id,
        booked.red_net_fen, booked.red_gross_fen,
    )  # fmt: skip


def _parties(document: Document) -> tuple[str, str]:
    return document.seller.uscc, document.buyer.uscc
