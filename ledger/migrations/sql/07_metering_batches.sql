-- What the agents sent, kept for ever. The large tables of metering (batches, windows, day totals)
-- may one day be distributed by GPU: they carry no foreign key, no trigger and no exclusion.

CREATE TABLE agents (
    id uuid PRIMARY KEY,
    cluster_id bigint NOT NULL REFERENCES clusters,
    node text NOT NULL CHECK (node <> ''),
    source text NOT NULL CHECK (source IN ('nvml', 'dcgm', 'slurm', 'import', 'witness')),
    public_key bytea NOT NULL UNIQUE CHECK (octet_length(public_key) = 32),
    enrolled_at timestamptz NOT NULL,
    history_from timestamptz,
    approved_at timestamptz,
    approved_by text CHECK (approved_by !~ '^(operator|builder|auditor):'),
    revoked_at timestamptz,
    CHECK ((approved_at IS NULL) = (approved_by IS NULL))
);
CREATE INDEX agents_by_cluster ON agents (cluster_id);

-- One-time codes: only their hash is kept; `agent` is set when the code is used up.
CREATE TABLE enrolment_codes (
    hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    cluster_id bigint NOT NULL REFERENCES clusters,
    source text NOT NULL CHECK (source IN ('nvml', 'dcgm', 'slurm', 'import', 'witness')),
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    history_from date,
    expires_at timestamptz NOT NULL,
    agent_id uuid UNIQUE REFERENCES agents
);
CREATE INDEX enrolment_codes_by_cluster ON enrolment_codes (cluster_id);

CREATE TABLE streams (
    stream uuid PRIMARY KEY,
    agent_id uuid NOT NULL,
    number bigint NOT NULL CHECK (number >= 1),
    hash bytea NOT NULL,
    sent_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL
);

CREATE TABLE batches (
    stream uuid NOT NULL,
    number bigint NOT NULL CHECK (number >= 1),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    signature bytea NOT NULL CHECK (octet_length(signature) = 64),
    agent_id uuid NOT NULL,
    received_at timestamptz NOT NULL,
    answer jsonb NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (stream, number)
);

-- A second body for a known number: evidence of a cloned node or a restored spool.
CREATE TABLE forks (
    stream uuid NOT NULL,
    number bigint NOT NULL,
    hash bytea NOT NULL,
    agent_id uuid NOT NULL,
    received_at timestamptz NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (stream, number, hash)
);
CREATE INDEX forks_by_agent ON forks (agent_id);

-- How many GPUs a cluster has whose source reports jobs: two persons stated it on evidence. Of several
-- statements of a day the last holds.
CREATE TABLE capacities (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cluster_id bigint NOT NULL REFERENCES clusters,
    gpus integer NOT NULL CHECK (gpus >= 0),
    valid daterange NOT NULL CHECK (NOT isempty(valid)),
    evidence text NOT NULL CHECK (evidence <> ''),
    decision_id bigint NOT NULL UNIQUE REFERENCES decisions
);
CREATE INDEX capacities_by_cluster ON capacities (cluster_id);

CREATE FUNCTION capacity_decided() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM decisions d JOIN clusters c ON c.name = d.content ->> 'cluster'
        WHERE d.id = NEW.decision_id AND d.kind = 'capacity' AND d.answer = 'confirmed'
            AND c.id = NEW.cluster_id AND (d.content ->> 'gpus')::integer = NEW.gpus
            AND d.content ->> 'evidence' = NEW.evidence
            AND NEW.valid = daterange((d.content ->> 'since')::date, (d.content ->> 'until')::date, '[]')
    ) THEN
        RAISE EXCEPTION 'a capacity is what two persons stated' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER decided BEFORE INSERT ON capacities FOR EACH ROW EXECUTE FUNCTION capacity_decided();

COMMENT ON TABLE capacities IS 'How many GPUs a cluster of a job source has, as two persons stated';
COMMENT ON COLUMN capacities.valid IS 'Beijing dates, half-open';
COMMENT ON COLUMN capacities.evidence IS 'What it was seen by';
COMMENT ON TABLE agents IS 'Enrolled reporters, each bound to one cluster and node';
COMMENT ON COLUMN agents.public_key IS 'Ed25519, 32 bytes';
COMMENT ON COLUMN agents.history_from IS 'What it measured before it was enrolled counts from here on';
COMMENT ON COLUMN agents.approved_at IS 'When the bureau let its reports count';
COMMENT ON COLUMN agents.approved_by IS 'Actor: who issued its code, or approved it later';
COMMENT ON TABLE enrolment_codes IS 'One-time codes that make an agent';
COMMENT ON COLUMN enrolment_codes.hash IS 'SHA-256 of the code';
COMMENT ON COLUMN enrolment_codes.history_from IS 'Beijing date; becomes that of the agent';
COMMENT ON COLUMN enrolment_codes.agent_id IS 'Set when the code is used up';
COMMENT ON TABLE streams IS 'The newest batch of each stream';
COMMENT ON COLUMN streams.hash IS 'What the next batch must name';
COMMENT ON TABLE batches IS
    'Accepted batches, byte for byte, with signature and answer; kept for ever';
COMMENT ON COLUMN batches.bytes IS 'The signed body';
COMMENT ON COLUMN batches.hash IS 'SHA-256 of bytes; what the agent signed';
COMMENT ON TABLE forks IS 'Second bodies for a known batch number, kept as evidence';
COMMENT ON COLUMN forks.hash IS 'SHA-256 of bytes';

GRANT SELECT, INSERT ON agents, enrolment_codes, streams, batches, forks, capacities TO :app_role;
GRANT UPDATE (revoked_at, approved_at, approved_by) ON agents TO :app_role;
GRANT UPDATE (agent_id) ON enrolment_codes TO :app_role;
GRANT UPDATE (number, hash, sent_at, received_at) ON streams TO :app_role;
