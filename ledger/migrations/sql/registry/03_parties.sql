-- Who is who: organisations, the centres they run, their projects, and for whom else they act. Dated
-- facts are bitemporal: `valid` says when a fact holds (Beijing dates, half-open), `recorded_at` and
-- `superseded_at` when we believed it. A correction supersedes, it never edits. Whatever is registered
-- says by whom and when, and a trigger looks whether she may (26).

CREATE EXTENSION IF NOT EXISTS btree_gist;

-- GB 32100-2015: 18 characters, the last one checks the first seventeen (weights 3^i mod 31).
-- The registering authority (first character) is a digit or A, N, Y.
CREATE FUNCTION uscc_valid(code text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    alphabet CONSTANT text := '0123456789ABCDEFGHJKLMNPQRTUWXY';
    weight integer := 1;
    total integer := 0;
BEGIN
    IF code !~ '^[1-9ANY][0-9A-HJ-NP-RTUW-Y][0-9]{6}[0-9A-HJ-NP-RTUW-Y]{10}$' THEN
        RETURN false;
    END IF;
    FOR i IN 1..17 LOOP
        total := total + (strpos(alphabet, substr(code, i, 1)) - 1) * weight;
        weight := weight * 3 % 31;
    END LOOP;
    RETURN strpos(alphabet, substr(code, 18, 1)) - 1 = (31 - total % 31) % 31;
END $$;

CREATE TABLE organisations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uscc text NOT NULL UNIQUE CHECK (uscc_valid(uscc)),
    name text NOT NULL CHECK (name <> ''),
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL
);

CREATE TABLE centres (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name <> ''),
    organisation_id bigint NOT NULL REFERENCES organisations,
    simulated boolean NOT NULL DEFAULT false,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL
);
CREATE INDEX centres_by_organisation ON centres (organisation_id);

-- A model project (article 9) or a talent team (article 14).
CREATE TABLE projects (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL UNIQUE CHECK (code ~ '^[^/\s]{1,64}$' AND is_visible(code)),
    name text NOT NULL CHECK (name <> ''),
    kind text NOT NULL CHECK (kind IN ('model', 'team')),
    organisation_id bigint NOT NULL REFERENCES organisations,
    drill boolean NOT NULL DEFAULT false,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL
);
CREATE INDEX projects_by_organisation ON projects (organisation_id);

-- The only change a dated fact may see is to be superseded, once.
CREATE FUNCTION keep_dated_fact() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.superseded_at IS NOT NULL THEN
        RAISE EXCEPTION 'a superseded fact cannot change again' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

-- What every dated fact of the registry has. A template without rows: each table of facts is made
-- `LIKE` it, and gets its foreign keys and triggers where all of them stand (26).
CREATE TABLE registry_facts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    valid daterange NOT NULL CONSTRAINT some_day CHECK (NOT isempty(valid)),
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    superseded_at timestamptz CONSTRAINT superseded_later CHECK (superseded_at >= recorded_at),
    superseded_by text,
    recorded_in bigint NOT NULL,
    superseded_in bigint,
    decision_id bigint,
    superseded_decision_id bigint,
    CONSTRAINT superseded_by_somebody CHECK ((superseded_at IS NULL) = (superseded_by IS NULL))
);
CREATE INDEX ON registry_facts (decision_id) WHERE decision_id IS NOT NULL;
CREATE INDEX ON registry_facts (superseded_decision_id) WHERE superseded_decision_id IS NOT NULL;
COMMENT ON COLUMN registry_facts.valid IS 'Beijing dates, half-open';
COMMENT ON COLUMN registry_facts.superseded_at IS
    'When another row, or none, took its place; null while it holds';
COMMENT ON COLUMN registry_facts.decision_id IS
    'Who confirmed it; null where no charged usage was touched';
COMMENT ON COLUMN registry_facts.superseded_decision_id IS
    'Who confirmed that it ended; null where no charged usage was touched';
COMMENT ON COLUMN registry_facts.recorded_in IS 'Transaction, kept by a trigger';
COMMENT ON COLUMN registry_facts.superseded_in IS 'Transaction, kept by a trigger';

-- As above, for facts of the registry; and in which transaction it was recorded and superseded, which
-- tells whether a fact that is written anew was believed before (`registry_decided`, 25).
CREATE FUNCTION keep_registry_fact() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.superseded_at IS NOT NULL THEN
            RAISE EXCEPTION 'a fact is superseded after it was recorded'
                USING ERRCODE = 'restrict_violation';
        END IF;
        NEW.recorded_in := pg_current_xact_id()::text::bigint;
        NEW.superseded_in := NULL;
        NEW.superseded_decision_id := NULL;
    ELSIF OLD.superseded_at IS NOT NULL THEN
        RAISE EXCEPTION 'a superseded fact cannot change again' USING ERRCODE = 'restrict_violation';
    ELSIF NEW.superseded_at IS NOT NULL THEN
        NEW.superseded_in := pg_current_xact_id()::text::bigint;
    END IF;
    RETURN NEW;
END $$;

-- Buyer, seller, centre, holder and payee are separate parties. The organisation that runs a centre
-- sells for it, and a project's organisation buys and is paid for it; every other organisation that
-- does so is joined to it here, for the days on which that holds. `related` (关联方) joins two.
CREATE TABLE relations (
    LIKE registry_facts INCLUDING ALL,
    kind text NOT NULL CHECK (kind IN ('seller', 'buyer', 'payee', 'related')),
    organisation_id bigint NOT NULL REFERENCES organisations,
    centre_id bigint REFERENCES centres,
    project_id bigint REFERENCES projects,
    other_id bigint REFERENCES organisations,
    CHECK ((kind = 'seller') = (centre_id IS NOT NULL)),
    CHECK ((kind IN ('buyer', 'payee')) = (project_id IS NOT NULL)),
    CHECK ((kind = 'related') = (other_id IS NOT NULL)),
    CHECK (other_id <> organisation_id),
    EXCLUDE USING gist (
        kind WITH =, organisation_id WITH =, coalesce(centre_id, project_id, other_id) WITH =, valid WITH &&
    ) WHERE (superseded_at IS NULL),
    -- A project is paid through one organisation at a time.
    CONSTRAINT one_payee EXCLUDE USING gist (project_id WITH =, valid WITH &&)
        WHERE (superseded_at IS NULL AND kind = 'payee')
);
CREATE INDEX relations_by_organisation ON relations (organisation_id);
CREATE INDEX relations_by_centre ON relations (centre_id);
CREATE INDEX relations_by_project ON relations (project_id);
CREATE INDEX relations_by_other ON relations (other_id);

COMMENT ON TABLE organisations IS 'Legal persons';
COMMENT ON COLUMN organisations.uscc IS 'Unified social credit code, GB 32100';
COMMENT ON TABLE centres IS 'Smart-computing centres';
COMMENT ON COLUMN centres.simulated IS 'Made-up centre, marked on every page';
COMMENT ON TABLE projects IS 'Model projects (article 9) and talent teams (article 14)';
COMMENT ON COLUMN projects.drill IS 'Made-up project of a drill';
COMMENT ON TABLE relations IS
    'Organisations that sell for a centre, buy for or are paid for a project, or are related';

GRANT SELECT, INSERT ON organisations, centres, projects, relations TO :app_role;
GRANT UPDATE (superseded_at, superseded_by, superseded_decision_id) ON relations TO :app_role;
