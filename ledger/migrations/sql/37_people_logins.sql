-- Logins (本地账号): a name and a password that open a token in a browser, as its secret would. Nobody but
-- the holder ever knows the password: she sets it herself, by an invitation that was made for the token.

CREATE TABLE invitations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    token_id bigint NOT NULL UNIQUE REFERENCES tokens,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    used_at timestamptz
);

CREATE TABLE logins (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_id bigint NOT NULL UNIQUE REFERENCES tokens,
    name text NOT NULL CONSTRAINT login_name CHECK (name ~ '^\S{2,64}$' AND is_visible(name)),
    created_at timestamptz NOT NULL,
    paused_at timestamptz,
    paused_by text,
    CHECK ((paused_at IS NULL) = (paused_by IS NULL))
);
CREATE UNIQUE INDEX logins_by_name ON logins (plain_name(name));

-- Every password that a login had; the newest counts.
CREATE TABLE passwords (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    login_id bigint NOT NULL REFERENCES logins,
    hash text NOT NULL CONSTRAINT argon2id CHECK (hash LIKE '$argon2id$%'),
    set_at timestamptz NOT NULL
);
CREATE INDEX passwords_by_login ON passwords (login_id, id);

-- Wrong passwords in a row, by where they were typed: a device that the holder used before, or a network.
CREATE TABLE wrong_passwords (
    login_id bigint NOT NULL REFERENCES logins,
    source bytea NOT NULL CHECK (octet_length(source) = 32),
    failures integer NOT NULL CHECK (failures >= 0),
    failed_at timestamptz NOT NULL,
    PRIMARY KEY (login_id, source)
);

-- An invitation is made by a security administrator, and a login stands on one that was used. It moves to
-- another token by another invitation, of the same person.
CREATE FUNCTION invited() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_TABLE_NAME = 'invitations' THEN
        IF NEW.used_at IS NOT NULL OR NEW.created_by NOT LIKE 'securityadmin:%'
            OR NOT may_act(NEW.created_by, NEW.created_at) THEN
            RAISE EXCEPTION 'a security administrator invites'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'invited';
        END IF;
        RETURN NEW;
    END IF;
    IF NOT EXISTS (SELECT FROM invitations i JOIN tokens t ON t.id = i.token_id
            WHERE i.token_id = NEW.token_id AND i.used_at IS NOT NULL AND NOT t.waits) THEN
        RAISE EXCEPTION 'a login stands on an invitation that was used'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'invited';
    END IF;
    IF TG_OP = 'UPDATE' AND (SELECT count(DISTINCT person_id) FROM tokens
            WHERE id IN (OLD.token_id, NEW.token_id)) <> 1 THEN
        RAISE EXCEPTION 'a login stays with its person'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'invited';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER invited BEFORE INSERT ON invitations FOR EACH ROW EXECUTE FUNCTION invited();
CREATE TRIGGER invited BEFORE INSERT OR UPDATE OF token_id ON logins
    FOR EACH ROW EXECUTE FUNCTION invited();
CREATE TRIGGER once BEFORE UPDATE OF used_at ON invitations FOR EACH ROW
    WHEN (OLD.used_at IS NOT NULL) EXECUTE FUNCTION keep_once();

COMMENT ON TABLE invitations IS 'Links by which the holder of a token sets her name and password; once';
COMMENT ON COLUMN invitations.hash IS 'SHA-256 of the secret in the link';
COMMENT ON TABLE logins IS 'Names that open a token in a browser, with a password';
COMMENT ON COLUMN logins.paused_at IS 'Since when it lets nobody in; null: it does';
COMMENT ON TABLE passwords IS 'Argon2id hashes of every password of a login; the newest counts';
COMMENT ON TABLE wrong_passwords IS 'Wrong passwords in a row, by device or network; the next one waits';
COMMENT ON COLUMN wrong_passwords.source IS 'SHA-256 of a device that the holder used, or of a network';

REVOKE EXECUTE ON FUNCTION invited FROM PUBLIC;
GRANT SELECT, INSERT ON invitations, logins, passwords, wrong_passwords TO :app_role;
GRANT UPDATE (used_at) ON invitations TO :app_role;
GRANT UPDATE (token_id, paused_at, paused_by) ON logins TO :app_role;
GRANT UPDATE (failures, failed_at) ON wrong_passwords TO :app_role;
