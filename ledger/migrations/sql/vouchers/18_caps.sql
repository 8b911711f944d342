-- A cap changes, and a promise is lowered, only by a confirmed decision of two persons.

-- The cap of a voucher is the floor of its contra account. It changes by a confirmed decision of two
-- persons that names the voucher and the new cap; the newest one holds, so an old one brings no old
-- cap back. It is never below what is promised: the promise is taken back first.
CREATE FUNCTION set_cap(of_decision bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    cap bigint;
    of_book bigint;
BEGIN
    SELECT (d.content ->> 'cap_fen')::bigint, v.book_id INTO cap, of_book
        FROM decisions d JOIN vouchers v ON v.id = (d.content ->> 'voucher')::bigint
        WHERE d.id = of_decision AND d.kind = 'cap' AND d.answer = 'confirmed'
            AND NOT EXISTS (
                SELECT FROM decisions later
                WHERE later.id > d.id AND later.kind = 'cap' AND later.answer = 'confirmed'
                    AND later.content -> 'voucher' = d.content -> 'voucher'
            );
    IF cap IS NULL OR cap <= 0 THEN
        RAISE EXCEPTION 'a cap changes by the newest confirmed decision'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'two_persons_decided';
    END IF;
    PERFORM FROM books WHERE id = of_book FOR NO KEY UPDATE;
    UPDATE accounts SET floor = -cap WHERE book_id = of_book AND role = 'clause';
END $$;

-- Nor does any other way lower a promise: these moves belong to the posting of a confirmed decision
-- about that voucher, which is named `decision/<id>` and so is made once, and take no more back than
-- it says.
CREATE FUNCTION lower_by_decision() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM postings p
        JOIN decisions d ON d.id = substring(p.cause FROM '^decision/([0-9]{1,18})$')::bigint
        JOIN vouchers v ON v.id = (d.content ->> 'voucher')::bigint
        WHERE p.id = NEW.posting_id AND v.book_id = NEW.book_id AND d.answer = 'confirmed'
            AND (d.kind = 'lapse' AND NEW.kind = 'lapse'
                OR d.kind = 'cap' AND NEW.kind <> 'lapse' AND (
                    SELECT sum(m.amount) FROM movements m
                    WHERE (m.posting_id, m.book_id, m.kind) = (NEW.posting_id, NEW.book_id, NEW.kind)
                ) <= (d.content ->> 'before_fen')::bigint - (d.content ->> 'cap_fen')::bigint)
    ) THEN
        RAISE EXCEPTION 'a promise is lowered by a decision of two persons'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'two_persons_decided';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER lower AFTER INSERT ON movements FOR EACH ROW
    WHEN (NEW.kind IN ('withdraw', 'reduce', 'lapse')) EXECUTE FUNCTION lower_by_decision();

REVOKE EXECUTE ON FUNCTION set_cap, lower_by_decision FROM PUBLIC;
GRANT EXECUTE ON FUNCTION set_cap TO :app_role;

-- Caps for each year (年度上限) and yearly pools (年度资金池), beside the cap for life. A fen counts to
-- the calendar year of its month of use. What a voucher has recognised, payable, sent or paid, is drawn
-- from a book of the voucher's year, and from the book of the pool to which its clause belongs in that
-- year. The cap is the floor of such a book's contra account, as that for life is.

-- Another cap for each year of a voucher, from a year on; the newest decision holds from its year on,
-- also over an older one of a later year.
CREATE TABLE year_caps (
    decision_id bigint PRIMARY KEY REFERENCES decisions,
    voucher_id bigint NOT NULL REFERENCES vouchers,
    since smallint NOT NULL CHECK (since BETWEEN 2000 AND 2099),
    cap_fen bigint CHECK (cap_fen > 0)  -- null: none
);
CREATE INDEX year_caps_by_voucher ON year_caps (voucher_id, decision_id);

-- A budget line of a year that the vouchers of some clauses share. A clause has at most one in a year,
-- and whoever is opened under it has a part in it.
CREATE TABLE pools (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    book_id bigint NOT NULL UNIQUE REFERENCES books,
    year smallint NOT NULL CHECK (year BETWEEN 2000 AND 2099),
    number text NOT NULL CHECK (number <> ''),
    decision_id bigint NOT NULL UNIQUE REFERENCES decisions,
    UNIQUE (year, number),
    UNIQUE (id, year)
);
CREATE TABLE pool_clauses (
    year smallint NOT NULL,
    clause text NOT NULL,
    pool_id bigint NOT NULL,
    PRIMARY KEY (year, clause),
    FOREIGN KEY (pool_id, year) REFERENCES pools (id, year)
);
CREATE INDEX pool_clauses_by_pool ON pool_clauses (pool_id, year);

CREATE TABLE voucher_years (
    voucher_id bigint NOT NULL REFERENCES vouchers,
    year smallint NOT NULL CHECK (year BETWEEN 2000 AND 2099),
    book_id bigint NOT NULL UNIQUE REFERENCES books,
    PRIMARY KEY (voucher_id, year)
);

-- What is recognised while its pool is empty waits, first come first served: by number.
CREATE TABLE year_waits (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    voucher_id bigint NOT NULL,
    year smallint NOT NULL,
    fen bigint NOT NULL CHECK (fen > 0),
    since timestamptz NOT NULL,
    FOREIGN KEY (voucher_id, year) REFERENCES voucher_years
);
CREATE INDEX year_waits_by_year ON year_waits (voucher_id, year, id);

-- The books of a voucher's years, and those of its pools.
CREATE VIEW year_books AS
    SELECT v.id AS voucher_id, v.clause, y.year, y.book_id, NULL::bigint AS pool_id
    FROM voucher_years y JOIN vouchers v ON v.id = y.voucher_id
    UNION ALL
    SELECT v.id, v.clause, l.year, l.book_id, l.id
    FROM vouchers v JOIN pool_clauses c USING (clause) JOIN pools l ON l.id = c.pool_id;

CREATE FUNCTION year_cap_of(of_voucher bigint, of_year integer) RETURNS bigint
LANGUAGE sql STABLE
RETURN (
    SELECT cap_fen FROM (
        SELECT y.cap_fen, y.decision_id FROM year_caps y
        WHERE y.voucher_id = of_voucher AND y.since <= of_year
        UNION ALL
        SELECT c.year_cap_fen, 0 FROM vouchers v JOIN clauses c USING (policy, clause)
        WHERE v.id = of_voucher
    ) caps ORDER BY decision_id DESC LIMIT 1
);

-- Whether a voucher has, or ever had, a cap for a year or a part in a pool: then all that it
-- recognises, in whatever year, is drawn.
CREATE FUNCTION draws_by_year(of_voucher bigint) RETURNS boolean
LANGUAGE sql STABLE
RETURN EXISTS (
    SELECT FROM vouchers v JOIN clauses c USING (policy, clause) WHERE v.id = of_voucher AND (
        c.year_cap_fen IS NOT NULL
        OR EXISTS (SELECT FROM pool_clauses p WHERE p.clause = v.clause)
        OR EXISTS (SELECT FROM year_caps y WHERE y.voucher_id = v.id))
);

CREATE FUNCTION open_year_book() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM books b JOIN vouchers v ON v.book_id = b.id
        WHERE v.id = NEW.voucher_id FOR NO KEY UPDATE OF b;
    IF EXISTS (SELECT FROM voucher_years
               WHERE (voucher_id, year) = (NEW.voucher_id, NEW.year)) THEN
        RAISE EXCEPTION 'the year has its book'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'voucher_years_pkey';
    END IF;
    INSERT INTO books (ledger) VALUES ('year') RETURNING id INTO NEW.book_id;
    INSERT INTO accounts (book_id, role, floor) VALUES
        (NEW.book_id, 'drawn', 0),
        (NEW.book_id, 'ceiling',
         -coalesce(year_cap_of(NEW.voucher_id, NEW.year), 1000000000000000));
    RETURN NEW;
END $$;
CREATE TRIGGER open BEFORE INSERT ON voucher_years FOR EACH ROW EXECUTE FUNCTION open_year_book();

-- A voucher's cap for each year changes by the newest confirmed decision about it, never below what is
-- drawn: that would fall only by two persons, month by month.
CREATE FUNCTION set_year_cap(of_decision bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    changed year_caps;
BEGIN
    PERFORM FROM books b JOIN vouchers v ON v.book_id = b.id
        JOIN decisions d ON d.content ->> 'voucher' = v.id::text
        WHERE d.id = of_decision AND d.kind = 'year_cap' FOR NO KEY UPDATE OF b;
    INSERT INTO year_caps (decision_id, voucher_id, since, cap_fen)
        SELECT d.id, (d.content ->> 'voucher')::bigint, (d.content ->> 'since_year')::smallint,
               (d.content ->> 'cap_fen')::bigint
        FROM decisions d
        WHERE d.id = of_decision AND d.kind = 'year_cap' AND d.answer = 'confirmed'
            AND NOT EXISTS (SELECT FROM decisions later
                WHERE later.id > d.id AND later.kind = 'year_cap' AND later.answer = 'confirmed'
                    AND later.content -> 'voucher' = d.content -> 'voucher')
        RETURNING * INTO changed;
    IF changed IS NULL THEN
        RAISE EXCEPTION 'a cap changes by the newest confirmed decision'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'two_persons_decided';
    END IF;
    UPDATE accounts a
        SET floor = -coalesce(year_cap_of(y.voucher_id, y.year), 1000000000000000)
        FROM voucher_years y
        WHERE y.voucher_id = changed.voucher_id AND y.year >= changed.since
            AND a.book_id = y.book_id AND a.role = 'ceiling';
END $$;

-- So does a pool. Its first decision makes it, for the clauses that it names; their rows are locked, so
-- that nobody opens a voucher under them meanwhile.
CREATE FUNCTION set_pool(of_decision bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wish record;
    pool record;
BEGIN
    SELECT (d.content ->> 'year')::smallint AS year, d.content ->> 'pool' AS number,
           (d.content ->> 'cap_fen')::bigint AS cap_fen, d.content -> 'clauses' AS clauses
        INTO wish
        FROM decisions d
        WHERE d.id = of_decision AND d.kind = 'pool' AND d.answer = 'confirmed'
            AND NOT EXISTS (SELECT FROM decisions later
                WHERE later.id > d.id AND later.kind = 'pool' AND later.answer = 'confirmed'
                    AND later.content -> 'year' = d.content -> 'year'
                    AND later.content -> 'pool' = d.content -> 'pool');
    IF wish IS NULL OR wish.cap_fen IS NULL OR wish.cap_fen <= 0 THEN
        RAISE EXCEPTION 'a pool changes by the newest confirmed decision'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'two_persons_decided';
    END IF;
    PERFORM FROM clauses WHERE wish.clauses ? clause FOR UPDATE;
    SELECT p.id, p.book_id INTO pool FROM pools p JOIN books b ON b.id = p.book_id
        WHERE (p.year, p.number) = (wish.year, wish.number) FOR NO KEY UPDATE OF b;
    IF NOT FOUND THEN
        INSERT INTO books (ledger) VALUES ('year') RETURNING id AS book_id, id INTO pool;
        INSERT INTO accounts (book_id, role, floor) VALUES
            (pool.book_id, 'drawn', 0), (pool.book_id, 'ceiling', 0);
        INSERT INTO pools (book_id, year, number, decision_id)
            VALUES (pool.book_id, wish.year, wish.number, of_decision)
            RETURNING id, book_id INTO pool;
        INSERT INTO pool_clauses (year, clause, pool_id)
            SELECT wish.year, clause, pool.id FROM jsonb_array_elements_text(wish.clauses) clause;
    END IF;
    UPDATE accounts SET floor = -wish.cap_fen WHERE book_id = pool.book_id AND role = 'ceiling';
    RETURN pool.id;
END $$;

-- No statement leaves a voucher with more recognised than its years have drawn, nor a pool's vouchers
-- with more drawn than the pool: so neither is ever above the cap. What a bank undoes by two persons is
-- exempt, as it comes about by itself. The books of the vouchers are locked before those of the pools.
CREATE FUNCTION draw_by_year() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    of_vouchers bigint[];
    of_pools bigint[];
BEGIN
    IF NOT EXISTS (SELECT FROM fresh WHERE kind IN ('match', 'set_off', 'draw', 'undraw')) THEN
        RETURN NULL;
    END IF;
    SELECT array_agg(v.id) INTO of_vouchers FROM vouchers v
        WHERE v.id IN (SELECT w.id FROM fresh JOIN vouchers w USING (book_id)
                       UNION SELECT voucher_id FROM fresh JOIN voucher_years USING (book_id))
            AND draws_by_year(v.id);
    SELECT array_agg(l.id) INTO of_pools FROM pools l
        WHERE l.book_id IN (SELECT book_id FROM fresh)
            OR EXISTS (SELECT FROM fresh f JOIN voucher_years y USING (book_id)
                       JOIN vouchers v ON v.id = y.voucher_id
                       JOIN pool_clauses c ON (c.year, c.clause) = (y.year, v.clause)
                       WHERE c.pool_id = l.id);
    PERFORM FROM books WHERE id IN (SELECT book_id FROM vouchers WHERE id = ANY (of_vouchers))
        ORDER BY id FOR NO KEY UPDATE;
    PERFORM FROM books WHERE id IN (SELECT book_id FROM pools WHERE id = ANY (of_pools))
        ORDER BY id FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT FROM unnest(of_vouchers) id JOIN vouchers v USING (id)
        WHERE 0 < (
            SELECT sum(CASE WHEN f.kind IN ('match', 'set_off', 'undraw') THEN f.amount
                            WHEN f.kind IN ('unmatch', 'recall', 'draw') THEN -f.amount ELSE 0 END)
            FROM fresh f WHERE f.book_id = v.book_id
                OR f.book_id IN (SELECT book_id FROM voucher_years WHERE voucher_id = v.id)
        ) AND (
            SELECT sum(balance) FROM accounts
            WHERE book_id = v.book_id AND role IN ('payable', 'sent', 'paid')
        ) > (
            SELECT coalesce(sum(a.balance), 0) FROM voucher_years y JOIN accounts a USING (book_id)
            WHERE y.voucher_id = v.id AND a.role = 'drawn')
    ) OR EXISTS (
        SELECT FROM pools l JOIN accounts p ON p.book_id = l.book_id AND p.role = 'drawn'
        WHERE l.id = ANY (of_pools) AND p.balance < (
            SELECT coalesce(sum(a.balance), 0) FROM pool_clauses c
            JOIN vouchers v USING (clause)
            JOIN voucher_years y ON (y.voucher_id, y.year) = (v.id, c.year)
            JOIN accounts a ON a.book_id = y.book_id AND a.role = 'drawn'
            WHERE c.pool_id = l.id)
    ) THEN
        RAISE EXCEPTION 'more is recognised than its years have drawn'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'drawn_of_its_year';
    END IF;
    RETURN NULL;
END $$;
-- Its name comes after `post`, so that it sees the balances.
CREATE TRIGGER years AFTER INSERT ON movements REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION draw_by_year();

-- What waits is served or given up, it does not grow in its place.
CREATE FUNCTION keep_wait() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'what waits longer does not become more'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'waits_in_order';
END $$;
CREATE TRIGGER keep BEFORE UPDATE ON year_waits FOR EACH ROW
    WHEN (NEW.fen >= OLD.fen) EXECUTE FUNCTION keep_wait();

COMMENT ON TABLE year_caps IS 'Caps of vouchers for each year from a year on, decided by two persons';
COMMENT ON COLUMN year_caps.since IS 'First calendar year';
COMMENT ON COLUMN year_caps.cap_fen IS 'Fen; null: no such cap';
COMMENT ON TABLE pools IS 'Budget lines of a year that vouchers share; the cap is in the book';
COMMENT ON COLUMN pools.decision_id IS 'The decision that made it';
COMMENT ON TABLE pool_clauses IS 'The clauses whose vouchers share a pool';
COMMENT ON TABLE voucher_years IS 'The books of a voucher''s years';
COMMENT ON COLUMN voucher_years.year IS 'Calendar year of the months of use';
COMMENT ON TABLE year_waits IS 'What was recognised and waits for money of its pool, in order';
COMMENT ON COLUMN year_waits.fen IS 'Fen';
COMMENT ON COLUMN year_waits.since IS 'When it was recognised';
COMMENT ON VIEW year_books IS 'The books of a voucher''s years and of the pools that it shares';

REVOKE EXECUTE ON FUNCTION open_year_book, set_year_cap, set_pool, draw_by_year, draws_by_year,
    year_cap_of, keep_wait FROM PUBLIC;
GRANT EXECUTE ON FUNCTION set_year_cap, set_pool, draws_by_year, year_cap_of TO :app_role;
GRANT SELECT ON year_caps, pools, pool_clauses, voucher_years, year_waits, year_books TO :app_role;
GRANT INSERT (voucher_id, year) ON voucher_years TO :app_role;
GRANT INSERT (voucher_id, year, fen, since), UPDATE (fen), DELETE ON year_waits TO :app_role;
