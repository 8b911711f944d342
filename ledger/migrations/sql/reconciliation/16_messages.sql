-- Reconciliation (对账), fourth part: questions to the centre.

-- A question to the centre, with a day by which it is to be answered.
CREATE TABLE messages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reconciliation_id bigint NOT NULL REFERENCES reconciliations,
    document_id bigint REFERENCES cost_documents,
    code text NOT NULL CHECK (code ~ '^R(0[1-9]|1[0-9]|20)$'),
    body text NOT NULL CHECK (body <> ''),
    answer_by date NOT NULL,
    sent_at timestamptz NOT NULL,
    sent_by text NOT NULL,
    answer text CHECK (answer <> ''),
    answered_at timestamptz,
    answered_by text,
    CHECK ((answer IS NULL) = (answered_at IS NULL) AND (answer IS NULL) = (answered_by IS NULL))
);
CREATE INDEX messages_by_reconciliation ON messages (reconciliation_id);
CREATE INDEX messages_by_document ON messages (document_id);
CREATE INDEX messages_open ON messages (answer_by) WHERE answer IS NULL;

COMMENT ON TABLE messages IS 'Questions to a centre';
COMMENT ON COLUMN messages.answer_by IS 'Beijing day';

GRANT SELECT, INSERT ON messages TO :app_role;
GRANT UPDATE (answer, answered_at, answered_by) ON messages TO :app_role;
