-- Reconciliation (对账), first part: the lines of documents are allocated to the cells (contract line,
-- month, policy version) that they pay for.

-- Which fen of which document line pays for which contract line, month and policy version. `kind`
-- is the project's: one document line never serves article 9 and article 14 together. Below zero
-- stands what a red document takes back, out of whatever its blue one paid.
CREATE TABLE allocations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_id bigint NOT NULL,
    line smallint NOT NULL,
    contract_id bigint NOT NULL REFERENCES contracts,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    price_id bigint NOT NULL REFERENCES prices,
    policy text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('model', 'team')),
    fen bigint NOT NULL CHECK (fen <> 0),
    allocated_at timestamptz NOT NULL,
    allocated_by text NOT NULL,
    FOREIGN KEY (document_id, line) REFERENCES document_lines,
    UNIQUE (document_id, line, contract_id, month, price_id, policy),
    CONSTRAINT one_kind_a_line EXCLUDE USING gist (document_id WITH =, line WITH =, kind WITH <>)
        WHERE (fen > 0)
);
CREATE INDEX allocations_by_price ON allocations (price_id);
CREATE INDEX allocations_by_contract ON allocations (contract_id, month);

-- An invoice with all its red ones: what it is worth net, and how much of it is allocated. It is worth
-- nothing before it stands.
CREATE VIEW family_sums AS
    SELECT f.root, sum(f.net_fen)::bigint AS net_fen, sum(f.allocated_fen)::bigint AS allocated_fen
    FROM (SELECT coalesce(d.reverses_id, d.id) AS root,
                 CASE WHEN d.stands THEN d.net_fen ELSE 0 END AS net_fen,
                 (SELECT coalesce(sum(a.fen), 0) FROM allocations a WHERE a.document_id = d.id)
                     AS allocated_fen
          FROM cost_documents d) f
    GROUP BY f.root;

-- Each line within its own amount; Σ allocations of an invoice with its red ones between nothing and
-- their net, and in no cell below nothing. The invoices are locked first, so that two who allocate
-- the same one take turns; and it is asked invoice by invoice: what there is besides costs nothing.
-- EXECUTE plans at each call: a plan that was kept from when the tables were still empty reads them
-- whole for every statement of a run that fills them (bench/match.py).
CREATE FUNCTION allocations_fit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    roots bigint[];
    wrong bigint;
BEGIN
    EXECUTE $query$
        SELECT array_agg(id) FROM (
            SELECT id FROM cost_documents
            WHERE id IN (SELECT coalesce(d.reverses_id, d.id)
                         FROM fresh f JOIN cost_documents d ON d.id = f.document_id)
            ORDER BY id FOR NO KEY UPDATE) locked
    $query$ INTO roots;
    EXECUTE $query$
        SELECT min(f.document_id)
        FROM (SELECT DISTINCT document_id, line FROM fresh) f
        JOIN document_lines l USING (document_id, line)
        CROSS JOIN LATERAL (SELECT sum(a.fen) AS fen FROM allocations a
                            WHERE a.document_id = f.document_id AND a.line = f.line) t
        WHERE t.fen NOT BETWEEN least(l.net_fen, 0) AND greatest(l.net_fen, 0)
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
                GROUP BY a.contract_id, a.month, a.price_id, a.policy HAVING sum(a.fen) < 0
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

-- A cell is of a contract line of that contract, and of a project of that kind.
CREATE FUNCTION allocated_to_a_cell() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT contract_id, price_id, kind FROM fresh EXCEPT
        SELECT k.id, c.id, p.kind FROM contracts k
            JOIN prices c ON c.contract_id = k.id JOIN projects p ON p.id = k.project_id
            WHERE c.id IN (SELECT price_id FROM fresh)
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
    IF EXISTS (SELECT FROM family_sums WHERE root = NEW.reverses_id
               AND (allocated_fen NOT BETWEEN 0 AND net_fen OR net_fen < 0)) THEN
        RAISE EXCEPTION 'red document % leaves more allocated than is left, or less than nothing', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'red_fits';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER red_fits AFTER INSERT OR UPDATE OF confirmed_at ON cost_documents
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.reverses_id IS NOT NULL) EXECUTE FUNCTION red_fits();

COMMENT ON TABLE allocations IS
    'Which fen of a document line pay for which contract line, month and policy';
COMMENT ON COLUMN allocations.fen IS 'Fen without tax, negative where a red document takes back';
COMMENT ON VIEW family_sums IS 'An invoice with its red ones: net and allocated, fen';

REVOKE EXECUTE ON FUNCTION allocations_fit, allocated_to_a_cell, red_fits FROM PUBLIC;
GRANT SELECT, INSERT ON allocations TO :app_role;
GRANT SELECT ON family_sums TO :app_role;
GRANT UPDATE (fen, allocated_at, allocated_by), DELETE ON allocations TO :app_role;
