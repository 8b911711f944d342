-- Who may sign in: tokens (only their hash is kept) and the browser sessions made from them.

CREATE TABLE tokens (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    role text NOT NULL CHECK (role IN
        ('builder', 'operator', 'clerk', 'approver', 'finance', 'auditor', 'administrator')),
    person text NOT NULL CHECK (person <> ''),
    project bigint REFERENCES projects,
    centre bigint REFERENCES centres,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    CHECK ((role = 'builder') = (project IS NOT NULL)),
    CHECK ((role = 'operator') = (centre IS NOT NULL))
);

CREATE TABLE sessions (
    hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    token bigint NOT NULL REFERENCES tokens,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);

GRANT SELECT, INSERT ON tokens, sessions TO :app_role;
GRANT UPDATE (revoked_at) ON tokens TO :app_role;
GRANT DELETE ON sessions TO :app_role;
