"""Read the cells of reconciliations: charges, allocations and decisions."""

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import Row, text
from sqlmodel import Session

from ledger.charging.codes import Part
from ledger.charging.rules.cells import Cell, Key
from ledger.charging.rules.segments import Payment
from ledger.units import Fen

# A cell is there as soon as something was metered, allocated or decided. What is metered after two
# persons decided that more was used is no more on top of that.
_CELLS = text("""
    WITH wanted AS (
        SELECT k.id, p.kind FROM contracts k JOIN projects p ON p.id = k.project_id
        WHERE (CAST(:contracts AS bigint[]) IS NULL OR k.id = ANY(:contracts))
            AND (CAST(:projects AS bigint[]) IS NULL OR k.project_id = ANY(:projects))
    ), charged AS (
        SELECT c.contract_id AS contract, c.month, part_of(p.kind, p.counts) AS part, c.policy,
               sum(c.cost_fen)::bigint AS fen
        FROM charges c JOIN prices p ON p.id = c.price_id
        WHERE c.contract_id IN (SELECT id FROM wanted) GROUP BY 1, 2, 3, 4
    ), metered AS (
        SELECT contract, month, part, sum(fen)::bigint AS fen,
               array_agg(policy ORDER BY policy) AS policies,
               array_agg(fen ORDER BY policy) AS parts
        FROM charged GROUP BY 1, 2, 3
    ), invoiced AS (
        SELECT contract_id AS contract, month, part, sum(fen)::bigint AS fen
        FROM allocations WHERE contract_id IN (SELECT id FROM wanted) GROUP BY 1, 2, 3
    ), decided AS (
        SELECT s.contract_id AS contract, s.month, m.*, s.standing_fen
        FROM matches m JOIN standing_matches s USING (reconciliation_id, part)
        WHERE s.contract_id IN (SELECT id FROM wanted)
    )
    SELECT contract, month, part, w.kind, coalesce(m.fen, 0) AS metered_fen,
           coalesce(i.fen, 0) AS invoiced_fen, coalesce(d.matched_fen, 0) AS matched_fen,
           coalesce(d.standing_fen, 0) AS standing_fen,
           greatest(least(d.extra_fen, d.extra_over_fen + d.extra_fen - coalesce(m.fen, 0)), 0)
               AS extra_fen,
           coalesce(d.closed_fen, 0) AS closed_fen, coalesce(d.held_fen, 0) AS held_fen,
           coalesce(d.carried, false) AS carried, d.decision_id IS NOT NULL AS decided,
           m.policies, m.parts
    FROM metered m
    FULL JOIN invoiced i USING (contract, month, part)
    FULL JOIN decided d USING (contract, month, part)
    JOIN wanted w ON w.id = contract
    WHERE (CAST(:month AS date) IS NULL OR month = :month)
    ORDER BY contract, month, part
""")

_RAISE = text("""
    UPDATE matches m SET held_fen = t.fen
    FROM unnest(CAST(:contracts AS bigint[]), CAST(:months AS date[]), CAST(:parts AS text[]),
                CAST(:fen AS bigint[])) AS t (contract_id, month, part, fen)
    JOIN reconciliations r USING (contract_id, month)
    WHERE (m.reconciliation_id, m.part) = (r.id, t.part)
""")
_PAYMENTS = text("""
    SELECT r.contract_id AS contract, r.month, l.part, d.since, d.until, l.good_fen AS fen
    FROM match_lines l JOIN reconciliations r ON r.id = l.reconciliation_id
    JOIN cost_documents d ON d.id = l.document_id
    WHERE r.contract_id = ANY(:contracts) AND l.good_fen > 0
    ORDER BY d.since, d.until, d.id, l.line
""")
# Of cells whose project's versions have the days that they had then.
_USAGE = text("""
    SELECT r.contract_id AS contract, r.month, u.part, u.policy, u.fen
    FROM match_usage u JOIN reconciliations r ON r.id = u.reconciliation_id
    JOIN contracts k ON k.id = r.contract_id
    WHERE r.contract_id = ANY(:contracts) AND (
        SELECT jsonb_object_agg(o.policy, o.days::text) FROM match_usage o
        WHERE (o.reconciliation_id, o.part) = (u.reconciliation_id, u.part) AND NOT isempty(o.days)
    ) = (SELECT jsonb_object_agg(d.policy, d.days::text) FROM policy_days(k.project_id, r.month) d)
    ORDER BY u.policy
""")


def cells(
    db: Session,
    *,
    contracts: Sequence[int] | None = None,
    projects: Sequence[int] | None = None,
    month: date | None = None,
) -> list[Cell]:
    """Return the cells of these contracts, projects, or all; of one month or every month."""
    rows = db.execute(
        _CELLS,
        {
            "contracts": list(contracts) if contracts is not None else None,
            "projects": list(projects) if projects is not None else None,
            "month": month,
        },
    )
    return [_cell(row) for row in rows]


def _cell(row: Row[tuple[object, ...]]) -> Cell:
    columns = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's name for it
    policies, parts = columns.pop("policies") or (), columns.pop("parts") or ()
    columns["part"] = Part(columns["part"])
    return Cell(**columns, metered_by_policy=tuple(zip(policies, parts, strict=True)))


def raise_held(db: Session, cells: Iterable[Cell]) -> None:
    """Let the books rest on what counts, where that is more than before."""
    higher = [cell for cell in cells if cell.counted_fen > cell.held_fen]
    if not higher:
        return
    contracts, months, parts = zip(*(cell.key for cell in higher), strict=True)
    columns = {"contracts": contracts, "months": months, "parts": parts}
    params = {name: list(column) for name, column in columns.items()}
    db.execute(_RAISE, {**params, "fen": [cell.counted_fen for cell in higher]})


def payments_into(db: Session, contracts: Sequence[int]) -> dict[Key, list[Payment]]:
    """Return what document lines pay into the decided cells of contracts, by service days."""
    payments: dict[Key, list[Payment]] = {}
    for row in db.execute(_PAYMENTS, {"contracts": list(contracts)}):
        key = (row.contract, row.month, Part(row.part))
        payments.setdefault(key, []).append(Payment(row.since, row.until, row.fen))
    return payments


def usage_held(db: Session, contracts: Sequence[int]) -> dict[Key, list[tuple[str, Fen]]]:
    """Return by version what was metered of decided cells when the books came to rest on them.

    A cell is not among them if its project's versions have had other days since: two persons
    decided these, so what is metered now counts.
    """
    usage: dict[Key, list[tuple[str, Fen]]] = {}
    for row in db.execute(_USAGE, {"contracts": list(contracts)}):
        key = (row.contract, row.month, Part(row.part))
        usage.setdefault(key, []).append((row.policy, row.fen))
    return usage
