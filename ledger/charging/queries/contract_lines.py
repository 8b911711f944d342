"""Read the contract lines of projects, and the items of their bills.

Usage comes from day totals, delivery from coverage; `rules/billing.py` shares usage among lines.
Everything is read from the first day on.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from ledger.charging.rules.billing import Item, bill
from ledger.charging.rules.delivery import DevicePresence
from ledger.metering.queries import usage
from ledger.metering.queries.jobs import sessions
from ledger.registry.rules.price_lines import price_line
from ledger.registry.rules.pricing import PriceLine, Usage

_LINES = text("""
    SELECT p.id, p.contract_id AS contract, k.project_id AS project, k.centre_id AS centre,
           p.model_id AS model, p.mig_profile,
           lower(p.valid * k.valid) AS since, upper(p.valid * k.valid) AS until,
           p.unit, p.yuan, p.gpus, p.hours, p.tax_included, p.tax_rate, p.kind, p.partition, p.qos,
           p.market, p.name, p.rounding, p.session_price,
           cardinality(p.devices) AS devices, p.quantity, p.expires, p.counts
    FROM prices p JOIN contracts k ON k.id = p.contract_id
    WHERE k.project_id = ANY(:projects) AND p.superseded_at IS NULL
        AND NOT isempty(p.valid * k.valid)
    ORDER BY p.id
""")

# A named holder that is not bound to the project is somebody else, whoever it is. Devices that
# nobody else held are summed by day here: of a year of hundreds of devices they are nearly all.
_PRESENCE = text("""
    WITH reserved AS MATERIALIZED (
        SELECT price_id, gpu, project_id, centre_id, valid FROM reserved_devices
        WHERE project_id = ANY(:projects)
    ), foreigners AS MATERIALIZED (
        SELECT t.gpu, t.day, t.cluster_id, t.source, t.den, sum(t.held) AS held
        FROM reserved r
        JOIN day_use t ON t.gpu = r.gpu AND r.valid @> t.day
        LEFT JOIN bindings b ON b.cluster_id = t.cluster_id AND b.holder_kind = t.holder_kind
            AND b.holder = t.holder AND b.project_id = r.project_id
            AND b.valid @> t.day AND b.superseded_at IS NULL
        WHERE t.holder_kind IN ('pod', 'slurm', 'static', 'label', 'owner') AND b.id IS NULL
        GROUP BY t.gpu, t.day, t.cluster_id, t.source, t.den HAVING sum(t.held) > 0
    )
    SELECT r.price_id AS price, v.day, v.source, f.gpu, f.cluster_id AS cluster, f.den, f.held,
           sum(v.window_ms - v.gap_ms)::bigint AS seen_ms, sum(v.gap_ms)::bigint AS gap_ms
    FROM reserved r
    JOIN coverage v ON v.gpu = r.gpu AND r.valid @> v.day
    JOIN clusters c ON c.id = v.cluster_id AND c.centre_id = r.centre_id
    JOIN billing_sources s ON s.cluster_id = v.cluster_id AND s.source = v.source
        AND s.valid @> v.day AND s.superseded_at IS NULL
    LEFT JOIN foreigners f ON (f.gpu, f.day, f.cluster_id, f.source)
        = (v.gpu, v.day, v.cluster_id, v.source)
    GROUP BY r.price_id, v.day, v.source, f.gpu, f.cluster_id, f.den, f.held
    ORDER BY r.price_id, v.day, f.gpu, f.cluster_id
""")


def price_lines(db: Session, projects: Sequence[int]) -> list[PriceLine]:
    """Return the current lines of these projects' contracts, within the contracts' terms."""
    rows = db.execute(_LINES, {"projects": list(projects)})
    return [price_line(row, row.since, row.until) for row in rows]


def catalogue(db: Session) -> dict[tuple[str, str], int]:
    """(NVML name, MIG profile) → catalogue model."""
    rows = db.execute(text("SELECT nvml_name, mig_profile, model_id AS model FROM catalogue_names"))
    return {(r.nvml_name, r.mig_profile): r.model for r in rows}


def device_presence(db: Session, projects: Sequence[int]) -> list[DevicePresence]:
    """Return the presence of devices reserved for these projects, by day."""
    by_key: dict[tuple[Any, ...], DevicePresence] = {}
    for r in db.execute(_PRESENCE, {"projects": list(projects)}):
        key = (r.price, r.day, r.source, r.gpu, r.cluster)
        foreign = Fraction(int(r.held), r.den) if r.den else Fraction(0)
        if key in by_key:  # its slices have several denominators
            foreign += by_key[key].foreign_ms
        by_key[key] = DevicePresence(r.price, r.day, r.source, r.seen_ms, r.gap_ms, foreign)
    return list(by_key.values())


def bill_items(db: Session, projects: Sequence[int], today: date) -> list[Item]:
    """Return all items of these projects' bills up to a Beijing day.

    Usage is told by session where a line rounds sessions.
    """
    lines = price_lines(db, projects)
    rounding_projects = _rounding(lines)
    rest = [project for project in projects if project not in rounding_projects]
    usage_rows = usage.owned_usage(db, rest) if rest else []
    if rounding_projects:
        usage_rows += sessions.session_usage(db, sorted(rounding_projects))
    return _bill(db, usage_rows, lines, today)


def bill_items_between(db: Session, project: int, since: date, until: date) -> list[Item]:
    """Return a project's bill items from `since` until before `until`, and earlier ones.

    Usage is told by device, holder and source; from the first day on where there are packages, or
    a line rounds sessions.
    """
    lines = price_lines(db, [project])
    if _rounding(lines):
        usage_rows = sessions.session_usage(db, [project], until=until)
    else:
        first = None if any(line.kind == "package" for line in lines) else since
        usage_rows = usage.owned_usage(db, [project], since=first, until=until, in_detail=[project])
    return _bill(db, usage_rows, lines, until - timedelta(days=1))


def _rounding(lines: Sequence[PriceLine]) -> set[int]:
    """Return the projects whose contracts round what is used."""
    return {line.project for line in lines if line.rounding != "ms"}


def _bill(
    db: Session, usage_rows: Sequence[Usage], lines: Sequence[PriceLine], today: date
) -> list[Item]:
    reserving_projects = {line.project for line in lines if line.kind == "reserved"}
    presence = device_presence(db, list(reserving_projects)) if reserving_projects else []
    return bill(usage_rows, lines, catalogue(db), presence, today)
