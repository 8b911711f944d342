-- Who did what: a row for each act that changed something, written in its transaction, for each that
-- was refused, and for each reading of a whole account number (`api/door/events/`); for each command on
-- the server's own machine, and each of its rounds, that changed something. Rows are added and nothing
-- else is ever done to them.
CREATE TABLE events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text,
    token_id bigint REFERENCES tokens,
    session_id bigint REFERENCES sessions,
    address text NOT NULL,
    request text NOT NULL,
    act text NOT NULL CHECK (act <> ''),
    noun text NOT NULL,
    number text NOT NULL,
    result text NOT NULL CHECK (result IN ('done', 'refused')),
    code text NOT NULL,
    omitted integer NOT NULL CHECK (omitted >= 0),
    CONSTRAINT actor_of_event CHECK (CASE
        WHEN act LIKE 'round %' THEN token_id IS NULL AND actor IS NOT DISTINCT FROM 'server'
        WHEN act LIKE 'command %' THEN token_id IS NULL AND actor IS NOT NULL AND actor LIKE 'machine:_%'
        ELSE (actor IS NULL) = (token_id IS NULL) END)
);
CREATE INDEX events_by_moment ON events (at);
CREATE INDEX events_by_token ON events (token_id, id);
CREATE INDEX events_by_session ON events (session_id);
CREATE INDEX events_by_thing ON events (noun, number, id);

-- The moment is this database's, and the actor is whom the token says: nobody is named who is not there.
-- Rounds are the server's and commands of an account of its machine, which have no token.
CREATE FUNCTION event_happens() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.at := clock_timestamp();
    IF NEW.act !~ '^(round|command) ' THEN
        NEW.actor := (SELECT format('%s:%s#%s', t.role, p.name, t.id)
            FROM tokens t JOIN persons p ON p.id = t.person_id WHERE t.id = NEW.token_id);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER happens BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION event_happens();

-- Of commands, the application's login writes those that are carried out with it; what only the owner
-- of the database can do (administrators, upgrades, restorations, checks) is written by him alone.
CREATE FUNCTION command_by_its_login() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.act NOT IN ('command archive month', 'command backup now', 'command backup drill',
            'command seal now', 'command seal rotate', 'command seal export')
        AND current_user <> (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        RAISE EXCEPTION '% is a command of the owner of the database', NEW.act
            USING ERRCODE = 'check_violation', CONSTRAINT = 'command_by_its_login';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER by_its_login BEFORE INSERT ON events FOR EACH ROW
    WHEN (NEW.act LIKE 'command %') EXECUTE FUNCTION command_by_its_login();

CREATE FUNCTION events_stay() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'events and their chain stay as they are' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION events_stay();

-- The chain: each event has a place in it once its transaction is over, and the hash of a place covers
-- the event and the hash before. Who acts waits for nobody; a round links what came since
-- (docs/audit/events.md).
CREATE TABLE event_links (
    position bigint PRIMARY KEY CHECK (position >= 1),
    event_id bigint NOT NULL UNIQUE REFERENCES events,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32)
);
CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON event_links
    FOR EACH STATEMENT EXECUTE FUNCTION events_stay();

CREATE FUNCTION event_hash(before bytea, place bigint, e events) RETURNS bytea
LANGUAGE sql STABLE
RETURN sha256(before || convert_to(jsonb_build_array(place, e.id,
    (extract(epoch FROM e.at) * 1000000)::bigint, e.actor, e.token_id, e.session_id, e.address,
    e.request, e.act, e.noun, e.number, e.result, e.code, e.omitted)::text, 'UTF8'));

-- Link the events after this number that have no place yet; return the last place.
CREATE FUNCTION link_events(since bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    last event_links;
    event events;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.events', 0));
    SELECT * INTO last FROM event_links ORDER BY position DESC LIMIT 1;
    last.position := coalesce(last.position, 0);
    last.hash := coalesce(last.hash, '');
    FOR event IN SELECT e.* FROM events e WHERE e.id > since
        AND NOT EXISTS (SELECT FROM event_links l WHERE l.event_id = e.id) ORDER BY e.id
    LOOP
        last.position := last.position + 1;
        last.hash := event_hash(last.hash, last.position, event);
        INSERT INTO event_links VALUES (last.position, event.id, last.hash);
    END LOOP;
    RETURN last.position;
END $$;

-- The first place of the chain that does not hold; null: all hold.
CREATE FUNCTION broken_link() RETURNS bigint
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT place FROM (
        SELECT row_number() OVER chain AS place, l.position, l.hash, e AS event,
            lag(l.hash, 1, ''::bytea) OVER chain AS before
        FROM event_links l LEFT JOIN events e ON e.id = l.event_id
        WINDOW chain AS (ORDER BY l.position)
    ) linked
    WHERE position <> place OR (event).id IS NULL
        OR hash <> event_hash(before, place, event)
    ORDER BY place LIMIT 1;
END;

-- Up to which place of the chain a receiver has the events.
CREATE TABLE event_bookmarks (
    receiver text PRIMARY KEY CHECK (receiver <> ''),
    position bigint NOT NULL CHECK (position >= 0)
);
CREATE FUNCTION bookmark_goes_on() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.position < OLD.position
        OR NEW.position > (SELECT coalesce(max(position), 0) FROM event_links) THEN
        RAISE EXCEPTION 'a bookmark goes forwards, to a place of the chain'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'bookmark_goes_on';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER goes_on BEFORE INSERT OR UPDATE ON event_bookmarks
    FOR EACH ROW EXECUTE FUNCTION bookmark_goes_on();

COMMENT ON TABLE events IS 'Who did what, and what was refused to whom; rows are only added';
COMMENT ON COLUMN events.at IS 'By the database''s clock';
COMMENT ON COLUMN events.actor IS 'As the token says, or the server or its machine''s account; null: nobody who is known';
COMMENT ON COLUMN events.address IS 'Where it came from in the network';
COMMENT ON COLUMN events.request IS 'The number of the request, as the server''s log has it';
COMMENT ON COLUMN events.act IS 'Method and route; or a round of the server, or a command on its machine';
COMMENT ON COLUMN events.noun IS 'What it was done to, and its number';
COMMENT ON COLUMN events.code IS 'Of a refusal; number_read: an account number was seen whole';
COMMENT ON COLUMN events.omitted IS 'Refusals of the same caller before this one, beyond the bound';
COMMENT ON TABLE event_links IS 'The place of each event in the chain';
COMMENT ON COLUMN event_links.hash IS 'SHA-256 of the hash before, and of the event';
COMMENT ON TABLE event_bookmarks IS 'What was sent out: up to which place, and to whom';

REVOKE EXECUTE ON FUNCTION event_happens, command_by_its_login, events_stay, link_events, broken_link, bookmark_goes_on,
    event_hash FROM PUBLIC;
GRANT EXECUTE ON FUNCTION link_events, broken_link, event_hash TO :app_role;
GRANT SELECT ON events, event_links TO :app_role;
GRANT INSERT (actor, token_id, session_id, address, request, act, noun, number, result, code, omitted)
    ON events TO :app_role;
GRANT SELECT, INSERT ON event_bookmarks TO :app_role;
GRANT UPDATE (position) ON event_bookmarks TO :app_role;
