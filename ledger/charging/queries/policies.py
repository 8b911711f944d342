"""Read the policy version under which a project's usage is charged."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import text
from sqlmodel import Session

_POLICIES = text("""
    SELECT v.project, v.policy, lower(c.effective) AS since, upper(c.effective) AS until
    FROM vouchers v JOIN clauses c USING (policy, clause)
    WHERE v.project = ANY(:projects) AND NOT lower_inf(c.effective)
""")


def policies(db: Session, projects: Sequence[int]) -> dict[int, tuple[str, date, date | None]]:
    """Return the policy version of each project's voucher, with its days in force."""
    rows = db.execute(_POLICIES, {"projects": list(projects)})
    return {row.project: (row.policy, row.since, row.until) for row in rows}
