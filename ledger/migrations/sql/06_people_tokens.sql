-- Who may sign in: tokens (only their hash is kept) and the browser sessions made from them; and who
-- an actor is whom a decision or a step of a case names.

CREATE TABLE tokens (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    role text NOT NULL CHECK (role IN
        ('builder', 'operator', 'clerk', 'approver', 'finance', 'auditor', 'administrator')),
    person text NOT NULL CHECK (person <> '')
        CONSTRAINT name_is_visible CHECK (is_visible(person)),
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

-- The token of an actor, `role:name#token`. Others have none: `server`, what the server does by itself
-- in its rounds, and `machine:account`, who owns the machine and makes the first administrators.
CREATE FUNCTION token_of(actor text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN substring(actor FROM '^[a-z]+:.*#([0-9]{1,18})$')::bigint;

-- Whether an actor is whom a token says, in that role, and the token good: neither revoked nor
-- expired, by the caller's clock (which a drill sets) and by this one.
CREATE FUNCTION may_act(actor text, at timestamptz) RETURNS boolean
LANGUAGE sql STABLE
RETURN EXISTS (SELECT FROM tokens t
    WHERE t.id = token_of(actor) AND actor = format('%s:%s#%s', t.role, t.person, t.id)
        AND t.revoked_at IS NULL
        AND (t.expires_at IS NULL OR t.expires_at > greatest(at, now())));

-- Who made an actor's token, who made the token of that one, and so on, as persons.
CREATE FUNCTION issuers_of(actor text) RETURNS SETOF text
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE issuers AS (
        SELECT created_by FROM tokens WHERE id = token_of(actor)
        UNION
        SELECT t.created_by FROM issuers i JOIN tokens t ON t.id = token_of(i.created_by)
    )
    SELECT person_of(created_by) FROM issuers;
$$;

-- Whether two actors are two identities: two persons, neither of whom made the other's token.
CREATE FUNCTION two_identities(one text, other text) RETURNS boolean
LANGUAGE sql STABLE
RETURN person_of(one) <> person_of(other)
    AND person_of(one) NOT IN (SELECT issuers_of(other))
    AND person_of(other) NOT IN (SELECT issuers_of(one));

-- Tokens are made by administrators; the first of them by the owner of the database.
CREATE FUNCTION token_issued() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF current_user <> (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID)
        AND NOT (NEW.created_by LIKE 'administrator:%' AND may_act(NEW.created_by, NEW.created_at)) THEN
        RAISE EXCEPTION 'a token is made by an administrator'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'token_issued';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER issued BEFORE INSERT ON tokens FOR EACH ROW EXECUTE FUNCTION token_issued();

-- Who decides exists; who answers exists, may answer this kind, and is another identity, or the same
-- person where it is withdrawn. Administrators and auditors have no part in it.
CREATE FUNCTION decided_by_actors() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    actor text := CASE TG_OP WHEN 'INSERT' THEN NEW.decided_by ELSE NEW.answered_by END;
    at timestamptz := CASE TG_OP WHEN 'INSERT' THEN NEW.decided_at ELSE NEW.answered_at END;
BEGIN
    IF actor ~ '^(administrator|auditor):' OR NOT may_act(actor, at) THEN
        RAISE EXCEPTION '% may not decide', actor
            USING ERRCODE = 'check_violation', CONSTRAINT = 'actor_acts';
    END IF;
    IF TG_OP = 'INSERT' THEN RETURN NEW; END IF;
    IF NEW.answer = 'withdrawn' THEN
        IF person_of(actor) <> person_of(NEW.decided_by) THEN
            RAISE EXCEPTION 'a decision is withdrawn by who made it'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'withdrawn_by_the_same';
        END IF;
    ELSIF NOT two_identities(actor, NEW.decided_by) THEN
        RAISE EXCEPTION '% is no second identity beside %', actor, NEW.decided_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'two_identities';
    ELSIF NOT EXISTS (SELECT FROM decision_kinds k WHERE k.kind = NEW.kind
                      AND split_part(actor, ':', 1) = ANY (k.roles)) THEN
        RAISE EXCEPTION '% may not answer decisions on %', actor, NEW.kind
            USING ERRCODE = 'check_violation', CONSTRAINT = 'role_answers';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER actors_decide BEFORE INSERT ON decisions
    FOR EACH ROW EXECUTE FUNCTION decided_by_actors();
CREATE TRIGGER actors_answer BEFORE UPDATE OF answer, answered_by ON decisions
    FOR EACH ROW EXECUTE FUNCTION decided_by_actors();

COMMENT ON TABLE tokens IS 'Access tokens of persons; only the hash is kept';
COMMENT ON COLUMN tokens.hash IS 'SHA-256';
COMMENT ON TABLE sessions IS 'Browser sessions made from a token';
COMMENT ON COLUMN sessions.hash IS 'SHA-256 of the cookie';

REVOKE EXECUTE ON FUNCTION decided_by_actors FROM PUBLIC;
GRANT SELECT, INSERT ON tokens, sessions TO :app_role;
GRANT UPDATE (revoked_at) ON tokens TO :app_role;
GRANT DELETE ON sessions TO :app_role;
