-- What the agents sent, kept for ever. The large tables of metering (batches, windows, day totals)
-- may one day be distributed by GPU: they carry no foreign key and no exclusion, and the triggers of
-- windows work by statement. What the database cannot check is a signature (Ed25519): who reads a batch
-- checks it anew (`api/desk/chain/batch_check.py`).

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
CREATE INDEX streams_by_agent ON streams (agent_id);

CREATE TABLE batches (
    stream uuid NOT NULL,
    number bigint NOT NULL CHECK (number >= 1),
    hash bytea NOT NULL,
    signature bytea NOT NULL CHECK (octet_length(signature) = 64),
    agent_id uuid NOT NULL,
    received_at timestamptz NOT NULL,
    answer jsonb NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (stream, number),
    CONSTRAINT hash_of_bytes CHECK (hash = sha256(bytes))
);

-- Consecutive batches of a stream that one seal took, as columns of what differs among them: the pieces of
-- their texts (each batch's envelope, then its windows) by template, as `ledger/metering/rules/rolls.py`
-- writes them. `pack_batches` (48_rolls) alone writes a roll: once it says the same, to the byte, as
-- the rows for which it stands.
CREATE TABLE batch_rolls (
    stream uuid NOT NULL,
    first bigint NOT NULL CHECK (first >= 1),
    last bigint NOT NULL CHECK (last >= first),
    seal bigint NOT NULL,
    agent_id uuid NOT NULL,
    received tstzrange NOT NULL,
    hashes bytea NOT NULL CHECK (octet_length(hashes) = 32 * (last - first + 2)),
    signatures bytea NOT NULL CHECK (octet_length(signatures) = 64 * (last - first + 1)),
    leaves bytea NOT NULL CHECK (octet_length(leaves) = 32 * (last - first + 1)),
    templates text[] NOT NULL,
    counts integer[] NOT NULL,
    columns smallint[] NOT NULL,
    kinds text NOT NULL,
    bases bigint[] NOT NULL,
    steps bigint[] NOT NULL,
    widths smallint[] NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (stream, first)
);

-- Of which batches there are rolls. What is looked for is found here; the rolls themselves may stand on other
-- machines (docs/adr/0018-citus.md), and so they are read by the two functions below alone, one by one.
CREATE TABLE roll_spans (
    stream uuid NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL,
    agent_id uuid NOT NULL,
    received tstzrange NOT NULL,
    PRIMARY KEY (stream, first)
);

-- Rolls that were archived (50_archive): in which part of which month they lie, and in which row group of its
-- file; the leaves of their batches, and the SHA-256 of the roll as it stood.
CREATE TABLE archived_rolls (
    stream uuid NOT NULL,
    first bigint NOT NULL,
    month date NOT NULL,
    part integer NOT NULL,
    row_group smallint NOT NULL CHECK (row_group >= 0),
    seal bigint NOT NULL,
    leaves bytea NOT NULL CHECK (octet_length(leaves) > 0 AND octet_length(leaves) % 32 = 0),
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    PRIMARY KEY (stream, first)
);
CREATE INDEX archived_rolls_by_part ON archived_rolls (month, part, row_group);

-- Archived rolls that were brought back to be read; they go again.
CREATE TABLE lent_rolls (
    LIKE batch_rolls,
    lent_at timestamptz NOT NULL,
    PRIMARY KEY (stream, first)
);

-- The roll in which a batch stands; none, where it stands in none.
CREATE FUNCTION roll_of(of_stream uuid, of_number bigint) RETURNS SETOF roll_spans
LANGUAGE sql STABLE ROWS 1 BEGIN ATOMIC
    SELECT r.* FROM (SELECT * FROM roll_spans WHERE stream = of_stream AND first <= of_number
                     ORDER BY first DESC LIMIT 1) r
    WHERE r.last >= of_number;
END;

-- Whether these rolls can be read. Those that are archived have to be brought back before, so that nobody takes
-- them for nothing: all that are missing are named at once.
CREATE FUNCTION rolls_at_hand(streams uuid[], firsts bigint[]) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    missing jsonb := (SELECT jsonb_agg(jsonb_build_array(a.stream, a.first) ORDER BY a.stream, a.first)
        FROM unnest(streams, firsts) AS u(stream, first) JOIN archived_rolls a USING (stream, first)
        WHERE NOT EXISTS (SELECT FROM lent_rolls l WHERE (l.stream, l.first) = (a.stream, a.first)));
BEGIN
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'batches that were asked for are archived'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_archived', DETAIL = missing;
    END IF;
    RETURN true;
END $$;

CREATE FUNCTION roll_at(of_stream uuid, of_first bigint) RETURNS SETOF batch_rolls
LANGUAGE plpgsql STABLE ROWS 1 SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT r.stream, r.first, r.last, r.seal, r.agent_id, r.received, r.hashes, r.signatures,
                        r.leaves, r.templates, r.counts, r.columns, r.kinds, r.bases, r.steps, r.widths,
                        r.content
        FROM batch_rolls r WHERE r.stream = of_stream AND r.first = of_first;
    IF FOUND THEN RETURN; END IF;
    PERFORM rolls_at_hand(ARRAY[of_stream], ARRAY[of_first]);
    RETURN QUERY SELECT r.stream, r.first, r.last, r.seal, r.agent_id, r.received, r.hashes, r.signatures,
                        r.leaves, r.templates, r.counts, r.columns, r.kinds, r.bases, r.steps, r.widths,
                        r.content
        FROM lent_rolls r WHERE r.stream = of_stream AND r.first = of_first;
END $$;

CREATE FUNCTION roll_leaves(of_stream uuid, of_first bigint)
RETURNS TABLE (seal bigint, last bigint, leaves bytea)
LANGUAGE plpgsql STABLE ROWS 1 SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT r.seal, r.last, r.leaves FROM batch_rolls r
        WHERE r.stream = of_stream AND r.first = of_first;
END $$;

-- The pieces of a roll, or some of them: 1,001 places to a batch, its envelope and then its windows. A
-- value is base + step × n, of which n stands in the content, or counts the pieces of the template.
CREATE FUNCTION roll_pieces(roll batch_rolls, of_places integer[] DEFAULT NULL)
RETURNS TABLE (place integer, said text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    content bytea := roll.content || ''::bytea;  -- once out of its compressed form
    hashes bytea := roll.hashes || ''::bytea;
    templates text[] := roll.templates;
    bases bigint[] := roll.bases;
    steps bigint[] := roll.steps;
    widths smallint[] := roll.widths;
    kinds text[] := string_to_array(roll.kinds, NULL);
    first_column integer := 1;
    byte integer := 1;  -- where the content of the template begins
    at integer;
    words text[];
    value bigint;
BEGIN
    FOR t IN 1 .. cardinality(templates) LOOP
        FOR n IN 0 .. roll.counts[t] - 1 LOOP
            at := byte;
            words := '{}';
            FOR c IN first_column .. first_column + roll.columns[t] - 1 LOOP
                value := bases[c] + steps[c] * CASE WHEN widths[c] = 0 THEN n ELSE
                    ('x' || lpad(encode(substring(content FROM at + n * widths[c] FOR widths[c]), 'hex'),
                                 16, '0'))::bit(64)::bigint END;
                at := at + roll.counts[t] * widths[c];
                IF c = first_column THEN
                    place := value;
                    EXIT WHEN place <> ALL (of_places);
                ELSE
                    words := words || CASE kinds[c]
                        WHEN 'n' THEN value::text
                        WHEN 'h' THEN encode(substring(hashes FROM 32 * value::integer + 1 FOR 32), 'hex')
                        ELSE to_char(timestamp '1970-01-01' + value * interval '1 microsecond',
                                     CASE kinds[c] WHEN 's' THEN 'YYYY-MM-DD"T"HH24:MI:SS"Z"'
                                          ELSE 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"' END) END;
                END IF;
            END LOOP;
            CONTINUE WHEN place <> ALL (of_places);
            said := format(templates[t], VARIADIC words);
            RETURN NEXT;
        END LOOP;
        FOR c IN first_column .. first_column + roll.columns[t] - 1 LOOP
            byte := byte + roll.counts[t] * widths[c];
        END LOOP;
        first_column := first_column + roll.columns[t];
    END LOOP;
END $$;

-- The batches of a roll. Where somebody changed it so that it cannot be read, they have no bytes; and what it
-- says beyond its last batch is shown too, so that whoever looks finds it.
CREATE FUNCTION open_roll(roll batch_rolls) RETURNS SETOF batches
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    opened batches[];
BEGIN
    BEGIN
        SELECT array_agg(ROW(roll.stream, roll.first + n, substring(roll.hashes FROM 32 * n + 33 FOR 32),
                substring(roll.signatures FROM 64 * n + 1 FOR 64), roll.agent_id,
                timestamptz 'epoch' + b.parts[3]::bigint * interval '1 microsecond', b.parts[4]::jsonb,
                convert_to(b.parts[1] || coalesce(b.windows, '') || b.parts[2], 'UTF8'))::batches)
            INTO opened
            FROM generate_series(0, (roll.last - roll.first)::integer) AS n FULL JOIN (
                SELECT place / 1001 AS n,
                       string_to_array(min(said) FILTER (WHERE place % 1001 = 0), chr(1)) AS parts,
                       string_agg(said, ',' ORDER BY place) FILTER (WHERE place % 1001 > 0) AS windows
                FROM roll_pieces(roll) GROUP BY place / 1001
            ) b USING (n);
    EXCEPTION WHEN OTHERS THEN
        opened := (SELECT array_agg(ROW(roll.stream, number, NULL, NULL, NULL, NULL, NULL, NULL)::batches)
                   FROM generate_series(roll.first, roll.last) AS number);
    END;
    RETURN QUERY SELECT * FROM unnest(opened);
END $$;

-- Read batches in whatever form they are kept: whoever reads more than today's does it by these. The view shows
-- those in this database; whoever needs the archived ones too reads the files (`ledger/archive/steps/evidence.py`).
CREATE VIEW kept_batches AS
    SELECT stream, number, hash, signature, agent_id, received_at, answer, bytes FROM batches
    UNION ALL
    SELECT o.* FROM roll_spans s CROSS JOIN LATERAL roll_at(s.stream, s.first) r
    CROSS JOIN LATERAL open_roll(r) o
    WHERE NOT EXISTS (SELECT FROM archived_rolls a WHERE (a.stream, a.first) = (s.stream, s.first));

CREATE FUNCTION kept_batch(of_stream uuid, of_number bigint) RETURNS SETOF batches
LANGUAGE sql STABLE ROWS 1 BEGIN ATOMIC
    SELECT stream, number, hash, signature, agent_id, received_at, answer, bytes FROM batches
    WHERE (stream, number) = (of_stream, of_number)
    UNION ALL
    SELECT o.* FROM roll_of(of_stream, of_number) s CROSS JOIN LATERAL roll_at(s.stream, s.first) r
    CROSS JOIN LATERAL open_roll(r) o WHERE o.number = of_number;
END;

-- What a relay said of its queue beside a batch of a node's. It is nobody's signed word: people look
-- at it and nothing is decided by it.
CREATE TABLE relays (
    cluster_id bigint NOT NULL REFERENCES clusters,
    relay uuid NOT NULL,
    name text NOT NULL CHECK (name ~ '^[A-Za-z0-9._-]{1,63}$'),
    batches bigint NOT NULL CHECK (batches >= 0),
    waiting_since timestamptz CHECK ((waiting_since IS NULL) = (batches = 0)),
    bytes bigint NOT NULL CHECK (bytes >= 0),
    bytes_max bigint NOT NULL CHECK (bytes_max >= 0),
    told_at timestamptz NOT NULL,
    PRIMARY KEY (cluster_id, relay)
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
CREATE INDEX forks_by_arrival ON forks (received_at DESC, stream, number);

-- Codes are made by the bureau, or by the operator of the cluster's centre.
CREATE FUNCTION code_issued() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.agent_id IS NOT NULL OR NOT may_act(NEW.created_by, NEW.created_at) OR NOT EXISTS (
        SELECT FROM tokens t JOIN clusters c ON c.id = NEW.cluster_id
        WHERE t.id = token_of(NEW.created_by)
            AND (t.role = 'systemadmin' OR t.role = 'operator' AND t.centre_id = c.centre_id)
    ) THEN
        RAISE EXCEPTION '% makes no code for this cluster', NEW.created_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'code_issued';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER issued BEFORE INSERT ON enrolment_codes
    FOR EACH ROW EXECUTE FUNCTION code_issued();

-- An agent is enrolled by a code that nobody has used, for the code's cluster and source and no earlier
-- history; the bureau's code is its approval. Null where the code opens nothing or the key is known.
CREATE FUNCTION enrol_agent(by_code bytea, new_id uuid, of_node text, key bytea, at timestamptz)
RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    code enrolment_codes;
    of_bureau boolean;
BEGIN
    SELECT * INTO code FROM enrolment_codes WHERE hash = by_code AND agent_id IS NULL
        AND expires_at > at FOR UPDATE;
    IF code IS NULL THEN RETURN NULL; END IF;
    of_bureau := code.created_by !~ '^(operator|builder|auditor):';
    INSERT INTO agents (id, cluster_id, node, source, public_key, enrolled_at, history_from,
            approved_at, approved_by)
        VALUES (new_id, code.cluster_id, of_node, code.source, key, at,
                least(code.history_from::timestamp AT TIME ZONE interval '+08:00', code.created_at),
                CASE WHEN of_bureau THEN at END, CASE WHEN of_bureau THEN code.created_by END)
        ON CONFLICT (public_key) DO NOTHING;
    IF NOT FOUND THEN RETURN NULL; END IF;
    UPDATE enrolment_codes SET agent_id = new_id WHERE hash = by_code;
    RETURN new_id;
END $$;

-- Who lets an agent's reports count is somebody of the bureau, now.
CREATE FUNCTION agent_approved() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF split_part(NEW.approved_by, ':', 1) <> 'clerk'
        OR NOT may_act(NEW.approved_by, NEW.approved_at) THEN
        RAISE EXCEPTION '% approves no agent', NEW.approved_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'agent_approved';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approved BEFORE UPDATE OF approved_at, approved_by ON agents FOR EACH ROW
    EXECUTE FUNCTION agent_approved();

-- A batch is of an agent whose key is good, and follows the one before; it stands in no roll. Who looks at
-- the past would not see what was packed meanwhile.
CREATE FUNCTION batch_follows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'batches are stored at READ COMMITTED'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_follows';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.stream::text, 1));
    IF NOT EXISTS (SELECT FROM agents a WHERE a.id = NEW.agent_id
                   AND (a.revoked_at IS NULL OR a.revoked_at > NEW.received_at))
        OR NEW.number > 1 AND NOT EXISTS (
            SELECT FROM batches b
            WHERE (b.stream, b.number, b.agent_id) = (NEW.stream, NEW.number - 1, NEW.agent_id)
            UNION ALL
            SELECT FROM roll_of(NEW.stream, NEW.number - 1) r WHERE r.agent_id = NEW.agent_id)
        OR EXISTS (SELECT FROM roll_of(NEW.stream, NEW.number)) THEN
        RAISE EXCEPTION 'batch % of % follows nothing', NEW.number, NEW.stream
            USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_follows';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER follows BEFORE INSERT ON batches FOR EACH ROW EXECUTE FUNCTION batch_follows();

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
COMMENT ON TABLE relays IS 'Queues of relays, as each told last beside a batch of this cluster''s';
COMMENT ON COLUMN relays.relay IS 'Chosen by it once; two of one name are two';
COMMENT ON COLUMN relays.batches IS 'That wait in it for the server, besides the one it came with';
COMMENT ON COLUMN relays.waiting_since IS 'When the oldest of them came to the relay; null: none waits';
COMMENT ON COLUMN relays.bytes IS 'Of its disk in use, of bytes_max';
COMMENT ON TABLE streams IS 'The newest batch of each stream';
COMMENT ON COLUMN streams.hash IS 'What the next batch must name';
COMMENT ON TABLE batches IS
    'Accepted batches, byte for byte, with signature and answer; kept for ever';
COMMENT ON COLUMN batches.bytes IS 'The signed body';
COMMENT ON COLUMN batches.hash IS 'SHA-256 of bytes; what the agent signed';
COMMENT ON TABLE batch_rolls IS 'Batches of closed days, many of a stream a row, each to the byte as it was signed';
COMMENT ON TABLE roll_spans IS 'Of which batches there are rolls, and when these were received';
COMMENT ON COLUMN roll_spans.last IS 'Number of its last batch';
COMMENT ON COLUMN batch_rolls.last IS 'Number of its last batch';
COMMENT ON COLUMN batch_rolls.seal IS 'Which took all of them';
COMMENT ON COLUMN batch_rolls.received IS 'From the first to the last';
COMMENT ON COLUMN batch_rolls.hashes IS 'Of the batch before the first, and of each: 32 bytes';
COMMENT ON COLUMN batch_rolls.signatures IS 'Of each: 64 bytes';
COMMENT ON COLUMN batch_rolls.leaves IS 'Of each in the seal''s tree: 32 bytes';
COMMENT ON COLUMN batch_rolls.templates IS 'Texts for format(), with a place for each column but the first';
COMMENT ON COLUMN batch_rolls.counts IS 'Of each template: how often it occurs';
COMMENT ON COLUMN batch_rolls.columns IS 'Of each template: its columns, of which the first says where pieces stand';
COMMENT ON COLUMN batch_rolls.kinds IS 'Of each column: number, second, microsecond or hash, by its first letter (u: microsecond)';
COMMENT ON COLUMN batch_rolls.bases IS 'Of each column; a value is base + step × n';
COMMENT ON COLUMN batch_rolls.widths IS 'Of each column: bytes of n in the content; 0: n counts on';
COMMENT ON COLUMN batch_rolls.content IS 'The columns that have a width, one after the other';
COMMENT ON TABLE archived_rolls IS 'Rolls that lie in files of the archive alone';
COMMENT ON COLUMN archived_rolls.first IS 'Number of its first batch';
COMMENT ON COLUMN archived_rolls.month IS 'With part: which archive it is in';
COMMENT ON COLUMN archived_rolls.row_group IS 'Of the part''s file, from 0';
COMMENT ON COLUMN archived_rolls.seal IS 'Which took its batches';
COMMENT ON COLUMN archived_rolls.leaves IS 'Of each batch in the seal''s tree: 32 bytes';
COMMENT ON COLUMN archived_rolls.digest IS 'SHA-256 of the roll, as it stood (roll_digest)';
COMMENT ON TABLE lent_rolls IS 'Archived rolls that were brought back to be read, for some days';
COMMENT ON VIEW kept_batches IS 'Batches in whatever form this database keeps them, as they came';
COMMENT ON TABLE forks IS 'Second bodies for a known batch number, kept as evidence';
COMMENT ON COLUMN forks.hash IS 'SHA-256 of bytes';

REVOKE EXECUTE ON FUNCTION code_issued, enrol_agent, agent_approved, batch_follows FROM PUBLIC;
GRANT EXECUTE ON FUNCTION enrol_agent TO :app_role;
GRANT SELECT ON agents, roll_spans, batch_rolls, archived_rolls, lent_rolls, kept_batches TO :app_role;
GRANT SELECT, INSERT ON enrolment_codes, streams, batches, forks, capacities, relays TO :app_role;
GRANT UPDATE (revoked_at, approved_at, approved_by) ON agents TO :app_role;
GRANT UPDATE (number, hash, sent_at, received_at) ON streams TO :app_role;
GRANT UPDATE (name, batches, waiting_since, bytes, bytes_max, told_at) ON relays TO :app_role;
