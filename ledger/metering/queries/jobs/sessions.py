"""Read the sessions of projects, whose contracts round them.

Stretches are made of a day's windows once, and again when more windows of the day have come; only
for projects that ask for it. All of a project's stretches together are exactly its usage.
"""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from itertools import groupby
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from ledger.metering.queries.usage import on_day
from ledger.metering.rules.sessions import Stretch, session_numbers
from ledger.registry.rules.pricing import Usage

_STALE = text(f"""
    SELECT DISTINCT t.day, t.gpu
    FROM day_use t
    JOIN billing_sources s ON s.cluster_id = t.cluster_id AND s.source = t.source
        AND {on_day("s.valid")} AND s.superseded_at IS NULL
    JOIN bindings b ON b.cluster_id = t.cluster_id AND b.holder_kind = t.holder_kind
        AND b.holder = t.holder AND {on_day("b.valid")} AND b.superseded_at IS NULL
    JOIN coverage v ON (v.gpu, v.day, v.cluster_id, v.source)
        = (t.gpu, t.day, t.cluster_id, t.source)
    LEFT JOIN stretch_days k ON (k.gpu, k.day, k.cluster_id, k.source)
        = (t.gpu, t.day, t.cluster_id, t.source)
    WHERE b.project_id = ANY(:projects) AND k.windows IS DISTINCT FROM v.windows
    ORDER BY t.day, t.gpu
""")
_KEEP = text("SELECT keep_stretches(:day, :gpus)")

_USAGE = text(f"""
    WITH reserved AS MATERIALIZED (
        SELECT * FROM reserved_devices WHERE project_id = ANY(:projects)
    )
    SELECT b.project_id AS project, c.centre_id AS centre, t.model, t.mig_profile, t.day,
           t.partition, t.qos, b.market, b.contract_id AS contract, t.gpu, t.source,
           r.price_id AS reserved,
           concat_ws('/', c.name, t.holder_kind, t.holder) AS holder,
           t.device, t.instance, t.is_told, t.begins_ms, t.ends_ms, t.is_first, t.is_last,
           t.den, t.held, t.util_ppm_ms, t.util_ms
    FROM stretch_use t
    JOIN clusters c ON c.id = t.cluster_id
    JOIN billing_sources s ON s.cluster_id = t.cluster_id AND s.source = t.source
        AND {on_day("s.valid")} AND s.superseded_at IS NULL
    JOIN bindings b ON b.cluster_id = t.cluster_id AND b.holder_kind = t.holder_kind
        AND b.holder = t.holder AND {on_day("b.valid")} AND b.superseded_at IS NULL
    LEFT JOIN reserved r ON r.gpu = t.gpu AND {on_day("r.valid")}
        AND r.project_id = b.project_id AND r.centre_id = c.centre_id
    WHERE b.project_id = ANY(:projects) AND t.day < coalesce(:until, 'infinity'::date)
    ORDER BY t.gpu, t.device, holder, t.instance, t.source, t.day, t.begins_ms, t.id
""")


def keep_stretches(db: Session, projects: Sequence[int]) -> None:
    """Read the days of these projects' devices again from which windows are missing."""
    rows = db.execute(_STALE, {"projects": list(projects)}).all()
    for day, of_day in groupby(rows, key=lambda row: row.day):
        db.execute(_KEEP, {"day": day, "gpus": [row.gpu for row in of_day]})


def session_usage(
    db: Session, projects: Sequence[int], *, until: date | None = None
) -> list[Usage]:
    """Return the billed usage of these projects by day and session, until before a day."""
    keep_stretches(db, projects)
    rows = db.execute(_USAGE, {"projects": list(projects), "until": until}).all()
    numbers = session_numbers(_stretch(row) for row in rows)
    return [_usage(row, number) for row, number in zip(rows, numbers, strict=True)]


def _stretch(row: Any) -> Stretch:  # noqa: ANN401 - a row
    return Stretch(
        (row.gpu, row.device, row.holder, row.instance, row.source),
        row.day, row.begins_ms, row.ends_ms, row.is_first, row.is_last, row.is_told,
    )  # fmt: skip


def _usage(row: Any, number: int) -> Usage:  # noqa: ANN401 - a row
    return Usage(
        project=row.project,
        centre=row.centre,
        nvml_name=row.model,
        mig_profile=row.mig_profile,
        day=row.day,
        device_ms=Fraction(row.held, row.den),
        util_ppm_ms=int(row.util_ppm_ms),
        util_ms=row.util_ms,
        partition=row.partition,
        qos=row.qos,
        market=row.market,
        device=row.gpu,
        holder=row.holder,
        source=row.source,
        session=number,
        reserved_line=row.reserved,
        contract=row.contract,
    )
