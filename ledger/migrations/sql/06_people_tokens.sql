-- Who may sign in: tokens (only their hash is kept) and the browser sessions made from them.

CREATE TABLE tokens (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    role text NOT NULL CHECK (role IN
        ('builder', 'operator', 'clerk', 'approver', 'finance', 'auditor', 'administrator')),
    person text NOT NULL CHECK (person <> ''),
    project_id bigint REFERENCES projects,
    centre_id bigint REFERENCES centres,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    CHECK ((role = 'builder') = (project_id IS NOT NULL)),
    CHECK ((role = 'operator') = (centre_id IS NOT NULL))
);
CREATE INDEX tokens_by_project ON tokens (project_id);
CREATE INDEX tokens_by_centre ON tokens (centre_id);

CREATE TABLE sessions (
    hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    token_id bigint NOT NULL REFERENCES tokens,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_by_token ON sessions (token_id);

COMMENT ON TABLE tokens IS 'Access tokens of persons; only the hash is kept';
COMMENT ON COLUMN tokens.hash IS 'SHA-256';
COMMENT ON TABLE sessions IS 'Browser sessions made from a token';
COMMENT ON COLUMN sessions.hash IS 'SHA-256 of the cookie';

GRANT SELECT, INSERT ON tokens, sessions TO :app_role;
GRANT UPDATE (revoked_at) ON tokens TO :app_role;
GRANT DELETE ON sessions TO :app_role;
