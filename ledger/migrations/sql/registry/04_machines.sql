-- The machines: clusters and the source that each bills by, registered GPUs, and the catalogue of
-- models that prices speak of.

CREATE TABLE clusters (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name ~ '^[^/\s]{1,64}$'),
    centre_id bigint NOT NULL REFERENCES centres,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL
);
CREATE INDEX clusters_by_centre ON clusters (centre_id);

-- A cluster bills by exactly one source at a time; the others are witnesses.
CREATE TABLE billing_sources (
    LIKE registry_facts INCLUDING ALL,
    cluster_id bigint NOT NULL REFERENCES clusters,
    source text NOT NULL CHECK (source IN ('nvml', 'dcgm', 'slurm', 'import')),
    EXCLUDE USING gist (cluster_id WITH =, valid WITH &&) WHERE (superseded_at IS NULL)
);
CREATE INDEX billing_sources_by_cluster ON billing_sources (cluster_id);

-- How many witnesses a cluster's use needs on a day: what meters it, and from 2 on one beside that. Where
-- nothing is stated it is 1.
CREATE TABLE witness_requirements (
    LIKE registry_facts INCLUDING ALL,
    cluster_id bigint NOT NULL REFERENCES clusters,
    required integer NOT NULL CHECK (required IN (1, 2)),
    EXCLUDE USING gist (cluster_id WITH =, valid WITH &&) WHERE (superseded_at IS NULL)
);
CREATE INDEX witness_requirements_by_cluster ON witness_requirements (cluster_id);

CREATE TABLE catalogue_models (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name <> ''),
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL
);

-- What NVML (or a job source) calls a device → the catalogue's model. A MIG profile is a model of
-- its own price; '' stands for the whole GPU.
CREATE TABLE catalogue_names (
    nvml_name text NOT NULL,
    mig_profile text NOT NULL DEFAULT '',
    model_id bigint NOT NULL REFERENCES catalogue_models,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    PRIMARY KEY (nvml_name, mig_profile)
);

CREATE TABLE gpus (
    -- NVIDIA's UUID, or an Ascend chip's vdie_id (agents/wire.py has the same rule)
    gpu text PRIMARY KEY CHECK (
        gpu ~ '^(GPU-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|NPU-[0-9a-f]{8}(-[0-9a-f]{8}){4})$'),
    cluster_id bigint NOT NULL REFERENCES clusters,
    node text NOT NULL CHECK (node <> ''),
    registered_from timestamptz NOT NULL,
    retired_at timestamptz CHECK (retired_at > registered_from),
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    changed_at timestamptz,
    changed_by text,
    decision_id bigint REFERENCES decisions,
    CHECK ((changed_at IS NULL) = (changed_by IS NULL))
);
CREATE INDEX gpus_by_cluster ON gpus (cluster_id, node);
CREATE INDEX gpus_by_decision ON gpus (decision_id) WHERE decision_id IS NOT NULL;

COMMENT ON TABLE clusters IS 'Clusters of a centre';
COMMENT ON TABLE billing_sources IS 'The one source by which a cluster bills on a day';
COMMENT ON TABLE witness_requirements IS 'How many witnesses a cluster''s use needs on a day';
COMMENT ON TABLE catalogue_models IS 'GPU models that prices speak of';
COMMENT ON TABLE catalogue_names IS 'What NVML or a job source calls a device, by catalogue model';
COMMENT ON COLUMN catalogue_names.mig_profile IS 'Empty for the whole GPU';
COMMENT ON TABLE gpus IS 'Registered physical GPUs';
COMMENT ON COLUMN gpus.gpu IS 'NVML UUID';
COMMENT ON COLUMN gpus.changed_at IS 'When it was moved or retired';
COMMENT ON COLUMN gpus.decision_id IS
    'Who confirmed where it stands; null where none of its use was charged';

GRANT SELECT, INSERT ON clusters, billing_sources, witness_requirements, catalogue_models,
    catalogue_names, gpus TO :app_role;
GRANT UPDATE (superseded_at, superseded_by, superseded_decision_id) ON billing_sources,
    witness_requirements TO :app_role;
GRANT UPDATE (cluster_id, node, retired_at, changed_at, changed_by, decision_id) ON gpus TO :app_role;
