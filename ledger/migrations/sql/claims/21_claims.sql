-- Claims (兑付申请), as cases (办件). `case_steps` says who may do what to a case and where that leads, for
-- all of them; a course says through which stages one goes, in which order. Both together are
-- `case_moves`, and a case's state is the last of its events.

-- `states` is as in `ledger/claims/rules/courses.py`: «< accepted», the stage before that one in the
-- course; «submitted < published», from the first stage on and before the second; or named states.
CREATE TABLE case_steps (
    action text PRIMARY KEY,
    roles text NOT NULL,
    states text NOT NULL,
    next text  -- null: it stays
);
-- A test holds the two tables to each other.
INSERT INTO case_steps (action, roles, states, next) VALUES
    ('submit', 'builder operator clerk', '< submitted', 'submitted'),
    ('return', 'clerk', 'submitted < published', 'draft'),
    ('review', 'clerk', '< reviewed', 'reviewed'),
    ('accept', 'clerk', '< accepted', 'accepted'),
    ('reject', 'clerk', 'submitted < accepted', 'rejected'),
    ('verify', 'clerk', '< verified', 'verified'),
    ('check', 'clerk', '< checked', 'checked'),
    ('inspect', 'clerk', '< inspected', 'inspected'),
    ('score', 'clerk', '< scored', 'scored'),
    ('agree', 'clerk', '< agreed', 'agreed'),
    ('nominate', 'clerk', '< nominated', 'nominated'),
    ('publish', 'clerk', '< published', 'published'),
    ('object', 'clerk', 'published < approved', NULL),
    ('dismiss', 'approver', 'published < approved', NULL),
    ('uphold', 'approver', 'published < approved', 'refused'),
    ('propose', 'clerk', '< approved', NULL),
    ('approve', 'approver', '< approved', 'approved'),
    ('refuse', 'approver', 'submitted < listed', 'refused'),
    ('withdraw', 'builder operator clerk', 'draft < approved', 'withdrawn'),
    ('terminate', 'approver', 'accepted < approved', 'terminated'),
    ('list', 'finance approver', '< listed', 'listed'),
    ('bounce', 'finance approver', 'listed paid', 'approved'),
    ('pay', 'finance approver', 'listed approved refused', 'paid'),
    ('reopen', 'finance approver', 'paid approved', 'listed');

-- The ends at which a case leaves its course: nothing more is promised of it.
CREATE FUNCTION is_dropped(state text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN state IN ('rejected', 'refused', 'withdrawn', 'terminated');

-- The stages of a course, from place 1 on. It is laid whole, and stands as it was laid.
CREATE TABLE case_courses (
    course text NOT NULL CHECK (course <> ''),
    place smallint NOT NULL CHECK (place >= 1),
    stage text NOT NULL,
    PRIMARY KEY (course, place),
    UNIQUE (course, stage)
);

CREATE TABLE case_moves (
    course text NOT NULL,
    state text NOT NULL,
    action text NOT NULL REFERENCES case_steps,
    role text NOT NULL
        CHECK (role IN ('builder', 'operator', 'clerk', 'approver', 'finance', 'server')),
    next text NOT NULL,
    PRIMARY KEY (course, state, action, role),
    UNIQUE (course, state, action, role, next)
);

-- As `stands` and `moves` in `ledger/claims/rules/courses.py`.
CREATE FUNCTION lay_courses() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    laid record;
BEGIN
    FOR laid IN
        SELECT c.course, array_agg(c.stage ORDER BY c.place) AS stages, max(c.place) AS last,
               bool_and(c.stage IN ('draft', 'paid') OR EXISTS (SELECT FROM case_steps s
                   WHERE s.next = c.stage AND s.states = '< ' || c.stage)) AS known
        FROM case_courses c WHERE c.course IN (SELECT course FROM fresh) GROUP BY c.course
    LOOP
        IF (laid.known AND laid.last = cardinality(laid.stages)
                AND laid.last = (SELECT count(*) FROM fresh f WHERE f.course = laid.course)
                AND laid.stages[1:2] = '{draft,submitted}'
                AND array_position(laid.stages, 'accepted') < array_position(laid.stages, 'published')
                AND array_position(laid.stages, 'published') < array_position(laid.stages, 'approved')
                AND laid.stages[array_position(laid.stages, 'approved') + 1:] IN ('{}', '{listed,paid}')
                ) IS NOT TRUE THEN
            RAISE EXCEPTION '% is no course', laid.stages
                USING ERRCODE = 'check_violation', CONSTRAINT = 'course_stands';
        END IF;
        INSERT INTO case_moves (course, state, action, role, next)
            SELECT laid.course, state, s.action, role, coalesce(s.next, state)
            FROM case_steps s
            CROSS JOIN LATERAL (SELECT split_part(s.states, ' < ', 1) AS since,
                                       substring(s.states FROM '< (.*)') AS until) b
            CROSS JOIN LATERAL (SELECT array_position(laid.stages, since) AS since,
                                       array_position(laid.stages, until) AS until) p
            CROSS JOIN LATERAL (
                SELECT unnest(CASE
                    WHEN b.until IS NULL THEN ARRAY(
                        SELECT n FROM string_to_table(s.states, ' ') AS n
                        WHERE n = ANY (laid.stages) OR is_dropped(n))
                    WHEN s.states LIKE '<%' THEN laid.stages[p.until - 1:p.until - 1]
                    ELSE laid.stages[p.since:coalesce(p.until - 1, laid.last)] END) AS state) t
            CROSS JOIN LATERAL string_to_table(s.roles, ' ') AS role
            WHERE s.next IS NULL OR s.next = ANY (laid.stages) OR is_dropped(s.next);
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER lay AFTER INSERT ON case_courses REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION lay_courses();

-- Of the money that a voucher has earned.
INSERT INTO case_courses (course, place, stage)
    SELECT 'voucher', place, stage
    FROM string_to_table('draft submitted accepted published approved listed paid', ' ')
        WITH ORDINALITY AS way (stage, place);

-- Whoever took one of these steps of a case does not take that one: `BARRED` in
-- `ledger/claims/rules/pairs.py`.
CREATE TABLE barred_steps (
    action text NOT NULL REFERENCES case_steps,
    taken text NOT NULL REFERENCES case_steps,
    PRIMARY KEY (action, taken)
);
INSERT INTO barred_steps (action, taken)
    SELECT action, step FROM (VALUES
        ('accept', 'submit'),
        ('score', 'verify'),
        ('approve', 'propose'),
        ('dismiss', 'review accept verify check inspect score agree nominate publish propose'),
        ('uphold', 'review accept verify check inspect score agree nominate publish propose')
    ) AS pair (action, steps), string_to_table(steps, ' ') AS step;

CREATE TABLE claims (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number text NOT NULL UNIQUE CHECK (number <> ''),
    voucher_id bigint NOT NULL REFERENCES vouchers,
    payee_id bigint NOT NULL REFERENCES organisations,
    centre_id bigint REFERENCES centres,  -- 核销: the centre at whose counter it was deducted
    fen bigint NOT NULL CHECK (fen > 0),
    approved_fen bigint CHECK (approved_fen BETWEEN 1 AND fen),  -- 核定, once it is approved
    due_fen bigint NOT NULL GENERATED ALWAYS AS (coalesce(approved_fen, fen)) STORED,
    course text NOT NULL DEFAULT 'voucher',
    state text NOT NULL DEFAULT 'draft',
    opened_at timestamptz NOT NULL,
    opened_by text NOT NULL
);
CREATE INDEX claims_by_centre ON claims (centre_id);
CREATE INDEX claims_by_payee ON claims (payee_id);
CREATE INDEX claims_by_voucher ON claims (voucher_id, id);
CREATE INDEX claims_by_state ON claims (state, id);

CREATE TABLE claim_events (
    claim_id bigint NOT NULL REFERENCES claims,
    seq integer NOT NULL CHECK (seq >= 1),
    course text NOT NULL DEFAULT 'voucher',  -- of the claim, by the trigger
    state text NOT NULL,
    action text NOT NULL,
    role text NOT NULL,
    next text NOT NULL,
    actor text NOT NULL,
    at timestamptz NOT NULL,
    note text NOT NULL DEFAULT '',
    content jsonb NOT NULL DEFAULT '{}',  -- of a decision by the policy: facts and result
    PRIMARY KEY (claim_id, seq),
    CONSTRAINT case_move FOREIGN KEY (course, state, action, role, next)
        REFERENCES case_moves (course, state, action, role, next)
);

CREATE TABLE claim_files (
    claim_id bigint NOT NULL REFERENCES claims,
    role text NOT NULL CHECK (role IN ('application', 'commitment', 'receipt', 'account', 'contract',
        'result', 'other')),
    original text NOT NULL REFERENCES originals,
    proves text NOT NULL DEFAULT '',  -- of a receipt: the number of the document that was paid
    added_at timestamptz NOT NULL,
    added_by text NOT NULL,
    PRIMARY KEY (claim_id, role, original),
    CONSTRAINT receipt_names_document CHECK (role <> 'receipt' OR proves <> '')
);
CREATE INDEX claim_files_by_original ON claim_files (original);

-- Publication (公示): from and until are Beijing days, `days` of them working days.
CREATE TABLE publications (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    claim_id bigint NOT NULL REFERENCES claims,
    since date NOT NULL,
    until date NOT NULL CHECK (until >= since),
    days integer NOT NULL CHECK (days >= 1),
    content jsonb NOT NULL,
    published_at timestamptz NOT NULL,
    published_by text NOT NULL
);
CREATE INDEX publications_by_claim ON publications (claim_id, id);

CREATE TABLE objections (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    publication_id bigint NOT NULL REFERENCES publications,
    objector text NOT NULL,  -- empty: nobody signed it, so it is a lead (线索) and holds nothing
    contact text NOT NULL,
    body text NOT NULL CHECK (body <> ''),
    received_at timestamptz NOT NULL,
    received_by text NOT NULL,
    upheld boolean,
    resolution text,
    resolved_at timestamptz,
    resolved_by text,
    CHECK ((upheld IS NULL) = (resolution IS NULL) AND (upheld IS NULL) = (resolved_at IS NULL)
        AND (upheld IS NULL) = (resolved_by IS NULL))
);
CREATE INDEX objections_by_publication ON objections (publication_id, id);

-- Whether somebody had a part in a case with which this step is barred, by identity. Who entered it at the
-- desk counts as who filed it.
CREATE FUNCTION is_barred(of_claim bigint, wanted text, actor text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM barred_steps b JOIN (
            SELECT e.action, e.actor FROM claim_events e WHERE e.claim_id = of_claim
            UNION ALL SELECT 'submit', c.opened_by FROM claims c WHERE c.id = of_claim
        ) AS part (taken, by) USING (taken)
        WHERE b.action = wanted AND identity_of(part.by) = identity_of(actor));
$$;

-- The next event begins where the case is, and takes it on, by somebody of that role: of those outside
-- the bureau the builder whose claim it is, or the centre that redeems. Nothing passes a gate that a hold
-- shuts, and nobody has two parts that are barred. What is approved was decided by two persons, after its
-- publication ended.
CREATE FUNCTION move_case() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    moving claims;
    paid bigint;
    on_its_way bigint;
BEGIN
    SELECT * INTO moving FROM claims WHERE id = NEW.claim_id FOR NO KEY UPDATE;
    IF moving.state IS DISTINCT FROM NEW.state THEN
        RAISE EXCEPTION 'the case is %', moving.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'case_state';
    END IF;
    NEW.course := moving.course;
    IF EXISTS (SELECT FROM case_holds h JOIN hold_kinds k USING (kind)
               WHERE h.claim_id = NEW.claim_id AND h.closed_at IS NULL
                   AND NEW.action = ANY (k.gates)) THEN
        RAISE EXCEPTION 'case % is held', moving.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'case_held';
    END IF;
    IF NEW.role <> split_part(NEW.actor, ':', 1) OR NOT may_act(NEW.actor, NEW.at) THEN
        RAISE EXCEPTION '% takes no step as %', NEW.actor, NEW.role
            USING ERRCODE = 'check_violation', CONSTRAINT = 'actor_acts';
    END IF;
    IF NEW.role IN ('builder', 'operator') AND NOT EXISTS (
            SELECT FROM tokens t JOIN vouchers v ON v.id = moving.voucher_id
            WHERE t.id = token_of(NEW.actor) AND CASE WHEN moving.centre_id IS NULL
                THEN t.project_id = v.project_id ELSE t.centre_id = moving.centre_id END) THEN
        RAISE EXCEPTION 'claim % is another''s than %', moving.number, NEW.actor
            USING ERRCODE = 'check_violation', CONSTRAINT = 'claimant_moves';
    END IF;
    IF is_barred(NEW.claim_id, NEW.action, NEW.actor) THEN
        RAISE EXCEPTION '% had another part in case %', NEW.actor, moving.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'barred_pair';
    END IF;
    IF NEW.action = 'approve' AND NOT EXISTS (SELECT FROM decisions d
            WHERE d.id = (NEW.content ->> 'decision')::bigint AND d.kind = 'claim'
                AND d.answer = 'confirmed' AND d.content ->> 'number' = moving.number
                AND (d.content ->> 'fen')::bigint BETWEEN 1 AND moving.fen) THEN
        RAISE EXCEPTION 'two persons have not approved claim %', moving.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'claim_decided';
    END IF;
    IF NEW.action = 'approve' AND (
            NOT EXISTS (SELECT FROM publications WHERE claim_id = NEW.claim_id)
            OR EXISTS (SELECT FROM publications WHERE claim_id = NEW.claim_id
                       AND until >= (NEW.at AT TIME ZONE interval '+08:00')::date)) THEN
        RAISE EXCEPTION 'claim % is still before the public', moving.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'publication_over';
    END IF;
    IF NEW.action IN ('refuse', 'list') AND bank_contradicts(NEW.claim_id) THEN
        RAISE EXCEPTION 'the bank contradicts itself about claim %', moving.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'claim_stopped';
    END IF;
    -- What becomes of a claim at the bank is what its lines say.
    IF NEW.action IN ('bounce', 'pay', 'reopen') THEN
        SELECT coalesce(sum(l.paid_fen), 0), coalesce(sum(l.fen - l.paid_fen - l.returned_fen), 0)
            INTO paid, on_its_way
            FROM payment_lines l JOIN payment_lists s ON s.id = l.list_id
            WHERE l.claim_id = NEW.claim_id AND s.sent_at IS NOT NULL;
        IF NEW.next IS DISTINCT FROM (CASE WHEN paid >= moving.due_fen THEN 'paid'
                WHEN on_its_way > 0 THEN 'listed' ELSE 'approved' END) THEN
            RAISE EXCEPTION 'the lines of claim % say otherwise', moving.number
                USING ERRCODE = 'check_violation', CONSTRAINT = 'claim_settled';
        END IF;
    END IF;
    SELECT coalesce(max(seq), 0) + 1 INTO NEW.seq FROM claim_events WHERE claim_id = NEW.claim_id;
    UPDATE claims SET state = NEW.next, approved_fen = CASE NEW.action WHEN 'approve' THEN
        (SELECT (d.content ->> 'fen')::bigint FROM decisions d
         WHERE d.id = (NEW.content ->> 'decision')::bigint) ELSE approved_fen END
        WHERE id = NEW.claim_id;
    RETURN NEW;
END $$;
CREATE TRIGGER move BEFORE INSERT ON claim_events FOR EACH ROW EXECUTE FUNCTION move_case();

-- A centre is paid what builders deducted at its counter and confirmed, and no more; who claims second
-- waits for the first.
CREATE FUNCTION redeems_deducted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    of_project bigint;
    left_fen bigint;
BEGIN
    SELECT project_id INTO of_project FROM vouchers WHERE id = NEW.voucher_id FOR NO KEY UPDATE;
    SELECT coalesce(sum(d.held_fen), 0) INTO left_fen
        FROM deductions d JOIN contracts k ON k.id = d.contract_id
        WHERE k.project_id = of_project AND k.centre_id = NEW.centre_id
            AND d.confirmed_at IS NOT NULL;
    SELECT left_fen - coalesce(sum(due_fen), 0) INTO left_fen FROM claims
        WHERE voucher_id = NEW.voucher_id AND centre_id = NEW.centre_id
            AND NOT is_dropped(state);
    IF NEW.fen > left_fen OR NOT EXISTS (SELECT FROM centres
            WHERE id = NEW.centre_id AND organisation_id = NEW.payee_id) THEN
        RAISE EXCEPTION 'centre % redeems what was not deducted there', NEW.centre_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'redeems_deducted';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER redeem BEFORE INSERT ON claims FOR EACH ROW WHEN (NEW.centre_id IS NOT NULL)
    EXECUTE FUNCTION redeems_deducted();

-- Else it is paid to the project's own organisation, or to the one that the registry names for the day.
CREATE FUNCTION paid_to_payee() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.payee_id IS DISTINCT FROM (
            SELECT coalesce(r.organisation_id, p.organisation_id)
            FROM vouchers v JOIN projects p ON p.id = v.project_id
            LEFT JOIN relations r ON r.kind = 'payee' AND r.project_id = p.id
                AND r.superseded_at IS NULL
                AND r.valid @> (NEW.opened_at AT TIME ZONE interval '+08:00')::date
            WHERE v.id = NEW.voucher_id) THEN
        RAISE EXCEPTION 'organisation % is not paid for this project', NEW.payee_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'paid_to_payee';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payee BEFORE INSERT ON claims FOR EACH ROW WHEN (NEW.centre_id IS NULL)
    EXECUTE FUNCTION paid_to_payee();

-- An objection is resolved once, by an approver.
CREATE FUNCTION keep_objection() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.upheld IS NOT NULL THEN
        RAISE EXCEPTION 'a resolved objection cannot change' USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.resolved_by LIKE 'approver:%' AND may_act(NEW.resolved_by, NEW.resolved_at)) IS NOT TRUE THEN
        RAISE EXCEPTION '% resolves no objection', NEW.resolved_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'actor_acts';
    END IF;
    IF is_barred((SELECT claim_id FROM publications WHERE id = NEW.publication_id), 'dismiss',
                 NEW.resolved_by) THEN
        RAISE EXCEPTION '% has handled what is objected to', NEW.resolved_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'barred_pair';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep BEFORE UPDATE ON objections FOR EACH ROW EXECUTE FUNCTION keep_objection();

COMMENT ON TABLE case_steps IS 'Who may do what to a case, and where that leads; filled by the migrations';
COMMENT ON COLUMN case_steps.states IS 'The stage before one, those from one to another, or names';
COMMENT ON TABLE case_courses IS 'The stages through which cases go, in their order; append-only';
COMMENT ON TABLE case_moves IS
    'Who may do what to a case of a course in which state; derived from its stages';
COMMENT ON TABLE barred_steps IS 'Steps of a case that one identity does not both take; filled by the migrations';
COMMENT ON COLUMN claims.course IS 'The stages that it goes through (case_courses)';
COMMENT ON COLUMN claim_events.course IS 'Of its claim';
COMMENT ON TABLE claims IS 'A beneficiary asks for payable money of a voucher';
COMMENT ON COLUMN claims.centre_id IS
    'The centre that redeems what was deducted at its counter; null where the beneficiary claims';
COMMENT ON COLUMN claims.fen IS 'Fen that are asked for';
COMMENT ON COLUMN claims.approved_fen IS 'Fen that two persons approved, at most what was asked for';
COMMENT ON COLUMN claims.due_fen IS 'Fen to be paid of it in all';
COMMENT ON COLUMN claims.state IS 'Written by a trigger from the events';
COMMENT ON TABLE claim_events IS 'Steps of a claim, numbered by a trigger';
COMMENT ON COLUMN claim_events.content IS 'Of a decision by the policy: facts and result';
COMMENT ON TABLE claim_files IS 'Files of a claim and what each is for';
COMMENT ON TABLE publications IS 'Claims before the public';
COMMENT ON COLUMN publications.days IS 'Working days';
COMMENT ON COLUMN publications.content IS 'What the public sees';
COMMENT ON TABLE objections IS 'Objections to a publication and how they ended';

REVOKE EXECUTE ON FUNCTION lay_courses, is_barred, move_case, redeems_deducted, paid_to_payee,
    keep_objection FROM PUBLIC;
GRANT SELECT ON case_steps, case_courses, case_moves, barred_steps, claims, claim_events, claim_files, publications, objections TO
    :app_role;
GRANT INSERT ON claim_files, publications, objections TO :app_role;
GRANT INSERT (number, voucher_id, payee_id, centre_id, fen, opened_at, opened_by) ON claims TO :app_role;
GRANT INSERT (claim_id, state, action, role, next, actor, at, note, content) ON claim_events TO
    :app_role;
GRANT UPDATE (upheld, resolution, resolved_at, resolved_by) ON objections TO :app_role;
