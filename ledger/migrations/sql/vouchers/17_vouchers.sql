-- Vouchers (算力券): the clauses that issue them, the books that cap them, and what they accrue.

-- A clause of a policy version that issues vouchers, as its file says (written by the owner only).
CREATE TABLE clauses (
    policy text NOT NULL,
    clause text NOT NULL,
    digest text NOT NULL,
    rate_num bigint NOT NULL CHECK (rate_num > 0),
    rate_den bigint NOT NULL CHECK (rate_den >= rate_num),
    cap_fen bigint NOT NULL CHECK (cap_fen > 0),
    effective daterange,
    complete boolean NOT NULL,
    year_cap_fen bigint CHECK (year_cap_fen > 0),
    publication_days integer CHECK (publication_days >= 1),
    PRIMARY KEY (policy, clause),
    CHECK (NOT complete OR effective IS NOT NULL)
);

-- Its rates for those who meet conditions; whoever meets none has the clause's own.
CREATE TABLE clause_rates (
    policy text NOT NULL,
    clause text NOT NULL,
    place integer NOT NULL CHECK (place >= 0),
    rate_num bigint NOT NULL CHECK (rate_num > 0),
    rate_den bigint NOT NULL CHECK (rate_den >= rate_num),
    words text NOT NULL,
    PRIMARY KEY (policy, clause, place),
    FOREIGN KEY (policy, clause) REFERENCES clauses
);

-- A version that was read from its file is known: it can be explained, checked and simulated. Nothing is
-- promised, earned or claimed under it before two persons made it payable. The decision has the digest
-- of each clause: with other terms a clause is not what they decided.
CREATE TABLE payable_versions (
    decision_id bigint PRIMARY KEY REFERENCES decisions,
    policy text NOT NULL
);
CREATE INDEX payable_versions_by_policy ON payable_versions (policy);

CREATE VIEW payable_clauses AS
    SELECT c.policy, c.clause FROM clauses c
    WHERE c.complete AND EXISTS (
        SELECT FROM payable_versions v JOIN decisions d ON d.id = v.decision_id
        WHERE v.policy = c.policy AND d.content -> 'digests' ->> c.clause = c.digest);

CREATE FUNCTION payable_decided() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM decisions d WHERE d.id = NEW.decision_id AND d.kind = 'policy_payable'
            AND d.answer = 'confirmed' AND d.content ->> 'policy' = NEW.policy
            AND d.content -> 'digests' = (SELECT jsonb_object_agg(c.clause, c.digest)
                                          FROM clauses c WHERE c.policy = NEW.policy)
    ) THEN
        RAISE EXCEPTION 'two persons have not made version % payable as it is', NEW.policy
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payable_decided';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER decided BEFORE INSERT ON payable_versions
    FOR EACH ROW EXECUTE FUNCTION payable_decided();

-- One voucher for each (clause, cap scope): for life, whatever policy version issued it.
CREATE TABLE vouchers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    book_id bigint NOT NULL UNIQUE REFERENCES books,
    project_id bigint NOT NULL UNIQUE REFERENCES projects,
    policy text NOT NULL,
    clause text NOT NULL,
    cap_scope text NOT NULL,
    face_fen bigint NOT NULL CHECK (face_fen > 0),  -- of the opening: at most the clause's cap
    facts jsonb NOT NULL,
    valid daterange NOT NULL DEFAULT '(,)' CHECK (NOT isempty(valid)),  -- usage on other days earns nothing
    opened_at timestamptz NOT NULL,
    opened_by text NOT NULL,
    UNIQUE (clause, cap_scope),
    UNIQUE (id, clause),
    FOREIGN KEY (policy, clause) REFERENCES clauses
);
CREATE INDEX vouchers_by_policy ON vouchers (policy, clause);

-- The owner opens the accounts. The contra account may fall to minus the face value (by default the
-- clause's cap) and no further: it is a CHECK, not a line of code. The project's row is locked and looked at first,
-- because UNIQUE speaks after this trigger, and ON CONFLICT would leave a book without a voucher.
CREATE FUNCTION open_rights_book() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    scope text;
    cap bigint;
BEGIN
    SELECT kind || ':' || code INTO scope FROM projects WHERE id = NEW.project_id FOR NO KEY UPDATE;
    IF NEW.cap_scope IS DISTINCT FROM scope THEN
        RAISE EXCEPTION 'the cap scope of this project is %', scope
            USING ERRCODE = 'check_violation', CONSTRAINT = 'cap_scope_of_project';
    END IF;
    IF EXISTS (SELECT FROM vouchers WHERE project_id = NEW.project_id) THEN
        RAISE EXCEPTION 'the project has its voucher'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'vouchers_project_id_key';
    END IF;
    SELECT cap_fen INTO cap FROM clauses WHERE policy = NEW.policy AND clause = NEW.clause;
    NEW.face_fen := coalesce(NEW.face_fen, cap);
    IF NEW.face_fen > cap THEN
        RAISE EXCEPTION 'the face value is above the cap of the clause, % fen', cap
            USING ERRCODE = 'check_violation', CONSTRAINT = 'face_within_cap';
    END IF;
    INSERT INTO books (ledger) VALUES ('rights') RETURNING id INTO NEW.book_id;
    INSERT INTO accounts (book_id, role, floor)
        SELECT NEW.book_id, role, CASE WHEN role = 'clause' THEN -NEW.face_fen ELSE 0 END
        FROM roles WHERE ledger = 'rights';
    RETURN NEW;
END $$;
CREATE TRIGGER open BEFORE INSERT ON vouchers FOR EACH ROW EXECUTE FUNCTION open_rights_book();

-- Under which versions of its clause a voucher was opened, the first one included. Usage earns under
-- the one in force on its day; one cap and one book for all of them.
CREATE TABLE voucher_versions (
    voucher_id bigint NOT NULL,
    policy text NOT NULL,
    clause text NOT NULL,
    rate_num bigint NOT NULL CHECK (rate_num > 0),
    rate_den bigint NOT NULL CHECK (rate_den >= rate_num),
    rate_words text NOT NULL,
    opened_at timestamptz NOT NULL,
    opened_by text NOT NULL,
    PRIMARY KEY (voucher_id, policy),
    FOREIGN KEY (voucher_id, clause) REFERENCES vouchers (id, clause),
    FOREIGN KEY (policy, clause) REFERENCES clauses
);
CREATE INDEX voucher_versions_by_policy ON voucher_versions (policy, clause);
CREATE INDEX voucher_versions_by_voucher ON voucher_versions (voucher_id, clause);

-- The first version has the rate of the decision that opened the voucher, or the clause's own.
CREATE FUNCTION first_version() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO voucher_versions (voucher_id, policy, clause, rate_num, rate_den, rate_words,
                                  opened_at, opened_by)
        SELECT NEW.id, NEW.policy, NEW.clause,
               coalesce(split_part(d.content ->> 'rate', '/', 1)::bigint, c.rate_num),
               coalesce(split_part(d.content ->> 'rate', '/', 2)::bigint, c.rate_den),
               coalesce(d.content ->> 'rate_words', ''), NEW.opened_at, NEW.opened_by
        FROM clauses c
        LEFT JOIN decisions d ON d.kind = 'voucher' AND d.answer = 'confirmed'
            AND d.subject = (SELECT code FROM projects WHERE id = NEW.project_id)
            AND d.content ->> 'policy' = NEW.policy
        WHERE (c.policy, c.clause) = (NEW.policy, NEW.clause)
        ORDER BY d.id DESC LIMIT 1;
    RETURN NULL;
END $$;
CREATE TRIGGER first_version AFTER INSERT ON vouchers FOR EACH ROW EXECUTE FUNCTION first_version();

-- Facts change: by a decision of two persons a version gives a voucher another rate from a day on.
-- The newest decision holds from its day on, also over an older one of a later day.
CREATE TABLE voucher_rates (
    decision_id bigint PRIMARY KEY REFERENCES decisions,
    voucher_id bigint NOT NULL,
    policy text NOT NULL,
    since date NOT NULL CHECK (isfinite(since)),
    rate_num bigint NOT NULL CHECK (rate_num > 0),
    rate_den bigint NOT NULL CHECK (rate_den >= rate_num),
    rate_words text NOT NULL,
    FOREIGN KEY (voucher_id, policy) REFERENCES voucher_versions
);
CREATE INDEX voucher_rates_by_version ON voucher_rates (voucher_id, policy, since);

-- Whatever the decision says, a rate is one of those that the clause states.
CREATE FUNCTION rate_of_clause() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM vouchers v
        JOIN (SELECT policy, clause, rate_num, rate_den FROM clauses
              UNION ALL SELECT policy, clause, rate_num, rate_den FROM clause_rates) r
            ON (r.policy, r.clause) = (NEW.policy, v.clause)
        WHERE v.id = NEW.voucher_id
            AND r.rate_num::numeric * NEW.rate_den = r.rate_den::numeric * NEW.rate_num
    ) THEN
        RAISE EXCEPTION 'the clause states no rate of %/%', NEW.rate_num, NEW.rate_den
            USING ERRCODE = 'check_violation', CONSTRAINT = 'rate_of_clause';
    END IF;
    RETURN NEW;
END $$;
-- And a voucher is opened under versions that are payable.
CREATE FUNCTION version_payable() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM payable_clauses c
                   WHERE (c.policy, c.clause) = (NEW.policy, NEW.clause)) THEN
        RAISE EXCEPTION 'two persons have not made version % payable', NEW.policy
            USING ERRCODE = 'check_violation', CONSTRAINT = 'version_payable';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER version_payable BEFORE INSERT ON voucher_versions
    FOR EACH ROW EXECUTE FUNCTION version_payable();

CREATE TRIGGER rate_of_clause BEFORE INSERT ON voucher_versions
    FOR EACH ROW EXECUTE FUNCTION rate_of_clause();
CREATE TRIGGER rate_of_clause BEFORE INSERT ON voucher_rates
    FOR EACH ROW EXECUTE FUNCTION rate_of_clause();

CREATE FUNCTION rate_decided() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM decisions d WHERE d.id = NEW.decision_id AND d.kind = 'rate'
            AND d.answer = 'confirmed' AND d.content ->> 'policy' = NEW.policy
            AND d.content ->> 'voucher' = NEW.voucher_id::text
            AND d.content ->> 'since' = NEW.since::text
            AND d.content ->> 'rate' = NEW.rate_num || '/' || NEW.rate_den
    ) THEN
        RAISE EXCEPTION 'two persons have not given this voucher a rate of %/%', NEW.rate_num,
            NEW.rate_den USING ERRCODE = 'check_violation', CONSTRAINT = 'rate_decided';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER decided BEFORE INSERT ON voucher_rates
    FOR EACH ROW EXECUTE FUNCTION rate_decided();

-- The rate of a voucher under each version, by day. Usage is told apart by `label`: the version,
-- and the rate where it is not that of the opening.
CREATE VIEW voucher_rate_days AS
    WITH changes AS (
        SELECT r.*, lead(r.since) OVER (PARTITION BY r.voucher_id, r.policy ORDER BY r.since)
                   AS until
        FROM voucher_rates r
        WHERE NOT EXISTS (SELECT FROM voucher_rates newer
            WHERE (newer.voucher_id, newer.policy) = (r.voucher_id, r.policy)
                AND newer.decision_id > r.decision_id AND newer.since <= r.since)
    )
    SELECT n.voucher_id, n.policy, n.clause, n.rate_num, n.rate_den, n.rate_words,
           n.policy AS label, daterange(NULL, (SELECT min(c.since) FROM changes c
               WHERE (c.voucher_id, c.policy) = (n.voucher_id, n.policy))) AS days
    FROM voucher_versions n
    UNION ALL
    SELECT n.voucher_id, n.policy, n.clause, c.rate_num, c.rate_den, c.rate_words,
           CASE WHEN c.rate_num::numeric * n.rate_den = c.rate_den::numeric * n.rate_num
                THEN n.policy ELSE n.policy || ' ' || c.rate_num || '/' || c.rate_den END,
           daterange(c.since, c.until)
    FROM changes c JOIN voucher_versions n USING (voucher_id, policy);

-- An open policy version is given its end by two persons; the newest decision holds.
CREATE TABLE policy_ends (
    decision_id bigint PRIMARY KEY REFERENCES decisions,
    policy text NOT NULL,
    until date NOT NULL CHECK (isfinite(until))  -- the first day on which it is no longer in force
);
CREATE INDEX policy_ends_by_policy ON policy_ends (policy, decision_id);

CREATE FUNCTION policy_end_decided() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM decisions d WHERE d.id = NEW.decision_id AND d.kind = 'policy_end'
            AND d.answer = 'confirmed' AND d.content ->> 'policy' = NEW.policy
            AND d.content ->> 'until' = NEW.until::text
    ) THEN
        RAISE EXCEPTION 'two persons have not ended version %', NEW.policy
            USING ERRCODE = 'check_violation', CONSTRAINT = 'policy_end_decided';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER decided BEFORE INSERT ON policy_ends
    FOR EACH ROW EXECUTE FUNCTION policy_end_decided();

-- The days on which a voucher is valid change by a decision of two persons, the newest one: an
-- extension, a shorter term, a revocation, a lapse.
CREATE FUNCTION set_validity(of_decision bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    changed bigint;
BEGIN
    UPDATE vouchers v SET valid = CASE d.kind
            WHEN 'validity' THEN daterange((d.content ->> 'valid_from')::date,
                                           (d.content ->> 'valid_until')::date)
            -- It lapses with the day on which that is confirmed.
            ELSE daterange(lower(v.valid), greatest(lower(v.valid) + 1, least(
                upper(v.valid), (d.answered_at AT TIME ZONE interval '+08:00')::date + 1))) END
        FROM decisions d
        WHERE d.id = of_decision AND d.kind IN ('validity', 'lapse') AND d.answer = 'confirmed'
            AND v.id = (d.content ->> 'voucher')::bigint
            AND NOT EXISTS (SELECT FROM decisions later
                WHERE later.id > d.id AND later.kind IN ('validity', 'lapse')
                    AND later.answer = 'confirmed'
                    AND later.content -> 'voucher' = d.content -> 'voucher')
        RETURNING v.id INTO changed;
    IF changed IS NULL THEN
        RAISE EXCEPTION 'the days of a voucher change by the newest confirmed decision'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'two_persons_decided';
    END IF;
END $$;

-- Memo of every change of a voucher's target: what the charges earn before the cap, what the cap
-- lets through, what it cuts off. Nothing metered vanishes at the cap.
CREATE TABLE accruals (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    voucher_id bigint NOT NULL REFERENCES vouchers,
    posting_id bigint REFERENCES postings,
    cost_fen bigint NOT NULL CHECK (cost_fen >= 0),
    uncapped_fen bigint NOT NULL CHECK (uncapped_fen >= 0),
    target_fen bigint NOT NULL CHECK (target_fen BETWEEN 0 AND uncapped_fen),
    earned_fen bigint NOT NULL CHECK (earned_fen BETWEEN 0 AND target_fen),
    months jsonb NOT NULL,  -- of each month: cost and matched cost, fen; exactly earned before the cap
    computed_at timestamptz NOT NULL
);
CREATE INDEX accruals_by_posting ON accruals (posting_id);
CREATE INDEX accruals_by_voucher ON accruals (voucher_id, id);

-- A part of a voucher held back for an approved plan, until a day.
CREATE TABLE reservations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    voucher_id bigint NOT NULL REFERENCES vouchers,
    fen bigint NOT NULL CHECK (fen > 0),
    plan text NOT NULL CHECK (plan <> ''),
    until date NOT NULL,
    reserved_at timestamptz NOT NULL,
    reserved_by text NOT NULL,
    released_at timestamptz,
    released_by text,
    CHECK ((released_at IS NULL) = (released_by IS NULL))
);
CREATE INDEX reservations_by_voucher ON reservations (voucher_id);
CREATE INDEX reservations_open ON reservations (until) WHERE released_at IS NULL;

COMMENT ON TABLE clauses IS 'Clauses of policy versions that issue vouchers';
COMMENT ON COLUMN clauses.cap_fen IS 'Fen';
COMMENT ON COLUMN clauses.year_cap_fen IS 'Fen that a voucher may earn in a calendar year; null: no such cap';
COMMENT ON COLUMN clauses.publication_days IS 'Working days for which its claims are published (公示)';
COMMENT ON COLUMN clauses.rate_num IS 'Rate, numerator';
COMMENT ON COLUMN clauses.rate_den IS 'Rate, denominator';
COMMENT ON COLUMN clauses.complete IS
    'It has days and no open question, so that two persons may make its version payable';
COMMENT ON TABLE payable_versions IS 'Versions that two persons made payable, as they were read then';
COMMENT ON VIEW payable_clauses IS 'Clauses of payable versions whose terms are those decided';
COMMENT ON COLUMN clauses.effective IS
    'Days on which the policy is in force, Beijing dates, half-open; null for a draft';
COMMENT ON COLUMN clauses.digest IS 'SHA-256 of the terms of the policy version, hex';
COMMENT ON TABLE clause_rates IS 'Rates of a clause for those who meet their conditions';
COMMENT ON COLUMN clause_rates.rate_num IS 'Rate, numerator';
COMMENT ON COLUMN clause_rates.rate_den IS 'Rate, denominator';
COMMENT ON COLUMN clause_rates.words IS 'The words of the clause that state it';
COMMENT ON TABLE voucher_rates IS 'Other rates of vouchers from a day on, decided by two persons';
COMMENT ON COLUMN voucher_rates.since IS 'First Beijing day of the rate';
COMMENT ON COLUMN voucher_rates.rate_num IS 'Rate, numerator';
COMMENT ON COLUMN voucher_rates.rate_den IS 'Rate, denominator';
COMMENT ON COLUMN voucher_versions.rate_num IS 'Rate when it was opened, numerator';
COMMENT ON COLUMN voucher_versions.rate_den IS 'Rate when it was opened, denominator';
COMMENT ON COLUMN voucher_versions.rate_words IS 'The words of the clause that state it';
COMMENT ON VIEW voucher_rate_days IS 'Rate of each voucher under each version, by Beijing days';
COMMENT ON TABLE vouchers IS 'One voucher for each clause and cap scope, for life';
COMMENT ON COLUMN vouchers.book_id IS 'Book of its rights';
COMMENT ON COLUMN vouchers.face_fen IS 'Face value when it was opened, fen; the cap from then on is in its book';
COMMENT ON COLUMN vouchers.facts IS 'What was stated when it was opened';
COMMENT ON TABLE accruals IS 'Every change of a voucher''s target, a memo beside the postings';
COMMENT ON COLUMN accruals.cost_fen IS 'Fen';
COMMENT ON COLUMN accruals.uncapped_fen IS 'Fen earned before the cap';
COMMENT ON COLUMN accruals.target_fen IS 'Fen after the cap';
COMMENT ON COLUMN accruals.earned_fen IS 'Fen of it that is matched';
COMMENT ON COLUMN accruals.months IS
    'Of each month: cost and matched cost, fen; what they earn before the cap, exact fractions';
COMMENT ON COLUMN vouchers.valid IS 'Beijing days, half-open; usage on other days earns nothing';
COMMENT ON TABLE voucher_versions IS 'Under which versions of its clause a voucher was opened';
COMMENT ON TABLE policy_ends IS 'Ends of open policy versions, decided by two persons';
COMMENT ON COLUMN policy_ends.until IS 'First Beijing day on which it is no longer in force';
COMMENT ON TABLE reservations IS 'Parts of a voucher held back for an approved plan';
COMMENT ON COLUMN reservations.fen IS 'Fen';
COMMENT ON COLUMN reservations.until IS 'Beijing day, included';

REVOKE EXECUTE ON FUNCTION payable_decided, version_payable, open_rights_book, first_version,
    rate_of_clause, rate_decided, policy_end_decided, set_validity FROM PUBLIC;
GRANT EXECUTE ON FUNCTION set_validity TO :app_role;
GRANT INSERT ON policy_ends, payable_versions TO :app_role;
GRANT SELECT ON payable_versions, payable_clauses TO :app_role;
GRANT INSERT (voucher_id, policy, clause, rate_num, rate_den, rate_words, opened_at, opened_by)
    ON voucher_versions TO :app_role;
GRANT INSERT ON voucher_rates TO :app_role;
GRANT SELECT ON clause_rates, voucher_rates, voucher_rate_days TO :app_role;
GRANT SELECT ON clauses, vouchers, voucher_versions, policy_ends, accruals, reservations TO :app_role;
GRANT INSERT (project_id, policy, clause, cap_scope, face_fen, facts, valid, opened_at, opened_by) ON vouchers
    TO :app_role;
GRANT INSERT (voucher_id, posting_id, cost_fen, uncapped_fen, target_fen, earned_fen, months,
    computed_at) ON accruals TO :app_role;
GRANT INSERT (voucher_id, fen, plan, until, reserved_at, reserved_by) ON reservations TO :app_role;
GRANT UPDATE (released_at, released_by) ON reservations TO :app_role;
