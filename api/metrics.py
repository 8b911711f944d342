"""`/metrics` for Prometheus: the server's own counters, and what one would raise an alarm about.

Who may read it: whoever sends `SUANQUAN_METRICS_TOKEN` as a bearer token, which opens nothing else;
or an auditor or an administrator. Where a request comes from opens nothing, as a proxy on this
machine would make everybody local. The figures are read at most once in `KEPT_S` seconds, however
often they are asked for. Without a database the counters are still there, for the token's holder.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from threading import Lock
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Request, Response, Security
from fastapi.responses import PlainTextResponse
from fastapi.security import HTTPAuthorizationCredentials
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from api.door import access
from api.door.access import Right
from api.door.dependencies import COOKIE, TOKEN, Configured, Wall, signed_in, visitor
from api.door.outer import wants
from api.door.problems import Refusal
from ledger.desk.queries.gauges import Gauges, gauges

KEPT_S = 15.0
PREFIX = "suanquan_"

router = APIRouter()
log = structlog.get_logger("suanquan.metrics")

Values = Iterable[tuple[Sequence[str], float | None]]


_RELAY = ("cluster", "relay", "relay_id")


@dataclass(frozen=True)
class Family:
    """A metric: its help, its labels, and its values; what is None is not there."""

    name: str
    help: str
    labels: Sequence[str]
    values: Callable[[Gauges], Values]


def _of_reports(column: str) -> Callable[[Gauges], Values]:
    return lambda g: [((r.cluster, r.source), getattr(r, column)) for r in g.reports]


def _of_aside(column: str) -> Callable[[Gauges], Values]:
    return lambda g: [((r.cluster,), getattr(r, column)) for r in g.aside]


def _of_round(column: str, per: float = 1.0) -> Callable[[Gauges], Values]:
    return lambda g: [((), float(getattr(r, column)) / per) for r in (g.last_round,) if r]


def _of_backups(column: str) -> Callable[[Gauges], Values]:
    return lambda g: [((), getattr(g.backups, column))]


_SOURCE = ("cluster", "source")
FAMILIES = (
    Family("report_lag_seconds", "Since the last batch of the node heard least lately", _SOURCE,
           _of_reports("lag_s")),
    Family("nodes", "Nodes with an approved agent", _SOURCE, _of_reports("nodes")),
    Family("nodes_late", "Nodes not heard for five minutes, or never", _SOURCE,
           _of_reports("late")),
    Family("agents_unapproved", "Agents that wait for the bureau's approval", ("cluster",),
           lambda g: [((r.cluster,), r.agents) for r in g.unapproved]),
    Family("gpus_registered", "GPUs that should report", ("cluster",),
           lambda g: [((r.cluster,), r.registered) for r in g.gpus]),
    Family("gpus_silent", "GPUs of which nothing was seen for five minutes", ("cluster",),
           lambda g: [((r.cluster,), r.silent) for r in g.gpus]),
    Family("unowned_gpu_hours", "GPU-hours of this month and the last without a binding",
           ("cluster",), lambda g: [((r.cluster,), r.hours) for r in g.unowned]),
    Family("unpriced_gpu_hours", "GPU-hours of projects without a contract line", (),
           _of_round("unpriced_hours")),
    Family("quarantined_windows", "Windows that cannot count yet; at most 10000 are counted",
           ("cluster",), _of_aside("windows")),
    Family("quarantine_oldest_seconds", "Since the oldest of them came", ("cluster",),
           _of_aside("oldest_s")),
    Family("conflicting_windows", "Second bodies of windows; at most 10000 are counted",
           ("cluster",), _of_aside("conflicts")),
    Family("forks", "Second batches under one number", ("cluster",), _of_aside("forks")),
    Family("queue_items", "What waits in a queue of the bureau's desk", ("queue",),
           lambda g: [((name,), count) for name, (count, _) in g.queues.items()]),
    Family("queue_oldest_seconds", "Since when the oldest waits", ("queue",),
           lambda g: [((name,), oldest) for name, (_, oldest) in g.queues.items()]),
    Family("relay_batches", "Batches that wait in a relay, as it told last", _RELAY,
           lambda g: [((r.cluster, r.name, str(r.relay)), r.batches) for r, _ in g.relays]),
    Family("relay_oldest_seconds", "Since the oldest of them came to the relay", _RELAY,
           lambda g: [((r.cluster, r.name, str(r.relay)), s) for r, s in g.relays]),
    Family("charge_lag_seconds", "Since the last round of pricing and accruing", (),
           _of_round("age_s")),
    Family("charge_round_seconds", "How long that round took", (), _of_round("took_ms", 1000)),
    Family("backup_base_age_seconds", "Since the last whole base backup", (),
           _of_backups("base_s")),
    Family("backup_wal_age_seconds", "Since the moment up to which all is in the store", (),
           _of_backups("wal_s")),
    Family("backup_restored_age_seconds", "Since the last restoration without a fault", (),
           _of_backups("restored_s")),
)  # fmt: skip


class Figures:
    """The gauges of one server, read anew when they are older than `KEPT_S`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = Lock()
        self._gauges: Gauges | None = None
        self._read_at = -KEPT_S

    def families(self, now: datetime) -> Sequence[Metric]:
        """Return every family; without a database only that it is not there."""
        with self._lock:
            if time.monotonic() - self._read_at >= KEPT_S:
                self._read(now)
            current, age = self._gauges, time.monotonic() - self._read_at
        up = _family(
            "database_up", "Whether figures could be read", (), [((), current is not None)]
        )
        if current is None:
            return [up]
        age_family = _family("figures_age_seconds", "How old the figures are", (), [((), age)])
        return [
            up, age_family,
            *(_family(f.name, f.help, f.labels, f.values(current)) for f in FAMILIES),
        ]  # fmt: skip

    def _read(self, now: datetime) -> None:
        try:
            with Session(self._engine) as db:
                self._gauges = gauges(db, now)
        except SQLAlchemyError:
            log.exception("the figures could not be read")
            self._gauges = None
        self._read_at = time.monotonic()


@dataclass(frozen=True)
class _Answer(Collector):
    """Families as a registry, for the writer of the exposition."""

    families: Sequence[Metric]

    def collect(self) -> Iterable[Metric]:
        return self.families


def _family(name: str, help_text: str, labels: Sequence[str], values: Values) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, help_text, labels=labels)
    for label_values, value in values:
        if value is not None:
            family.add_metric(label_values, float(value))
    return family


def reader(
    request: Request,
    configured: Configured,
    wall: Wall,
    token: Annotated[HTTPAuthorizationCredentials | None, Security(TOKEN)],
    cookie: Annotated[str | None, Security(COOKIE)],
) -> None:
    """Let who has the metrics' own token pass, without the database; else who has the right."""
    own = configured.metrics_token
    if own and token and compare_digest(token.credentials.encode(), own.encode()):
        return
    with Session(request.app.state.engine) as db:
        viewer = signed_in(visitor(request, token, cookie, db, wall))
        db.commit()
    if not access.may(viewer, Right.READ_METRICS):
        raise Refusal(403, "not_your_role", {"role": viewer.role})


_READER = Depends(wants(Right.READ_METRICS, reader))


@router.get("/metrics", response_class=PlainTextResponse, dependencies=[_READER])
def metrics(request: Request, wall: Wall) -> Response:
    """Return the counters and figures for Prometheus."""
    state = request.app.state
    figures = _Answer(state.figures.families(wall))
    body = generate_latest(state.counters) + generate_latest(figures)
    return Response(body, media_type=CONTENT_TYPE_LATEST)
