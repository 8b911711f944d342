-- Contracts, their lines (prices), and which project pays for what a holder held.

-- Several contracts of a centre and project may share days: usage is told apart by what their lines
-- select, or by the contract that the binding names.
CREATE TABLE contracts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number text NOT NULL UNIQUE CHECK (number <> '' AND is_visible(number)),
    centre_id bigint NOT NULL REFERENCES centres,
    project_id bigint NOT NULL REFERENCES projects,
    valid daterange NOT NULL CHECK (NOT isempty(valid)),
    total_fen bigint CHECK (total_fen > 0),
    text_sha256 text UNIQUE CHECK (text_sha256 ~ '^[0-9a-f]{64}$'),
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    changed_at timestamptz,
    changed_by text,
    decision_id bigint REFERENCES decisions,
    CHECK ((changed_at IS NULL) = (changed_by IS NULL))
);
CREATE INDEX contracts_by_centre ON contracts (centre_id, project_id);
CREATE INDEX contracts_by_project ON contracts (project_id);
CREATE INDEX contracts_by_decision ON contracts (decision_id) WHERE decision_id IS NOT NULL;

-- The days and totals that contracts had before: an early end, an extension, a supplement.
CREATE TABLE contract_terms (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    contract_id bigint NOT NULL REFERENCES contracts,
    valid daterange NOT NULL,
    total_fen bigint,
    superseded_at timestamptz NOT NULL,
    superseded_by text NOT NULL
);
CREATE INDEX contract_terms_by_contract ON contract_terms (contract_id);

CREATE FUNCTION keep_contract_terms() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF lower(NEW.valid) IS DISTINCT FROM lower(OLD.valid) THEN
        RAISE EXCEPTION 'a contract begins when it began' USING ERRCODE = 'restrict_violation';
    END IF;
    INSERT INTO contract_terms (contract_id, valid, total_fen, superseded_at, superseded_by)
        VALUES (OLD.id, OLD.valid, OLD.total_fen, NEW.changed_at, NEW.changed_by);
    RETURN NEW;
END $$;
CREATE TRIGGER keep BEFORE UPDATE OF valid, total_fen ON contracts
    FOR EACH ROW EXECUTE FUNCTION keep_contract_terms();

-- A contract line: `yuan` buys `gpus` devices for `hours` hours (GPU-hour 1×1, node-day 8×24,
-- node-month 8×720). A metered line prices what holders held; a reserved one devices for a term, held
-- or not; a package hours paid before they are used; a fixed one a fee a month. What meters usage may
-- select it by model, profile, partition, QOS and market: a missing selector matches any, and the more
-- exact line wins. Lines of a contract that would be alike are told apart by their `name`; not metered
-- lines, since usage has one price.
CREATE TABLE prices (
    LIKE registry_facts INCLUDING ALL,
    contract_id bigint NOT NULL REFERENCES contracts,
    kind text NOT NULL DEFAULT 'metered' CHECK (kind IN ('metered', 'reserved', 'package', 'fixed')),
    name text NOT NULL DEFAULT '',
    model_id bigint REFERENCES catalogue_models,
    mig_profile text,
    partition text CHECK (partition <> ''),
    qos text CHECK (qos <> ''),
    market text CHECK (market IN ('on-demand', 'spot')),
    unit text NOT NULL CHECK (unit IN ('gpu-hour', 'node-hour', 'node-day', 'node-month', 'month')),
    yuan numeric NOT NULL CHECK (yuan >= 0 AND yuan < 1e8 AND scale(yuan) <= 12),
    gpus integer NOT NULL CHECK (gpus BETWEEN 1 AND 1024),
    hours integer NOT NULL CHECK (hours BETWEEN 1 AND 8784),
    tax_included boolean NOT NULL,
    tax_rate numeric NOT NULL CHECK (tax_rate >= 0 AND tax_rate < 1 AND scale(tax_rate) <= 6),
    rounding text NOT NULL DEFAULT 'ms' CHECK (rounding IN ('ms', 'minute', 'started_hour')),
    session_price text NOT NULL DEFAULT 'start' CHECK (session_price IN ('start', 'split')),
    devices text[],  -- of a reserved line: its GPUs
    quantity numeric CHECK (quantity > 0 AND quantity < 1e8 AND scale(quantity) <= 12),
    expires date,  -- of a package: the last day on which it is drawn
    counts boolean,  -- of a fixed fee: whether it is compute cost and earns
    CHECK (mig_profile IS NULL OR model_id IS NOT NULL),
    CONSTRAINT fixed_a_month CHECK ((kind = 'fixed') = (unit = 'month')
        AND (unit <> 'month' OR gpus = 1 AND hours = 1)),
    CONSTRAINT reserved_devices_named CHECK ((kind = 'reserved') = (devices IS NOT NULL)
        AND cardinality(devices) > 0),
    CONSTRAINT package_of_hours CHECK ((kind = 'package') = (quantity IS NOT NULL)
        AND (kind = 'package') = (expires IS NOT NULL)
        AND (kind <> 'package' OR coalesce(upper(valid) <= expires + 1, false))),
    CONSTRAINT fixed_counts CHECK ((kind = 'fixed') = (counts IS NOT NULL)),
    CONSTRAINT metered_rounding CHECK (kind = 'metered' OR rounding = 'ms'),
    CONSTRAINT split_of_rounded CHECK (rounding <> 'ms' OR session_price = 'start'),
    CONSTRAINT selects_usage CHECK (kind IN ('metered', 'package')
        OR num_nonnulls(model_id, partition, qos, market) = 0),
    CONSTRAINT one_line_a_day EXCLUDE USING gist (
        contract_id WITH =, kind WITH =, (CASE kind WHEN 'metered' THEN '' ELSE name END) WITH =,
        coalesce(model_id, 0) WITH =, coalesce(mig_profile, '*') WITH =, coalesce(partition, '') WITH =,
        coalesce(qos, '') WITH =, coalesce(market, '') WITH =, valid WITH &&
    ) WHERE (superseded_at IS NULL)
);
CREATE INDEX prices_by_contract ON prices (contract_id);

-- In which part of a month's cost a contract line is reconciled, however it is stated anew.
CREATE FUNCTION part_of(kind text, counts boolean) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN kind = 'package' THEN 'package' WHEN kind = 'fixed' AND counts IS FALSE THEN 'fee'
       ELSE 'compute' END;

-- A device is reserved for one project, by one line, on a day. The database keeps these rows; they
-- are those of the reserved lines that are believed now.
CREATE TABLE reserved_devices (
    price_id bigint NOT NULL REFERENCES prices,
    gpu text NOT NULL REFERENCES gpus,
    project_id bigint NOT NULL REFERENCES projects,
    centre_id bigint NOT NULL REFERENCES centres,
    valid daterange NOT NULL CHECK (NOT isempty(valid)),
    PRIMARY KEY (price_id, gpu),
    CONSTRAINT reserved_once EXCLUDE USING gist (gpu WITH =, valid WITH &&)
        DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX reserved_devices_by_project ON reserved_devices (project_id);
CREATE INDEX reserved_devices_by_centre ON reserved_devices (centre_id);

CREATE FUNCTION keep_reserved_devices() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM reserved_devices WHERE price_id = NEW.id;
    ELSE
        INSERT INTO reserved_devices (price_id, gpu, project_id, centre_id, valid)
            SELECT NEW.id, d.gpu, k.project_id, k.centre_id, NEW.valid
            FROM contracts k CROSS JOIN unnest(NEW.devices) AS d(gpu) WHERE k.id = NEW.contract_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER reserve AFTER INSERT ON prices FOR EACH ROW
    WHEN (NEW.kind = 'reserved' AND NEW.superseded_at IS NULL)
    EXECUTE FUNCTION keep_reserved_devices();
CREATE TRIGGER release AFTER UPDATE ON prices FOR EACH ROW
    WHEN (NEW.kind = 'reserved' AND NEW.superseded_at IS NOT NULL)
    EXECUTE FUNCTION keep_reserved_devices();

-- Which project pays for what a holder held. A holder is a pod's namespace, a Slurm account or a
-- name of the static map, in one cluster; or a user's jobs under an account (`account/user`), which
-- go before the account; or pods by their controller (`namespace/Kind/name`) or by a
-- label (`key=value`), as a witness knows them: the owner goes before the label, the label before the
-- namespace. On a day a cluster binds by one label's key, so no pod is meant by two. Usage that no
-- binding claims is listed as unowned.
CREATE TABLE bindings (
    LIKE registry_facts INCLUDING ALL,
    cluster_id bigint NOT NULL REFERENCES clusters,
    holder_kind text NOT NULL
        CHECK (holder_kind IN ('pod', 'slurm', 'static', 'label', 'owner', 'user')),
    holder text NOT NULL CHECK (holder <> ''),
    project_id bigint NOT NULL REFERENCES projects,
    market text NOT NULL DEFAULT 'on-demand' CHECK (market IN ('on-demand', 'spot')),
    contract_id bigint REFERENCES contracts,
    EXCLUDE USING gist (cluster_id WITH =, holder_kind WITH =, holder WITH =, valid WITH &&)
        WHERE (superseded_at IS NULL),
    CHECK (holder_kind <> 'label' OR holder ~ '^[^=]+='),
    CHECK (holder_kind <> 'owner' OR holder ~ '^[^/]+/[^/]+/[^/]+$'),
    CHECK (holder_kind <> 'user' OR holder ~ '^.+/[^/]+$'),
    CONSTRAINT one_label_key EXCLUDE USING gist
        (cluster_id WITH =, (split_part(holder, '=', 1)) WITH <>, valid WITH &&)
        WHERE (superseded_at IS NULL AND holder_kind = 'label') DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX bindings_by_cluster ON bindings (cluster_id);
CREATE INDEX bindings_by_project ON bindings (project_id);
CREATE INDEX bindings_by_contract ON bindings (contract_id) WHERE contract_id IS NOT NULL;

COMMENT ON TABLE contracts IS 'Contracts between a centre and a project';
COMMENT ON COLUMN contracts.valid IS 'Beijing dates, half-open';
COMMENT ON COLUMN contracts.total_fen IS 'What it may cost at most, fen with tax; null: it does not say';
COMMENT ON COLUMN contracts.text_sha256 IS 'SHA-256 of the signed text, hex; null: not handed in';
COMMENT ON COLUMN contracts.decision_id IS
    'Who confirmed its days and total; null where no charged usage was touched';
COMMENT ON TABLE contract_terms IS 'The days and totals that contracts had before';
COMMENT ON COLUMN contract_terms.valid IS 'Beijing dates, half-open';
COMMENT ON COLUMN contract_terms.superseded_at IS 'When others took their place';
COMMENT ON COLUMN contract_terms.total_fen IS 'Fen with tax';
COMMENT ON TABLE prices IS 'Contract lines: yuan buys gpus devices for hours hours';
COMMENT ON COLUMN prices.yuan IS 'Yuan per unit';
COMMENT ON COLUMN prices.quantity IS 'GPU-hours of a package';
COMMENT ON COLUMN prices.session_price IS
    'Which price a rounded session has over a change: where each unit starts, or split by use';
COMMENT ON COLUMN prices.tax_rate IS '0.06 is 6 %';
COMMENT ON TABLE reserved_devices IS
    'GPUs reserved for a project, kept by a trigger from the reserved lines in force';
COMMENT ON COLUMN reserved_devices.valid IS 'Beijing dates, half-open';
COMMENT ON TABLE bindings IS 'Which project pays for what a holder of a cluster held';
COMMENT ON COLUMN bindings.holder IS
    'Pod namespace, Slurm account, static name, key=value, or namespace/Kind/name';
COMMENT ON COLUMN bindings.contract_id IS
    'Under which of several contracts of the centre and project; null where the lines tell';

REVOKE EXECUTE ON FUNCTION keep_reserved_devices, keep_contract_terms FROM PUBLIC;
GRANT UPDATE (valid, total_fen, changed_at, changed_by, decision_id) ON contracts TO :app_role;
GRANT SELECT ON contract_terms TO :app_role;
GRANT SELECT, INSERT ON contracts, prices, bindings TO :app_role;
GRANT UPDATE (superseded_at, superseded_by, superseded_decision_id) ON prices, bindings TO :app_role;
GRANT SELECT ON reserved_devices TO :app_role;
