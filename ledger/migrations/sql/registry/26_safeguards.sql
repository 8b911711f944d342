-- What guards public money beside prices: what organisations are called and who controls them, the
-- prices that are usual, and what other programmes pay for. All of it dated facts of the registry.

-- What an organisation is called on which days; `organisations.name` is the newest of them.
CREATE TABLE organisation_names (
    LIKE registry_facts INCLUDING ALL,
    organisation_id bigint NOT NULL REFERENCES organisations,
    name text NOT NULL CHECK (name <> ''),
    CONSTRAINT one_name EXCLUDE USING gist (organisation_id WITH =, valid WITH &&)
        WHERE (superseded_at IS NULL)
);
CREATE INDEX organisation_names_by_organisation ON organisation_names (organisation_id);

CREATE FUNCTION rename_organisation() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE organisations SET name = NEW.name WHERE id = NEW.organisation_id AND upper_inf(NEW.valid);
    RETURN NULL;
END $$;
CREATE TRIGGER rename AFTER INSERT ON organisation_names
    FOR EACH ROW EXECUTE FUNCTION rename_organisation();

-- Natural persons who control an organisation: its legal representative (法定代表人), who actually
-- controls it (实际控制人). The last six characters of the identity number tell people of one name
-- apart; the number itself is not kept.
CREATE TABLE controllers (
    LIKE registry_facts INCLUDING ALL,
    organisation_id bigint NOT NULL REFERENCES organisations,
    role text NOT NULL CHECK (role IN ('legal', 'actual')),
    person text NOT NULL CHECK (person <> ''),
    id_tail text CHECK (id_tail ~ '^[0-9]{5}[0-9X]$'),
    EXCLUDE USING gist (organisation_id WITH =, role WITH =, person WITH =, valid WITH &&)
        WHERE (superseded_at IS NULL)
);
CREATE INDEX controllers_by_organisation ON controllers (organisation_id);
CREATE INDEX controllers_by_person ON controllers (person_of(person)) WHERE superseded_at IS NULL;

-- Two organisations are related where the registry says so, or where one person controls both. Where
-- an identity number is missing, one name is one person until somebody adds it.
CREATE VIEW related_organisations AS
    SELECT organisation_id AS one_id, other_id, valid
    FROM relations WHERE kind = 'related' AND superseded_at IS NULL
    UNION ALL
    SELECT a.organisation_id, b.organisation_id, a.valid * b.valid
    FROM controllers a JOIN controllers b ON person_of(b.person) = person_of(a.person)
        AND b.organisation_id > a.organisation_id AND b.valid && a.valid
        AND (a.id_tail IS NULL OR b.id_tail IS NULL OR a.id_tail = b.id_tail)
    WHERE a.superseded_at IS NULL AND b.superseded_at IS NULL;

-- Which prices of a GPU-hour are usual, without tax, as the bureau publishes them; outside of them a
-- contract line is looked at (R09). '' is the whole GPU.
CREATE TABLE price_bands (
    LIKE registry_facts INCLUDING ALL,
    model_id bigint NOT NULL REFERENCES catalogue_models,
    mig_profile text NOT NULL DEFAULT '',
    low_yuan numeric NOT NULL CHECK (low_yuan >= 0 AND scale(low_yuan) <= 12),
    high_yuan numeric NOT NULL CHECK (high_yuan >= low_yuan AND high_yuan < 1e8
        AND scale(high_yuan) <= 12),
    CONSTRAINT one_band EXCLUDE USING gist (model_id WITH =, mig_profile WITH =, valid WITH &&)
        WHERE (superseded_at IS NULL)
);
CREATE INDEX price_bands_by_model ON price_bands (model_id);

-- What another programme (another city's, the province's, the state's) pays for a month of a project,
-- or of one contract of it. All public support together is at most the cost.
CREATE TABLE other_support (
    LIKE registry_facts INCLUDING ALL,
    project_id bigint NOT NULL REFERENCES projects,
    contract_id bigint REFERENCES contracts,
    programme text NOT NULL CHECK (programme <> ''),
    fen bigint NOT NULL CHECK (fen > 0),
    CONSTRAINT one_month CHECK (extract(day FROM lower(valid)) = 1
        AND upper(valid) = lower(valid) + interval '1 month'),
    EXCLUDE USING gist (project_id WITH =, coalesce(contract_id, 0) WITH =, programme WITH =,
        valid WITH &&) WHERE (superseded_at IS NULL)
);
CREATE INDEX other_support_by_project ON other_support (project_id);
CREATE INDEX other_support_by_contract ON other_support (contract_id) WHERE contract_id IS NOT NULL;

-- A contract is subsidised once: under one number, however that is written, and with one text; and not
-- where it was given to another programme as a whole.
CREATE UNIQUE INDEX contracts_once ON contracts (plain_code(number));

CREATE TABLE assignments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number text NOT NULL CHECK (number <> '' AND is_visible(number)),
    programme text NOT NULL CHECK (programme <> ''),
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL
);
CREATE UNIQUE INDEX assignments_once ON assignments (plain_code(number));

-- Whoever comes second waits for the first, so that neither misses the other.
CREATE FUNCTION subsidised_once() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    plain CONSTANT text := plain_code(NEW.number);
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.contract/' || plain, 0));
    IF EXISTS (SELECT FROM assignments WHERE plain_code(number) = plain
            AND TG_TABLE_NAME = 'contracts')
        OR EXISTS (SELECT FROM contracts WHERE plain_code(number) = plain
            AND TG_TABLE_NAME = 'assignments') THEN
        RAISE EXCEPTION 'the contract % is subsidised once', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'subsidised_once';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER once BEFORE INSERT ON contracts FOR EACH ROW EXECUTE FUNCTION subsidised_once();
CREATE TRIGGER once BEFORE INSERT ON assignments FOR EACH ROW EXECUTE FUNCTION subsidised_once();

-- Whether an actor may register at a moment: a clerk whose token is good and has the right.
CREATE FUNCTION may_register(actor text, at timestamptz) RETURNS boolean
LANGUAGE sql STABLE
RETURN may_act(actor, at) AND EXISTS (SELECT FROM tokens WHERE id = token_of(actor)
    AND role = 'clerk' AND (rights IS NULL OR 'register' = ANY (rights)));

-- Who registers something, or changes it, may register; what two decided is written by who confirmed.
-- The columns are named by the trigger: `<first argument>_by` and `_at`, and that of a decision. What
-- the owner of the database writes bears the name of its login, unless it says another.
CREATE FUNCTION registered_by_actor() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    entry CONSTANT jsonb := to_jsonb(NEW);
    actor CONSTANT text := entry ->> (TG_ARGV[0] || '_by');
    decision CONSTANT bigint := entry ->> TG_ARGV[1];
BEGIN
    IF current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        NEW.recorded_by := coalesce(NEW.recorded_by, 'machine:' || session_user);
        NEW.recorded_at := coalesce(NEW.recorded_at, now());
    ELSIF (CASE WHEN decision IS NULL
            THEN may_register(actor, (entry ->> (TG_ARGV[0] || '_at'))::timestamptz)
            ELSE EXISTS (SELECT FROM decisions WHERE id = decision AND kind = 'registry'
                AND answer = 'confirmed' AND answered_by = actor) END) IS NOT TRUE THEN
        RAISE EXCEPTION '% may not register %', actor, TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = 'registered_by_actor';
    END IF;
    RETURN NEW;
END $$;

DO $$
DECLARE
    relation text;
    about text;  -- the column that says which facts are about the same
BEGIN
    FOREACH relation IN ARRAY '{organisations,centres,projects,clusters,catalogue_models,
            catalogue_names,gpus,contracts,assignments}'::text[] LOOP
        EXECUTE format('CREATE TRIGGER registered BEFORE INSERT ON %I'
            ' FOR EACH ROW EXECUTE FUNCTION registered_by_actor(''recorded'')', relation);
    END LOOP;
    FOR relation, about IN VALUES
        ('prices', 'contract_id'), ('bindings', 'cluster_id'), ('billing_sources', 'cluster_id'),
        ('witness_requirements', 'cluster_id'), ('relations', 'organisation_id'),
        ('organisation_names', 'organisation_id'), ('controllers', 'organisation_id'),
        ('price_bands', 'model_id'), ('other_support', 'project_id')
    LOOP
        EXECUTE format('ALTER TABLE %I ADD FOREIGN KEY (decision_id) REFERENCES decisions,'
            ' ADD FOREIGN KEY (superseded_decision_id) REFERENCES decisions', relation);
        EXECUTE format('CREATE TRIGGER registered BEFORE INSERT ON %I FOR EACH ROW'
            ' EXECUTE FUNCTION registered_by_actor(''recorded'', ''decision_id'')', relation);
        EXECUTE format('CREATE TRIGGER registered_end BEFORE UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION'
            ' registered_by_actor(''superseded'', ''superseded_decision_id'')', relation);
        EXECUTE format('CREATE TRIGGER keep BEFORE INSERT OR UPDATE ON %I'
            ' FOR EACH ROW EXECUTE FUNCTION keep_registry_fact()', relation);
        EXECUTE format('CREATE CONSTRAINT TRIGGER recorded_by_two AFTER INSERT ON %I DEFERRABLE'
            ' INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION registry_decided(%L)', relation, about);
        EXECUTE format('CREATE CONSTRAINT TRIGGER superseded_by_two AFTER UPDATE ON %I DEFERRABLE'
            ' INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION registry_decided(%L)', relation, about);
    END LOOP;
END $$;
CREATE TRIGGER registered_change BEFORE UPDATE ON contracts
    FOR EACH ROW EXECUTE FUNCTION registered_by_actor('changed', 'decision_id');
CREATE TRIGGER registered_change BEFORE UPDATE ON gpus
    FOR EACH ROW EXECUTE FUNCTION registered_by_actor('changed', 'decision_id');
DROP TABLE registry_facts;

COMMENT ON TABLE organisation_names IS 'What organisations are called';
COMMENT ON TABLE controllers IS 'Natural persons who control organisations';
COMMENT ON TABLE price_bands IS 'Usual prices of a GPU-hour, published by the bureau';
COMMENT ON TABLE other_support IS 'What other programmes pay for a month of a project';
COMMENT ON COLUMN controllers.id_tail IS 'Last six characters of the identity number';
COMMENT ON COLUMN price_bands.low_yuan IS 'Yuan a GPU-hour, without tax';
COMMENT ON COLUMN price_bands.high_yuan IS 'Yuan a GPU-hour, without tax';
COMMENT ON COLUMN other_support.fen IS 'Fen';
COMMENT ON VIEW related_organisations IS 'Organisations that are related, by days, each pair once';
COMMENT ON TABLE assignments IS 'Contracts that another programme supports as a whole';
COMMENT ON COLUMN assignments.number IS 'Contract number, as it is written there';

REVOKE EXECUTE ON FUNCTION rename_organisation, subsidised_once FROM PUBLIC;
GRANT SELECT, INSERT ON organisation_names, controllers, price_bands, other_support, assignments TO
    :app_role;
GRANT SELECT ON related_organisations TO :app_role;
GRANT UPDATE (superseded_at, superseded_by, superseded_decision_id) ON organisation_names, controllers,
    price_bands, other_support TO :app_role;
