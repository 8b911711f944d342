"""The flow of paid money: indicator, clause, project, centre.

A payout goes to a project's payee for matched cost; a project with several centres is shown with
each centre's part of its matched cost, exact to the fen in sum.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import text
from sqlmodel import Session

from ledger.charging.queries.cells import cells
from ledger.units import Fen

_PAID = text("""
    SELECT i.number || ' / ' || i.year AS indicator, v.clause, p.id AS project, p.name, p.code,
           sum(n.paid_fen)::bigint AS fen
    FROM payment_lines n JOIN payment_lists l ON l.id = n.list_id
    JOIN indicators i ON i.id = l.indicator_id JOIN vouchers v ON v.id = n.voucher_id
    JOIN projects p ON p.id = v.project_id
    WHERE n.paid_fen > 0
    GROUP BY i.id, v.clause, p.id ORDER BY i.year, i.number, v.clause, p.id
""")
_CENTRES = text("""
    SELECT k.id, c.name FROM contracts k JOIN centres c ON c.id = k.centre_id
    WHERE k.project_id = ANY(:projects)
""")


@dataclass(frozen=True)
class Way:
    """The fen that went this way; `centre` is "" if no cost is matched any more."""

    indicator: str
    clause: str
    project: str
    centre: str
    fen: Fen
    code: str  # the project's


def ways(db: Session) -> list[Way]:
    """Return every way of the money, in a fixed order."""
    rows = db.execute(_PAID).all()
    matched = _matched(db, sorted({row.project for row in rows}))
    return [
        Way(row.indicator, row.clause, row.name, centre, fen, row.code)
        for row in rows
        for centre, fen in split(row.fen, matched.get(row.project) or {"": 1}).items()
        if fen
    ]


def split(fen: Fen, weights: Mapping[str, int]) -> dict[str, Fen]:
    """Split `fen` by weights, not all zero; the parts add up exactly."""
    whole, before, parts = sum(weights.values()), 0, {}
    for name, weight in weights.items():
        parts[name] = fen * (before + weight) // whole - fen * before // whole
        before += weight
    return parts


def _matched(db: Session, projects: list[int]) -> dict[int, dict[str, Fen]]:
    """Return matched cost by project and centre, fen."""
    names = {row.id: row.name for row in db.execute(_CENTRES, {"projects": projects})}
    by_project: dict[int, dict[str, Fen]] = {}
    for project in projects:
        by_centre: dict[str, Fen] = {}
        for cell in cells(db, projects=[project]):
            centre = names[cell.contract]
            by_centre[centre] = by_centre.get(centre, 0) + cell.counted_fen
        by_project[project] = {name: fen for name, fen in sorted(by_centre.items()) if fen}
    return by_project
