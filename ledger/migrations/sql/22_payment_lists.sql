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
    void boolean NOT NULL DEFAULT false,  -- its list was refused or withdrawn, and never sent
    PRIMARY KEY (list_id, line),
    CONSTRAINT settled_at_most CHECK (paid_fen + returned_fen <= fen)
);
CREATE INDEX payment_lines_by_account ON payment_lines (account_id);
CREATE INDEX payment_lines_by_voucher ON payment_lines (voucher_id);
-- A claim stands on one list at a time.
CREATE UNIQUE INDEX payment_lines_open ON payment_lines (claim_id)
    WHERE paid_fen + returned_fen < fen AND NOT void;
CREATE INDEX payment_lines_by_claim ON payment_lines (claim_id);

-- A line pays a claim, of its voucher, to the payee's account as it stands, and no more than is due.
CREATE FUNCTION line_of_claim() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM claims WHERE id = NEW.claim_id FOR NO KEY UPDATE;
    IF NOT EXISTS (
        SELECT FROM claims c JOIN bank_accounts a ON a.organisation_id = c.payee_id
        JOIN organisations o ON o.id = c.payee_id
        WHERE c.id = NEW.claim_id AND c.voucher_id = NEW.voucher_id AND a.id = NEW.account_id
            AND a.superseded_at IS NULL
            AND (a.holder, o.uscc, a.bank, a.bank_code, a.number)
                = (NEW.payee, NEW.uscc, NEW.bank, NEW.bank_code, NEW.number)
            AND NEW.fen <= c.fen - (SELECT coalesce(sum(l.paid_fen), 0) FROM payment_lines l
                                    WHERE l.claim_id = c.id)
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
            WHERE l.list_id = NEW.id AND (c.state <> 'listed' OR a.superseded_at IS NOT NULL)
        ) THEN
        RAISE EXCEPTION 'a list is sent once, as it is confirmed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'list_confirmed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER send BEFORE UPDATE ON payment_lists FOR EACH ROW EXECUTE FUNCTION send_list();

-- What the bank did to a line of a sent list is added, and never taken back; paid is what it said.
CREATE FUNCTION settle_line() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.returned_fen < OLD.returned_fen
        OR NEW.paid_fen <> OLD.paid_fen AND NEW.paid_fen IS DISTINCT FROM (
            SELECT sum(fen) FROM bank_returns
            WHERE (list_id, line) = (NEW.list_id, NEW.line) AND result = 'paid')
        OR NEW.paid_fen + NEW.returned_fen > OLD.paid_fen + OLD.returned_fen
            AND NOT EXISTS (SELECT FROM payment_lists WHERE id = NEW.list_id AND sent_at IS NOT NULL)
    THEN
        RAISE EXCEPTION 'a line is settled forward, and on a list that was sent'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'line_settled';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER settle BEFORE UPDATE ON payment_lines FOR EACH ROW EXECUTE FUNCTION settle_line();

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

-- What a bank said, once for each of its references.
CREATE TABLE bank_returns (
    reference text PRIMARY KEY CHECK (reference <> ''),
    list_id bigint NOT NULL,
    line smallint NOT NULL,
    result text NOT NULL CHECK (result IN ('paid', 'returned')),
    fen bigint NOT NULL CHECK (fen > 0),
    on_day date NOT NULL,
    reason text NOT NULL DEFAULT '',
    original text NOT NULL REFERENCES originals,
    received_at timestamptz NOT NULL,
    received_by text NOT NULL,
    FOREIGN KEY (list_id, line) REFERENCES payment_lines
);
CREATE INDEX bank_returns_by_original ON bank_returns (original);
CREATE INDEX bank_returns_by_line ON bank_returns (list_id, line);

-- It speaks of a line that was sent, and of no more than that.
CREATE FUNCTION return_of_line() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    sent bigint;
BEGIN
    SELECT l.fen INTO sent FROM payment_lines l JOIN payment_lists s ON s.id = l.list_id
        WHERE (l.list_id, l.line) = (NEW.list_id, NEW.line) AND s.sent_at IS NOT NULL
        FOR NO KEY UPDATE OF l;
    IF sent IS NULL OR NEW.fen > sent - (SELECT coalesce(sum(fen), 0) FROM bank_returns
                                         WHERE (list_id, line) = (NEW.list_id, NEW.line)) THEN
        RAISE EXCEPTION 'the bank returns what was sent'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'return_of_line';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fits BEFORE INSERT ON bank_returns FOR EACH ROW EXECUTE FUNCTION return_of_line();

COMMENT ON TABLE payment_lists IS 'Lists of payouts, each drawing on one indicator';
COMMENT ON COLUMN payment_lists.total_fen IS 'Fen';
COMMENT ON COLUMN payment_lists.words IS 'The sum in Chinese capital figures';
COMMENT ON COLUMN payment_lists.sent_at IS 'Confirmed by a second person, money committed';
COMMENT ON COLUMN payment_lists.digest IS 'SHA-256 of what two persons confirm, hex';
COMMENT ON TABLE payment_lines IS 'One payout each, frozen as it was confirmed';
COMMENT ON COLUMN payment_lines.fen IS 'Fen';
COMMENT ON COLUMN payment_lines.paid_fen IS 'Fen';
COMMENT ON COLUMN payment_lines.returned_fen IS 'Fen';
COMMENT ON COLUMN payment_lines.void IS 'Its list was refused or withdrawn';
COMMENT ON TABLE bank_returns IS 'What the bank said of a line, once for each of its references';
COMMENT ON COLUMN bank_returns.fen IS 'Fen';

REVOKE EXECUTE ON FUNCTION void_list, line_of_claim, send_list, settle_line, return_of_line FROM
    PUBLIC;
GRANT SELECT, INSERT ON bank_returns TO :app_role;
GRANT SELECT ON payment_lists, payment_lines TO :app_role;
GRANT INSERT (number, indicator_id, total_fen, words, digest, decision_id, made_at, made_by) ON
    payment_lists TO :app_role;
GRANT INSERT (list_id, line, claim_id, voucher_id, account_id, payee, uscc, bank, bank_code, number, fen) ON
    payment_lines TO :app_role;
GRANT UPDATE (sent_at) ON payment_lists TO :app_role;
GRANT UPDATE (paid_fen, returned_fen) ON payment_lines TO :app_role;
