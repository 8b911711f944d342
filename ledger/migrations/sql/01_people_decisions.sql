-- Two persons (双人): one decides, another confirms, and a confirmation names the digest of what was
-- decided. Nothing is edited: a decision gets its one answer, and another decision is another row.
--
-- What was decided stays JSON, and is no rows: `digest` is taken over the whole of it, so it must be
-- kept as the second person saw it, and rows beside it could say something else. Each kind has other
-- keys, and no query looks for decisions by them. These triggers and functions hold a row to it:
-- match_decided and rest_on_documents (14: contract, month, cells, typed), set_cap and
-- lower_by_decision (18: voucher, cap_fen, before_fen), account_decided (19), move_case (20: number,
-- fen), send_list (22: number, total_fen, lines), payback_decided (23: voucher, fraud, reference, fen).

-- Who an actor (`clerk:李四#12`) is, whatever the role and whichever token: one person is one person,
-- also where the name is written with spaces, in full width, in capitals or with invisible characters.
CREATE FUNCTION person_of(actor text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN lower(regexp_replace(
    normalize(regexp_replace(actor, '^[a-z]+:(.*)#[0-9]+$', '\1'), NFKC),
    '[\s\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]', '', 'g'));

CREATE TABLE decisions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('document', 'reconciliation', 'extra', 'fall', 'red_parts',
        'claim', 'account', 'indicator', 'payment_list', 'refund', 'recovery', 'cap', 'lapse',
        'validity', 'policy_end', 'year_end', 'registry', 'bank_reversal')),
    subject text NOT NULL CHECK (subject <> ''),
    content jsonb NOT NULL,
    digest text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    reason text NOT NULL,
    decided_by text NOT NULL CHECK (decided_by <> ''),
    decided_at timestamptz NOT NULL,
    answer text CHECK (answer IN ('confirmed', 'refused', 'withdrawn')),
    answered_by text,
    answered_at timestamptz,
    answered_digest text,
    answer_reason text NOT NULL DEFAULT '',
    CHECK ((answer IS NULL) = (answered_by IS NULL) AND (answer IS NULL) = (answered_at IS NULL)),
    CONSTRAINT two_persons CHECK (
        answer IS NULL OR answer = 'withdrawn' OR person_of(answered_by) <> person_of(decided_by)),
    CONSTRAINT confirms_what_was_decided CHECK (
        answer IS DISTINCT FROM 'confirmed' OR answered_digest IS NOT DISTINCT FROM digest)
);
-- One open question about one thing.
CREATE UNIQUE INDEX decisions_open ON decisions (kind, subject) WHERE answer IS NULL;
CREATE INDEX decisions_by_subject ON decisions (kind, subject, id);

CREATE FUNCTION keep_decision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.answer IS NOT NULL THEN
        RAISE EXCEPTION 'an answered decision cannot change' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep BEFORE UPDATE ON decisions FOR EACH ROW EXECUTE FUNCTION keep_decision();

COMMENT ON TABLE decisions IS
    'What one person decided about a subject, and the one answer of another';
COMMENT ON COLUMN decisions.content IS 'What was decided, as JSON; its keys depend on kind';
COMMENT ON COLUMN decisions.digest IS 'SHA-256 of content, hex; a confirmation names it';
COMMENT ON COLUMN decisions.decided_by IS 'Actor: role:name#token';

GRANT SELECT ON decisions TO :app_role;
GRANT INSERT (kind, subject, content, digest, reason, decided_by, decided_at) ON decisions TO
    :app_role;
GRANT UPDATE (answer, answered_by, answered_at, answered_digest, answer_reason) ON decisions TO
    :app_role;
