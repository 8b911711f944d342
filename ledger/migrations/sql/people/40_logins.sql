-- Accounts (账号): a name, a password and an authenticator that open a token in a browser, as its secret would.
-- Nobody but the holder ever has them: she sets them herself, by an invitation that was made for the token.

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
    created_at timestamptz NOT NULL
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

-- The secret that an app makes codes of: one for each invitation, so that another one takes another invitation;
-- and no two have the same, so that one app is never two persons.
CREATE TABLE authenticators (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    invitation_id bigint NOT NULL UNIQUE REFERENCES invitations,
    secret bytea NOT NULL UNIQUE CHECK (octet_length(secret) = 20),
    set_at timestamptz NOT NULL
);

-- A code counts once: who sends one again finds its half minute here.
CREATE TABLE code_steps (
    authenticator_id bigint NOT NULL REFERENCES authenticators,
    step bigint NOT NULL,
    PRIMARY KEY (authenticator_id, step)
);

CREATE TABLE recovery_codes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    authenticator_id bigint NOT NULL REFERENCES authenticators,
    used_at timestamptz
);
CREATE INDEX recovery_codes_by_authenticator ON recovery_codes (authenticator_id);

-- Who tried to come in by a login and did not, or was asked for a code again and had none. What was typed
-- is not kept.
CREATE TABLE failed_sign_ins (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    login_id bigint NOT NULL REFERENCES logins,
    source bytea NOT NULL CHECK (octet_length(source) = 32),
    address text NOT NULL,
    browser text NOT NULL,
    fault text NOT NULL CHECK (fault IN ('password', 'code', 'token', 'step_up')),
    at timestamptz NOT NULL
);
CREATE INDEX failed_sign_ins_by_login ON failed_sign_ins (login_id, at);

-- An invitation is made with its token, by the same security administrator; those of administrators by
-- the owner of the database. A login and an authenticator stand on one that was used; a login moves to
-- another token by another one, of the same person.
CREATE FUNCTION invited() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    fact jsonb := to_jsonb(NEW);
    good boolean;
BEGIN
    IF TG_TABLE_NAME = 'invitations' THEN
        good := current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID)
            OR may_act(NEW.created_by, NEW.created_at) AND EXISTS (SELECT FROM tokens
                WHERE id = NEW.token_id AND created_by = NEW.created_by
                    AND created_by LIKE 'securityadmin:%' AND revoked_at IS NULL);
        good := good AND (fact ->> 'used_at') IS NULL;
    ELSIF TG_TABLE_NAME = 'logins' THEN
        good := EXISTS (SELECT FROM invitations i JOIN tokens t ON t.id = i.token_id
            WHERE i.token_id = NEW.token_id AND i.used_at IS NOT NULL AND NOT t.waits);
        IF TG_OP = 'UPDATE' THEN
            good := good AND (SELECT count(DISTINCT person_id) = 1 FROM tokens
                WHERE id IN (OLD.token_id, NEW.token_id));
        END IF;
    ELSE
        good := EXISTS (SELECT FROM invitations
            WHERE id = (fact ->> 'invitation_id')::bigint AND used_at IS NOT NULL);
    END IF;
    IF good IS NOT TRUE THEN
        RAISE EXCEPTION 'a row of % needs an invitation', TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = 'invited';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER invited BEFORE INSERT ON invitations FOR EACH ROW EXECUTE FUNCTION invited();
CREATE TRIGGER invited BEFORE INSERT OR UPDATE OF token_id ON logins
    FOR EACH ROW EXECUTE FUNCTION invited();
CREATE TRIGGER invited BEFORE INSERT ON authenticators FOR EACH ROW EXECUTE FUNCTION invited();
CREATE TRIGGER once BEFORE UPDATE OF used_at ON invitations FOR EACH ROW
    WHEN (OLD.used_at IS NOT NULL) EXECUTE FUNCTION keep_once();
CREATE TRIGGER once BEFORE UPDATE OF used_at ON recovery_codes FOR EACH ROW
    WHEN (OLD.used_at IS NOT NULL) EXECUTE FUNCTION keep_once();

COMMENT ON TABLE invitations IS 'Links by which the holder of a token sets up her account; once';
COMMENT ON COLUMN invitations.hash IS 'SHA-256 of the secret in the link';
COMMENT ON TABLE logins IS 'Names that open a token in a browser, with a password and a code';
COMMENT ON TABLE passwords IS 'Argon2id hashes of every password of a login; the newest counts';
COMMENT ON COLUMN passwords.hash IS 'Argon2id, as libsodium writes it';
COMMENT ON TABLE authenticators IS 'Secrets of authenticator apps (TOTP, RFC 6238), one for each invitation';
COMMENT ON COLUMN authenticators.secret IS 'As it is: the codes are computed of it';
COMMENT ON TABLE code_steps IS 'The half minutes whose codes were used';
COMMENT ON TABLE recovery_codes IS 'Codes that stand in for an authenticator, each once';
COMMENT ON COLUMN recovery_codes.hash IS 'SHA-256';
COMMENT ON TABLE failed_sign_ins IS 'Sign-ins by a login that did not succeed, for good';
COMMENT ON COLUMN failed_sign_ins.source IS 'SHA-256 of a device that the holder used, or of a network';
COMMENT ON COLUMN failed_sign_ins.fault IS 'What was wrong: the password, the code, the token has ended, or the code at a confirmation';

GRANT SELECT, INSERT ON invitations, logins, passwords, authenticators, code_steps, recovery_codes,
    failed_sign_ins TO :app_role;
GRANT UPDATE (used_at) ON invitations, recovery_codes TO :app_role;
GRANT UPDATE (token_id) ON logins TO :app_role;
