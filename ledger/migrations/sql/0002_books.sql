-- Two more kinds of books: budgets, by indicator and year, and costs, by contract and month; and the
-- moves by which a promise is lowered, now that there are decisions of two persons.

INSERT INTO roles (ledger, role) VALUES
    ('budget', 'appropriation'), ('budget', 'free'), ('budget', 'committed'), ('budget', 'spent'),
    ('budget', 'returned'), ('cost', 'clearing'), ('cost', 'metered'), ('cost', 'invoiced');
INSERT INTO roles (ledger, role) SELECT 'cost', format('R%s', lpad(n::text, 2, '0'))
    FROM generate_series(1, 20) n;

INSERT INTO legal_moves (kind, from_role, to_role) VALUES
    ('withdraw', 'available', 'entitlement'),
    ('reduce', 'entitlement', 'clause'),
    ('appropriate', 'appropriation', 'free'),
    ('cut', 'free', 'appropriation'),
    ('commit', 'free', 'committed'),
    ('uncommit', 'committed', 'free'),
    ('spend', 'committed', 'spent'),
    ('unspend', 'spent', 'free'),
    ('surrender', 'free', 'returned'),
    ('remit', 'spent', 'returned'),
    ('meter', 'metered', 'clearing'),
    ('unmeter', 'clearing', 'metered'),
    ('invoice', 'clearing', 'invoiced'),
    ('uninvoice', 'invoiced', 'clearing');
-- Invoiced and not metered comes out of a difference's account, metered and not invoiced goes in.
INSERT INTO legal_moves (kind, from_role, to_role)
    SELECT 'explain', 'clearing', role FROM roles WHERE role ~ '^R\d\d$'
    UNION ALL
    SELECT 'explain', role, 'clearing' FROM roles WHERE role ~ '^R\d\d$';

-- A budget indicator (预算指标) of a year. What is given is told by postings; nothing else is spent.
CREATE TABLE indicators (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    book bigint NOT NULL UNIQUE REFERENCES books,
    number text NOT NULL CHECK (number <> ''),
    year integer NOT NULL CHECK (year BETWEEN 2000 AND 2199),
    project_name text NOT NULL,
    fund_kind text NOT NULL,
    classification text NOT NULL CHECK (classification ~ '^\d{3}(\d{2}(\d{2})?)?$'),
    opened_at timestamptz NOT NULL,
    opened_by text NOT NULL,
    UNIQUE (number, year)
);

CREATE TABLE cost_books (
    book bigint NOT NULL UNIQUE REFERENCES books,
    reconciliation bigint PRIMARY KEY REFERENCES reconciliations
);

CREATE FUNCTION open_budget_book() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM indicators WHERE number = NEW.number AND year = NEW.year) THEN
        RAISE EXCEPTION 'the indicator is there'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'indicators_number_year_key';
    END IF;
    INSERT INTO books (ledger) VALUES ('budget') RETURNING id INTO NEW.book;
    INSERT INTO accounts (book, role, floor)
        SELECT NEW.book, role, CASE WHEN role = 'appropriation' THEN -1000000000000000 ELSE 0 END
        FROM roles WHERE ledger = 'budget';
    RETURN NEW;
END $$;
CREATE TRIGGER open BEFORE INSERT ON indicators FOR EACH ROW EXECUTE FUNCTION open_budget_book();

-- Of a cost book only `invoiced` has a floor of nothing: the others may lean either way.
CREATE FUNCTION open_cost_book() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM reconciliations WHERE id = NEW.reconciliation FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM cost_books WHERE reconciliation = NEW.reconciliation) THEN
        RAISE EXCEPTION 'the month has its book'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'cost_books_pkey';
    END IF;
    INSERT INTO books (ledger) VALUES ('cost') RETURNING id INTO NEW.book;
    INSERT INTO accounts (book, role, floor)
        SELECT NEW.book, role, CASE WHEN role = 'invoiced' THEN 0 ELSE -1000000000000000 END
        FROM roles WHERE ledger = 'cost';
    RETURN NEW;
END $$;
CREATE TRIGGER open BEFORE INSERT ON cost_books FOR EACH ROW EXECUTE FUNCTION open_cost_book();

-- The cap of a voucher is the floor of its contra account. It changes by a confirmed decision of two
-- persons that names the voucher and the new cap; the newest one holds, so an old one brings no old
-- cap back. It is never below what is promised: the promise is taken back first.
CREATE FUNCTION set_cap(of_decision bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    cap bigint;
    of_book bigint;
BEGIN
    SELECT (d.content ->> 'cap_fen')::bigint, v.book INTO cap, of_book
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
    UPDATE accounts SET floor = -cap WHERE book = of_book AND role = 'clause';
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
        WHERE p.id = NEW.posting AND v.book = NEW.book AND d.answer = 'confirmed'
            AND (d.kind = 'lapse' AND NEW.kind = 'lapse'
                OR d.kind = 'cap' AND NEW.kind <> 'lapse' AND (
                    SELECT sum(m.amount) FROM movements m
                    WHERE (m.posting, m.book, m.kind) = (NEW.posting, NEW.book, NEW.kind)
                ) <= (d.content ->> 'before_fen')::bigint - (d.content ->> 'cap_fen')::bigint)
    ) THEN
        RAISE EXCEPTION 'a promise is lowered by a decision of two persons'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'two_persons_decided';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER lower AFTER INSERT ON movements FOR EACH ROW
    WHEN (NEW.kind IN ('withdraw', 'reduce', 'lapse')) EXECUTE FUNCTION lower_by_decision();

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

-- Of the cost of each month, how much counts as matched: {"2026-11": 123}.
ALTER TABLE accruals ADD COLUMN matched jsonb NOT NULL DEFAULT '{}';
ALTER TABLE accruals ADD COLUMN earned_fen bigint NOT NULL DEFAULT 0
    CHECK (earned_fen BETWEEN 0 AND target_fen);
ALTER TABLE accruals ALTER COLUMN matched DROP DEFAULT, ALTER COLUMN earned_fen DROP DEFAULT;

REVOKE EXECUTE ON FUNCTION open_budget_book, open_cost_book, set_cap, lower_by_decision FROM PUBLIC;
GRANT EXECUTE ON FUNCTION set_cap TO :app_role;
GRANT SELECT ON indicators, cost_books, reservations TO :app_role;
GRANT INSERT (number, year, project_name, fund_kind, classification, opened_at, opened_by)
    ON indicators TO :app_role;
GRANT INSERT (reconciliation) ON cost_books TO :app_role;
GRANT INSERT (voucher, fen, plan, until, reserved_at, reserved_by) ON reservations TO :app_role;
GRANT UPDATE (released_at, released_by) ON reservations TO :app_role;
GRANT INSERT (matched, earned_fen) ON accruals TO :app_role;
