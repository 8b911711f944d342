"""Who acts in a test: the tokens of the persons that it names."""

from datetime import UTC, datetime

import psycopg

from ledger.people.codes import Role
from ledger.people.steps.credentials import Viewer

FAR = datetime(2999, 1, 1, tzinfo=UTC)  # when tokens of tests end
CLERK, SECOND_CLERK = "clerk:李四#1", "clerk:王五#3"

# Tests of other rooms name actors (`clerk:李四#1`) and mean people who may act. Whoever decides or
# takes a step of a case is given the token that the actor names, at that moment.
_EVERYBODY = """
    CREATE FUNCTION give_token() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        actor text := to_jsonb(NEW) ->> TG_ARGV[0];
        parts text[] := regexp_match(actor, '^([a-z]+):(.+)#([0-9]+)$');
        place bigint;
        site bigint;
        identity bigint;
    BEGIN
        IF parts IS NULL THEN RETURN NEW; END IF;
        IF parts[1] = 'builder' THEN
            place := coalesce(
                (SELECT v.project_id FROM claims c JOIN vouchers v ON v.id = c.voucher_id
                 WHERE c.id = (to_jsonb(NEW) ->> 'claim_id')::bigint),
                (SELECT min(id) FROM projects));
        END IF;
        IF parts[1] = 'operator' THEN SELECT min(id) INTO site FROM centres; END IF;
        INSERT INTO persons (name, created_at, created_by)
            VALUES (parts[2], now(), 'machine:named') ON CONFLICT DO NOTHING;
        SELECT id INTO STRICT identity FROM persons
            WHERE plain_name(name) = plain_name(parts[2]);
        INSERT INTO tokens (id, hash, role, person_id, project_id, centre_id, created_at,
                            created_by, expires_at)
            OVERRIDING SYSTEM VALUE
            VALUES (parts[3]::bigint, sha256(actor::bytea), parts[1], identity, place, site, now(),
                    'machine:named', '2999-01-01')
            ON CONFLICT (id) DO UPDATE SET (hash, role, person_id, project_id, centre_id)
                = (excluded.hash, excluded.role, excluded.person_id, excluded.project_id,
                   excluded.centre_id)
                WHERE tokens.created_by = 'machine:named';
        PERFORM setval('tokens_id_seq', max(id)) FROM tokens;
        RETURN NEW;
    END $$;
    -- What a test decides in SQL with a digest of zeros has that of its content.
    CREATE FUNCTION true_digest() RETURNS trigger
    LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.digest = repeat('0', 64) THEN
            NEW.digest := digest_of(NEW.content);
            IF NEW.answered_digest = repeat('0', 64) THEN NEW.answered_digest := NEW.digest; END IF;
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER a_digest BEFORE INSERT ON decisions
        FOR EACH ROW EXECUTE FUNCTION true_digest();
    CREATE TRIGGER a_decider BEFORE INSERT ON decisions
        FOR EACH ROW EXECUTE FUNCTION give_token('decided_by');
    CREATE TRIGGER a_answerer BEFORE INSERT OR UPDATE ON decisions
        FOR EACH ROW EXECUTE FUNCTION give_token('answered_by');
    CREATE TRIGGER a_issuer BEFORE INSERT ON enrolment_codes
        FOR EACH ROW EXECUTE FUNCTION give_token('created_by');
    CREATE TRIGGER a_approver BEFORE UPDATE OF approved_by ON agents
        FOR EACH ROW EXECUTE FUNCTION give_token('approved_by');
    CREATE TRIGGER a_admitter BEFORE UPDATE OF admitted_by ON quarantine
        FOR EACH ROW EXECUTE FUNCTION give_token('admitted_by');
    CREATE TRIGGER a_checker BEFORE UPDATE ON receipts
        FOR EACH ROW EXECUTE FUNCTION give_token('checked_by');
    CREATE TRIGGER a_bringer BEFORE INSERT ON receipts
        FOR EACH ROW EXECUTE FUNCTION give_token('entered_by');
    CREATE TRIGGER a_bringer BEFORE INSERT ON bank_returns
        FOR EACH ROW EXECUTE FUNCTION give_token('received_by');
    CREATE TRIGGER a_explainer BEFORE INSERT ON incidents
        FOR EACH ROW EXECUTE FUNCTION give_token('explained_by');
    CREATE TRIGGER a_resolver BEFORE UPDATE ON objections
        FOR EACH ROW EXECUTE FUNCTION give_token('resolved_by');
    CREATE TRIGGER a_holder BEFORE INSERT ON case_holds
        FOR EACH ROW EXECUTE FUNCTION give_token('opened_by');
    CREATE TRIGGER a_releaser BEFORE UPDATE ON case_holds
        FOR EACH ROW EXECUTE FUNCTION give_token('closed_by');
    CREATE TRIGGER a_mover BEFORE INSERT ON claim_events
        FOR EACH ROW EXECUTE FUNCTION give_token('actor');
    DO $$
    DECLARE
        relation regclass;
        act text;
    BEGIN
        FOR relation, act IN SELECT tgrelid, split_part(encode(tgargs, 'escape'), '\\000', 1)
            FROM pg_trigger WHERE tgfoid = 'registered_by_actor'::regproc
        LOOP
            EXECUTE format('CREATE TRIGGER a_%s BEFORE INSERT OR UPDATE ON %s FOR EACH ROW'
                ' EXECUTE FUNCTION give_token(%L)', act, relation, act || '_by');
        END LOOP;
    END $$;
    REVOKE EXECUTE ON FUNCTION give_token FROM PUBLIC;

    -- Tests of other rooms mean that two persons made the versions payable that they have.
    CREATE FUNCTION give_payable() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        number bigint;
    BEGIN
        INSERT INTO decisions (kind, subject, content, digest, reason, decided_by, decided_at)
            SELECT 'policy_payable', NEW.policy, jsonb_build_object('policy', NEW.policy,
                'digests', jsonb_object_agg(c.clause, c.digest)),
                repeat('0', 64), '', 'clerk:开券#1000001', now()
            FROM clauses c WHERE c.policy = NEW.policy
            RETURNING id INTO number;
        UPDATE decisions SET answer = 'confirmed', answered_by = 'approver:核券#1000002',
            answered_at = now(), answered_digest = digest WHERE id = number;
        INSERT INTO payable_versions (decision_id, policy) VALUES (number, NEW.policy);
        RETURN NULL;
    END $$;
    CREATE TRIGGER a_payable AFTER INSERT ON clauses
        FOR EACH ROW EXECUTE FUNCTION give_payable();
    REVOKE EXECUTE ON FUNCTION give_payable FROM PUBLIC;

    -- Tests of other rooms open vouchers as a step, and mean that two persons decided it.
    CREATE FUNCTION give_opening() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        code text := (SELECT p.code FROM projects p WHERE p.id = NEW.project_id);
        number bigint;
    BEGIN
        IF EXISTS (SELECT FROM decisions WHERE kind = 'voucher' AND subject = code) THEN
            RETURN NEW;
        END IF;
        INSERT INTO decisions (kind, subject, content, digest, reason, decided_by, decided_at)
            SELECT 'voucher', code, jsonb_build_object('project', code, 'policy', NEW.policy,
                'clause', NEW.clause, 'cap_fen', coalesce(NEW.face_fen, c.cap_fen),
                'valid_from', lower(NEW.valid), 'valid_until', upper(NEW.valid),
                'facts', NEW.facts),
                repeat('0', 64), '', 'clerk:开券#1000001', NEW.opened_at
            FROM clauses c WHERE c.policy = NEW.policy AND c.clause = NEW.clause
            RETURNING id INTO number;
        UPDATE decisions SET answer = 'confirmed', answered_by = 'approver:核券#1000002',
            answered_at = NEW.opened_at, answered_digest = digest WHERE id = number;
        RETURN NEW;
    END $$;
    CREATE TRIGGER a_opening BEFORE INSERT ON vouchers
        FOR EACH ROW EXECUTE FUNCTION give_opening();
    CREATE FUNCTION give_version() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        code text := (SELECT p.code FROM projects p JOIN vouchers v ON v.project_id = p.id
                      WHERE v.id = NEW.voucher_id);
        number bigint;
    BEGIN
        IF EXISTS (SELECT FROM decisions WHERE kind = 'voucher' AND subject = code
                       AND content ->> 'policy' = NEW.policy) THEN
            RETURN NEW;
        END IF;
        INSERT INTO decisions (kind, subject, content, digest, reason, decided_by, decided_at)
            VALUES ('voucher', code, jsonb_build_object('project', code, 'policy', NEW.policy,
                'clause', NEW.clause), repeat('0', 64), '', 'clerk:开券#1000001', NEW.opened_at)
            RETURNING id INTO number;
        UPDATE decisions SET answer = 'confirmed', answered_by = 'approver:核券#1000002',
            answered_at = NEW.opened_at, answered_digest = digest WHERE id = number;
        RETURN NEW;
    END $$;
    CREATE TRIGGER a_version BEFORE INSERT ON voucher_versions
        FOR EACH ROW EXECUTE FUNCTION give_version();
    REVOKE EXECUTE ON FUNCTION give_opening, give_version FROM PUBLIC
"""


def place_token(
    owner: psycopg.Connection, role: str, person: str, created_by: str = "machine:test"
) -> str:
    """The actor of a new token, which opens nothing: nobody has its secret."""
    name = place_person(owner, person)
    row = owner.execute(
        "INSERT INTO tokens (hash, role, person_id, created_at, created_by, confirmed_at,"
        " confirmed_by, expires_at)"
        " SELECT sha256(gen_random_uuid()::text::bytea), %s, id, now(), %s, now(), 'machine:test',"
        " '2999-01-01' FROM persons WHERE name = %s RETURNING id",
        (role, created_by, name),
    ).fetchone()
    assert row
    return f"{role}:{name}#{row[0]}"


def viewer_of(actor: str) -> Viewer:
    """Whoever an actor of a test is, as the door would say."""
    role, _, rest = actor.partition(":")
    name, _, token = rest.rpartition("#")
    return Viewer(int(token), name, Role(role))


def place_former(owner: psycopg.Connection, person: str, created_by: str = "machine:test") -> str:
    """The actor of somebody who was a security administrator, and is none any more."""
    row = owner.execute(
        "INSERT INTO tokens (hash, role, person_id, created_at, created_by, expires_at, revoked_at)"
        " SELECT sha256(gen_random_uuid()::text::bytea), 'securityadmin', id, now(), %s,"
        " '2999-01-01', now() FROM persons WHERE name = %s RETURNING id",
        (created_by, place_person(owner, person)),
    ).fetchone()
    assert row
    return f"securityadmin:{person}#{row[0]}"


def place_person(owner: psycopg.Connection, name: str, *, service: bool = False) -> str:
    """The name of the identity that is called so, made where there is none."""
    owner.execute(
        "INSERT INTO persons (name, service, created_at, created_by)"
        " VALUES (%s, %s, now(), 'machine:test') ON CONFLICT DO NOTHING",
        (name, service),
    )
    row = owner.execute(
        "SELECT name FROM persons WHERE plain_name(name) = plain_name(%s)", (name,)
    ).fetchone()
    assert row
    return str(row[0])


def promote(owner: psycopg.Connection) -> None:
    """Make a test's database real, which no drill ever becomes."""
    owner.execute("ALTER TABLE drill DISABLE TRIGGER stays")
    owner.execute("DELETE FROM drill")
    owner.execute("ALTER TABLE drill ENABLE TRIGGER stays")


def make_payable(owner: psycopg.Connection) -> None:
    """Two persons made every policy version payable that is complete; other tokens count from 1."""
    for name in ("clerk V", "approver V"):
        place_person(owner, name)
    owner.execute(
        "INSERT INTO tokens (id, hash, role, person_id, created_at, created_by, expires_at)"
        " OVERRIDING SYSTEM VALUE"
        " SELECT number, sha256(number::text::bytea), role, p.id, now(), 'machine:test',"
        " '2999-01-01'"
        " FROM (VALUES (1000003, 'clerk'), (1000004, 'approver')) AS v (number, role)"
        " JOIN persons p ON p.name = role || ' V'"
    )
    owner.execute(
        "WITH given AS (SELECT policy, jsonb_build_object('policy', policy, 'digests',"
        " jsonb_object_agg(clause, digest)) AS content FROM clauses GROUP BY policy"
        " HAVING bool_or(complete)),"
        " decided AS (INSERT INTO decisions (kind, subject, content, digest, reason, decided_by,"
        " decided_at, answer, answered_by, answered_at, answered_digest)"
        " SELECT 'policy_payable', policy, content, d, '', %s, now(), 'confirmed', %s, now(), d"
        " FROM given CROSS JOIN LATERAL digest_of(content) d"
        " RETURNING id, subject) INSERT INTO payable_versions SELECT id, subject FROM decided",
        ("clerk:clerk V#1000003", "approver:approver V#1000004"),
    )


def let_everybody_act(owner: psycopg.Connection) -> None:
    """Give a token to each person whom a test names, when she decides or takes a step."""
    owner.execute(_EVERYBODY)
