"""A region as it stands after some months: GPUs whose windows are packed, but for the last days.

Two centres with a cluster each, whatever the size, so that what grows grows inside a cluster. A GPU
is held by one project until noon and by another afterwards. It is written straight into the tables,
in the form that intake, the folds and the packing leave: a row of `window_hours` for an hour of a
GPU, rows of `windows` for the open days and for minutes with a gap, and the totals. The bodies of
packed windows are not there: a batch says nothing but who sent it.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import psycopg

NOW = datetime(2026, 12, 10, 4, tzinfo=UTC)
TODAY = date(2026, 12, 10)
OPEN_DAYS = 2  # those whose windows are rows, today included
NODE = 4  # GPUs of a node; a node's cluster is that of its number's parity
POLICY, CLAUSE = "yinchuan-2024-drill", "09-1"

# A USCC's last character checks the others; the database knows how.
CODES = """
    CREATE OR REPLACE FUNCTION pg_temp.uscc(n integer) RETURNS text LANGUAGE sql AS $$
        SELECT '91640100MA' || to_char(n, 'FM0000000') || c
        FROM string_to_table('0123456789ABCDEFGHJKLMNPQRTUWXY', NULL) AS c
        WHERE uscc_valid('91640100MA' || to_char(n, 'FM0000000') || c)
    $$;
"""
_CENTRES = """
    INSERT INTO organisations (uscc, name)
        SELECT pg_temp.uscc(n), 'organisation ' || n FROM generate_series(0, 1) n;
    INSERT INTO centres (name, organisation_id) SELECT 'centre ' || id, id FROM organisations;
    INSERT INTO clusters (name, centre_id) SELECT 'c' || id, id FROM centres ORDER BY id;
    INSERT INTO billing_sources (cluster_id, source, valid, recorded_at, recorded_by)
        SELECT id, 'nvml', '[2026-01-01,)', now(), 'bench' FROM clusters;
    INSERT INTO catalogue_models (name) VALUES ('H100');
    INSERT INTO catalogue_names (nvml_name, model_id) SELECT 'H100', id FROM catalogue_models;
"""
# Of a table, what its triggers would do is written too; without them a million rows take seconds.
_QUIET = (
    "agents", "streams", "batches", "windows", "window_hours", "window_days", "window_counts",
    "conflicts", "quarantine", "forks", "xid_events", "day_totals", "coverage", "hour_totals",
    "hour_coverage",
)  # fmt: skip
_PROJECTS = """
    INSERT INTO organisations (uscc, name)
        SELECT pg_temp.uscc(10 + n), 'organisation p' || n FROM generate_series({low}, {high}) n;
    INSERT INTO projects (code, name, kind, organisation_id, drill)
        SELECT 'p' || n, 'project ' || n, 'model', o.id, true
        FROM generate_series({low}, {high}) n
        JOIN organisations o ON o.name = 'organisation p' || n ORDER BY n;
    INSERT INTO contracts (number, centre_id, project_id, valid)
        SELECT 'k' || substr(code, 2), 1 + substr(code, 2)::integer % 2, id,
               '[2026-01-01,2027-01-01)' FROM projects p
        WHERE substr(code, 2)::integer BETWEEN {low} AND {high} ORDER BY id;
    INSERT INTO prices (contract_id, unit, yuan, gpus, hours, tax_included, tax_rate, valid,
            recorded_at, recorded_by)
        SELECT id, 'gpu-hour', 10, 1, 1, false, 0.06, valid, now(), 'bench' FROM contracts
        WHERE substr(number, 2)::integer BETWEEN {low} AND {high} ORDER BY id;
    INSERT INTO bindings (cluster_id, holder_kind, holder, project_id, valid, recorded_at,
            recorded_by)
        SELECT centre_id, 'pod', 'p' || substr(number, 2), project_id, '[2026-01-01,)', now(),
               'bench' FROM contracts
        WHERE substr(number, 2)::integer BETWEEN {low} AND {high} ORDER BY id;
"""
_MACHINES = """
    CREATE TEMP TABLE fresh AS
        SELECT n, 'GPU-00000000-0000-4000-8000-' || to_char(n, 'FM000000000000') AS gpu,
               1 + n / {node} % 2 AS cluster_id, 'n' || n / {node} AS node,
               ('00000000-0000-4000-8000-' || to_char(n / {node}, 'FM000000000000'))::uuid AS stream
        FROM generate_series({first}, {last}) n;
    INSERT INTO gpus (gpu, cluster_id, node, registered_from)
        SELECT gpu, cluster_id, node, '{since} 00:00+08' FROM fresh ORDER BY n;
    INSERT INTO agents (id, cluster_id, node, source, public_key, enrolled_at, history_from,
            approved_at, approved_by)
        SELECT DISTINCT stream, cluster_id, node, 'nvml', sha256(stream::text::bytea),
               '{since} 00:00+08'::timestamptz, '{since} 00:00+08'::timestamptz,
               '{since} 00:00+08'::timestamptz, 'clerk:甲#1' FROM fresh;
    CREATE TEMP TABLE hours AS
        SELECT f.*, h AS hour, (h AT TIME ZONE interval '+08:00')::date AS day,
               CASE WHEN n % 16 = 3 AND extract(hour FROM h) = 5 THEN 45 ELSE 60 END AS minutes,
               n % 8 = 0 AND extract(hour FROM h) = 3 AS has_gap,
               'p' || {low} + (n / {node}) % 2 + 2 * ((n / (2 * {node}) + h::date
                   - date '2026-01-01' + (extract(hour FROM h) >= 4)::integer) % {half}) AS holder,
               (1 + extract(epoch FROM h - '{since} 00:00+08') / 3600)::integer AS number
        FROM fresh f CROSS JOIN generate_series('{since} 00:00+08'::timestamptz,
            '{now}'::timestamptz - interval '1 hour', interval '1 hour') h;
    ANALYZE hours;
"""
_TOTALS = """
    INSERT INTO window_hours (gpu, hour, stream, cluster_id, source, segments)
        SELECT gpu, hour, stream, cluster_id, 'nvml',
               segments_of(m.minutes, array_fill(number, ARRAY[m.size]), m.minutes)
        FROM (SELECT h.*, (SELECT array_agg(m) FROM generate_series(0, minutes - 1) m
                           WHERE NOT (has_gap AND m = 17)) AS list FROM hours h) h
        CROSS JOIN LATERAL (SELECT list AS minutes, cardinality(list) AS size) m
        WHERE day < '{open}' ORDER BY hour, gpu;
    INSERT INTO hour_totals (gpu, hour, cluster_id, source, holder_kind, holder, den, held,
            util_ppm_ms, util_ms)
        SELECT gpu, hour, cluster_id, 'nvml', 'pod', holder, 1,
               60000 * (minutes - has_gap::integer), 42000000000::numeric * minutes, 60000 * minutes
        FROM hours ORDER BY hour, gpu;
    INSERT INTO hour_totals (gpu, hour, cluster_id, source, holder_kind, holder, den, held)
        SELECT gpu, hour, cluster_id, 'nvml', 'gap', 'nvml_error', 1, 60000
        FROM hours WHERE has_gap;
    INSERT INTO hour_coverage (gpu, hour, cluster_id, source, windows)
        SELECT gpu, hour, cluster_id, 'nvml', minutes FROM hours ORDER BY hour, gpu;
    INSERT INTO day_totals (gpu, day, cluster_id, source, model, holder_kind, holder, mig_profile,
            den, held, util_ppm_ms, util_ms)
        SELECT gpu, day, cluster_id, 'nvml', 'H100', 'pod', holder, '', 1,
               sum(60000 * (minutes - has_gap::integer)), sum(42000000000::numeric * minutes),
               sum(60000 * minutes)
        FROM hours GROUP BY gpu, day, cluster_id, holder ORDER BY day, gpu;
    INSERT INTO coverage (gpu, day, cluster_id, source, windows, window_ms, gap_ms, energy_mj)
        SELECT gpu, day, cluster_id, 'nvml', sum(minutes), 60000 * sum(minutes),
               60000 * count(*) FILTER (WHERE has_gap), 21000000 * sum(minutes)
        FROM hours GROUP BY gpu, day, cluster_id ORDER BY day, gpu;
    INSERT INTO window_days (day, state) SELECT DISTINCT day, 'packed' FROM hours
        WHERE day < '{open}' ON CONFLICT DO NOTHING;
    INSERT INTO window_days (day, state) SELECT DISTINCT day, 'open' FROM hours
        WHERE day >= '{open}' ON CONFLICT DO NOTHING;
"""
_ROWS = """
    INSERT INTO windows (gpu, start, cluster_id, source, stream, number, body)
    SELECT gpu, at, cluster_id, 'nvml', stream, number, jsonb_build_object('gpu', gpu,
        'model', 'H100', 'start', at, 'window_ms', 60000, 'vendor', 'nvidia', 'boot', stream,
        'energy_mj', 21000000, 'parts', CASE WHEN gap THEN '[]' ELSE jsonb_build_array(
            jsonb_build_object('holder', jsonb_build_object('kind', 'pod', 'namespace', holder,
                'pod', 'train-' || holder, 'container', 'main', 'uid', stream), 'from_ms', 0,
                'to_ms', 60000, 'readings', jsonb_build_object('samples', 6, 'util_ppm', 700000,
                'memory_max_mib', 61000, 'power_max_mw', 412000))) END)
        || CASE WHEN gap THEN '{{"gaps": [{{"from_ms": 0, "to_ms": 60000,
               "reason": "nvml_error"}}], "flags": ["xid:31"]}}' ELSE '{{}}'::jsonb END
    FROM hours h CROSS JOIN generate_series(0, 59) m
    CROSS JOIN LATERAL (SELECT hour + m * interval '1 minute', has_gap AND m = 17) q (at, gap)
    WHERE m < minutes AND (day >= '{open}' OR has_gap AND m = 17)
    ORDER BY at, gpu;
"""
_EVIDENCE = """
    INSERT INTO batches (stream, number, hash, signature, agent_id, received_at, answer, bytes)
        SELECT DISTINCT ON (stream, number) stream, number, sha256(b.bytes), sha512(b.bytes),
               stream, hour + interval '1 hour',
               jsonb_build_object('kept', minutes * {node}, 'quarantined', '[]'::jsonb), b.bytes
        FROM hours CROSS JOIN LATERAL (SELECT convert_to(jsonb_build_object('stream', stream,
            'number', number, 'windows', '[]'::jsonb)::text, 'UTF8')) b (bytes);
    INSERT INTO window_counts (stream, number, cluster_id, source, kept)
        SELECT stream, number, cluster_id, 'nvml', sum(minutes) FROM hours
        GROUP BY stream, number, cluster_id;
    INSERT INTO streams (stream, agent_id, number, hash, sent_at, received_at)
        SELECT stream, agent_id, number, hash, received_at, received_at
        FROM (SELECT DISTINCT ON (stream) * FROM batches
              WHERE stream IN (SELECT stream FROM fresh) ORDER BY stream, number DESC) b;
    INSERT INTO xid_events (gpu, start, xid)
        SELECT gpu, hour + interval '17 minutes', 31 FROM hours WHERE has_gap AND number % 7 = 0;
    INSERT INTO conflicts (gpu, start, hash, cluster_id, stream, number, received_at, body)
        SELECT gpu, hour, sha256(gpu::bytea), cluster_id, stream, number, hour, '{{}}'
        FROM hours WHERE number % 480 = 1;
    INSERT INTO quarantine (gpu, start, hash, reason, cluster_id, node, source, stream, number,
            received_at, body)
        SELECT gpu, hour - interval '400 days', sha256(gpu::bytea), 'late', cluster_id, node,
               'nvml', stream, number, hour, '{{}}' FROM hours WHERE number % 240 = 1;
    INSERT INTO forks (stream, number, hash, agent_id, received_at, bytes)
        SELECT stream, 1, sha256('fork'), stream, '{now}', 'fork' FROM fresh
        WHERE n % {node} = 0;
    DROP TABLE fresh, hours;
"""


@dataclass(frozen=True)
class Size:
    """How large the region is: its projects, an even number, its GPUs, and days up to now."""

    projects: int
    gpus: int
    days: int

    @property
    def windows(self) -> int:
        """About how many windows there are."""
        return self.gpus * self.days * 1440


def place_centres(owner: psycopg.Connection) -> None:
    """The two centres and their clusters, in an empty database."""
    owner.execute(CODES.encode())
    owner.execute(_CENTRES.encode())


def place_usage(owner: psycopg.Connection, size: Size, before: Size | None = None) -> None:
    """More projects with more GPUs and all their windows, so that there is `size` after `before`.

    The new GPUs are held by the new projects. The days are those of `size`.
    """
    projects, gpus = (before.projects, before.gpus) if before else (0, 0)
    first_day = TODAY - timedelta(days=size.days - 1)
    words = {
        "low": projects, "high": size.projects - 1, "half": (size.projects - projects) // 2,
        "first": gpus, "last": size.gpus - 1, "node": NODE, "since": first_day,
        "open": TODAY - timedelta(days=OPEN_DAYS - 1), "now": NOW.isoformat(),
    }  # fmt: skip
    owner.execute(CODES.encode())
    for day in (first_day + timedelta(days=n) for n in range(0, size.days + 28, 28)):
        owner.execute("SELECT ensure_month(%s)", (day,))
    with owner.transaction():
        for table in _QUIET:
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
        for script in (_PROJECTS, _MACHINES, _TOTALS, _ROWS, _EVIDENCE):
            owner.execute(script.format(**words).encode())
        for table in _QUIET:
            owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER".encode())
    owner.execute("ANALYZE")
