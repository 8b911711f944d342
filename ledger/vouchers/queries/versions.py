"""Policy versions: which promise vouchers, and which two persons have made payable."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlmodel import Session

from ledger.vouchers.codes import VersionState

_VERSIONS = text("""
    SELECT c.policy, array_agg(c.clause ORDER BY c.clause) AS clauses,
           min(lower(c.effective)) AS since,
           coalesce((SELECT e.until FROM policy_ends e WHERE e.policy = c.policy
                     ORDER BY e.decision_id DESC LIMIT 1), max(upper(c.effective))) AS until,
           CASE WHEN NOT bool_or(c.complete) THEN 'incomplete'
                WHEN bool_and(p.clause IS NOT NULL OR NOT c.complete) THEN 'payable'
                WHEN o.id IS NOT NULL THEN 'proposed' ELSE 'known' END AS state,
           coalesce(o.id, (SELECT max(v.decision_id) FROM payable_versions v
                           WHERE v.policy = c.policy)) AS decision
    FROM clauses c LEFT JOIN payable_clauses p USING (policy, clause)
    LEFT JOIN decisions o ON o.kind = 'policy_payable' AND o.subject = c.policy AND o.answer IS NULL
    GROUP BY c.policy, o.id ORDER BY min(lower(c.effective)) DESC NULLS LAST, c.policy
""")


@dataclass(frozen=True)
class Version:
    """A policy version that promises vouchers; `until` is the first day after its last.

    `decision` is the one that made it payable, or that waits for another person.
    """

    policy: str
    clauses: tuple[str, ...]
    since: date | None
    until: date | None
    state: VersionState
    decision: int | None


def versions(db: Session) -> list[Version]:
    """Return the policy versions that promise vouchers, the newest first."""
    return [
        Version(
            row.policy,
            tuple(row.clauses),
            row.since,
            row.until,
            VersionState(row.state),
            row.decision,
        )
        for row in db.execute(_VERSIONS)
    ]
