"""Read the cells of reconciliations: charges, allocations and decisions."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import text
from sqlmodel import Session

from ledger.charging.rules.cells import Cell

# A cell is there as soon as something was metered, allocated or decided. What is metered after two
# persons decided that more was used is no more on top of that.
_CELLS = text("""
    WITH wanted AS (
        SELECT k.id, p.kind FROM contracts k JOIN projects p ON p.id = k.project
        WHERE (CAST(:contracts AS bigint[]) IS NULL OR k.id = ANY(:contracts))
            AND (CAST(:projects AS bigint[]) IS NULL OR k.project = ANY(:projects))
    ), metered AS (
        SELECT contract, month, price, policy, sum(cost_fen)::bigint AS fen
        FROM charges WHERE contract IN (SELECT id FROM wanted) GROUP BY 1, 2, 3, 4
    ), invoiced AS (
        SELECT contract, month, price, policy, sum(fen)::bigint AS fen
        FROM allocations WHERE contract IN (SELECT id FROM wanted) GROUP BY 1, 2, 3, 4
    ), decided AS (
        SELECT r.contract, r.month, m.price, m.policy, m.matched_fen, m.extra_fen,
               m.extra_over_fen, m.closed_fen
        FROM matches m JOIN reconciliations r ON r.id = m.reconciliation
        WHERE r.contract IN (SELECT id FROM wanted)
    )
    SELECT contract, month, price, policy, w.kind,
           coalesce(metered.fen, 0) AS metered_fen, coalesce(invoiced.fen, 0) AS invoiced_fen,
           coalesce(decided.matched_fen, 0) AS matched_fen,
           greatest(least(decided.extra_fen, decided.extra_over_fen + decided.extra_fen
                                             - coalesce(metered.fen, 0)), 0) AS extra_fen,
           coalesce(decided.closed_fen, 0) AS closed_fen
    FROM metered
    FULL JOIN invoiced USING (contract, month, price, policy)
    FULL JOIN decided USING (contract, month, price, policy)
    JOIN wanted w ON w.id = contract
    WHERE (CAST(:month AS date) IS NULL OR month = :month)
    ORDER BY contract, month, price, policy
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
    return [Cell(**row) for row in rows.mappings()]
