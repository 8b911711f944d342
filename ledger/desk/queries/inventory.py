"""What the agents see of GPUs beside what is registered: proposals for the registry, and doubts.

Windows that wait in quarantine because of where their GPU is, or that nobody registered it, are
grouped by GPU and place. What follows from the evidence alone is proposed as an entry of a registry
file; what does not is said and left to people.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

from ledger.desk.codes import InventoryState
from ledger.metering.codes import QuarantineReason
from ledger.registry.rules.peaks import peak_tflops
from ledger.units import beijing_day

KEPT = timedelta(days=30)
TOGETHER = timedelta(hours=1)
"""Two places that tell of a GPU within this time tell of it at once."""

_CLUSTERS = text("""
    SELECT k.id, k.name, k.centre_id, c.name AS centre, EXISTS (SELECT FROM agents a
        WHERE a.cluster_id = k.id AND a.source IN ('nvml', 'dcgm') AND a.approved_at IS NOT NULL
            AND a.revoked_at IS NULL) AS is_watched
    FROM clusters k JOIN centres c ON c.id = k.centre_id
    WHERE CAST(:centre AS bigint) IS NULL OR k.centre_id = :centre ORDER BY k.name
""")
_SIGHTINGS = text("""
    SELECT s.*, l.model FROM (
        SELECT q.gpu, q.cluster_id, q.node, min(q.start) AS first, max(q.start) AS last,
               count(*) AS windows, array_agg(DISTINCT q.reason) AS reasons,
               array_agg(DISTINCT q.source) AS sources,
               bool_or(a.approved_at IS NOT NULL AND a.revoked_at IS NULL) AS is_believed
        FROM quarantine q JOIN batches b ON (b.stream, b.number) = (q.stream, q.number)
        JOIN agents a ON a.id = b.agent_id
        WHERE q.cluster_id = ANY(:clusters) AND q.released_at IS NULL AND q.received_at >= :since
            AND q.reason = ANY(:reasons) AND NOT starts_with(q.gpu, 'job/') AND q.start <= :now
        GROUP BY q.gpu, q.cluster_id, q.node
    ) s CROSS JOIN LATERAL (
        SELECT body ->> 'model' AS model FROM quarantine
        WHERE (gpu, cluster_id, node, start) = (s.gpu, s.cluster_id, s.node, s.last) LIMIT 1
    ) l ORDER BY s.gpu, s.last DESC LIMIT 5000
""")
_RECORDS = text("""
    SELECT g.gpu, g.cluster_id, k.name AS cluster, k.centre_id, g.node, g.registered_from,
           g.retired_at, w.start AS newest, w.model, w.profiles, (
               SELECT array_agg(DISTINCT t.model) FROM day_totals t
               WHERE t.gpu = g.gpu AND t.day >= :day) AS models
    FROM gpus g JOIN clusters k ON k.id = g.cluster_id LEFT JOIN LATERAL (
        SELECT start, body ->> 'model' AS model,
               (SELECT array_agg(DISTINCT p -> 'mig' ->> 'profile')
                FROM jsonb_array_elements(body -> 'parts') p WHERE p ? 'mig') AS profiles
        FROM newest_window(g.gpu, :since)
    ) w ON true
    WHERE g.gpu = ANY(:gpus) OR g.cluster_id = ANY(:clusters) ORDER BY k.name, g.node, g.gpu
""")
_NAMES = text("SELECT nvml_name, mig_profile FROM catalogue_names")
_PLACE_REASONS = (
    QuarantineReason.UNKNOWN_GPU, QuarantineReason.OTHER_CLUSTER, QuarantineReason.OTHER_NODE,
    QuarantineReason.RETIRED, QuarantineReason.BEFORE_REGISTRATION,
)  # fmt: skip
# What one may confirm: an entry follows from what was seen.
CONFIRMABLE = frozenset({InventoryState.NEW, InventoryState.MOVED})


@dataclass(frozen=True)
class InventoryLine:
    """A GPU where the agents and the registry differ, or what is to be known of it.

    `entry` is what a registry file would state; None where people must find out first.
    `registry_place` is where the registry has it.
    """

    gpu: str
    cluster: str
    node: str
    state: InventoryState
    model: str | None
    first: datetime | None
    last: datetime | None
    windows: int
    registry_place: str | None
    entry: dict[str, str] | None


@dataclass(frozen=True)
class Scale:
    """A centre's registered GPUs, their peak FP16 as far as known, and the models without one."""

    centre: str
    gpus: int
    tflops: Fraction
    without_peak: dict[str, int]


@dataclass(frozen=True)
class Inventory:
    """The lines of some clusters, and the scale of their centres."""

    lines: Sequence[InventoryLine]
    scales: Sequence[Scale]


def inventory(db: Session, centre: int | None, now: datetime) -> Inventory:
    """Compare what the agents of a centre, or of all, see with the registry."""
    clusters = {row.id: row for row in db.execute(_CLUSTERS, {"centre": centre})}
    values = {"clusters": list(clusters), "since": now - KEPT, "now": now}
    sightings = db.execute(
        _SIGHTINGS, {**values, "reasons": [str(r) for r in _PLACE_REASONS]}
    ).all()
    values |= {"gpus": [row.gpu for row in sightings], "day": beijing_day(now - KEPT)}
    records = {row.gpu: row for row in db.execute(_RECORDS, values)}
    names = {(row.nvml_name, row.mig_profile) for row in db.execute(_NAMES)}
    own = [row for row in records.values() if _is_current(row, clusters, now)]
    lines = [
        *(_sighting(row, sightings, records.get(row.gpu), clusters) for row in sightings),
        *(line for row in own for line in _doubts(row, clusters, names, now)),
    ]
    return Inventory(lines, _scales(own, clusters))


def _is_current(row: Row[Any], clusters: dict[int, Row[Any]], now: datetime) -> bool:
    return row.cluster_id in clusters and (row.retired_at is None or row.retired_at > now)


def _sighting(
    row: Row[Any],
    sightings: Sequence[Row[Any]],
    record: Row[Any] | None,
    clusters: dict[int, Row[Any]],
) -> InventoryLine:
    """Say what windows in quarantine mean."""
    cluster = clusters[row.cluster_id]
    state = _state(row, sightings, record, cluster)
    is_placed = "dcgm" not in row.sources  # that agent tells of all nodes, and is on one of them
    entry = None
    if state in CONFIRMABLE and row.is_believed and is_placed:
        since = record.registered_from if record else row.first
        entry = {
            "gpu": row.gpu,
            "cluster": cluster.name,
            "node": row.node,
            "from": str(beijing_day(since)),
        }
        if record and record.retired_at:  # its last day is stated as it stands
            entry["until"] = str(beijing_day(record.retired_at - timedelta(microseconds=1)))
    registry_place = f"{record.cluster}/{record.node}" if record else None
    if state is InventoryState.OTHER_CENTRE:
        registry_place = None  # another centre's names are not told
    return InventoryLine(
        row.gpu, cluster.name, row.node, state, row.model, row.first, row.last, row.windows,
        registry_place, entry,
    )  # fmt: skip


def _state(
    row: Row[Any], sightings: Sequence[Row[Any]], record: Row[Any] | None, cluster: Row[Any]
) -> InventoryState:
    elsewhere = [
        sighting
        for sighting in sightings
        if sighting.gpu == row.gpu
        and (sighting.cluster_id, sighting.node) != (row.cluster_id, row.node)
    ]
    if any(abs(sighting.last - row.last) <= TOGETHER for sighting in elsewhere):
        return InventoryState.SEEN_TWICE
    return InventoryState.NEW if record is None else _beside(row, record, cluster)


def _beside(row: Row[Any], record: Row[Any], cluster: Row[Any]) -> InventoryState:
    """Say how what is seen stands to where the GPU is registered."""
    is_over = record.retired_at is not None and record.retired_at <= row.last
    is_here = (record.cluster_id, record.node) == (row.cluster_id, row.node)
    if record.centre_id != cluster.centre_id:
        return InventoryState.OTHER_CENTRE
    if is_over:
        return InventoryState.AFTER_RETIREMENT
    if is_here:
        return InventoryState.BEFORE_REGISTRATION
    is_there = record.newest is not None and record.newest >= row.last - TOGETHER
    return InventoryState.SEEN_TWICE if is_there else InventoryState.MOVED


def _doubts(
    row: Row[Any], clusters: dict[int, Row[Any]], names: set[tuple[str, str]], now: datetime
) -> Iterable[InventoryLine]:
    """Say what is to be known of a GPU that is registered."""
    states = []
    is_late = row.newest is None or row.newest < now - TOGETHER
    if is_late and clusters[row.cluster_id].is_watched and row.registered_from < now - TOGETHER:
        states.append(InventoryState.SILENT)
    if row.model is not None:
        if (row.model, "") not in names:
            states.append(InventoryState.UNKNOWN_MODEL)
        if any(model != row.model for model in row.models or ()):
            states.append(InventoryState.OTHER_MODEL)
        if any((row.model, profile) not in names for profile in row.profiles or ()):
            states.append(InventoryState.MIG_ON)
    for state in states:
        yield InventoryLine(
            row.gpu, row.cluster, row.node, state, row.model, None, row.newest, 0, None, None
        )


def _scales(rows: Sequence[Row[Any]], clusters: dict[int, Row[Any]]) -> list[Scale]:
    scales = []
    for centre in sorted({clusters[row.cluster_id].centre for row in rows}):
        models = [row.model for row in rows if clusters[row.cluster_id].centre == centre]
        peaks = [peak_tflops(model) for model in models]
        without_peak: dict[str, int] = {}
        for model, peak in zip(models, peaks, strict=True):
            if peak is None:
                without_peak[model or ""] = without_peak.get(model or "", 0) + 1
        total = sum((peak for peak in peaks if peak is not None), Fraction(0))
        scales.append(Scale(centre, len(models), total, without_peak))
    return scales
