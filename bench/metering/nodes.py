"""The page of a cluster's nodes, over days whose windows are all there.

Three nodes of eight GPUs, two pods a GPU, a gap now and then and a silent quarter of an hour. What
the page reads is timed for one day and for three, first over three days of windows and then over
ten: what it costs grows with the days that are shown and not with the windows behind them. The
windows of the days that are shown are read once beside it, as bodies, which is what the hours were
added up from before the database kept them.
"""

import statistics
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import psycopg
from sqlalchemy import text
from sqlmodel import Session, select

from api.metering.node_picture import picture
from bench import stage
from ledger.metering.queries.node_status import cluster_status
from ledger.metering.queries.nodes import last_days
from ledger.registry.tables import Cluster
from tests.support.simulation import place

NODES, GPUS = 3, 8
ROUNDS = 5
NOW = datetime(2026, 3, 20, 9, 40, tzinfo=UTC)

_PLACES = """
    UPDATE gpus SET node = 'n' || (1 + ('x' || right(gpu, 2))::bit(8)::integer / 8);
    ALTER TABLE window_counts DISABLE TRIGGER of_a_batch;  -- no batch was sent
"""
_FILL = """
    INSERT INTO windows (gpu, start, cluster_id, source, stream, number, body)
    SELECT g.gpu, m, g.cluster_id, 'nvml', '00000000-0000-4000-8000-000000000000', 1,
        jsonb_build_object('gpu', g.gpu, 'model', 'NVIDIA H100 80GB HBM3', 'start', m,
            'window_ms', 60000, 'vendor', 'nvidia', 'boot', '5c1c5a0e-7a4b-4a6e-9a66-000000000000',
            'energy_mj', 21000000, 'parts', (SELECT jsonb_agg(jsonb_build_object(
                'holder', jsonb_build_object('kind', 'pod', 'namespace', 'team-' || n,
                    'pod', 'train-' || n, 'container', 'main',
                    'uid', '9b2f0f0a-0000-4000-8000-00000000000' || n),
                'from_ms', low, 'to_ms', high, 'readings', jsonb_build_object('samples', 6,
                    'util_ppm', 700000, 'memory_max_mib', 61000, 'power_max_mw', 412000)))
                FROM (VALUES (1, 0, 30000), (2, 30000, CASE WHEN gap THEN 50000 ELSE 60000 END))
                    AS p (n, low, high)))
        || CASE WHEN gap THEN '{"gaps": [{"from_ms": 50000, "to_ms": 60000,
               "reason": "nvml_error"}], "flags": ["xid:31"]}' ELSE '{}'::jsonb END
    FROM generate_series(%(low)s::timestamptz, %(high)s::timestamptz, interval '1 minute') m
    CROSS JOIN LATERAL (SELECT extract(minute FROM m) = 17 AND extract(hour FROM m) < 3) q (gap)
    CROSS JOIN gpus g
    WHERE NOT (extract(hour FROM m) = 5 AND extract(minute FROM m) BETWEEN 10 AND 24)
    ORDER BY m, g.gpu
"""
_BODIES = text("""
    SELECT count(*), sum((p ->> 'to_ms')::bigint - (p ->> 'from_ms')::bigint)
    FROM windows CROSS JOIN LATERAL jsonb_array_elements(body -> 'parts') p
    WHERE start >= :since AND start < :until
""")


def run() -> dict[str, object]:
    """The figures of one run, the processor's seconds: the median of a few."""
    figures: dict[str, object] = {}
    with stage.database() as database, stage.owner(database) as owner:
        place(owner, gpus=NODES * GPUS)
        owner.execute(_PLACES)
        engine = database.engine()
        for stored, first in ((3, 0), (10, 3)):
            _fill(owner, first, stored)
            for days in (1, 3):
                with Session(engine) as db:
                    figures[f"{days}_days_of_{stored}_s"] = _median(partial(_page, db, days))
        with Session(engine) as db:
            figures["bodies_of_3_days_s"] = _median(partial(_bodies, db, 3))
        engine.dispose()
    return figures


def _fill(owner: psycopg.Connection, first: int, after: int) -> None:
    """Every minute from so many days ago until there is something, a day a statement."""
    for day in range(first, after):
        span = {"low": NOW - timedelta(days=day + 1), "high": NOW - timedelta(minutes=1, days=day)}
        owner.execute(
            "SELECT ensure_month(d) FROM unnest(%s::date[]) d",
            ([(NOW - timedelta(days=day + n)).date() for n in (-1, 0, 1)],),
        )
        owner.execute(_FILL, span)
    owner.execute("VACUUM ANALYZE")


def _page(db: Session, days: int) -> None:
    cluster = db.exec(select(Cluster)).one()
    status = cluster_status(db, cluster, NOW, days=days, limit=NODES)
    picture(db, cluster.name, status.nodes, days, NOW)


def _bodies(db: Session, days: int) -> None:
    period = last_days(NOW, days)
    db.execute(_BODIES, {"since": period.since, "until": period.until}).all()


def _median(act: Callable[[], None]) -> float:
    times = []
    for _ in range(ROUNDS):
        began = stage.processor_s()
        act()
        times.append(stage.processor_s() - began)
    return round(statistics.median(times), 3)
