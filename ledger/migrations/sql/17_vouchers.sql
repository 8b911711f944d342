-- Vouchers (算力券): the clauses that issue them, the books that cap them, and what they accrue.

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
    -- Which way the digest was taken: 1 over the record as it was written, 2 over its terms alone.
    digest_format integer NOT NULL DEFAULT 1 CHECK (digest_format >= 1),
    PRIMARY KEY (policy, clause),
    CHECK (NOT payable OR effective IS NOT NULL)
);

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
-- further: the cap is a CHECK, not a line of code. The project's row is locked and looked at first,
-- because UNIQUE speaks after this trigger, and ON CONFLICT would leave a book without a voucher.
CREATE FUNCTION open_rights_book() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    scope text;
BEGIN
    SELECT kind || ':' || code INTO scope FROM projects WHERE id = NEW.project FOR NO KEY UPDATE;
    IF NEW.cap_scope IS DISTINCT FROM scope THEN
        RAISE EXCEPTION 'the cap scope of this project is %', scope
            USING ERRCODE = 'check_violation', CONSTRAINT = 'cap_scope_of_project';
    END IF;
    IF EXISTS (SELECT FROM vouchers WHERE project = NEW.project) THEN
        RAISE EXCEPTION 'the project has its voucher'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'vouchers_project_key';
    END IF;
    INSERT INTO books (ledger) VALUES ('rights') RETURNING id INTO NEW.book;
    INSERT INTO accounts (book, role, floor)
        SELECT NEW.book, r.role,
               CASE WHEN r.role = 'clause' THEN -c.cap_fen ELSE 0 END
        FROM roles r JOIN clauses c ON c.policy = NEW.policy AND c.clause = NEW.clause
        WHERE r.ledger = 'rights';
    RETURN NEW;
END $$;
CREATE TRIGGER open BEFORE INSERT ON vouchers FOR EACH ROW EXECUTE FUNCTION open_rights_book();

-- Memo of every change of a voucher's target: what the charges earn before the cap, what the cap
-- lets through, what it cuts off. Nothing metered vanishes at the cap.
CREATE TABLE accruals (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    voucher bigint NOT NULL REFERENCES vouchers,
    posting bigint REFERENCES postings,
    cost_fen bigint NOT NULL CHECK (cost_fen >= 0),
    uncapped_fen bigint NOT NULL CHECK (uncapped_fen >= 0),
    target_fen bigint NOT NULL CHECK (target_fen BETWEEN 0 AND uncapped_fen),
    earned_fen bigint NOT NULL CHECK (earned_fen BETWEEN 0 AND target_fen),
    months jsonb NOT NULL,  -- the cost of each month, fen: {"2026-11": 123}
    matched jsonb NOT NULL,  -- how much of the cost of each month counts as matched, fen
    computed_at timestamptz NOT NULL
);
CREATE INDEX accruals_by_voucher ON accruals (voucher, id);

-- A part of a voucher held back for an approved plan, until a day.
CREATE TABLE reservations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    voucher bigint NOT NULL REFERENCES vouchers,
    fen bigint NOT NULL CHECK (fen > 0),
    plan text NOT NULL CHECK (plan <> ''),
    until date NOT NULL,
    reserved_at timestamptz NOT NULL,
    reserved_by text NOT NULL,
    released_at timestamptz,
    released_by text,
    CHECK ((released_at IS NULL) = (released_by IS NULL))
);
CREATE INDEX reservations_open ON reservations (until) WHERE released_at IS NULL;

REVOKE EXECUTE ON FUNCTION open_rights_book FROM PUBLIC;
GRANT SELECT ON clauses, vouchers, accruals, reservations TO :app_role;
GRANT INSERT (project, policy, clause, cap_scope, facts, opened_at, opened_by) ON vouchers TO
    :app_role;
GRANT INSERT (voucher, posting, cost_fen, uncapped_fen, target_fen, earned_fen, months, matched,
    computed_at) ON accruals TO :app_role;
GRANT INSERT (voucher, fen, plan, until, reserved_at, reserved_by) ON reservations TO :app_role;
GRANT UPDATE (released_at, released_by) ON reservations TO :app_role;
