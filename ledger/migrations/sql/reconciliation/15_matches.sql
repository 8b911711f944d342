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
-- will not be invoiced any more and no longer counts, the rest stays open; once `carried`, later
-- invoices may pay for it. `held_fen` is what the books rest on: it rises by itself to what counts,
-- and falls only when two persons decide the fall, or the cell anew.
CREATE TABLE matches (
    reconciliation_id bigint NOT NULL REFERENCES reconciliations,
    part text NOT NULL CHECK (part IN ('compute', 'package', 'fee')),
    metered_fen bigint NOT NULL CHECK (metered_fen >= 0),
    invoiced_fen bigint NOT NULL CHECK (invoiced_fen >= 0),
    matched_fen bigint NOT NULL CHECK (matched_fen >= 0),
    extra_fen bigint NOT NULL CHECK (extra_fen >= 0),
    extra_over_fen bigint NOT NULL CHECK (extra_over_fen >= 0),
    closed_fen bigint NOT NULL CHECK (closed_fen >= 0),
    carried boolean NOT NULL DEFAULT false,
    held_fen bigint NOT NULL CHECK (held_fen >= 0),
    decision_id bigint NOT NULL REFERENCES decisions,
    extra_decision_id bigint REFERENCES decisions,
    fall_decision_id bigint REFERENCES decisions,
    PRIMARY KEY (reconciliation_id, part),
    CHECK (matched_fen <= invoiced_fen),
    CHECK (held_fen <= matched_fen),
    CONSTRAINT matched_was_metered CHECK (matched_fen <= metered_fen + extra_fen),
    CHECK (closed_fen <= metered_fen),
    CHECK ((extra_decision_id IS NOT NULL) OR (extra_fen = 0 AND extra_over_fen = 0))
);
CREATE INDEX matches_by_decision ON matches (decision_id);
CREATE INDEX matches_by_extra_decision ON matches (extra_decision_id);
CREATE INDEX matches_by_fall_decision ON matches (fall_decision_id);

-- On which lines of invoices, each with its red ones, a match rests: what of them was allocated to the
-- cell when it was decided, and how much of that was not excluded. The database writes it down.
CREATE TABLE match_lines (
    reconciliation_id bigint NOT NULL,
    part text NOT NULL,
    document_id bigint NOT NULL REFERENCES cost_documents,
    line smallint NOT NULL,
    fen bigint NOT NULL,
    good_fen bigint NOT NULL CHECK (good_fen BETWEEN 0 AND fen),
    PRIMARY KEY (reconciliation_id, part, document_id, line),
    FOREIGN KEY (reconciliation_id, part) REFERENCES matches
);
CREATE INDEX match_lines_by_document ON match_lines (document_id, line);

-- What still stands of the lines that matches rest on: what was excluded of a line is taken to stand
-- longest.
CREATE VIEW standing_lines AS
    SELECT l.reconciliation_id, l.part, r.contract_id, r.month, l.document_id, l.line,
           greatest(least(l.good_fen, l.good_fen - l.fen + coalesce((
               SELECT sum(a.fen) FROM cost_documents f JOIN allocations a ON a.document_id = f.id
               WHERE coalesce(f.reverses_id, f.id) = l.document_id AND a.line = l.line
                   AND (a.contract_id, a.month, a.part) = (r.contract_id, r.month, l.part)), 0)), 0
           )::bigint AS standing_fen
    FROM match_lines l JOIN reconciliations r ON r.id = l.reconciliation_id;

CREATE VIEW standing_matches AS
    SELECT m.reconciliation_id, m.part, r.contract_id, r.month,
           (SELECT coalesce(sum(l.standing_fen), 0) FROM standing_lines l
            WHERE (l.reconciliation_id, l.part) = (m.reconciliation_id, m.part)
           )::bigint AS standing_fen
    FROM matches m JOIN reconciliations r ON r.id = m.reconciliation_id;

-- A cell is what a confirmed decision about its contract's month says of it, to the fen; a decision that
-- more was used cuts what it matches to that bound; and an older decision takes no newer one's place.
CREATE FUNCTION match_decided() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    told boolean := TG_OP = 'UPDATE';
    more boolean := told;
BEGIN
    IF told THEN
        more := (NEW.extra_fen, NEW.extra_over_fen) = (OLD.extra_fen, OLD.extra_over_fen)
            AND NEW.extra_decision_id IS NOT DISTINCT FROM OLD.extra_decision_id;
        told := (NEW.decision_id, NEW.metered_fen, NEW.invoiced_fen, NEW.closed_fen, NEW.carried)
            = (OLD.decision_id, OLD.metered_fen, OLD.invoiced_fen, OLD.closed_fen, OLD.carried)
            AND NEW.matched_fen = CASE WHEN more THEN OLD.matched_fen
                ELSE least(OLD.matched_fen, NEW.metered_fen + NEW.extra_fen) END;
        IF NEW.decision_id < OLD.decision_id OR NEW.extra_decision_id < OLD.extra_decision_id
            OR NEW.fall_decision_id < OLD.fall_decision_id THEN
            RAISE EXCEPTION 'a newer decision stands'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'match_decided';
        END IF;
    END IF;
    told := told OR NEW.matched_fen = 0 AND NEW.closed_fen = 0 AND NOT NEW.carried
            AND NEW.decision_id = NEW.extra_decision_id
        OR EXISTS (
            SELECT FROM decisions d JOIN reconciliations r ON r.id = NEW.reconciliation_id
            CROSS JOIN LATERAL jsonb_array_elements(d.content -> 'cells') AS c
            WHERE d.id = NEW.decision_id AND d.kind = 'reconciliation' AND d.answer = 'confirmed'
                AND d.content ->> 'contract' = r.contract_id::text
                AND c ->> 'month' = to_char(r.month, 'YYYY-MM') AND c ->> 'part' = NEW.part
                AND c ->> 'metered_fen' = NEW.metered_fen::text
                AND c ->> 'invoiced_fen' = NEW.invoiced_fen::text
                AND c ->> 'closed_fen' = NEW.closed_fen::text
                AND c ->> 'matched_fen' = NEW.matched_fen::text
                AND (NOT NEW.carried OR OLD.carried
                     OR c -> 'typed' @> '[{"treatment": "carry_over"}]'));
    more := more OR NEW.extra_decision_id IS NULL OR EXISTS (
        SELECT FROM decisions d JOIN reconciliations r ON r.id = NEW.reconciliation_id
        WHERE d.id = NEW.extra_decision_id AND d.kind = 'extra' AND d.answer = 'confirmed'
            AND d.content ->> 'contract' = r.contract_id::text
            AND d.content ->> 'month' = to_char(r.month, 'YYYY-MM')
            AND d.content ->> 'part' = NEW.part
            AND d.content ->> 'metered_fen' = NEW.extra_over_fen::text
            AND d.content ->> 'extra_fen' = NEW.extra_fen::text);
    IF NOT (told AND more) THEN
        RAISE EXCEPTION 'two persons have not decided this of the cell'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'match_decided';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER decided BEFORE INSERT OR UPDATE OF metered_fen, invoiced_fen, matched_fen, extra_fen,
    extra_over_fen, closed_fen, carried, decision_id, extra_decision_id ON matches
    FOR EACH ROW EXECUTE FUNCTION match_decided();

-- What the books rest on: with a decision about the cell, what it matched; with one that more was used,
-- no more than that bound. Else it falls by a decision of two persons about exactly this fall, a newer
-- one each time. While what some version's days earned waits to fall, nothing rises either: it would be
-- mapped anew with it.
CREATE FUNCTION held_by_decision() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    falls boolean := NEW.fall_decision_id IS DISTINCT FROM OLD.fall_decision_id;
    sound boolean := NOT falls;
BEGIN
    IF NEW.decision_id <> OLD.decision_id THEN
        sound := sound AND NEW.held_fen = NEW.matched_fen;
    ELSIF NEW.extra_decision_id IS DISTINCT FROM OLD.extra_decision_id THEN
        sound := sound AND NEW.held_fen = least(OLD.held_fen, NEW.matched_fen);
    ELSIF falls OR NEW.held_fen < OLD.held_fen THEN
        sound := EXISTS (
            SELECT FROM decisions d JOIN reconciliations r ON r.id = NEW.reconciliation_id
            CROSS JOIN LATERAL jsonb_array_elements(d.content -> 'cells') AS c
            WHERE d.id = NEW.fall_decision_id AND d.kind = 'fall' AND d.answer = 'confirmed'
                AND d.id > coalesce(OLD.fall_decision_id, 0)
                AND d.content ->> 'contract' = r.contract_id::text
                AND d.content ->> 'month' = to_char(r.month, 'YYYY-MM')
                AND c ->> 'part' = NEW.part AND c ->> 'held_fen' = OLD.held_fen::text
                AND c ->> 'counted_fen' = NEW.held_fen::text);
    ELSIF NEW.held_fen > OLD.held_fen THEN
        sound := NOT EXISTS (
            SELECT FROM reconciliations r
            CROSS JOIN LATERAL cell_figures(ARRAY[r.contract_id], r.month) f
            WHERE r.id = NEW.reconciliation_id AND f.part = NEW.part AND f.version_fall_fen > 0);
    END IF;
    IF sound IS NOT TRUE THEN
        RAISE EXCEPTION 'what the books rest on falls by a decision of two persons'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'held_by_decision';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER held BEFORE UPDATE OF matched_fen, held_fen, decision_id, extra_decision_id,
    fall_decision_id ON matches
    FOR EACH ROW EXECUTE FUNCTION held_by_decision();

-- A decided match rests on what its cell's lines are allocated, less what was excluded of them. A line
-- that another cell still rests on, though it was taken from there, counts nowhere else before that
-- cell's fall is decided.
CREATE FUNCTION rest_on_lines() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM match_lines WHERE (reconciliation_id, part) = (NEW.reconciliation_id, NEW.part);
    INSERT INTO match_lines (reconciliation_id, part, document_id, line, fen, good_fen)
        SELECT NEW.reconciliation_id, NEW.part, f.root, f.line, f.fen,
               greatest(f.fen - coalesce(e.fen, 0), 0)
        FROM (
            SELECT coalesce(d.reverses_id, d.id) AS root, a.line, sum(a.fen) AS fen
            FROM reconciliations r
            JOIN allocations a ON (a.contract_id, a.month, a.part)
                = (r.contract_id, r.month, NEW.part)
            JOIN cost_documents d ON d.id = a.document_id
            WHERE r.id = NEW.reconciliation_id GROUP BY root, a.line HAVING sum(a.fen) > 0
        ) f LEFT JOIN (
            SELECT (t ->> 'document')::bigint AS document, (t ->> 'line')::smallint AS line,
                   sum((t ->> 'fen')::bigint) AS fen
            FROM reconciliations r, decisions d
            CROSS JOIN LATERAL jsonb_array_elements(d.content -> 'cells') AS c
            CROSS JOIN LATERAL jsonb_array_elements(c -> 'typed') AS t
            WHERE r.id = NEW.reconciliation_id AND d.id = NEW.decision_id
                AND c ->> 'month' = to_char(r.month, 'YYYY-MM') AND c ->> 'part' = NEW.part
                AND t ->> 'treatment' = 'exclude' AND t ->> 'document' IS NOT NULL
            GROUP BY 1, 2
        ) e ON (e.document, e.line) = (f.root, f.line);
    IF NEW.matched_fen > 0 AND EXISTS (
        SELECT FROM match_lines l
        JOIN match_lines o ON (o.document_id, o.line) = (l.document_id, l.line) AND o.good_fen > 0
            AND (o.reconciliation_id, o.part) <> (l.reconciliation_id, l.part)
        JOIN matches m ON (m.reconciliation_id, m.part) = (o.reconciliation_id, o.part)
        JOIN standing_matches s ON (s.reconciliation_id, s.part) = (o.reconciliation_id, o.part)
        WHERE (l.reconciliation_id, l.part) = (NEW.reconciliation_id, NEW.part)
            AND m.held_fen > s.standing_fen
    ) THEN
        RAISE EXCEPTION 'a line still counts in another cell'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'fall_first';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER rest_new AFTER INSERT ON matches FOR EACH ROW EXECUTE FUNCTION rest_on_lines();
CREATE TRIGGER rest_anew AFTER UPDATE OF decision_id ON matches FOR EACH ROW
    WHEN (NEW.decision_id <> OLD.decision_id) EXECUTE FUNCTION rest_on_lines();

-- Whatever was decided, the books rest on no more than counts when it is written: of the lines just
-- kept what still stands, and of the charges what is there.
CREATE FUNCTION held_counts() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (TG_OP = 'INSERT' OR NEW.held_fen > OLD.held_fen OR NEW.decision_id <> OLD.decision_id)
        AND NEW.held_fen > (
            SELECT f.counted_fen FROM reconciliations r
            CROSS JOIN LATERAL cell_figures(ARRAY[r.contract_id], r.month) f
            WHERE r.id = NEW.reconciliation_id AND f.part = NEW.part) THEN
        RAISE EXCEPTION 'less is invoiced and metered of the cell than the books would rest on'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'held_counts';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER then_counts AFTER INSERT OR UPDATE OF held_fen, matched_fen, decision_id ON matches
    FOR EACH ROW EXECUTE FUNCTION held_counts();

-- The typed differences of a cell (R01–R20): `fen` above zero is invoiced and not metered, below
-- zero metered and not invoiced; together they explain the cell to the fen.
CREATE TABLE differences (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    decision_id bigint NOT NULL REFERENCES decisions,
    reconciliation_id bigint NOT NULL REFERENCES reconciliations,
    part text NOT NULL,
    code text NOT NULL CHECK (code ~ '^R(0[1-9]|1[0-9]|20)$'),
    document_id bigint REFERENCES cost_documents,
    line smallint,
    fen bigint NOT NULL,
    treatment text NOT NULL CHECK (treatment IN ('exclude', 'carry_over', 'close', 'note')),
    reason text NOT NULL
);
CREATE INDEX differences_by_decision ON differences (decision_id);
CREATE INDEX differences_by_document ON differences (document_id);
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
COMMENT ON COLUMN matches.carried IS 'What was not invoiced was once carried over';
COMMENT ON COLUMN matches.held_fen IS 'Fen that the books rest on; falls by two persons only';
COMMENT ON TABLE match_lines IS 'On which lines of invoices a match rests; written by a trigger';
COMMENT ON COLUMN match_lines.fen IS 'Fen allocated when decided';
COMMENT ON COLUMN match_lines.good_fen IS 'Fen of it that were not excluded';
COMMENT ON VIEW standing_lines IS 'What still stands of each line that a match rests on, fen';
COMMENT ON VIEW standing_matches IS 'What still stands of the lines that a match rests on, fen';
COMMENT ON TABLE differences IS 'Typed differences of a cell, R01 to R20';
COMMENT ON COLUMN differences.fen IS 'Fen, above zero invoiced and not metered';
COMMENT ON TABLE cost_books IS 'The book of costs of a reconciliation';

REVOKE EXECUTE ON FUNCTION open_cost_book, match_decided, held_by_decision, rest_on_lines,
    held_counts FROM PUBLIC;
GRANT SELECT ON cost_books, match_lines, standing_lines, standing_matches TO :app_role;
GRANT INSERT (reconciliation_id) ON cost_books TO :app_role;
GRANT SELECT, INSERT ON reconciliations, matches, differences TO :app_role;
GRANT UPDATE (metered_fen, invoiced_fen, matched_fen, extra_fen, extra_over_fen, closed_fen, carried,
    held_fen, decision_id, extra_decision_id, fall_decision_id) ON matches TO :app_role;
