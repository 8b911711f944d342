-- Charges: what a project owes a centre for a month.

-- Under one price for one Beijing month, absolute, recomputed from day totals; one of the two
-- roundings. A charge of a reserved or fixed line has no one model; of a reserved one it says what was
-- promised.
CREATE TABLE charges (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    contract bigint NOT NULL REFERENCES contracts,
    price bigint NOT NULL REFERENCES prices,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    policy text NOT NULL,
    model bigint REFERENCES catalogue_models,
    mig_profile text NOT NULL,
    ms_num numeric NOT NULL CHECK (ms_num >= 0),  -- device-milliseconds, an exact fraction
    ms_den numeric NOT NULL CHECK (ms_den >= 1),
    cost_fen bigint NOT NULL CHECK (cost_fen >= 0),
    promised_ms bigint CHECK (promised_ms >= 0),
    computed_at timestamptz NOT NULL,
    CONSTRAINT one_charge
        UNIQUE NULLS NOT DISTINCT (contract, price, month, policy, model, mig_profile)
);

GRANT SELECT ON charges TO :app_role;
GRANT INSERT, UPDATE, DELETE ON charges TO :app_role;
