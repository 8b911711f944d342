-- What the witnesses say of each stretch for which a pod held a device, and what counts of it. All of
-- it is read from windows and sightings by the owner's function; the application may not write it.
-- `tests/support/witness/rule.py` is the rule in words that tests hold it to.

-- How long a pod's container held a device with one share, as metered; and (kind 'seen') how long
-- anybody looked at the GPU at all. A row ends where the next part does not touch it.
CREATE TABLE holds (
    cluster_id bigint NOT NULL,
    day date NOT NULL,
    gpu text NOT NULL,
    source text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('pod', 'seen')),
    device text NOT NULL DEFAULT '',
    namespace text NOT NULL DEFAULT '',
    pod text NOT NULL DEFAULT '',
    container text NOT NULL DEFAULT '',
    uid text NOT NULL DEFAULT '',
    model text NOT NULL DEFAULT '',
    mig_profile text NOT NULL DEFAULT '',
    num bigint NOT NULL DEFAULT 1,
    den integer NOT NULL DEFAULT 1,
    low timestamptz NOT NULL,
    high timestamptz NOT NULL CHECK (high > low),
    util_ppm_ms numeric NOT NULL DEFAULT 0,
    util_ms bigint NOT NULL DEFAULT 0
);
CREATE INDEX holds_by_day ON holds (cluster_id, day, gpu);

-- Up to where a day's windows were read.
CREATE TABLE hold_days (
    cluster_id bigint NOT NULL,
    day date NOT NULL,
    gpu text NOT NULL,
    source text NOT NULL,
    windows integer NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (cluster_id, day, gpu, source)
);

-- A piece of a hold of which the witnesses say one thing; `gap` is time of which nobody metered
-- anything between two holds of one pod, and which the API server's times cover.
CREATE TABLE evidence (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cluster_id bigint NOT NULL,
    day date NOT NULL,
    gpu text NOT NULL,
    node text NOT NULL,
    source text NOT NULL,
    device text NOT NULL,
    namespace text NOT NULL,
    pod text NOT NULL,
    container text NOT NULL,
    uid text NOT NULL,
    model text NOT NULL,
    mig_profile text NOT NULL,
    num bigint NOT NULL,
    den integer NOT NULL,
    low timestamptz NOT NULL,
    high timestamptz NOT NULL CHECK (high > low),
    held bigint NOT NULL CHECK (held > 0),
    util_ppm_ms numeric NOT NULL,
    util_ms bigint NOT NULL,
    verdict text NOT NULL
        CHECK (verdict IN ('agreeing', 'pending', 'single', 'contradicting', 'gap')),
    reason text,
    agent_id uuid,
    pod_uid text,
    incident_id bigint,
    counts boolean NOT NULL,
    grade text CHECK (grade IN ('A', 'B', 'C', 'D')),
    CHECK (counts = (grade IS NOT NULL))
);
CREATE INDEX evidence_by_day ON evidence (cluster_id, day);
CREATE INDEX evidence_by_gpu ON evidence (gpu, day);
CREATE INDEX evidence_by_pod ON evidence (agent_id, pod_uid) WHERE pod_uid IS NOT NULL;
CREATE INDEX evidence_aside ON evidence (cluster_id, day) WHERE NOT counts OR verdict = 'gap';

-- With how many windows a day was compared.
CREATE TABLE evidence_days (
    cluster_id bigint NOT NULL,
    day date NOT NULL,
    windows bigint NOT NULL,
    PRIMARY KEY (cluster_id, day)
);

-- The days of which something was said or decided since they were compared.
CREATE TABLE evidence_changes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cluster_id bigint NOT NULL,
    days datemultirange NOT NULL
);
CREATE INDEX evidence_changes_by_cluster ON evidence_changes (cluster_id);

CREATE FUNCTION beijing_day(at timestamptz) RETURNS date
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (at AT TIME ZONE interval '+08:00')::date;

-- Which holder a hold is of: one container of one pod.
CREATE FUNCTION hold_key(namespace text, pod text, container text, uid text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN concat_ws('/', namespace, pod, container, nullif(uid, ''));

-- Reads on, from their windows, the GPUs of a day whose windows are not all in `holds` yet. A window
-- that came late has its GPU's day read again.
CREATE FUNCTION keep_holds(of_cluster bigint, of_day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET work_mem = '32MB'
AS $$
DECLARE
    midnight CONSTANT timestamptz := of_day::timestamp AT TIME ZONE interval '+08:00';
    stale CONSTANT text[] := (SELECT array_agg(DISTINCT v.gpu) FROM coverage v
        LEFT JOIN hold_days k USING (cluster_id, day, gpu, source)
        WHERE (v.cluster_id, v.day) = (of_cluster, of_day) AND v.source IN ('nvml', 'dcgm')
            AND k.windows IS DISTINCT FROM v.windows);
BEGIN
    IF stale IS NULL THEN RETURN; END IF;
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('suanquan.pack', 0));  -- as `window_is_first` does
    DELETE FROM hold_days k WHERE (cluster_id, day) = (of_cluster, of_day) AND k.gpu = ANY(stale)
        AND (SELECT v.windows FROM coverage v WHERE (v.gpu, v.day, v.cluster_id, v.source)
                = (k.gpu, k.day, k.cluster_id, k.source))
            IS DISTINCT FROM k.windows + (SELECT count(*)::integer
                FROM kept_minutes(ARRAY[k.gpu], k.until, midnight + interval '24 hours') w
                WHERE (w.cluster_id, w.source) = (k.cluster_id, k.source));
    DELETE FROM holds h WHERE (cluster_id, day) = (of_cluster, of_day) AND h.gpu = ANY(stale)
        AND NOT EXISTS (SELECT FROM hold_days k WHERE (k.cluster_id, k.day, k.gpu, k.source)
                            = (h.cluster_id, h.day, h.gpu, h.source));
    WITH gone AS (
        DELETE FROM holds WHERE (cluster_id, day) = (of_cluster, of_day) AND gpu = ANY(stale)
        RETURNING *
    ), fresh AS MATERIALIZED (
        SELECT w.gpu, w.source, w.start, w.body
        FROM (  -- apart: a planner that pushes what follows into it unpacks rolls again and again
            SELECT * FROM kept_windows(stale, midnight, midnight + interval '24 hours') OFFSET 0) w
        LEFT JOIN hold_days k ON (k.cluster_id, k.day, k.gpu, k.source)
            = (of_cluster, of_day, w.gpu, w.source)
        WHERE w.cluster_id = of_cluster AND w.source IN ('nvml', 'dcgm')
            AND w.start >= coalesce(k.until, midnight)
    ), parts AS MATERIALIZED (
        SELECT f.gpu, f.source, f.body ->> 'model' AS model, p.holder AS h, p.mig,
               coalesce(p.num, 1) AS num, coalesce(p.den, 1) AS den, p.to_ms - p.from_ms AS ms,
               f.start + p.from_ms * interval '1 millisecond' AS low,
               f.start + p.to_ms * interval '1 millisecond' AS high,
               (p.readings ->> 'util_ppm')::bigint AS ppm
        FROM fresh f CROSS JOIN LATERAL jsonb_to_recordset(f.body -> 'parts')
            AS p(holder jsonb, mig jsonb, from_ms bigint, to_ms bigint, num bigint, den integer,
                 readings jsonb)
    ), pieces AS MATERIALIZED (
        SELECT gpu, source, 'pod' AS kind, coalesce(mig ->> 'uuid', '') AS device,
               h ->> 'namespace' AS namespace, h ->> 'pod' AS pod,
               coalesce(h ->> 'container', '') AS container, coalesce(h ->> 'uid', '') AS uid, model,
               coalesce(mig ->> 'profile', '') AS mig_profile, num, den, low, high,
               coalesce(ppm * ms, 0)::numeric AS util_ppm_ms,
               CASE WHEN ppm IS NULL THEN 0 ELSE ms END AS util_ms
        FROM parts WHERE h ->> 'kind' = 'pod'
        UNION ALL
        SELECT gpu, source, 'seen', '', '', '', '', '', '', '', 1, 1, low, high, 0, 0 FROM parts
        UNION ALL
        SELECT gpu, source, kind, device, namespace, pod, container, uid, model, mig_profile, num, den,
               low, high, util_ppm_ms, util_ms FROM gone
    ), holders AS MATERIALIZED (  -- numbered: to sort by twelve columns takes twice as long
        SELECT row_number() OVER () AS id, h.*
        FROM (SELECT DISTINCT gpu, source, kind, device, namespace, pod, container, uid, model,
                     mig_profile, num, den FROM pieces) h
    ), begun AS (
        SELECT *, CASE kind WHEN 'seen' THEN reached >= low ELSE reached = low END IS NOT TRUE AS new
        FROM (SELECT h.id, h.kind, p.low, p.high, p.util_ppm_ms, p.util_ms,
                     max(p.high) OVER (PARTITION BY h.id ORDER BY p.low, p.high
                         ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
              FROM pieces p JOIN holders h USING (gpu, source, kind, device, namespace, pod, container,
                  uid, model, mig_profile, num, den)) q
    ), numbered AS (
        SELECT *, count(*) FILTER (WHERE new) OVER (PARTITION BY id ORDER BY low, high
                  ROWS UNBOUNDED PRECEDING) AS run
        FROM begun
    ), runs AS (
        SELECT id, min(low) AS low, max(high) AS high, sum(util_ppm_ms) AS util_ppm_ms,
               sum(util_ms) AS util_ms
        FROM numbered GROUP BY id, run
    ), kept AS (
        INSERT INTO hold_days (cluster_id, day, gpu, source, windows, until)
        SELECT of_cluster, of_day, v.gpu, v.source, v.windows,
               max(f.start + (f.body ->> 'window_ms')::bigint * interval '1 millisecond')
        FROM coverage v JOIN fresh f USING (gpu, source)
        WHERE (v.cluster_id, v.day) = (of_cluster, of_day)
        GROUP BY v.gpu, v.source, v.windows
        ON CONFLICT (cluster_id, day, gpu, source)
        DO UPDATE SET windows = excluded.windows, until = excluded.until
    )
    INSERT INTO holds (cluster_id, day, gpu, source, kind, device, namespace, pod, container, uid,
        model, mig_profile, num, den, low, high, util_ppm_ms, util_ms)
    SELECT of_cluster, of_day, gpu, source, kind, device, namespace, pod, container, uid, model,
           mig_profile, num, den, low, high, util_ppm_ms, util_ms
    FROM runs JOIN holders USING (id);
END $$;

-- On which days a cluster needs a witness beside what meters it.
CREATE VIEW two_witnesses AS
    SELECT cluster_id, valid FROM witness_requirements WHERE superseded_at IS NULL AND required > 1;

-- What the witnesses say of the holds of a day, and the gaps between holds that their pods' times cover:
--
-- | verdict       | when                                                                          |
-- |---------------|-------------------------------------------------------------------------------|
-- | contradicting | a witness watched then, and its pod did not run on that node                  |
-- | agreeing      | every witness that watched then saw its pod run there                         |
-- | pending       | no witness has reported up to then yet                                        |
-- | single        | no witness watched then                                                       |
-- | gap           | nobody metered for up to a day, the same pod held the same device with the    |
-- |               | same share before and after, and its own times, told later, cover it          |
--
-- A pod runs from its first container's start to its end, by the kubelet's clock, give or take a minute.
-- A contradiction and a gap count if two persons decided so, and so does what is single where the cluster
-- needs two witnesses; the rest counts unless they decided not.
-- What agrees has grade A, what else counts B: the driver and the allocation say so, or the allocation
-- and the API server.
CREATE FUNCTION compare_day(of_cluster bigint, of_day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    edge CONSTANT interval := interval '1 minute';
    begin_of_day CONSTANT timestamptz := of_day::timestamp AT TIME ZONE interval '+08:00';
    end_of_day CONSTANT timestamptz := begin_of_day + interval '24 hours';
    needs_two CONSTANT boolean := EXISTS (SELECT FROM two_witnesses r
        WHERE r.cluster_id = of_cluster AND r.valid @> of_day);
BEGIN
    DELETE FROM evidence WHERE (cluster_id, day) = (of_cluster, of_day);
    WITH witnesses AS MATERIALIZED (
        SELECT a.id, a.revoked_at IS NOT NULL AS is_revoked, (
            SELECT date_trunc('milliseconds', max(until)) FROM witness_watches w
            WHERE w.agent_id = a.id) AS last
        FROM agents a
        WHERE a.cluster_id = of_cluster AND a.source = 'witness' AND a.approved_at IS NOT NULL
    ), watches AS MATERIALIZED (
        SELECT w.agent_id, date_trunc('milliseconds', w.since) AS since,
               date_trunc('milliseconds', w.until) AS until
        FROM witness_watches w JOIN witnesses ON witnesses.id = w.agent_id
        WHERE w.until >= begin_of_day AND w.since <= end_of_day
    ), own AS MATERIALIZED (
        SELECT h.*, row_number() OVER () AS hold, g.node,
               hold_key(h.namespace, h.pod, h.container, h.uid) AS holder
        FROM holds h JOIN gpus g USING (gpu)
        WHERE h.cluster_id = of_cluster AND h.day = of_day AND h.kind = 'pod'
    ), pods AS MATERIALIZED (
        SELECT o.hold, p.agent_id, p.uid, date_trunc('milliseconds', p.seen_at) AS seen_at,
               date_trunc('milliseconds', p.started_at) - edge AS begins,
               date_trunc('milliseconds', coalesce(p.ended_at, p.gone_at)) + edge AS ends,
               p.ended_at IS NULL AND p.gone_at IS NOT NULL AS is_lost,
               CASE WHEN p.is_admin THEN 'admin_access'
                    WHEN p.node IS DISTINCT FROM o.node THEN 'other_node'
                    WHEN p.started_at IS NULL THEN 'never_ran' END AS never
        FROM own o JOIN witnesses w ON true
        JOIN witness_pods p ON (p.agent_id, p.namespace, p.pod) = (w.id, o.namespace, o.pod)
            AND o.uid IN ('', p.uid)
    ), cuts AS (
        SELECT hold, low AS at FROM own
        UNION SELECT hold, high FROM own
        UNION SELECT o.hold, m.at FROM own o JOIN watches w ON true
            CROSS JOIN LATERAL (VALUES (w.since), (w.until)) AS m(at)
            WHERE m.at > o.low AND m.at < o.high
        UNION SELECT o.hold, m.at FROM own o JOIN pods p USING (hold)
            CROSS JOIN LATERAL (VALUES (p.begins), (p.ends), (p.seen_at)) AS m(at)
            WHERE m.at > o.low AND m.at < o.high
    ), pieces AS (
        SELECT * FROM (SELECT hold, at AS low, lead(at) OVER (PARTITION BY hold ORDER BY at) AS high
                       FROM cuts) c WHERE high IS NOT NULL
    ), words AS (
        SELECT p.hold, p.low, p.high, w.id AS agent_id, x.uid,
               CASE WHEN t.since IS NOT NULL AND x.agrees THEN 'agreeing'
                    WHEN t.since IS NOT NULL THEN 'contradicting'
                    WHEN p.low >= w.last AND NOT w.is_revoked THEN 'pending'
                    ELSE 'single' END AS verdict,
               CASE WHEN t.since IS NOT NULL AND x.agrees THEN NULL
                    WHEN t.since IS NOT NULL THEN coalesce(x.why, 'not_there')
                    WHEN w.last IS NULL OR p.low >= w.last AND w.is_revoked THEN 'no_witness'
                    WHEN p.low >= w.last THEN NULL
                    WHEN x.covers THEN 'times_cover' ELSE 'blind' END AS reason
        FROM pieces p LEFT JOIN witnesses w ON true
        LEFT JOIN LATERAL (
            SELECT since FROM watches t
            WHERE t.agent_id = w.id AND t.since <= p.low AND t.until >= p.high
            ORDER BY since LIMIT 1) t ON true
        CROSS JOIN LATERAL (
            SELECT coalesce(bool_or(y.why IS NULL), false) AS agrees,
                   min(y.why COLLATE "C") AS why,
                   coalesce(bool_or(y.why IS NULL AND y.seen_at >= p.high AND NOT y.is_lost), false)
                       AS covers,
                   min(y.uid) FILTER (WHERE y.why IS NULL) AS uid
            FROM (SELECT o.*, coalesce(never, CASE WHEN p.high <= begins THEN 'not_yet'
                      WHEN ends <= p.low THEN 'over'
                      WHEN ends IS NULL AND seen_at < t.since THEN 'not_there' END) AS why
                  FROM pods o WHERE (o.hold, o.agent_id) = (p.hold, w.id)) y) x
    ), verdicts AS (
        SELECT DISTINCT ON (hold, low) hold, low, high, verdict, reason,
               CASE WHEN verdict = 'agreeing' OR reason = 'times_cover' THEN agent_id END AS agent_id,
               CASE WHEN verdict = 'agreeing' OR reason = 'times_cover' THEN uid END AS pod_uid
        FROM words
        ORDER BY hold, low, array_position('{contradicting,agreeing,pending,single}', verdict),
            words.agent_id
    ), begun AS (
        SELECT *, what IS DISTINCT FROM lag(what) OVER (PARTITION BY hold ORDER BY low) AS new
        FROM (SELECT *, concat_ws('|', verdict, coalesce(reason, ''), coalesce(agent_id::text, ''),
                                  pod_uid) AS what FROM verdicts) v
    ), numbered AS (
        SELECT *, count(*) FILTER (WHERE new) OVER (PARTITION BY hold ORDER BY low) AS run FROM begun
    ), joined AS (
        SELECT hold, min(low) AS low, max(high) AS high, verdict, reason, agent_id, pod_uid
        FROM numbered GROUP BY hold, run, verdict, reason, agent_id, pod_uid
    ), looks AS (
        SELECT gpu, source, high AS low, lead(low) OVER (PARTITION BY gpu, source ORDER BY low) AS high
        FROM holds WHERE cluster_id = of_cluster AND kind = 'seen'
            AND day BETWEEN of_day - 1 AND of_day + 1
    ), said AS (
        SELECT o.gpu, o.node, o.source, o.device, o.namespace, o.pod, o.container, o.uid, o.holder,
               o.model, o.mig_profile, o.num, o.den, v.low, v.high, v.verdict, v.reason,
               coalesce(k.agent_id, v.agent_id) AS agent_id, coalesce(k.uid, v.pod_uid) AS pod_uid,
               o.util_ppm_ms / (extract(epoch FROM o.high - o.low) * 1000) AS util_ppm,
               o.util_ms / (extract(epoch FROM o.high - o.low) * 1000) AS util
        FROM joined v JOIN own o USING (hold)
        LEFT JOIN LATERAL (  -- who is meant, where the UID is known
            SELECT agent_id, uid FROM pods p WHERE p.hold = o.hold AND o.uid <> ''
            ORDER BY agent_id LIMIT 1) k ON true
        UNION ALL
        SELECT a.gpu, g.node, a.source, a.device, a.namespace, a.pod, a.container, a.uid,
               hold_key(a.namespace, a.pod, a.container, a.uid), a.model, a.mig_profile, a.num, a.den,
               greatest(l.low, begin_of_day), least(l.high, end_of_day), 'gap', 'times_cover',
               p.agent_id, p.uid, 0, 0
        FROM looks l JOIN gpus g USING (gpu)
        JOIN holds a ON a.cluster_id = of_cluster AND a.kind = 'pod' AND a.uid <> ''
            AND a.day BETWEEN of_day - 1 AND of_day AND (a.gpu, a.source, a.high)
                = (l.gpu, l.source, l.low)
        JOIN holds b ON b.cluster_id = of_cluster AND b.kind = 'pod'
            AND b.day BETWEEN of_day AND of_day + 1 AND b.low = l.high
            AND (b.gpu, b.source, b.device, b.namespace, b.pod, b.container, b.uid, b.model,
                 b.mig_profile, b.num, b.den)
                = (a.gpu, a.source, a.device, a.namespace, a.pod, a.container, a.uid, a.model,
                   a.mig_profile, a.num, a.den)
        CROSS JOIN LATERAL (
            SELECT p.agent_id, p.uid FROM witness_pods p JOIN witnesses w ON w.id = p.agent_id
            WHERE (p.namespace, p.pod, p.uid, p.node) = (a.namespace, a.pod, a.uid, g.node)
                AND NOT p.is_admin AND p.started_at - edge <= l.low AND p.seen_at >= l.high
                AND CASE WHEN p.ended_at IS NULL THEN p.gone_at IS NULL
                    ELSE p.ended_at + edge >= l.high END
            ORDER BY p.agent_id LIMIT 1) p
        WHERE l.high > l.low AND l.high - l.low <= interval '24 hours'
            AND l.low < end_of_day AND l.high > begin_of_day
    ), placed AS (
        SELECT *, row_number() OVER () AS place FROM said
    ), edges AS (
        SELECT place, low AS at FROM placed
        UNION SELECT place, high FROM placed
        UNION SELECT p.place, m.at FROM placed p JOIN incident_spans x USING (gpu, device, holder)
            CROSS JOIN LATERAL (VALUES (lower(x.span)), (upper(x.span))) AS m(at)
            WHERE m.at > p.low AND m.at < p.high
    ), cut AS (
        SELECT p.gpu, p.node, p.source, p.device, p.namespace, p.pod, p.container, p.uid, p.holder,
               p.model, p.mig_profile, p.num, p.den, c.low, c.high, p.verdict, p.reason, p.agent_id,
               p.pod_uid, p.util_ppm, p.util
        FROM placed p JOIN (
            SELECT place, at AS low, lead(at) OVER (PARTITION BY place ORDER BY at) AS high FROM edges
        ) c USING (place) WHERE c.high IS NOT NULL
    ), ruled AS (
        SELECT s.*, i.id AS incident_id,
               coalesce(r.counts, s.verdict NOT IN ('contradicting', 'gap')
                   AND NOT (s.verdict = 'single' AND needs_two)) AS counts,
               r.counts IS NOT NULL AS is_ruled,
               (extract(epoch FROM s.high - s.low) * 1000)::bigint AS ms
        FROM cut s LEFT JOIN LATERAL (
            SELECT i.id FROM incident_spans x JOIN incidents i ON i.id = x.incident_id
            WHERE (x.gpu, x.device, x.holder) = (s.gpu, s.device, s.holder)
                AND x.span @> tstzrange(s.low, s.high)
                AND (i.kind = 'gap') = (s.verdict = 'gap')) i ON true
        LEFT JOIN incident_rulings r ON r.incident_id = i.id
    )
    INSERT INTO evidence (cluster_id, day, gpu, node, source, device, namespace, pod, container, uid,
        model, mig_profile, num, den, low, high, held, util_ppm_ms, util_ms, verdict, reason, agent_id,
        pod_uid, incident_id, counts, grade)
    SELECT of_cluster, of_day, gpu, node, source, device, namespace, pod, container, uid, model,
           mig_profile, num, den, low, high, ms * num, trunc(util_ppm * ms), trunc(util * ms)::bigint,
           verdict, reason, agent_id, pod_uid, incident_id, counts,
           CASE WHEN NOT counts THEN NULL WHEN verdict = 'agreeing' AND NOT is_ruled THEN 'A'
                ELSE 'B' END
    FROM ruled;
END $$;

CREATE VIEW compared_clusters AS
    SELECT cluster_id FROM agents WHERE source = 'witness' AND approved_at IS NOT NULL
    UNION SELECT cluster_id FROM two_witnesses;

-- Compares the days of a cluster that changed since: windows came, a witness said something, two
-- persons decided. Nothing is compared where there is no approved witness, and none is needed.
CREATE FUNCTION keep_evidence(of_cluster bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    changed datemultirange;
    stale date[];
    one date;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.evidence.' || of_cluster, 0));
    IF NOT EXISTS (SELECT FROM compared_clusters WHERE cluster_id = of_cluster) THEN
        RETURN;
    END IF;
    WITH gone AS (DELETE FROM evidence_changes WHERE cluster_id = of_cluster RETURNING days)
    SELECT coalesce(range_agg(days), '{}') INTO changed FROM gone;
    SELECT array_agg(v.day ORDER BY v.day) INTO stale
    FROM (SELECT day, sum(windows) AS windows FROM coverage WHERE cluster_id = of_cluster
          GROUP BY day) v
    LEFT JOIN evidence_days e ON (e.cluster_id, e.day) = (of_cluster, v.day)
    WHERE e.windows IS DISTINCT FROM v.windows OR changed @> v.day;
    FOREACH one IN ARRAY coalesce(stale, '{}') LOOP
        INSERT INTO evidence_days (cluster_id, day, windows)
            SELECT of_cluster, one, sum(windows) FROM coverage
            WHERE (cluster_id, day) = (of_cluster, one)
            ON CONFLICT (cluster_id, day) DO UPDATE SET windows = excluded.windows;
        PERFORM keep_holds(of_cluster, one);
    END LOOP;
    -- A gap over midnight is told by the holds on both its sides.
    FOR one IN SELECT DISTINCT e.day FROM evidence_days e
            JOIN unnest(stale) AS s(day) ON e.day BETWEEN s.day - 1 AND s.day + 1
            WHERE e.cluster_id = of_cluster ORDER BY e.day LOOP
        PERFORM compare_day(of_cluster, one);
    END LOOP;
END $$;

-- What is said of an agent that came to be heard, or no more, is compared anew.
CREATE FUNCTION witness_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO evidence_changes (cluster_id, days) VALUES (NEW.cluster_id, '{(,)}');
    RETURN NULL;
END $$;
CREATE TRIGGER changed AFTER INSERT OR UPDATE OF approved_at, revoked_at ON agents FOR EACH ROW
    WHEN (NEW.source = 'witness') EXECUTE FUNCTION witness_changed();

-- Nor is what was said of days on which it needs more witnesses now, or fewer.
CREATE FUNCTION witnesses_required() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO evidence_changes (cluster_id, days)
        VALUES (NEW.cluster_id, datemultirange(NEW.valid));
    RETURN NULL;
END $$;
CREATE TRIGGER changed AFTER INSERT OR UPDATE OF superseded_at ON witness_requirements FOR EACH ROW
    EXECUTE FUNCTION witnesses_required();

-- Which pods a binding by label or owner means: `key=value`, or `namespace/Kind/name`. A pod has the
-- labels and the owner that its witness told first.
CREATE FUNCTION pod_is_meant(holder_kind text, holder text, owner text, labels jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE holder_kind WHEN 'owner' THEN owner = holder
       WHEN 'label' THEN labels ->> split_part(holder, '=', 1) = substr(holder, strpos(holder, '=') + 1)
       ELSE false END IS TRUE;

-- Use that a binding by owner or label takes from the binding of its namespace; the owner's goes first.
CREATE VIEW moved_use AS
    SELECT DISTINCT ON (e.id) e.*, b.holder_kind, b.holder
    FROM bindings b
    JOIN evidence e ON e.cluster_id = b.cluster_id AND e.counts AND b.valid @> e.day
    JOIN witness_pods p ON (p.agent_id, p.uid) = (e.agent_id, e.pod_uid)
    WHERE b.holder_kind IN ('label', 'owner') AND b.superseded_at IS NULL
        AND pod_is_meant(b.holder_kind, b.holder, p.owner, p.labels)
    ORDER BY e.id, b.holder_kind DESC;

-- Use that a binding by user takes from the binding of its account.
CREATE VIEW moved_jobs AS
    SELECT t.*, b.holder AS bound_holder
    FROM bindings b
    JOIN day_totals t ON t.cluster_id = b.cluster_id AND t.holder_kind = 'slurm' AND b.valid @> t.day
        AND t.holder = regexp_replace(b.holder, '/[^/]*$', '')
    JOIN job_users u ON u.cluster_id = t.cluster_id AND u.job = split_part(t.gpu, '/', 3)
        AND u.job_user = regexp_replace(b.holder, '^.*/', '')
    WHERE b.holder_kind = 'user' AND b.superseded_at IS NULL AND NOT EXISTS (
        SELECT FROM two_witnesses r WHERE r.cluster_id = t.cluster_id AND r.valid @> t.day);

-- The user's binding that a job falls under on a day; null where its account's holds.
CREATE FUNCTION user_binding(of_cluster bigint, of_gpu text, account text, of_day date) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
RETURN (SELECT b.holder FROM job_users u JOIN bindings b ON b.cluster_id = u.cluster_id
        AND b.holder_kind = 'user' AND b.holder = account || '/' || u.job_user
        AND b.valid @> of_day AND b.superseded_at IS NULL
    WHERE u.cluster_id = of_cluster AND u.job = split_part(of_gpu, '/', 3));

-- What is added to the day totals and taken from them: what does not count, the gaps that two persons
-- accepted, and what is moved to the holder that the bindings know. Jobs and names are no pods: no
-- witness can say anything of them, so they do not count where two are needed.
CREATE VIEW use_corrections AS
    SELECT gpu, day, cluster_id, source, model, 'slurm' AS holder_kind, holder, mig_profile, partition,
           qos, den, -held AS held, -util_ppm_ms AS util_ppm_ms, -util_ms AS util_ms
    FROM moved_jobs
    UNION ALL
    SELECT gpu, day, cluster_id, source, model, 'user', bound_holder, mig_profile, partition, qos, den,
           held, util_ppm_ms, util_ms
    FROM moved_jobs
    UNION ALL
    SELECT t.gpu, t.day, t.cluster_id, t.source, t.model, t.holder_kind, t.holder, t.mig_profile,
           t.partition, t.qos, t.den, -t.held, -t.util_ppm_ms, -t.util_ms
    FROM two_witnesses r JOIN day_totals t ON t.cluster_id = r.cluster_id AND r.valid @> t.day
    WHERE t.holder_kind IN ('slurm', 'static')
    UNION ALL
    SELECT gpu, day, cluster_id, source, model, 'pod', namespace, mig_profile, '', '', den,
           CASE WHEN counts THEN held ELSE -held END,
           CASE WHEN counts THEN util_ppm_ms ELSE -util_ppm_ms END,
           CASE WHEN counts THEN util_ms ELSE -util_ms END
    FROM evidence WHERE (NOT counts OR verdict = 'gap') AND counts = (verdict = 'gap')
    UNION ALL
    SELECT gpu, day, cluster_id, source, model, 'pod', namespace, mig_profile, '', '', den,
           -held, -util_ppm_ms, -util_ms
    FROM moved_use
    UNION ALL
    SELECT gpu, day, cluster_id, source, model, holder_kind, holder, mig_profile, '', '', den,
           held, util_ppm_ms, util_ms
    FROM moved_use;

-- Both: added up by their keys they are what was used. Who joins this with much else should do so
-- with each of the two for itself, for the planner knows nothing of the columns of a union.
CREATE VIEW day_use AS
    SELECT gpu, day, cluster_id, source, model, holder_kind, holder, mig_profile, partition, qos, den,
           held, util_ppm_ms, util_ms
    FROM day_totals
    UNION ALL
    SELECT * FROM use_corrections;

-- The same, down to the parts of windows that it is made of; an accepted gap is of no batch.
CREATE FUNCTION part_use(of_gpus text[], since timestamptz, until timestamptz)
RETURNS TABLE (gpu text, start timestamptz, day date, cluster_id bigint, source text, stream uuid,
    number bigint, place bigint, from_ms integer, to_ms integer, num bigint, den integer,
    holder_kind text, holder text, detail text, mig_profile text, util_ppm bigint, incident_id bigint)
LANGUAGE sql STABLE BEGIN ATOMIC
    SELECT w.gpu, w.start, d.day, w.cluster_id, w.source, w.stream, w.number, p.place,
           coalesce(e.from_ms, h.from_ms) AS from_ms, coalesce(e.to_ms, h.to_ms) AS to_ms,
           h.num, h.den,
           CASE WHEN j.by_user IS NULL THEN coalesce(e.holder_kind, h.kind) ELSE 'user' END
               AS holder_kind,
           coalesce(j.by_user, e.holder, h.holder) AS holder, h.detail, h.mig_profile, h.util_ppm,
           e.incident_id
    FROM counted_windows(of_gpus, since, until) w
    CROSS JOIN LATERAL (SELECT beijing_day(w.start) AS day OFFSET 0) d
    CROSS JOIN LATERAL jsonb_array_elements(w.body -> 'parts') WITH ORDINALITY p (part, place)
    CROSS JOIN LATERAL (
        SELECT n ->> 'kind' AS kind, coalesce(n ->> 'namespace', n ->> 'account', n ->> 'name', '')
                   AS holder, coalesce(n ->> 'pod', n ->> 'job') AS detail,
               coalesce(n ->> 'container', '') AS container, coalesce(n ->> 'uid', '') AS uid,
               (part ->> 'from_ms')::integer AS from_ms, (part ->> 'to_ms')::integer AS to_ms,
               coalesce((part ->> 'num')::bigint, 1) AS num,
               coalesce((part ->> 'den')::integer, 1) AS den,
               coalesce(part -> 'mig' ->> 'uuid', '') AS device,
               coalesce(part -> 'mig' ->> 'profile', '') AS mig_profile,
               (part -> 'readings' ->> 'util_ppm')::bigint AS util_ppm,
               w.start + (part ->> 'from_ms')::integer * interval '1 millisecond' AS low,
               w.start + (part ->> 'to_ms')::integer * interval '1 millisecond' AS high
        FROM (SELECT part -> 'holder' AS n) holder
    ) h
    LEFT JOIN LATERAL (
        SELECT e.counts, e.incident_id, m.holder_kind, m.holder,
               (extract(epoch FROM greatest(e.low, h.low) - w.start) * 1000)::integer AS from_ms,
               (extract(epoch FROM least(e.high, h.high) - w.start) * 1000)::integer AS to_ms
        FROM evidence e
        LEFT JOIN LATERAL (
            SELECT b.holder_kind, b.holder FROM witness_pods p JOIN bindings b
                ON b.cluster_id = e.cluster_id AND b.valid @> e.day AND b.superseded_at IS NULL
                AND pod_is_meant(b.holder_kind, b.holder, p.owner, p.labels)
            WHERE (p.agent_id, p.uid) = (e.agent_id, e.pod_uid)
            ORDER BY b.holder_kind DESC LIMIT 1) m ON true
        WHERE h.kind = 'pod' AND e.verdict <> 'gap'
            AND (e.gpu, e.day, e.cluster_id, e.source, e.device, e.namespace, e.pod, e.container, e.uid,
                 e.num, e.den) = (w.gpu, d.day, w.cluster_id, w.source, h.device, h.holder, h.detail,
                                  h.container, h.uid, h.num, h.den)
            AND e.low < h.high AND e.high > h.low
    ) e ON true
    CROSS JOIN LATERAL (
        SELECT CASE WHEN h.kind = 'slurm' THEN user_binding(w.cluster_id, w.gpu, h.holder, d.day) END
            AS by_user
    ) j
    WHERE coalesce(e.counts, true) AND NOT (h.kind IN ('slurm', 'static') AND EXISTS (
        SELECT FROM two_witnesses r WHERE r.cluster_id = w.cluster_id AND r.valid @> d.day))
    UNION ALL
    SELECT e.gpu, e.low, e.day, e.cluster_id, e.source, NULL, NULL, 0, 0,
           (extract(epoch FROM e.high - e.low) * 1000)::integer, e.num, e.den,
           coalesce(m.holder_kind, 'pod'), coalesce(m.holder, e.namespace), e.pod, e.mig_profile, NULL,
           e.incident_id
    FROM evidence e LEFT JOIN moved_use m ON m.id = e.id
    WHERE e.counts AND e.verdict = 'gap' AND e.gpu = ANY(of_gpus) AND e.low >= since AND e.low < until;
END;

-- The same of the stretches that rounding contracts read.
CREATE VIEW stretch_use AS
    WITH aside AS (
        SELECT cluster_id, day, gpu, source, device, namespace, coalesce(nullif(uid, ''), pod)
                   AS instance, model, mig_profile, den, low, verdict, 'pod' AS holder_kind,
               namespace AS holder, CASE WHEN counts THEN held ELSE -held END AS held,
               CASE WHEN counts THEN util_ppm_ms ELSE -util_ppm_ms END AS util_ppm_ms,
               CASE WHEN counts THEN util_ms ELSE -util_ms END AS util_ms
        FROM evidence WHERE (NOT counts OR verdict = 'gap') AND counts = (verdict = 'gap')
        UNION ALL
        SELECT m.cluster_id, m.day, m.gpu, m.source, m.device, m.namespace,
               coalesce(nullif(m.uid, ''), m.pod), m.model, m.mig_profile, m.den, m.low, m.verdict,
               t.holder_kind, t.holder, t.sign * m.held, t.sign * m.util_ppm_ms, t.sign * m.util_ms
        FROM moved_use m CROSS JOIN LATERAL (
            VALUES ('pod', m.namespace, -1), (m.holder_kind, m.holder, 1)) AS t(holder_kind, holder, sign)
    )
    SELECT s.id, s.gpu, s.day, s.cluster_id, s.source, s.device, u.holder_kind, u.holder, s.instance,
           s.is_told, s.begins_ms, s.ends_ms, s.is_first, s.is_last, s.model, s.mig_profile,
           s.partition, s.qos, s.den, u.held, u.util_ppm_ms, u.util_ms
    FROM stretches s CROSS JOIN LATERAL (
        SELECT CASE WHEN s.holder_kind = 'slurm'
            THEN user_binding(s.cluster_id, s.gpu, s.holder, s.day) END AS by_user
    ) j CROSS JOIN LATERAL (
        SELECT holder_kind, holder, sum(held)::bigint AS held, sum(util_ppm_ms) AS util_ppm_ms,
               sum(util_ms)::bigint AS util_ms
        FROM (
            SELECT CASE WHEN j.by_user IS NULL THEN s.holder_kind ELSE 'user' END AS holder_kind,
                   coalesce(j.by_user, s.holder) AS holder, s.held, s.util_ppm_ms, s.util_ms
            UNION ALL
            SELECT a.holder_kind, a.holder, a.held, a.util_ppm_ms, a.util_ms FROM aside a
            WHERE (a.cluster_id, a.day, a.gpu, a.source, a.device, a.namespace, a.instance, a.model,
                   a.mig_profile, a.den)
                    = (s.cluster_id, s.day, s.gpu, s.source, s.device, s.holder, s.instance, s.model,
                       s.mig_profile, s.den)
                AND s.holder_kind = 'pod'
                AND a.low >= s.day::timestamp AT TIME ZONE interval '+08:00'
                        + s.begins_ms * interval '1 millisecond'
                AND a.low < s.day::timestamp AT TIME ZONE interval '+08:00'
                        + s.ends_ms * interval '1 millisecond'
        ) parts GROUP BY holder_kind, holder HAVING sum(held) > 0
    ) u
    WHERE NOT (s.holder_kind IN ('slurm', 'static') AND EXISTS (
        SELECT FROM two_witnesses r WHERE r.cluster_id = s.cluster_id AND r.valid @> s.day));

COMMENT ON TABLE holds IS 'How long a pod held a device, and how long anybody looked; from windows';
COMMENT ON COLUMN holds.kind IS 'pod: a pod held it; seen: somebody looked at the GPU';
COMMENT ON COLUMN holds.uid IS 'Empty where the allocation does not tell it';
COMMENT ON TABLE hold_days IS 'Up to where the windows of a GPU''s day were read into holds';
COMMENT ON TABLE evidence IS 'What the witnesses say of each stretch, and whether it counts';
COMMENT ON COLUMN evidence.held IS
    'Milliseconds times numerator; divide by den for device-milliseconds';
COMMENT ON COLUMN evidence.agent_id IS 'The witness by whose word the pod is known';
COMMENT ON COLUMN evidence.pod_uid IS 'The pod that is meant, where a witness knows it';
COMMENT ON COLUMN evidence.incident_id IS 'The incident that explains it';
COMMENT ON COLUMN evidence.grade IS 'Null where it does not count';
COMMENT ON TABLE evidence_days IS 'With how many windows a day was compared';
COMMENT ON TABLE evidence_changes IS 'Days that are to be compared anew';
COMMENT ON VIEW two_witnesses IS 'Days on which a cluster needs a witness beside what meters it';
COMMENT ON VIEW compared_clusters IS 'Clusters whose use is compared with what witnesses saw';
COMMENT ON VIEW moved_use IS 'Use that a binding by owner or label takes from its namespace''s';
COMMENT ON VIEW moved_jobs IS 'Use that a binding by user takes from its account''s';
COMMENT ON VIEW use_corrections IS 'What is added to the day totals, or taken from them, before they are billed';
COMMENT ON VIEW day_use IS 'Day totals under the holder that is bound, less what does not count';
COMMENT ON VIEW stretch_use IS 'Stretches under the holder that is bound, less what does not count';

REVOKE EXECUTE ON FUNCTION keep_holds, compare_day, keep_evidence, witness_changed, witnesses_required
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keep_holds, keep_evidence TO :app_role;
GRANT SELECT ON holds, evidence, evidence_days, two_witnesses, compared_clusters, moved_jobs, moved_use, use_corrections, day_use,
    stretch_use TO :app_role;
