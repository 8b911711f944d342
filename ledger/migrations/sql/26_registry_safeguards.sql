-- What guards public money beside prices: what organisations are called and who controls them, the
-- prices that are usual, and what other programmes pay for. All of it dated facts of the registry.

-- What an organisation is called on which days; `organisations.name` is the newest of them.
CREATE TABLE organisation_names (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id bigint NOT NULL REFERENCES organisations,
    name text NOT NULL CHECK (name <> ''),
    valid daterange NOT NULL CHECK (NOT isempty(valid)),
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    superseded_at timestamptz,
    superseded_by text,
    recorded_in bigint NOT NULL,
    superseded_in bigint,
    decision_id bigint REFERENCES decisions,
    superseded_decision_id bigint REFERENCES decisions,
    CHECK (superseded_at >= recorded_at),
    CHECK ((superseded_at IS NULL) = (superseded_by IS NULL)),
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
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id bigint NOT NULL REFERENCES organisations,
    role text NOT NULL CHECK (role IN ('legal', 'actual')),
    person text NOT NULL CHECK (person <> ''),
    id_tail text CHECK (id_tail ~ '^[0-9]{5}[0-9X]$'),
    valid daterange NOT NULL CHECK (NOT isempty(valid)),
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    superseded_at timestamptz,
    superseded_by text,
    recorded_in bigint NOT NULL,
    superseded_in bigint,
    decision_id bigint REFERENCES decisions,
    superseded_decision_id bigint REFERENCES decisions,
    CHECK (superseded_at >= recorded_at),
    CHECK ((superseded_at IS NULL) = (superseded_by IS NULL)),
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
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id bigint NOT NULL REFERENCES catalogue_models,
    mig_profile text NOT NULL DEFAULT '',
    low_yuan numeric NOT NULL CHECK (low_yuan >= 0 AND scale(low_yuan) <= 12),
    high_yuan numeric NOT NULL CHECK (high_yuan >= low_yuan AND high_yuan < 1e8
        AND scale(high_yuan) <= 12),
    valid daterange NOT NULL CHECK (NOT isempty(valid)),
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    superseded_at timestamptz,
    superseded_by text,
    recorded_in bigint NOT NULL,
    superseded_in bigint,
    decision_id bigint REFERENCES decisions,
    superseded_decision_id bigint REFERENCES decisions,
    CHECK (superseded_at >= recorded_at),
    CHECK ((superseded_at IS NULL) = (superseded_by IS NULL)),
    CONSTRAINT one_band EXCLUDE USING gist (model_id WITH =, mig_profile WITH =, valid WITH &&)
        WHERE (superseded_at IS NULL)
);
CREATE INDEX price_bands_by_model ON price_bands (model_id);

-- What another programme (another city's, the province's, the state's) pays for a month of a project,
-- or of one contract of it. All public support together is at most the cost.
CREATE TABLE other_support (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id bigint NOT NULL REFERENCES projects,
    contract_id bigint REFERENCES contracts,
    programme text NOT NULL CHECK (programme <> ''),
    fen bigint NOT NULL CHECK (fen > 0),
    valid daterange NOT NULL CHECK (extract(day FROM lower(valid)) = 1
        AND upper(valid) = lower(valid) + interval '1 month'),
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    superseded_at timestamptz,
    superseded_by text,
    recorded_in bigint NOT NULL,
    superseded_in bigint,
    decision_id bigint REFERENCES decisions,
    superseded_decision_id bigint REFERENCES decisions,
    CHECK (superseded_at >= recorded_at),
    CHECK ((superseded_at IS NULL) = (superseded_by IS NULL)),
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

CREATE INDEX organisation_names_by_decision ON organisation_names (decision_id) WHERE decision_id IS NOT NULL;
CREATE INDEX organisation_names_by_superseded_decision ON organisation_names (superseded_decision_id)
    WHERE superseded_decision_id IS NOT NULL;
CREATE TRIGGER keep BEFORE INSERT OR UPDATE ON organisation_names FOR EACH ROW EXECUTE FUNCTION keep_registry_fact();
CREATE CONSTRAINT TRIGGER recorded_by_two AFTER INSERT ON organisation_names DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION registry_decided('organisation_id');
CREATE CONSTRAINT TRIGGER superseded_by_two AFTER UPDATE ON organisation_names DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION registry_decided('organisation_id');

CREATE INDEX controllers_by_decision ON controllers (decision_id) WHERE decision_id IS NOT NULL;
CREATE INDEX controllers_by_superseded_decision ON controllers (superseded_decision_id)
    WHERE superseded_decision_id IS NOT NULL;
CREATE TRIGGER keep BEFORE INSERT OR UPDATE ON controllers FOR EACH ROW EXECUTE FUNCTION keep_registry_fact();
CREATE CONSTRAINT TRIGGER recorded_by_two AFTER INSERT ON controllers DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION registry_decided('organisation_id');
CREATE CONSTRAINT TRIGGER superseded_by_two AFTER UPDATE ON controllers DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION registry_decided('organisation_id');

CREATE INDEX price_bands_by_decision ON price_bands (decision_id) WHERE decision_id IS NOT NULL;
CREATE INDEX price_bands_by_superseded_decision ON price_bands (superseded_decision_id)
    WHERE superseded_decision_id IS NOT NULL;
CREATE TRIGGER keep BEFORE INSERT OR UPDATE ON price_bands FOR EACH ROW EXECUTE FUNCTION keep_registry_fact();
CREATE CONSTRAINT TRIGGER recorded_by_two AFTER INSERT ON price_bands DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION registry_decided('model_id');
CREATE CONSTRAINT TRIGGER superseded_by_two AFTER UPDATE ON price_bands DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION registry_decided('model_id');

CREATE INDEX other_support_by_decision ON other_support (decision_id) WHERE decision_id IS NOT NULL;
CREATE INDEX other_support_by_superseded_decision ON other_support (superseded_decision_id)
    WHERE superseded_decision_id IS NOT NULL;
CREATE TRIGGER keep BEFORE INSERT OR UPDATE ON other_support FOR EACH ROW EXECUTE FUNCTION keep_registry_fact();
CREATE CONSTRAINT TRIGGER recorded_by_two AFTER INSERT ON other_support DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION registry_decided('project_id');
CREATE CONSTRAINT TRIGGER superseded_by_two AFTER UPDATE ON other_support DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION registry_decided('project_id');

COMMENT ON TABLE organisation_names IS 'What organisations are called';
COMMENT ON COLUMN organisation_names.valid IS 'Beijing dates, half-open';
COMMENT ON COLUMN organisation_names.superseded_at IS
    'When another row, or none, took its place; null while it holds';
COMMENT ON COLUMN organisation_names.decision_id IS
    'Who confirmed it; null where no charged usage was touched';
COMMENT ON COLUMN organisation_names.superseded_decision_id IS
    'Who confirmed that it ended; null where no charged usage was touched';
COMMENT ON COLUMN organisation_names.recorded_in IS 'Transaction, kept by a trigger';
COMMENT ON COLUMN organisation_names.superseded_in IS 'Transaction, kept by a trigger';
COMMENT ON TABLE controllers IS 'Natural persons who control organisations';
COMMENT ON COLUMN controllers.valid IS 'Beijing dates, half-open';
COMMENT ON COLUMN controllers.superseded_at IS
    'When another row, or none, took its place; null while it holds';
COMMENT ON COLUMN controllers.decision_id IS
    'Who confirmed it; null where no charged usage was touched';
COMMENT ON COLUMN controllers.superseded_decision_id IS
    'Who confirmed that it ended; null where no charged usage was touched';
COMMENT ON COLUMN controllers.recorded_in IS 'Transaction, kept by a trigger';
COMMENT ON COLUMN controllers.superseded_in IS 'Transaction, kept by a trigger';
COMMENT ON TABLE price_bands IS 'Usual prices of a GPU-hour, published by the bureau';
COMMENT ON COLUMN price_bands.valid IS 'Beijing dates, half-open';
COMMENT ON COLUMN price_bands.superseded_at IS
    'When another row, or none, took its place; null while it holds';
COMMENT ON COLUMN price_bands.decision_id IS
    'Who confirmed it; null where no charged usage was touched';
COMMENT ON COLUMN price_bands.superseded_decision_id IS
    'Who confirmed that it ended; null where no charged usage was touched';
COMMENT ON COLUMN price_bands.recorded_in IS 'Transaction, kept by a trigger';
COMMENT ON COLUMN price_bands.superseded_in IS 'Transaction, kept by a trigger';
COMMENT ON TABLE other_support IS 'What other programmes pay for a month of a project';
COMMENT ON COLUMN other_support.valid IS 'Beijing dates, half-open';
COMMENT ON COLUMN other_support.superseded_at IS
    'When another row, or none, took its place; null while it holds';
COMMENT ON COLUMN other_support.decision_id IS
    'Who confirmed it; null where no charged usage was touched';
COMMENT ON COLUMN other_support.superseded_decision_id IS
    'Who confirmed that it ended; null where no charged usage was touched';
COMMENT ON COLUMN other_support.recorded_in IS 'Transaction, kept by a trigger';
COMMENT ON COLUMN other_support.superseded_in IS 'Transaction, kept by a trigger';
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
