-- Incidents: use that a witness contradicts, use of which no witness spoke where two are needed, and gaps
-- that the API server's times cover. A person
-- explains each once, with a file; two persons decide it once: its use counts, or it does not.

CREATE TABLE incidents (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cluster_id bigint NOT NULL REFERENCES clusters,
    kind text NOT NULL CHECK (kind IN ('contradicting', 'single', 'gap')),
    explanation text NOT NULL CHECK (explanation <> ''),
    original text NOT NULL REFERENCES originals,
    file text NOT NULL CHECK (file <> ''),
    explained_by text NOT NULL,
    explained_at timestamptz NOT NULL
);
CREATE INDEX incidents_by_cluster ON incidents (cluster_id);
CREATE INDEX incidents_by_original ON incidents (original);

CREATE TABLE incident_spans (
    incident_id bigint NOT NULL REFERENCES incidents,
    gpu text NOT NULL,
    device text NOT NULL,
    holder text NOT NULL,
    node text NOT NULL,
    num bigint NOT NULL,
    den integer NOT NULL,
    span tstzrange NOT NULL CHECK (NOT isempty(span)),
    reason text,
    PRIMARY KEY (incident_id, gpu, device, holder, span),
    CONSTRAINT explained_once EXCLUDE USING gist
        (gpu WITH =, device WITH =, holder WITH =, span WITH &&)
);

-- What two persons decided of an incident: its use counts, or it does not.
CREATE TABLE incident_rulings (
    incident_id bigint PRIMARY KEY REFERENCES incidents,
    counts boolean NOT NULL,
    decision_id bigint NOT NULL UNIQUE REFERENCES decisions
);


-- Which span belongs to which incident is told by the evidence alone: the application asks for those
-- within a time, on a node, of a namespace or pod (null: any). Null where nothing is left to explain.
CREATE FUNCTION explain_incident(of_cluster bigint, of_kind text, since timestamptz,
    until timestamptz, of_node text, of_namespace text, of_pod text, words text, of_file text,
    of_original text, actor text, at timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    new_id bigint;
BEGIN
    PERFORM keep_evidence(of_cluster);
    INSERT INTO incidents (cluster_id, kind, explanation, file, original, explained_by, explained_at)
        VALUES (of_cluster, of_kind, words, of_file, of_original, actor, at) RETURNING id INTO new_id;
    INSERT INTO incident_spans (incident_id, gpu, device, holder, node, num, den, span, reason)
        SELECT new_id, e.gpu, e.device, hold_key(e.namespace, e.pod, e.container, e.uid), e.node,
               e.num, e.den, tstzrange(greatest(e.low, since), least(e.high, until)), e.reason
        FROM evidence e
        WHERE e.cluster_id = of_cluster AND e.verdict = of_kind AND e.incident_id IS NULL
            AND NOT e.counts
            AND e.day BETWEEN beijing_day(since) AND beijing_day(until)
            AND e.low < until AND e.high > since AND (of_node IS NULL OR e.node = of_node)
            AND (of_namespace IS NULL OR e.namespace = of_namespace)
            AND (of_pod IS NULL OR e.pod = of_pod);
    IF NOT FOUND THEN
        DELETE FROM incidents WHERE id = new_id;
        RETURN NULL;
    END IF;
    INSERT INTO evidence_changes (cluster_id, days)
        SELECT of_cluster, range_agg(daterange(beijing_day(lower(span)), beijing_day(upper(span)), '[]'))
        FROM incident_spans WHERE incident_id = new_id;
    RETURN new_id;
END $$;

-- It is explained by the operator of the cluster's centre, or by a clerk.
CREATE FUNCTION incident_explained() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT may_act(NEW.explained_by, NEW.explained_at) OR NOT EXISTS (
        SELECT FROM tokens t JOIN clusters c ON c.id = NEW.cluster_id
        WHERE t.id = token_of(NEW.explained_by)
            AND (t.role = 'clerk' OR t.role = 'operator' AND t.centre_id = c.centre_id)) THEN
        RAISE EXCEPTION '% explains nothing of this cluster', NEW.explained_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'incident_explained';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER explained BEFORE INSERT ON incidents
    FOR EACH ROW EXECUTE FUNCTION incident_explained();

-- A ruling is what two persons decided, neither of whom explained it to the other.
CREATE FUNCTION incident_ruled() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM decisions d JOIN incidents i ON i.id = NEW.incident_id
        WHERE d.id = NEW.decision_id AND d.kind = 'incident' AND d.answer = 'confirmed'
            AND d.content ->> 'incident' = NEW.incident_id::text
            AND d.content ->> 'counts' = NEW.counts::text
            AND person_of(d.answered_by) <> person_of(i.explained_by)) THEN
        RAISE EXCEPTION 'an incident is ruled by two persons' USING ERRCODE = 'restrict_violation';
    END IF;
    INSERT INTO evidence_changes (cluster_id, days)
        SELECT i.cluster_id,
               range_agg(daterange(beijing_day(lower(s.span)), beijing_day(upper(s.span)), '[]'))
        FROM incidents i JOIN incident_spans s ON s.incident_id = i.id WHERE i.id = NEW.incident_id
        GROUP BY i.cluster_id;
    RETURN NEW;
END $$;
CREATE TRIGGER ruled BEFORE INSERT ON incident_rulings FOR EACH ROW EXECUTE FUNCTION incident_ruled();

COMMENT ON TABLE incidents IS 'What contradicts or is missing, as a person explained it with a file';
COMMENT ON COLUMN incidents.original IS 'Hash of the file that proves the explanation';
COMMENT ON COLUMN incidents.file IS 'Name of that file';
COMMENT ON COLUMN incidents.explained_by IS 'Actor: role:name#token';
COMMENT ON TABLE incident_spans IS 'The time of devices and pods that an incident is of';
COMMENT ON COLUMN incident_spans.holder IS 'Namespace, pod, container, and UID where it is known';
COMMENT ON TABLE incident_rulings IS 'Whether an incident''s use counts, as two persons decided';

REVOKE EXECUTE ON FUNCTION explain_incident, incident_explained, incident_ruled FROM PUBLIC;
GRANT EXECUTE ON FUNCTION explain_incident TO :app_role;
GRANT SELECT ON incidents, incident_spans, incident_rulings TO :app_role;
GRANT INSERT ON incident_rulings TO :app_role;
