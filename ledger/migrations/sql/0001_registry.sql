-- Who is who: organisations, centres, clusters, GPUs, the catalogue, projects, contracts, prices,
-- bindings. Dated facts are bitemporal: `valid` says when a fact holds (Beijing dates, half-open),
-- `recorded_at`/`superseded_at` when we believed it. A correction supersedes, it never edits.

CREATE EXTENSION IF NOT EXISTS btree_gist;

-- GB 32100-2015: 18 characters, the last one checks the first seventeen (weights 3^i mod 31).
-- The registering authority (first character) is a digit or A, N, Y.
CREATE FUNCTION uscc_valid(code text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
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
    name text NOT NULL CHECK (name <> '')
);

CREATE TABLE centres (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name <> ''),
    organisation bigint NOT NULL REFERENCES organisations,
    simulated boolean NOT NULL DEFAULT false
);

CREATE TABLE clusters (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name ~ '^[^/\s]{1,64}$'),
    centre bigint NOT NULL REFERENCES centres,
    witnesses_required smallint NOT NULL DEFAULT 1 CHECK (witnesses_required BETWEEN 1 AND 3)
);

-- A cluster bills by exactly one source at a time; the others are witnesses.
CREATE TABLE billing_sources (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cluster bigint NOT NULL REFERENCES clusters,
    source text NOT NULL CHECK (source IN ('nvml', 'dcgm', 'slurm', 'import')),
    valid daterange NOT NULL CHECK (NOT isempty(valid)),
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    superseded_at timestamptz,
    superseded_by text,
    CHECK (superseded_at >= recorded_at),
    CHECK ((superseded_at IS NULL) = (superseded_by IS NULL)),
    EXCLUDE USING gist (cluster WITH =, valid WITH &&) WHERE (superseded_at IS NULL)
);

CREATE TABLE catalogue_models (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name <> '')
);

-- What NVML (or a job source) calls a device → the catalogue's model. A MIG profile is a model of
-- its own price; '' stands for the whole GPU.
CREATE TABLE catalogue_names (
    nvml_name text NOT NULL,
    mig_profile text NOT NULL DEFAULT '',
    model bigint NOT NULL REFERENCES catalogue_models,
    PRIMARY KEY (nvml_name, mig_profile)
);

CREATE TABLE gpus (
    gpu text PRIMARY KEY CHECK (gpu ~ '^GPU-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'),
    cluster bigint NOT NULL REFERENCES clusters,
    node text NOT NULL CHECK (node <> ''),
    registered_from timestamptz NOT NULL,
    retired_at timestamptz CHECK (retired_at > registered_from)
);
CREATE INDEX gpus_by_cluster ON gpus (cluster, node);

-- A model project (article 9) or a talent team (article 14).
CREATE TABLE projects (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL UNIQUE CHECK (code ~ '^[^/\s]{1,64}$'),
    name text NOT NULL CHECK (name <> ''),
    kind text NOT NULL CHECK (kind IN ('model', 'team')),
    organisation bigint NOT NULL REFERENCES organisations,
    drill boolean NOT NULL DEFAULT false
);

CREATE TABLE contracts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number text NOT NULL UNIQUE CHECK (number <> ''),
    centre bigint NOT NULL REFERENCES centres,
    project bigint NOT NULL REFERENCES projects,
    valid daterange NOT NULL CHECK (NOT isempty(valid)),
    EXCLUDE USING gist (centre WITH =, project WITH =, valid WITH &&)
);

-- `yuan` buys `gpus` devices for `hours` hours (GPU-hour 1×1, node-day 8×24, node-month 8×720).
-- A missing model or profile matches any; the more exact price wins.
CREATE TABLE prices (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    contract bigint NOT NULL REFERENCES contracts,
    model bigint REFERENCES catalogue_models,
    mig_profile text,
    unit text NOT NULL CHECK (unit IN ('gpu-hour', 'node-hour', 'node-day', 'node-month')),
    yuan numeric NOT NULL CHECK (yuan >= 0 AND yuan < 1e8 AND scale(yuan) <= 12),
    gpus integer NOT NULL CHECK (gpus BETWEEN 1 AND 1024),
    hours integer NOT NULL CHECK (hours BETWEEN 1 AND 8784),
    tax_included boolean NOT NULL,
    tax_rate numeric NOT NULL CHECK (tax_rate >= 0 AND tax_rate < 1 AND scale(tax_rate) <= 6),
    valid daterange NOT NULL CHECK (NOT isempty(valid)),
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    superseded_at timestamptz,
    superseded_by text,
    CHECK (superseded_at >= recorded_at),
    CHECK ((superseded_at IS NULL) = (superseded_by IS NULL)),
    CHECK (mig_profile IS NULL OR model IS NOT NULL),
    EXCLUDE USING gist (
        contract WITH =, coalesce(model, 0) WITH =, coalesce(mig_profile, '*') WITH =, valid WITH &&
    ) WHERE (superseded_at IS NULL)
);

-- Which project pays for what a holder held. A holder is a pod's namespace, a Slurm account or a
-- name of the static map, in one cluster. Usage that no binding claims is listed as unowned.
CREATE TABLE bindings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cluster bigint NOT NULL REFERENCES clusters,
    holder_kind text NOT NULL CHECK (holder_kind IN ('pod', 'slurm', 'static')),
    holder text NOT NULL CHECK (holder <> ''),
    project bigint NOT NULL REFERENCES projects,
    valid daterange NOT NULL CHECK (NOT isempty(valid)),
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    superseded_at timestamptz,
    superseded_by text,
    CHECK (superseded_at >= recorded_at),
    CHECK ((superseded_at IS NULL) = (superseded_by IS NULL)),
    EXCLUDE USING gist (cluster WITH =, holder_kind WITH =, holder WITH =, valid WITH &&)
        WHERE (superseded_at IS NULL)
);
CREATE INDEX bindings_by_project ON bindings (project);

-- The only change a dated fact may see is to be superseded, once.
CREATE FUNCTION keep_dated_fact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.superseded_at IS NOT NULL THEN
        RAISE EXCEPTION 'a superseded fact cannot change again' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep BEFORE UPDATE ON billing_sources FOR EACH ROW EXECUTE FUNCTION keep_dated_fact();
CREATE TRIGGER keep BEFORE UPDATE ON prices FOR EACH ROW EXECUTE FUNCTION keep_dated_fact();
CREATE TRIGGER keep BEFORE UPDATE ON bindings FOR EACH ROW EXECUTE FUNCTION keep_dated_fact();

GRANT SELECT, INSERT ON organisations, centres, clusters, billing_sources, catalogue_models,
    catalogue_names, gpus, projects, contracts, prices, bindings TO :app_role;
GRANT UPDATE (superseded_at, superseded_by) ON billing_sources, prices, bindings TO :app_role;
GRANT UPDATE (cluster, node, retired_at) ON gpus TO :app_role;
