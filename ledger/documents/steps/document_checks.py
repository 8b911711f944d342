"""Check documents before they are taken; report all faults at once, each at its place.

First each document by itself; then against the stored documents: whose it is, whether its number is
known, whether a red one fits its blue one. Nothing is written.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sqlmodel import Session

from ledger.documents.queries import documents as document_queries
from ledger.documents.queries.documents import OWN_NUMBERS, BookedDocument
from ledger.documents.rules.cost_document import Document, faults
from ledger.documents.steps.red_documents import Blues, numbers_of
from ledger.errors import Finding
from ledger.people.steps.decisions import person
from ledger.units import beijing_day

Key = tuple[str, ...]
NamedDocument = tuple[str, Document]
"""How faults name a document of a list, by its number; "" where it came alone."""


def booked(db: Session, documents: Sequence[NamedDocument]) -> dict[Key, BookedDocument]:
    """Return the stored documents with these numbers, and with those they reverse."""
    rows = document_queries.booked_documents(db, numbers_of(document for _, document in documents))
    return {_key(k.kind, k.code, k.number, k.seller_uscc): k for k in rows}


def key_of(document: Document) -> Key:
    """Return a document's identity: an invoice's number, otherwise the issuer and its number."""
    return _key(document.kind, document.code, document.number, document.seller.uscc)


def all_faults(
    db: Session,
    documents: Sequence[NamedDocument],
    booked_by_key: Mapping[Key, BookedDocument],
    blues: Blues,
    centre: int | None,
) -> list[Finding]:
    """Return why these documents are not taken; empty if they are."""
    return (
        list(_own_faults(documents))
        or other_sellers(db, documents, centre)  # and no word to others on who brought it
        or [*_number_faults(documents, booked_by_key), *_reds(documents, booked_by_key, blues)]
    )


def _own_faults(documents: Sequence[NamedDocument]) -> Iterator[Finding]:
    """Report the faults of each document by itself."""
    for place, document in documents:
        for fault in faults(document):
            yield replace(fault, where=_at(place, fault.where))


def other_sellers(
    db: Session, documents: Sequence[NamedDocument], centre: int | None
) -> list[Finding]:
    """Report documents that were not sold for the operator's centre on that day."""
    if centre is None:
        return []
    sellers = document_queries.sells_for(db, centre)
    return [
        Finding(_at(place, "seller_uscc"), "not_your_document", (("seller", document.seller.name),))
        for place, document in documents
        if not any(
            uscc == document.seller.uscc
            and (not since or since <= document.issued_on)
            and (not until or document.issued_on < until)
            for uscc, since, until in sellers
        )
    ]


def _number_faults(
    documents: Sequence[NamedDocument], booked_by_key: Mapping[Key, BookedDocument]
) -> Iterator[Finding]:
    for place, document in documents:
        first = booked_by_key.get(key_of(document))
        if first is None or first.refused:
            continue
        params = (
            ("number", document.number),
            ("by", person(first.received_by)),
            ("on", str(beijing_day(first.received_at))),
        )
        if _says_the_same(document, first):
            yield Finding(_at(place, "number"), "number_known_same", params)
        else:
            yield Finding(_at(place, "number"), "number_known", params)


def _reds(
    documents: Sequence[NamedDocument], booked_by_key: Mapping[Key, BookedDocument], blues: Blues
) -> Iterator[Finding]:
    """Report red documents that do not fit, unless their number is known already."""
    for place, document in documents:
        first = booked_by_key.get(key_of(document))
        if document.reverses and (first is None or first.refused):
            yield from blues.faults(_at(place, "reverses"), document)


def _says_the_same(document: Document, first: BookedDocument) -> bool:
    """Return whether another file of a number agrees on parties, day and money."""
    values = (
        document.seller.uscc, document.buyer.uscc, document.issued_on, document.net_fen,
        document.tax_fen, document.gross_fen,
    )  # fmt: skip
    return values == (
        first.seller_uscc, first.buyer_uscc, first.issued_on, first.net_fen, first.tax_fen,
        first.gross_fen,
    )  # fmt: skip


def _key(kind: str, code: str, number: str, seller: str) -> Key:
    return (code, number, f" {seller}") if kind in OWN_NUMBERS else (code, number)


def _at(place: str, field: str) -> str:
    """Return the place in a list (`2664…01: seller_uscc`), or of a single document."""
    return f"{place}: {field}" if place else field
