-- Payment (兑付): a list draws on one indicator, freezes payee, account and amount of each line, and
-- comes back from the bank line by line, paid, returned, or both in parts.

CREATE TABLE payment_lists (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number text NOT NULL UNIQUE CHECK (number <> ''),
    indicator_id bigint NOT NULL REFERENCES indicators,
    total_fen bigint NOT NULL CHECK (total_fen > 0),
    words text NOT NULL,  -- 大写
    digest text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    decision_id bigint NOT NULL UNIQUE REFERENCES decisions,
    made_at timestamptz NOT NULL,
    made_by text NOT NULL,
    sent_at timestamptz  -- two persons confirmed it: the money is committed
);
CREATE INDEX payment_lists_by_indicator ON payment_lists (indicator_id, id);

CREATE TABLE payment_lines (
    list_id bigint NOT NULL REFERENCES payment_lists,
    line smallint NOT NULL CHECK (line >= 1),
    claim_id bigint NOT NULL REFERENCES claims,
    voucher_id bigint NOT NULL REFERENCES vouchers,
    account_id bigint NOT NULL REFERENCES bank_accounts,
    payee text NOT NULL,
    uscc text NOT NULL,
    bank text NOT NULL,
    bank_code text NOT NULL,
    number text NOT NULL,
    fen bigint NOT NULL CHECK (fen > 0),
    paid_fen bigint NOT NULL DEFAULT 0 CHECK (paid_fen >= 0),
    returned_fen bigint NOT NULL DEFAULT 0 CHECK (returned_fen >= 0),
    recalled_fen bigint NOT NULL DEFAULT 0 CHECK (recalled_fen >= 0),  -- of it, without a bank's row
    over_fen bigint NOT NULL DEFAULT 0 CHECK (over_fen >= 0),  -- paid beyond it: to be recovered
    outside_fen bigint NOT NULL DEFAULT 0,  -- paid beyond the cap, or given back beyond what was paid
    void boolean NOT NULL DEFAULT false,  -- its list was refused or withdrawn, and never sent
    PRIMARY KEY (list_id, line),
    CONSTRAINT settled_at_most CHECK (paid_fen + returned_fen <= fen)
);
CREATE INDEX payment_lines_by_account ON payment_lines (account_id);
CREATE INDEX payment_lines_by_voucher ON payment_lines (voucher_id);
CREATE INDEX payment_lines_by_claim ON payment_lines (claim_id);

-- What a bank said, row by row of its files. A plain payment of what is on its way is booked at
-- once; every other row is open, and stops its claim, until two persons have decided what holds.
CREATE TABLE bank_returns (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reference text NOT NULL CHECK (reference <> '' AND is_visible(reference)),
    list_id bigint NOT NULL,
    line smallint NOT NULL,
    result text NOT NULL CHECK (result IN ('paid', 'returned')),
    fen bigint NOT NULL CHECK (fen > 0),
    on_day date NOT NULL,
    reason text NOT NULL DEFAULT '',
    original text NOT NULL REFERENCES originals,
    place text NOT NULL CHECK (place <> ''),
    received_at timestamptz NOT NULL,
    received_by text NOT NULL,
    state text NOT NULL DEFAULT 'open'
        CHECK (state IN ('booked', 'open', 'accepted', 'rejected', 'undone')),
    decision_id bigint REFERENCES decisions,
    paid_fen bigint NOT NULL DEFAULT 0,
    returned_fen bigint NOT NULL DEFAULT 0,
    over_fen bigint NOT NULL DEFAULT 0,
    outside_fen bigint NOT NULL DEFAULT 0,
    FOREIGN KEY (list_id, line) REFERENCES payment_lines,
    CHECK ((decision_id IS NULL) = (state IN ('booked', 'open'))),
    CHECK (state IN ('booked', 'accepted')
        OR (paid_fen, returned_fen, over_fen, outside_fen) = (0, 0, 0, 0))
);
-- A reference is booked once without two persons.
CREATE UNIQUE INDEX bank_returns_booked ON bank_returns (reference) WHERE state = 'booked';
CREATE INDEX bank_returns_by_reference ON bank_returns (reference);
CREATE INDEX bank_returns_by_original ON bank_returns (original);
CREATE INDEX bank_returns_by_line ON bank_returns (list_id, line);
CREATE INDEX bank_returns_by_decision ON bank_returns (decision_id);
CREATE INDEX bank_returns_open ON bank_returns (id) WHERE state = 'open';

-- Whether a row of the bank that contradicts others stops this claim.
CREATE FUNCTION bank_contradicts(of_claim bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM bank_returns r JOIN payment_lines l USING (list_id, line)
                   WHERE l.claim_id = of_claim AND r.state = 'open');
$$;

-- A line pays a claim, of its voucher, to the payee's account as it stands, and no more than is due
-- and on no other list.
CREATE FUNCTION line_of_claim() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM payment_lists WHERE id = NEW.list_id FOR SHARE;  -- nobody sends it meanwhile
    PERFORM FROM claims WHERE id = NEW.claim_id FOR NO KEY UPDATE;
    IF NOT EXISTS (
        SELECT FROM claims c JOIN bank_accounts a ON a.organisation_id = c.payee_id
        JOIN organisations o ON o.id = c.payee_id
        WHERE c.id = NEW.claim_id AND c.voucher_id = NEW.voucher_id AND a.id = NEW.account_id
            AND a.superseded_at IS NULL
            AND (a.holder, o.uscc, a.bank, a.bank_code, a.number)
                = (NEW.payee, NEW.uscc, NEW.bank, NEW.bank_code, NEW.number)
            AND NEW.fen <= c.due_fen - (SELECT coalesce(sum(l.fen - l.returned_fen), 0)
                                    FROM payment_lines l WHERE l.claim_id = c.id AND NOT l.void)
            AND NOT bank_contradicts(c.id)
    ) OR EXISTS (SELECT FROM payment_lists WHERE id = NEW.list_id AND sent_at IS NOT NULL) THEN
        RAISE EXCEPTION 'a line pays what is due of a claim, to its payee'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'line_of_claim';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fits BEFORE INSERT ON payment_lines FOR EACH ROW EXECUTE FUNCTION line_of_claim();

-- A list is sent once, when another person has confirmed its very lines, and these still stand.
CREATE FUNCTION send_list() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    said jsonb;
BEGIN
    SELECT content INTO said FROM decisions
        WHERE id = NEW.decision_id AND kind = 'payment_list' AND answer = 'confirmed';
    IF OLD.sent_at IS NOT NULL OR said IS NULL OR said ->> 'number' IS DISTINCT FROM NEW.number
        OR said ->> 'total_fen' IS DISTINCT FROM NEW.total_fen::text
        OR NEW.total_fen IS DISTINCT FROM (SELECT sum(fen) FROM payment_lines WHERE list_id = NEW.id)
        OR jsonb_array_length(said -> 'lines')
            IS DISTINCT FROM (SELECT count(*) FROM payment_lines WHERE list_id = NEW.id)
        OR EXISTS (
            SELECT l.line, c.number, l.payee, l.uscc, l.bank, l.bank_code, l.number, l.fen
            FROM payment_lines l JOIN claims c ON c.id = l.claim_id AND c.state = 'listed'
            JOIN bank_accounts a ON a.id = l.account_id AND a.superseded_at IS NULL
            WHERE l.list_id = NEW.id
            EXCEPT
            SELECT t.* FROM jsonb_to_recordset(said -> 'lines') AS t (line smallint, claim text,
                payee text, uscc text, bank text, bank_code text, account text, fen bigint)
        ) OR EXISTS (
            SELECT FROM payment_lines l JOIN claims c ON c.id = l.claim_id
            JOIN bank_accounts a ON a.id = l.account_id
            WHERE l.list_id = NEW.id AND (c.state <> 'listed' OR a.superseded_at IS NOT NULL
                OR bank_contradicts(c.id))
        ) THEN
        RAISE EXCEPTION 'a list is sent once, as it is confirmed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'list_confirmed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER send BEFORE UPDATE ON payment_lists FOR EACH ROW EXECUTE FUNCTION send_list();

-- What is on its way is called back by two persons only, who name the line and the sum. All else of
-- a line is what its rows say (settle_by_row).
CREATE FUNCTION recall_line() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.recalled_fen <> OLD.recalled_fen AND NOT EXISTS (
        SELECT FROM payment_lists s JOIN decisions d
            ON d.kind IN ('year_end', 'bank_reversal') AND d.answer = 'confirmed'
            AND d.content -> 'lines' @> jsonb_build_array(jsonb_build_object('list', s.number,
                'line', NEW.line, 'fen', NEW.recalled_fen - OLD.recalled_fen))
        WHERE s.id = NEW.list_id AND s.sent_at IS NOT NULL) THEN
        RAISE EXCEPTION 'two persons call a line back'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'line_recalled';
    END IF;
    NEW.returned_fen := NEW.returned_fen + NEW.recalled_fen - OLD.recalled_fen;
    RETURN NEW;
END $$;
CREATE TRIGGER recall BEFORE UPDATE ON payment_lines FOR EACH ROW EXECUTE FUNCTION recall_line();

-- A list that is refused or withdrawn frees its claims for another one.
CREATE FUNCTION void_list() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE payment_lines SET void = true
        WHERE list_id IN (SELECT id FROM payment_lists WHERE decision_id = NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER void AFTER UPDATE ON decisions FOR EACH ROW
    WHEN (NEW.kind = 'payment_list' AND NEW.answer IN ('refused', 'withdrawn'))
    EXECUTE FUNCTION void_list();

-- A row speaks of a line that was sent. It is booked where it pays what is on its way under a new
-- reference, and open otherwise.
CREATE FUNCTION return_of_line() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    on_its_way bigint;
BEGIN
    SELECT l.fen - l.paid_fen - l.returned_fen INTO on_its_way
        FROM payment_lines l JOIN payment_lists s ON s.id = l.list_id
        WHERE (l.list_id, l.line) = (NEW.list_id, NEW.line) AND s.sent_at IS NOT NULL
        FOR NO KEY UPDATE OF l;
    IF on_its_way IS NULL OR NEW.state NOT IN ('booked', 'open') OR NEW.state = 'booked' AND (
            NEW.result <> 'paid' OR NEW.fen > on_its_way
            OR (NEW.paid_fen, NEW.returned_fen, NEW.over_fen, NEW.outside_fen) <> (NEW.fen, 0, 0, 0)
            OR EXISTS (SELECT FROM bank_returns WHERE reference = NEW.reference)) THEN
        RAISE EXCEPTION 'the bank answers what was sent'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'return_of_line';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fits BEFORE INSERT ON bank_returns FOR EACH ROW EXECUTE FUNCTION return_of_line();
CREATE TRIGGER brought BEFORE INSERT ON bank_returns
    FOR EACH ROW EXECUTE FUNCTION brought_by_actor('received', '{finance}');

-- A row changes once its ruling is confirmed, and to what that says.
CREATE FUNCTION rule_on_row() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM decisions d, jsonb_to_record(d.content) AS said (row bigint, ruling text,
            paid_fen bigint, returned_fen bigint, over_fen bigint, outside_fen bigint)
        WHERE d.id = NEW.decision_id AND d.kind = 'bank_reversal' AND d.answer = 'confirmed'
            AND d.id IS DISTINCT FROM OLD.decision_id AND said.row = NEW.id
            AND (said.ruling, OLD.state, NEW.state) IN (('accept', 'open', 'accepted'),
                ('reject', 'open', 'rejected'), ('undo', 'booked', 'undone'),
                ('undo', 'accepted', 'undone'))
            AND (said.paid_fen, said.returned_fen, said.over_fen, said.outside_fen)
                = (NEW.paid_fen - OLD.paid_fen, NEW.returned_fen - OLD.returned_fen,
                   NEW.over_fen - OLD.over_fen, NEW.outside_fen - OLD.outside_fen)
    ) THEN
        RAISE EXCEPTION 'two persons have not decided this row'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'row_decided';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rule BEFORE UPDATE ON bank_returns FOR EACH ROW EXECUTE FUNCTION rule_on_row();

-- The line is what its rows make of it.
CREATE FUNCTION settle_by_row() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE payment_lines l SET
        paid_fen = l.paid_fen + NEW.paid_fen - coalesce(OLD.paid_fen, 0),
        returned_fen = l.returned_fen + NEW.returned_fen - coalesce(OLD.returned_fen, 0),
        over_fen = l.over_fen + NEW.over_fen - coalesce(OLD.over_fen, 0),
        outside_fen = l.outside_fen + NEW.outside_fen - coalesce(OLD.outside_fen, 0)
        WHERE (l.list_id, l.line) = (NEW.list_id, NEW.line);
    RETURN NULL;
END $$;
CREATE TRIGGER settle AFTER INSERT OR UPDATE ON bank_returns
    FOR EACH ROW EXECUTE FUNCTION settle_by_row();

-- Paid money moves back, or beyond what is owed, in the posting of the decision about that voucher,
-- and by no more than the bank's row is for.
CREATE FUNCTION reverse_by_decision() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM postings p
        JOIN decisions d ON d.id = substring(p.cause FROM '^decision/([0-9]{1,18})$')::bigint
        JOIN vouchers v ON v.id = (d.content ->> 'voucher')::bigint
        WHERE p.id = NEW.posting_id AND v.book_id = NEW.book_id AND d.answer = 'confirmed'
            AND d.kind = 'bank_reversal' AND (
                SELECT sum(m.amount) FROM movements m
                WHERE (m.posting_id, m.book_id, m.kind) = (NEW.posting_id, NEW.book_id, NEW.kind)
            ) <= (d.content ->> 'fen')::bigint
    ) THEN
        RAISE EXCEPTION 'a payment is reversed by a decision of two persons'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'two_persons_decided';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER reverse AFTER INSERT ON movements FOR EACH ROW
    WHEN (NEW.kind IN ('late', 'overpay', 'unpay')) EXECUTE FUNCTION reverse_by_decision();

COMMENT ON TABLE payment_lists IS 'Lists of payouts, each drawing on one indicator';
COMMENT ON COLUMN payment_lists.total_fen IS 'Fen';
COMMENT ON COLUMN payment_lists.words IS 'The sum in Chinese capital figures';
COMMENT ON COLUMN payment_lists.sent_at IS 'Confirmed by a second person, money committed';
COMMENT ON COLUMN payment_lists.digest IS 'SHA-256 of what two persons confirm, hex';
COMMENT ON TABLE payment_lines IS 'One payout each, frozen as it was confirmed';
COMMENT ON COLUMN payment_lines.fen IS 'Fen';
COMMENT ON COLUMN payment_lines.paid_fen IS 'Fen';
COMMENT ON COLUMN payment_lines.returned_fen IS 'Fen';
COMMENT ON COLUMN payment_lines.recalled_fen IS 'Fen, of what was returned: called back by two persons';
COMMENT ON COLUMN payment_lines.over_fen IS 'Fen that the bank paid beyond what was owed; recoverable';
COMMENT ON COLUMN payment_lines.outside_fen IS
    'Fen that the bank paid or took back beyond what the books can hold';
COMMENT ON COLUMN payment_lines.void IS 'Its list was refused or withdrawn';
COMMENT ON TABLE bank_returns IS 'What the bank said of a line, row by row, and whether it holds';
COMMENT ON COLUMN bank_returns.fen IS 'Fen';
COMMENT ON COLUMN bank_returns.original IS 'The file, as it came';
COMMENT ON COLUMN bank_returns.place IS 'Its row in the file';
COMMENT ON COLUMN bank_returns.state IS
    'booked at once; open until two persons decide; accepted, rejected or undone by them';
COMMENT ON COLUMN bank_returns.paid_fen IS 'Fen that it adds to the line, signed; so the next three';

REVOKE EXECUTE ON FUNCTION bank_contradicts, void_list, line_of_claim, send_list, recall_line,
    return_of_line, rule_on_row, settle_by_row, reverse_by_decision FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bank_contradicts TO :app_role;
GRANT SELECT ON bank_returns TO :app_role;
GRANT INSERT (reference, list_id, line, result, fen, on_day, reason, original, place, received_at,
    received_by, state, paid_fen) ON bank_returns TO :app_role;
GRANT UPDATE (state, decision_id, paid_fen, returned_fen, over_fen, outside_fen) ON bank_returns TO
    :app_role;
GRANT SELECT ON payment_lists, payment_lines TO :app_role;
GRANT INSERT (number, indicator_id, total_fen, words, digest, decision_id, made_at, made_by) ON
    payment_lists TO :app_role;
GRANT INSERT (list_id, line, claim_id, voucher_id, account_id, payee, uscc, bank, bank_code, number, fen) ON
    payment_lines TO :app_role;
GRANT UPDATE (sent_at) ON payment_lists TO :app_role;
GRANT UPDATE (recalled_fen) ON payment_lines TO :app_role;
