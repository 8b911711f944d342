-- Reconciliation (对账), first part: the lines of documents are allocated to the cells (contract, month,
-- part of the cost) that they pay for. A cell outlives every restatement of prices, selectors and names.

-- Which fen of which document line pays for which cell. `kind` is the project's: one document line
-- never serves article 9 and article 14 together. `line` is always a line of the blue document: what a
-- red document takes back stands below zero, at the line that it takes back.
CREATE TABLE allocations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_id bigint NOT NULL REFERENCES cost_documents,
    line smallint NOT NULL,
    contract_id bigint NOT NULL REFERENCES contracts,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    part text NOT NULL CHECK (part IN ('compute', 'package', 'fee')),
    kind text NOT NULL CHECK (kind IN ('model', 'team')),
    fen bigint NOT NULL CHECK (fen <> 0),
    by_hand boolean NOT NULL DEFAULT false,  -- a clerk put it there: no rule takes it away
    allocated_at timestamptz NOT NULL,
    allocated_by text NOT NULL,
    UNIQUE (document_id, line, contract_id, month, part),
    CONSTRAINT one_kind_a_line EXCLUDE USING gist (document_id WITH =, line WITH =, kind WITH <>)
        WHERE (fen > 0)
);
CREATE INDEX allocations_by_contract ON allocations (contract_id, month);

-- An invoice with all its red ones: what it is worth net, and how much of it is allocated. It is worth
-- nothing before it stands; a red one counts once it is known which lines it takes back.
CREATE VIEW family_sums AS
    SELECT f.root, sum(f.net_fen)::bigint AS net_fen, sum(f.allocated_fen)::bigint AS allocated_fen
    FROM (SELECT coalesce(d.reverses_id, d.id) AS root,
                 CASE WHEN d.reverses_id IS NOT NULL
                      THEN (SELECT coalesce(sum(p.fen), 0) FROM red_parts p WHERE p.document_id = d.id)
                      WHEN d.stands THEN d.net_fen ELSE 0 END AS net_fen,
                 (SELECT coalesce(sum(a.fen), 0) FROM allocations a WHERE a.document_id = d.id)
                     AS allocated_fen
          FROM cost_documents d) f
    GROUP BY f.root;

-- What each line of a blue document is worth, net of its red ones, and how much of it is allocated.
CREATE VIEW line_sums AS
    SELECT l.document_id AS root, l.line,
           l.net_fen + (SELECT coalesce(sum(p.fen), 0) FROM cost_documents r
                        JOIN red_parts p ON p.document_id = r.id AND p.line = l.line
                        WHERE r.reverses_id = l.document_id)::bigint AS net_fen,
           (SELECT coalesce(sum(a.fen), 0) FROM cost_documents f
            JOIN allocations a ON a.document_id = f.id AND a.line = l.line
            WHERE coalesce(f.reverses_id, f.id) = l.document_id)::bigint AS allocated_fen
    FROM document_lines l;

-- Each line, and each invoice as a whole, within what is left of it; each red document within what it
-- takes back; and no line in any cell below nothing. The invoices are locked first, so that two who
-- allocate the same one take turns; and it is asked invoice by invoice: what there is besides costs
-- nothing. EXECUTE plans at each call: a plan that was kept from when the tables were still empty
-- reads them whole for every statement of a run that fills them (bench/match.py).
CREATE FUNCTION allocations_fit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    roots bigint[];
    wrong bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM fresh) THEN RETURN NULL; END IF;  -- an INSERT that could have updated
    EXECUTE $query$
        SELECT array_agg(id) FROM (
            SELECT id FROM cost_documents
            WHERE id IN (SELECT coalesce(d.reverses_id, d.id)
                         FROM fresh f JOIN cost_documents d ON d.id = f.document_id)
            ORDER BY id FOR NO KEY UPDATE) locked
    $query$ INTO roots;
    EXECUTE $query$
        SELECT min(t.root)
        FROM (SELECT DISTINCT coalesce(d.reverses_id, d.id) AS root, f.line
              FROM fresh f JOIN cost_documents d ON d.id = f.document_id) t
        LEFT JOIN LATERAL (
            SELECT allocated_fen BETWEEN 0 AND net_fen AS fits
            FROM line_sums s WHERE (s.root, s.line) = (t.root, t.line) OFFSET 0) s ON true
        WHERE s.fits IS NOT TRUE
    $query$ INTO wrong;
    IF wrong IS NULL THEN
        EXECUTE $query$
            SELECT min(family) FROM unnest($1) AS family
            CROSS JOIN LATERAL (SELECT * FROM family_sums WHERE root = family OFFSET 0) s
            WHERE s.allocated_fen NOT BETWEEN 0 AND s.net_fen
        $query$ INTO wrong USING roots;
    END IF;
    IF wrong IS NULL THEN
        EXECUTE $query$
            SELECT min(family) FROM unnest($1) AS family
            CROSS JOIN LATERAL (
                SELECT FROM cost_documents d JOIN allocations a ON a.document_id = d.id
                WHERE coalesce(d.reverses_id, d.id) = family
                GROUP BY a.line, a.contract_id, a.month, a.part HAVING sum(a.fen) < 0
            ) below
        $query$ INTO wrong USING roots;
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

-- A cell is of a contract, and of a project of that kind.
CREATE FUNCTION allocated_to_a_cell() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT contract_id, kind FROM fresh EXCEPT
        SELECT k.id, p.kind FROM contracts k JOIN projects p ON p.id = k.project_id
            WHERE k.id IN (SELECT contract_id FROM fresh)
    ) THEN
        RAISE EXCEPTION 'a project of another kind'
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
    IF EXISTS (
        SELECT FROM cost_documents d JOIN line_sums s ON s.root = d.reverses_id AND s.line = NEW.line
        WHERE d.id = NEW.document_id AND s.allocated_fen > s.net_fen
    ) OR EXISTS (
        SELECT FROM cost_documents d JOIN family_sums f ON f.root = d.reverses_id
        WHERE d.id = NEW.document_id AND f.allocated_fen > f.net_fen
    ) THEN
        RAISE EXCEPTION 'red document % leaves more allocated than is left', NEW.document_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'red_fits';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER red_fits AFTER INSERT ON red_parts DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION red_fits();

COMMENT ON TABLE allocations IS 'Which fen of a document line pay for which cell of a contract';
COMMENT ON COLUMN allocations.line IS 'Line of the blue document, also where a red one takes it back';
COMMENT ON COLUMN allocations.part IS 'compute, package, or fee: what is no compute cost';
COMMENT ON COLUMN allocations.fen IS 'Fen without tax, negative where a red document takes back';
COMMENT ON COLUMN allocations.by_hand IS 'Put there by a clerk: no rule takes it away';
COMMENT ON VIEW family_sums IS 'An invoice with its red ones: net and allocated, fen';
COMMENT ON VIEW line_sums IS 'A line of an invoice, net of its red ones: net and allocated, fen';

REVOKE EXECUTE ON FUNCTION allocations_fit, allocated_to_a_cell, red_fits FROM PUBLIC;
GRANT SELECT, INSERT ON allocations TO :app_role;
GRANT SELECT ON family_sums, line_sums TO :app_role;
GRANT UPDATE (fen, by_hand, allocated_at, allocated_by), DELETE ON allocations TO :app_role;
