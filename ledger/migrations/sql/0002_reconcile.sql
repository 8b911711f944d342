-- Reconciliation (对账). A statement says what was metered; document lines are allocated over what
-- was metered; a reconciliation is one contract and one month, and its cells are the contract's
-- lines, by policy version: metered, invoiced, matched, and every difference typed.

CREATE TABLE statements (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number text NOT NULL UNIQUE CHECK (number <> ''),
    contract bigint NOT NULL REFERENCES contracts,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    revision integer NOT NULL CHECK (revision >= 1),
    total_fen bigint NOT NULL CHECK (total_fen >= 0),
    digest text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    issued_at timestamptz NOT NULL,
    issued_by text NOT NULL,
    UNIQUE (contract, month, revision)
);

CREATE TABLE statement_lines (
    statement bigint NOT NULL REFERENCES statements,
    line smallint NOT NULL CHECK (line >= 1),
    price bigint NOT NULL REFERENCES prices,
    policy text NOT NULL,
    model bigint REFERENCES catalogue_models,
    mig_profile text NOT NULL,
    ms_num numeric NOT NULL CHECK (ms_num >= 0),
    ms_den numeric NOT NULL CHECK (ms_den >= 1),
    promised_ms bigint CHECK (promised_ms >= 0),
    cost_fen bigint NOT NULL CHECK (cost_fen >= 0),
    grade text NOT NULL CHECK (grade IN ('A', 'B', 'C', 'D')),
    gap_ms bigint NOT NULL CHECK (gap_ms >= 0),
    PRIMARY KEY (statement, line)
);

-- Centre and builder each confirm or contest, line by line; the newest word of a party counts.
CREATE TABLE statement_answers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    statement bigint NOT NULL,
    line smallint NOT NULL,
    party text NOT NULL CHECK (party IN ('centre', 'builder')),
    answer text NOT NULL CHECK (answer IN ('confirmed', 'contested')),
    reason text NOT NULL DEFAULT '',
    answered_at timestamptz NOT NULL,
    answered_by text NOT NULL,
    FOREIGN KEY (statement, line) REFERENCES statement_lines,
    CHECK (answer = 'confirmed' OR reason <> '')
);

-- A number without its disguises: full width, spaces, case, and what follows an invoice's 20 digits.
CREATE FUNCTION plain_number(number text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN regexp_replace(regexp_replace(normalize(upper(number), NFKC), '\s', '', 'g'),
    '^([0-9]{20}).*$', '\1');
CREATE INDEX cost_documents_by_plain_number ON cost_documents (plain_number(number));

-- Which fen of which document line pays for which contract line, month and policy version. `kind`
-- is the project's: one document line never serves article 9 and article 14 together. Below zero
-- stands what a red document takes back, out of whatever its blue one paid.
CREATE TABLE allocations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document bigint NOT NULL,
    line smallint NOT NULL,
    contract bigint NOT NULL REFERENCES contracts,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    price bigint NOT NULL REFERENCES prices,
    policy text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('model', 'team')),
    fen bigint NOT NULL CHECK (fen <> 0),
    allocated_at timestamptz NOT NULL,
    allocated_by text NOT NULL,
    FOREIGN KEY (document, line) REFERENCES document_lines,
    UNIQUE (document, line, contract, month, price, policy),
    CONSTRAINT one_kind_a_line EXCLUDE USING gist (document WITH =, line WITH =, kind WITH <>)
        WHERE (fen > 0)
);
CREATE INDEX allocations_by_contract ON allocations (contract, month);

-- An invoice with all its red ones: what it is worth net, and how much of it is allocated. What was
-- keyed is worth nothing before a second person confirmed it.
CREATE VIEW family_sums AS
    SELECT f.root, sum(f.net_fen)::bigint AS net_fen, sum(f.allocated_fen)::bigint AS allocated_fen
    FROM (SELECT coalesce(d.reverses, d.id) AS root,
                 CASE WHEN d.source <> 'keyed' OR d.confirmed_at IS NOT NULL THEN d.net_fen ELSE 0 END
                     AS net_fen,
                 (SELECT coalesce(sum(a.fen), 0) FROM allocations a WHERE a.document = d.id)
                     AS allocated_fen
          FROM cost_documents d) f
    GROUP BY f.root;

-- Each line within its own amount; Σ allocations of an invoice with its red ones between nothing and
-- their net, and in no cell below nothing. The invoices are locked first, so that two who allocate
-- the same one take turns; and it is asked invoice by invoice, by index even where the tables were
-- still empty when the plan was made: what there is besides costs nothing.
CREATE FUNCTION allocations_fit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off AS $$
DECLARE
    roots bigint[];
    wrong bigint;
BEGIN
    SELECT array_agg(DISTINCT coalesce(d.reverses, d.id)) INTO roots
        FROM fresh f JOIN cost_documents d ON d.id = f.document;
    PERFORM FROM cost_documents WHERE id = ANY(roots) ORDER BY id FOR NO KEY UPDATE;
    SELECT min(f.document) INTO wrong
        FROM (SELECT DISTINCT document, line FROM fresh) f
        JOIN document_lines l USING (document, line)
        CROSS JOIN LATERAL (SELECT sum(a.fen) AS fen FROM allocations a
                            WHERE a.document = f.document AND a.line = f.line) t
        WHERE t.fen NOT BETWEEN least(l.net_fen, 0) AND greatest(l.net_fen, 0);
    IF wrong IS NULL THEN
        SELECT min(family) INTO wrong FROM unnest(roots) AS family
            CROSS JOIN LATERAL (SELECT * FROM family_sums WHERE root = family OFFSET 0) s
            WHERE s.allocated_fen NOT BETWEEN 0 AND s.net_fen;
    END IF;
    IF wrong IS NULL THEN
        SELECT min(family) INTO wrong FROM unnest(roots) AS family
            CROSS JOIN LATERAL (
                SELECT FROM cost_documents d JOIN allocations a ON a.document = d.id
                WHERE coalesce(d.reverses, d.id) = family
                GROUP BY a.contract, a.month, a.price, a.policy HAVING sum(a.fen) < 0
            ) below;
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'document % has not what is allocated of it', wrong
            USING ERRCODE = 'check_violation', CONSTRAINT = 'allocations_fit', DETAIL = wrong;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER fit_new AFTER INSERT ON allocations REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION allocations_fit();
CREATE TRIGGER fit_changed AFTER UPDATE ON allocations REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION allocations_fit();
CREATE TRIGGER fit_gone AFTER DELETE ON allocations REFERENCING OLD TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION allocations_fit();

-- A cell is of a contract line of that contract, and of a project of that kind.
CREATE FUNCTION allocated_to_a_cell() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT contract, price, kind FROM fresh EXCEPT
        SELECT k.id, c.id, p.kind FROM contracts k
            JOIN prices c ON c.contract = k.id JOIN projects p ON p.id = k.project
            WHERE c.id IN (SELECT price FROM fresh)
    ) THEN
        RAISE EXCEPTION 'no such contract line in that contract, or a project of another kind'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'allocated_to_a_cell';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER real_cell AFTER INSERT ON allocations REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION allocated_to_a_cell();

-- A red invoice that leaves more allocated than is left must take its part back before commit.
CREATE FUNCTION red_fits() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM family_sums WHERE root = NEW.reverses
               AND (allocated_fen NOT BETWEEN 0 AND net_fen OR net_fen < 0)) THEN
        RAISE EXCEPTION 'red document % leaves more allocated than is left, or less than nothing', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'red_fits';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER red_fits AFTER INSERT OR UPDATE OF confirmed_at ON cost_documents
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.reverses IS NOT NULL) EXECUTE FUNCTION red_fits();

CREATE TABLE reconciliations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    contract bigint NOT NULL REFERENCES contracts,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    opened_at timestamptz NOT NULL,
    opened_by text NOT NULL,
    UNIQUE (contract, month)
);

-- What two persons last decided of a cell. `matched_fen` counts for as long as it is invoiced and
-- metered, or `extra_fen` beyond the charge of `extra_over_fen`: two persons decided before that more
-- was used, and what is metered after all is no more on top of it. Of what was metered `closed_fen`
-- will not be invoiced any more and no longer counts, the rest stays open. By `lowered_fen` the match
-- fell since, because an invoice it rests on was reversed or moved.
CREATE TABLE matches (
    reconciliation bigint NOT NULL REFERENCES reconciliations,
    price bigint NOT NULL REFERENCES prices,
    policy text NOT NULL,
    metered_fen bigint NOT NULL CHECK (metered_fen >= 0),
    invoiced_fen bigint NOT NULL CHECK (invoiced_fen >= 0),
    matched_fen bigint NOT NULL CHECK (matched_fen >= 0),
    extra_fen bigint NOT NULL CHECK (extra_fen >= 0),
    extra_over_fen bigint NOT NULL CHECK (extra_over_fen >= 0),
    closed_fen bigint NOT NULL CHECK (closed_fen >= 0),
    decision bigint NOT NULL REFERENCES decisions,
    extra_decision bigint REFERENCES decisions,
    lowered_fen bigint NOT NULL DEFAULT 0 CHECK (lowered_fen >= 0),
    PRIMARY KEY (reconciliation, price, policy),
    CHECK (matched_fen <= invoiced_fen),
    CONSTRAINT matched_was_metered CHECK (matched_fen <= metered_fen + extra_fen),
    CHECK (closed_fen <= metered_fen),
    CHECK ((extra_decision IS NOT NULL) OR (extra_fen = 0 AND extra_over_fen = 0))
);

-- A cell is what a confirmed decision about its contract's month says of it, or less; and an older
-- decision takes no newer one's place.
CREATE FUNCTION match_decided() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    told boolean := TG_OP = 'UPDATE';
    more boolean := told;
BEGIN
    IF told THEN
        told := (NEW.decision, NEW.metered_fen, NEW.invoiced_fen, NEW.closed_fen)
            = (OLD.decision, OLD.metered_fen, OLD.invoiced_fen, OLD.closed_fen)
            AND NEW.matched_fen <= OLD.matched_fen;
        more := (NEW.extra_fen, NEW.extra_over_fen) = (OLD.extra_fen, OLD.extra_over_fen)
            AND NEW.extra_decision IS NOT DISTINCT FROM OLD.extra_decision;
        IF NEW.decision < OLD.decision OR NEW.extra_decision < OLD.extra_decision THEN
            RAISE EXCEPTION 'a newer decision stands'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'match_decided';
        END IF;
    END IF;
    IF TG_OP = 'INSERT' OR NEW.decision <> OLD.decision THEN
        NEW.lowered_fen := 0;
    END IF;
    told := told OR NEW.matched_fen = 0 AND NEW.closed_fen = 0 AND NEW.decision = NEW.extra_decision
        OR EXISTS (
            SELECT FROM decisions d JOIN reconciliations r ON r.id = NEW.reconciliation
            CROSS JOIN LATERAL jsonb_array_elements(d.content -> 'cells') AS c
            WHERE d.id = NEW.decision AND d.kind = 'reconciliation' AND d.answer = 'confirmed'
                AND d.content ->> 'contract' = r.contract::text
                AND d.content ->> 'month' = to_char(r.month, 'YYYY-MM')
                AND c ->> 'price' = NEW.price::text AND c ->> 'policy' = NEW.policy
                AND c ->> 'metered_fen' = NEW.metered_fen::text
                AND c ->> 'invoiced_fen' = NEW.invoiced_fen::text
                AND c ->> 'closed_fen' = NEW.closed_fen::text
                AND NEW.matched_fen <= (c ->> 'matched_fen')::bigint);
    more := more OR NEW.extra_decision IS NULL OR EXISTS (
        SELECT FROM decisions d JOIN reconciliations r ON r.id = NEW.reconciliation
        WHERE d.id = NEW.extra_decision AND d.kind = 'extra' AND d.answer = 'confirmed'
            AND d.content ->> 'contract' = r.contract::text
            AND d.content ->> 'month' = to_char(r.month, 'YYYY-MM')
            AND d.content ->> 'price' = NEW.price::text AND d.content ->> 'policy' = NEW.policy
            AND d.content ->> 'metered_fen' = NEW.extra_over_fen::text
            AND d.content ->> 'extra_fen' = NEW.extra_fen::text);
    IF NOT (told AND more) THEN
        RAISE EXCEPTION 'two persons have not decided this of the cell'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'match_decided';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER decided BEFORE INSERT OR UPDATE OF metered_fen, invoiced_fen, matched_fen, extra_fen,
    extra_over_fen, closed_fen, decision, extra_decision ON matches
    FOR EACH ROW EXECUTE FUNCTION match_decided();

-- On which invoices, each with its red ones, a match rests: what of them was allocated to the cell when
-- it was decided, and how much of that was not excluded. The database writes it down.
CREATE TABLE match_documents (
    reconciliation bigint NOT NULL,
    price bigint NOT NULL,
    policy text NOT NULL,
    document bigint NOT NULL REFERENCES cost_documents,
    fen bigint NOT NULL,
    good_fen bigint NOT NULL CHECK (good_fen BETWEEN 0 AND fen),
    PRIMARY KEY (reconciliation, price, policy, document),
    FOREIGN KEY (reconciliation, price, policy) REFERENCES matches ON UPDATE CASCADE
);

CREATE FUNCTION rest_on_documents() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM match_documents WHERE (reconciliation, price, policy)
        = (NEW.reconciliation, NEW.price, NEW.policy);
    INSERT INTO match_documents (reconciliation, price, policy, document, fen, good_fen)
        SELECT NEW.reconciliation, NEW.price, NEW.policy, f.root, f.fen,
               greatest(f.fen - coalesce(e.fen, 0), 0)
        FROM (
            SELECT coalesce(d.reverses, d.id) AS root, sum(a.fen) AS fen
            FROM reconciliations r
            JOIN allocations a ON (a.contract, a.month, a.price, a.policy)
                = (r.contract, r.month, NEW.price, NEW.policy)
            JOIN cost_documents d ON d.id = a.document
            WHERE r.id = NEW.reconciliation GROUP BY root HAVING sum(a.fen) > 0
        ) f LEFT JOIN (
            SELECT (t ->> 'document')::bigint AS document, sum((t ->> 'fen')::bigint) AS fen
            FROM decisions d
            CROSS JOIN LATERAL jsonb_array_elements(d.content -> 'cells') AS c
            CROSS JOIN LATERAL jsonb_array_elements(c -> 'typed') AS t
            WHERE d.id = NEW.decision AND c ->> 'price' = NEW.price::text
                AND c ->> 'policy' = NEW.policy AND t ->> 'treatment' = 'exclude'
            GROUP BY t ->> 'document'
        ) e ON e.document = f.root;
    RETURN NULL;
END $$;
CREATE TRIGGER rest_new AFTER INSERT ON matches FOR EACH ROW EXECUTE FUNCTION rest_on_documents();
CREATE TRIGGER rest_anew AFTER UPDATE OF decision ON matches FOR EACH ROW
    WHEN (NEW.decision <> OLD.decision) EXECUTE FUNCTION rest_on_documents();

-- When something is taken out of a decided cell, its match falls to what still stands of the invoices
-- that it rests on: what of them was excluded is taken to stand. What another one pays counts once
-- two persons have decided it.
CREATE FUNCTION lower_matches() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE matches m
        SET matched_fen = b.fen, lowered_fen = m.lowered_fen + m.matched_fen - b.fen
        FROM (SELECT r.id, c.price, c.policy, (
                  SELECT coalesce(sum(greatest(least(d.good_fen, d.good_fen - d.fen + coalesce((
                      SELECT sum(a.fen) FROM cost_documents f JOIN allocations a ON a.document = f.id
                      WHERE coalesce(f.reverses, f.id) = d.document
                          AND (a.contract, a.month, a.price, a.policy)
                              = (c.contract, c.month, c.price, c.policy)), 0)), 0)), 0)
                  FROM match_documents d
                  WHERE (d.reconciliation, d.price, d.policy) = (r.id, c.price, c.policy)
              )::bigint AS fen
              FROM (SELECT DISTINCT contract, month, price, policy FROM fresh
                    WHERE TG_OP <> 'INSERT' OR fen < 0) c
              JOIN reconciliations r USING (contract, month)) b
        WHERE (m.reconciliation, m.price, m.policy) = (b.id, b.price, b.policy)
            AND m.matched_fen > b.fen;
    RETURN NULL;
END $$;
CREATE TRIGGER lower_new AFTER INSERT ON allocations REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION lower_matches();
CREATE TRIGGER lower_changed AFTER UPDATE ON allocations REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION lower_matches();
CREATE TRIGGER lower_gone AFTER DELETE ON allocations REFERENCING OLD TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION lower_matches();

-- The typed differences of a cell (R01–R20): `fen` above zero is invoiced and not metered, below
-- zero metered and not invoiced; together they explain the cell to the fen.
CREATE TABLE differences (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    decision bigint NOT NULL REFERENCES decisions,
    reconciliation bigint NOT NULL REFERENCES reconciliations,
    price bigint NOT NULL REFERENCES prices,
    policy text NOT NULL,
    code text NOT NULL CHECK (code ~ '^R(0[1-9]|1[0-9]|20)$'),
    document bigint REFERENCES cost_documents,
    line smallint,
    fen bigint NOT NULL,
    treatment text NOT NULL CHECK (treatment IN ('exclude', 'carry_over', 'close', 'note')),
    reason text NOT NULL
);
CREATE INDEX differences_by_reconciliation ON differences (reconciliation, decision);

-- A contract line that is stated anew, be it for later days only, is another row. What documents pay
-- for the old one, and what was decided of it, belongs to the line that stands for the month now: the
-- one with a charge, else the earliest. Where that has its own match, the old one stays and counts
-- nothing: two persons decide anew. Called when charges are computed, which follow in the same way.
CREATE FUNCTION line_now(of_price bigint, in_month date) RETURNS bigint
LANGUAGE sql STABLE STRICT
RETURN (
    SELECT n.id FROM prices o JOIN prices n ON n.contract = o.contract AND n.kind = o.kind
        AND (n.name = o.name OR n.kind = 'metered') AND coalesce(n.model, 0) = coalesce(o.model, 0)
        AND coalesce(n.mig_profile, '*') = coalesce(o.mig_profile, '*')
        AND (n.partition, n.qos, n.market) IS NOT DISTINCT FROM (o.partition, o.qos, o.market)
    WHERE o.id = of_price AND o.superseded_at IS NOT NULL AND n.superseded_at IS NULL
        AND n.valid && daterange(in_month, (in_month + interval '1 month')::date)
    ORDER BY NOT EXISTS (SELECT FROM charges c WHERE (c.contract, c.price, c.month)
                         = (n.contract, n.id, in_month)), lower(n.valid), n.id
    LIMIT 1
);

-- Where a voucher was opened after an invoice came, what was charged under no policy is charged under
-- the voucher's, and what pays for it follows.
CREATE FUNCTION policy_now(of_price bigint, in_month date, of_policy text) RETURNS text
LANGUAGE sql STABLE STRICT
RETURN (
    SELECT CASE WHEN of_policy <> '' OR coalesce(bool_or(c.policy = ''), true) THEN of_policy
                ELSE max(c.policy) END
    FROM charges c WHERE (c.price, c.month) = (of_price, in_month)
);

CREATE FUNCTION follow_lines(of_projects bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    old bigint[];
    bare bigint[];  -- allocations under no policy that belong under one
BEGIN
    SELECT array_agg(p.id) INTO old FROM prices p JOIN contracts k ON k.id = p.contract
        WHERE k.project = ANY(of_projects) AND p.superseded_at IS NOT NULL;
    SELECT array_agg(a.id) INTO bare FROM vouchers v JOIN contracts k ON k.project = v.project
        JOIN allocations a ON a.contract = k.id
        WHERE v.project = ANY(of_projects) AND a.policy = ''
            AND policy_now(coalesce(line_now(a.price, a.month), a.price), a.month, '') <> '';
    IF bare IS NULL AND NOT EXISTS (SELECT FROM allocations WHERE price = ANY(old))
        AND NOT EXISTS (SELECT FROM matches WHERE price = ANY(old)) THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.match', 0));
    UPDATE matches m SET price = f.now
        FROM (SELECT DISTINCT ON (m.reconciliation, m.policy, s.now) m.reconciliation, m.policy,
                     m.price, s.now
              FROM matches m JOIN reconciliations r ON r.id = m.reconciliation
              CROSS JOIN LATERAL (SELECT line_now(m.price, r.month) AS now) s
              WHERE m.price = ANY(old) AND s.now IS NOT NULL
              ORDER BY m.reconciliation, m.policy, s.now, m.decision DESC, m.price) f
        WHERE (m.reconciliation, m.policy, m.price) = (f.reconciliation, f.policy, f.price)
            AND NOT EXISTS (SELECT FROM matches t WHERE (t.reconciliation, t.policy, t.price)
                            = (f.reconciliation, f.policy, f.now));
    WITH gone AS (
        DELETE FROM allocations a
        WHERE a.price = ANY(old) AND line_now(a.price, a.month) IS NOT NULL OR a.id = ANY(bare)
        RETURNING a.*, coalesce(line_now(a.price, a.month), a.price) AS now
    )
    INSERT INTO allocations AS a (document, line, contract, month, price, policy, kind, fen,
            allocated_at, allocated_by)
        SELECT document, line, contract, month, now, policy_now(now, month, policy) AS under, kind,
               sum(fen), max(allocated_at), max(allocated_by)
        FROM gone GROUP BY document, line, contract, month, now, under, kind
        ON CONFLICT (document, line, contract, month, price, policy)
            DO UPDATE SET fen = a.fen + excluded.fen;
END $$;

-- A question to the centre, with a day by which it is to be answered.
CREATE TABLE messages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reconciliation bigint NOT NULL REFERENCES reconciliations,
    document bigint REFERENCES cost_documents,
    code text NOT NULL CHECK (code ~ '^R(0[1-9]|1[0-9]|20)$'),
    body text NOT NULL CHECK (body <> ''),
    answer_by date NOT NULL,
    sent_at timestamptz NOT NULL,
    sent_by text NOT NULL,
    answer text,
    answered_at timestamptz,
    answered_by text,
    CHECK ((answer IS NULL) = (answered_at IS NULL) AND (answer IS NULL) = (answered_by IS NULL))
);
CREATE INDEX messages_open ON messages (answer_by) WHERE answer IS NULL;

REVOKE EXECUTE ON FUNCTION allocations_fit, allocated_to_a_cell, red_fits, match_decided,
    rest_on_documents, lower_matches, line_now, policy_now, follow_lines FROM PUBLIC;
GRANT EXECUTE ON FUNCTION follow_lines TO :app_role;
GRANT SELECT, INSERT ON statements, statement_lines, statement_answers, allocations,
    reconciliations, matches, differences, messages TO :app_role;
GRANT SELECT ON family_sums, match_documents TO :app_role;
GRANT UPDATE (fen, allocated_at, allocated_by), DELETE ON allocations TO :app_role;
GRANT UPDATE (metered_fen, invoiced_fen, matched_fen, extra_fen, extra_over_fen, closed_fen, decision,
    extra_decision) ON matches TO :app_role;
GRANT UPDATE (answer, answered_at, answered_by) ON messages TO :app_role;
