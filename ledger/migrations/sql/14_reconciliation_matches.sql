-- Reconciliation (对账), second part: one contract and one month, and what two persons decided of each
-- of its cells: metered, invoiced, matched, and every difference typed.

CREATE TABLE reconciliations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    contract_id bigint NOT NULL REFERENCES contracts,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    opened_at timestamptz NOT NULL,
    opened_by text NOT NULL,
    UNIQUE (contract_id, month)
);

-- What two persons last decided of a cell. `matched_fen` counts for as long as it is invoiced and
-- metered, or `extra_fen` beyond the charge of `extra_over_fen`: two persons decided before that more
-- was used, and what is metered after all is no more on top of it. Of what was metered `closed_fen`
-- will not be invoiced any more and no longer counts, the rest stays open. By `lowered_fen` the match
-- fell since, because an invoice it rests on was reversed or moved.
CREATE TABLE matches (
    reconciliation_id bigint NOT NULL REFERENCES reconciliations,
    price_id bigint NOT NULL REFERENCES prices,
    policy text NOT NULL,
    metered_fen bigint NOT NULL CHECK (metered_fen >= 0),
    invoiced_fen bigint NOT NULL CHECK (invoiced_fen >= 0),
    matched_fen bigint NOT NULL CHECK (matched_fen >= 0),
    extra_fen bigint NOT NULL CHECK (extra_fen >= 0),
    extra_over_fen bigint NOT NULL CHECK (extra_over_fen >= 0),
    closed_fen bigint NOT NULL CHECK (closed_fen >= 0),
    decision_id bigint NOT NULL REFERENCES decisions,
    extra_decision_id bigint REFERENCES decisions,
    lowered_fen bigint NOT NULL DEFAULT 0 CHECK (lowered_fen >= 0),
    PRIMARY KEY (reconciliation_id, price_id, policy),
    CHECK (matched_fen <= invoiced_fen),
    CONSTRAINT matched_was_metered CHECK (matched_fen <= metered_fen + extra_fen),
    CHECK (closed_fen <= metered_fen),
    CHECK ((extra_decision_id IS NOT NULL) OR (extra_fen = 0 AND extra_over_fen = 0))
);
CREATE INDEX matches_by_decision ON matches (decision_id);
CREATE INDEX matches_by_extra_decision ON matches (extra_decision_id);
CREATE INDEX matches_by_price ON matches (price_id);

-- A cell is what a confirmed decision about its contract's month says of it, or less; and an older
-- decision takes no newer one's place.
CREATE FUNCTION match_decided() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    told boolean := TG_OP = 'UPDATE';
    more boolean := told;
BEGIN
    IF told THEN
        told := (NEW.decision_id, NEW.metered_fen, NEW.invoiced_fen, NEW.closed_fen)
            = (OLD.decision_id, OLD.metered_fen, OLD.invoiced_fen, OLD.closed_fen)
            AND NEW.matched_fen <= OLD.matched_fen;
        more := (NEW.extra_fen, NEW.extra_over_fen) = (OLD.extra_fen, OLD.extra_over_fen)
            AND NEW.extra_decision_id IS NOT DISTINCT FROM OLD.extra_decision_id;
        IF NEW.decision_id < OLD.decision_id OR NEW.extra_decision_id < OLD.extra_decision_id THEN
            RAISE EXCEPTION 'a newer decision stands'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'match_decided';
        END IF;
    END IF;
    IF TG_OP = 'INSERT' OR NEW.decision_id <> OLD.decision_id THEN
        NEW.lowered_fen := 0;
    END IF;
    told := told OR NEW.matched_fen = 0 AND NEW.closed_fen = 0 AND NEW.decision_id = NEW.extra_decision_id
        OR EXISTS (
            SELECT FROM decisions d JOIN reconciliations r ON r.id = NEW.reconciliation_id
            CROSS JOIN LATERAL jsonb_array_elements(d.content -> 'cells') AS c
            WHERE d.id = NEW.decision_id AND d.kind = 'reconciliation' AND d.answer = 'confirmed'
                AND d.content ->> 'contract' = r.contract_id::text
                AND d.content ->> 'month' = to_char(r.month, 'YYYY-MM')
                AND c ->> 'price' = NEW.price_id::text AND c ->> 'policy' = NEW.policy
                AND c ->> 'metered_fen' = NEW.metered_fen::text
                AND c ->> 'invoiced_fen' = NEW.invoiced_fen::text
                AND c ->> 'closed_fen' = NEW.closed_fen::text
                AND NEW.matched_fen <= (c ->> 'matched_fen')::bigint);
    more := more OR NEW.extra_decision_id IS NULL OR EXISTS (
        SELECT FROM decisions d JOIN reconciliations r ON r.id = NEW.reconciliation_id
        WHERE d.id = NEW.extra_decision_id AND d.kind = 'extra' AND d.answer = 'confirmed'
            AND d.content ->> 'contract' = r.contract_id::text
            AND d.content ->> 'month' = to_char(r.month, 'YYYY-MM')
            AND d.content ->> 'price' = NEW.price_id::text AND d.content ->> 'policy' = NEW.policy
            AND d.content ->> 'metered_fen' = NEW.extra_over_fen::text
            AND d.content ->> 'extra_fen' = NEW.extra_fen::text);
    IF NOT (told AND more) THEN
        RAISE EXCEPTION 'two persons have not decided this of the cell'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'match_decided';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER decided BEFORE INSERT OR UPDATE OF metered_fen, invoiced_fen, matched_fen, extra_fen,
    extra_over_fen, closed_fen, decision_id, extra_decision_id ON matches
    FOR EACH ROW EXECUTE FUNCTION match_decided();

-- On which invoices, each with its red ones, a match rests: what of them was allocated to the cell when
-- it was decided, and how much of that was not excluded. The database writes it down.
CREATE TABLE match_documents (
    reconciliation_id bigint NOT NULL,
    price_id bigint NOT NULL,
    policy text NOT NULL,
    document_id bigint NOT NULL REFERENCES cost_documents,
    fen bigint NOT NULL,
    good_fen bigint NOT NULL CHECK (good_fen BETWEEN 0 AND fen),
    PRIMARY KEY (reconciliation_id, price_id, policy, document_id),
    FOREIGN KEY (reconciliation_id, price_id, policy) REFERENCES matches ON UPDATE CASCADE
);
CREATE INDEX match_documents_by_document ON match_documents (document_id);

CREATE FUNCTION rest_on_documents() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM match_documents WHERE (reconciliation_id, price_id, policy)
        = (NEW.reconciliation_id, NEW.price_id, NEW.policy);
    INSERT INTO match_documents (reconciliation_id, price_id, policy, document_id, fen, good_fen)
        SELECT NEW.reconciliation_id, NEW.price_id, NEW.policy, f.root, f.fen,
               greatest(f.fen - coalesce(e.fen, 0), 0)
        FROM (
            SELECT coalesce(d.reverses_id, d.id) AS root, sum(a.fen) AS fen
            FROM reconciliations r
            JOIN allocations a ON (a.contract_id, a.month, a.price_id, a.policy)
                = (r.contract_id, r.month, NEW.price_id, NEW.policy)
            JOIN cost_documents d ON d.id = a.document_id
            WHERE r.id = NEW.reconciliation_id GROUP BY root HAVING sum(a.fen) > 0
        ) f LEFT JOIN (
            SELECT (t ->> 'document')::bigint AS document, sum((t ->> 'fen')::bigint) AS fen
            FROM decisions d
            CROSS JOIN LATERAL jsonb_array_elements(d.content -> 'cells') AS c
            CROSS JOIN LATERAL jsonb_array_elements(c -> 'typed') AS t
            WHERE d.id = NEW.decision_id AND c ->> 'price' = NEW.price_id::text
                AND c ->> 'policy' = NEW.policy AND t ->> 'treatment' = 'exclude'
            GROUP BY t ->> 'document'
        ) e ON e.document = f.root;
    RETURN NULL;
END $$;
CREATE TRIGGER rest_new AFTER INSERT ON matches FOR EACH ROW EXECUTE FUNCTION rest_on_documents();
CREATE TRIGGER rest_anew AFTER UPDATE OF decision_id ON matches FOR EACH ROW
    WHEN (NEW.decision_id <> OLD.decision_id) EXECUTE FUNCTION rest_on_documents();

-- When something is taken out of a decided cell, its match falls to what still stands of the invoices
-- that it rests on: what of them was excluded is taken to stand. What another one pays counts once
-- two persons have decided it.
CREATE FUNCTION lower_matches() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE matches m
        SET matched_fen = b.fen, lowered_fen = m.lowered_fen + m.matched_fen - b.fen
        FROM (SELECT r.id, c.price_id, c.policy, (
                  SELECT coalesce(sum(greatest(least(d.good_fen, d.good_fen - d.fen + coalesce((
                      SELECT sum(a.fen) FROM cost_documents f JOIN allocations a ON a.document_id = f.id
                      WHERE coalesce(f.reverses_id, f.id) = d.document_id
                          AND (a.contract_id, a.month, a.price_id, a.policy)
                              = (c.contract_id, c.month, c.price_id, c.policy)), 0)), 0)), 0)
                  FROM match_documents d
                  WHERE (d.reconciliation_id, d.price_id, d.policy) = (r.id, c.price_id, c.policy)
              )::bigint AS fen
              FROM (SELECT DISTINCT contract_id, month, price_id, policy FROM fresh
                    WHERE TG_OP <> 'INSERT' OR fen < 0) c
              JOIN reconciliations r USING (contract_id, month)) b
        WHERE (m.reconciliation_id, m.price_id, m.policy) = (b.id, b.price_id, b.policy)
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
    decision_id bigint NOT NULL REFERENCES decisions,
    reconciliation_id bigint NOT NULL REFERENCES reconciliations,
    price_id bigint NOT NULL REFERENCES prices,
    policy text NOT NULL,
    code text NOT NULL CHECK (code ~ '^R(0[1-9]|1[0-9]|20)$'),
    document_id bigint REFERENCES cost_documents,
    line smallint,
    fen bigint NOT NULL,
    treatment text NOT NULL CHECK (treatment IN ('exclude', 'carry_over', 'close', 'note')),
    reason text NOT NULL
);
CREATE INDEX differences_by_decision ON differences (decision_id);
CREATE INDEX differences_by_document ON differences (document_id);
CREATE INDEX differences_by_price ON differences (price_id);
CREATE INDEX differences_by_reconciliation ON differences (reconciliation_id, decision_id);

CREATE TABLE cost_books (
    book_id bigint NOT NULL UNIQUE REFERENCES books,
    reconciliation_id bigint PRIMARY KEY REFERENCES reconciliations
);

-- Of a cost book only `invoiced` has a floor of nothing: the others may lean either way.
CREATE FUNCTION open_cost_book() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM reconciliations WHERE id = NEW.reconciliation_id FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM cost_books WHERE reconciliation_id = NEW.reconciliation_id) THEN
        RAISE EXCEPTION 'the month has its book'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'cost_books_pkey';
    END IF;
    INSERT INTO books (ledger) VALUES ('cost') RETURNING id INTO NEW.book_id;
    INSERT INTO accounts (book_id, role, floor)
        SELECT NEW.book_id, role, CASE WHEN role = 'invoiced' THEN 0 ELSE -1000000000000000 END
        FROM roles WHERE ledger = 'cost';
    RETURN NEW;
END $$;
CREATE TRIGGER open BEFORE INSERT ON cost_books FOR EACH ROW EXECUTE FUNCTION open_cost_book();

COMMENT ON TABLE reconciliations IS 'One contract and one month, reconciled';
COMMENT ON COLUMN reconciliations.month IS 'First day of the Beijing month';
COMMENT ON TABLE matches IS 'What two persons last decided of a cell';
COMMENT ON COLUMN matches.matched_fen IS 'Fen that count';
COMMENT ON COLUMN matches.extra_fen IS 'Fen used beyond what was metered';
COMMENT ON COLUMN matches.closed_fen IS 'Fen metered that will not be invoiced';
COMMENT ON COLUMN matches.lowered_fen IS 'Fen by which the match fell since';
COMMENT ON TABLE match_documents IS 'On which invoices a match rests; written by a trigger';
COMMENT ON COLUMN match_documents.fen IS 'Fen allocated when decided';
COMMENT ON COLUMN match_documents.good_fen IS 'Fen of it that were not excluded';
COMMENT ON TABLE differences IS 'Typed differences of a cell, R01 to R20';
COMMENT ON COLUMN differences.fen IS 'Fen, above zero invoiced and not metered';
COMMENT ON TABLE cost_books IS 'The book of costs of a reconciliation';

REVOKE EXECUTE ON FUNCTION open_cost_book, match_decided, rest_on_documents, lower_matches FROM
    PUBLIC;
GRANT SELECT ON cost_books, match_documents TO :app_role;
GRANT INSERT (reconciliation_id) ON cost_books TO :app_role;
GRANT SELECT, INSERT ON reconciliations, matches, differences TO :app_role;
GRANT UPDATE (metered_fen, invoiced_fen, matched_fen, extra_fen, extra_over_fen, closed_fen, decision_id,
    extra_decision_id) ON matches TO :app_role;
