-- Backups: how far they are, for those who watch over them, and that one was restored and verified.

CREATE TABLE backup_progress (
    is_last boolean PRIMARY KEY DEFAULT true CHECK (is_last),
    base text CHECK (base <> ''),
    base_at timestamptz,
    wal_at timestamptz,
    CHECK ((base IS NULL) = (base_at IS NULL))
);
COMMENT ON TABLE backup_progress IS 'How far the backups are; one row, which proves nothing';
COMMENT ON COLUMN backup_progress.base IS 'The last whole base backup';
COMMENT ON COLUMN backup_progress.base_at IS 'When it ended';
COMMENT ON COLUMN backup_progress.wal_at IS 'What was committed before is in the store';

-- A restoration that was tried: of which backup, to which moment, and what was found in it. The seal is
-- the last one in what was restored; it stands here with the same head, or nothing is recorded.
CREATE TABLE restorations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    content text NOT NULL,
    seal bigint NOT NULL REFERENCES seals,
    seal_hash bytea NOT NULL,
    faults integer NOT NULL CHECK (faults >= 0),
    is_apart boolean NOT NULL,
    restored_at timestamptz NOT NULL,
    restored_by text NOT NULL CHECK (restored_by <> '')
);
CREATE INDEX restorations_by_seal ON restorations (seal);

CREATE FUNCTION restoration_says() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    said jsonb := NEW.content::jsonb;
BEGIN
    IF NEW.seal_hash IS DISTINCT FROM (SELECT hash FROM seals WHERE number = NEW.seal)
            OR said ->> 'seal' IS DISTINCT FROM NEW.seal::text
            OR said ->> 'faults' IS DISTINCT FROM NEW.faults::text
            OR said ->> 'is_apart' IS DISTINCT FROM NEW.is_apart::text THEN
        RAISE EXCEPTION 'restoration is not what its content says'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'restoration_says';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER says BEFORE INSERT ON restorations
    FOR EACH ROW EXECUTE FUNCTION restoration_says();

COMMENT ON TABLE restorations IS 'Restorations that were tried and verified; append-only';
COMMENT ON COLUMN restorations.content IS 'The report: JSON';
COMMENT ON COLUMN restorations.seal IS 'The last seal in what was restored';
COMMENT ON COLUMN restorations.faults IS 'What verification and the check of guarantees found there';
COMMENT ON COLUMN restorations.is_apart IS 'Whether the store lies on another disk or machine';

REVOKE EXECUTE ON FUNCTION restoration_says FROM PUBLIC;
GRANT SELECT, INSERT ON restorations TO :app_role;
GRANT SELECT, INSERT ON backup_progress TO :app_role;
GRANT UPDATE (base, base_at, wal_at) ON backup_progress TO :app_role;
