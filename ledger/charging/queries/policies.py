"""Read the policy versions under which a project's usage is charged."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlmodel import Session

from ledger.charging.rules.segments import Span

# Of versions that are in force on one day the one that came into force last counts.
_POLICIES = text("""
    SELECT project_id AS project, label, lower(days) AS since, upper(days) AS until
    FROM voucher_spans WHERE project_id = ANY(:projects)
    ORDER BY project_id, in_force DESC, policy, lower(days)
""")


def policies(db: Session, projects: Sequence[int]) -> dict[int, list[Span]]:
    """Return the versions of each project's voucher with their days, the newest first.

    Where a voucher's rate under a version is another than at its opening, the version is named with
    that rate.
    """
    spans: dict[int, list[Span]] = {}
    for row in db.execute(_POLICIES, {"projects": list(projects)}):
        spans.setdefault(row.project, []).append((row.label, row.since, row.until))
    return spans
