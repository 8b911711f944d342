-- Series of numbers that people quote: DF for claims, ZF for payment lists, ZJ for recoveries, ZM for certificates. The
-- number of a posting is given at commit (02_accounts); a statement's follows from contract and month.

CREATE TABLE series (
    prefix text NOT NULL CHECK (prefix IN ('DF', 'ZF', 'ZJ', 'ZM')),
    year integer NOT NULL CHECK (year BETWEEN 2000 AND 2199),
    last integer NOT NULL CHECK (last >= 1),
    PRIMARY KEY (prefix, year)
);

-- Whoever takes a number holds the row until the commit, so the next one waits: numbers have no gaps
-- and follow the order of commits. The application cannot turn a series back.
CREATE FUNCTION next_in_series(of_prefix text, of_year integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    INSERT INTO series (prefix, year, last) VALUES (of_prefix, of_year, 1)
        ON CONFLICT (prefix, year) DO UPDATE SET last = series.last + 1
        RETURNING last;
$$;

COMMENT ON TABLE series IS 'The last number given of each series and year';

REVOKE EXECUTE ON FUNCTION next_in_series FROM PUBLIC;
GRANT EXECUTE ON FUNCTION next_in_series TO :app_role;
GRANT SELECT ON series TO :app_role;
