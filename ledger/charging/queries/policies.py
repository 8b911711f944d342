"""Read the policy versions under which a project's usage is charged."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlmodel import Session

from ledger.charging.rules.segments import Span

# A voucher was opened under one version or several, and is valid on its own days; its rate under a
# version may change. Of versions that are in force on one day the one that came into force last
# counts.
_POLICIES = text("""
    SELECT v.project_id AS project, n.label, lower(d.days) AS since, upper(d.days) AS until
    FROM vouchers v JOIN voucher_rate_days n ON n.voucher_id = v.id
    JOIN clauses c ON (c.policy, c.clause) = (n.policy, n.clause)
    LEFT JOIN LATERAL (SELECT e.until FROM policy_ends e WHERE e.policy = c.policy
                       ORDER BY e.decision_id DESC LIMIT 1) e ON true
    CROSS JOIN LATERAL (
        SELECT c.effective * v.valid * n.days * daterange(NULL, e.until) AS days
    ) d
    WHERE v.project_id = ANY(:projects) AND NOT lower_inf(c.effective) AND NOT isempty(d.days)
    ORDER BY v.project_id, lower(c.effective) DESC, c.policy, lower(d.days)
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
