-- What usage was charged by may change only by two persons: prices, bindings, billing sources, how many
-- witnesses a cluster needs, relations, and the days of a contract. What touches no charged usage is one
-- person's to register.

-- What a dated fact says, without its keeping: numbers as text, so that no digit is lost in JSON.
CREATE FUNCTION fact_content(fact jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_object_agg(key,
            CASE jsonb_typeof(value) WHEN 'number' THEN to_jsonb(value #>> '{}') ELSE value END), '{}')
        FROM jsonb_each(fact)
        WHERE jsonb_typeof(value) <> 'null' AND key <> ALL('{id,recorded_at,recorded_by,superseded_at,'
            'superseded_by,recorded_in,superseded_in,decision_id,superseded_decision_id}'::text[]));

-- The contracts whose money rests on a fact. A price may take usage from every contract of its centre
-- and project; an organisation's name, who controls it and to whom it is related concern the contracts
-- of its centres and projects; a band of usual prices concerns all.
CREATE FUNCTION contracts_resting_on(relation text, fact jsonb) RETURNS SETOF contracts
LANGUAGE sql STABLE AS $$
    SELECT k.* FROM contracts k, contracts own
    WHERE relation IN ('prices', 'contracts')
        AND own.id = (fact ->> CASE relation WHEN 'prices' THEN 'contract_id' ELSE 'id' END)::bigint
        AND (k.centre_id, k.project_id) = (own.centre_id, own.project_id)
    UNION ALL
    SELECT k.* FROM contracts k, clusters c
    WHERE relation IN ('bindings', 'billing_sources', 'witness_requirements')
        AND c.id = (fact ->> 'cluster_id')::bigint AND k.centre_id = c.centre_id
        AND (relation <> 'bindings' OR fact ->> 'holder_kind' IN ('label', 'owner', 'user')
            OR k.project_id = (fact ->> 'project_id')::bigint)
    UNION ALL
    SELECT k.* FROM contracts k
    WHERE relation IN ('relations', 'other_support') AND (k.centre_id = (fact ->> 'centre_id')::bigint
            OR k.project_id = (fact ->> 'project_id')::bigint)
        OR relation = 'price_bands'
    UNION ALL
    SELECT k.* FROM contracts k
    JOIN centres c ON c.id = k.centre_id JOIN projects p ON p.id = k.project_id
    WHERE (relation = 'relations' AND fact ->> 'kind' = 'related'
            OR relation IN ('organisation_names', 'controllers'))
        AND (c.organisation_id IN ((fact ->> 'organisation_id')::bigint, (fact ->> 'other_id')::bigint)
            OR p.organisation_id
                IN ((fact ->> 'organisation_id')::bigint, (fact ->> 'other_id')::bigint));
$$;

-- The Beijing days on which usage that rests on a fact was charged, invoiced or decided: of a month
-- that is still being charged those up to the last charge; of a holder or a cluster those on which it
-- was there.
CREATE FUNCTION charged_days(relation text, fact jsonb) RETURNS datemultirange
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    days datemultirange;
    used datemultirange;
BEGIN
    SELECT range_agg(m.days) INTO days FROM contracts_resting_on(relation, fact) k CROSS JOIN LATERAL (
        SELECT whole * CASE WHEN p.kind = 'fixed' THEN '(,)'::daterange
                ELSE daterange(NULL, (h.computed_at AT TIME ZONE interval '+08:00')::date + 1) END
        FROM charges h JOIN prices p ON p.id = h.price_id
        CROSS JOIN daterange(h.month, (h.month + interval '1 month')::date) AS whole
        WHERE h.contract_id = k.id
        UNION ALL  -- what was charged is not forgotten because its row was deleted or moved
        SELECT whole * CASE WHEN p.kind = 'fixed' THEN '(,)'::daterange
                ELSE daterange(NULL, (h.computed_at AT TIME ZONE interval '+08:00')::date + 1) END
        FROM history s CROSS JOIN LATERAL jsonb_populate_record(NULL::charges, s.row) AS h
        JOIN prices p ON p.id = h.price_id
        CROSS JOIN daterange(h.month, (h.month + interval '1 month')::date) AS whole
        WHERE s.relation = 'charges' AND (s.row ->> 'contract_id')::bigint = k.id
        UNION ALL
        SELECT daterange(month, (month + interval '1 month')::date) FROM allocations
        WHERE contract_id = k.id
        UNION ALL
        SELECT daterange(r.month, (r.month + interval '1 month')::date) FROM reconciliations r
        WHERE r.contract_id = k.id AND EXISTS (SELECT FROM matches m WHERE m.reconciliation_id = r.id)
    ) AS m (days);
    IF relation = 'bindings' AND days IS NOT NULL THEN
        SELECT range_agg(daterange(day, day + 1)) INTO used FROM (
            SELECT day FROM day_totals
            WHERE cluster_id = (fact ->> 'cluster_id')::bigint
                AND holder_kind = fact ->> 'holder_kind' AND holder = fact ->> 'holder'
            UNION
            SELECT e.day FROM evidence e
            JOIN witness_pods p ON (p.agent_id, p.uid) = (e.agent_id, e.pod_uid)
            WHERE e.cluster_id = (fact ->> 'cluster_id')::bigint
                AND pod_is_meant(fact ->> 'holder_kind', fact ->> 'holder', p.owner, p.labels)
            UNION
            SELECT t.day FROM job_users u JOIN day_totals t ON t.cluster_id = u.cluster_id
                AND t.holder_kind = 'slurm' AND split_part(t.gpu, '/', 3) = u.job
            WHERE u.cluster_id = (fact ->> 'cluster_id')::bigint AND fact ->> 'holder_kind' = 'user'
                AND t.holder || '/' || u.job_user = fact ->> 'holder') AS t;
        days := days * used;
    ELSIF relation IN ('billing_sources', 'witness_requirements') AND days IS NOT NULL THEN
        SELECT range_agg(daterange(day, day + 1)) INTO used
        FROM (SELECT DISTINCT day FROM coverage WHERE cluster_id = (fact ->> 'cluster_id')::bigint) c;
        days := days * used;
    END IF;
    RETURN coalesce(days, '{}');
END $$;

-- Asked at the end of the transaction, so that what one fact loses and another takes over is seen as a
-- whole: a fact that is cut and written anew for its other days changes nothing on those. It was
-- believed before if it was superseded here and recorded earlier.
CREATE FUNCTION registry_decided() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    content CONSTANT jsonb := fact_content(to_jsonb(NEW));
    same_fact CONSTANT text := format('SELECT range_agg(t.valid) FROM %I t WHERE t.%2$I = $2.%2$I'
        ' AND fact_content(to_jsonb(t)) - ''valid'' = $1 - ''valid'' AND ', TG_TABLE_NAME,
        TG_ARGV[0]);
    touched datemultirange := charged_days(TG_TABLE_NAME, to_jsonb(NEW)) * datemultirange(NEW.valid);
    kept datemultirange;
    is_decided boolean;
BEGIN
    IF isempty(touched) THEN
        RETURN NULL;
    END IF;
    EXECUTE same_fact || CASE TG_OP WHEN 'UPDATE' THEN 't.superseded_at IS NULL'
        ELSE 't.superseded_in = $2.recorded_in AND t.recorded_in <> $2.recorded_in' END
        INTO kept USING content, NEW;
    IF isempty(touched - coalesce(kept, '{}')) THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        is_decided := EXISTS (SELECT FROM decisions d
            WHERE d.id = NEW.superseded_decision_id AND d.kind = 'registry' AND d.answer = 'confirmed'
                AND d.content -> 'superseded' -> TG_TABLE_NAME ? NEW.id::text);
    ELSE
        EXECUTE format('SELECT EXISTS (SELECT FROM decisions d'
            ' CROSS JOIN jsonb_array_elements(d.content -> ''recorded'' -> %L) AS e'
            ' WHERE d.id = $2.decision_id AND d.kind = ''registry'' AND d.answer = ''confirmed'''
            ' AND e = $1) AND NOT EXISTS (SELECT FROM %1$I t WHERE t.decision_id = $2.decision_id'
            ' AND t.id <> $2.id AND fact_content(to_jsonb(t)) = $1)', TG_TABLE_NAME)
            INTO is_decided USING content, NEW;
    END IF;
    IF NOT is_decided THEN
        RAISE EXCEPTION '% % touches charged usage, and two persons have not confirmed it',
            TG_TABLE_NAME, NEW.id USING ERRCODE = 'check_violation', CONSTRAINT = 'registry_decided';
    END IF;
    RETURN NULL;
END $$;

-- Whether a change of a contract's days or total touches charged usage.
CREATE FUNCTION terms_touched(contract bigint, old_days daterange, new_days daterange, other_total boolean)
RETURNS boolean
LANGUAGE sql STABLE
RETURN (SELECT NOT isempty(c.days * (datemultirange(old_days) - datemultirange(new_days)))
            OR NOT isempty(c.days * (datemultirange(new_days) - datemultirange(old_days)))
            OR other_total AND NOT isempty(c.days)
        FROM (SELECT charged_days('contracts', jsonb_build_object('id', contract)) AS days) c);

-- Which contracts and GPUs a decision has changed: each once, so that nobody changes them again by a
-- decision that another one has taken back since.
CREATE TABLE registry_acts (
    decision_id bigint NOT NULL REFERENCES decisions,
    relation text NOT NULL CHECK (relation IN ('contracts', 'gpus')),
    entry text NOT NULL,
    PRIMARY KEY (decision_id, relation, entry)
);

-- Whether a decision has not changed this entry yet; from now on it has.
CREATE FUNCTION acts_first(decision bigint, of_relation text, of_entry text) RETURNS boolean
LANGUAGE sql AS $$
    WITH act AS (
        INSERT INTO registry_acts (decision_id, relation, entry) VALUES (decision, of_relation, of_entry)
        ON CONFLICT DO NOTHING RETURNING 1)
    SELECT EXISTS (SELECT FROM act);
$$;

CREATE FUNCTION terms_decided() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF terms_touched(NEW.id, OLD.valid, NEW.valid, OLD.total_fen IS DISTINCT FROM NEW.total_fen)
        AND NOT EXISTS (SELECT FROM decisions d
            CROSS JOIN jsonb_array_elements(d.content -> 'terms') AS change
            WHERE d.id = NEW.decision_id AND d.kind = 'registry' AND d.answer = 'confirmed'
                AND change ->> 'contract' = NEW.id::text
                AND (change -> 'before' ->> 'valid')::daterange = OLD.valid
                AND (change -> 'after' ->> 'valid')::daterange = NEW.valid
                AND change -> 'before' ->> 'total_fen' IS NOT DISTINCT FROM OLD.total_fen::text
                AND change -> 'after' ->> 'total_fen' IS NOT DISTINCT FROM NEW.total_fen::text
                AND acts_first(d.id, 'contracts', NEW.id::text)) THEN
        RAISE EXCEPTION 'the terms of contract % touch charged usage, and two have not confirmed them',
            NEW.id USING ERRCODE = 'check_violation', CONSTRAINT = 'registry_decided';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER changed_by_two AFTER UPDATE ON contracts DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION terms_decided();

COMMENT ON TABLE registry_acts IS 'Which contracts and GPUs a decision has changed; by triggers';
COMMENT ON COLUMN registry_acts.entry IS 'Key of the contract, or the GPU';

REVOKE EXECUTE ON FUNCTION charged_days, registry_decided, terms_decided, acts_first FROM PUBLIC;
GRANT EXECUTE ON FUNCTION charged_days TO :app_role;
