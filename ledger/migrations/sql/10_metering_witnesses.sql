-- What the cluster's witnesses saw of the API server: pods, nodes, and the spans in which they missed
-- nothing. Each row is the testimony of one agent, an absolute fact that a newer one replaces; the
-- batches keep every word of it for ever. They bill nothing.

CREATE TABLE witness_watches (
    agent_id uuid NOT NULL REFERENCES agents,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (agent_id, since),
    CHECK (until >= since)
);

CREATE TABLE witness_pods (
    agent_id uuid NOT NULL REFERENCES agents,
    uid text NOT NULL CHECK (uid <> ''),
    namespace text NOT NULL,
    pod text NOT NULL,
    node text,
    phase text NOT NULL CHECK (phase IN ('Pending', 'Running', 'Succeeded', 'Failed', 'Unknown')),
    started_at timestamptz,
    ended_at timestamptz,
    seen_at timestamptz NOT NULL,
    gone_at timestamptz,
    body jsonb NOT NULL,
    PRIMARY KEY (agent_id, uid),
    CHECK (ended_at >= started_at),
    CHECK (gone_at >= seen_at)
);
CREATE INDEX witness_pods_by_name ON witness_pods (agent_id, namespace, pod);

CREATE TABLE witness_nodes (
    agent_id uuid NOT NULL REFERENCES agents,
    uid text NOT NULL CHECK (uid <> ''),
    node text NOT NULL,
    seen_at timestamptz NOT NULL,
    gone_at timestamptz,
    body jsonb NOT NULL,
    PRIMARY KEY (agent_id, uid),
    CHECK (gone_at >= seen_at)
);

-- The application may not write them: it hands over what a batch said, oldest first, and is told how
-- many changed something. What is no newer than what is kept changes nothing.
CREATE FUNCTION keep_sightings(of_agent uuid, sightings jsonb[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    told jsonb;
    runs jsonb;
    over boolean;
    started timestamptz;
    ended timestamptz;
    changed integer := 0;
    rows integer;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.witness.' || of_agent, 0));
    IF NOT EXISTS (SELECT FROM agents WHERE id = of_agent AND source = 'witness') THEN
        RAISE EXCEPTION 'only a witness has sightings' USING ERRCODE = 'restrict_violation';
    END IF;
    FOREACH told IN ARRAY sightings LOOP
        CASE told ->> 'kind'
        WHEN 'watch' THEN
            INSERT INTO witness_watches AS w (agent_id, since, until)
            VALUES (of_agent, (told ->> 'since')::timestamptz, (told ->> 'until')::timestamptz)
            ON CONFLICT (agent_id, since) DO UPDATE SET until = excluded.until
                WHERE w.until < excluded.until;
        WHEN 'node' THEN
            INSERT INTO witness_nodes AS n (agent_id, uid, node, seen_at, gone_at, body)
            VALUES (of_agent, told ->> 'uid', told ->> 'name', (told ->> 'seen_at')::timestamptz,
                    (told ->> 'gone_at')::timestamptz, told)
            ON CONFLICT (agent_id, uid) DO UPDATE SET node = excluded.node,
                seen_at = excluded.seen_at, gone_at = excluded.gone_at, body = excluded.body
                WHERE n.seen_at < excluded.seen_at;
        WHEN 'pod' THEN
            runs := coalesce(told -> 'runs', '[]');
            over := told ->> 'phase' IN ('Succeeded', 'Failed') AND NOT EXISTS (
                SELECT FROM jsonb_array_elements(runs) r WHERE r ->> 'end' IS NULL);
            SELECT min((r ->> 'start')::timestamptz), max((r ->> 'end')::timestamptz)
                INTO started, ended FROM jsonb_array_elements(runs) r;
            INSERT INTO witness_pods AS p (agent_id, uid, namespace, pod, node, phase, started_at,
                ended_at, seen_at, gone_at, body)
            VALUES (of_agent, told ->> 'uid', told ->> 'namespace', told ->> 'name', told ->> 'node',
                    told ->> 'phase', started, CASE WHEN over THEN ended END,
                    (told ->> 'seen_at')::timestamptz, (told ->> 'gone_at')::timestamptz, told)
            ON CONFLICT (agent_id, uid) DO UPDATE SET node = coalesce(excluded.node, p.node),
                phase = excluded.phase, ended_at = excluded.ended_at, seen_at = excluded.seen_at,
                started_at = least(p.started_at, excluded.started_at),
                gone_at = excluded.gone_at, body = excluded.body
                WHERE p.seen_at < excluded.seen_at;
        END CASE;
        GET DIAGNOSTICS rows = ROW_COUNT;
        changed := changed + rows;
    END LOOP;
    RETURN changed;
END $$;

COMMENT ON TABLE witness_watches IS 'Spans in which a witness missed no change';
COMMENT ON COLUMN witness_watches.until IS 'Its last proof; it grows while the span lasts';
COMMENT ON TABLE witness_pods IS 'Pods that ask for devices, as a witness saw them last';
COMMENT ON COLUMN witness_pods.started_at IS 'First start of any container, by the kubelet''s clock';
COMMENT ON COLUMN witness_pods.ended_at IS 'Last end of any container, once the pod is over';
COMMENT ON COLUMN witness_pods.gone_at IS 'When the witness saw that it was there no more';
COMMENT ON COLUMN witness_pods.body IS 'The record as it was sent';
COMMENT ON TABLE witness_nodes IS 'Nodes, as a witness saw them last';
COMMENT ON COLUMN witness_nodes.gone_at IS 'When the witness saw that it was there no more';
COMMENT ON COLUMN witness_nodes.body IS 'The record as it was sent';

REVOKE EXECUTE ON FUNCTION keep_sightings FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keep_sightings TO :app_role;
GRANT SELECT ON witness_watches, witness_pods, witness_nodes TO :app_role;
