"""Store cost documents, and look them up by number.

The number of a document that was refused is free again: the document is *dropped* as soon as
another takes the number. Any number of documents is stored in a few statements: blue ones, red
ones, all lines.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from ledger.units import Fen

OWN_NUMBERS = frozenset({"internal_settlement", "other"})  # numbered by who issues them

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('suanquan.documents', 0))")

# Reds that were refused take nothing from their blue one; those that wait may yet.
_BY_NUMBER = text("""
    SELECT d.id, d.kind, d.code, d.number, d.issued_on, d.seller_uscc, d.buyer_uscc,
           d.net_fen, d.tax_fen, d.gross_fen, d.since, d.until, d.period_assumed,
           d.reverses_id AS reverses,
           d.source, d.original, d.received_at, d.received_by, q.digest,
           coalesce(q.answer IN ('refused', 'withdrawn'), false) AS refused,
           coalesce(reds.net_fen, 0) AS red_net_fen, coalesce(reds.gross_fen, 0) AS red_gross_fen
    FROM cost_documents d LEFT JOIN decisions q ON q.id = d.decision_id
    LEFT JOIN LATERAL (
        SELECT sum(r.net_fen)::bigint AS net_fen, sum(r.gross_fen)::bigint AS gross_fen
        FROM cost_documents r LEFT JOIN decisions a ON a.id = r.decision_id
        WHERE r.reverses_id = d.id AND r.dropped_at IS NULL
            AND coalesce(a.answer NOT IN ('refused', 'withdrawn'), true)
    ) reds ON d.reverses_id IS NULL
    WHERE d.dropped_at IS NULL AND (d.number = ANY(:numbers) OR d.id = ANY(:ids))
    ORDER BY d.id
""")
_EARLIER_INTAKE = text("""
    SELECT d.received_by, d.received_at
    FROM cost_documents d LEFT JOIN decisions q ON q.id = d.decision_id
    WHERE d.original = :hash AND d.dropped_at IS NULL
        AND coalesce(q.answer NOT IN ('refused', 'withdrawn'), true)
    ORDER BY d.id LIMIT 1
""")
_SELLERS = text("""
    SELECT o.uscc, NULL::date AS since, NULL::date AS until
    FROM centres c JOIN organisations o ON o.id = c.organisation_id WHERE c.id = :centre
    UNION ALL
    SELECT o.uscc, lower(r.valid), upper(r.valid)
    FROM relations r JOIN organisations o ON o.id = r.organisation_id
    WHERE r.kind = 'seller' AND r.centre_id = :centre AND r.superseded_at IS NULL
""")
_COLUMNS = {
    **dict.fromkeys(("kind", "code", "number"), "text"),
    "issued_on": "date",
    **dict.fromkeys(("seller_uscc", "seller_name", "buyer_uscc", "buyer_name"), "text"),
    **dict.fromkeys(("net_fen", "tax_fen", "gross_fen"), "bigint"),
    **dict.fromkeys(("since", "until"), "date"),
    **dict.fromkeys(("period_assumed", "period_contradicts"), "boolean"),
    "statement": "text",
    "reverses_id": "bigint",
    **dict.fromkeys(("confirmation", "remark", "source", "original"), "text"),
    "received_at": "timestamptz",
    "received_by": "text",
    "decision_id": "bigint",
    **dict.fromkeys(("seal", "seal_name"), "text"),
    "sealed_at": "timestamptz",
    "vouched_by": "text",
}
_LINE_COLUMNS = {
    "document_id": "bigint",
    "line": "smallint",
    **dict.fromkeys(("item", "unit", "quantity", "unit_price"), "text"),
    "net_fen": "bigint",
    "tax_rate": "text",
    "tax_fen": "bigint",
}


def _keep(table: str, columns: Mapping[str, str]) -> str:
    """Build an insert with one array per column, as a statement of its own size parses slowly."""
    arrays = ", ".join(f"CAST(:{name} AS {type_}[])" for name, type_ in columns.items())
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT * FROM unnest({arrays})"


_INSERT = text(_keep("cost_documents", _COLUMNS) + " RETURNING id, kind, code, number, seller_uscc")
_LINES = text(_keep("document_lines", _LINE_COLUMNS))
_DROP = text("UPDATE cost_documents SET dropped_at = :now WHERE id = ANY(:ids)")
_CONFIRM = text("""
    UPDATE cost_documents SET confirmed_by = :actor, confirmed_at = :now
    WHERE decision_id = :decision AND dropped_at IS NULL RETURNING id
""")
_ALLOCATED = text("""
    SELECT EXISTS (SELECT FROM cost_documents d JOIN allocations a ON a.document_id = d.id
                   WHERE coalesce(d.reverses_id, d.id) = :id)
""")
_TRUSTED = text("""
    SELECT encoded FROM trusted_certificates WHERE trusted_until IS NULL ORDER BY fingerprint
""")
_IS_DOCUMENT_FILE = text("""
    SELECT EXISTS (SELECT FROM cost_documents WHERE original = :hash)
        OR EXISTS (SELECT FROM lookups WHERE original = :hash)
""")
_NOT_AGREED = text("""
    SELECT d.number FROM cost_documents d
    CROSS JOIN LATERAL (SELECT u.result FROM lookups u WHERE u.document_id = d.id
                        ORDER BY u.id DESC LIMIT 1) newest
    WHERE d.decision_id = :decision AND newest.result <> 'agrees' ORDER BY d.id LIMIT 1
""")
_REDS = text("""
    SELECT d.id, d.confirmation, b.id AS blue, b.number,
           b.stands
    FROM cost_documents d JOIN cost_documents b ON b.id = d.reverses_id
    WHERE d.id = ANY(:ids) ORDER BY d.id
""")


@dataclass(frozen=True)
class BookedDocument:
    """A stored document with its number; `red_…` is what its red ones take, below zero."""

    id: int
    kind: str
    code: str
    number: str
    issued_on: date
    seller_uscc: str
    buyer_uscc: str
    net_fen: Fen
    tax_fen: Fen
    gross_fen: Fen
    since: date
    until: date
    period_assumed: bool
    reverses: int | None
    source: str
    original: str
    received_at: datetime
    received_by: str
    digest: str | None  # of the decision
    refused: bool  # the second person said no
    red_net_fen: Fen
    red_gross_fen: Fen


@dataclass(frozen=True)
class Red:
    """A red document and its blue one."""

    id: int
    confirmation: str | None
    blue: int
    number: str  # the blue one's
    stands: bool  # the blue one


def lock(db: Session) -> None:
    """Keep others from taking documents until the transaction ends."""
    db.execute(_ONE_AT_A_TIME)


def booked_documents(
    db: Session, numbers: Iterable[str] = (), ids: Iterable[int] = ()
) -> list[BookedDocument]:
    """Return the documents with these numbers, or keys."""
    rows = db.execute(_BY_NUMBER, {"numbers": list(numbers), "ids": list(ids)})
    return [BookedDocument(**row) for row in rows.mappings()]


def earlier_intake(db: Session, hash_: str) -> tuple[str, datetime] | None:
    """Return who submitted this same file, not refused, and when."""
    row = db.execute(_EARLIER_INTAKE, {"hash": hash_}).first()
    return (row.received_by, row.received_at) if row else None


def sells_for(db: Session, centre: int) -> list[tuple[str, date | None, date | None]]:
    """Return who sells for a centre: the code, the first day, the day after the last."""
    return [tuple(row) for row in db.execute(_SELLERS, {"centre": centre})]


def drop(db: Session, ids: Sequence[int], now: datetime) -> None:
    """Free the numbers of refused documents."""
    db.execute(_DROP, {"ids": list(ids), "now": now})


def insert_documents(db: Session, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Insert documents; return their keys in the given order."""
    key_columns = ("kind", "code", "number", "seller_uscc")
    result = db.execute(_INSERT, _arrays(_COLUMNS, rows))
    keys = {tuple(getattr(row, name) for name in key_columns): row.id for row in result}
    return [keys[tuple(row[name] for name in key_columns)] for row in rows]


def insert_lines(db: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the lines of documents."""
    db.execute(_LINES, _arrays(_LINE_COLUMNS, rows))


def _arrays(columns: Mapping[str, str], rows: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in columns}


def has_allocations(db: Session, document: int) -> bool:
    """Return whether anything of a document, or of its red ones, is allocated."""
    return bool(db.scalar(_ALLOCATED, {"id": document}))


def trusted_certificates(db: Session) -> list[bytes]:
    """Return the certificates of the authorities that are trusted now, DER."""
    return [row.encoded for row in db.execute(_TRUSTED)]


def is_document_file(db: Session, hash_: str) -> bool:
    """Return whether a file came as a cost document, or as the picture of a look-up."""
    return bool(db.scalar(_IS_DOCUMENT_FILE, {"hash": hash_}))


def not_agreed(db: Session, decision: int) -> str | None:
    """Return the number of a document of which the tax platform's newest word is another."""
    row = db.execute(_NOT_AGREED, {"decision": decision}).first()
    return str(row.number) if row else None


def confirm(db: Session, decision: int, actor: str, now: datetime) -> list[int]:
    """Let the documents of this decision stand; return their keys."""
    rows = db.execute(_CONFIRM, {"decision": decision, "actor": actor, "now": now})
    return [row.id for row in rows]


def reds(db: Session, ids: Sequence[int]) -> list[Red]:
    """Return those of these documents that are red, each with its blue one."""
    return [Red(**row) for row in db.execute(_REDS, {"ids": list(ids)}).mappings()]
