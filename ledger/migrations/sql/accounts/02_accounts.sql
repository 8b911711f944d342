-- The books: double entry, append-only. The application may insert postings and movements and read
-- the rest; the owner's triggers write entries, versions, balances and numbers. Whatever the
-- application does, a balance cannot fall under its floor, money cannot leave its book, only legal
-- moves exist, and every entry has its opposite.
--
-- The triggers work with the owner's rights on behalf of whoever inserts. So that nobody can lend
-- these rights to tables of his own: temporary tables are looked up last (`pg_temp` ends each
-- search_path), the functions are closed to PUBLIC (else anyone might hang them on a temporary
-- table), and nobody but the owner makes anything in `public`.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

CREATE TABLE books (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ledger text NOT NULL CHECK (ledger IN ('rights', 'budget', 'cost', 'year'))
);

CREATE TABLE roles (
    ledger text NOT NULL,
    role text PRIMARY KEY
);
INSERT INTO roles (ledger, role) VALUES
    ('rights', 'clause'), ('rights', 'entitlement'), ('rights', 'available'),
    ('rights', 'reserved'), ('rights', 'accrued'), ('rights', 'payable'), ('rights', 'sent'),
    ('rights', 'paid'), ('rights', 'recoverable'), ('rights', 'lapsed'),
    ('budget', 'appropriation'), ('budget', 'free'), ('budget', 'committed'), ('budget', 'spent'),
    ('budget', 'returned'),
    ('cost', 'clearing'), ('cost', 'metered'), ('cost', 'invoiced'),
    ('year', 'ceiling'), ('year', 'drawn');
-- A cost book has an account for each code of a difference, R01 to R20.
INSERT INTO roles (ledger, role) SELECT 'cost', format('R%s', lpad(n::text, 2, '0'))
    FROM generate_series(1, 20) n;

CREATE TABLE legal_moves (
    kind text NOT NULL,
    from_role text NOT NULL REFERENCES roles,
    to_role text NOT NULL REFERENCES roles,
    PRIMARY KEY (kind, from_role, to_role)
);
INSERT INTO legal_moves (kind, from_role, to_role) VALUES
    ('eligible', 'clause', 'entitlement'),
    ('issue', 'entitlement', 'available'),
    ('reserve', 'available', 'reserved'),
    ('release', 'reserved', 'available'),
    ('accrue', 'reserved', 'accrued'),
    ('accrue', 'available', 'accrued'),
    ('unaccrue', 'accrued', 'available'),
    ('match', 'accrued', 'payable'),
    ('unmatch', 'payable', 'accrued'),
    ('list', 'payable', 'sent'),
    ('pay', 'sent', 'paid'),
    ('bounce', 'sent', 'payable'),
    ('recall', 'paid', 'recoverable'),
    ('set_off', 'recoverable', 'paid'),
    ('refund', 'recoverable', 'available'),
    ('forfeit', 'recoverable', 'lapsed'),
    ('forfeit', 'available', 'lapsed'),
    -- These three lower a promise, so a decision of two persons must ask for them (vouchers_caps).
    ('lapse', 'available', 'lapsed'),
    ('withdraw', 'available', 'entitlement'),
    ('reduce', 'entitlement', 'clause'),
    -- What a bank's rows that contradict each other came to, as two persons decided (payment_lists).
    ('late', 'payable', 'paid'),
    ('overpay', 'available', 'recoverable'),
    ('unpay', 'paid', 'payable'),
    ('unpay', 'paid', 'sent'),
    ('unpay', 'recoverable', 'sent'),
    ('appropriate', 'appropriation', 'free'),
    ('cut', 'free', 'appropriation'),
    ('commit', 'free', 'committed'),
    ('uncommit', 'committed', 'free'),
    ('spend', 'committed', 'spent'),
    ('unspend', 'spent', 'free'),
    ('surrender', 'free', 'returned'),
    ('remit', 'spent', 'returned'),
    ('late_spend', 'free', 'spent'),
    ('late_spend', 'returned', 'spent'),
    ('reopen', 'spent', 'committed'),
    ('meter', 'metered', 'clearing'),
    ('unmeter', 'clearing', 'metered'),
    ('invoice', 'clearing', 'invoiced'),
    ('uninvoice', 'invoiced', 'clearing'),
    ('draw', 'ceiling', 'drawn'),
    ('undraw', 'drawn', 'ceiling');
-- Invoiced and not metered comes out of a difference's account, metered and not invoiced goes in.
INSERT INTO legal_moves (kind, from_role, to_role)
    SELECT 'explain', 'clearing', role FROM roles WHERE role ~ '^R\d\d$'
    UNION ALL
    SELECT 'explain', role, 'clearing' FROM roles WHERE role ~ '^R\d\d$';

CREATE TABLE accounts (
    book_id bigint NOT NULL REFERENCES books,
    role text NOT NULL REFERENCES roles,
    floor bigint NOT NULL,
    balance bigint NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (book_id, role),
    CONSTRAINT balance_at_least_floor CHECK (balance >= floor)
) WITH (fillfactor = 20);  -- the hot rows of the product: room to be updated in place

-- A domain and no CHECK of the table: that would be read and asked again as the number is written.
CREATE DOMAIN month AS date CHECK (isfinite(VALUE) AND extract(day FROM VALUE) = 1);

CREATE TABLE postings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number bigint,  -- 凭证号: gapless, in commit order, given at commit
    cause text NOT NULL UNIQUE CHECK (cause <> ''),  -- derived from what caused it: none twice
    used month NOT NULL,
    booked month NOT NULL,
    actor text NOT NULL CHECK (actor <> ''),
    posted_at timestamptz,
    note jsonb NOT NULL DEFAULT '{}'
);
-- Two partial indexes, because an index over all numbers would keep a dead NULL for each posting,
-- and every commit would step over all of them.
CREATE UNIQUE INDEX postings_by_number ON postings (number) WHERE number IS NOT NULL;
CREATE INDEX postings_unnumbered ON postings (id) WHERE number IS NULL;

CREATE TABLE movements (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    posting_id bigint NOT NULL REFERENCES postings,
    book_id bigint NOT NULL,
    kind text NOT NULL,
    from_role text NOT NULL,
    to_role text NOT NULL,
    amount bigint NOT NULL CONSTRAINT amount_above_zero CHECK (amount > 0),
    CONSTRAINT legal_move FOREIGN KEY (kind, from_role, to_role) REFERENCES legal_moves
);
CREATE INDEX movements_by_posting ON movements (posting_id);

CREATE TABLE entries (
    book_id bigint NOT NULL,
    role text NOT NULL,
    version bigint NOT NULL,
    movement_id bigint NOT NULL,
    amount bigint NOT NULL CHECK (amount <> 0),
    balance bigint NOT NULL,
    PRIMARY KEY (book_id, role, version)
);
-- Entries come in the order of their movements, so where one's stand is said by a range of pages.
CREATE INDEX entries_by_movement ON entries USING brin (movement_id) WITH (autosummarize = on);

CREATE TABLE numbering (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    last bigint NOT NULL
);
INSERT INTO numbering (last) VALUES (0);

-- A book is locked as a whole, by its row: whoever holds it may read the balances, decide and post
-- without anyone moving them in between. NO KEY: foreign keys need not wait. The application may
-- lock nothing itself, hence this door; false where there is no such book.
CREATE FUNCTION lock_book(wanted bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM books WHERE id = wanted FOR NO KEY UPDATE;
    RETURN FOUND;
END $$;

-- Both entries of every movement, and the balances, once the books are locked (in the order of
-- their ids, so that nothing deadlocks). Movements apply in the order of their ids, and no account
-- is below its floor after any of them: CHECK sees the last balance only, so the others are
-- looked at here. A movement that comes alone, as most do, needs no ranking: CHECK sees all there is.
CREATE FUNCTION post_movements() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    f record;
    wanted bigint := 2;
    written bigint;
    below text;
BEGIN
    SELECT count(*) AS moves, count(p.number) AS closed, min(m.id) AS id, min(m.book_id) AS book_id,
           min(m.from_role) AS from_role, min(m.to_role) AS to_role, min(m.amount) AS amount
        INTO f
        FROM fresh m JOIN postings p ON p.id = m.posting_id;
    IF f.closed > 0 THEN
        RAISE EXCEPTION 'a posting that has its number is closed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_open';
    END IF;
    IF f.moves = 1 THEN
        PERFORM FROM books WHERE id = f.book_id FOR NO KEY UPDATE;
        WITH moved AS (
            UPDATE accounts SET version = version + 1,
                balance = balance + CASE role WHEN f.to_role THEN f.amount ELSE -f.amount END
            WHERE book_id = f.book_id AND role IN (f.from_role, f.to_role)
            RETURNING role, version, balance
        )
        INSERT INTO entries (book_id, role, version, movement_id, amount, balance)
            SELECT f.book_id, role, version, f.id,
                   CASE role WHEN f.to_role THEN f.amount ELSE -f.amount END, balance
            FROM moved;
        GET DIAGNOSTICS written = ROW_COUNT;
    ELSE
        PERFORM FROM books WHERE id IN (SELECT book_id FROM fresh) ORDER BY id FOR NO KEY UPDATE;
        WITH legs AS (
            SELECT id AS movement_id, book_id, from_role AS role, -amount AS amount FROM fresh
            UNION ALL
            SELECT id, book_id, to_role, amount FROM fresh
        ), running AS (
            SELECT movement_id, book_id, role, amount,
                   row_number() OVER w AS step, sum(amount) OVER w AS so_far
            FROM legs
            WINDOW w AS (PARTITION BY book_id, role ORDER BY movement_id ROWS UNBOUNDED PRECEDING)
        ), kept AS (
            INSERT INTO entries (book_id, role, version, movement_id, amount, balance)
            SELECT r.book_id, r.role, a.version + r.step, r.movement_id, r.amount, a.balance + r.so_far
            FROM running r JOIN accounts a USING (book_id, role)
            RETURNING book_id, role, balance
        ), moved AS (
            UPDATE accounts a SET balance = a.balance + t.amount, version = a.version + t.steps
            FROM (SELECT book_id, role, sum(amount) AS amount, count(*) AS steps
                  FROM legs GROUP BY book_id, role) t
            WHERE a.book_id = t.book_id AND a.role = t.role
        )
        SELECT (SELECT count(*) FROM legs), count(*),
               min(format('(%s, %s)', book_id, role)) FILTER (WHERE k.balance < a.floor)
            INTO wanted, written, below
            FROM kept k JOIN accounts a USING (book_id, role);
    END IF;
    IF wanted <> written THEN
        RAISE EXCEPTION 'a movement names an account that does not exist'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'account_exists';
    END IF;
    IF below IS NOT NULL THEN
        RAISE EXCEPTION 'an account would fall below its floor on the way'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'balance_at_least_floor',
                  DETAIL = below;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER post AFTER INSERT ON movements REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION post_movements();

-- Numbers are given at commit: the row of `numbering` is the last thing locked, so the order of
-- numbers is the order of commits, and an aborted transaction leaves no hole. The first posting of
-- a transaction numbers all of them; those without a number that we can see are our own. What has no
-- cause (29_causes), or is not earned (32_earned), gets no number; were that asked by a trigger of its
-- own, SET CONSTRAINTS could have the numbers given first.
CREATE FUNCTION number_postings() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    added bigint;
    all_move boolean;
    before bigint;
BEGIN
    IF (SELECT number FROM postings WHERE id = NEW.id) IS NOT NULL THEN RETURN NULL; END IF;
    SELECT count(*), bool_and(EXISTS (SELECT FROM movements m WHERE m.posting_id = p.id))
        INTO added, all_move
        FROM postings p WHERE p.id >= NEW.id AND p.number IS NULL;
    IF NOT all_move THEN
        RAISE EXCEPTION 'a posting without movements'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_moves';
    END IF;
    IF added = 1 THEN  -- most are alone: nothing to tell apart, nothing to rank
        PERFORM check_causes(NEW.id, NEW.cause);
        IF split_part(NEW.cause, '/', 1) = 'accrue' THEN
            PERFORM check_earned(NEW.id);
        END IF;
        WITH next AS (UPDATE numbering SET last = last + 1 RETURNING last)
            UPDATE postings SET number = next.last, posted_at = clock_timestamp()
            FROM next WHERE id = NEW.id;
    ELSE
        PERFORM check_causes(NEW.id, NULL);
        PERFORM check_earned(NEW.id);
        UPDATE numbering SET last = last + added RETURNING last - added INTO before;
        UPDATE postings p SET number = before + o.rank, posted_at = clock_timestamp()
            FROM (SELECT id, row_number() OVER (ORDER BY id) AS rank
                  FROM postings WHERE id >= NEW.id AND number IS NULL) o
            WHERE p.id = o.id;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER number AFTER INSERT ON postings DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION number_postings();

COMMENT ON DOMAIN month IS 'The first day of a month';
COMMENT ON TABLE books IS
    'A set of accounts whose money cannot leave it: rights of a voucher, a budget, a cost, a year';
COMMENT ON TABLE roles IS 'The roles that accounts may have, by ledger; filled by the migrations';
COMMENT ON TABLE legal_moves IS 'The moves of money that exist; filled by the migrations';
COMMENT ON TABLE accounts IS 'One role in one book and its balance; hot rows';
COMMENT ON COLUMN accounts.floor IS 'Least balance, fen';
COMMENT ON COLUMN accounts.balance IS 'Fen';
COMMENT ON COLUMN accounts.version IS 'Number of entries so far';
COMMENT ON TABLE postings IS 'Why money moved; append-only';
COMMENT ON COLUMN postings.number IS 'Gapless, in commit order, given at commit';
COMMENT ON COLUMN postings.used IS 'First day of the month of use';
COMMENT ON COLUMN postings.booked IS 'First day of the month of booking';
COMMENT ON COLUMN postings.cause IS 'Derived from what caused it, so that nothing is posted twice';
COMMENT ON TABLE movements IS 'Money from one role to another of one book; append-only';
COMMENT ON COLUMN movements.amount IS 'Fen, above zero';
COMMENT ON TABLE entries IS 'One side of a movement and the balance after it; written by a trigger';
COMMENT ON COLUMN entries.amount IS 'Fen, signed';
COMMENT ON COLUMN entries.balance IS 'Fen after the entry';
COMMENT ON TABLE numbering IS 'The last number given to a posting; one row, locked at commit';

REVOKE EXECUTE ON FUNCTION lock_book, post_movements, number_postings FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lock_book TO :app_role;
GRANT SELECT ON books, roles, legal_moves, accounts, postings, movements, entries, numbering TO
    :app_role;
GRANT INSERT (cause, used, booked, actor, note) ON postings TO :app_role;
GRANT INSERT (posting_id, book_id, kind, from_role, to_role, amount) ON movements TO :app_role;
