-- Cost documents (成本单据): invoices blue and red, and internal settlements, each with its original
-- file. A number is taken once, whoever brings it, in whichever year and programme.

CREATE TABLE originals (
    hash text PRIMARY KEY CHECK (hash ~ '^[0-9a-f]{64}$'),
    name text NOT NULL,
    media text NOT NULL,
    content bytea NOT NULL CHECK (octet_length(content) > 0),
    received_at timestamptz NOT NULL,
    received_by text NOT NULL,
    CONSTRAINT hash_of_content CHECK (hash = encode(sha256(content), 'hex'))
);

CREATE TABLE cost_documents (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('digital_invoice', 'electronic_invoice', 'paper_invoice',
        'internal_settlement', 'other')),
    code text NOT NULL DEFAULT '',
    number text NOT NULL CHECK (number <> ''),
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
    statement text,  -- the number of the statement (对账单) that it settles
    reverses bigint REFERENCES cost_documents,  -- a red one: the blue one
    confirmation text,  -- 红字发票信息确认单编号
    remark text NOT NULL DEFAULT '',
    source text NOT NULL CHECK (source IN ('xml', 'ofd', 'keyed')),
    original text NOT NULL REFERENCES originals,
    received_at timestamptz NOT NULL,
    received_by text NOT NULL,
    confirmed_by text,  -- of keyed ones: the second person
    confirmed_at timestamptz,
    CONSTRAINT number_once UNIQUE (code, number),
    CONSTRAINT sum_of_document CHECK (net_fen + tax_fen = gross_fen),
    CONSTRAINT red_is_negative CHECK ((reverses IS NOT NULL) = (gross_fen < 0)
        AND sign(net_fen) * sign(gross_fen) >= 0),
    CHECK (since <= until),
    CHECK ((confirmed_by IS NULL) = (confirmed_at IS NULL)),
    CONSTRAINT keyed_by_another CHECK (person_of(confirmed_by) <> person_of(received_by))
);
CREATE INDEX cost_documents_by_parties ON cost_documents (seller_uscc, buyer_uscc, issued_on);
CREATE INDEX cost_documents_reversed ON cost_documents (reverses) WHERE reverses IS NOT NULL;

-- `net_fen` is without tax, the basis on which charges are compared.
CREATE TABLE document_lines (
    document bigint NOT NULL REFERENCES cost_documents,
    line smallint NOT NULL CHECK (line >= 1),
    item text NOT NULL,
    unit text NOT NULL DEFAULT '',
    quantity text NOT NULL DEFAULT '',
    unit_price text NOT NULL DEFAULT '',
    net_fen bigint NOT NULL,
    tax_rate text NOT NULL DEFAULT '',
    tax_fen bigint NOT NULL,
    PRIMARY KEY (document, line)
);

-- A red confirmation that is on its way freezes its invoice (R18) until it is lifted.
CREATE TABLE freezes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document bigint NOT NULL REFERENCES cost_documents,
    confirmation text NOT NULL CHECK (confirmation <> ''),
    frozen_at timestamptz NOT NULL,
    frozen_by text NOT NULL,
    lifted_at timestamptz,
    lifted_by text,
    CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
);
CREATE UNIQUE INDEX freezes_open ON freezes (document) WHERE lifted_at IS NULL;

-- At commit the lines of a document add up to it.
CREATE FUNCTION lines_tie() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    net numeric;
    tax numeric;
BEGIN
    SELECT coalesce(sum(net_fen), 0), coalesce(sum(tax_fen), 0) INTO net, tax
        FROM document_lines WHERE document = NEW.id;
    IF net <> NEW.net_fen OR tax <> NEW.tax_fen THEN
        RAISE EXCEPTION 'the lines of document % do not add up to it', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'lines_tie';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER lines_tie AFTER INSERT ON cost_documents DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION lines_tie();
REVOKE EXECUTE ON FUNCTION lines_tie FROM PUBLIC;

GRANT SELECT, INSERT ON originals, cost_documents, document_lines, freezes TO :app_role;
GRANT UPDATE (confirmed_by, confirmed_at) ON cost_documents TO :app_role;
GRANT UPDATE (lifted_at, lifted_by) ON freezes TO :app_role;
