"""Read one month of all contracts, as it is handed to finance and audit.

What each contract's month comes to, the document lines that pay into it, what two persons decided
of its differences, and the claims that draw on it with the bank's references. A claim that was paid
in part is paid for its earliest months first, as `ledger/claims/queries.py` has it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlmodel import Session, col, select

from ledger.charging.codes import Part
from ledger.claims.codes import ClaimState
from ledger.claims.queries import earned_by_month
from ledger.claims.rules.courses import DROPPED
from ledger.documents.codes import DocumentKind
from ledger.payment.codes import LineResult
from ledger.postgres.columns import key
from ledger.reconciliation.codes import MonthState
from ledger.reconciliation.queries import months as month_queries
from ledger.reconciliation.queries.decided import Treated, treatments_in
from ledger.reconciliation.queries.months import Month
from ledger.registry.tables import Contract
from ledger.units import Fen
from ledger.vouchers.queries.exclusions import Exclusion, exclusions_in
from ledger.vouchers.tables import Voucher

_DOCUMENT_LINES = text("""
    SELECT k.id AS contract, k.number AS contract_number, d.id AS document,
           d.code || d.number AS number, d.kind, d.reverses_id IS NOT NULL AS is_red, d.issued_on,
           d.seller_name, d.buyer_name, a.line, l.item, a.part, l.net_fen, a.fen, d.received_by,
           coalesce(d.confirmed_by, d.vouched_by) AS confirmed_by, d.original
    FROM allocations a JOIN contracts k ON k.id = a.contract_id
    JOIN cost_documents d ON d.id = a.document_id
    JOIN document_lines l ON l.document_id = coalesce(d.reverses_id, d.id) AND l.line = a.line
    WHERE a.month = :month ORDER BY k.number, d.issued_on, d.number, a.line, a.part
""")
_CLAIMS = text("""
    SELECT n.contract_id AS contract, k.number AS contract_number, p.code AS project,
           o.name AS payee, c.number AS claim, c.state, n.fen AS asked_fen, n.due_fen,
           least(n.due_fen, greatest(paid.fen + n.due_fen - n.upto_fen, 0))::bigint AS paid_fen,
           paid.lines, paid.indicators, paid.bank_rows
    FROM (SELECT *, sum(due_fen) OVER (PARTITION BY claim_id ORDER BY month, contract_id)
              AS upto_fen FROM claim_cells) n
    JOIN claims c ON c.id = n.claim_id JOIN contracts k ON k.id = n.contract_id
    JOIN projects p ON p.id = k.project_id JOIN organisations o ON o.id = c.payee_id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(l.paid_fen), 0) AS fen,
               coalesce(array_agg(s.number || ' / ' || l.line ORDER BY s.id, l.line)
                   FILTER (WHERE l.line IS NOT NULL), '{}') AS lines,
               coalesce(array_agg(DISTINCT i.number || ' / ' || i.year)
                   FILTER (WHERE i.id IS NOT NULL), '{}') AS indicators,
               (SELECT coalesce(jsonb_agg(jsonb_build_object('reference', r.reference,
                       'result', r.result, 'fen', r.fen, 'on_day', r.on_day) ORDER BY r.id), '[]')
                FROM bank_returns r JOIN payment_lines n
                    ON (n.list_id, n.line) = (r.list_id, r.line)
                WHERE n.claim_id = c.id AND r.state IN ('booked', 'accepted')) AS bank_rows
        FROM payment_lines l JOIN payment_lists s ON s.id = l.list_id
        JOIN indicators i ON i.id = s.indicator_id
        WHERE l.claim_id = c.id AND NOT l.void) paid
    WHERE n.month = :month ORDER BY k.number, c.id
""")


@dataclass(frozen=True)
class ContractLine:
    """A contract's month, fen; the cost without tax, the subsidy within all caps.

    The subsidy is None where the project has no voucher. `excluded_by` is the decision by which
    the month earns nothing.
    """

    key: str
    contract: str
    project: str
    project_name: str
    centre: str
    state: MonthState
    metered_fen: Fen
    invoiced_fen: Fen
    matched_fen: Fen
    fall_fen: Fen
    open_fen: Fen
    subsidy_fen: Fen | None
    claimed_fen: Fen
    paid_fen: Fen
    excluded_by: int | None


@dataclass(frozen=True)
class DocumentLine:
    """What a document's line pays into a contract's month, and who proved the document.

    `original` is the file's SHA-256; `confirmed_by` the second person, or the authority of a seal.
    """

    contract: int
    contract_number: str
    document: int
    number: str
    kind: DocumentKind
    is_red: bool
    issued_on: date
    seller_name: str
    buyer_name: str
    line: int
    item: str
    part: Part
    net_fen: Fen  # of the whole line
    fen: Fen  # of it what pays into the month
    received_by: str
    confirmed_by: str | None
    original: str


@dataclass(frozen=True)
class TreatmentLine:
    """What two persons decided of a difference in a contract's month."""

    contract: int
    contract_number: str
    treated: Treated
    number: str  # of the document; "" where it is about none


@dataclass(frozen=True)
class BankRow:
    """A row of the bank's that holds: it paid, or it returned, so much of a claim."""

    reference: str
    result: LineResult
    fen: Fen
    on_day: date


@dataclass(frozen=True)
class ClaimLine:
    """What a claim draws on a contract's month, and the lists and bank rows that paid the claim."""

    contract: int
    contract_number: str
    project: str
    payee: str
    claim: str
    state: ClaimState
    asked_fen: Fen
    due_fen: Fen
    paid_fen: Fen  # of this month
    lines: Sequence[str]
    indicators: Sequence[str]
    bank_rows: Sequence[BankRow]


@dataclass(frozen=True)
class MonthReport:
    """One month of all contracts."""

    month: date
    contracts: Sequence[ContractLine]
    documents: Sequence[DocumentLine]
    treatments: Sequence[TreatmentLine]
    claims: Sequence[ClaimLine]


def month_report(db: Session, month: date) -> MonthReport:
    """Return the month; its parts are empty where nothing was used or invoiced in it."""
    rows = month_queries.months(db, month=month)
    claims = _claim_lines(db, month)
    subsidies_fen = _subsidies_fen(db, month)
    exclusions = exclusions_in(db, month)
    return MonthReport(
        month=month,
        contracts=[
            _contract_line(row, subsidies_fen, claims, exclusions.get(row.contract)) for row in rows
        ],
        documents=_document_lines(db, month),
        treatments=_treatment_lines(db, month, rows),
        claims=claims,
    )


def _claim_lines(db: Session, month: date) -> list[ClaimLine]:
    rows = db.execute(_CLAIMS, {"month": month}).mappings()
    return [
        ClaimLine(
            **{
                **row,
                "state": ClaimState(row["state"]),
                "bank_rows": [_bank_row(**fields) for fields in row["bank_rows"]],
            }
        )
        for row in rows
    ]


def _bank_row(reference: str, result: str, fen: Fen, on_day: str) -> BankRow:
    return BankRow(reference, LineResult(result), fen, date.fromisoformat(on_day))


def _document_lines(db: Session, month: date) -> list[DocumentLine]:
    rows = db.execute(_DOCUMENT_LINES, {"month": month}).mappings()
    return [
        DocumentLine(**{**row, "kind": DocumentKind(row["kind"]), "part": Part(row["part"])})
        for row in rows
    ]


def _contract_line(
    row: Month,
    subsidies_fen: Mapping[int, Fen],
    claims: Iterable[ClaimLine],
    exclusion: Exclusion | None,
) -> ContractLine:
    own = [claim for claim in claims if claim.contract == row.contract]
    good_claims = [c for c in own if c.state not in DROPPED]
    return ContractLine(
        key=f"{row.contract}-{row.month:%Y-%m}",
        contract=row.number,
        project=row.project,
        project_name=row.project_name,
        centre=row.centre,
        state=MonthState(row.state),
        metered_fen=row.metered_fen,
        invoiced_fen=row.invoiced_fen,
        matched_fen=row.matched_fen,
        fall_fen=row.fall_fen,
        open_fen=row.open_fen,
        subsidy_fen=subsidies_fen.get(row.contract),
        claimed_fen=sum(claim.due_fen for claim in good_claims),
        paid_fen=sum(claim.paid_fen for claim in own),
        excluded_by=exclusion.decision if exclusion else None,
    )


def _subsidies_fen(db: Session, month: date) -> dict[int, Fen]:
    """Return what the month earned, by the key of each contract whose project has a voucher."""
    query = select(Contract, Voucher).join(Voucher, col(Voucher.project_id) == Contract.project_id)
    vouchers = {key(contract): voucher for contract, voucher in db.exec(query)}
    earned_fen = earned_by_month(db, vouchers)
    return {contract: of.get(month, 0) for contract, of in earned_fen.items()}


def _treatment_lines(db: Session, month: date, rows: Sequence[Month]) -> list[TreatmentLine]:
    of_contract = treatments_in(db, month, [row.contract for row in rows])
    lines = [(row, treated) for row in rows for treated in of_contract.get(row.contract, ())]
    numbers = month_queries.numbers(db, [treated.document for _, treated in lines])
    return [
        TreatmentLine(row.contract, row.number, treated, numbers.get(treated.document or 0, ""))
        for row, treated in lines
    ]
