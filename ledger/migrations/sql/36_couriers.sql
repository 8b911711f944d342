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

COMMENT ON TABLE server_key IS 'The one key by which the server signs what a courier carries back';
COMMENT ON COLUMN server_key.seed IS 'Ed25519, the secret half: 32 bytes';

GRANT SELECT ON server_key TO :app_role;
