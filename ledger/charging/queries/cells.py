"""Read the cells of reconciliations: charges, allocations and decisions."""

from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction

from sqlalchemy import Row, text
from sqlmodel import Session

from ledger.charging.codes import Part
from ledger.charging.rules.cells import Cell, Key
from ledger.charging.rules.segments import Payment

_CELLS = text("""
    SELECT f.contract_id AS contract, f.month, f.part, p.kind, f.metered_fen, f.invoiced_fen,
           f.matched_fen, f.standing_fen, f.extra_fen, f.closed_fen, f.held_fen,
           f.version_fall_fen, f.carried, f.decided, f.policies, f.metered_fens, f.held_policies,
           f.held_nums, f.held_den
    FROM cell_figures(CAST(:contracts AS bigint[]), CAST(:month AS date)) f
    JOIN contracts k ON k.id = f.contract_id JOIN projects p ON p.id = k.project_id
    ORDER BY f.contract_id, f.month, f.part
""")
_CONTRACTS = text("SELECT id FROM contracts WHERE project_id = ANY(:projects)")
_RAISE = text("""
    UPDATE matches m SET held_fen = t.fen
    FROM unnest(CAST(:contracts AS bigint[]), CAST(:months AS date[]), CAST(:parts AS text[]),
                CAST(:fen AS bigint[])) AS t (contract_id, month, part, fen)
    JOIN reconciliations r USING (contract_id, month)
    WHERE (m.reconciliation_id, m.part) = (r.id, t.part)
""")
_PAYMENTS = text("""
    SELECT l.contract_id AS contract, l.month, l.part, d.since, d.until, l.standing_fen AS fen
    FROM standing_lines l JOIN cost_documents d ON d.id = l.document_id
    WHERE l.contract_id = ANY(:contracts) AND l.standing_fen > 0
    ORDER BY d.since, d.until, d.id, l.line
""")


def cells(
    db: Session,
    *,
    contracts: Sequence[int] | None = None,
    projects: Sequence[int] | None = None,
    month: date | None = None,
) -> list[Cell]:
    """Return the cells of these contracts, or projects, or all; of one month or every month."""
    if contracts is None and projects is not None:
        contracts = list(db.scalars(_CONTRACTS, {"projects": list(projects)}))
    params = {"contracts": list(contracts) if contracts is not None else None, "month": month}
    return [_cell(row) for row in db.execute(_CELLS, params)]


def _cell(row: Row[tuple[object, ...]]) -> Cell:
    columns = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's name for it
    names = ("policies", "metered_fens", "held_policies", "held_nums")
    policies, fens, held_policies, nums = (columns.pop(name) or () for name in names)
    den = columns.pop("held_den")
    columns["part"] = Part(columns["part"])
    shares = (
        (policy, Fraction(num) / Fraction(den))
        for policy, num in zip(held_policies, nums, strict=True)
    )
    return Cell(
        **columns,
        metered_by_policy=tuple(zip(policies, fens, strict=True)),
        held_by_policy=tuple(shares),
    )


def raise_held(db: Session, cells: Iterable[Cell]) -> None:
    """Let the books rest on what counts, where that is more than before."""
    higher = [cell for cell in cells if cell.booked_fen > cell.held_fen]
    if not higher:
        return
    contracts, months, parts = zip(*(cell.key for cell in higher), strict=True)
    columns = {"contracts": contracts, "months": months, "parts": parts}
    params = {name: list(column) for name, column in columns.items()}
    db.execute(_RAISE, {**params, "fen": [cell.booked_fen for cell in higher]})


def payments_into(db: Session, contracts: Sequence[int]) -> dict[Key, list[Payment]]:
    """Return what stands of document lines in the decided cells of contracts, by service days."""
    payments: dict[Key, list[Payment]] = {}
    for row in db.execute(_PAYMENTS, {"contracts": list(contracts)}):
        key = (row.contract, row.month, Part(row.part))
        payments.setdefault(key, []).append(Payment(row.since, row.until, row.fen))
    return payments
