-- Asked again (step-up): whoever confirms what money hangs on, or takes in what the bank says, has shown a
-- code of her authenticator just before. In a drill nobody is asked: its made-up people have no authenticators.

-- Whether this database is a drill: its owner says so (`drill`, where the clock is).
CREATE FUNCTION is_drill() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM drill);
END $$;
REVOKE ALL ON FUNCTION is_drill() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION is_drill() TO :app_role;

-- Whether a code of an authenticator of whom an actor is, or a recovery code, was used within the last
-- twenty minutes. How long one stands is a setting, and less. An authenticator that stands on a token
-- which who proposed made, or had made, proves nothing beside her: she may have set it up herself.
CREATE FUNCTION proved_lately(actor text, proposer text) RETURNS boolean
LANGUAGE sql STABLE
RETURN EXISTS (SELECT FROM authenticators a JOIN invitations i ON i.id = a.invitation_id
    JOIN tokens t ON t.id = i.token_id
    WHERE t.person_id = identity_of(actor) AND t.revoked_at IS NULL AND (
        EXISTS (SELECT FROM code_steps s WHERE s.authenticator_id = a.id
            AND s.step BETWEEN extract(epoch FROM now()) / 30 - 41 AND extract(epoch FROM now()) / 30 + 1)
        OR EXISTS (SELECT FROM recovery_codes r WHERE r.authenticator_id = a.id
            AND r.used_at > now() - interval '20 minutes'))
        AND NOT EXISTS (SELECT FROM issuers_of(format('%s:#%s', t.role, t.id)) issuer
            WHERE issuer = identity_of(proposer)));

-- The arguments name the columns with the actor and, where somebody did, with who proposed it.
CREATE FUNCTION confirmed_with_code() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    actor CONSTANT text := to_jsonb(NEW) ->> TG_ARGV[0];
BEGIN
    IF NOT is_drill() AND NOT proved_lately(actor, to_jsonb(NEW) ->> TG_ARGV[1]) THEN
        RAISE EXCEPTION '% confirms without a code', actor
            USING ERRCODE = 'check_violation', CONSTRAINT = 'confirmed_with_code';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER with_code BEFORE UPDATE OF answer ON decisions FOR EACH ROW
    WHEN (NEW.answer = 'confirmed') EXECUTE FUNCTION confirmed_with_code('answered_by', 'decided_by');
CREATE TRIGGER with_code BEFORE UPDATE OF checked_at ON receipts FOR EACH ROW
    EXECUTE FUNCTION confirmed_with_code('checked_by', 'entered_by');
CREATE TRIGGER with_code BEFORE UPDATE OF confirmed_at ON deductions FOR EACH ROW
    EXECUTE FUNCTION confirmed_with_code('confirmed_by', 'stated_by');
CREATE TRIGGER with_code BEFORE UPDATE OF confirmed_at ON tokens FOR EACH ROW
    WHEN (NEW.confirmed_by LIKE 'securityadmin:%')
    EXECUTE FUNCTION confirmed_with_code('confirmed_by', 'created_by');
CREATE TRIGGER with_code BEFORE INSERT ON bank_returns FOR EACH ROW
    EXECUTE FUNCTION confirmed_with_code('received_by');
