-- Where an organisation is paid.

-- Where a payee is paid. One current account an organisation; a change takes two persons.
CREATE TABLE bank_accounts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id bigint NOT NULL REFERENCES organisations,
    holder text NOT NULL CHECK (holder <> ''),
    bank text NOT NULL CHECK (bank <> ''),
    bank_code text NOT NULL CHECK (bank_code ~ '^\d{12}$'),  -- 联行号
    number text NOT NULL CHECK (number ~ '^\d{6,32}$'),
    decision_id bigint NOT NULL UNIQUE REFERENCES decisions,
    confirmed_at timestamptz NOT NULL,
    superseded_at timestamptz CHECK (superseded_at >= confirmed_at)
);
CREATE INDEX bank_accounts_by_organisation ON bank_accounts (organisation_id);
CREATE UNIQUE INDEX bank_accounts_current ON bank_accounts (organisation_id) WHERE superseded_at IS NULL;
CREATE TRIGGER keep BEFORE UPDATE ON bank_accounts FOR EACH ROW EXECUTE FUNCTION keep_dated_fact();

-- An account is what two persons confirmed, to the digit.
CREATE FUNCTION account_decided() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM decisions d
            WHERE d.id = NEW.decision_id AND d.kind = 'account' AND d.answer = 'confirmed'
                AND d.content ->> 'organisation' = NEW.organisation_id::text
                AND d.content ->> 'holder' = NEW.holder AND d.content ->> 'bank' = NEW.bank
                AND d.content ->> 'bank_code' = NEW.bank_code
                AND d.content ->> 'number' = NEW.number) THEN
        RAISE EXCEPTION 'two persons have not confirmed this account'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'account_decided';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER decided BEFORE INSERT ON bank_accounts
    FOR EACH ROW EXECUTE FUNCTION account_decided();

-- Who saw which account numbers whole, and where; written and never changed.
CREATE TABLE number_reads (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL CHECK (actor <> ''),
    accounts bigint[] NOT NULL,
    place text NOT NULL CHECK (place <> '')
);
CREATE INDEX number_reads_by_account ON number_reads USING gin (accounts);

COMMENT ON TABLE number_reads IS 'Who saw account numbers whole, when and where; append-only';
COMMENT ON COLUMN number_reads.accounts IS 'Keys of bank_accounts; empty for one not confirmed yet';
COMMENT ON COLUMN number_reads.place IS 'The address of the page, answer or file';
COMMENT ON TABLE bank_accounts IS 'Where an organisation is paid; one in force at a time';
COMMENT ON COLUMN bank_accounts.bank_code IS 'CNAPS code, 12 digits';
COMMENT ON COLUMN bank_accounts.superseded_at IS
    'When another row, or none, took its place; null while it holds';

REVOKE EXECUTE ON FUNCTION account_decided FROM PUBLIC;
GRANT SELECT ON bank_accounts, number_reads TO :app_role;
GRANT INSERT (at, actor, accounts, place) ON number_reads TO :app_role;
GRANT INSERT ON bank_accounts TO :app_role;
GRANT UPDATE (superseded_at) ON bank_accounts TO :app_role;
