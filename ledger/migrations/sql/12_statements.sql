-- Statements (对账单): what was metered under a contract in a month, and what both parties say of it.

CREATE TABLE statements (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number text NOT NULL UNIQUE CHECK (number <> ''),
    contract bigint NOT NULL REFERENCES contracts,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    revision integer NOT NULL CHECK (revision >= 1),
    total_fen bigint NOT NULL CHECK (total_fen >= 0),
    digest text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    issued_at timestamptz NOT NULL,
    issued_by text NOT NULL,
    UNIQUE (contract, month, revision)
);

CREATE TABLE statement_lines (
    statement bigint NOT NULL REFERENCES statements,
    line smallint NOT NULL CHECK (line >= 1),
    price bigint NOT NULL REFERENCES prices,
    policy text NOT NULL,
    model bigint REFERENCES catalogue_models,
    mig_profile text NOT NULL,
    ms_num numeric NOT NULL CHECK (ms_num >= 0),
    ms_den numeric NOT NULL CHECK (ms_den >= 1),
    promised_ms bigint CHECK (promised_ms >= 0),
    cost_fen bigint NOT NULL CHECK (cost_fen >= 0),
    grade text NOT NULL CHECK (grade IN ('A', 'B', 'C', 'D')),
    gap_ms bigint NOT NULL CHECK (gap_ms >= 0),
    PRIMARY KEY (statement, line)
);

-- Centre and builder each confirm or contest, line by line; the newest word of a party counts.
CREATE TABLE statement_answers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    statement bigint NOT NULL,
    line smallint NOT NULL,
    party text NOT NULL CHECK (party IN ('centre', 'builder')),
    answer text NOT NULL CHECK (answer IN ('confirmed', 'contested')),
    reason text NOT NULL DEFAULT '',
    answered_at timestamptz NOT NULL,
    answered_by text NOT NULL,
    FOREIGN KEY (statement, line) REFERENCES statement_lines,
    CHECK (answer = 'confirmed' OR reason <> '')
);

GRANT SELECT, INSERT ON statements, statement_lines, statement_answers TO :app_role;
