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

-- The windows of an hour of a GPU that were said in one stream, once their day is closed: of each its
-- minute, and where its body stands, byte for byte: the place of the window in the batch. It is not
-- written twice. `pack_windows` alone writes it, and takes them from `windows`. Minutes that follow one
-- another in batches and places that do are a segment: six numbers, however long it is.
CREATE TABLE window_hours (
    gpu text NOT NULL,
    hour timestamptz NOT NULL CHECK (hour = date_trunc('hour', hour, 'UTC')),
    stream uuid NOT NULL,
    cluster_id bigint NOT NULL,
    source text NOT NULL CHECK (source IN ('nvml', 'dcgm')),
    segments integer[] NOT NULL CHECK (cardinality(segments) > 0 AND cardinality(segments) % 6 = 0),
    PRIMARY KEY (gpu, hour, stream)
);

-- The segments of windows in the order of their minutes: of each the first minute, how many minutes, the
-- first number and place, and by what these grow from minute to minute.
CREATE FUNCTION segments_of(minutes integer[], numbers integer[], places integer[]) RETURNS integer[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    segments integer[] := '{}';
    s integer;  -- where the last segment begins
    number_step integer;
    place_step integer;
BEGIN
    FOR i IN 1 .. cardinality(minutes) LOOP
        number_step := numbers[i] - numbers[i - 1];
        place_step := places[i] - places[i - 1];
        IF minutes[i] = minutes[i - 1] + 1 AND (segments[s + 1] = 1
                OR (segments[s + 3], segments[s + 5]) = (number_step, place_step)) THEN
            segments[s + 1] := segments[s + 1] + 1;
            segments[s + 3] := number_step;
            segments[s + 5] := place_step;
        ELSE
            s := cardinality(segments) + 1;
            segments := segments || ARRAY[minutes[i], 1, numbers[i], 0, places[i], 0];
        END IF;
    END LOOP;
    RETURN segments;
END $$;

CREATE FUNCTION minutes_of(segments integer[])
RETURNS TABLE (minute integer, number integer, place smallint)
LANGUAGE sql IMMUTABLE BEGIN ATOMIC
    SELECT segments[s] + n, segments[s + 2] + n * segments[s + 3],
           (segments[s + 4] + n * segments[s + 5])::smallint
    FROM generate_series(1, cardinality(segments), 6) AS s
    CROSS JOIN LATERAL generate_series(0, segments[s + 1] - 1) AS n;
END;

-- Beijing days of which windows wait to be packed, those of which some are, and those since which no batches
-- were looked at.
CREATE TABLE window_days (
    day date NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'packed', 'batches')),
    PRIMARY KEY (day, state)
);

-- Read windows of some GPUs that start from `since` and before `until`, in whatever form they are kept:
-- whoever reads more than the last two days does it by these. First those that are packed, without bodies.
-- `window_hours` may stand on other machines (docs/adr/0018-citus.md), so it is read here alone, by itself and
-- in PL/pgSQL: Citus does not look into SQL functions. Who asks for later days than are packed does not ask it.
CREATE FUNCTION packed_minutes(of_gpus text[], since timestamptz, until timestamptz)
RETURNS TABLE (gpu text, start timestamptz, cluster_id bigint, source text, stream uuid, number bigint,
    place smallint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    h record;
BEGIN
    IF NOT EXISTS (SELECT FROM window_days d WHERE d.state = 'packed'
                   AND (d.day + 1)::timestamp AT TIME ZONE interval '+08:00' > since) THEN
        RETURN;
    END IF;
    FOR h IN
        SELECT w.gpu, w.hour, w.cluster_id, w.source, w.stream, w.segments
        FROM window_hours w
        WHERE w.gpu = ANY(of_gpus) AND w.hour > since - interval '1 hour' AND w.hour < until
    LOOP
        RETURN QUERY SELECT h.gpu, h.hour + p.minute * interval '1 minute', h.cluster_id, h.source,
                            h.stream, p.number::bigint, p.place
            FROM minutes_of(h.segments) AS p
            WHERE h.hour + p.minute * interval '1 minute' >= since
                AND h.hour + p.minute * interval '1 minute' < until;
    END LOOP;
END $$;

-- Of windows by their keys those that are packed: asked for by the hour, not one by one.
CREATE FUNCTION packed_of(of_gpus text[], starts timestamptz[])
RETURNS TABLE (gpu text, start timestamptz, stream uuid, number bigint, place smallint)
LANGUAGE sql STABLE BEGIN ATOMIC
    SELECT m.gpu, m.start, m.stream, m.number, m.place
    FROM (
        SELECT date_trunc('hour', u.start, 'UTC') AS hour, array_agg(u.gpu) AS gpus,
               array_agg(u.start) AS starts
        FROM unnest(of_gpus, starts) AS u(gpu, start) GROUP BY 1
    ) h
    CROSS JOIN LATERAL packed_minutes(h.gpus, h.hour, h.hour + interval '1 hour') AS m
    WHERE (m.gpu, m.start) IN (SELECT * FROM unnest(h.gpus, h.starts));
END;

-- The windows of a batch as its bytes say them, a JSON array. Null, where PostgreSQL cannot read the
-- bytes: of what the door refuses in a batch, anything may stand beside the windows.
CREATE FUNCTION batch_windows(of_stream uuid, of_number bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT convert_from(bytes, 'UTF8')::jsonb -> 'windows'
            FROM kept_batch(of_stream, of_number));
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
    RETURN NULL;
END $$;

-- Bodies of windows by where they stand, numbered from 1 as they were asked for. Each batch is read once, and
-- of each roll the pieces that are asked for.
CREATE FUNCTION packed_bodies(streams uuid[], numbers bigint[], places integer[])
RETURNS TABLE (at bigint, body jsonb)
LANGUAGE sql STABLE BEGIN ATOMIC
    WITH wanted AS MATERIALIZED (
        SELECT * FROM unnest(streams, numbers, places) WITH ORDINALITY AS w(stream, number, place, at)
    ), kept AS MATERIALIZED (
        SELECT b.stream, b.number, (SELECT r.first FROM roll_of(b.stream, b.number) r) AS first
        FROM (SELECT DISTINCT stream, number FROM wanted) b
    ), of_rows AS MATERIALIZED (
        SELECT stream, number, batch_windows(stream, number) AS windows FROM kept WHERE first IS NULL
    ), of_rolls AS MATERIALIZED (
        SELECT k.stream, k.first, array_agg(((w.number - k.first) * 1001 + w.place)::integer) AS places,
               array_agg(w.at) AS ats
        FROM kept k JOIN wanted w USING (stream, number) WHERE k.first IS NOT NULL
        GROUP BY k.stream, k.first
    ), at_hand AS MATERIALIZED (
        SELECT rolls_at_hand(array_agg(stream), array_agg(first)) AS are FROM of_rolls
    )
    SELECT w.at, r.windows -> (w.place - 1) FROM of_rows r JOIN wanted w USING (stream, number)
    WHERE r.windows IS NOT NULL
    UNION ALL
    SELECT a.at, p.said::jsonb
    FROM (SELECT o.* FROM of_rolls o CROSS JOIN at_hand h WHERE h.are OFFSET 0) o
    CROSS JOIN LATERAL roll_at(o.stream, o.first) r
    CROSS JOIN LATERAL unnest(o.places, o.ats) AS a(place, at)
    JOIN LATERAL (SELECT * FROM roll_pieces(r, o.places) OFFSET 0) p ON p.place = a.place;
END;

-- Those that are packed, with their bodies.
CREATE FUNCTION packed_windows(of_gpus text[], since timestamptz, until timestamptz)
RETURNS TABLE (gpu text, start timestamptz, cluster_id bigint, source text, stream uuid, number bigint,
    body jsonb)
LANGUAGE sql STABLE BEGIN ATOMIC
    WITH minutes AS MATERIALIZED (
        SELECT *, row_number() OVER () AS at FROM packed_minutes(of_gpus, since, until)
    ), all_minutes AS MATERIALIZED (
        SELECT array_agg(stream ORDER BY at) AS streams, array_agg(number ORDER BY at) AS numbers,
               array_agg(place::integer ORDER BY at) AS places FROM minutes
    )
    SELECT m.gpu, m.start, m.cluster_id, m.source, m.stream, m.number, b.body
    FROM all_minutes a CROSS JOIN LATERAL packed_bodies(a.streams, a.numbers, a.places) b
    JOIN minutes m USING (at);
END;

CREATE FUNCTION kept_windows(of_gpus text[], since timestamptz, until timestamptz)
RETURNS TABLE (gpu text, start timestamptz, cluster_id bigint, source text, stream uuid, number bigint,
    body jsonb)
LANGUAGE sql STABLE BEGIN ATOMIC
    SELECT w.gpu, w.start, w.cluster_id, w.source, w.stream, w.number, w.body FROM windows w
    WHERE w.gpu = ANY(of_gpus) AND w.start >= since AND w.start < until
    UNION ALL
    SELECT * FROM packed_windows(of_gpus, since, until);
END;

CREATE FUNCTION kept_minutes(of_gpus text[], since timestamptz, until timestamptz)
RETURNS TABLE (gpu text, start timestamptz, cluster_id bigint, source text, stream uuid, number bigint)
LANGUAGE sql STABLE BEGIN ATOMIC
    SELECT w.gpu, w.start, w.cluster_id, w.source, w.stream, w.number FROM windows w
    WHERE w.gpu = ANY(of_gpus) AND w.start >= since AND w.start < until
    UNION ALL
    SELECT m.gpu, m.start, m.cluster_id, m.source, m.stream, m.number
    FROM packed_minutes(of_gpus, since, until) m;
END;

-- The last window of a GPU that starts at `since` or later; none, if there is none.
CREATE FUNCTION newest_window(of_gpu text, since timestamptz)
RETURNS TABLE (start timestamptz, body jsonb)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    newest timestamptz;
    newest_body jsonb;
    newest_packed timestamptz;
BEGIN
    SELECT w.start, w.body INTO newest, newest_body FROM windows w
        WHERE w.gpu = of_gpu AND w.start >= since ORDER BY w.start DESC LIMIT 1;
    SELECT max(m.start) INTO newest_packed
        FROM packed_minutes(ARRAY[of_gpu], coalesce(newest, since), 'infinity') m;
    IF newest_packed IS NULL AND newest IS NULL THEN RETURN; END IF;
    IF newest_packed IS NULL THEN RETURN QUERY SELECT newest, newest_body;
    ELSE RETURN QUERY SELECT p.start, p.body FROM packed_windows(ARRAY[of_gpu], newest_packed,
            newest_packed + interval '1 minute') p;
    END IF;
END $$;

-- Nobody says a minute a second time, packed or not; a day of which a window came has some to pack. A
-- transaction that looks at the past would not see what was packed meanwhile.
CREATE FUNCTION window_is_first() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    days date[];
    again text;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'windows are stored at READ COMMITTED'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'window_is_first';
    END IF;
    SELECT ARRAY[(min(start) AT TIME ZONE interval '+08:00')::date,
                 (max(start) AT TIME ZONE interval '+08:00')::date] INTO days FROM fresh;
    IF days[1] IS NULL THEN RETURN NULL; END IF;
    IF days[1] <> days[2] THEN  -- seldom, and then all of them are looked at
        days := (SELECT array_agg(DISTINCT (start AT TIME ZONE interval '+08:00')::date) FROM fresh);
    END IF;
    INSERT INTO window_days (day, state)
        SELECT DISTINCT day, 'open' FROM unnest(days) AS day ORDER BY day ON CONFLICT DO NOTHING;
    IF NOT EXISTS (SELECT FROM window_days WHERE day = ANY(days) AND state = 'packed') THEN
        RETURN NULL;
    END IF;
    -- On several machines what is packed shows a moment after the rows are gone, and before the lock is.
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('suanquan.pack', 0));
    SELECT min(p.gpu) INTO again
        FROM (SELECT array_agg(gpu) AS gpus, array_agg(start) AS starts FROM fresh) f
        CROSS JOIN LATERAL packed_of(f.gpus, f.starts) AS p;
    IF again IS NOT NULL THEN
        RAISE EXCEPTION 'a minute of % is packed already', again
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'window_is_first';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER first AFTER INSERT ON windows REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION window_is_first();

-- Packs an hour of some GPUs, and returns how many windows. What it takes stands in the bytes of its batch,
-- the same: it was compared. What does not, and a window with a gap (which pages look for), stays. What
-- touches `window_hours` touches nothing else in the same statement, as everywhere.
CREATE FUNCTION pack_windows(of_gpus text[], of_hour timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    packed integer;
    new_minutes jsonb;
    old_minutes jsonb;
    new_hours jsonb;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.pack', 0));
    WITH plain AS MATERIALIZED (
        SELECT gpu, start, cluster_id, source, stream, number, body FROM windows
        WHERE gpu = ANY(of_gpus) AND start >= of_hour AND start < of_hour + interval '1 hour'
            AND source IN ('nvml', 'dcgm') AND number <= 2147483647 AND NOT body ? 'gaps'
    ), said AS (
        SELECT stream, number, e.body, e.place
        FROM (SELECT DISTINCT stream, number FROM plain) b
        CROSS JOIN LATERAL jsonb_array_elements(batch_windows(stream, number))
            WITH ORDINALITY AS e(body, place)
    ), found AS MATERIALIZED (  -- a body has its key in it, so of equal ones at most one is kept
        SELECT min(gpu) AS gpu, min(start) AS start, min(cluster_id) AS cluster_id,
               min(source) AS source, stream, number, min(place)::smallint AS place
        FROM (SELECT gpu, start, cluster_id, source, stream, number, body, NULL::bigint AS place
              FROM plain
              UNION ALL
              SELECT NULL, NULL, NULL, NULL, stream, number, body, place FROM said) b
        GROUP BY stream, number, body HAVING count(gpu) = 1 AND count(place) > 0
    ), gone AS (
        DELETE FROM windows w USING found f WHERE (w.gpu, w.start) = (f.gpu, f.start)
            AND w.start >= of_hour AND w.start < of_hour + interval '1 hour'
    ), noted AS (
        INSERT INTO window_days (day, state)
            SELECT (of_hour AT TIME ZONE interval '+08:00')::date, 'packed'
            WHERE EXISTS (SELECT FROM found) ON CONFLICT DO NOTHING
    )
    SELECT count(*), jsonb_agg(jsonb_build_object('gpu', gpu, 'stream', stream, 'cluster_id', cluster_id,
               'source', source, 'minute', extract(minute FROM start AT TIME ZONE 'UTC'),
               'number', number, 'place', place))
        INTO packed, new_minutes FROM found;
    IF packed = 0 THEN RETURN 0; END IF;
    SELECT jsonb_agg(to_jsonb(e)) INTO old_minutes FROM (
        SELECT m.gpu, m.stream, m.cluster_id, m.source,
               extract(minute FROM m.start AT TIME ZONE 'UTC') AS minute, m.number, m.place
        FROM packed_minutes(of_gpus, of_hour, of_hour + interval '1 hour') m
        WHERE (m.gpu, m.stream) IN (SELECT n ->> 'gpu', (n ->> 'stream')::uuid
                                    FROM jsonb_array_elements(new_minutes) AS n)
    ) e;
    WITH minutes AS (
        SELECT * FROM jsonb_to_recordset(new_minutes || coalesce(old_minutes, '[]'))
            AS m(gpu text, stream uuid, cluster_id bigint, source text, minute smallint,
                 number integer, place smallint)
    )
    SELECT jsonb_agg(to_jsonb(h)) INTO new_hours FROM (
        SELECT gpu, of_hour AS hour, stream, cluster_id, source,
               segments_of(array_agg(minute::integer ORDER BY minute),
                           array_agg(number ORDER BY minute),
                           array_agg(place::integer ORDER BY minute)) AS segments
        FROM minutes GROUP BY gpu, stream, cluster_id, source
    ) h;
    INSERT INTO window_hours AS h (gpu, hour, stream, cluster_id, source, segments)
        SELECT n.gpu, n.hour, n.stream, n.cluster_id, n.source, n.segments
        FROM jsonb_to_recordset(new_hours)
            AS n(gpu text, hour timestamptz, stream uuid, cluster_id bigint, source text,
                 segments integer[])
        ON CONFLICT (gpu, hour, stream) DO UPDATE SET segments = excluded.segments;
    RETURN packed;
END $$;

-- The day is done: a window that comes later opens it again. Then it is the batches' turn.
CREATE FUNCTION close_window_day(of_day date) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DELETE FROM window_days WHERE day = of_day AND state = 'open';
    INSERT INTO window_days (day, state) VALUES (of_day, 'batches') ON CONFLICT DO NOTHING
$$;
CREATE FUNCTION close_batch_day(of_day date) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DELETE FROM window_days WHERE day <= of_day AND state = 'batches'
$$;

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
CREATE INDEX conflicts_by_arrival ON conflicts (received_at DESC, gpu, start, number);

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
COMMENT ON TABLE window_hours IS 'Windows of closed days, an hour of a GPU a row; their bodies stand in the batches';
COMMENT ON COLUMN window_hours.hour IS 'Its start';
COMMENT ON COLUMN window_hours.segments IS
    'Six numbers each: first minute, minutes, number of its batch, its step, place there from 1, its step';
COMMENT ON TABLE window_days IS 'Beijing days of which windows or batches wait to be packed, or some are packed';
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

REVOKE EXECUTE ON FUNCTION ensure_month, window_is_first, pack_windows, close_window_day, close_batch_day,
    count_waiting, windows_of_a_batch, usage_admitted FROM PUBLIC;
GRANT SELECT ON window_counts, window_hours, window_days TO :app_role;
GRANT EXECUTE ON FUNCTION ensure_month, pack_windows, close_window_day, close_batch_day TO :app_role;
GRANT SELECT, INSERT ON windows, conflicts TO :app_role;
GRANT SELECT ON quarantine TO :app_role;
GRANT INSERT (gpu, start, hash, reason, cluster_id, node, source, stream, number, received_at, body)
    ON quarantine TO :app_role;
GRANT UPDATE (reason, released_at, admitted_at, admitted_by) ON quarantine TO :app_role;
