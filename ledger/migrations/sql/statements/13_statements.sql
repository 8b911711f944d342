-- Statements (对账单): what was metered under a contract in a month, and what both parties say of it.

CREATE TABLE statements (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number text NOT NULL UNIQUE CHECK (number <> ''),
    contract_id bigint NOT NULL REFERENCES contracts,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    revision integer NOT NULL CHECK (revision >= 1),
    total_fen bigint NOT NULL CHECK (total_fen >= 0),
    digest text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    issued_at timestamptz NOT NULL,
    issued_by text NOT NULL,
    UNIQUE (contract_id, month, revision)
);

CREATE TABLE statement_lines (
    statement_id bigint NOT NULL REFERENCES statements,
    line smallint NOT NULL CHECK (line >= 1),
    price_id bigint NOT NULL REFERENCES prices,
    policy text NOT NULL,
    model_id bigint REFERENCES catalogue_models,
    mig_profile text NOT NULL,
    ms_num numeric NOT NULL CHECK (ms_num >= 0),
    ms_den numeric NOT NULL CHECK (ms_den >= 1),
    promised_ms bigint CHECK (promised_ms >= 0),
    cost_fen bigint NOT NULL CHECK (cost_fen >= 0),
    grade text NOT NULL CHECK (grade IN ('A', 'B', 'C', 'D')),
    gap_ms bigint NOT NULL CHECK (gap_ms >= 0),
    PRIMARY KEY (statement_id, line)
);
CREATE INDEX statement_lines_by_price ON statement_lines (price_id);

-- Centre and builder each confirm or contest, line by line; the newest word of a party counts.
CREATE TABLE statement_answers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    statement_id bigint NOT NULL,
    line smallint NOT NULL,
    party text NOT NULL CHECK (party IN ('centre', 'builder')),
    answer text NOT NULL CHECK (answer IN ('confirmed', 'contested')),
    reason text NOT NULL DEFAULT '',
    answered_at timestamptz NOT NULL,
    answered_by text NOT NULL,
    FOREIGN KEY (statement_id, line) REFERENCES statement_lines,
    CHECK (answer = 'confirmed' OR reason <> '')
);
CREATE INDEX statement_answers_by_statement ON statement_answers (statement_id, line);

COMMENT ON TABLE statements IS
    'What was metered under a contract in a month; a revision replaces the one before';
COMMENT ON COLUMN statements.total_fen IS 'Fen without tax';
COMMENT ON COLUMN statements.digest IS 'SHA-256 of its content, hex';
COMMENT ON TABLE statement_lines IS 'Charges as a statement shows them';
COMMENT ON COLUMN statement_lines.cost_fen IS 'Fen';
COMMENT ON COLUMN statement_lines.gap_ms IS 'Milliseconds without evidence';
COMMENT ON COLUMN statement_lines.grade IS 'Grade of evidence, A to D';
COMMENT ON TABLE statement_answers IS 'What a party says of a line; the newest counts';

GRANT SELECT, INSERT ON statements, statement_lines, statement_answers TO :app_role;
