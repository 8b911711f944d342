-- Seals (封存): what stands in the database is hashed row by row, the hashes of a relation make a Merkle
-- tree, the roots of all trees stand in a head, and heads are signed and chained. Which relations are
-- sealed is said in `ledger/seals/rules/relations.py`; the triggers that watch them are in 99_sealed.

-- The bureau's keys. The first comes with the first seal, and another one with the head that names it
-- as the next. The file with its private half is no part of the database.
CREATE TABLE seal_keys (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_key bytea NOT NULL UNIQUE CHECK (octet_length(public_key) = 32),
    registered_at timestamptz NOT NULL,
    registered_by text NOT NULL CHECK (registered_by <> '')
);

CREATE TABLE seals (
    number bigint PRIMARY KEY CHECK (number >= 1),
    kind text NOT NULL CHECK (kind IN ('light', 'month', 'close')),
    month date CHECK (extract(day FROM month) = 1),
    sealed_at timestamptz NOT NULL,
    algorithm text NOT NULL CHECK (algorithm IN ('sha256', 'sm3')),
    previous bytea UNIQUE,
    head text NOT NULL,
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    key_id bigint NOT NULL REFERENCES seal_keys,
    signature bytea NOT NULL CHECK (octet_length(signature) = 64),
    UNIQUE (kind, month),
    CHECK ((kind = 'light') = (month IS NULL)),
    CHECK ((number = 1) = (previous IS NULL)),
    CHECK (algorithm <> 'sha256' OR hash = sha256(convert_to(head, 'UTF8'))),
    FOREIGN KEY (previous) REFERENCES seals (hash)
);
CREATE INDEX seals_by_key ON seals (key_id);

CREATE FUNCTION key_of_a_head() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM seals WHERE key_id = NEW.id
                   OR head::jsonb ->> 'next_key' = encode(NEW.public_key, 'hex')) THEN
        RAISE EXCEPTION 'no head names this key'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'key_of_a_head';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER of_a_head AFTER INSERT ON seal_keys
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION key_of_a_head();

-- One after the other: no number is left out, none comes twice, and no moment before the last; with
-- the key of the last one, or with that which it names as the next.
CREATE FUNCTION seal_follows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    last seals;
BEGIN
    SELECT * INTO last FROM seals ORDER BY number DESC LIMIT 1;
    IF NEW.number <> coalesce(last.number, 0) + 1 OR NEW.previous IS DISTINCT FROM last.hash
            OR NEW.sealed_at <= last.sealed_at
            OR NEW.key_id <> coalesce((SELECT id FROM seal_keys
                WHERE encode(public_key, 'hex') = last.head::jsonb ->> 'next_key'), last.key_id) THEN
        RAISE EXCEPTION 'seal % does not follow the last one', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'seal_follows';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER follows BEFORE INSERT ON seals FOR EACH ROW EXECUTE FUNCTION seal_follows();

-- The leaves: which rows a seal took, and the hash of each; null for a row that was gone by then.
CREATE TABLE sealed_rows (
    seal bigint NOT NULL REFERENCES seals DEFERRABLE INITIALLY DEFERRED,
    relation text NOT NULL,
    key text COLLATE "C" NOT NULL,
    hash bytea CHECK (octet_length(hash) = 32),
    PRIMARY KEY (seal, relation, key)
);
CREATE INDEX sealed_rows_by_row ON sealed_rows (relation, key, seal);

-- Rows that came, changed or went since they were last sealed; a row that changed twice stands here
-- twice, as a unique key would let a change be lost between two transactions.
CREATE TABLE unsealed_rows (
    relation text NOT NULL,
    key text COLLATE "C" NOT NULL
);
CREATE INDEX unsealed_rows_by_key ON unsealed_rows (relation, key);

-- The key of a row is the JSON of its primary key, moments in UTC; `ledger/seals/queries/` reads it.
CREATE FUNCTION note_unsealed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' AS $$
BEGIN
    EXECUTE format('INSERT INTO unsealed_rows SELECT %L, jsonb_build_array(%s)::text FROM touched',
        TG_TABLE_NAME, TG_ARGV[0]);
    RETURN NULL;
END $$;

-- Postings and their movements have no triggers, which would cost the books a tenth of their speed:
-- numbers have no gaps and follow the order of commits, so what is new is behind the last number that
-- a head names. Whoever seals has them noted.
CREATE FUNCTION note_postings() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    taken bigint := coalesce((SELECT (head::jsonb ->> 'postings')::bigint
                              FROM seals ORDER BY number DESC LIMIT 1), 0);
BEGIN
    INSERT INTO unsealed_rows
        SELECT 'postings', jsonb_build_array(id)::text FROM postings WHERE number > taken
        UNION ALL
        SELECT 'movements', jsonb_build_array(m.id)::text
        FROM postings p JOIN movements m ON m.posting_id = p.id WHERE p.number > taken;
    RETURN coalesce((SELECT max(number) FROM postings), 0);
END $$;

-- What has a leaf waits no more. In one snapshot alone, or a change made meanwhile would be lost; and
-- only beside a head that is yet to come.
CREATE FUNCTION take_leaves() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('repeatable read', 'serializable')
            OR EXISTS (SELECT FROM fresh JOIN seals ON seal <= number) THEN
        RAISE EXCEPTION 'rows are sealed in one snapshot, before their head'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'leaves_before_head';
    END IF;
    DELETE FROM unsealed_rows u USING fresh f WHERE u.relation = f.relation AND u.key = f.key;
    RETURN NULL;
END $$;
CREATE TRIGGER leaves AFTER INSERT ON sealed_rows REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION take_leaves();

COMMENT ON TABLE seal_keys IS 'Public keys that sign seals; the private half is a file of the bureau';
COMMENT ON TABLE seals IS 'Heads: signed, each bound to the one before; append-only';
COMMENT ON COLUMN seals.head IS 'The text that is hashed and signed, byte for byte; see docs/audit/seals.md';
COMMENT ON COLUMN seals.hash IS 'Of the bytes of head, by algorithm';
COMMENT ON TABLE sealed_rows IS 'The rows that a seal took, and their hashes; append-only';
COMMENT ON COLUMN sealed_rows.hash IS 'Of the canonical row; null: the row was gone';
COMMENT ON TABLE unsealed_rows IS 'Rows that came, changed or went since they were sealed, by triggers';

REVOKE EXECUTE ON FUNCTION key_of_a_head, seal_follows, note_unsealed, note_postings, take_leaves
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION note_postings TO :app_role;
GRANT SELECT ON seal_keys, seals, sealed_rows, unsealed_rows TO :app_role;
GRANT INSERT (public_key, registered_at, registered_by) ON seal_keys TO :app_role;
GRANT INSERT ON seals, sealed_rows TO :app_role;
