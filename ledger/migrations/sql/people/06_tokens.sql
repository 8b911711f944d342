-- Who there is, and who may sign in: identities, their tokens (only the hash is kept) and the browser
-- sessions made from them; and who an actor is whom a decision or a step of a case names.

-- An identity: a person of the bureau, of a centre or of a project, or a program that works for one of
-- them (a service). Its name stands in the books, so it stays, and no two look alike: a namesake gets a
-- distinguishing word, 张伟（二科）.
CREATE TABLE persons (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL CHECK (plain_name(name) <> '')
        CONSTRAINT name_is_visible CHECK (is_visible(name))
        CONSTRAINT name_is_no_actor CHECK (name !~ '^[a-z]+:.*#[0-9]+$'),
    service boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL
);
CREATE UNIQUE INDEX persons_by_name ON persons (plain_name(name));

-- 三员: who tends the machine, who lets people in and who reads the logs are three people, and none of
-- them does business. As ADMINISTRATORS in `ledger/people/rules/persons.py`.
CREATE FUNCTION duty_of(role text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN role IN ('systemadmin', 'securityadmin', 'auditadmin') THEN role ELSE 'business' END;

-- Whether two security administrators let this role in: it decides about money. As TAKES_TWO there.
CREATE FUNCTION takes_two(role text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN role IN ('clerk', 'approver', 'finance');

CREATE TABLE tokens (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    role text NOT NULL CHECK (role IN
        ('builder', 'operator', 'clerk', 'approver', 'finance', 'auditor', 'systemadmin',
         'securityadmin', 'auditadmin')),
    person_id bigint NOT NULL REFERENCES persons,
    project_id bigint REFERENCES projects,
    centre_id bigint REFERENCES centres,
    rights text[] CHECK (rights <> '{}'),
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    expires_at timestamptz NOT NULL CHECK (isfinite(expires_at)),
    renews bigint REFERENCES tokens,
    overlap_hours integer NOT NULL DEFAULT 0
        CHECK (overlap_hours BETWEEN 0 AND 168 AND (overlap_hours = 0 OR renews IS NOT NULL)),
    replaced_at timestamptz,
    revoked_at timestamptz,
    revoked_by text,
    confirmed_at timestamptz,
    confirmed_by text,
    -- Waits for a second security administrator; one that renews another stands on that one.
    waits boolean NOT NULL GENERATED ALWAYS AS (takes_two(role) AND confirmed_at IS NULL
        AND renews IS NULL AND created_by NOT LIKE 'machine:%') STORED,
    CHECK ((confirmed_at IS NULL) = (confirmed_by IS NULL)),
    CONSTRAINT one_duty EXCLUDE USING gist (person_id WITH =, duty_of(role) WITH <>)
        WHERE (revoked_at IS NULL),
    CHECK ((role = 'builder') = (project_id IS NOT NULL)),
    CHECK ((role = 'operator') = (centre_id IS NOT NULL))
);
CREATE INDEX tokens_by_person ON tokens (person_id);
CREATE INDEX tokens_by_renewal ON tokens (renews);
CREATE INDEX tokens_by_project ON tokens (project_id);
CREATE INDEX tokens_by_centre ON tokens (centre_id);

-- A browser session. Its row stays when it has ended: who signed in when, and from where.
CREATE TABLE sessions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    token_id bigint NOT NULL REFERENCES tokens,
    device bytea NOT NULL CHECK (octet_length(device) = 32),
    address text NOT NULL,
    browser text NOT NULL,
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    proven_at timestamptz,
    provider_sid text
);
CREATE INDEX sessions_by_token ON sessions (token_id);
CREATE INDEX sessions_by_device ON sessions (device);

-- The token of an actor, `role:name#token`. Others have none: `server`, what the server does by itself
-- in its rounds, and `machine:account`, who owns the machine and makes the administrators.
CREATE FUNCTION token_of(actor text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN substring(actor FROM '^[a-z]+:.*#([0-9]{1,18})$')::bigint;

-- The identity of an actor, by its token.
CREATE FUNCTION identity_of(actor text) RETURNS bigint
LANGUAGE sql STABLE
RETURN (SELECT person_id FROM tokens WHERE id = token_of(actor));

-- Whether an actor is whom a token says, in that role, and the token good: it waits for nobody and is
-- neither revoked nor expired, by the caller's clock (which a drill sets) and by this one.
CREATE FUNCTION may_act(actor text, at timestamptz) RETURNS boolean
LANGUAGE sql STABLE
RETURN EXISTS (SELECT FROM tokens t JOIN persons p ON p.id = t.person_id
    WHERE t.id = token_of(actor) AND actor = format('%s:%s#%s', t.role, p.name, t.id)
        AND NOT t.waits AND t.revoked_at IS NULL AND t.expires_at > greatest(at, now()));

-- Who made or confirmed an actor's token, who made the tokens of those, and so on, as identities.
CREATE FUNCTION issuers_of(actor text) RETURNS SETOF bigint
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE issuers AS (
        SELECT unnest(ARRAY[created_by, confirmed_by]) AS issuer FROM tokens WHERE id = token_of(actor)
        UNION
        SELECT unnest(ARRAY[t.created_by, t.confirmed_by])
            FROM issuers i JOIN tokens t ON t.id = token_of(i.issuer)
    )
    SELECT identity_of(issuer) FROM issuers WHERE identity_of(issuer) IS NOT NULL;
$$;

-- Whether a person is signed in at a device with which another one was signed in within the day before.
CREATE FUNCTION shares_device(one bigint, other bigint) RETURNS boolean
LANGUAGE sql STABLE
RETURN EXISTS (SELECT FROM sessions mine JOIN tokens m ON m.id = mine.token_id
    JOIN sessions theirs ON theirs.device = mine.device JOIN tokens t ON t.id = theirs.token_id
    WHERE m.person_id = one AND t.person_id = other AND mine.ended_at IS NULL
        AND theirs.seen_at > mine.created_at - interval '1 day');

-- Why an actor is no second person beside whoever proposed something, as the code of the refusal: the
-- same identity, one of whom made the other's token, a program, or who is signed in at the proposer's
-- device. Null: may confirm it.
CREATE FUNCTION second_refused(actor text, proposer text) RETURNS text
LANGUAGE sql STABLE
RETURN CASE
    WHEN person_of(actor) = person_of(proposer) OR identity_of(actor) = identity_of(proposer)
        THEN 'same_person'
    WHEN EXISTS (SELECT FROM issuers_of(proposer) i WHERE i = identity_of(actor))
        OR EXISTS (SELECT FROM issuers_of(actor) i WHERE i = identity_of(proposer))
        THEN 'one_made_the_other'
    WHEN EXISTS (SELECT FROM persons WHERE id = identity_of(actor) AND service)
        THEN 'service_confirms'
    WHEN shares_device(identity_of(actor), identity_of(proposer)) THEN 'shared_device'
END;

-- Identities and tokens are made by security administrators, and those of administrators by the owner of
-- the database alone. A token may also renew itself: for the same identity, role and scope, by its own
-- actor.
CREATE FUNCTION made_by_administrator() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    old_token tokens;
BEGIN
    IF TG_TABLE_NAME = 'tokens' AND (to_jsonb(NEW) ->> 'renews') IS NOT NULL THEN
        SELECT * INTO old_token FROM tokens WHERE id = (to_jsonb(NEW) ->> 'renews')::bigint;
        IF (NEW.person_id, NEW.role, NEW.project_id, NEW.centre_id, NEW.rights) IS DISTINCT FROM
            (old_token.person_id, old_token.role, old_token.project_id, old_token.centre_id, old_token.rights)
            OR token_of(NEW.created_by) IS DISTINCT FROM old_token.id OR old_token.replaced_at IS NOT NULL
            OR NOT may_act(NEW.created_by, NEW.created_at) THEN
            RAISE EXCEPTION 'a token is renewed by itself, as it is'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'token_renewed';
        END IF;
    ELSIF current_user <> (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID)
        AND NOT (NEW.created_by LIKE 'securityadmin:%' AND may_act(NEW.created_by, NEW.created_at)
            AND duty_of(coalesce(to_jsonb(NEW) ->> 'role', '')) = 'business'
            AND (to_jsonb(NEW) ->> 'confirmed_at') IS NULL) THEN
        RAISE EXCEPTION '% are made by a security administrator', TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = 'made_by_administrator';
    END IF;
    RETURN NEW;
END $$;

-- A token that waits is confirmed by another security administrator than made it. It is ended by its
-- identity, by the token that renews it or that it renews, or by a security administrator; those of audit
-- administrators by nobody else's word. A renewal that leaves it some hours shortens it to them, once. The
-- owner of the database may do all of it.
CREATE FUNCTION changed_by_administrator() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    other tokens;
BEGIN
    IF current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        RETURN NEW;
    END IF;
    IF NEW.confirmed_at IS DISTINCT FROM OLD.confirmed_at AND (NOT OLD.waits
        OR NEW.confirmed_by NOT LIKE 'securityadmin:%' OR NOT may_act(NEW.confirmed_by, NEW.confirmed_at)
        OR second_refused(NEW.confirmed_by, OLD.created_by) IS NOT NULL) IS NOT FALSE THEN
        RAISE EXCEPTION '% is no second security administrator beside %', NEW.confirmed_by, OLD.created_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'two_identities';
    END IF;
    IF (NEW.replaced_at, NEW.expires_at) IS DISTINCT FROM (OLD.replaced_at, OLD.expires_at)
        AND (NEW.replaced_at IS NULL OR NEW.expires_at <> ALL (ARRAY(
            SELECT least(OLD.expires_at, NEW.replaced_at + n.overlap_hours * interval '1 hour')
            FROM tokens n WHERE n.renews = OLD.id AND n.revoked_at IS NULL AND n.overlap_hours > 0))) THEN
        RAISE EXCEPTION 'the token % is not renewed so', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'token_replaced';
    END IF;
    IF NEW.revoked_at IS DISTINCT FROM OLD.revoked_at THEN
        SELECT * INTO other FROM tokens WHERE id = token_of(NEW.revoked_by);
        IF NOT may_act(NEW.revoked_by, NEW.revoked_at) OR NOT coalesce(
            other.person_id = OLD.person_id
            OR other.role = 'securityadmin' AND OLD.role <> 'auditadmin', false) THEN
            RAISE EXCEPTION '% may not end the token %', NEW.revoked_by, OLD.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'token_ended';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER who_changes BEFORE UPDATE ON tokens  -- after `once`, by their names
    FOR EACH ROW EXECUTE FUNCTION changed_by_administrator();
CREATE TRIGGER issued BEFORE INSERT ON tokens
    FOR EACH ROW EXECUTE FUNCTION made_by_administrator();
CREATE TRIGGER made BEFORE INSERT ON persons
    FOR EACH ROW EXECUTE FUNCTION made_by_administrator();

-- Who decides exists; who answers exists, may answer this kind, and is another identity, or the same
-- person where it is withdrawn. Administrators and auditors have no part in it.
CREATE FUNCTION decided_by_actors() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    actor text := CASE TG_OP WHEN 'INSERT' THEN NEW.decided_by ELSE NEW.answered_by END;
    at timestamptz := CASE TG_OP WHEN 'INSERT' THEN NEW.decided_at ELSE NEW.answered_at END;
BEGIN
    IF actor ~ '^([a-z]+admin|auditor):' OR NOT may_act(actor, at) THEN
        RAISE EXCEPTION '% may not decide', actor
            USING ERRCODE = 'check_violation', CONSTRAINT = 'actor_acts';
    END IF;
    IF TG_OP = 'INSERT' THEN RETURN NEW; END IF;
    IF NEW.answer = 'withdrawn' THEN
        IF person_of(actor) <> person_of(NEW.decided_by) THEN
            RAISE EXCEPTION 'a decision is withdrawn by who made it'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'withdrawn_by_the_same';
        END IF;
    ELSIF second_refused(actor, NEW.decided_by) IS NOT NULL THEN
        RAISE EXCEPTION '% is no second person beside %', actor, NEW.decided_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'two_identities';
    ELSIF NOT EXISTS (SELECT FROM decision_kinds k JOIN tokens t ON t.id = token_of(actor)
                      WHERE k.kind = NEW.kind AND t.role = ANY (k.roles)
                          AND (t.rights IS NULL OR 'answer_decisions' = ANY (t.rights))) THEN
        RAISE EXCEPTION '% may not answer decisions on %', actor, NEW.kind
            USING ERRCODE = 'check_violation', CONSTRAINT = 'role_answers';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER actors_decide BEFORE INSERT ON decisions
    FOR EACH ROW EXECUTE FUNCTION decided_by_actors();
CREATE TRIGGER actors_answer BEFORE UPDATE OF answer, answered_by ON decisions
    FOR EACH ROW EXECUTE FUNCTION decided_by_actors();

-- Who brings what money hangs on exists, and in one of these roles. `<first argument>_by` and `_at` name
-- her; what the owner of the database writes bears whatever name it says.
CREATE FUNCTION brought_by_actor() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    actor CONSTANT text := to_jsonb(NEW) ->> (TG_ARGV[0] || '_by');
    at CONSTANT timestamptz := to_jsonb(NEW) ->> (TG_ARGV[0] || '_at');
BEGIN
    IF current_user <> (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID)
        AND (split_part(actor, ':', 1) = ANY (TG_ARGV[1]::text[]) AND may_act(actor, at)) IS NOT TRUE THEN
        RAISE EXCEPTION '% brings no %', actor, TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = 'actor_acts';
    END IF;
    RETURN NEW;
END $$;

COMMENT ON TABLE persons IS 'Identities: persons, and programs (services)';
COMMENT ON COLUMN persons.name IS 'Stands in the books as part of an actor; no two look alike';
COMMENT ON TABLE tokens IS 'Access tokens of identities; only the hash is kept';
COMMENT ON COLUMN tokens.rights IS 'The rights of the role that it has, by name; null: all';
COMMENT ON COLUMN tokens.renews IS 'The token in whose place this one stands from its first use on';
COMMENT ON COLUMN tokens.overlap_hours IS 'How long that one stays good from then on; 0: it ends';
COMMENT ON COLUMN tokens.replaced_at IS 'When its renewal was first used, after which it stays good for some hours';
COMMENT ON COLUMN tokens.hash IS 'SHA-256';
COMMENT ON COLUMN tokens.confirmed_by IS 'The second security administrator, where the role takes two';
COMMENT ON COLUMN tokens.waits IS 'It opens nothing until a second security administrator confirms it';
COMMENT ON TABLE sessions IS 'Browser sessions made from a token, those that ended too';
COMMENT ON COLUMN sessions.hash IS 'SHA-256 of the cookie; another one from each proof on';
COMMENT ON COLUMN sessions.device IS 'SHA-256 of the cookie that a browser keeps for good';
COMMENT ON COLUMN sessions.browser IS 'What the browser says that it is';
COMMENT ON COLUMN sessions.seen_at IS 'When it was used last, to the minute';
COMMENT ON COLUMN sessions.provider_sid IS 'The provider''s name for its own session, empty where it gives none; null: not by a provider';
COMMENT ON COLUMN sessions.proven_at IS 'When a code of an authenticator was last shown in it';

REVOKE EXECUTE ON FUNCTION decided_by_actors, brought_by_actor FROM PUBLIC;
GRANT SELECT, INSERT ON persons, tokens, sessions TO :app_role;
GRANT UPDATE (revoked_at, revoked_by, confirmed_at, confirmed_by, replaced_at, expires_at) ON tokens
    TO :app_role;
GRANT UPDATE (seen_at, ended_at, proven_at, hash) ON sessions TO :app_role;
