-- Cost documents (成本单据): invoices blue and red, and internal settlements, each with its original
-- file. A number is taken once, whoever brings it, in whichever year and programme. A document is
-- believed by nobody's word alone, whatever file it came in: it stands once another person than who
-- brought it has compared it, or has looked it up at the tax platform (查验), or when it bears a seal
-- for which an authority vouches that the owner of this database trusts.

CREATE TABLE originals (
    hash text PRIMARY KEY CHECK (hash ~ '^[0-9a-f]{64}$'),
    name text NOT NULL,
    media text NOT NULL,
    content bytea NOT NULL CHECK (octet_length(content) > 0),
    received_at timestamptz NOT NULL,
    received_by text NOT NULL,
    CONSTRAINT hash_of_content CHECK (hash = encode(sha256(content), 'hex'))
);

-- A number without its disguises: full width, spaces, case, and what follows an invoice's 20 digits.
CREATE FUNCTION plain_number(number text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN regexp_replace(regexp_replace(normalize(upper(number), NFKC), '\s', '', 'g'),
    '^([0-9]{20}).*$', '\1');

-- The authorities that are believed to certify the tax offices' seals. The owner puts them here when
-- the server starts, from a folder; the application reads them.
CREATE TABLE trusted_certificates (
    fingerprint text PRIMARY KEY,
    name text NOT NULL,
    encoded bytea NOT NULL,
    trusted_since timestamptz NOT NULL,
    trusted_until timestamptz,  -- it was taken out of the folder
    CONSTRAINT fingerprint_of_certificate CHECK (fingerprint = encode(sha256(encoded), 'hex'))
);

CREATE TABLE cost_documents (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('digital_invoice', 'electronic_invoice', 'paper_invoice',
        'internal_settlement', 'other')),
    code text NOT NULL DEFAULT '',
    number text NOT NULL CHECK (number <> '' AND is_visible(number)),
    issued_on date NOT NULL,
    seller_uscc text NOT NULL,
    seller_name text NOT NULL,
    buyer_uscc text NOT NULL,
    buyer_name text NOT NULL,
    net_fen bigint NOT NULL,
    tax_fen bigint NOT NULL,
    gross_fen bigint NOT NULL CHECK (gross_fen <> 0),
    since date NOT NULL,
    until date NOT NULL,
    period_assumed boolean NOT NULL DEFAULT false,  -- it says no period: the month of issue, till stated
    period_contradicts boolean NOT NULL DEFAULT false,  -- its statement's month is not its remark's
    statement text,  -- the number of the statement (对账单) that it settles
    reverses_id bigint REFERENCES cost_documents,  -- a red one: the blue one
    confirmation text,  -- 红字发票信息确认单编号
    remark text NOT NULL DEFAULT '',
    source text NOT NULL CHECK (source IN ('xml', 'ofd', 'keyed')),
    original text NOT NULL REFERENCES originals,
    received_at timestamptz NOT NULL,
    received_by text NOT NULL,
    decision_id bigint REFERENCES decisions,  -- what the second person is asked; none if sealed
    confirmed_by text,
    confirmed_at timestamptz,
    seal text NOT NULL DEFAULT 'missing' CHECK (seal IN ('holds', 'missing', 'no_roots', 'unknown',
        'uncovered', 'untrusted')),
    seal_name text,
    sealed_at timestamptz,
    vouched_by text REFERENCES trusted_certificates,  -- the authority that vouches for the seal
    stands boolean NOT NULL
        GENERATED ALWAYS AS (confirmed_at IS NOT NULL OR vouched_by IS NOT NULL)
        STORED,
    dropped_at timestamptz,  -- the second person said no, and its number was taken anew
    CONSTRAINT sum_of_document CHECK (net_fen + tax_fen = gross_fen),
    CONSTRAINT red_is_negative CHECK ((reverses_id IS NOT NULL) = (gross_fen < 0)
        AND sign(net_fen) * sign(gross_fen) >= 0),
    CHECK (since <= until),
    CHECK ((confirmed_by IS NULL) = (confirmed_at IS NULL)),
    CHECK ((seal = 'holds') = (vouched_by IS NOT NULL)
        AND num_nulls(seal_name, sealed_at, vouched_by) IN (0, 3)),
    CONSTRAINT sealed_is_ofd CHECK (vouched_by IS NULL OR source = 'ofd'),
    CONSTRAINT sealed_or_decided CHECK (num_nulls(vouched_by, decision_id) = 1),
    CONSTRAINT verified_by_another CHECK (person_of(confirmed_by) <> person_of(received_by)),
    CONSTRAINT only_refused_ones_drop CHECK (dropped_at IS NULL
        OR (confirmed_at IS NULL AND vouched_by IS NULL))
);
-- The tax office numbers invoices; what a university settles within itself, it numbers itself.
CREATE UNIQUE INDEX number_once ON cost_documents (number, code)
    WHERE dropped_at IS NULL AND kind NOT IN ('internal_settlement', 'other');
CREATE UNIQUE INDEX own_number_once ON cost_documents (number, code, seller_uscc)
    WHERE dropped_at IS NULL AND kind IN ('internal_settlement', 'other');
CREATE INDEX cost_documents_by_family ON cost_documents ((coalesce(reverses_id, id)));
CREATE INDEX cost_documents_by_original ON cost_documents (original);
CREATE INDEX cost_documents_by_decision ON cost_documents (decision_id);
CREATE INDEX cost_documents_by_authority ON cost_documents (vouched_by) WHERE vouched_by IS NOT NULL;
CREATE INDEX cost_documents_by_parties ON cost_documents (seller_uscc, buyer_uscc, issued_on);
CREATE INDEX cost_documents_by_statement ON cost_documents (statement) WHERE statement IS NOT NULL;
CREATE INDEX cost_documents_by_plain_number ON cost_documents (plain_number(number));
CREATE INDEX cost_documents_reversed ON cost_documents (reverses_id) WHERE reverses_id IS NOT NULL;

-- A new document waits for an answer that nobody has given yet, to a question of who brought it; it
-- stands by that answer, in the name of who gave it; once. One that is sealed rests on an authority
-- that is trusted now; the seal itself is checked by the application that read the file.
CREATE FUNCTION document_confirmed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.confirmed_at IS NOT NULL
            OR (NEW.vouched_by IS NULL AND NOT EXISTS (SELECT FROM decisions d
                WHERE d.id = NEW.decision_id AND d.kind = 'document' AND d.answer IS NULL
                    AND d.decided_by = NEW.received_by))
            OR (NEW.vouched_by IS NOT NULL AND NOT EXISTS (SELECT FROM trusted_certificates t
                WHERE t.fingerprint = NEW.vouched_by AND t.trusted_until IS NULL)) THEN
            RAISE EXCEPTION 'document % waits for no second person', NEW.number
                USING ERRCODE = 'check_violation', CONSTRAINT = 'document_waits';
        END IF;
    ELSIF (NEW.confirmed_at, NEW.confirmed_by, NEW.decision_id)
            IS DISTINCT FROM (OLD.confirmed_at, OLD.confirmed_by, OLD.decision_id)
        AND (OLD.confirmed_at IS NOT NULL OR NEW.decision_id IS DISTINCT FROM OLD.decision_id
            OR NOT EXISTS (SELECT FROM decisions d
                WHERE d.id = NEW.decision_id AND d.kind = 'document' AND d.answer = 'confirmed'
                    AND d.answered_by = NEW.confirmed_by)) THEN
        RAISE EXCEPTION 'nobody has confirmed document %', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'document_confirmed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER confirmed BEFORE INSERT OR UPDATE OF confirmed_at, confirmed_by, decision_id
    ON cost_documents FOR EACH ROW EXECUTE FUNCTION document_confirmed();

-- What stands by a decision is what the decision says: the one document, or a list of so many with
-- these sums. So nothing can be laid under a decision that others are about to confirm.
CREATE FUNCTION document_as_decided() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wrong bigint;
BEGIN
    SELECT min(q.id) INTO wrong
    FROM (SELECT DISTINCT n.decision_id FROM new_rows n JOIN old_rows o ON o.id = n.id
          WHERE n.confirmed_at IS NOT NULL AND o.confirmed_at IS NULL) c
    JOIN decisions q ON q.id = c.decision_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS documents, sum(d.net_fen) AS net_fen, sum(d.gross_fen) AS gross_fen,
               min(d.number) AS number, min(d.code) AS code, min(d.issued_on) AS issued_on,
               min(d.seller_uscc) AS seller, min(d.buyer_uscc) AS buyer, min(d.original) AS original
        FROM cost_documents d WHERE d.decision_id = q.id AND d.dropped_at IS NULL) s
    WHERE s.net_fen <> (q.content ->> 'net_fen')::numeric
        OR s.gross_fen <> (q.content ->> 'gross_fen')::numeric
        OR s.original IS DISTINCT FROM q.content ->> 'original'
        OR s.documents <> coalesce((q.content ->> 'documents')::bigint, 1)
        OR NOT q.content ? 'documents' AND (s.number, s.code, s.issued_on, s.seller, s.buyer)
            IS DISTINCT FROM (q.content ->> 'number', q.content ->> 'code',
                (q.content ->> 'issued_on')::date, q.content #>> '{seller,uscc}',
                q.content #>> '{buyer,uscc}')
        OR num_nulls(q.content ->> 'net_fen', q.content ->> 'gross_fen') > 0;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'decision % says something else than its documents', wrong
            USING ERRCODE = 'check_violation', CONSTRAINT = 'document_as_decided';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER as_decided AFTER UPDATE ON cost_documents
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION document_as_decided();

-- `net_fen` is without tax, the basis on which charges are compared.
CREATE TABLE document_lines (
    document_id bigint NOT NULL REFERENCES cost_documents,
    line smallint NOT NULL CHECK (line >= 1),
    item text NOT NULL,
    unit text NOT NULL DEFAULT '',
    quantity text NOT NULL DEFAULT '',
    unit_price text NOT NULL DEFAULT '',
    net_fen bigint NOT NULL,
    tax_rate text NOT NULL DEFAULT '',
    tax_fen bigint NOT NULL,
    PRIMARY KEY (document_id, line)
);

-- At commit the lines of a document add up to it.
CREATE FUNCTION lines_tie() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    net numeric;
    tax numeric;
BEGIN
    SELECT coalesce(sum(net_fen), 0), coalesce(sum(tax_fen), 0) INTO net, tax
        FROM document_lines WHERE document_id = NEW.id;
    IF net <> NEW.net_fen OR tax <> NEW.tax_fen THEN
        RAISE EXCEPTION 'the lines of document % do not add up to it', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'lines_tie';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER lines_tie AFTER INSERT ON cost_documents DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION lines_tie();

-- The lines of a document come all at once: nothing is added to it afterwards.
CREATE FUNCTION lines_whole() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wrong bigint;
BEGIN
    SELECT min(f.document_id) INTO wrong
    FROM (SELECT document_id, count(*) AS lines FROM fresh GROUP BY document_id) f
    WHERE f.lines <> (SELECT count(*) FROM document_lines l WHERE l.document_id = f.document_id);
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'document % has its lines already', wrong
            USING ERRCODE = 'check_violation', CONSTRAINT = 'lines_whole';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER lines_whole AFTER INSERT ON document_lines REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION lines_whole();

-- Which lines of its blue document a red one takes back, and how much of each. It says so itself, line
-- by line; where it does not, two persons decide, and until then its blue one is frozen.
CREATE TABLE red_parts (
    document_id bigint NOT NULL REFERENCES cost_documents,
    line smallint NOT NULL,  -- of the blue document
    fen bigint NOT NULL CHECK (fen < 0),
    decision_id bigint REFERENCES decisions,
    PRIMARY KEY (document_id, line)
);
CREATE INDEX red_parts_by_decision ON red_parts (decision_id) WHERE decision_id IS NOT NULL;

-- Together they are the red document, each within its blue line, and where two persons decided they
-- are what those decided.
CREATE FUNCTION red_parts_fit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM cost_documents WHERE id IN (
        SELECT d.reverses_id FROM fresh f JOIN cost_documents d ON d.id = f.document_id)
        ORDER BY id FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT FROM fresh f JOIN cost_documents d ON d.id = f.document_id
        WHERE d.reverses_id IS NULL OR NOT d.stands
            OR d.net_fen <> (SELECT sum(p.fen) FROM red_parts p WHERE p.document_id = d.id)
            OR NOT EXISTS (
                SELECT FROM document_lines l
                WHERE (l.document_id, l.line) = (d.reverses_id, f.line) AND l.net_fen >= -(
                    SELECT sum(p.fen) FROM cost_documents r JOIN red_parts p ON p.document_id = r.id
                    WHERE r.reverses_id = d.reverses_id AND p.line = f.line))
            OR f.decision_id IS NOT NULL AND NOT EXISTS (
                SELECT FROM decisions c CROSS JOIN LATERAL jsonb_array_elements(c.content -> 'parts') t
                WHERE c.id = f.decision_id AND c.kind = 'red_parts' AND c.answer = 'confirmed'
                    AND c.content -> 'document' = to_jsonb(f.document_id)
                    AND (t -> 'line', t -> 'fen') = (to_jsonb(f.line), to_jsonb(f.fen)))
    ) THEN
        RAISE EXCEPTION 'a red document takes back what its blue one has, line by line'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'red_parts_fit';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER fit AFTER INSERT ON red_parts REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION red_parts_fit();

-- Proofs of payment (付款凭证) of a document, each under its bank's reference: who paid whom, how much.
-- A file proves it whose text has the amount and the reference; where the file has no text, or says
-- something else, another person than who entered it must have looked at it.
CREATE TABLE receipts (
    reference text PRIMARY KEY CHECK (reference <> '' AND is_visible(reference)),
    document_id bigint NOT NULL REFERENCES cost_documents,
    payer text NOT NULL CHECK (payer <> ''),
    payee text NOT NULL CHECK (payee <> ''),
    fen bigint NOT NULL CHECK (fen > 0),
    paid_on date NOT NULL,
    original text NOT NULL REFERENCES originals,
    amount_found boolean,  -- null: the file is a picture
    reference_found boolean,
    entered_at timestamptz NOT NULL,
    entered_by text NOT NULL,
    checked_by text,
    checked_at timestamptz,
    proves boolean NOT NULL GENERATED ALWAYS AS (
        coalesce(amount_found AND reference_found, false) OR checked_at IS NOT NULL) STORED,
    CHECK ((amount_found IS NULL) = (reference_found IS NULL)),
    CHECK ((checked_by IS NULL) = (checked_at IS NULL)),
    CONSTRAINT receipt_by_another CHECK (person_of(checked_by) <> person_of(entered_by))
);
-- One transfer proves one payment, however its reference is written: as a file is searched for it.
CREATE FUNCTION plain_reference(reference text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN upper(regexp_replace(normalize(reference, NFKC), '\s', '', 'g'));
CREATE UNIQUE INDEX receipts_once ON receipts (plain_reference(reference));
CREATE INDEX receipts_by_original ON receipts (original);
CREATE INDEX receipts_by_document ON receipts (document_id);

-- Who looked at it is another identity of the bureau, and looked after it was entered.
CREATE FUNCTION receipt_checked() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.checked_at IS NOT NULL OR TG_OP = 'UPDATE' AND NOT (
            NEW.checked_by ~ '^(clerk|approver):' AND may_act(NEW.checked_by, NEW.checked_at)
            AND second_refused(NEW.checked_by, NEW.entered_by) IS NULL) THEN
        RAISE EXCEPTION 'nobody else has looked at receipt %', NEW.reference
            USING ERRCODE = 'check_violation', CONSTRAINT = 'receipt_by_another';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER checked BEFORE INSERT OR UPDATE OF checked_by, checked_at ON receipts
    FOR EACH ROW EXECUTE FUNCTION receipt_checked();

CREATE TRIGGER brought BEFORE INSERT ON receipts
    FOR EACH ROW EXECUTE FUNCTION brought_by_actor('entered', '{clerk,operator,builder}');

-- At the counter (柜台抵扣) a builder pays a centre the bill less its voucher: what was deducted of a
-- document, with tax, as the centre or a clerk states it and the builder confirms it, or two persons
-- of the bureau for a file that the builder signed. With the receipts it proves that the document is
-- paid; the centre is paid that much of the voucher. What red documents take back of the document they
-- take back of the deduction in the same part, when two persons have decided it.
CREATE TABLE deductions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_id bigint NOT NULL REFERENCES cost_documents,
    contract_id bigint NOT NULL REFERENCES contracts,
    fen bigint NOT NULL CHECK (fen > 0),
    held_fen bigint NOT NULL CHECK (held_fen BETWEEN 0 AND fen),
    fall_decision_id bigint REFERENCES decisions,
    stated_at timestamptz NOT NULL,
    stated_by text NOT NULL,
    confirmed_at timestamptz,
    confirmed_by text,
    consent_decision_id bigint REFERENCES decisions,
    CHECK ((confirmed_at IS NULL) = (confirmed_by IS NULL)),
    CHECK (confirmed_at IS NOT NULL OR consent_decision_id IS NULL),
    CHECK (fall_decision_id IS NOT NULL OR held_fen = fen),
    CONSTRAINT deduction_once UNIQUE (document_id, contract_id),
    CONSTRAINT deduction_by_another CHECK (person_of(confirmed_by) <> person_of(stated_by))
);
CREATE INDEX deductions_by_contract ON deductions (contract_id);
CREATE INDEX deductions_by_fall ON deductions (fall_decision_id)
    WHERE fall_decision_id IS NOT NULL;
CREATE INDEX deductions_by_consent ON deductions (consent_decision_id)
    WHERE consent_decision_id IS NOT NULL;

CREATE FUNCTION deduction_is_agreed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    worth bigint;
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.held_fen := NEW.fen;
        IF NEW.confirmed_at IS NOT NULL OR NOT may_act(NEW.stated_by, NEW.stated_at)
                OR NOT EXISTS (SELECT FROM tokens t JOIN contracts k ON k.id = NEW.contract_id
                    WHERE t.id = token_of(NEW.stated_by)
                        AND (t.role = 'clerk' OR t.centre_id = k.centre_id)) THEN
            RAISE EXCEPTION '% states no deduction of this contract', NEW.stated_by
                USING ERRCODE = 'check_violation', CONSTRAINT = 'deduction_stated';
        END IF;
        SELECT gross_fen INTO worth FROM cost_documents WHERE id = NEW.document_id
            FOR NO KEY UPDATE;
        worth := worth + (SELECT coalesce(sum(gross_fen), 0) FROM cost_documents
                WHERE coalesce(reverses_id, id) = NEW.document_id AND reverses_id IS NOT NULL
                    AND stands);
        IF worth < NEW.fen + (SELECT coalesce(sum(held_fen), 0) FROM deductions
                WHERE document_id = NEW.document_id) THEN
            RAISE EXCEPTION 'more is deducted than document % is worth', NEW.document_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'deduction_within_document';
        END IF;
    ELSIF OLD.confirmed_at IS NOT NULL THEN
        IF (NEW.confirmed_at, NEW.confirmed_by, NEW.consent_decision_id) IS DISTINCT FROM
                (OLD.confirmed_at, OLD.confirmed_by, OLD.consent_decision_id)
                OR NEW.fall_decision_id IS NOT DISTINCT FROM OLD.fall_decision_id
                OR NOT EXISTS (SELECT FROM decisions d WHERE d.id = NEW.fall_decision_id
                    AND d.kind = 'deduction_fall' AND d.answer = 'confirmed'
                    AND (d.content ->> 'deduction')::bigint = NEW.id
                    AND (d.content ->> 'held_fen')::bigint = OLD.held_fen
                    AND (d.content ->> 'counted_fen')::bigint = NEW.held_fen)
                OR NEW.held_fen >= OLD.held_fen THEN
            RAISE EXCEPTION 'two persons have not lowered deduction %', NEW.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'deduction_falls';
        END IF;
    ELSIF NEW.held_fen <> OLD.held_fen OR NOT may_act(NEW.confirmed_by, NEW.confirmed_at)
            OR second_refused(NEW.confirmed_by, NEW.stated_by) IS NOT NULL
            OR NEW.consent_decision_id IS NULL AND NOT EXISTS (
                SELECT FROM tokens t JOIN contracts k ON k.id = NEW.contract_id
                WHERE t.id = token_of(NEW.confirmed_by) AND t.project_id = k.project_id)
            OR NEW.consent_decision_id IS NOT NULL AND NOT EXISTS (
                SELECT FROM decisions d JOIN originals o ON o.hash = d.content ->> 'original'
                WHERE d.id = NEW.consent_decision_id AND d.kind = 'deduction_consent'
                    AND d.answer = 'confirmed' AND d.answered_by = NEW.confirmed_by
                    AND (d.content ->> 'deduction')::bigint = NEW.id
                    AND (d.content ->> 'fen')::bigint = NEW.fen) THEN
        RAISE EXCEPTION '% confirms no deduction of this contract', NEW.confirmed_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'deduction_confirmed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER agree BEFORE INSERT OR UPDATE ON deductions FOR EACH ROW
    EXECUTE FUNCTION deduction_is_agreed();
COMMENT ON TABLE deductions IS
    'What a builder paid a centre for a document by its voucher, as both of them say';
COMMENT ON COLUMN deductions.fen IS 'Fen with tax';
COMMENT ON COLUMN deductions.held_fen IS
    'Fen of it that hold: less once two persons decided what red documents took back';
COMMENT ON COLUMN deductions.consent_decision_id IS
    'Two persons, for a file that the builder signed; null where the builder confirmed here';

-- What counts of a deduction now: what is left of its document, in the same part, rounded once.
CREATE VIEW counted_deductions AS
    SELECT x.id, least(x.held_fen, div(
            2 * x.fen::numeric * greatest(family.gross_fen, 0) + d.gross_fen,
            2 * d.gross_fen::numeric)::bigint) AS counted_fen
    FROM deductions x JOIN cost_documents d ON d.id = x.document_id
    CROSS JOIN LATERAL (SELECT sum(gross_fen) AS gross_fen FROM cost_documents f
                        WHERE coalesce(f.reverses_id, f.id) = d.id AND (f.stands OR f.id = d.id)
                        ) family;

-- A red confirmation that is on its way freezes its invoice (R18) until it is lifted.
CREATE TABLE freezes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_id bigint NOT NULL REFERENCES cost_documents,
    confirmation text NOT NULL CHECK (confirmation <> ''),
    frozen_at timestamptz NOT NULL,
    frozen_by text NOT NULL,
    lifted_at timestamptz,
    lifted_by text,
    CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
);
CREATE INDEX freezes_by_document ON freezes (document_id);
CREATE UNIQUE INDEX freezes_open ON freezes (document_id) WHERE lifted_at IS NULL;

-- Who looked a document up at the tax bureau's platform (查验), when, and what it said, with the
-- picture of that. By another person than who brought it, it is the answer to the decision.
CREATE TABLE lookups (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_id bigint NOT NULL REFERENCES cost_documents,
    result text NOT NULL CHECK (result IN ('agrees', 'differs', 'unknown', 'void')),
    looked_up_on date NOT NULL,
    original text NOT NULL REFERENCES originals,
    note text NOT NULL DEFAULT '',
    entered_at timestamptz NOT NULL,
    entered_by text NOT NULL CHECK (entered_by <> ''),
    CHECK (looked_up_on <= (entered_at AT TIME ZONE interval '+08:00')::date)
);
CREATE INDEX lookups_by_document ON lookups (document_id, id);
CREATE INDEX lookups_by_original ON lookups (original);

-- The service period of a document that says none, or contradicts itself: stated by a clerk, with a
-- reason, before anything of the document or of its red ones is allocated. They have it from here.
CREATE TABLE stated_periods (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_id bigint NOT NULL REFERENCES cost_documents,
    since date NOT NULL,
    until date NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    stated_at timestamptz NOT NULL,
    stated_by text NOT NULL CHECK (stated_by <> ''),
    CHECK (since <= until)
);
CREATE INDEX stated_periods_by_document ON stated_periods (document_id, id);

-- The period is stated of a document of which nothing is allocated; its red ones follow.
CREATE FUNCTION period_stated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM cost_documents WHERE id = NEW.document_id FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM cost_documents d JOIN allocations a ON a.document_id = d.id
               WHERE coalesce(d.reverses_id, d.id) = NEW.document_id)
        OR EXISTS (SELECT FROM cost_documents d WHERE d.id = NEW.document_id
                   AND (d.reverses_id IS NOT NULL OR NOT (d.period_assumed OR d.period_contradicts
                        OR EXISTS (SELECT FROM stated_periods p
                                   WHERE p.document_id = d.id AND p.id < NEW.id)))) THEN
        RAISE EXCEPTION 'the period of document % is settled', NEW.document_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'period_settled';
    END IF;
    UPDATE cost_documents SET since = NEW.since, until = NEW.until, period_assumed = false
    WHERE coalesce(reverses_id, id) = NEW.document_id;
    RETURN NULL;
END $$;
CREATE TRIGGER period AFTER INSERT ON stated_periods
    FOR EACH ROW EXECUTE FUNCTION period_stated();

-- Red documents that stand and do not say which lines they take back.
CREATE VIEW unclear_reds AS
    SELECT d.id, d.reverses_id FROM cost_documents d
    WHERE d.reverses_id IS NOT NULL AND d.net_fen < 0 AND d.stands
        AND NOT EXISTS (SELECT FROM red_parts p WHERE p.document_id = d.id);

-- Documents of which nothing new is allocated or decided: a red one is on its way, or unclear.
CREATE VIEW frozen_documents AS
    SELECT document_id AS id FROM freezes WHERE lifted_at IS NULL
    UNION SELECT reverses_id FROM unclear_reds;

-- What may be allocated: it stands, its period is known, and it is not frozen.
CREATE VIEW standing_documents AS
    SELECT d.id FROM cost_documents d
    WHERE d.stands AND NOT d.period_assumed
        AND NOT EXISTS (SELECT FROM frozen_documents f WHERE f.id = d.id);

COMMENT ON TABLE originals IS 'Files as they came, by content';
COMMENT ON COLUMN originals.hash IS 'SHA-256 of content, hex';
COMMENT ON TABLE cost_documents IS 'Invoices blue and red, and internal settlements';
COMMENT ON COLUMN cost_documents.net_fen IS 'Fen without tax, negative on a red one';
COMMENT ON COLUMN cost_documents.gross_fen IS 'Fen with tax';
COMMENT ON COLUMN cost_documents.reverses_id IS 'Of a red one: the blue one';
COMMENT ON COLUMN cost_documents.since IS 'Beijing day, included';
COMMENT ON COLUMN cost_documents.until IS 'Beijing day, included';
COMMENT ON COLUMN cost_documents.dropped_at IS 'Refused, and its number taken anew';
COMMENT ON TABLE document_lines IS 'Lines of cost documents';
COMMENT ON COLUMN document_lines.net_fen IS 'Fen without tax';
COMMENT ON COLUMN document_lines.tax_fen IS 'Fen';
COMMENT ON TABLE receipts IS 'Proofs of payment of documents, each under its bank''s reference';
COMMENT ON COLUMN receipts.fen IS 'Fen with tax';
COMMENT ON COLUMN receipts.amount_found IS 'Its text has the amount; null where it is a picture';
COMMENT ON COLUMN receipts.proves IS 'By its text, or by a second person who looked at it';
COMMENT ON TABLE freezes IS 'Invoices frozen by a red confirmation on its way';
COMMENT ON TABLE red_parts IS 'Which lines of its blue document a red one takes back';
COMMENT ON COLUMN red_parts.line IS 'Line of the blue document';
COMMENT ON COLUMN red_parts.fen IS 'Fen without tax, below zero';
COMMENT ON COLUMN red_parts.decision_id IS 'Null where the red document says it itself';
COMMENT ON VIEW unclear_reds IS 'Red documents that do not say which lines they take back';
COMMENT ON VIEW counted_deductions IS 'What counts of each deduction now, less what red documents took back, fen';
COMMENT ON VIEW frozen_documents IS 'Documents with a red one that is on its way or unclear';
COMMENT ON VIEW standing_documents IS
    'Documents that may be allocated: verified, of a known period, and not frozen';
COMMENT ON COLUMN cost_documents.stands IS
    'Another person than who brought it has verified it, or a trusted authority vouches for its seal';
COMMENT ON COLUMN cost_documents.seal IS 'What came out of checking the electronic seal of its file';
COMMENT ON TABLE trusted_certificates IS
    'Authorities that are believed to certify the seals of invoices; only the owner writes them';
COMMENT ON COLUMN trusted_certificates.fingerprint IS 'SHA-256 of encoded, hex';
COMMENT ON COLUMN trusted_certificates.encoded IS 'X.509, DER';
COMMENT ON COLUMN cost_documents.period_assumed IS
    'No period is known: since and until are the month of issue, and nothing is allocated';
COMMENT ON TABLE lookups IS 'What the tax bureau''s platform said of a document (查验)';
COMMENT ON COLUMN lookups.looked_up_on IS 'Beijing day';
COMMENT ON TABLE stated_periods IS 'Service periods that clerks stated; the newest counts';
COMMENT ON COLUMN stated_periods.since IS 'Beijing day, included';
COMMENT ON COLUMN stated_periods.until IS 'Beijing day, included';

REVOKE EXECUTE ON FUNCTION lines_tie, lines_whole, document_confirmed, document_as_decided,
    period_stated, red_parts_fit, receipt_checked FROM PUBLIC;
GRANT SELECT, INSERT ON originals, cost_documents, document_lines, red_parts, freezes, receipts,
    lookups, stated_periods TO :app_role;
GRANT SELECT ON unclear_reds, frozen_documents, standing_documents, trusted_certificates TO :app_role;
GRANT UPDATE (confirmed_by, confirmed_at, dropped_at) ON cost_documents TO :app_role;
GRANT UPDATE (checked_by, checked_at) ON receipts TO :app_role;
REVOKE EXECUTE ON FUNCTION deduction_is_agreed FROM PUBLIC;
GRANT SELECT ON deductions TO :app_role;
GRANT INSERT (document_id, contract_id, fen, stated_at, stated_by) ON deductions TO :app_role;
GRANT UPDATE (confirmed_at, confirmed_by, consent_decision_id, held_fen, fall_decision_id)
    ON deductions TO :app_role;
GRANT SELECT ON counted_deductions TO :app_role;
GRANT UPDATE (lifted_at, lifted_by) ON freezes TO :app_role;
