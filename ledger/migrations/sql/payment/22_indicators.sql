-- Budget indicators (预算指标): the money of a year from which lists are paid.

-- A budget indicator (预算指标) of a year. What is given is told by postings; nothing else is spent.
CREATE TABLE indicators (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    book_id bigint NOT NULL UNIQUE REFERENCES books,
    number text NOT NULL CHECK (number <> '' AND is_visible(number)),
    year integer NOT NULL CHECK (year BETWEEN 2000 AND 2199),
    project_name text NOT NULL,
    fund_kind text NOT NULL,
    classification text NOT NULL CHECK (classification ~ '^\d{3}(\d{2}(\d{2})?)?$'),
    opened_at timestamptz NOT NULL,
    opened_by text NOT NULL,
    UNIQUE (number, year)
);
CREATE UNIQUE INDEX indicators_once ON indicators (plain_code(number), year);

CREATE FUNCTION open_budget_book() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM indicators
               WHERE (plain_code(number), year) = (plain_code(NEW.number), NEW.year)) THEN
        RAISE EXCEPTION 'the indicator is there'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'indicators_number_year_key';
    END IF;
    INSERT INTO books (ledger) VALUES ('budget') RETURNING id INTO NEW.book_id;
    INSERT INTO accounts (book_id, role, floor)
        SELECT NEW.book_id, role, CASE WHEN role = 'appropriation' THEN -1000000000000000 ELSE 0 END
        FROM roles WHERE ledger = 'budget';
    RETURN NEW;
END $$;
CREATE TRIGGER open BEFORE INSERT ON indicators FOR EACH ROW EXECUTE FUNCTION open_budget_book();

-- Who bears which share of every claim that is paid from these indicators: the city, the district.
-- `scheme` is the decision of two persons that says so.
CREATE TABLE indicator_shares (
    scheme bigint NOT NULL REFERENCES decisions,
    place smallint NOT NULL CHECK (place >= 1),
    bearer text NOT NULL CHECK (bearer <> ''),
    indicator_id bigint NOT NULL UNIQUE REFERENCES indicators,
    weight integer NOT NULL CHECK (weight > 0),
    PRIMARY KEY (scheme, place),
    UNIQUE (scheme, bearer)
);

CREATE FUNCTION shares_decided() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM decisions d JOIN indicators i ON i.id = NEW.indicator_id
        WHERE d.id = NEW.scheme AND d.kind = 'indicator' AND d.answer = 'confirmed'
            AND d.content -> 'shares' -> (NEW.place - 1) = jsonb_build_object('bearer', NEW.bearer,
                'number', i.number, 'year', i.year, 'weight', NEW.weight)
    ) THEN
        RAISE EXCEPTION 'two persons have not confirmed these shares'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'shares_decided';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER decided BEFORE INSERT ON indicator_shares
    FOR EACH ROW EXECUTE FUNCTION shares_decided();

COMMENT ON TABLE indicator_shares IS 'Who bears which share of what these indicators pay';
COMMENT ON COLUMN indicator_shares.weight IS 'Of all weights of its scheme';
COMMENT ON TABLE indicators IS 'Budget indicators of a year';
COMMENT ON COLUMN indicators.book_id IS 'Book of its money';

REVOKE EXECUTE ON FUNCTION open_budget_book, shares_decided FROM PUBLIC;
GRANT SELECT, INSERT ON indicator_shares TO :app_role;
GRANT SELECT ON indicators TO :app_role;
GRANT INSERT (number, year, project_name, fund_kind, classification, opened_at, opened_by) ON
    indicators TO :app_role;
