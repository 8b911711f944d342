-- Certificates of metered use (算力计量证明): what was signed for a project and a period, and the page that
-- was handed out. Whether one still holds is computed from the books where it is asked for.

CREATE TABLE certificates (
    number text PRIMARY KEY CHECK (number <> ''),
    project_id bigint NOT NULL REFERENCES projects,
    since date NOT NULL CHECK (extract(day FROM since) = 1),
    until date NOT NULL CHECK (until > since AND extract(day FROM until) = 1),
    content text NOT NULL,
    hash bytea NOT NULL UNIQUE CHECK (hash = sha256(convert_to(content, 'UTF8'))),
    key_id bigint NOT NULL REFERENCES seal_keys,
    signature bytea NOT NULL CHECK (octet_length(signature) = 64),
    pdf bytea NOT NULL,
    issued_at timestamptz NOT NULL,
    issued_by text NOT NULL CHECK (issued_by <> '')
);
CREATE INDEX certificates_by_project ON certificates (project_id);
CREATE INDEX certificates_by_key ON certificates (key_id);

-- The content says of which project and period it is; the row's columns say the same.
CREATE FUNCTION certificate_says() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    said jsonb := NEW.content::jsonb;
BEGIN
    IF said ->> 'number' IS DISTINCT FROM NEW.number
            OR said #>> '{project,code}' IS DISTINCT FROM
                (SELECT code FROM projects WHERE id = NEW.project_id)
            OR said ->> 'since' IS DISTINCT FROM to_char(NEW.since, 'YYYY-MM')
            OR said ->> 'until' IS DISTINCT FROM to_char(NEW.until - 1, 'YYYY-MM')
            OR said ->> 'key' IS DISTINCT FROM
                (SELECT encode(public_key, 'hex') FROM seal_keys WHERE id = NEW.key_id) THEN
        RAISE EXCEPTION 'certificate % is not what its content says', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'certificate_says';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER says BEFORE INSERT ON certificates
    FOR EACH ROW EXECUTE FUNCTION certificate_says();

COMMENT ON TABLE certificates IS 'Certificates of metered use, signed by the bureau; append-only';
COMMENT ON COLUMN certificates.until IS 'The first day after the last month';
COMMENT ON COLUMN certificates.content IS 'The JSON that is signed, byte for byte';
COMMENT ON COLUMN certificates.hash IS 'SHA-256 of the content';
COMMENT ON COLUMN certificates.pdf IS 'The page as it was handed out; its bytes are signed too';

REVOKE EXECUTE ON FUNCTION certificate_says FROM PUBLIC;
GRANT SELECT, INSERT ON certificates TO :app_role;
