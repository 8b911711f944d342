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

-- Money that came back, apart from the lists; `to_treasury` where its year is over. One transfer of
-- the bank may pay back several debts: each is a part of its total.
CREATE TABLE refunds (
    reference text NOT NULL CHECK (reference <> '' AND is_visible(reference)),
    total_fen bigint NOT NULL CHECK (total_fen > 0),
    voucher_id bigint NOT NULL REFERENCES vouchers,
    indicator_id bigint NOT NULL REFERENCES indicators,
    fen bigint NOT NULL CHECK (fen > 0),
    on_day date NOT NULL,
    fraud boolean NOT NULL,
    to_treasury boolean NOT NULL,
    decision_id bigint NOT NULL UNIQUE REFERENCES decisions,
    received_at timestamptz NOT NULL,
    received_by text NOT NULL,
    PRIMARY KEY (reference, voucher_id, indicator_id)
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
                OR (d.content -> 'reference', d.content -> 'total_fen', d.content -> 'fen',
                    d.content -> 'on_day', d.content -> 'to_treasury')
                    = (row -> 'reference', row -> 'total_fen', row -> 'fen', row -> 'on_day',
                       row -> 'to_treasury')
                AND EXISTS (SELECT FROM indicators i WHERE to_jsonb(i.id) = row -> 'indicator_id'
                    AND (to_jsonb(i.number), to_jsonb(i.year))
                        = (d.content -> 'indicator', d.content -> 'year')))
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

-- The parts of a transfer are of one day and one total, and no more than that.
CREATE FUNCTION refund_of_transfer() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.refund ' || NEW.reference, 0));
    IF NEW.fen > NEW.total_fen - (SELECT coalesce(sum(fen), 0) FROM refunds
                                  WHERE reference = NEW.reference)
        OR EXISTS (SELECT FROM refunds WHERE reference = NEW.reference
                   AND (total_fen, on_day) <> (NEW.total_fen, NEW.on_day)) THEN
        RAISE EXCEPTION 'the parts of a transfer are no more than it'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refund_of_transfer';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fits BEFORE INSERT ON refunds
    FOR EACH ROW EXECUTE FUNCTION refund_of_transfer();

-- A case is closed when nothing of it is outstanding.
CREATE FUNCTION recovery_settled() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM vouchers v JOIN accounts a ON a.book_id = v.book_id
               WHERE v.id = NEW.voucher_id AND a.role = 'recoverable' AND a.balance <> 0) THEN
        RAISE EXCEPTION 'recovery % is not settled', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'recovery_settled';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER settled BEFORE INSERT OR UPDATE OF closed_at ON recoveries
    FOR EACH ROW WHEN (NEW.closed_at IS NOT NULL) EXECUTE FUNCTION recovery_settled();

COMMENT ON TABLE recoveries IS 'Cases of money to be paid back';
COMMENT ON COLUMN recoveries.fen IS 'Fen when the case was opened';
COMMENT ON TABLE refunds IS 'Money that came back apart from lists';
COMMENT ON COLUMN refunds.total_fen IS 'Fen of the whole transfer';
COMMENT ON COLUMN refunds.fen IS 'Fen of it that this voucher paid back to this indicator';
COMMENT ON COLUMN refunds.to_treasury IS 'The year of its indicator is over';

REVOKE EXECUTE ON FUNCTION payback_decided, refund_of_transfer, recovery_settled FROM PUBLIC;
GRANT SELECT, INSERT ON recoveries, refunds TO :app_role;
GRANT UPDATE (closed_at) ON recoveries TO :app_role;
