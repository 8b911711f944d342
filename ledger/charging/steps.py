"""Charge: compute what each project owes each centre, by month, from day totals.

Nothing is incremental: every charge is computed again from all its usage, as far as no witness
contradicts it, under the current bindings and contract lines, and the table is updated to the
result. A charge without usage (a
binding was corrected) is deleted. Documents and decisions are about the cells of a contract's
month, so they need not follow when a contract line is stated anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from ledger.charging.queries import contract_lines
from ledger.charging.queries.policies import policies
from ledger.charging.rules.billing import owed_items
from ledger.charging.rules.charges import ChargeKey, ChargeSum, charges
from ledger.charging.tables import Charge
from ledger.metering.queries.witnesses.evidence import keep_evidence
from ledger.registry.rules.pricing import UnpricedUsage
from ledger.registry.tables import Contract, Project
from ledger.units import beijing_day

_ROUND = text("""
    INSERT INTO rounds (finished_at, took_ms, unpriced_ms) VALUES (:now, :took_ms, :unpriced_ms)
    ON CONFLICT (is_last) DO UPDATE SET finished_at = excluded.finished_at,
        took_ms = excluded.took_ms, unpriced_ms = excluded.unpriced_ms
""")


@dataclass(frozen=True)
class ChargeResult:
    """How many charges changed, how many pieces of usage have no price, and their device-ms."""

    changed: int
    unpriced: int
    unpriced_ms: Fraction


def charge(db: Session, now: datetime, projects: Sequence[int] | None = None) -> ChargeResult:
    """Update the charges of these projects (None: of all)."""
    lock_charges(db)
    keep_evidence(db)
    project_ids = list(projects) if projects is not None else _all_projects(db)
    items = contract_lines.bill_items(db, project_ids, beijing_day(now))
    target = charges(owed_items(items), policies(db, project_ids))
    unpriced = [item.usage.device_ms for item in items if isinstance(item, UnpricedUsage)]
    count = _replace(db, project_ids, target, now)
    return ChargeResult(count, len(unpriced), sum(unpriced, Fraction(0)))


def lock_charges(db: Session) -> None:
    """Keep others from charging until the transaction ends; before any book is locked."""
    db.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('suanquan.charge', 0))"))


def record_round(db: Session, now: datetime, took_ms: int, unpriced_ms: Fraction) -> None:
    """Say when the last round of pricing and accruing ended, and what it found without a price."""
    values = {"now": now, "took_ms": took_ms, "unpriced_ms": round(unpriced_ms)}
    db.execute(_ROUND, values)


def _all_projects(db: Session) -> list[int]:
    return [key for key in db.exec(select(Project.id)) if key is not None]


def _replace(
    db: Session, projects: Sequence[int], target: dict[ChargeKey, ChargeSum], now: datetime
) -> int:
    rows = {_key(row): row for row in db.exec(_charges_of(projects))}
    obsolete = rows.keys() - target.keys()
    for key in obsolete:
        db.delete(rows[key])
    updates = {k: total for k, total in target.items() if not _agrees(rows.get(k), total)}
    for key, total in updates.items():
        num, den = total.device_ms.as_integer_ratio()
        figures: dict[str, Any] = {
            "ms_num": Decimal(num),
            "ms_den": Decimal(den),
            "cost_fen": total.cost_fen,
            "promised_ms": total.promised_ms,
            "computed_at": now,
        }
        if key in rows:
            rows[key].sqlmodel_update(figures)
        else:
            db.add(
                Charge(
                    contract_id=key.contract, price_id=key.price, month=key.month,
                    policy=key.policy, model_id=key.model, mig_profile=key.mig_profile, **figures,
                )
            )  # fmt: skip
    db.flush()
    return len(obsolete) + len(updates)


def _charges_of(projects: Sequence[int]) -> SelectOfScalar[Charge]:
    contracts = select(Contract.id).where(col(Contract.project_id).in_(projects))
    return select(Charge).where(col(Charge.contract_id).in_(contracts))


def _key(row: Charge) -> ChargeKey:
    return ChargeKey(
        row.contract_id, row.price_id, row.month, row.policy, row.model_id, row.mig_profile
    )


def _agrees(row: Charge | None, total: ChargeSum) -> bool:
    return (
        row is not None
        and (row.cost_fen, row.promised_ms) == (total.cost_fen, total.promised_ms)
        and Fraction(int(row.ms_num), int(row.ms_den)) == total.device_ms
    )
