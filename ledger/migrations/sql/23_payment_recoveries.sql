-- Money that comes back: recoveries (追缴) and refunds.

-- A case of money to be paid back (追缴). What is outstanding is the voucher's `recoverable`.
CREATE TABLE recoveries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number text NOT NULL UNIQUE CHECK (number <> ''),
    voucher_id bigint NOT NULL REFERENCES vouchers,
    reason text NOT NULL CHECK (reason <> ''),
    fraud boolean NOT NULL,
    fen bigint NOT NULL CHECK (fen > 0),
    pay_by date NOT NULL,
    decision_id bigint NOT NULL UNIQUE REFERENCES decisions,
    opened_at timestamptz NOT NULL,
    opened_by text NOT NULL,
    closed_at timestamptz
);
CREATE INDEX recoveries_by_voucher ON recoveries (voucher_id);
CREATE UNIQUE INDEX recoveries_open ON recoveries (voucher_id) WHERE closed_at IS NULL;

-- Money that came back, apart from the lists; `to_treasury` where its year is over.
CREATE TABLE refunds (
    reference text PRIMARY KEY CHECK (reference <> ''),
    voucher_id bigint NOT NULL REFERENCES vouchers,
    indicator_id bigint NOT NULL REFERENCES indicators,
    fen bigint NOT NULL CHECK (fen > 0),
    on_day date NOT NULL,
    fraud boolean NOT NULL,
    to_treasury boolean NOT NULL,
    decision_id bigint NOT NULL UNIQUE REFERENCES decisions,
    received_at timestamptz NOT NULL,
    received_by text NOT NULL
);
CREATE INDEX refunds_by_indicator ON refunds (indicator_id);
CREATE INDEX refunds_by_voucher ON refunds (voucher_id);

-- Both are what two persons confirmed.
CREATE FUNCTION payback_decided() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    row jsonb := to_jsonb(NEW);
BEGIN
    IF NOT EXISTS (
        SELECT FROM decisions d WHERE d.id = NEW.decision_id AND d.kind = TG_ARGV[0]
            AND d.answer = 'confirmed' AND d.content -> 'voucher' = row -> 'voucher_id'
            AND d.content -> 'fraud' = row -> 'fraud'
            AND (d.kind = 'recovery'
                OR (d.content -> 'reference', d.content -> 'fen', d.content -> 'to_treasury')
                    = (row -> 'reference', row -> 'fen', row -> 'to_treasury'))
    ) THEN
        RAISE EXCEPTION 'two persons have not confirmed this %', TG_ARGV[0]
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payback_decided';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER decided BEFORE INSERT ON recoveries
    FOR EACH ROW EXECUTE FUNCTION payback_decided('recovery');
CREATE TRIGGER decided BEFORE INSERT ON refunds
    FOR EACH ROW EXECUTE FUNCTION payback_decided('refund');

COMMENT ON TABLE recoveries IS 'Cases of money to be paid back';
COMMENT ON COLUMN recoveries.fen IS 'Fen when the case was opened';
COMMENT ON TABLE refunds IS 'Money that came back apart from lists';
COMMENT ON COLUMN refunds.fen IS 'Fen';
COMMENT ON COLUMN refunds.to_treasury IS 'The year of its indicator is over';

REVOKE EXECUTE ON FUNCTION payback_decided FROM PUBLIC;
GRANT SELECT, INSERT ON recoveries, refunds TO :app_role;
GRANT UPDATE (closed_at) ON recoveries TO :app_role;
