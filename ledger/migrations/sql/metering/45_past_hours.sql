-- The sums by the hour of days that are over, a GPU's day a row. Of the hours of a closed day nothing is
-- looked for one by one, and as rows of `hour_totals` they would take twenty times the room. Gaps stay
-- there: pages look for them, and they are few. A window that comes late is folded there too, and moved
-- with its day again; so what is read is always the sum of both.

CREATE TABLE past_hours (
    gpu text NOT NULL,
    day date NOT NULL,
    cluster_id bigint NOT NULL,
    source text NOT NULL,
    windows integer[] NOT NULL CHECK (cardinality(windows) = 24),
    sums jsonb NOT NULL,
    PRIMARY KEY (gpu, day, cluster_id, source)
);

-- As `packed_minutes` (08_windows) these two alone read the table, which may stand on other machines.
CREATE FUNCTION past_counts(of_gpus text[], since timestamptz, until timestamptz)
RETURNS TABLE (gpu text, hour timestamptz, cluster_id bigint, source text, windows integer)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    first CONSTANT date := beijing_day(since);
    last CONSTANT date := beijing_day(until);
    h record;
BEGIN
    IF NOT EXISTS (SELECT FROM window_days d WHERE d.state = 'packed' AND d.day >= first) THEN
        RETURN;
    END IF;
    FOR h IN
        SELECT p.gpu, p.day, p.cluster_id, p.source, p.windows FROM past_hours p
        WHERE p.gpu = ANY(of_gpus) AND p.day >= first AND p.day <= last
    LOOP
        RETURN QUERY SELECT h.gpu, w.hour, h.cluster_id, h.source, w.windows
            FROM (SELECT h.day::timestamp AT TIME ZONE interval '+08:00' + (n - 1) * interval '1 hour',
                         u.windows
                  FROM unnest(h.windows) WITH ORDINALITY AS u(windows, n)) AS w(hour, windows)
            WHERE w.windows > 0 AND w.hour >= since AND w.hour < until;
    END LOOP;
END $$;

CREATE FUNCTION past_sums(of_gpus text[], since timestamptz, until timestamptz)
RETURNS TABLE (gpu text, hour timestamptz, cluster_id bigint, source text, holder_kind text, holder text,
    den integer, held bigint, util_ppm_ms numeric, util_ms bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    first CONSTANT date := beijing_day(since);
    last CONSTANT date := beijing_day(until);
    h record;
BEGIN
    IF NOT EXISTS (SELECT FROM window_days d WHERE d.state = 'packed' AND d.day >= first) THEN
        RETURN;
    END IF;
    FOR h IN
        SELECT p.gpu, p.day, p.cluster_id, p.source, p.sums FROM past_hours p
        WHERE p.gpu = ANY(of_gpus) AND p.day >= first AND p.day <= last
    LOOP
        RETURN QUERY SELECT h.gpu, s.hour, h.cluster_id, h.source, s.sum ->> 1, s.sum ->> 2,
                            (s.sum ->> 3)::integer, (s.sum ->> 4)::bigint, (s.sum ->> 5)::numeric,
                            (s.sum ->> 6)::bigint
            FROM (SELECT h.day::timestamp AT TIME ZONE interval '+08:00'
                         + (e ->> 0)::integer * interval '1 hour', e
                  FROM jsonb_array_elements(h.sums) AS e) AS s(hour, sum)
            WHERE s.hour >= since AND s.hour < until;
    END LOOP;
END $$;

-- How many windows there were, and who held what: of some GPUs, in hours from `since` until before `until`,
-- in whatever form they are kept.
CREATE FUNCTION kept_counts(of_gpus text[], since timestamptz, until timestamptz)
RETURNS TABLE (gpu text, hour timestamptz, cluster_id bigint, source text, windows integer)
LANGUAGE sql STABLE BEGIN ATOMIC
    SELECT c.gpu, c.hour, c.cluster_id, c.source, c.windows FROM hour_coverage c
    WHERE c.gpu = ANY(of_gpus) AND c.hour >= since AND c.hour < until
    UNION ALL
    SELECT * FROM past_counts(of_gpus, since, until);
END;

CREATE FUNCTION kept_sums(of_gpus text[], since timestamptz, until timestamptz)
RETURNS TABLE (gpu text, hour timestamptz, cluster_id bigint, source text, holder_kind text, holder text,
    den integer, held bigint, util_ppm_ms numeric, util_ms bigint)
LANGUAGE sql STABLE BEGIN ATOMIC
    SELECT t.gpu, t.hour, t.cluster_id, t.source, t.holder_kind, t.holder, t.den, t.held, t.util_ppm_ms,
           t.util_ms
    FROM hour_totals t WHERE t.gpu = ANY(of_gpus) AND t.hour >= since AND t.hour < until
    UNION ALL
    SELECT * FROM past_sums(of_gpus, since, until);
END;

-- Moves the sums of a day of some GPUs. Who folds windows of an hour has its row of `hour_coverage` first, and
-- these are locked in the same order, so that nobody waits in a circle.
CREATE FUNCTION pack_sums(of_gpus text[], of_day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    midnight CONSTANT timestamptz := of_day::timestamp AT TIME ZONE interval '+08:00';
    next_midnight CONSTANT timestamptz := midnight + interval '24 hours';
    new_counts jsonb;
    new_sums jsonb;
    new_days jsonb;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.pack', 0));
    PERFORM FROM hour_coverage WHERE gpu = ANY(of_gpus) AND hour >= midnight AND hour < next_midnight
        ORDER BY gpu, hour, cluster_id, source FOR UPDATE;
    WITH gone AS (
        DELETE FROM hour_coverage WHERE gpu = ANY(of_gpus) AND hour >= midnight AND hour < next_midnight
        RETURNING gpu, hour, cluster_id, source, windows
    )
    SELECT jsonb_agg(to_jsonb(g)) INTO new_counts FROM gone g;
    IF new_counts IS NULL THEN RETURN; END IF;
    WITH gone AS (
        DELETE FROM hour_totals WHERE gpu = ANY(of_gpus) AND hour >= midnight AND hour < next_midnight
            AND holder_kind <> 'gap'
        RETURNING gpu, hour, cluster_id, source, holder_kind, holder, den, held, util_ppm_ms, util_ms
    )
    SELECT jsonb_agg(to_jsonb(g)) INTO new_sums FROM gone g;
    INSERT INTO window_days (day, state) VALUES (of_day, 'packed') ON CONFLICT DO NOTHING;
    WITH counts AS (
        SELECT gpu, cluster_id, source, extract(epoch FROM hour - midnight)::integer / 3600 AS n,
               sum(windows) AS windows
        FROM (
            SELECT * FROM jsonb_to_recordset(new_counts)
                AS c(gpu text, hour timestamptz, cluster_id bigint, source text, windows integer)
            UNION ALL SELECT * FROM past_counts(of_gpus, midnight, next_midnight)
        ) c GROUP BY 1, 2, 3, 4
    ), sums AS (
        SELECT gpu, cluster_id, source, extract(epoch FROM hour - midnight)::integer / 3600 AS n,
               holder_kind, holder, den, sum(held) AS held, sum(util_ppm_ms) AS util_ppm_ms,
               sum(util_ms) AS util_ms
        FROM (
            SELECT * FROM jsonb_to_recordset(coalesce(new_sums, '[]'))
                AS s(gpu text, hour timestamptz, cluster_id bigint, source text, holder_kind text,
                     holder text, den integer, held bigint, util_ppm_ms numeric, util_ms bigint)
            UNION ALL SELECT * FROM past_sums(of_gpus, midnight, next_midnight)
        ) s GROUP BY 1, 2, 3, 4, 5, 6, 7
    ), days AS (
        SELECT gpu, cluster_id, source,
               array_agg(coalesce(windows, 0) ORDER BY n) AS windows
        FROM (SELECT DISTINCT gpu, cluster_id, source FROM counts) d
        CROSS JOIN generate_series(0, 23) AS n LEFT JOIN counts USING (gpu, cluster_id, source, n)
        GROUP BY gpu, cluster_id, source
    ), sums_of_days AS (
        SELECT gpu, cluster_id, source, jsonb_agg(jsonb_build_array(n, holder_kind, holder, den, held,
                   util_ppm_ms, util_ms) ORDER BY n, holder_kind, holder, den) AS sums
        FROM sums GROUP BY gpu, cluster_id, source
    )
    SELECT jsonb_agg(jsonb_build_object('gpu', gpu, 'day', of_day, 'cluster_id', cluster_id,
               'source', source, 'windows', windows, 'sums', coalesce(sums, '[]')))
        INTO new_days FROM days LEFT JOIN sums_of_days USING (gpu, cluster_id, source);
    INSERT INTO past_hours AS h (gpu, day, cluster_id, source, windows, sums)
        SELECT n.gpu, n.day, n.cluster_id, n.source, n.windows, n.sums
        FROM jsonb_to_recordset(new_days) AS n(gpu text, day date, cluster_id bigint, source text,
            windows integer[], sums jsonb)
        ON CONFLICT (gpu, day, cluster_id, source) DO UPDATE SET windows = excluded.windows,
            sums = excluded.sums;
END $$;

COMMENT ON TABLE past_hours IS 'Sums by the hour of days that are over, a GPU''s day a row';
COMMENT ON COLUMN past_hours.day IS 'Beijing date';
COMMENT ON COLUMN past_hours.windows IS 'How many were kept, of each of its 24 hours';
COMMENT ON COLUMN past_hours.sums IS
    'Of each hour (from 0) and holder: kind, holder, den, held, util_ppm_ms, util_ms, as in hour_totals';

REVOKE EXECUTE ON FUNCTION pack_sums FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pack_sums TO :app_role;
GRANT SELECT ON past_hours TO :app_role;
