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

-- The application may not create tables; it asks for the partition of a day's Beijing month.
CREATE FUNCTION ensure_month(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    first date := date_trunc('month', day);
    part text := 'windows_' || to_char(first, 'YYYYMM');
    low text := first || ' 00:00:00+08';
    high text := (first + interval '1 month')::date || ' 00:00:00+08';
BEGIN
    IF to_regclass('public.' || part) IS NOT NULL THEN RETURN; END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.' || part, 0));
    -- Asked of the catalog itself: to_regclass may remember its «no» from before the wait.
    IF EXISTS (SELECT FROM pg_class WHERE relname = part) THEN RETURN; END IF;
    EXECUTE format('CREATE TABLE public.%I (LIKE public.windows INCLUDING ALL)', part);
    EXECUTE format('ALTER TABLE public.windows ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                   part, low, high);
END $$;

-- How many windows of a batch were kept, and how many wait in quarantine: triggers count them, and at
-- commit there are no more than the batch's answer says, of an agent of that cluster and source.
CREATE TABLE window_counts (
    stream uuid NOT NULL,
    number bigint NOT NULL,
    cluster_id bigint NOT NULL,
    source text NOT NULL,
    kept integer NOT NULL DEFAULT 0,
    waiting integer NOT NULL DEFAULT 0,
    PRIMARY KEY (stream, number, cluster_id, source)
);

-- A later body for a kept (gpu, start), each time that it differs from the one before. The first stands;
-- of a job source's, two persons decide (35_corrections).
CREATE TABLE conflicts (
    gpu text NOT NULL,
    start timestamptz NOT NULL,
    hash bytea NOT NULL,
    cluster_id bigint NOT NULL,
    stream uuid NOT NULL,
    number bigint NOT NULL,
    received_at timestamptz NOT NULL,
    body jsonb NOT NULL,
    PRIMARY KEY (gpu, start, hash, stream, number)
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
CREATE INDEX quarantine_from_the_future ON quarantine (start)
    WHERE released_at IS NULL AND reason = 'future';
CREATE INDEX quarantine_by_batch ON quarantine (stream, number);

CREATE FUNCTION count_waiting() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO window_counts AS c (stream, number, cluster_id, source, waiting)
        SELECT stream, number, cluster_id, source, count(*) FROM fresh
        GROUP BY stream, number, cluster_id, source ORDER BY stream, number
        ON CONFLICT (stream, number, cluster_id, source)
        DO UPDATE SET waiting = c.waiting + excluded.waiting;
    RETURN NULL;
END $$;
CREATE TRIGGER count_waiting AFTER INSERT ON quarantine REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION count_waiting();

-- What is kept beyond a batch's own answer was let out of quarantine since; none of it counts before
-- the agent is approved.
CREATE FUNCTION windows_of_a_batch() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM batches b JOIN agents a ON a.id = b.agent_id
        WHERE (b.stream, b.number) = (NEW.stream, NEW.number)
            AND (a.cluster_id, a.source) = (NEW.cluster_id, NEW.source)
            AND (NEW.kept = 0 OR a.approved_at IS NOT NULL)
            AND NEW.waiting <= jsonb_array_length(b.answer -> 'quarantined')
            AND (NEW.kept <= (b.answer ->> 'kept')::integer
                OR NEW.kept <= (b.answer ->> 'kept')::integer + (SELECT count(*) FROM quarantine q
                    WHERE (q.stream, q.number) = (NEW.stream, NEW.number)
                        AND q.released_at IS NOT NULL))
    ) THEN
        RAISE EXCEPTION 'no batch % of stream % has these windows', NEW.number, NEW.stream
            USING ERRCODE = 'check_violation', CONSTRAINT = 'windows_of_a_batch';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER of_a_batch AFTER INSERT OR UPDATE ON window_counts
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION windows_of_a_batch();

-- The bureau lets them count in spite of their day: somebody of it, now.
CREATE FUNCTION usage_admitted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT may_act(NEW.admitted_by, NEW.admitted_at)
        OR split_part(NEW.admitted_by, ':', 1) NOT IN ('clerk', 'approver') THEN
        RAISE EXCEPTION '% admits no usage', NEW.admitted_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'usage_admitted';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER admitted BEFORE UPDATE OF admitted_at, admitted_by ON quarantine
    FOR EACH ROW EXECUTE FUNCTION usage_admitted();

COMMENT ON TABLE windows IS 'Kept windows, one GPU and minute each; partitioned by Beijing month';
COMMENT ON COLUMN windows.body IS 'The record as it was sent';
COMMENT ON TABLE window_counts IS 'How many windows of a batch are here; written by triggers';
COMMENT ON COLUMN window_counts.kept IS 'Windows that count';
COMMENT ON COLUMN window_counts.waiting IS 'Windows that were quarantined';
COMMENT ON TABLE conflicts IS 'Later bodies for a kept window; the first stands';
COMMENT ON COLUMN conflicts.hash IS 'SHA-256 of the body';
COMMENT ON TABLE quarantine IS 'Windows that cannot count yet, with the reason';
COMMENT ON COLUMN quarantine.admitted_at IS 'When the bureau let them count in spite of their day';
COMMENT ON COLUMN quarantine.admitted_by IS 'Actor';
COMMENT ON COLUMN quarantine.released_at IS 'When they were judged again and counted';
COMMENT ON COLUMN quarantine.hash IS 'SHA-256 of the body';

REVOKE EXECUTE ON FUNCTION ensure_month, count_waiting, windows_of_a_batch, usage_admitted FROM
    PUBLIC;
GRANT SELECT ON window_counts TO :app_role;
GRANT EXECUTE ON FUNCTION ensure_month TO :app_role;
GRANT SELECT, INSERT ON windows, conflicts TO :app_role;
GRANT SELECT ON quarantine TO :app_role;
GRANT INSERT (gpu, start, hash, reason, cluster_id, node, source, stream, number, received_at, body)
    ON quarantine TO :app_role;
GRANT UPDATE (reason, released_at, admitted_at, admitted_by) ON quarantine TO :app_role;
