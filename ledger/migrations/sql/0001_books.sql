-- The books: double entry, append-only. The application may insert postings and movements and read
-- the rest; the owner's triggers write entries, versions, balances and numbers. Whatever the
-- application does, a balance cannot fall under its floor, money cannot leave its book, only legal
-- moves exist, and every entry has its opposite.

-- A clause of a policy version that issues vouchers, as its file says (written by the owner only).
CREATE TABLE clauses (
    policy text NOT NULL,
    clause text NOT NULL,
    digest text NOT NULL,
    rate_num bigint NOT NULL CHECK (rate_num > 0),
    rate_den bigint NOT NULL CHECK (rate_den >= rate_num),
    cap_fen bigint NOT NULL CHECK (cap_fen > 0),
    effective daterange,
    payable boolean NOT NULL,
    PRIMARY KEY (policy, clause),
    CHECK (NOT payable OR effective IS NOT NULL)
);

CREATE TABLE books (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ledger text NOT NULL CHECK (ledger IN ('rights', 'budget', 'cost'))
);

CREATE TABLE roles (
    ledger text NOT NULL,
    role text PRIMARY KEY
);
INSERT INTO roles (ledger, role) VALUES
    ('rights', 'clause'), ('rights', 'entitlement'), ('rights', 'available'),
    ('rights', 'reserved'), ('rights', 'accrued'), ('rights', 'payable'), ('rights', 'sent'),
    ('rights', 'paid'), ('rights', 'recoverable'), ('rights', 'lapsed');

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
    ('lapse', 'available', 'lapsed');

CREATE TABLE accounts (
    book bigint NOT NULL REFERENCES books,
    role text NOT NULL REFERENCES roles,
    floor bigint NOT NULL,
    balance bigint NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (book, role),
    CONSTRAINT balance_at_least_floor CHECK (balance >= floor)
) WITH (fillfactor = 20);

CREATE TABLE postings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number bigint UNIQUE,  -- 凭证号: gapless, in commit order, given at commit
    cause text NOT NULL UNIQUE,  -- derived from what caused it, so nothing is posted twice
    used date NOT NULL CHECK (extract(day FROM used) = 1),
    booked date NOT NULL CHECK (extract(day FROM booked) = 1),
    actor text NOT NULL CHECK (actor <> ''),
    posted_at timestamptz,
    note jsonb NOT NULL DEFAULT '{}'
);

CREATE TABLE movements (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    posting bigint NOT NULL REFERENCES postings,
    book bigint NOT NULL,
    kind text NOT NULL,
    from_role text NOT NULL,
    to_role text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    FOREIGN KEY (kind, from_role, to_role) REFERENCES legal_moves
);
CREATE INDEX movements_by_posting ON movements (posting);

CREATE TABLE entries (
    book bigint NOT NULL,
    role text NOT NULL,
    version bigint NOT NULL,
    movement bigint NOT NULL,
    amount bigint NOT NULL CHECK (amount <> 0),
    balance bigint NOT NULL,
    PRIMARY KEY (book, role, version)
);

CREATE TABLE numbering (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    last bigint NOT NULL
);
INSERT INTO numbering (last) VALUES (0);

-- Both entries of every movement, and the balances, in one statement after the accounts are locked
-- in order (NO KEY: foreign keys elsewhere need not wait; in order: nothing deadlocks).
CREATE FUNCTION post_movements() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    wanted bigint;
    written bigint;
BEGIN
    PERFORM FROM accounts a
        WHERE (a.book, a.role) IN
            (SELECT book, from_role FROM fresh UNION SELECT book, to_role FROM fresh)
        ORDER BY a.book, a.role FOR NO KEY UPDATE;
    WITH legs AS (
        SELECT id AS movement, book, from_role AS role, -amount AS amount FROM fresh
        UNION ALL
        SELECT id, book, to_role, amount FROM fresh
    ), running AS (
        SELECT movement, book, role, amount,
               row_number() OVER w AS step, sum(amount) OVER w AS so_far
        FROM legs
        WINDOW w AS (PARTITION BY book, role ORDER BY movement ROWS UNBOUNDED PRECEDING)
    ), written_entries AS (
        INSERT INTO entries (book, role, version, movement, amount, balance)
        SELECT r.book, r.role, a.version + r.step, r.movement, r.amount, a.balance + r.so_far
        FROM running r JOIN accounts a USING (book, role)
        RETURNING 1
    ), moved AS (
        UPDATE accounts a SET balance = a.balance + t.amount, version = a.version + t.steps
        FROM (SELECT book, role, sum(amount) AS amount, count(*) AS steps
              FROM legs GROUP BY book, role) t
        WHERE a.book = t.book AND a.role = t.role
    )
    SELECT (SELECT count(*) FROM legs), (SELECT count(*) FROM written_entries) INTO wanted, written;
    IF wanted <> written THEN
        RAISE EXCEPTION 'a movement names an account that does not exist'
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER post AFTER INSERT ON movements REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION post_movements();

-- Numbers are given at commit: the row of `numbering` is the last thing locked, so the order of
-- numbers is the order of commits, and an aborted transaction leaves no hole.
CREATE FUNCTION number_postings() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    first bigint;
    fresh bigint;
BEGIN
    IF (SELECT number FROM postings WHERE id = NEW.id) IS NOT NULL THEN RETURN NULL; END IF;
    IF EXISTS (SELECT FROM postings p WHERE p.number IS NULL
               AND NOT EXISTS (SELECT FROM movements m WHERE m.posting = p.id)) THEN
        RAISE EXCEPTION 'a posting without movements' USING ERRCODE = 'check_violation';
    END IF;
    SELECT count(*) INTO fresh FROM postings WHERE number IS NULL;
    UPDATE numbering SET last = last + fresh RETURNING last - fresh INTO first;
    UPDATE postings p SET number = first + n.rank, posted_at = clock_timestamp()
        FROM (SELECT id, row_number() OVER (ORDER BY id) AS rank
              FROM postings WHERE number IS NULL) n
        WHERE p.id = n.id;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER number AFTER INSERT ON postings DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION number_postings();
CREATE INDEX postings_unnumbered ON postings (id) WHERE number IS NULL;

-- One voucher for each (clause, cap scope): for life, whatever policy version issued it.
CREATE TABLE vouchers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    book bigint NOT NULL UNIQUE REFERENCES books,
    project bigint NOT NULL UNIQUE REFERENCES projects,
    policy text NOT NULL,
    clause text NOT NULL,
    cap_scope text NOT NULL,
    facts jsonb NOT NULL,
    opened_at timestamptz NOT NULL,
    opened_by text NOT NULL,
    UNIQUE (clause, cap_scope),
    FOREIGN KEY (policy, clause) REFERENCES clauses
);

-- The owner opens the accounts. The contra account may fall to minus the clause's cap and no
-- further: the cap is a CHECK, not a line of code.
CREATE FUNCTION open_rights_book() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO books (ledger) VALUES ('rights') RETURNING id INTO NEW.book;
    INSERT INTO accounts (book, role, floor)
        SELECT NEW.book, r.role,
               CASE WHEN r.role = 'clause' THEN -c.cap_fen ELSE 0 END
        FROM roles r JOIN clauses c ON c.policy = NEW.policy AND c.clause = NEW.clause
        WHERE r.ledger = 'rights';
    RETURN NEW;
END $$;
CREATE TRIGGER open BEFORE INSERT ON vouchers FOR EACH ROW EXECUTE FUNCTION open_rights_book();

-- The charge: what a project owes a centre under one price for one Beijing month. Absolute,
-- recomputed from day totals; one of the two roundings.
CREATE TABLE charges (
    contract bigint NOT NULL REFERENCES contracts,
    price bigint NOT NULL REFERENCES prices,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    policy text NOT NULL,
    model bigint NOT NULL REFERENCES catalogue_models,
    mig_profile text NOT NULL,
    ms_num numeric NOT NULL CHECK (ms_num >= 0),  -- device-milliseconds, an exact fraction
    ms_den numeric NOT NULL CHECK (ms_den >= 1),
    cost_fen bigint NOT NULL CHECK (cost_fen >= 0),
    computed_at timestamptz NOT NULL,
    PRIMARY KEY (contract, price, month, policy, model, mig_profile)
);

-- Memo of every change of a voucher's target: what the charges earn before the cap, what the cap
-- lets through, what it cuts off. Nothing metered vanishes at the cap.
CREATE TABLE accruals (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    voucher bigint NOT NULL REFERENCES vouchers,
    posting bigint REFERENCES postings,
    cost_fen bigint NOT NULL CHECK (cost_fen >= 0),
    uncapped_fen bigint NOT NULL CHECK (uncapped_fen >= 0),
    target_fen bigint NOT NULL CHECK (target_fen BETWEEN 0 AND uncapped_fen),
    months jsonb NOT NULL,  -- the cost of each month, fen: {"2026-11": 123}
    computed_at timestamptz NOT NULL
);
CREATE INDEX accruals_by_voucher ON accruals (voucher, id);

GRANT SELECT ON clauses, books, roles, legal_moves, accounts, postings, movements, entries, numbering,
    vouchers, charges, accruals TO :app_role;
GRANT INSERT (cause, used, booked, actor, note) ON postings TO :app_role;
GRANT INSERT (posting, book, kind, from_role, to_role, amount) ON movements TO :app_role;
GRANT INSERT (project, policy, clause, cap_scope, facts, opened_at, opened_by) ON vouchers TO :app_role;
GRANT INSERT, UPDATE, DELETE ON charges TO :app_role;
GRANT INSERT (voucher, posting, cost_fen, uncapped_fen, target_fen, months, computed_at)
    ON accruals TO :app_role;
