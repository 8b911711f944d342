-- Windows: what an agent saw of one GPU in one minute, and the windows that cannot count.

CREATE TABLE windows (
    gpu text NOT NULL,
    start timestamptz NOT NULL,
    cluster_id bigint NOT NULL,
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

-- A second body for a kept (gpu, start). The first stands; a person decides.
CREATE TABLE conflicts (
    gpu text NOT NULL,
    start timestamptz NOT NULL,
    hash bytea NOT NULL,
    cluster_id bigint NOT NULL,
    stream uuid NOT NULL,
    number bigint NOT NULL,
    received_at timestamptz NOT NULL,
    body jsonb NOT NULL,
    PRIMARY KEY (gpu, start, hash)
);

-- Windows that cannot count yet: from the future, late, of an unknown or another node's GPU, of an agent
-- that the bureau has not approved. They make no partition. Who
-- said it is part of the key: what a wrong node says must not hide what the right one says.
CREATE TABLE quarantine (
    gpu text NOT NULL,
    start timestamptz NOT NULL,
    hash bytea NOT NULL,
    reason text NOT NULL CHECK (reason IN ('future', 'unknown_gpu', 'other_cluster', 'other_node',
        'unapproved_agent', 'late', 'before_enrolment', 'before_registration', 'retired')),
    cluster_id bigint NOT NULL,
    node text NOT NULL,
    source text NOT NULL,
    stream uuid NOT NULL,
    number bigint NOT NULL,
    received_at timestamptz NOT NULL,
    released_at timestamptz,
    admitted_at timestamptz,
    admitted_by text CHECK (admitted_by !~ '^(operator|builder|auditor):'),
    body jsonb NOT NULL,
    PRIMARY KEY (gpu, start, hash, cluster_id, node),
    CHECK ((admitted_at IS NULL) = (admitted_by IS NULL))
);
CREATE INDEX quarantine_waiting ON quarantine (cluster_id, received_at) WHERE released_at IS NULL;

COMMENT ON TABLE windows IS 'Kept windows, one GPU and minute each; partitioned by Beijing day';
COMMENT ON COLUMN windows.body IS 'The record as it was sent';
COMMENT ON TABLE conflicts IS 'Second bodies for a kept window; the first stands';
COMMENT ON COLUMN conflicts.hash IS 'SHA-256 of the body';
COMMENT ON TABLE quarantine IS 'Windows that cannot count yet, with the reason';
COMMENT ON COLUMN quarantine.admitted_at IS 'When the bureau let them count in spite of their day';
COMMENT ON COLUMN quarantine.admitted_by IS 'Actor';
COMMENT ON COLUMN quarantine.released_at IS 'When they were judged again and counted';
COMMENT ON COLUMN quarantine.hash IS 'SHA-256 of the body';

REVOKE EXECUTE ON FUNCTION ensure_day FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_day TO :app_role;
GRANT SELECT, INSERT ON windows, conflicts, quarantine TO :app_role;
GRANT UPDATE (reason, released_at, admitted_at, admitted_by) ON quarantine TO :app_role;
