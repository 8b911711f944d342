-- Totals of the windows by Beijing day and by the hour, which charges and pages read.

-- Absolute totals of the kept windows, folded as they are stored (`fold_windows`). `held` is Σ held_ms × num;
-- a device-millisecond is held / den. `util_ppm_ms` / `util_ms` is the mean utilisation over the
-- time in which it was measured: not measured is not zero.
CREATE TABLE day_totals (
    gpu text NOT NULL,
    day date NOT NULL,
    cluster_id bigint NOT NULL,
    source text NOT NULL,
    model text NOT NULL,
    holder_kind text NOT NULL
        CHECK (holder_kind IN ('pod', 'slurm', 'static', 'unallocated', 'unattributed')),
    holder text NOT NULL,
    mig_profile text NOT NULL,
    partition text NOT NULL DEFAULT '',  -- '' where the holder has none, or its source does not say
    qos text NOT NULL DEFAULT '',
    den integer NOT NULL CHECK (den >= 1),
    held bigint NOT NULL CHECK (held >= 0),
    util_ppm_ms numeric NOT NULL DEFAULT 0,
    util_ms bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (gpu, day, cluster_id, source, model, holder_kind, holder, mig_profile, partition, qos,
        den)
) WITH (fillfactor = 70);
CREATE INDEX day_totals_by_holder ON day_totals (cluster_id, holder_kind, holder, day);

-- What was seen of each GPU on each day, whoever held it. Minutes without a window are silent.
CREATE TABLE coverage (
    gpu text NOT NULL,
    day date NOT NULL,
    cluster_id bigint NOT NULL,
    source text NOT NULL,
    windows integer NOT NULL CHECK (windows >= 0),
    window_ms bigint NOT NULL CHECK (window_ms >= 0),
    gap_ms bigint NOT NULL CHECK (gap_ms BETWEEN 0 AND window_ms),
    energy_mj numeric,
    PRIMARY KEY (gpu, day, cluster_id, source)
) WITH (fillfactor = 70);
CREATE INDEX coverage_by_day ON coverage (cluster_id, day);
CREATE INDEX coverage_with_gaps ON coverage (day DESC, gpu) WHERE gap_ms > 0;

-- The same by the hour, for pictures; nothing is charged by them. Of GPUs alone: a job's window is an
-- hour as it is. What no agent saw is among the holders, as a `gap` for its reason.
CREATE TABLE hour_totals (
    gpu text NOT NULL,
    hour timestamptz NOT NULL,
    cluster_id bigint NOT NULL,
    source text NOT NULL,
    holder_kind text NOT NULL
        CHECK (holder_kind IN ('pod', 'slurm', 'static', 'unallocated', 'unattributed', 'gap')),
    holder text NOT NULL,
    den integer NOT NULL CHECK (den >= 1),
    held bigint NOT NULL CHECK (held >= 0),
    util_ppm_ms numeric NOT NULL DEFAULT 0,
    util_ms bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (gpu, hour, cluster_id, source, holder_kind, holder, den)
) WITH (fillfactor = 70);
CREATE INDEX hour_totals_of_gaps ON hour_totals (gpu, hour) WHERE holder_kind = 'gap';

CREATE TABLE hour_coverage (
    gpu text NOT NULL,
    hour timestamptz NOT NULL,
    cluster_id bigint NOT NULL,
    source text NOT NULL,
    windows integer NOT NULL CHECK (windows >= 0),
    PRIMARY KEY (gpu, hour, cluster_id, source)
) WITH (fillfactor = 70);

-- The driver's events that windows bear as flags (`xid:79`, of a MIG instance `xid:43@3/0`).
CREATE TABLE xid_events (
    gpu text NOT NULL,
    start timestamptz NOT NULL,
    xid integer NOT NULL,
    PRIMARY KEY (gpu, start, xid)
);

-- How an instance (a pod, a job, a static name) held a device on a day, from `begins_ms` to `ends_ms`
-- without having been seen to let go of it: what contracts that round need. A row for each denominator
-- of its shares. Of a day whose windows are not all here, `stretch_days` says fewer than `coverage`.
CREATE TABLE stretches (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gpu text NOT NULL,
    day date NOT NULL,
    cluster_id bigint NOT NULL,
    source text NOT NULL,
    device text NOT NULL,
    holder_kind text NOT NULL,
    holder text NOT NULL,
    instance text NOT NULL,
    is_told boolean NOT NULL,
    begins_ms integer NOT NULL CHECK (begins_ms >= 0),
    ends_ms integer NOT NULL CHECK (begins_ms < ends_ms AND ends_ms <= 86400000),
    is_first boolean NOT NULL,
    is_last boolean NOT NULL,
    model text NOT NULL,
    mig_profile text NOT NULL,
    partition text NOT NULL,
    qos text NOT NULL,
    den integer NOT NULL CHECK (den >= 1),
    held bigint NOT NULL CHECK (held >= 0),
    util_ppm_ms numeric NOT NULL,
    util_ms bigint NOT NULL
);
CREATE INDEX stretches_by_gpu ON stretches (gpu, day);
CREATE INDEX stretches_by_holder ON stretches (cluster_id, day);

-- Up to where a day's windows were read, and what was seen of the GPU by then.
CREATE TABLE stretch_days (
    gpu text NOT NULL,
    day date NOT NULL,
    cluster_id bigint NOT NULL,
    source text NOT NULL,
    windows integer NOT NULL CHECK (windows >= 1),
    until_ms integer NOT NULL,
    first_seen_ms integer,
    last_seen_ms integer,
    PRIMARY KEY (gpu, day, cluster_id, source)
);

-- The application may not write them: it asks for a day of some GPUs to be read on from its windows; a
-- window that came late has its GPU's day read again. Two stretches of one instance are one where
-- nobody saw the GPU in between, for up to an hour; up to a day, if the instance is told by more than a
-- name. Who holds it unidentified is not seen either. Names become numbers first: they sort faster.
CREATE FUNCTION keep_stretches(of_day date, of_gpus text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET work_mem = '64MB' AS $$
DECLARE
    midnight timestamptz := (of_day || ' 00:00:00+08')::timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.stretches', 0));
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('suanquan.pack', 0));  -- as `window_is_first` does
    DELETE FROM stretch_days k WHERE k.gpu = ANY(of_gpus) AND k.day = of_day
        AND (SELECT v.windows FROM coverage v WHERE (v.gpu, v.day, v.cluster_id, v.source)
                = (k.gpu, k.day, k.cluster_id, k.source))
            IS DISTINCT FROM k.windows + (SELECT count(*)::integer
                FROM kept_minutes(ARRAY[k.gpu], midnight + k.until_ms * interval '1 millisecond',
                    midnight + interval '24 hours') w
                WHERE (w.cluster_id, w.source) = (k.cluster_id, k.source));
    DELETE FROM stretches s WHERE s.gpu = ANY(of_gpus) AND s.day = of_day
        AND NOT EXISTS (SELECT FROM stretch_days k WHERE (k.gpu, k.day, k.cluster_id, k.source)
                            = (s.gpu, s.day, s.cluster_id, s.source));
    WITH gone AS (
        DELETE FROM stretches WHERE gpu = ANY(of_gpus) AND day = of_day RETURNING *
    ), known AS MATERIALIZED (
        SELECT * FROM stretch_days WHERE gpu = ANY(of_gpus) AND day = of_day
    ), fresh AS MATERIALIZED (
        SELECT w.gpu, w.cluster_id, w.source, w.body,
               (extract(epoch FROM w.start - midnight) * 1000)::integer AS at
        FROM counted_windows(of_gpus, midnight, midnight + interval '24 hours') w
        LEFT JOIN known k ON (k.gpu, k.cluster_id, k.source) = (w.gpu, w.cluster_id, w.source)
        WHERE w.start >= midnight + coalesce(k.until_ms, 0) * interval '1 millisecond'
    ), parts AS MATERIALIZED (
        SELECT k.gpu, k.cluster_id, k.source, coalesce(p -> 'mig' ->> 'uuid', '') AS device,
               h ->> 'kind' AS kind,
               coalesce(h ->> 'namespace', h ->> 'account', h ->> 'name', '') AS holder,
               coalesce(h ->> 'uid', h ->> 'pod', h ->> 'job', '') AS instance,
               coalesce(h ->> 'uid', h ->> 'job') IS NOT NULL AS is_told,
               k.body ->> 'model' AS model, coalesce(p -> 'mig' ->> 'profile', '') AS profile,
               coalesce(h ->> 'partition', '') AS partition, coalesce(h ->> 'qos', '') AS qos,
               coalesce((p ->> 'den')::integer, 1) AS den,
               k.at + (p ->> 'from_ms')::integer AS low, k.at + (p ->> 'to_ms')::integer AS high,
               coalesce((p ->> 'num')::bigint, 1) * ((p ->> 'to_ms')::bigint
                   - (p ->> 'from_ms')::bigint) AS held,
               coalesce((p -> 'readings' ->> 'util_ppm')::bigint, 0) * ((p ->> 'to_ms')::bigint
                   - (p ->> 'from_ms')::bigint) AS util_ppm_ms,
               CASE WHEN p -> 'readings' ->> 'util_ppm' IS NULL THEN 0
                    ELSE (p ->> 'to_ms')::bigint - (p ->> 'from_ms')::bigint END AS util_ms
        FROM fresh k CROSS JOIN LATERAL jsonb_array_elements(k.body -> 'parts') AS p
        CROSS JOIN LATERAL (SELECT p -> 'holder' AS h) AS holders
        WHERE h ->> 'kind' <> 'unattributed'
        UNION ALL
        SELECT gpu, cluster_id, source, device, holder_kind, holder, instance, is_told, model,
               mig_profile, partition, qos, den, begins_ms, ends_ms, held, util_ppm_ms::bigint, util_ms
        FROM gone
        UNION ALL  -- what was seen before, whoever held it
        SELECT gpu, cluster_id, source, '', 'unallocated', '', '', false, '', '', '', '', 1,
               first_seen_ms, last_seen_ms, 0, 0, 0
        FROM known WHERE first_seen_ms IS NOT NULL
    ), names AS MATERIALIZED (
        SELECT *, row_number() OVER () AS who,
               dense_rank() OVER (ORDER BY gpu, cluster_id, source) AS place,
               dense_rank() OVER (ORDER BY gpu, cluster_id, source, device, kind, holder, instance)
                   AS holding
        FROM (SELECT DISTINCT gpu, cluster_id, source, device, kind, holder, instance, is_told, model,
                              profile, partition, qos, den FROM parts) AS distinct_names
    ), seen AS (
        SELECT n.who, n.place, n.holding, n.kind, n.is_told, low, high, held, util_ppm_ms, util_ms,
               least(low, max(high) OVER (PARTITION BY n.place ORDER BY low
                   RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS seen_before
        FROM parts JOIN names n USING (gpu, cluster_id, source, device, kind, holder, instance,
                                       is_told, model, profile, partition, qos, den)
    ), edges AS MATERIALIZED (
        SELECT n.gpu, n.cluster_id, n.source, min(low) AS first_seen, max(high) AS last_seen
        FROM parts n GROUP BY n.gpu, n.cluster_id, n.source
    ), counted AS (
        INSERT INTO stretch_days AS d (gpu, day, cluster_id, source, windows, until_ms, first_seen_ms,
            last_seen_ms)
        SELECT f.gpu, of_day, f.cluster_id, f.source, f.windows, f.until_ms, e.first_seen, e.last_seen
        FROM (SELECT gpu, cluster_id, source, count(*) AS windows,
                     max(at + (body ->> 'window_ms')::integer) AS until_ms
              FROM fresh GROUP BY gpu, cluster_id, source) AS f
        LEFT JOIN edges e USING (gpu, cluster_id, source)
        ON CONFLICT (gpu, day, cluster_id, source) DO UPDATE SET
            windows = d.windows + excluded.windows, until_ms = excluded.until_ms,
            first_seen_ms = excluded.first_seen_ms, last_seen_ms = excluded.last_seen_ms
    ), holds AS (
        SELECT *, max(high) OVER (PARTITION BY holding ORDER BY low, high
                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS held_before
        FROM seen WHERE kind IN ('pod', 'slurm', 'static')
    ), numbered AS (
        SELECT *, count(*) FILTER (WHERE held_before < low AND (seen_before > held_before
                      OR low - held_before > CASE WHEN is_told THEN 86400000 ELSE 3600000 END))
                   OVER (PARTITION BY holding ORDER BY low, high ROWS UNBOUNDED PRECEDING) AS number
        FROM holds
    ), sums AS (
        SELECT who, holding, number, min(low) AS low, max(high) AS high, sum(held) AS held,
               sum(util_ppm_ms) AS util_ppm_ms, sum(util_ms) AS util_ms
        FROM numbered GROUP BY who, holding, number
    ), whole AS (
        SELECT *, min(low) OVER one AS begins, max(high) OVER one AS ends
        FROM sums WINDOW one AS (PARTITION BY holding, number)
    )
    INSERT INTO stretches (gpu, day, cluster_id, source, device, holder_kind, holder, instance, is_told,
        begins_ms, ends_ms, is_first, is_last, model, mig_profile, partition, qos, den, held,
        util_ppm_ms, util_ms)
    SELECT n.gpu, of_day, n.cluster_id, n.source, n.device, n.kind, n.holder, n.instance, n.is_told,
           w.begins, w.ends, w.begins = e.first_seen, w.ends = e.last_seen, n.model, n.profile,
           n.partition, n.qos, n.den, w.held, w.util_ppm_ms, w.util_ms
    FROM whole w JOIN names n USING (who) JOIN edges e USING (gpu, cluster_id, source);
END $$;

-- What windows are stored is counted with their batch and folded into the totals, in the same statement;
-- nobody else writes these. Rows are locked in one order, so that two batches of one GPU do not block
-- each other for ever. A window is under its own key, its parts and gaps lie inside it.
CREATE FUNCTION fold_windows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wrong text;
BEGIN
    INSERT INTO window_counts AS c (stream, number, cluster_id, source, kept)
        SELECT stream, number, cluster_id, source, count(*) FROM fresh
        GROUP BY stream, number, cluster_id, source ORDER BY stream, number
        ON CONFLICT (stream, number, cluster_id, source)
        DO UPDATE SET kept = c.kept + excluded.kept;
    WITH lengths AS MATERIALIZED (
        SELECT w.gpu, w.start, w.cluster_id, w.source, b.window_ms, b.energy_mj, b.gaps, b.flags,
               (w.start AT TIME ZONE interval '+08:00')::date AS day,
               date_trunc('hour', w.start, 'UTC') AS hour, starts_with(w.gpu, 'job/') AS is_job,
               CASE WHEN b.gaps IS NULL THEN 0 ELSE (
                   SELECT coalesce(sum((g ->> 'to_ms')::bigint - (g ->> 'from_ms')::bigint), 0)
                   FROM jsonb_array_elements(b.gaps) AS g) END AS gap_ms,
               b.gpu = w.gpu AND b.start = w.start AND b.window_ms BETWEEN 1 AND 3600000 AS fits
        FROM fresh w CROSS JOIN LATERAL jsonb_to_record(w.body)
            AS b(gpu text, start timestamptz, window_ms bigint, energy_mj numeric, gaps jsonb,
                 flags jsonb)
    ), folded AS (
        INSERT INTO coverage AS c (gpu, day, cluster_id, source, windows, window_ms, gap_ms, energy_mj)
            SELECT gpu, day, cluster_id, source, count(*), sum(window_ms), sum(gap_ms), sum(energy_mj)
            FROM lengths GROUP BY gpu, day, cluster_id, source
            ORDER BY gpu, day, cluster_id, source
            ON CONFLICT (gpu, day, cluster_id, source)
            DO UPDATE SET windows = c.windows + excluded.windows,
                          window_ms = c.window_ms + excluded.window_ms,
                          gap_ms = c.gap_ms + excluded.gap_ms,
                          energy_mj = CASE WHEN excluded.energy_mj IS NULL THEN c.energy_mj
                                           ELSE coalesce(c.energy_mj, 0) + excluded.energy_mj END
    ), counted AS (
        INSERT INTO hour_coverage AS c (gpu, hour, cluster_id, source, windows)
            SELECT gpu, hour, cluster_id, source, count(*) FROM lengths WHERE NOT is_job
            GROUP BY gpu, hour, cluster_id, source ORDER BY gpu, hour, cluster_id, source
            ON CONFLICT (gpu, hour, cluster_id, source)
            DO UPDATE SET windows = c.windows + excluded.windows
    ), lost AS (
        INSERT INTO hour_totals AS t (gpu, hour, cluster_id, source, holder_kind, holder, den, held)
            SELECT gpu, hour, cluster_id, source, 'gap', g.reason, 1, sum(g.to_ms - g.from_ms)
            FROM lengths CROSS JOIN LATERAL jsonb_to_recordset(gaps)
                AS g(reason text, from_ms bigint, to_ms bigint)
            WHERE NOT is_job AND gaps IS NOT NULL
            GROUP BY gpu, hour, cluster_id, source, g.reason
            ORDER BY gpu, hour, cluster_id, source, g.reason
            ON CONFLICT (gpu, hour, cluster_id, source, holder_kind, holder, den)
            DO UPDATE SET held = t.held + excluded.held
    ), announced AS (
        INSERT INTO xid_events (gpu, start, xid)
            SELECT DISTINCT gpu, start, substring(flag FROM '^xid:(\d{1,9})(?:@.*)?$')::integer
            FROM lengths CROSS JOIN LATERAL jsonb_array_elements_text(flags) AS flag
            WHERE flags IS NOT NULL AND flag ~ '^xid:\d{1,9}(@.*)?$'
    )
    SELECT min(gpu) INTO wrong FROM lengths WHERE fits IS NOT TRUE OR gap_ms NOT BETWEEN 0 AND window_ms;
    IF wrong IS NULL THEN
        WITH parts AS MATERIALIZED (
            SELECT w.gpu, (w.start AT TIME ZONE interval '+08:00')::date AS day, w.cluster_id, w.source,
                   date_trunc('hour', w.start, 'UTC') AS hour,
                   w.body ->> 'model' AS model, p.holder ->> 'kind' AS kind,
                   coalesce(p.holder ->> 'namespace', p.holder ->> 'account', p.holder ->> 'name', '')
                       AS holder,
                   coalesce(p.mig ->> 'profile', '') AS profile,
                   coalesce(p.holder ->> 'partition', '') AS partition,
                   coalesce(p.holder ->> 'qos', '') AS qos, coalesce(p.den, 1) AS den,
                   coalesce(p.num, 1) AS num, p.to_ms - p.from_ms AS ms,
                   (p.readings ->> 'util_ppm')::bigint AS ppm,
                   p.from_ms >= 0 AND p.from_ms < p.to_ms
                       AND p.to_ms <= (w.body ->> 'window_ms')::bigint
                       AND coalesce(p.num, 1) BETWEEN 1 AND coalesce(p.den, 1) AS fits
            FROM fresh w CROSS JOIN LATERAL jsonb_to_recordset(w.body -> 'parts')
                AS p(holder jsonb, from_ms bigint, to_ms bigint, num bigint, den integer, mig jsonb,
                     readings jsonb)
        ), folded AS (
            INSERT INTO day_totals AS t (gpu, day, cluster_id, source, model, holder_kind, holder,
                    mig_profile, partition, qos, den, held, util_ppm_ms, util_ms)
                SELECT gpu, day, cluster_id, source, model, kind, holder, profile, partition, qos, den,
                       sum(ms * num), coalesce(sum(ppm * ms), 0),
                       coalesce(sum(ms) FILTER (WHERE ppm IS NOT NULL), 0)
                FROM parts
                GROUP BY gpu, day, cluster_id, source, model, kind, holder, profile, partition, qos, den
                ORDER BY gpu, day, cluster_id, source, model, kind, holder, profile, partition, qos, den
                ON CONFLICT (gpu, day, cluster_id, source, model, holder_kind, holder, mig_profile,
                             partition, qos, den)
                DO UPDATE SET held = t.held + excluded.held,
                              util_ppm_ms = t.util_ppm_ms + excluded.util_ppm_ms,
                              util_ms = t.util_ms + excluded.util_ms
        ), by_the_hour AS (
            INSERT INTO hour_totals AS t (gpu, hour, cluster_id, source, holder_kind, holder, den, held,
                    util_ppm_ms, util_ms)
                SELECT gpu, hour, cluster_id, source, kind, holder, den, sum(ms * num),
                       coalesce(sum(ppm * ms), 0),
                       coalesce(sum(ms) FILTER (WHERE ppm IS NOT NULL), 0)
                FROM parts WHERE NOT starts_with(gpu, 'job/')
                GROUP BY gpu, hour, cluster_id, source, kind, holder, den
                ORDER BY gpu, hour, cluster_id, source, kind, holder, den
                ON CONFLICT (gpu, hour, cluster_id, source, holder_kind, holder, den)
                DO UPDATE SET held = t.held + excluded.held,
                              util_ppm_ms = t.util_ppm_ms + excluded.util_ppm_ms,
                              util_ms = t.util_ms + excluded.util_ms
        )
        SELECT min(gpu) INTO wrong FROM parts WHERE fits IS NOT TRUE;
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'a window of % is none', wrong
            USING ERRCODE = 'check_violation', CONSTRAINT = 'window_is_whole';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER fold AFTER INSERT ON windows REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION fold_windows();

-- Whose a job was, as its source said first: who is named afterwards moves no use.
CREATE TABLE job_users (
    cluster_id bigint NOT NULL,
    job text NOT NULL,
    job_user text NOT NULL CHECK (job_user <> ''),
    PRIMARY KEY (cluster_id, job)
);
CREATE INDEX job_users_by_user ON job_users (cluster_id, job_user);

CREATE FUNCTION keep_job_users() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO job_users (cluster_id, job, job_user)
        SELECT DISTINCT ON (cluster_id, job) cluster_id, job, job_user
        FROM (SELECT cluster_id, start, split_part(gpu, '/', 3) AS job,
                     jsonb_path_query_first(body, '$.parts[*].holder.user') #>> '{}' AS job_user
              FROM fresh WHERE source IN ('slurm', 'import')) w
        WHERE job_user <> '' ORDER BY cluster_id, job, start
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER job_users AFTER INSERT ON windows REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION keep_job_users();
COMMENT ON TABLE job_users IS 'Whose a job was, as its source said first';

-- Later words of job sources, on which two persons decided (35_corrections).
CREATE TABLE corrections (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gpu text NOT NULL,
    start timestamptz NOT NULL,
    hash bytea NOT NULL,
    stream uuid NOT NULL,
    number bigint NOT NULL,
    counts boolean NOT NULL,
    decision_id bigint NOT NULL REFERENCES decisions,
    UNIQUE (decision_id, gpu, start),
    FOREIGN KEY (gpu, start, hash, stream, number) REFERENCES conflicts
);
CREATE INDEX corrections_by_window ON corrections (gpu, start, id);
CREATE INDEX corrections_by_word ON corrections (gpu, start, hash, stream, number);

-- The windows of some GPUs as they count: with the newest correction that two persons accepted. Corrected
-- are jobs' windows, which are never packed.
CREATE FUNCTION counted_windows(of_gpus text[], since timestamptz, until timestamptz)
RETURNS TABLE (gpu text, start timestamptz, cluster_id bigint, source text, stream uuid, number bigint,
    body jsonb)
LANGUAGE sql STABLE BEGIN ATOMIC
    SELECT w.gpu, w.start, w.cluster_id, w.source, coalesce(c.stream, w.stream),
           coalesce(c.number, w.number), coalesce(c.body, w.body)
    FROM windows w LEFT JOIN (
        SELECT DISTINCT ON (k.gpu, k.start) k.gpu, k.start, x.stream, x.number, x.body
        FROM corrections k JOIN conflicts x USING (gpu, start, hash, stream, number)
        WHERE k.counts AND k.gpu = ANY(of_gpus) AND k.start >= since AND k.start < until
        ORDER BY k.gpu, k.start, k.id DESC
    ) c ON (c.gpu, c.start) = (w.gpu, w.start)
    WHERE w.gpu = ANY(of_gpus) AND w.start >= since AND w.start < until
    UNION ALL
    SELECT * FROM packed_windows(of_gpus, since, until);
END;

COMMENT ON TABLE corrections IS 'Later words of job sources on which two persons decided';
COMMENT ON COLUMN corrections.counts IS 'Whether it counts in place of what was said before';
COMMENT ON COLUMN corrections.hash IS 'With stream and number: which of the conflicts';
GRANT SELECT ON corrections TO :app_role;

COMMENT ON TABLE day_totals IS 'Sums of kept windows by GPU, Beijing day and holder';
COMMENT ON COLUMN day_totals.held IS
    'Sum of held milliseconds times the slice''s numerator; divide by den for device-milliseconds';
COMMENT ON COLUMN day_totals.den IS 'Denominator of held';
COMMENT ON COLUMN day_totals.util_ppm_ms IS 'Utilisation in millionths times milliseconds';
COMMENT ON COLUMN day_totals.util_ms IS 'Milliseconds in which utilisation was measured';
COMMENT ON TABLE coverage IS 'What was seen of each GPU on each Beijing day';
COMMENT ON COLUMN coverage.window_ms IS 'Milliseconds';
COMMENT ON COLUMN coverage.gap_ms IS 'Milliseconds without observation inside windows';
COMMENT ON COLUMN coverage.energy_mj IS 'Millijoules';

COMMENT ON TABLE hour_totals IS 'Sums of the kept windows of GPUs by hour and holder, and their gaps';
COMMENT ON COLUMN hour_totals.hour IS 'Its start';
COMMENT ON COLUMN hour_totals.holder IS 'Of a gap: its reason';
COMMENT ON COLUMN hour_totals.held IS
    'Sum of held milliseconds times the slice''s numerator; divide by den for device-milliseconds';
COMMENT ON COLUMN hour_totals.den IS 'Denominator of held';
COMMENT ON COLUMN hour_totals.util_ppm_ms IS 'Utilisation in millionths times milliseconds';
COMMENT ON COLUMN hour_totals.util_ms IS 'Milliseconds in which utilisation was measured';
COMMENT ON TABLE hour_coverage IS 'How many windows of a GPU were kept of an hour';
COMMENT ON COLUMN hour_coverage.hour IS 'Its start';
COMMENT ON TABLE xid_events IS 'Errors that a GPU''s driver announced (XID), each once a window';
COMMENT ON COLUMN xid_events.start IS 'Of the window';

COMMENT ON TABLE stretches IS
    'How an instance held a device on a Beijing day without being seen to let go; from windows';
COMMENT ON COLUMN stretches.device IS 'UUID of the MIG slice; empty for the whole GPU';
COMMENT ON COLUMN stretches.instance IS 'UID or name of the pod, number of the job; empty else';
COMMENT ON COLUMN stretches.is_told IS 'Whether the instance is told by a UID or a job number';
COMMENT ON COLUMN stretches.begins_ms IS 'Milliseconds from Beijing midnight';
COMMENT ON COLUMN stretches.ends_ms IS 'Milliseconds from Beijing midnight';
COMMENT ON COLUMN stretches.is_first IS 'Nothing of the GPU was seen earlier that day';
COMMENT ON COLUMN stretches.is_last IS 'Nothing of the GPU was seen later that day';
COMMENT ON COLUMN stretches.held IS
    'Sum of held milliseconds times numerator; divide by den for device-milliseconds';
COMMENT ON TABLE stretch_days IS 'How many windows of a day the stretches were made of';

REVOKE EXECUTE ON FUNCTION keep_stretches FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keep_stretches TO :app_role;
GRANT SELECT ON stretches, stretch_days TO :app_role;
REVOKE EXECUTE ON FUNCTION fold_windows, keep_job_users FROM PUBLIC;
GRANT SELECT ON job_users TO :app_role;
GRANT SELECT ON day_totals, coverage, hour_totals, hour_coverage, xid_events TO :app_role;
