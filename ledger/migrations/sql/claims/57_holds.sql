-- Holds (挂起): what keeps a case from going on, apart from its stage, with an owner and a clock.

-- What may hold a case up: who has to act, in how many working days (null: no clock), and which steps are
-- not taken meanwhile. `HOLDS` in `ledger/claims/rules/holds.py`.
CREATE TABLE hold_kinds (
    kind text PRIMARY KEY,
    owner text NOT NULL,
    days integer CHECK (days >= 1),
    gates text[] NOT NULL
);
INSERT INTO hold_kinds (kind, owner, days, gates)
    SELECT kind, owner, days, string_to_array(gates, ' ') || CASE WHEN shuts_all THEN ARRAY(
        SELECT action FROM case_steps WHERE states LIKE '<%') ELSE '{}' END
    FROM (VALUES
        ('applicant', 'builder', 10, '', true),
        ('objection', 'approver', 10, 'refuse withdraw terminate', true),
        ('credit', 'clerk', 10, 'nominate propose approve list', false),
        ('question', 'approver', NULL, 'list', false),
        ('court', 'approver', NULL, 'nominate propose approve list', false)
    ) AS hold (kind, owner, days, gates, shuts_all);

-- What holds a case up, apart from its stage; a signed objection does until it is resolved.
CREATE TABLE case_holds (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    claim_id bigint NOT NULL REFERENCES claims,
    kind text NOT NULL REFERENCES hold_kinds,
    reason text NOT NULL CHECK (reason <> ''),
    opened_at timestamptz NOT NULL,
    opened_by text NOT NULL,
    due date,
    objection_id bigint UNIQUE REFERENCES objections,
    closed_at timestamptz,
    closed_by text,
    outcome text CHECK (outcome <> ''),
    CHECK ((kind = 'objection') = (objection_id IS NOT NULL)),
    CHECK ((closed_at IS NULL) = (closed_by IS NULL) AND (closed_at IS NULL) = (outcome IS NULL))
);
CREATE INDEX case_holds_by_claim ON case_holds (claim_id, id);
CREATE INDEX case_holds_by_kind ON case_holds (kind);
CREATE INDEX case_holds_open ON case_holds (due) WHERE closed_at IS NULL;

-- A signed objection holds its case until it is resolved.
CREATE FUNCTION hold_by_objection() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        UPDATE case_holds SET closed_at = NEW.resolved_at, closed_by = NEW.resolved_by,
                outcome = NEW.resolution WHERE objection_id = NEW.id;
    ELSIF NEW.objector <> '' THEN
        INSERT INTO case_holds (claim_id, kind, reason, opened_at, opened_by, objection_id)
            SELECT p.claim_id, 'objection', NEW.body, NEW.received_at, NEW.received_by, NEW.id
            FROM publications p WHERE p.id = NEW.publication_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER hold AFTER INSERT OR UPDATE ON objections
    FOR EACH ROW EXECUTE FUNCTION hold_by_objection();

-- A hold is opened by the bureau, with the clock of its kind. It ends once: one that waits for the
-- applicant by the bureau, an objection's with that, every other by an approver who did not open it.
CREATE FUNCTION keep_hold() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    term integer;
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM FROM claims WHERE id = NEW.claim_id FOR NO KEY UPDATE;  -- no step is taken meanwhile
        SELECT days INTO term FROM hold_kinds WHERE kind = NEW.kind;
        IF term IS NOT NULL THEN
            NEW.due := (SELECT day FROM working_days  -- none where the calendar ends before
                WHERE day > (NEW.opened_at AT TIME ZONE interval '+08:00')::date
                ORDER BY day OFFSET term - 1 LIMIT 1);
        END IF;
        IF (NEW.objection_id IS NOT NULL
                OR NEW.opened_by ~ '^(clerk|approver|finance):' AND may_act(NEW.opened_by, NEW.opened_at)
                ) IS NOT TRUE THEN
            RAISE EXCEPTION '% opens no hold', NEW.opened_by
                USING ERRCODE = 'check_violation', CONSTRAINT = 'actor_acts';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.closed_at IS NOT NULL THEN
        RAISE EXCEPTION 'a hold ends once' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'once';
    END IF;
    IF (CASE NEW.kind
            WHEN 'objection' THEN EXISTS (SELECT FROM objections o
                WHERE o.id = NEW.objection_id AND o.resolved_at = NEW.closed_at)
            WHEN 'applicant' THEN NEW.closed_by ~ '^(clerk|approver):'
                AND may_act(NEW.closed_by, NEW.closed_at)
            ELSE NEW.closed_by LIKE 'approver:%' AND may_act(NEW.closed_by, NEW.closed_at)
                AND identity_of(NEW.closed_by) IS DISTINCT FROM identity_of(NEW.opened_by) END) IS NOT TRUE THEN
        RAISE EXCEPTION '% does not end this hold', NEW.closed_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'hold_ended';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep BEFORE INSERT OR UPDATE ON case_holds FOR EACH ROW EXECUTE FUNCTION keep_hold();

COMMENT ON TABLE hold_kinds IS 'What may hold a case up; filled by the migrations';
COMMENT ON COLUMN hold_kinds.days IS 'Working days; null: no clock';
COMMENT ON COLUMN hold_kinds.gates IS 'Steps that are not taken meanwhile';
COMMENT ON TABLE case_holds IS 'What holds cases up, apart from their stage';
COMMENT ON COLUMN case_holds.due IS 'The last Beijing day of its clock; null where it has none';

REVOKE EXECUTE ON FUNCTION hold_by_objection, keep_hold FROM PUBLIC;
GRANT SELECT ON hold_kinds, case_holds TO :app_role;
GRANT INSERT (claim_id, kind, reason, opened_at, opened_by) ON case_holds TO :app_role;
GRANT UPDATE (closed_at, closed_by, outcome) ON case_holds TO :app_role;
