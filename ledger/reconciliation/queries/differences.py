"""Read what the differences of a contract's month depend on, and find them.

Documents that pay into the month, and those between its parties that end in it without a cell; who
may sell and buy, and who is related; the contract's prices; the centre's capacity; and the evidence
on the newest statement.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

from ledger.charging.codes import Part
from ledger.charging.queries.cells import cells
from ledger.charging.rules.cells import Key
from ledger.documents.rules.cost_document import Party
from ledger.metering.queries.jobs.capacity import unproved_days
from ledger.policy.process import Process
from ledger.reconciliation.rules.difference_codes import (
    BilledDocument,
    BilledLine,
    ContractLine,
    Difference,
    Evidence,
    Receipt,
    Terms,
    UnusualPrice,
)
from ledger.reconciliation.rules.differences import differences
from ledger.registry.queries import known_names, price_bands, seller_buyer_contracts
from ledger.registry.rules.pricing import fen_per_ms
from ledger.registry.rules.safeguards import beyond_total, outside_band
from ledger.units import HOUR_MS, Fen, midnight, month_of, round_half_up

MIG_SLICES = 7  # of a GPU at most (NVIDIA MIG user guide), each metered as a device of its own

Spells = Mapping[tuple[str, str], Sequence[tuple[date | None, date | None]]]

# What stands and has a period, as in `standing_documents`; a frozen one is told.
# OFFSET 0 keeps the sums from being taken over every document there is.
_DOCUMENTS = text("""
    SELECT d.id, d.kind, d.issued_on, d.seller_uscc, d.seller_name, d.buyer_uscc, d.buyer_name,
           d.since, d.until, d.net_fen, d.tax_fen, d.gross_fen, t.contract_id AS contract, t.month,
           f.net_fen - d.net_fen AS red_fen,
           f.net_fen - f.allocated_fen AS left_fen,
           EXISTS (SELECT FROM frozen_documents z WHERE z.id = d.id) AS frozen,
           ARRAY (
               SELECT o.code || o.number FROM cost_documents o
               WHERE plain_number(o.number) = plain_number(d.number) AND o.id <> d.id
                   AND o.dropped_at IS NULL
                   AND (plain_number(d.number) ~ '^[0-9]{20}$'
                       OR (o.seller_uscc = d.seller_uscc AND '' IN (o.code, d.code)))
               ORDER BY o.id
           ) AS duplicate_of
    FROM cost_documents d LEFT JOIN statements t ON t.number = d.statement
    CROSS JOIN LATERAL (SELECT * FROM family_sums WHERE root = d.id OFFSET 0) f
    WHERE d.id IN (
        SELECT coalesce(p.reverses_id, p.id)
        FROM allocations a JOIN cost_documents p ON p.id = a.document_id
        WHERE a.contract_id = :contract AND a.month = :month
        UNION ALL
        SELECT p.id FROM cost_documents p
        WHERE p.reverses_id IS NULL AND p.until >= :month AND p.until < :next
            AND p.stands AND NOT p.period_assumed
            AND p.seller_uscc = ANY(:sellers) AND p.buyer_uscc = ANY(:buyers)
            AND NOT EXISTS (SELECT FROM allocations a WHERE a.document_id = p.id)
        UNION ALL  -- whoever it is made out to: it names this month's statement
        SELECT p.id FROM statements n JOIN cost_documents p ON p.statement = n.number
        WHERE n.contract_id = :contract AND n.month = :month AND p.reverses_id IS NULL
            AND p.stands AND NOT p.period_assumed
            AND NOT EXISTS (SELECT FROM allocations a WHERE a.document_id = p.id)
    )
    ORDER BY d.id
""")
_LINES = text("""
    SELECT l.document_id AS document, l.line, l.item, l.unit, l.quantity, l.tax_rate, l.net_fen,
           ARRAY (
               SELECT DISTINCT o.code || o.number
               FROM cost_documents o JOIN document_lines m ON m.document_id = o.id
               JOIN allocations a ON a.document_id = m.document_id AND a.line = m.line
               WHERE (o.seller_uscc, o.buyer_uscc, o.since, o.until)
                       = (d.seller_uscc, d.buyer_uscc, d.since, d.until)
                   AND (m.item, m.quantity, m.net_fen) = (l.item, l.quantity, l.net_fen)
                   AND o.id <> d.id AND a.fen > 0 AND a.kind <> :kind ORDER BY 1
           ) AS same_as
    FROM document_lines l JOIN cost_documents d ON d.id = l.document_id
    WHERE l.document_id = ANY(:documents) ORDER BY l.document_id, l.line
""")
_SHARES = text("""
    SELECT coalesce(d.reverses_id, d.id) AS root, a.line, a.contract_id AS contract, a.month,
           a.part, sum(a.fen)::bigint AS fen
    FROM allocations a JOIN cost_documents d ON d.id = a.document_id
    WHERE a.contract_id = :contract AND a.month = :month
    GROUP BY root, a.line, a.contract_id, a.month, a.part ORDER BY root, a.line, a.part
""")
_RECEIPTS = text("""
    SELECT document, payer, payee, fen FROM (
        SELECT document_id AS document, payer, payee, fen, paid_on, reference FROM receipts
        WHERE proves
        UNION ALL  -- what was deducted at the counter is paid as well, once the builder says so
        SELECT d.id, d.buyer_name, d.seller_name, x.held_fen, x.confirmed_at::date, ''
        FROM deductions x JOIN cost_documents d ON d.id = x.document_id
        WHERE x.confirmed_at IS NOT NULL
    ) AS payment
    WHERE document = ANY(:documents) ORDER BY paid_on, reference
""")
_PARTIES = text("""
    WITH party AS (
        SELECT 'seller' AS role, c.organisation_id AS organisation
        FROM contracts k JOIN centres c ON c.id = k.centre_id WHERE k.id = :contract
        UNION SELECT 'buyer', p.organisation_id
        FROM contracts k JOIN projects p ON p.id = k.project_id WHERE k.id = :contract
        UNION SELECT r.kind, r.organisation_id
        FROM contracts k JOIN relations r
            ON (r.kind = 'seller' AND r.centre_id = k.centre_id
                OR r.kind = 'buyer' AND r.project_id = k.project_id)
        WHERE k.id = :contract AND r.superseded_at IS NULL AND r.valid && daterange(:month, :next)
    )
    SELECT party.role, o.uscc, o.name FROM party JOIN organisations o ON o.id = party.organisation
    ORDER BY party.role, o.uscc
""")
_RELATED = text("""
    SELECT o.uscc AS one, w.uscc AS other, ARRAY (
        SELECT DISTINCT a.person FROM controllers a JOIN controllers b
            ON person_of(b.person) = person_of(a.person)
                AND (a.id_tail IS NULL OR b.id_tail IS NULL OR a.id_tail = b.id_tail)
        WHERE a.organisation_id = r.one_id AND b.organisation_id = r.other_id
            AND a.superseded_at IS NULL AND b.superseded_at IS NULL
            AND a.valid && daterange(:month, :next) AND b.valid && daterange(:month, :next)
        ORDER BY 1) AS persons
    FROM related_organisations r JOIN organisations o ON o.id = r.one_id
    JOIN organisations w ON w.id = r.other_id
    WHERE r.valid && daterange(:month, :next)
""")
# The lines that hold in the month; where none does, all that were ever stated.
_PRICES = text("""
    SELECT DISTINCT part_of(kind, counts) AS part, unit, yuan, tax_included, tax_rate
    FROM prices p
    WHERE contract_id = :contract AND (
        (superseded_at IS NULL AND valid && daterange(:month, :next))
        OR NOT EXISTS (
            SELECT FROM prices o
            WHERE o.contract_id = p.contract_id AND o.superseded_at IS NULL
                AND part_of(o.kind, o.counts) = part_of(p.kind, p.counts)
                AND o.valid && daterange(:month, :next)))
    ORDER BY part, unit, yuan, tax_included, tax_rate
""")
_GPU_PRICES = text("""
    SELECT part_of(kind, counts) AS part, model_id AS model, mig_profile, yuan, gpus, hours,
           tax_included, tax_rate, greatest(lower(valid), :month) AS day
    FROM prices WHERE contract_id = :contract AND kind <> 'fixed' AND superseded_at IS NULL
        AND valid && daterange(:month, :next)
""")
# With tax, what was invoiced under the contract before this month and in it, net of red ones.
_TOTAL = text("""
    SELECT k.total_fen,
           coalesce(sum(p.fen * p.gross / p.net) FILTER (WHERE p.month < :month), 0)::bigint
               AS gross_before_fen,
           coalesce(sum(p.fen * p.gross / p.net) FILTER (WHERE p.month = :month), 0)::bigint
               AS gross_fen,
           coalesce(sum(p.fen) FILTER (WHERE p.month = :month), 0)::bigint AS net_fen
    FROM contracts k LEFT JOIN LATERAL (
        SELECT a.month, a.fen, d.gross_fen::numeric AS gross, nullif(d.net_fen, 0)::numeric AS net
        FROM allocations a JOIN cost_documents d ON d.id = a.document_id
        WHERE a.contract_id = k.id AND a.month <= :month
    ) p ON true
    WHERE k.id = :contract GROUP BY k.id
""")
# Only clusters whose GPUs are registered: elsewhere nobody knows how many there are.
_USAGE = text("""
    SELECT t.den, t.mig_profile = '' AS whole, sum(t.held) AS held
    FROM day_totals t
    JOIN billing_sources s ON s.cluster_id = t.cluster_id AND s.source = t.source
        AND s.valid @> t.day AND s.superseded_at IS NULL
    WHERE t.day >= :month AND t.day < :next AND t.holder_kind <> 'unallocated'
        AND t.cluster_id IN (
            SELECT c.id FROM clusters c JOIN contracts k ON k.centre_id = c.centre_id
            WHERE k.id = :contract AND EXISTS (SELECT FROM gpus g WHERE g.cluster_id = c.id))
    GROUP BY t.den, t.mig_profile = ''
""")
_CAPACITY = text("""
    SELECT sum(extract(epoch FROM
        least(coalesce(g.retired_at, :end), :end) - greatest(g.registered_from, :begin)
    ))::bigint * 1000 AS ms
    FROM gpus g JOIN clusters c ON c.id = g.cluster_id JOIN contracts k ON k.centre_id = c.centre_id
    WHERE k.id = :contract AND g.registered_from < :end AND coalesce(g.retired_at, :end) > :begin
""")
_GRADES = text("""
    SELECT s.contract_id AS contract, s.month, part_of(p.kind, p.counts) AS part, l.grade,
           sum(l.cost_fen)::bigint AS fen
    FROM statement_lines l JOIN statements s ON s.id = l.statement_id
    JOIN prices p ON p.id = l.price_id
    WHERE s.contract_id = :contract AND s.month = :month AND NOT EXISTS (
        SELECT FROM statements n WHERE n.contract_id = s.contract_id AND n.month = s.month
            AND n.revision > s.revision)
    GROUP BY s.contract_id, s.month, 3, l.grade
""")
_KIND = text("""
    SELECT p.kind FROM contracts k JOIN projects p ON p.id = k.project_id WHERE k.id = :contract
""")


def differences_of(db: Session, contract: int, month: date, process: Process) -> list[Difference]:
    """Return the differences of a contract's month; each names the blue document."""
    params = {
        "contract": contract, "month": month, "next": month_of(month + timedelta(days=31)),
    }  # fmt: skip
    terms = _terms(db, params)
    return differences(
        _billed_documents(db, terms, params),
        cells(db, contracts=[contract], month=month),
        terms,
        _evidence(db, params, contract, month),
        process,
    )


def _terms(db: Session, params: Mapping[str, Any]) -> Terms:
    parties = db.execute(_PARTIES, params).all()
    related = db.execute(_RELATED, params).all()
    return Terms(
        sellers=tuple(Party(p.uscc, p.name) for p in parties if p.role == "seller"),
        buyers=tuple(Party(p.uscc, p.name) for p in parties if p.role == "buyer"),
        lines=_contract_lines(db.execute(_PRICES, params)),
        related=frozenset(frozenset((r.one, r.other)) for r in related),
        controllers={frozenset((r.one, r.other)): tuple(r.persons) for r in related},
        names=known_names(db, [party.uscc for party in parties]),
        unusual_prices=_unusual_prices(db, params),
        **_total(db, params),
    )


def _unusual_prices(db: Session, params: Mapping[str, Any]) -> dict[Part, UnusualPrice]:
    """Return, for each part that has one, a price outside the bureau's band in the month."""
    bands = price_bands(db)
    prices = {}
    for row in db.execute(_GPU_PRICES, params) if bands else ():
        fen = HOUR_MS * fen_per_ms(
            Fraction(row.yuan), row.gpus, row.hours, tax_included=row.tax_included,
            tax_rate=Fraction(row.tax_rate),
        )  # fmt: skip
        band = outside_band(row.model, row.mig_profile, fen, row.day, bands)
        if band is not None:
            prices[Part(row.part)] = UnusualPrice(fen, band.low_fen, band.high_fen)
    return prices


def _total(db: Session, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the contract's total, what is billed, and what of the month's is beyond, net."""
    row = db.execute(_TOTAL, params).one()
    billed_fen = row.gross_before_fen + row.gross_fen
    beyond_fen = min(beyond_total(row.total_fen, billed_fen), row.gross_fen)
    net_fen = round_half_up(Fraction(row.net_fen * beyond_fen, row.gross_fen)) if beyond_fen else 0
    return {
        "total_gross_fen": row.total_fen,
        "billed_gross_fen": billed_fen,
        "beyond_total_fen": net_fen,
    }


def _contract_lines(rows: Iterable[Row[Any]]) -> dict[Part, list[ContractLine]]:
    lines: dict[Part, list[ContractLine]] = defaultdict(list)
    for row in rows:
        lines[Part(row.part)].append(_contract_line(row))
    return lines


def _contract_line(row: Row[Any]) -> ContractLine:
    tax = Fraction(row.tax_rate)
    gross = Fraction(row.yuan) * 100
    return ContractLine(row.unit, gross / (1 + tax) if row.tax_included else gross, tax)


def _billed_documents(db: Session, terms: Terms, params: Mapping[str, Any]) -> list[BilledDocument]:
    parties = {
        "sellers": [party.uscc for party in terms.sellers],
        "buyers": [party.uscc for party in terms.buyers],
    }
    rows = db.execute(_DOCUMENTS, {**params, **parties}).all()
    if not rows:
        return []
    document_params = {"documents": [row.id for row in rows], "kind": db.scalar(_KIND, params)}
    lines: dict[int, list[Row[Any]]] = defaultdict(list)
    for line in db.execute(_LINES, document_params):
        lines[line.document].append(line)
    shares, spells = _shares(db.execute(_SHARES, params)), _spells(db)
    documents = [_document(row, lines[row.id], shares.get(row.id, {}), spells) for row in rows]
    paid = _receipts(db, document_params["documents"])
    return [
        replace(document, receipts=tuple(paid.get(document.document, ()))) for document in documents
    ]


def _receipts(db: Session, documents: Sequence[int]) -> dict[int, list[Receipt]]:
    """Return the receipts of each document, by day."""
    by_document: dict[int, list[Receipt]] = defaultdict(list)
    for row in db.execute(_RECEIPTS, {"documents": list(documents)}):
        by_document[row.document].append(Receipt(row.payer, row.payee, row.fen))
    return by_document


def _shares(rows: Iterable[Row[Any]]) -> dict[int, dict[int, dict[Key, Fen]]]:
    """Return what each line pays into each cell, net of red documents."""
    by_line: dict[int, dict[int, dict[Key, Fen]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        by_line[row.root][row.line][row.contract, row.month, Part(row.part)] = row.fen
    return by_line


def _spells(db: Session) -> Spells:
    """Return the spells in which two parties may invoice each other."""
    spells: dict[tuple[str, str], list[tuple[date | None, date | None]]] = defaultdict(list)
    for spell in seller_buyer_contracts(db):
        spells[spell.seller_uscc, spell.buyer_uscc].append((spell.valid.lower, spell.valid.upper))
    return spells


def _document(
    row: Row[Any],
    lines: Sequence[Row[Any]],
    shares: Mapping[int, Mapping[Key, Fen]],
    spells: Spells,
) -> BilledDocument:
    columns = (
        "kind",
        "issued_on",
        "since",
        "until",
        "net_fen",
        "tax_fen",
        "gross_fen",
        "red_fen",
        "left_fen",
    )
    line_columns = ("line", "item", "unit", "quantity", "tax_rate", "net_fen")
    return BilledDocument(
        **{name: getattr(row, name) for name in (*columns, "frozen")},
        document=row.id,
        duplicate_of=tuple(row.duplicate_of),
        seller=Party(row.seller_uscc, row.seller_name),
        buyer=Party(row.buyer_uscc, row.buyer_name),
        statement_month=(row.contract, row.month) if row.contract is not None else None,
        spells=tuple(spells.get((row.seller_uscc, row.buyer_uscc), ())),
        lines=tuple(
            BilledLine(
                **{name: getattr(line, name) for name in line_columns},
                same_as=tuple(line.same_as),
                shares={key: fen for key, fen in shares.get(line.line, {}).items() if fen},
            )
            for line in lines
        ),
    )


def _evidence(db: Session, params: Mapping[str, Any], contract: int, month: date) -> Evidence:
    used_ms = Fraction(0)
    for row in db.execute(_USAGE, params):
        held_ms = Fraction(int(row.held), row.den)
        used_ms += held_ms if row.whole else held_ms / MIG_SLICES
    span = {"begin": midnight(params["month"]), "end": midnight(params["next"])}
    grades: dict[Key, dict[str, Fen]] = defaultdict(dict)
    for row in db.execute(_GRADES, params):
        grades[row.contract, row.month, Part(row.part)][row.grade] = row.fen
    return Evidence(
        used_ms=used_ms,
        capacity_ms=db.scalar(_CAPACITY, {**params, **span}),
        unproved=bool(unproved_days(db, contract=contract, month=month)),
        grades=grades,
    )
