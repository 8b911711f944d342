-- Two persons (双人): one decides, another confirms, and a confirmation names the digest of what was
-- decided. Nothing is edited: a decision gets its one answer, and another decision is another row.
--
-- What was decided stays JSON, and is no rows: `digest` is taken over the whole of it, so it must be
-- kept as the second person saw it, and rows beside it could say something else. Each kind has other
-- keys, and no query looks for decisions by them. These triggers and functions hold a row to it:
-- match_decided, held_by_decision and rest_on_lines (14: contract, month, cells, typed), red_parts_fit
-- (11: document, parts), deduction_is_agreed (11: deduction, fen, held_fen, counted_fen, original),
-- payable_decided, policy_end_decided and set_validity (16: policy, digests, voucher, days),
-- exclusion_decided (19: voucher, contract, month, excluded), set_cap and lower_by_decision (17:
-- voucher, cap_fen, before_fen), set_year_cap and set_pool (17: voucher, since_year, year, pool,
-- clauses, cap_fen), account_decided (18), move_case (19: number, fen),
-- gpu_decided (37: moves), inventory_stated (37: centre, devices), rule_corrections (35: cluster, month, job, accept, received_until, digest),
-- close_follows (51: month, figures), send_list (21: number, total_fen, lines), payback_decided (22: voucher, fraud, reference, fen).

-- A name as the eye sees it: without white space but U+0020, without control, format, private and
-- other characters that leave no ink (Unicode's Default_Ignorable_Code_Point, the blank letters, the
-- variation selectors). As HIDDEN in `ledger/formats/visible.py`; a test holds them to each other. No
-- token is made for a name that has any (06_people_tokens).
CREATE FUNCTION visible(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN regexp_replace(name, '[\u0001-\u001f\u007f-\u00a0\u00ad\u034f\u0600-\u0605\u061c\u06dd'
    '\u070f\u0890\u0891\u08e2\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f'
    '\u205f-\u206f\u2800\u3000\u3164\ue000-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff'
    '\U000110bd\U000110cd\U00013430-\U0001343f\U00016fe4\U0001bca0-\U0001bca3\U0001d159'
    '\U0001d173-\U0001d17a\U000e0000-\U0010ffff]', '', 'g');

-- Whether every character of a text is seen, also in its plain form. What names something is so.
CREATE FUNCTION is_visible(name text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN visible(normalize(name, NFKC)) = normalize(name, NFKC);

-- What tells two names apart: not spaces, width, capitals or invisible characters.
CREATE FUNCTION plain_name(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN lower(normalize(replace(visible(normalize(name, NFKC)), ' ', ''), NFKC) COLLATE "C");

-- A number of a contract or an indicator, however it is written: not spaces, width or capitals, nor
-- which hyphen or bracket stands in it.
CREATE FUNCTION plain_code(number text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN translate(regexp_replace(regexp_replace(upper(normalize(number, NFKC)), '\s', '', 'g'),
    '[\u058a\u2010-\u2015\u2043\u2212\u2e3a\u2e3b\ufe58\ufe63]', '-', 'g'),
    '〔〕【】〈〉《》〖〗[]{}', '()()()()()()()');

-- The name in an actor (`clerk:李四#12`), whatever the role and whichever token. No two identities
-- have one plain name (06_people_tokens), so it tells identities apart in checks of a single row.
CREATE FUNCTION person_of(actor text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN plain_name(regexp_replace(actor, '^[a-z]+:(.*)#[0-9]+$', '\1'));

-- What is decided, and in which roles it is confirmed or refused: as KINDS in
-- `ledger/desk/steps/confirm.py`; a test holds them to each other.
CREATE TABLE decision_kinds (
    kind text PRIMARY KEY,
    roles text[] NOT NULL
);
INSERT INTO decision_kinds (kind, roles) VALUES
    ('document', '{clerk,approver}'),
    ('reconciliation', '{clerk,approver}'),
    ('extra', '{clerk,approver}'),
    ('fall', '{approver}'),
    ('red_parts', '{clerk,approver}'),
    ('deduction_consent', '{clerk,approver}'),
    ('deduction_fall', '{approver}'),
    ('claim', '{approver}'),
    ('account', '{clerk,approver}'),
    ('indicator', '{finance,approver}'),
    ('payment_list', '{finance,approver}'),
    ('refund', '{finance,approver}'),
    ('recovery', '{finance,approver}'),
    ('cap', '{approver}'),
    ('lapse', '{approver}'),
    ('validity', '{approver}'),
    ('rate', '{approver}'),
    ('policy_end', '{approver}'),
    ('policy_payable', '{approver}'),
    ('excluded_month', '{approver}'),
    ('year_cap', '{approver}'),
    ('pool', '{finance,approver}'),
    ('year_end', '{finance,approver}'),
    ('books_close', '{finance,approver}'),
    ('registry', '{clerk,approver}'),
    ('voucher', '{approver}'),
    ('usage', '{clerk,approver}'),
    ('capacity', '{clerk,approver}'),
    ('correction', '{clerk,approver}'),
    ('incident', '{clerk,approver}'),
    ('inventory', '{clerk}'),
    ('bank_reversal', '{finance,approver}');

-- JSON as `ledger.formats.digest` writes it: keys in the order of their code points, no spaces.
CREATE FUNCTION canonical(content jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN CASE jsonb_typeof(content)
        WHEN 'object' THEN '{' || coalesce((
            SELECT string_agg(to_json(key)::text || ':' || canonical(value), ',' ORDER BY key COLLATE "C")
            FROM jsonb_each(content)), '') || '}'
        WHEN 'array' THEN '[' || coalesce((
            SELECT string_agg(canonical(value), ',' ORDER BY place)
            FROM jsonb_array_elements(content) WITH ORDINALITY AS e (value, place)), '') || ']'
        ELSE content::text
    END;
END $$;

-- The digest of such content, as `ledger.formats.digest.digest` takes it.
CREATE FUNCTION digest_of(content jsonb) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN encode(sha256(convert_to(canonical(content), 'UTF8')), 'hex');

CREATE TABLE decisions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL REFERENCES decision_kinds,
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
    CONSTRAINT digest_of_content CHECK (digest = digest_of(content)),
    CONSTRAINT two_persons CHECK (
        answer IS NULL OR answer = 'withdrawn' OR person_of(answered_by) <> person_of(decided_by)),
    CONSTRAINT confirms_what_was_decided CHECK (
        answer IS DISTINCT FROM 'confirmed' OR answered_digest IS NOT DISTINCT FROM digest)
);
-- One open question about one thing.
CREATE UNIQUE INDEX decisions_open ON decisions (kind, subject) WHERE answer IS NULL;
CREATE INDEX decisions_by_subject ON decisions (kind, subject, id);

CREATE FUNCTION keep_decision() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.answer IS NOT NULL THEN
        RAISE EXCEPTION 'an answered decision cannot change' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep BEFORE UPDATE ON decisions FOR EACH ROW EXECUTE FUNCTION keep_decision();

COMMENT ON TABLE decision_kinds IS 'What is decided, and who may confirm it; filled by the migrations';
COMMENT ON TABLE decisions IS
    'What one person decided about a subject, and the one answer of another';
COMMENT ON COLUMN decisions.content IS 'What was decided, as JSON; its keys depend on kind';
COMMENT ON COLUMN decisions.digest IS 'SHA-256 of content, hex; a confirmation names it';
COMMENT ON COLUMN decisions.decided_by IS 'Actor: role:name#token';

GRANT SELECT ON decision_kinds, decisions TO :app_role;
GRANT INSERT (kind, subject, content, digest, reason, decided_by, decided_at) ON decisions TO
    :app_role;
GRANT UPDATE (answer, answered_by, answered_at, answered_digest, answer_reason) ON decisions TO
    :app_role;
