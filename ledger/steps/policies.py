"""Put the clauses that issue vouchers where the books can hold vouchers to them.

The owner does it when the database is upgraded; the application may only read. A clause of a
published version never changes, because vouchers were issued under it. So what is there already
must say the same, to the letter; another wording is another version.
"""

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session, col

from ledger.books.db import UPGRADE_LOCK
from ledger.errors import Unusable
from ledger.rules import policy as policies
from ledger.rules.clauses import Clause as Rule
from ledger.rules.clauses import Policy
from ledger.tables.vouchers import Clause


def load_policies(db: Connection | Session) -> None:
    """Write every clause of every version in `ledger/policies` into `clauses`, as its owner.

    Raises:
        Unusable: a clause was changed after its version had been published.
        Refused: a policy file contradicts itself.
    """
    db.execute(select(func.pg_advisory_xact_lock(UPGRADE_LOCK)))  # one at a time
    rows = db.execute(select(col(Clause.policy), col(Clause.clause), col(Clause.digest)))
    known = {(row.policy, row.clause): row.digest for row in rows}
    for version in policies.versions():
        policy = policies.load(version)
        for rule in policy.clauses:
            digest = policies.digest(policy, rule)
            before = known.get((version, rule.id))
            if before is None:
                db.execute(insert(Clause).values(_columns(policy, rule) | {"digest": digest}))
            elif before != digest:
                raise Unusable("policy_changed", policy=version, clause=rule.id)


def _columns(policy: Policy, rule: Rule) -> dict[str, object]:
    span, rate = policy.effective.span, rule.amount.rate
    return {
        "policy": policy.version,
        "clause": rule.id,
        "rate_num": rate.numerator,
        "rate_den": rate.denominator,
        "cap_fen": rule.amount.cap.fen,
        "effective": span and Range(span.start, span.end),
        "payable": policy.payable(rule),
    }
