-- What each agent took of the ledger's room on the newest day on which it reported
-- (`ledger/metering/queries/shares.py`). Nothing is decided by it but «not more today».
CREATE TABLE agent_shares (
    agent_id uuid PRIMARY KEY REFERENCES agents,
    day date NOT NULL,
    bytes bigint NOT NULL CHECK (bytes >= 0),
    aside bigint NOT NULL CHECK (aside >= 0),
    conflicts bigint NOT NULL CHECK (conflicts >= 0)
);

COMMENT ON TABLE agent_shares IS 'What each agent took on the newest day on which it reported';
COMMENT ON COLUMN agent_shares.day IS 'Beijing date';
COMMENT ON COLUMN agent_shares.bytes IS 'Of accepted batches';
COMMENT ON COLUMN agent_shares.aside IS 'Windows that were quarantined';
COMMENT ON COLUMN agent_shares.conflicts IS 'Other words for kept windows';

GRANT SELECT, INSERT ON agent_shares TO :app_role;
GRANT UPDATE (day, bytes, aside, conflicts) ON agent_shares TO :app_role;
