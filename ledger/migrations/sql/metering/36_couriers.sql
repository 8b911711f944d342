-- What a courier carries back. The server has one key of its own, made here from the database's strong
-- random numbers: all of its processes sign with it, and a restored backup brings it back, so that
-- agents go on believing. Who can read this row can forge a receipt, by which an agent forgets batches;
-- no money moves by it.

CREATE TABLE server_key (
    id integer PRIMARY KEY CHECK (id = 1),
    seed bytea NOT NULL CHECK (octet_length(seed) = 32)
);
INSERT INTO server_key VALUES (1, sha256(uuid_send(gen_random_uuid())
    || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));

-- What a courier brought to a page, and the file that goes back. It is evidence of who brought what:
-- the batches and agents themselves stand where they always do.
CREATE TABLE courier_files (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    centre_id bigint REFERENCES centres,
    kind text NOT NULL CHECK (kind IN ('batches', 'enrolment')),
    name text NOT NULL,
    taken_at timestamptz NOT NULL,
    taken_by text NOT NULL,
    outcome jsonb NOT NULL,
    answer bytea NOT NULL
);
CREATE INDEX courier_files_by_centre ON courier_files (centre_id);

COMMENT ON TABLE courier_files IS 'Files that couriers brought to the page, and what went back';
COMMENT ON COLUMN courier_files.centre_id IS 'Of the operator who brought it; null: the bureau';
COMMENT ON COLUMN courier_files.outcome IS 'What came of it, as JSON rows';
COMMENT ON COLUMN courier_files.answer IS 'The receipt, or the answer to a request, for the way back';
COMMENT ON TABLE server_key IS 'The one key by which the server signs what a courier carries back';
COMMENT ON COLUMN server_key.seed IS 'Ed25519, the secret half: 32 bytes';

GRANT SELECT ON server_key TO :app_role;
GRANT SELECT, INSERT ON courier_files TO :app_role;
