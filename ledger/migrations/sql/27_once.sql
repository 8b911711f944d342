-- What happens once: a moment that the application may write stands as it was written. What is
-- superseded, confirmed or sent, and decisions and objections, are held to it where their tables are.
CREATE FUNCTION keep_once() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'what has happened to % stays', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'once';
END $$;
CREATE TRIGGER once BEFORE UPDATE OF revoked_at, revoked_by ON tokens FOR EACH ROW
    WHEN (OLD.revoked_at IS NOT NULL) EXECUTE FUNCTION keep_once();
CREATE TRIGGER replaced_once BEFORE UPDATE OF replaced_at, expires_at ON tokens FOR EACH ROW
    WHEN (OLD.replaced_at IS NOT NULL) EXECUTE FUNCTION keep_once();
CREATE TRIGGER confirmed_once BEFORE UPDATE OF confirmed_at, confirmed_by ON tokens FOR EACH ROW
    WHEN (OLD.confirmed_at IS NOT NULL) EXECUTE FUNCTION keep_once();
CREATE TRIGGER once BEFORE UPDATE OF seen_at, ended_at, proven_at, hash ON sessions FOR EACH ROW
    WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION keep_once();
CREATE TRIGGER once BEFORE UPDATE OF revoked_at ON agents FOR EACH ROW
    WHEN (OLD.revoked_at IS NOT NULL) EXECUTE FUNCTION keep_once();
CREATE TRIGGER approved_once BEFORE UPDATE OF approved_at, approved_by ON agents FOR EACH ROW
    WHEN (OLD.approved_at IS NOT NULL) EXECUTE FUNCTION keep_once();
CREATE TRIGGER admitted_once BEFORE UPDATE OF admitted_at, admitted_by ON quarantine FOR EACH ROW
    WHEN (OLD.admitted_at IS NOT NULL) EXECUTE FUNCTION keep_once();
CREATE TRIGGER once BEFORE UPDATE OF checked_at ON receipts FOR EACH ROW
    WHEN (OLD.checked_at IS NOT NULL) EXECUTE FUNCTION keep_once();
CREATE TRIGGER once BEFORE UPDATE OF released_at ON quarantine FOR EACH ROW
    WHEN (OLD.released_at IS NOT NULL) EXECUTE FUNCTION keep_once();
CREATE TRIGGER once BEFORE UPDATE OF dropped_at ON cost_documents FOR EACH ROW
    WHEN (OLD.dropped_at IS NOT NULL) EXECUTE FUNCTION keep_once();
CREATE TRIGGER once BEFORE UPDATE OF confirmed_at, confirmed_by ON deductions FOR EACH ROW
    WHEN (OLD.confirmed_at IS NOT NULL) EXECUTE FUNCTION keep_once();
CREATE TRIGGER once BEFORE UPDATE OF lifted_at, lifted_by ON freezes FOR EACH ROW
    WHEN (OLD.lifted_at IS NOT NULL) EXECUTE FUNCTION keep_once();
CREATE TRIGGER once BEFORE UPDATE OF answer, answered_at, answered_by ON messages FOR EACH ROW
    WHEN (OLD.answer IS NOT NULL) EXECUTE FUNCTION keep_once();
CREATE TRIGGER once BEFORE UPDATE OF released_at, released_by ON reservations FOR EACH ROW
    WHEN (OLD.released_at IS NOT NULL) EXECUTE FUNCTION keep_once();
CREATE TRIGGER once BEFORE UPDATE OF closed_at ON recoveries FOR EACH ROW
    WHEN (OLD.closed_at IS NOT NULL) EXECUTE FUNCTION keep_once();
