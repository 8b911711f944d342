"""Read document lines with something left to allocate, and the cells they may pay for.

A document pays while it stands: keyed ones once confirmed, none frozen by a red confirmation. An
invoice's worth is net of its red ones. Only a portion of the lines is in memory at a time.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import groupby
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

from ledger.charging.codes import Part
from ledger.charging.queries.cells import cells
from ledger.charging.rules.cells import Cell
from ledger.reconciliation.rules.matching import OpenLine, Package, left_by_line
from ledger.registry.queries import SellerBuyerContract
from ledger.registry.rules.pricing import fen_per_ms
from ledger.units import HOUR_MS, Fen, last_day, month_of, round_half_up

Pair = tuple[str, str]
"""The 统一社会信用代码 of a seller and a buyer."""

PORTION = 5_000  # lines of one pair that are laid over its cells at once
_ROWS = 20_000  # read at once

_OPEN = """
    FROM standing_documents s JOIN cost_documents d ON d.id = s.id
    CROSS JOIN LATERAL (SELECT * FROM family_sums WHERE root = d.id OFFSET 0) f
    JOIN document_lines l ON l.document_id = d.id
    LEFT JOIN LATERAL (
        SELECT sum(a.fen)::bigint AS fen, min(a.kind) FILTER (WHERE a.fen > 0) AS kind
        FROM cost_documents o JOIN allocations a ON a.document_id = o.id AND a.line = l.line
        WHERE coalesce(o.reverses_id, o.id) = d.id
    ) a ON true
    LEFT JOIN LATERAL (
        SELECT sum(p.fen)::bigint AS fen
        FROM cost_documents o JOIN red_parts p ON p.document_id = o.id AND p.line = l.line
        WHERE o.reverses_id = d.id
    ) b ON true
    LEFT JOIN statements t ON t.number = d.statement
    WHERE d.reverses_id IS NULL AND f.net_fen > f.allocated_fen
"""
_COUNT = text(f"SELECT count(*) {_OPEN} AND l.net_fen > 0")
_OPEN_LINES = text(f"""
    SELECT d.seller_uscc, d.buyer_uscc, d.id AS document, d.number, d.issued_on, d.since, d.until,
           f.net_fen - f.allocated_fen AS left_fen, t.contract_id AS contract, t.month,
           l.line, l.net_fen, l.net_fen + coalesce(b.fen, 0) AS worth_fen,
           coalesce(a.fen, 0) AS allocated_fen, a.kind
    {_OPEN} AND (CAST(:seller AS text) IS NULL
                 OR (d.seller_uscc, d.buyer_uscc) > (CAST(:seller AS text), CAST(:buyer AS text)))
    ORDER BY d.seller_uscc, d.buyer_uscc, d.issued_on, d.number COLLATE "C", d.id, l.line
    LIMIT :most
""")
_OF_DOCUMENT = text(f"""
    SELECT l.line, l.net_fen + coalesce(b.fen, 0) AS worth_fen,
           coalesce(a.fen, 0) AS allocated_fen, a.kind, f.net_fen - f.allocated_fen AS left_fen
    {_OPEN} AND d.id = :document ORDER BY l.line
""")

# Every cell that a contract may have in these months, whether anything was metered in it or not.
_POSSIBLE = text("""
    SELECT DISTINCT k.id AS contract, m.month::date AS month, part_of(c.kind, c.counts) AS part,
           p.kind
    FROM contracts k JOIN projects p ON p.id = k.project_id
    JOIN prices c ON c.contract_id = k.id AND c.superseded_at IS NULL
    CROSS JOIN LATERAL generate_series(
        date_trunc('month', greatest(lower(c.valid * k.valid), :since)::timestamp),
        least(upper(c.valid * k.valid) - 1, :until)::timestamp, interval '1 month') AS m (month)
    WHERE k.id = ANY(:contracts) AND NOT isempty(c.valid * k.valid)
""")
_PACKAGES = text("""
    SELECT c.contract_id AS contract, lower(c.valid * k.valid) AS since, c.expires AS until,
           c.yuan, c.gpus, c.hours, c.quantity, c.tax_included, c.tax_rate
    FROM prices c JOIN contracts k ON k.id = c.contract_id
    WHERE c.contract_id = ANY(:contracts) AND c.kind = 'package' AND c.superseded_at IS NULL
        AND NOT isempty(c.valid * k.valid)
    ORDER BY c.id
""")


@dataclass(frozen=True)
class Portion:
    """Open lines of one seller and one buyer, in order."""

    seller_uscc: str
    buyer_uscc: str
    lines: tuple[OpenLine, ...]

    @property
    def pair(self) -> Pair:
        """The two."""
        return self.seller_uscc, self.buyer_uscc

    @property
    def months(self) -> tuple[date, date]:
        """The first and the last month that any of the lines may pay for."""
        first = min(
            line.statement_month[1] if line.statement_month else line.since for line in self.lines
        )
        last = max(
            line.statement_month[1] if line.statement_month else line.until for line in self.lines
        )
        return month_of(first), month_of(last)


@dataclass(frozen=True)
class Reach:
    """Under which contracts two parties may invoice each other, and for which months they did."""

    may: Collection[SellerBuyerContract]
    first: date
    last: date

    @property
    def contracts(self) -> list[int]:
        """Their numbers, in order."""
        return sorted({contract.contract for contract in self.may})

    def packages(self, packages: Iterable[Package]) -> list[Package]:
        """Return those of its contracts that are drawn in its months."""
        contracts = set(self.contracts)
        return [
            package
            for package in packages
            if package.contract in contracts
            and package.since <= last_day(self.last)
            and self.first <= package.until
        ]

    def span(self, packages: Collection[Package]) -> tuple[date, date]:
        """Return its first and its last day, those of the packages among them."""
        return (
            min([self.first, *(package.since for package in packages)]),
            max([self.last, *(package.until for package in packages)]),
        )


def open_line_count(db: Session) -> int:
    """Return how many lines belong to documents not fully allocated."""
    return int(db.scalars(_COUNT).one())


def open_portions(db: Session, after: Pair | None = None) -> Iterator[Portion]:
    """Yield what is open, pair by pair, in portions.

    With `after`, only the pairs that come after that one.
    """
    rows = _open_rows(db, after)
    for (seller, buyer), of_pair in groupby(rows, lambda r: (r.seller_uscc, r.buyer_uscc)):
        lines: list[OpenLine] = []
        for _, of_document in groupby(of_pair, lambda r: r.document):
            lines += _open_lines(list(of_document))
            if len(lines) >= PORTION:
                yield Portion(seller, buyer, tuple(lines))
                lines = []
        if lines:
            yield Portion(seller, buyer, tuple(lines))


def _open_rows(db: Session, after: Pair | None) -> Iterator[Row[Any]]:
    """Read whole pairs, some thousand rows at once.

    Each time anew, and not by one cursor: its plan would be that of the tables before they fill.
    """
    most = _ROWS
    while True:
        seller, buyer = after or (None, None)
        params = {"seller": seller, "buyer": buyer, "most": most}
        rows = db.execute(_OPEN_LINES, params).all()
        if len(rows) < most:
            yield from rows
            return
        last = (rows[-1].seller_uscc, rows[-1].buyer_uscc)
        whole = [row for row in rows if (row.seller_uscc, row.buyer_uscc) != last]
        if whole:
            yield from whole
            after = (whole[-1].seller_uscc, whole[-1].buyer_uscc)
        else:
            most *= 2  # one pair alone has more


def _open_lines(rows: Sequence[Row[Any]]) -> list[OpenLine]:
    left_fen = _left_fen(rows)
    return [
        OpenLine(
            r.document, r.line, r.number, r.issued_on, r.since, r.until, left_fen[r.line],
            r.net_fen, (r.contract, r.month) if r.contract is not None else None, r.kind,
        )
        for r in rows if r.line in left_fen
    ]  # fmt: skip


def _left_fen(rows: Sequence[Row[Any]]) -> dict[int, Fen]:
    if not rows:
        return {}
    return left_by_line([(r.line, r.worth_fen, r.allocated_fen) for r in rows], rows[0].left_fen)


def left_of(db: Session, document: int) -> dict[int, Fen]:
    """Return what each line of a document has left; empty if the document does not stand."""
    return _left_fen(db.execute(_OF_DOCUMENT, {"document": document}).all())


def cells_of(
    db: Session, may: Collection[SellerBuyerContract], first: date, last: date
) -> tuple[list[Cell], list[Package]]:
    """Return the cells and packages that one pair's lines of these months may pay for."""
    return cells_of_each(db, [Reach(may, first, last)])[0]


def cells_of_each(db: Session, reaches: Sequence[Reach]) -> list[tuple[list[Cell], list[Package]]]:
    """Return the cells and packages of each of these, read together.

    Of the contracts for which the parties may invoice each other: cells of these months, those in
    which packages of these months are drawn before or later, and those that earlier months
    carried over.
    """
    contracts = sorted({number for reach in reaches for number in reach.contracts})
    if not contracts:
        return [([], []) for _ in reaches]
    packages = [_package(row) for row in db.execute(_PACKAGES, {"contracts": contracts})]
    packages_of_each = [reach.packages(packages) for reach in reaches]
    spans = [
        reach.span(of_reach) for reach, of_reach in zip(reaches, packages_of_each, strict=True)
    ]
    since, until = min(reach.first for reach in reaches), max(end for _, end in spans)
    params = {"contracts": contracts, "since": since, "until": until}
    possible: dict[int, list[Cell]] = defaultdict(list)
    for r in db.execute(_POSSIBLE, params):
        possible[r.contract].append(Cell(r.contract, r.month, Part(r.part), r.kind, 0, 0))
    metered: dict[int, list[Cell]] = defaultdict(list)
    for cell in cells(db, contracts=contracts):
        metered[cell.contract].append(cell)
    return [
        (_cells_in(reach, begin, end, possible, metered), of_reach)
        for reach, (begin, end), of_reach in zip(reaches, spans, packages_of_each, strict=True)
    ]


def _cells_in(
    reach: Reach,
    begin: date,
    end: date,
    possible: Mapping[int, Sequence[Cell]],
    metered: Mapping[int, Sequence[Cell]],
) -> list[Cell]:
    by_key = {
        cell.key: cell
        for number in reach.contracts
        for cell in possible.get(number, ())
        if month_of(reach.first) <= cell.month <= end
    }
    for cell in (cell for number in reach.contracts for cell in metered.get(number, ())):
        within = month_of(begin) <= cell.month <= end
        if cell.key in by_key or (within and cell.metered_fen) or (cell.carried and cell.room_fen):
            by_key[cell.key] = cell
    return [cell for cell in by_key.values() if _within(cell, reach.may)]


def _package(row: Row[Any]) -> Package:
    per_ms = fen_per_ms(
        Fraction(row.yuan), row.gpus, row.hours, tax_included=row.tax_included,
        tax_rate=Fraction(row.tax_rate),
    )  # fmt: skip
    net_fen = round_half_up(per_ms * Fraction(row.quantity) * HOUR_MS)
    return Package(row.contract, row.since or date.min, row.until, net_fen)


def _within(cell: Cell, may: Iterable[SellerBuyerContract]) -> bool:
    """Return whether the two may invoice each other on some day of the month."""
    spells = (spell.valid for spell in may if spell.contract == cell.contract)
    return any(
        (days.lower is None or month_of(days.lower) <= cell.month)
        and (days.upper is None or cell.month < days.upper)
        for days in spells
    )
