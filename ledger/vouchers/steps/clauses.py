"""Load the clauses that issue vouchers into the database.

The owner does it when the database is upgraded; the application may only read. A clause of a
published version never changes, because vouchers were issued under it: an existing row must promise
the same, term by term.
"""

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session

from ledger.errors import Unusable
from ledger.policy.text import published
from ledger.policy.text.clauses import Clause as Rule
from ledger.policy.text.clauses import Policy
from ledger.postgres.database import UPGRADE_LOCK
from ledger.vouchers.tables import Clause, ClauseRate


def load_policies(db: Connection | Session) -> None:
    """Write every clause of every version in `ledger/policies` into `clauses`, as owner.

    Raises:
        Unusable: a clause was changed after its version had been published.
        Refused: a policy file contradicts itself.
    """
    db.execute(select(func.pg_advisory_xact_lock(UPGRADE_LOCK)))  # one at a time
    table = Clause.__table__  # type: ignore[attr-defined]
    rows = {(row.policy, row.clause): row for row in db.execute(select(table))}
    for version in published.versions():
        policy = published.load(version)
        for rule in policy.clauses:
            if not rule.voucher:
                continue
            columns, before = _columns(policy, rule), rows.get((version, rule.id))
            if before is None:
                db.execute(insert(Clause).values(columns))
            elif any(getattr(before, name) != value for name, value in columns.items()):
                raise Unusable("policy_changed", policy=version, clause=rule.id)
            if before is None and rule.amount.rate_cases:
                db.execute(insert(ClauseRate).values(_rates(policy, rule)))


def _rates(policy: Policy, rule: Rule) -> list[dict[str, object]]:
    return [
        {
            "policy": policy.version,
            "clause": rule.id,
            "place": place,
            "rate_num": case.rate.numerator,
            "rate_den": case.rate.denominator,
            "words": case.words,
        }
        for place, case in enumerate(rule.amount.rate_cases)
    ]


def _columns(policy: Policy, rule: Rule) -> dict[str, object]:
    span, rate, cap = policy.effective.span, rule.amount.rate, rule.amount.cap
    assert rate is not None  # noqa: S101 - it issues vouchers
    assert cap is not None  # noqa: S101
    return {
        "policy": policy.version,
        "clause": rule.id,
        "digest": published.digest(policy, rule),
        "rate_num": rate.numerator,
        "rate_den": rate.denominator,
        "cap_fen": cap.fen,
        "year_cap_fen": rule.amount.cap_per_year and rule.amount.cap_per_year.fen,
        "publication_days": policy.process.publication_days,
        "effective": span and Range(span.start, span.end),
        "complete": policy.is_complete(rule),
    }
