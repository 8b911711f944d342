-- Nothing that money rests on is rewritten in silence: what charges, allocations and the queues of pools
-- said before is kept, by the owner, whoever changes or deletes them and by whatever program.

CREATE TABLE history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    relation text NOT NULL CHECK (relation IN ('charges', 'allocations', 'year_waits')),
    row jsonb NOT NULL,
    act text NOT NULL CHECK (act IN ('UPDATE', 'DELETE')),
    replaced_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    replaced_by text NOT NULL DEFAULT session_user
);
CREATE INDEX history_by_row ON history (relation, ((row ->> 'id')::bigint), id);
CREATE INDEX history_by_contract ON history (relation, ((row ->> 'contract_id')::bigint));

CREATE FUNCTION keep_deleted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO history (relation, row, act) SELECT TG_TABLE_NAME, to_jsonb(gone), TG_OP FROM gone;
    RETURN NULL;
END $$;

-- Usage of a month that is not over grows with each round; that it grew is no news.
CREATE FUNCTION keep_replaced() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO history (relation, row, act)
        SELECT TG_TABLE_NAME, was.row, TG_OP
        FROM (SELECT id, to_jsonb(gone) AS row FROM gone) was
        JOIN (SELECT id, to_jsonb(came) AS row FROM came) got USING (id)
        WHERE was.row <> got.row AND NOT (TG_TABLE_NAME = 'charges'
            AND (got.row ->> 'month')::date >= date_trunc('month', now() AT TIME ZONE interval '+08:00')
            AND (got.row ->> 'cost_fen')::bigint >= (was.row ->> 'cost_fen')::bigint
            AND (got.row ->> 'computed_at')::timestamptz >= (was.row ->> 'computed_at')::timestamptz
            AND got.row - '{cost_fen,ms_num,ms_den,promised_ms,computed_at}'::text[]
                = was.row - '{cost_fen,ms_num,ms_den,promised_ms,computed_at}'::text[]);
    RETURN NULL;
END $$;

CREATE TRIGGER history_deleted AFTER DELETE ON charges REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION keep_deleted();
CREATE TRIGGER history_deleted AFTER DELETE ON allocations REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION keep_deleted();
CREATE TRIGGER history_deleted AFTER DELETE ON year_waits REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION keep_deleted();
CREATE TRIGGER history_replaced AFTER UPDATE ON charges
    REFERENCING OLD TABLE AS gone NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION keep_replaced();
CREATE TRIGGER history_replaced AFTER UPDATE ON allocations
    REFERENCING OLD TABLE AS gone NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION keep_replaced();
CREATE TRIGGER history_replaced AFTER UPDATE ON year_waits
    REFERENCING OLD TABLE AS gone NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION keep_replaced();

COMMENT ON TABLE history IS 'What charges, allocations and waits said before; append-only, by triggers';
COMMENT ON COLUMN history.row IS 'The row before it was changed or deleted, fen as there';
COMMENT ON COLUMN history.replaced_by IS 'The login of the database; who decided stands in the rows';

REVOKE EXECUTE ON FUNCTION keep_deleted, keep_replaced FROM PUBLIC;
GRANT SELECT ON history TO :app_role;
