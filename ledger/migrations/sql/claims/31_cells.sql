-- What a claim names: of which months of which contracts its money is. Written when it is opened, and
-- once more when two persons approve it, who may approve less.

CREATE TABLE claim_cells (
    claim_id bigint NOT NULL REFERENCES claims,
    contract_id bigint NOT NULL REFERENCES contracts,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    fen bigint NOT NULL CHECK (fen > 0),
    approved_fen bigint CHECK (approved_fen BETWEEN 0 AND fen),
    due_fen bigint NOT NULL GENERATED ALWAYS AS (coalesce(approved_fen, fen)) STORED,
    PRIMARY KEY (claim_id, contract_id, month)
);
CREATE INDEX claim_cells_by_contract ON claim_cells (contract_id, month);

-- At commit the months are the claim's: of contracts of its project, and as much as it asks for, and
-- as was approved.
CREATE FUNCTION check_claim_cells() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM claims c
               LEFT JOIN LATERAL (
                   SELECT coalesce(sum(n.fen), 0) AS fen, coalesce(sum(n.due_fen), 0) AS due_fen
                   FROM claim_cells n WHERE n.claim_id = c.id) named ON true
               WHERE c.id = NEW.claim_id AND (named.fen, named.due_fen) <> (c.fen, c.due_fen)) THEN
        RAISE EXCEPTION 'the months are not what claim % is for', NEW.claim_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'claim_names_months';
    END IF;
    IF EXISTS (SELECT FROM claim_cells n JOIN claims c ON c.id = n.claim_id
               JOIN vouchers v ON v.id = c.voucher_id JOIN contracts k ON k.id = n.contract_id
               WHERE n.claim_id = NEW.claim_id AND k.project_id <> v.project_id) THEN
        RAISE EXCEPTION 'claim % names a contract of another project', NEW.claim_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'claim_names_its_project';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER named AFTER INSERT OR UPDATE ON claim_cells
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_claim_cells();
-- A claim that names nothing is not handed in, and not approved.
CREATE CONSTRAINT TRIGGER named AFTER INSERT ON claim_events
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.action IN ('submit', 'approve'))
    EXECUTE FUNCTION check_claim_cells();

-- What was approved of each month is what the decision says.
CREATE FUNCTION approve_claim_cells() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE claim_cells n SET approved_fen = coalesce((
            SELECT sum((m ->> 'fen')::bigint)
            FROM decisions d CROSS JOIN jsonb_array_elements(d.content -> 'claimed_months') m
            JOIN contracts k ON k.number = m ->> 'contract'
            WHERE d.id = (NEW.content ->> 'decision')::bigint AND k.id = n.contract_id
                AND m ->> 'month' = to_char(n.month, 'YYYY-MM')), 0)
        WHERE n.claim_id = NEW.claim_id;
    RETURN NULL;
END $$;
CREATE TRIGGER approve_months AFTER INSERT ON claim_events
    FOR EACH ROW WHEN (NEW.action = 'approve') EXECUTE FUNCTION approve_claim_cells();

COMMENT ON TABLE claim_cells IS 'Of which months of which contracts the money of a claim is';
COMMENT ON COLUMN claim_cells.month IS 'Its first day';
COMMENT ON COLUMN claim_cells.fen IS 'Fen that are asked for';
COMMENT ON COLUMN claim_cells.approved_fen IS 'Fen that two persons approved, at most what was asked for';
COMMENT ON COLUMN claim_cells.due_fen IS 'Fen to be paid of it in all';

REVOKE EXECUTE ON FUNCTION check_claim_cells, approve_claim_cells FROM PUBLIC;
GRANT SELECT ON claim_cells TO :app_role;
GRANT INSERT (claim_id, contract_id, month, fen) ON claim_cells TO :app_role;
