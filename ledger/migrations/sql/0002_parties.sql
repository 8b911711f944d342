-- Buyer, seller, centre, holder and payee are separate parties. The organisation that runs a centre
-- sells for it, and a project's organisation buys and is paid for it; every other organisation that
-- does so is joined to it here, for the days on which that holds. `related` (关联方) joins two.
CREATE TABLE relations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('seller', 'buyer', 'payee', 'related')),
    organisation bigint NOT NULL REFERENCES organisations,
    centre bigint REFERENCES centres,
    project bigint REFERENCES projects,
    other bigint REFERENCES organisations,
    valid daterange NOT NULL CHECK (NOT isempty(valid)),
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    superseded_at timestamptz,
    superseded_by text,
    CHECK ((kind = 'seller') = (centre IS NOT NULL)),
    CHECK ((kind IN ('buyer', 'payee')) = (project IS NOT NULL)),
    CHECK ((kind = 'related') = (other IS NOT NULL)),
    CHECK (other <> organisation),
    CHECK (superseded_at >= recorded_at),
    CHECK ((superseded_at IS NULL) = (superseded_by IS NULL)),
    EXCLUDE USING gist (
        kind WITH =, organisation WITH =, coalesce(centre, project, other) WITH =, valid WITH &&
    ) WHERE (superseded_at IS NULL),
    -- A project is paid through one organisation at a time.
    CONSTRAINT one_payee EXCLUDE USING gist (project WITH =, valid WITH &&)
        WHERE (superseded_at IS NULL AND kind = 'payee')
);
CREATE TRIGGER keep BEFORE UPDATE ON relations FOR EACH ROW EXECUTE FUNCTION keep_dated_fact();

GRANT SELECT, INSERT ON relations TO :app_role;
GRANT UPDATE (superseded_at, superseded_by) ON relations TO :app_role;
