-- Reconciliation (对账), second part: one contract and one month, and what two persons decided of each
-- of its cells: metered, invoiced, matched, and every difference typed.

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

CREATE TABLE cost_books (
    book bigint NOT NULL UNIQUE REFERENCES books,
    reconciliation bigint PRIMARY KEY REFERENCES reconciliations
);

-- Of a cost book only `invoiced` has a floor of nothing: the others may lean either way.
CREATE FUNCTION open_cost_book() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM reconciliations WHERE id = NEW.reconciliation FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM cost_books WHERE reconciliation = NEW.reconciliation) THEN
        RAISE EXCEPTION 'the month has its book'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'cost_books_pkey';
    END IF;
    INSERT INTO books (ledger) VALUES ('cost') RETURNING id INTO NEW.book;
    INSERT INTO accounts (book, role, floor)
        SELECT NEW.book, role, CASE WHEN role = 'invoiced' THEN 0 ELSE -1000000000000000 END
        FROM roles WHERE ledger = 'cost';
    RETURN NEW;
END $$;
CREATE TRIGGER open BEFORE INSERT ON cost_books FOR EACH ROW EXECUTE FUNCTION open_cost_book();

REVOKE EXECUTE ON FUNCTION open_cost_book, match_decided, rest_on_documents, lower_matches FROM
    PUBLIC;
GRANT SELECT ON cost_books, match_documents TO :app_role;
GRANT INSERT (reconciliation) ON cost_books TO :app_role;
GRANT SELECT, INSERT ON reconciliations, matches, differences TO :app_role;
GRANT UPDATE (metered_fen, invoiced_fen, matched_fen, extra_fen, extra_over_fen, closed_fen, decision,
    extra_decision) ON matches TO :app_role;
