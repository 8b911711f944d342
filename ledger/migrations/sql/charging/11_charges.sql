-- Charges: what a project owes a centre for a month.

-- Under one price for one Beijing month, absolute, recomputed from day totals; one of the two
-- roundings. A charge of a reserved or fixed line has no one model; of a reserved one it says what was
-- promised.
CREATE TABLE charges (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    contract_id bigint NOT NULL REFERENCES contracts,
    price_id bigint NOT NULL REFERENCES prices,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    policy text NOT NULL,
    model_id bigint REFERENCES catalogue_models,
    mig_profile text NOT NULL,
    ms_num numeric NOT NULL CHECK (ms_num >= 0),  -- device-milliseconds, an exact fraction
    ms_den numeric NOT NULL CHECK (ms_den >= 1),
    cost_fen bigint NOT NULL CHECK (cost_fen >= 0),
    promised_ms bigint CHECK (promised_ms >= 0),
    computed_at timestamptz NOT NULL,
    CONSTRAINT one_charge
        UNIQUE NULLS NOT DISTINCT (contract_id, price_id, month, policy, model_id, mig_profile)
);
CREATE INDEX charges_by_price ON charges (price_id, month);

-- The last round in which a server priced and accrued by itself, for those who watch over it.
CREATE TABLE rounds (
    is_last boolean PRIMARY KEY DEFAULT true CHECK (is_last),
    finished_at timestamptz NOT NULL,
    took_ms bigint NOT NULL CHECK (took_ms >= 0),
    unpriced_ms numeric NOT NULL CHECK (unpriced_ms >= 0)
);

COMMENT ON TABLE rounds IS 'The last round of pricing and accruing; one row';
COMMENT ON COLUMN rounds.unpriced_ms IS 'Device-milliseconds of owned usage without a contract line';
COMMENT ON TABLE charges IS 'What a project owes a centre under one contract line for one month';
COMMENT ON COLUMN charges.month IS 'First day of the Beijing month';
COMMENT ON COLUMN charges.ms_num IS 'Device-milliseconds, numerator';
COMMENT ON COLUMN charges.ms_den IS 'Device-milliseconds, denominator';
COMMENT ON COLUMN charges.cost_fen IS 'Fen, rounded once';
COMMENT ON COLUMN charges.promised_ms IS 'Device-milliseconds that a reserved line was to deliver';
COMMENT ON COLUMN charges.policy IS 'Policy version, with its rate where that changed; empty without a voucher';

GRANT SELECT ON charges TO :app_role;
GRANT INSERT, UPDATE, DELETE ON charges TO :app_role;
GRANT SELECT, INSERT ON rounds TO :app_role;
GRANT UPDATE (finished_at, took_ms, unpriced_ms) ON rounds TO :app_role;
