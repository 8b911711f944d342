-- A GPU whose use was charged is moved to another place, or retired, by two persons: what is proved of
-- it hangs on where it stood. Before that, one clerk registers it as the agents see it.

-- Whether somebody held it on a day for which its cluster's use was charged, or it was reserved.
CREATE FUNCTION gpu_was_charged(of_gpu text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM (
            SELECT cluster_id, range_agg(daterange(day, day + 1)) AS days FROM day_totals
            WHERE gpu = of_gpu AND holder_kind IN ('pod', 'slurm', 'static') GROUP BY cluster_id
        ) used
        WHERE used.days && charged_days('billing_sources',
            jsonb_build_object('cluster_id', used.cluster_id))
    ) OR EXISTS (SELECT FROM reserved_devices r JOIN prices p ON p.id = r.price_id
        WHERE r.gpu = of_gpu AND r.valid && charged_days('prices', to_jsonb(p)))
$$;

CREATE FUNCTION gpu_decided() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF gpu_was_charged(NEW.gpu) AND NOT EXISTS (SELECT FROM decisions d
        CROSS JOIN jsonb_array_elements(d.content -> 'moves') AS move
        WHERE d.id = NEW.decision_id AND d.kind = 'registry' AND d.answer = 'confirmed'
            AND move ->> 'gpu' = NEW.gpu
            AND move -> 'before' ->> 'cluster' = OLD.cluster_id::text
            AND move -> 'before' ->> 'node' = OLD.node
            AND (move -> 'before' ->> 'retired_at')::timestamptz IS NOT DISTINCT FROM OLD.retired_at
            AND move -> 'after' ->> 'cluster' = NEW.cluster_id::text
            AND move -> 'after' ->> 'node' = NEW.node
            AND (move -> 'after' ->> 'retired_at')::timestamptz IS NOT DISTINCT FROM NEW.retired_at
            AND acts_first(d.id, 'gpus', NEW.gpu)) THEN
        RAISE EXCEPTION 'use of % was charged, and two persons have not confirmed where it goes', NEW.gpu
            USING ERRCODE = 'check_violation', CONSTRAINT = 'registry_decided';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER moved_by_two AFTER UPDATE ON gpus DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN ((OLD.cluster_id, OLD.node, OLD.retired_at)
        IS DISTINCT FROM (NEW.cluster_id, NEW.node, NEW.retired_at)) EXECUTE FUNCTION gpu_decided();

-- What stands in a centre's racks its own operator says, of its own clusters; it is registered by the
-- clerk who confirms it, as everything is, and is no second person's word on a charged GPU.
CREATE FUNCTION inventory_stated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    own_centre CONSTANT bigint := (SELECT centre_id FROM tokens
        WHERE id = token_of(NEW.decided_by) AND role = 'operator');
BEGIN
    IF NOT EXISTS (SELECT FROM centres WHERE id = own_centre AND name = NEW.content ->> 'centre')
        OR EXISTS (SELECT FROM jsonb_array_elements(NEW.content -> 'devices') AS device
            WHERE NOT EXISTS (SELECT FROM clusters
                WHERE name = device ->> 'cluster' AND centre_id = own_centre)) THEN
        RAISE EXCEPTION '% does not say what stands there', NEW.decided_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'inventory_stated';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER inventory BEFORE INSERT ON decisions FOR EACH ROW WHEN (NEW.kind = 'inventory')
    EXECUTE FUNCTION inventory_stated();

REVOKE EXECUTE ON FUNCTION gpu_was_charged, gpu_decided, inventory_stated FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gpu_was_charged TO :app_role;
