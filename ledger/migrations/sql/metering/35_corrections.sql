-- What a job source (sacct) said of an hour after its first word. The first word counts, until two
-- persons decide a correction of a cluster's month, or of one of its jobs: then the newest word counts,
-- or is put aside for good. The windows and the words stay as they came; the day totals take the
-- difference, and what was paid for follows as with any usage that changed.

-- The use that a window states, with everything by which it is counted, and nothing else.
CREATE FUNCTION use_of(body jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT jsonb_build_array(body ->> 'model', body -> 'window_ms', coalesce(jsonb_agg(
        jsonb_build_array(p.holder ->> 'kind',
            coalesce(p.holder ->> 'namespace', p.holder ->> 'account', p.holder ->> 'name', ''),
            coalesce(p.holder ->> 'partition', ''), coalesce(p.holder ->> 'qos', ''),
            coalesce(p.mig ->> 'profile', ''), p.from_ms, p.to_ms, coalesce(p.num, 1),
            coalesce(p.den, 1), (p.readings ->> 'util_ppm')::bigint)
        ORDER BY p.from_ms, p.to_ms, p.holder::text, p.mig::text), '[]'))
    FROM jsonb_to_recordset(body -> 'parts')
        AS p(holder jsonb, from_ms bigint, to_ms bigint, num bigint, den integer, mig jsonb,
             readings jsonb)
$$;

-- The newest word of each job's hour, where it is not what counts and was not decided before.
CREATE VIEW open_corrections AS
    SELECT x.gpu, x.start, x.cluster_id, w.source, x.hash, x.stream, x.number, x.received_at, x.body,
           coalesce(k.body, w.body) AS counted, split_part(x.gpu, '/', 3) AS job,
           date_trunc('month', x.start AT TIME ZONE interval '+08:00')::date AS month
    FROM (
        SELECT DISTINCT ON (gpu, start) * FROM conflicts WHERE starts_with(gpu, 'job/')
        ORDER BY gpu, start, received_at DESC, number DESC, hash
    ) x
    JOIN windows w ON (w.gpu, w.start, w.cluster_id) = (x.gpu, x.start, x.cluster_id)
        AND w.source IN ('slurm', 'import')
    LEFT JOIN LATERAL (
        SELECT hash FROM corrections WHERE (gpu, start) = (x.gpu, x.start) ORDER BY id DESC LIMIT 1
    ) r ON true
    LEFT JOIN LATERAL (
        SELECT c.body FROM corrections a JOIN conflicts c USING (gpu, start, hash, stream, number)
        WHERE (a.gpu, a.start) = (x.gpu, x.start) AND a.counts ORDER BY a.id DESC LIMIT 1
    ) k ON true
    WHERE r.hash IS DISTINCT FROM x.hash AND use_of(x.body) <> use_of(coalesce(k.body, w.body));

-- Those that a decision's content means: of a cluster and Beijing month, of one job or all, as far as
-- they had come by then.
CREATE FUNCTION corrections_meant(content jsonb) RETURNS SETOF open_corrections
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT o.* FROM open_corrections o JOIN clusters c ON c.id = o.cluster_id
    WHERE c.name = content ->> 'cluster' AND o.month = (content ->> 'month' || '-01')::date
        AND (content ->> 'job' IS NULL OR o.job = content ->> 'job')
        AND o.received_at <= (content ->> 'received_until')::timestamptz
    ORDER BY o.gpu, o.start
$$;

-- All of them as one figure, which the decision names.
CREATE FUNCTION digest_of_corrections(content jsonb) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT encode(sha256(coalesce(string_agg(o.gpu || ' ' || extract(epoch FROM o.start) || ' '
        || encode(o.hash, 'hex') || ' ' || encode(sha256(convert_to(o.counted::text, 'UTF8')), 'hex'),
        E'\n' ORDER BY o.gpu, o.start), '')::bytea), 'hex')
    FROM corrections_meant(content) o
$$;

-- Carries out what two persons decided: exactly the words that both saw, each of which stands in a
-- signed batch of an approved agent of the cluster. Accepted ones change the totals by their difference.
CREATE FUNCTION rule_corrections(of_decision bigint) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    ruling decisions;
    of_gpus text[];
    hours integer;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.corrections', 0));
    SELECT * INTO ruling FROM decisions
        WHERE id = of_decision AND kind = 'correction' AND answer = 'confirmed';
    IF ruling IS NULL OR EXISTS (SELECT FROM corrections WHERE decision_id = of_decision)
        OR digest_of_corrections(ruling.content) IS DISTINCT FROM ruling.content ->> 'digest' THEN
        RAISE EXCEPTION 'decision % corrects nothing that is open', of_decision
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'correction_decided';
    END IF;
    IF EXISTS (
        WITH meant AS MATERIALIZED (SELECT * FROM corrections_meant(ruling.content)),
        signed AS MATERIALIZED (  -- word for word: what was refused beside it is not read
            SELECT b.stream, b.number, p.word
            FROM (SELECT DISTINCT stream, number FROM meant) m JOIN batches b USING (stream, number)
            JOIN agents a ON a.id = b.agent_id AND a.approved_at IS NOT NULL
            JOIN clusters c ON c.id = a.cluster_id AND c.name = ruling.content ->> 'cluster'
            CROSS JOIN LATERAL jsonb_array_elements(batch_windows(b.stream, b.number)) AS p(word)
        )
        SELECT FROM meant m WHERE NOT EXISTS (SELECT FROM signed s
            WHERE (s.stream, s.number, s.word) = (m.stream, m.number, m.body))
    ) THEN
        RAISE EXCEPTION 'a correction of decision % stands in no signed batch', of_decision
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'correction_signed';
    END IF;
    WITH meant AS MATERIALIZED (
        SELECT * FROM corrections_meant(ruling.content)
    ), added AS (
        INSERT INTO corrections (gpu, start, hash, stream, number, counts, decision_id)
        SELECT gpu, start, hash, stream, number, (ruling.content ->> 'accept')::boolean, of_decision
        FROM meant
    ), sides AS (
        SELECT m.gpu, (m.start AT TIME ZONE interval '+08:00')::date AS day, m.cluster_id, m.source,
               s.body, s.sign
        FROM meant m CROSS JOIN LATERAL (VALUES (m.body, 1), (m.counted, -1)) AS s(body, sign)
        WHERE (ruling.content ->> 'accept')::boolean
    ), delta AS MATERIALIZED (
        SELECT s.gpu, s.day, s.cluster_id, s.source, s.body ->> 'model' AS model,
               p.holder ->> 'kind' AS kind,
               coalesce(p.holder ->> 'namespace', p.holder ->> 'account', p.holder ->> 'name', '')
                   AS holder,
               coalesce(p.mig ->> 'profile', '') AS profile,
               coalesce(p.holder ->> 'partition', '') AS partition,
               coalesce(p.holder ->> 'qos', '') AS qos, coalesce(p.den, 1) AS den,
               sum(s.sign * (p.to_ms - p.from_ms) * coalesce(p.num, 1))::bigint AS held,
               sum(s.sign * (p.to_ms - p.from_ms)
                   * coalesce((p.readings ->> 'util_ppm')::bigint, 0)) AS util_ppm_ms,
               coalesce(sum(s.sign * (p.to_ms - p.from_ms))
                   FILTER (WHERE p.readings ->> 'util_ppm' IS NOT NULL), 0)::bigint AS util_ms
        FROM sides s CROSS JOIN LATERAL jsonb_to_recordset(s.body -> 'parts')
            AS p(holder jsonb, from_ms bigint, to_ms bigint, num bigint, den integer, mig jsonb,
                 readings jsonb)
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    ), changed AS (
        UPDATE day_totals t SET held = t.held + d.held, util_ppm_ms = t.util_ppm_ms + d.util_ppm_ms,
            util_ms = t.util_ms + d.util_ms
        FROM delta d
        WHERE (t.gpu, t.day, t.cluster_id, t.source, t.model, t.holder_kind, t.holder, t.mig_profile,
               t.partition, t.qos, t.den)
            = (d.gpu, d.day, d.cluster_id, d.source, d.model, d.kind, d.holder, d.profile, d.partition,
               d.qos, d.den)
        RETURNING t.gpu, t.day, t.cluster_id, t.source, t.model, t.holder_kind, t.holder,
            t.mig_profile, t.partition, t.qos, t.den
    ), fresh AS (
        INSERT INTO day_totals (gpu, day, cluster_id, source, model, holder_kind, holder, mig_profile,
            partition, qos, den, held, util_ppm_ms, util_ms)
        SELECT * FROM delta d WHERE NOT EXISTS (SELECT FROM changed t
            WHERE (t.gpu, t.day, t.cluster_id, t.source, t.model, t.holder_kind, t.holder,
                   t.mig_profile, t.partition, t.qos, t.den)
                = (d.gpu, d.day, d.cluster_id, d.source, d.model, d.kind, d.holder, d.profile,
                   d.partition, d.qos, d.den))
    ), seen AS (
        UPDATE coverage v SET gap_ms = v.gap_ms + g.gap_ms FROM (
            SELECT s.gpu, s.day, s.cluster_id, s.source,
                   sum(s.sign * ((x ->> 'to_ms')::bigint - (x ->> 'from_ms')::bigint)) AS gap_ms
            FROM sides s CROSS JOIN LATERAL jsonb_array_elements(coalesce(s.body -> 'gaps', '[]')) x
            GROUP BY 1, 2, 3, 4
        ) g WHERE (v.gpu, v.day, v.cluster_id, v.source) = (g.gpu, g.day, g.cluster_id, g.source)
    ), read_again AS (
        DELETE FROM stretch_days k USING (SELECT DISTINCT gpu, day, cluster_id, source FROM sides) s
        WHERE (k.gpu, k.day, k.cluster_id, k.source) = (s.gpu, s.day, s.cluster_id, s.source)
    )
    SELECT count(*), array_agg(DISTINCT gpu) INTO hours, of_gpus FROM meant;
    DELETE FROM day_totals WHERE gpu = ANY(of_gpus) AND held = 0;
    RETURN hours;
END $$;

COMMENT ON VIEW open_corrections IS 'Later words of job sources on which nobody decided yet';

REVOKE EXECUTE ON FUNCTION rule_corrections FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rule_corrections TO :app_role;
GRANT SELECT ON open_corrections TO :app_role;
