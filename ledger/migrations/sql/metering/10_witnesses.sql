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
    is_admin boolean NOT NULL DEFAULT false,
    owner text,
    labels jsonb NOT NULL DEFAULT '{}',
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

-- Slurm's partitions, as a Slurm agent says by sinfo: the most of a Beijing day. A bound, no proof.
CREATE TABLE partition_gpus (
    agent_id uuid NOT NULL REFERENCES agents,
    day date NOT NULL,
    partition text NOT NULL,
    gpus bigint NOT NULL CHECK (gpus >= 0),
    PRIMARY KEY (agent_id, day, partition)
);

-- The application may not write what a witness saw: it hands over what a batch said, oldest first, and is told how
-- many changed something. What is no newer than what is kept changes nothing. A pod keeps the owner
-- and the labels under which it was seen first: who relabels it afterwards moves no use. The days of
-- which something else is said now are compared anew (33_metering_evidence).
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
    before witness_pods;
    after witness_pods;
    said_from timestamptz;
    days datemultirange := '{}';
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.witness.' || of_agent, 0));
    IF NOT EXISTS (SELECT FROM agents WHERE id = of_agent AND source = 'witness') THEN
        RAISE EXCEPTION 'only a witness has sightings' USING ERRCODE = 'restrict_violation';
    END IF;
    FOREACH told IN ARRAY sightings LOOP
        CASE told ->> 'kind'
        WHEN 'watch' THEN
            SELECT coalesce(max(until), '-infinity') INTO said_from
                FROM witness_watches WHERE agent_id = of_agent;
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
            SELECT * INTO before FROM witness_pods WHERE (agent_id, uid) = (of_agent, told ->> 'uid');
            INSERT INTO witness_pods AS p (agent_id, uid, namespace, pod, node, phase, started_at,
                ended_at, seen_at, gone_at, is_admin, owner, labels, body)
            VALUES (of_agent, told ->> 'uid', told ->> 'namespace', told ->> 'name', told ->> 'node',
                    told ->> 'phase', started, CASE WHEN over THEN ended END,
                    (told ->> 'seen_at')::timestamptz, (told ->> 'gone_at')::timestamptz,
                    told ? 'devices' AND NOT told ? 'requests' AND NOT EXISTS (
                        SELECT FROM jsonb_array_elements(told -> 'devices') d
                        WHERE NOT coalesce((d ->> 'admin')::boolean, false)),
                    concat_ws('/', told ->> 'namespace', nullif(told ->> 'owner', '')),
                    coalesce(told -> 'labels', '{}'), told)
            ON CONFLICT (agent_id, uid) DO UPDATE SET node = coalesce(excluded.node, p.node),
                is_admin = excluded.is_admin, phase = excluded.phase, ended_at = excluded.ended_at, seen_at = excluded.seen_at,
                started_at = least(p.started_at, excluded.started_at),
                gone_at = excluded.gone_at, body = excluded.body
                WHERE p.seen_at < excluded.seen_at;
        END CASE;
        GET DIAGNOSTICS rows = ROW_COUNT;
        changed := changed + rows;
        CONTINUE WHEN rows = 0 OR told ->> 'kind' = 'node';
        IF told ->> 'kind' = 'watch' THEN
            days := days + datemultirange(daterange(
                beijing_day(least(said_from, (told ->> 'since')::timestamptz)),
                beijing_day((told ->> 'until')::timestamptz), '[]'));
            CONTINUE;
        END IF;
        SELECT * INTO after FROM witness_pods WHERE (agent_id, uid) = (of_agent, told ->> 'uid');
        said_from := least(before.seen_at, after.seen_at, after.ended_at, after.gone_at);
        IF (before.node, before.started_at, before.is_admin)
                IS DISTINCT FROM (after.node, after.started_at, after.is_admin) THEN
            said_from := least(said_from, before.started_at, after.started_at,
                               (told ->> 'created_at')::timestamptz);
        END IF;
        days := days + datemultirange(daterange(beijing_day(said_from) - 1,
            beijing_day(greatest(after.seen_at, after.ended_at, after.gone_at)) + 1, '[]'));
    END LOOP;
    IF NOT isempty(days) THEN
        INSERT INTO evidence_changes (cluster_id, days)
            SELECT cluster_id, days FROM agents WHERE id = of_agent;
    END IF;
    RETURN changed;
END $$;

COMMENT ON TABLE witness_watches IS 'Spans in which a witness missed no change';
COMMENT ON COLUMN witness_watches.until IS 'Its last proof; it grows while the span lasts';
COMMENT ON TABLE witness_pods IS 'Pods that ask for devices, as a witness saw them last';
COMMENT ON COLUMN witness_pods.started_at IS 'First start of any container, by the kubelet''s clock';
COMMENT ON COLUMN witness_pods.ended_at IS 'Last end of any container, once the pod is over';
COMMENT ON COLUMN witness_pods.gone_at IS 'When the witness saw that it was there no more';
COMMENT ON COLUMN witness_pods.is_admin IS 'It has but an admin''s access to devices, which is no use';
COMMENT ON COLUMN witness_pods.owner IS 'namespace/Kind/name of its controller, as seen first';
COMMENT ON COLUMN witness_pods.labels IS 'As seen first';
COMMENT ON COLUMN witness_pods.body IS 'The record as it was sent';
COMMENT ON TABLE partition_gpus IS 'Whole GPUs of Slurm''s partitions, as its agent says by sinfo';
COMMENT ON COLUMN partition_gpus.day IS 'Beijing date';
COMMENT ON COLUMN partition_gpus.partition IS 'Empty: the whole cluster, each node once';
COMMENT ON TABLE witness_nodes IS 'Nodes, as a witness saw them last';
COMMENT ON COLUMN witness_nodes.gone_at IS 'When the witness saw that it was there no more';
COMMENT ON COLUMN witness_nodes.body IS 'The record as it was sent';

REVOKE EXECUTE ON FUNCTION keep_sightings FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keep_sightings TO :app_role;
GRANT SELECT, INSERT ON partition_gpus TO :app_role;
GRANT UPDATE (gpus) ON partition_gpus TO :app_role;
GRANT SELECT ON witness_watches, witness_pods, witness_nodes TO :app_role;
