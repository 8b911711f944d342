-- Claims (兑付申请), as cases: the table `case_moves` says who may do what in which state, and a
-- case's state is the last of its events. Other awards can use the same cases.

CREATE TABLE case_moves (
    state text NOT NULL,
    action text NOT NULL,
    role text NOT NULL
        CHECK (role IN ('builder', 'operator', 'clerk', 'approver', 'finance', 'server')),
    next text NOT NULL,
    PRIMARY KEY (state, action, role),
    UNIQUE (state, action, role, next)
);
-- As in `ledger/claims/rules.py`; a test holds the two to each other.
INSERT INTO case_moves (state, action, role, next)
    SELECT state, action, role, coalesce(next, state)
    FROM (VALUES
        ('submit', 'builder operator clerk', 'draft', 'submitted'),
        ('return', 'clerk', 'submitted accepted', 'draft'),
        ('accept', 'clerk', 'submitted', 'accepted'),
        ('publish', 'clerk', 'accepted', 'published'),
        ('object', 'clerk', 'published objected', 'objected'),
        ('dismiss', 'approver', 'objected', 'published'),
        ('uphold', 'approver', 'objected', 'refused'),
        ('propose', 'clerk', 'published', NULL),
        ('approve', 'approver', 'published', 'approved'),
        ('refuse', 'approver', 'submitted accepted published approved', 'refused'),
        ('withdraw', 'builder operator clerk', 'draft submitted accepted published', 'withdrawn'),
        ('list', 'finance approver', 'approved', 'listed'),
        ('bounce', 'finance approver', 'listed paid', 'approved'),
        ('pay', 'finance approver', 'listed approved refused', 'paid'),
        ('reopen', 'finance approver', 'paid approved', 'listed')
    ) AS step (action, roles, states, next),
    string_to_table(states, ' ') AS state,
    string_to_table(roles, ' ') AS role;

CREATE TABLE claims (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number text NOT NULL UNIQUE CHECK (number <> ''),
    voucher_id bigint NOT NULL REFERENCES vouchers,
    payee_id bigint NOT NULL REFERENCES organisations,
    centre_id bigint REFERENCES centres,  -- 核销: the centre at whose counter it was deducted
    fen bigint NOT NULL CHECK (fen > 0),
    approved_fen bigint CHECK (approved_fen BETWEEN 1 AND fen),  -- 核定, once it is approved
    due_fen bigint NOT NULL GENERATED ALWAYS AS (coalesce(approved_fen, fen)) STORED,
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
    state text NOT NULL,
    action text NOT NULL,
    role text NOT NULL,
    next text NOT NULL,
    actor text NOT NULL,
    at timestamptz NOT NULL,
    note text NOT NULL DEFAULT '',
    content jsonb NOT NULL DEFAULT '{}',  -- of a decision by the policy: facts and result
    PRIMARY KEY (claim_id, seq),
    CONSTRAINT case_move FOREIGN KEY (state, action, role, next)
        REFERENCES case_moves (state, action, role, next)
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
    objector text NOT NULL CHECK (objector <> ''),
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

-- The next event begins where the case is, and takes it on, by somebody of that role: of those outside
-- the bureau the builder whose claim it is, or the centre that redeems. What is approved was decided by
-- two persons, after its publication ended and every objection was resolved.
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
                       AND until >= (NEW.at AT TIME ZONE interval '+08:00')::date)
            OR EXISTS (SELECT FROM objections o JOIN publications p ON p.id = o.publication_id
                       WHERE p.claim_id = NEW.claim_id AND o.upheld IS NULL)) THEN
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
            AND state NOT IN ('refused', 'withdrawn');
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
    RETURN NEW;
END $$;
CREATE TRIGGER keep BEFORE UPDATE ON objections FOR EACH ROW EXECUTE FUNCTION keep_objection();

COMMENT ON TABLE case_moves IS
    'Who may do what to a claim in which state; filled by the migrations';
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

REVOKE EXECUTE ON FUNCTION move_case, redeems_deducted, paid_to_payee, keep_objection FROM PUBLIC;
GRANT SELECT ON case_moves, claims, claim_events, claim_files, publications, objections TO
    :app_role;
GRANT INSERT ON claim_files, publications, objections TO :app_role;
GRANT INSERT (number, voucher_id, payee_id, centre_id, fen, opened_at, opened_by) ON claims TO :app_role;
GRANT INSERT (claim_id, state, action, role, next, actor, at, note, content) ON claim_events TO
    :app_role;
GRANT UPDATE (upheld, resolution, resolved_at, resolved_by) ON objections TO :app_role;
