"""Read usage: owned by projects, owned by nobody, unpriced; by day and by window.

Usage is what the day's billing source of a cluster measured, bound to a project by the day's
binding. It is read from day totals, less what a witness contradicts, down to the windows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import TextClause, text
from sqlmodel import Session

from ledger.formats.json.exact import Exact
from ledger.registry.rules.pricing import Usage
from ledger.units import midnight

DAY_USE = ("day_totals", "use_corrections")
"""What `day_use` adds up. Who joins it with much else does so with each for itself: of the columns
of a union the planner knows nothing, expects one row and loops."""


def on_day(valid: str) -> str:
    """Say `valid @> t.day`, so that the planner expects a third of the days, not a 200th."""
    return (
        f"t.day >= coalesce(lower({valid}), '-infinity')"
        f" AND t.day < coalesce(upper({valid}), 'infinity')"
    )


_JOINS = f"""
    JOIN clusters c ON c.id = t.cluster_id
    JOIN billing_sources s ON s.cluster_id = t.cluster_id AND s.source = t.source
        AND {on_day("s.valid")} AND s.superseded_at IS NULL
    LEFT JOIN bindings b ON b.cluster_id = t.cluster_id AND b.holder_kind = t.holder_kind
        AND b.holder = t.holder AND {on_day("b.valid")} AND b.superseded_at IS NULL
"""
_BILLED_USAGE = f"FROM day_use t {_JOINS}"

_RESERVING_PROJECTS = text(
    "SELECT DISTINCT project_id FROM reserved_devices WHERE project_id = ANY(:projects)"
)

_UNOWNED = text(f"""
    SELECT u.cluster, u.holder_kind, u.holder, min(u.first) AS first, max(u.last) AS last,
           array_agg(u.held) AS held, array_agg(u.den) AS dens
    FROM (SELECT c.name AS cluster, t.holder_kind, t.holder, min(t.day) AS first,
                 max(t.day) AS last, t.den, sum(t.held) AS held
          {_BILLED_USAGE}
          WHERE b.project_id IS NULL AND t.holder_kind <> 'unallocated'
              AND (CAST(:centre AS bigint) IS NULL OR c.centre_id = :centre)
          GROUP BY c.name, t.holder_kind, t.holder, t.den HAVING sum(t.held) > 0) u
    GROUP BY u.cluster, u.holder_kind, u.holder ORDER BY u.cluster, u.holder_kind, u.holder
    LIMIT CAST(:limit AS bigint) OFFSET :offset
""")

_PARTS = text("""
    SELECT w.gpu, w.start, w.stream, w.number, w.from_ms, w.to_ms, w.num, w.den, w.mig_profile,
           w.util_ppm, w.incident_id, concat_ws('/', w.holder, w.detail) AS holder
    FROM part_use(:gpus, :low, :high) w
    JOIN billing_sources s ON s.cluster_id = w.cluster_id AND s.source = w.source
        AND s.valid @> :day AND s.superseded_at IS NULL
    JOIN bindings b ON b.cluster_id = w.cluster_id AND b.project_id = :project
        AND b.valid @> :day AND b.superseded_at IS NULL
        AND b.holder_kind = w.holder_kind AND b.holder = w.holder
    ORDER BY w.start, w.gpu, w.place, w.from_ms LIMIT :limit
""")

_GPUS_OF_DAY = text(f"""
    SELECT DISTINCT t.gpu {_BILLED_USAGE} WHERE b.project_id = :project AND t.day = :day
""")


@dataclass(frozen=True)
class Unowned:
    """Usage without a binding: holder, place, first and last day."""

    cluster: str
    holder_kind: str
    holder: str
    first: date
    last: date
    device_ms: Fraction


@dataclass(frozen=True)
class WindowPart:
    """A part of a kept window that belongs to a project, with its batch.

    `device_ms` is held_ms × num / den. An accepted gap is of no batch, but of an incident.
    """

    gpu: str
    start: datetime
    holder: str
    from_ms: int
    to_ms: int
    num: int
    den: int
    device_ms: Exact
    mig_profile: str
    util_ppm: int | None
    stream: str | None
    number: int | None
    incident: int | None


def owned_usage(
    db: Session,
    projects: Sequence[int],
    *,
    since: date | None = None,
    until: date | None = None,
    in_detail: Iterable[int] = (),
) -> list[Usage]:
    """Return billed usage of these projects by day, from `since` until before `until`.

    Of the projects `in_detail` also by device, holder and source.
    """
    project_ids, detailed = set(projects), set(in_detail)
    with_reservation = (
        set(db.scalars(_RESERVING_PROJECTS, {"projects": list(project_ids)})) - detailed
    )
    usage_by_key: dict[tuple[Any, ...], Usage] = {}
    for query, part in (
        (_owned_query(), project_ids - with_reservation - detailed),
        (_owned_query(reserved=True), project_ids & with_reservation),
        (_owned_query(reserved=True, in_detail=True), project_ids & detailed),
    ):
        params = {"projects": list(part), "since": since, "until": until}
        for r in db.execute(query, params) if part else ():
            key = (r.project, r.centre, r.model, r.mig_profile, r.day)
            detail = (r.partition, r.qos, r.market, r.device, r.holder, r.source, r.covered)
            old = usage_by_key.get((*key, *detail, r.contract))
            usage_by_key[*key, *detail, r.contract] = Usage(
                *key,
                (old.device_ms if old else Fraction(0)) + Fraction(int(r.held), r.den),
                (old.util_ppm_ms if old else 0) + int(r.util_ppm_ms),
                (old.util_ms if old else 0) + int(r.util_ms),
                *detail,
                contract=r.contract,
            )
    return list(usage_by_key.values())


def _owned_query(*, reserved: bool = False, in_detail: bool = False) -> TextClause:
    """Build the query; `reserved` joins devices: all read first, for one by one takes long."""
    line, join, devices = "NULL::bigint", "", ""
    if reserved:
        line = "r.price_id"
        devices = """WITH reserved AS MATERIALIZED (
            SELECT * FROM reserved_devices WHERE project_id = ANY(:projects))"""
        join = f"""LEFT JOIN reserved r ON r.gpu = t.gpu AND {on_day("r.valid")}
            AND r.project_id = b.project_id AND r.centre_id = c.centre_id"""
    keys = ["b.project_id", "t.day", "c.centre_id", "t.model", "t.mig_profile"]
    keys += ["t.partition", "t.qos", "b.market", "b.contract_id"]
    detail = ["''", "''", "''"]
    if in_detail:
        detail = ["t.gpu", "concat_ws('/', c.name, t.holder_kind, t.holder)", "t.source"]
        keys += detail
    keys += ["r.price_id"] if reserved else []
    group_by = ", ".join([*keys, "t.den"])
    device, holder, source = detail
    summed = "sum(t.held) AS held, sum(t.util_ppm_ms) AS util_ppm_ms, sum(t.util_ms) AS util_ms"
    parts = " UNION ALL ".join(
        f"""
        SELECT b.project_id AS project, t.day, c.centre_id AS centre, t.model, t.mig_profile,
               t.partition, t.qos, b.market,
               {device} AS device, {holder} AS holder, {source} AS source, {line} AS covered,
               b.contract_id AS contract, t.den, {summed}
        FROM {table} t {_JOINS} {join}
        WHERE b.project_id = ANY(:projects)
            AND t.day >= coalesce(:since, '-infinity'::date)
            AND t.day < coalesce(:until, 'infinity'::date)
        GROUP BY {group_by}"""
        for table in DAY_USE
    )
    names = """project, day, centre, model, mig_profile, partition, qos, market, contract,
        device, holder, source, covered, den"""
    return text(f"""
        {devices}
        SELECT {names}, {summed} FROM ({parts}) t
        GROUP BY {names} HAVING sum(t.held) > 0 ORDER BY {names}
    """)


def unowned(
    db: Session, centre: int | None = None, *, limit: int | None = None, offset: int = 0
) -> list[Unowned]:
    """Return billed usage without an owner, by holder, of one centre or of all."""
    values = {"centre": centre, "limit": limit, "offset": offset}
    return [
        Unowned(
            r.cluster,
            r.holder_kind,
            r.holder,
            first=r.first,
            last=r.last,
            device_ms=sum(map(Fraction, map(int, r.held), r.dens), Fraction(0)),
        )
        for r in db.execute(_UNOWNED, values)
    ]


def totals(usage: Iterable[Usage]) -> dict[int, Fraction]:
    """Sum device-milliseconds by project, exactly."""
    sums: dict[int, Fraction] = {}
    for item in usage:
        sums[item.project] = sums.get(item.project, Fraction(0)) + item.device_ms
    return sums


def windows_of_day(
    db: Session, project: int, day: date, *, limit: int, offset: int = 0
) -> list[WindowPart]:
    """Return the parts of windows that make up a project's usage of one day, in order.

    All of them together are exactly the day's usage. `limit` and `offset` count parts. Hours are
    read one after the other, as many as it takes: windows of a day may be very many.
    """
    gpus = [r.gpu for r in db.execute(_GPUS_OF_DAY, {"project": project, "day": day})]
    if not gpus:  # also of a day at the calendar's end, which has no next midnight
        return []
    parts: list[WindowPart] = []
    for low in (midnight(day) + timedelta(hours=hour) for hour in range(24)):
        most = offset + limit - len(parts)
        if most == 0:
            break
        span = {"low": low, "high": low + timedelta(hours=1)}
        values = {"project": project, "day": day, "gpus": gpus, "limit": most, **span}
        rows = db.execute(_PARTS, values).all()
        parts += [_part(row) for row in rows[offset:]]
        offset = max(offset - len(rows), 0)
    return parts


def _part(row: Any) -> WindowPart:  # noqa: ANN401
    return WindowPart(
        gpu=row.gpu,
        start=row.start,
        holder=row.holder,
        from_ms=row.from_ms,
        to_ms=row.to_ms,
        num=row.num,
        den=row.den,
        device_ms=Fraction((row.to_ms - row.from_ms) * row.num, row.den),
        mig_profile=row.mig_profile,
        util_ppm=row.util_ppm,
        stream=str(row.stream) if row.stream else None,
        number=row.number,
        incident=row.incident_id,
    )
