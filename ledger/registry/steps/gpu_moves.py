"""Move a GPU to another node or cluster, or retire it.

One person may, as long as none of its use was charged; afterwards two decide it. It keeps its UUID
and the day from which it is registered.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from ledger.registry.steps.entities import GPUS, EntityFact, Registration
from ledger.registry.steps.guarded_update import Marks, update_each
from ledger.units import midnight

_PLACES = text("""
    SELECT g.gpu, g.cluster_id, k.name AS cluster, g.node, g.retired_at,
           ((g.retired_at - interval '1 us') AT TIME ZONE interval '+08:00')::date AS until
    FROM gpus g JOIN clusters k ON k.id = g.cluster_id WHERE g.gpu = ANY(:names)
""")
_CLUSTERS = text("SELECT name, id FROM clusters WHERE name = ANY(:names)")
_OF_CHARGED_USE = text(
    "SELECT gpu FROM unnest(CAST(:names AS text[])) AS gpu WHERE gpu_was_charged(gpu)"
)
_MOVE = text("""
    UPDATE gpus SET cluster_id = :cluster, node = :node, retired_at = :retired_at,
        changed_at = :now, changed_by = :actor, decision_id = :decision
    WHERE gpu = :gpu AND cluster_id = :cluster_before AND node = :node_before
        AND retired_at IS NOT DISTINCT FROM CAST(:retired_before AS timestamptz)
""")


@dataclass(frozen=True)
class Place:
    """Where a GPU stands, and until when."""

    cluster: int
    cluster_name: str
    node: str
    retired_at: datetime | None

    def as_json(self) -> dict[str, Any]:
        """The place to the letter, as the decision holds it."""
        retired_at = self.retired_at.isoformat() if self.retired_at else None
        return {"cluster": str(self.cluster), "node": self.node, "retired_at": retired_at}

    def __str__(self) -> str:
        """As its reader sees it; the last day as a registry file states it."""
        until = (self.retired_at - timedelta(microseconds=1)) if self.retired_at else None
        last = f" until {(until + timedelta(hours=8)).date()}" if until else ""
        return f"{self.cluster_name}/{self.node}{last}"


@dataclass(frozen=True)
class GpuMove:
    """Where a GPU stands, and where it is to stand."""

    gpu: str
    before: Place
    after: Place

    def as_json(self) -> dict[str, Any]:
        """The move to the letter, as the decision holds it."""
        return {"gpu": self.gpu, "before": self.before.as_json(), "after": self.after.as_json()}


def without_moves(
    registration: Registration, facts: Iterable[EntityFact]
) -> tuple[list[EntityFact], list[GpuMove]]:
    """Return the GPUs of a file as one person may register them, and the moves for two."""
    listed = list(facts)
    if not registration.supersede:
        return listed, []
    db = registration.db
    rows = {r.gpu: r for r in db.execute(_PLACES, {"names": [fact.name for fact in listed]})}
    names = {str(fact.fields["cluster"]) for fact in listed}
    clusters = {r.name: r.id for r in db.execute(_CLUSTERS, {"names": list(names)})}
    moves = {}
    for fact in listed:
        row, cluster = rows.get(fact.name), clusters.get(str(fact.fields["cluster"]))
        if row is not None and cluster is not None:
            before = Place(row.cluster_id, row.cluster, row.node, row.retired_at)
            after = _place_stated(fact, cluster)
            if before != after:
                moves[fact.name] = GpuMove(fact.name, before, after)
    decided_by_two = set(db.scalars(_OF_CHARGED_USE, {"names": list(moves)})) if moves else set()
    return [
        replace(fact, fields={**fact.fields, **_as_it_stands(rows[fact.name])})
        if fact.name in decided_by_two
        else fact
        for fact in listed
    ], [move for name, move in moves.items() if name in decided_by_two]


def description(move: GpuMove) -> dict[str, str]:
    """Return a move as its reader sees it."""
    return {
        "about": f"{GPUS.singular} {move.gpu}",
        "before": str(move.before),
        "after": str(move.after),
    }


def move_gpus(db: Session, moves: Iterable[Mapping[str, Any]], marks: Marks) -> None:
    """Write the moves, as `GpuMove.as_json` has them.

    Raises:
        Conflict: a GPU is not where it was (`registry_moved`).
    """
    update_each(db, _MOVE, map(_row, moves), marks)


def _row(move: Mapping[str, Any]) -> dict[str, Any]:
    before, after = move["before"], move["after"]
    return {
        "gpu": move["gpu"],
        "cluster": int(after["cluster"]),
        "node": after["node"],
        "retired_at": after["retired_at"],
        "cluster_before": int(before["cluster"]),
        "node_before": before["node"],
        "retired_before": before["retired_at"],
    }


def _place_stated(fact: EntityFact, cluster: int) -> Place:
    until = fact.fields["until"]
    retired_at = midnight(until + timedelta(days=1)) if isinstance(until, date) else None
    return Place(cluster, str(fact.fields["cluster"]), str(fact.fields["node"]), retired_at)


def _as_it_stands(row: Any) -> dict[str, object]:  # noqa: ANN401 - a row
    return {"cluster": row.cluster, "node": row.node, "until": row.until}
