-- Whom a provider of identities (OpenID Connect) names: `subject` is hers for good there. It opens what
-- her login opens, and is linked with it by herself alone, who came in by the login. Roles stay ours.
CREATE TABLE subjects (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    issuer text NOT NULL CHECK (issuer ~ '^https?://'),
    subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
    login_id bigint NOT NULL REFERENCES logins,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    ended_at timestamptz
);
CREATE UNIQUE INDEX subjects_of_issuer ON subjects (issuer, subject) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX subjects_of_login ON subjects (login_id) WHERE ended_at IS NULL;
CREATE INDEX subjects_by_login ON subjects (login_id);

CREATE FUNCTION linked_by_holder() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.ended_at IS NOT NULL OR NOT may_act(NEW.created_by, NEW.created_at) OR NOT EXISTS (
            SELECT FROM logins WHERE id = NEW.login_id AND token_id = token_of(NEW.created_by)) THEN
        RAISE EXCEPTION '% does not hold the login %', NEW.created_by, NEW.login_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'linked_by_holder';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER linked BEFORE INSERT ON subjects FOR EACH ROW EXECUTE FUNCTION linked_by_holder();
CREATE TRIGGER once BEFORE UPDATE OF ended_at ON subjects FOR EACH ROW
    WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION keep_once();

COMMENT ON TABLE subjects IS 'Whom a provider of identities names, and whose login it opens';
COMMENT ON COLUMN subjects.issuer IS 'The provider, as its tokens name it';
COMMENT ON COLUMN subjects.subject IS 'Its name for a person, for good';
COMMENT ON COLUMN subjects.ended_at IS 'Since when it opens nothing any more';

GRANT SELECT, INSERT ON subjects TO :app_role;
GRANT UPDATE (ended_at) ON subjects TO :app_role;
