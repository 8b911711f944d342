-- Coming in without a token: links that sign somebody in once, and the made-up people of a drill.

-- A link is made on the machine, by the owner of the database; the application only notes its use.
CREATE TABLE sign_in_links (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    token_id bigint NOT NULL REFERENCES tokens,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT link_is_short CHECK (expires_at > created_at
        AND expires_at <= created_at + interval '1 hour')
);
CREATE INDEX sign_in_links_by_token ON sign_in_links (token_id);
CREATE TRIGGER once BEFORE UPDATE OF used_at ON sign_in_links FOR EACH ROW
    WHEN (OLD.used_at IS NOT NULL) EXECUTE FUNCTION keep_once();

-- Whoever opens a drill's pages may play its people, so a drill's database never holds a real project,
-- and one that holds a real project never has such people.
CREATE FUNCTION drill_stays() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.drill', 0));
    IF TG_TABLE_NAME = 'projects' AND EXISTS (SELECT FROM persons WHERE created_by = 'machine:drill')
        OR TG_TABLE_NAME = 'persons' AND EXISTS (SELECT FROM projects WHERE NOT drill) THEN
        RAISE EXCEPTION 'a drill stays a drill'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'drill_stays';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER drill_stays BEFORE INSERT ON projects FOR EACH ROW
    WHEN (NOT NEW.drill) EXECUTE FUNCTION drill_stays();
CREATE TRIGGER drill_stays BEFORE INSERT ON persons FOR EACH ROW
    WHEN (NEW.created_by = 'machine:drill') EXECUTE FUNCTION drill_stays();

COMMENT ON TABLE sign_in_links IS 'Links that sign in once, made on the machine; used ones too';
COMMENT ON COLUMN sign_in_links.hash IS 'SHA-256 of the secret in the link';
COMMENT ON COLUMN sign_in_links.token_id IS 'Whose session the link opens';

REVOKE EXECUTE ON FUNCTION drill_stays FROM PUBLIC;
GRANT SELECT, UPDATE (used_at) ON sign_in_links TO :app_role;
