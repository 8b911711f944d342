-- Contract lines of every kind. A metered line prices what holders held; a reserved one devices for
-- a term, held or not; a package hours paid before they are used; a fixed one a fee a month. Lines
-- of a contract that would be alike are told apart by their `name`; not metered lines, since usage
-- has one price. What meters usage may select it by partition, QOS and market as well.

ALTER TABLE prices
    ADD COLUMN kind text NOT NULL DEFAULT 'metered'
        CHECK (kind IN ('metered', 'reserved', 'package', 'fixed')),
    ADD COLUMN name text NOT NULL DEFAULT '',
    ADD COLUMN rounding text NOT NULL DEFAULT 'ms'
        CHECK (rounding IN ('ms', 'minute', 'started_hour')),
    ADD COLUMN devices text[],  -- of a reserved line: its GPUs
    ADD COLUMN quantity numeric CHECK (quantity > 0 AND quantity < 1e8 AND scale(quantity) <= 12),
    ADD COLUMN expires date,  -- of a package: the last day on which it is drawn
    ADD COLUMN counts boolean,  -- of a fixed fee: whether it is compute cost and earns
    ADD COLUMN partition text CHECK (partition <> ''),
    ADD COLUMN qos text CHECK (qos <> ''),
    ADD COLUMN market text CHECK (market IN ('on-demand', 'spot')),
    DROP CONSTRAINT prices_unit_check,
    ADD CONSTRAINT prices_unit_check
        CHECK (unit IN ('gpu-hour', 'node-hour', 'node-day', 'node-month', 'month')),
    ADD CONSTRAINT fixed_a_month CHECK ((kind = 'fixed') = (unit = 'month')
        AND (unit <> 'month' OR gpus = 1 AND hours = 1)),
    ADD CONSTRAINT reserved_devices_named CHECK ((kind = 'reserved') = (devices IS NOT NULL)
        AND cardinality(devices) > 0),
    ADD CONSTRAINT package_of_hours CHECK ((kind = 'package') = (quantity IS NOT NULL)
        AND (kind = 'package') = (expires IS NOT NULL)
        AND (kind <> 'package' OR coalesce(upper(valid) <= expires + 1, false))),
    ADD CONSTRAINT fixed_counts CHECK ((kind = 'fixed') = (counts IS NOT NULL)),
    ADD CONSTRAINT metered_rounding CHECK (kind = 'metered' OR rounding = 'ms'),
    ADD CONSTRAINT selects_usage CHECK (kind IN ('metered', 'package')
        OR num_nonnulls(model, partition, qos, market) = 0),
    DROP CONSTRAINT prices_contract_coalesce_coalesce1_valid_excl,
    ADD CONSTRAINT one_line_a_day EXCLUDE USING gist (
        contract WITH =, kind WITH =, (CASE kind WHEN 'metered' THEN '' ELSE name END) WITH =,
        coalesce(model, 0) WITH =, coalesce(mig_profile, '*') WITH =, coalesce(partition, '') WITH =,
        coalesce(qos, '') WITH =, coalesce(market, '') WITH =, valid WITH &&
    ) WHERE (superseded_at IS NULL);

-- What a holder of these days is run as.
ALTER TABLE bindings ADD COLUMN market text NOT NULL DEFAULT 'on-demand'
    CHECK (market IN ('on-demand', 'spot'));

-- '' where the holder has none, or its source does not say.
ALTER TABLE day_totals
    ADD COLUMN partition text NOT NULL DEFAULT '',
    ADD COLUMN qos text NOT NULL DEFAULT '',
    DROP CONSTRAINT day_totals_pkey,
    ADD PRIMARY KEY (gpu, day, cluster, source, model, holder_kind, holder, mig_profile, partition,
        qos, den);

-- A device is reserved for one project, by one line, on a day. The database keeps these rows; they
-- are those of the reserved lines that are believed now.
CREATE TABLE reserved_devices (
    price bigint NOT NULL REFERENCES prices,
    gpu text NOT NULL REFERENCES gpus,
    project bigint NOT NULL REFERENCES projects,
    centre bigint NOT NULL REFERENCES centres,
    valid daterange NOT NULL CHECK (NOT isempty(valid)),
    PRIMARY KEY (price, gpu),
    CONSTRAINT reserved_once EXCLUDE USING gist (gpu WITH =, valid WITH &&)
        DEFERRABLE INITIALLY DEFERRED
);

CREATE FUNCTION keep_reserved_devices() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM reserved_devices WHERE price = NEW.id;
    ELSE
        INSERT INTO reserved_devices (price, gpu, project, centre, valid)
            SELECT NEW.id, d.gpu, k.project, k.centre, NEW.valid
            FROM contracts k CROSS JOIN unnest(NEW.devices) AS d(gpu) WHERE k.id = NEW.contract;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER reserve AFTER INSERT ON prices FOR EACH ROW
    WHEN (NEW.kind = 'reserved' AND NEW.superseded_at IS NULL)
    EXECUTE FUNCTION keep_reserved_devices();
CREATE TRIGGER release AFTER UPDATE ON prices FOR EACH ROW
    WHEN (NEW.kind = 'reserved' AND NEW.superseded_at IS NOT NULL)
    EXECUTE FUNCTION keep_reserved_devices();

-- A charge of a reserved or fixed line has no one model; of a reserved one it says what was promised.
ALTER TABLE charges
    DROP CONSTRAINT charges_pkey,
    ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ADD COLUMN promised_ms bigint CHECK (promised_ms >= 0),
    ALTER COLUMN model DROP NOT NULL,
    ADD CONSTRAINT one_charge
        UNIQUE NULLS NOT DISTINCT (contract, price, month, policy, model, mig_profile);

REVOKE EXECUTE ON FUNCTION keep_reserved_devices FROM PUBLIC;
GRANT SELECT ON reserved_devices TO :app_role;
