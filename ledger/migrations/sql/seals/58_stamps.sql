-- Time stamps of heads (RFC 3161): what an authority answered, byte for byte. It is held to the head and to
-- the authority's roots before it is kept, and by everybody who verifies.

CREATE TABLE seal_stamps (
    seal bigint PRIMARY KEY REFERENCES seals,
    answer bytea NOT NULL CHECK (octet_length(answer) BETWEEN 1 AND 65536),
    stamped_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL
);

COMMENT ON TABLE seal_stamps IS 'Time stamps of heads by an authority (RFC 3161); append-only';
COMMENT ON COLUMN seal_stamps.answer IS 'A TimeStampResp of the SHA-256 of the head, DER';
COMMENT ON COLUMN seal_stamps.stamped_at IS 'When, by the clock of the authority';

GRANT SELECT, INSERT ON seal_stamps TO :app_role;
