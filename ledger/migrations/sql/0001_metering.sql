-- What the agents said, kept for ever, and its day totals. These tables are large and may one day
-- be distributed by GPU: they carry no foreign key, no trigger and no exclusion, and the GPU leads
-- their keys.

CREATE TABLE agents (
    id uuid PRIMARY KEY,
    cluster bigint NOT NULL REFERENCES clusters,
    node text NOT NULL CHECK (node <> ''),
    source text NOT NULL CHECK (source IN ('nvml', 'dcgm', 'slurm', 'import')),
    public_key bytea NOT NULL UNIQUE CHECK (octet_length(public_key) = 32),
    enrolled_at timestamptz NOT NULL,
    revoked_at timestamptz
);

-- One-time codes: only their hash is kept; `agent` is set when the code is used up.
CREATE TABLE enrolment_codes (
    hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    cluster bigint NOT NULL REFERENCES clusters,
    source text NOT NULL CHECK (source IN ('nvml', 'dcgm', 'slurm', 'import')),
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    expires_at timestamptz NOT NULL,
    agent uuid UNIQUE REFERENCES agents
);

CREATE TABLE streams (
    stream uuid PRIMARY KEY,
    agent uuid NOT NULL,
    number bigint NOT NULL CHECK (number >= 1),
    hash bytea NOT NULL,
    sent_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL
);

CREATE TABLE batches (
    stream uuid NOT NULL,
    number bigint NOT NULL CHECK (number >= 1),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    signature bytea NOT NULL CHECK (octet_length(signature) = 64),
    agent uuid NOT NULL,
    received_at timestamptz NOT NULL,
    answer jsonb NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (stream, number)
);

-- A second body for a known number: evidence of a cloned node or a restored spool.
CREATE TABLE forks (
    stream uuid NOT NULL,
    number bigint NOT NULL,
    hash bytea NOT NULL,
    agent uuid NOT NULL,
    received_at timestamptz NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (stream, number, hash)
);

CREATE TABLE windows (
    gpu text NOT NULL,
    start timestamptz NOT NULL,
    cluster bigint NOT NULL,
    source text NOT NULL,
    stream uuid NOT NULL,
    number bigint NOT NULL,
    body jsonb NOT NULL,
    PRIMARY KEY (gpu, start)
) PARTITION BY RANGE (start);

-- The application may not create tables; it asks for the partition of a Beijing day.
CREATE FUNCTION ensure_day(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    part text := 'windows_' || to_char(day, 'YYYYMMDD');
    low text := day || ' 00:00:00+08';
    high text := (day + 1) || ' 00:00:00+08';
BEGIN
    IF to_regclass('public.' || part) IS NOT NULL THEN RETURN; END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.' || part, 0));
    -- Asked of the catalog itself: to_regclass may remember its «no» from before the wait.
    IF EXISTS (SELECT FROM pg_class WHERE relname = part) THEN RETURN; END IF;
    EXECUTE format('CREATE TABLE public.%I (LIKE public.windows INCLUDING ALL)', part);
    EXECUTE format('ALTER TABLE public.windows ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                   part, low, high);
END $$;
REVOKE ALL ON FUNCTION ensure_day FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_day TO :app_role;

-- A second body for a kept (gpu, start). The first stands; a person decides.
CREATE TABLE conflicts (
    gpu text NOT NULL,
    start timestamptz NOT NULL,
    hash bytea NOT NULL,
    cluster bigint NOT NULL,
    stream uuid NOT NULL,
    number bigint NOT NULL,
    received_at timestamptz NOT NULL,
    body jsonb NOT NULL,
    PRIMARY KEY (gpu, start, hash)
);

-- Windows that cannot count yet (from the future, of an unknown GPU, of another node's GPU). Who
-- said it is part of the key: what a wrong node says must not hide what the right one says.
CREATE TABLE quarantine (
    gpu text NOT NULL,
    start timestamptz NOT NULL,
    hash bytea NOT NULL,
    reason text NOT NULL CHECK (reason IN ('future', 'unknown_gpu', 'other_cluster', 'other_node')),
    cluster bigint NOT NULL,
    node text NOT NULL,
    source text NOT NULL,
    stream uuid NOT NULL,
    number bigint NOT NULL,
    received_at timestamptz NOT NULL,
    released_at timestamptz,
    body jsonb NOT NULL,
    PRIMARY KEY (gpu, start, hash, cluster, node)
);
CREATE INDEX quarantine_waiting ON quarantine (cluster, received_at) WHERE released_at IS NULL;

-- Absolute totals of the kept windows, folded in the same transaction. `held` is Σ held_ms × num;
-- a device-millisecond is held / den. `util_ppm_ms` / `util_ms` is the mean utilisation over the
-- time in which it was measured: not measured is not zero.
CREATE TABLE day_totals (
    gpu text NOT NULL,
    day date NOT NULL,
    cluster bigint NOT NULL,
    source text NOT NULL,
    model text NOT NULL,
    holder_kind text NOT NULL
        CHECK (holder_kind IN ('pod', 'slurm', 'static', 'unallocated', 'unattributed')),
    holder text NOT NULL,
    mig_profile text NOT NULL,
    den integer NOT NULL CHECK (den >= 1),
    held bigint NOT NULL CHECK (held >= 0),
    util_ppm_ms numeric NOT NULL DEFAULT 0,
    util_ms bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (gpu, day, cluster, source, model, holder_kind, holder, mig_profile, den)
) WITH (fillfactor = 70);
CREATE INDEX day_totals_by_holder ON day_totals (cluster, holder_kind, holder, day);

-- What was seen of each GPU on each day, whoever held it. Minutes without a window are silent.
CREATE TABLE coverage (
    gpu text NOT NULL,
    day date NOT NULL,
    cluster bigint NOT NULL,
    source text NOT NULL,
    windows integer NOT NULL CHECK (windows >= 0),
    window_ms bigint NOT NULL CHECK (window_ms >= 0),
    gap_ms bigint NOT NULL CHECK (gap_ms BETWEEN 0 AND window_ms),
    energy_mj numeric,
    PRIMARY KEY (gpu, day, cluster, source)
) WITH (fillfactor = 70);
CREATE INDEX coverage_by_day ON coverage (cluster, day);

GRANT SELECT, INSERT ON agents, enrolment_codes, streams, batches, forks, windows, conflicts,
    quarantine, day_totals, coverage TO :app_role;
GRANT UPDATE (revoked_at) ON agents TO :app_role;
GRANT UPDATE (agent) ON enrolment_codes TO :app_role;
GRANT UPDATE (number, hash, sent_at, received_at) ON streams TO :app_role;
GRANT UPDATE (released_at) ON quarantine TO :app_role;
GRANT UPDATE (held, util_ppm_ms, util_ms) ON day_totals TO :app_role;
GRANT UPDATE (windows, window_ms, gap_ms, energy_mj) ON coverage TO :app_role;
