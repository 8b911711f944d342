CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;

COMMENT ON EXTENSION btree_gist IS 'support for indexing common datatypes in GiST';

CREATE DOMAIN public.month AS date
	CONSTRAINT month_check CHECK ((isfinite(VALUE) AND (EXTRACT(day FROM VALUE) = (1)::numeric)));

ALTER DOMAIN public.month OWNER TO suanquan_owner;

COMMENT ON DOMAIN public.month IS 'The first day of a month';

CREATE FUNCTION public.account_decided() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM decisions d
            WHERE d.id = NEW.decision_id AND d.kind = 'account' AND d.answer = 'confirmed'
                AND d.content ->> 'organisation' = NEW.organisation_id::text
                AND d.content ->> 'holder' = NEW.holder AND d.content ->> 'bank' = NEW.bank
                AND d.content ->> 'bank_code' = NEW.bank_code
                AND d.content ->> 'number' = NEW.number) THEN
        RAISE EXCEPTION 'two persons have not confirmed this account'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'account_decided';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.account_decided() OWNER TO suanquan_owner;

CREATE FUNCTION public.acts_first(decision bigint, of_relation text, of_entry text) RETURNS boolean
    LANGUAGE sql
    AS $$
    WITH act AS (
        INSERT INTO registry_acts (decision_id, relation, entry) VALUES (decision, of_relation, of_entry)
        ON CONFLICT DO NOTHING RETURNING 1)
    SELECT EXISTS (SELECT FROM act);
$$;

ALTER FUNCTION public.acts_first(decision bigint, of_relation text, of_entry text) OWNER TO suanquan_owner;

CREATE FUNCTION public.agent_approved() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF split_part(NEW.approved_by, ':', 1) <> 'clerk'
        OR NOT may_act(NEW.approved_by, NEW.approved_at) THEN
        RAISE EXCEPTION '% approves no agent', NEW.approved_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'agent_approved';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.agent_approved() OWNER TO suanquan_owner;

CREATE FUNCTION public.allocated_to_a_cell() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF EXISTS (
        SELECT contract_id, kind FROM fresh EXCEPT
        SELECT k.id, p.kind FROM contracts k JOIN projects p ON p.id = k.project_id
            WHERE k.id IN (SELECT contract_id FROM fresh)
    ) THEN
        RAISE EXCEPTION 'a project of another kind'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'allocated_to_a_cell';
    END IF;
    RETURN NULL;
END $$;

ALTER FUNCTION public.allocated_to_a_cell() OWNER TO suanquan_owner;

CREATE FUNCTION public.allocations_fit() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
DECLARE
    roots bigint[];
    wrong bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM fresh) THEN RETURN NULL; END IF;  -- an INSERT that could have updated
    EXECUTE $query$
        SELECT array_agg(id) FROM (
            SELECT id FROM cost_documents
            WHERE id IN (SELECT coalesce(d.reverses_id, d.id)
                         FROM fresh f JOIN cost_documents d ON d.id = f.document_id)
            ORDER BY id FOR NO KEY UPDATE) locked
    $query$ INTO roots;
    EXECUTE $query$
        SELECT min(t.root)
        FROM (SELECT DISTINCT coalesce(d.reverses_id, d.id) AS root, f.line
              FROM fresh f JOIN cost_documents d ON d.id = f.document_id) t
        LEFT JOIN LATERAL (
            SELECT allocated_fen BETWEEN 0 AND net_fen AS fits
            FROM line_sums s WHERE (s.root, s.line) = (t.root, t.line) OFFSET 0) s ON true
        WHERE s.fits IS NOT TRUE
    $query$ INTO wrong;
    IF wrong IS NULL THEN
        EXECUTE $query$
            SELECT min(family) FROM unnest($1) AS family
            CROSS JOIN LATERAL (SELECT * FROM family_sums WHERE root = family OFFSET 0) s
            WHERE s.allocated_fen NOT BETWEEN 0 AND s.net_fen
        $query$ INTO wrong USING roots;
    END IF;
    IF wrong IS NULL THEN
        EXECUTE $query$
            SELECT min(family) FROM unnest($1) AS family
            CROSS JOIN LATERAL (
                SELECT FROM cost_documents d JOIN allocations a ON a.document_id = d.id
                WHERE coalesce(d.reverses_id, d.id) = family
                GROUP BY a.line, a.contract_id, a.month, a.part HAVING sum(a.fen) < 0
            ) below
        $query$ INTO wrong USING roots;
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'document % has not what is allocated of it', wrong
            USING ERRCODE = 'check_violation', CONSTRAINT = 'allocations_fit', DETAIL = wrong;
    END IF;
    RETURN NULL;
END $_$;

ALTER FUNCTION public.allocations_fit() OWNER TO suanquan_owner;

CREATE FUNCTION public.approve_claim_cells() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    UPDATE claim_cells n SET approved_fen = coalesce((
            SELECT sum((m ->> 'fen')::bigint)
            FROM decisions d CROSS JOIN jsonb_array_elements(d.content -> 'claimed_months') m
            JOIN contracts k ON k.number = m ->> 'contract'
            WHERE d.id = (NEW.content ->> 'decision')::bigint AND k.id = n.contract_id
                AND m ->> 'month' = to_char(n.month, 'YYYY-MM')), 0)
        WHERE n.claim_id = NEW.claim_id;
    RETURN NULL;
END $$;

ALTER FUNCTION public.approve_claim_cells() OWNER TO suanquan_owner;

CREATE FUNCTION public.archive_follows() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    after CONSTANT date := NEW.month + interval '1 month';
    sealed seals;
    stated jsonb := NEW.manifest::jsonb;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.archive', 0));
    SELECT * INTO sealed FROM seals WHERE number = NEW.seal AND seals.month = NEW.month;
    IF sealed IS NULL
        OR (NEW.archived_at AT TIME ZONE interval '+08:00')::date < after + interval '1 month'
        OR NEW.part <> coalesce((SELECT max(part) FROM archives WHERE archives.month = NEW.month), 0) + 1
        OR EXISTS (SELECT FROM window_days WHERE state = 'open' AND day < after)
        OR stated ->> 'month' IS DISTINCT FROM to_char(NEW.month, 'YYYY-MM')
        OR stated -> 'part' IS DISTINCT FROM to_jsonb(NEW.part)
        OR stated ->> 'head' IS DISTINCT FROM encode(sealed.hash, 'hex') THEN
        RAISE EXCEPTION 'part % of % is not to be archived', NEW.part, NEW.month
            USING ERRCODE = 'check_violation', CONSTRAINT = 'archive_follows';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.archive_follows() OWNER TO suanquan_owner;

CREATE TABLE public.batch_rolls (
    stream uuid NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL,
    seal bigint NOT NULL,
    agent_id uuid NOT NULL,
    received tstzrange NOT NULL,
    hashes bytea NOT NULL,
    signatures bytea NOT NULL,
    leaves bytea NOT NULL,
    templates text[] NOT NULL,
    counts integer[] NOT NULL,
    columns smallint[] NOT NULL,
    kinds text NOT NULL,
    bases bigint[] NOT NULL,
    steps bigint[] NOT NULL,
    widths smallint[] NOT NULL,
    content bytea NOT NULL,
    CONSTRAINT batch_rolls_check CHECK ((last >= first)),
    CONSTRAINT batch_rolls_check1 CHECK ((octet_length(hashes) = (32 * ((last - first) + 2)))),
    CONSTRAINT batch_rolls_check2 CHECK ((octet_length(signatures) = (64 * ((last - first) + 1)))),
    CONSTRAINT batch_rolls_check3 CHECK ((octet_length(leaves) = (32 * ((last - first) + 1)))),
    CONSTRAINT batch_rolls_first_check CHECK ((first >= 1))
);

ALTER TABLE public.batch_rolls OWNER TO suanquan_owner;

COMMENT ON TABLE public.batch_rolls IS 'Batches of closed days, many of a stream a row, each to the byte as it was signed';

COMMENT ON COLUMN public.batch_rolls.last IS 'Number of its last batch';

COMMENT ON COLUMN public.batch_rolls.seal IS 'Which took all of them';

COMMENT ON COLUMN public.batch_rolls.received IS 'From the first to the last';

COMMENT ON COLUMN public.batch_rolls.hashes IS 'Of the batch before the first, and of each: 32 bytes';

COMMENT ON COLUMN public.batch_rolls.signatures IS 'Of each: 64 bytes';

COMMENT ON COLUMN public.batch_rolls.leaves IS 'Of each in the seal''s tree: 32 bytes';

COMMENT ON COLUMN public.batch_rolls.templates IS 'Texts for format(), with a place for each column but the first';

COMMENT ON COLUMN public.batch_rolls.counts IS 'Of each template: how often it occurs';

COMMENT ON COLUMN public.batch_rolls.columns IS 'Of each template: its columns, of which the first says where pieces stand';

COMMENT ON COLUMN public.batch_rolls.kinds IS 'Of each column: number, second, microsecond or hash, by its first letter (u: microsecond)';

COMMENT ON COLUMN public.batch_rolls.bases IS 'Of each column; a value is base + step × n';

COMMENT ON COLUMN public.batch_rolls.widths IS 'Of each column: bytes of n in the content; 0: n counts on';

COMMENT ON COLUMN public.batch_rolls.content IS 'The columns that have a width, one after the other';

CREATE FUNCTION public.archive_roll(of_month date, of_part integer, of_group integer, roll public.batch_rolls) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    kept batch_rolls;
    in_part archives;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(roll.stream::text, 1));
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.pack', 0));
    SELECT * INTO in_part FROM archives WHERE (month, part) = (of_month, of_part)
        AND xmin = pg_current_xact_id()::xid;
    IF in_part IS NULL OR current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'part % of % is not being archived', of_part, of_month
            USING ERRCODE = 'check_violation', CONSTRAINT = 'archive_is_new';
    END IF;
    SELECT * INTO kept FROM roll_at(roll.stream, roll.first);
    roll.leaves := kept.leaves;
    IF kept IS NULL OR roll_digest(roll) <> roll_digest(kept) OR kept.seal > in_part.seal
        OR upper(kept.received) >= (of_month + interval '1 month') AT TIME ZONE interval '+08:00' THEN
        RAISE EXCEPTION 'the roll of % from % on is not that of the file', roll.stream, roll.first
            USING ERRCODE = 'check_violation', CONSTRAINT = 'archive_is_same';
    END IF;
    INSERT INTO archived_rolls (stream, first, month, part, row_group, seal, leaves, digest)
        VALUES (kept.stream, kept.first, of_month, of_part, of_group, kept.seal, kept.leaves,
                roll_digest(kept));
    DELETE FROM batch_rolls r WHERE r.stream = roll.stream AND r.first = roll.first;
END $$;

ALTER FUNCTION public.archive_roll(of_month date, of_part integer, of_group integer, roll public.batch_rolls) OWNER TO suanquan_owner;

CREATE FUNCTION public.bank_contradicts(of_claim bigint) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    SELECT EXISTS (SELECT FROM bank_returns r JOIN payment_lines l USING (list_id, line)
                   WHERE l.claim_id = of_claim AND r.state = 'open');
$$;

ALTER FUNCTION public.bank_contradicts(of_claim bigint) OWNER TO suanquan_owner;

CREATE FUNCTION public.batch_follows() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'batches are stored at READ COMMITTED'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_follows';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.stream::text, 1));
    IF NOT EXISTS (SELECT FROM agents a WHERE a.id = NEW.agent_id
                   AND (a.revoked_at IS NULL OR a.revoked_at > NEW.received_at))
        OR NEW.number > 1 AND NOT EXISTS (
            SELECT FROM batches b
            WHERE (b.stream, b.number, b.agent_id) = (NEW.stream, NEW.number - 1, NEW.agent_id)
            UNION ALL
            SELECT FROM roll_of(NEW.stream, NEW.number - 1) r WHERE r.agent_id = NEW.agent_id)
        OR EXISTS (SELECT FROM roll_of(NEW.stream, NEW.number)) THEN
        RAISE EXCEPTION 'batch % of % follows nothing', NEW.number, NEW.stream
            USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_follows';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.batch_follows() OWNER TO suanquan_owner;

CREATE FUNCTION public.batch_windows(of_stream uuid, of_number bigint) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    RETURN (SELECT convert_from(bytes, 'UTF8')::jsonb -> 'windows'
            FROM kept_batch(of_stream, of_number));
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
    RETURN NULL;
END $$;

ALTER FUNCTION public.batch_windows(of_stream uuid, of_number bigint) OWNER TO suanquan_owner;

CREATE FUNCTION public.beijing_day(at timestamp with time zone) RETURNS date
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ((at AT TIME ZONE '08:00:00'::interval))::date;

ALTER FUNCTION public.beijing_day(at timestamp with time zone) OWNER TO suanquan_owner;

CREATE FUNCTION public.bookmark_goes_on() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.position < OLD.position
        OR NEW.position > (SELECT coalesce(max(position), 0) FROM event_links) THEN
        RAISE EXCEPTION 'a bookmark goes forwards, to a place of the chain'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'bookmark_goes_on';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.bookmark_goes_on() OWNER TO suanquan_owner;

CREATE TABLE public.events (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text,
    token_id bigint,
    session_id bigint,
    address text NOT NULL,
    request text NOT NULL,
    act text NOT NULL,
    noun text NOT NULL,
    number text NOT NULL,
    result text NOT NULL,
    code text NOT NULL,
    omitted integer NOT NULL,
    CONSTRAINT actor_of_event CHECK (
CASE
    WHEN (act ~~ 'round %'::text) THEN ((token_id IS NULL) AND (NOT (actor IS DISTINCT FROM 'server'::text)))
    WHEN (act ~~ 'command %'::text) THEN ((token_id IS NULL) AND (actor IS NOT NULL) AND (actor ~~ 'machine:_%'::text))
    ELSE ((actor IS NULL) = (token_id IS NULL))
END),
    CONSTRAINT events_act_check CHECK ((act <> ''::text)),
    CONSTRAINT events_omitted_check CHECK ((omitted >= 0)),
    CONSTRAINT events_result_check CHECK ((result = ANY (ARRAY['done'::text, 'refused'::text])))
);

ALTER TABLE public.events OWNER TO suanquan_owner;

COMMENT ON TABLE public.events IS 'Who did what, and what was refused to whom; rows are only added';

COMMENT ON COLUMN public.events.at IS 'By the database''s clock';

COMMENT ON COLUMN public.events.actor IS 'As the token says, or the server or its machine''s account; null: nobody who is known';

COMMENT ON COLUMN public.events.address IS 'Where it came from in the network';

COMMENT ON COLUMN public.events.request IS 'The number of the request, as the server''s log has it';

COMMENT ON COLUMN public.events.act IS 'Method and route; or a round of the server, or a command on its machine';

COMMENT ON COLUMN public.events.noun IS 'What it was done to, and its number';

COMMENT ON COLUMN public.events.code IS 'Of a refusal; number_read: an account number was seen whole';

COMMENT ON COLUMN public.events.omitted IS 'Refusals of the same caller before this one, beyond the bound';

CREATE FUNCTION public.event_hash(before bytea, place bigint, e public.events) RETURNS bytea
    LANGUAGE sql STABLE
    RETURN sha256((before || convert_to((jsonb_build_array(place, (e).id, ((EXTRACT(epoch FROM (e).at) * (1000000)::numeric))::bigint, (e).actor, (e).token_id, (e).session_id, (e).address, (e).request, (e).act, (e).noun, (e).number, (e).result, (e).code, (e).omitted))::text, 'UTF8'::name)));

ALTER FUNCTION public.event_hash(before bytea, place bigint, e public.events) OWNER TO suanquan_owner;

CREATE TABLE public.event_links (
    "position" bigint NOT NULL,
    event_id bigint NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT event_links_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT event_links_position_check CHECK (("position" >= 1))
);

ALTER TABLE public.event_links OWNER TO suanquan_owner;

COMMENT ON TABLE public.event_links IS 'The place of each event in the chain';

COMMENT ON COLUMN public.event_links.hash IS 'SHA-256 of the hash before, and of the event';

CREATE FUNCTION public.broken_link() RETURNS bigint
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT linked.place
    FROM ( SELECT row_number() OVER chain AS place,
             l."position",
             l.hash,
             e.*::public.events AS event,
             lag(l.hash, 1, '\x'::bytea) OVER chain AS before
            FROM (public.event_links l
              LEFT JOIN public.events e ON ((e.id = l.event_id)))
           WINDOW chain AS (ORDER BY l."position")) linked
   WHERE ((linked."position" <> linked.place) OR ((linked.event).id IS NULL) OR (linked.hash <> public.event_hash(linked.before, linked.place, linked.event)))
   ORDER BY linked.place
  LIMIT 1;
END;

ALTER FUNCTION public.broken_link() OWNER TO suanquan_owner;

CREATE FUNCTION public.brought_by_actor() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    actor CONSTANT text := to_jsonb(NEW) ->> (TG_ARGV[0] || '_by');
    at CONSTANT timestamptz := to_jsonb(NEW) ->> (TG_ARGV[0] || '_at');
BEGIN
    IF current_user <> (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID)
        AND (split_part(actor, ':', 1) = ANY (TG_ARGV[1]::text[]) AND may_act(actor, at)) IS NOT TRUE THEN
        RAISE EXCEPTION '% brings no %', actor, TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = 'actor_acts';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.brought_by_actor() OWNER TO suanquan_owner;

CREATE FUNCTION public.canonical(content jsonb) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
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

ALTER FUNCTION public.canonical(content jsonb) OWNER TO suanquan_owner;

CREATE FUNCTION public.capacity_decided() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM decisions d JOIN clusters c ON c.name = d.content ->> 'cluster'
        WHERE d.id = NEW.decision_id AND d.kind = 'capacity' AND d.answer = 'confirmed'
            AND c.id = NEW.cluster_id AND (d.content ->> 'gpus')::integer = NEW.gpus
            AND d.content ->> 'evidence' = NEW.evidence
            AND NEW.valid = daterange((d.content ->> 'since')::date, (d.content ->> 'until')::date, '[]')
    ) THEN
        RAISE EXCEPTION 'a capacity is what two persons stated' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.capacity_decided() OWNER TO suanquan_owner;

CREATE FUNCTION public.causes_of(first_word text, from_posting bigint) RETURNS TABLE(posting_id bigint, cause text, book_id bigint, kind text, most_fen bigint)
    LANGUAGE plpgsql STABLE ROWS 1
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    CASE first_word
    WHEN 'voucher' THEN RETURN QUERY
        SELECT p.id, 'voucher', v.book_id, NULL, v.face_fen
            FROM open_postings p JOIN vouchers v ON v.id = p.key
            WHERE p.id >= from_posting AND p.cause = format('voucher/%s/open', v.id);
    WHEN 'reserve' THEN RETURN QUERY
        SELECT p.id, 'reserve', v.book_id, NULL, r.fen
            FROM open_postings p JOIN reservations r ON r.id = p.key
            JOIN vouchers v ON v.id = r.voucher_id
            WHERE p.id >= from_posting AND p.cause = format('reserve/%s', r.id);
    WHEN 'release' THEN RETURN QUERY
        SELECT p.id, 'release', v.book_id, NULL, r.fen
            FROM open_postings p JOIN reservations r ON r.id = p.key
            JOIN vouchers v ON v.id = r.voucher_id
            WHERE p.id >= from_posting AND p.cause = format('release/%s', r.id)
                AND r.released_at IS NOT NULL;
    WHEN 'accrue' THEN RETURN QUERY
        SELECT p.id, 'accrue', v.book_id, NULL, NULL::bigint
            FROM open_postings p JOIN accruals a ON a.posting_id = p.id AND a.voucher_id = p.key
            JOIN vouchers v ON v.id = a.voucher_id
            WHERE p.id >= from_posting
        UNION ALL
        SELECT p.id, 'accrue', y.book_id, NULL, NULL::bigint
            FROM open_postings p JOIN accruals a ON a.posting_id = p.id AND a.voucher_id = p.key
            JOIN year_books y ON y.voucher_id = a.voucher_id
            WHERE p.id >= from_posting;
    WHEN 'reconcile' THEN RETURN QUERY
        SELECT p.id, 'reconcile', b.book_id, NULL, NULL::bigint
            FROM open_postings p JOIN decisions d ON d.id = p.key AND d.answer = 'confirmed'
            JOIN reconciliations r ON d.content ->> 'contract' = r.contract_id::text
            JOIN cost_books b ON b.reconciliation_id = r.id
            WHERE p.id >= from_posting AND d.kind = 'reconciliation'
                AND p.cause = format('reconcile/%s/%s', d.id, to_char(r.month, 'YYYY-MM'));
    WHEN 'pay' THEN RETURN QUERY
        SELECT p.id, 'pay', b.book_id, NULL, l.fen
            FROM open_postings p JOIN payment_lists s ON s.number = split_part(p.cause, '/', 2)
            JOIN payment_lines l ON l.list_id = s.id
                AND p.cause = format('pay/%s/%s', s.number, l.line)
            JOIN vouchers v ON v.id = l.voucher_id JOIN indicators i ON i.id = s.indicator_id
            CROSS JOIN LATERAL (VALUES (v.book_id), (i.book_id)) AS b (book_id)
            WHERE p.id >= from_posting AND s.sent_at IS NOT NULL;
    WHEN 'bank' THEN RETURN QUERY
        SELECT p.id, 'bank', b.book_id, NULL, r.fen
            FROM open_postings p JOIN bank_returns r
                ON r.reference = substr(p.cause, 6) AND r.state = 'booked'
            JOIN payment_lines l ON (l.list_id, l.line) = (r.list_id, r.line)
            JOIN payment_lists s ON s.id = l.list_id
            JOIN vouchers v ON v.id = l.voucher_id JOIN indicators i ON i.id = s.indicator_id
            CROSS JOIN LATERAL (VALUES (v.book_id), (i.book_id)) AS b (book_id)
            WHERE p.id >= from_posting AND r.result = 'paid';
    WHEN 'year-end' THEN RETURN QUERY
        SELECT p.id, 'year-end', b.book_id, NULL, (e ->> 'fen')::bigint
            FROM open_postings p JOIN payment_lists s ON s.number = split_part(p.cause, '/', 2)
            JOIN payment_lines l ON l.list_id = s.id
                AND p.cause = format('year-end/%s/%s', s.number, l.line)
            JOIN decisions d ON d.kind = 'year_end' AND d.answer = 'confirmed'
            CROSS JOIN LATERAL jsonb_array_elements(d.content -> 'lines') AS e
            JOIN vouchers v ON v.id = l.voucher_id JOIN indicators i ON i.id = s.indicator_id
            CROSS JOIN LATERAL (VALUES (v.book_id), (i.book_id)) AS b (book_id)
            WHERE p.id >= from_posting AND e ->> 'list' = s.number AND e ->> 'line' = l.line::text;
    WHEN 'refund' THEN RETURN QUERY  -- a whole one; each part of one is its decision
        SELECT p.id, 'refund', b.book_id, b.kind, r.fen
            FROM open_postings p JOIN refunds r ON r.fen = r.total_fen AND r.reference = substr(p.cause, 8)
            JOIN vouchers v ON v.id = r.voucher_id JOIN indicators i ON i.id = r.indicator_id
            CROSS JOIN LATERAL (VALUES
                (v.book_id, CASE WHEN r.fraud THEN 'forfeit' ELSE 'refund' END),
                (i.book_id, CASE WHEN r.to_treasury THEN 'remit' ELSE 'unspend' END)
                ) AS b (book_id, kind)
            WHERE p.id >= from_posting;
    WHEN 'decision' THEN RETURN QUERY
        SELECT p.id, 'decision/refund', b.book_id, b.kind, r.fen
            FROM open_postings p JOIN refunds r ON r.fen < r.total_fen AND r.decision_id = p.key
            JOIN vouchers v ON v.id = r.voucher_id JOIN indicators i ON i.id = r.indicator_id
            CROSS JOIN LATERAL (VALUES
                (v.book_id, CASE WHEN r.fraud THEN 'forfeit' ELSE 'refund' END),
                (i.book_id, CASE WHEN r.to_treasury THEN 'remit' ELSE 'unspend' END)
                ) AS b (book_id, kind)
            WHERE p.id >= from_posting AND p.cause = format('decision/%s', r.decision_id)
        UNION ALL
        SELECT p.id, 'decision/' || d.kind, v.book_id, NULL,
               CASE d.kind WHEN 'cap'
                   THEN abs((d.content ->> 'cap_fen')::bigint - (d.content ->> 'before_fen')::bigint)
                   WHEN 'bank_reversal' THEN ruled_fen(d.content) END
            FROM open_postings p JOIN decisions d ON d.id = p.key AND d.answer = 'confirmed'
            JOIN vouchers v ON v.id::text = d.content ->> 'voucher'
            WHERE p.id >= from_posting AND d.kind IN ('cap', 'lapse', 'bank_reversal')
                AND p.cause = format('decision/%s', d.id)
        UNION ALL
        SELECT p.id, 'decision/' || d.kind, y.book_id, NULL, NULL::bigint
            FROM open_postings p JOIN decisions d ON d.id = p.key AND d.answer = 'confirmed'
            JOIN year_books y ON CASE d.kind WHEN 'pool' THEN y.clause = ANY (
                ARRAY(SELECT jsonb_array_elements_text(d.content -> 'clauses')))
                ELSE y.voucher_id::text = d.content ->> 'voucher' END
            WHERE p.id >= from_posting AND d.kind IN ('year_cap', 'pool')
                AND p.cause = format('decision/%s', d.id)
        UNION ALL
        SELECT p.id, 'decision/' || d.kind, i.book_id,
               CASE WHEN d.kind = 'year_end' THEN 'surrender'
                   WHEN (d.content ->> 'fen')::bigint > 0 THEN 'appropriate' ELSE 'cut' END,
               abs((d.content ->> CASE d.kind WHEN 'indicator' THEN 'fen' ELSE 'surrendered_fen' END
                   )::bigint)
            FROM open_postings p JOIN decisions d ON d.id = p.key AND d.answer = 'confirmed'
            JOIN indicators i ON i.year::text = d.content ->> 'year'
                AND i.number
                    = d.content ->> CASE d.kind WHEN 'indicator' THEN 'number' ELSE 'indicator' END
            WHERE p.id >= from_posting AND d.kind IN ('indicator', 'year_end')
                AND p.cause = format('decision/%s', d.id)
        UNION ALL
        SELECT p.id, 'decision/' || d.kind, i.book_id, NULL, ruled_fen(d.content)
            FROM open_postings p JOIN decisions d ON d.id = p.key AND d.answer = 'confirmed'
            JOIN claims c ON c.number = d.content ->> 'claim'
            JOIN payment_lines l ON l.claim_id = c.id JOIN payment_lists s ON s.id = l.list_id
            JOIN indicators i ON i.id = s.indicator_id
            WHERE p.id >= from_posting AND d.kind = 'bank_reversal'
                AND p.cause = format('decision/%s', d.id);
    ELSE RETURN;
    END CASE;
END $$;

ALTER FUNCTION public.causes_of(first_word text, from_posting bigint) OWNER TO suanquan_owner;

CREATE FUNCTION public.cell_figures(of_contracts bigint[], of_month date) RETURNS TABLE(contract_id bigint, month date, part text, metered_fen bigint, invoiced_fen bigint, matched_fen bigint, standing_fen bigint, extra_fen bigint, closed_fen bigint, held_fen bigint, counted_fen bigint, version_fall_fen bigint, booked_fen bigint, fall_fen bigint, open_fen bigint, carried boolean, decided boolean, changed boolean, policies text[], metered_fens bigint[], held_policies text[], held_nums numeric[], held_den numeric)
    LANGUAGE sql STABLE
    AS $$
    WITH charged AS (
        SELECT c.contract_id, c.month, part_of(p.kind, p.counts) AS part, c.policy,
               sum(c.cost_fen)::bigint AS fen
        FROM charges c JOIN prices p ON p.id = c.price_id
        WHERE (of_contracts IS NULL OR c.contract_id = ANY(of_contracts))
            AND (of_month IS NULL OR c.month = of_month) GROUP BY 1, 2, 3, 4
    ), metered AS (
        SELECT c.contract_id, c.month, c.part, sum(c.fen)::bigint AS fen,
               array_agg(c.policy ORDER BY c.policy) AS policies,
               array_agg(c.fen ORDER BY c.policy) AS fens
        FROM charged c GROUP BY 1, 2, 3
    ), invoiced AS (
        SELECT a.contract_id, a.month, a.part, sum(a.fen)::bigint AS fen FROM allocations a
        WHERE (of_contracts IS NULL OR a.contract_id = ANY(of_contracts))
            AND (of_month IS NULL OR a.month = of_month) GROUP BY 1, 2, 3
    ), decided AS (
        SELECT s.contract_id, s.month, s.standing_fen, k.project_id, m.*
        FROM matches m JOIN standing_matches s USING (reconciliation_id, part)
        JOIN contracts k ON k.id = s.contract_id
        WHERE (of_contracts IS NULL OR s.contract_id = ANY(of_contracts))
            AND (of_month IS NULL OR s.month = of_month)
    )
    SELECT contract_id, month, part, coalesce(m.fen, 0), coalesce(i.fen, 0),
           coalesce(d.matched_fen, 0), coalesce(d.standing_fen, 0), e.fen,
           coalesce(d.closed_fen, 0), coalesce(d.held_fen, 0),
           n.fen, coalesce(v.fall_fen, 0), b.fen, greatest(b.fen - n.fen, v.fall_fen),
           greatest(coalesce(m.fen, 0) - b.fen - coalesce(d.closed_fen, 0), 0),
           coalesce(d.carried, false), d.decision_id IS NOT NULL,
           (coalesce(m.fen, 0), coalesce(i.fen, 0)) IS DISTINCT FROM (d.metered_fen, d.invoiced_fen)
               OR d.standing_fen < d.matched_fen OR coalesce(v.fall_fen, 0) > 0,
           m.policies, m.fens, v.policies, v.nums, v.den
    FROM metered m
    FULL JOIN invoiced i USING (contract_id, month, part)
    FULL JOIN decided d USING (contract_id, month, part)
    CROSS JOIN LATERAL (
        SELECT greatest(least(d.extra_fen,
            d.extra_over_fen + d.extra_fen - coalesce(m.fen, 0)), 0)::bigint AS fen
    ) e
    CROSS JOIN LATERAL (
        SELECT greatest(least(coalesce(d.matched_fen, 0), d.standing_fen,
            coalesce(m.fen, 0) + e.fen), 0) AS fen
    ) n
    LEFT JOIN LATERAL (
        SELECT array_agg(h.policy ORDER BY h.policy) AS policies,
               array_agg(h.held_num ORDER BY h.policy) AS nums, max(h.held_den) AS den,
               CASE WHEN bool_or(h.lost_num > 0)
                    THEN greatest(sum(div(greatest(h.lost_num, 0), h.lost_den)), 1) ELSE 0
               END::bigint AS fall_fen
        FROM (
            SELECT u.policy, u.days, u.held_num, u.held_den,
                   u.held_num * x.den - x.num * u.held_den AS lost_num, u.held_den * x.den AS lost_den
            FROM match_usage u
            LEFT JOIN unnest(m.policies, m.fens) AS a (policy, fen) ON a.policy = u.policy
            -- What of a version may be held: what is metered, and its part of what is beyond that.
            CROSS JOIN LATERAL (
                SELECT CASE WHEN m.fen > 0 THEN coalesce(a.fen, 0)::numeric * (m.fen + e.fen)
                            ELSE e.fen END AS num,
                       CASE WHEN m.fen > 0 THEN m.fen ELSE (
                           SELECT count(*) FROM match_usage o
                           WHERE (o.reconciliation_id, o.part) = (u.reconciliation_id, u.part))
                       END::numeric AS den
            ) x
            WHERE (u.reconciliation_id, u.part) = (d.reconciliation_id, d.part)
        ) h
        HAVING count(*) > 1 AND (
            SELECT jsonb_object_agg(y.policy, y.days::text) FROM policy_days(d.project_id, month) y
        ) = jsonb_object_agg(h.policy, h.days::text) FILTER (WHERE NOT isempty(h.days))
    ) v ON true
    CROSS JOIN LATERAL (
        SELECT CASE WHEN v.fall_fen > 0 THEN d.held_fen
                    ELSE greatest(coalesce(d.held_fen, 0), n.fen) END AS fen
    ) b
$$;

ALTER FUNCTION public.cell_figures(of_contracts bigint[], of_month date) OWNER TO suanquan_owner;

COMMENT ON FUNCTION public.cell_figures(of_contracts bigint[], of_month date) IS 'The figures of cells, fen';

CREATE FUNCTION public.cell_usage(of_reconciliation bigint, of_part text) RETURNS TABLE(policy text, fen bigint, days datemultirange, paid_fen bigint)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    SELECT policy, coalesce(u.fen, 0), coalesce(d.days, '{}'), coalesce((
        SELECT sum(l.standing_fen) FROM standing_lines l JOIN cost_documents o ON o.id = l.document_id
        WHERE (l.reconciliation_id, l.part) = (of_reconciliation, of_part)
            AND d.days @> daterange(o.since, o.until, '[]')), 0)::bigint
    FROM (
        SELECT c.policy, sum(c.cost_fen)::bigint AS fen
        FROM reconciliations r JOIN charges c USING (contract_id, month)
        JOIN prices p ON p.id = c.price_id
        WHERE r.id = of_reconciliation AND part_of(p.kind, p.counts) = of_part
        GROUP BY c.policy
    ) u FULL JOIN (
        SELECT of_month.policy, of_month.days
        FROM reconciliations r JOIN contracts k ON k.id = r.contract_id
        CROSS JOIN LATERAL policy_days(k.project_id, r.month) AS of_month
        WHERE r.id = of_reconciliation
    ) d USING (policy)
$$;

ALTER FUNCTION public.cell_usage(of_reconciliation bigint, of_part text) OWNER TO suanquan_owner;

CREATE FUNCTION public.certificate_says() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    said jsonb := NEW.content::jsonb;
BEGIN
    IF said ->> 'number' IS DISTINCT FROM NEW.number
            OR said #>> '{project,code}' IS DISTINCT FROM
                (SELECT code FROM projects WHERE id = NEW.project_id)
            OR said ->> 'since' IS DISTINCT FROM to_char(NEW.since, 'YYYY-MM')
            OR said ->> 'until' IS DISTINCT FROM to_char(NEW.until - 1, 'YYYY-MM')
            OR said ->> 'key' IS DISTINCT FROM
                (SELECT encode(public_key, 'hex') FROM seal_keys WHERE id = NEW.key_id) THEN
        RAISE EXCEPTION 'certificate % is not what its content says', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'certificate_says';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.certificate_says() OWNER TO suanquan_owner;

CREATE FUNCTION public.changed_by_administrator() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    other tokens;
BEGIN
    IF current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        RETURN NEW;
    END IF;
    IF NEW.confirmed_at IS DISTINCT FROM OLD.confirmed_at AND (NOT OLD.waits
        OR NEW.confirmed_by NOT LIKE 'securityadmin:%' OR NOT may_act(NEW.confirmed_by, NEW.confirmed_at)
        OR second_refused(NEW.confirmed_by, OLD.created_by) IS NOT NULL) IS NOT FALSE THEN
        RAISE EXCEPTION '% is no second security administrator beside %', NEW.confirmed_by, OLD.created_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'two_identities';
    END IF;
    IF (NEW.replaced_at, NEW.expires_at) IS DISTINCT FROM (OLD.replaced_at, OLD.expires_at)
        AND (NEW.replaced_at IS NULL OR NEW.expires_at <> ALL (ARRAY(
            SELECT least(OLD.expires_at, NEW.replaced_at + n.overlap_hours * interval '1 hour')
            FROM tokens n WHERE n.renews = OLD.id AND n.revoked_at IS NULL AND n.overlap_hours > 0))) THEN
        RAISE EXCEPTION 'the token % is not renewed so', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'token_replaced';
    END IF;
    IF NEW.revoked_at IS DISTINCT FROM OLD.revoked_at THEN
        SELECT * INTO other FROM tokens WHERE id = token_of(NEW.revoked_by);
        IF NOT may_act(NEW.revoked_by, NEW.revoked_at) OR NOT coalesce(
            other.person_id = OLD.person_id
            OR other.role = 'securityadmin' AND OLD.role <> 'auditadmin', false) THEN
            RAISE EXCEPTION '% may not end the token %', NEW.revoked_by, OLD.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'token_ended';
        END IF;
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.changed_by_administrator() OWNER TO suanquan_owner;

CREATE FUNCTION public.charged_days(relation text, fact jsonb) RETURNS datemultirange
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    days datemultirange;
    used datemultirange;
BEGIN
    SELECT range_agg(m.days) INTO days FROM contracts_resting_on(relation, fact) k CROSS JOIN LATERAL (
        SELECT whole * CASE WHEN p.kind = 'fixed' THEN '(,)'::daterange
                ELSE daterange(NULL, (h.computed_at AT TIME ZONE interval '+08:00')::date + 1) END
        FROM charges h JOIN prices p ON p.id = h.price_id
        CROSS JOIN daterange(h.month, (h.month + interval '1 month')::date) AS whole
        WHERE h.contract_id = k.id
        UNION ALL  -- what was charged is not forgotten because its row was deleted or moved
        SELECT whole * CASE WHEN p.kind = 'fixed' THEN '(,)'::daterange
                ELSE daterange(NULL, (h.computed_at AT TIME ZONE interval '+08:00')::date + 1) END
        FROM history s CROSS JOIN LATERAL jsonb_populate_record(NULL::charges, s.row) AS h
        JOIN prices p ON p.id = h.price_id
        CROSS JOIN daterange(h.month, (h.month + interval '1 month')::date) AS whole
        WHERE s.relation = 'charges' AND (s.row ->> 'contract_id')::bigint = k.id
        UNION ALL
        SELECT daterange(month, (month + interval '1 month')::date) FROM allocations
        WHERE contract_id = k.id
        UNION ALL
        SELECT daterange(r.month, (r.month + interval '1 month')::date) FROM reconciliations r
        WHERE r.contract_id = k.id AND EXISTS (SELECT FROM matches m WHERE m.reconciliation_id = r.id)
    ) AS m (days);
    IF relation = 'bindings' AND days IS NOT NULL THEN
        SELECT range_agg(daterange(day, day + 1)) INTO used FROM (
            SELECT day FROM day_totals
            WHERE cluster_id = (fact ->> 'cluster_id')::bigint
                AND holder_kind = fact ->> 'holder_kind' AND holder = fact ->> 'holder'
            UNION
            SELECT e.day FROM evidence e
            JOIN witness_pods p ON (p.agent_id, p.uid) = (e.agent_id, e.pod_uid)
            WHERE e.cluster_id = (fact ->> 'cluster_id')::bigint
                AND pod_is_meant(fact ->> 'holder_kind', fact ->> 'holder', p.owner, p.labels)
            UNION
            SELECT t.day FROM job_users u JOIN day_totals t ON t.cluster_id = u.cluster_id
                AND t.holder_kind = 'slurm' AND split_part(t.gpu, '/', 3) = u.job
            WHERE u.cluster_id = (fact ->> 'cluster_id')::bigint AND fact ->> 'holder_kind' = 'user'
                AND t.holder || '/' || u.job_user = fact ->> 'holder') AS t;
        days := days * used;
    ELSIF relation IN ('billing_sources', 'witness_requirements') AND days IS NOT NULL THEN
        SELECT range_agg(daterange(day, day + 1)) INTO used
        FROM (SELECT DISTINCT day FROM coverage WHERE cluster_id = (fact ->> 'cluster_id')::bigint) c;
        days := days * used;
    END IF;
    RETURN coalesce(days, '{}');
END $$;

ALTER FUNCTION public.charged_days(relation text, fact jsonb) OWNER TO suanquan_owner;

CREATE FUNCTION public.check_causes(from_posting bigint, only_cause text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    first_word text;
    wrong text;
BEGIN
    IF only_cause IS NOT NULL THEN
        IF EXISTS (
            SELECT FROM movements m
            WHERE m.posting_id = from_posting AND NOT EXISTS (
                SELECT FROM causes_of(split_part(only_cause, '/', 1), from_posting) c
                JOIN cause_kinds k ON (k.cause, k.kind) = (c.cause, m.kind)
                WHERE (c.posting_id, c.book_id) = (m.posting_id, m.book_id)
                    AND m.kind = coalesce(c.kind, m.kind)
                    AND (c.most_fen IS NULL OR c.most_fen >= (
                        SELECT sum(s.amount) FROM movements s
                        WHERE (s.posting_id, s.book_id, s.kind) = (m.posting_id, m.book_id, m.kind))))
        ) THEN
            wrong := only_cause;
        END IF;
    ELSE
        FOR first_word IN
            SELECT DISTINCT word FROM open_postings WHERE id >= from_posting
        LOOP
            -- NOT IN, because a hash answers it, however few postings the plan was made for. No null is
            -- in it.
            SELECT least(wrong, min(p.cause)) INTO wrong
                FROM open_postings p JOIN movements m ON m.posting_id = p.id
                WHERE p.id >= from_posting AND p.word = first_word
                    AND (p.id, m.book_id, m.kind) NOT IN (
                        SELECT c.posting_id, c.book_id, t.kind
                        FROM causes_of(first_word, from_posting) c
                        CROSS JOIN LATERAL (
                            SELECT m.kind, sum(m.amount) AS fen FROM movements m
                            WHERE (m.posting_id, m.book_id) = (c.posting_id, c.book_id)
                            GROUP BY m.kind) t
                        JOIN cause_kinds k ON (k.cause, k.kind) = (c.cause, t.kind)
                        WHERE t.kind = coalesce(c.kind, t.kind)
                            AND t.fen <= coalesce(c.most_fen, t.fen));
        END LOOP;
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'nothing has caused what % moves', wrong
            USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_caused';
    END IF;
END $$;

ALTER FUNCTION public.check_causes(from_posting bigint, only_cause text) OWNER TO suanquan_owner;

CREATE FUNCTION public.check_claim_cells() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF EXISTS (SELECT FROM claims c
               LEFT JOIN LATERAL (
                   SELECT coalesce(sum(n.fen), 0) AS fen, coalesce(sum(n.due_fen), 0) AS due_fen
                   FROM claim_cells n WHERE n.claim_id = c.id) named ON true
               WHERE c.id = NEW.claim_id AND (named.fen, named.due_fen) <> (c.fen, c.due_fen)) THEN
        RAISE EXCEPTION 'the months are not what claim % is for', NEW.claim_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'claim_names_months';
    END IF;
    IF EXISTS (SELECT FROM claim_cells n JOIN claims c ON c.id = n.claim_id
               JOIN vouchers v ON v.id = c.voucher_id JOIN contracts k ON k.id = n.contract_id
               WHERE n.claim_id = NEW.claim_id AND k.project_id <> v.project_id) THEN
        RAISE EXCEPTION 'claim % names a contract of another project', NEW.claim_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'claim_names_its_project';
    END IF;
    RETURN NULL;
END $$;

ALTER FUNCTION public.check_claim_cells() OWNER TO suanquan_owner;

CREATE FUNCTION public.check_earned(first_posting bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    wrong bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM postings
                   WHERE id >= first_posting AND number IS NULL AND split_part(cause, '/', 1) = 'accrue')
    THEN
        RETURN;
    END IF;
    SELECT min(v.id) INTO wrong
        FROM (
            SELECT m.book_id, sum(CASE WHEN m.kind IN ('match', 'set_off') THEN m.amount
                                       WHEN m.kind IN ('unmatch', 'recall') THEN -m.amount
                                       ELSE 0 END) AS more_fen
            FROM postings p JOIN movements m ON m.posting_id = p.id
            WHERE p.id >= first_posting AND p.number IS NULL AND split_part(p.cause, '/', 1) = 'accrue'
            GROUP BY m.book_id) t
        JOIN vouchers v ON v.book_id = t.book_id
        CROSS JOIN LATERAL (
            SELECT sum(a.balance) AS fen FROM accounts a
            WHERE a.book_id = t.book_id AND a.role IN ('payable', 'sent', 'paid')) recognised
        WHERE CASE WHEN t.more_fen > 0 THEN recognised.fen > (
                       SELECT coalesce(sum(least(e.fen, year_cap_of(v.id, e.year))), 0)
                       FROM earned_by_year(v.id) e)
                   WHEN t.more_fen < 0 THEN recognised.fen < (
                       SELECT coalesce(sum(e.fen), 0) FROM least_by_year(v.id, first_posting) e) END;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'voucher % has not earned what is payable, or more', wrong
            USING ERRCODE = 'check_violation', CONSTRAINT = 'earned_by_matches', DETAIL = wrong;
    END IF;
    SELECT min(y.voucher_id) INTO wrong
        FROM (
            SELECT m.book_id, sum(CASE m.kind WHEN 'draw' THEN m.amount ELSE -m.amount END) AS more_fen
            FROM postings p JOIN movements m ON m.posting_id = p.id
            WHERE p.id >= first_posting AND p.number IS NULL AND split_part(p.cause, '/', 1) = 'accrue'
                AND m.kind IN ('draw', 'undraw')
            GROUP BY m.book_id) t
        JOIN year_books y ON y.book_id = t.book_id
        JOIN accounts a ON a.book_id = t.book_id AND a.role = 'drawn'
        WHERE CASE WHEN y.pool_id IS NOT NULL THEN a.balance <> (
                       SELECT sum(d.balance) FROM pool_clauses c JOIN vouchers v USING (clause)
                       JOIN voucher_years o ON (o.voucher_id, o.year) = (v.id, c.year)
                       JOIN accounts d ON d.book_id = o.book_id AND d.role = 'drawn'
                       WHERE c.pool_id = y.pool_id)
                   WHEN t.more_fen > 0 THEN a.balance > (
                       SELECT coalesce(sum(e.fen), 0) FROM earned_by_year(y.voucher_id) e
                       WHERE e.year = y.year)
                   WHEN t.more_fen < 0 THEN a.balance < (
                       SELECT coalesce(sum(e.fen), 0) FROM least_by_year(y.voucher_id, first_posting) e
                       WHERE e.year = y.year) END;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'voucher % has not earned what its years draw, or more', wrong
            USING ERRCODE = 'check_violation', CONSTRAINT = 'earned_by_matches', DETAIL = wrong;
    END IF;
    SELECT min(v.id) INTO wrong
        FROM (
            SELECT m.book_id, sum(m.amount) FILTER (WHERE m.kind = 'forfeit') AS lost_fen,
                   sum(CASE m.kind WHEN 'set_off' THEN m.amount WHEN 'recall' THEN -m.amount ELSE 0 END)
                       AS back_fen
            FROM postings p JOIN movements m ON m.posting_id = p.id
            WHERE p.id >= first_posting AND p.number IS NULL AND split_part(p.cause, '/', 1) = 'accrue'
            GROUP BY m.book_id) t
        JOIN vouchers v ON v.book_id = t.book_id
        WHERE t.lost_fen > t.back_fen OR t.lost_fen > 0 AND NOT EXISTS (
            SELECT FROM recoveries r WHERE r.voucher_id = v.id AND r.fraud);
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'nothing of voucher % is lost', wrong
            USING ERRCODE = 'check_violation', CONSTRAINT = 'lost_by_fraud', DETAIL = wrong;
    END IF;
END $$;

ALTER FUNCTION public.check_earned(first_posting bigint) OWNER TO suanquan_owner;

CREATE FUNCTION public.check_wait() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF (SELECT sum(w.fen) FROM year_waits w WHERE (w.voucher_id, w.year) = (NEW.voucher_id, NEW.year))
        > (SELECT coalesce(sum(e.fen), 0) FROM earned_by_year(NEW.voucher_id) e WHERE e.year = NEW.year)
        - (SELECT a.balance FROM voucher_years y JOIN accounts a ON a.book_id = y.book_id
           WHERE (y.voucher_id, y.year) = (NEW.voucher_id, NEW.year) AND a.role = 'drawn') THEN
        RAISE EXCEPTION 'voucher % waits for what it has not earned', NEW.voucher_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'waits_for_what_it_earned';
    END IF;
    RETURN NULL;
END $$;

ALTER FUNCTION public.check_wait() OWNER TO suanquan_owner;

CREATE FUNCTION public.close_batch_day(of_day date) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    DELETE FROM window_days WHERE day <= of_day AND state = 'batches'
$$;

ALTER FUNCTION public.close_batch_day(of_day date) OWNER TO suanquan_owner;

CREATE FUNCTION public.close_follows() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    last date := (SELECT max(month) FROM closes WHERE kind = NEW.kind);
BEGIN
    IF NEW.month + interval '1 month' > (NEW.closed_at AT TIME ZONE interval '+08:00')::date
            OR NEW.month <> last + interval '1 month'
            OR NEW.kind = 'books' AND NOT EXISTS (
                SELECT FROM closes c JOIN decisions d ON d.id = NEW.decision_id
                WHERE c.kind = 'usage' AND c.month = NEW.month AND d.kind = 'books_close'
                    AND d.answer = 'confirmed' AND d.content -> 'figures' = NEW.figures
                    AND d.content ->> 'month' = to_char(NEW.month, 'YYYY-MM')) THEN
        RAISE EXCEPTION '% of % cannot be closed', NEW.kind, NEW.month
            USING ERRCODE = 'check_violation', CONSTRAINT = 'close_follows';
    END IF;
    IF NEW.kind = 'usage' THEN
        UPDATE numbering SET usage_closed = NEW.month;
    ELSE
        UPDATE numbering SET books_closed = NEW.month;
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.close_follows() OWNER TO suanquan_owner;

CREATE FUNCTION public.close_window_day(of_day date) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    DELETE FROM window_days WHERE day = of_day AND state = 'open';
    INSERT INTO window_days (day, state) VALUES (of_day, 'batches') ON CONFLICT DO NOTHING
$$;

ALTER FUNCTION public.close_window_day(of_day date) OWNER TO suanquan_owner;

CREATE FUNCTION public.code_issued() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF NEW.agent_id IS NOT NULL OR NOT may_act(NEW.created_by, NEW.created_at) OR NOT EXISTS (
        SELECT FROM tokens t JOIN clusters c ON c.id = NEW.cluster_id
        WHERE t.id = token_of(NEW.created_by)
            AND (t.role = 'systemadmin' OR t.role = 'operator' AND t.centre_id = c.centre_id)
    ) THEN
        RAISE EXCEPTION '% makes no code for this cluster', NEW.created_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'code_issued';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.code_issued() OWNER TO suanquan_owner;

CREATE FUNCTION public.command_by_its_login() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF NEW.act NOT IN ('command archive month', 'command backup now', 'command backup drill',
            'command seal now', 'command seal rotate', 'command seal export')
        AND current_user <> (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        RAISE EXCEPTION '% is a command of the owner of the database', NEW.act
            USING ERRCODE = 'check_violation', CONSTRAINT = 'command_by_its_login';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.command_by_its_login() OWNER TO suanquan_owner;

CREATE FUNCTION public.compare_day(of_cluster bigint, of_day date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    edge CONSTANT interval := interval '1 minute';
    begin_of_day CONSTANT timestamptz := of_day::timestamp AT TIME ZONE interval '+08:00';
    end_of_day CONSTANT timestamptz := begin_of_day + interval '24 hours';
    needs_two CONSTANT boolean := EXISTS (SELECT FROM two_witnesses r
        WHERE r.cluster_id = of_cluster AND r.valid @> of_day);
BEGIN
    DELETE FROM evidence WHERE (cluster_id, day) = (of_cluster, of_day);
    WITH witnesses AS MATERIALIZED (
        SELECT a.id, a.revoked_at IS NOT NULL AS is_revoked, (
            SELECT date_trunc('milliseconds', max(until)) FROM witness_watches w
            WHERE w.agent_id = a.id) AS last
        FROM agents a
        WHERE a.cluster_id = of_cluster AND a.source = 'witness' AND a.approved_at IS NOT NULL
    ), watches AS MATERIALIZED (
        SELECT w.agent_id, date_trunc('milliseconds', w.since) AS since,
               date_trunc('milliseconds', w.until) AS until
        FROM witness_watches w JOIN witnesses ON witnesses.id = w.agent_id
        WHERE w.until >= begin_of_day AND w.since <= end_of_day
    ), own AS MATERIALIZED (
        SELECT h.*, row_number() OVER () AS hold, g.node,
               hold_key(h.namespace, h.pod, h.container, h.uid) AS holder
        FROM holds h JOIN gpus g USING (gpu)
        WHERE h.cluster_id = of_cluster AND h.day = of_day AND h.kind = 'pod'
    ), pods AS MATERIALIZED (
        SELECT o.hold, p.agent_id, p.uid, date_trunc('milliseconds', p.seen_at) AS seen_at,
               date_trunc('milliseconds', p.started_at) - edge AS begins,
               date_trunc('milliseconds', coalesce(p.ended_at, p.gone_at)) + edge AS ends,
               p.ended_at IS NULL AND p.gone_at IS NOT NULL AS is_lost,
               CASE WHEN p.is_admin THEN 'admin_access'
                    WHEN p.node IS DISTINCT FROM o.node THEN 'other_node'
                    WHEN p.started_at IS NULL THEN 'never_ran' END AS never
        FROM own o JOIN witnesses w ON true
        JOIN witness_pods p ON (p.agent_id, p.namespace, p.pod) = (w.id, o.namespace, o.pod)
            AND o.uid IN ('', p.uid)
    ), cuts AS (
        SELECT hold, low AS at FROM own
        UNION SELECT hold, high FROM own
        UNION SELECT o.hold, m.at FROM own o JOIN watches w ON true
            CROSS JOIN LATERAL (VALUES (w.since), (w.until)) AS m(at)
            WHERE m.at > o.low AND m.at < o.high
        UNION SELECT o.hold, m.at FROM own o JOIN pods p USING (hold)
            CROSS JOIN LATERAL (VALUES (p.begins), (p.ends), (p.seen_at)) AS m(at)
            WHERE m.at > o.low AND m.at < o.high
    ), pieces AS (
        SELECT * FROM (SELECT hold, at AS low, lead(at) OVER (PARTITION BY hold ORDER BY at) AS high
                       FROM cuts) c WHERE high IS NOT NULL
    ), words AS (
        SELECT p.hold, p.low, p.high, w.id AS agent_id, x.uid,
               CASE WHEN t.since IS NOT NULL AND x.agrees THEN 'agreeing'
                    WHEN t.since IS NOT NULL THEN 'contradicting'
                    WHEN p.low >= w.last AND NOT w.is_revoked THEN 'pending'
                    ELSE 'single' END AS verdict,
               CASE WHEN t.since IS NOT NULL AND x.agrees THEN NULL
                    WHEN t.since IS NOT NULL THEN coalesce(x.why, 'not_there')
                    WHEN w.last IS NULL OR p.low >= w.last AND w.is_revoked THEN 'no_witness'
                    WHEN p.low >= w.last THEN NULL
                    WHEN x.covers THEN 'times_cover' ELSE 'blind' END AS reason
        FROM pieces p LEFT JOIN witnesses w ON true
        LEFT JOIN LATERAL (
            SELECT since FROM watches t
            WHERE t.agent_id = w.id AND t.since <= p.low AND t.until >= p.high
            ORDER BY since LIMIT 1) t ON true
        CROSS JOIN LATERAL (
            SELECT coalesce(bool_or(y.why IS NULL), false) AS agrees,
                   min(y.why COLLATE "C") AS why,
                   coalesce(bool_or(y.why IS NULL AND y.seen_at >= p.high AND NOT y.is_lost), false)
                       AS covers,
                   min(y.uid) FILTER (WHERE y.why IS NULL) AS uid
            FROM (SELECT o.*, coalesce(never, CASE WHEN p.high <= begins THEN 'not_yet'
                      WHEN ends <= p.low THEN 'over'
                      WHEN ends IS NULL AND seen_at < t.since THEN 'not_there' END) AS why
                  FROM pods o WHERE (o.hold, o.agent_id) = (p.hold, w.id)) y) x
    ), verdicts AS (
        SELECT DISTINCT ON (hold, low) hold, low, high, verdict, reason,
               CASE WHEN verdict = 'agreeing' OR reason = 'times_cover' THEN agent_id END AS agent_id,
               CASE WHEN verdict = 'agreeing' OR reason = 'times_cover' THEN uid END AS pod_uid
        FROM words
        ORDER BY hold, low, array_position('{contradicting,agreeing,pending,single}', verdict),
            words.agent_id
    ), begun AS (
        SELECT *, what IS DISTINCT FROM lag(what) OVER (PARTITION BY hold ORDER BY low) AS new
        FROM (SELECT *, concat_ws('|', verdict, coalesce(reason, ''), coalesce(agent_id::text, ''),
                                  pod_uid) AS what FROM verdicts) v
    ), numbered AS (
        SELECT *, count(*) FILTER (WHERE new) OVER (PARTITION BY hold ORDER BY low) AS run FROM begun
    ), joined AS (
        SELECT hold, min(low) AS low, max(high) AS high, verdict, reason, agent_id, pod_uid
        FROM numbered GROUP BY hold, run, verdict, reason, agent_id, pod_uid
    ), looks AS (
        SELECT gpu, source, high AS low, lead(low) OVER (PARTITION BY gpu, source ORDER BY low) AS high
        FROM holds WHERE cluster_id = of_cluster AND kind = 'seen'
            AND day BETWEEN of_day - 1 AND of_day + 1
    ), said AS (
        SELECT o.gpu, o.node, o.source, o.device, o.namespace, o.pod, o.container, o.uid, o.holder,
               o.model, o.mig_profile, o.num, o.den, v.low, v.high, v.verdict, v.reason,
               coalesce(k.agent_id, v.agent_id) AS agent_id, coalesce(k.uid, v.pod_uid) AS pod_uid,
               o.util_ppm_ms / (extract(epoch FROM o.high - o.low) * 1000) AS util_ppm,
               o.util_ms / (extract(epoch FROM o.high - o.low) * 1000) AS util
        FROM joined v JOIN own o USING (hold)
        LEFT JOIN LATERAL (  -- who is meant, where the UID is known
            SELECT agent_id, uid FROM pods p WHERE p.hold = o.hold AND o.uid <> ''
            ORDER BY agent_id LIMIT 1) k ON true
        UNION ALL
        SELECT a.gpu, g.node, a.source, a.device, a.namespace, a.pod, a.container, a.uid,
               hold_key(a.namespace, a.pod, a.container, a.uid), a.model, a.mig_profile, a.num, a.den,
               greatest(l.low, begin_of_day), least(l.high, end_of_day), 'gap', 'times_cover',
               p.agent_id, p.uid, 0, 0
        FROM looks l JOIN gpus g USING (gpu)
        JOIN holds a ON a.cluster_id = of_cluster AND a.kind = 'pod' AND a.uid <> ''
            AND a.day BETWEEN of_day - 1 AND of_day AND (a.gpu, a.source, a.high)
                = (l.gpu, l.source, l.low)
        JOIN holds b ON b.cluster_id = of_cluster AND b.kind = 'pod'
            AND b.day BETWEEN of_day AND of_day + 1 AND b.low = l.high
            AND (b.gpu, b.source, b.device, b.namespace, b.pod, b.container, b.uid, b.model,
                 b.mig_profile, b.num, b.den)
                = (a.gpu, a.source, a.device, a.namespace, a.pod, a.container, a.uid, a.model,
                   a.mig_profile, a.num, a.den)
        CROSS JOIN LATERAL (
            SELECT p.agent_id, p.uid FROM witness_pods p JOIN witnesses w ON w.id = p.agent_id
            WHERE (p.namespace, p.pod, p.uid, p.node) = (a.namespace, a.pod, a.uid, g.node)
                AND NOT p.is_admin AND p.started_at - edge <= l.low AND p.seen_at >= l.high
                AND CASE WHEN p.ended_at IS NULL THEN p.gone_at IS NULL
                    ELSE p.ended_at + edge >= l.high END
            ORDER BY p.agent_id LIMIT 1) p
        WHERE l.high > l.low AND l.high - l.low <= interval '24 hours'
            AND l.low < end_of_day AND l.high > begin_of_day
    ), placed AS (
        SELECT *, row_number() OVER () AS place FROM said
    ), edges AS (
        SELECT place, low AS at FROM placed
        UNION SELECT place, high FROM placed
        UNION SELECT p.place, m.at FROM placed p JOIN incident_spans x USING (gpu, device, holder)
            CROSS JOIN LATERAL (VALUES (lower(x.span)), (upper(x.span))) AS m(at)
            WHERE m.at > p.low AND m.at < p.high
    ), cut AS (
        SELECT p.gpu, p.node, p.source, p.device, p.namespace, p.pod, p.container, p.uid, p.holder,
               p.model, p.mig_profile, p.num, p.den, c.low, c.high, p.verdict, p.reason, p.agent_id,
               p.pod_uid, p.util_ppm, p.util
        FROM placed p JOIN (
            SELECT place, at AS low, lead(at) OVER (PARTITION BY place ORDER BY at) AS high FROM edges
        ) c USING (place) WHERE c.high IS NOT NULL
    ), ruled AS (
        SELECT s.*, i.id AS incident_id,
               coalesce(r.counts, s.verdict NOT IN ('contradicting', 'gap')
                   AND NOT (s.verdict = 'single' AND needs_two)) AS counts,
               r.counts IS NOT NULL AS is_ruled,
               (extract(epoch FROM s.high - s.low) * 1000)::bigint AS ms
        FROM cut s LEFT JOIN LATERAL (
            SELECT i.id FROM incident_spans x JOIN incidents i ON i.id = x.incident_id
            WHERE (x.gpu, x.device, x.holder) = (s.gpu, s.device, s.holder)
                AND x.span @> tstzrange(s.low, s.high)
                AND (i.kind = 'gap') = (s.verdict = 'gap')) i ON true
        LEFT JOIN incident_rulings r ON r.incident_id = i.id
    )
    INSERT INTO evidence (cluster_id, day, gpu, node, source, device, namespace, pod, container, uid,
        model, mig_profile, num, den, low, high, held, util_ppm_ms, util_ms, verdict, reason, agent_id,
        pod_uid, incident_id, counts, grade)
    SELECT of_cluster, of_day, gpu, node, source, device, namespace, pod, container, uid, model,
           mig_profile, num, den, low, high, ms * num, trunc(util_ppm * ms), trunc(util * ms)::bigint,
           verdict, reason, agent_id, pod_uid, incident_id, counts,
           CASE WHEN NOT counts THEN NULL WHEN verdict = 'agreeing' AND NOT is_ruled THEN 'A'
                ELSE 'B' END
    FROM ruled;
END $$;

ALTER FUNCTION public.compare_day(of_cluster bigint, of_day date) OWNER TO suanquan_owner;

CREATE FUNCTION public.confirmed_with_code() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    actor CONSTANT text := to_jsonb(NEW) ->> TG_ARGV[0];
BEGIN
    IF NOT is_drill() AND NOT proved_lately(actor, to_jsonb(NEW) ->> TG_ARGV[1]) THEN
        RAISE EXCEPTION '% confirms without a code', actor
            USING ERRCODE = 'check_violation', CONSTRAINT = 'confirmed_with_code';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.confirmed_with_code() OWNER TO suanquan_owner;

CREATE FUNCTION public.visible(name text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN regexp_replace(name, '[\u0001-\u001f\u007f-\u00a0\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ue000-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U000110bd\U000110cd\U00013430-\U0001343f\U00016fe4\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U0010ffff]'::text, ''::text, 'g'::text);

ALTER FUNCTION public.visible(name text) OWNER TO suanquan_owner;

CREATE FUNCTION public.is_visible(name text) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (public.visible(NORMALIZE(name, NFKC)) = NORMALIZE(name, NFKC));

ALTER FUNCTION public.is_visible(name text) OWNER TO suanquan_owner;

CREATE TABLE public.contracts (
    id bigint NOT NULL,
    number text NOT NULL,
    centre_id bigint NOT NULL,
    project_id bigint NOT NULL,
    valid daterange NOT NULL,
    total_fen bigint,
    text_sha256 text,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    changed_at timestamp with time zone,
    changed_by text,
    decision_id bigint,
    CONSTRAINT contracts_check CHECK (((changed_at IS NULL) = (changed_by IS NULL))),
    CONSTRAINT contracts_number_check CHECK (((number <> ''::text) AND public.is_visible(number))),
    CONSTRAINT contracts_text_sha256_check CHECK ((text_sha256 ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT contracts_total_fen_check CHECK ((total_fen > 0)),
    CONSTRAINT contracts_valid_check CHECK ((NOT isempty(valid)))
);

ALTER TABLE public.contracts OWNER TO suanquan_owner;

COMMENT ON TABLE public.contracts IS 'Contracts between a centre and a project';

COMMENT ON COLUMN public.contracts.valid IS 'Beijing dates, half-open';

COMMENT ON COLUMN public.contracts.total_fen IS 'What it may cost at most, fen with tax; null: it does not say';

COMMENT ON COLUMN public.contracts.text_sha256 IS 'SHA-256 of the signed text, hex; null: not handed in';

COMMENT ON COLUMN public.contracts.decision_id IS 'Who confirmed its days and total; null where no charged usage was touched';

CREATE FUNCTION public.contracts_resting_on(relation text, fact jsonb) RETURNS SETOF public.contracts
    LANGUAGE sql STABLE
    AS $$
    SELECT k.* FROM contracts k, contracts own
    WHERE relation IN ('prices', 'contracts')
        AND own.id = (fact ->> CASE relation WHEN 'prices' THEN 'contract_id' ELSE 'id' END)::bigint
        AND (k.centre_id, k.project_id) = (own.centre_id, own.project_id)
    UNION ALL
    SELECT k.* FROM contracts k, clusters c
    WHERE relation IN ('bindings', 'billing_sources', 'witness_requirements')
        AND c.id = (fact ->> 'cluster_id')::bigint AND k.centre_id = c.centre_id
        AND (relation <> 'bindings' OR fact ->> 'holder_kind' IN ('label', 'owner', 'user')
            OR k.project_id = (fact ->> 'project_id')::bigint)
    UNION ALL
    SELECT k.* FROM contracts k
    WHERE relation IN ('relations', 'other_support') AND (k.centre_id = (fact ->> 'centre_id')::bigint
            OR k.project_id = (fact ->> 'project_id')::bigint)
        OR relation = 'price_bands'
    UNION ALL
    SELECT k.* FROM contracts k
    JOIN centres c ON c.id = k.centre_id JOIN projects p ON p.id = k.project_id
    WHERE (relation = 'relations' AND fact ->> 'kind' = 'related'
            OR relation IN ('organisation_names', 'controllers'))
        AND (c.organisation_id IN ((fact ->> 'organisation_id')::bigint, (fact ->> 'other_id')::bigint)
            OR p.organisation_id
                IN ((fact ->> 'organisation_id')::bigint, (fact ->> 'other_id')::bigint));
$$;

ALTER FUNCTION public.contracts_resting_on(relation text, fact jsonb) OWNER TO suanquan_owner;

CREATE FUNCTION public.use_of(body jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    SELECT jsonb_build_array(body ->> 'model', body -> 'window_ms', coalesce(jsonb_agg(
        jsonb_build_array(p.holder ->> 'kind',
            coalesce(p.holder ->> 'namespace', p.holder ->> 'account', p.holder ->> 'name', ''),
            coalesce(p.holder ->> 'partition', ''), coalesce(p.holder ->> 'qos', ''),
            coalesce(p.mig ->> 'profile', ''), p.from_ms, p.to_ms, coalesce(p.num, 1),
            coalesce(p.den, 1), (p.readings ->> 'util_ppm')::bigint)
        ORDER BY p.from_ms, p.to_ms, p.holder::text, p.mig::text), '[]'))
    FROM jsonb_to_recordset(body -> 'parts')
        AS p(holder jsonb, from_ms bigint, to_ms bigint, num bigint, den integer, mig jsonb,
             readings jsonb)
$$;

ALTER FUNCTION public.use_of(body jsonb) OWNER TO suanquan_owner;

CREATE TABLE public.conflicts (
    gpu text NOT NULL,
    start timestamp with time zone NOT NULL,
    hash bytea NOT NULL,
    cluster_id bigint NOT NULL,
    stream uuid NOT NULL,
    number bigint NOT NULL,
    received_at timestamp with time zone NOT NULL,
    body jsonb NOT NULL
);

ALTER TABLE public.conflicts OWNER TO suanquan_owner;

COMMENT ON TABLE public.conflicts IS 'Later bodies for a kept window; the first stands';

COMMENT ON COLUMN public.conflicts.hash IS 'SHA-256 of the body';

CREATE TABLE public.corrections (
    id bigint NOT NULL,
    gpu text NOT NULL,
    start timestamp with time zone NOT NULL,
    hash bytea NOT NULL,
    stream uuid NOT NULL,
    number bigint NOT NULL,
    counts boolean NOT NULL,
    decision_id bigint NOT NULL
);

ALTER TABLE public.corrections OWNER TO suanquan_owner;

COMMENT ON TABLE public.corrections IS 'Later words of job sources on which two persons decided';

COMMENT ON COLUMN public.corrections.hash IS 'With stream and number: which of the conflicts';

COMMENT ON COLUMN public.corrections.counts IS 'Whether it counts in place of what was said before';

CREATE TABLE public.windows (
    gpu text NOT NULL,
    start timestamp with time zone NOT NULL,
    cluster_id bigint NOT NULL,
    source text NOT NULL,
    stream uuid NOT NULL,
    number bigint NOT NULL,
    body jsonb NOT NULL
)
PARTITION BY RANGE (start);

ALTER TABLE public.windows OWNER TO suanquan_owner;

COMMENT ON TABLE public.windows IS 'Kept windows, one GPU and minute each; partitioned by Beijing month';

COMMENT ON COLUMN public.windows.body IS 'The record as it was sent';

CREATE VIEW public.open_corrections AS
 SELECT gpu,
    start,
    cluster_id,
    source,
    hash,
    stream,
    number,
    received_at,
    body,
    COALESCE(body, body) AS counted,
    split_part(gpu, '/'::text, 3) AS job,
    (date_trunc('month'::text, (start AT TIME ZONE '08:00:00'::interval)))::date AS month
   FROM (((( SELECT DISTINCT ON (gpu, start) gpu,
            start,
            hash,
            cluster_id,
            stream,
            number,
            received_at,
            body
           FROM public.conflicts
          WHERE starts_with(gpu, 'job/'::text)
          ORDER BY gpu, start, received_at DESC, number DESC, hash) x
     JOIN public.windows w ON ((((gpu = gpu) AND (start = start) AND (cluster_id = cluster_id)) AND (source = ANY (ARRAY['slurm'::text, 'import'::text])))))
     LEFT JOIN LATERAL ( SELECT hash
           FROM public.corrections
          WHERE ((gpu = gpu) AND (start = start))
          ORDER BY id DESC
         LIMIT 1) r ON (true))
     LEFT JOIN LATERAL ( SELECT body
           FROM (public.corrections a
             JOIN public.conflicts c USING (gpu, start, hash, stream, number))
          WHERE (((gpu = gpu) AND (start = start)) AND counts)
          ORDER BY id DESC
         LIMIT 1) k ON (true))
  WHERE ((hash IS DISTINCT FROM hash) AND (public.use_of(body) <> public.use_of(COALESCE(body, body))));

ALTER VIEW public.open_corrections OWNER TO suanquan_owner;

COMMENT ON VIEW public.open_corrections IS 'Later words of job sources on which nobody decided yet';

CREATE FUNCTION public.corrections_meant(content jsonb) RETURNS SETOF public.open_corrections
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    SELECT o.* FROM open_corrections o JOIN clusters c ON c.id = o.cluster_id
    WHERE c.name = content ->> 'cluster' AND o.month = (content ->> 'month' || '-01')::date
        AND (content ->> 'job' IS NULL OR o.job = content ->> 'job')
        AND o.received_at <= (content ->> 'received_until')::timestamptz
    ORDER BY o.gpu, o.start
$$;

ALTER FUNCTION public.corrections_meant(content jsonb) OWNER TO suanquan_owner;

CREATE FUNCTION public.count_waiting() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO window_counts AS c (stream, number, cluster_id, source, waiting)
        SELECT stream, number, cluster_id, source, count(*) FROM fresh
        GROUP BY stream, number, cluster_id, source ORDER BY stream, number
        ON CONFLICT (stream, number, cluster_id, source)
        DO UPDATE SET waiting = c.waiting + excluded.waiting;
    RETURN NULL;
END $$;

ALTER FUNCTION public.count_waiting() OWNER TO suanquan_owner;

CREATE FUNCTION public.roll_at(of_stream uuid, of_first bigint) RETURNS SETOF public.batch_rolls
    LANGUAGE plpgsql STABLE ROWS 1
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    RETURN QUERY SELECT r.stream, r.first, r.last, r.seal, r.agent_id, r.received, r.hashes, r.signatures,
                        r.leaves, r.templates, r.counts, r.columns, r.kinds, r.bases, r.steps, r.widths,
                        r.content
        FROM batch_rolls r WHERE r.stream = of_stream AND r.first = of_first;
    IF FOUND THEN RETURN; END IF;
    PERFORM rolls_at_hand(ARRAY[of_stream], ARRAY[of_first]);
    RETURN QUERY SELECT r.stream, r.first, r.last, r.seal, r.agent_id, r.received, r.hashes, r.signatures,
                        r.leaves, r.templates, r.counts, r.columns, r.kinds, r.bases, r.steps, r.widths,
                        r.content
        FROM lent_rolls r WHERE r.stream = of_stream AND r.first = of_first;
END $$;

ALTER FUNCTION public.roll_at(of_stream uuid, of_first bigint) OWNER TO suanquan_owner;

CREATE TABLE public.roll_spans (
    stream uuid NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL,
    agent_id uuid NOT NULL,
    received tstzrange NOT NULL
);

ALTER TABLE public.roll_spans OWNER TO suanquan_owner;

COMMENT ON TABLE public.roll_spans IS 'Of which batches there are rolls, and when these were received';

COMMENT ON COLUMN public.roll_spans.last IS 'Number of its last batch';

CREATE FUNCTION public.roll_of(of_stream uuid, of_number bigint) RETURNS SETOF public.roll_spans
    LANGUAGE sql STABLE ROWS 1
    BEGIN ATOMIC
 SELECT r.stream,
     r.first,
     r.last,
     r.agent_id,
     r.received
    FROM ( SELECT roll_spans.stream,
             roll_spans.first,
             roll_spans.last,
             roll_spans.agent_id,
             roll_spans.received
            FROM public.roll_spans
           WHERE ((roll_spans.stream = roll_of.of_stream) AND (roll_spans.first <= roll_of.of_number))
           ORDER BY roll_spans.first DESC
          LIMIT 1) r
   WHERE (r.last >= roll_of.of_number);
END;

ALTER FUNCTION public.roll_of(of_stream uuid, of_number bigint) OWNER TO suanquan_owner;

CREATE FUNCTION public.roll_pieces(roll public.batch_rolls, of_places integer[] DEFAULT NULL::integer[]) RETURNS TABLE(place integer, said text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    content bytea := roll.content || ''::bytea;  -- once out of its compressed form
    hashes bytea := roll.hashes || ''::bytea;
    templates text[] := roll.templates;
    bases bigint[] := roll.bases;
    steps bigint[] := roll.steps;
    widths smallint[] := roll.widths;
    kinds text[] := string_to_array(roll.kinds, NULL);
    first_column integer := 1;
    byte integer := 1;  -- where the content of the template begins
    at integer;
    words text[];
    value bigint;
BEGIN
    FOR t IN 1 .. cardinality(templates) LOOP
        FOR n IN 0 .. roll.counts[t] - 1 LOOP
            at := byte;
            words := '{}';
            FOR c IN first_column .. first_column + roll.columns[t] - 1 LOOP
                value := bases[c] + steps[c] * CASE WHEN widths[c] = 0 THEN n ELSE
                    ('x' || lpad(encode(substring(content FROM at + n * widths[c] FOR widths[c]), 'hex'),
                                 16, '0'))::bit(64)::bigint END;
                at := at + roll.counts[t] * widths[c];
                IF c = first_column THEN
                    place := value;
                    EXIT WHEN place <> ALL (of_places);
                ELSE
                    words := words || CASE kinds[c]
                        WHEN 'n' THEN value::text
                        WHEN 'h' THEN encode(substring(hashes FROM 32 * value::integer + 1 FOR 32), 'hex')
                        ELSE to_char(timestamp '1970-01-01' + value * interval '1 microsecond',
                                     CASE kinds[c] WHEN 's' THEN 'YYYY-MM-DD"T"HH24:MI:SS"Z"'
                                          ELSE 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"' END) END;
                END IF;
            END LOOP;
            CONTINUE WHEN place <> ALL (of_places);
            said := format(templates[t], VARIADIC words);
            RETURN NEXT;
        END LOOP;
        FOR c IN first_column .. first_column + roll.columns[t] - 1 LOOP
            byte := byte + roll.counts[t] * widths[c];
        END LOOP;
        first_column := first_column + roll.columns[t];
    END LOOP;
END $$;

ALTER FUNCTION public.roll_pieces(roll public.batch_rolls, of_places integer[]) OWNER TO suanquan_owner;

CREATE FUNCTION public.rolls_at_hand(streams uuid[], firsts bigint[]) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    missing jsonb := (SELECT jsonb_agg(jsonb_build_array(a.stream, a.first) ORDER BY a.stream, a.first)
        FROM unnest(streams, firsts) AS u(stream, first) JOIN archived_rolls a USING (stream, first)
        WHERE NOT EXISTS (SELECT FROM lent_rolls l WHERE (l.stream, l.first) = (a.stream, a.first)));
BEGIN
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'batches that were asked for are archived'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_archived', DETAIL = missing;
    END IF;
    RETURN true;
END $$;

ALTER FUNCTION public.rolls_at_hand(streams uuid[], firsts bigint[]) OWNER TO suanquan_owner;

CREATE FUNCTION public.packed_bodies(streams uuid[], numbers bigint[], places integer[]) RETURNS TABLE(at bigint, body jsonb)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 WITH wanted AS MATERIALIZED (
          SELECT w.stream,
             w.number,
             w.place,
             w.at
            FROM UNNEST(packed_bodies.streams, packed_bodies.numbers, packed_bodies.places) WITH ORDINALITY w(stream, number, place, at)
         ), kept AS MATERIALIZED (
          SELECT b.stream,
             b.number,
             ( SELECT r.first
                    FROM public.roll_of(b.stream, b.number) r(stream, first, last, agent_id, received)) AS first
            FROM ( SELECT DISTINCT wanted.stream,
                     wanted.number
                    FROM wanted) b
         ), of_rows AS MATERIALIZED (
          SELECT kept.stream,
             kept.number,
             public.batch_windows(kept.stream, kept.number) AS windows
            FROM kept
           WHERE (kept.first IS NULL)
         ), of_rolls AS MATERIALIZED (
          SELECT k.stream,
             k.first,
             array_agg(((((w.number - k.first) * 1001) + w.place))::integer) AS places,
             array_agg(w.at) AS ats
            FROM (kept k
              JOIN wanted w USING (stream, number))
           WHERE (k.first IS NOT NULL)
           GROUP BY k.stream, k.first
         ), at_hand AS MATERIALIZED (
          SELECT public.rolls_at_hand(array_agg(of_rolls.stream), array_agg(of_rolls.first)) AS are
            FROM of_rolls
         )
  SELECT w.at,
     (r.windows -> (w.place - 1))
    FROM (of_rows r
      JOIN wanted w USING (stream, number))
   WHERE (r.windows IS NOT NULL)
 UNION ALL
  SELECT a.at,
     (p.said)::jsonb AS said
    FROM (((( SELECT o_1.stream,
             o_1.first,
             o_1.places,
             o_1.ats
            FROM (of_rolls o_1
              CROSS JOIN at_hand h)
           WHERE h.are
          OFFSET 0) o
      CROSS JOIN LATERAL public.roll_at(o.stream, o.first) r(stream, first, last, seal, agent_id, received, hashes, signatures, leaves, templates, counts, columns, kinds, bases, steps, widths, content))
      CROSS JOIN LATERAL UNNEST(o.places, o.ats) a(place, at))
      JOIN LATERAL ( SELECT roll_pieces.place,
             roll_pieces.said
            FROM public.roll_pieces(r.*, o.places) roll_pieces(place, said)
          OFFSET 0) p ON ((p.place = a.place)));
END;

ALTER FUNCTION public.packed_bodies(streams uuid[], numbers bigint[], places integer[]) OWNER TO suanquan_owner;

CREATE FUNCTION public.packed_minutes(of_gpus text[], since timestamp with time zone, until timestamp with time zone) RETURNS TABLE(gpu text, start timestamp with time zone, cluster_id bigint, source text, stream uuid, number bigint, place smallint)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    h record;
BEGIN
    IF NOT EXISTS (SELECT FROM window_days d WHERE d.state = 'packed'
                   AND (d.day + 1)::timestamp AT TIME ZONE interval '+08:00' > since) THEN
        RETURN;
    END IF;
    FOR h IN
        SELECT w.gpu, w.hour, w.cluster_id, w.source, w.stream, w.segments
        FROM window_hours w
        WHERE w.gpu = ANY(of_gpus) AND w.hour > since - interval '1 hour' AND w.hour < until
    LOOP
        RETURN QUERY SELECT h.gpu, h.hour + p.minute * interval '1 minute', h.cluster_id, h.source,
                            h.stream, p.number::bigint, p.place
            FROM minutes_of(h.segments) AS p
            WHERE h.hour + p.minute * interval '1 minute' >= since
                AND h.hour + p.minute * interval '1 minute' < until;
    END LOOP;
END $$;

ALTER FUNCTION public.packed_minutes(of_gpus text[], since timestamp with time zone, until timestamp with time zone) OWNER TO suanquan_owner;

CREATE FUNCTION public.packed_windows(of_gpus text[], since timestamp with time zone, until timestamp with time zone) RETURNS TABLE(gpu text, start timestamp with time zone, cluster_id bigint, source text, stream uuid, number bigint, body jsonb)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 WITH minutes AS MATERIALIZED (
          SELECT packed_minutes.gpu,
             packed_minutes.start,
             packed_minutes.cluster_id,
             packed_minutes.source,
             packed_minutes.stream,
             packed_minutes.number,
             packed_minutes.place,
             row_number() OVER () AS at
            FROM public.packed_minutes(packed_windows.of_gpus, packed_windows.since, packed_windows.until) packed_minutes(gpu, start, cluster_id, source, stream, number, place)
         ), all_minutes AS MATERIALIZED (
          SELECT array_agg(minutes.stream ORDER BY minutes.at) AS streams,
             array_agg(minutes.number ORDER BY minutes.at) AS numbers,
             array_agg((minutes.place)::integer ORDER BY minutes.at) AS places
            FROM minutes
         )
  SELECT m.gpu,
     m.start,
     m.cluster_id,
     m.source,
     m.stream,
     m.number,
     b.body
    FROM ((all_minutes a
      CROSS JOIN LATERAL public.packed_bodies(a.streams, a.numbers, a.places) b(at, body))
      JOIN minutes m USING (at));
END;

ALTER FUNCTION public.packed_windows(of_gpus text[], since timestamp with time zone, until timestamp with time zone) OWNER TO suanquan_owner;

CREATE FUNCTION public.counted_windows(of_gpus text[], since timestamp with time zone, until timestamp with time zone) RETURNS TABLE(gpu text, start timestamp with time zone, cluster_id bigint, source text, stream uuid, number bigint, body jsonb)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT w.gpu,
     w.start,
     w.cluster_id,
     w.source,
     COALESCE(c.stream, w.stream) AS "coalesce",
     COALESCE(c.number, w.number) AS "coalesce",
     COALESCE(c.body, w.body) AS "coalesce"
    FROM (public.windows w
      LEFT JOIN ( SELECT DISTINCT ON (k.gpu, k.start) k.gpu,
             k.start,
             x.stream,
             x.number,
             x.body
            FROM (public.corrections k
              JOIN public.conflicts x USING (gpu, start, hash, stream, number))
           WHERE (k.counts AND (k.gpu = ANY (counted_windows.of_gpus)) AND (k.start >= counted_windows.since) AND (k.start < counted_windows.until))
           ORDER BY k.gpu, k.start, k.id DESC) c ON (((c.gpu = w.gpu) AND (c.start = w.start))))
   WHERE ((w.gpu = ANY (counted_windows.of_gpus)) AND (w.start >= counted_windows.since) AND (w.start < counted_windows.until))
 UNION ALL
  SELECT packed_windows.gpu,
     packed_windows.start,
     packed_windows.cluster_id,
     packed_windows.source,
     packed_windows.stream,
     packed_windows.number,
     packed_windows.body
    FROM public.packed_windows(counted_windows.of_gpus, counted_windows.since, counted_windows.until) packed_windows(gpu, start, cluster_id, source, stream, number, body);
END;

ALTER FUNCTION public.counted_windows(of_gpus text[], since timestamp with time zone, until timestamp with time zone) OWNER TO suanquan_owner;

CREATE FUNCTION public.decided_by_actors() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    actor text := CASE TG_OP WHEN 'INSERT' THEN NEW.decided_by ELSE NEW.answered_by END;
    at timestamptz := CASE TG_OP WHEN 'INSERT' THEN NEW.decided_at ELSE NEW.answered_at END;
BEGIN
    IF actor ~ '^([a-z]+admin|auditor):' OR NOT may_act(actor, at) THEN
        RAISE EXCEPTION '% may not decide', actor
            USING ERRCODE = 'check_violation', CONSTRAINT = 'actor_acts';
    END IF;
    IF TG_OP = 'INSERT' THEN RETURN NEW; END IF;
    IF NEW.answer = 'withdrawn' THEN
        IF person_of(actor) <> person_of(NEW.decided_by) THEN
            RAISE EXCEPTION 'a decision is withdrawn by who made it'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'withdrawn_by_the_same';
        END IF;
    ELSIF second_refused(actor, NEW.decided_by) IS NOT NULL THEN
        RAISE EXCEPTION '% is no second person beside %', actor, NEW.decided_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'two_identities';
    ELSIF NOT EXISTS (SELECT FROM decision_kinds k JOIN tokens t ON t.id = token_of(actor)
                      WHERE k.kind = NEW.kind AND t.role = ANY (k.roles)
                          AND (t.rights IS NULL OR 'answer_decisions' = ANY (t.rights))) THEN
        RAISE EXCEPTION '% may not answer decisions on %', actor, NEW.kind
            USING ERRCODE = 'check_violation', CONSTRAINT = 'role_answers';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.decided_by_actors() OWNER TO suanquan_owner;

CREATE FUNCTION public.deduction_is_agreed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
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

ALTER FUNCTION public.deduction_is_agreed() OWNER TO suanquan_owner;

CREATE FUNCTION public.digest_of(content jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN encode(sha256(convert_to(public.canonical(content), 'UTF8'::name)), 'hex'::text);

ALTER FUNCTION public.digest_of(content jsonb) OWNER TO suanquan_owner;

CREATE FUNCTION public.digest_of_corrections(content jsonb) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    SELECT encode(sha256(coalesce(string_agg(o.gpu || ' ' || extract(epoch FROM o.start) || ' '
        || encode(o.hash, 'hex') || ' ' || encode(sha256(convert_to(o.counted::text, 'UTF8')), 'hex'),
        E'\n' ORDER BY o.gpu, o.start), '')::bytea), 'hex')
    FROM corrections_meant(content) o
$$;

ALTER FUNCTION public.digest_of_corrections(content jsonb) OWNER TO suanquan_owner;

CREATE FUNCTION public.document_as_decided() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
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

ALTER FUNCTION public.document_as_decided() OWNER TO suanquan_owner;

CREATE FUNCTION public.document_confirmed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
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

ALTER FUNCTION public.document_confirmed() OWNER TO suanquan_owner;

CREATE FUNCTION public.draw_by_year() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    of_vouchers bigint[];
    of_pools bigint[];
BEGIN
    IF NOT EXISTS (SELECT FROM fresh WHERE kind IN ('match', 'set_off', 'draw', 'undraw')) THEN
        RETURN NULL;
    END IF;
    SELECT array_agg(v.id) INTO of_vouchers FROM vouchers v
        WHERE v.id IN (SELECT w.id FROM fresh JOIN vouchers w USING (book_id)
                       UNION SELECT voucher_id FROM fresh JOIN voucher_years USING (book_id))
            AND draws_by_year(v.id);
    SELECT array_agg(l.id) INTO of_pools FROM pools l
        WHERE l.book_id IN (SELECT book_id FROM fresh)
            OR EXISTS (SELECT FROM fresh f JOIN voucher_years y USING (book_id)
                       JOIN vouchers v ON v.id = y.voucher_id
                       JOIN pool_clauses c ON (c.year, c.clause) = (y.year, v.clause)
                       WHERE c.pool_id = l.id);
    PERFORM FROM books WHERE id IN (SELECT book_id FROM vouchers WHERE id = ANY (of_vouchers))
        ORDER BY id FOR NO KEY UPDATE;
    PERFORM FROM books WHERE id IN (SELECT book_id FROM pools WHERE id = ANY (of_pools))
        ORDER BY id FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT FROM unnest(of_vouchers) id JOIN vouchers v USING (id)
        WHERE 0 < (
            SELECT sum(CASE WHEN f.kind IN ('match', 'set_off', 'undraw') THEN f.amount
                            WHEN f.kind IN ('unmatch', 'recall', 'draw') THEN -f.amount ELSE 0 END)
            FROM fresh f WHERE f.book_id = v.book_id
                OR f.book_id IN (SELECT book_id FROM voucher_years WHERE voucher_id = v.id)
        ) AND (
            SELECT sum(balance) FROM accounts
            WHERE book_id = v.book_id AND role IN ('payable', 'sent', 'paid')
        ) > (
            SELECT coalesce(sum(a.balance), 0) FROM voucher_years y JOIN accounts a USING (book_id)
            WHERE y.voucher_id = v.id AND a.role = 'drawn')
    ) OR EXISTS (
        SELECT FROM pools l JOIN accounts p ON p.book_id = l.book_id AND p.role = 'drawn'
        WHERE l.id = ANY (of_pools) AND p.balance < (
            SELECT coalesce(sum(a.balance), 0) FROM pool_clauses c
            JOIN vouchers v USING (clause)
            JOIN voucher_years y ON (y.voucher_id, y.year) = (v.id, c.year)
            JOIN accounts a ON a.book_id = y.book_id AND a.role = 'drawn'
            WHERE c.pool_id = l.id)
    ) THEN
        RAISE EXCEPTION 'more is recognised than its years have drawn'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'drawn_of_its_year';
    END IF;
    RETURN NULL;
END $$;

ALTER FUNCTION public.draw_by_year() OWNER TO suanquan_owner;

CREATE TABLE public.clauses (
    policy text NOT NULL,
    clause text NOT NULL,
    digest text NOT NULL,
    rate_num bigint NOT NULL,
    rate_den bigint NOT NULL,
    cap_fen bigint NOT NULL,
    effective daterange,
    complete boolean NOT NULL,
    year_cap_fen bigint,
    publication_days integer,
    CONSTRAINT clauses_cap_fen_check CHECK ((cap_fen > 0)),
    CONSTRAINT clauses_check CHECK ((rate_den >= rate_num)),
    CONSTRAINT clauses_check1 CHECK (((NOT complete) OR (effective IS NOT NULL))),
    CONSTRAINT clauses_publication_days_check CHECK ((publication_days >= 1)),
    CONSTRAINT clauses_rate_num_check CHECK ((rate_num > 0)),
    CONSTRAINT clauses_year_cap_fen_check CHECK ((year_cap_fen > 0))
);

ALTER TABLE public.clauses OWNER TO suanquan_owner;

COMMENT ON TABLE public.clauses IS 'Clauses of policy versions that issue vouchers';

COMMENT ON COLUMN public.clauses.digest IS 'SHA-256 of the terms of the policy version, hex';

COMMENT ON COLUMN public.clauses.rate_num IS 'Rate, numerator';

COMMENT ON COLUMN public.clauses.rate_den IS 'Rate, denominator';

COMMENT ON COLUMN public.clauses.cap_fen IS 'Fen';

COMMENT ON COLUMN public.clauses.effective IS 'Days on which the policy is in force, Beijing dates, half-open; null for a draft';

COMMENT ON COLUMN public.clauses.complete IS 'It has days and no open question, so that two persons may make its version payable';

COMMENT ON COLUMN public.clauses.year_cap_fen IS 'Fen that a voucher may earn in a calendar year; null: no such cap';

COMMENT ON COLUMN public.clauses.publication_days IS 'Working days for which its claims are published (公示)';

CREATE TABLE public.pool_clauses (
    year smallint NOT NULL,
    clause text NOT NULL,
    pool_id bigint NOT NULL
);

ALTER TABLE public.pool_clauses OWNER TO suanquan_owner;

COMMENT ON TABLE public.pool_clauses IS 'The clauses whose vouchers share a pool';

CREATE TABLE public.vouchers (
    id bigint NOT NULL,
    book_id bigint NOT NULL,
    project_id bigint NOT NULL,
    policy text NOT NULL,
    clause text NOT NULL,
    cap_scope text NOT NULL,
    face_fen bigint NOT NULL,
    facts jsonb NOT NULL,
    valid daterange DEFAULT '(,)'::daterange NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    opened_by text NOT NULL,
    CONSTRAINT vouchers_face_fen_check CHECK ((face_fen > 0)),
    CONSTRAINT vouchers_valid_check CHECK ((NOT isempty(valid)))
);

ALTER TABLE public.vouchers OWNER TO suanquan_owner;

COMMENT ON TABLE public.vouchers IS 'One voucher for each clause and cap scope, for life';

COMMENT ON COLUMN public.vouchers.book_id IS 'Book of its rights';

COMMENT ON COLUMN public.vouchers.face_fen IS 'Face value when it was opened, fen; the cap from then on is in its book';

COMMENT ON COLUMN public.vouchers.facts IS 'What was stated when it was opened';

COMMENT ON COLUMN public.vouchers.valid IS 'Beijing days, half-open; usage on other days earns nothing';

CREATE TABLE public.year_caps (
    decision_id bigint NOT NULL,
    voucher_id bigint NOT NULL,
    since smallint NOT NULL,
    cap_fen bigint,
    CONSTRAINT year_caps_cap_fen_check CHECK ((cap_fen > 0)),
    CONSTRAINT year_caps_since_check CHECK (((since >= 2000) AND (since <= 2099)))
);

ALTER TABLE public.year_caps OWNER TO suanquan_owner;

COMMENT ON TABLE public.year_caps IS 'Caps of vouchers for each year from a year on, decided by two persons';

COMMENT ON COLUMN public.year_caps.since IS 'First calendar year';

COMMENT ON COLUMN public.year_caps.cap_fen IS 'Fen; null: no such cap';

CREATE FUNCTION public.draws_by_year(of_voucher bigint) RETURNS boolean
    LANGUAGE sql STABLE
    RETURN (EXISTS (SELECT FROM (public.vouchers v JOIN public.clauses c USING (policy, clause)) WHERE ((v.id = draws_by_year.of_voucher) AND ((c.year_cap_fen IS NOT NULL) OR (EXISTS (SELECT FROM public.pool_clauses p WHERE (p.clause = v.clause))) OR (EXISTS (SELECT FROM public.year_caps y WHERE (y.voucher_id = v.id)))))));

ALTER FUNCTION public.draws_by_year(of_voucher bigint) OWNER TO suanquan_owner;

CREATE FUNCTION public.drill_for_good() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    RAISE EXCEPTION 'a drill stays a drill' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'drill_stays';
END $$;

ALTER FUNCTION public.drill_for_good() OWNER TO suanquan_owner;

CREATE FUNCTION public.drill_stays() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.drill', 0));
    IF TG_TABLE_NAME = 'projects' AND EXISTS (SELECT FROM persons WHERE created_by = 'machine:drill')
        OR TG_TABLE_NAME = 'persons' AND EXISTS (SELECT FROM projects WHERE NOT drill) THEN
        RAISE EXCEPTION 'a drill stays a drill'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'drill_stays';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.drill_stays() OWNER TO suanquan_owner;

CREATE FUNCTION public.duty_of(role text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN (role = ANY (ARRAY['systemadmin'::text, 'securityadmin'::text, 'auditadmin'::text])) THEN role ELSE 'business'::text END;

ALTER FUNCTION public.duty_of(role text) OWNER TO suanquan_owner;

CREATE FUNCTION public.earned_by_year(of_voucher bigint) RETURNS TABLE(year integer, fen numeric)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    WITH rates AS MATERIALIZED (
        SELECT DISTINCT ON (n.label) n.label, n.rate_num, n.rate_den
        FROM voucher_rate_days n JOIN payable_clauses USING (policy, clause)
        WHERE n.voucher_id = of_voucher AND NOT isempty(n.days)
    ), shares AS MATERIALIZED (
        SELECT m.reconciliation_id, m.part, r.contract_id, r.month, h.num, h.den,
               n.rate_num, h.den * n.rate_den AS earned_den
        FROM vouchers v JOIN contracts k ON k.project_id = v.project_id
        JOIN reconciliations r ON r.contract_id = k.id
        JOIN matches m ON m.reconciliation_id = r.id AND m.part <> 'fee' AND m.held_fen > 0
        CROSS JOIN LATERAL held_by_version(m.reconciliation_id, m.part) h
        JOIN rates n ON n.label = h.policy
        WHERE v.id = of_voucher AND NOT EXISTS (
            SELECT FROM excluded_months x
            WHERE (x.voucher_id, x.contract_id, x.month) = (v.id, r.contract_id, r.month)
                AND x.readmission_id IS NULL)
    ), whole AS MATERIALIZED (
        SELECT lcm_of(earned_den) AS den FROM shares  -- of every sum below
    ), support AS MATERIALIZED (
        SELECT o.contract_id, lower(o.valid) AS month, sum(o.fen) AS fen
        FROM other_support o JOIN vouchers v USING (project_id)
        WHERE v.id = of_voucher AND o.superseded_at IS NULL GROUP BY 1, 2
    ), cells AS (
        SELECT s.contract_id, s.month, sum(s.num * s.rate_num * div(w.den, s.earned_den)) AS num,
               div(2 * sum(s.num) + max(s.den), 2 * max(s.den)) AS matched_fen
        FROM shares s CROSS JOIN whole w GROUP BY s.reconciliation_id, s.part, s.contract_id, s.month
    ), of_contracts AS (
        SELECT c.month, sum(c.matched_fen) AS matched_fen,
               least(sum(c.num), w.den * greatest(sum(c.matched_fen) - coalesce(min(o.fen), 0), 0)) AS num
        FROM cells c CROSS JOIN whole w
        LEFT JOIN support o ON (o.contract_id, o.month) = (c.contract_id, c.month)
        GROUP BY c.contract_id, c.month, w.den
    ), years AS (
        SELECT extract(year FROM month)::integer AS year, sum(num) AS num
        FROM (
            SELECT c.month, least(sum(c.num), w.den * greatest(sum(c.matched_fen) - coalesce((
                       SELECT sum(o.fen) FROM support o WHERE o.month = c.month), 0), 0)) AS num
            FROM of_contracts c CROSS JOIN whole w GROUP BY c.month, w.den
        ) months GROUP BY 1
    )
    SELECT y.year, div(2 * sum(y.num) OVER up_to + w.den, 2 * w.den)
        - div(2 * (sum(y.num) OVER up_to - y.num) + w.den, 2 * w.den)
    FROM years y CROSS JOIN whole w WINDOW up_to AS (ORDER BY y.year)
$$;

ALTER FUNCTION public.earned_by_year(of_voucher bigint) OWNER TO suanquan_owner;

CREATE FUNCTION public.enrol_agent(by_code bytea, new_id uuid, of_node text, key bytea, at timestamp with time zone) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    code enrolment_codes;
    of_bureau boolean;
BEGIN
    SELECT * INTO code FROM enrolment_codes WHERE hash = by_code AND agent_id IS NULL
        AND expires_at > at FOR UPDATE;
    IF code IS NULL THEN RETURN NULL; END IF;
    of_bureau := code.created_by !~ '^(operator|builder|auditor):';
    INSERT INTO agents (id, cluster_id, node, source, public_key, enrolled_at, history_from,
            approved_at, approved_by)
        VALUES (new_id, code.cluster_id, of_node, code.source, key, at,
                least(code.history_from::timestamp AT TIME ZONE interval '+08:00', code.created_at),
                CASE WHEN of_bureau THEN at END, CASE WHEN of_bureau THEN code.created_by END)
        ON CONFLICT (public_key) DO NOTHING;
    IF NOT FOUND THEN RETURN NULL; END IF;
    UPDATE enrolment_codes SET agent_id = new_id WHERE hash = by_code;
    RETURN new_id;
END $$;

ALTER FUNCTION public.enrol_agent(by_code bytea, new_id uuid, of_node text, key bytea, at timestamp with time zone) OWNER TO suanquan_owner;

CREATE FUNCTION public.ensure_month(day date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    first date := date_trunc('month', day);
    part text := 'windows_' || to_char(first, 'YYYYMM');
    low text := first || ' 00:00:00+08';
    high text := (first + interval '1 month')::date || ' 00:00:00+08';
BEGIN
    IF to_regclass('public.' || part) IS NOT NULL THEN RETURN; END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.' || part, 0));
    -- Asked of the catalog itself: to_regclass may remember its «no» from before the wait.
    IF EXISTS (SELECT FROM pg_class WHERE relname = part) THEN RETURN; END IF;
    EXECUTE format('CREATE TABLE public.%I (LIKE public.windows INCLUDING ALL)', part);
    EXECUTE format('ALTER TABLE public.windows ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                   part, low, high);
END $$;

ALTER FUNCTION public.ensure_month(day date) OWNER TO suanquan_owner;

CREATE FUNCTION public.event_happens() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    NEW.at := clock_timestamp();
    IF NEW.act !~ '^(round|command) ' THEN
        NEW.actor := (SELECT format('%s:%s#%s', t.role, p.name, t.id)
            FROM tokens t JOIN persons p ON p.id = t.person_id WHERE t.id = NEW.token_id);
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.event_happens() OWNER TO suanquan_owner;

CREATE FUNCTION public.events_stay() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    RAISE EXCEPTION 'events and their chain stay as they are' USING ERRCODE = 'restrict_violation';
END $$;

ALTER FUNCTION public.events_stay() OWNER TO suanquan_owner;

CREATE FUNCTION public.exclusion_decided() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    excludes CONSTANT boolean := TG_OP = 'INSERT';
BEGIN
    IF NOT EXISTS (
        SELECT FROM decisions d JOIN vouchers v ON v.id = NEW.voucher_id
        JOIN contracts k ON k.id = NEW.contract_id AND k.project_id = v.project_id
        WHERE d.id = CASE WHEN excludes THEN NEW.decision_id ELSE NEW.readmission_id END
            AND d.kind = 'excluded_month' AND d.answer = 'confirmed'
            AND d.content ->> 'voucher' = v.id::text AND d.content ->> 'contract' = k.id::text
            AND d.content ->> 'month' = to_char(NEW.month, 'YYYY-MM')
            AND d.content -> 'excluded' = to_jsonb(excludes)
            AND (excludes OR d.id > NEW.decision_id)
    ) OR excludes AND NEW.readmission_id IS NOT NULL THEN
        RAISE EXCEPTION 'two persons have not decided this about month %', NEW.month
            USING ERRCODE = 'check_violation', CONSTRAINT = 'two_persons_decided';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.exclusion_decided() OWNER TO suanquan_owner;

CREATE FUNCTION public.explain_incident(of_cluster bigint, of_kind text, since timestamp with time zone, until timestamp with time zone, of_node text, of_namespace text, of_pod text, words text, of_file text, of_original text, actor text, at timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    new_id bigint;
BEGIN
    PERFORM keep_evidence(of_cluster);
    INSERT INTO incidents (cluster_id, kind, explanation, file, original, explained_by, explained_at)
        VALUES (of_cluster, of_kind, words, of_file, of_original, actor, at) RETURNING id INTO new_id;
    INSERT INTO incident_spans (incident_id, gpu, device, holder, node, num, den, span, reason)
        SELECT new_id, e.gpu, e.device, hold_key(e.namespace, e.pod, e.container, e.uid), e.node,
               e.num, e.den, tstzrange(greatest(e.low, since), least(e.high, until)), e.reason
        FROM evidence e
        WHERE e.cluster_id = of_cluster AND e.verdict = of_kind AND e.incident_id IS NULL
            AND NOT e.counts
            AND e.day BETWEEN beijing_day(since) AND beijing_day(until)
            AND e.low < until AND e.high > since AND (of_node IS NULL OR e.node = of_node)
            AND (of_namespace IS NULL OR e.namespace = of_namespace)
            AND (of_pod IS NULL OR e.pod = of_pod);
    IF NOT FOUND THEN
        DELETE FROM incidents WHERE id = new_id;
        RETURN NULL;
    END IF;
    INSERT INTO evidence_changes (cluster_id, days)
        SELECT of_cluster, range_agg(daterange(beijing_day(lower(span)), beijing_day(upper(span)), '[]'))
        FROM incident_spans WHERE incident_id = new_id;
    RETURN new_id;
END $$;

ALTER FUNCTION public.explain_incident(of_cluster bigint, of_kind text, since timestamp with time zone, until timestamp with time zone, of_node text, of_namespace text, of_pod text, words text, of_file text, of_original text, actor text, at timestamp with time zone) OWNER TO suanquan_owner;

CREATE FUNCTION public.fact_content(fact jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (SELECT COALESCE(jsonb_object_agg(jsonb_each.key, CASE jsonb_typeof(jsonb_each.value) WHEN 'number'::text THEN to_jsonb((jsonb_each.value #>> '{}'::text[])) ELSE jsonb_each.value END), '{}'::jsonb) AS "coalesce" FROM jsonb_each(fact_content.fact) jsonb_each(key, value) WHERE ((jsonb_typeof(jsonb_each.value) <> 'null'::text) AND (jsonb_each.key <> ALL ('{id,recorded_at,recorded_by,superseded_at,superseded_by,recorded_in,superseded_in,decision_id,superseded_decision_id}'::text[]))));

ALTER FUNCTION public.fact_content(fact jsonb) OWNER TO suanquan_owner;

CREATE FUNCTION public.first_version() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO voucher_versions (voucher_id, policy, clause, rate_num, rate_den, rate_words,
                                  opened_at, opened_by)
        SELECT NEW.id, NEW.policy, NEW.clause,
               coalesce(split_part(d.content ->> 'rate', '/', 1)::bigint, c.rate_num),
               coalesce(split_part(d.content ->> 'rate', '/', 2)::bigint, c.rate_den),
               coalesce(d.content ->> 'rate_words', ''), NEW.opened_at, NEW.opened_by
        FROM clauses c
        LEFT JOIN decisions d ON d.kind = 'voucher' AND d.answer = 'confirmed'
            AND d.subject = (SELECT code FROM projects WHERE id = NEW.project_id)
            AND d.content ->> 'policy' = NEW.policy
        WHERE (c.policy, c.clause) = (NEW.policy, NEW.clause)
        ORDER BY d.id DESC LIMIT 1;
    RETURN NULL;
END $$;

ALTER FUNCTION public.first_version() OWNER TO suanquan_owner;

CREATE FUNCTION public.fold_windows() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
DECLARE
    wrong text;
BEGIN
    INSERT INTO window_counts AS c (stream, number, cluster_id, source, kept)
        SELECT stream, number, cluster_id, source, count(*) FROM fresh
        GROUP BY stream, number, cluster_id, source ORDER BY stream, number
        ON CONFLICT (stream, number, cluster_id, source)
        DO UPDATE SET kept = c.kept + excluded.kept;
    WITH lengths AS MATERIALIZED (
        SELECT w.gpu, w.start, w.cluster_id, w.source, b.window_ms, b.energy_mj, b.gaps, b.flags,
               (w.start AT TIME ZONE interval '+08:00')::date AS day,
               date_trunc('hour', w.start, 'UTC') AS hour, starts_with(w.gpu, 'job/') AS is_job,
               CASE WHEN b.gaps IS NULL THEN 0 ELSE (
                   SELECT coalesce(sum((g ->> 'to_ms')::bigint - (g ->> 'from_ms')::bigint), 0)
                   FROM jsonb_array_elements(b.gaps) AS g) END AS gap_ms,
               b.gpu = w.gpu AND b.start = w.start AND b.window_ms BETWEEN 1 AND 3600000 AS fits
        FROM fresh w CROSS JOIN LATERAL jsonb_to_record(w.body)
            AS b(gpu text, start timestamptz, window_ms bigint, energy_mj numeric, gaps jsonb,
                 flags jsonb)
    ), folded AS (
        INSERT INTO coverage AS c (gpu, day, cluster_id, source, windows, window_ms, gap_ms, energy_mj)
            SELECT gpu, day, cluster_id, source, count(*), sum(window_ms), sum(gap_ms), sum(energy_mj)
            FROM lengths GROUP BY gpu, day, cluster_id, source
            ORDER BY gpu, day, cluster_id, source
            ON CONFLICT (gpu, day, cluster_id, source)
            DO UPDATE SET windows = c.windows + excluded.windows,
                          window_ms = c.window_ms + excluded.window_ms,
                          gap_ms = c.gap_ms + excluded.gap_ms,
                          energy_mj = CASE WHEN excluded.energy_mj IS NULL THEN c.energy_mj
                                           ELSE coalesce(c.energy_mj, 0) + excluded.energy_mj END
    ), counted AS (
        INSERT INTO hour_coverage AS c (gpu, hour, cluster_id, source, windows)
            SELECT gpu, hour, cluster_id, source, count(*) FROM lengths WHERE NOT is_job
            GROUP BY gpu, hour, cluster_id, source ORDER BY gpu, hour, cluster_id, source
            ON CONFLICT (gpu, hour, cluster_id, source)
            DO UPDATE SET windows = c.windows + excluded.windows
    ), lost AS (
        INSERT INTO hour_totals AS t (gpu, hour, cluster_id, source, holder_kind, holder, den, held)
            SELECT gpu, hour, cluster_id, source, 'gap', g.reason, 1, sum(g.to_ms - g.from_ms)
            FROM lengths CROSS JOIN LATERAL jsonb_to_recordset(gaps)
                AS g(reason text, from_ms bigint, to_ms bigint)
            WHERE NOT is_job AND gaps IS NOT NULL
            GROUP BY gpu, hour, cluster_id, source, g.reason
            ORDER BY gpu, hour, cluster_id, source, g.reason
            ON CONFLICT (gpu, hour, cluster_id, source, holder_kind, holder, den)
            DO UPDATE SET held = t.held + excluded.held
    ), announced AS (
        INSERT INTO xid_events (gpu, start, xid)
            SELECT DISTINCT gpu, start, substring(flag FROM '^xid:(\d{1,9})(?:@.*)?$')::integer
            FROM lengths CROSS JOIN LATERAL jsonb_array_elements_text(flags) AS flag
            WHERE flags IS NOT NULL AND flag ~ '^xid:\d{1,9}(@.*)?$'
    )
    SELECT min(gpu) INTO wrong FROM lengths WHERE fits IS NOT TRUE OR gap_ms NOT BETWEEN 0 AND window_ms;
    IF wrong IS NULL THEN
        WITH parts AS MATERIALIZED (
            SELECT w.gpu, (w.start AT TIME ZONE interval '+08:00')::date AS day, w.cluster_id, w.source,
                   date_trunc('hour', w.start, 'UTC') AS hour,
                   w.body ->> 'model' AS model, p.holder ->> 'kind' AS kind,
                   coalesce(p.holder ->> 'namespace', p.holder ->> 'account', p.holder ->> 'name', '')
                       AS holder,
                   coalesce(p.mig ->> 'profile', '') AS profile,
                   coalesce(p.holder ->> 'partition', '') AS partition,
                   coalesce(p.holder ->> 'qos', '') AS qos, coalesce(p.den, 1) AS den,
                   coalesce(p.num, 1) AS num, p.to_ms - p.from_ms AS ms,
                   (p.readings ->> 'util_ppm')::bigint AS ppm,
                   p.from_ms >= 0 AND p.from_ms < p.to_ms
                       AND p.to_ms <= (w.body ->> 'window_ms')::bigint
                       AND coalesce(p.num, 1) BETWEEN 1 AND coalesce(p.den, 1) AS fits
            FROM fresh w CROSS JOIN LATERAL jsonb_to_recordset(w.body -> 'parts')
                AS p(holder jsonb, from_ms bigint, to_ms bigint, num bigint, den integer, mig jsonb,
                     readings jsonb)
        ), folded AS (
            INSERT INTO day_totals AS t (gpu, day, cluster_id, source, model, holder_kind, holder,
                    mig_profile, partition, qos, den, held, util_ppm_ms, util_ms)
                SELECT gpu, day, cluster_id, source, model, kind, holder, profile, partition, qos, den,
                       sum(ms * num), coalesce(sum(ppm * ms), 0),
                       coalesce(sum(ms) FILTER (WHERE ppm IS NOT NULL), 0)
                FROM parts
                GROUP BY gpu, day, cluster_id, source, model, kind, holder, profile, partition, qos, den
                ORDER BY gpu, day, cluster_id, source, model, kind, holder, profile, partition, qos, den
                ON CONFLICT (gpu, day, cluster_id, source, model, holder_kind, holder, mig_profile,
                             partition, qos, den)
                DO UPDATE SET held = t.held + excluded.held,
                              util_ppm_ms = t.util_ppm_ms + excluded.util_ppm_ms,
                              util_ms = t.util_ms + excluded.util_ms
        ), by_the_hour AS (
            INSERT INTO hour_totals AS t (gpu, hour, cluster_id, source, holder_kind, holder, den, held,
                    util_ppm_ms, util_ms)
                SELECT gpu, hour, cluster_id, source, kind, holder, den, sum(ms * num),
                       coalesce(sum(ppm * ms), 0),
                       coalesce(sum(ms) FILTER (WHERE ppm IS NOT NULL), 0)
                FROM parts WHERE NOT starts_with(gpu, 'job/')
                GROUP BY gpu, hour, cluster_id, source, kind, holder, den
                ORDER BY gpu, hour, cluster_id, source, kind, holder, den
                ON CONFLICT (gpu, hour, cluster_id, source, holder_kind, holder, den)
                DO UPDATE SET held = t.held + excluded.held,
                              util_ppm_ms = t.util_ppm_ms + excluded.util_ppm_ms,
                              util_ms = t.util_ms + excluded.util_ms
        )
        SELECT min(gpu) INTO wrong FROM parts WHERE fits IS NOT TRUE;
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'a window of % is none', wrong
            USING ERRCODE = 'check_violation', CONSTRAINT = 'window_is_whole';
    END IF;
    RETURN NULL;
END $_$;

ALTER FUNCTION public.fold_windows() OWNER TO suanquan_owner;

CREATE FUNCTION public.gpu_decided() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF gpu_was_charged(NEW.gpu) AND NOT EXISTS (SELECT FROM decisions d
        CROSS JOIN jsonb_array_elements(d.content -> 'moves') AS move
        WHERE d.id = NEW.decision_id AND d.kind = 'registry' AND d.answer = 'confirmed'
            AND move ->> 'gpu' = NEW.gpu
            AND move -> 'before' ->> 'cluster' = OLD.cluster_id::text
            AND move -> 'before' ->> 'node' = OLD.node
            AND (move -> 'before' ->> 'retired_at')::timestamptz IS NOT DISTINCT FROM OLD.retired_at
            AND move -> 'after' ->> 'cluster' = NEW.cluster_id::text
            AND move -> 'after' ->> 'node' = NEW.node
            AND (move -> 'after' ->> 'retired_at')::timestamptz IS NOT DISTINCT FROM NEW.retired_at
            AND acts_first(d.id, 'gpus', NEW.gpu)) THEN
        RAISE EXCEPTION 'use of % was charged, and two persons have not confirmed where it goes', NEW.gpu
            USING ERRCODE = 'check_violation', CONSTRAINT = 'registry_decided';
    END IF;
    RETURN NULL;
END $$;

ALTER FUNCTION public.gpu_decided() OWNER TO suanquan_owner;

CREATE FUNCTION public.gpu_was_charged(of_gpu text) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    SELECT EXISTS (
        SELECT FROM (
            SELECT cluster_id, range_agg(daterange(day, day + 1)) AS days FROM day_totals
            WHERE gpu = of_gpu AND holder_kind IN ('pod', 'slurm', 'static') GROUP BY cluster_id
        ) used
        WHERE used.days && charged_days('billing_sources',
            jsonb_build_object('cluster_id', used.cluster_id))
    ) OR EXISTS (SELECT FROM reserved_devices r JOIN prices p ON p.id = r.price_id
        WHERE r.gpu = of_gpu AND r.valid && charged_days('prices', to_jsonb(p)))
$$;

ALTER FUNCTION public.gpu_was_charged(of_gpu text) OWNER TO suanquan_owner;

CREATE FUNCTION public.has_days(of_reconciliation bigint, of_part text, policies text[], days datemultirange[]) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    SELECT (SELECT jsonb_object_agg(u.policy, u.days::text) FROM match_usage u
            WHERE (u.reconciliation_id, u.part) = (of_reconciliation, of_part) AND NOT isempty(u.days))
        IS NOT DISTINCT FROM (
            SELECT jsonb_object_agg(t.policy, t.days::text) FROM unnest(policies, days) AS t (policy, days)
            WHERE NOT isempty(t.days))
$$;

ALTER FUNCTION public.has_days(of_reconciliation bigint, of_part text, policies text[], days datemultirange[]) OWNER TO suanquan_owner;

CREATE FUNCTION public.held_by_decision() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    falls boolean := NEW.fall_decision_id IS DISTINCT FROM OLD.fall_decision_id;
    sound boolean := NOT falls;
BEGIN
    IF NEW.decision_id <> OLD.decision_id THEN
        sound := sound AND NEW.held_fen = NEW.matched_fen;
    ELSIF NEW.extra_decision_id IS DISTINCT FROM OLD.extra_decision_id THEN
        sound := sound AND NEW.held_fen = least(OLD.held_fen, NEW.matched_fen);
    ELSIF falls OR NEW.held_fen < OLD.held_fen THEN
        sound := EXISTS (
            SELECT FROM decisions d JOIN reconciliations r ON r.id = NEW.reconciliation_id
            CROSS JOIN LATERAL jsonb_array_elements(d.content -> 'cells') AS c
            WHERE d.id = NEW.fall_decision_id AND d.kind = 'fall' AND d.answer = 'confirmed'
                AND d.id > coalesce(OLD.fall_decision_id, 0)
                AND d.content ->> 'contract' = r.contract_id::text
                AND d.content ->> 'month' = to_char(r.month, 'YYYY-MM')
                AND c ->> 'part' = NEW.part AND c ->> 'held_fen' = OLD.held_fen::text
                AND c ->> 'counted_fen' = NEW.held_fen::text);
    ELSIF NEW.held_fen > OLD.held_fen THEN
        sound := NOT EXISTS (
            SELECT FROM reconciliations r
            CROSS JOIN LATERAL cell_figures(ARRAY[r.contract_id], r.month) f
            WHERE r.id = NEW.reconciliation_id AND f.part = NEW.part AND f.version_fall_fen > 0);
    END IF;
    IF sound IS NOT TRUE THEN
        RAISE EXCEPTION 'what the books rest on falls by a decision of two persons'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'held_by_decision';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.held_by_decision() OWNER TO suanquan_owner;

CREATE FUNCTION public.held_by_version(of_reconciliation bigint, of_part text) RETURNS TABLE(policy text, num numeric, den numeric)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    the_only text;
    now_policies text[];
    now_fen bigint[];
    paid_fen bigint[];
    now_days jsonb;
BEGIN
    -- Most months are one version's as a whole, and always were.
    SELECT min(e.label) INTO the_only
        FROM reconciliations r JOIN contracts k ON k.id = r.contract_id
        CROSS JOIN daterange(r.month, (r.month + interval '1 month')::date) AS whole
        JOIN voucher_spans e ON e.project_id = k.project_id AND e.days && whole
        WHERE r.id = of_reconciliation
        HAVING count(DISTINCT e.label) = 1 AND range_agg(e.days) @> range_merge(range_agg(whole));
    IF the_only IS NOT NULL AND NOT EXISTS (
        SELECT FROM match_usage u WHERE (u.reconciliation_id, u.part) = (of_reconciliation, of_part)
            AND u.policy <> the_only
    ) AND NOT EXISTS (
        SELECT FROM reconciliations r JOIN charges c USING (contract_id, month)
        WHERE r.id = of_reconciliation AND c.policy <> the_only
    ) THEN
        RETURN QUERY SELECT the_only, m.held_fen::numeric, 1::numeric FROM matches m
            WHERE (m.reconciliation_id, m.part) = (of_reconciliation, of_part);
        RETURN;
    END IF;
    SELECT array_agg(u.policy ORDER BY u.policy), array_agg(u.fen ORDER BY u.policy),
           array_agg(u.paid_fen ORDER BY u.policy),
           jsonb_object_agg(u.policy, u.days::text) FILTER (WHERE NOT isempty(u.days))
        INTO now_policies, now_fen, paid_fen, now_days
        FROM cell_usage(of_reconciliation, of_part) u;
    RETURN QUERY SELECT u.policy, u.held_num, u.held_den FROM match_usage u
        WHERE (u.reconciliation_id, u.part) = (of_reconciliation, of_part) AND (
            SELECT count(*) > 1
                AND jsonb_object_agg(o.policy, o.days::text) FILTER (WHERE NOT isempty(o.days)) = now_days
            FROM match_usage o WHERE (o.reconciliation_id, o.part) = (of_reconciliation, of_part));
    IF NOT FOUND THEN
        RETURN QUERY SELECT t.policy, t.num, s.den FROM matches m
            CROSS JOIN share_by_version(m.held_fen, now_fen, paid_fen,
                array_fill(0::numeric, ARRAY[cardinality(now_policies)]), 1) s
            CROSS JOIN unnest(now_policies, s.nums) AS t (policy, num)
            WHERE (m.reconciliation_id, m.part) = (of_reconciliation, of_part);
    END IF;
END $$;

ALTER FUNCTION public.held_by_version(of_reconciliation bigint, of_part text) OWNER TO suanquan_owner;

CREATE FUNCTION public.held_counts() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'INSERT' OR NEW.held_fen > OLD.held_fen OR NEW.decision_id <> OLD.decision_id)
        AND NEW.held_fen > (
            SELECT f.counted_fen FROM reconciliations r
            CROSS JOIN LATERAL cell_figures(ARRAY[r.contract_id], r.month) f
            WHERE r.id = NEW.reconciliation_id AND f.part = NEW.part) THEN
        RAISE EXCEPTION 'less is invoiced and metered of the cell than the books would rest on'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'held_counts';
    END IF;
    RETURN NULL;
END $$;

ALTER FUNCTION public.held_counts() OWNER TO suanquan_owner;

CREATE FUNCTION public.hold_by_objection() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        UPDATE case_holds SET closed_at = NEW.resolved_at, closed_by = NEW.resolved_by,
                outcome = NEW.resolution WHERE objection_id = NEW.id;
    ELSIF NEW.objector <> '' THEN
        INSERT INTO case_holds (claim_id, kind, reason, opened_at, opened_by, objection_id)
            SELECT p.claim_id, 'objection', NEW.body, NEW.received_at, NEW.received_by, NEW.id
            FROM publications p WHERE p.id = NEW.publication_id;
    END IF;
    RETURN NULL;
END $$;

ALTER FUNCTION public.hold_by_objection() OWNER TO suanquan_owner;

CREATE FUNCTION public.hold_key(namespace text, pod text, container text, uid text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN concat_ws('/'::text, namespace, pod, container, NULLIF(uid, ''::text));

ALTER FUNCTION public.hold_key(namespace text, pod text, container text, uid text) OWNER TO suanquan_owner;

CREATE FUNCTION public.takes_two(role text) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (role = ANY (ARRAY['clerk'::text, 'approver'::text, 'finance'::text]));

ALTER FUNCTION public.takes_two(role text) OWNER TO suanquan_owner;

CREATE FUNCTION public.token_of(actor text) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ("substring"(actor, '^[a-z]+:.*#([0-9]{1,18})$'::text))::bigint;

ALTER FUNCTION public.token_of(actor text) OWNER TO suanquan_owner;

CREATE TABLE public.tokens (
    id bigint NOT NULL,
    hash bytea NOT NULL,
    role text NOT NULL,
    person_id bigint NOT NULL,
    project_id bigint,
    centre_id bigint,
    rights text[],
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    renews bigint,
    overlap_hours integer DEFAULT 0 NOT NULL,
    replaced_at timestamp with time zone,
    revoked_at timestamp with time zone,
    revoked_by text,
    confirmed_at timestamp with time zone,
    confirmed_by text,
    waits boolean GENERATED ALWAYS AS ((public.takes_two(role) AND (confirmed_at IS NULL) AND (renews IS NULL) AND (created_by !~~ 'machine:%'::text))) STORED NOT NULL,
    CONSTRAINT tokens_check CHECK ((((overlap_hours >= 0) AND (overlap_hours <= 168)) AND ((overlap_hours = 0) OR (renews IS NOT NULL)))),
    CONSTRAINT tokens_check1 CHECK (((confirmed_at IS NULL) = (confirmed_by IS NULL))),
    CONSTRAINT tokens_check2 CHECK (((role = 'builder'::text) = (project_id IS NOT NULL))),
    CONSTRAINT tokens_check3 CHECK (((role = 'operator'::text) = (centre_id IS NOT NULL))),
    CONSTRAINT tokens_expires_at_check CHECK (isfinite(expires_at)),
    CONSTRAINT tokens_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT tokens_rights_check CHECK ((rights <> '{}'::text[])),
    CONSTRAINT tokens_role_check CHECK ((role = ANY (ARRAY['builder'::text, 'operator'::text, 'clerk'::text, 'approver'::text, 'finance'::text, 'auditor'::text, 'systemadmin'::text, 'securityadmin'::text, 'auditadmin'::text])))
);

ALTER TABLE public.tokens OWNER TO suanquan_owner;

COMMENT ON TABLE public.tokens IS 'Access tokens of identities; only the hash is kept';

COMMENT ON COLUMN public.tokens.hash IS 'SHA-256';

COMMENT ON COLUMN public.tokens.rights IS 'The rights of the role that it has, by name; null: all';

COMMENT ON COLUMN public.tokens.renews IS 'The token in whose place this one stands from its first use on';

COMMENT ON COLUMN public.tokens.overlap_hours IS 'How long that one stays good from then on; 0: it ends';

COMMENT ON COLUMN public.tokens.replaced_at IS 'When its renewal was first used, after which it stays good for some hours';

COMMENT ON COLUMN public.tokens.confirmed_by IS 'The second security administrator, where the role takes two';

COMMENT ON COLUMN public.tokens.waits IS 'It opens nothing until a second security administrator confirms it';

CREATE FUNCTION public.identity_of(actor text) RETURNS bigint
    LANGUAGE sql STABLE
    RETURN (SELECT tokens.person_id FROM public.tokens WHERE (tokens.id = public.token_of(identity_of.actor)));

ALTER FUNCTION public.identity_of(actor text) OWNER TO suanquan_owner;

CREATE FUNCTION public.incident_explained() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF NOT may_act(NEW.explained_by, NEW.explained_at) OR NOT EXISTS (
        SELECT FROM tokens t JOIN clusters c ON c.id = NEW.cluster_id
        WHERE t.id = token_of(NEW.explained_by)
            AND (t.role = 'clerk' OR t.role = 'operator' AND t.centre_id = c.centre_id)) THEN
        RAISE EXCEPTION '% explains nothing of this cluster', NEW.explained_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'incident_explained';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.incident_explained() OWNER TO suanquan_owner;

CREATE FUNCTION public.incident_ruled() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM decisions d JOIN incidents i ON i.id = NEW.incident_id
        WHERE d.id = NEW.decision_id AND d.kind = 'incident' AND d.answer = 'confirmed'
            AND d.content ->> 'incident' = NEW.incident_id::text
            AND d.content ->> 'counts' = NEW.counts::text
            AND person_of(d.answered_by) <> person_of(i.explained_by)) THEN
        RAISE EXCEPTION 'an incident is ruled by two persons' USING ERRCODE = 'restrict_violation';
    END IF;
    INSERT INTO evidence_changes (cluster_id, days)
        SELECT i.cluster_id,
               range_agg(daterange(beijing_day(lower(s.span)), beijing_day(upper(s.span)), '[]'))
        FROM incidents i JOIN incident_spans s ON s.incident_id = i.id WHERE i.id = NEW.incident_id
        GROUP BY i.cluster_id;
    RETURN NEW;
END $$;

ALTER FUNCTION public.incident_ruled() OWNER TO suanquan_owner;

CREATE FUNCTION public.inventory_stated() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    own_centre CONSTANT bigint := (SELECT centre_id FROM tokens
        WHERE id = token_of(NEW.decided_by) AND role = 'operator');
BEGIN
    IF NOT EXISTS (SELECT FROM centres WHERE id = own_centre AND name = NEW.content ->> 'centre')
        OR EXISTS (SELECT FROM jsonb_array_elements(NEW.content -> 'devices') AS device
            WHERE NOT EXISTS (SELECT FROM clusters
                WHERE name = device ->> 'cluster' AND centre_id = own_centre)) THEN
        RAISE EXCEPTION '% does not say what stands there', NEW.decided_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'inventory_stated';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.inventory_stated() OWNER TO suanquan_owner;

CREATE FUNCTION public.invited() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    fact jsonb := to_jsonb(NEW);
    good boolean;
BEGIN
    IF TG_TABLE_NAME = 'invitations' THEN
        good := current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID)
            OR may_act(NEW.created_by, NEW.created_at) AND EXISTS (SELECT FROM tokens
                WHERE id = NEW.token_id AND created_by = NEW.created_by
                    AND created_by LIKE 'securityadmin:%' AND revoked_at IS NULL);
        good := good AND (fact ->> 'used_at') IS NULL;
    ELSIF TG_TABLE_NAME = 'logins' THEN
        good := EXISTS (SELECT FROM invitations i JOIN tokens t ON t.id = i.token_id
            WHERE i.token_id = NEW.token_id AND i.used_at IS NOT NULL AND NOT t.waits);
        IF TG_OP = 'UPDATE' THEN
            good := good AND (SELECT count(DISTINCT person_id) = 1 FROM tokens
                WHERE id IN (OLD.token_id, NEW.token_id));
        END IF;
    ELSE
        good := EXISTS (SELECT FROM invitations
            WHERE id = (fact ->> 'invitation_id')::bigint AND used_at IS NOT NULL);
    END IF;
    IF good IS NOT TRUE THEN
        RAISE EXCEPTION 'a row of % needs an invitation', TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = 'invited';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.invited() OWNER TO suanquan_owner;

CREATE FUNCTION public.is_barred(of_claim bigint, wanted text, actor text) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    SELECT EXISTS (
        SELECT FROM barred_steps b JOIN (
            SELECT e.action, e.actor FROM claim_events e WHERE e.claim_id = of_claim
            UNION ALL SELECT 'submit', c.opened_by FROM claims c WHERE c.id = of_claim
        ) AS part (taken, by) USING (taken)
        WHERE b.action = wanted AND identity_of(part.by) = identity_of(actor));
$$;

ALTER FUNCTION public.is_barred(of_claim bigint, wanted text, actor text) OWNER TO suanquan_owner;

CREATE FUNCTION public.is_drill() RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    RETURN EXISTS (SELECT FROM drill);
END $$;

ALTER FUNCTION public.is_drill() OWNER TO suanquan_owner;

CREATE FUNCTION public.is_dropped(state text) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (state = ANY (ARRAY['rejected'::text, 'refused'::text, 'withdrawn'::text, 'terminated'::text]));

ALTER FUNCTION public.is_dropped(state text) OWNER TO suanquan_owner;

CREATE FUNCTION public.issuers_of(actor text) RETURNS SETOF bigint
    LANGUAGE sql STABLE
    AS $$
    WITH RECURSIVE issuers AS (
        SELECT unnest(ARRAY[created_by, confirmed_by]) AS issuer FROM tokens WHERE id = token_of(actor)
        UNION
        SELECT unnest(ARRAY[t.created_by, t.confirmed_by])
            FROM issuers i JOIN tokens t ON t.id = token_of(i.issuer)
    )
    SELECT identity_of(issuer) FROM issuers WHERE identity_of(issuer) IS NOT NULL;
$$;

ALTER FUNCTION public.issuers_of(actor text) OWNER TO suanquan_owner;

CREATE FUNCTION public.keep_clock() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM drill) THEN
        RAISE EXCEPTION 'what is recorded in % happens now', TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = 'by_the_clock';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.keep_clock() OWNER TO suanquan_owner;

CREATE FUNCTION public.keep_contract_terms() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF lower(NEW.valid) IS DISTINCT FROM lower(OLD.valid) THEN
        RAISE EXCEPTION 'a contract begins when it began' USING ERRCODE = 'restrict_violation';
    END IF;
    INSERT INTO contract_terms (contract_id, valid, total_fen, superseded_at, superseded_by)
        VALUES (OLD.id, OLD.valid, OLD.total_fen, NEW.changed_at, NEW.changed_by);
    RETURN NEW;
END $$;

ALTER FUNCTION public.keep_contract_terms() OWNER TO suanquan_owner;

CREATE FUNCTION public.keep_dated_fact() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF OLD.superseded_at IS NOT NULL THEN
        RAISE EXCEPTION 'a superseded fact cannot change again' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.keep_dated_fact() OWNER TO suanquan_owner;

CREATE FUNCTION public.keep_decision() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF OLD.answer IS NOT NULL THEN
        RAISE EXCEPTION 'an answered decision cannot change' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.keep_decision() OWNER TO suanquan_owner;

CREATE FUNCTION public.keep_deleted() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO history (relation, row, act) SELECT TG_TABLE_NAME, to_jsonb(gone), TG_OP FROM gone;
    RETURN NULL;
END $$;

ALTER FUNCTION public.keep_deleted() OWNER TO suanquan_owner;

CREATE FUNCTION public.keep_evidence(of_cluster bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    changed datemultirange;
    stale date[];
    one date;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.evidence.' || of_cluster, 0));
    IF NOT EXISTS (SELECT FROM compared_clusters WHERE cluster_id = of_cluster) THEN
        RETURN;
    END IF;
    WITH gone AS (DELETE FROM evidence_changes WHERE cluster_id = of_cluster RETURNING days)
    SELECT coalesce(range_agg(days), '{}') INTO changed FROM gone;
    SELECT array_agg(v.day ORDER BY v.day) INTO stale
    FROM (SELECT day, sum(windows) AS windows FROM coverage WHERE cluster_id = of_cluster
          GROUP BY day) v
    LEFT JOIN evidence_days e ON (e.cluster_id, e.day) = (of_cluster, v.day)
    WHERE e.windows IS DISTINCT FROM v.windows OR changed @> v.day;
    FOREACH one IN ARRAY coalesce(stale, '{}') LOOP
        INSERT INTO evidence_days (cluster_id, day, windows)
            SELECT of_cluster, one, sum(windows) FROM coverage
            WHERE (cluster_id, day) = (of_cluster, one)
            ON CONFLICT (cluster_id, day) DO UPDATE SET windows = excluded.windows;
        PERFORM keep_holds(of_cluster, one);
    END LOOP;
    -- A gap over midnight is told by the holds on both its sides.
    FOR one IN SELECT DISTINCT e.day FROM evidence_days e
            JOIN unnest(stale) AS s(day) ON e.day BETWEEN s.day - 1 AND s.day + 1
            WHERE e.cluster_id = of_cluster ORDER BY e.day LOOP
        PERFORM compare_day(of_cluster, one);
    END LOOP;
END $$;

ALTER FUNCTION public.keep_evidence(of_cluster bigint) OWNER TO suanquan_owner;

CREATE FUNCTION public.keep_hold() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    term integer;
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM FROM claims WHERE id = NEW.claim_id FOR NO KEY UPDATE;  -- no step is taken meanwhile
        SELECT days INTO term FROM hold_kinds WHERE kind = NEW.kind;
        IF term IS NOT NULL THEN
            NEW.due := (SELECT day FROM working_days  -- none where the calendar ends before
                WHERE day > (NEW.opened_at AT TIME ZONE interval '+08:00')::date
                ORDER BY day OFFSET term - 1 LIMIT 1);
        END IF;
        IF (NEW.objection_id IS NOT NULL
                OR NEW.opened_by ~ '^(clerk|approver|finance):' AND may_act(NEW.opened_by, NEW.opened_at)
                ) IS NOT TRUE THEN
            RAISE EXCEPTION '% opens no hold', NEW.opened_by
                USING ERRCODE = 'check_violation', CONSTRAINT = 'actor_acts';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.closed_at IS NOT NULL THEN
        RAISE EXCEPTION 'a hold ends once' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'once';
    END IF;
    IF (CASE NEW.kind
            WHEN 'objection' THEN EXISTS (SELECT FROM objections o
                WHERE o.id = NEW.objection_id AND o.resolved_at = NEW.closed_at)
            WHEN 'applicant' THEN NEW.closed_by ~ '^(clerk|approver):'
                AND may_act(NEW.closed_by, NEW.closed_at)
            ELSE NEW.closed_by LIKE 'approver:%' AND may_act(NEW.closed_by, NEW.closed_at)
                AND identity_of(NEW.closed_by) IS DISTINCT FROM identity_of(NEW.opened_by) END) IS NOT TRUE THEN
        RAISE EXCEPTION '% does not end this hold', NEW.closed_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'hold_ended';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.keep_hold() OWNER TO suanquan_owner;

CREATE FUNCTION public.keep_holds(of_cluster bigint, of_day date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET work_mem TO '32MB'
    AS $$
DECLARE
    midnight CONSTANT timestamptz := of_day::timestamp AT TIME ZONE interval '+08:00';
    stale CONSTANT text[] := (SELECT array_agg(DISTINCT v.gpu) FROM coverage v
        LEFT JOIN hold_days k USING (cluster_id, day, gpu, source)
        WHERE (v.cluster_id, v.day) = (of_cluster, of_day) AND v.source IN ('nvml', 'dcgm')
            AND k.windows IS DISTINCT FROM v.windows);
BEGIN
    IF stale IS NULL THEN RETURN; END IF;
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('suanquan.pack', 0));  -- as `window_is_first` does
    DELETE FROM hold_days k WHERE (cluster_id, day) = (of_cluster, of_day) AND k.gpu = ANY(stale)
        AND (SELECT v.windows FROM coverage v WHERE (v.gpu, v.day, v.cluster_id, v.source)
                = (k.gpu, k.day, k.cluster_id, k.source))
            IS DISTINCT FROM k.windows + (SELECT count(*)::integer
                FROM kept_minutes(ARRAY[k.gpu], k.until, midnight + interval '24 hours') w
                WHERE (w.cluster_id, w.source) = (k.cluster_id, k.source));
    DELETE FROM holds h WHERE (cluster_id, day) = (of_cluster, of_day) AND h.gpu = ANY(stale)
        AND NOT EXISTS (SELECT FROM hold_days k WHERE (k.cluster_id, k.day, k.gpu, k.source)
                            = (h.cluster_id, h.day, h.gpu, h.source));
    WITH gone AS (
        DELETE FROM holds WHERE (cluster_id, day) = (of_cluster, of_day) AND gpu = ANY(stale)
        RETURNING *
    ), fresh AS MATERIALIZED (
        SELECT w.gpu, w.source, w.start, w.body
        FROM (  -- apart: a planner that pushes what follows into it unpacks rolls again and again
            SELECT * FROM kept_windows(stale, midnight, midnight + interval '24 hours') OFFSET 0) w
        LEFT JOIN hold_days k ON (k.cluster_id, k.day, k.gpu, k.source)
            = (of_cluster, of_day, w.gpu, w.source)
        WHERE w.cluster_id = of_cluster AND w.source IN ('nvml', 'dcgm')
            AND w.start >= coalesce(k.until, midnight)
    ), parts AS MATERIALIZED (
        SELECT f.gpu, f.source, f.body ->> 'model' AS model, p.holder AS h, p.mig,
               coalesce(p.num, 1) AS num, coalesce(p.den, 1) AS den, p.to_ms - p.from_ms AS ms,
               f.start + p.from_ms * interval '1 millisecond' AS low,
               f.start + p.to_ms * interval '1 millisecond' AS high,
               (p.readings ->> 'util_ppm')::bigint AS ppm
        FROM fresh f CROSS JOIN LATERAL jsonb_to_recordset(f.body -> 'parts')
            AS p(holder jsonb, mig jsonb, from_ms bigint, to_ms bigint, num bigint, den integer,
                 readings jsonb)
    ), pieces AS MATERIALIZED (
        SELECT gpu, source, 'pod' AS kind, coalesce(mig ->> 'uuid', '') AS device,
               h ->> 'namespace' AS namespace, h ->> 'pod' AS pod,
               coalesce(h ->> 'container', '') AS container, coalesce(h ->> 'uid', '') AS uid, model,
               coalesce(mig ->> 'profile', '') AS mig_profile, num, den, low, high,
               coalesce(ppm * ms, 0)::numeric AS util_ppm_ms,
               CASE WHEN ppm IS NULL THEN 0 ELSE ms END AS util_ms
        FROM parts WHERE h ->> 'kind' = 'pod'
        UNION ALL
        SELECT gpu, source, 'seen', '', '', '', '', '', '', '', 1, 1, low, high, 0, 0 FROM parts
        UNION ALL
        SELECT gpu, source, kind, device, namespace, pod, container, uid, model, mig_profile, num, den,
               low, high, util_ppm_ms, util_ms FROM gone
    ), holders AS MATERIALIZED (  -- numbered: to sort by twelve columns takes twice as long
        SELECT row_number() OVER () AS id, h.*
        FROM (SELECT DISTINCT gpu, source, kind, device, namespace, pod, container, uid, model,
                     mig_profile, num, den FROM pieces) h
    ), begun AS (
        SELECT *, CASE kind WHEN 'seen' THEN reached >= low ELSE reached = low END IS NOT TRUE AS new
        FROM (SELECT h.id, h.kind, p.low, p.high, p.util_ppm_ms, p.util_ms,
                     max(p.high) OVER (PARTITION BY h.id ORDER BY p.low, p.high
                         ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
              FROM pieces p JOIN holders h USING (gpu, source, kind, device, namespace, pod, container,
                  uid, model, mig_profile, num, den)) q
    ), numbered AS (
        SELECT *, count(*) FILTER (WHERE new) OVER (PARTITION BY id ORDER BY low, high
                  ROWS UNBOUNDED PRECEDING) AS run
        FROM begun
    ), runs AS (
        SELECT id, min(low) AS low, max(high) AS high, sum(util_ppm_ms) AS util_ppm_ms,
               sum(util_ms) AS util_ms
        FROM numbered GROUP BY id, run
    ), kept AS (
        INSERT INTO hold_days (cluster_id, day, gpu, source, windows, until)
        SELECT of_cluster, of_day, v.gpu, v.source, v.windows,
               max(f.start + (f.body ->> 'window_ms')::bigint * interval '1 millisecond')
        FROM coverage v JOIN fresh f USING (gpu, source)
        WHERE (v.cluster_id, v.day) = (of_cluster, of_day)
        GROUP BY v.gpu, v.source, v.windows
        ON CONFLICT (cluster_id, day, gpu, source)
        DO UPDATE SET windows = excluded.windows, until = excluded.until
    )
    INSERT INTO holds (cluster_id, day, gpu, source, kind, device, namespace, pod, container, uid,
        model, mig_profile, num, den, low, high, util_ppm_ms, util_ms)
    SELECT of_cluster, of_day, gpu, source, kind, device, namespace, pod, container, uid, model,
           mig_profile, num, den, low, high, util_ppm_ms, util_ms
    FROM runs JOIN holders USING (id);
END $$;

ALTER FUNCTION public.keep_holds(of_cluster bigint, of_day date) OWNER TO suanquan_owner;

CREATE FUNCTION public.keep_job_users() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
BEGIN
    INSERT INTO job_users (cluster_id, job, job_user)
        SELECT DISTINCT ON (cluster_id, job) cluster_id, job, job_user
        FROM (SELECT cluster_id, start, split_part(gpu, '/', 3) AS job,
                     jsonb_path_query_first(body, '$.parts[*].holder.user') #>> '{}' AS job_user
              FROM fresh WHERE source IN ('slurm', 'import')) w
        WHERE job_user <> '' ORDER BY cluster_id, job, start
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END $_$;

ALTER FUNCTION public.keep_job_users() OWNER TO suanquan_owner;

CREATE FUNCTION public.keep_objection() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF OLD.upheld IS NOT NULL THEN
        RAISE EXCEPTION 'a resolved objection cannot change' USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.resolved_by LIKE 'approver:%' AND may_act(NEW.resolved_by, NEW.resolved_at)) IS NOT TRUE THEN
        RAISE EXCEPTION '% resolves no objection', NEW.resolved_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'actor_acts';
    END IF;
    IF is_barred((SELECT claim_id FROM publications WHERE id = NEW.publication_id), 'dismiss',
                 NEW.resolved_by) THEN
        RAISE EXCEPTION '% has handled what is objected to', NEW.resolved_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'barred_pair';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.keep_objection() OWNER TO suanquan_owner;

CREATE FUNCTION public.keep_once() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    RAISE EXCEPTION 'what has happened to % stays', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'once';
END $$;

ALTER FUNCTION public.keep_once() OWNER TO suanquan_owner;

CREATE FUNCTION public.keep_registry_fact() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.superseded_at IS NOT NULL THEN
            RAISE EXCEPTION 'a fact is superseded after it was recorded'
                USING ERRCODE = 'restrict_violation';
        END IF;
        NEW.recorded_in := pg_current_xact_id()::text::bigint;
        NEW.superseded_in := NULL;
        NEW.superseded_decision_id := NULL;
    ELSIF OLD.superseded_at IS NOT NULL THEN
        RAISE EXCEPTION 'a superseded fact cannot change again' USING ERRCODE = 'restrict_violation';
    ELSIF NEW.superseded_at IS NOT NULL THEN
        NEW.superseded_in := pg_current_xact_id()::text::bigint;
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.keep_registry_fact() OWNER TO suanquan_owner;

CREATE FUNCTION public.keep_replaced() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO history (relation, row, act)
        SELECT TG_TABLE_NAME, was.row, TG_OP
        FROM (SELECT id, to_jsonb(gone) AS row FROM gone) was
        JOIN (SELECT id, to_jsonb(came) AS row FROM came) got USING (id)
        WHERE was.row <> got.row AND NOT (TG_TABLE_NAME = 'charges'
            AND (got.row ->> 'month')::date >= date_trunc('month', now() AT TIME ZONE interval '+08:00')
            AND (got.row ->> 'cost_fen')::bigint >= (was.row ->> 'cost_fen')::bigint
            AND (got.row ->> 'computed_at')::timestamptz >= (was.row ->> 'computed_at')::timestamptz
            AND got.row - '{cost_fen,ms_num,ms_den,promised_ms,computed_at}'::text[]
                = was.row - '{cost_fen,ms_num,ms_den,promised_ms,computed_at}'::text[]);
    RETURN NULL;
END $$;

ALTER FUNCTION public.keep_replaced() OWNER TO suanquan_owner;

CREATE FUNCTION public.keep_reserved_devices() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM reserved_devices WHERE price_id = NEW.id;
    ELSE
        INSERT INTO reserved_devices (price_id, gpu, project_id, centre_id, valid)
            SELECT NEW.id, d.gpu, k.project_id, k.centre_id, NEW.valid
            FROM contracts k CROSS JOIN unnest(NEW.devices) AS d(gpu) WHERE k.id = NEW.contract_id;
    END IF;
    RETURN NULL;
END $$;

ALTER FUNCTION public.keep_reserved_devices() OWNER TO suanquan_owner;

CREATE FUNCTION public.keep_sightings(of_agent uuid, sightings jsonb[]) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    told jsonb;
    runs jsonb;
    over boolean;
    started timestamptz;
    ended timestamptz;
    changed integer := 0;
    rows integer;
    before witness_pods;
    after witness_pods;
    said_from timestamptz;
    days datemultirange := '{}';
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.witness.' || of_agent, 0));
    IF NOT EXISTS (SELECT FROM agents WHERE id = of_agent AND source = 'witness') THEN
        RAISE EXCEPTION 'only a witness has sightings' USING ERRCODE = 'restrict_violation';
    END IF;
    FOREACH told IN ARRAY sightings LOOP
        CASE told ->> 'kind'
        WHEN 'watch' THEN
            SELECT coalesce(max(until), '-infinity') INTO said_from
                FROM witness_watches WHERE agent_id = of_agent;
            INSERT INTO witness_watches AS w (agent_id, since, until)
            VALUES (of_agent, (told ->> 'since')::timestamptz, (told ->> 'until')::timestamptz)
            ON CONFLICT (agent_id, since) DO UPDATE SET until = excluded.until
                WHERE w.until < excluded.until;
        WHEN 'node' THEN
            INSERT INTO witness_nodes AS n (agent_id, uid, node, seen_at, gone_at, body)
            VALUES (of_agent, told ->> 'uid', told ->> 'name', (told ->> 'seen_at')::timestamptz,
                    (told ->> 'gone_at')::timestamptz, told)
            ON CONFLICT (agent_id, uid) DO UPDATE SET node = excluded.node,
                seen_at = excluded.seen_at, gone_at = excluded.gone_at, body = excluded.body
                WHERE n.seen_at < excluded.seen_at;
        WHEN 'pod' THEN
            runs := coalesce(told -> 'runs', '[]');
            over := told ->> 'phase' IN ('Succeeded', 'Failed') AND NOT EXISTS (
                SELECT FROM jsonb_array_elements(runs) r WHERE r ->> 'end' IS NULL);
            SELECT min((r ->> 'start')::timestamptz), max((r ->> 'end')::timestamptz)
                INTO started, ended FROM jsonb_array_elements(runs) r;
            SELECT * INTO before FROM witness_pods WHERE (agent_id, uid) = (of_agent, told ->> 'uid');
            INSERT INTO witness_pods AS p (agent_id, uid, namespace, pod, node, phase, started_at,
                ended_at, seen_at, gone_at, is_admin, owner, labels, body)
            VALUES (of_agent, told ->> 'uid', told ->> 'namespace', told ->> 'name', told ->> 'node',
                    told ->> 'phase', started, CASE WHEN over THEN ended END,
                    (told ->> 'seen_at')::timestamptz, (told ->> 'gone_at')::timestamptz,
                    told ? 'devices' AND NOT told ? 'requests' AND NOT EXISTS (
                        SELECT FROM jsonb_array_elements(told -> 'devices') d
                        WHERE NOT coalesce((d ->> 'admin')::boolean, false)),
                    concat_ws('/', told ->> 'namespace', nullif(told ->> 'owner', '')),
                    coalesce(told -> 'labels', '{}'), told)
            ON CONFLICT (agent_id, uid) DO UPDATE SET node = coalesce(excluded.node, p.node),
                is_admin = excluded.is_admin, phase = excluded.phase, ended_at = excluded.ended_at, seen_at = excluded.seen_at,
                started_at = least(p.started_at, excluded.started_at),
                gone_at = excluded.gone_at, body = excluded.body
                WHERE p.seen_at < excluded.seen_at;
        END CASE;
        GET DIAGNOSTICS rows = ROW_COUNT;
        changed := changed + rows;
        CONTINUE WHEN rows = 0 OR told ->> 'kind' = 'node';
        IF told ->> 'kind' = 'watch' THEN
            days := days + datemultirange(daterange(
                beijing_day(least(said_from, (told ->> 'since')::timestamptz)),
                beijing_day((told ->> 'until')::timestamptz), '[]'));
            CONTINUE;
        END IF;
        SELECT * INTO after FROM witness_pods WHERE (agent_id, uid) = (of_agent, told ->> 'uid');
        said_from := least(before.seen_at, after.seen_at, after.ended_at, after.gone_at);
        IF (before.node, before.started_at, before.is_admin)
                IS DISTINCT FROM (after.node, after.started_at, after.is_admin) THEN
            said_from := least(said_from, before.started_at, after.started_at,
                               (told ->> 'created_at')::timestamptz);
        END IF;
        days := days + datemultirange(daterange(beijing_day(said_from) - 1,
            beijing_day(greatest(after.seen_at, after.ended_at, after.gone_at)) + 1, '[]'));
    END LOOP;
    IF NOT isempty(days) THEN
        INSERT INTO evidence_changes (cluster_id, days)
            SELECT cluster_id, days FROM agents WHERE id = of_agent;
    END IF;
    RETURN changed;
END $$;

ALTER FUNCTION public.keep_sightings(of_agent uuid, sightings jsonb[]) OWNER TO suanquan_owner;

CREATE FUNCTION public.keep_stretches(of_day date, of_gpus text[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET work_mem TO '64MB'
    AS $$
DECLARE
    midnight timestamptz := (of_day || ' 00:00:00+08')::timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.stretches', 0));
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('suanquan.pack', 0));  -- as `window_is_first` does
    DELETE FROM stretch_days k WHERE k.gpu = ANY(of_gpus) AND k.day = of_day
        AND (SELECT v.windows FROM coverage v WHERE (v.gpu, v.day, v.cluster_id, v.source)
                = (k.gpu, k.day, k.cluster_id, k.source))
            IS DISTINCT FROM k.windows + (SELECT count(*)::integer
                FROM kept_minutes(ARRAY[k.gpu], midnight + k.until_ms * interval '1 millisecond',
                    midnight + interval '24 hours') w
                WHERE (w.cluster_id, w.source) = (k.cluster_id, k.source));
    DELETE FROM stretches s WHERE s.gpu = ANY(of_gpus) AND s.day = of_day
        AND NOT EXISTS (SELECT FROM stretch_days k WHERE (k.gpu, k.day, k.cluster_id, k.source)
                            = (s.gpu, s.day, s.cluster_id, s.source));
    WITH gone AS (
        DELETE FROM stretches WHERE gpu = ANY(of_gpus) AND day = of_day RETURNING *
    ), known AS MATERIALIZED (
        SELECT * FROM stretch_days WHERE gpu = ANY(of_gpus) AND day = of_day
    ), fresh AS MATERIALIZED (
        SELECT w.gpu, w.cluster_id, w.source, w.body,
               (extract(epoch FROM w.start - midnight) * 1000)::integer AS at
        FROM counted_windows(of_gpus, midnight, midnight + interval '24 hours') w
        LEFT JOIN known k ON (k.gpu, k.cluster_id, k.source) = (w.gpu, w.cluster_id, w.source)
        WHERE w.start >= midnight + coalesce(k.until_ms, 0) * interval '1 millisecond'
    ), parts AS MATERIALIZED (
        SELECT k.gpu, k.cluster_id, k.source, coalesce(p -> 'mig' ->> 'uuid', '') AS device,
               h ->> 'kind' AS kind,
               coalesce(h ->> 'namespace', h ->> 'account', h ->> 'name', '') AS holder,
               coalesce(h ->> 'uid', h ->> 'pod', h ->> 'job', '') AS instance,
               coalesce(h ->> 'uid', h ->> 'job') IS NOT NULL AS is_told,
               k.body ->> 'model' AS model, coalesce(p -> 'mig' ->> 'profile', '') AS profile,
               coalesce(h ->> 'partition', '') AS partition, coalesce(h ->> 'qos', '') AS qos,
               coalesce((p ->> 'den')::integer, 1) AS den,
               k.at + (p ->> 'from_ms')::integer AS low, k.at + (p ->> 'to_ms')::integer AS high,
               coalesce((p ->> 'num')::bigint, 1) * ((p ->> 'to_ms')::bigint
                   - (p ->> 'from_ms')::bigint) AS held,
               coalesce((p -> 'readings' ->> 'util_ppm')::bigint, 0) * ((p ->> 'to_ms')::bigint
                   - (p ->> 'from_ms')::bigint) AS util_ppm_ms,
               CASE WHEN p -> 'readings' ->> 'util_ppm' IS NULL THEN 0
                    ELSE (p ->> 'to_ms')::bigint - (p ->> 'from_ms')::bigint END AS util_ms
        FROM fresh k CROSS JOIN LATERAL jsonb_array_elements(k.body -> 'parts') AS p
        CROSS JOIN LATERAL (SELECT p -> 'holder' AS h) AS holders
        WHERE h ->> 'kind' <> 'unattributed'
        UNION ALL
        SELECT gpu, cluster_id, source, device, holder_kind, holder, instance, is_told, model,
               mig_profile, partition, qos, den, begins_ms, ends_ms, held, util_ppm_ms::bigint, util_ms
        FROM gone
        UNION ALL  -- what was seen before, whoever held it
        SELECT gpu, cluster_id, source, '', 'unallocated', '', '', false, '', '', '', '', 1,
               first_seen_ms, last_seen_ms, 0, 0, 0
        FROM known WHERE first_seen_ms IS NOT NULL
    ), names AS MATERIALIZED (
        SELECT *, row_number() OVER () AS who,
               dense_rank() OVER (ORDER BY gpu, cluster_id, source) AS place,
               dense_rank() OVER (ORDER BY gpu, cluster_id, source, device, kind, holder, instance)
                   AS holding
        FROM (SELECT DISTINCT gpu, cluster_id, source, device, kind, holder, instance, is_told, model,
                              profile, partition, qos, den FROM parts) AS distinct_names
    ), seen AS (
        SELECT n.who, n.place, n.holding, n.kind, n.is_told, low, high, held, util_ppm_ms, util_ms,
               least(low, max(high) OVER (PARTITION BY n.place ORDER BY low
                   RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS seen_before
        FROM parts JOIN names n USING (gpu, cluster_id, source, device, kind, holder, instance,
                                       is_told, model, profile, partition, qos, den)
    ), edges AS MATERIALIZED (
        SELECT n.gpu, n.cluster_id, n.source, min(low) AS first_seen, max(high) AS last_seen
        FROM parts n GROUP BY n.gpu, n.cluster_id, n.source
    ), counted AS (
        INSERT INTO stretch_days AS d (gpu, day, cluster_id, source, windows, until_ms, first_seen_ms,
            last_seen_ms)
        SELECT f.gpu, of_day, f.cluster_id, f.source, f.windows, f.until_ms, e.first_seen, e.last_seen
        FROM (SELECT gpu, cluster_id, source, count(*) AS windows,
                     max(at + (body ->> 'window_ms')::integer) AS until_ms
              FROM fresh GROUP BY gpu, cluster_id, source) AS f
        LEFT JOIN edges e USING (gpu, cluster_id, source)
        ON CONFLICT (gpu, day, cluster_id, source) DO UPDATE SET
            windows = d.windows + excluded.windows, until_ms = excluded.until_ms,
            first_seen_ms = excluded.first_seen_ms, last_seen_ms = excluded.last_seen_ms
    ), holds AS (
        SELECT *, max(high) OVER (PARTITION BY holding ORDER BY low, high
                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS held_before
        FROM seen WHERE kind IN ('pod', 'slurm', 'static')
    ), numbered AS (
        SELECT *, count(*) FILTER (WHERE held_before < low AND (seen_before > held_before
                      OR low - held_before > CASE WHEN is_told THEN 86400000 ELSE 3600000 END))
                   OVER (PARTITION BY holding ORDER BY low, high ROWS UNBOUNDED PRECEDING) AS number
        FROM holds
    ), sums AS (
        SELECT who, holding, number, min(low) AS low, max(high) AS high, sum(held) AS held,
               sum(util_ppm_ms) AS util_ppm_ms, sum(util_ms) AS util_ms
        FROM numbered GROUP BY who, holding, number
    ), whole AS (
        SELECT *, min(low) OVER one AS begins, max(high) OVER one AS ends
        FROM sums WINDOW one AS (PARTITION BY holding, number)
    )
    INSERT INTO stretches (gpu, day, cluster_id, source, device, holder_kind, holder, instance, is_told,
        begins_ms, ends_ms, is_first, is_last, model, mig_profile, partition, qos, den, held,
        util_ppm_ms, util_ms)
    SELECT n.gpu, of_day, n.cluster_id, n.source, n.device, n.kind, n.holder, n.instance, n.is_told,
           w.begins, w.ends, w.begins = e.first_seen, w.ends = e.last_seen, n.model, n.profile,
           n.partition, n.qos, n.den, w.held, w.util_ppm_ms, w.util_ms
    FROM whole w JOIN names n USING (who) JOIN edges e USING (gpu, cluster_id, source);
END $$;

ALTER FUNCTION public.keep_stretches(of_day date, of_gpus text[]) OWNER TO suanquan_owner;

CREATE FUNCTION public.keep_usage() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM map_cell(NEW.reconciliation_id, NEW.part, TG_OP = 'UPDATE'
        AND NEW.held_fen > OLD.held_fen AND NEW.decision_id = OLD.decision_id
        AND NEW.fall_decision_id IS NOT DISTINCT FROM OLD.fall_decision_id);
    RETURN NULL;
END $$;

ALTER FUNCTION public.keep_usage() OWNER TO suanquan_owner;

CREATE FUNCTION public.keep_wait() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    RAISE EXCEPTION 'what waits longer does not become more'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'waits_in_order';
END $$;

ALTER FUNCTION public.keep_wait() OWNER TO suanquan_owner;

CREATE TABLE public.batches (
    stream uuid NOT NULL,
    number bigint NOT NULL,
    hash bytea NOT NULL,
    signature bytea NOT NULL,
    agent_id uuid NOT NULL,
    received_at timestamp with time zone NOT NULL,
    answer jsonb NOT NULL,
    bytes bytea NOT NULL,
    CONSTRAINT batches_number_check CHECK ((number >= 1)),
    CONSTRAINT batches_signature_check CHECK ((octet_length(signature) = 64)),
    CONSTRAINT hash_of_bytes CHECK ((hash = sha256(bytes)))
);

ALTER TABLE public.batches OWNER TO suanquan_owner;

COMMENT ON TABLE public.batches IS 'Accepted batches, byte for byte, with signature and answer; kept for ever';

COMMENT ON COLUMN public.batches.hash IS 'SHA-256 of bytes; what the agent signed';

COMMENT ON COLUMN public.batches.bytes IS 'The signed body';

CREATE FUNCTION public.open_roll(roll public.batch_rolls) RETURNS SETOF public.batches
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    opened batches[];
BEGIN
    BEGIN
        SELECT array_agg(ROW(roll.stream, roll.first + n, substring(roll.hashes FROM 32 * n + 33 FOR 32),
                substring(roll.signatures FROM 64 * n + 1 FOR 64), roll.agent_id,
                timestamptz 'epoch' + b.parts[3]::bigint * interval '1 microsecond', b.parts[4]::jsonb,
                convert_to(b.parts[1] || coalesce(b.windows, '') || b.parts[2], 'UTF8'))::batches)
            INTO opened
            FROM generate_series(0, (roll.last - roll.first)::integer) AS n FULL JOIN (
                SELECT place / 1001 AS n,
                       string_to_array(min(said) FILTER (WHERE place % 1001 = 0), chr(1)) AS parts,
                       string_agg(said, ',' ORDER BY place) FILTER (WHERE place % 1001 > 0) AS windows
                FROM roll_pieces(roll) GROUP BY place / 1001
            ) b USING (n);
    EXCEPTION WHEN OTHERS THEN
        opened := (SELECT array_agg(ROW(roll.stream, number, NULL, NULL, NULL, NULL, NULL, NULL)::batches)
                   FROM generate_series(roll.first, roll.last) AS number);
    END;
    RETURN QUERY SELECT * FROM unnest(opened);
END $$;

ALTER FUNCTION public.open_roll(roll public.batch_rolls) OWNER TO suanquan_owner;

CREATE FUNCTION public.kept_batch(of_stream uuid, of_number bigint) RETURNS SETOF public.batches
    LANGUAGE sql STABLE ROWS 1
    BEGIN ATOMIC
 SELECT batches.stream,
     batches.number,
     batches.hash,
     batches.signature,
     batches.agent_id,
     batches.received_at,
     batches.answer,
     batches.bytes
    FROM public.batches
   WHERE ((batches.stream = kept_batch.of_stream) AND (batches.number = kept_batch.of_number))
 UNION ALL
  SELECT o.stream,
     o.number,
     o.hash,
     o.signature,
     o.agent_id,
     o.received_at,
     o.answer,
     o.bytes
    FROM ((public.roll_of(kept_batch.of_stream, kept_batch.of_number) s(stream, first, last, agent_id, received)
      CROSS JOIN LATERAL public.roll_at(s.stream, s.first) r(stream, first, last, seal, agent_id, received, hashes, signatures, leaves, templates, counts, columns, kinds, bases, steps, widths, content))
      CROSS JOIN LATERAL public.open_roll(r.*) o(stream, number, hash, signature, agent_id, received_at, answer, bytes))
   WHERE (o.number = kept_batch.of_number);
END;

ALTER FUNCTION public.kept_batch(of_stream uuid, of_number bigint) OWNER TO suanquan_owner;

CREATE FUNCTION public.past_counts(of_gpus text[], since timestamp with time zone, until timestamp with time zone) RETURNS TABLE(gpu text, hour timestamp with time zone, cluster_id bigint, source text, windows integer)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    first CONSTANT date := beijing_day(since);
    last CONSTANT date := beijing_day(until);
    h record;
BEGIN
    IF NOT EXISTS (SELECT FROM window_days d WHERE d.state = 'packed' AND d.day >= first) THEN
        RETURN;
    END IF;
    FOR h IN
        SELECT p.gpu, p.day, p.cluster_id, p.source, p.windows FROM past_hours p
        WHERE p.gpu = ANY(of_gpus) AND p.day >= first AND p.day <= last
    LOOP
        RETURN QUERY SELECT h.gpu, w.hour, h.cluster_id, h.source, w.windows
            FROM (SELECT h.day::timestamp AT TIME ZONE interval '+08:00' + (n - 1) * interval '1 hour',
                         u.windows
                  FROM unnest(h.windows) WITH ORDINALITY AS u(windows, n)) AS w(hour, windows)
            WHERE w.windows > 0 AND w.hour >= since AND w.hour < until;
    END LOOP;
END $$;

ALTER FUNCTION public.past_counts(of_gpus text[], since timestamp with time zone, until timestamp with time zone) OWNER TO suanquan_owner;

CREATE TABLE public.hour_coverage (
    gpu text NOT NULL,
    hour timestamp with time zone NOT NULL,
    cluster_id bigint NOT NULL,
    source text NOT NULL,
    windows integer NOT NULL,
    CONSTRAINT hour_coverage_windows_check CHECK ((windows >= 0))
)
WITH (fillfactor='70');

ALTER TABLE public.hour_coverage OWNER TO suanquan_owner;

COMMENT ON TABLE public.hour_coverage IS 'How many windows of a GPU were kept of an hour';

COMMENT ON COLUMN public.hour_coverage.hour IS 'Its start';

CREATE FUNCTION public.kept_counts(of_gpus text[], since timestamp with time zone, until timestamp with time zone) RETURNS TABLE(gpu text, hour timestamp with time zone, cluster_id bigint, source text, windows integer)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT c.gpu,
     c.hour,
     c.cluster_id,
     c.source,
     c.windows
    FROM public.hour_coverage c
   WHERE ((c.gpu = ANY (kept_counts.of_gpus)) AND (c.hour >= kept_counts.since) AND (c.hour < kept_counts.until))
 UNION ALL
  SELECT past_counts.gpu,
     past_counts.hour,
     past_counts.cluster_id,
     past_counts.source,
     past_counts.windows
    FROM public.past_counts(kept_counts.of_gpus, kept_counts.since, kept_counts.until) past_counts(gpu, hour, cluster_id, source, windows);
END;

ALTER FUNCTION public.kept_counts(of_gpus text[], since timestamp with time zone, until timestamp with time zone) OWNER TO suanquan_owner;

CREATE FUNCTION public.kept_minutes(of_gpus text[], since timestamp with time zone, until timestamp with time zone) RETURNS TABLE(gpu text, start timestamp with time zone, cluster_id bigint, source text, stream uuid, number bigint)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT w.gpu,
     w.start,
     w.cluster_id,
     w.source,
     w.stream,
     w.number
    FROM public.windows w
   WHERE ((w.gpu = ANY (kept_minutes.of_gpus)) AND (w.start >= kept_minutes.since) AND (w.start < kept_minutes.until))
 UNION ALL
  SELECT m.gpu,
     m.start,
     m.cluster_id,
     m.source,
     m.stream,
     m.number
    FROM public.packed_minutes(kept_minutes.of_gpus, kept_minutes.since, kept_minutes.until) m(gpu, start, cluster_id, source, stream, number, place);
END;

ALTER FUNCTION public.kept_minutes(of_gpus text[], since timestamp with time zone, until timestamp with time zone) OWNER TO suanquan_owner;

CREATE FUNCTION public.past_sums(of_gpus text[], since timestamp with time zone, until timestamp with time zone) RETURNS TABLE(gpu text, hour timestamp with time zone, cluster_id bigint, source text, holder_kind text, holder text, den integer, held bigint, util_ppm_ms numeric, util_ms bigint)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    first CONSTANT date := beijing_day(since);
    last CONSTANT date := beijing_day(until);
    h record;
BEGIN
    IF NOT EXISTS (SELECT FROM window_days d WHERE d.state = 'packed' AND d.day >= first) THEN
        RETURN;
    END IF;
    FOR h IN
        SELECT p.gpu, p.day, p.cluster_id, p.source, p.sums FROM past_hours p
        WHERE p.gpu = ANY(of_gpus) AND p.day >= first AND p.day <= last
    LOOP
        RETURN QUERY SELECT h.gpu, s.hour, h.cluster_id, h.source, s.sum ->> 1, s.sum ->> 2,
                            (s.sum ->> 3)::integer, (s.sum ->> 4)::bigint, (s.sum ->> 5)::numeric,
                            (s.sum ->> 6)::bigint
            FROM (SELECT h.day::timestamp AT TIME ZONE interval '+08:00'
                         + (e ->> 0)::integer * interval '1 hour', e
                  FROM jsonb_array_elements(h.sums) AS e) AS s(hour, sum)
            WHERE s.hour >= since AND s.hour < until;
    END LOOP;
END $$;

ALTER FUNCTION public.past_sums(of_gpus text[], since timestamp with time zone, until timestamp with time zone) OWNER TO suanquan_owner;

CREATE TABLE public.hour_totals (
    gpu text NOT NULL,
    hour timestamp with time zone NOT NULL,
    cluster_id bigint NOT NULL,
    source text NOT NULL,
    holder_kind text NOT NULL,
    holder text NOT NULL,
    den integer NOT NULL,
    held bigint NOT NULL,
    util_ppm_ms numeric DEFAULT 0 NOT NULL,
    util_ms bigint DEFAULT 0 NOT NULL,
    CONSTRAINT hour_totals_den_check CHECK ((den >= 1)),
    CONSTRAINT hour_totals_held_check CHECK ((held >= 0)),
    CONSTRAINT hour_totals_holder_kind_check CHECK ((holder_kind = ANY (ARRAY['pod'::text, 'slurm'::text, 'static'::text, 'unallocated'::text, 'unattributed'::text, 'gap'::text])))
)
WITH (fillfactor='70');

ALTER TABLE public.hour_totals OWNER TO suanquan_owner;

COMMENT ON TABLE public.hour_totals IS 'Sums of the kept windows of GPUs by hour and holder, and their gaps';

COMMENT ON COLUMN public.hour_totals.hour IS 'Its start';

COMMENT ON COLUMN public.hour_totals.holder IS 'Of a gap: its reason';

COMMENT ON COLUMN public.hour_totals.den IS 'Denominator of held';

COMMENT ON COLUMN public.hour_totals.held IS 'Sum of held milliseconds times the slice''s numerator; divide by den for device-milliseconds';

COMMENT ON COLUMN public.hour_totals.util_ppm_ms IS 'Utilisation in millionths times milliseconds';

COMMENT ON COLUMN public.hour_totals.util_ms IS 'Milliseconds in which utilisation was measured';

CREATE FUNCTION public.kept_sums(of_gpus text[], since timestamp with time zone, until timestamp with time zone) RETURNS TABLE(gpu text, hour timestamp with time zone, cluster_id bigint, source text, holder_kind text, holder text, den integer, held bigint, util_ppm_ms numeric, util_ms bigint)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT t.gpu,
     t.hour,
     t.cluster_id,
     t.source,
     t.holder_kind,
     t.holder,
     t.den,
     t.held,
     t.util_ppm_ms,
     t.util_ms
    FROM public.hour_totals t
   WHERE ((t.gpu = ANY (kept_sums.of_gpus)) AND (t.hour >= kept_sums.since) AND (t.hour < kept_sums.until))
 UNION ALL
  SELECT past_sums.gpu,
     past_sums.hour,
     past_sums.cluster_id,
     past_sums.source,
     past_sums.holder_kind,
     past_sums.holder,
     past_sums.den,
     past_sums.held,
     past_sums.util_ppm_ms,
     past_sums.util_ms
    FROM public.past_sums(kept_sums.of_gpus, kept_sums.since, kept_sums.until) past_sums(gpu, hour, cluster_id, source, holder_kind, holder, den, held, util_ppm_ms, util_ms);
END;

ALTER FUNCTION public.kept_sums(of_gpus text[], since timestamp with time zone, until timestamp with time zone) OWNER TO suanquan_owner;

CREATE FUNCTION public.kept_windows(of_gpus text[], since timestamp with time zone, until timestamp with time zone) RETURNS TABLE(gpu text, start timestamp with time zone, cluster_id bigint, source text, stream uuid, number bigint, body jsonb)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT w.gpu,
     w.start,
     w.cluster_id,
     w.source,
     w.stream,
     w.number,
     w.body
    FROM public.windows w
   WHERE ((w.gpu = ANY (kept_windows.of_gpus)) AND (w.start >= kept_windows.since) AND (w.start < kept_windows.until))
 UNION ALL
  SELECT packed_windows.gpu,
     packed_windows.start,
     packed_windows.cluster_id,
     packed_windows.source,
     packed_windows.stream,
     packed_windows.number,
     packed_windows.body
    FROM public.packed_windows(kept_windows.of_gpus, kept_windows.since, kept_windows.until) packed_windows(gpu, start, cluster_id, source, stream, number, body);
END;

ALTER FUNCTION public.kept_windows(of_gpus text[], since timestamp with time zone, until timestamp with time zone) OWNER TO suanquan_owner;

CREATE FUNCTION public.key_of_a_head() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM seals WHERE key_id = NEW.id
                   OR head::jsonb ->> 'next_key' = encode(NEW.public_key, 'hex')) THEN
        RAISE EXCEPTION 'no head names this key'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'key_of_a_head';
    END IF;
    RETURN NULL;
END $$;

ALTER FUNCTION public.key_of_a_head() OWNER TO suanquan_owner;

CREATE FUNCTION public.lay_courses() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    laid record;
BEGIN
    FOR laid IN
        SELECT c.course, array_agg(c.stage ORDER BY c.place) AS stages, max(c.place) AS last,
               bool_and(c.stage IN ('draft', 'paid') OR EXISTS (SELECT FROM case_steps s
                   WHERE s.next = c.stage AND s.states = '< ' || c.stage)) AS known
        FROM case_courses c WHERE c.course IN (SELECT course FROM fresh) GROUP BY c.course
    LOOP
        IF (laid.known AND laid.last = cardinality(laid.stages)
                AND laid.last = (SELECT count(*) FROM fresh f WHERE f.course = laid.course)
                AND laid.stages[1:2] = '{draft,submitted}'
                AND array_position(laid.stages, 'accepted') < array_position(laid.stages, 'published')
                AND array_position(laid.stages, 'published') < array_position(laid.stages, 'approved')
                AND laid.stages[array_position(laid.stages, 'approved') + 1:] IN ('{}', '{listed,paid}')
                ) IS NOT TRUE THEN
            RAISE EXCEPTION '% is no course', laid.stages
                USING ERRCODE = 'check_violation', CONSTRAINT = 'course_stands';
        END IF;
        INSERT INTO case_moves (course, state, action, role, next)
            SELECT laid.course, state, s.action, role, coalesce(s.next, state)
            FROM case_steps s
            CROSS JOIN LATERAL (SELECT split_part(s.states, ' < ', 1) AS since,
                                       substring(s.states FROM '< (.*)') AS until) b
            CROSS JOIN LATERAL (SELECT array_position(laid.stages, since) AS since,
                                       array_position(laid.stages, until) AS until) p
            CROSS JOIN LATERAL (
                SELECT unnest(CASE
                    WHEN b.until IS NULL THEN ARRAY(
                        SELECT n FROM string_to_table(s.states, ' ') AS n
                        WHERE n = ANY (laid.stages) OR is_dropped(n))
                    WHEN s.states LIKE '<%' THEN laid.stages[p.until - 1:p.until - 1]
                    ELSE laid.stages[p.since:coalesce(p.until - 1, laid.last)] END) AS state) t
            CROSS JOIN LATERAL string_to_table(s.roles, ' ') AS role
            WHERE s.next IS NULL OR s.next = ANY (laid.stages) OR is_dropped(s.next);
    END LOOP;
    RETURN NULL;
END $$;

ALTER FUNCTION public.lay_courses() OWNER TO suanquan_owner;

CREATE FUNCTION public.least_by_year(of_voucher bigint, first_posting bigint) RETURNS TABLE(year integer, fen numeric)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    room numeric;
    of_year record;
BEGIN
    SELECT sum(a.balance) FILTER (WHERE a.role NOT IN ('clause', 'entitlement', 'lapsed')
            AND (a.role <> 'recoverable' OR NOT EXISTS (
                SELECT FROM recoveries c WHERE c.voucher_id = v.id AND c.fraud)))
        INTO room FROM vouchers v JOIN accounts a USING (book_id) WHERE v.id = of_voucher;
    FOR of_year IN
        SELECT e.year, least(e.fen, year_cap_of(v.id, e.year)) AS fen,
               CASE WHEN c.pool_id IS NOT NULL THEN coalesce(d.balance, 0) END AS drawn_fen,
               CASE WHEN c.pool_id IS NOT NULL THEN coalesce(d.balance, 0) - (
                   SELECT coalesce(sum(CASE m.kind WHEN 'draw' THEN m.amount ELSE -m.amount END), 0)
                   FROM open_postings p JOIN movements m ON m.posting_id = p.id
                   WHERE p.id >= first_posting AND p.word = 'accrue' AND m.book_id = y.book_id)
               END AS before_fen
        FROM vouchers v CROSS JOIN earned_by_year(v.id) e
        LEFT JOIN voucher_years y ON (y.voucher_id, y.year) = (v.id, e.year)
        LEFT JOIN accounts d ON d.book_id = y.book_id AND d.role = 'drawn'
        LEFT JOIN pool_clauses c ON (c.year, c.clause) = (e.year, v.clause)
        WHERE v.id = of_voucher ORDER BY e.year
    LOOP  -- least() passes over a null: where there is no cap, or no pool
        year := of_year.year;
        fen := least(of_year.fen, room, of_year.before_fen);
        room := room - least(of_year.fen, room, of_year.drawn_fen);
        RETURN NEXT;
    END LOOP;
END $$;

ALTER FUNCTION public.least_by_year(of_voucher bigint, first_posting bigint) OWNER TO suanquan_owner;

CREATE FUNCTION public.lend_roll(roll public.batch_rolls, at timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    archived archived_rolls;
BEGIN
    SELECT * INTO archived FROM archived_rolls a WHERE (a.stream, a.first) = (roll.stream, roll.first);
    roll.leaves := archived.leaves;
    IF archived IS NULL OR roll_digest(roll) <> archived.digest THEN
        RAISE EXCEPTION 'the roll of % from % on was not archived so', roll.stream, roll.first
            USING ERRCODE = 'check_violation', CONSTRAINT = 'lent_is_archived';
    END IF;
    INSERT INTO lent_rolls SELECT roll.*, at ON CONFLICT DO NOTHING;
END $$;

ALTER FUNCTION public.lend_roll(roll public.batch_rolls, at timestamp with time zone) OWNER TO suanquan_owner;

CREATE FUNCTION public.line_of_claim() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM FROM payment_lists WHERE id = NEW.list_id FOR SHARE;  -- nobody sends it meanwhile
    PERFORM FROM claims WHERE id = NEW.claim_id FOR NO KEY UPDATE;
    IF NOT EXISTS (
        SELECT FROM claims c JOIN bank_accounts a ON a.organisation_id = c.payee_id
        JOIN organisations o ON o.id = c.payee_id
        WHERE c.id = NEW.claim_id AND c.voucher_id = NEW.voucher_id AND a.id = NEW.account_id
            AND a.superseded_at IS NULL
            AND (a.holder, o.uscc, a.bank, a.bank_code, a.number)
                = (NEW.payee, NEW.uscc, NEW.bank, NEW.bank_code, NEW.number)
            AND NEW.fen <= c.due_fen - (SELECT coalesce(sum(l.fen - l.returned_fen), 0)
                                    FROM payment_lines l WHERE l.claim_id = c.id AND NOT l.void)
            AND NOT bank_contradicts(c.id)
    ) OR EXISTS (SELECT FROM payment_lists WHERE id = NEW.list_id AND sent_at IS NOT NULL) THEN
        RAISE EXCEPTION 'a line pays what is due of a claim, to its payee'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'line_of_claim';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.line_of_claim() OWNER TO suanquan_owner;

CREATE FUNCTION public.lines_tie() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
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

ALTER FUNCTION public.lines_tie() OWNER TO suanquan_owner;

CREATE FUNCTION public.lines_whole() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
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

ALTER FUNCTION public.lines_whole() OWNER TO suanquan_owner;

CREATE FUNCTION public.link_events(since bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    last event_links;
    event events;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.events', 0));
    SELECT * INTO last FROM event_links ORDER BY position DESC LIMIT 1;
    last.position := coalesce(last.position, 0);
    last.hash := coalesce(last.hash, '');
    FOR event IN SELECT e.* FROM events e WHERE e.id > since
        AND NOT EXISTS (SELECT FROM event_links l WHERE l.event_id = e.id) ORDER BY e.id
    LOOP
        last.position := last.position + 1;
        last.hash := event_hash(last.hash, last.position, event);
        INSERT INTO event_links VALUES (last.position, event.id, last.hash);
    END LOOP;
    RETURN last.position;
END $$;

ALTER FUNCTION public.link_events(since bigint) OWNER TO suanquan_owner;

CREATE FUNCTION public.linked_by_holder() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF NEW.ended_at IS NOT NULL OR NOT may_act(NEW.created_by, NEW.created_at) OR NOT EXISTS (
            SELECT FROM logins WHERE id = NEW.login_id AND token_id = token_of(NEW.created_by)) THEN
        RAISE EXCEPTION '% does not hold the login %', NEW.created_by, NEW.login_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'linked_by_holder';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.linked_by_holder() OWNER TO suanquan_owner;

CREATE FUNCTION public.lock_book(wanted bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM FROM books WHERE id = wanted FOR NO KEY UPDATE;
    RETURN FOUND;
END $$;

ALTER FUNCTION public.lock_book(wanted bigint) OWNER TO suanquan_owner;

CREATE FUNCTION public.lower_by_decision() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
BEGIN
    IF NOT EXISTS (
        SELECT FROM postings p
        JOIN decisions d ON d.id = substring(p.cause FROM '^decision/([0-9]{1,18})$')::bigint
        JOIN vouchers v ON v.id = (d.content ->> 'voucher')::bigint
        WHERE p.id = NEW.posting_id AND v.book_id = NEW.book_id AND d.answer = 'confirmed'
            AND (d.kind = 'lapse' AND NEW.kind = 'lapse'
                OR d.kind = 'cap' AND NEW.kind <> 'lapse' AND (
                    SELECT sum(m.amount) FROM movements m
                    WHERE (m.posting_id, m.book_id, m.kind) = (NEW.posting_id, NEW.book_id, NEW.kind)
                ) <= (d.content ->> 'before_fen')::bigint - (d.content ->> 'cap_fen')::bigint)
    ) THEN
        RAISE EXCEPTION 'a promise is lowered by a decision of two persons'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'two_persons_decided';
    END IF;
    RETURN NULL;
END $_$;

ALTER FUNCTION public.lower_by_decision() OWNER TO suanquan_owner;

CREATE FUNCTION public.made_by_administrator() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    old_token tokens;
BEGIN
    IF TG_TABLE_NAME = 'tokens' AND (to_jsonb(NEW) ->> 'renews') IS NOT NULL THEN
        SELECT * INTO old_token FROM tokens WHERE id = (to_jsonb(NEW) ->> 'renews')::bigint;
        IF (NEW.person_id, NEW.role, NEW.project_id, NEW.centre_id, NEW.rights) IS DISTINCT FROM
            (old_token.person_id, old_token.role, old_token.project_id, old_token.centre_id, old_token.rights)
            OR token_of(NEW.created_by) IS DISTINCT FROM old_token.id OR old_token.replaced_at IS NOT NULL
            OR NOT may_act(NEW.created_by, NEW.created_at) THEN
            RAISE EXCEPTION 'a token is renewed by itself, as it is'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'token_renewed';
        END IF;
    ELSIF current_user <> (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID)
        AND NOT (NEW.created_by LIKE 'securityadmin:%' AND may_act(NEW.created_by, NEW.created_at)
            AND duty_of(coalesce(to_jsonb(NEW) ->> 'role', '')) = 'business'
            AND (to_jsonb(NEW) ->> 'confirmed_at') IS NULL) THEN
        RAISE EXCEPTION '% are made by a security administrator', TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = 'made_by_administrator';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.made_by_administrator() OWNER TO suanquan_owner;

CREATE FUNCTION public.map_cell(of_reconciliation bigint, of_part text, rises boolean) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    now_policies text[];
    now_fen bigint[];
    now_days datemultirange[];
    paid_fen bigint[];
    den numeric := 1;
    nums numeric[];
BEGIN
    SELECT array_agg(u.policy ORDER BY u.policy), array_agg(u.fen ORDER BY u.policy),
           array_agg(u.days ORDER BY u.policy), array_agg(u.paid_fen ORDER BY u.policy)
        INTO now_policies, now_fen, now_days, paid_fen
        FROM cell_usage(of_reconciliation, of_part) u;
    nums := array_fill(0::numeric, ARRAY[cardinality(now_policies)]);
    IF rises AND has_days(of_reconciliation, of_part, now_policies, now_days) THEN
        SELECT array_agg(coalesce(u.held_num, 0) ORDER BY t.policy), coalesce(max(u.held_den), 1)
            INTO nums, den
            FROM unnest(now_policies) AS t (policy) LEFT JOIN match_usage u
                ON (u.reconciliation_id, u.part, u.policy) = (of_reconciliation, of_part, t.policy);
    END IF;
    SELECT s.den, s.nums INTO den, nums
        FROM matches m CROSS JOIN share_by_version(m.held_fen, now_fen, paid_fen, nums, den) s
        WHERE (m.reconciliation_id, m.part) = (of_reconciliation, of_part);
    DELETE FROM match_usage WHERE (reconciliation_id, part) = (of_reconciliation, of_part);
    INSERT INTO match_usage (reconciliation_id, part, policy, fen, days, held_num, held_den)
        SELECT of_reconciliation, of_part, t.policy, t.fen, t.days, t.num, den
        FROM unnest(now_policies, now_fen, now_days, nums) AS t (policy, fen, days, num);
END $$;

ALTER FUNCTION public.map_cell(of_reconciliation bigint, of_part text, rises boolean) OWNER TO suanquan_owner;

CREATE FUNCTION public.map_days(of_project bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    cell record;
BEGIN
    FOR cell IN
        SELECT m.reconciliation_id, m.part
        FROM contracts k JOIN reconciliations r ON r.contract_id = k.id
        JOIN matches m ON m.reconciliation_id = r.id
        CROSS JOIN LATERAL (
            SELECT array_agg(y.policy) AS policies, array_agg(y.days) AS days
            FROM policy_days(k.project_id, r.month) y) now_days
        WHERE k.project_id = of_project
            AND NOT has_days(m.reconciliation_id, m.part, now_days.policies, now_days.days)
        ORDER BY m.reconciliation_id, m.part
    LOOP
        PERFORM map_cell(cell.reconciliation_id, cell.part, false);
    END LOOP;
END $$;

ALTER FUNCTION public.map_days(of_project bigint) OWNER TO suanquan_owner;

CREATE FUNCTION public.match_decided() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    told boolean := TG_OP = 'UPDATE';
    more boolean := told;
BEGIN
    IF told THEN
        more := (NEW.extra_fen, NEW.extra_over_fen) = (OLD.extra_fen, OLD.extra_over_fen)
            AND NEW.extra_decision_id IS NOT DISTINCT FROM OLD.extra_decision_id;
        told := (NEW.decision_id, NEW.metered_fen, NEW.invoiced_fen, NEW.closed_fen, NEW.carried)
            = (OLD.decision_id, OLD.metered_fen, OLD.invoiced_fen, OLD.closed_fen, OLD.carried)
            AND NEW.matched_fen = CASE WHEN more THEN OLD.matched_fen
                ELSE least(OLD.matched_fen, NEW.metered_fen + NEW.extra_fen) END;
        IF NEW.decision_id < OLD.decision_id OR NEW.extra_decision_id < OLD.extra_decision_id
            OR NEW.fall_decision_id < OLD.fall_decision_id THEN
            RAISE EXCEPTION 'a newer decision stands'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'match_decided';
        END IF;
    END IF;
    told := told OR NEW.matched_fen = 0 AND NEW.closed_fen = 0 AND NOT NEW.carried
            AND NEW.decision_id = NEW.extra_decision_id
        OR EXISTS (
            SELECT FROM decisions d JOIN reconciliations r ON r.id = NEW.reconciliation_id
            CROSS JOIN LATERAL jsonb_array_elements(d.content -> 'cells') AS c
            WHERE d.id = NEW.decision_id AND d.kind = 'reconciliation' AND d.answer = 'confirmed'
                AND d.content ->> 'contract' = r.contract_id::text
                AND c ->> 'month' = to_char(r.month, 'YYYY-MM') AND c ->> 'part' = NEW.part
                AND c ->> 'metered_fen' = NEW.metered_fen::text
                AND c ->> 'invoiced_fen' = NEW.invoiced_fen::text
                AND c ->> 'closed_fen' = NEW.closed_fen::text
                AND c ->> 'matched_fen' = NEW.matched_fen::text
                AND (NOT NEW.carried OR OLD.carried
                     OR c -> 'typed' @> '[{"treatment": "carry_over"}]'));
    more := more OR NEW.extra_decision_id IS NULL OR EXISTS (
        SELECT FROM decisions d JOIN reconciliations r ON r.id = NEW.reconciliation_id
        WHERE d.id = NEW.extra_decision_id AND d.kind = 'extra' AND d.answer = 'confirmed'
            AND d.content ->> 'contract' = r.contract_id::text
            AND d.content ->> 'month' = to_char(r.month, 'YYYY-MM')
            AND d.content ->> 'part' = NEW.part
            AND d.content ->> 'metered_fen' = NEW.extra_over_fen::text
            AND d.content ->> 'extra_fen' = NEW.extra_fen::text);
    IF NOT (told AND more) THEN
        RAISE EXCEPTION 'two persons have not decided this of the cell'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'match_decided';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.match_decided() OWNER TO suanquan_owner;

CREATE FUNCTION public.plain_name(name text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN lower((NORMALIZE(replace(public.visible(NORMALIZE(name, NFKC)), ' '::text, ''::text), NFKC) COLLATE "C"));

ALTER FUNCTION public.plain_name(name text) OWNER TO suanquan_owner;

CREATE TABLE public.persons (
    id bigint NOT NULL,
    name text NOT NULL,
    service boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    CONSTRAINT name_is_no_actor CHECK ((name !~ '^[a-z]+:.*#[0-9]+$'::text)),
    CONSTRAINT name_is_visible CHECK (public.is_visible(name)),
    CONSTRAINT persons_name_check CHECK ((public.plain_name(name) <> ''::text))
);

ALTER TABLE public.persons OWNER TO suanquan_owner;

COMMENT ON TABLE public.persons IS 'Identities: persons, and programs (services)';

COMMENT ON COLUMN public.persons.name IS 'Stands in the books as part of an actor; no two look alike';

CREATE FUNCTION public.may_act(actor text, at timestamp with time zone) RETURNS boolean
    LANGUAGE sql STABLE
    RETURN (EXISTS (SELECT FROM (public.tokens t JOIN public.persons p ON ((p.id = t.person_id))) WHERE ((t.id = public.token_of(may_act.actor)) AND (may_act.actor = format('%s:%s#%s'::text, t.role, p.name, t.id)) AND (NOT t.waits) AND (t.revoked_at IS NULL) AND (t.expires_at > GREATEST(may_act.at, now())))));

ALTER FUNCTION public.may_act(actor text, at timestamp with time zone) OWNER TO suanquan_owner;

CREATE FUNCTION public.may_register(actor text, at timestamp with time zone) RETURNS boolean
    LANGUAGE sql STABLE
    RETURN (public.may_act(actor, at) AND (EXISTS (SELECT FROM public.tokens WHERE ((tokens.id = public.token_of(may_register.actor)) AND (tokens.role = 'clerk'::text) AND ((tokens.rights IS NULL) OR ('register'::text = ANY (tokens.rights)))))));

ALTER FUNCTION public.may_register(actor text, at timestamp with time zone) OWNER TO suanquan_owner;

CREATE FUNCTION public.minutes_of(segments integer[]) RETURNS TABLE(minute integer, number integer, place smallint)
    LANGUAGE sql IMMUTABLE
    BEGIN ATOMIC
 SELECT ((minutes_of.segments)[s.s] + n.n),
     ((minutes_of.segments)[(s.s + 2)] + (n.n * (minutes_of.segments)[(s.s + 3)])),
     (((minutes_of.segments)[(s.s + 4)] + (n.n * (minutes_of.segments)[(s.s + 5)])))::smallint AS int2
    FROM (generate_series(1, cardinality(minutes_of.segments), 6) s(s)
      CROSS JOIN LATERAL generate_series(0, ((minutes_of.segments)[(s.s + 1)] - 1)) n(n));
END;

ALTER FUNCTION public.minutes_of(segments integer[]) OWNER TO suanquan_owner;

CREATE FUNCTION public.move_case() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    moving claims;
    paid bigint;
    on_its_way bigint;
BEGIN
    SELECT * INTO moving FROM claims WHERE id = NEW.claim_id FOR NO KEY UPDATE;
    IF moving.state IS DISTINCT FROM NEW.state THEN
        RAISE EXCEPTION 'the case is %', moving.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'case_state';
    END IF;
    NEW.course := moving.course;
    IF EXISTS (SELECT FROM case_holds h JOIN hold_kinds k USING (kind)
               WHERE h.claim_id = NEW.claim_id AND h.closed_at IS NULL
                   AND NEW.action = ANY (k.gates)) THEN
        RAISE EXCEPTION 'case % is held', moving.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'case_held';
    END IF;
    IF NEW.role <> split_part(NEW.actor, ':', 1) OR NOT may_act(NEW.actor, NEW.at) THEN
        RAISE EXCEPTION '% takes no step as %', NEW.actor, NEW.role
            USING ERRCODE = 'check_violation', CONSTRAINT = 'actor_acts';
    END IF;
    IF NEW.role IN ('builder', 'operator') AND NOT EXISTS (
            SELECT FROM tokens t JOIN vouchers v ON v.id = moving.voucher_id
            WHERE t.id = token_of(NEW.actor) AND CASE WHEN moving.centre_id IS NULL
                THEN t.project_id = v.project_id ELSE t.centre_id = moving.centre_id END) THEN
        RAISE EXCEPTION 'claim % is another''s than %', moving.number, NEW.actor
            USING ERRCODE = 'check_violation', CONSTRAINT = 'claimant_moves';
    END IF;
    IF is_barred(NEW.claim_id, NEW.action, NEW.actor) THEN
        RAISE EXCEPTION '% had another part in case %', NEW.actor, moving.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'barred_pair';
    END IF;
    IF NEW.action = 'approve' AND NOT EXISTS (SELECT FROM decisions d
            WHERE d.id = (NEW.content ->> 'decision')::bigint AND d.kind = 'claim'
                AND d.answer = 'confirmed' AND d.content ->> 'number' = moving.number
                AND (d.content ->> 'fen')::bigint BETWEEN 1 AND moving.fen) THEN
        RAISE EXCEPTION 'two persons have not approved claim %', moving.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'claim_decided';
    END IF;
    IF NEW.action = 'approve' AND (
            NOT EXISTS (SELECT FROM publications WHERE claim_id = NEW.claim_id)
            OR EXISTS (SELECT FROM publications WHERE claim_id = NEW.claim_id
                       AND until >= (NEW.at AT TIME ZONE interval '+08:00')::date)) THEN
        RAISE EXCEPTION 'claim % is still before the public', moving.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'publication_over';
    END IF;
    IF NEW.action IN ('refuse', 'list') AND bank_contradicts(NEW.claim_id) THEN
        RAISE EXCEPTION 'the bank contradicts itself about claim %', moving.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'claim_stopped';
    END IF;
    -- What becomes of a claim at the bank is what its lines say.
    IF NEW.action IN ('bounce', 'pay', 'reopen') THEN
        SELECT coalesce(sum(l.paid_fen), 0), coalesce(sum(l.fen - l.paid_fen - l.returned_fen), 0)
            INTO paid, on_its_way
            FROM payment_lines l JOIN payment_lists s ON s.id = l.list_id
            WHERE l.claim_id = NEW.claim_id AND s.sent_at IS NOT NULL;
        IF NEW.next IS DISTINCT FROM (CASE WHEN paid >= moving.due_fen THEN 'paid'
                WHEN on_its_way > 0 THEN 'listed' ELSE 'approved' END) THEN
            RAISE EXCEPTION 'the lines of claim % say otherwise', moving.number
                USING ERRCODE = 'check_violation', CONSTRAINT = 'claim_settled';
        END IF;
    END IF;
    SELECT coalesce(max(seq), 0) + 1 INTO NEW.seq FROM claim_events WHERE claim_id = NEW.claim_id;
    UPDATE claims SET state = NEW.next, approved_fen = CASE NEW.action WHEN 'approve' THEN
        (SELECT (d.content ->> 'fen')::bigint FROM decisions d
         WHERE d.id = (NEW.content ->> 'decision')::bigint) ELSE approved_fen END
        WHERE id = NEW.claim_id;
    RETURN NEW;
END $$;

ALTER FUNCTION public.move_case() OWNER TO suanquan_owner;

CREATE FUNCTION public.newest_window(of_gpu text, since timestamp with time zone) RETURNS TABLE(start timestamp with time zone, body jsonb)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    newest timestamptz;
    newest_body jsonb;
    newest_packed timestamptz;
BEGIN
    SELECT w.start, w.body INTO newest, newest_body FROM windows w
        WHERE w.gpu = of_gpu AND w.start >= since ORDER BY w.start DESC LIMIT 1;
    SELECT max(m.start) INTO newest_packed
        FROM packed_minutes(ARRAY[of_gpu], coalesce(newest, since), 'infinity') m;
    IF newest_packed IS NULL AND newest IS NULL THEN RETURN; END IF;
    IF newest_packed IS NULL THEN RETURN QUERY SELECT newest, newest_body;
    ELSE RETURN QUERY SELECT p.start, p.body FROM packed_windows(ARRAY[of_gpu], newest_packed,
            newest_packed + interval '1 minute') p;
    END IF;
END $$;

ALTER FUNCTION public.newest_window(of_gpu text, since timestamp with time zone) OWNER TO suanquan_owner;

CREATE FUNCTION public.next_in_series(of_prefix text, of_year integer) RETURNS integer
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    INSERT INTO series (prefix, year, last) VALUES (of_prefix, of_year, 1)
        ON CONFLICT (prefix, year) DO UPDATE SET last = series.last + 1
        RETURNING last;
$$;

ALTER FUNCTION public.next_in_series(of_prefix text, of_year integer) OWNER TO suanquan_owner;

CREATE FUNCTION public.note_postings() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    taken bigint := coalesce((SELECT (head::jsonb ->> 'postings')::bigint
                              FROM seals ORDER BY number DESC LIMIT 1), 0);
BEGIN
    INSERT INTO unsealed_rows
        SELECT 'postings', jsonb_build_array(id)::text FROM postings WHERE number > taken
        UNION ALL
        SELECT 'movements', jsonb_build_array(m.id)::text
        FROM postings p JOIN movements m ON m.posting_id = p.id WHERE p.number > taken;
    RETURN coalesce((SELECT max(number) FROM postings), 0);
END $$;

ALTER FUNCTION public.note_postings() OWNER TO suanquan_owner;

CREATE FUNCTION public.note_unsealed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    AS $$
BEGIN
    EXECUTE format('INSERT INTO unsealed_rows SELECT %L, jsonb_build_array(%s)::text FROM touched',
        TG_TABLE_NAME, TG_ARGV[0]);
    RETURN NULL;
END $$;

ALTER FUNCTION public.note_unsealed() OWNER TO suanquan_owner;

CREATE FUNCTION public.number_postings() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    added bigint;
    all_move boolean;
    closed record;
BEGIN
    IF (SELECT number FROM postings WHERE id = NEW.id) IS NOT NULL THEN RETURN NULL; END IF;
    SELECT count(*), bool_and(EXISTS (SELECT FROM movements m WHERE m.posting_id = p.id))
        INTO added, all_move
        FROM postings p WHERE p.id >= NEW.id AND p.number IS NULL;
    IF NOT all_move THEN
        RAISE EXCEPTION 'a posting without movements'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_moves';
    END IF;
    IF added = 1 THEN  -- most are alone: nothing to tell apart, nothing to rank
        PERFORM check_causes(NEW.id, NEW.cause);
        IF split_part(NEW.cause, '/', 1) = 'accrue' THEN
            PERFORM check_earned(NEW.id);
        END IF;
        UPDATE numbering SET last = last + 1
            RETURNING last, usage_closed, books_closed INTO closed;
        UPDATE postings SET number = closed.last, posted_at = clock_timestamp() WHERE id = NEW.id;
    ELSE
        PERFORM check_causes(NEW.id, NULL);
        PERFORM check_earned(NEW.id);
        UPDATE numbering SET last = last + added
            RETURNING last, usage_closed, books_closed INTO closed;
        UPDATE postings p SET number = closed.last - added + o.rank, posted_at = clock_timestamp()
            FROM (SELECT id, row_number() OVER (ORDER BY id) AS rank
                  FROM postings WHERE id >= NEW.id AND number IS NULL) o
            WHERE p.id = o.id;
    END IF;
    IF closed.usage_closed IS NOT NULL AND EXISTS (
            SELECT FROM postings p WHERE p.id >= NEW.id AND p.number > closed.last - added
                AND (p.booked <= closed.books_closed
                    OR greatest(p.used, p.booked) <= closed.usage_closed)) THEN
        RAISE EXCEPTION 'what is closed is not booked into'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'booked_in_open';
    END IF;
    RETURN NULL;
END $$;

ALTER FUNCTION public.number_postings() OWNER TO suanquan_owner;

CREATE FUNCTION public.open_budget_book() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF EXISTS (SELECT FROM indicators
               WHERE (plain_code(number), year) = (plain_code(NEW.number), NEW.year)) THEN
        RAISE EXCEPTION 'the indicator is there'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'indicators_number_year_key';
    END IF;
    INSERT INTO books (ledger) VALUES ('budget') RETURNING id INTO NEW.book_id;
    INSERT INTO accounts (book_id, role, floor)
        SELECT NEW.book_id, role, CASE WHEN role = 'appropriation' THEN -1000000000000000 ELSE 0 END
        FROM roles WHERE ledger = 'budget';
    RETURN NEW;
END $$;

ALTER FUNCTION public.open_budget_book() OWNER TO suanquan_owner;

CREATE FUNCTION public.open_cost_book() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM FROM reconciliations WHERE id = NEW.reconciliation_id FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM cost_books WHERE reconciliation_id = NEW.reconciliation_id) THEN
        RAISE EXCEPTION 'the month has its book'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'cost_books_pkey';
    END IF;
    INSERT INTO books (ledger) VALUES ('cost') RETURNING id INTO NEW.book_id;
    INSERT INTO accounts (book_id, role, floor)
        SELECT NEW.book_id, role, CASE WHEN role = 'invoiced' THEN 0 ELSE -1000000000000000 END
        FROM roles WHERE ledger = 'cost';
    RETURN NEW;
END $$;

ALTER FUNCTION public.open_cost_book() OWNER TO suanquan_owner;

CREATE FUNCTION public.open_rights_book() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    scope text;
    cap bigint;
BEGIN
    SELECT kind || ':' || code INTO scope FROM projects WHERE id = NEW.project_id FOR NO KEY UPDATE;
    IF NEW.cap_scope IS DISTINCT FROM scope THEN
        RAISE EXCEPTION 'the cap scope of this project is %', scope
            USING ERRCODE = 'check_violation', CONSTRAINT = 'cap_scope_of_project';
    END IF;
    IF EXISTS (SELECT FROM vouchers WHERE project_id = NEW.project_id) THEN
        RAISE EXCEPTION 'the project has its voucher'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'vouchers_project_id_key';
    END IF;
    SELECT cap_fen INTO cap FROM clauses WHERE policy = NEW.policy AND clause = NEW.clause;
    NEW.face_fen := coalesce(NEW.face_fen, cap);
    IF NEW.face_fen > cap THEN
        RAISE EXCEPTION 'the face value is above the cap of the clause, % fen', cap
            USING ERRCODE = 'check_violation', CONSTRAINT = 'face_within_cap';
    END IF;
    INSERT INTO books (ledger) VALUES ('rights') RETURNING id INTO NEW.book_id;
    INSERT INTO accounts (book_id, role, floor)
        SELECT NEW.book_id, role, CASE WHEN role = 'clause' THEN -NEW.face_fen ELSE 0 END
        FROM roles WHERE ledger = 'rights';
    RETURN NEW;
END $$;

ALTER FUNCTION public.open_rights_book() OWNER TO suanquan_owner;

CREATE FUNCTION public.open_year_book() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM FROM books b JOIN vouchers v ON v.book_id = b.id
        WHERE v.id = NEW.voucher_id FOR NO KEY UPDATE OF b;
    IF EXISTS (SELECT FROM voucher_years
               WHERE (voucher_id, year) = (NEW.voucher_id, NEW.year)) THEN
        RAISE EXCEPTION 'the year has its book'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'voucher_years_pkey';
    END IF;
    INSERT INTO books (ledger) VALUES ('year') RETURNING id INTO NEW.book_id;
    INSERT INTO accounts (book_id, role, floor) VALUES
        (NEW.book_id, 'drawn', 0),
        (NEW.book_id, 'ceiling',
         -coalesce(year_cap_of(NEW.voucher_id, NEW.year), 1000000000000000));
    RETURN NEW;
END $$;

ALTER FUNCTION public.open_year_book() OWNER TO suanquan_owner;

CREATE FUNCTION public.pack_batches(of_stream uuid, of_first bigint, of_last bigint, previous bytea, of_templates text[], of_counts integer[], of_columns smallint[], of_kinds text, of_bases bigint[], of_steps bigint[], of_widths smallint[], of_content bytea) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    roll batch_rolls;
    keys text[];
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(of_stream::text, 1));
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.pack', 0));
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'batches are packed at READ COMMITTED'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'roll_of_batches';
    END IF;
    SELECT of_stream, of_first, of_last, min(l.seal), min(b.agent_id::text)::uuid,
               tstzrange(min(b.received_at), max(b.received_at), '[]'),
               previous || string_agg(b.hash, '' ORDER BY b.number),
               string_agg(b.signature, '' ORDER BY b.number), string_agg(l.hash, '' ORDER BY b.number),
               of_templates, of_counts, of_columns, of_kinds, of_bases, of_steps, of_widths, of_content
        INTO roll
        FROM batches b JOIN agents a ON a.id = b.agent_id AND a.source IN ('nvml', 'dcgm')
        JOIN sealed_rows l ON l.relation = 'batches'
            AND l.key = jsonb_build_array(b.stream, b.number)::text
        WHERE b.stream = of_stream AND b.number BETWEEN of_first AND of_last
            AND NOT EXISTS (SELECT FROM unsealed_rows u
                            WHERE u.relation = 'batches' AND u.key = l.key)
            AND NOT EXISTS (SELECT FROM window_counts c
                            WHERE (c.stream, c.number) = (b.stream, b.number) AND c.waiting > 0)
        HAVING count(*) = of_last - of_first + 1 AND count(DISTINCT b.number) = count(*)
            AND min(l.seal) = max(l.seal);
    IF roll.stream IS NULL OR EXISTS (
        SELECT * FROM batches WHERE stream = of_stream AND number BETWEEN of_first AND of_last
        EXCEPT ALL SELECT * FROM open_roll(roll)
    ) THEN
        RAISE EXCEPTION 'a roll of % is not its batches % to %', of_stream, of_first, of_last
            USING ERRCODE = 'check_violation', CONSTRAINT = 'roll_of_batches';
    END IF;
    INSERT INTO roll_spans (stream, first, last, agent_id, received)
        VALUES (roll.stream, roll.first, roll.last, roll.agent_id, roll.received);
    INSERT INTO batch_rolls (stream, first, last, seal, agent_id, received, hashes, signatures, leaves,
            templates, counts, columns, kinds, bases, steps, widths, content)
        VALUES (roll.stream, roll.first, roll.last, roll.seal, roll.agent_id, roll.received, roll.hashes,
                roll.signatures, roll.leaves, roll.templates, roll.counts, roll.columns, roll.kinds,
                roll.bases, roll.steps, roll.widths, roll.content)
        ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is a roll of % from % on', of_stream, of_first
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'roll_of_batches';
    END IF;
    WITH gone AS (
        DELETE FROM batches WHERE stream = of_stream AND number BETWEEN of_first AND of_last
        RETURNING jsonb_build_array(stream, number)::text AS key
    )
    SELECT array_agg(key) INTO keys FROM gone;
    DELETE FROM window_counts WHERE stream = of_stream AND number BETWEEN of_first AND of_last;
    DELETE FROM sealed_rows WHERE relation = 'batches' AND key = ANY(keys);
    DELETE FROM unsealed_rows WHERE relation = 'batches' AND key = ANY(keys);  -- of rows that went
END $$;

ALTER FUNCTION public.pack_batches(of_stream uuid, of_first bigint, of_last bigint, previous bytea, of_templates text[], of_counts integer[], of_columns smallint[], of_kinds text, of_bases bigint[], of_steps bigint[], of_widths smallint[], of_content bytea) OWNER TO suanquan_owner;

CREATE FUNCTION public.pack_sums(of_gpus text[], of_day date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    midnight CONSTANT timestamptz := of_day::timestamp AT TIME ZONE interval '+08:00';
    next_midnight CONSTANT timestamptz := midnight + interval '24 hours';
    new_counts jsonb;
    new_sums jsonb;
    new_days jsonb;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.pack', 0));
    PERFORM FROM hour_coverage WHERE gpu = ANY(of_gpus) AND hour >= midnight AND hour < next_midnight
        ORDER BY gpu, hour, cluster_id, source FOR UPDATE;
    WITH gone AS (
        DELETE FROM hour_coverage WHERE gpu = ANY(of_gpus) AND hour >= midnight AND hour < next_midnight
        RETURNING gpu, hour, cluster_id, source, windows
    )
    SELECT jsonb_agg(to_jsonb(g)) INTO new_counts FROM gone g;
    IF new_counts IS NULL THEN RETURN; END IF;
    WITH gone AS (
        DELETE FROM hour_totals WHERE gpu = ANY(of_gpus) AND hour >= midnight AND hour < next_midnight
            AND holder_kind <> 'gap'
        RETURNING gpu, hour, cluster_id, source, holder_kind, holder, den, held, util_ppm_ms, util_ms
    )
    SELECT jsonb_agg(to_jsonb(g)) INTO new_sums FROM gone g;
    INSERT INTO window_days (day, state) VALUES (of_day, 'packed') ON CONFLICT DO NOTHING;
    WITH counts AS (
        SELECT gpu, cluster_id, source, extract(epoch FROM hour - midnight)::integer / 3600 AS n,
               sum(windows) AS windows
        FROM (
            SELECT * FROM jsonb_to_recordset(new_counts)
                AS c(gpu text, hour timestamptz, cluster_id bigint, source text, windows integer)
            UNION ALL SELECT * FROM past_counts(of_gpus, midnight, next_midnight)
        ) c GROUP BY 1, 2, 3, 4
    ), sums AS (
        SELECT gpu, cluster_id, source, extract(epoch FROM hour - midnight)::integer / 3600 AS n,
               holder_kind, holder, den, sum(held) AS held, sum(util_ppm_ms) AS util_ppm_ms,
               sum(util_ms) AS util_ms
        FROM (
            SELECT * FROM jsonb_to_recordset(coalesce(new_sums, '[]'))
                AS s(gpu text, hour timestamptz, cluster_id bigint, source text, holder_kind text,
                     holder text, den integer, held bigint, util_ppm_ms numeric, util_ms bigint)
            UNION ALL SELECT * FROM past_sums(of_gpus, midnight, next_midnight)
        ) s GROUP BY 1, 2, 3, 4, 5, 6, 7
    ), days AS (
        SELECT gpu, cluster_id, source,
               array_agg(coalesce(windows, 0) ORDER BY n) AS windows
        FROM (SELECT DISTINCT gpu, cluster_id, source FROM counts) d
        CROSS JOIN generate_series(0, 23) AS n LEFT JOIN counts USING (gpu, cluster_id, source, n)
        GROUP BY gpu, cluster_id, source
    ), sums_of_days AS (
        SELECT gpu, cluster_id, source, jsonb_agg(jsonb_build_array(n, holder_kind, holder, den, held,
                   util_ppm_ms, util_ms) ORDER BY n, holder_kind, holder, den) AS sums
        FROM sums GROUP BY gpu, cluster_id, source
    )
    SELECT jsonb_agg(jsonb_build_object('gpu', gpu, 'day', of_day, 'cluster_id', cluster_id,
               'source', source, 'windows', windows, 'sums', coalesce(sums, '[]')))
        INTO new_days FROM days LEFT JOIN sums_of_days USING (gpu, cluster_id, source);
    INSERT INTO past_hours AS h (gpu, day, cluster_id, source, windows, sums)
        SELECT n.gpu, n.day, n.cluster_id, n.source, n.windows, n.sums
        FROM jsonb_to_recordset(new_days) AS n(gpu text, day date, cluster_id bigint, source text,
            windows integer[], sums jsonb)
        ON CONFLICT (gpu, day, cluster_id, source) DO UPDATE SET windows = excluded.windows,
            sums = excluded.sums;
END $$;

ALTER FUNCTION public.pack_sums(of_gpus text[], of_day date) OWNER TO suanquan_owner;

CREATE FUNCTION public.pack_windows(of_gpus text[], of_hour timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    packed integer;
    new_minutes jsonb;
    old_minutes jsonb;
    new_hours jsonb;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.pack', 0));
    WITH plain AS MATERIALIZED (
        SELECT gpu, start, cluster_id, source, stream, number, body FROM windows
        WHERE gpu = ANY(of_gpus) AND start >= of_hour AND start < of_hour + interval '1 hour'
            AND source IN ('nvml', 'dcgm') AND number <= 2147483647 AND NOT body ? 'gaps'
    ), said AS (
        SELECT stream, number, e.body, e.place
        FROM (SELECT DISTINCT stream, number FROM plain) b
        CROSS JOIN LATERAL jsonb_array_elements(batch_windows(stream, number))
            WITH ORDINALITY AS e(body, place)
    ), found AS MATERIALIZED (  -- a body has its key in it, so of equal ones at most one is kept
        SELECT min(gpu) AS gpu, min(start) AS start, min(cluster_id) AS cluster_id,
               min(source) AS source, stream, number, min(place)::smallint AS place
        FROM (SELECT gpu, start, cluster_id, source, stream, number, body, NULL::bigint AS place
              FROM plain
              UNION ALL
              SELECT NULL, NULL, NULL, NULL, stream, number, body, place FROM said) b
        GROUP BY stream, number, body HAVING count(gpu) = 1 AND count(place) > 0
    ), gone AS (
        DELETE FROM windows w USING found f WHERE (w.gpu, w.start) = (f.gpu, f.start)
            AND w.start >= of_hour AND w.start < of_hour + interval '1 hour'
    ), noted AS (
        INSERT INTO window_days (day, state)
            SELECT (of_hour AT TIME ZONE interval '+08:00')::date, 'packed'
            WHERE EXISTS (SELECT FROM found) ON CONFLICT DO NOTHING
    )
    SELECT count(*), jsonb_agg(jsonb_build_object('gpu', gpu, 'stream', stream, 'cluster_id', cluster_id,
               'source', source, 'minute', extract(minute FROM start AT TIME ZONE 'UTC'),
               'number', number, 'place', place))
        INTO packed, new_minutes FROM found;
    IF packed = 0 THEN RETURN 0; END IF;
    SELECT jsonb_agg(to_jsonb(e)) INTO old_minutes FROM (
        SELECT m.gpu, m.stream, m.cluster_id, m.source,
               extract(minute FROM m.start AT TIME ZONE 'UTC') AS minute, m.number, m.place
        FROM packed_minutes(of_gpus, of_hour, of_hour + interval '1 hour') m
        WHERE (m.gpu, m.stream) IN (SELECT n ->> 'gpu', (n ->> 'stream')::uuid
                                    FROM jsonb_array_elements(new_minutes) AS n)
    ) e;
    WITH minutes AS (
        SELECT * FROM jsonb_to_recordset(new_minutes || coalesce(old_minutes, '[]'))
            AS m(gpu text, stream uuid, cluster_id bigint, source text, minute smallint,
                 number integer, place smallint)
    )
    SELECT jsonb_agg(to_jsonb(h)) INTO new_hours FROM (
        SELECT gpu, of_hour AS hour, stream, cluster_id, source,
               segments_of(array_agg(minute::integer ORDER BY minute),
                           array_agg(number ORDER BY minute),
                           array_agg(place::integer ORDER BY minute)) AS segments
        FROM minutes GROUP BY gpu, stream, cluster_id, source
    ) h;
    INSERT INTO window_hours AS h (gpu, hour, stream, cluster_id, source, segments)
        SELECT n.gpu, n.hour, n.stream, n.cluster_id, n.source, n.segments
        FROM jsonb_to_recordset(new_hours)
            AS n(gpu text, hour timestamptz, stream uuid, cluster_id bigint, source text,
                 segments integer[])
        ON CONFLICT (gpu, hour, stream) DO UPDATE SET segments = excluded.segments;
    RETURN packed;
END $$;

ALTER FUNCTION public.pack_windows(of_gpus text[], of_hour timestamp with time zone) OWNER TO suanquan_owner;

CREATE FUNCTION public.packed_of(of_gpus text[], starts timestamp with time zone[]) RETURNS TABLE(gpu text, start timestamp with time zone, stream uuid, number bigint, place smallint)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT m.gpu,
     m.start,
     m.stream,
     m.number,
     m.place
    FROM (( SELECT date_trunc('hour'::text, u.start, 'UTC'::text) AS hour,
             array_agg(u.gpu) AS gpus,
             array_agg(u.start) AS starts
            FROM UNNEST(packed_of.of_gpus, packed_of.starts) u(gpu, start)
           GROUP BY (date_trunc('hour'::text, u.start, 'UTC'::text))) h
      CROSS JOIN LATERAL public.packed_minutes(h.gpus, h.hour, (h.hour + '01:00:00'::interval)) m(gpu, start, cluster_id, source, stream, number, place))
   WHERE ((m.gpu, m.start) IN ( SELECT unnest.unnest,
             unnest.unnest_1 AS unnest
            FROM UNNEST(h.gpus, h.starts) unnest(unnest, unnest_1)));
END;

ALTER FUNCTION public.packed_of(of_gpus text[], starts timestamp with time zone[]) OWNER TO suanquan_owner;

CREATE FUNCTION public.paid_to_payee() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF NEW.payee_id IS DISTINCT FROM (
            SELECT coalesce(r.organisation_id, p.organisation_id)
            FROM vouchers v JOIN projects p ON p.id = v.project_id
            LEFT JOIN relations r ON r.kind = 'payee' AND r.project_id = p.id
                AND r.superseded_at IS NULL
                AND r.valid @> (NEW.opened_at AT TIME ZONE interval '+08:00')::date
            WHERE v.id = NEW.voucher_id) THEN
        RAISE EXCEPTION 'organisation % is not paid for this project', NEW.payee_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'paid_to_payee';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.paid_to_payee() OWNER TO suanquan_owner;

CREATE FUNCTION public.part_of(kind text, counts boolean) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (kind = 'package'::text) THEN 'package'::text WHEN ((kind = 'fixed'::text) AND (counts IS FALSE)) THEN 'fee'::text ELSE 'compute'::text END;

ALTER FUNCTION public.part_of(kind text, counts boolean) OWNER TO suanquan_owner;

CREATE FUNCTION public.pod_is_meant(holder_kind text, holder text, owner text, labels jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (CASE holder_kind WHEN 'owner'::text THEN (owner = holder) WHEN 'label'::text THEN ((labels ->> split_part(holder, '='::text, 1)) = substr(holder, (strpos(holder, '='::text) + 1))) ELSE false END IS TRUE);

ALTER FUNCTION public.pod_is_meant(holder_kind text, holder text, owner text, labels jsonb) OWNER TO suanquan_owner;

CREATE TABLE public.bindings (
    id bigint NOT NULL,
    valid daterange NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    superseded_at timestamp with time zone,
    superseded_by text,
    recorded_in bigint NOT NULL,
    superseded_in bigint,
    decision_id bigint,
    superseded_decision_id bigint,
    cluster_id bigint NOT NULL,
    holder_kind text NOT NULL,
    holder text NOT NULL,
    project_id bigint NOT NULL,
    market text DEFAULT 'on-demand'::text NOT NULL,
    contract_id bigint,
    CONSTRAINT bindings_check CHECK (((holder_kind <> 'label'::text) OR (holder ~ '^[^=]+='::text))),
    CONSTRAINT bindings_check1 CHECK (((holder_kind <> 'owner'::text) OR (holder ~ '^[^/]+/[^/]+/[^/]+$'::text))),
    CONSTRAINT bindings_check2 CHECK (((holder_kind <> 'user'::text) OR (holder ~ '^.+/[^/]+$'::text))),
    CONSTRAINT bindings_holder_check CHECK ((holder <> ''::text)),
    CONSTRAINT bindings_holder_kind_check CHECK ((holder_kind = ANY (ARRAY['pod'::text, 'slurm'::text, 'static'::text, 'label'::text, 'owner'::text, 'user'::text]))),
    CONSTRAINT bindings_market_check CHECK ((market = ANY (ARRAY['on-demand'::text, 'spot'::text]))),
    CONSTRAINT some_day CHECK ((NOT isempty(valid))),
    CONSTRAINT superseded_by_somebody CHECK (((superseded_at IS NULL) = (superseded_by IS NULL))),
    CONSTRAINT superseded_later CHECK ((superseded_at >= recorded_at))
);

ALTER TABLE public.bindings OWNER TO suanquan_owner;

COMMENT ON TABLE public.bindings IS 'Which project pays for what a holder of a cluster held';

COMMENT ON COLUMN public.bindings.valid IS 'Beijing dates, half-open';

COMMENT ON COLUMN public.bindings.superseded_at IS 'When another row, or none, took its place; null while it holds';

COMMENT ON COLUMN public.bindings.recorded_in IS 'Transaction, kept by a trigger';

COMMENT ON COLUMN public.bindings.superseded_in IS 'Transaction, kept by a trigger';

COMMENT ON COLUMN public.bindings.decision_id IS 'Who confirmed it; null where no charged usage was touched';

COMMENT ON COLUMN public.bindings.superseded_decision_id IS 'Who confirmed that it ended; null where no charged usage was touched';

COMMENT ON COLUMN public.bindings.holder IS 'Pod namespace, Slurm account, static name, key=value, or namespace/Kind/name';

COMMENT ON COLUMN public.bindings.contract_id IS 'Under which of several contracts of the centre and project; null where the lines tell';

CREATE TABLE public.job_users (
    cluster_id bigint NOT NULL,
    job text NOT NULL,
    job_user text NOT NULL,
    CONSTRAINT job_users_job_user_check CHECK ((job_user <> ''::text))
);

ALTER TABLE public.job_users OWNER TO suanquan_owner;

COMMENT ON TABLE public.job_users IS 'Whose a job was, as its source said first';

CREATE FUNCTION public.user_binding(of_cluster bigint, of_gpu text, account text, of_day date) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    RETURN (SELECT b.holder FROM (public.job_users u JOIN public.bindings b ON (((b.cluster_id = u.cluster_id) AND (b.holder_kind = 'user'::text) AND (b.holder = ((user_binding.account || '/'::text) || u.job_user)) AND (b.valid @> user_binding.of_day) AND (b.superseded_at IS NULL)))) WHERE ((u.cluster_id = user_binding.of_cluster) AND (u.job = split_part(user_binding.of_gpu, '/'::text, 3))));

ALTER FUNCTION public.user_binding(of_cluster bigint, of_gpu text, account text, of_day date) OWNER TO suanquan_owner;

CREATE TABLE public.evidence (
    id bigint NOT NULL,
    cluster_id bigint NOT NULL,
    day date NOT NULL,
    gpu text NOT NULL,
    node text NOT NULL,
    source text NOT NULL,
    device text NOT NULL,
    namespace text NOT NULL,
    pod text NOT NULL,
    container text NOT NULL,
    uid text NOT NULL,
    model text NOT NULL,
    mig_profile text NOT NULL,
    num bigint NOT NULL,
    den integer NOT NULL,
    low timestamp with time zone NOT NULL,
    high timestamp with time zone NOT NULL,
    held bigint NOT NULL,
    util_ppm_ms numeric NOT NULL,
    util_ms bigint NOT NULL,
    verdict text NOT NULL,
    reason text,
    agent_id uuid,
    pod_uid text,
    incident_id bigint,
    counts boolean NOT NULL,
    grade text,
    CONSTRAINT evidence_check CHECK ((high > low)),
    CONSTRAINT evidence_check1 CHECK ((counts = (grade IS NOT NULL))),
    CONSTRAINT evidence_grade_check CHECK ((grade = ANY (ARRAY['A'::text, 'B'::text, 'C'::text, 'D'::text]))),
    CONSTRAINT evidence_held_check CHECK ((held > 0)),
    CONSTRAINT evidence_verdict_check CHECK ((verdict = ANY (ARRAY['agreeing'::text, 'pending'::text, 'single'::text, 'contradicting'::text, 'gap'::text])))
);

ALTER TABLE public.evidence OWNER TO suanquan_owner;

COMMENT ON TABLE public.evidence IS 'What the witnesses say of each stretch, and whether it counts';

COMMENT ON COLUMN public.evidence.held IS 'Milliseconds times numerator; divide by den for device-milliseconds';

COMMENT ON COLUMN public.evidence.agent_id IS 'The witness by whose word the pod is known';

COMMENT ON COLUMN public.evidence.pod_uid IS 'The pod that is meant, where a witness knows it';

COMMENT ON COLUMN public.evidence.incident_id IS 'The incident that explains it';

COMMENT ON COLUMN public.evidence.grade IS 'Null where it does not count';

CREATE TABLE public.witness_pods (
    agent_id uuid NOT NULL,
    uid text NOT NULL,
    namespace text NOT NULL,
    pod text NOT NULL,
    node text,
    phase text NOT NULL,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    seen_at timestamp with time zone NOT NULL,
    gone_at timestamp with time zone,
    is_admin boolean DEFAULT false NOT NULL,
    owner text,
    labels jsonb DEFAULT '{}'::jsonb NOT NULL,
    body jsonb NOT NULL,
    CONSTRAINT witness_pods_check CHECK ((ended_at >= started_at)),
    CONSTRAINT witness_pods_check1 CHECK ((gone_at >= seen_at)),
    CONSTRAINT witness_pods_phase_check CHECK ((phase = ANY (ARRAY['Pending'::text, 'Running'::text, 'Succeeded'::text, 'Failed'::text, 'Unknown'::text]))),
    CONSTRAINT witness_pods_uid_check CHECK ((uid <> ''::text))
);

ALTER TABLE public.witness_pods OWNER TO suanquan_owner;

COMMENT ON TABLE public.witness_pods IS 'Pods that ask for devices, as a witness saw them last';

COMMENT ON COLUMN public.witness_pods.started_at IS 'First start of any container, by the kubelet''s clock';

COMMENT ON COLUMN public.witness_pods.ended_at IS 'Last end of any container, once the pod is over';

COMMENT ON COLUMN public.witness_pods.gone_at IS 'When the witness saw that it was there no more';

COMMENT ON COLUMN public.witness_pods.is_admin IS 'It has but an admin''s access to devices, which is no use';

COMMENT ON COLUMN public.witness_pods.owner IS 'namespace/Kind/name of its controller, as seen first';

COMMENT ON COLUMN public.witness_pods.labels IS 'As seen first';

COMMENT ON COLUMN public.witness_pods.body IS 'The record as it was sent';

CREATE VIEW public.moved_use AS
 SELECT DISTINCT ON (id) id,
    cluster_id,
    day,
    gpu,
    node,
    source,
    device,
    namespace,
    pod,
    container,
    uid,
    model,
    mig_profile,
    num,
    den,
    low,
    high,
    held,
    util_ppm_ms,
    util_ms,
    verdict,
    reason,
    agent_id,
    pod_uid,
    incident_id,
    counts,
    grade,
    holder_kind,
    holder
   FROM ((public.bindings b
     JOIN public.evidence e ON (((cluster_id = cluster_id) AND counts AND (valid @> day))))
     JOIN public.witness_pods p ON (((agent_id = agent_id) AND (uid = pod_uid))))
  WHERE ((holder_kind = ANY (ARRAY['label'::text, 'owner'::text])) AND (superseded_at IS NULL) AND public.pod_is_meant(holder_kind, holder, owner, labels))
  ORDER BY id, holder_kind DESC;

ALTER VIEW public.moved_use OWNER TO suanquan_owner;

COMMENT ON VIEW public.moved_use IS 'Use that a binding by owner or label takes from its namespace''s';

CREATE TABLE public.witness_requirements (
    id bigint NOT NULL,
    valid daterange NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    superseded_at timestamp with time zone,
    superseded_by text,
    recorded_in bigint NOT NULL,
    superseded_in bigint,
    decision_id bigint,
    superseded_decision_id bigint,
    cluster_id bigint NOT NULL,
    required integer NOT NULL,
    CONSTRAINT some_day CHECK ((NOT isempty(valid))),
    CONSTRAINT superseded_by_somebody CHECK (((superseded_at IS NULL) = (superseded_by IS NULL))),
    CONSTRAINT superseded_later CHECK ((superseded_at >= recorded_at)),
    CONSTRAINT witness_requirements_required_check CHECK ((required = ANY (ARRAY[1, 2])))
);

ALTER TABLE public.witness_requirements OWNER TO suanquan_owner;

COMMENT ON TABLE public.witness_requirements IS 'How many witnesses a cluster''s use needs on a day';

COMMENT ON COLUMN public.witness_requirements.valid IS 'Beijing dates, half-open';

COMMENT ON COLUMN public.witness_requirements.superseded_at IS 'When another row, or none, took its place; null while it holds';

COMMENT ON COLUMN public.witness_requirements.recorded_in IS 'Transaction, kept by a trigger';

COMMENT ON COLUMN public.witness_requirements.superseded_in IS 'Transaction, kept by a trigger';

COMMENT ON COLUMN public.witness_requirements.decision_id IS 'Who confirmed it; null where no charged usage was touched';

COMMENT ON COLUMN public.witness_requirements.superseded_decision_id IS 'Who confirmed that it ended; null where no charged usage was touched';

CREATE VIEW public.two_witnesses AS
 SELECT cluster_id,
    valid
   FROM public.witness_requirements
  WHERE ((superseded_at IS NULL) AND (required > 1));

ALTER VIEW public.two_witnesses OWNER TO suanquan_owner;

COMMENT ON VIEW public.two_witnesses IS 'Days on which a cluster needs a witness beside what meters it';

CREATE FUNCTION public.part_use(of_gpus text[], since timestamp with time zone, until timestamp with time zone) RETURNS TABLE(gpu text, start timestamp with time zone, day date, cluster_id bigint, source text, stream uuid, number bigint, place bigint, from_ms integer, to_ms integer, num bigint, den integer, holder_kind text, holder text, detail text, mig_profile text, util_ppm bigint, incident_id bigint)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT w.gpu,
     w.start,
     d.day,
     w.cluster_id,
     w.source,
     w.stream,
     w.number,
     p.place,
     COALESCE(e.from_ms, h.from_ms) AS from_ms,
     COALESCE(e.to_ms, h.to_ms) AS to_ms,
     h.num,
     h.den,
         CASE
             WHEN (j.by_user IS NULL) THEN COALESCE(e.holder_kind, h.kind)
             ELSE 'user'::text
         END AS holder_kind,
     COALESCE(j.by_user, e.holder, h.holder) AS holder,
     h.detail,
     h.mig_profile,
     h.util_ppm,
     e.incident_id
    FROM (((((public.counted_windows(part_use.of_gpus, part_use.since, part_use.until) w(gpu, start, cluster_id, source, stream, number, body)
      CROSS JOIN LATERAL ( SELECT public.beijing_day(w.start) AS day
          OFFSET 0) d)
      CROSS JOIN LATERAL jsonb_array_elements((w.body -> 'parts'::text)) WITH ORDINALITY p(part, place))
      CROSS JOIN LATERAL ( SELECT (holder.n ->> 'kind'::text) AS kind,
             COALESCE((holder.n ->> 'namespace'::text), (holder.n ->> 'account'::text), (holder.n ->> 'name'::text), ''::text) AS holder,
             COALESCE((holder.n ->> 'pod'::text), (holder.n ->> 'job'::text)) AS detail,
             COALESCE((holder.n ->> 'container'::text), ''::text) AS container,
             COALESCE((holder.n ->> 'uid'::text), ''::text) AS uid,
             ((p.part ->> 'from_ms'::text))::integer AS from_ms,
             ((p.part ->> 'to_ms'::text))::integer AS to_ms,
             COALESCE(((p.part ->> 'num'::text))::bigint, (1)::bigint) AS num,
             COALESCE(((p.part ->> 'den'::text))::integer, 1) AS den,
             COALESCE(((p.part -> 'mig'::text) ->> 'uuid'::text), ''::text) AS device,
             COALESCE(((p.part -> 'mig'::text) ->> 'profile'::text), ''::text) AS mig_profile,
             (((p.part -> 'readings'::text) ->> 'util_ppm'::text))::bigint AS util_ppm,
             (w.start + ((((p.part ->> 'from_ms'::text))::integer)::double precision * '00:00:00.001'::interval)) AS low,
             (w.start + ((((p.part ->> 'to_ms'::text))::integer)::double precision * '00:00:00.001'::interval)) AS high
            FROM ( SELECT (p.part -> 'holder'::text) AS n) holder) h)
      LEFT JOIN LATERAL ( SELECT e_1.counts,
             e_1.incident_id,
             m.holder_kind,
             m.holder,
             ((EXTRACT(epoch FROM (GREATEST(e_1.low, h.low) - w.start)) * (1000)::numeric))::integer AS from_ms,
             ((EXTRACT(epoch FROM (LEAST(e_1.high, h.high) - w.start)) * (1000)::numeric))::integer AS to_ms
            FROM (public.evidence e_1
              LEFT JOIN LATERAL ( SELECT b.holder_kind,
                     b.holder
                    FROM (public.witness_pods p_1
                      JOIN public.bindings b ON (((b.cluster_id = e_1.cluster_id) AND (b.valid @> e_1.day) AND (b.superseded_at IS NULL) AND public.pod_is_meant(b.holder_kind, b.holder, p_1.owner, p_1.labels))))
                   WHERE ((p_1.agent_id = e_1.agent_id) AND (p_1.uid = e_1.pod_uid))
                   ORDER BY b.holder_kind DESC
                  LIMIT 1) m ON (true))
           WHERE ((h.kind = 'pod'::text) AND (e_1.verdict <> 'gap'::text) AND ((e_1.gpu = w.gpu) AND (e_1.day = d.day) AND (e_1.cluster_id = w.cluster_id) AND (e_1.source = w.source) AND (e_1.device = h.device) AND (e_1.namespace = h.holder) AND (e_1.pod = h.detail) AND (e_1.container = h.container) AND (e_1.uid = h.uid) AND (e_1.num = h.num) AND (e_1.den = h.den)) AND (e_1.low < h.high) AND (e_1.high > h.low))) e ON (true))
      CROSS JOIN LATERAL ( SELECT
                 CASE
                     WHEN (h.kind = 'slurm'::text) THEN public.user_binding(w.cluster_id, w.gpu, h.holder, d.day)
                     ELSE NULL::text
                 END AS by_user) j)
   WHERE (COALESCE(e.counts, true) AND (NOT ((h.kind = ANY (ARRAY['slurm'::text, 'static'::text])) AND (EXISTS ( SELECT
            FROM public.two_witnesses r
           WHERE ((r.cluster_id = w.cluster_id) AND (r.valid @> d.day)))))))
 UNION ALL
  SELECT e.gpu,
     e.low,
     e.day,
     e.cluster_id,
     e.source,
     NULL::uuid,
     NULL::bigint,
     0,
     0,
     ((EXTRACT(epoch FROM (e.high - e.low)) * (1000)::numeric))::integer AS int4,
     e.num,
     e.den,
     COALESCE(m.holder_kind, 'pod'::text) AS "coalesce",
     COALESCE(m.holder, e.namespace) AS "coalesce",
     e.pod,
     e.mig_profile,
     NULL::bigint,
     e.incident_id
    FROM (public.evidence e
      LEFT JOIN public.moved_use m ON ((m.id = e.id)))
   WHERE (e.counts AND (e.verdict = 'gap'::text) AND (e.gpu = ANY (part_use.of_gpus)) AND (e.low >= part_use.since) AND (e.low < part_use.until));
END;

ALTER FUNCTION public.part_use(of_gpus text[], since timestamp with time zone, until timestamp with time zone) OWNER TO suanquan_owner;

CREATE FUNCTION public.payable_decided() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM decisions d WHERE d.id = NEW.decision_id AND d.kind = 'policy_payable'
            AND d.answer = 'confirmed' AND d.content ->> 'policy' = NEW.policy
            AND d.content -> 'digests' = (SELECT jsonb_object_agg(c.clause, c.digest)
                                          FROM clauses c WHERE c.policy = NEW.policy)
    ) THEN
        RAISE EXCEPTION 'two persons have not made version % payable as it is', NEW.policy
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payable_decided';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.payable_decided() OWNER TO suanquan_owner;

CREATE FUNCTION public.payback_decided() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    row jsonb := to_jsonb(NEW);
BEGIN
    IF NOT EXISTS (
        SELECT FROM decisions d WHERE d.id = NEW.decision_id AND d.kind = TG_ARGV[0]
            AND d.answer = 'confirmed' AND d.content -> 'voucher' = row -> 'voucher_id'
            AND d.content -> 'fraud' = row -> 'fraud'
            AND (d.kind = 'recovery'
                OR (d.content -> 'reference', d.content -> 'total_fen', d.content -> 'fen',
                    d.content -> 'on_day', d.content -> 'to_treasury')
                    = (row -> 'reference', row -> 'total_fen', row -> 'fen', row -> 'on_day',
                       row -> 'to_treasury')
                AND EXISTS (SELECT FROM indicators i WHERE to_jsonb(i.id) = row -> 'indicator_id'
                    AND (to_jsonb(i.number), to_jsonb(i.year))
                        = (d.content -> 'indicator', d.content -> 'year')))
    ) THEN
        RAISE EXCEPTION 'two persons have not confirmed this %', TG_ARGV[0]
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payback_decided';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.payback_decided() OWNER TO suanquan_owner;

CREATE FUNCTION public.period_stated() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
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

ALTER FUNCTION public.period_stated() OWNER TO suanquan_owner;

CREATE FUNCTION public.person_of(actor text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN public.plain_name(regexp_replace(actor, '^[a-z]+:(.*)#[0-9]+$'::text, '\1'::text));

ALTER FUNCTION public.person_of(actor text) OWNER TO suanquan_owner;

CREATE FUNCTION public.plain_code(number text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN translate(regexp_replace(regexp_replace(upper(NORMALIZE(number, NFKC)), '\s'::text, ''::text, 'g'::text), '[\u058a\u2010-\u2015\u2043\u2212\u2e3a\u2e3b\ufe58\ufe63]'::text, '-'::text, 'g'::text), '〔〕【】〈〉《》〖〗[]{}'::text, '()()()()()()()'::text);

ALTER FUNCTION public.plain_code(number text) OWNER TO suanquan_owner;

CREATE FUNCTION public.plain_number(number text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN regexp_replace(regexp_replace(NORMALIZE(upper(number), NFKC), '\s'::text, ''::text, 'g'::text), '^([0-9]{20}).*$'::text, '\1'::text);

ALTER FUNCTION public.plain_number(number text) OWNER TO suanquan_owner;

CREATE FUNCTION public.plain_reference(reference text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN upper(regexp_replace(NORMALIZE(reference, NFKC), '\s'::text, ''::text, 'g'::text));

ALTER FUNCTION public.plain_reference(reference text) OWNER TO suanquan_owner;

CREATE FUNCTION public.policy_days(of_project bigint, of_month date) RETURNS TABLE(policy text, days datemultirange)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    SELECT coalesce(s.label, '') AS policy, range_agg(daterange(d.day::date, d.day::date + 1))
    FROM generate_series(of_month, of_month + interval '1 month - 1 day', interval '1 day') AS d(day)
    LEFT JOIN LATERAL (
        SELECT label FROM voucher_spans
        WHERE project_id = of_project AND voucher_spans.days @> d.day::date
        ORDER BY in_force DESC, voucher_spans.policy, lower(voucher_spans.days) LIMIT 1
    ) s ON true GROUP BY 1
$$;

ALTER FUNCTION public.policy_days(of_project bigint, of_month date) OWNER TO suanquan_owner;

CREATE FUNCTION public.policy_end_decided() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM decisions d WHERE d.id = NEW.decision_id AND d.kind = 'policy_end'
            AND d.answer = 'confirmed' AND d.content ->> 'policy' = NEW.policy
            AND d.content ->> 'until' = NEW.until::text
    ) THEN
        RAISE EXCEPTION 'two persons have not ended version %', NEW.policy
            USING ERRCODE = 'check_violation', CONSTRAINT = 'policy_end_decided';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.policy_end_decided() OWNER TO suanquan_owner;

CREATE FUNCTION public.post_movements() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    f record;
    wanted bigint := 2;
    written bigint;
    below text;
BEGIN
    SELECT count(*) AS moves, count(p.number) AS closed, min(m.id) AS id, min(m.book_id) AS book_id,
           min(m.from_role) AS from_role, min(m.to_role) AS to_role, min(m.amount) AS amount
        INTO f
        FROM fresh m JOIN postings p ON p.id = m.posting_id;
    IF f.closed > 0 THEN
        RAISE EXCEPTION 'a posting that has its number is closed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_open';
    END IF;
    IF f.moves = 1 THEN
        PERFORM FROM books WHERE id = f.book_id FOR NO KEY UPDATE;
        WITH moved AS (
            UPDATE accounts SET version = version + 1,
                balance = balance + CASE role WHEN f.to_role THEN f.amount ELSE -f.amount END
            WHERE book_id = f.book_id AND role IN (f.from_role, f.to_role)
            RETURNING role, version, balance
        )
        INSERT INTO entries (book_id, role, version, movement_id, amount, balance)
            SELECT f.book_id, role, version, f.id,
                   CASE role WHEN f.to_role THEN f.amount ELSE -f.amount END, balance
            FROM moved;
        GET DIAGNOSTICS written = ROW_COUNT;
    ELSE
        PERFORM FROM books WHERE id IN (SELECT book_id FROM fresh) ORDER BY id FOR NO KEY UPDATE;
        WITH legs AS (
            SELECT id AS movement_id, book_id, from_role AS role, -amount AS amount FROM fresh
            UNION ALL
            SELECT id, book_id, to_role, amount FROM fresh
        ), running AS (
            SELECT movement_id, book_id, role, amount,
                   row_number() OVER w AS step, sum(amount) OVER w AS so_far
            FROM legs
            WINDOW w AS (PARTITION BY book_id, role ORDER BY movement_id ROWS UNBOUNDED PRECEDING)
        ), kept AS (
            INSERT INTO entries (book_id, role, version, movement_id, amount, balance)
            SELECT r.book_id, r.role, a.version + r.step, r.movement_id, r.amount, a.balance + r.so_far
            FROM running r JOIN accounts a USING (book_id, role)
            RETURNING book_id, role, balance
        ), moved AS (
            UPDATE accounts a SET balance = a.balance + t.amount, version = a.version + t.steps
            FROM (SELECT book_id, role, sum(amount) AS amount, count(*) AS steps
                  FROM legs GROUP BY book_id, role) t
            WHERE a.book_id = t.book_id AND a.role = t.role
        )
        SELECT (SELECT count(*) FROM legs), count(*),
               min(format('(%s, %s)', book_id, role)) FILTER (WHERE k.balance < a.floor)
            INTO wanted, written, below
            FROM kept k JOIN accounts a USING (book_id, role);
    END IF;
    IF wanted <> written THEN
        RAISE EXCEPTION 'a movement names an account that does not exist'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'account_exists';
    END IF;
    IF below IS NOT NULL THEN
        RAISE EXCEPTION 'an account would fall below its floor on the way'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'balance_at_least_floor',
                  DETAIL = below;
    END IF;
    RETURN NULL;
END $$;

ALTER FUNCTION public.post_movements() OWNER TO suanquan_owner;

CREATE TABLE public.authenticators (
    id bigint NOT NULL,
    invitation_id bigint NOT NULL,
    secret bytea NOT NULL,
    set_at timestamp with time zone NOT NULL,
    CONSTRAINT authenticators_secret_check CHECK ((octet_length(secret) = 20))
);

ALTER TABLE public.authenticators OWNER TO suanquan_owner;

COMMENT ON TABLE public.authenticators IS 'Secrets of authenticator apps (TOTP, RFC 6238), one for each invitation';

COMMENT ON COLUMN public.authenticators.secret IS 'As it is: the codes are computed of it';

CREATE TABLE public.code_steps (
    authenticator_id bigint NOT NULL,
    step bigint NOT NULL
);

ALTER TABLE public.code_steps OWNER TO suanquan_owner;

COMMENT ON TABLE public.code_steps IS 'The half minutes whose codes were used';

CREATE TABLE public.invitations (
    id bigint NOT NULL,
    hash bytea NOT NULL,
    token_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT invitations_check CHECK ((expires_at > created_at)),
    CONSTRAINT invitations_hash_check CHECK ((octet_length(hash) = 32))
);

ALTER TABLE public.invitations OWNER TO suanquan_owner;

COMMENT ON TABLE public.invitations IS 'Links by which the holder of a token sets up her account; once';

COMMENT ON COLUMN public.invitations.hash IS 'SHA-256 of the secret in the link';

CREATE TABLE public.recovery_codes (
    id bigint NOT NULL,
    hash bytea NOT NULL,
    authenticator_id bigint NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT recovery_codes_hash_check CHECK ((octet_length(hash) = 32))
);

ALTER TABLE public.recovery_codes OWNER TO suanquan_owner;

COMMENT ON TABLE public.recovery_codes IS 'Codes that stand in for an authenticator, each once';

COMMENT ON COLUMN public.recovery_codes.hash IS 'SHA-256';

CREATE FUNCTION public.proved_lately(actor text, proposer text) RETURNS boolean
    LANGUAGE sql STABLE
    RETURN (EXISTS (SELECT FROM ((public.authenticators a JOIN public.invitations i ON ((i.id = a.invitation_id))) JOIN public.tokens t ON ((t.id = i.token_id))) WHERE ((t.person_id = public.identity_of(proved_lately.actor)) AND (t.revoked_at IS NULL) AND ((EXISTS (SELECT FROM public.code_steps s WHERE ((s.authenticator_id = a.id) AND (((s.step)::numeric >= ((EXTRACT(epoch FROM now()) / (30)::numeric) - (41)::numeric)) AND ((s.step)::numeric <= ((EXTRACT(epoch FROM now()) / (30)::numeric) + (1)::numeric)))))) OR (EXISTS (SELECT FROM public.recovery_codes r WHERE ((r.authenticator_id = a.id) AND (r.used_at > (now() - '00:20:00'::interval)))))) AND (NOT (EXISTS (SELECT FROM public.issuers_of(format('%s:#%s'::text, t.role, t.id)) issuer(issuer) WHERE (issuer.issuer = public.identity_of(proved_lately.proposer))))))));

ALTER FUNCTION public.proved_lately(actor text, proposer text) OWNER TO suanquan_owner;

CREATE FUNCTION public.publication_lasts() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF NEW.since <> (NEW.published_at AT TIME ZONE interval '+08:00')::date + 1
            OR NEW.days > (SELECT count(*) FROM working_days WHERE day BETWEEN NEW.since AND NEW.until)
            OR NEW.days < (SELECT coalesce(c.publication_days, 1)
                           FROM claims m JOIN vouchers v ON v.id = m.voucher_id
                           JOIN clauses c USING (policy, clause) WHERE m.id = NEW.claim_id) THEN
        RAISE EXCEPTION 'claim % is not before the public for long enough', NEW.claim_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'publication_lasts';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.publication_lasts() OWNER TO suanquan_owner;

CREATE FUNCTION public.rate_decided() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM decisions d WHERE d.id = NEW.decision_id AND d.kind = 'rate'
            AND d.answer = 'confirmed' AND d.content ->> 'policy' = NEW.policy
            AND d.content ->> 'voucher' = NEW.voucher_id::text
            AND d.content ->> 'since' = NEW.since::text
            AND d.content ->> 'rate' = NEW.rate_num || '/' || NEW.rate_den
    ) THEN
        RAISE EXCEPTION 'two persons have not given this voucher a rate of %/%', NEW.rate_num,
            NEW.rate_den USING ERRCODE = 'check_violation', CONSTRAINT = 'rate_decided';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.rate_decided() OWNER TO suanquan_owner;

CREATE FUNCTION public.rate_of_clause() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM vouchers v
        JOIN (SELECT policy, clause, rate_num, rate_den FROM clauses
              UNION ALL SELECT policy, clause, rate_num, rate_den FROM clause_rates) r
            ON (r.policy, r.clause) = (NEW.policy, v.clause)
        WHERE v.id = NEW.voucher_id
            AND r.rate_num::numeric * NEW.rate_den = r.rate_den::numeric * NEW.rate_num
    ) THEN
        RAISE EXCEPTION 'the clause states no rate of %/%', NEW.rate_num, NEW.rate_den
            USING ERRCODE = 'check_violation', CONSTRAINT = 'rate_of_clause';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.rate_of_clause() OWNER TO suanquan_owner;

CREATE FUNCTION public.read_days(of_month date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    until CONSTANT date := of_month + interval '1 month';
    unread record;
BEGIN
    FOR unread IN
        SELECT v.day, array_agg(DISTINCT v.gpu ORDER BY v.gpu) AS gpus FROM coverage v
        WHERE v.day >= of_month AND v.day < until AND NOT EXISTS (SELECT FROM stretch_days k
            WHERE (k.gpu, k.day, k.cluster_id, k.source, k.windows)
                = (v.gpu, v.day, v.cluster_id, v.source, v.windows))
        GROUP BY v.day ORDER BY v.day
    LOOP
        PERFORM keep_stretches(unread.day, unread.gpus);
    END LOOP;
    FOR unread IN
        SELECT DISTINCT v.cluster_id, v.day FROM coverage v
        WHERE v.day >= of_month AND v.day < until AND v.source IN ('nvml', 'dcgm')
            AND NOT EXISTS (SELECT FROM hold_days k WHERE (k.cluster_id, k.day, k.gpu, k.source, k.windows)
                = (v.cluster_id, v.day, v.gpu, v.source, v.windows))
        ORDER BY v.day, v.cluster_id
    LOOP
        PERFORM keep_holds(unread.cluster_id, unread.day);
    END LOOP;
END $$;

ALTER FUNCTION public.read_days(of_month date) OWNER TO suanquan_owner;

CREATE FUNCTION public.recall_line() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF NEW.recalled_fen <> OLD.recalled_fen AND NOT EXISTS (
        SELECT FROM payment_lists s JOIN decisions d
            ON d.kind IN ('year_end', 'bank_reversal') AND d.answer = 'confirmed'
            AND d.content -> 'lines' @> jsonb_build_array(jsonb_build_object('list', s.number,
                'line', NEW.line, 'fen', NEW.recalled_fen - OLD.recalled_fen))
        WHERE s.id = NEW.list_id AND s.sent_at IS NOT NULL) THEN
        RAISE EXCEPTION 'two persons call a line back'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'line_recalled';
    END IF;
    NEW.returned_fen := NEW.returned_fen + NEW.recalled_fen - OLD.recalled_fen;
    RETURN NEW;
END $$;

ALTER FUNCTION public.recall_line() OWNER TO suanquan_owner;

CREATE FUNCTION public.receipt_checked() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.checked_at IS NOT NULL OR TG_OP = 'UPDATE' AND NOT (
            NEW.checked_by ~ '^(clerk|approver):' AND may_act(NEW.checked_by, NEW.checked_at)
            AND second_refused(NEW.checked_by, NEW.entered_by) IS NULL) THEN
        RAISE EXCEPTION 'nobody else has looked at receipt %', NEW.reference
            USING ERRCODE = 'check_violation', CONSTRAINT = 'receipt_by_another';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.receipt_checked() OWNER TO suanquan_owner;

CREATE FUNCTION public.recovery_settled() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF EXISTS (SELECT FROM vouchers v JOIN accounts a ON a.book_id = v.book_id
               WHERE v.id = NEW.voucher_id AND a.role = 'recoverable' AND a.balance <> 0) THEN
        RAISE EXCEPTION 'recovery % is not settled', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'recovery_settled';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.recovery_settled() OWNER TO suanquan_owner;

CREATE FUNCTION public.red_fits() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF EXISTS (
        SELECT FROM cost_documents d JOIN line_sums s ON s.root = d.reverses_id AND s.line = NEW.line
        WHERE d.id = NEW.document_id AND s.allocated_fen > s.net_fen
    ) OR EXISTS (
        SELECT FROM cost_documents d JOIN family_sums f ON f.root = d.reverses_id
        WHERE d.id = NEW.document_id AND f.allocated_fen > f.net_fen
    ) THEN
        RAISE EXCEPTION 'red document % leaves more allocated than is left', NEW.document_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'red_fits';
    END IF;
    RETURN NULL;
END $$;

ALTER FUNCTION public.red_fits() OWNER TO suanquan_owner;

CREATE FUNCTION public.red_parts_fit() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
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

ALTER FUNCTION public.red_parts_fit() OWNER TO suanquan_owner;

CREATE FUNCTION public.redeems_deducted() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    of_project bigint;
    left_fen bigint;
BEGIN
    SELECT project_id INTO of_project FROM vouchers WHERE id = NEW.voucher_id FOR NO KEY UPDATE;
    SELECT coalesce(sum(d.held_fen), 0) INTO left_fen
        FROM deductions d JOIN contracts k ON k.id = d.contract_id
        WHERE k.project_id = of_project AND k.centre_id = NEW.centre_id
            AND d.confirmed_at IS NOT NULL;
    SELECT left_fen - coalesce(sum(due_fen), 0) INTO left_fen FROM claims
        WHERE voucher_id = NEW.voucher_id AND centre_id = NEW.centre_id
            AND NOT is_dropped(state);
    IF NEW.fen > left_fen OR NOT EXISTS (SELECT FROM centres
            WHERE id = NEW.centre_id AND organisation_id = NEW.payee_id) THEN
        RAISE EXCEPTION 'centre % redeems what was not deducted there', NEW.centre_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'redeems_deducted';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.redeems_deducted() OWNER TO suanquan_owner;

CREATE FUNCTION public.refund_of_transfer() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.refund ' || NEW.reference, 0));
    IF NEW.fen > NEW.total_fen - (SELECT coalesce(sum(fen), 0) FROM refunds
                                  WHERE reference = NEW.reference)
        OR EXISTS (SELECT FROM refunds WHERE reference = NEW.reference
                   AND (total_fen, on_day) <> (NEW.total_fen, NEW.on_day)) THEN
        RAISE EXCEPTION 'the parts of a transfer are no more than it'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refund_of_transfer';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.refund_of_transfer() OWNER TO suanquan_owner;

CREATE FUNCTION public.registered_by_actor() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    entry CONSTANT jsonb := to_jsonb(NEW);
    actor CONSTANT text := entry ->> (TG_ARGV[0] || '_by');
    decision CONSTANT bigint := entry ->> TG_ARGV[1];
BEGIN
    IF current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        NEW.recorded_by := coalesce(NEW.recorded_by, 'machine:' || session_user);
        NEW.recorded_at := coalesce(NEW.recorded_at, now());
    ELSIF (CASE WHEN decision IS NULL
            THEN may_register(actor, (entry ->> (TG_ARGV[0] || '_at'))::timestamptz)
            ELSE EXISTS (SELECT FROM decisions WHERE id = decision AND kind = 'registry'
                AND answer = 'confirmed' AND answered_by = actor) END) IS NOT TRUE THEN
        RAISE EXCEPTION '% may not register %', actor, TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = 'registered_by_actor';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.registered_by_actor() OWNER TO suanquan_owner;

CREATE FUNCTION public.registry_decided() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
DECLARE
    content CONSTANT jsonb := fact_content(to_jsonb(NEW));
    same_fact CONSTANT text := format('SELECT range_agg(t.valid) FROM %I t WHERE t.%2$I = $2.%2$I'
        ' AND fact_content(to_jsonb(t)) - ''valid'' = $1 - ''valid'' AND ', TG_TABLE_NAME,
        TG_ARGV[0]);
    touched datemultirange := charged_days(TG_TABLE_NAME, to_jsonb(NEW)) * datemultirange(NEW.valid);
    kept datemultirange;
    is_decided boolean;
BEGIN
    IF isempty(touched) THEN
        RETURN NULL;
    END IF;
    EXECUTE same_fact || CASE TG_OP WHEN 'UPDATE' THEN 't.superseded_at IS NULL'
        ELSE 't.superseded_in = $2.recorded_in AND t.recorded_in <> $2.recorded_in' END
        INTO kept USING content, NEW;
    IF isempty(touched - coalesce(kept, '{}')) THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        is_decided := EXISTS (SELECT FROM decisions d
            WHERE d.id = NEW.superseded_decision_id AND d.kind = 'registry' AND d.answer = 'confirmed'
                AND d.content -> 'superseded' -> TG_TABLE_NAME ? NEW.id::text);
    ELSE
        EXECUTE format('SELECT EXISTS (SELECT FROM decisions d'
            ' CROSS JOIN jsonb_array_elements(d.content -> ''recorded'' -> %L) AS e'
            ' WHERE d.id = $2.decision_id AND d.kind = ''registry'' AND d.answer = ''confirmed'''
            ' AND e = $1) AND NOT EXISTS (SELECT FROM %1$I t WHERE t.decision_id = $2.decision_id'
            ' AND t.id <> $2.id AND fact_content(to_jsonb(t)) = $1)', TG_TABLE_NAME)
            INTO is_decided USING content, NEW;
    END IF;
    IF NOT is_decided THEN
        RAISE EXCEPTION '% % touches charged usage, and two persons have not confirmed it',
            TG_TABLE_NAME, NEW.id USING ERRCODE = 'check_violation', CONSTRAINT = 'registry_decided';
    END IF;
    RETURN NULL;
END $_$;

ALTER FUNCTION public.registry_decided() OWNER TO suanquan_owner;

CREATE FUNCTION public.rename_organisation() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    UPDATE organisations SET name = NEW.name WHERE id = NEW.organisation_id AND upper_inf(NEW.valid);
    RETURN NULL;
END $$;

ALTER FUNCTION public.rename_organisation() OWNER TO suanquan_owner;

CREATE FUNCTION public.rest_on_lines() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    DELETE FROM match_lines WHERE (reconciliation_id, part) = (NEW.reconciliation_id, NEW.part);
    INSERT INTO match_lines (reconciliation_id, part, document_id, line, fen, good_fen)
        SELECT NEW.reconciliation_id, NEW.part, f.root, f.line, f.fen,
               greatest(f.fen - coalesce(e.fen, 0), 0)
        FROM (
            SELECT coalesce(d.reverses_id, d.id) AS root, a.line, sum(a.fen) AS fen
            FROM reconciliations r
            JOIN allocations a ON (a.contract_id, a.month, a.part)
                = (r.contract_id, r.month, NEW.part)
            JOIN cost_documents d ON d.id = a.document_id
            WHERE r.id = NEW.reconciliation_id GROUP BY root, a.line HAVING sum(a.fen) > 0
        ) f LEFT JOIN (
            SELECT (t ->> 'document')::bigint AS document, (t ->> 'line')::smallint AS line,
                   sum((t ->> 'fen')::bigint) AS fen
            FROM reconciliations r, decisions d
            CROSS JOIN LATERAL jsonb_array_elements(d.content -> 'cells') AS c
            CROSS JOIN LATERAL jsonb_array_elements(c -> 'typed') AS t
            WHERE r.id = NEW.reconciliation_id AND d.id = NEW.decision_id
                AND c ->> 'month' = to_char(r.month, 'YYYY-MM') AND c ->> 'part' = NEW.part
                AND t ->> 'treatment' = 'exclude' AND t ->> 'document' IS NOT NULL
            GROUP BY 1, 2
        ) e ON (e.document, e.line) = (f.root, f.line);
    IF NEW.matched_fen > 0 AND EXISTS (
        SELECT FROM match_lines l
        JOIN match_lines o ON (o.document_id, o.line) = (l.document_id, l.line) AND o.good_fen > 0
            AND (o.reconciliation_id, o.part) <> (l.reconciliation_id, l.part)
        JOIN matches m ON (m.reconciliation_id, m.part) = (o.reconciliation_id, o.part)
        JOIN standing_matches s ON (s.reconciliation_id, s.part) = (o.reconciliation_id, o.part)
        WHERE (l.reconciliation_id, l.part) = (NEW.reconciliation_id, NEW.part)
            AND m.held_fen > s.standing_fen
    ) THEN
        RAISE EXCEPTION 'a line still counts in another cell'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'fall_first';
    END IF;
    RETURN NULL;
END $$;

ALTER FUNCTION public.rest_on_lines() OWNER TO suanquan_owner;

CREATE FUNCTION public.restoration_says() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    said jsonb := NEW.content::jsonb;
BEGIN
    IF NEW.seal_hash IS DISTINCT FROM (SELECT hash FROM seals WHERE number = NEW.seal)
            OR said ->> 'seal' IS DISTINCT FROM NEW.seal::text
            OR said ->> 'faults' IS DISTINCT FROM NEW.faults::text
            OR said ->> 'is_apart' IS DISTINCT FROM NEW.is_apart::text THEN
        RAISE EXCEPTION 'restoration is not what its content says'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'restoration_says';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.restoration_says() OWNER TO suanquan_owner;

CREATE FUNCTION public.return_of_line() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    on_its_way bigint;
BEGIN
    SELECT l.fen - l.paid_fen - l.returned_fen INTO on_its_way
        FROM payment_lines l JOIN payment_lists s ON s.id = l.list_id
        WHERE (l.list_id, l.line) = (NEW.list_id, NEW.line) AND s.sent_at IS NOT NULL
        FOR NO KEY UPDATE OF l;
    IF on_its_way IS NULL OR NEW.state NOT IN ('booked', 'open') OR NEW.state = 'booked' AND (
            NEW.result <> 'paid' OR NEW.fen > on_its_way
            OR (NEW.paid_fen, NEW.returned_fen, NEW.over_fen, NEW.outside_fen) <> (NEW.fen, 0, 0, 0)
            OR EXISTS (SELECT FROM bank_returns WHERE reference = NEW.reference)) THEN
        RAISE EXCEPTION 'the bank answers what was sent'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'return_of_line';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.return_of_line() OWNER TO suanquan_owner;

CREATE FUNCTION public.return_rolls(lent_before timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    gone bigint;
BEGIN
    DELETE FROM lent_rolls WHERE lent_at < lent_before;
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;

ALTER FUNCTION public.return_rolls(lent_before timestamp with time zone) OWNER TO suanquan_owner;

CREATE FUNCTION public.reverse_by_decision() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
BEGIN
    IF NOT EXISTS (
        SELECT FROM postings p
        JOIN decisions d ON d.id = substring(p.cause FROM '^decision/([0-9]{1,18})$')::bigint
        JOIN vouchers v ON v.id = (d.content ->> 'voucher')::bigint
        WHERE p.id = NEW.posting_id AND v.book_id = NEW.book_id AND d.answer = 'confirmed'
            AND d.kind = 'bank_reversal' AND (
                SELECT sum(m.amount) FROM movements m
                WHERE (m.posting_id, m.book_id, m.kind) = (NEW.posting_id, NEW.book_id, NEW.kind)
            ) <= (d.content ->> 'fen')::bigint
    ) THEN
        RAISE EXCEPTION 'a payment is reversed by a decision of two persons'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'two_persons_decided';
    END IF;
    RETURN NULL;
END $_$;

ALTER FUNCTION public.reverse_by_decision() OWNER TO suanquan_owner;

CREATE FUNCTION public.roll_digest(roll public.batch_rolls) RETURNS bytea
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    RETURN sha256(record_send(roll));
END $$;

ALTER FUNCTION public.roll_digest(roll public.batch_rolls) OWNER TO suanquan_owner;

CREATE FUNCTION public.roll_leaves(of_stream uuid, of_first bigint) RETURNS TABLE(seal bigint, last bigint, leaves bytea)
    LANGUAGE plpgsql STABLE ROWS 1
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    RETURN QUERY SELECT r.seal, r.last, r.leaves FROM batch_rolls r
        WHERE r.stream = of_stream AND r.first = of_first;
END $$;

ALTER FUNCTION public.roll_leaves(of_stream uuid, of_first bigint) OWNER TO suanquan_owner;

CREATE FUNCTION public.rule_corrections(of_decision bigint) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    ruling decisions;
    of_gpus text[];
    hours integer;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.corrections', 0));
    SELECT * INTO ruling FROM decisions
        WHERE id = of_decision AND kind = 'correction' AND answer = 'confirmed';
    IF ruling IS NULL OR EXISTS (SELECT FROM corrections WHERE decision_id = of_decision)
        OR digest_of_corrections(ruling.content) IS DISTINCT FROM ruling.content ->> 'digest' THEN
        RAISE EXCEPTION 'decision % corrects nothing that is open', of_decision
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'correction_decided';
    END IF;
    IF EXISTS (
        WITH meant AS MATERIALIZED (SELECT * FROM corrections_meant(ruling.content)),
        signed AS MATERIALIZED (  -- word for word: what was refused beside it is not read
            SELECT b.stream, b.number, p.word
            FROM (SELECT DISTINCT stream, number FROM meant) m JOIN batches b USING (stream, number)
            JOIN agents a ON a.id = b.agent_id AND a.approved_at IS NOT NULL
            JOIN clusters c ON c.id = a.cluster_id AND c.name = ruling.content ->> 'cluster'
            CROSS JOIN LATERAL jsonb_array_elements(batch_windows(b.stream, b.number)) AS p(word)
        )
        SELECT FROM meant m WHERE NOT EXISTS (SELECT FROM signed s
            WHERE (s.stream, s.number, s.word) = (m.stream, m.number, m.body))
    ) THEN
        RAISE EXCEPTION 'a correction of decision % stands in no signed batch', of_decision
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'correction_signed';
    END IF;
    WITH meant AS MATERIALIZED (
        SELECT * FROM corrections_meant(ruling.content)
    ), added AS (
        INSERT INTO corrections (gpu, start, hash, stream, number, counts, decision_id)
        SELECT gpu, start, hash, stream, number, (ruling.content ->> 'accept')::boolean, of_decision
        FROM meant
    ), sides AS (
        SELECT m.gpu, (m.start AT TIME ZONE interval '+08:00')::date AS day, m.cluster_id, m.source,
               s.body, s.sign
        FROM meant m CROSS JOIN LATERAL (VALUES (m.body, 1), (m.counted, -1)) AS s(body, sign)
        WHERE (ruling.content ->> 'accept')::boolean
    ), delta AS MATERIALIZED (
        SELECT s.gpu, s.day, s.cluster_id, s.source, s.body ->> 'model' AS model,
               p.holder ->> 'kind' AS kind,
               coalesce(p.holder ->> 'namespace', p.holder ->> 'account', p.holder ->> 'name', '')
                   AS holder,
               coalesce(p.mig ->> 'profile', '') AS profile,
               coalesce(p.holder ->> 'partition', '') AS partition,
               coalesce(p.holder ->> 'qos', '') AS qos, coalesce(p.den, 1) AS den,
               sum(s.sign * (p.to_ms - p.from_ms) * coalesce(p.num, 1))::bigint AS held,
               sum(s.sign * (p.to_ms - p.from_ms)
                   * coalesce((p.readings ->> 'util_ppm')::bigint, 0)) AS util_ppm_ms,
               coalesce(sum(s.sign * (p.to_ms - p.from_ms))
                   FILTER (WHERE p.readings ->> 'util_ppm' IS NOT NULL), 0)::bigint AS util_ms
        FROM sides s CROSS JOIN LATERAL jsonb_to_recordset(s.body -> 'parts')
            AS p(holder jsonb, from_ms bigint, to_ms bigint, num bigint, den integer, mig jsonb,
                 readings jsonb)
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    ), changed AS (
        UPDATE day_totals t SET held = t.held + d.held, util_ppm_ms = t.util_ppm_ms + d.util_ppm_ms,
            util_ms = t.util_ms + d.util_ms
        FROM delta d
        WHERE (t.gpu, t.day, t.cluster_id, t.source, t.model, t.holder_kind, t.holder, t.mig_profile,
               t.partition, t.qos, t.den)
            = (d.gpu, d.day, d.cluster_id, d.source, d.model, d.kind, d.holder, d.profile, d.partition,
               d.qos, d.den)
        RETURNING t.gpu, t.day, t.cluster_id, t.source, t.model, t.holder_kind, t.holder,
            t.mig_profile, t.partition, t.qos, t.den
    ), fresh AS (
        INSERT INTO day_totals (gpu, day, cluster_id, source, model, holder_kind, holder, mig_profile,
            partition, qos, den, held, util_ppm_ms, util_ms)
        SELECT * FROM delta d WHERE NOT EXISTS (SELECT FROM changed t
            WHERE (t.gpu, t.day, t.cluster_id, t.source, t.model, t.holder_kind, t.holder,
                   t.mig_profile, t.partition, t.qos, t.den)
                = (d.gpu, d.day, d.cluster_id, d.source, d.model, d.kind, d.holder, d.profile,
                   d.partition, d.qos, d.den))
    ), seen AS (
        UPDATE coverage v SET gap_ms = v.gap_ms + g.gap_ms FROM (
            SELECT s.gpu, s.day, s.cluster_id, s.source,
                   sum(s.sign * ((x ->> 'to_ms')::bigint - (x ->> 'from_ms')::bigint)) AS gap_ms
            FROM sides s CROSS JOIN LATERAL jsonb_array_elements(coalesce(s.body -> 'gaps', '[]')) x
            GROUP BY 1, 2, 3, 4
        ) g WHERE (v.gpu, v.day, v.cluster_id, v.source) = (g.gpu, g.day, g.cluster_id, g.source)
    ), read_again AS (
        DELETE FROM stretch_days k USING (SELECT DISTINCT gpu, day, cluster_id, source FROM sides) s
        WHERE (k.gpu, k.day, k.cluster_id, k.source) = (s.gpu, s.day, s.cluster_id, s.source)
    )
    SELECT count(*), array_agg(DISTINCT gpu) INTO hours, of_gpus FROM meant;
    DELETE FROM day_totals WHERE gpu = ANY(of_gpus) AND held = 0;
    RETURN hours;
END $$;

ALTER FUNCTION public.rule_corrections(of_decision bigint) OWNER TO suanquan_owner;

CREATE FUNCTION public.rule_on_row() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM decisions d, jsonb_to_record(d.content) AS said (row bigint, ruling text,
            paid_fen bigint, returned_fen bigint, over_fen bigint, outside_fen bigint)
        WHERE d.id = NEW.decision_id AND d.kind = 'bank_reversal' AND d.answer = 'confirmed'
            AND d.id IS DISTINCT FROM OLD.decision_id AND said.row = NEW.id
            AND (said.ruling, OLD.state, NEW.state) IN (('accept', 'open', 'accepted'),
                ('reject', 'open', 'rejected'), ('undo', 'booked', 'undone'),
                ('undo', 'accepted', 'undone'))
            AND (said.paid_fen, said.returned_fen, said.over_fen, said.outside_fen)
                = (NEW.paid_fen - OLD.paid_fen, NEW.returned_fen - OLD.returned_fen,
                   NEW.over_fen - OLD.over_fen, NEW.outside_fen - OLD.outside_fen)
    ) THEN
        RAISE EXCEPTION 'two persons have not decided this row'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'row_decided';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.rule_on_row() OWNER TO suanquan_owner;

CREATE FUNCTION public.ruled_fen(content jsonb) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (((content ->> 'fen'::text))::bigint + (SELECT (COALESCE(sum(((line.value ->> 'fen'::text))::bigint), (0)::numeric))::bigint AS "coalesce" FROM jsonb_array_elements((ruled_fen.content -> 'lines'::text)) line(value)));

ALTER FUNCTION public.ruled_fen(content jsonb) OWNER TO suanquan_owner;

CREATE FUNCTION public.seal_follows() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    last seals;
BEGIN
    SELECT * INTO last FROM seals ORDER BY number DESC LIMIT 1;
    IF NEW.number <> coalesce(last.number, 0) + 1 OR NEW.previous IS DISTINCT FROM last.hash
            OR NEW.sealed_at <= last.sealed_at
            OR NEW.key_id <> coalesce((SELECT id FROM seal_keys
                WHERE encode(public_key, 'hex') = last.head::jsonb ->> 'next_key'), last.key_id) THEN
        RAISE EXCEPTION 'seal % does not follow the last one', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'seal_follows';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.seal_follows() OWNER TO suanquan_owner;

CREATE TABLE public.sessions (
    id bigint NOT NULL,
    hash bytea NOT NULL,
    token_id bigint NOT NULL,
    device bytea NOT NULL,
    address text NOT NULL,
    browser text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    proven_at timestamp with time zone,
    provider_sid text,
    CONSTRAINT sessions_device_check CHECK ((octet_length(device) = 32)),
    CONSTRAINT sessions_hash_check CHECK ((octet_length(hash) = 32))
);

ALTER TABLE public.sessions OWNER TO suanquan_owner;

COMMENT ON TABLE public.sessions IS 'Browser sessions made from a token, those that ended too';

COMMENT ON COLUMN public.sessions.hash IS 'SHA-256 of the cookie; another one from each proof on';

COMMENT ON COLUMN public.sessions.device IS 'SHA-256 of the cookie that a browser keeps for good';

COMMENT ON COLUMN public.sessions.browser IS 'What the browser says that it is';

COMMENT ON COLUMN public.sessions.seen_at IS 'When it was used last, to the minute';

COMMENT ON COLUMN public.sessions.proven_at IS 'When a code of an authenticator was last shown in it';

COMMENT ON COLUMN public.sessions.provider_sid IS 'The provider''s name for its own session, empty where it gives none; null: not by a provider';

CREATE FUNCTION public.shares_device(one bigint, other bigint) RETURNS boolean
    LANGUAGE sql STABLE
    RETURN (EXISTS (SELECT FROM (((public.sessions mine JOIN public.tokens m ON ((m.id = mine.token_id))) JOIN public.sessions theirs ON ((theirs.device = mine.device))) JOIN public.tokens t ON ((t.id = theirs.token_id))) WHERE ((m.person_id = shares_device.one) AND (t.person_id = shares_device.other) AND (mine.ended_at IS NULL) AND (theirs.seen_at > (mine.created_at - '1 day'::interval)))));

ALTER FUNCTION public.shares_device(one bigint, other bigint) OWNER TO suanquan_owner;

CREATE FUNCTION public.second_refused(actor text, proposer text) RETURNS text
    LANGUAGE sql STABLE
    RETURN CASE WHEN ((public.person_of(actor) = public.person_of(proposer)) OR (public.identity_of(actor) = public.identity_of(proposer))) THEN 'same_person'::text WHEN ((EXISTS (SELECT FROM public.issuers_of(second_refused.proposer) i(i) WHERE (i.i = public.identity_of(second_refused.actor)))) OR (EXISTS (SELECT FROM public.issuers_of(second_refused.actor) i(i) WHERE (i.i = public.identity_of(second_refused.proposer))))) THEN 'one_made_the_other'::text WHEN (EXISTS (SELECT FROM public.persons WHERE ((persons.id = public.identity_of(second_refused.actor)) AND persons.service))) THEN 'service_confirms'::text WHEN public.shares_device(public.identity_of(actor), public.identity_of(proposer)) THEN 'shared_device'::text ELSE NULL::text END;

ALTER FUNCTION public.second_refused(actor text, proposer text) OWNER TO suanquan_owner;

CREATE FUNCTION public.segments_of(minutes integer[], numbers integer[], places integer[]) RETURNS integer[]
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    segments integer[] := '{}';
    s integer;  -- where the last segment begins
    number_step integer;
    place_step integer;
BEGIN
    FOR i IN 1 .. cardinality(minutes) LOOP
        number_step := numbers[i] - numbers[i - 1];
        place_step := places[i] - places[i - 1];
        IF minutes[i] = minutes[i - 1] + 1 AND (segments[s + 1] = 1
                OR (segments[s + 3], segments[s + 5]) = (number_step, place_step)) THEN
            segments[s + 1] := segments[s + 1] + 1;
            segments[s + 3] := number_step;
            segments[s + 5] := place_step;
        ELSE
            s := cardinality(segments) + 1;
            segments := segments || ARRAY[minutes[i], 1, numbers[i], 0, places[i], 0];
        END IF;
    END LOOP;
    RETURN segments;
END $$;

ALTER FUNCTION public.segments_of(minutes integer[], numbers integer[], places integer[]) OWNER TO suanquan_owner;

CREATE FUNCTION public.send_list() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
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
            WHERE l.list_id = NEW.id AND (c.state <> 'listed' OR a.superseded_at IS NOT NULL
                OR bank_contradicts(c.id))
        ) THEN
        RAISE EXCEPTION 'a list is sent once, as it is confirmed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'list_confirmed';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.send_list() OWNER TO suanquan_owner;

CREATE FUNCTION public.set_cap(of_decision bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    cap bigint;
    of_book bigint;
BEGIN
    SELECT (d.content ->> 'cap_fen')::bigint, v.book_id INTO cap, of_book
        FROM decisions d JOIN vouchers v ON v.id = (d.content ->> 'voucher')::bigint
        WHERE d.id = of_decision AND d.kind = 'cap' AND d.answer = 'confirmed'
            AND NOT EXISTS (
                SELECT FROM decisions later
                WHERE later.id > d.id AND later.kind = 'cap' AND later.answer = 'confirmed'
                    AND later.content -> 'voucher' = d.content -> 'voucher'
            );
    IF cap IS NULL OR cap <= 0 THEN
        RAISE EXCEPTION 'a cap changes by the newest confirmed decision'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'two_persons_decided';
    END IF;
    PERFORM FROM books WHERE id = of_book FOR NO KEY UPDATE;
    UPDATE accounts SET floor = -cap WHERE book_id = of_book AND role = 'clause';
END $$;

ALTER FUNCTION public.set_cap(of_decision bigint) OWNER TO suanquan_owner;

CREATE FUNCTION public.set_pool(of_decision bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    wish record;
    pool record;
BEGIN
    SELECT (d.content ->> 'year')::smallint AS year, d.content ->> 'pool' AS number,
           (d.content ->> 'cap_fen')::bigint AS cap_fen, d.content -> 'clauses' AS clauses
        INTO wish
        FROM decisions d
        WHERE d.id = of_decision AND d.kind = 'pool' AND d.answer = 'confirmed'
            AND NOT EXISTS (SELECT FROM decisions later
                WHERE later.id > d.id AND later.kind = 'pool' AND later.answer = 'confirmed'
                    AND later.content -> 'year' = d.content -> 'year'
                    AND later.content -> 'pool' = d.content -> 'pool');
    IF wish IS NULL OR wish.cap_fen IS NULL OR wish.cap_fen <= 0 THEN
        RAISE EXCEPTION 'a pool changes by the newest confirmed decision'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'two_persons_decided';
    END IF;
    PERFORM FROM clauses WHERE wish.clauses ? clause FOR UPDATE;
    SELECT p.id, p.book_id INTO pool FROM pools p JOIN books b ON b.id = p.book_id
        WHERE (p.year, p.number) = (wish.year, wish.number) FOR NO KEY UPDATE OF b;
    IF NOT FOUND THEN
        INSERT INTO books (ledger) VALUES ('year') RETURNING id AS book_id, id INTO pool;
        INSERT INTO accounts (book_id, role, floor) VALUES
            (pool.book_id, 'drawn', 0), (pool.book_id, 'ceiling', 0);
        INSERT INTO pools (book_id, year, number, decision_id)
            VALUES (pool.book_id, wish.year, wish.number, of_decision)
            RETURNING id, book_id INTO pool;
        INSERT INTO pool_clauses (year, clause, pool_id)
            SELECT wish.year, clause, pool.id FROM jsonb_array_elements_text(wish.clauses) clause;
    END IF;
    UPDATE accounts SET floor = -wish.cap_fen WHERE book_id = pool.book_id AND role = 'ceiling';
    RETURN pool.id;
END $$;

ALTER FUNCTION public.set_pool(of_decision bigint) OWNER TO suanquan_owner;

CREATE FUNCTION public.set_validity(of_decision bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    changed bigint;
BEGIN
    UPDATE vouchers v SET valid = CASE d.kind
            WHEN 'validity' THEN daterange((d.content ->> 'valid_from')::date,
                                           (d.content ->> 'valid_until')::date)
            -- It lapses with the day on which that is confirmed.
            ELSE daterange(lower(v.valid), greatest(lower(v.valid) + 1, least(
                upper(v.valid), (d.answered_at AT TIME ZONE interval '+08:00')::date + 1))) END
        FROM decisions d
        WHERE d.id = of_decision AND d.kind IN ('validity', 'lapse') AND d.answer = 'confirmed'
            AND v.id = (d.content ->> 'voucher')::bigint
            AND NOT EXISTS (SELECT FROM decisions later
                WHERE later.id > d.id AND later.kind IN ('validity', 'lapse')
                    AND later.answer = 'confirmed'
                    AND later.content -> 'voucher' = d.content -> 'voucher')
        RETURNING v.id INTO changed;
    IF changed IS NULL THEN
        RAISE EXCEPTION 'the days of a voucher change by the newest confirmed decision'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'two_persons_decided';
    END IF;
END $$;

ALTER FUNCTION public.set_validity(of_decision bigint) OWNER TO suanquan_owner;

CREATE FUNCTION public.set_year_cap(of_decision bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    changed year_caps;
BEGIN
    PERFORM FROM books b JOIN vouchers v ON v.book_id = b.id
        JOIN decisions d ON d.content ->> 'voucher' = v.id::text
        WHERE d.id = of_decision AND d.kind = 'year_cap' FOR NO KEY UPDATE OF b;
    INSERT INTO year_caps (decision_id, voucher_id, since, cap_fen)
        SELECT d.id, (d.content ->> 'voucher')::bigint, (d.content ->> 'since_year')::smallint,
               (d.content ->> 'cap_fen')::bigint
        FROM decisions d
        WHERE d.id = of_decision AND d.kind = 'year_cap' AND d.answer = 'confirmed'
            AND NOT EXISTS (SELECT FROM decisions later
                WHERE later.id > d.id AND later.kind = 'year_cap' AND later.answer = 'confirmed'
                    AND later.content -> 'voucher' = d.content -> 'voucher')
        RETURNING * INTO changed;
    IF changed IS NULL THEN
        RAISE EXCEPTION 'a cap changes by the newest confirmed decision'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'two_persons_decided';
    END IF;
    UPDATE accounts a
        SET floor = -coalesce(year_cap_of(y.voucher_id, y.year), 1000000000000000)
        FROM voucher_years y
        WHERE y.voucher_id = changed.voucher_id AND y.year >= changed.since
            AND a.book_id = y.book_id AND a.role = 'ceiling';
END $$;

ALTER FUNCTION public.set_year_cap(of_decision bigint) OWNER TO suanquan_owner;

CREATE FUNCTION public.settle_by_row() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    UPDATE payment_lines l SET
        paid_fen = l.paid_fen + NEW.paid_fen - coalesce(OLD.paid_fen, 0),
        returned_fen = l.returned_fen + NEW.returned_fen - coalesce(OLD.returned_fen, 0),
        over_fen = l.over_fen + NEW.over_fen - coalesce(OLD.over_fen, 0),
        outside_fen = l.outside_fen + NEW.outside_fen - coalesce(OLD.outside_fen, 0)
        WHERE (l.list_id, l.line) = (NEW.list_id, NEW.line);
    RETURN NULL;
END $$;

ALTER FUNCTION public.settle_by_row() OWNER TO suanquan_owner;

CREATE FUNCTION public.share_by_version(held_fen bigint, metered bigint[], paid bigint[], held numeric[], INOUT den numeric, OUT nums numeric[]) RETURNS record
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    n CONSTANT integer := cardinality(metered);
    whole numeric := held_fen * den;
    firsts numeric[];
    rooms numeric[];
    first_sum numeric;
    held_sum numeric;
    room_sum numeric;
    metered_sum numeric;
    more numeric;
    scale numeric;
BEGIN
    SELECT array_agg(greatest(t.held, least(t.paid, t.metered) * den) ORDER BY ordinality),
           sum(greatest(t.held, least(t.paid, t.metered) * den)), sum(t.held), sum(t.metered)
        INTO firsts, first_sum, held_sum, metered_sum
        FROM unnest(metered, paid, held) WITH ORDINALITY AS t (metered, paid, held, ordinality);
    SELECT array_agg(greatest(t.metered * den - t.first, 0) ORDER BY ordinality),
           sum(greatest(t.metered * den - t.first, 0))
        INTO rooms, room_sum
        FROM unnest(metered, firsts) WITH ORDINALITY AS t (metered, first, ordinality);
    more := whole - first_sum - room_sum;
    IF whole < first_sum THEN
        scale := first_sum - held_sum;
        nums := (SELECT array_agg(t.held * scale + (whole - held_sum) * (t.first - t.held) ORDER BY o)
                 FROM unnest(held, firsts) WITH ORDINALITY AS t (held, first, o));
    ELSIF more <= 0 THEN
        scale := greatest(room_sum, 1);
        nums := (SELECT array_agg(t.first * scale + (whole - first_sum) * t.room ORDER BY o)
                 FROM unnest(firsts, rooms) WITH ORDINALITY AS t (first, room, o));
    ELSE
        scale := CASE WHEN metered_sum > 0 THEN metered_sum ELSE n END;
        nums := (SELECT array_agg((t.first + t.room) * scale
                     + more * CASE WHEN metered_sum > 0 THEN t.metered ELSE 1 END ORDER BY o)
                 FROM unnest(firsts, rooms, metered) WITH ORDINALITY AS t (first, room, metered, o));
    END IF;
    den := den * scale;
    scale := gcd(den, (SELECT gcd_of(num) FROM unnest(nums) AS num));
    den := div(den, scale);
    nums := (SELECT array_agg(div(num, scale) ORDER BY o) FROM unnest(nums) WITH ORDINALITY AS t (num, o));
END $$;

ALTER FUNCTION public.share_by_version(held_fen bigint, metered bigint[], paid bigint[], held numeric[], INOUT den numeric, OUT nums numeric[]) OWNER TO suanquan_owner;

CREATE FUNCTION public.shares_decided() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM decisions d JOIN indicators i ON i.id = NEW.indicator_id
        WHERE d.id = NEW.scheme AND d.kind = 'indicator' AND d.answer = 'confirmed'
            AND d.content -> 'shares' -> (NEW.place - 1) = jsonb_build_object('bearer', NEW.bearer,
                'number', i.number, 'year', i.year, 'weight', NEW.weight)
    ) THEN
        RAISE EXCEPTION 'two persons have not confirmed these shares'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'shares_decided';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.shares_decided() OWNER TO suanquan_owner;

CREATE FUNCTION public.subsidised_once() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    plain CONSTANT text := plain_code(NEW.number);
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.contract/' || plain, 0));
    IF EXISTS (SELECT FROM assignments WHERE plain_code(number) = plain
            AND TG_TABLE_NAME = 'contracts')
        OR EXISTS (SELECT FROM contracts WHERE plain_code(number) = plain
            AND TG_TABLE_NAME = 'assignments') THEN
        RAISE EXCEPTION 'the contract % is subsidised once', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'subsidised_once';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.subsidised_once() OWNER TO suanquan_owner;

CREATE FUNCTION public.take_leaves() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('repeatable read', 'serializable')
            OR EXISTS (SELECT FROM fresh JOIN seals ON seal <= number) THEN
        RAISE EXCEPTION 'rows are sealed in one snapshot, before their head'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'leaves_before_head';
    END IF;
    DELETE FROM unsealed_rows u USING fresh f WHERE u.relation = f.relation AND u.key = f.key;
    RETURN NULL;
END $$;

ALTER FUNCTION public.take_leaves() OWNER TO suanquan_owner;

CREATE FUNCTION public.terms_decided() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF terms_touched(NEW.id, OLD.valid, NEW.valid, OLD.total_fen IS DISTINCT FROM NEW.total_fen)
        AND NOT EXISTS (SELECT FROM decisions d
            CROSS JOIN jsonb_array_elements(d.content -> 'terms') AS change
            WHERE d.id = NEW.decision_id AND d.kind = 'registry' AND d.answer = 'confirmed'
                AND change ->> 'contract' = NEW.id::text
                AND (change -> 'before' ->> 'valid')::daterange = OLD.valid
                AND (change -> 'after' ->> 'valid')::daterange = NEW.valid
                AND change -> 'before' ->> 'total_fen' IS NOT DISTINCT FROM OLD.total_fen::text
                AND change -> 'after' ->> 'total_fen' IS NOT DISTINCT FROM NEW.total_fen::text
                AND acts_first(d.id, 'contracts', NEW.id::text)) THEN
        RAISE EXCEPTION 'the terms of contract % touch charged usage, and two have not confirmed them',
            NEW.id USING ERRCODE = 'check_violation', CONSTRAINT = 'registry_decided';
    END IF;
    RETURN NULL;
END $$;

ALTER FUNCTION public.terms_decided() OWNER TO suanquan_owner;

CREATE FUNCTION public.terms_touched(contract bigint, old_days daterange, new_days daterange, other_total boolean) RETURNS boolean
    LANGUAGE sql STABLE
    RETURN (SELECT ((NOT isempty((c.days * (datemultirange(terms_touched.old_days) - datemultirange(terms_touched.new_days))))) OR (NOT isempty((c.days * (datemultirange(terms_touched.new_days) - datemultirange(terms_touched.old_days))))) OR (terms_touched.other_total AND (NOT isempty(c.days)))) FROM (SELECT public.charged_days('contracts'::text, jsonb_build_object('id', terms_touched.contract)) AS days) c);

ALTER FUNCTION public.terms_touched(contract bigint, old_days daterange, new_days daterange, other_total boolean) OWNER TO suanquan_owner;

CREATE FUNCTION public.usage_admitted() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF NOT may_act(NEW.admitted_by, NEW.admitted_at)
        OR split_part(NEW.admitted_by, ':', 1) NOT IN ('clerk', 'approver') THEN
        RAISE EXCEPTION '% admits no usage', NEW.admitted_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'usage_admitted';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.usage_admitted() OWNER TO suanquan_owner;

CREATE FUNCTION public.uscc_valid(code text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
DECLARE
    alphabet CONSTANT text := '0123456789ABCDEFGHJKLMNPQRTUWXY';
    weight integer := 1;
    total integer := 0;
BEGIN
    IF code !~ '^[1-9ANY][0-9A-HJ-NP-RTUW-Y][0-9]{6}[0-9A-HJ-NP-RTUW-Y]{10}$' THEN
        RETURN false;
    END IF;
    FOR i IN 1..17 LOOP
        total := total + (strpos(alphabet, substr(code, i, 1)) - 1) * weight;
        weight := weight * 3 % 31;
    END LOOP;
    RETURN strpos(alphabet, substr(code, 18, 1)) - 1 = (31 - total % 31) % 31;
END $_$;

ALTER FUNCTION public.uscc_valid(code text) OWNER TO suanquan_owner;

CREATE FUNCTION public.version_decided() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM decisions d JOIN vouchers v ON v.id = NEW.voucher_id
            JOIN projects p ON p.id = v.project_id
            JOIN clauses c ON (c.policy, c.clause) = (NEW.policy, NEW.clause)
            WHERE d.kind = 'voucher' AND d.subject = p.code AND d.answer = 'confirmed'
                AND d.content ->> 'project' = p.code AND d.content ->> 'policy' = NEW.policy
                AND d.content ->> 'clause' = NEW.clause
                AND coalesce(split_part(d.content ->> 'rate', '/', 1)::numeric, c.rate_num)
                        * NEW.rate_den
                    = coalesce(split_part(d.content ->> 'rate', '/', 2)::numeric, c.rate_den)
                        * NEW.rate_num) THEN
        RAISE EXCEPTION 'two persons have not opened this voucher under version %', NEW.policy
            USING ERRCODE = 'check_violation', CONSTRAINT = 'voucher_decided';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.version_decided() OWNER TO suanquan_owner;

CREATE FUNCTION public.version_payable() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM payable_clauses c
                   WHERE (c.policy, c.clause) = (NEW.policy, NEW.clause)) THEN
        RAISE EXCEPTION 'two persons have not made version % payable', NEW.policy
            USING ERRCODE = 'check_violation', CONSTRAINT = 'version_payable';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.version_payable() OWNER TO suanquan_owner;

CREATE FUNCTION public.void_list() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    UPDATE payment_lines SET void = true
        WHERE list_id IN (SELECT id FROM payment_lists WHERE decision_id = NEW.id);
    RETURN NULL;
END $$;

ALTER FUNCTION public.void_list() OWNER TO suanquan_owner;

CREATE FUNCTION public.voucher_decided() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM decisions d
            JOIN projects p ON p.id = NEW.project_id
            JOIN clauses c ON c.policy = NEW.policy AND c.clause = NEW.clause
            WHERE d.kind = 'voucher' AND d.subject = p.code AND d.answer = 'confirmed'
                AND d.content ->> 'project' = p.code AND d.content ->> 'policy' = NEW.policy
                AND d.content ->> 'clause' = NEW.clause AND d.content -> 'facts' = NEW.facts
                AND d.content ->> 'cap_fen' = coalesce(NEW.face_fen, c.cap_fen)::text
                AND daterange((d.content ->> 'valid_from')::date,
                              (d.content ->> 'valid_until')::date) = NEW.valid) THEN
        RAISE EXCEPTION 'two persons have not opened this voucher'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'voucher_decided';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.voucher_decided() OWNER TO suanquan_owner;

CREATE FUNCTION public.window_is_first() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    days date[];
    again text;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'windows are stored at READ COMMITTED'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'window_is_first';
    END IF;
    SELECT ARRAY[(min(start) AT TIME ZONE interval '+08:00')::date,
                 (max(start) AT TIME ZONE interval '+08:00')::date] INTO days FROM fresh;
    IF days[1] IS NULL THEN RETURN NULL; END IF;
    IF days[1] <> days[2] THEN  -- seldom, and then all of them are looked at
        days := (SELECT array_agg(DISTINCT (start AT TIME ZONE interval '+08:00')::date) FROM fresh);
    END IF;
    INSERT INTO window_days (day, state)
        SELECT DISTINCT day, 'open' FROM unnest(days) AS day ORDER BY day ON CONFLICT DO NOTHING;
    IF NOT EXISTS (SELECT FROM window_days WHERE day = ANY(days) AND state = 'packed') THEN
        RETURN NULL;
    END IF;
    -- On several machines what is packed shows a moment after the rows are gone, and before the lock is.
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('suanquan.pack', 0));
    SELECT min(p.gpu) INTO again
        FROM (SELECT array_agg(gpu) AS gpus, array_agg(start) AS starts FROM fresh) f
        CROSS JOIN LATERAL packed_of(f.gpus, f.starts) AS p;
    IF again IS NOT NULL THEN
        RAISE EXCEPTION 'a minute of % is packed already', again
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'window_is_first';
    END IF;
    RETURN NULL;
END $$;

ALTER FUNCTION public.window_is_first() OWNER TO suanquan_owner;

CREATE FUNCTION public.windows_of_a_batch() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM batches b JOIN agents a ON a.id = b.agent_id
        WHERE (b.stream, b.number) = (NEW.stream, NEW.number)
            AND (a.cluster_id, a.source) = (NEW.cluster_id, NEW.source)
            AND (NEW.kept = 0 OR a.approved_at IS NOT NULL)
            AND NEW.waiting <= jsonb_array_length(b.answer -> 'quarantined')
            AND (NEW.kept <= (b.answer ->> 'kept')::integer
                OR NEW.kept <= (b.answer ->> 'kept')::integer + (SELECT count(*) FROM quarantine q
                    WHERE (q.stream, q.number) = (NEW.stream, NEW.number)
                        AND q.released_at IS NOT NULL))
    ) THEN
        RAISE EXCEPTION 'no batch % of stream % has these windows', NEW.number, NEW.stream
            USING ERRCODE = 'check_violation', CONSTRAINT = 'windows_of_a_batch';
    END IF;
    RETURN NULL;
END $$;

ALTER FUNCTION public.windows_of_a_batch() OWNER TO suanquan_owner;

CREATE FUNCTION public.witness_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO evidence_changes (cluster_id, days) VALUES (NEW.cluster_id, '{(,)}');
    RETURN NULL;
END $$;

ALTER FUNCTION public.witness_changed() OWNER TO suanquan_owner;

CREATE FUNCTION public.witnesses_required() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO evidence_changes (cluster_id, days)
        VALUES (NEW.cluster_id, datemultirange(NEW.valid));
    RETURN NULL;
END $$;

ALTER FUNCTION public.witnesses_required() OWNER TO suanquan_owner;

CREATE FUNCTION public.year_cap_of(of_voucher bigint, of_year integer) RETURNS bigint
    LANGUAGE sql STABLE
    RETURN (SELECT caps.cap_fen FROM (SELECT y.cap_fen, y.decision_id FROM public.year_caps y WHERE ((y.voucher_id = year_cap_of.of_voucher) AND (y.since <= year_cap_of.of_year)) UNION ALL SELECT c.year_cap_fen, 0 FROM (public.vouchers v JOIN public.clauses c USING (policy, clause)) WHERE (v.id = year_cap_of.of_voucher)) caps ORDER BY caps.decision_id DESC LIMIT 1);

ALTER FUNCTION public.year_cap_of(of_voucher bigint, of_year integer) OWNER TO suanquan_owner;

CREATE AGGREGATE public.gcd_of(numeric) (
    SFUNC = pg_catalog.gcd,
    STYPE = numeric,
    INITCOND = '0'
);

ALTER AGGREGATE public.gcd_of(numeric) OWNER TO suanquan_owner;

CREATE AGGREGATE public.lcm_of(numeric) (
    SFUNC = pg_catalog.lcm,
    STYPE = numeric,
    INITCOND = '1'
);

ALTER AGGREGATE public.lcm_of(numeric) OWNER TO suanquan_owner;

CREATE TABLE public.accounts (
    book_id bigint NOT NULL,
    role text NOT NULL,
    floor bigint NOT NULL,
    balance bigint DEFAULT 0 NOT NULL,
    version bigint DEFAULT 0 NOT NULL,
    CONSTRAINT balance_at_least_floor CHECK ((balance >= floor))
)
WITH (fillfactor='20');

ALTER TABLE public.accounts OWNER TO suanquan_owner;

COMMENT ON TABLE public.accounts IS 'One role in one book and its balance; hot rows';

COMMENT ON COLUMN public.accounts.floor IS 'Least balance, fen';

COMMENT ON COLUMN public.accounts.balance IS 'Fen';

COMMENT ON COLUMN public.accounts.version IS 'Number of entries so far';

CREATE TABLE public.accruals (
    id bigint NOT NULL,
    voucher_id bigint NOT NULL,
    posting_id bigint,
    cost_fen bigint NOT NULL,
    uncapped_fen bigint NOT NULL,
    target_fen bigint NOT NULL,
    earned_fen bigint NOT NULL,
    months jsonb NOT NULL,
    computed_at timestamp with time zone NOT NULL,
    CONSTRAINT accruals_check CHECK (((target_fen >= 0) AND (target_fen <= uncapped_fen))),
    CONSTRAINT accruals_check1 CHECK (((earned_fen >= 0) AND (earned_fen <= target_fen))),
    CONSTRAINT accruals_cost_fen_check CHECK ((cost_fen >= 0)),
    CONSTRAINT accruals_uncapped_fen_check CHECK ((uncapped_fen >= 0))
);

ALTER TABLE public.accruals OWNER TO suanquan_owner;

COMMENT ON TABLE public.accruals IS 'Every change of a voucher''s target, a memo beside the postings';

COMMENT ON COLUMN public.accruals.cost_fen IS 'Fen';

COMMENT ON COLUMN public.accruals.uncapped_fen IS 'Fen earned before the cap';

COMMENT ON COLUMN public.accruals.target_fen IS 'Fen after the cap';

COMMENT ON COLUMN public.accruals.earned_fen IS 'Fen of it that is matched';

COMMENT ON COLUMN public.accruals.months IS 'Of each month: cost and matched cost, fen; what they earn before the cap, exact fractions';

ALTER TABLE public.accruals ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.accruals_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.agent_shares (
    agent_id uuid NOT NULL,
    day date NOT NULL,
    bytes bigint NOT NULL,
    aside bigint NOT NULL,
    conflicts bigint NOT NULL,
    CONSTRAINT agent_shares_aside_check CHECK ((aside >= 0)),
    CONSTRAINT agent_shares_bytes_check CHECK ((bytes >= 0)),
    CONSTRAINT agent_shares_conflicts_check CHECK ((conflicts >= 0))
);

ALTER TABLE public.agent_shares OWNER TO suanquan_owner;

COMMENT ON TABLE public.agent_shares IS 'What each agent took on the newest day on which it reported';

COMMENT ON COLUMN public.agent_shares.day IS 'Beijing date';

COMMENT ON COLUMN public.agent_shares.bytes IS 'Of accepted batches';

COMMENT ON COLUMN public.agent_shares.aside IS 'Windows that were quarantined';

COMMENT ON COLUMN public.agent_shares.conflicts IS 'Other words for kept windows';

CREATE TABLE public.agents (
    id uuid NOT NULL,
    cluster_id bigint NOT NULL,
    node text NOT NULL,
    source text NOT NULL,
    public_key bytea NOT NULL,
    enrolled_at timestamp with time zone NOT NULL,
    history_from timestamp with time zone,
    approved_at timestamp with time zone,
    approved_by text,
    revoked_at timestamp with time zone,
    CONSTRAINT agents_approved_by_check CHECK ((approved_by !~ '^(operator|builder|auditor):'::text)),
    CONSTRAINT agents_check CHECK (((approved_at IS NULL) = (approved_by IS NULL))),
    CONSTRAINT agents_node_check CHECK ((node <> ''::text)),
    CONSTRAINT agents_public_key_check CHECK ((octet_length(public_key) = 32)),
    CONSTRAINT agents_source_check CHECK ((source = ANY (ARRAY['nvml'::text, 'dcgm'::text, 'slurm'::text, 'import'::text, 'witness'::text])))
);

ALTER TABLE public.agents OWNER TO suanquan_owner;

COMMENT ON TABLE public.agents IS 'Enrolled reporters, each bound to one cluster and node';

COMMENT ON COLUMN public.agents.public_key IS 'Ed25519, 32 bytes';

COMMENT ON COLUMN public.agents.history_from IS 'What it measured before it was enrolled counts from here on';

COMMENT ON COLUMN public.agents.approved_at IS 'When the bureau let its reports count';

COMMENT ON COLUMN public.agents.approved_by IS 'Actor: who issued its code, or approved it later';

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);

ALTER TABLE public.alembic_version OWNER TO suanquan_owner;

COMMENT ON TABLE public.alembic_version IS '0001';

CREATE TABLE public.allocations (
    id bigint NOT NULL,
    document_id bigint NOT NULL,
    line smallint NOT NULL,
    contract_id bigint NOT NULL,
    month date NOT NULL,
    part text NOT NULL,
    kind text NOT NULL,
    fen bigint NOT NULL,
    by_hand boolean DEFAULT false NOT NULL,
    allocated_at timestamp with time zone NOT NULL,
    allocated_by text NOT NULL,
    CONSTRAINT allocations_fen_check CHECK ((fen <> 0)),
    CONSTRAINT allocations_kind_check CHECK ((kind = ANY (ARRAY['model'::text, 'team'::text]))),
    CONSTRAINT allocations_month_check CHECK ((EXTRACT(day FROM month) = (1)::numeric)),
    CONSTRAINT allocations_part_check CHECK ((part = ANY (ARRAY['compute'::text, 'package'::text, 'fee'::text])))
);

ALTER TABLE public.allocations OWNER TO suanquan_owner;

COMMENT ON TABLE public.allocations IS 'Which fen of a document line pay for which cell of a contract';

COMMENT ON COLUMN public.allocations.line IS 'Line of the blue document, also where a red one takes it back';

COMMENT ON COLUMN public.allocations.part IS 'compute, package, or fee: what is no compute cost';

COMMENT ON COLUMN public.allocations.fen IS 'Fen without tax, negative where a red document takes back';

COMMENT ON COLUMN public.allocations.by_hand IS 'Put there by a clerk: no rule takes it away';

ALTER TABLE public.allocations ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.allocations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.archived_rolls (
    stream uuid NOT NULL,
    first bigint NOT NULL,
    month date NOT NULL,
    part integer NOT NULL,
    row_group smallint NOT NULL,
    seal bigint NOT NULL,
    leaves bytea NOT NULL,
    digest bytea NOT NULL,
    CONSTRAINT archived_rolls_digest_check CHECK ((octet_length(digest) = 32)),
    CONSTRAINT archived_rolls_leaves_check CHECK (((octet_length(leaves) > 0) AND ((octet_length(leaves) % 32) = 0))),
    CONSTRAINT archived_rolls_row_group_check CHECK ((row_group >= 0))
);

ALTER TABLE public.archived_rolls OWNER TO suanquan_owner;

COMMENT ON TABLE public.archived_rolls IS 'Rolls that lie in files of the archive alone';

COMMENT ON COLUMN public.archived_rolls.first IS 'Number of its first batch';

COMMENT ON COLUMN public.archived_rolls.month IS 'With part: which archive it is in';

COMMENT ON COLUMN public.archived_rolls.row_group IS 'Of the part''s file, from 0';

COMMENT ON COLUMN public.archived_rolls.seal IS 'Which took its batches';

COMMENT ON COLUMN public.archived_rolls.leaves IS 'Of each batch in the seal''s tree: 32 bytes';

COMMENT ON COLUMN public.archived_rolls.digest IS 'SHA-256 of the roll, as it stood (roll_digest)';

CREATE TABLE public.archives (
    month date NOT NULL,
    part integer NOT NULL,
    place text NOT NULL,
    manifest text NOT NULL,
    signature bytea NOT NULL,
    seal bigint NOT NULL,
    archived_at timestamp with time zone NOT NULL,
    archived_by text NOT NULL,
    CONSTRAINT archives_archived_by_check CHECK ((archived_by <> ''::text)),
    CONSTRAINT archives_month_check CHECK ((EXTRACT(day FROM month) = (1)::numeric)),
    CONSTRAINT archives_part_check CHECK ((part >= 1)),
    CONSTRAINT archives_place_check CHECK ((place <> ''::text)),
    CONSTRAINT archives_signature_check CHECK ((octet_length(signature) = 64))
);

ALTER TABLE public.archives OWNER TO suanquan_owner;

COMMENT ON TABLE public.archives IS 'Parts of archives: which file each is, and the seal that it rests on; append-only';

COMMENT ON COLUMN public.archives.month IS 'Beijing month, of which it is';

COMMENT ON COLUMN public.archives.place IS 'The folder or bucket it was written into, as an address';

COMMENT ON COLUMN public.archives.manifest IS 'The text that is signed, byte for byte; see docs/audit/archive.md';

COMMENT ON COLUMN public.archives.seal IS 'That of the month''s end';

CREATE TABLE public.assignments (
    id bigint NOT NULL,
    number text NOT NULL,
    programme text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    CONSTRAINT assignments_number_check CHECK (((number <> ''::text) AND public.is_visible(number))),
    CONSTRAINT assignments_programme_check CHECK ((programme <> ''::text))
);

ALTER TABLE public.assignments OWNER TO suanquan_owner;

COMMENT ON TABLE public.assignments IS 'Contracts that another programme supports as a whole';

COMMENT ON COLUMN public.assignments.number IS 'Contract number, as it is written there';

ALTER TABLE public.assignments ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.assignments_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE public.authenticators ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.authenticators_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.backup_progress (
    is_last boolean DEFAULT true NOT NULL,
    base text,
    base_at timestamp with time zone,
    wal_at timestamp with time zone,
    CONSTRAINT backup_progress_base_check CHECK ((base <> ''::text)),
    CONSTRAINT backup_progress_check CHECK (((base IS NULL) = (base_at IS NULL))),
    CONSTRAINT backup_progress_is_last_check CHECK (is_last)
);

ALTER TABLE public.backup_progress OWNER TO suanquan_owner;

COMMENT ON TABLE public.backup_progress IS 'How far the backups are; one row, which proves nothing';

COMMENT ON COLUMN public.backup_progress.base IS 'The last whole base backup';

COMMENT ON COLUMN public.backup_progress.base_at IS 'When it ended';

COMMENT ON COLUMN public.backup_progress.wal_at IS 'What was committed before is in the store';

CREATE TABLE public.bank_accounts (
    id bigint NOT NULL,
    organisation_id bigint NOT NULL,
    holder text NOT NULL,
    bank text NOT NULL,
    bank_code text NOT NULL,
    number text NOT NULL,
    decision_id bigint NOT NULL,
    confirmed_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone,
    CONSTRAINT bank_accounts_bank_check CHECK ((bank <> ''::text)),
    CONSTRAINT bank_accounts_bank_code_check CHECK ((bank_code ~ '^\d{12}$'::text)),
    CONSTRAINT bank_accounts_check CHECK ((superseded_at >= confirmed_at)),
    CONSTRAINT bank_accounts_holder_check CHECK ((holder <> ''::text)),
    CONSTRAINT bank_accounts_number_check CHECK ((number ~ '^\d{6,32}$'::text))
);

ALTER TABLE public.bank_accounts OWNER TO suanquan_owner;

COMMENT ON TABLE public.bank_accounts IS 'Where an organisation is paid; one in force at a time';

COMMENT ON COLUMN public.bank_accounts.bank_code IS 'CNAPS code, 12 digits';

COMMENT ON COLUMN public.bank_accounts.superseded_at IS 'When another row, or none, took its place; null while it holds';

ALTER TABLE public.bank_accounts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.bank_accounts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.bank_returns (
    id bigint NOT NULL,
    reference text NOT NULL,
    list_id bigint NOT NULL,
    line smallint NOT NULL,
    result text NOT NULL,
    fen bigint NOT NULL,
    on_day date NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    original text NOT NULL,
    place text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    received_by text NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    decision_id bigint,
    paid_fen bigint DEFAULT 0 NOT NULL,
    returned_fen bigint DEFAULT 0 NOT NULL,
    over_fen bigint DEFAULT 0 NOT NULL,
    outside_fen bigint DEFAULT 0 NOT NULL,
    CONSTRAINT bank_returns_check CHECK (((decision_id IS NULL) = (state = ANY (ARRAY['booked'::text, 'open'::text])))),
    CONSTRAINT bank_returns_check1 CHECK (((state = ANY (ARRAY['booked'::text, 'accepted'::text])) OR ((paid_fen = 0) AND (returned_fen = 0) AND (over_fen = 0) AND (outside_fen = 0)))),
    CONSTRAINT bank_returns_fen_check CHECK ((fen > 0)),
    CONSTRAINT bank_returns_place_check CHECK ((place <> ''::text)),
    CONSTRAINT bank_returns_reference_check CHECK (((reference <> ''::text) AND public.is_visible(reference))),
    CONSTRAINT bank_returns_result_check CHECK ((result = ANY (ARRAY['paid'::text, 'returned'::text]))),
    CONSTRAINT bank_returns_state_check CHECK ((state = ANY (ARRAY['booked'::text, 'open'::text, 'accepted'::text, 'rejected'::text, 'undone'::text])))
);

ALTER TABLE public.bank_returns OWNER TO suanquan_owner;

COMMENT ON TABLE public.bank_returns IS 'What the bank said of a line, row by row, and whether it holds';

COMMENT ON COLUMN public.bank_returns.fen IS 'Fen';

COMMENT ON COLUMN public.bank_returns.original IS 'The file, as it came';

COMMENT ON COLUMN public.bank_returns.place IS 'Its row in the file';

COMMENT ON COLUMN public.bank_returns.state IS 'booked at once; open until two persons decide; accepted, rejected or undone by them';

COMMENT ON COLUMN public.bank_returns.paid_fen IS 'Fen that it adds to the line, signed; so the next three';

ALTER TABLE public.bank_returns ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.bank_returns_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.barred_steps (
    action text NOT NULL,
    taken text NOT NULL
);

ALTER TABLE public.barred_steps OWNER TO suanquan_owner;

COMMENT ON TABLE public.barred_steps IS 'Steps of a case that one identity does not both take; filled by the migrations';

CREATE TABLE public.billing_sources (
    id bigint NOT NULL,
    valid daterange NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    superseded_at timestamp with time zone,
    superseded_by text,
    recorded_in bigint NOT NULL,
    superseded_in bigint,
    decision_id bigint,
    superseded_decision_id bigint,
    cluster_id bigint NOT NULL,
    source text NOT NULL,
    CONSTRAINT billing_sources_source_check CHECK ((source = ANY (ARRAY['nvml'::text, 'dcgm'::text, 'slurm'::text, 'import'::text]))),
    CONSTRAINT some_day CHECK ((NOT isempty(valid))),
    CONSTRAINT superseded_by_somebody CHECK (((superseded_at IS NULL) = (superseded_by IS NULL))),
    CONSTRAINT superseded_later CHECK ((superseded_at >= recorded_at))
);

ALTER TABLE public.billing_sources OWNER TO suanquan_owner;

COMMENT ON TABLE public.billing_sources IS 'The one source by which a cluster bills on a day';

COMMENT ON COLUMN public.billing_sources.valid IS 'Beijing dates, half-open';

COMMENT ON COLUMN public.billing_sources.superseded_at IS 'When another row, or none, took its place; null while it holds';

COMMENT ON COLUMN public.billing_sources.recorded_in IS 'Transaction, kept by a trigger';

COMMENT ON COLUMN public.billing_sources.superseded_in IS 'Transaction, kept by a trigger';

COMMENT ON COLUMN public.billing_sources.decision_id IS 'Who confirmed it; null where no charged usage was touched';

COMMENT ON COLUMN public.billing_sources.superseded_decision_id IS 'Who confirmed that it ended; null where no charged usage was touched';

ALTER TABLE public.billing_sources ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.billing_sources_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE public.bindings ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.bindings_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.books (
    id bigint NOT NULL,
    ledger text NOT NULL,
    CONSTRAINT books_ledger_check CHECK ((ledger = ANY (ARRAY['rights'::text, 'budget'::text, 'cost'::text, 'year'::text])))
);

ALTER TABLE public.books OWNER TO suanquan_owner;

COMMENT ON TABLE public.books IS 'A set of accounts whose money cannot leave it: rights of a voucher, a budget, a cost, a year';

ALTER TABLE public.books ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.books_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.capacities (
    id bigint NOT NULL,
    cluster_id bigint NOT NULL,
    gpus integer NOT NULL,
    valid daterange NOT NULL,
    evidence text NOT NULL,
    decision_id bigint NOT NULL,
    CONSTRAINT capacities_evidence_check CHECK ((evidence <> ''::text)),
    CONSTRAINT capacities_gpus_check CHECK ((gpus >= 0)),
    CONSTRAINT capacities_valid_check CHECK ((NOT isempty(valid)))
);

ALTER TABLE public.capacities OWNER TO suanquan_owner;

COMMENT ON TABLE public.capacities IS 'How many GPUs a cluster of a job source has, as two persons stated';

COMMENT ON COLUMN public.capacities.valid IS 'Beijing dates, half-open';

COMMENT ON COLUMN public.capacities.evidence IS 'What it was seen by';

ALTER TABLE public.capacities ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.capacities_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.case_courses (
    course text NOT NULL,
    place smallint NOT NULL,
    stage text NOT NULL,
    CONSTRAINT case_courses_course_check CHECK ((course <> ''::text)),
    CONSTRAINT case_courses_place_check CHECK ((place >= 1))
);

ALTER TABLE public.case_courses OWNER TO suanquan_owner;

COMMENT ON TABLE public.case_courses IS 'The stages through which cases go, in their order; append-only';

CREATE TABLE public.case_holds (
    id bigint NOT NULL,
    claim_id bigint NOT NULL,
    kind text NOT NULL,
    reason text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    opened_by text NOT NULL,
    due date,
    objection_id bigint,
    closed_at timestamp with time zone,
    closed_by text,
    outcome text,
    CONSTRAINT case_holds_check CHECK (((kind = 'objection'::text) = (objection_id IS NOT NULL))),
    CONSTRAINT case_holds_check1 CHECK ((((closed_at IS NULL) = (closed_by IS NULL)) AND ((closed_at IS NULL) = (outcome IS NULL)))),
    CONSTRAINT case_holds_outcome_check CHECK ((outcome <> ''::text)),
    CONSTRAINT case_holds_reason_check CHECK ((reason <> ''::text))
);

ALTER TABLE public.case_holds OWNER TO suanquan_owner;

COMMENT ON TABLE public.case_holds IS 'What holds cases up, apart from their stage';

COMMENT ON COLUMN public.case_holds.due IS 'The last Beijing day of its clock; null where it has none';

ALTER TABLE public.case_holds ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.case_holds_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.case_moves (
    course text NOT NULL,
    state text NOT NULL,
    action text NOT NULL,
    role text NOT NULL,
    next text NOT NULL,
    CONSTRAINT case_moves_role_check CHECK ((role = ANY (ARRAY['builder'::text, 'operator'::text, 'clerk'::text, 'approver'::text, 'finance'::text, 'server'::text])))
);

ALTER TABLE public.case_moves OWNER TO suanquan_owner;

COMMENT ON TABLE public.case_moves IS 'Who may do what to a case of a course in which state; derived from its stages';

CREATE TABLE public.case_steps (
    action text NOT NULL,
    roles text NOT NULL,
    states text NOT NULL,
    next text
);

ALTER TABLE public.case_steps OWNER TO suanquan_owner;

COMMENT ON TABLE public.case_steps IS 'Who may do what to a case, and where that leads; filled by the migrations';

COMMENT ON COLUMN public.case_steps.states IS 'The stage before one, those from one to another, or names';

CREATE TABLE public.catalogue_models (
    id bigint NOT NULL,
    name text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    CONSTRAINT catalogue_models_name_check CHECK ((name <> ''::text))
);

ALTER TABLE public.catalogue_models OWNER TO suanquan_owner;

COMMENT ON TABLE public.catalogue_models IS 'GPU models that prices speak of';

ALTER TABLE public.catalogue_models ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.catalogue_models_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.catalogue_names (
    nvml_name text NOT NULL,
    mig_profile text DEFAULT ''::text NOT NULL,
    model_id bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL
);

ALTER TABLE public.catalogue_names OWNER TO suanquan_owner;

COMMENT ON TABLE public.catalogue_names IS 'What NVML or a job source calls a device, by catalogue model';

COMMENT ON COLUMN public.catalogue_names.mig_profile IS 'Empty for the whole GPU';

CREATE TABLE public.cause_kinds (
    cause text NOT NULL,
    kind text NOT NULL
);

ALTER TABLE public.cause_kinds OWNER TO suanquan_owner;

COMMENT ON TABLE public.cause_kinds IS 'Which moves a cause may make; filled by the migrations';

CREATE TABLE public.centres (
    id bigint NOT NULL,
    name text NOT NULL,
    organisation_id bigint NOT NULL,
    simulated boolean DEFAULT false NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    CONSTRAINT centres_name_check CHECK ((name <> ''::text))
);

ALTER TABLE public.centres OWNER TO suanquan_owner;

COMMENT ON TABLE public.centres IS 'Smart-computing centres';

COMMENT ON COLUMN public.centres.simulated IS 'Made-up centre, marked on every page';

ALTER TABLE public.centres ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.centres_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.certificates (
    number text NOT NULL,
    project_id bigint NOT NULL,
    since date NOT NULL,
    until date NOT NULL,
    content text NOT NULL,
    hash bytea NOT NULL,
    key_id bigint NOT NULL,
    signature bytea NOT NULL,
    pdf bytea NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    issued_by text NOT NULL,
    CONSTRAINT certificates_check CHECK (((until > since) AND (EXTRACT(day FROM until) = (1)::numeric))),
    CONSTRAINT certificates_check1 CHECK ((hash = sha256(convert_to(content, 'UTF8'::name)))),
    CONSTRAINT certificates_issued_by_check CHECK ((issued_by <> ''::text)),
    CONSTRAINT certificates_number_check CHECK ((number <> ''::text)),
    CONSTRAINT certificates_signature_check CHECK ((octet_length(signature) = 64)),
    CONSTRAINT certificates_since_check CHECK ((EXTRACT(day FROM since) = (1)::numeric))
);

ALTER TABLE public.certificates OWNER TO suanquan_owner;

COMMENT ON TABLE public.certificates IS 'Certificates of metered use, signed by the bureau; append-only';

COMMENT ON COLUMN public.certificates.until IS 'The first day after the last month';

COMMENT ON COLUMN public.certificates.content IS 'The JSON that is signed, byte for byte';

COMMENT ON COLUMN public.certificates.hash IS 'SHA-256 of the content';

COMMENT ON COLUMN public.certificates.pdf IS 'The page as it was handed out; its bytes are signed too';

CREATE TABLE public.charges (
    id bigint NOT NULL,
    contract_id bigint NOT NULL,
    price_id bigint NOT NULL,
    month date NOT NULL,
    policy text NOT NULL,
    model_id bigint,
    mig_profile text NOT NULL,
    ms_num numeric NOT NULL,
    ms_den numeric NOT NULL,
    cost_fen bigint NOT NULL,
    promised_ms bigint,
    computed_at timestamp with time zone NOT NULL,
    CONSTRAINT charges_cost_fen_check CHECK ((cost_fen >= 0)),
    CONSTRAINT charges_month_check CHECK ((EXTRACT(day FROM month) = (1)::numeric)),
    CONSTRAINT charges_ms_den_check CHECK ((ms_den >= (1)::numeric)),
    CONSTRAINT charges_ms_num_check CHECK ((ms_num >= (0)::numeric)),
    CONSTRAINT charges_promised_ms_check CHECK ((promised_ms >= 0))
);

ALTER TABLE public.charges OWNER TO suanquan_owner;

COMMENT ON TABLE public.charges IS 'What a project owes a centre under one contract line for one month';

COMMENT ON COLUMN public.charges.month IS 'First day of the Beijing month';

COMMENT ON COLUMN public.charges.policy IS 'Policy version, with its rate where that changed; empty without a voucher';

COMMENT ON COLUMN public.charges.ms_num IS 'Device-milliseconds, numerator';

COMMENT ON COLUMN public.charges.ms_den IS 'Device-milliseconds, denominator';

COMMENT ON COLUMN public.charges.cost_fen IS 'Fen, rounded once';

COMMENT ON COLUMN public.charges.promised_ms IS 'Device-milliseconds that a reserved line was to deliver';

ALTER TABLE public.charges ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.charges_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.claim_cells (
    claim_id bigint NOT NULL,
    contract_id bigint NOT NULL,
    month date NOT NULL,
    fen bigint NOT NULL,
    approved_fen bigint,
    due_fen bigint GENERATED ALWAYS AS (COALESCE(approved_fen, fen)) STORED NOT NULL,
    CONSTRAINT claim_cells_check CHECK (((approved_fen >= 0) AND (approved_fen <= fen))),
    CONSTRAINT claim_cells_fen_check CHECK ((fen > 0)),
    CONSTRAINT claim_cells_month_check CHECK ((EXTRACT(day FROM month) = (1)::numeric))
);

ALTER TABLE public.claim_cells OWNER TO suanquan_owner;

COMMENT ON TABLE public.claim_cells IS 'Of which months of which contracts the money of a claim is';

COMMENT ON COLUMN public.claim_cells.month IS 'Its first day';

COMMENT ON COLUMN public.claim_cells.fen IS 'Fen that are asked for';

COMMENT ON COLUMN public.claim_cells.approved_fen IS 'Fen that two persons approved, at most what was asked for';

COMMENT ON COLUMN public.claim_cells.due_fen IS 'Fen to be paid of it in all';

CREATE TABLE public.claim_events (
    claim_id bigint NOT NULL,
    seq integer NOT NULL,
    course text DEFAULT 'voucher'::text NOT NULL,
    state text NOT NULL,
    action text NOT NULL,
    role text NOT NULL,
    next text NOT NULL,
    actor text NOT NULL,
    at timestamp with time zone NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    content jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT claim_events_seq_check CHECK ((seq >= 1))
);

ALTER TABLE public.claim_events OWNER TO suanquan_owner;

COMMENT ON TABLE public.claim_events IS 'Steps of a claim, numbered by a trigger';

COMMENT ON COLUMN public.claim_events.course IS 'Of its claim';

COMMENT ON COLUMN public.claim_events.content IS 'Of a decision by the policy: facts and result';

CREATE TABLE public.claim_files (
    claim_id bigint NOT NULL,
    role text NOT NULL,
    original text NOT NULL,
    proves text DEFAULT ''::text NOT NULL,
    added_at timestamp with time zone NOT NULL,
    added_by text NOT NULL,
    CONSTRAINT claim_files_role_check CHECK ((role = ANY (ARRAY['application'::text, 'commitment'::text, 'receipt'::text, 'account'::text, 'contract'::text, 'result'::text, 'other'::text]))),
    CONSTRAINT receipt_names_document CHECK (((role <> 'receipt'::text) OR (proves <> ''::text)))
);

ALTER TABLE public.claim_files OWNER TO suanquan_owner;

COMMENT ON TABLE public.claim_files IS 'Files of a claim and what each is for';

CREATE TABLE public.claims (
    id bigint NOT NULL,
    number text NOT NULL,
    voucher_id bigint NOT NULL,
    payee_id bigint NOT NULL,
    centre_id bigint,
    fen bigint NOT NULL,
    approved_fen bigint,
    due_fen bigint GENERATED ALWAYS AS (COALESCE(approved_fen, fen)) STORED NOT NULL,
    course text DEFAULT 'voucher'::text NOT NULL,
    state text DEFAULT 'draft'::text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    opened_by text NOT NULL,
    CONSTRAINT claims_check CHECK (((approved_fen >= 1) AND (approved_fen <= fen))),
    CONSTRAINT claims_fen_check CHECK ((fen > 0)),
    CONSTRAINT claims_number_check CHECK ((number <> ''::text))
);

ALTER TABLE public.claims OWNER TO suanquan_owner;

COMMENT ON TABLE public.claims IS 'A beneficiary asks for payable money of a voucher';

COMMENT ON COLUMN public.claims.centre_id IS 'The centre that redeems what was deducted at its counter; null where the beneficiary claims';

COMMENT ON COLUMN public.claims.fen IS 'Fen that are asked for';

COMMENT ON COLUMN public.claims.approved_fen IS 'Fen that two persons approved, at most what was asked for';

COMMENT ON COLUMN public.claims.due_fen IS 'Fen to be paid of it in all';

COMMENT ON COLUMN public.claims.course IS 'The stages that it goes through (case_courses)';

COMMENT ON COLUMN public.claims.state IS 'Written by a trigger from the events';

ALTER TABLE public.claims ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.claims_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.clause_rates (
    policy text NOT NULL,
    clause text NOT NULL,
    place integer NOT NULL,
    rate_num bigint NOT NULL,
    rate_den bigint NOT NULL,
    words text NOT NULL,
    CONSTRAINT clause_rates_check CHECK ((rate_den >= rate_num)),
    CONSTRAINT clause_rates_place_check CHECK ((place >= 0)),
    CONSTRAINT clause_rates_rate_num_check CHECK ((rate_num > 0))
);

ALTER TABLE public.clause_rates OWNER TO suanquan_owner;

COMMENT ON TABLE public.clause_rates IS 'Rates of a clause for those who meet their conditions';

COMMENT ON COLUMN public.clause_rates.rate_num IS 'Rate, numerator';

COMMENT ON COLUMN public.clause_rates.rate_den IS 'Rate, denominator';

COMMENT ON COLUMN public.clause_rates.words IS 'The words of the clause that state it';

CREATE TABLE public.closes (
    kind text NOT NULL,
    month date NOT NULL,
    closed_at timestamp with time zone NOT NULL,
    closed_by text NOT NULL,
    decision_id bigint,
    figures jsonb NOT NULL,
    items jsonb NOT NULL,
    digest text NOT NULL,
    CONSTRAINT books_take_two CHECK (((kind = 'books'::text) = (decision_id IS NOT NULL))),
    CONSTRAINT closes_closed_by_check CHECK ((closed_by <> ''::text)),
    CONSTRAINT closes_items_check CHECK ((jsonb_typeof(items) = 'array'::text)),
    CONSTRAINT closes_kind_check CHECK ((kind = ANY (ARRAY['usage'::text, 'books'::text]))),
    CONSTRAINT closes_month_check CHECK ((EXTRACT(day FROM month) = (1)::numeric)),
    CONSTRAINT digest_of_figures CHECK ((digest = public.digest_of(figures)))
);

ALTER TABLE public.closes OWNER TO suanquan_owner;

COMMENT ON TABLE public.closes IS 'Months that are closed, their usage or their books; append-only';

COMMENT ON COLUMN public.closes.month IS 'First day of the Beijing month';

COMMENT ON COLUMN public.closes.figures IS 'What the month came to as it was closed; what came later is the difference';

COMMENT ON COLUMN public.closes.items IS 'What was open and is carried: kind, owner (a role), subject, since, fen';

COMMENT ON COLUMN public.closes.digest IS 'SHA-256 of figures, hex; of the books it is what two persons decided';

CREATE TABLE public.clusters (
    id bigint NOT NULL,
    name text NOT NULL,
    centre_id bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    CONSTRAINT clusters_name_check CHECK ((name ~ '^[^/\s]{1,64}$'::text))
);

ALTER TABLE public.clusters OWNER TO suanquan_owner;

COMMENT ON TABLE public.clusters IS 'Clusters of a centre';

ALTER TABLE public.clusters ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.clusters_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW public.compared_clusters AS
 SELECT cluster_id
   FROM public.agents
  WHERE ((source = 'witness'::text) AND (approved_at IS NOT NULL))
UNION
 SELECT cluster_id
   FROM public.two_witnesses;

ALTER VIEW public.compared_clusters OWNER TO suanquan_owner;

COMMENT ON VIEW public.compared_clusters IS 'Clusters whose use is compared with what witnesses saw';

CREATE TABLE public.contract_terms (
    id bigint NOT NULL,
    contract_id bigint NOT NULL,
    valid daterange NOT NULL,
    total_fen bigint,
    superseded_at timestamp with time zone NOT NULL,
    superseded_by text NOT NULL
);

ALTER TABLE public.contract_terms OWNER TO suanquan_owner;

COMMENT ON TABLE public.contract_terms IS 'The days and totals that contracts had before';

COMMENT ON COLUMN public.contract_terms.valid IS 'Beijing dates, half-open';

COMMENT ON COLUMN public.contract_terms.total_fen IS 'Fen with tax';

COMMENT ON COLUMN public.contract_terms.superseded_at IS 'When others took their place';

ALTER TABLE public.contract_terms ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.contract_terms_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE public.contracts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.contracts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.controllers (
    id bigint NOT NULL,
    valid daterange NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    superseded_at timestamp with time zone,
    superseded_by text,
    recorded_in bigint NOT NULL,
    superseded_in bigint,
    decision_id bigint,
    superseded_decision_id bigint,
    organisation_id bigint NOT NULL,
    role text NOT NULL,
    person text NOT NULL,
    id_tail text,
    CONSTRAINT controllers_id_tail_check CHECK ((id_tail ~ '^[0-9]{5}[0-9X]$'::text)),
    CONSTRAINT controllers_person_check CHECK ((person <> ''::text)),
    CONSTRAINT controllers_role_check CHECK ((role = ANY (ARRAY['legal'::text, 'actual'::text]))),
    CONSTRAINT some_day CHECK ((NOT isempty(valid))),
    CONSTRAINT superseded_by_somebody CHECK (((superseded_at IS NULL) = (superseded_by IS NULL))),
    CONSTRAINT superseded_later CHECK ((superseded_at >= recorded_at))
);

ALTER TABLE public.controllers OWNER TO suanquan_owner;

COMMENT ON TABLE public.controllers IS 'Natural persons who control organisations';

COMMENT ON COLUMN public.controllers.valid IS 'Beijing dates, half-open';

COMMENT ON COLUMN public.controllers.superseded_at IS 'When another row, or none, took its place; null while it holds';

COMMENT ON COLUMN public.controllers.recorded_in IS 'Transaction, kept by a trigger';

COMMENT ON COLUMN public.controllers.superseded_in IS 'Transaction, kept by a trigger';

COMMENT ON COLUMN public.controllers.decision_id IS 'Who confirmed it; null where no charged usage was touched';

COMMENT ON COLUMN public.controllers.superseded_decision_id IS 'Who confirmed that it ended; null where no charged usage was touched';

COMMENT ON COLUMN public.controllers.id_tail IS 'Last six characters of the identity number';

ALTER TABLE public.controllers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.controllers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE public.corrections ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.corrections_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.cost_books (
    book_id bigint NOT NULL,
    reconciliation_id bigint NOT NULL
);

ALTER TABLE public.cost_books OWNER TO suanquan_owner;

COMMENT ON TABLE public.cost_books IS 'The book of costs of a reconciliation';

CREATE TABLE public.cost_documents (
    id bigint NOT NULL,
    kind text NOT NULL,
    code text DEFAULT ''::text NOT NULL,
    number text NOT NULL,
    issued_on date NOT NULL,
    seller_uscc text NOT NULL,
    seller_name text NOT NULL,
    buyer_uscc text NOT NULL,
    buyer_name text NOT NULL,
    net_fen bigint NOT NULL,
    tax_fen bigint NOT NULL,
    gross_fen bigint NOT NULL,
    since date NOT NULL,
    until date NOT NULL,
    period_assumed boolean DEFAULT false NOT NULL,
    period_contradicts boolean DEFAULT false NOT NULL,
    statement text,
    reverses_id bigint,
    confirmation text,
    remark text DEFAULT ''::text NOT NULL,
    source text NOT NULL,
    original text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    received_by text NOT NULL,
    decision_id bigint,
    confirmed_by text,
    confirmed_at timestamp with time zone,
    seal text DEFAULT 'missing'::text NOT NULL,
    seal_name text,
    sealed_at timestamp with time zone,
    vouched_by text,
    stands boolean GENERATED ALWAYS AS (((confirmed_at IS NOT NULL) OR (vouched_by IS NOT NULL))) STORED NOT NULL,
    dropped_at timestamp with time zone,
    CONSTRAINT cost_documents_check CHECK ((since <= until)),
    CONSTRAINT cost_documents_check1 CHECK (((confirmed_by IS NULL) = (confirmed_at IS NULL))),
    CONSTRAINT cost_documents_check2 CHECK ((((seal = 'holds'::text) = (vouched_by IS NOT NULL)) AND (num_nulls(seal_name, sealed_at, vouched_by) = ANY (ARRAY[0, 3])))),
    CONSTRAINT cost_documents_gross_fen_check CHECK ((gross_fen <> 0)),
    CONSTRAINT cost_documents_kind_check CHECK ((kind = ANY (ARRAY['digital_invoice'::text, 'electronic_invoice'::text, 'paper_invoice'::text, 'internal_settlement'::text, 'other'::text]))),
    CONSTRAINT cost_documents_number_check CHECK (((number <> ''::text) AND public.is_visible(number))),
    CONSTRAINT cost_documents_seal_check CHECK ((seal = ANY (ARRAY['holds'::text, 'missing'::text, 'no_roots'::text, 'unknown'::text, 'uncovered'::text, 'untrusted'::text]))),
    CONSTRAINT cost_documents_source_check CHECK ((source = ANY (ARRAY['xml'::text, 'ofd'::text, 'keyed'::text]))),
    CONSTRAINT only_refused_ones_drop CHECK (((dropped_at IS NULL) OR ((confirmed_at IS NULL) AND (vouched_by IS NULL)))),
    CONSTRAINT red_is_negative CHECK ((((reverses_id IS NOT NULL) = (gross_fen < 0)) AND ((sign((net_fen)::double precision) * sign((gross_fen)::double precision)) >= (0)::double precision))),
    CONSTRAINT sealed_is_ofd CHECK (((vouched_by IS NULL) OR (source = 'ofd'::text))),
    CONSTRAINT sealed_or_decided CHECK ((num_nulls(vouched_by, decision_id) = 1)),
    CONSTRAINT sum_of_document CHECK (((net_fen + tax_fen) = gross_fen)),
    CONSTRAINT verified_by_another CHECK ((public.person_of(confirmed_by) <> public.person_of(received_by)))
);

ALTER TABLE public.cost_documents OWNER TO suanquan_owner;

COMMENT ON TABLE public.cost_documents IS 'Invoices blue and red, and internal settlements';

COMMENT ON COLUMN public.cost_documents.net_fen IS 'Fen without tax, negative on a red one';

COMMENT ON COLUMN public.cost_documents.gross_fen IS 'Fen with tax';

COMMENT ON COLUMN public.cost_documents.since IS 'Beijing day, included';

COMMENT ON COLUMN public.cost_documents.until IS 'Beijing day, included';

COMMENT ON COLUMN public.cost_documents.period_assumed IS 'No period is known: since and until are the month of issue, and nothing is allocated';

COMMENT ON COLUMN public.cost_documents.reverses_id IS 'Of a red one: the blue one';

COMMENT ON COLUMN public.cost_documents.seal IS 'What came out of checking the electronic seal of its file';

COMMENT ON COLUMN public.cost_documents.stands IS 'Another person than who brought it has verified it, or a trusted authority vouches for its seal';

COMMENT ON COLUMN public.cost_documents.dropped_at IS 'Refused, and its number taken anew';

ALTER TABLE public.cost_documents ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.cost_documents_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.deductions (
    id bigint NOT NULL,
    document_id bigint NOT NULL,
    contract_id bigint NOT NULL,
    fen bigint NOT NULL,
    held_fen bigint NOT NULL,
    fall_decision_id bigint,
    stated_at timestamp with time zone NOT NULL,
    stated_by text NOT NULL,
    confirmed_at timestamp with time zone,
    confirmed_by text,
    consent_decision_id bigint,
    CONSTRAINT deduction_by_another CHECK ((public.person_of(confirmed_by) <> public.person_of(stated_by))),
    CONSTRAINT deductions_check CHECK (((held_fen >= 0) AND (held_fen <= fen))),
    CONSTRAINT deductions_check1 CHECK (((confirmed_at IS NULL) = (confirmed_by IS NULL))),
    CONSTRAINT deductions_check2 CHECK (((confirmed_at IS NOT NULL) OR (consent_decision_id IS NULL))),
    CONSTRAINT deductions_check3 CHECK (((fall_decision_id IS NOT NULL) OR (held_fen = fen))),
    CONSTRAINT deductions_fen_check CHECK ((fen > 0))
);

ALTER TABLE public.deductions OWNER TO suanquan_owner;

COMMENT ON TABLE public.deductions IS 'What a builder paid a centre for a document by its voucher, as both of them say';

COMMENT ON COLUMN public.deductions.fen IS 'Fen with tax';

COMMENT ON COLUMN public.deductions.held_fen IS 'Fen of it that hold: less once two persons decided what red documents took back';

COMMENT ON COLUMN public.deductions.consent_decision_id IS 'Two persons, for a file that the builder signed; null where the builder confirmed here';

CREATE VIEW public.counted_deductions AS
 SELECT id,
    LEAST(held_fen, (div(((((2)::numeric * (fen)::numeric) * GREATEST(gross_fen, (0)::numeric)) + (gross_fen)::numeric), ((2)::numeric * (gross_fen)::numeric)))::bigint) AS counted_fen
   FROM ((public.deductions x
     JOIN public.cost_documents d ON ((id = document_id)))
     CROSS JOIN LATERAL ( SELECT sum(gross_fen) AS gross_fen
           FROM public.cost_documents f
          WHERE ((COALESCE(reverses_id, id) = id) AND (stands OR (id = id)))) family);

ALTER VIEW public.counted_deductions OWNER TO suanquan_owner;

COMMENT ON VIEW public.counted_deductions IS 'What counts of each deduction now, less what red documents took back, fen';

CREATE TABLE public.courier_files (
    id bigint NOT NULL,
    centre_id bigint,
    kind text NOT NULL,
    name text NOT NULL,
    taken_at timestamp with time zone NOT NULL,
    taken_by text NOT NULL,
    outcome jsonb NOT NULL,
    answer bytea NOT NULL,
    CONSTRAINT courier_files_kind_check CHECK ((kind = ANY (ARRAY['batches'::text, 'enrolment'::text])))
);

ALTER TABLE public.courier_files OWNER TO suanquan_owner;

COMMENT ON TABLE public.courier_files IS 'Files that couriers brought to the page, and what went back';

COMMENT ON COLUMN public.courier_files.centre_id IS 'Of the operator who brought it; null: the bureau';

COMMENT ON COLUMN public.courier_files.outcome IS 'What came of it, as JSON rows';

COMMENT ON COLUMN public.courier_files.answer IS 'The receipt, or the answer to a request, for the way back';

ALTER TABLE public.courier_files ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.courier_files_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.coverage (
    gpu text NOT NULL,
    day date NOT NULL,
    cluster_id bigint NOT NULL,
    source text NOT NULL,
    windows integer NOT NULL,
    window_ms bigint NOT NULL,
    gap_ms bigint NOT NULL,
    energy_mj numeric,
    CONSTRAINT coverage_check CHECK (((gap_ms >= 0) AND (gap_ms <= window_ms))),
    CONSTRAINT coverage_window_ms_check CHECK ((window_ms >= 0)),
    CONSTRAINT coverage_windows_check CHECK ((windows >= 0))
)
WITH (fillfactor='70');

ALTER TABLE public.coverage OWNER TO suanquan_owner;

COMMENT ON TABLE public.coverage IS 'What was seen of each GPU on each Beijing day';

COMMENT ON COLUMN public.coverage.window_ms IS 'Milliseconds';

COMMENT ON COLUMN public.coverage.gap_ms IS 'Milliseconds without observation inside windows';

COMMENT ON COLUMN public.coverage.energy_mj IS 'Millijoules';

CREATE TABLE public.day_totals (
    gpu text NOT NULL,
    day date NOT NULL,
    cluster_id bigint NOT NULL,
    source text NOT NULL,
    model text NOT NULL,
    holder_kind text NOT NULL,
    holder text NOT NULL,
    mig_profile text NOT NULL,
    partition text DEFAULT ''::text NOT NULL,
    qos text DEFAULT ''::text NOT NULL,
    den integer NOT NULL,
    held bigint NOT NULL,
    util_ppm_ms numeric DEFAULT 0 NOT NULL,
    util_ms bigint DEFAULT 0 NOT NULL,
    CONSTRAINT day_totals_den_check CHECK ((den >= 1)),
    CONSTRAINT day_totals_held_check CHECK ((held >= 0)),
    CONSTRAINT day_totals_holder_kind_check CHECK ((holder_kind = ANY (ARRAY['pod'::text, 'slurm'::text, 'static'::text, 'unallocated'::text, 'unattributed'::text])))
)
WITH (fillfactor='70');

ALTER TABLE public.day_totals OWNER TO suanquan_owner;

COMMENT ON TABLE public.day_totals IS 'Sums of kept windows by GPU, Beijing day and holder';

COMMENT ON COLUMN public.day_totals.den IS 'Denominator of held';

COMMENT ON COLUMN public.day_totals.held IS 'Sum of held milliseconds times the slice''s numerator; divide by den for device-milliseconds';

COMMENT ON COLUMN public.day_totals.util_ppm_ms IS 'Utilisation in millionths times milliseconds';

COMMENT ON COLUMN public.day_totals.util_ms IS 'Milliseconds in which utilisation was measured';

CREATE VIEW public.moved_jobs AS
 SELECT gpu,
    day,
    cluster_id,
    source,
    model,
    holder_kind,
    holder,
    mig_profile,
    partition,
    qos,
    den,
    held,
    util_ppm_ms,
    util_ms,
    holder AS bound_holder
   FROM ((public.bindings b
     JOIN public.day_totals t ON (((cluster_id = cluster_id) AND (holder_kind = 'slurm'::text) AND (valid @> day) AND (holder = regexp_replace(holder, '/[^/]*$'::text, ''::text)))))
     JOIN public.job_users u ON (((cluster_id = cluster_id) AND (job = split_part(gpu, '/'::text, 3)) AND (job_user = regexp_replace(holder, '^.*/'::text, ''::text)))))
  WHERE ((holder_kind = 'user'::text) AND (superseded_at IS NULL) AND (NOT (EXISTS ( SELECT
           FROM public.two_witnesses r
          WHERE ((cluster_id = cluster_id) AND (valid @> day))))));

ALTER VIEW public.moved_jobs OWNER TO suanquan_owner;

COMMENT ON VIEW public.moved_jobs IS 'Use that a binding by user takes from its account''s';

CREATE VIEW public.use_corrections AS
 SELECT gpu,
    day,
    cluster_id,
    source,
    model,
    'slurm'::text AS holder_kind,
    holder,
    mig_profile,
    partition,
    qos,
    den,
    (- held) AS held,
    (- util_ppm_ms) AS util_ppm_ms,
    (- util_ms) AS util_ms
   FROM public.moved_jobs
UNION ALL
 SELECT gpu,
    day,
    cluster_id,
    source,
    model,
    'user'::text AS holder_kind,
    bound_holder AS holder,
    mig_profile,
    partition,
    qos,
    den,
    held,
    util_ppm_ms,
    util_ms
   FROM public.moved_jobs
UNION ALL
 SELECT gpu,
    day,
    cluster_id,
    source,
    model,
    holder_kind,
    holder,
    mig_profile,
    partition,
    qos,
    den,
    (- held) AS held,
    (- util_ppm_ms) AS util_ppm_ms,
    (- util_ms) AS util_ms
   FROM (public.two_witnesses r
     JOIN public.day_totals t ON (((cluster_id = cluster_id) AND (valid @> day))))
  WHERE (holder_kind = ANY (ARRAY['slurm'::text, 'static'::text]))
UNION ALL
 SELECT gpu,
    day,
    cluster_id,
    source,
    model,
    'pod'::text AS holder_kind,
    namespace AS holder,
    mig_profile,
    ''::text AS partition,
    ''::text AS qos,
    den,
        CASE
            WHEN counts THEN held
            ELSE (- held)
        END AS held,
        CASE
            WHEN counts THEN util_ppm_ms
            ELSE (- util_ppm_ms)
        END AS util_ppm_ms,
        CASE
            WHEN counts THEN util_ms
            ELSE (- util_ms)
        END AS util_ms
   FROM public.evidence
  WHERE (((NOT counts) OR (verdict = 'gap'::text)) AND (counts = (verdict = 'gap'::text)))
UNION ALL
 SELECT gpu,
    day,
    cluster_id,
    source,
    model,
    'pod'::text AS holder_kind,
    namespace AS holder,
    mig_profile,
    ''::text AS partition,
    ''::text AS qos,
    den,
    (- held) AS held,
    (- util_ppm_ms) AS util_ppm_ms,
    (- util_ms) AS util_ms
   FROM public.moved_use
UNION ALL
 SELECT gpu,
    day,
    cluster_id,
    source,
    model,
    holder_kind,
    holder,
    mig_profile,
    ''::text AS partition,
    ''::text AS qos,
    den,
    held,
    util_ppm_ms,
    util_ms
   FROM public.moved_use;

ALTER VIEW public.use_corrections OWNER TO suanquan_owner;

COMMENT ON VIEW public.use_corrections IS 'What is added to the day totals, or taken from them, before they are billed';

CREATE VIEW public.day_use AS
 SELECT gpu,
    day,
    cluster_id,
    source,
    model,
    holder_kind,
    holder,
    mig_profile,
    partition,
    qos,
    den,
    held,
    util_ppm_ms,
    util_ms
   FROM public.day_totals
UNION ALL
 SELECT gpu,
    day,
    cluster_id,
    source,
    model,
    holder_kind,
    holder,
    mig_profile,
    partition,
    qos,
    den,
    held,
    util_ppm_ms,
    util_ms
   FROM public.use_corrections;

ALTER VIEW public.day_use OWNER TO suanquan_owner;

COMMENT ON VIEW public.day_use IS 'Day totals under the holder that is bound, less what does not count';

CREATE TABLE public.decision_kinds (
    kind text NOT NULL,
    roles text[] NOT NULL
);

ALTER TABLE public.decision_kinds OWNER TO suanquan_owner;

COMMENT ON TABLE public.decision_kinds IS 'What is decided, and who may confirm it; filled by the migrations';

CREATE TABLE public.decisions (
    id bigint NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    content jsonb NOT NULL,
    digest text NOT NULL,
    reason text NOT NULL,
    decided_by text NOT NULL,
    decided_at timestamp with time zone NOT NULL,
    answer text,
    answered_by text,
    answered_at timestamp with time zone,
    answered_digest text,
    answer_reason text DEFAULT ''::text NOT NULL,
    CONSTRAINT confirms_what_was_decided CHECK (((answer IS DISTINCT FROM 'confirmed'::text) OR (NOT (answered_digest IS DISTINCT FROM digest)))),
    CONSTRAINT decisions_answer_check CHECK ((answer = ANY (ARRAY['confirmed'::text, 'refused'::text, 'withdrawn'::text]))),
    CONSTRAINT decisions_check CHECK ((((answer IS NULL) = (answered_by IS NULL)) AND ((answer IS NULL) = (answered_at IS NULL)))),
    CONSTRAINT decisions_decided_by_check CHECK ((decided_by <> ''::text)),
    CONSTRAINT decisions_digest_check CHECK ((digest ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT decisions_subject_check CHECK ((subject <> ''::text)),
    CONSTRAINT digest_of_content CHECK ((digest = public.digest_of(content))),
    CONSTRAINT two_persons CHECK (((answer IS NULL) OR (answer = 'withdrawn'::text) OR (public.person_of(answered_by) <> public.person_of(decided_by))))
);

ALTER TABLE public.decisions OWNER TO suanquan_owner;

COMMENT ON TABLE public.decisions IS 'What one person decided about a subject, and the one answer of another';

COMMENT ON COLUMN public.decisions.content IS 'What was decided, as JSON; its keys depend on kind';

COMMENT ON COLUMN public.decisions.digest IS 'SHA-256 of content, hex; a confirmation names it';

COMMENT ON COLUMN public.decisions.decided_by IS 'Actor: role:name#token';

ALTER TABLE public.decisions ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.decisions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE public.deductions ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.deductions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.differences (
    id bigint NOT NULL,
    decision_id bigint NOT NULL,
    reconciliation_id bigint NOT NULL,
    part text NOT NULL,
    code text NOT NULL,
    document_id bigint,
    line smallint,
    fen bigint NOT NULL,
    treatment text NOT NULL,
    reason text NOT NULL,
    CONSTRAINT differences_code_check CHECK ((code ~ '^R(0[1-9]|1[0-9]|20)$'::text)),
    CONSTRAINT differences_treatment_check CHECK ((treatment = ANY (ARRAY['exclude'::text, 'carry_over'::text, 'close'::text, 'note'::text])))
);

ALTER TABLE public.differences OWNER TO suanquan_owner;

COMMENT ON TABLE public.differences IS 'Typed differences of a cell, R01 to R20';

COMMENT ON COLUMN public.differences.fen IS 'Fen, above zero invoiced and not metered';

ALTER TABLE public.differences ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.differences_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.document_lines (
    document_id bigint NOT NULL,
    line smallint NOT NULL,
    item text NOT NULL,
    unit text DEFAULT ''::text NOT NULL,
    quantity text DEFAULT ''::text NOT NULL,
    unit_price text DEFAULT ''::text NOT NULL,
    net_fen bigint NOT NULL,
    tax_rate text DEFAULT ''::text NOT NULL,
    tax_fen bigint NOT NULL,
    CONSTRAINT document_lines_line_check CHECK ((line >= 1))
);

ALTER TABLE public.document_lines OWNER TO suanquan_owner;

COMMENT ON TABLE public.document_lines IS 'Lines of cost documents';

COMMENT ON COLUMN public.document_lines.net_fen IS 'Fen without tax';

COMMENT ON COLUMN public.document_lines.tax_fen IS 'Fen';

CREATE TABLE public.drill (
    is_drill boolean NOT NULL,
    CONSTRAINT drill_is_drill_check CHECK (is_drill)
);

ALTER TABLE public.drill OWNER TO suanquan_owner;

COMMENT ON TABLE public.drill IS 'One row, the owner''s: this database is a drill, and its moments are not the clock''s';

CREATE TABLE public.enrolment_codes (
    hash bytea NOT NULL,
    cluster_id bigint NOT NULL,
    source text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    history_from date,
    expires_at timestamp with time zone NOT NULL,
    agent_id uuid,
    CONSTRAINT enrolment_codes_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT enrolment_codes_source_check CHECK ((source = ANY (ARRAY['nvml'::text, 'dcgm'::text, 'slurm'::text, 'import'::text, 'witness'::text])))
);

ALTER TABLE public.enrolment_codes OWNER TO suanquan_owner;

COMMENT ON TABLE public.enrolment_codes IS 'One-time codes that make an agent';

COMMENT ON COLUMN public.enrolment_codes.hash IS 'SHA-256 of the code';

COMMENT ON COLUMN public.enrolment_codes.history_from IS 'Beijing date; becomes that of the agent';

COMMENT ON COLUMN public.enrolment_codes.agent_id IS 'Set when the code is used up';

CREATE TABLE public.entries (
    book_id bigint NOT NULL,
    role text NOT NULL,
    version bigint NOT NULL,
    movement_id bigint NOT NULL,
    amount bigint NOT NULL,
    balance bigint NOT NULL,
    CONSTRAINT entries_amount_check CHECK ((amount <> 0))
);

ALTER TABLE public.entries OWNER TO suanquan_owner;

COMMENT ON TABLE public.entries IS 'One side of a movement and the balance after it; written by a trigger';

COMMENT ON COLUMN public.entries.amount IS 'Fen, signed';

COMMENT ON COLUMN public.entries.balance IS 'Fen after the entry';

CREATE TABLE public.event_bookmarks (
    receiver text NOT NULL,
    "position" bigint NOT NULL,
    CONSTRAINT event_bookmarks_position_check CHECK (("position" >= 0)),
    CONSTRAINT event_bookmarks_receiver_check CHECK ((receiver <> ''::text))
);

ALTER TABLE public.event_bookmarks OWNER TO suanquan_owner;

COMMENT ON TABLE public.event_bookmarks IS 'What was sent out: up to which place, and to whom';

ALTER TABLE public.events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.evidence_changes (
    id bigint NOT NULL,
    cluster_id bigint NOT NULL,
    days datemultirange NOT NULL
);

ALTER TABLE public.evidence_changes OWNER TO suanquan_owner;

COMMENT ON TABLE public.evidence_changes IS 'Days that are to be compared anew';

ALTER TABLE public.evidence_changes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.evidence_changes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.evidence_days (
    cluster_id bigint NOT NULL,
    day date NOT NULL,
    windows bigint NOT NULL
);

ALTER TABLE public.evidence_days OWNER TO suanquan_owner;

COMMENT ON TABLE public.evidence_days IS 'With how many windows a day was compared';

ALTER TABLE public.evidence ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.evidence_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.excluded_months (
    decision_id bigint NOT NULL,
    voucher_id bigint NOT NULL,
    contract_id bigint NOT NULL,
    month date NOT NULL,
    readmission_id bigint,
    CONSTRAINT excluded_months_month_check CHECK ((EXTRACT(day FROM month) = (1)::numeric))
);

ALTER TABLE public.excluded_months OWNER TO suanquan_owner;

COMMENT ON TABLE public.excluded_months IS 'Months of contracts that earn nothing, decided by two persons';

COMMENT ON COLUMN public.excluded_months.month IS 'Beijing month, its first day';

COMMENT ON COLUMN public.excluded_months.readmission_id IS 'The decision by which it earns again; null: it is excluded';

CREATE TABLE public.failed_sign_ins (
    id bigint NOT NULL,
    login_id bigint NOT NULL,
    source bytea NOT NULL,
    address text NOT NULL,
    browser text NOT NULL,
    fault text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT failed_sign_ins_fault_check CHECK ((fault = ANY (ARRAY['password'::text, 'code'::text, 'token'::text, 'step_up'::text]))),
    CONSTRAINT failed_sign_ins_source_check CHECK ((octet_length(source) = 32))
);

ALTER TABLE public.failed_sign_ins OWNER TO suanquan_owner;

COMMENT ON TABLE public.failed_sign_ins IS 'Sign-ins by a login that did not succeed, for good';

COMMENT ON COLUMN public.failed_sign_ins.source IS 'SHA-256 of a device that the holder used, or of a network';

COMMENT ON COLUMN public.failed_sign_ins.fault IS 'What was wrong: the password, the code, the token has ended, or the code at a confirmation';

ALTER TABLE public.failed_sign_ins ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.failed_sign_ins_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.red_parts (
    document_id bigint NOT NULL,
    line smallint NOT NULL,
    fen bigint NOT NULL,
    decision_id bigint,
    CONSTRAINT red_parts_fen_check CHECK ((fen < 0))
);

ALTER TABLE public.red_parts OWNER TO suanquan_owner;

COMMENT ON TABLE public.red_parts IS 'Which lines of its blue document a red one takes back';

COMMENT ON COLUMN public.red_parts.line IS 'Line of the blue document';

COMMENT ON COLUMN public.red_parts.fen IS 'Fen without tax, below zero';

COMMENT ON COLUMN public.red_parts.decision_id IS 'Null where the red document says it itself';

CREATE VIEW public.family_sums AS
 SELECT root,
    (sum(net_fen))::bigint AS net_fen,
    (sum(allocated_fen))::bigint AS allocated_fen
   FROM ( SELECT COALESCE(reverses_id, id) AS root,
                CASE
                    WHEN (reverses_id IS NOT NULL) THEN ( SELECT COALESCE(sum(fen), (0)::numeric) AS "coalesce"
                       FROM public.red_parts p
                      WHERE (document_id = id))
                    WHEN stands THEN (net_fen)::numeric
                    ELSE (0)::numeric
                END AS net_fen,
            ( SELECT COALESCE(sum(fen), (0)::numeric) AS "coalesce"
                   FROM public.allocations a
                  WHERE (document_id = id)) AS allocated_fen
           FROM public.cost_documents d) f
  GROUP BY root;

ALTER VIEW public.family_sums OWNER TO suanquan_owner;

COMMENT ON VIEW public.family_sums IS 'An invoice with its red ones: net and allocated, fen';

CREATE TABLE public.forks (
    stream uuid NOT NULL,
    number bigint NOT NULL,
    hash bytea NOT NULL,
    agent_id uuid NOT NULL,
    received_at timestamp with time zone NOT NULL,
    bytes bytea NOT NULL
);

ALTER TABLE public.forks OWNER TO suanquan_owner;

COMMENT ON TABLE public.forks IS 'Second bodies for a known batch number, kept as evidence';

COMMENT ON COLUMN public.forks.hash IS 'SHA-256 of bytes';

CREATE TABLE public.freezes (
    id bigint NOT NULL,
    document_id bigint NOT NULL,
    confirmation text NOT NULL,
    frozen_at timestamp with time zone NOT NULL,
    frozen_by text NOT NULL,
    lifted_at timestamp with time zone,
    lifted_by text,
    CONSTRAINT freezes_check CHECK (((lifted_at IS NULL) = (lifted_by IS NULL))),
    CONSTRAINT freezes_confirmation_check CHECK ((confirmation <> ''::text))
);

ALTER TABLE public.freezes OWNER TO suanquan_owner;

COMMENT ON TABLE public.freezes IS 'Invoices frozen by a red confirmation on its way';

ALTER TABLE public.freezes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.freezes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW public.unclear_reds AS
 SELECT id,
    reverses_id
   FROM public.cost_documents d
  WHERE ((reverses_id IS NOT NULL) AND (net_fen < 0) AND stands AND (NOT (EXISTS ( SELECT
           FROM public.red_parts p
          WHERE (document_id = id)))));

ALTER VIEW public.unclear_reds OWNER TO suanquan_owner;

COMMENT ON VIEW public.unclear_reds IS 'Red documents that do not say which lines they take back';

CREATE VIEW public.frozen_documents AS
 SELECT document_id AS id
   FROM public.freezes
  WHERE (lifted_at IS NULL)
UNION
 SELECT reverses_id AS id
   FROM public.unclear_reds;

ALTER VIEW public.frozen_documents OWNER TO suanquan_owner;

COMMENT ON VIEW public.frozen_documents IS 'Documents with a red one that is on its way or unclear';

CREATE TABLE public.gpus (
    gpu text NOT NULL,
    cluster_id bigint NOT NULL,
    node text NOT NULL,
    registered_from timestamp with time zone NOT NULL,
    retired_at timestamp with time zone,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    changed_at timestamp with time zone,
    changed_by text,
    decision_id bigint,
    CONSTRAINT gpus_check CHECK ((retired_at > registered_from)),
    CONSTRAINT gpus_check1 CHECK (((changed_at IS NULL) = (changed_by IS NULL))),
    CONSTRAINT gpus_gpu_check CHECK ((gpu ~ '^(GPU-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|NPU-[0-9a-f]{8}(-[0-9a-f]{8}){4})$'::text)),
    CONSTRAINT gpus_node_check CHECK ((node <> ''::text))
);

ALTER TABLE public.gpus OWNER TO suanquan_owner;

COMMENT ON TABLE public.gpus IS 'Registered physical GPUs';

COMMENT ON COLUMN public.gpus.gpu IS 'NVML UUID';

COMMENT ON COLUMN public.gpus.changed_at IS 'When it was moved or retired';

COMMENT ON COLUMN public.gpus.decision_id IS 'Who confirmed where it stands; null where none of its use was charged';

CREATE TABLE public.history (
    id bigint NOT NULL,
    relation text NOT NULL,
    "row" jsonb NOT NULL,
    act text NOT NULL,
    replaced_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    replaced_by text DEFAULT SESSION_USER NOT NULL,
    CONSTRAINT history_act_check CHECK ((act = ANY (ARRAY['UPDATE'::text, 'DELETE'::text]))),
    CONSTRAINT history_relation_check CHECK ((relation = ANY (ARRAY['charges'::text, 'allocations'::text, 'year_waits'::text])))
);

ALTER TABLE public.history OWNER TO suanquan_owner;

COMMENT ON TABLE public.history IS 'What charges, allocations and waits said before; append-only, by triggers';

COMMENT ON COLUMN public.history."row" IS 'The row before it was changed or deleted, fen as there';

COMMENT ON COLUMN public.history.replaced_by IS 'The login of the database; who decided stands in the rows';

ALTER TABLE public.history ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.history_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.hold_days (
    cluster_id bigint NOT NULL,
    day date NOT NULL,
    gpu text NOT NULL,
    source text NOT NULL,
    windows integer NOT NULL,
    until timestamp with time zone NOT NULL
);

ALTER TABLE public.hold_days OWNER TO suanquan_owner;

COMMENT ON TABLE public.hold_days IS 'Up to where the windows of a GPU''s day were read into holds';

CREATE TABLE public.hold_kinds (
    kind text NOT NULL,
    owner text NOT NULL,
    days integer,
    gates text[] NOT NULL,
    CONSTRAINT hold_kinds_days_check CHECK ((days >= 1))
);

ALTER TABLE public.hold_kinds OWNER TO suanquan_owner;

COMMENT ON TABLE public.hold_kinds IS 'What may hold a case up; filled by the migrations';

COMMENT ON COLUMN public.hold_kinds.days IS 'Working days; null: no clock';

COMMENT ON COLUMN public.hold_kinds.gates IS 'Steps that are not taken meanwhile';

CREATE TABLE public.holds (
    cluster_id bigint NOT NULL,
    day date NOT NULL,
    gpu text NOT NULL,
    source text NOT NULL,
    kind text NOT NULL,
    device text DEFAULT ''::text NOT NULL,
    namespace text DEFAULT ''::text NOT NULL,
    pod text DEFAULT ''::text NOT NULL,
    container text DEFAULT ''::text NOT NULL,
    uid text DEFAULT ''::text NOT NULL,
    model text DEFAULT ''::text NOT NULL,
    mig_profile text DEFAULT ''::text NOT NULL,
    num bigint DEFAULT 1 NOT NULL,
    den integer DEFAULT 1 NOT NULL,
    low timestamp with time zone NOT NULL,
    high timestamp with time zone NOT NULL,
    util_ppm_ms numeric DEFAULT 0 NOT NULL,
    util_ms bigint DEFAULT 0 NOT NULL,
    CONSTRAINT holds_check CHECK ((high > low)),
    CONSTRAINT holds_kind_check CHECK ((kind = ANY (ARRAY['pod'::text, 'seen'::text])))
);

ALTER TABLE public.holds OWNER TO suanquan_owner;

COMMENT ON TABLE public.holds IS 'How long a pod held a device, and how long anybody looked; from windows';

COMMENT ON COLUMN public.holds.kind IS 'pod: a pod held it; seen: somebody looked at the GPU';

COMMENT ON COLUMN public.holds.uid IS 'Empty where the allocation does not tell it';

CREATE TABLE public.incident_rulings (
    incident_id bigint NOT NULL,
    counts boolean NOT NULL,
    decision_id bigint NOT NULL
);

ALTER TABLE public.incident_rulings OWNER TO suanquan_owner;

COMMENT ON TABLE public.incident_rulings IS 'Whether an incident''s use counts, as two persons decided';

CREATE TABLE public.incident_spans (
    incident_id bigint NOT NULL,
    gpu text NOT NULL,
    device text NOT NULL,
    holder text NOT NULL,
    node text NOT NULL,
    num bigint NOT NULL,
    den integer NOT NULL,
    span tstzrange NOT NULL,
    reason text,
    CONSTRAINT incident_spans_span_check CHECK ((NOT isempty(span)))
);

ALTER TABLE public.incident_spans OWNER TO suanquan_owner;

COMMENT ON TABLE public.incident_spans IS 'The time of devices and pods that an incident is of';

COMMENT ON COLUMN public.incident_spans.holder IS 'Namespace, pod, container, and UID where it is known';

CREATE TABLE public.incidents (
    id bigint NOT NULL,
    cluster_id bigint NOT NULL,
    kind text NOT NULL,
    explanation text NOT NULL,
    original text NOT NULL,
    file text NOT NULL,
    explained_by text NOT NULL,
    explained_at timestamp with time zone NOT NULL,
    CONSTRAINT incidents_explanation_check CHECK ((explanation <> ''::text)),
    CONSTRAINT incidents_file_check CHECK ((file <> ''::text)),
    CONSTRAINT incidents_kind_check CHECK ((kind = ANY (ARRAY['contradicting'::text, 'single'::text, 'gap'::text])))
);

ALTER TABLE public.incidents OWNER TO suanquan_owner;

COMMENT ON TABLE public.incidents IS 'What contradicts or is missing, as a person explained it with a file';

COMMENT ON COLUMN public.incidents.original IS 'Hash of the file that proves the explanation';

COMMENT ON COLUMN public.incidents.file IS 'Name of that file';

COMMENT ON COLUMN public.incidents.explained_by IS 'Actor: role:name#token';

ALTER TABLE public.incidents ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.incidents_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.indicator_shares (
    scheme bigint NOT NULL,
    place smallint NOT NULL,
    bearer text NOT NULL,
    indicator_id bigint NOT NULL,
    weight integer NOT NULL,
    CONSTRAINT indicator_shares_bearer_check CHECK ((bearer <> ''::text)),
    CONSTRAINT indicator_shares_place_check CHECK ((place >= 1)),
    CONSTRAINT indicator_shares_weight_check CHECK ((weight > 0))
);

ALTER TABLE public.indicator_shares OWNER TO suanquan_owner;

COMMENT ON TABLE public.indicator_shares IS 'Who bears which share of what these indicators pay';

COMMENT ON COLUMN public.indicator_shares.weight IS 'Of all weights of its scheme';

CREATE TABLE public.indicators (
    id bigint NOT NULL,
    book_id bigint NOT NULL,
    number text NOT NULL,
    year integer NOT NULL,
    project_name text NOT NULL,
    fund_kind text NOT NULL,
    classification text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    opened_by text NOT NULL,
    CONSTRAINT indicators_classification_check CHECK ((classification ~ '^\d{3}(\d{2}(\d{2})?)?$'::text)),
    CONSTRAINT indicators_number_check CHECK (((number <> ''::text) AND public.is_visible(number))),
    CONSTRAINT indicators_year_check CHECK (((year >= 2000) AND (year <= 2199)))
);

ALTER TABLE public.indicators OWNER TO suanquan_owner;

COMMENT ON TABLE public.indicators IS 'Budget indicators of a year';

COMMENT ON COLUMN public.indicators.book_id IS 'Book of its money';

ALTER TABLE public.indicators ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.indicators_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE public.invitations ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.invitations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW public.kept_batches AS
 SELECT stream,
    number,
    hash,
    signature,
    agent_id,
    received_at,
    answer,
    bytes
   FROM public.batches
UNION ALL
 SELECT stream,
    number,
    hash,
    signature,
    agent_id,
    received_at,
    answer,
    bytes
   FROM ((public.roll_spans s
     CROSS JOIN LATERAL public.roll_at(stream, first) r(stream, first, last, seal, agent_id, received, hashes, signatures, leaves, templates, counts, columns, kinds, bases, steps, widths, content))
     CROSS JOIN LATERAL public.open_roll(r.*) o(stream, number, hash, signature, agent_id, received_at, answer, bytes))
  WHERE (NOT (EXISTS ( SELECT
           FROM public.archived_rolls a
          WHERE ((stream = stream) AND (first = first)))));

ALTER VIEW public.kept_batches OWNER TO suanquan_owner;

COMMENT ON VIEW public.kept_batches IS 'Batches in whatever form this database keeps them, as they came';

CREATE TABLE public.sealed_rows (
    seal bigint NOT NULL,
    relation text NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C",
    hash bytea,
    CONSTRAINT sealed_rows_hash_check CHECK ((octet_length(hash) = 32))
);

ALTER TABLE public.sealed_rows OWNER TO suanquan_owner;

COMMENT ON TABLE public.sealed_rows IS 'The rows that a seal took, and their hashes; append-only';

COMMENT ON COLUMN public.sealed_rows.hash IS 'Of the canonical row; null: the row was gone';

CREATE VIEW public.kept_leaves AS
 SELECT seal,
    relation,
    key,
    hash,
    false AS away
   FROM public.sealed_rows
UNION ALL
 SELECT seal,
    'batches'::text AS relation,
    ((jsonb_build_array(stream, (first + n)))::text COLLATE "C") AS key,
    SUBSTRING(leaves FROM ((32 * n) + 1) FOR 32) AS hash,
    false AS away
   FROM ((public.roll_spans s
     CROSS JOIN LATERAL public.roll_leaves(stream, first) r(seal, last, leaves))
     CROSS JOIN LATERAL generate_series(0, ((last - first))::integer) n(n))
UNION ALL
 SELECT seal,
    'batches'::text AS relation,
    ((jsonb_build_array(stream, (first + n)))::text COLLATE "C") AS key,
    SUBSTRING(leaves FROM ((32 * n) + 1) FOR 32) AS hash,
    true AS away
   FROM (public.archived_rolls a
     CROSS JOIN LATERAL generate_series(0, ((octet_length(leaves) / 32) - 1)) n(n));

ALTER VIEW public.kept_leaves OWNER TO suanquan_owner;

COMMENT ON VIEW public.kept_leaves IS 'The rows that seals took, and their hashes; those of packed batches too';

COMMENT ON COLUMN public.kept_leaves.away IS 'Whether the row lies in the archive';

CREATE TABLE public.legal_moves (
    kind text NOT NULL,
    from_role text NOT NULL,
    to_role text NOT NULL
);

ALTER TABLE public.legal_moves OWNER TO suanquan_owner;

COMMENT ON TABLE public.legal_moves IS 'The moves of money that exist; filled by the migrations';

CREATE TABLE public.lent_rolls (
    stream uuid NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL,
    seal bigint NOT NULL,
    agent_id uuid NOT NULL,
    received tstzrange NOT NULL,
    hashes bytea NOT NULL,
    signatures bytea NOT NULL,
    leaves bytea NOT NULL,
    templates text[] NOT NULL,
    counts integer[] NOT NULL,
    columns smallint[] NOT NULL,
    kinds text NOT NULL,
    bases bigint[] NOT NULL,
    steps bigint[] NOT NULL,
    widths smallint[] NOT NULL,
    content bytea NOT NULL,
    lent_at timestamp with time zone NOT NULL
);

ALTER TABLE public.lent_rolls OWNER TO suanquan_owner;

COMMENT ON TABLE public.lent_rolls IS 'Archived rolls that were brought back to be read, for some days';

CREATE VIEW public.line_sums AS
 SELECT document_id AS root,
    line,
    (net_fen + (( SELECT COALESCE(sum(fen), (0)::numeric) AS "coalesce"
           FROM (public.cost_documents r
             JOIN public.red_parts p ON (((document_id = id) AND (line = line))))
          WHERE (reverses_id = document_id)))::bigint) AS net_fen,
    (( SELECT COALESCE(sum(fen), (0)::numeric) AS "coalesce"
           FROM (public.cost_documents f
             JOIN public.allocations a ON (((document_id = id) AND (line = line))))
          WHERE (COALESCE(reverses_id, id) = document_id)))::bigint AS allocated_fen
   FROM public.document_lines l;

ALTER VIEW public.line_sums OWNER TO suanquan_owner;

COMMENT ON VIEW public.line_sums IS 'A line of an invoice, net of its red ones: net and allocated, fen';

CREATE TABLE public.logins (
    id bigint NOT NULL,
    token_id bigint NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT login_name CHECK (((name ~ '^\S{2,64}$'::text) AND public.is_visible(name)))
);

ALTER TABLE public.logins OWNER TO suanquan_owner;

COMMENT ON TABLE public.logins IS 'Names that open a token in a browser, with a password and a code';

ALTER TABLE public.logins ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.logins_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.lookups (
    id bigint NOT NULL,
    document_id bigint NOT NULL,
    result text NOT NULL,
    looked_up_on date NOT NULL,
    original text NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    entered_at timestamp with time zone NOT NULL,
    entered_by text NOT NULL,
    CONSTRAINT lookups_check CHECK ((looked_up_on <= ((entered_at AT TIME ZONE '08:00:00'::interval))::date)),
    CONSTRAINT lookups_entered_by_check CHECK ((entered_by <> ''::text)),
    CONSTRAINT lookups_result_check CHECK ((result = ANY (ARRAY['agrees'::text, 'differs'::text, 'unknown'::text, 'void'::text])))
);

ALTER TABLE public.lookups OWNER TO suanquan_owner;

COMMENT ON TABLE public.lookups IS 'What the tax bureau''s platform said of a document (查验)';

COMMENT ON COLUMN public.lookups.looked_up_on IS 'Beijing day';

ALTER TABLE public.lookups ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.lookups_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.match_lines (
    reconciliation_id bigint NOT NULL,
    part text NOT NULL,
    document_id bigint NOT NULL,
    line smallint NOT NULL,
    fen bigint NOT NULL,
    good_fen bigint NOT NULL,
    CONSTRAINT match_lines_check CHECK (((good_fen >= 0) AND (good_fen <= fen)))
);

ALTER TABLE public.match_lines OWNER TO suanquan_owner;

COMMENT ON TABLE public.match_lines IS 'On which lines of invoices a match rests; written by a trigger';

COMMENT ON COLUMN public.match_lines.fen IS 'Fen allocated when decided';

COMMENT ON COLUMN public.match_lines.good_fen IS 'Fen of it that were not excluded';

CREATE TABLE public.match_usage (
    reconciliation_id bigint NOT NULL,
    part text NOT NULL,
    policy text NOT NULL,
    fen bigint NOT NULL,
    days datemultirange NOT NULL,
    held_num numeric NOT NULL,
    held_den numeric NOT NULL,
    CONSTRAINT match_usage_fen_check CHECK ((fen >= 0)),
    CONSTRAINT match_usage_held_den_check CHECK ((held_den > (0)::numeric)),
    CONSTRAINT match_usage_held_num_check CHECK ((held_num >= (0)::numeric))
);

ALTER TABLE public.match_usage OWNER TO suanquan_owner;

COMMENT ON TABLE public.match_usage IS 'What was metered of a cell under each version when the books came to rest on it; by a trigger';

COMMENT ON COLUMN public.match_usage.fen IS 'Fen';

COMMENT ON COLUMN public.match_usage.days IS 'Days of the month that were under it then';

COMMENT ON COLUMN public.match_usage.held_num IS 'What the books rest on of it, fen: so many of held_den';

COMMENT ON COLUMN public.match_usage.held_den IS 'Parts of a fen, the same for all versions of a match';

CREATE TABLE public.matches (
    reconciliation_id bigint NOT NULL,
    part text NOT NULL,
    metered_fen bigint NOT NULL,
    invoiced_fen bigint NOT NULL,
    matched_fen bigint NOT NULL,
    extra_fen bigint NOT NULL,
    extra_over_fen bigint NOT NULL,
    closed_fen bigint NOT NULL,
    carried boolean DEFAULT false NOT NULL,
    held_fen bigint NOT NULL,
    decision_id bigint NOT NULL,
    extra_decision_id bigint,
    fall_decision_id bigint,
    CONSTRAINT matched_was_metered CHECK ((matched_fen <= (metered_fen + extra_fen))),
    CONSTRAINT matches_check CHECK ((matched_fen <= invoiced_fen)),
    CONSTRAINT matches_check1 CHECK ((held_fen <= matched_fen)),
    CONSTRAINT matches_check2 CHECK ((closed_fen <= metered_fen)),
    CONSTRAINT matches_check3 CHECK (((extra_decision_id IS NOT NULL) OR ((extra_fen = 0) AND (extra_over_fen = 0)))),
    CONSTRAINT matches_closed_fen_check CHECK ((closed_fen >= 0)),
    CONSTRAINT matches_extra_fen_check CHECK ((extra_fen >= 0)),
    CONSTRAINT matches_extra_over_fen_check CHECK ((extra_over_fen >= 0)),
    CONSTRAINT matches_held_fen_check CHECK ((held_fen >= 0)),
    CONSTRAINT matches_invoiced_fen_check CHECK ((invoiced_fen >= 0)),
    CONSTRAINT matches_matched_fen_check CHECK ((matched_fen >= 0)),
    CONSTRAINT matches_metered_fen_check CHECK ((metered_fen >= 0)),
    CONSTRAINT matches_part_check CHECK ((part = ANY (ARRAY['compute'::text, 'package'::text, 'fee'::text])))
);

ALTER TABLE public.matches OWNER TO suanquan_owner;

COMMENT ON TABLE public.matches IS 'What two persons last decided of a cell';

COMMENT ON COLUMN public.matches.matched_fen IS 'Fen that count';

COMMENT ON COLUMN public.matches.extra_fen IS 'Fen used beyond what was metered';

COMMENT ON COLUMN public.matches.closed_fen IS 'Fen metered that will not be invoiced';

COMMENT ON COLUMN public.matches.carried IS 'What was not invoiced was once carried over';

COMMENT ON COLUMN public.matches.held_fen IS 'Fen that the books rest on; falls by two persons only';

CREATE TABLE public.messages (
    id bigint NOT NULL,
    reconciliation_id bigint NOT NULL,
    document_id bigint,
    code text NOT NULL,
    body text NOT NULL,
    answer_by date NOT NULL,
    sent_at timestamp with time zone NOT NULL,
    sent_by text NOT NULL,
    answer text,
    answered_at timestamp with time zone,
    answered_by text,
    CONSTRAINT messages_answer_check CHECK ((answer <> ''::text)),
    CONSTRAINT messages_body_check CHECK ((body <> ''::text)),
    CONSTRAINT messages_check CHECK ((((answer IS NULL) = (answered_at IS NULL)) AND ((answer IS NULL) = (answered_by IS NULL)))),
    CONSTRAINT messages_code_check CHECK ((code ~ '^R(0[1-9]|1[0-9]|20)$'::text))
);

ALTER TABLE public.messages OWNER TO suanquan_owner;

COMMENT ON TABLE public.messages IS 'Questions to a centre';

COMMENT ON COLUMN public.messages.answer_by IS 'Beijing day';

ALTER TABLE public.messages ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.messages_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.movements (
    id bigint NOT NULL,
    posting_id bigint NOT NULL,
    book_id bigint NOT NULL,
    kind text NOT NULL,
    from_role text NOT NULL,
    to_role text NOT NULL,
    amount bigint NOT NULL,
    CONSTRAINT amount_above_zero CHECK ((amount > 0))
);

ALTER TABLE public.movements OWNER TO suanquan_owner;

COMMENT ON TABLE public.movements IS 'Money from one role to another of one book; append-only';

COMMENT ON COLUMN public.movements.amount IS 'Fen, above zero';

ALTER TABLE public.movements ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.movements_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.number_reads (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    accounts bigint[] NOT NULL,
    place text NOT NULL,
    CONSTRAINT number_reads_actor_check CHECK ((actor <> ''::text)),
    CONSTRAINT number_reads_place_check CHECK ((place <> ''::text))
);

ALTER TABLE public.number_reads OWNER TO suanquan_owner;

COMMENT ON TABLE public.number_reads IS 'Who saw account numbers whole, when and where; append-only';

COMMENT ON COLUMN public.number_reads.accounts IS 'Keys of bank_accounts; empty for one not confirmed yet';

COMMENT ON COLUMN public.number_reads.place IS 'The address of the page, answer or file';

ALTER TABLE public.number_reads ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.number_reads_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.numbering (
    one boolean DEFAULT true NOT NULL,
    last bigint NOT NULL,
    usage_closed date,
    books_closed date,
    CONSTRAINT numbering_one_check CHECK (one)
);

ALTER TABLE public.numbering OWNER TO suanquan_owner;

COMMENT ON TABLE public.numbering IS 'The last number given to a posting; one row, locked at commit';

COMMENT ON COLUMN public.numbering.usage_closed IS 'First day of the last month whose usage is closed';

COMMENT ON COLUMN public.numbering.books_closed IS 'First day of the last month whose books are closed';

CREATE TABLE public.objections (
    id bigint NOT NULL,
    publication_id bigint NOT NULL,
    objector text NOT NULL,
    contact text NOT NULL,
    body text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    received_by text NOT NULL,
    upheld boolean,
    resolution text,
    resolved_at timestamp with time zone,
    resolved_by text,
    CONSTRAINT objections_body_check CHECK ((body <> ''::text)),
    CONSTRAINT objections_check CHECK ((((upheld IS NULL) = (resolution IS NULL)) AND ((upheld IS NULL) = (resolved_at IS NULL)) AND ((upheld IS NULL) = (resolved_by IS NULL))))
);

ALTER TABLE public.objections OWNER TO suanquan_owner;

COMMENT ON TABLE public.objections IS 'Objections to a publication and how they ended';

ALTER TABLE public.objections ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.objections_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.postings (
    id bigint NOT NULL,
    number bigint,
    cause text NOT NULL,
    used public.month NOT NULL,
    booked public.month NOT NULL,
    actor text NOT NULL,
    posted_at timestamp with time zone,
    note jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT postings_actor_check CHECK ((actor <> ''::text)),
    CONSTRAINT postings_cause_check CHECK ((cause <> ''::text))
);

ALTER TABLE public.postings OWNER TO suanquan_owner;

COMMENT ON TABLE public.postings IS 'Why money moved; append-only';

COMMENT ON COLUMN public.postings.number IS 'Gapless, in commit order, given at commit';

COMMENT ON COLUMN public.postings.cause IS 'Derived from what caused it, so that nothing is posted twice';

COMMENT ON COLUMN public.postings.used IS 'First day of the month of use';

COMMENT ON COLUMN public.postings.booked IS 'First day of the month of booking';

CREATE VIEW public.open_postings AS
 SELECT id,
    cause,
    split_part(cause, '/'::text, 1) AS word,
        CASE
            WHEN (((length(split_part(cause, '/'::text, 2)) >= 1) AND (length(split_part(cause, '/'::text, 2)) <= 18)) AND (translate(split_part(cause, '/'::text, 2), '0123456789'::text, ''::text) = ''::text)) THEN (split_part(cause, '/'::text, 2))::bigint
            ELSE NULL::bigint
        END AS key
   FROM public.postings
  WHERE (number IS NULL);

ALTER VIEW public.open_postings OWNER TO suanquan_owner;

COMMENT ON VIEW public.open_postings IS 'Postings that have no number yet, with the words of their cause';

CREATE TABLE public.organisation_names (
    id bigint NOT NULL,
    valid daterange NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    superseded_at timestamp with time zone,
    superseded_by text,
    recorded_in bigint NOT NULL,
    superseded_in bigint,
    decision_id bigint,
    superseded_decision_id bigint,
    organisation_id bigint NOT NULL,
    name text NOT NULL,
    CONSTRAINT organisation_names_name_check CHECK ((name <> ''::text)),
    CONSTRAINT some_day CHECK ((NOT isempty(valid))),
    CONSTRAINT superseded_by_somebody CHECK (((superseded_at IS NULL) = (superseded_by IS NULL))),
    CONSTRAINT superseded_later CHECK ((superseded_at >= recorded_at))
);

ALTER TABLE public.organisation_names OWNER TO suanquan_owner;

COMMENT ON TABLE public.organisation_names IS 'What organisations are called';

COMMENT ON COLUMN public.organisation_names.valid IS 'Beijing dates, half-open';

COMMENT ON COLUMN public.organisation_names.superseded_at IS 'When another row, or none, took its place; null while it holds';

COMMENT ON COLUMN public.organisation_names.recorded_in IS 'Transaction, kept by a trigger';

COMMENT ON COLUMN public.organisation_names.superseded_in IS 'Transaction, kept by a trigger';

COMMENT ON COLUMN public.organisation_names.decision_id IS 'Who confirmed it; null where no charged usage was touched';

COMMENT ON COLUMN public.organisation_names.superseded_decision_id IS 'Who confirmed that it ended; null where no charged usage was touched';

ALTER TABLE public.organisation_names ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.organisation_names_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.organisations (
    id bigint NOT NULL,
    uscc text NOT NULL,
    name text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    CONSTRAINT organisations_name_check CHECK ((name <> ''::text)),
    CONSTRAINT organisations_uscc_check CHECK (public.uscc_valid(uscc))
);

ALTER TABLE public.organisations OWNER TO suanquan_owner;

COMMENT ON TABLE public.organisations IS 'Legal persons';

COMMENT ON COLUMN public.organisations.uscc IS 'Unified social credit code, GB 32100';

ALTER TABLE public.organisations ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.organisations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.originals (
    hash text NOT NULL,
    name text NOT NULL,
    media text NOT NULL,
    content bytea NOT NULL,
    received_at timestamp with time zone NOT NULL,
    received_by text NOT NULL,
    CONSTRAINT hash_of_content CHECK ((hash = encode(sha256(content), 'hex'::text))),
    CONSTRAINT originals_content_check CHECK ((octet_length(content) > 0)),
    CONSTRAINT originals_hash_check CHECK ((hash ~ '^[0-9a-f]{64}$'::text))
);

ALTER TABLE public.originals OWNER TO suanquan_owner;

COMMENT ON TABLE public.originals IS 'Files as they came, by content';

COMMENT ON COLUMN public.originals.hash IS 'SHA-256 of content, hex';

CREATE TABLE public.other_support (
    id bigint NOT NULL,
    valid daterange NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    superseded_at timestamp with time zone,
    superseded_by text,
    recorded_in bigint NOT NULL,
    superseded_in bigint,
    decision_id bigint,
    superseded_decision_id bigint,
    project_id bigint NOT NULL,
    contract_id bigint,
    programme text NOT NULL,
    fen bigint NOT NULL,
    CONSTRAINT one_month CHECK (((EXTRACT(day FROM lower(valid)) = (1)::numeric) AND (upper(valid) = (lower(valid) + '1 mon'::interval)))),
    CONSTRAINT other_support_fen_check CHECK ((fen > 0)),
    CONSTRAINT other_support_programme_check CHECK ((programme <> ''::text)),
    CONSTRAINT some_day CHECK ((NOT isempty(valid))),
    CONSTRAINT superseded_by_somebody CHECK (((superseded_at IS NULL) = (superseded_by IS NULL))),
    CONSTRAINT superseded_later CHECK ((superseded_at >= recorded_at))
);

ALTER TABLE public.other_support OWNER TO suanquan_owner;

COMMENT ON TABLE public.other_support IS 'What other programmes pay for a month of a project';

COMMENT ON COLUMN public.other_support.valid IS 'Beijing dates, half-open';

COMMENT ON COLUMN public.other_support.superseded_at IS 'When another row, or none, took its place; null while it holds';

COMMENT ON COLUMN public.other_support.recorded_in IS 'Transaction, kept by a trigger';

COMMENT ON COLUMN public.other_support.superseded_in IS 'Transaction, kept by a trigger';

COMMENT ON COLUMN public.other_support.decision_id IS 'Who confirmed it; null where no charged usage was touched';

COMMENT ON COLUMN public.other_support.superseded_decision_id IS 'Who confirmed that it ended; null where no charged usage was touched';

COMMENT ON COLUMN public.other_support.fen IS 'Fen';

ALTER TABLE public.other_support ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.other_support_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.partition_gpus (
    agent_id uuid NOT NULL,
    day date NOT NULL,
    partition text NOT NULL,
    gpus bigint NOT NULL,
    CONSTRAINT partition_gpus_gpus_check CHECK ((gpus >= 0))
);

ALTER TABLE public.partition_gpus OWNER TO suanquan_owner;

COMMENT ON TABLE public.partition_gpus IS 'Whole GPUs of Slurm''s partitions, as its agent says by sinfo';

COMMENT ON COLUMN public.partition_gpus.day IS 'Beijing date';

COMMENT ON COLUMN public.partition_gpus.partition IS 'Empty: the whole cluster, each node once';

CREATE TABLE public.passwords (
    id bigint NOT NULL,
    login_id bigint NOT NULL,
    hash text NOT NULL,
    set_at timestamp with time zone NOT NULL,
    CONSTRAINT argon2id CHECK ((hash ~~ '$argon2id$%'::text))
);

ALTER TABLE public.passwords OWNER TO suanquan_owner;

COMMENT ON TABLE public.passwords IS 'Argon2id hashes of every password of a login; the newest counts';

COMMENT ON COLUMN public.passwords.hash IS 'Argon2id, as libsodium writes it';

ALTER TABLE public.passwords ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.passwords_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.past_hours (
    gpu text NOT NULL,
    day date NOT NULL,
    cluster_id bigint NOT NULL,
    source text NOT NULL,
    windows integer[] NOT NULL,
    sums jsonb NOT NULL,
    CONSTRAINT past_hours_windows_check CHECK ((cardinality(windows) = 24))
);

ALTER TABLE public.past_hours OWNER TO suanquan_owner;

COMMENT ON TABLE public.past_hours IS 'Sums by the hour of days that are over, a GPU''s day a row';

COMMENT ON COLUMN public.past_hours.day IS 'Beijing date';

COMMENT ON COLUMN public.past_hours.windows IS 'How many were kept, of each of its 24 hours';

COMMENT ON COLUMN public.past_hours.sums IS 'Of each hour (from 0) and holder: kind, holder, den, held, util_ppm_ms, util_ms, as in hour_totals';

CREATE TABLE public.payable_versions (
    decision_id bigint NOT NULL,
    policy text NOT NULL
);

ALTER TABLE public.payable_versions OWNER TO suanquan_owner;

COMMENT ON TABLE public.payable_versions IS 'Versions that two persons made payable, as they were read then';

CREATE VIEW public.payable_clauses AS
 SELECT policy,
    clause
   FROM public.clauses c
  WHERE (complete AND (EXISTS ( SELECT
           FROM (public.payable_versions v
             JOIN public.decisions d ON ((id = decision_id)))
          WHERE ((policy = policy) AND (((content -> 'digests'::text) ->> clause) = digest)))));

ALTER VIEW public.payable_clauses OWNER TO suanquan_owner;

COMMENT ON VIEW public.payable_clauses IS 'Clauses of payable versions whose terms are those decided';

CREATE TABLE public.payment_lines (
    list_id bigint NOT NULL,
    line smallint NOT NULL,
    claim_id bigint NOT NULL,
    voucher_id bigint NOT NULL,
    account_id bigint NOT NULL,
    payee text NOT NULL,
    uscc text NOT NULL,
    bank text NOT NULL,
    bank_code text NOT NULL,
    number text NOT NULL,
    fen bigint NOT NULL,
    paid_fen bigint DEFAULT 0 NOT NULL,
    returned_fen bigint DEFAULT 0 NOT NULL,
    recalled_fen bigint DEFAULT 0 NOT NULL,
    over_fen bigint DEFAULT 0 NOT NULL,
    outside_fen bigint DEFAULT 0 NOT NULL,
    void boolean DEFAULT false NOT NULL,
    CONSTRAINT payment_lines_fen_check CHECK ((fen > 0)),
    CONSTRAINT payment_lines_line_check CHECK ((line >= 1)),
    CONSTRAINT payment_lines_over_fen_check CHECK ((over_fen >= 0)),
    CONSTRAINT payment_lines_paid_fen_check CHECK ((paid_fen >= 0)),
    CONSTRAINT payment_lines_recalled_fen_check CHECK ((recalled_fen >= 0)),
    CONSTRAINT payment_lines_returned_fen_check CHECK ((returned_fen >= 0)),
    CONSTRAINT settled_at_most CHECK (((paid_fen + returned_fen) <= fen))
);

ALTER TABLE public.payment_lines OWNER TO suanquan_owner;

COMMENT ON TABLE public.payment_lines IS 'One payout each, frozen as it was confirmed';

COMMENT ON COLUMN public.payment_lines.fen IS 'Fen';

COMMENT ON COLUMN public.payment_lines.paid_fen IS 'Fen';

COMMENT ON COLUMN public.payment_lines.returned_fen IS 'Fen';

COMMENT ON COLUMN public.payment_lines.recalled_fen IS 'Fen, of what was returned: called back by two persons';

COMMENT ON COLUMN public.payment_lines.over_fen IS 'Fen that the bank paid beyond what was owed; recoverable';

COMMENT ON COLUMN public.payment_lines.outside_fen IS 'Fen that the bank paid or took back beyond what the books can hold';

COMMENT ON COLUMN public.payment_lines.void IS 'Its list was refused or withdrawn';

CREATE TABLE public.payment_lists (
    id bigint NOT NULL,
    number text NOT NULL,
    indicator_id bigint NOT NULL,
    total_fen bigint NOT NULL,
    words text NOT NULL,
    digest text NOT NULL,
    decision_id bigint NOT NULL,
    made_at timestamp with time zone NOT NULL,
    made_by text NOT NULL,
    sent_at timestamp with time zone,
    CONSTRAINT payment_lists_digest_check CHECK ((digest ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT payment_lists_number_check CHECK ((number <> ''::text)),
    CONSTRAINT payment_lists_total_fen_check CHECK ((total_fen > 0))
);

ALTER TABLE public.payment_lists OWNER TO suanquan_owner;

COMMENT ON TABLE public.payment_lists IS 'Lists of payouts, each drawing on one indicator';

COMMENT ON COLUMN public.payment_lists.total_fen IS 'Fen';

COMMENT ON COLUMN public.payment_lists.words IS 'The sum in Chinese capital figures';

COMMENT ON COLUMN public.payment_lists.digest IS 'SHA-256 of what two persons confirm, hex';

COMMENT ON COLUMN public.payment_lists.sent_at IS 'Confirmed by a second person, money committed';

ALTER TABLE public.payment_lists ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.payment_lists_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE public.persons ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.persons_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.policy_ends (
    decision_id bigint NOT NULL,
    policy text NOT NULL,
    until date NOT NULL,
    CONSTRAINT policy_ends_until_check CHECK (isfinite(until))
);

ALTER TABLE public.policy_ends OWNER TO suanquan_owner;

COMMENT ON TABLE public.policy_ends IS 'Ends of open policy versions, decided by two persons';

COMMENT ON COLUMN public.policy_ends.until IS 'First Beijing day on which it is no longer in force';

CREATE TABLE public.pools (
    id bigint NOT NULL,
    book_id bigint NOT NULL,
    year smallint NOT NULL,
    number text NOT NULL,
    decision_id bigint NOT NULL,
    CONSTRAINT pools_number_check CHECK ((number <> ''::text)),
    CONSTRAINT pools_year_check CHECK (((year >= 2000) AND (year <= 2099)))
);

ALTER TABLE public.pools OWNER TO suanquan_owner;

COMMENT ON TABLE public.pools IS 'Budget lines of a year that vouchers share; the cap is in the book';

COMMENT ON COLUMN public.pools.decision_id IS 'The decision that made it';

ALTER TABLE public.pools ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.pools_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE public.postings ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.postings_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.price_bands (
    id bigint NOT NULL,
    valid daterange NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    superseded_at timestamp with time zone,
    superseded_by text,
    recorded_in bigint NOT NULL,
    superseded_in bigint,
    decision_id bigint,
    superseded_decision_id bigint,
    model_id bigint NOT NULL,
    mig_profile text DEFAULT ''::text NOT NULL,
    low_yuan numeric NOT NULL,
    high_yuan numeric NOT NULL,
    CONSTRAINT price_bands_check CHECK (((high_yuan >= low_yuan) AND (high_yuan < '100000000'::numeric) AND (scale(high_yuan) <= 12))),
    CONSTRAINT price_bands_low_yuan_check CHECK (((low_yuan >= (0)::numeric) AND (scale(low_yuan) <= 12))),
    CONSTRAINT some_day CHECK ((NOT isempty(valid))),
    CONSTRAINT superseded_by_somebody CHECK (((superseded_at IS NULL) = (superseded_by IS NULL))),
    CONSTRAINT superseded_later CHECK ((superseded_at >= recorded_at))
);

ALTER TABLE public.price_bands OWNER TO suanquan_owner;

COMMENT ON TABLE public.price_bands IS 'Usual prices of a GPU-hour, published by the bureau';

COMMENT ON COLUMN public.price_bands.valid IS 'Beijing dates, half-open';

COMMENT ON COLUMN public.price_bands.superseded_at IS 'When another row, or none, took its place; null while it holds';

COMMENT ON COLUMN public.price_bands.recorded_in IS 'Transaction, kept by a trigger';

COMMENT ON COLUMN public.price_bands.superseded_in IS 'Transaction, kept by a trigger';

COMMENT ON COLUMN public.price_bands.decision_id IS 'Who confirmed it; null where no charged usage was touched';

COMMENT ON COLUMN public.price_bands.superseded_decision_id IS 'Who confirmed that it ended; null where no charged usage was touched';

COMMENT ON COLUMN public.price_bands.low_yuan IS 'Yuan a GPU-hour, without tax';

COMMENT ON COLUMN public.price_bands.high_yuan IS 'Yuan a GPU-hour, without tax';

ALTER TABLE public.price_bands ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.price_bands_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.prices (
    id bigint NOT NULL,
    valid daterange NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    superseded_at timestamp with time zone,
    superseded_by text,
    recorded_in bigint NOT NULL,
    superseded_in bigint,
    decision_id bigint,
    superseded_decision_id bigint,
    contract_id bigint NOT NULL,
    kind text DEFAULT 'metered'::text NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    model_id bigint,
    mig_profile text,
    partition text,
    qos text,
    market text,
    unit text NOT NULL,
    yuan numeric NOT NULL,
    gpus integer NOT NULL,
    hours integer NOT NULL,
    tax_included boolean NOT NULL,
    tax_rate numeric NOT NULL,
    rounding text DEFAULT 'ms'::text NOT NULL,
    session_price text DEFAULT 'start'::text NOT NULL,
    devices text[],
    quantity numeric,
    expires date,
    counts boolean,
    CONSTRAINT fixed_a_month CHECK ((((kind = 'fixed'::text) = (unit = 'month'::text)) AND ((unit <> 'month'::text) OR ((gpus = 1) AND (hours = 1))))),
    CONSTRAINT fixed_counts CHECK (((kind = 'fixed'::text) = (counts IS NOT NULL))),
    CONSTRAINT metered_rounding CHECK (((kind = 'metered'::text) OR (rounding = 'ms'::text))),
    CONSTRAINT package_of_hours CHECK ((((kind = 'package'::text) = (quantity IS NOT NULL)) AND ((kind = 'package'::text) = (expires IS NOT NULL)) AND ((kind <> 'package'::text) OR COALESCE((upper(valid) <= (expires + 1)), false)))),
    CONSTRAINT prices_check CHECK (((mig_profile IS NULL) OR (model_id IS NOT NULL))),
    CONSTRAINT prices_gpus_check CHECK (((gpus >= 1) AND (gpus <= 1024))),
    CONSTRAINT prices_hours_check CHECK (((hours >= 1) AND (hours <= 8784))),
    CONSTRAINT prices_kind_check CHECK ((kind = ANY (ARRAY['metered'::text, 'reserved'::text, 'package'::text, 'fixed'::text]))),
    CONSTRAINT prices_market_check CHECK ((market = ANY (ARRAY['on-demand'::text, 'spot'::text]))),
    CONSTRAINT prices_partition_check CHECK ((partition <> ''::text)),
    CONSTRAINT prices_qos_check CHECK ((qos <> ''::text)),
    CONSTRAINT prices_quantity_check CHECK (((quantity > (0)::numeric) AND (quantity < '100000000'::numeric) AND (scale(quantity) <= 12))),
    CONSTRAINT prices_rounding_check CHECK ((rounding = ANY (ARRAY['ms'::text, 'minute'::text, 'started_hour'::text]))),
    CONSTRAINT prices_session_price_check CHECK ((session_price = ANY (ARRAY['start'::text, 'split'::text]))),
    CONSTRAINT prices_tax_rate_check CHECK (((tax_rate >= (0)::numeric) AND (tax_rate < (1)::numeric) AND (scale(tax_rate) <= 6))),
    CONSTRAINT prices_unit_check CHECK ((unit = ANY (ARRAY['gpu-hour'::text, 'node-hour'::text, 'node-day'::text, 'node-month'::text, 'month'::text]))),
    CONSTRAINT prices_yuan_check CHECK (((yuan >= (0)::numeric) AND (yuan < '100000000'::numeric) AND (scale(yuan) <= 12))),
    CONSTRAINT reserved_devices_named CHECK ((((kind = 'reserved'::text) = (devices IS NOT NULL)) AND (cardinality(devices) > 0))),
    CONSTRAINT selects_usage CHECK (((kind = ANY (ARRAY['metered'::text, 'package'::text])) OR (num_nonnulls(model_id, partition, qos, market) = 0))),
    CONSTRAINT some_day CHECK ((NOT isempty(valid))),
    CONSTRAINT split_of_rounded CHECK (((rounding <> 'ms'::text) OR (session_price = 'start'::text))),
    CONSTRAINT superseded_by_somebody CHECK (((superseded_at IS NULL) = (superseded_by IS NULL))),
    CONSTRAINT superseded_later CHECK ((superseded_at >= recorded_at))
);

ALTER TABLE public.prices OWNER TO suanquan_owner;

COMMENT ON TABLE public.prices IS 'Contract lines: yuan buys gpus devices for hours hours';

COMMENT ON COLUMN public.prices.valid IS 'Beijing dates, half-open';

COMMENT ON COLUMN public.prices.superseded_at IS 'When another row, or none, took its place; null while it holds';

COMMENT ON COLUMN public.prices.recorded_in IS 'Transaction, kept by a trigger';

COMMENT ON COLUMN public.prices.superseded_in IS 'Transaction, kept by a trigger';

COMMENT ON COLUMN public.prices.decision_id IS 'Who confirmed it; null where no charged usage was touched';

COMMENT ON COLUMN public.prices.superseded_decision_id IS 'Who confirmed that it ended; null where no charged usage was touched';

COMMENT ON COLUMN public.prices.yuan IS 'Yuan per unit';

COMMENT ON COLUMN public.prices.tax_rate IS '0.06 is 6 %';

COMMENT ON COLUMN public.prices.session_price IS 'Which price a rounded session has over a change: where each unit starts, or split by use';

COMMENT ON COLUMN public.prices.quantity IS 'GPU-hours of a package';

ALTER TABLE public.prices ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.prices_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.projects (
    id bigint NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    organisation_id bigint NOT NULL,
    drill boolean DEFAULT false NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    CONSTRAINT projects_code_check CHECK (((code ~ '^[^/\s]{1,64}$'::text) AND public.is_visible(code))),
    CONSTRAINT projects_kind_check CHECK ((kind = ANY (ARRAY['model'::text, 'team'::text]))),
    CONSTRAINT projects_name_check CHECK ((name <> ''::text))
);

ALTER TABLE public.projects OWNER TO suanquan_owner;

COMMENT ON TABLE public.projects IS 'Model projects (article 9) and talent teams (article 14)';

COMMENT ON COLUMN public.projects.drill IS 'Made-up project of a drill';

ALTER TABLE public.projects ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.projects_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.publications (
    id bigint NOT NULL,
    claim_id bigint NOT NULL,
    since date NOT NULL,
    until date NOT NULL,
    days integer NOT NULL,
    content jsonb NOT NULL,
    published_at timestamp with time zone NOT NULL,
    published_by text NOT NULL,
    CONSTRAINT publications_check CHECK ((until >= since)),
    CONSTRAINT publications_days_check CHECK ((days >= 1))
);

ALTER TABLE public.publications OWNER TO suanquan_owner;

COMMENT ON TABLE public.publications IS 'Claims before the public';

COMMENT ON COLUMN public.publications.days IS 'Working days';

COMMENT ON COLUMN public.publications.content IS 'What the public sees';

ALTER TABLE public.publications ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.publications_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.quarantine (
    gpu text NOT NULL,
    start timestamp with time zone NOT NULL,
    hash bytea NOT NULL,
    reason text NOT NULL,
    cluster_id bigint NOT NULL,
    node text NOT NULL,
    source text NOT NULL,
    stream uuid NOT NULL,
    number bigint NOT NULL,
    received_at timestamp with time zone NOT NULL,
    released_at timestamp with time zone,
    admitted_at timestamp with time zone,
    admitted_by text,
    body jsonb NOT NULL,
    CONSTRAINT quarantine_admitted_by_check CHECK ((admitted_by !~ '^(operator|builder|auditor):'::text)),
    CONSTRAINT quarantine_check CHECK (((admitted_at IS NULL) = (admitted_by IS NULL))),
    CONSTRAINT quarantine_reason_check CHECK ((reason = ANY (ARRAY['future'::text, 'unknown_gpu'::text, 'other_cluster'::text, 'other_node'::text, 'unapproved_agent'::text, 'late'::text, 'before_enrolment'::text, 'before_registration'::text, 'retired'::text])))
);

ALTER TABLE public.quarantine OWNER TO suanquan_owner;

COMMENT ON TABLE public.quarantine IS 'Windows that cannot count yet, with the reason';

COMMENT ON COLUMN public.quarantine.hash IS 'SHA-256 of the body';

COMMENT ON COLUMN public.quarantine.released_at IS 'When they were judged again and counted';

COMMENT ON COLUMN public.quarantine.admitted_at IS 'When the bureau let them count in spite of their day';

COMMENT ON COLUMN public.quarantine.admitted_by IS 'Actor';

CREATE TABLE public.receipts (
    reference text NOT NULL,
    document_id bigint NOT NULL,
    payer text NOT NULL,
    payee text NOT NULL,
    fen bigint NOT NULL,
    paid_on date NOT NULL,
    original text NOT NULL,
    amount_found boolean,
    reference_found boolean,
    entered_at timestamp with time zone NOT NULL,
    entered_by text NOT NULL,
    checked_by text,
    checked_at timestamp with time zone,
    proves boolean GENERATED ALWAYS AS ((COALESCE((amount_found AND reference_found), false) OR (checked_at IS NOT NULL))) STORED NOT NULL,
    CONSTRAINT receipt_by_another CHECK ((public.person_of(checked_by) <> public.person_of(entered_by))),
    CONSTRAINT receipts_check CHECK (((amount_found IS NULL) = (reference_found IS NULL))),
    CONSTRAINT receipts_check1 CHECK (((checked_by IS NULL) = (checked_at IS NULL))),
    CONSTRAINT receipts_fen_check CHECK ((fen > 0)),
    CONSTRAINT receipts_payee_check CHECK ((payee <> ''::text)),
    CONSTRAINT receipts_payer_check CHECK ((payer <> ''::text)),
    CONSTRAINT receipts_reference_check CHECK (((reference <> ''::text) AND public.is_visible(reference)))
);

ALTER TABLE public.receipts OWNER TO suanquan_owner;

COMMENT ON TABLE public.receipts IS 'Proofs of payment of documents, each under its bank''s reference';

COMMENT ON COLUMN public.receipts.fen IS 'Fen with tax';

COMMENT ON COLUMN public.receipts.amount_found IS 'Its text has the amount; null where it is a picture';

COMMENT ON COLUMN public.receipts.proves IS 'By its text, or by a second person who looked at it';

CREATE TABLE public.reconciliations (
    id bigint NOT NULL,
    contract_id bigint NOT NULL,
    month date NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    opened_by text NOT NULL,
    CONSTRAINT reconciliations_month_check CHECK ((EXTRACT(day FROM month) = (1)::numeric))
);

ALTER TABLE public.reconciliations OWNER TO suanquan_owner;

COMMENT ON TABLE public.reconciliations IS 'One contract and one month, reconciled';

COMMENT ON COLUMN public.reconciliations.month IS 'First day of the Beijing month';

ALTER TABLE public.reconciliations ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.reconciliations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.recoveries (
    id bigint NOT NULL,
    number text NOT NULL,
    voucher_id bigint NOT NULL,
    reason text NOT NULL,
    fraud boolean NOT NULL,
    fen bigint NOT NULL,
    pay_by date NOT NULL,
    decision_id bigint NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    opened_by text NOT NULL,
    closed_at timestamp with time zone,
    CONSTRAINT recoveries_fen_check CHECK ((fen > 0)),
    CONSTRAINT recoveries_number_check CHECK ((number <> ''::text)),
    CONSTRAINT recoveries_reason_check CHECK ((reason <> ''::text))
);

ALTER TABLE public.recoveries OWNER TO suanquan_owner;

COMMENT ON TABLE public.recoveries IS 'Cases of money to be paid back';

COMMENT ON COLUMN public.recoveries.fen IS 'Fen when the case was opened';

ALTER TABLE public.recoveries ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.recoveries_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE public.recovery_codes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.recovery_codes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.refunds (
    reference text NOT NULL,
    total_fen bigint NOT NULL,
    voucher_id bigint NOT NULL,
    indicator_id bigint NOT NULL,
    fen bigint NOT NULL,
    on_day date NOT NULL,
    fraud boolean NOT NULL,
    to_treasury boolean NOT NULL,
    decision_id bigint NOT NULL,
    received_at timestamp with time zone NOT NULL,
    received_by text NOT NULL,
    CONSTRAINT refunds_fen_check CHECK ((fen > 0)),
    CONSTRAINT refunds_reference_check CHECK (((reference <> ''::text) AND public.is_visible(reference))),
    CONSTRAINT refunds_total_fen_check CHECK ((total_fen > 0))
);

ALTER TABLE public.refunds OWNER TO suanquan_owner;

COMMENT ON TABLE public.refunds IS 'Money that came back apart from lists';

COMMENT ON COLUMN public.refunds.total_fen IS 'Fen of the whole transfer';

COMMENT ON COLUMN public.refunds.fen IS 'Fen of it that this voucher paid back to this indicator';

COMMENT ON COLUMN public.refunds.to_treasury IS 'The year of its indicator is over';

CREATE TABLE public.registry_acts (
    decision_id bigint NOT NULL,
    relation text NOT NULL,
    entry text NOT NULL,
    CONSTRAINT registry_acts_relation_check CHECK ((relation = ANY (ARRAY['contracts'::text, 'gpus'::text])))
);

ALTER TABLE public.registry_acts OWNER TO suanquan_owner;

COMMENT ON TABLE public.registry_acts IS 'Which contracts and GPUs a decision has changed; by triggers';

COMMENT ON COLUMN public.registry_acts.entry IS 'Key of the contract, or the GPU';

CREATE TABLE public.relations (
    id bigint NOT NULL,
    valid daterange NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    superseded_at timestamp with time zone,
    superseded_by text,
    recorded_in bigint NOT NULL,
    superseded_in bigint,
    decision_id bigint,
    superseded_decision_id bigint,
    kind text NOT NULL,
    organisation_id bigint NOT NULL,
    centre_id bigint,
    project_id bigint,
    other_id bigint,
    CONSTRAINT relations_check CHECK (((kind = 'seller'::text) = (centre_id IS NOT NULL))),
    CONSTRAINT relations_check1 CHECK (((kind = ANY (ARRAY['buyer'::text, 'payee'::text])) = (project_id IS NOT NULL))),
    CONSTRAINT relations_check2 CHECK (((kind = 'related'::text) = (other_id IS NOT NULL))),
    CONSTRAINT relations_check3 CHECK ((other_id <> organisation_id)),
    CONSTRAINT relations_kind_check CHECK ((kind = ANY (ARRAY['seller'::text, 'buyer'::text, 'payee'::text, 'related'::text]))),
    CONSTRAINT some_day CHECK ((NOT isempty(valid))),
    CONSTRAINT superseded_by_somebody CHECK (((superseded_at IS NULL) = (superseded_by IS NULL))),
    CONSTRAINT superseded_later CHECK ((superseded_at >= recorded_at))
);

ALTER TABLE public.relations OWNER TO suanquan_owner;

COMMENT ON TABLE public.relations IS 'Organisations that sell for a centre, buy for or are paid for a project, or are related';

COMMENT ON COLUMN public.relations.valid IS 'Beijing dates, half-open';

COMMENT ON COLUMN public.relations.superseded_at IS 'When another row, or none, took its place; null while it holds';

COMMENT ON COLUMN public.relations.recorded_in IS 'Transaction, kept by a trigger';

COMMENT ON COLUMN public.relations.superseded_in IS 'Transaction, kept by a trigger';

COMMENT ON COLUMN public.relations.decision_id IS 'Who confirmed it; null where no charged usage was touched';

COMMENT ON COLUMN public.relations.superseded_decision_id IS 'Who confirmed that it ended; null where no charged usage was touched';

CREATE VIEW public.related_organisations AS
 SELECT organisation_id AS one_id,
    other_id,
    valid
   FROM public.relations
  WHERE ((kind = 'related'::text) AND (superseded_at IS NULL))
UNION ALL
 SELECT organisation_id AS one_id,
    organisation_id AS other_id,
    (valid * valid) AS valid
   FROM (public.controllers a
     JOIN public.controllers b ON (((public.person_of(person) = public.person_of(person)) AND (organisation_id > organisation_id) AND (valid && valid) AND ((id_tail IS NULL) OR (id_tail IS NULL) OR (id_tail = id_tail)))))
  WHERE ((superseded_at IS NULL) AND (superseded_at IS NULL));

ALTER VIEW public.related_organisations OWNER TO suanquan_owner;

COMMENT ON VIEW public.related_organisations IS 'Organisations that are related, by days, each pair once';

ALTER TABLE public.relations ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.relations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.relays (
    cluster_id bigint NOT NULL,
    relay uuid NOT NULL,
    name text NOT NULL,
    batches bigint NOT NULL,
    waiting_since timestamp with time zone,
    bytes bigint NOT NULL,
    bytes_max bigint NOT NULL,
    told_at timestamp with time zone NOT NULL,
    CONSTRAINT relays_batches_check CHECK ((batches >= 0)),
    CONSTRAINT relays_bytes_check CHECK ((bytes >= 0)),
    CONSTRAINT relays_bytes_max_check CHECK ((bytes_max >= 0)),
    CONSTRAINT relays_check CHECK (((waiting_since IS NULL) = (batches = 0))),
    CONSTRAINT relays_name_check CHECK ((name ~ '^[A-Za-z0-9._-]{1,63}$'::text))
);

ALTER TABLE public.relays OWNER TO suanquan_owner;

COMMENT ON TABLE public.relays IS 'Queues of relays, as each told last beside a batch of this cluster''s';

COMMENT ON COLUMN public.relays.relay IS 'Chosen by it once; two of one name are two';

COMMENT ON COLUMN public.relays.batches IS 'That wait in it for the server, besides the one it came with';

COMMENT ON COLUMN public.relays.waiting_since IS 'When the oldest of them came to the relay; null: none waits';

COMMENT ON COLUMN public.relays.bytes IS 'Of its disk in use, of bytes_max';

CREATE TABLE public.reservations (
    id bigint NOT NULL,
    voucher_id bigint NOT NULL,
    fen bigint NOT NULL,
    plan text NOT NULL,
    until date NOT NULL,
    reserved_at timestamp with time zone NOT NULL,
    reserved_by text NOT NULL,
    released_at timestamp with time zone,
    released_by text,
    CONSTRAINT reservations_check CHECK (((released_at IS NULL) = (released_by IS NULL))),
    CONSTRAINT reservations_fen_check CHECK ((fen > 0)),
    CONSTRAINT reservations_plan_check CHECK ((plan <> ''::text))
);

ALTER TABLE public.reservations OWNER TO suanquan_owner;

COMMENT ON TABLE public.reservations IS 'Parts of a voucher held back for an approved plan';

COMMENT ON COLUMN public.reservations.fen IS 'Fen';

COMMENT ON COLUMN public.reservations.until IS 'Beijing day, included';

ALTER TABLE public.reservations ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.reservations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.reserved_devices (
    price_id bigint NOT NULL,
    gpu text NOT NULL,
    project_id bigint NOT NULL,
    centre_id bigint NOT NULL,
    valid daterange NOT NULL,
    CONSTRAINT reserved_devices_valid_check CHECK ((NOT isempty(valid)))
);

ALTER TABLE public.reserved_devices OWNER TO suanquan_owner;

COMMENT ON TABLE public.reserved_devices IS 'GPUs reserved for a project, kept by a trigger from the reserved lines in force';

COMMENT ON COLUMN public.reserved_devices.valid IS 'Beijing dates, half-open';

CREATE TABLE public.restorations (
    id bigint NOT NULL,
    content text NOT NULL,
    seal bigint NOT NULL,
    seal_hash bytea NOT NULL,
    faults integer NOT NULL,
    is_apart boolean NOT NULL,
    restored_at timestamp with time zone NOT NULL,
    restored_by text NOT NULL,
    CONSTRAINT restorations_faults_check CHECK ((faults >= 0)),
    CONSTRAINT restorations_restored_by_check CHECK ((restored_by <> ''::text))
);

ALTER TABLE public.restorations OWNER TO suanquan_owner;

COMMENT ON TABLE public.restorations IS 'Restorations that were tried and verified; append-only';

COMMENT ON COLUMN public.restorations.content IS 'The report: JSON';

COMMENT ON COLUMN public.restorations.seal IS 'The last seal in what was restored';

COMMENT ON COLUMN public.restorations.faults IS 'What verification and the check of guarantees found there';

COMMENT ON COLUMN public.restorations.is_apart IS 'Whether the store lies on another disk or machine';

ALTER TABLE public.restorations ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.restorations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.roles (
    ledger text NOT NULL,
    role text NOT NULL
);

ALTER TABLE public.roles OWNER TO suanquan_owner;

COMMENT ON TABLE public.roles IS 'The roles that accounts may have, by ledger; filled by the migrations';

CREATE TABLE public.rounds (
    is_last boolean DEFAULT true NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    took_ms bigint NOT NULL,
    unpriced_ms numeric NOT NULL,
    CONSTRAINT rounds_is_last_check CHECK (is_last),
    CONSTRAINT rounds_took_ms_check CHECK ((took_ms >= 0)),
    CONSTRAINT rounds_unpriced_ms_check CHECK ((unpriced_ms >= (0)::numeric))
);

ALTER TABLE public.rounds OWNER TO suanquan_owner;

COMMENT ON TABLE public.rounds IS 'The last round of pricing and accruing; one row';

COMMENT ON COLUMN public.rounds.unpriced_ms IS 'Device-milliseconds of owned usage without a contract line';

CREATE TABLE public.seal_keys (
    id bigint NOT NULL,
    public_key bytea NOT NULL,
    registered_at timestamp with time zone NOT NULL,
    registered_by text NOT NULL,
    CONSTRAINT seal_keys_public_key_check CHECK ((octet_length(public_key) = 32)),
    CONSTRAINT seal_keys_registered_by_check CHECK ((registered_by <> ''::text))
);

ALTER TABLE public.seal_keys OWNER TO suanquan_owner;

COMMENT ON TABLE public.seal_keys IS 'Public keys that sign seals; the private half is a file of the bureau';

ALTER TABLE public.seal_keys ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.seal_keys_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.seal_stamps (
    seal bigint NOT NULL,
    answer bytea NOT NULL,
    stamped_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT seal_stamps_answer_check CHECK (((octet_length(answer) >= 1) AND (octet_length(answer) <= 65536)))
);

ALTER TABLE public.seal_stamps OWNER TO suanquan_owner;

COMMENT ON TABLE public.seal_stamps IS 'Time stamps of heads by an authority (RFC 3161); append-only';

COMMENT ON COLUMN public.seal_stamps.answer IS 'A TimeStampResp of the SHA-256 of the head, DER';

COMMENT ON COLUMN public.seal_stamps.stamped_at IS 'When, by the clock of the authority';

CREATE TABLE public.seals (
    number bigint NOT NULL,
    kind text NOT NULL,
    month date,
    sealed_at timestamp with time zone NOT NULL,
    algorithm text NOT NULL,
    previous bytea,
    head text NOT NULL,
    hash bytea NOT NULL,
    key_id bigint NOT NULL,
    signature bytea NOT NULL,
    CONSTRAINT seals_algorithm_check CHECK ((algorithm = ANY (ARRAY['sha256'::text, 'sm3'::text]))),
    CONSTRAINT seals_check CHECK (((kind = 'light'::text) = (month IS NULL))),
    CONSTRAINT seals_check1 CHECK (((number = 1) = (previous IS NULL))),
    CONSTRAINT seals_check2 CHECK (((algorithm <> 'sha256'::text) OR (hash = sha256(convert_to(head, 'UTF8'::name))))),
    CONSTRAINT seals_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT seals_kind_check CHECK ((kind = ANY (ARRAY['light'::text, 'month'::text, 'close'::text]))),
    CONSTRAINT seals_month_check CHECK ((EXTRACT(day FROM month) = (1)::numeric)),
    CONSTRAINT seals_number_check CHECK ((number >= 1)),
    CONSTRAINT seals_signature_check CHECK ((octet_length(signature) = 64))
);

ALTER TABLE public.seals OWNER TO suanquan_owner;

COMMENT ON TABLE public.seals IS 'Heads: signed, each bound to the one before; append-only';

COMMENT ON COLUMN public.seals.head IS 'The text that is hashed and signed, byte for byte; see docs/audit/seals.md';

COMMENT ON COLUMN public.seals.hash IS 'Of the bytes of head, by algorithm';

CREATE TABLE public.series (
    prefix text NOT NULL,
    year integer NOT NULL,
    last integer NOT NULL,
    CONSTRAINT series_last_check CHECK ((last >= 1)),
    CONSTRAINT series_prefix_check CHECK ((prefix = ANY (ARRAY['DF'::text, 'ZF'::text, 'ZJ'::text, 'ZM'::text]))),
    CONSTRAINT series_year_check CHECK (((year >= 2000) AND (year <= 2199)))
);

ALTER TABLE public.series OWNER TO suanquan_owner;

COMMENT ON TABLE public.series IS 'The last number given of each series and year';

CREATE TABLE public.server_key (
    id integer NOT NULL,
    seed bytea NOT NULL,
    CONSTRAINT server_key_id_check CHECK ((id = 1)),
    CONSTRAINT server_key_seed_check CHECK ((octet_length(seed) = 32))
);

ALTER TABLE public.server_key OWNER TO suanquan_owner;

COMMENT ON TABLE public.server_key IS 'The one key by which the server signs what a courier carries back';

COMMENT ON COLUMN public.server_key.seed IS 'Ed25519, the secret half: 32 bytes';

ALTER TABLE public.sessions ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.sessions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.sign_in_links (
    id bigint NOT NULL,
    hash bytea NOT NULL,
    token_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT link_is_short CHECK (((expires_at > created_at) AND (expires_at <= (created_at + '01:00:00'::interval)))),
    CONSTRAINT sign_in_links_hash_check CHECK ((octet_length(hash) = 32))
);

ALTER TABLE public.sign_in_links OWNER TO suanquan_owner;

COMMENT ON TABLE public.sign_in_links IS 'Links that sign in once, made on the machine; used ones too';

COMMENT ON COLUMN public.sign_in_links.hash IS 'SHA-256 of the secret in the link';

COMMENT ON COLUMN public.sign_in_links.token_id IS 'Whose session the link opens';

ALTER TABLE public.sign_in_links ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.sign_in_links_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW public.standing_documents AS
 SELECT id
   FROM public.cost_documents d
  WHERE (stands AND (NOT period_assumed) AND (NOT (EXISTS ( SELECT
           FROM public.frozen_documents f
          WHERE (id = id)))));

ALTER VIEW public.standing_documents OWNER TO suanquan_owner;

COMMENT ON VIEW public.standing_documents IS 'Documents that may be allocated: verified, of a known period, and not frozen';

CREATE VIEW public.standing_lines AS
 SELECT reconciliation_id,
    part,
    contract_id,
    month,
    document_id,
    line,
    (GREATEST(LEAST((good_fen)::numeric, (((good_fen - fen))::numeric + COALESCE(( SELECT sum(fen) AS sum
           FROM (public.cost_documents f
             JOIN public.allocations a ON ((document_id = id)))
          WHERE ((COALESCE(reverses_id, id) = document_id) AND (line = line) AND ((contract_id = contract_id) AND (month = month) AND (part = part)))), (0)::numeric))), (0)::numeric))::bigint AS standing_fen
   FROM (public.match_lines l
     JOIN public.reconciliations r ON ((id = reconciliation_id)));

ALTER VIEW public.standing_lines OWNER TO suanquan_owner;

COMMENT ON VIEW public.standing_lines IS 'What still stands of each line that a match rests on, fen';

CREATE VIEW public.standing_matches AS
 SELECT reconciliation_id,
    part,
    contract_id,
    month,
    (( SELECT COALESCE(sum(standing_fen), (0)::numeric) AS "coalesce"
           FROM public.standing_lines l
          WHERE ((reconciliation_id = reconciliation_id) AND (part = part))))::bigint AS standing_fen
   FROM (public.matches m
     JOIN public.reconciliations r ON ((id = reconciliation_id)));

ALTER VIEW public.standing_matches OWNER TO suanquan_owner;

COMMENT ON VIEW public.standing_matches IS 'What still stands of the lines that a match rests on, fen';

CREATE TABLE public.stated_periods (
    id bigint NOT NULL,
    document_id bigint NOT NULL,
    since date NOT NULL,
    until date NOT NULL,
    reason text NOT NULL,
    stated_at timestamp with time zone NOT NULL,
    stated_by text NOT NULL,
    CONSTRAINT stated_periods_check CHECK ((since <= until)),
    CONSTRAINT stated_periods_reason_check CHECK ((reason <> ''::text)),
    CONSTRAINT stated_periods_stated_by_check CHECK ((stated_by <> ''::text))
);

ALTER TABLE public.stated_periods OWNER TO suanquan_owner;

COMMENT ON TABLE public.stated_periods IS 'Service periods that clerks stated; the newest counts';

COMMENT ON COLUMN public.stated_periods.since IS 'Beijing day, included';

COMMENT ON COLUMN public.stated_periods.until IS 'Beijing day, included';

ALTER TABLE public.stated_periods ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.stated_periods_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.statement_answers (
    id bigint NOT NULL,
    statement_id bigint NOT NULL,
    line smallint NOT NULL,
    party text NOT NULL,
    answer text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    answered_at timestamp with time zone NOT NULL,
    answered_by text NOT NULL,
    CONSTRAINT statement_answers_answer_check CHECK ((answer = ANY (ARRAY['confirmed'::text, 'contested'::text]))),
    CONSTRAINT statement_answers_check CHECK (((answer = 'confirmed'::text) OR (reason <> ''::text))),
    CONSTRAINT statement_answers_party_check CHECK ((party = ANY (ARRAY['centre'::text, 'builder'::text])))
);

ALTER TABLE public.statement_answers OWNER TO suanquan_owner;

COMMENT ON TABLE public.statement_answers IS 'What a party says of a line; the newest counts';

ALTER TABLE public.statement_answers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.statement_answers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.statement_lines (
    statement_id bigint NOT NULL,
    line smallint NOT NULL,
    price_id bigint NOT NULL,
    policy text NOT NULL,
    model_id bigint,
    mig_profile text NOT NULL,
    ms_num numeric NOT NULL,
    ms_den numeric NOT NULL,
    promised_ms bigint,
    cost_fen bigint NOT NULL,
    grade text NOT NULL,
    gap_ms bigint NOT NULL,
    CONSTRAINT statement_lines_cost_fen_check CHECK ((cost_fen >= 0)),
    CONSTRAINT statement_lines_gap_ms_check CHECK ((gap_ms >= 0)),
    CONSTRAINT statement_lines_grade_check CHECK ((grade = ANY (ARRAY['A'::text, 'B'::text, 'C'::text, 'D'::text]))),
    CONSTRAINT statement_lines_line_check CHECK ((line >= 1)),
    CONSTRAINT statement_lines_ms_den_check CHECK ((ms_den >= (1)::numeric)),
    CONSTRAINT statement_lines_ms_num_check CHECK ((ms_num >= (0)::numeric)),
    CONSTRAINT statement_lines_promised_ms_check CHECK ((promised_ms >= 0))
);

ALTER TABLE public.statement_lines OWNER TO suanquan_owner;

COMMENT ON TABLE public.statement_lines IS 'Charges as a statement shows them';

COMMENT ON COLUMN public.statement_lines.cost_fen IS 'Fen';

COMMENT ON COLUMN public.statement_lines.grade IS 'Grade of evidence, A to D';

COMMENT ON COLUMN public.statement_lines.gap_ms IS 'Milliseconds without evidence';

CREATE TABLE public.statements (
    id bigint NOT NULL,
    number text NOT NULL,
    contract_id bigint NOT NULL,
    month date NOT NULL,
    revision integer NOT NULL,
    total_fen bigint NOT NULL,
    digest text NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    issued_by text NOT NULL,
    CONSTRAINT statements_digest_check CHECK ((digest ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT statements_month_check CHECK ((EXTRACT(day FROM month) = (1)::numeric)),
    CONSTRAINT statements_number_check CHECK ((number <> ''::text)),
    CONSTRAINT statements_revision_check CHECK ((revision >= 1)),
    CONSTRAINT statements_total_fen_check CHECK ((total_fen >= 0))
);

ALTER TABLE public.statements OWNER TO suanquan_owner;

COMMENT ON TABLE public.statements IS 'What was metered under a contract in a month; a revision replaces the one before';

COMMENT ON COLUMN public.statements.total_fen IS 'Fen without tax';

COMMENT ON COLUMN public.statements.digest IS 'SHA-256 of its content, hex';

ALTER TABLE public.statements ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.statements_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.streams (
    stream uuid NOT NULL,
    agent_id uuid NOT NULL,
    number bigint NOT NULL,
    hash bytea NOT NULL,
    sent_at timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    CONSTRAINT streams_number_check CHECK ((number >= 1))
);

ALTER TABLE public.streams OWNER TO suanquan_owner;

COMMENT ON TABLE public.streams IS 'The newest batch of each stream';

COMMENT ON COLUMN public.streams.hash IS 'What the next batch must name';

CREATE TABLE public.stretch_days (
    gpu text NOT NULL,
    day date NOT NULL,
    cluster_id bigint NOT NULL,
    source text NOT NULL,
    windows integer NOT NULL,
    until_ms integer NOT NULL,
    first_seen_ms integer,
    last_seen_ms integer,
    CONSTRAINT stretch_days_windows_check CHECK ((windows >= 1))
);

ALTER TABLE public.stretch_days OWNER TO suanquan_owner;

COMMENT ON TABLE public.stretch_days IS 'How many windows of a day the stretches were made of';

CREATE TABLE public.stretches (
    id bigint NOT NULL,
    gpu text NOT NULL,
    day date NOT NULL,
    cluster_id bigint NOT NULL,
    source text NOT NULL,
    device text NOT NULL,
    holder_kind text NOT NULL,
    holder text NOT NULL,
    instance text NOT NULL,
    is_told boolean NOT NULL,
    begins_ms integer NOT NULL,
    ends_ms integer NOT NULL,
    is_first boolean NOT NULL,
    is_last boolean NOT NULL,
    model text NOT NULL,
    mig_profile text NOT NULL,
    partition text NOT NULL,
    qos text NOT NULL,
    den integer NOT NULL,
    held bigint NOT NULL,
    util_ppm_ms numeric NOT NULL,
    util_ms bigint NOT NULL,
    CONSTRAINT stretches_begins_ms_check CHECK ((begins_ms >= 0)),
    CONSTRAINT stretches_check CHECK (((begins_ms < ends_ms) AND (ends_ms <= 86400000))),
    CONSTRAINT stretches_den_check CHECK ((den >= 1)),
    CONSTRAINT stretches_held_check CHECK ((held >= 0))
);

ALTER TABLE public.stretches OWNER TO suanquan_owner;

COMMENT ON TABLE public.stretches IS 'How an instance held a device on a Beijing day without being seen to let go; from windows';

COMMENT ON COLUMN public.stretches.device IS 'UUID of the MIG slice; empty for the whole GPU';

COMMENT ON COLUMN public.stretches.instance IS 'UID or name of the pod, number of the job; empty else';

COMMENT ON COLUMN public.stretches.is_told IS 'Whether the instance is told by a UID or a job number';

COMMENT ON COLUMN public.stretches.begins_ms IS 'Milliseconds from Beijing midnight';

COMMENT ON COLUMN public.stretches.ends_ms IS 'Milliseconds from Beijing midnight';

COMMENT ON COLUMN public.stretches.is_first IS 'Nothing of the GPU was seen earlier that day';

COMMENT ON COLUMN public.stretches.is_last IS 'Nothing of the GPU was seen later that day';

COMMENT ON COLUMN public.stretches.held IS 'Sum of held milliseconds times numerator; divide by den for device-milliseconds';

CREATE VIEW public.stretch_use AS
 WITH aside AS (
         SELECT cluster_id,
            day,
            gpu,
            source,
            device,
            namespace,
            COALESCE(NULLIF(uid, ''::text), pod) AS instance,
            model,
            mig_profile,
            den,
            low,
            verdict,
            'pod'::text AS holder_kind,
            namespace AS holder,
                CASE
                    WHEN counts THEN held
                    ELSE (- held)
                END AS held,
                CASE
                    WHEN counts THEN util_ppm_ms
                    ELSE (- util_ppm_ms)
                END AS util_ppm_ms,
                CASE
                    WHEN counts THEN util_ms
                    ELSE (- util_ms)
                END AS util_ms
           FROM public.evidence
          WHERE (((NOT counts) OR (verdict = 'gap'::text)) AND (counts = (verdict = 'gap'::text)))
        UNION ALL
         SELECT cluster_id,
            day,
            gpu,
            source,
            device,
            namespace,
            COALESCE(NULLIF(uid, ''::text), pod) AS "coalesce",
            model,
            mig_profile,
            den,
            low,
            verdict,
            holder_kind,
            holder,
            (sign * held),
            ((sign)::numeric * util_ppm_ms),
            (sign * util_ms)
           FROM (public.moved_use m
             CROSS JOIN LATERAL ( VALUES ('pod'::text,namespace,'-1'::integer), (holder_kind,holder,1)) t(holder_kind, holder, sign))
        )
 SELECT id,
    gpu,
    day,
    cluster_id,
    source,
    device,
    holder_kind,
    holder,
    instance,
    is_told,
    begins_ms,
    ends_ms,
    is_first,
    is_last,
    model,
    mig_profile,
    partition,
    qos,
    den,
    held,
    util_ppm_ms,
    util_ms
   FROM ((public.stretches s
     CROSS JOIN LATERAL ( SELECT
                CASE
                    WHEN (holder_kind = 'slurm'::text) THEN public.user_binding(cluster_id, gpu, holder, day)
                    ELSE NULL::text
                END AS by_user) j)
     CROSS JOIN LATERAL ( SELECT holder_kind,
            holder,
            (sum(held))::bigint AS held,
            sum(util_ppm_ms) AS util_ppm_ms,
            (sum(util_ms))::bigint AS util_ms
           FROM ( SELECT
                        CASE
                            WHEN (by_user IS NULL) THEN holder_kind
                            ELSE 'user'::text
                        END AS holder_kind,
                    COALESCE(by_user, holder) AS holder,
                    held,
                    util_ppm_ms,
                    util_ms
                UNION ALL
                 SELECT holder_kind,
                    holder,
                    held,
                    util_ppm_ms,
                    util_ms
                   FROM aside a
                  WHERE (((cluster_id = cluster_id) AND (day = day) AND (gpu = gpu) AND (source = source) AND (device = device) AND (namespace = holder) AND (instance = instance) AND (model = model) AND (mig_profile = mig_profile) AND (den = den)) AND (holder_kind = 'pod'::text) AND (low >= (((day)::timestamp without time zone AT TIME ZONE '08:00:00'::interval) + ((begins_ms)::double precision * '00:00:00.001'::interval))) AND (low < (((day)::timestamp without time zone AT TIME ZONE '08:00:00'::interval) + ((ends_ms)::double precision * '00:00:00.001'::interval))))) parts
          GROUP BY holder_kind, holder
         HAVING (sum(held) > (0)::numeric)) u)
  WHERE (NOT ((holder_kind = ANY (ARRAY['slurm'::text, 'static'::text])) AND (EXISTS ( SELECT
           FROM public.two_witnesses r
          WHERE ((cluster_id = cluster_id) AND (valid @> day))))));

ALTER VIEW public.stretch_use OWNER TO suanquan_owner;

COMMENT ON VIEW public.stretch_use IS 'Stretches under the holder that is bound, less what does not count';

ALTER TABLE public.stretches ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.stretches_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.subjects (
    id bigint NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    login_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT subjects_issuer_check CHECK ((issuer ~ '^https?://'::text)),
    CONSTRAINT subjects_subject_check CHECK (((length(subject) >= 1) AND (length(subject) <= 255)))
);

ALTER TABLE public.subjects OWNER TO suanquan_owner;

COMMENT ON TABLE public.subjects IS 'Whom a provider of identities names, and whose login it opens';

COMMENT ON COLUMN public.subjects.issuer IS 'The provider, as its tokens name it';

COMMENT ON COLUMN public.subjects.subject IS 'Its name for a person, for good';

COMMENT ON COLUMN public.subjects.ended_at IS 'Since when it opens nothing any more';

ALTER TABLE public.subjects ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.subjects_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE public.tokens ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.tokens_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.trusted_certificates (
    fingerprint text NOT NULL,
    name text NOT NULL,
    encoded bytea NOT NULL,
    trusted_since timestamp with time zone NOT NULL,
    trusted_until timestamp with time zone,
    CONSTRAINT fingerprint_of_certificate CHECK ((fingerprint = encode(sha256(encoded), 'hex'::text)))
);

ALTER TABLE public.trusted_certificates OWNER TO suanquan_owner;

COMMENT ON TABLE public.trusted_certificates IS 'Authorities that are believed to certify the seals of invoices; only the owner writes them';

COMMENT ON COLUMN public.trusted_certificates.fingerprint IS 'SHA-256 of encoded, hex';

COMMENT ON COLUMN public.trusted_certificates.encoded IS 'X.509, DER';

CREATE TABLE public.unsealed_rows (
    relation text NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C"
);

ALTER TABLE public.unsealed_rows OWNER TO suanquan_owner;

COMMENT ON TABLE public.unsealed_rows IS 'Rows that came, changed or went since they were sealed, by triggers';

CREATE TABLE public.voucher_rates (
    decision_id bigint NOT NULL,
    voucher_id bigint NOT NULL,
    policy text NOT NULL,
    since date NOT NULL,
    rate_num bigint NOT NULL,
    rate_den bigint NOT NULL,
    rate_words text NOT NULL,
    CONSTRAINT voucher_rates_check CHECK ((rate_den >= rate_num)),
    CONSTRAINT voucher_rates_rate_num_check CHECK ((rate_num > 0)),
    CONSTRAINT voucher_rates_since_check CHECK (isfinite(since))
);

ALTER TABLE public.voucher_rates OWNER TO suanquan_owner;

COMMENT ON TABLE public.voucher_rates IS 'Other rates of vouchers from a day on, decided by two persons';

COMMENT ON COLUMN public.voucher_rates.since IS 'First Beijing day of the rate';

COMMENT ON COLUMN public.voucher_rates.rate_num IS 'Rate, numerator';

COMMENT ON COLUMN public.voucher_rates.rate_den IS 'Rate, denominator';

CREATE TABLE public.voucher_versions (
    voucher_id bigint NOT NULL,
    policy text NOT NULL,
    clause text NOT NULL,
    rate_num bigint NOT NULL,
    rate_den bigint NOT NULL,
    rate_words text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    opened_by text NOT NULL,
    CONSTRAINT voucher_versions_check CHECK ((rate_den >= rate_num)),
    CONSTRAINT voucher_versions_rate_num_check CHECK ((rate_num > 0))
);

ALTER TABLE public.voucher_versions OWNER TO suanquan_owner;

COMMENT ON TABLE public.voucher_versions IS 'Under which versions of its clause a voucher was opened';

COMMENT ON COLUMN public.voucher_versions.rate_num IS 'Rate when it was opened, numerator';

COMMENT ON COLUMN public.voucher_versions.rate_den IS 'Rate when it was opened, denominator';

COMMENT ON COLUMN public.voucher_versions.rate_words IS 'The words of the clause that state it';

CREATE VIEW public.voucher_rate_days AS
 WITH changes AS (
         SELECT decision_id,
            voucher_id,
            policy,
            since,
            rate_num,
            rate_den,
            rate_words,
            lead(since) OVER (PARTITION BY voucher_id, policy ORDER BY since) AS until
           FROM public.voucher_rates r
          WHERE (NOT (EXISTS ( SELECT
                   FROM public.voucher_rates newer
                  WHERE (((voucher_id = voucher_id) AND (policy = policy)) AND (decision_id > decision_id) AND (since <= since)))))
        )
 SELECT voucher_id,
    policy,
    clause,
    rate_num,
    rate_den,
    rate_words,
    policy AS label,
    daterange(NULL::date, ( SELECT min(since) AS min
           FROM changes c
          WHERE ((voucher_id = voucher_id) AND (policy = policy)))) AS days
   FROM public.voucher_versions n
UNION ALL
 SELECT voucher_id,
    policy,
    clause,
    rate_num,
    rate_den,
    rate_words,
        CASE
            WHEN (((rate_num)::numeric * (rate_den)::numeric) = ((rate_den)::numeric * (rate_num)::numeric)) THEN policy
            ELSE ((((policy || ' '::text) || rate_num) || '/'::text) || rate_den)
        END AS label,
    daterange(since, until) AS days
   FROM (changes c
     JOIN public.voucher_versions n USING (voucher_id, policy));

ALTER VIEW public.voucher_rate_days OWNER TO suanquan_owner;

COMMENT ON VIEW public.voucher_rate_days IS 'Rate of each voucher under each version, by Beijing days';

CREATE VIEW public.voucher_spans AS
 SELECT project_id,
    id AS voucher_id,
    label,
    rate_num,
    rate_den,
    days,
    policy,
    lower(effective) AS in_force
   FROM (((((public.vouchers v
     JOIN public.voucher_rate_days n ON ((voucher_id = id)))
     JOIN public.clauses c ON (((policy = policy) AND (clause = clause))))
     JOIN public.payable_clauses y ON (((policy = policy) AND (clause = clause))))
     LEFT JOIN LATERAL ( SELECT e_1.until
           FROM public.policy_ends e_1
          WHERE (e_1.policy = policy)
          ORDER BY e_1.decision_id DESC
         LIMIT 1) e ON (true))
     CROSS JOIN LATERAL ( SELECT (((effective * valid) * days) * daterange(NULL::date, until)) AS days) d)
  WHERE ((NOT lower_inf(effective)) AND (NOT isempty(days)));

ALTER VIEW public.voucher_spans OWNER TO suanquan_owner;

COMMENT ON VIEW public.voucher_spans IS 'Versions under which the usage of a project is, with their days';

CREATE TABLE public.voucher_years (
    voucher_id bigint NOT NULL,
    year smallint NOT NULL,
    book_id bigint NOT NULL,
    CONSTRAINT voucher_years_year_check CHECK (((year >= 2000) AND (year <= 2099)))
);

ALTER TABLE public.voucher_years OWNER TO suanquan_owner;

COMMENT ON TABLE public.voucher_years IS 'The books of a voucher''s years';

COMMENT ON COLUMN public.voucher_years.year IS 'Calendar year of the months of use';

ALTER TABLE public.vouchers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.vouchers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.window_counts (
    stream uuid NOT NULL,
    number bigint NOT NULL,
    cluster_id bigint NOT NULL,
    source text NOT NULL,
    kept integer DEFAULT 0 NOT NULL,
    waiting integer DEFAULT 0 NOT NULL
);

ALTER TABLE public.window_counts OWNER TO suanquan_owner;

COMMENT ON TABLE public.window_counts IS 'How many windows of a batch are here; written by triggers';

COMMENT ON COLUMN public.window_counts.kept IS 'Windows that count';

COMMENT ON COLUMN public.window_counts.waiting IS 'Windows that were quarantined';

CREATE TABLE public.window_days (
    day date NOT NULL,
    state text NOT NULL,
    CONSTRAINT window_days_state_check CHECK ((state = ANY (ARRAY['open'::text, 'packed'::text, 'batches'::text])))
);

ALTER TABLE public.window_days OWNER TO suanquan_owner;

COMMENT ON TABLE public.window_days IS 'Beijing days of which windows or batches wait to be packed, or some are packed';

CREATE TABLE public.window_hours (
    gpu text NOT NULL,
    hour timestamp with time zone NOT NULL,
    stream uuid NOT NULL,
    cluster_id bigint NOT NULL,
    source text NOT NULL,
    segments integer[] NOT NULL,
    CONSTRAINT window_hours_hour_check CHECK ((hour = date_trunc('hour'::text, hour, 'UTC'::text))),
    CONSTRAINT window_hours_segments_check CHECK (((cardinality(segments) > 0) AND ((cardinality(segments) % 6) = 0))),
    CONSTRAINT window_hours_source_check CHECK ((source = ANY (ARRAY['nvml'::text, 'dcgm'::text])))
);

ALTER TABLE public.window_hours OWNER TO suanquan_owner;

COMMENT ON TABLE public.window_hours IS 'Windows of closed days, an hour of a GPU a row; their bodies stand in the batches';

COMMENT ON COLUMN public.window_hours.hour IS 'Its start';

COMMENT ON COLUMN public.window_hours.segments IS 'Six numbers each: first minute, minutes, number of its batch, its step, place there from 1, its step';

CREATE TABLE public.witness_nodes (
    agent_id uuid NOT NULL,
    uid text NOT NULL,
    node text NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    gone_at timestamp with time zone,
    body jsonb NOT NULL,
    CONSTRAINT witness_nodes_check CHECK ((gone_at >= seen_at)),
    CONSTRAINT witness_nodes_uid_check CHECK ((uid <> ''::text))
);

ALTER TABLE public.witness_nodes OWNER TO suanquan_owner;

COMMENT ON TABLE public.witness_nodes IS 'Nodes, as a witness saw them last';

COMMENT ON COLUMN public.witness_nodes.gone_at IS 'When the witness saw that it was there no more';

COMMENT ON COLUMN public.witness_nodes.body IS 'The record as it was sent';

ALTER TABLE public.witness_requirements ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.witness_requirements_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.witness_watches (
    agent_id uuid NOT NULL,
    since timestamp with time zone NOT NULL,
    until timestamp with time zone NOT NULL,
    CONSTRAINT witness_watches_check CHECK ((until >= since))
);

ALTER TABLE public.witness_watches OWNER TO suanquan_owner;

COMMENT ON TABLE public.witness_watches IS 'Spans in which a witness missed no change';

COMMENT ON COLUMN public.witness_watches.until IS 'Its last proof; it grows while the span lasts';

CREATE TABLE public.working_days (
    day date NOT NULL
);

ALTER TABLE public.working_days OWNER TO suanquan_owner;

COMMENT ON TABLE public.working_days IS 'Days on which offices are open in China; written by the owner';

CREATE TABLE public.xid_events (
    gpu text NOT NULL,
    start timestamp with time zone NOT NULL,
    xid integer NOT NULL
);

ALTER TABLE public.xid_events OWNER TO suanquan_owner;

COMMENT ON TABLE public.xid_events IS 'Errors that a GPU''s driver announced (XID), each once a window';

COMMENT ON COLUMN public.xid_events.start IS 'Of the window';

CREATE VIEW public.year_books AS
 SELECT id AS voucher_id,
    clause,
    year,
    book_id,
    NULL::bigint AS pool_id
   FROM (public.voucher_years y
     JOIN public.vouchers v ON ((id = voucher_id)))
UNION ALL
 SELECT id AS voucher_id,
    clause,
    year,
    book_id,
    id AS pool_id
   FROM ((public.vouchers v
     JOIN public.pool_clauses c USING (clause))
     JOIN public.pools l ON ((id = pool_id)));

ALTER VIEW public.year_books OWNER TO suanquan_owner;

COMMENT ON VIEW public.year_books IS 'The books of a voucher''s years and of the pools that it shares';

CREATE TABLE public.year_waits (
    id bigint NOT NULL,
    voucher_id bigint NOT NULL,
    year smallint NOT NULL,
    fen bigint NOT NULL,
    since timestamp with time zone NOT NULL,
    CONSTRAINT year_waits_fen_check CHECK ((fen > 0))
);

ALTER TABLE public.year_waits OWNER TO suanquan_owner;

COMMENT ON TABLE public.year_waits IS 'What was recognised and waits for money of its pool, in order';

COMMENT ON COLUMN public.year_waits.fen IS 'Fen';

COMMENT ON COLUMN public.year_waits.since IS 'When it was recognised';

ALTER TABLE public.year_waits ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.year_waits_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (book_id, role);

ALTER TABLE ONLY public.accruals
    ADD CONSTRAINT accruals_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.agent_shares
    ADD CONSTRAINT agent_shares_pkey PRIMARY KEY (agent_id);

ALTER TABLE ONLY public.agents
    ADD CONSTRAINT agents_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.agents
    ADD CONSTRAINT agents_public_key_key UNIQUE (public_key);

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY public.allocations
    ADD CONSTRAINT allocations_document_id_line_contract_id_month_part_key UNIQUE (document_id, line, contract_id, month, part);

ALTER TABLE ONLY public.allocations
    ADD CONSTRAINT allocations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.archived_rolls
    ADD CONSTRAINT archived_rolls_pkey PRIMARY KEY (stream, first);

ALTER TABLE ONLY public.archives
    ADD CONSTRAINT archives_pkey PRIMARY KEY (month, part);

ALTER TABLE ONLY public.assignments
    ADD CONSTRAINT assignments_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.authenticators
    ADD CONSTRAINT authenticators_invitation_id_key UNIQUE (invitation_id);

ALTER TABLE ONLY public.authenticators
    ADD CONSTRAINT authenticators_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.authenticators
    ADD CONSTRAINT authenticators_secret_key UNIQUE (secret);

ALTER TABLE ONLY public.backup_progress
    ADD CONSTRAINT backup_progress_pkey PRIMARY KEY (is_last);

ALTER TABLE ONLY public.bank_accounts
    ADD CONSTRAINT bank_accounts_decision_id_key UNIQUE (decision_id);

ALTER TABLE ONLY public.bank_accounts
    ADD CONSTRAINT bank_accounts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.bank_returns
    ADD CONSTRAINT bank_returns_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.barred_steps
    ADD CONSTRAINT barred_steps_pkey PRIMARY KEY (action, taken);

ALTER TABLE ONLY public.batch_rolls
    ADD CONSTRAINT batch_rolls_pkey PRIMARY KEY (stream, first);

ALTER TABLE ONLY public.batches
    ADD CONSTRAINT batches_pkey PRIMARY KEY (stream, number);

ALTER TABLE ONLY public.billing_sources
    ADD CONSTRAINT billing_sources_cluster_id_valid_excl EXCLUDE USING gist (cluster_id WITH =, valid WITH &&) WHERE ((superseded_at IS NULL));

ALTER TABLE ONLY public.billing_sources
    ADD CONSTRAINT billing_sources_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.bindings
    ADD CONSTRAINT bindings_cluster_id_holder_kind_holder_valid_excl EXCLUDE USING gist (cluster_id WITH =, holder_kind WITH =, holder WITH =, valid WITH &&) WHERE ((superseded_at IS NULL));

ALTER TABLE ONLY public.bindings
    ADD CONSTRAINT bindings_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.books
    ADD CONSTRAINT books_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.capacities
    ADD CONSTRAINT capacities_decision_id_key UNIQUE (decision_id);

ALTER TABLE ONLY public.capacities
    ADD CONSTRAINT capacities_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.case_courses
    ADD CONSTRAINT case_courses_course_stage_key UNIQUE (course, stage);

ALTER TABLE ONLY public.case_courses
    ADD CONSTRAINT case_courses_pkey PRIMARY KEY (course, place);

ALTER TABLE ONLY public.case_holds
    ADD CONSTRAINT case_holds_objection_id_key UNIQUE (objection_id);

ALTER TABLE ONLY public.case_holds
    ADD CONSTRAINT case_holds_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.case_moves
    ADD CONSTRAINT case_moves_course_state_action_role_next_key UNIQUE (course, state, action, role, next);

ALTER TABLE ONLY public.case_moves
    ADD CONSTRAINT case_moves_pkey PRIMARY KEY (course, state, action, role);

ALTER TABLE ONLY public.case_steps
    ADD CONSTRAINT case_steps_pkey PRIMARY KEY (action);

ALTER TABLE ONLY public.catalogue_models
    ADD CONSTRAINT catalogue_models_name_key UNIQUE (name);

ALTER TABLE ONLY public.catalogue_models
    ADD CONSTRAINT catalogue_models_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.catalogue_names
    ADD CONSTRAINT catalogue_names_pkey PRIMARY KEY (nvml_name, mig_profile);

ALTER TABLE ONLY public.cause_kinds
    ADD CONSTRAINT cause_kinds_pkey PRIMARY KEY (cause, kind);

ALTER TABLE ONLY public.centres
    ADD CONSTRAINT centres_name_key UNIQUE (name);

ALTER TABLE ONLY public.centres
    ADD CONSTRAINT centres_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.certificates
    ADD CONSTRAINT certificates_hash_key UNIQUE (hash);

ALTER TABLE ONLY public.certificates
    ADD CONSTRAINT certificates_pkey PRIMARY KEY (number);

ALTER TABLE ONLY public.charges
    ADD CONSTRAINT charges_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.claim_cells
    ADD CONSTRAINT claim_cells_pkey PRIMARY KEY (claim_id, contract_id, month);

ALTER TABLE ONLY public.claim_events
    ADD CONSTRAINT claim_events_pkey PRIMARY KEY (claim_id, seq);

ALTER TABLE ONLY public.claim_files
    ADD CONSTRAINT claim_files_pkey PRIMARY KEY (claim_id, role, original);

ALTER TABLE ONLY public.claims
    ADD CONSTRAINT claims_number_key UNIQUE (number);

ALTER TABLE ONLY public.claims
    ADD CONSTRAINT claims_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.clause_rates
    ADD CONSTRAINT clause_rates_pkey PRIMARY KEY (policy, clause, place);

ALTER TABLE ONLY public.clauses
    ADD CONSTRAINT clauses_pkey PRIMARY KEY (policy, clause);

ALTER TABLE ONLY public.closes
    ADD CONSTRAINT closes_decision_id_key UNIQUE (decision_id);

ALTER TABLE ONLY public.closes
    ADD CONSTRAINT closes_pkey PRIMARY KEY (kind, month);

ALTER TABLE ONLY public.clusters
    ADD CONSTRAINT clusters_name_key UNIQUE (name);

ALTER TABLE ONLY public.clusters
    ADD CONSTRAINT clusters_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.code_steps
    ADD CONSTRAINT code_steps_pkey PRIMARY KEY (authenticator_id, step);

ALTER TABLE ONLY public.conflicts
    ADD CONSTRAINT conflicts_pkey PRIMARY KEY (gpu, start, hash, stream, number);

ALTER TABLE ONLY public.contract_terms
    ADD CONSTRAINT contract_terms_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.contracts
    ADD CONSTRAINT contracts_number_key UNIQUE (number);

ALTER TABLE ONLY public.contracts
    ADD CONSTRAINT contracts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.contracts
    ADD CONSTRAINT contracts_text_sha256_key UNIQUE (text_sha256);

ALTER TABLE ONLY public.controllers
    ADD CONSTRAINT controllers_organisation_id_role_person_valid_excl EXCLUDE USING gist (organisation_id WITH =, role WITH =, person WITH =, valid WITH &&) WHERE ((superseded_at IS NULL));

ALTER TABLE ONLY public.controllers
    ADD CONSTRAINT controllers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.corrections
    ADD CONSTRAINT corrections_decision_id_gpu_start_key UNIQUE (decision_id, gpu, start);

ALTER TABLE ONLY public.corrections
    ADD CONSTRAINT corrections_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.cost_books
    ADD CONSTRAINT cost_books_book_id_key UNIQUE (book_id);

ALTER TABLE ONLY public.cost_books
    ADD CONSTRAINT cost_books_pkey PRIMARY KEY (reconciliation_id);

ALTER TABLE ONLY public.cost_documents
    ADD CONSTRAINT cost_documents_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.courier_files
    ADD CONSTRAINT courier_files_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.coverage
    ADD CONSTRAINT coverage_pkey PRIMARY KEY (gpu, day, cluster_id, source);

ALTER TABLE ONLY public.day_totals
    ADD CONSTRAINT day_totals_pkey PRIMARY KEY (gpu, day, cluster_id, source, model, holder_kind, holder, mig_profile, partition, qos, den);

ALTER TABLE ONLY public.decision_kinds
    ADD CONSTRAINT decision_kinds_pkey PRIMARY KEY (kind);

ALTER TABLE ONLY public.decisions
    ADD CONSTRAINT decisions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.deductions
    ADD CONSTRAINT deduction_once UNIQUE (document_id, contract_id);

ALTER TABLE ONLY public.deductions
    ADD CONSTRAINT deductions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.differences
    ADD CONSTRAINT differences_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.document_lines
    ADD CONSTRAINT document_lines_pkey PRIMARY KEY (document_id, line);

ALTER TABLE ONLY public.drill
    ADD CONSTRAINT drill_pkey PRIMARY KEY (is_drill);

ALTER TABLE ONLY public.enrolment_codes
    ADD CONSTRAINT enrolment_codes_agent_id_key UNIQUE (agent_id);

ALTER TABLE ONLY public.enrolment_codes
    ADD CONSTRAINT enrolment_codes_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY public.entries
    ADD CONSTRAINT entries_pkey PRIMARY KEY (book_id, role, version);

ALTER TABLE ONLY public.event_bookmarks
    ADD CONSTRAINT event_bookmarks_pkey PRIMARY KEY (receiver);

ALTER TABLE ONLY public.event_links
    ADD CONSTRAINT event_links_event_id_key UNIQUE (event_id);

ALTER TABLE ONLY public.event_links
    ADD CONSTRAINT event_links_pkey PRIMARY KEY ("position");

ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.evidence_changes
    ADD CONSTRAINT evidence_changes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.evidence_days
    ADD CONSTRAINT evidence_days_pkey PRIMARY KEY (cluster_id, day);

ALTER TABLE ONLY public.evidence
    ADD CONSTRAINT evidence_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.excluded_months
    ADD CONSTRAINT excluded_months_pkey PRIMARY KEY (decision_id);

ALTER TABLE ONLY public.excluded_months
    ADD CONSTRAINT excluded_months_readmission_id_key UNIQUE (readmission_id);

ALTER TABLE ONLY public.incident_spans
    ADD CONSTRAINT explained_once EXCLUDE USING gist (gpu WITH =, device WITH =, holder WITH =, span WITH &&);

ALTER TABLE ONLY public.failed_sign_ins
    ADD CONSTRAINT failed_sign_ins_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.forks
    ADD CONSTRAINT forks_pkey PRIMARY KEY (stream, number, hash);

ALTER TABLE ONLY public.freezes
    ADD CONSTRAINT freezes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.gpus
    ADD CONSTRAINT gpus_pkey PRIMARY KEY (gpu);

ALTER TABLE ONLY public.history
    ADD CONSTRAINT history_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.hold_days
    ADD CONSTRAINT hold_days_pkey PRIMARY KEY (cluster_id, day, gpu, source);

ALTER TABLE ONLY public.hold_kinds
    ADD CONSTRAINT hold_kinds_pkey PRIMARY KEY (kind);

ALTER TABLE ONLY public.hour_coverage
    ADD CONSTRAINT hour_coverage_pkey PRIMARY KEY (gpu, hour, cluster_id, source);

ALTER TABLE ONLY public.hour_totals
    ADD CONSTRAINT hour_totals_pkey PRIMARY KEY (gpu, hour, cluster_id, source, holder_kind, holder, den);

ALTER TABLE ONLY public.incident_rulings
    ADD CONSTRAINT incident_rulings_decision_id_key UNIQUE (decision_id);

ALTER TABLE ONLY public.incident_rulings
    ADD CONSTRAINT incident_rulings_pkey PRIMARY KEY (incident_id);

ALTER TABLE ONLY public.incident_spans
    ADD CONSTRAINT incident_spans_pkey PRIMARY KEY (incident_id, gpu, device, holder, span);

ALTER TABLE ONLY public.incidents
    ADD CONSTRAINT incidents_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.indicator_shares
    ADD CONSTRAINT indicator_shares_indicator_id_key UNIQUE (indicator_id);

ALTER TABLE ONLY public.indicator_shares
    ADD CONSTRAINT indicator_shares_pkey PRIMARY KEY (scheme, place);

ALTER TABLE ONLY public.indicator_shares
    ADD CONSTRAINT indicator_shares_scheme_bearer_key UNIQUE (scheme, bearer);

ALTER TABLE ONLY public.indicators
    ADD CONSTRAINT indicators_book_id_key UNIQUE (book_id);

ALTER TABLE ONLY public.indicators
    ADD CONSTRAINT indicators_number_year_key UNIQUE (number, year);

ALTER TABLE ONLY public.indicators
    ADD CONSTRAINT indicators_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_hash_key UNIQUE (hash);

ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_token_id_key UNIQUE (token_id);

ALTER TABLE ONLY public.job_users
    ADD CONSTRAINT job_users_pkey PRIMARY KEY (cluster_id, job);

ALTER TABLE ONLY public.legal_moves
    ADD CONSTRAINT legal_moves_pkey PRIMARY KEY (kind, from_role, to_role);

ALTER TABLE ONLY public.lent_rolls
    ADD CONSTRAINT lent_rolls_pkey PRIMARY KEY (stream, first);

ALTER TABLE ONLY public.logins
    ADD CONSTRAINT logins_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.logins
    ADD CONSTRAINT logins_token_id_key UNIQUE (token_id);

ALTER TABLE ONLY public.lookups
    ADD CONSTRAINT lookups_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.match_lines
    ADD CONSTRAINT match_lines_pkey PRIMARY KEY (reconciliation_id, part, document_id, line);

ALTER TABLE ONLY public.match_usage
    ADD CONSTRAINT match_usage_pkey PRIMARY KEY (reconciliation_id, part, policy);

ALTER TABLE ONLY public.matches
    ADD CONSTRAINT matches_pkey PRIMARY KEY (reconciliation_id, part);

ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.movements
    ADD CONSTRAINT movements_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.number_reads
    ADD CONSTRAINT number_reads_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.numbering
    ADD CONSTRAINT numbering_pkey PRIMARY KEY (one);

ALTER TABLE ONLY public.objections
    ADD CONSTRAINT objections_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.price_bands
    ADD CONSTRAINT one_band EXCLUDE USING gist (model_id WITH =, mig_profile WITH =, valid WITH &&) WHERE ((superseded_at IS NULL));

ALTER TABLE ONLY public.charges
    ADD CONSTRAINT one_charge UNIQUE NULLS NOT DISTINCT (contract_id, price_id, month, policy, model_id, mig_profile);

ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT one_duty EXCLUDE USING gist (person_id WITH =, public.duty_of(role) WITH <>) WHERE ((revoked_at IS NULL));

ALTER TABLE ONLY public.allocations
    ADD CONSTRAINT one_kind_a_line EXCLUDE USING gist (document_id WITH =, line WITH =, kind WITH <>) WHERE ((fen > 0));

ALTER TABLE ONLY public.bindings
    ADD CONSTRAINT one_label_key EXCLUDE USING gist (cluster_id WITH =, split_part(holder, '='::text, 1) WITH <>, valid WITH &&) WHERE (((superseded_at IS NULL) AND (holder_kind = 'label'::text))) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.prices
    ADD CONSTRAINT one_line_a_day EXCLUDE USING gist (contract_id WITH =, kind WITH =, (
CASE kind
    WHEN 'metered'::text THEN ''::text
    ELSE name
END) WITH =, COALESCE(model_id, (0)::bigint) WITH =, COALESCE(mig_profile, '*'::text) WITH =, COALESCE(partition, ''::text) WITH =, COALESCE(qos, ''::text) WITH =, COALESCE(market, ''::text) WITH =, valid WITH &&) WHERE ((superseded_at IS NULL));

ALTER TABLE ONLY public.organisation_names
    ADD CONSTRAINT one_name EXCLUDE USING gist (organisation_id WITH =, valid WITH &&) WHERE ((superseded_at IS NULL));

ALTER TABLE ONLY public.relations
    ADD CONSTRAINT one_payee EXCLUDE USING gist (project_id WITH =, valid WITH &&) WHERE (((superseded_at IS NULL) AND (kind = 'payee'::text)));

ALTER TABLE ONLY public.organisation_names
    ADD CONSTRAINT organisation_names_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.organisations
    ADD CONSTRAINT organisations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.organisations
    ADD CONSTRAINT organisations_uscc_key UNIQUE (uscc);

ALTER TABLE ONLY public.originals
    ADD CONSTRAINT originals_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY public.other_support
    ADD CONSTRAINT other_support_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.other_support
    ADD CONSTRAINT other_support_project_id_coalesce_programme_valid_excl EXCLUDE USING gist (project_id WITH =, COALESCE(contract_id, (0)::bigint) WITH =, programme WITH =, valid WITH &&) WHERE ((superseded_at IS NULL));

ALTER TABLE ONLY public.partition_gpus
    ADD CONSTRAINT partition_gpus_pkey PRIMARY KEY (agent_id, day, partition);

ALTER TABLE ONLY public.passwords
    ADD CONSTRAINT passwords_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.past_hours
    ADD CONSTRAINT past_hours_pkey PRIMARY KEY (gpu, day, cluster_id, source);

ALTER TABLE ONLY public.payable_versions
    ADD CONSTRAINT payable_versions_pkey PRIMARY KEY (decision_id);

ALTER TABLE ONLY public.payment_lines
    ADD CONSTRAINT payment_lines_pkey PRIMARY KEY (list_id, line);

ALTER TABLE ONLY public.payment_lists
    ADD CONSTRAINT payment_lists_decision_id_key UNIQUE (decision_id);

ALTER TABLE ONLY public.payment_lists
    ADD CONSTRAINT payment_lists_number_key UNIQUE (number);

ALTER TABLE ONLY public.payment_lists
    ADD CONSTRAINT payment_lists_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.persons
    ADD CONSTRAINT persons_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.policy_ends
    ADD CONSTRAINT policy_ends_pkey PRIMARY KEY (decision_id);

ALTER TABLE ONLY public.pool_clauses
    ADD CONSTRAINT pool_clauses_pkey PRIMARY KEY (year, clause);

ALTER TABLE ONLY public.pools
    ADD CONSTRAINT pools_book_id_key UNIQUE (book_id);

ALTER TABLE ONLY public.pools
    ADD CONSTRAINT pools_decision_id_key UNIQUE (decision_id);

ALTER TABLE ONLY public.pools
    ADD CONSTRAINT pools_id_year_key UNIQUE (id, year);

ALTER TABLE ONLY public.pools
    ADD CONSTRAINT pools_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.pools
    ADD CONSTRAINT pools_year_number_key UNIQUE (year, number);

ALTER TABLE ONLY public.postings
    ADD CONSTRAINT postings_cause_key UNIQUE (cause);

ALTER TABLE ONLY public.postings
    ADD CONSTRAINT postings_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.price_bands
    ADD CONSTRAINT price_bands_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.prices
    ADD CONSTRAINT prices_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.projects
    ADD CONSTRAINT projects_code_key UNIQUE (code);

ALTER TABLE ONLY public.projects
    ADD CONSTRAINT projects_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.publications
    ADD CONSTRAINT publications_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_pkey PRIMARY KEY (gpu, start, hash, cluster_id, node);

ALTER TABLE ONLY public.receipts
    ADD CONSTRAINT receipts_pkey PRIMARY KEY (reference);

ALTER TABLE ONLY public.reconciliations
    ADD CONSTRAINT reconciliations_contract_id_month_key UNIQUE (contract_id, month);

ALTER TABLE ONLY public.reconciliations
    ADD CONSTRAINT reconciliations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.recoveries
    ADD CONSTRAINT recoveries_decision_id_key UNIQUE (decision_id);

ALTER TABLE ONLY public.recoveries
    ADD CONSTRAINT recoveries_number_key UNIQUE (number);

ALTER TABLE ONLY public.recoveries
    ADD CONSTRAINT recoveries_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT recovery_codes_hash_key UNIQUE (hash);

ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT recovery_codes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.red_parts
    ADD CONSTRAINT red_parts_pkey PRIMARY KEY (document_id, line);

ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT refunds_decision_id_key UNIQUE (decision_id);

ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT refunds_pkey PRIMARY KEY (reference, voucher_id, indicator_id);

ALTER TABLE ONLY public.registry_acts
    ADD CONSTRAINT registry_acts_pkey PRIMARY KEY (decision_id, relation, entry);

ALTER TABLE ONLY public.relations
    ADD CONSTRAINT relations_kind_organisation_id_coalesce_valid_excl EXCLUDE USING gist (kind WITH =, organisation_id WITH =, COALESCE(centre_id, project_id, other_id) WITH =, valid WITH &&) WHERE ((superseded_at IS NULL));

ALTER TABLE ONLY public.relations
    ADD CONSTRAINT relations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.relays
    ADD CONSTRAINT relays_pkey PRIMARY KEY (cluster_id, relay);

ALTER TABLE ONLY public.reservations
    ADD CONSTRAINT reservations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.reserved_devices
    ADD CONSTRAINT reserved_devices_pkey PRIMARY KEY (price_id, gpu);

ALTER TABLE ONLY public.reserved_devices
    ADD CONSTRAINT reserved_once EXCLUDE USING gist (gpu WITH =, valid WITH &&) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.restorations
    ADD CONSTRAINT restorations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.roles
    ADD CONSTRAINT roles_pkey PRIMARY KEY (role);

ALTER TABLE ONLY public.roll_spans
    ADD CONSTRAINT roll_spans_pkey PRIMARY KEY (stream, first);

ALTER TABLE ONLY public.rounds
    ADD CONSTRAINT rounds_pkey PRIMARY KEY (is_last);

ALTER TABLE ONLY public.seal_keys
    ADD CONSTRAINT seal_keys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.seal_keys
    ADD CONSTRAINT seal_keys_public_key_key UNIQUE (public_key);

ALTER TABLE ONLY public.seal_stamps
    ADD CONSTRAINT seal_stamps_pkey PRIMARY KEY (seal);

ALTER TABLE ONLY public.sealed_rows
    ADD CONSTRAINT sealed_rows_pkey PRIMARY KEY (seal, relation, key);

ALTER TABLE ONLY public.seals
    ADD CONSTRAINT seals_hash_key UNIQUE (hash);

ALTER TABLE ONLY public.seals
    ADD CONSTRAINT seals_kind_month_key UNIQUE (kind, month);

ALTER TABLE ONLY public.seals
    ADD CONSTRAINT seals_pkey PRIMARY KEY (number);

ALTER TABLE ONLY public.seals
    ADD CONSTRAINT seals_previous_key UNIQUE (previous);

ALTER TABLE ONLY public.series
    ADD CONSTRAINT series_pkey PRIMARY KEY (prefix, year);

ALTER TABLE ONLY public.server_key
    ADD CONSTRAINT server_key_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_hash_key UNIQUE (hash);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.sign_in_links
    ADD CONSTRAINT sign_in_links_hash_key UNIQUE (hash);

ALTER TABLE ONLY public.sign_in_links
    ADD CONSTRAINT sign_in_links_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.stated_periods
    ADD CONSTRAINT stated_periods_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.statement_answers
    ADD CONSTRAINT statement_answers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.statement_lines
    ADD CONSTRAINT statement_lines_pkey PRIMARY KEY (statement_id, line);

ALTER TABLE ONLY public.statements
    ADD CONSTRAINT statements_contract_id_month_revision_key UNIQUE (contract_id, month, revision);

ALTER TABLE ONLY public.statements
    ADD CONSTRAINT statements_number_key UNIQUE (number);

ALTER TABLE ONLY public.statements
    ADD CONSTRAINT statements_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.streams
    ADD CONSTRAINT streams_pkey PRIMARY KEY (stream);

ALTER TABLE ONLY public.stretch_days
    ADD CONSTRAINT stretch_days_pkey PRIMARY KEY (gpu, day, cluster_id, source);

ALTER TABLE ONLY public.stretches
    ADD CONSTRAINT stretches_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.subjects
    ADD CONSTRAINT subjects_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_hash_key UNIQUE (hash);

ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.trusted_certificates
    ADD CONSTRAINT trusted_certificates_pkey PRIMARY KEY (fingerprint);

ALTER TABLE ONLY public.voucher_rates
    ADD CONSTRAINT voucher_rates_pkey PRIMARY KEY (decision_id);

ALTER TABLE ONLY public.voucher_versions
    ADD CONSTRAINT voucher_versions_pkey PRIMARY KEY (voucher_id, policy);

ALTER TABLE ONLY public.voucher_years
    ADD CONSTRAINT voucher_years_book_id_key UNIQUE (book_id);

ALTER TABLE ONLY public.voucher_years
    ADD CONSTRAINT voucher_years_pkey PRIMARY KEY (voucher_id, year);

ALTER TABLE ONLY public.vouchers
    ADD CONSTRAINT vouchers_book_id_key UNIQUE (book_id);

ALTER TABLE ONLY public.vouchers
    ADD CONSTRAINT vouchers_clause_cap_scope_key UNIQUE (clause, cap_scope);

ALTER TABLE ONLY public.vouchers
    ADD CONSTRAINT vouchers_id_clause_key UNIQUE (id, clause);

ALTER TABLE ONLY public.vouchers
    ADD CONSTRAINT vouchers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.vouchers
    ADD CONSTRAINT vouchers_project_id_key UNIQUE (project_id);

ALTER TABLE ONLY public.window_counts
    ADD CONSTRAINT window_counts_pkey PRIMARY KEY (stream, number, cluster_id, source);

ALTER TABLE ONLY public.window_days
    ADD CONSTRAINT window_days_pkey PRIMARY KEY (day, state);

ALTER TABLE ONLY public.window_hours
    ADD CONSTRAINT window_hours_pkey PRIMARY KEY (gpu, hour, stream);

ALTER TABLE ONLY public.windows
    ADD CONSTRAINT windows_pkey PRIMARY KEY (gpu, start);

ALTER TABLE ONLY public.witness_nodes
    ADD CONSTRAINT witness_nodes_pkey PRIMARY KEY (agent_id, uid);

ALTER TABLE ONLY public.witness_pods
    ADD CONSTRAINT witness_pods_pkey PRIMARY KEY (agent_id, uid);

ALTER TABLE ONLY public.witness_requirements
    ADD CONSTRAINT witness_requirements_cluster_id_valid_excl EXCLUDE USING gist (cluster_id WITH =, valid WITH &&) WHERE ((superseded_at IS NULL));

ALTER TABLE ONLY public.witness_requirements
    ADD CONSTRAINT witness_requirements_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.witness_watches
    ADD CONSTRAINT witness_watches_pkey PRIMARY KEY (agent_id, since);

ALTER TABLE ONLY public.working_days
    ADD CONSTRAINT working_days_pkey PRIMARY KEY (day);

ALTER TABLE ONLY public.xid_events
    ADD CONSTRAINT xid_events_pkey PRIMARY KEY (gpu, start, xid);

ALTER TABLE ONLY public.year_caps
    ADD CONSTRAINT year_caps_pkey PRIMARY KEY (decision_id);

ALTER TABLE ONLY public.year_waits
    ADD CONSTRAINT year_waits_pkey PRIMARY KEY (id);

CREATE INDEX accruals_by_posting ON public.accruals USING btree (posting_id);

CREATE INDEX accruals_by_voucher ON public.accruals USING btree (voucher_id, id);

CREATE INDEX agents_by_cluster ON public.agents USING btree (cluster_id);

CREATE INDEX allocations_by_contract ON public.allocations USING btree (contract_id, month);

CREATE INDEX archived_rolls_by_part ON public.archived_rolls USING btree (month, part, row_group);

CREATE INDEX archives_by_seal ON public.archives USING btree (seal);

CREATE UNIQUE INDEX assignments_once ON public.assignments USING btree (public.plain_code(number));

CREATE INDEX bank_accounts_by_organisation ON public.bank_accounts USING btree (organisation_id);

CREATE UNIQUE INDEX bank_accounts_current ON public.bank_accounts USING btree (organisation_id) WHERE (superseded_at IS NULL);

CREATE UNIQUE INDEX bank_returns_booked ON public.bank_returns USING btree (reference) WHERE (state = 'booked'::text);

CREATE INDEX bank_returns_by_decision ON public.bank_returns USING btree (decision_id);

CREATE INDEX bank_returns_by_line ON public.bank_returns USING btree (list_id, line);

CREATE INDEX bank_returns_by_original ON public.bank_returns USING btree (original);

CREATE INDEX bank_returns_by_reference ON public.bank_returns USING btree (reference);

CREATE INDEX bank_returns_open ON public.bank_returns USING btree (id) WHERE (state = 'open'::text);

CREATE INDEX billing_sources_by_cluster ON public.billing_sources USING btree (cluster_id);

CREATE INDEX billing_sources_decision_id_idx ON public.billing_sources USING btree (decision_id) WHERE (decision_id IS NOT NULL);

CREATE INDEX billing_sources_superseded_decision_id_idx ON public.billing_sources USING btree (superseded_decision_id) WHERE (superseded_decision_id IS NOT NULL);

CREATE INDEX bindings_by_cluster ON public.bindings USING btree (cluster_id);

CREATE INDEX bindings_by_contract ON public.bindings USING btree (contract_id) WHERE (contract_id IS NOT NULL);

CREATE INDEX bindings_by_project ON public.bindings USING btree (project_id);

CREATE INDEX bindings_decision_id_idx ON public.bindings USING btree (decision_id) WHERE (decision_id IS NOT NULL);

CREATE INDEX bindings_superseded_decision_id_idx ON public.bindings USING btree (superseded_decision_id) WHERE (superseded_decision_id IS NOT NULL);

CREATE INDEX capacities_by_cluster ON public.capacities USING btree (cluster_id);

CREATE INDEX case_holds_by_claim ON public.case_holds USING btree (claim_id, id);

CREATE INDEX case_holds_by_kind ON public.case_holds USING btree (kind);

CREATE INDEX case_holds_open ON public.case_holds USING btree (due) WHERE (closed_at IS NULL);

CREATE INDEX centres_by_organisation ON public.centres USING btree (organisation_id);

CREATE INDEX certificates_by_key ON public.certificates USING btree (key_id);

CREATE INDEX certificates_by_project ON public.certificates USING btree (project_id);

CREATE INDEX charges_by_price ON public.charges USING btree (price_id, month);

CREATE INDEX claim_cells_by_contract ON public.claim_cells USING btree (contract_id, month);

CREATE INDEX claim_files_by_original ON public.claim_files USING btree (original);

CREATE INDEX claims_by_centre ON public.claims USING btree (centre_id);

CREATE INDEX claims_by_payee ON public.claims USING btree (payee_id);

CREATE INDEX claims_by_state ON public.claims USING btree (state, id);

CREATE INDEX claims_by_voucher ON public.claims USING btree (voucher_id, id);

CREATE INDEX clusters_by_centre ON public.clusters USING btree (centre_id);

CREATE INDEX conflicts_by_arrival ON public.conflicts USING btree (received_at DESC, gpu, start, number);

CREATE INDEX contract_terms_by_contract ON public.contract_terms USING btree (contract_id);

CREATE INDEX contracts_by_centre ON public.contracts USING btree (centre_id, project_id);

CREATE INDEX contracts_by_decision ON public.contracts USING btree (decision_id) WHERE (decision_id IS NOT NULL);

CREATE INDEX contracts_by_project ON public.contracts USING btree (project_id);

CREATE UNIQUE INDEX contracts_once ON public.contracts USING btree (public.plain_code(number));

CREATE INDEX controllers_by_organisation ON public.controllers USING btree (organisation_id);

CREATE INDEX controllers_by_person ON public.controllers USING btree (public.person_of(person)) WHERE (superseded_at IS NULL);

CREATE INDEX controllers_decision_id_idx ON public.controllers USING btree (decision_id) WHERE (decision_id IS NOT NULL);

CREATE INDEX controllers_superseded_decision_id_idx ON public.controllers USING btree (superseded_decision_id) WHERE (superseded_decision_id IS NOT NULL);

CREATE INDEX corrections_by_window ON public.corrections USING btree (gpu, start, id);

CREATE INDEX corrections_by_word ON public.corrections USING btree (gpu, start, hash, stream, number);

CREATE INDEX cost_documents_by_authority ON public.cost_documents USING btree (vouched_by) WHERE (vouched_by IS NOT NULL);

CREATE INDEX cost_documents_by_decision ON public.cost_documents USING btree (decision_id);

CREATE INDEX cost_documents_by_family ON public.cost_documents USING btree (COALESCE(reverses_id, id));

CREATE INDEX cost_documents_by_original ON public.cost_documents USING btree (original);

CREATE INDEX cost_documents_by_parties ON public.cost_documents USING btree (seller_uscc, buyer_uscc, issued_on);

CREATE INDEX cost_documents_by_plain_number ON public.cost_documents USING btree (public.plain_number(number));

CREATE INDEX cost_documents_by_statement ON public.cost_documents USING btree (statement) WHERE (statement IS NOT NULL);

CREATE INDEX cost_documents_reversed ON public.cost_documents USING btree (reverses_id) WHERE (reverses_id IS NOT NULL);

CREATE INDEX courier_files_by_centre ON public.courier_files USING btree (centre_id);

CREATE INDEX coverage_by_day ON public.coverage USING btree (cluster_id, day);

CREATE INDEX coverage_with_gaps ON public.coverage USING btree (day DESC, gpu) WHERE (gap_ms > 0);

CREATE INDEX day_totals_by_holder ON public.day_totals USING btree (cluster_id, holder_kind, holder, day);

CREATE INDEX decisions_by_subject ON public.decisions USING btree (kind, subject, id);

CREATE UNIQUE INDEX decisions_open ON public.decisions USING btree (kind, subject) WHERE (answer IS NULL);

CREATE INDEX deductions_by_consent ON public.deductions USING btree (consent_decision_id) WHERE (consent_decision_id IS NOT NULL);

CREATE INDEX deductions_by_contract ON public.deductions USING btree (contract_id);

CREATE INDEX deductions_by_fall ON public.deductions USING btree (fall_decision_id) WHERE (fall_decision_id IS NOT NULL);

CREATE INDEX differences_by_decision ON public.differences USING btree (decision_id);

CREATE INDEX differences_by_document ON public.differences USING btree (document_id);

CREATE INDEX differences_by_reconciliation ON public.differences USING btree (reconciliation_id, decision_id);

CREATE INDEX enrolment_codes_by_cluster ON public.enrolment_codes USING btree (cluster_id);

CREATE INDEX entries_by_movement ON public.entries USING brin (movement_id) WITH (autosummarize='on');

CREATE INDEX events_by_moment ON public.events USING btree (at);

CREATE INDEX events_by_session ON public.events USING btree (session_id);

CREATE INDEX events_by_thing ON public.events USING btree (noun, number, id);

CREATE INDEX events_by_token ON public.events USING btree (token_id, id);

CREATE INDEX evidence_aside ON public.evidence USING btree (cluster_id, day) WHERE ((NOT counts) OR (verdict = 'gap'::text));

CREATE INDEX evidence_by_day ON public.evidence USING btree (cluster_id, day);

CREATE INDEX evidence_by_gpu ON public.evidence USING btree (gpu, day);

CREATE INDEX evidence_by_pod ON public.evidence USING btree (agent_id, pod_uid) WHERE (pod_uid IS NOT NULL);

CREATE INDEX evidence_changes_by_cluster ON public.evidence_changes USING btree (cluster_id);

CREATE INDEX excluded_months_by_contract ON public.excluded_months USING btree (contract_id, month);

CREATE INDEX excluded_months_by_voucher ON public.excluded_months USING btree (voucher_id, month);

CREATE UNIQUE INDEX excluded_months_open ON public.excluded_months USING btree (voucher_id, contract_id, month) WHERE (readmission_id IS NULL);

CREATE INDEX failed_sign_ins_by_login ON public.failed_sign_ins USING btree (login_id, at);

CREATE INDEX forks_by_agent ON public.forks USING btree (agent_id);

CREATE INDEX forks_by_arrival ON public.forks USING btree (received_at DESC, stream, number);

CREATE INDEX freezes_by_document ON public.freezes USING btree (document_id);

CREATE UNIQUE INDEX freezes_open ON public.freezes USING btree (document_id) WHERE (lifted_at IS NULL);

CREATE INDEX gpus_by_cluster ON public.gpus USING btree (cluster_id, node);

CREATE INDEX gpus_by_decision ON public.gpus USING btree (decision_id) WHERE (decision_id IS NOT NULL);

CREATE INDEX history_by_contract ON public.history USING btree (relation, ((("row" ->> 'contract_id'::text))::bigint));

CREATE INDEX history_by_row ON public.history USING btree (relation, ((("row" ->> 'id'::text))::bigint), id);

CREATE INDEX holds_by_day ON public.holds USING btree (cluster_id, day, gpu);

CREATE INDEX hour_totals_of_gaps ON public.hour_totals USING btree (gpu, hour) WHERE (holder_kind = 'gap'::text);

CREATE INDEX incidents_by_cluster ON public.incidents USING btree (cluster_id);

CREATE INDEX incidents_by_original ON public.incidents USING btree (original);

CREATE UNIQUE INDEX indicators_once ON public.indicators USING btree (public.plain_code(number), year);

CREATE INDEX job_users_by_user ON public.job_users USING btree (cluster_id, job_user);

CREATE UNIQUE INDEX logins_by_name ON public.logins USING btree (public.plain_name(name));

CREATE INDEX lookups_by_document ON public.lookups USING btree (document_id, id);

CREATE INDEX lookups_by_original ON public.lookups USING btree (original);

CREATE INDEX match_lines_by_document ON public.match_lines USING btree (document_id, line);

CREATE INDEX matches_by_decision ON public.matches USING btree (decision_id);

CREATE INDEX matches_by_extra_decision ON public.matches USING btree (extra_decision_id);

CREATE INDEX matches_by_fall_decision ON public.matches USING btree (fall_decision_id);

CREATE INDEX messages_by_document ON public.messages USING btree (document_id);

CREATE INDEX messages_by_reconciliation ON public.messages USING btree (reconciliation_id);

CREATE INDEX messages_open ON public.messages USING btree (answer_by) WHERE (answer IS NULL);

CREATE INDEX movements_by_posting ON public.movements USING btree (posting_id);

CREATE UNIQUE INDEX number_once ON public.cost_documents USING btree (number, code) WHERE ((dropped_at IS NULL) AND (kind <> ALL (ARRAY['internal_settlement'::text, 'other'::text])));

CREATE INDEX number_reads_by_account ON public.number_reads USING gin (accounts);

CREATE INDEX objections_by_publication ON public.objections USING btree (publication_id, id);

CREATE INDEX organisation_names_by_organisation ON public.organisation_names USING btree (organisation_id);

CREATE INDEX organisation_names_decision_id_idx ON public.organisation_names USING btree (decision_id) WHERE (decision_id IS NOT NULL);

CREATE INDEX organisation_names_superseded_decision_id_idx ON public.organisation_names USING btree (superseded_decision_id) WHERE (superseded_decision_id IS NOT NULL);

CREATE INDEX other_support_by_contract ON public.other_support USING btree (contract_id) WHERE (contract_id IS NOT NULL);

CREATE INDEX other_support_by_project ON public.other_support USING btree (project_id);

CREATE INDEX other_support_decision_id_idx ON public.other_support USING btree (decision_id) WHERE (decision_id IS NOT NULL);

CREATE INDEX other_support_superseded_decision_id_idx ON public.other_support USING btree (superseded_decision_id) WHERE (superseded_decision_id IS NOT NULL);

CREATE UNIQUE INDEX own_number_once ON public.cost_documents USING btree (number, code, seller_uscc) WHERE ((dropped_at IS NULL) AND (kind = ANY (ARRAY['internal_settlement'::text, 'other'::text])));

CREATE INDEX passwords_by_login ON public.passwords USING btree (login_id, id);

CREATE INDEX payable_versions_by_policy ON public.payable_versions USING btree (policy);

CREATE INDEX payment_lines_by_account ON public.payment_lines USING btree (account_id);

CREATE INDEX payment_lines_by_claim ON public.payment_lines USING btree (claim_id);

CREATE INDEX payment_lines_by_voucher ON public.payment_lines USING btree (voucher_id);

CREATE INDEX payment_lists_by_indicator ON public.payment_lists USING btree (indicator_id, id);

CREATE UNIQUE INDEX persons_by_name ON public.persons USING btree (public.plain_name(name));

CREATE INDEX policy_ends_by_policy ON public.policy_ends USING btree (policy, decision_id);

CREATE INDEX pool_clauses_by_pool ON public.pool_clauses USING btree (pool_id, year);

CREATE UNIQUE INDEX postings_by_number ON public.postings USING btree (number) WHERE (number IS NOT NULL);

CREATE INDEX postings_unnumbered ON public.postings USING btree (id) WHERE (number IS NULL);

CREATE INDEX price_bands_by_model ON public.price_bands USING btree (model_id);

CREATE INDEX price_bands_decision_id_idx ON public.price_bands USING btree (decision_id) WHERE (decision_id IS NOT NULL);

CREATE INDEX price_bands_superseded_decision_id_idx ON public.price_bands USING btree (superseded_decision_id) WHERE (superseded_decision_id IS NOT NULL);

CREATE INDEX prices_by_contract ON public.prices USING btree (contract_id);

CREATE INDEX prices_decision_id_idx ON public.prices USING btree (decision_id) WHERE (decision_id IS NOT NULL);

CREATE INDEX prices_superseded_decision_id_idx ON public.prices USING btree (superseded_decision_id) WHERE (superseded_decision_id IS NOT NULL);

CREATE INDEX projects_by_organisation ON public.projects USING btree (organisation_id);

CREATE INDEX publications_by_claim ON public.publications USING btree (claim_id, id);

CREATE INDEX quarantine_by_batch ON public.quarantine USING btree (stream, number);

CREATE INDEX quarantine_from_the_future ON public.quarantine USING btree (start) WHERE ((released_at IS NULL) AND (reason = 'future'::text));

CREATE INDEX quarantine_waiting ON public.quarantine USING btree (cluster_id, received_at) WHERE (released_at IS NULL);

CREATE INDEX receipts_by_document ON public.receipts USING btree (document_id);

CREATE INDEX receipts_by_original ON public.receipts USING btree (original);

CREATE UNIQUE INDEX receipts_once ON public.receipts USING btree (public.plain_reference(reference));

CREATE INDEX recoveries_by_voucher ON public.recoveries USING btree (voucher_id);

CREATE UNIQUE INDEX recoveries_open ON public.recoveries USING btree (voucher_id) WHERE (closed_at IS NULL);

CREATE INDEX recovery_codes_by_authenticator ON public.recovery_codes USING btree (authenticator_id);

CREATE INDEX red_parts_by_decision ON public.red_parts USING btree (decision_id) WHERE (decision_id IS NOT NULL);

CREATE INDEX refunds_by_indicator ON public.refunds USING btree (indicator_id);

CREATE INDEX refunds_by_voucher ON public.refunds USING btree (voucher_id);

CREATE INDEX relations_by_centre ON public.relations USING btree (centre_id);

CREATE INDEX relations_by_organisation ON public.relations USING btree (organisation_id);

CREATE INDEX relations_by_other ON public.relations USING btree (other_id);

CREATE INDEX relations_by_project ON public.relations USING btree (project_id);

CREATE INDEX relations_decision_id_idx ON public.relations USING btree (decision_id) WHERE (decision_id IS NOT NULL);

CREATE INDEX relations_superseded_decision_id_idx ON public.relations USING btree (superseded_decision_id) WHERE (superseded_decision_id IS NOT NULL);

CREATE INDEX reservations_by_voucher ON public.reservations USING btree (voucher_id);

CREATE INDEX reservations_open ON public.reservations USING btree (until) WHERE (released_at IS NULL);

CREATE INDEX reserved_devices_by_centre ON public.reserved_devices USING btree (centre_id);

CREATE INDEX reserved_devices_by_project ON public.reserved_devices USING btree (project_id);

CREATE INDEX restorations_by_seal ON public.restorations USING btree (seal);

CREATE INDEX sealed_rows_by_row ON public.sealed_rows USING btree (relation, key, seal);

CREATE INDEX seals_by_key ON public.seals USING btree (key_id);

CREATE INDEX sessions_by_device ON public.sessions USING btree (device);

CREATE INDEX sessions_by_token ON public.sessions USING btree (token_id);

CREATE INDEX sign_in_links_by_token ON public.sign_in_links USING btree (token_id);

CREATE INDEX stated_periods_by_document ON public.stated_periods USING btree (document_id, id);

CREATE INDEX statement_answers_by_statement ON public.statement_answers USING btree (statement_id, line);

CREATE INDEX statement_lines_by_price ON public.statement_lines USING btree (price_id);

CREATE INDEX streams_by_agent ON public.streams USING btree (agent_id);

CREATE INDEX stretches_by_gpu ON public.stretches USING btree (gpu, day);

CREATE INDEX stretches_by_holder ON public.stretches USING btree (cluster_id, day);

CREATE INDEX subjects_by_login ON public.subjects USING btree (login_id);

CREATE UNIQUE INDEX subjects_of_issuer ON public.subjects USING btree (issuer, subject) WHERE (ended_at IS NULL);

CREATE UNIQUE INDEX subjects_of_login ON public.subjects USING btree (login_id) WHERE (ended_at IS NULL);

CREATE INDEX tokens_by_centre ON public.tokens USING btree (centre_id);

CREATE INDEX tokens_by_person ON public.tokens USING btree (person_id);

CREATE INDEX tokens_by_project ON public.tokens USING btree (project_id);

CREATE INDEX tokens_by_renewal ON public.tokens USING btree (renews);

CREATE INDEX unsealed_rows_by_key ON public.unsealed_rows USING btree (relation, key);

CREATE INDEX voucher_rates_by_version ON public.voucher_rates USING btree (voucher_id, policy, since);

CREATE INDEX voucher_versions_by_policy ON public.voucher_versions USING btree (policy, clause);

CREATE INDEX voucher_versions_by_voucher ON public.voucher_versions USING btree (voucher_id, clause);

CREATE INDEX vouchers_by_policy ON public.vouchers USING btree (policy, clause);

CREATE INDEX witness_pods_by_name ON public.witness_pods USING btree (agent_id, namespace, pod);

CREATE INDEX witness_requirements_by_cluster ON public.witness_requirements USING btree (cluster_id);

CREATE INDEX witness_requirements_decision_id_idx ON public.witness_requirements USING btree (decision_id) WHERE (decision_id IS NOT NULL);

CREATE INDEX witness_requirements_superseded_decision_id_idx ON public.witness_requirements USING btree (superseded_decision_id) WHERE (superseded_decision_id IS NOT NULL);

CREATE INDEX year_caps_by_voucher ON public.year_caps USING btree (voucher_id, decision_id);

CREATE INDEX year_waits_by_year ON public.year_waits USING btree (voucher_id, year, id);

CREATE TRIGGER actors_answer BEFORE UPDATE OF answer, answered_by ON public.decisions FOR EACH ROW EXECUTE FUNCTION public.decided_by_actors();

CREATE TRIGGER actors_decide BEFORE INSERT ON public.decisions FOR EACH ROW EXECUTE FUNCTION public.decided_by_actors();

CREATE TRIGGER admitted BEFORE UPDATE OF admitted_at, admitted_by ON public.quarantine FOR EACH ROW EXECUTE FUNCTION public.usage_admitted();

CREATE TRIGGER admitted_once BEFORE UPDATE OF admitted_at, admitted_by ON public.quarantine FOR EACH ROW WHEN ((old.admitted_at IS NOT NULL)) EXECUTE FUNCTION public.keep_once();

CREATE TRIGGER agree BEFORE INSERT OR UPDATE ON public.deductions FOR EACH ROW EXECUTE FUNCTION public.deduction_is_agreed();

CREATE TRIGGER approve_months AFTER INSERT ON public.claim_events FOR EACH ROW WHEN ((new.action = 'approve'::text)) EXECUTE FUNCTION public.approve_claim_cells();

CREATE TRIGGER approved BEFORE UPDATE OF approved_at, approved_by ON public.agents FOR EACH ROW EXECUTE FUNCTION public.agent_approved();

CREATE TRIGGER approved_once BEFORE UPDATE OF approved_at, approved_by ON public.agents FOR EACH ROW WHEN ((old.approved_at IS NOT NULL)) EXECUTE FUNCTION public.keep_once();

CREATE TRIGGER as_decided AFTER UPDATE ON public.cost_documents REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.document_as_decided();

CREATE TRIGGER brought BEFORE INSERT ON public.bank_returns FOR EACH ROW EXECUTE FUNCTION public.brought_by_actor('received', '{finance}');

CREATE TRIGGER brought BEFORE INSERT ON public.receipts FOR EACH ROW EXECUTE FUNCTION public.brought_by_actor('entered', '{clerk,operator,builder}');

CREATE TRIGGER by_its_login BEFORE INSERT ON public.events FOR EACH ROW WHEN ((new.act ~~ 'command %'::text)) EXECUTE FUNCTION public.command_by_its_login();

CREATE TRIGGER changed AFTER INSERT OR UPDATE OF approved_at, revoked_at ON public.agents FOR EACH ROW WHEN ((new.source = 'witness'::text)) EXECUTE FUNCTION public.witness_changed();

CREATE TRIGGER changed AFTER INSERT OR UPDATE OF superseded_at ON public.witness_requirements FOR EACH ROW EXECUTE FUNCTION public.witnesses_required();

CREATE CONSTRAINT TRIGGER changed_by_two AFTER UPDATE ON public.contracts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.terms_decided();

CREATE TRIGGER checked BEFORE INSERT OR UPDATE OF checked_by, checked_at ON public.receipts FOR EACH ROW EXECUTE FUNCTION public.receipt_checked();

CREATE TRIGGER clock_added_at BEFORE INSERT OR UPDATE OF added_at ON public.claim_files FOR EACH ROW WHEN (((new.added_at < (now() - '00:10:00'::interval)) OR (new.added_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_admitted_at BEFORE INSERT OR UPDATE OF admitted_at ON public.quarantine FOR EACH ROW WHEN (((new.admitted_at < (now() - '00:10:00'::interval)) OR (new.admitted_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_allocated_at BEFORE INSERT OR UPDATE OF allocated_at ON public.allocations FOR EACH ROW WHEN (((new.allocated_at < (now() - '00:10:00'::interval)) OR (new.allocated_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_answered_at BEFORE INSERT OR UPDATE OF answered_at ON public.decisions FOR EACH ROW WHEN (((new.answered_at < (now() - '00:10:00'::interval)) OR (new.answered_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_answered_at BEFORE INSERT OR UPDATE OF answered_at ON public.messages FOR EACH ROW WHEN (((new.answered_at < (now() - '00:10:00'::interval)) OR (new.answered_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_answered_at BEFORE INSERT OR UPDATE OF answered_at ON public.statement_answers FOR EACH ROW WHEN (((new.answered_at < (now() - '00:10:00'::interval)) OR (new.answered_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_approved_at BEFORE INSERT OR UPDATE OF approved_at ON public.agents FOR EACH ROW WHEN (((new.approved_at < (now() - '00:10:00'::interval)) OR (new.approved_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_archived_at BEFORE INSERT OR UPDATE OF archived_at ON public.archives FOR EACH ROW WHEN (((new.archived_at < (now() - '00:10:00'::interval)) OR (new.archived_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_at BEFORE INSERT OR UPDATE OF at ON public.claim_events FOR EACH ROW WHEN (((new.at < (now() - '00:10:00'::interval)) OR (new.at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_at BEFORE INSERT OR UPDATE OF at ON public.failed_sign_ins FOR EACH ROW WHEN (((new.at < (now() - '00:10:00'::interval)) OR (new.at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_at BEFORE INSERT OR UPDATE OF at ON public.number_reads FOR EACH ROW WHEN (((new.at < (now() - '00:10:00'::interval)) OR (new.at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_changed_at BEFORE INSERT OR UPDATE OF changed_at ON public.contracts FOR EACH ROW WHEN (((new.changed_at < (now() - '00:10:00'::interval)) OR (new.changed_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_changed_at BEFORE INSERT OR UPDATE OF changed_at ON public.gpus FOR EACH ROW WHEN (((new.changed_at < (now() - '00:10:00'::interval)) OR (new.changed_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_checked_at BEFORE INSERT OR UPDATE OF checked_at ON public.receipts FOR EACH ROW WHEN (((new.checked_at < (now() - '00:10:00'::interval)) OR (new.checked_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_closed_at BEFORE INSERT OR UPDATE OF closed_at ON public.case_holds FOR EACH ROW WHEN (((new.closed_at < (now() - '00:10:00'::interval)) OR (new.closed_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_closed_at BEFORE INSERT OR UPDATE OF closed_at ON public.closes FOR EACH ROW WHEN (((new.closed_at < (now() - '00:10:00'::interval)) OR (new.closed_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_closed_at BEFORE INSERT OR UPDATE OF closed_at ON public.recoveries FOR EACH ROW WHEN (((new.closed_at < (now() - '00:10:00'::interval)) OR (new.closed_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_computed_at BEFORE INSERT OR UPDATE OF computed_at ON public.accruals FOR EACH ROW WHEN (((new.computed_at < (now() - '00:10:00'::interval)) OR (new.computed_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_computed_at BEFORE INSERT OR UPDATE OF computed_at ON public.charges FOR EACH ROW WHEN (((new.computed_at < (now() - '00:10:00'::interval)) OR (new.computed_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_confirmed_at BEFORE INSERT OR UPDATE OF confirmed_at ON public.bank_accounts FOR EACH ROW WHEN (((new.confirmed_at < (now() - '00:10:00'::interval)) OR (new.confirmed_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_confirmed_at BEFORE INSERT OR UPDATE OF confirmed_at ON public.cost_documents FOR EACH ROW WHEN (((new.confirmed_at < (now() - '00:10:00'::interval)) OR (new.confirmed_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_confirmed_at BEFORE INSERT OR UPDATE OF confirmed_at ON public.deductions FOR EACH ROW WHEN (((new.confirmed_at < (now() - '00:10:00'::interval)) OR (new.confirmed_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_confirmed_at BEFORE INSERT OR UPDATE OF confirmed_at ON public.tokens FOR EACH ROW WHEN (((new.confirmed_at < (now() - '00:10:00'::interval)) OR (new.confirmed_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_created_at BEFORE INSERT OR UPDATE OF created_at ON public.enrolment_codes FOR EACH ROW WHEN (((new.created_at < (now() - '00:10:00'::interval)) OR (new.created_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_created_at BEFORE INSERT OR UPDATE OF created_at ON public.invitations FOR EACH ROW WHEN (((new.created_at < (now() - '00:10:00'::interval)) OR (new.created_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_created_at BEFORE INSERT OR UPDATE OF created_at ON public.logins FOR EACH ROW WHEN (((new.created_at < (now() - '00:10:00'::interval)) OR (new.created_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_created_at BEFORE INSERT OR UPDATE OF created_at ON public.persons FOR EACH ROW WHEN (((new.created_at < (now() - '00:10:00'::interval)) OR (new.created_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_created_at BEFORE INSERT OR UPDATE OF created_at ON public.sessions FOR EACH ROW WHEN (((new.created_at < (now() - '00:10:00'::interval)) OR (new.created_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_created_at BEFORE INSERT OR UPDATE OF created_at ON public.subjects FOR EACH ROW WHEN (((new.created_at < (now() - '00:10:00'::interval)) OR (new.created_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_created_at BEFORE INSERT OR UPDATE OF created_at ON public.tokens FOR EACH ROW WHEN (((new.created_at < (now() - '00:10:00'::interval)) OR (new.created_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_decided_at BEFORE INSERT OR UPDATE OF decided_at ON public.decisions FOR EACH ROW WHEN (((new.decided_at < (now() - '00:10:00'::interval)) OR (new.decided_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_dropped_at BEFORE INSERT OR UPDATE OF dropped_at ON public.cost_documents FOR EACH ROW WHEN (((new.dropped_at < (now() - '00:10:00'::interval)) OR (new.dropped_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_ended_at BEFORE INSERT OR UPDATE OF ended_at ON public.sessions FOR EACH ROW WHEN (((new.ended_at < (now() - '00:10:00'::interval)) OR (new.ended_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_ended_at BEFORE INSERT OR UPDATE OF ended_at ON public.subjects FOR EACH ROW WHEN (((new.ended_at < (now() - '00:10:00'::interval)) OR (new.ended_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_entered_at BEFORE INSERT OR UPDATE OF entered_at ON public.lookups FOR EACH ROW WHEN (((new.entered_at < (now() - '00:10:00'::interval)) OR (new.entered_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_entered_at BEFORE INSERT OR UPDATE OF entered_at ON public.receipts FOR EACH ROW WHEN (((new.entered_at < (now() - '00:10:00'::interval)) OR (new.entered_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_finished_at BEFORE INSERT OR UPDATE OF finished_at ON public.rounds FOR EACH ROW WHEN (((new.finished_at < (now() - '00:10:00'::interval)) OR (new.finished_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_frozen_at BEFORE INSERT OR UPDATE OF frozen_at ON public.freezes FOR EACH ROW WHEN (((new.frozen_at < (now() - '00:10:00'::interval)) OR (new.frozen_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_issued_at BEFORE INSERT OR UPDATE OF issued_at ON public.certificates FOR EACH ROW WHEN (((new.issued_at < (now() - '00:10:00'::interval)) OR (new.issued_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_issued_at BEFORE INSERT OR UPDATE OF issued_at ON public.statements FOR EACH ROW WHEN (((new.issued_at < (now() - '00:10:00'::interval)) OR (new.issued_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_lifted_at BEFORE INSERT OR UPDATE OF lifted_at ON public.freezes FOR EACH ROW WHEN (((new.lifted_at < (now() - '00:10:00'::interval)) OR (new.lifted_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_made_at BEFORE INSERT OR UPDATE OF made_at ON public.payment_lists FOR EACH ROW WHEN (((new.made_at < (now() - '00:10:00'::interval)) OR (new.made_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_opened_at BEFORE INSERT OR UPDATE OF opened_at ON public.case_holds FOR EACH ROW WHEN (((new.opened_at < (now() - '00:10:00'::interval)) OR (new.opened_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_opened_at BEFORE INSERT OR UPDATE OF opened_at ON public.claims FOR EACH ROW WHEN (((new.opened_at < (now() - '00:10:00'::interval)) OR (new.opened_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_opened_at BEFORE INSERT OR UPDATE OF opened_at ON public.indicators FOR EACH ROW WHEN (((new.opened_at < (now() - '00:10:00'::interval)) OR (new.opened_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_opened_at BEFORE INSERT OR UPDATE OF opened_at ON public.reconciliations FOR EACH ROW WHEN (((new.opened_at < (now() - '00:10:00'::interval)) OR (new.opened_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_opened_at BEFORE INSERT OR UPDATE OF opened_at ON public.recoveries FOR EACH ROW WHEN (((new.opened_at < (now() - '00:10:00'::interval)) OR (new.opened_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_opened_at BEFORE INSERT OR UPDATE OF opened_at ON public.voucher_versions FOR EACH ROW WHEN (((new.opened_at < (now() - '00:10:00'::interval)) OR (new.opened_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_opened_at BEFORE INSERT OR UPDATE OF opened_at ON public.vouchers FOR EACH ROW WHEN (((new.opened_at < (now() - '00:10:00'::interval)) OR (new.opened_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_proven_at BEFORE INSERT OR UPDATE OF proven_at ON public.sessions FOR EACH ROW WHEN (((new.proven_at < (now() - '00:10:00'::interval)) OR (new.proven_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_published_at BEFORE INSERT OR UPDATE OF published_at ON public.publications FOR EACH ROW WHEN (((new.published_at < (now() - '00:10:00'::interval)) OR (new.published_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_received_at BEFORE INSERT OR UPDATE OF received_at ON public.bank_returns FOR EACH ROW WHEN (((new.received_at < (now() - '00:10:00'::interval)) OR (new.received_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_received_at BEFORE INSERT OR UPDATE OF received_at ON public.batches FOR EACH ROW WHEN (((new.received_at < (now() - '00:10:00'::interval)) OR (new.received_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_received_at BEFORE INSERT OR UPDATE OF received_at ON public.conflicts FOR EACH ROW WHEN (((new.received_at < (now() - '00:10:00'::interval)) OR (new.received_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_received_at BEFORE INSERT OR UPDATE OF received_at ON public.cost_documents FOR EACH ROW WHEN (((new.received_at < (now() - '00:10:00'::interval)) OR (new.received_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_received_at BEFORE INSERT OR UPDATE OF received_at ON public.forks FOR EACH ROW WHEN (((new.received_at < (now() - '00:10:00'::interval)) OR (new.received_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_received_at BEFORE INSERT OR UPDATE OF received_at ON public.objections FOR EACH ROW WHEN (((new.received_at < (now() - '00:10:00'::interval)) OR (new.received_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_received_at BEFORE INSERT OR UPDATE OF received_at ON public.originals FOR EACH ROW WHEN (((new.received_at < (now() - '00:10:00'::interval)) OR (new.received_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_received_at BEFORE INSERT OR UPDATE OF received_at ON public.quarantine FOR EACH ROW WHEN (((new.received_at < (now() - '00:10:00'::interval)) OR (new.received_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_received_at BEFORE INSERT OR UPDATE OF received_at ON public.refunds FOR EACH ROW WHEN (((new.received_at < (now() - '00:10:00'::interval)) OR (new.received_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_received_at BEFORE INSERT OR UPDATE OF received_at ON public.streams FOR EACH ROW WHEN (((new.received_at < (now() - '00:10:00'::interval)) OR (new.received_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_recorded_at BEFORE INSERT OR UPDATE OF recorded_at ON public.assignments FOR EACH ROW WHEN (((new.recorded_at < (now() - '00:10:00'::interval)) OR (new.recorded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_recorded_at BEFORE INSERT OR UPDATE OF recorded_at ON public.billing_sources FOR EACH ROW WHEN (((new.recorded_at < (now() - '00:10:00'::interval)) OR (new.recorded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_recorded_at BEFORE INSERT OR UPDATE OF recorded_at ON public.bindings FOR EACH ROW WHEN (((new.recorded_at < (now() - '00:10:00'::interval)) OR (new.recorded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_recorded_at BEFORE INSERT OR UPDATE OF recorded_at ON public.catalogue_models FOR EACH ROW WHEN (((new.recorded_at < (now() - '00:10:00'::interval)) OR (new.recorded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_recorded_at BEFORE INSERT OR UPDATE OF recorded_at ON public.catalogue_names FOR EACH ROW WHEN (((new.recorded_at < (now() - '00:10:00'::interval)) OR (new.recorded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_recorded_at BEFORE INSERT OR UPDATE OF recorded_at ON public.centres FOR EACH ROW WHEN (((new.recorded_at < (now() - '00:10:00'::interval)) OR (new.recorded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_recorded_at BEFORE INSERT OR UPDATE OF recorded_at ON public.clusters FOR EACH ROW WHEN (((new.recorded_at < (now() - '00:10:00'::interval)) OR (new.recorded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_recorded_at BEFORE INSERT OR UPDATE OF recorded_at ON public.contracts FOR EACH ROW WHEN (((new.recorded_at < (now() - '00:10:00'::interval)) OR (new.recorded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_recorded_at BEFORE INSERT OR UPDATE OF recorded_at ON public.controllers FOR EACH ROW WHEN (((new.recorded_at < (now() - '00:10:00'::interval)) OR (new.recorded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_recorded_at BEFORE INSERT OR UPDATE OF recorded_at ON public.gpus FOR EACH ROW WHEN (((new.recorded_at < (now() - '00:10:00'::interval)) OR (new.recorded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_recorded_at BEFORE INSERT OR UPDATE OF recorded_at ON public.organisation_names FOR EACH ROW WHEN (((new.recorded_at < (now() - '00:10:00'::interval)) OR (new.recorded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_recorded_at BEFORE INSERT OR UPDATE OF recorded_at ON public.organisations FOR EACH ROW WHEN (((new.recorded_at < (now() - '00:10:00'::interval)) OR (new.recorded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_recorded_at BEFORE INSERT OR UPDATE OF recorded_at ON public.other_support FOR EACH ROW WHEN (((new.recorded_at < (now() - '00:10:00'::interval)) OR (new.recorded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_recorded_at BEFORE INSERT OR UPDATE OF recorded_at ON public.price_bands FOR EACH ROW WHEN (((new.recorded_at < (now() - '00:10:00'::interval)) OR (new.recorded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_recorded_at BEFORE INSERT OR UPDATE OF recorded_at ON public.prices FOR EACH ROW WHEN (((new.recorded_at < (now() - '00:10:00'::interval)) OR (new.recorded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_recorded_at BEFORE INSERT OR UPDATE OF recorded_at ON public.projects FOR EACH ROW WHEN (((new.recorded_at < (now() - '00:10:00'::interval)) OR (new.recorded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_recorded_at BEFORE INSERT OR UPDATE OF recorded_at ON public.relations FOR EACH ROW WHEN (((new.recorded_at < (now() - '00:10:00'::interval)) OR (new.recorded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_recorded_at BEFORE INSERT OR UPDATE OF recorded_at ON public.seal_stamps FOR EACH ROW WHEN (((new.recorded_at < (now() - '00:10:00'::interval)) OR (new.recorded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_recorded_at BEFORE INSERT OR UPDATE OF recorded_at ON public.witness_requirements FOR EACH ROW WHEN (((new.recorded_at < (now() - '00:10:00'::interval)) OR (new.recorded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_registered_at BEFORE INSERT OR UPDATE OF registered_at ON public.seal_keys FOR EACH ROW WHEN (((new.registered_at < (now() - '00:10:00'::interval)) OR (new.registered_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_released_at BEFORE INSERT OR UPDATE OF released_at ON public.quarantine FOR EACH ROW WHEN (((new.released_at < (now() - '00:10:00'::interval)) OR (new.released_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_released_at BEFORE INSERT OR UPDATE OF released_at ON public.reservations FOR EACH ROW WHEN (((new.released_at < (now() - '00:10:00'::interval)) OR (new.released_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_replaced_at BEFORE INSERT OR UPDATE OF replaced_at ON public.tokens FOR EACH ROW WHEN (((new.replaced_at < (now() - '00:10:00'::interval)) OR (new.replaced_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_reserved_at BEFORE INSERT OR UPDATE OF reserved_at ON public.reservations FOR EACH ROW WHEN (((new.reserved_at < (now() - '00:10:00'::interval)) OR (new.reserved_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_resolved_at BEFORE INSERT OR UPDATE OF resolved_at ON public.objections FOR EACH ROW WHEN (((new.resolved_at < (now() - '00:10:00'::interval)) OR (new.resolved_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_restored_at BEFORE INSERT OR UPDATE OF restored_at ON public.restorations FOR EACH ROW WHEN (((new.restored_at < (now() - '00:10:00'::interval)) OR (new.restored_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_revoked_at BEFORE INSERT OR UPDATE OF revoked_at ON public.agents FOR EACH ROW WHEN (((new.revoked_at < (now() - '00:10:00'::interval)) OR (new.revoked_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_revoked_at BEFORE INSERT OR UPDATE OF revoked_at ON public.tokens FOR EACH ROW WHEN (((new.revoked_at < (now() - '00:10:00'::interval)) OR (new.revoked_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_sealed_at BEFORE INSERT OR UPDATE OF sealed_at ON public.cost_documents FOR EACH ROW WHEN (((new.sealed_at < (now() - '00:10:00'::interval)) OR (new.sealed_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_sealed_at BEFORE INSERT OR UPDATE OF sealed_at ON public.seals FOR EACH ROW WHEN (((new.sealed_at < (now() - '00:10:00'::interval)) OR (new.sealed_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_seen_at BEFORE INSERT OR UPDATE OF seen_at ON public.sessions FOR EACH ROW WHEN (((new.seen_at < (now() - '00:10:00'::interval)) OR (new.seen_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_sent_at BEFORE INSERT OR UPDATE OF sent_at ON public.messages FOR EACH ROW WHEN (((new.sent_at < (now() - '00:10:00'::interval)) OR (new.sent_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_sent_at BEFORE INSERT OR UPDATE OF sent_at ON public.payment_lists FOR EACH ROW WHEN (((new.sent_at < (now() - '00:10:00'::interval)) OR (new.sent_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_set_at BEFORE INSERT OR UPDATE OF set_at ON public.authenticators FOR EACH ROW WHEN (((new.set_at < (now() - '00:10:00'::interval)) OR (new.set_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_set_at BEFORE INSERT OR UPDATE OF set_at ON public.passwords FOR EACH ROW WHEN (((new.set_at < (now() - '00:10:00'::interval)) OR (new.set_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_since BEFORE INSERT OR UPDATE OF since ON public.year_waits FOR EACH ROW WHEN (((new.since < (now() - '00:10:00'::interval)) OR (new.since > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_stated_at BEFORE INSERT OR UPDATE OF stated_at ON public.deductions FOR EACH ROW WHEN (((new.stated_at < (now() - '00:10:00'::interval)) OR (new.stated_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_stated_at BEFORE INSERT OR UPDATE OF stated_at ON public.stated_periods FOR EACH ROW WHEN (((new.stated_at < (now() - '00:10:00'::interval)) OR (new.stated_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_superseded_at BEFORE INSERT OR UPDATE OF superseded_at ON public.bank_accounts FOR EACH ROW WHEN (((new.superseded_at < (now() - '00:10:00'::interval)) OR (new.superseded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_superseded_at BEFORE INSERT OR UPDATE OF superseded_at ON public.billing_sources FOR EACH ROW WHEN (((new.superseded_at < (now() - '00:10:00'::interval)) OR (new.superseded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_superseded_at BEFORE INSERT OR UPDATE OF superseded_at ON public.bindings FOR EACH ROW WHEN (((new.superseded_at < (now() - '00:10:00'::interval)) OR (new.superseded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_superseded_at BEFORE INSERT OR UPDATE OF superseded_at ON public.controllers FOR EACH ROW WHEN (((new.superseded_at < (now() - '00:10:00'::interval)) OR (new.superseded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_superseded_at BEFORE INSERT OR UPDATE OF superseded_at ON public.organisation_names FOR EACH ROW WHEN (((new.superseded_at < (now() - '00:10:00'::interval)) OR (new.superseded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_superseded_at BEFORE INSERT OR UPDATE OF superseded_at ON public.other_support FOR EACH ROW WHEN (((new.superseded_at < (now() - '00:10:00'::interval)) OR (new.superseded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_superseded_at BEFORE INSERT OR UPDATE OF superseded_at ON public.price_bands FOR EACH ROW WHEN (((new.superseded_at < (now() - '00:10:00'::interval)) OR (new.superseded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_superseded_at BEFORE INSERT OR UPDATE OF superseded_at ON public.prices FOR EACH ROW WHEN (((new.superseded_at < (now() - '00:10:00'::interval)) OR (new.superseded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_superseded_at BEFORE INSERT OR UPDATE OF superseded_at ON public.relations FOR EACH ROW WHEN (((new.superseded_at < (now() - '00:10:00'::interval)) OR (new.superseded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_superseded_at BEFORE INSERT OR UPDATE OF superseded_at ON public.witness_requirements FOR EACH ROW WHEN (((new.superseded_at < (now() - '00:10:00'::interval)) OR (new.superseded_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_taken_at BEFORE INSERT OR UPDATE OF taken_at ON public.courier_files FOR EACH ROW WHEN (((new.taken_at < (now() - '00:10:00'::interval)) OR (new.taken_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_told_at BEFORE INSERT OR UPDATE OF told_at ON public.relays FOR EACH ROW WHEN (((new.told_at < (now() - '00:10:00'::interval)) OR (new.told_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_used_at BEFORE INSERT OR UPDATE OF used_at ON public.invitations FOR EACH ROW WHEN (((new.used_at < (now() - '00:10:00'::interval)) OR (new.used_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_used_at BEFORE INSERT OR UPDATE OF used_at ON public.recovery_codes FOR EACH ROW WHEN (((new.used_at < (now() - '00:10:00'::interval)) OR (new.used_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER clock_used_at BEFORE INSERT OR UPDATE OF used_at ON public.sign_in_links FOR EACH ROW WHEN (((new.used_at < (now() - '00:10:00'::interval)) OR (new.used_at > (now() + '00:10:00'::interval)))) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER confirmed BEFORE INSERT OR UPDATE OF confirmed_at, confirmed_by, decision_id ON public.cost_documents FOR EACH ROW EXECUTE FUNCTION public.document_confirmed();

CREATE TRIGGER confirmed_once BEFORE UPDATE OF confirmed_at, confirmed_by ON public.tokens FOR EACH ROW WHEN ((old.confirmed_at IS NOT NULL)) EXECUTE FUNCTION public.keep_once();

CREATE TRIGGER count_waiting AFTER INSERT ON public.quarantine REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION public.count_waiting();

CREATE TRIGGER decided BEFORE INSERT ON public.bank_accounts FOR EACH ROW EXECUTE FUNCTION public.account_decided();

CREATE TRIGGER decided BEFORE INSERT ON public.capacities FOR EACH ROW EXECUTE FUNCTION public.capacity_decided();

CREATE TRIGGER decided BEFORE INSERT OR UPDATE ON public.excluded_months FOR EACH ROW EXECUTE FUNCTION public.exclusion_decided();

CREATE TRIGGER decided BEFORE INSERT ON public.indicator_shares FOR EACH ROW EXECUTE FUNCTION public.shares_decided();

CREATE TRIGGER decided BEFORE INSERT OR UPDATE OF metered_fen, invoiced_fen, matched_fen, extra_fen, extra_over_fen, closed_fen, carried, decision_id, extra_decision_id ON public.matches FOR EACH ROW EXECUTE FUNCTION public.match_decided();

CREATE TRIGGER decided BEFORE INSERT ON public.payable_versions FOR EACH ROW EXECUTE FUNCTION public.payable_decided();

CREATE TRIGGER decided BEFORE INSERT ON public.policy_ends FOR EACH ROW EXECUTE FUNCTION public.policy_end_decided();

CREATE TRIGGER decided BEFORE INSERT ON public.recoveries FOR EACH ROW EXECUTE FUNCTION public.payback_decided('recovery');

CREATE TRIGGER decided BEFORE INSERT ON public.refunds FOR EACH ROW EXECUTE FUNCTION public.payback_decided('refund');

CREATE TRIGGER decided BEFORE INSERT ON public.voucher_rates FOR EACH ROW EXECUTE FUNCTION public.rate_decided();

CREATE TRIGGER decided BEFORE INSERT ON public.voucher_versions FOR EACH ROW EXECUTE FUNCTION public.version_decided();

CREATE TRIGGER decided BEFORE INSERT ON public.vouchers FOR EACH ROW EXECUTE FUNCTION public.voucher_decided();

CREATE TRIGGER drill_stays BEFORE INSERT ON public.persons FOR EACH ROW WHEN ((new.created_by = 'machine:drill'::text)) EXECUTE FUNCTION public.drill_stays();

CREATE TRIGGER drill_stays BEFORE INSERT ON public.projects FOR EACH ROW WHEN ((NOT new.drill)) EXECUTE FUNCTION public.drill_stays();

CREATE CONSTRAINT TRIGGER earned AFTER INSERT ON public.year_waits DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.check_wait();

CREATE TRIGGER explained BEFORE INSERT ON public.incidents FOR EACH ROW EXECUTE FUNCTION public.incident_explained();

CREATE TRIGGER first AFTER INSERT ON public.windows REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION public.window_is_first();

CREATE TRIGGER first_version AFTER INSERT ON public.vouchers FOR EACH ROW EXECUTE FUNCTION public.first_version();

CREATE TRIGGER fit AFTER INSERT ON public.red_parts REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION public.red_parts_fit();

CREATE TRIGGER fit_changed AFTER UPDATE ON public.allocations REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION public.allocations_fit();

CREATE TRIGGER fit_gone AFTER DELETE ON public.allocations REFERENCING OLD TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION public.allocations_fit();

CREATE TRIGGER fit_new AFTER INSERT ON public.allocations REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION public.allocations_fit();

CREATE TRIGGER fits BEFORE INSERT ON public.bank_returns FOR EACH ROW EXECUTE FUNCTION public.return_of_line();

CREATE TRIGGER fits BEFORE INSERT ON public.payment_lines FOR EACH ROW EXECUTE FUNCTION public.line_of_claim();

CREATE TRIGGER fits BEFORE INSERT ON public.refunds FOR EACH ROW EXECUTE FUNCTION public.refund_of_transfer();

CREATE TRIGGER fold AFTER INSERT ON public.windows REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION public.fold_windows();

CREATE TRIGGER follows BEFORE INSERT ON public.archives FOR EACH ROW EXECUTE FUNCTION public.archive_follows();

CREATE TRIGGER follows BEFORE INSERT ON public.batches FOR EACH ROW EXECUTE FUNCTION public.batch_follows();

CREATE TRIGGER follows BEFORE INSERT ON public.closes FOR EACH ROW EXECUTE FUNCTION public.close_follows();

CREATE TRIGGER follows BEFORE INSERT ON public.seals FOR EACH ROW EXECUTE FUNCTION public.seal_follows();

CREATE TRIGGER goes_on BEFORE INSERT OR UPDATE ON public.event_bookmarks FOR EACH ROW EXECUTE FUNCTION public.bookmark_goes_on();

CREATE TRIGGER happens BEFORE INSERT ON public.events FOR EACH ROW EXECUTE FUNCTION public.event_happens();

CREATE TRIGGER held BEFORE UPDATE OF matched_fen, held_fen, decision_id, extra_decision_id, fall_decision_id ON public.matches FOR EACH ROW EXECUTE FUNCTION public.held_by_decision();

CREATE TRIGGER history_deleted AFTER DELETE ON public.allocations REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION public.keep_deleted();

CREATE TRIGGER history_deleted AFTER DELETE ON public.charges REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION public.keep_deleted();

CREATE TRIGGER history_deleted AFTER DELETE ON public.year_waits REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION public.keep_deleted();

CREATE TRIGGER history_replaced AFTER UPDATE ON public.allocations REFERENCING OLD TABLE AS gone NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION public.keep_replaced();

CREATE TRIGGER history_replaced AFTER UPDATE ON public.charges REFERENCING OLD TABLE AS gone NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION public.keep_replaced();

CREATE TRIGGER history_replaced AFTER UPDATE ON public.year_waits REFERENCING OLD TABLE AS gone NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION public.keep_replaced();

CREATE TRIGGER hold AFTER INSERT OR UPDATE ON public.objections FOR EACH ROW EXECUTE FUNCTION public.hold_by_objection();

CREATE TRIGGER inventory BEFORE INSERT ON public.decisions FOR EACH ROW WHEN ((new.kind = 'inventory'::text)) EXECUTE FUNCTION public.inventory_stated();

CREATE TRIGGER invited BEFORE INSERT ON public.authenticators FOR EACH ROW EXECUTE FUNCTION public.invited();

CREATE TRIGGER invited BEFORE INSERT ON public.invitations FOR EACH ROW EXECUTE FUNCTION public.invited();

CREATE TRIGGER invited BEFORE INSERT OR UPDATE OF token_id ON public.logins FOR EACH ROW EXECUTE FUNCTION public.invited();

CREATE TRIGGER issued BEFORE INSERT ON public.enrolment_codes FOR EACH ROW EXECUTE FUNCTION public.code_issued();

CREATE TRIGGER issued BEFORE INSERT ON public.tokens FOR EACH ROW EXECUTE FUNCTION public.made_by_administrator();

CREATE TRIGGER job_users AFTER INSERT ON public.windows REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION public.keep_job_users();

CREATE TRIGGER keep BEFORE UPDATE ON public.bank_accounts FOR EACH ROW EXECUTE FUNCTION public.keep_dated_fact();

CREATE TRIGGER keep BEFORE INSERT OR UPDATE ON public.billing_sources FOR EACH ROW EXECUTE FUNCTION public.keep_registry_fact();

CREATE TRIGGER keep BEFORE INSERT OR UPDATE ON public.bindings FOR EACH ROW EXECUTE FUNCTION public.keep_registry_fact();

CREATE TRIGGER keep BEFORE INSERT OR UPDATE ON public.case_holds FOR EACH ROW EXECUTE FUNCTION public.keep_hold();

CREATE TRIGGER keep BEFORE UPDATE OF valid, total_fen ON public.contracts FOR EACH ROW EXECUTE FUNCTION public.keep_contract_terms();

CREATE TRIGGER keep BEFORE INSERT OR UPDATE ON public.controllers FOR EACH ROW EXECUTE FUNCTION public.keep_registry_fact();

CREATE TRIGGER keep BEFORE UPDATE ON public.decisions FOR EACH ROW EXECUTE FUNCTION public.keep_decision();

CREATE TRIGGER keep BEFORE UPDATE ON public.objections FOR EACH ROW EXECUTE FUNCTION public.keep_objection();

CREATE TRIGGER keep BEFORE INSERT OR UPDATE ON public.organisation_names FOR EACH ROW EXECUTE FUNCTION public.keep_registry_fact();

CREATE TRIGGER keep BEFORE INSERT OR UPDATE ON public.other_support FOR EACH ROW EXECUTE FUNCTION public.keep_registry_fact();

CREATE TRIGGER keep BEFORE INSERT OR UPDATE ON public.price_bands FOR EACH ROW EXECUTE FUNCTION public.keep_registry_fact();

CREATE TRIGGER keep BEFORE INSERT OR UPDATE ON public.prices FOR EACH ROW EXECUTE FUNCTION public.keep_registry_fact();

CREATE TRIGGER keep BEFORE INSERT OR UPDATE ON public.relations FOR EACH ROW EXECUTE FUNCTION public.keep_registry_fact();

CREATE TRIGGER keep BEFORE INSERT OR UPDATE ON public.witness_requirements FOR EACH ROW EXECUTE FUNCTION public.keep_registry_fact();

CREATE TRIGGER keep BEFORE UPDATE ON public.year_waits FOR EACH ROW WHEN ((new.fen >= old.fen)) EXECUTE FUNCTION public.keep_wait();

CREATE TRIGGER lasts BEFORE INSERT ON public.publications FOR EACH ROW EXECUTE FUNCTION public.publication_lasts();

CREATE TRIGGER lay AFTER INSERT ON public.case_courses REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION public.lay_courses();

CREATE TRIGGER leaves AFTER INSERT ON public.sealed_rows REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION public.take_leaves();

CREATE CONSTRAINT TRIGGER lines_tie AFTER INSERT ON public.cost_documents DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.lines_tie();

CREATE TRIGGER lines_whole AFTER INSERT ON public.document_lines REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION public.lines_whole();

CREATE TRIGGER linked BEFORE INSERT ON public.subjects FOR EACH ROW EXECUTE FUNCTION public.linked_by_holder();

CREATE TRIGGER lower AFTER INSERT ON public.movements FOR EACH ROW WHEN ((new.kind = ANY (ARRAY['withdraw'::text, 'reduce'::text, 'lapse'::text]))) EXECUTE FUNCTION public.lower_by_decision();

CREATE TRIGGER made BEFORE INSERT ON public.persons FOR EACH ROW EXECUTE FUNCTION public.made_by_administrator();

CREATE TRIGGER move BEFORE INSERT ON public.claim_events FOR EACH ROW EXECUTE FUNCTION public.move_case();

CREATE CONSTRAINT TRIGGER moved_by_two AFTER UPDATE ON public.gpus DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((((old.cluster_id IS DISTINCT FROM new.cluster_id) OR (old.node IS DISTINCT FROM new.node)) OR (old.retired_at IS DISTINCT FROM new.retired_at))) EXECUTE FUNCTION public.gpu_decided();

CREATE CONSTRAINT TRIGGER named AFTER INSERT OR UPDATE ON public.claim_cells DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.check_claim_cells();

CREATE CONSTRAINT TRIGGER named AFTER INSERT ON public.claim_events DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((new.action = ANY (ARRAY['submit'::text, 'approve'::text]))) EXECUTE FUNCTION public.check_claim_cells();

CREATE CONSTRAINT TRIGGER number AFTER INSERT ON public.postings DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.number_postings();

CREATE CONSTRAINT TRIGGER of_a_batch AFTER INSERT OR UPDATE ON public.window_counts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.windows_of_a_batch();

CREATE CONSTRAINT TRIGGER of_a_head AFTER INSERT ON public.seal_keys DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.key_of_a_head();

CREATE TRIGGER once BEFORE UPDATE OF revoked_at ON public.agents FOR EACH ROW WHEN ((old.revoked_at IS NOT NULL)) EXECUTE FUNCTION public.keep_once();

CREATE TRIGGER once BEFORE INSERT ON public.assignments FOR EACH ROW EXECUTE FUNCTION public.subsidised_once();

CREATE TRIGGER once BEFORE INSERT ON public.contracts FOR EACH ROW EXECUTE FUNCTION public.subsidised_once();

CREATE TRIGGER once BEFORE UPDATE OF dropped_at ON public.cost_documents FOR EACH ROW WHEN ((old.dropped_at IS NOT NULL)) EXECUTE FUNCTION public.keep_once();

CREATE TRIGGER once BEFORE UPDATE OF confirmed_at, confirmed_by ON public.deductions FOR EACH ROW WHEN ((old.confirmed_at IS NOT NULL)) EXECUTE FUNCTION public.keep_once();

CREATE TRIGGER once BEFORE UPDATE OF lifted_at, lifted_by ON public.freezes FOR EACH ROW WHEN ((old.lifted_at IS NOT NULL)) EXECUTE FUNCTION public.keep_once();

CREATE TRIGGER once BEFORE UPDATE OF used_at ON public.invitations FOR EACH ROW WHEN ((old.used_at IS NOT NULL)) EXECUTE FUNCTION public.keep_once();

CREATE TRIGGER once BEFORE UPDATE OF answer, answered_at, answered_by ON public.messages FOR EACH ROW WHEN ((old.answer IS NOT NULL)) EXECUTE FUNCTION public.keep_once();

CREATE TRIGGER once BEFORE UPDATE OF released_at ON public.quarantine FOR EACH ROW WHEN ((old.released_at IS NOT NULL)) EXECUTE FUNCTION public.keep_once();

CREATE TRIGGER once BEFORE UPDATE OF checked_at ON public.receipts FOR EACH ROW WHEN ((old.checked_at IS NOT NULL)) EXECUTE FUNCTION public.keep_once();

CREATE TRIGGER once BEFORE UPDATE OF closed_at ON public.recoveries FOR EACH ROW WHEN ((old.closed_at IS NOT NULL)) EXECUTE FUNCTION public.keep_once();

CREATE TRIGGER once BEFORE UPDATE OF used_at ON public.recovery_codes FOR EACH ROW WHEN ((old.used_at IS NOT NULL)) EXECUTE FUNCTION public.keep_once();

CREATE TRIGGER once BEFORE UPDATE OF released_at, released_by ON public.reservations FOR EACH ROW WHEN ((old.released_at IS NOT NULL)) EXECUTE FUNCTION public.keep_once();

CREATE TRIGGER once BEFORE UPDATE OF seen_at, ended_at, proven_at, hash ON public.sessions FOR EACH ROW WHEN ((old.ended_at IS NOT NULL)) EXECUTE FUNCTION public.keep_once();

CREATE TRIGGER once BEFORE UPDATE OF used_at ON public.sign_in_links FOR EACH ROW WHEN ((old.used_at IS NOT NULL)) EXECUTE FUNCTION public.keep_once();

CREATE TRIGGER once BEFORE UPDATE OF ended_at ON public.subjects FOR EACH ROW WHEN ((old.ended_at IS NOT NULL)) EXECUTE FUNCTION public.keep_once();

CREATE TRIGGER once BEFORE UPDATE OF revoked_at, revoked_by ON public.tokens FOR EACH ROW WHEN ((old.revoked_at IS NOT NULL)) EXECUTE FUNCTION public.keep_once();

CREATE TRIGGER open BEFORE INSERT ON public.cost_books FOR EACH ROW EXECUTE FUNCTION public.open_cost_book();

CREATE TRIGGER open BEFORE INSERT ON public.indicators FOR EACH ROW EXECUTE FUNCTION public.open_budget_book();

CREATE TRIGGER open BEFORE INSERT ON public.voucher_years FOR EACH ROW EXECUTE FUNCTION public.open_year_book();

CREATE TRIGGER open BEFORE INSERT ON public.vouchers FOR EACH ROW EXECUTE FUNCTION public.open_rights_book();

CREATE TRIGGER payee BEFORE INSERT ON public.claims FOR EACH ROW WHEN ((new.centre_id IS NULL)) EXECUTE FUNCTION public.paid_to_payee();

CREATE TRIGGER period AFTER INSERT ON public.stated_periods FOR EACH ROW EXECUTE FUNCTION public.period_stated();

CREATE TRIGGER post AFTER INSERT ON public.movements REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION public.post_movements();

CREATE TRIGGER rate_of_clause BEFORE INSERT ON public.voucher_rates FOR EACH ROW EXECUTE FUNCTION public.rate_of_clause();

CREATE TRIGGER rate_of_clause BEFORE INSERT ON public.voucher_versions FOR EACH ROW EXECUTE FUNCTION public.rate_of_clause();

CREATE TRIGGER real_cell AFTER INSERT ON public.allocations REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION public.allocated_to_a_cell();

CREATE TRIGGER recall BEFORE UPDATE ON public.payment_lines FOR EACH ROW EXECUTE FUNCTION public.recall_line();

CREATE CONSTRAINT TRIGGER recorded_by_two AFTER INSERT ON public.billing_sources DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.registry_decided('cluster_id');

CREATE CONSTRAINT TRIGGER recorded_by_two AFTER INSERT ON public.bindings DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.registry_decided('cluster_id');

CREATE CONSTRAINT TRIGGER recorded_by_two AFTER INSERT ON public.controllers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.registry_decided('organisation_id');

CREATE CONSTRAINT TRIGGER recorded_by_two AFTER INSERT ON public.organisation_names DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.registry_decided('organisation_id');

CREATE CONSTRAINT TRIGGER recorded_by_two AFTER INSERT ON public.other_support DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.registry_decided('project_id');

CREATE CONSTRAINT TRIGGER recorded_by_two AFTER INSERT ON public.price_bands DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.registry_decided('model_id');

CREATE CONSTRAINT TRIGGER recorded_by_two AFTER INSERT ON public.prices DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.registry_decided('contract_id');

CREATE CONSTRAINT TRIGGER recorded_by_two AFTER INSERT ON public.relations DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.registry_decided('organisation_id');

CREATE CONSTRAINT TRIGGER recorded_by_two AFTER INSERT ON public.witness_requirements DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.registry_decided('cluster_id');

CREATE CONSTRAINT TRIGGER red_fits AFTER INSERT ON public.red_parts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.red_fits();

CREATE TRIGGER redeem BEFORE INSERT ON public.claims FOR EACH ROW WHEN ((new.centre_id IS NOT NULL)) EXECUTE FUNCTION public.redeems_deducted();

CREATE TRIGGER registered BEFORE INSERT ON public.assignments FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('recorded');

CREATE TRIGGER registered BEFORE INSERT ON public.billing_sources FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('recorded', 'decision_id');

CREATE TRIGGER registered BEFORE INSERT ON public.bindings FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('recorded', 'decision_id');

CREATE TRIGGER registered BEFORE INSERT ON public.catalogue_models FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('recorded');

CREATE TRIGGER registered BEFORE INSERT ON public.catalogue_names FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('recorded');

CREATE TRIGGER registered BEFORE INSERT ON public.centres FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('recorded');

CREATE TRIGGER registered BEFORE INSERT ON public.clusters FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('recorded');

CREATE TRIGGER registered BEFORE INSERT ON public.contracts FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('recorded');

CREATE TRIGGER registered BEFORE INSERT ON public.controllers FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('recorded', 'decision_id');

CREATE TRIGGER registered BEFORE INSERT ON public.gpus FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('recorded');

CREATE TRIGGER registered BEFORE INSERT ON public.organisation_names FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('recorded', 'decision_id');

CREATE TRIGGER registered BEFORE INSERT ON public.organisations FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('recorded');

CREATE TRIGGER registered BEFORE INSERT ON public.other_support FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('recorded', 'decision_id');

CREATE TRIGGER registered BEFORE INSERT ON public.price_bands FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('recorded', 'decision_id');

CREATE TRIGGER registered BEFORE INSERT ON public.prices FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('recorded', 'decision_id');

CREATE TRIGGER registered BEFORE INSERT ON public.projects FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('recorded');

CREATE TRIGGER registered BEFORE INSERT ON public.relations FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('recorded', 'decision_id');

CREATE TRIGGER registered BEFORE INSERT ON public.witness_requirements FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('recorded', 'decision_id');

CREATE TRIGGER registered_change BEFORE UPDATE ON public.contracts FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('changed', 'decision_id');

CREATE TRIGGER registered_change BEFORE UPDATE ON public.gpus FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('changed', 'decision_id');

CREATE TRIGGER registered_end BEFORE UPDATE ON public.billing_sources FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('superseded', 'superseded_decision_id');

CREATE TRIGGER registered_end BEFORE UPDATE ON public.bindings FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('superseded', 'superseded_decision_id');

CREATE TRIGGER registered_end BEFORE UPDATE ON public.controllers FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('superseded', 'superseded_decision_id');

CREATE TRIGGER registered_end BEFORE UPDATE ON public.organisation_names FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('superseded', 'superseded_decision_id');

CREATE TRIGGER registered_end BEFORE UPDATE ON public.other_support FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('superseded', 'superseded_decision_id');

CREATE TRIGGER registered_end BEFORE UPDATE ON public.price_bands FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('superseded', 'superseded_decision_id');

CREATE TRIGGER registered_end BEFORE UPDATE ON public.prices FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('superseded', 'superseded_decision_id');

CREATE TRIGGER registered_end BEFORE UPDATE ON public.relations FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('superseded', 'superseded_decision_id');

CREATE TRIGGER registered_end BEFORE UPDATE ON public.witness_requirements FOR EACH ROW EXECUTE FUNCTION public.registered_by_actor('superseded', 'superseded_decision_id');

CREATE TRIGGER release AFTER UPDATE ON public.prices FOR EACH ROW WHEN (((new.kind = 'reserved'::text) AND (new.superseded_at IS NOT NULL))) EXECUTE FUNCTION public.keep_reserved_devices();

CREATE TRIGGER rename AFTER INSERT ON public.organisation_names FOR EACH ROW EXECUTE FUNCTION public.rename_organisation();

CREATE TRIGGER replaced_once BEFORE UPDATE OF replaced_at, expires_at ON public.tokens FOR EACH ROW WHEN ((old.replaced_at IS NOT NULL)) EXECUTE FUNCTION public.keep_once();

CREATE TRIGGER reserve AFTER INSERT ON public.prices FOR EACH ROW WHEN (((new.kind = 'reserved'::text) AND (new.superseded_at IS NULL))) EXECUTE FUNCTION public.keep_reserved_devices();

CREATE TRIGGER rest_anew AFTER UPDATE OF decision_id ON public.matches FOR EACH ROW WHEN ((new.decision_id <> old.decision_id)) EXECUTE FUNCTION public.rest_on_lines();

CREATE TRIGGER rest_new AFTER INSERT ON public.matches FOR EACH ROW EXECUTE FUNCTION public.rest_on_lines();

CREATE TRIGGER reverse AFTER INSERT ON public.movements FOR EACH ROW WHEN ((new.kind = ANY (ARRAY['late'::text, 'overpay'::text, 'unpay'::text]))) EXECUTE FUNCTION public.reverse_by_decision();

CREATE TRIGGER rule BEFORE UPDATE ON public.bank_returns FOR EACH ROW EXECUTE FUNCTION public.rule_on_row();

CREATE TRIGGER ruled BEFORE INSERT ON public.incident_rulings FOR EACH ROW EXECUTE FUNCTION public.incident_ruled();

CREATE TRIGGER says BEFORE INSERT ON public.certificates FOR EACH ROW EXECUTE FUNCTION public.certificate_says();

CREATE TRIGGER says BEFORE INSERT ON public.restorations FOR EACH ROW EXECUTE FUNCTION public.restoration_says();

CREATE TRIGGER seal_changed AFTER UPDATE ON public.accruals REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.agents REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.allocations REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.archives REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('month, part');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.assignments REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.authenticators REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.bank_accounts REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.bank_returns REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.barred_steps REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('action, taken');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.batches REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('stream, number');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.billing_sources REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.bindings REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.books REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.capacities REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.case_courses REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('course, place');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.case_holds REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.case_moves REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('course, state, action, role');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.case_steps REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('action');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.catalogue_models REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.catalogue_names REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('nvml_name, mig_profile');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.cause_kinds REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('cause, kind');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.centres REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.certificates REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('number');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.charges REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.claim_cells REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('claim_id, contract_id, month');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.claim_events REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('claim_id, seq');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.claim_files REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('claim_id, role, original');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.claims REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.clause_rates REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('policy, clause, place');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.clauses REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('policy, clause');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.closes REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('kind, month');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.clusters REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.code_steps REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('authenticator_id, step');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.conflicts REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('gpu, start, hash, stream, number');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.contract_terms REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.contracts REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.controllers REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.corrections REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.cost_books REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('reconciliation_id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.cost_documents REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.courier_files REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.decision_kinds REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('kind');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.decisions REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.deductions REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.differences REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.document_lines REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('document_id, line');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.drill REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('is_drill');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.enrolment_codes REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('hash');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.event_links REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('"position"');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.events REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.excluded_months REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('decision_id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.failed_sign_ins REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.forks REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('stream, number, hash');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.freezes REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.gpus REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('gpu');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.history REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.hold_kinds REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('kind');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.incident_rulings REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('incident_id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.incidents REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.indicator_shares REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('scheme, place');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.indicators REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.invitations REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.legal_moves REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('kind, from_role, to_role');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.logins REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.lookups REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.match_lines REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('reconciliation_id, part, document_id, line');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.match_usage REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('reconciliation_id, part, policy');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.matches REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('reconciliation_id, part');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.messages REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.number_reads REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.objections REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.organisation_names REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.organisations REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.originals REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('hash');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.other_support REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.passwords REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.payable_versions REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('decision_id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.payment_lines REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('list_id, line');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.payment_lists REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.persons REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.policy_ends REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('decision_id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.pool_clauses REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('year, clause');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.pools REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.price_bands REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.prices REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.projects REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.publications REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.quarantine REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('gpu, start, hash, cluster_id, node');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.receipts REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('reference');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.reconciliations REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.recoveries REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.recovery_codes REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.red_parts REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('document_id, line');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.refunds REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('reference, voucher_id, indicator_id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.registry_acts REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('decision_id, relation, entry');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.relations REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.reservations REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.reserved_devices REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('price_id, gpu');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.restorations REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.roles REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('role');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.seal_keys REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.seal_stamps REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('seal');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.series REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('prefix, year');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.server_key REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.sessions REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.sign_in_links REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.stated_periods REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.statement_answers REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.statement_lines REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('statement_id, line');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.statements REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.subjects REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.tokens REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.trusted_certificates REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('fingerprint');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.voucher_rates REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('decision_id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.voucher_versions REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('voucher_id, policy');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.voucher_years REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('voucher_id, year');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.vouchers REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.witness_requirements REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.working_days REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('day');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.year_caps REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('decision_id');

CREATE TRIGGER seal_changed AFTER UPDATE ON public.year_waits REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.accruals REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.agents REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.allocations REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.archives REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('month, part');

CREATE TRIGGER seal_gone AFTER DELETE ON public.assignments REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.authenticators REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.bank_accounts REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.bank_returns REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.barred_steps REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('action, taken');

CREATE TRIGGER seal_gone AFTER DELETE ON public.batches REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('stream, number');

CREATE TRIGGER seal_gone AFTER DELETE ON public.billing_sources REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.bindings REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.books REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.capacities REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.case_courses REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('course, place');

CREATE TRIGGER seal_gone AFTER DELETE ON public.case_holds REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.case_moves REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('course, state, action, role');

CREATE TRIGGER seal_gone AFTER DELETE ON public.case_steps REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('action');

CREATE TRIGGER seal_gone AFTER DELETE ON public.catalogue_models REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.catalogue_names REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('nvml_name, mig_profile');

CREATE TRIGGER seal_gone AFTER DELETE ON public.cause_kinds REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('cause, kind');

CREATE TRIGGER seal_gone AFTER DELETE ON public.centres REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.certificates REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('number');

CREATE TRIGGER seal_gone AFTER DELETE ON public.charges REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.claim_cells REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('claim_id, contract_id, month');

CREATE TRIGGER seal_gone AFTER DELETE ON public.claim_events REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('claim_id, seq');

CREATE TRIGGER seal_gone AFTER DELETE ON public.claim_files REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('claim_id, role, original');

CREATE TRIGGER seal_gone AFTER DELETE ON public.claims REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.clause_rates REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('policy, clause, place');

CREATE TRIGGER seal_gone AFTER DELETE ON public.clauses REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('policy, clause');

CREATE TRIGGER seal_gone AFTER DELETE ON public.closes REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('kind, month');

CREATE TRIGGER seal_gone AFTER DELETE ON public.clusters REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.code_steps REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('authenticator_id, step');

CREATE TRIGGER seal_gone AFTER DELETE ON public.conflicts REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('gpu, start, hash, stream, number');

CREATE TRIGGER seal_gone AFTER DELETE ON public.contract_terms REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.contracts REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.controllers REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.corrections REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.cost_books REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('reconciliation_id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.cost_documents REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.courier_files REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.decision_kinds REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('kind');

CREATE TRIGGER seal_gone AFTER DELETE ON public.decisions REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.deductions REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.differences REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.document_lines REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('document_id, line');

CREATE TRIGGER seal_gone AFTER DELETE ON public.drill REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('is_drill');

CREATE TRIGGER seal_gone AFTER DELETE ON public.enrolment_codes REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('hash');

CREATE TRIGGER seal_gone AFTER DELETE ON public.event_links REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('"position"');

CREATE TRIGGER seal_gone AFTER DELETE ON public.events REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.excluded_months REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('decision_id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.failed_sign_ins REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.forks REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('stream, number, hash');

CREATE TRIGGER seal_gone AFTER DELETE ON public.freezes REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.gpus REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('gpu');

CREATE TRIGGER seal_gone AFTER DELETE ON public.history REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.hold_kinds REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('kind');

CREATE TRIGGER seal_gone AFTER DELETE ON public.incident_rulings REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('incident_id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.incidents REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.indicator_shares REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('scheme, place');

CREATE TRIGGER seal_gone AFTER DELETE ON public.indicators REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.invitations REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.legal_moves REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('kind, from_role, to_role');

CREATE TRIGGER seal_gone AFTER DELETE ON public.logins REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.lookups REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.match_lines REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('reconciliation_id, part, document_id, line');

CREATE TRIGGER seal_gone AFTER DELETE ON public.match_usage REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('reconciliation_id, part, policy');

CREATE TRIGGER seal_gone AFTER DELETE ON public.matches REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('reconciliation_id, part');

CREATE TRIGGER seal_gone AFTER DELETE ON public.messages REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.number_reads REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.objections REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.organisation_names REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.organisations REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.originals REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('hash');

CREATE TRIGGER seal_gone AFTER DELETE ON public.other_support REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.passwords REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.payable_versions REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('decision_id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.payment_lines REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('list_id, line');

CREATE TRIGGER seal_gone AFTER DELETE ON public.payment_lists REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.persons REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.policy_ends REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('decision_id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.pool_clauses REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('year, clause');

CREATE TRIGGER seal_gone AFTER DELETE ON public.pools REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.price_bands REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.prices REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.projects REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.publications REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.quarantine REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('gpu, start, hash, cluster_id, node');

CREATE TRIGGER seal_gone AFTER DELETE ON public.receipts REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('reference');

CREATE TRIGGER seal_gone AFTER DELETE ON public.reconciliations REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.recoveries REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.recovery_codes REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.red_parts REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('document_id, line');

CREATE TRIGGER seal_gone AFTER DELETE ON public.refunds REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('reference, voucher_id, indicator_id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.registry_acts REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('decision_id, relation, entry');

CREATE TRIGGER seal_gone AFTER DELETE ON public.relations REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.reservations REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.reserved_devices REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('price_id, gpu');

CREATE TRIGGER seal_gone AFTER DELETE ON public.restorations REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.roles REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('role');

CREATE TRIGGER seal_gone AFTER DELETE ON public.seal_keys REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.seal_stamps REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('seal');

CREATE TRIGGER seal_gone AFTER DELETE ON public.series REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('prefix, year');

CREATE TRIGGER seal_gone AFTER DELETE ON public.server_key REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.sessions REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.sign_in_links REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.stated_periods REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.statement_answers REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.statement_lines REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('statement_id, line');

CREATE TRIGGER seal_gone AFTER DELETE ON public.statements REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.subjects REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.tokens REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.trusted_certificates REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('fingerprint');

CREATE TRIGGER seal_gone AFTER DELETE ON public.voucher_rates REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('decision_id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.voucher_versions REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('voucher_id, policy');

CREATE TRIGGER seal_gone AFTER DELETE ON public.voucher_years REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('voucher_id, year');

CREATE TRIGGER seal_gone AFTER DELETE ON public.vouchers REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.witness_requirements REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.working_days REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('day');

CREATE TRIGGER seal_gone AFTER DELETE ON public.year_caps REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('decision_id');

CREATE TRIGGER seal_gone AFTER DELETE ON public.year_waits REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.accruals REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.agents REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.allocations REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.archives REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('month, part');

CREATE TRIGGER seal_new AFTER INSERT ON public.assignments REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.authenticators REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.bank_accounts REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.bank_returns REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.barred_steps REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('action, taken');

CREATE TRIGGER seal_new AFTER INSERT ON public.batches REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('stream, number');

CREATE TRIGGER seal_new AFTER INSERT ON public.billing_sources REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.bindings REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.books REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.capacities REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.case_courses REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('course, place');

CREATE TRIGGER seal_new AFTER INSERT ON public.case_holds REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.case_moves REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('course, state, action, role');

CREATE TRIGGER seal_new AFTER INSERT ON public.case_steps REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('action');

CREATE TRIGGER seal_new AFTER INSERT ON public.catalogue_models REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.catalogue_names REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('nvml_name, mig_profile');

CREATE TRIGGER seal_new AFTER INSERT ON public.cause_kinds REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('cause, kind');

CREATE TRIGGER seal_new AFTER INSERT ON public.centres REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.certificates REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('number');

CREATE TRIGGER seal_new AFTER INSERT ON public.charges REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.claim_cells REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('claim_id, contract_id, month');

CREATE TRIGGER seal_new AFTER INSERT ON public.claim_events REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('claim_id, seq');

CREATE TRIGGER seal_new AFTER INSERT ON public.claim_files REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('claim_id, role, original');

CREATE TRIGGER seal_new AFTER INSERT ON public.claims REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.clause_rates REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('policy, clause, place');

CREATE TRIGGER seal_new AFTER INSERT ON public.clauses REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('policy, clause');

CREATE TRIGGER seal_new AFTER INSERT ON public.closes REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('kind, month');

CREATE TRIGGER seal_new AFTER INSERT ON public.clusters REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.code_steps REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('authenticator_id, step');

CREATE TRIGGER seal_new AFTER INSERT ON public.conflicts REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('gpu, start, hash, stream, number');

CREATE TRIGGER seal_new AFTER INSERT ON public.contract_terms REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.contracts REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.controllers REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.corrections REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.cost_books REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('reconciliation_id');

CREATE TRIGGER seal_new AFTER INSERT ON public.cost_documents REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.courier_files REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.decision_kinds REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('kind');

CREATE TRIGGER seal_new AFTER INSERT ON public.decisions REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.deductions REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.differences REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.document_lines REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('document_id, line');

CREATE TRIGGER seal_new AFTER INSERT ON public.drill REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('is_drill');

CREATE TRIGGER seal_new AFTER INSERT ON public.enrolment_codes REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('hash');

CREATE TRIGGER seal_new AFTER INSERT ON public.event_links REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('"position"');

CREATE TRIGGER seal_new AFTER INSERT ON public.events REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.excluded_months REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('decision_id');

CREATE TRIGGER seal_new AFTER INSERT ON public.failed_sign_ins REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.forks REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('stream, number, hash');

CREATE TRIGGER seal_new AFTER INSERT ON public.freezes REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.gpus REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('gpu');

CREATE TRIGGER seal_new AFTER INSERT ON public.history REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.hold_kinds REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('kind');

CREATE TRIGGER seal_new AFTER INSERT ON public.incident_rulings REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('incident_id');

CREATE TRIGGER seal_new AFTER INSERT ON public.incidents REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.indicator_shares REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('scheme, place');

CREATE TRIGGER seal_new AFTER INSERT ON public.indicators REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.invitations REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.legal_moves REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('kind, from_role, to_role');

CREATE TRIGGER seal_new AFTER INSERT ON public.logins REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.lookups REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.match_lines REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('reconciliation_id, part, document_id, line');

CREATE TRIGGER seal_new AFTER INSERT ON public.match_usage REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('reconciliation_id, part, policy');

CREATE TRIGGER seal_new AFTER INSERT ON public.matches REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('reconciliation_id, part');

CREATE TRIGGER seal_new AFTER INSERT ON public.messages REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.number_reads REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.objections REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.organisation_names REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.organisations REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.originals REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('hash');

CREATE TRIGGER seal_new AFTER INSERT ON public.other_support REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.passwords REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.payable_versions REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('decision_id');

CREATE TRIGGER seal_new AFTER INSERT ON public.payment_lines REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('list_id, line');

CREATE TRIGGER seal_new AFTER INSERT ON public.payment_lists REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.persons REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.policy_ends REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('decision_id');

CREATE TRIGGER seal_new AFTER INSERT ON public.pool_clauses REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('year, clause');

CREATE TRIGGER seal_new AFTER INSERT ON public.pools REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.price_bands REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.prices REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.projects REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.publications REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.quarantine REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('gpu, start, hash, cluster_id, node');

CREATE TRIGGER seal_new AFTER INSERT ON public.receipts REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('reference');

CREATE TRIGGER seal_new AFTER INSERT ON public.reconciliations REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.recoveries REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.recovery_codes REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.red_parts REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('document_id, line');

CREATE TRIGGER seal_new AFTER INSERT ON public.refunds REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('reference, voucher_id, indicator_id');

CREATE TRIGGER seal_new AFTER INSERT ON public.registry_acts REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('decision_id, relation, entry');

CREATE TRIGGER seal_new AFTER INSERT ON public.relations REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.reservations REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.reserved_devices REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('price_id, gpu');

CREATE TRIGGER seal_new AFTER INSERT ON public.restorations REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.roles REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('role');

CREATE TRIGGER seal_new AFTER INSERT ON public.seal_keys REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.seal_stamps REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('seal');

CREATE TRIGGER seal_new AFTER INSERT ON public.series REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('prefix, year');

CREATE TRIGGER seal_new AFTER INSERT ON public.server_key REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.sessions REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.sign_in_links REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.stated_periods REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.statement_answers REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.statement_lines REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('statement_id, line');

CREATE TRIGGER seal_new AFTER INSERT ON public.statements REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.subjects REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.tokens REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.trusted_certificates REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('fingerprint');

CREATE TRIGGER seal_new AFTER INSERT ON public.voucher_rates REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('decision_id');

CREATE TRIGGER seal_new AFTER INSERT ON public.voucher_versions REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('voucher_id, policy');

CREATE TRIGGER seal_new AFTER INSERT ON public.voucher_years REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('voucher_id, year');

CREATE TRIGGER seal_new AFTER INSERT ON public.vouchers REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.witness_requirements REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER seal_new AFTER INSERT ON public.working_days REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('day');

CREATE TRIGGER seal_new AFTER INSERT ON public.year_caps REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('decision_id');

CREATE TRIGGER seal_new AFTER INSERT ON public.year_waits REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_unsealed('id');

CREATE TRIGGER send BEFORE UPDATE ON public.payment_lists FOR EACH ROW EXECUTE FUNCTION public.send_list();

CREATE TRIGGER settle AFTER INSERT OR UPDATE ON public.bank_returns FOR EACH ROW EXECUTE FUNCTION public.settle_by_row();

CREATE TRIGGER settled BEFORE INSERT OR UPDATE OF closed_at ON public.recoveries FOR EACH ROW WHEN ((new.closed_at IS NOT NULL)) EXECUTE FUNCTION public.recovery_settled();

CREATE TRIGGER stays BEFORE DELETE OR UPDATE OR TRUNCATE ON public.drill FOR EACH STATEMENT EXECUTE FUNCTION public.drill_for_good();

CREATE TRIGGER stays BEFORE DELETE OR UPDATE OR TRUNCATE ON public.event_links FOR EACH STATEMENT EXECUTE FUNCTION public.events_stay();

CREATE TRIGGER stays BEFORE DELETE OR UPDATE OR TRUNCATE ON public.events FOR EACH STATEMENT EXECUTE FUNCTION public.events_stay();

CREATE CONSTRAINT TRIGGER superseded_by_two AFTER UPDATE ON public.billing_sources DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.registry_decided('cluster_id');

CREATE CONSTRAINT TRIGGER superseded_by_two AFTER UPDATE ON public.bindings DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.registry_decided('cluster_id');

CREATE CONSTRAINT TRIGGER superseded_by_two AFTER UPDATE ON public.controllers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.registry_decided('organisation_id');

CREATE CONSTRAINT TRIGGER superseded_by_two AFTER UPDATE ON public.organisation_names DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.registry_decided('organisation_id');

CREATE CONSTRAINT TRIGGER superseded_by_two AFTER UPDATE ON public.other_support DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.registry_decided('project_id');

CREATE CONSTRAINT TRIGGER superseded_by_two AFTER UPDATE ON public.price_bands DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.registry_decided('model_id');

CREATE CONSTRAINT TRIGGER superseded_by_two AFTER UPDATE ON public.prices DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.registry_decided('contract_id');

CREATE CONSTRAINT TRIGGER superseded_by_two AFTER UPDATE ON public.relations DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.registry_decided('organisation_id');

CREATE CONSTRAINT TRIGGER superseded_by_two AFTER UPDATE ON public.witness_requirements DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.registry_decided('cluster_id');

CREATE TRIGGER then_counts AFTER INSERT OR UPDATE OF held_fen, matched_fen, decision_id ON public.matches FOR EACH ROW EXECUTE FUNCTION public.held_counts();

CREATE TRIGGER usage_anew AFTER UPDATE OF held_fen, decision_id, fall_decision_id ON public.matches FOR EACH ROW WHEN ((((new.held_fen <> old.held_fen) OR (new.decision_id <> old.decision_id)) OR (new.fall_decision_id IS DISTINCT FROM old.fall_decision_id))) EXECUTE FUNCTION public.keep_usage();

CREATE TRIGGER usage_new AFTER INSERT ON public.matches FOR EACH ROW EXECUTE FUNCTION public.keep_usage();

CREATE TRIGGER version_payable BEFORE INSERT ON public.voucher_versions FOR EACH ROW EXECUTE FUNCTION public.version_payable();

CREATE TRIGGER void AFTER UPDATE ON public.decisions FOR EACH ROW WHEN (((new.kind = 'payment_list'::text) AND (new.answer = ANY (ARRAY['refused'::text, 'withdrawn'::text])))) EXECUTE FUNCTION public.void_list();

CREATE TRIGGER who_changes BEFORE UPDATE ON public.tokens FOR EACH ROW EXECUTE FUNCTION public.changed_by_administrator();

CREATE TRIGGER with_code BEFORE INSERT ON public.bank_returns FOR EACH ROW EXECUTE FUNCTION public.confirmed_with_code('received_by');

CREATE TRIGGER with_code BEFORE UPDATE OF answer ON public.decisions FOR EACH ROW WHEN ((new.answer = 'confirmed'::text)) EXECUTE FUNCTION public.confirmed_with_code('answered_by', 'decided_by');

CREATE TRIGGER with_code BEFORE UPDATE OF confirmed_at ON public.deductions FOR EACH ROW EXECUTE FUNCTION public.confirmed_with_code('confirmed_by', 'stated_by');

CREATE TRIGGER with_code BEFORE UPDATE OF checked_at ON public.receipts FOR EACH ROW EXECUTE FUNCTION public.confirmed_with_code('checked_by', 'entered_by');

CREATE TRIGGER with_code BEFORE UPDATE OF confirmed_at ON public.tokens FOR EACH ROW WHEN ((new.confirmed_by ~~ 'securityadmin:%'::text)) EXECUTE FUNCTION public.confirmed_with_code('confirmed_by', 'created_by');

CREATE TRIGGER years AFTER INSERT ON public.movements REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION public.draw_by_year();

ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_book_id_fkey FOREIGN KEY (book_id) REFERENCES public.books(id);

ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_role_fkey FOREIGN KEY (role) REFERENCES public.roles(role);

ALTER TABLE ONLY public.accruals
    ADD CONSTRAINT accruals_posting_id_fkey FOREIGN KEY (posting_id) REFERENCES public.postings(id);

ALTER TABLE ONLY public.accruals
    ADD CONSTRAINT accruals_voucher_id_fkey FOREIGN KEY (voucher_id) REFERENCES public.vouchers(id);

ALTER TABLE ONLY public.agent_shares
    ADD CONSTRAINT agent_shares_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES public.agents(id);

ALTER TABLE ONLY public.agents
    ADD CONSTRAINT agents_cluster_id_fkey FOREIGN KEY (cluster_id) REFERENCES public.clusters(id);

ALTER TABLE ONLY public.allocations
    ADD CONSTRAINT allocations_contract_id_fkey FOREIGN KEY (contract_id) REFERENCES public.contracts(id);

ALTER TABLE ONLY public.allocations
    ADD CONSTRAINT allocations_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.cost_documents(id);

ALTER TABLE ONLY public.archives
    ADD CONSTRAINT archives_seal_fkey FOREIGN KEY (seal) REFERENCES public.seals(number);

ALTER TABLE ONLY public.authenticators
    ADD CONSTRAINT authenticators_invitation_id_fkey FOREIGN KEY (invitation_id) REFERENCES public.invitations(id);

ALTER TABLE ONLY public.bank_accounts
    ADD CONSTRAINT bank_accounts_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.bank_accounts
    ADD CONSTRAINT bank_accounts_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisations(id);

ALTER TABLE ONLY public.bank_returns
    ADD CONSTRAINT bank_returns_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.bank_returns
    ADD CONSTRAINT bank_returns_list_id_line_fkey FOREIGN KEY (list_id, line) REFERENCES public.payment_lines(list_id, line);

ALTER TABLE ONLY public.bank_returns
    ADD CONSTRAINT bank_returns_original_fkey FOREIGN KEY (original) REFERENCES public.originals(hash);

ALTER TABLE ONLY public.barred_steps
    ADD CONSTRAINT barred_steps_action_fkey FOREIGN KEY (action) REFERENCES public.case_steps(action);

ALTER TABLE ONLY public.barred_steps
    ADD CONSTRAINT barred_steps_taken_fkey FOREIGN KEY (taken) REFERENCES public.case_steps(action);

ALTER TABLE ONLY public.billing_sources
    ADD CONSTRAINT billing_sources_cluster_id_fkey FOREIGN KEY (cluster_id) REFERENCES public.clusters(id);

ALTER TABLE ONLY public.billing_sources
    ADD CONSTRAINT billing_sources_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.billing_sources
    ADD CONSTRAINT billing_sources_superseded_decision_id_fkey FOREIGN KEY (superseded_decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.bindings
    ADD CONSTRAINT bindings_cluster_id_fkey FOREIGN KEY (cluster_id) REFERENCES public.clusters(id);

ALTER TABLE ONLY public.bindings
    ADD CONSTRAINT bindings_contract_id_fkey FOREIGN KEY (contract_id) REFERENCES public.contracts(id);

ALTER TABLE ONLY public.bindings
    ADD CONSTRAINT bindings_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.bindings
    ADD CONSTRAINT bindings_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);

ALTER TABLE ONLY public.bindings
    ADD CONSTRAINT bindings_superseded_decision_id_fkey FOREIGN KEY (superseded_decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.capacities
    ADD CONSTRAINT capacities_cluster_id_fkey FOREIGN KEY (cluster_id) REFERENCES public.clusters(id);

ALTER TABLE ONLY public.capacities
    ADD CONSTRAINT capacities_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.case_holds
    ADD CONSTRAINT case_holds_claim_id_fkey FOREIGN KEY (claim_id) REFERENCES public.claims(id);

ALTER TABLE ONLY public.case_holds
    ADD CONSTRAINT case_holds_kind_fkey FOREIGN KEY (kind) REFERENCES public.hold_kinds(kind);

ALTER TABLE ONLY public.case_holds
    ADD CONSTRAINT case_holds_objection_id_fkey FOREIGN KEY (objection_id) REFERENCES public.objections(id);

ALTER TABLE ONLY public.claim_events
    ADD CONSTRAINT case_move FOREIGN KEY (course, state, action, role, next) REFERENCES public.case_moves(course, state, action, role, next);

ALTER TABLE ONLY public.case_moves
    ADD CONSTRAINT case_moves_action_fkey FOREIGN KEY (action) REFERENCES public.case_steps(action);

ALTER TABLE ONLY public.catalogue_names
    ADD CONSTRAINT catalogue_names_model_id_fkey FOREIGN KEY (model_id) REFERENCES public.catalogue_models(id);

ALTER TABLE ONLY public.centres
    ADD CONSTRAINT centres_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisations(id);

ALTER TABLE ONLY public.certificates
    ADD CONSTRAINT certificates_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.seal_keys(id);

ALTER TABLE ONLY public.certificates
    ADD CONSTRAINT certificates_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);

ALTER TABLE ONLY public.charges
    ADD CONSTRAINT charges_contract_id_fkey FOREIGN KEY (contract_id) REFERENCES public.contracts(id);

ALTER TABLE ONLY public.charges
    ADD CONSTRAINT charges_model_id_fkey FOREIGN KEY (model_id) REFERENCES public.catalogue_models(id);

ALTER TABLE ONLY public.charges
    ADD CONSTRAINT charges_price_id_fkey FOREIGN KEY (price_id) REFERENCES public.prices(id);

ALTER TABLE ONLY public.claim_cells
    ADD CONSTRAINT claim_cells_claim_id_fkey FOREIGN KEY (claim_id) REFERENCES public.claims(id);

ALTER TABLE ONLY public.claim_cells
    ADD CONSTRAINT claim_cells_contract_id_fkey FOREIGN KEY (contract_id) REFERENCES public.contracts(id);

ALTER TABLE ONLY public.claim_events
    ADD CONSTRAINT claim_events_claim_id_fkey FOREIGN KEY (claim_id) REFERENCES public.claims(id);

ALTER TABLE ONLY public.claim_files
    ADD CONSTRAINT claim_files_claim_id_fkey FOREIGN KEY (claim_id) REFERENCES public.claims(id);

ALTER TABLE ONLY public.claim_files
    ADD CONSTRAINT claim_files_original_fkey FOREIGN KEY (original) REFERENCES public.originals(hash);

ALTER TABLE ONLY public.claims
    ADD CONSTRAINT claims_centre_id_fkey FOREIGN KEY (centre_id) REFERENCES public.centres(id);

ALTER TABLE ONLY public.claims
    ADD CONSTRAINT claims_payee_id_fkey FOREIGN KEY (payee_id) REFERENCES public.organisations(id);

ALTER TABLE ONLY public.claims
    ADD CONSTRAINT claims_voucher_id_fkey FOREIGN KEY (voucher_id) REFERENCES public.vouchers(id);

ALTER TABLE ONLY public.clause_rates
    ADD CONSTRAINT clause_rates_policy_clause_fkey FOREIGN KEY (policy, clause) REFERENCES public.clauses(policy, clause);

ALTER TABLE ONLY public.closes
    ADD CONSTRAINT closes_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.clusters
    ADD CONSTRAINT clusters_centre_id_fkey FOREIGN KEY (centre_id) REFERENCES public.centres(id);

ALTER TABLE ONLY public.code_steps
    ADD CONSTRAINT code_steps_authenticator_id_fkey FOREIGN KEY (authenticator_id) REFERENCES public.authenticators(id);

ALTER TABLE ONLY public.contract_terms
    ADD CONSTRAINT contract_terms_contract_id_fkey FOREIGN KEY (contract_id) REFERENCES public.contracts(id);

ALTER TABLE ONLY public.contracts
    ADD CONSTRAINT contracts_centre_id_fkey FOREIGN KEY (centre_id) REFERENCES public.centres(id);

ALTER TABLE ONLY public.contracts
    ADD CONSTRAINT contracts_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.contracts
    ADD CONSTRAINT contracts_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);

ALTER TABLE ONLY public.controllers
    ADD CONSTRAINT controllers_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.controllers
    ADD CONSTRAINT controllers_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisations(id);

ALTER TABLE ONLY public.controllers
    ADD CONSTRAINT controllers_superseded_decision_id_fkey FOREIGN KEY (superseded_decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.corrections
    ADD CONSTRAINT corrections_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.corrections
    ADD CONSTRAINT corrections_gpu_start_hash_stream_number_fkey FOREIGN KEY (gpu, start, hash, stream, number) REFERENCES public.conflicts(gpu, start, hash, stream, number);

ALTER TABLE ONLY public.cost_books
    ADD CONSTRAINT cost_books_book_id_fkey FOREIGN KEY (book_id) REFERENCES public.books(id);

ALTER TABLE ONLY public.cost_books
    ADD CONSTRAINT cost_books_reconciliation_id_fkey FOREIGN KEY (reconciliation_id) REFERENCES public.reconciliations(id);

ALTER TABLE ONLY public.cost_documents
    ADD CONSTRAINT cost_documents_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.cost_documents
    ADD CONSTRAINT cost_documents_original_fkey FOREIGN KEY (original) REFERENCES public.originals(hash);

ALTER TABLE ONLY public.cost_documents
    ADD CONSTRAINT cost_documents_reverses_id_fkey FOREIGN KEY (reverses_id) REFERENCES public.cost_documents(id);

ALTER TABLE ONLY public.cost_documents
    ADD CONSTRAINT cost_documents_vouched_by_fkey FOREIGN KEY (vouched_by) REFERENCES public.trusted_certificates(fingerprint);

ALTER TABLE ONLY public.courier_files
    ADD CONSTRAINT courier_files_centre_id_fkey FOREIGN KEY (centre_id) REFERENCES public.centres(id);

ALTER TABLE ONLY public.decisions
    ADD CONSTRAINT decisions_kind_fkey FOREIGN KEY (kind) REFERENCES public.decision_kinds(kind);

ALTER TABLE ONLY public.deductions
    ADD CONSTRAINT deductions_consent_decision_id_fkey FOREIGN KEY (consent_decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.deductions
    ADD CONSTRAINT deductions_contract_id_fkey FOREIGN KEY (contract_id) REFERENCES public.contracts(id);

ALTER TABLE ONLY public.deductions
    ADD CONSTRAINT deductions_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.cost_documents(id);

ALTER TABLE ONLY public.deductions
    ADD CONSTRAINT deductions_fall_decision_id_fkey FOREIGN KEY (fall_decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.differences
    ADD CONSTRAINT differences_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.differences
    ADD CONSTRAINT differences_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.cost_documents(id);

ALTER TABLE ONLY public.differences
    ADD CONSTRAINT differences_reconciliation_id_fkey FOREIGN KEY (reconciliation_id) REFERENCES public.reconciliations(id);

ALTER TABLE ONLY public.document_lines
    ADD CONSTRAINT document_lines_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.cost_documents(id);

ALTER TABLE ONLY public.enrolment_codes
    ADD CONSTRAINT enrolment_codes_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES public.agents(id);

ALTER TABLE ONLY public.enrolment_codes
    ADD CONSTRAINT enrolment_codes_cluster_id_fkey FOREIGN KEY (cluster_id) REFERENCES public.clusters(id);

ALTER TABLE ONLY public.event_links
    ADD CONSTRAINT event_links_event_id_fkey FOREIGN KEY (event_id) REFERENCES public.events(id);

ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.sessions(id);

ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_token_id_fkey FOREIGN KEY (token_id) REFERENCES public.tokens(id);

ALTER TABLE ONLY public.excluded_months
    ADD CONSTRAINT excluded_months_contract_id_fkey FOREIGN KEY (contract_id) REFERENCES public.contracts(id);

ALTER TABLE ONLY public.excluded_months
    ADD CONSTRAINT excluded_months_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.excluded_months
    ADD CONSTRAINT excluded_months_readmission_id_fkey FOREIGN KEY (readmission_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.excluded_months
    ADD CONSTRAINT excluded_months_voucher_id_fkey FOREIGN KEY (voucher_id) REFERENCES public.vouchers(id);

ALTER TABLE ONLY public.failed_sign_ins
    ADD CONSTRAINT failed_sign_ins_login_id_fkey FOREIGN KEY (login_id) REFERENCES public.logins(id);

ALTER TABLE ONLY public.freezes
    ADD CONSTRAINT freezes_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.cost_documents(id);

ALTER TABLE ONLY public.gpus
    ADD CONSTRAINT gpus_cluster_id_fkey FOREIGN KEY (cluster_id) REFERENCES public.clusters(id);

ALTER TABLE ONLY public.gpus
    ADD CONSTRAINT gpus_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.incident_rulings
    ADD CONSTRAINT incident_rulings_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.incident_rulings
    ADD CONSTRAINT incident_rulings_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES public.incidents(id);

ALTER TABLE ONLY public.incident_spans
    ADD CONSTRAINT incident_spans_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES public.incidents(id);

ALTER TABLE ONLY public.incidents
    ADD CONSTRAINT incidents_cluster_id_fkey FOREIGN KEY (cluster_id) REFERENCES public.clusters(id);

ALTER TABLE ONLY public.incidents
    ADD CONSTRAINT incidents_original_fkey FOREIGN KEY (original) REFERENCES public.originals(hash);

ALTER TABLE ONLY public.indicator_shares
    ADD CONSTRAINT indicator_shares_indicator_id_fkey FOREIGN KEY (indicator_id) REFERENCES public.indicators(id);

ALTER TABLE ONLY public.indicator_shares
    ADD CONSTRAINT indicator_shares_scheme_fkey FOREIGN KEY (scheme) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.indicators
    ADD CONSTRAINT indicators_book_id_fkey FOREIGN KEY (book_id) REFERENCES public.books(id);

ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_token_id_fkey FOREIGN KEY (token_id) REFERENCES public.tokens(id);

ALTER TABLE ONLY public.movements
    ADD CONSTRAINT legal_move FOREIGN KEY (kind, from_role, to_role) REFERENCES public.legal_moves(kind, from_role, to_role);

ALTER TABLE ONLY public.legal_moves
    ADD CONSTRAINT legal_moves_from_role_fkey FOREIGN KEY (from_role) REFERENCES public.roles(role);

ALTER TABLE ONLY public.legal_moves
    ADD CONSTRAINT legal_moves_to_role_fkey FOREIGN KEY (to_role) REFERENCES public.roles(role);

ALTER TABLE ONLY public.logins
    ADD CONSTRAINT logins_token_id_fkey FOREIGN KEY (token_id) REFERENCES public.tokens(id);

ALTER TABLE ONLY public.lookups
    ADD CONSTRAINT lookups_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.cost_documents(id);

ALTER TABLE ONLY public.lookups
    ADD CONSTRAINT lookups_original_fkey FOREIGN KEY (original) REFERENCES public.originals(hash);

ALTER TABLE ONLY public.match_lines
    ADD CONSTRAINT match_lines_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.cost_documents(id);

ALTER TABLE ONLY public.match_lines
    ADD CONSTRAINT match_lines_reconciliation_id_part_fkey FOREIGN KEY (reconciliation_id, part) REFERENCES public.matches(reconciliation_id, part);

ALTER TABLE ONLY public.match_usage
    ADD CONSTRAINT match_usage_reconciliation_id_part_fkey FOREIGN KEY (reconciliation_id, part) REFERENCES public.matches(reconciliation_id, part);

ALTER TABLE ONLY public.matches
    ADD CONSTRAINT matches_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.matches
    ADD CONSTRAINT matches_extra_decision_id_fkey FOREIGN KEY (extra_decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.matches
    ADD CONSTRAINT matches_fall_decision_id_fkey FOREIGN KEY (fall_decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.matches
    ADD CONSTRAINT matches_reconciliation_id_fkey FOREIGN KEY (reconciliation_id) REFERENCES public.reconciliations(id);

ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.cost_documents(id);

ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_reconciliation_id_fkey FOREIGN KEY (reconciliation_id) REFERENCES public.reconciliations(id);

ALTER TABLE ONLY public.movements
    ADD CONSTRAINT movements_posting_id_fkey FOREIGN KEY (posting_id) REFERENCES public.postings(id);

ALTER TABLE ONLY public.objections
    ADD CONSTRAINT objections_publication_id_fkey FOREIGN KEY (publication_id) REFERENCES public.publications(id);

ALTER TABLE ONLY public.organisation_names
    ADD CONSTRAINT organisation_names_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.organisation_names
    ADD CONSTRAINT organisation_names_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisations(id);

ALTER TABLE ONLY public.organisation_names
    ADD CONSTRAINT organisation_names_superseded_decision_id_fkey FOREIGN KEY (superseded_decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.other_support
    ADD CONSTRAINT other_support_contract_id_fkey FOREIGN KEY (contract_id) REFERENCES public.contracts(id);

ALTER TABLE ONLY public.other_support
    ADD CONSTRAINT other_support_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.other_support
    ADD CONSTRAINT other_support_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);

ALTER TABLE ONLY public.other_support
    ADD CONSTRAINT other_support_superseded_decision_id_fkey FOREIGN KEY (superseded_decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.partition_gpus
    ADD CONSTRAINT partition_gpus_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES public.agents(id);

ALTER TABLE ONLY public.passwords
    ADD CONSTRAINT passwords_login_id_fkey FOREIGN KEY (login_id) REFERENCES public.logins(id);

ALTER TABLE ONLY public.payable_versions
    ADD CONSTRAINT payable_versions_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.payment_lines
    ADD CONSTRAINT payment_lines_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.bank_accounts(id);

ALTER TABLE ONLY public.payment_lines
    ADD CONSTRAINT payment_lines_claim_id_fkey FOREIGN KEY (claim_id) REFERENCES public.claims(id);

ALTER TABLE ONLY public.payment_lines
    ADD CONSTRAINT payment_lines_list_id_fkey FOREIGN KEY (list_id) REFERENCES public.payment_lists(id);

ALTER TABLE ONLY public.payment_lines
    ADD CONSTRAINT payment_lines_voucher_id_fkey FOREIGN KEY (voucher_id) REFERENCES public.vouchers(id);

ALTER TABLE ONLY public.payment_lists
    ADD CONSTRAINT payment_lists_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.payment_lists
    ADD CONSTRAINT payment_lists_indicator_id_fkey FOREIGN KEY (indicator_id) REFERENCES public.indicators(id);

ALTER TABLE ONLY public.policy_ends
    ADD CONSTRAINT policy_ends_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.pool_clauses
    ADD CONSTRAINT pool_clauses_pool_id_year_fkey FOREIGN KEY (pool_id, year) REFERENCES public.pools(id, year);

ALTER TABLE ONLY public.pools
    ADD CONSTRAINT pools_book_id_fkey FOREIGN KEY (book_id) REFERENCES public.books(id);

ALTER TABLE ONLY public.pools
    ADD CONSTRAINT pools_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.price_bands
    ADD CONSTRAINT price_bands_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.price_bands
    ADD CONSTRAINT price_bands_model_id_fkey FOREIGN KEY (model_id) REFERENCES public.catalogue_models(id);

ALTER TABLE ONLY public.price_bands
    ADD CONSTRAINT price_bands_superseded_decision_id_fkey FOREIGN KEY (superseded_decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.prices
    ADD CONSTRAINT prices_contract_id_fkey FOREIGN KEY (contract_id) REFERENCES public.contracts(id);

ALTER TABLE ONLY public.prices
    ADD CONSTRAINT prices_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.prices
    ADD CONSTRAINT prices_model_id_fkey FOREIGN KEY (model_id) REFERENCES public.catalogue_models(id);

ALTER TABLE ONLY public.prices
    ADD CONSTRAINT prices_superseded_decision_id_fkey FOREIGN KEY (superseded_decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.projects
    ADD CONSTRAINT projects_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisations(id);

ALTER TABLE ONLY public.publications
    ADD CONSTRAINT publications_claim_id_fkey FOREIGN KEY (claim_id) REFERENCES public.claims(id);

ALTER TABLE ONLY public.receipts
    ADD CONSTRAINT receipts_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.cost_documents(id);

ALTER TABLE ONLY public.receipts
    ADD CONSTRAINT receipts_original_fkey FOREIGN KEY (original) REFERENCES public.originals(hash);

ALTER TABLE ONLY public.reconciliations
    ADD CONSTRAINT reconciliations_contract_id_fkey FOREIGN KEY (contract_id) REFERENCES public.contracts(id);

ALTER TABLE ONLY public.recoveries
    ADD CONSTRAINT recoveries_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.recoveries
    ADD CONSTRAINT recoveries_voucher_id_fkey FOREIGN KEY (voucher_id) REFERENCES public.vouchers(id);

ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT recovery_codes_authenticator_id_fkey FOREIGN KEY (authenticator_id) REFERENCES public.authenticators(id);

ALTER TABLE ONLY public.red_parts
    ADD CONSTRAINT red_parts_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.red_parts
    ADD CONSTRAINT red_parts_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.cost_documents(id);

ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT refunds_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT refunds_indicator_id_fkey FOREIGN KEY (indicator_id) REFERENCES public.indicators(id);

ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT refunds_voucher_id_fkey FOREIGN KEY (voucher_id) REFERENCES public.vouchers(id);

ALTER TABLE ONLY public.registry_acts
    ADD CONSTRAINT registry_acts_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.relations
    ADD CONSTRAINT relations_centre_id_fkey FOREIGN KEY (centre_id) REFERENCES public.centres(id);

ALTER TABLE ONLY public.relations
    ADD CONSTRAINT relations_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.relations
    ADD CONSTRAINT relations_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisations(id);

ALTER TABLE ONLY public.relations
    ADD CONSTRAINT relations_other_id_fkey FOREIGN KEY (other_id) REFERENCES public.organisations(id);

ALTER TABLE ONLY public.relations
    ADD CONSTRAINT relations_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);

ALTER TABLE ONLY public.relations
    ADD CONSTRAINT relations_superseded_decision_id_fkey FOREIGN KEY (superseded_decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.relays
    ADD CONSTRAINT relays_cluster_id_fkey FOREIGN KEY (cluster_id) REFERENCES public.clusters(id);

ALTER TABLE ONLY public.reservations
    ADD CONSTRAINT reservations_voucher_id_fkey FOREIGN KEY (voucher_id) REFERENCES public.vouchers(id);

ALTER TABLE ONLY public.reserved_devices
    ADD CONSTRAINT reserved_devices_centre_id_fkey FOREIGN KEY (centre_id) REFERENCES public.centres(id);

ALTER TABLE ONLY public.reserved_devices
    ADD CONSTRAINT reserved_devices_gpu_fkey FOREIGN KEY (gpu) REFERENCES public.gpus(gpu);

ALTER TABLE ONLY public.reserved_devices
    ADD CONSTRAINT reserved_devices_price_id_fkey FOREIGN KEY (price_id) REFERENCES public.prices(id);

ALTER TABLE ONLY public.reserved_devices
    ADD CONSTRAINT reserved_devices_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);

ALTER TABLE ONLY public.restorations
    ADD CONSTRAINT restorations_seal_fkey FOREIGN KEY (seal) REFERENCES public.seals(number);

ALTER TABLE ONLY public.seal_stamps
    ADD CONSTRAINT seal_stamps_seal_fkey FOREIGN KEY (seal) REFERENCES public.seals(number);

ALTER TABLE ONLY public.sealed_rows
    ADD CONSTRAINT sealed_rows_seal_fkey FOREIGN KEY (seal) REFERENCES public.seals(number) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.seals
    ADD CONSTRAINT seals_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.seal_keys(id);

ALTER TABLE ONLY public.seals
    ADD CONSTRAINT seals_previous_fkey FOREIGN KEY (previous) REFERENCES public.seals(hash);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_token_id_fkey FOREIGN KEY (token_id) REFERENCES public.tokens(id);

ALTER TABLE ONLY public.sign_in_links
    ADD CONSTRAINT sign_in_links_token_id_fkey FOREIGN KEY (token_id) REFERENCES public.tokens(id);

ALTER TABLE ONLY public.stated_periods
    ADD CONSTRAINT stated_periods_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.cost_documents(id);

ALTER TABLE ONLY public.statement_answers
    ADD CONSTRAINT statement_answers_statement_id_line_fkey FOREIGN KEY (statement_id, line) REFERENCES public.statement_lines(statement_id, line);

ALTER TABLE ONLY public.statement_lines
    ADD CONSTRAINT statement_lines_model_id_fkey FOREIGN KEY (model_id) REFERENCES public.catalogue_models(id);

ALTER TABLE ONLY public.statement_lines
    ADD CONSTRAINT statement_lines_price_id_fkey FOREIGN KEY (price_id) REFERENCES public.prices(id);

ALTER TABLE ONLY public.statement_lines
    ADD CONSTRAINT statement_lines_statement_id_fkey FOREIGN KEY (statement_id) REFERENCES public.statements(id);

ALTER TABLE ONLY public.statements
    ADD CONSTRAINT statements_contract_id_fkey FOREIGN KEY (contract_id) REFERENCES public.contracts(id);

ALTER TABLE ONLY public.subjects
    ADD CONSTRAINT subjects_login_id_fkey FOREIGN KEY (login_id) REFERENCES public.logins(id);

ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_centre_id_fkey FOREIGN KEY (centre_id) REFERENCES public.centres(id);

ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.persons(id);

ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);

ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_renews_fkey FOREIGN KEY (renews) REFERENCES public.tokens(id);

ALTER TABLE ONLY public.voucher_rates
    ADD CONSTRAINT voucher_rates_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.voucher_rates
    ADD CONSTRAINT voucher_rates_voucher_id_policy_fkey FOREIGN KEY (voucher_id, policy) REFERENCES public.voucher_versions(voucher_id, policy);

ALTER TABLE ONLY public.voucher_versions
    ADD CONSTRAINT voucher_versions_policy_clause_fkey FOREIGN KEY (policy, clause) REFERENCES public.clauses(policy, clause);

ALTER TABLE ONLY public.voucher_versions
    ADD CONSTRAINT voucher_versions_voucher_id_clause_fkey FOREIGN KEY (voucher_id, clause) REFERENCES public.vouchers(id, clause);

ALTER TABLE ONLY public.voucher_years
    ADD CONSTRAINT voucher_years_book_id_fkey FOREIGN KEY (book_id) REFERENCES public.books(id);

ALTER TABLE ONLY public.voucher_years
    ADD CONSTRAINT voucher_years_voucher_id_fkey FOREIGN KEY (voucher_id) REFERENCES public.vouchers(id);

ALTER TABLE ONLY public.vouchers
    ADD CONSTRAINT vouchers_book_id_fkey FOREIGN KEY (book_id) REFERENCES public.books(id);

ALTER TABLE ONLY public.vouchers
    ADD CONSTRAINT vouchers_policy_clause_fkey FOREIGN KEY (policy, clause) REFERENCES public.clauses(policy, clause);

ALTER TABLE ONLY public.vouchers
    ADD CONSTRAINT vouchers_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);

ALTER TABLE ONLY public.witness_nodes
    ADD CONSTRAINT witness_nodes_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES public.agents(id);

ALTER TABLE ONLY public.witness_pods
    ADD CONSTRAINT witness_pods_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES public.agents(id);

ALTER TABLE ONLY public.witness_requirements
    ADD CONSTRAINT witness_requirements_cluster_id_fkey FOREIGN KEY (cluster_id) REFERENCES public.clusters(id);

ALTER TABLE ONLY public.witness_requirements
    ADD CONSTRAINT witness_requirements_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.witness_requirements
    ADD CONSTRAINT witness_requirements_superseded_decision_id_fkey FOREIGN KEY (superseded_decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.witness_watches
    ADD CONSTRAINT witness_watches_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES public.agents(id);

ALTER TABLE ONLY public.year_caps
    ADD CONSTRAINT year_caps_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id);

ALTER TABLE ONLY public.year_caps
    ADD CONSTRAINT year_caps_voucher_id_fkey FOREIGN KEY (voucher_id) REFERENCES public.vouchers(id);

ALTER TABLE ONLY public.year_waits
    ADD CONSTRAINT year_waits_voucher_id_year_fkey FOREIGN KEY (voucher_id, year) REFERENCES public.voucher_years(voucher_id, year);

REVOKE ALL ON FUNCTION public.account_decided() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.acts_first(decision bigint, of_relation text, of_entry text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.agent_approved() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.allocated_to_a_cell() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.allocations_fit() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.approve_claim_cells() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.archive_follows() FROM PUBLIC;

GRANT SELECT ON TABLE public.batch_rolls TO suanquan_app;

REVOKE ALL ON FUNCTION public.archive_roll(of_month date, of_part integer, of_group integer, roll public.batch_rolls) FROM PUBLIC;
GRANT ALL ON FUNCTION public.archive_roll(of_month date, of_part integer, of_group integer, roll public.batch_rolls) TO suanquan_app;

REVOKE ALL ON FUNCTION public.bank_contradicts(of_claim bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.bank_contradicts(of_claim bigint) TO suanquan_app;

REVOKE ALL ON FUNCTION public.batch_follows() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.bookmark_goes_on() FROM PUBLIC;

GRANT SELECT ON TABLE public.events TO suanquan_app;

GRANT INSERT(actor) ON TABLE public.events TO suanquan_app;

GRANT INSERT(token_id) ON TABLE public.events TO suanquan_app;

GRANT INSERT(session_id) ON TABLE public.events TO suanquan_app;

GRANT INSERT(address) ON TABLE public.events TO suanquan_app;

GRANT INSERT(request) ON TABLE public.events TO suanquan_app;

GRANT INSERT(act) ON TABLE public.events TO suanquan_app;

GRANT INSERT(noun) ON TABLE public.events TO suanquan_app;

GRANT INSERT(number) ON TABLE public.events TO suanquan_app;

GRANT INSERT(result) ON TABLE public.events TO suanquan_app;

GRANT INSERT(code) ON TABLE public.events TO suanquan_app;

GRANT INSERT(omitted) ON TABLE public.events TO suanquan_app;

REVOKE ALL ON FUNCTION public.event_hash(before bytea, place bigint, e public.events) FROM PUBLIC;
GRANT ALL ON FUNCTION public.event_hash(before bytea, place bigint, e public.events) TO suanquan_app;

GRANT SELECT ON TABLE public.event_links TO suanquan_app;

REVOKE ALL ON FUNCTION public.broken_link() FROM PUBLIC;
GRANT ALL ON FUNCTION public.broken_link() TO suanquan_app;

REVOKE ALL ON FUNCTION public.brought_by_actor() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.causes_of(first_word text, from_posting bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.cell_usage(of_reconciliation bigint, of_part text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.certificate_says() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.charged_days(relation text, fact jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.charged_days(relation text, fact jsonb) TO suanquan_app;

REVOKE ALL ON FUNCTION public.check_causes(from_posting bigint, only_cause text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.check_claim_cells() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.check_earned(first_posting bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.check_wait() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.close_batch_day(of_day date) FROM PUBLIC;
GRANT ALL ON FUNCTION public.close_batch_day(of_day date) TO suanquan_app;

REVOKE ALL ON FUNCTION public.close_follows() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.close_window_day(of_day date) FROM PUBLIC;
GRANT ALL ON FUNCTION public.close_window_day(of_day date) TO suanquan_app;

REVOKE ALL ON FUNCTION public.code_issued() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.command_by_its_login() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.compare_day(of_cluster bigint, of_day date) FROM PUBLIC;

GRANT SELECT,INSERT ON TABLE public.contracts TO suanquan_app;

GRANT UPDATE(valid) ON TABLE public.contracts TO suanquan_app;

GRANT UPDATE(total_fen) ON TABLE public.contracts TO suanquan_app;

GRANT UPDATE(changed_at) ON TABLE public.contracts TO suanquan_app;

GRANT UPDATE(changed_by) ON TABLE public.contracts TO suanquan_app;

GRANT UPDATE(decision_id) ON TABLE public.contracts TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.conflicts TO suanquan_app;

GRANT SELECT ON TABLE public.corrections TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.windows TO suanquan_app;

GRANT SELECT ON TABLE public.open_corrections TO suanquan_app;

REVOKE ALL ON FUNCTION public.count_waiting() FROM PUBLIC;

GRANT SELECT ON TABLE public.roll_spans TO suanquan_app;

REVOKE ALL ON FUNCTION public.decided_by_actors() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.deduction_is_agreed() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.document_as_decided() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.document_confirmed() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.draw_by_year() FROM PUBLIC;

GRANT SELECT ON TABLE public.clauses TO suanquan_app;

GRANT SELECT ON TABLE public.pool_clauses TO suanquan_app;

GRANT SELECT ON TABLE public.vouchers TO suanquan_app;

GRANT INSERT(project_id) ON TABLE public.vouchers TO suanquan_app;

GRANT INSERT(policy) ON TABLE public.vouchers TO suanquan_app;

GRANT INSERT(clause) ON TABLE public.vouchers TO suanquan_app;

GRANT INSERT(cap_scope) ON TABLE public.vouchers TO suanquan_app;

GRANT INSERT(face_fen) ON TABLE public.vouchers TO suanquan_app;

GRANT INSERT(facts) ON TABLE public.vouchers TO suanquan_app;

GRANT INSERT(valid) ON TABLE public.vouchers TO suanquan_app;

GRANT INSERT(opened_at) ON TABLE public.vouchers TO suanquan_app;

GRANT INSERT(opened_by) ON TABLE public.vouchers TO suanquan_app;

GRANT SELECT ON TABLE public.year_caps TO suanquan_app;

REVOKE ALL ON FUNCTION public.draws_by_year(of_voucher bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.draws_by_year(of_voucher bigint) TO suanquan_app;

REVOKE ALL ON FUNCTION public.drill_stays() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.earned_by_year(of_voucher bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.enrol_agent(by_code bytea, new_id uuid, of_node text, key bytea, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.enrol_agent(by_code bytea, new_id uuid, of_node text, key bytea, at timestamp with time zone) TO suanquan_app;

REVOKE ALL ON FUNCTION public.ensure_month(day date) FROM PUBLIC;
GRANT ALL ON FUNCTION public.ensure_month(day date) TO suanquan_app;

REVOKE ALL ON FUNCTION public.event_happens() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.events_stay() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.exclusion_decided() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.explain_incident(of_cluster bigint, of_kind text, since timestamp with time zone, until timestamp with time zone, of_node text, of_namespace text, of_pod text, words text, of_file text, of_original text, actor text, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.explain_incident(of_cluster bigint, of_kind text, since timestamp with time zone, until timestamp with time zone, of_node text, of_namespace text, of_pod text, words text, of_file text, of_original text, actor text, at timestamp with time zone) TO suanquan_app;

REVOKE ALL ON FUNCTION public.first_version() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.fold_windows() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.gpu_decided() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.gpu_was_charged(of_gpu text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.gpu_was_charged(of_gpu text) TO suanquan_app;

REVOKE ALL ON FUNCTION public.has_days(of_reconciliation bigint, of_part text, policies text[], days datemultirange[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.held_by_decision() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.held_by_version(of_reconciliation bigint, of_part text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.held_counts() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.hold_by_objection() FROM PUBLIC;

GRANT SELECT,INSERT ON TABLE public.tokens TO suanquan_app;

GRANT UPDATE(expires_at) ON TABLE public.tokens TO suanquan_app;

GRANT UPDATE(replaced_at) ON TABLE public.tokens TO suanquan_app;

GRANT UPDATE(revoked_at) ON TABLE public.tokens TO suanquan_app;

GRANT UPDATE(revoked_by) ON TABLE public.tokens TO suanquan_app;

GRANT UPDATE(confirmed_at) ON TABLE public.tokens TO suanquan_app;

GRANT UPDATE(confirmed_by) ON TABLE public.tokens TO suanquan_app;

REVOKE ALL ON FUNCTION public.incident_explained() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.incident_ruled() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.inventory_stated() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.is_barred(of_claim bigint, wanted text, actor text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.is_drill() FROM PUBLIC;
GRANT ALL ON FUNCTION public.is_drill() TO suanquan_app;

REVOKE ALL ON FUNCTION public.keep_clock() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.keep_contract_terms() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.keep_deleted() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.keep_evidence(of_cluster bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.keep_evidence(of_cluster bigint) TO suanquan_app;

REVOKE ALL ON FUNCTION public.keep_hold() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.keep_holds(of_cluster bigint, of_day date) FROM PUBLIC;
GRANT ALL ON FUNCTION public.keep_holds(of_cluster bigint, of_day date) TO suanquan_app;

REVOKE ALL ON FUNCTION public.keep_job_users() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.keep_objection() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.keep_replaced() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.keep_reserved_devices() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.keep_sightings(of_agent uuid, sightings jsonb[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.keep_sightings(of_agent uuid, sightings jsonb[]) TO suanquan_app;

REVOKE ALL ON FUNCTION public.keep_stretches(of_day date, of_gpus text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.keep_stretches(of_day date, of_gpus text[]) TO suanquan_app;

REVOKE ALL ON FUNCTION public.keep_usage() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.keep_wait() FROM PUBLIC;

GRANT SELECT,INSERT ON TABLE public.batches TO suanquan_app;

GRANT SELECT ON TABLE public.hour_coverage TO suanquan_app;

GRANT SELECT ON TABLE public.hour_totals TO suanquan_app;

REVOKE ALL ON FUNCTION public.key_of_a_head() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.lay_courses() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.least_by_year(of_voucher bigint, first_posting bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.lend_roll(roll public.batch_rolls, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.lend_roll(roll public.batch_rolls, at timestamp with time zone) TO suanquan_app;

REVOKE ALL ON FUNCTION public.line_of_claim() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.lines_tie() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.lines_whole() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.link_events(since bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.link_events(since bigint) TO suanquan_app;

REVOKE ALL ON FUNCTION public.lock_book(wanted bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.lock_book(wanted bigint) TO suanquan_app;

REVOKE ALL ON FUNCTION public.lower_by_decision() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.map_cell(of_reconciliation bigint, of_part text, rises boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.map_days(of_project bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.map_days(of_project bigint) TO suanquan_app;

REVOKE ALL ON FUNCTION public.match_decided() FROM PUBLIC;

GRANT SELECT,INSERT ON TABLE public.persons TO suanquan_app;

REVOKE ALL ON FUNCTION public.move_case() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.next_in_series(of_prefix text, of_year integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.next_in_series(of_prefix text, of_year integer) TO suanquan_app;

REVOKE ALL ON FUNCTION public.note_postings() FROM PUBLIC;
GRANT ALL ON FUNCTION public.note_postings() TO suanquan_app;

REVOKE ALL ON FUNCTION public.note_unsealed() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.number_postings() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.open_budget_book() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.open_cost_book() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.open_rights_book() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.open_year_book() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.pack_batches(of_stream uuid, of_first bigint, of_last bigint, previous bytea, of_templates text[], of_counts integer[], of_columns smallint[], of_kinds text, of_bases bigint[], of_steps bigint[], of_widths smallint[], of_content bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION public.pack_batches(of_stream uuid, of_first bigint, of_last bigint, previous bytea, of_templates text[], of_counts integer[], of_columns smallint[], of_kinds text, of_bases bigint[], of_steps bigint[], of_widths smallint[], of_content bytea) TO suanquan_app;

REVOKE ALL ON FUNCTION public.pack_sums(of_gpus text[], of_day date) FROM PUBLIC;
GRANT ALL ON FUNCTION public.pack_sums(of_gpus text[], of_day date) TO suanquan_app;

REVOKE ALL ON FUNCTION public.pack_windows(of_gpus text[], of_hour timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.pack_windows(of_gpus text[], of_hour timestamp with time zone) TO suanquan_app;

REVOKE ALL ON FUNCTION public.paid_to_payee() FROM PUBLIC;

GRANT SELECT,INSERT ON TABLE public.bindings TO suanquan_app;

GRANT UPDATE(superseded_at) ON TABLE public.bindings TO suanquan_app;

GRANT UPDATE(superseded_by) ON TABLE public.bindings TO suanquan_app;

GRANT UPDATE(superseded_decision_id) ON TABLE public.bindings TO suanquan_app;

GRANT SELECT ON TABLE public.job_users TO suanquan_app;

GRANT SELECT ON TABLE public.evidence TO suanquan_app;

GRANT SELECT ON TABLE public.witness_pods TO suanquan_app;

GRANT SELECT ON TABLE public.moved_use TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.witness_requirements TO suanquan_app;

GRANT UPDATE(superseded_at) ON TABLE public.witness_requirements TO suanquan_app;

GRANT UPDATE(superseded_by) ON TABLE public.witness_requirements TO suanquan_app;

GRANT UPDATE(superseded_decision_id) ON TABLE public.witness_requirements TO suanquan_app;

GRANT SELECT ON TABLE public.two_witnesses TO suanquan_app;

REVOKE ALL ON FUNCTION public.payable_decided() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.payback_decided() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.period_stated() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.policy_end_decided() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.post_movements() FROM PUBLIC;

GRANT SELECT,INSERT ON TABLE public.authenticators TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.code_steps TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.invitations TO suanquan_app;

GRANT UPDATE(used_at) ON TABLE public.invitations TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.recovery_codes TO suanquan_app;

GRANT UPDATE(used_at) ON TABLE public.recovery_codes TO suanquan_app;

REVOKE ALL ON FUNCTION public.publication_lasts() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.rate_decided() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.rate_of_clause() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.read_days(of_month date) FROM PUBLIC;
GRANT ALL ON FUNCTION public.read_days(of_month date) TO suanquan_app;

REVOKE ALL ON FUNCTION public.recall_line() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.receipt_checked() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.recovery_settled() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.red_fits() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.red_parts_fit() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.redeems_deducted() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.refund_of_transfer() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.registry_decided() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.rename_organisation() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.rest_on_lines() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.restoration_says() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.return_of_line() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.return_rolls(lent_before timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.return_rolls(lent_before timestamp with time zone) TO suanquan_app;

REVOKE ALL ON FUNCTION public.reverse_by_decision() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.rule_corrections(of_decision bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.rule_corrections(of_decision bigint) TO suanquan_app;

REVOKE ALL ON FUNCTION public.rule_on_row() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.seal_follows() FROM PUBLIC;

GRANT SELECT,INSERT ON TABLE public.sessions TO suanquan_app;

GRANT UPDATE(hash) ON TABLE public.sessions TO suanquan_app;

GRANT UPDATE(seen_at) ON TABLE public.sessions TO suanquan_app;

GRANT UPDATE(ended_at) ON TABLE public.sessions TO suanquan_app;

GRANT UPDATE(proven_at) ON TABLE public.sessions TO suanquan_app;

REVOKE ALL ON FUNCTION public.send_list() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.set_cap(of_decision bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.set_cap(of_decision bigint) TO suanquan_app;

REVOKE ALL ON FUNCTION public.set_pool(of_decision bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.set_pool(of_decision bigint) TO suanquan_app;

REVOKE ALL ON FUNCTION public.set_validity(of_decision bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.set_validity(of_decision bigint) TO suanquan_app;

REVOKE ALL ON FUNCTION public.set_year_cap(of_decision bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.set_year_cap(of_decision bigint) TO suanquan_app;

REVOKE ALL ON FUNCTION public.settle_by_row() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.share_by_version(held_fen bigint, metered bigint[], paid bigint[], held numeric[], INOUT den numeric, OUT nums numeric[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.shares_decided() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.subsidised_once() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.take_leaves() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.terms_decided() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.usage_admitted() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.version_decided() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.version_payable() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.void_list() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.voucher_decided() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.window_is_first() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.windows_of_a_batch() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.witness_changed() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.witnesses_required() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.year_cap_of(of_voucher bigint, of_year integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.year_cap_of(of_voucher bigint, of_year integer) TO suanquan_app;

REVOKE ALL ON FUNCTION public.gcd_of(numeric) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.lcm_of(numeric) FROM PUBLIC;

GRANT SELECT ON TABLE public.accounts TO suanquan_app;

GRANT SELECT ON TABLE public.accruals TO suanquan_app;

GRANT INSERT(voucher_id) ON TABLE public.accruals TO suanquan_app;

GRANT INSERT(posting_id) ON TABLE public.accruals TO suanquan_app;

GRANT INSERT(cost_fen) ON TABLE public.accruals TO suanquan_app;

GRANT INSERT(uncapped_fen) ON TABLE public.accruals TO suanquan_app;

GRANT INSERT(target_fen) ON TABLE public.accruals TO suanquan_app;

GRANT INSERT(earned_fen) ON TABLE public.accruals TO suanquan_app;

GRANT INSERT(months) ON TABLE public.accruals TO suanquan_app;

GRANT INSERT(computed_at) ON TABLE public.accruals TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.agent_shares TO suanquan_app;

GRANT UPDATE(day) ON TABLE public.agent_shares TO suanquan_app;

GRANT UPDATE(bytes) ON TABLE public.agent_shares TO suanquan_app;

GRANT UPDATE(aside) ON TABLE public.agent_shares TO suanquan_app;

GRANT UPDATE(conflicts) ON TABLE public.agent_shares TO suanquan_app;

GRANT SELECT ON TABLE public.agents TO suanquan_app;

GRANT UPDATE(approved_at) ON TABLE public.agents TO suanquan_app;

GRANT UPDATE(approved_by) ON TABLE public.agents TO suanquan_app;

GRANT UPDATE(revoked_at) ON TABLE public.agents TO suanquan_app;

GRANT SELECT ON TABLE public.alembic_version TO suanquan_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.allocations TO suanquan_app;

GRANT UPDATE(fen) ON TABLE public.allocations TO suanquan_app;

GRANT UPDATE(by_hand) ON TABLE public.allocations TO suanquan_app;

GRANT UPDATE(allocated_at) ON TABLE public.allocations TO suanquan_app;

GRANT UPDATE(allocated_by) ON TABLE public.allocations TO suanquan_app;

GRANT SELECT ON TABLE public.archived_rolls TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.archives TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.assignments TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.backup_progress TO suanquan_app;

GRANT UPDATE(base) ON TABLE public.backup_progress TO suanquan_app;

GRANT UPDATE(base_at) ON TABLE public.backup_progress TO suanquan_app;

GRANT UPDATE(wal_at) ON TABLE public.backup_progress TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.bank_accounts TO suanquan_app;

GRANT UPDATE(superseded_at) ON TABLE public.bank_accounts TO suanquan_app;

GRANT SELECT ON TABLE public.bank_returns TO suanquan_app;

GRANT INSERT(reference) ON TABLE public.bank_returns TO suanquan_app;

GRANT INSERT(list_id) ON TABLE public.bank_returns TO suanquan_app;

GRANT INSERT(line) ON TABLE public.bank_returns TO suanquan_app;

GRANT INSERT(result) ON TABLE public.bank_returns TO suanquan_app;

GRANT INSERT(fen) ON TABLE public.bank_returns TO suanquan_app;

GRANT INSERT(on_day) ON TABLE public.bank_returns TO suanquan_app;

GRANT INSERT(reason) ON TABLE public.bank_returns TO suanquan_app;

GRANT INSERT(original) ON TABLE public.bank_returns TO suanquan_app;

GRANT INSERT(place) ON TABLE public.bank_returns TO suanquan_app;

GRANT INSERT(received_at) ON TABLE public.bank_returns TO suanquan_app;

GRANT INSERT(received_by) ON TABLE public.bank_returns TO suanquan_app;

GRANT INSERT(state),UPDATE(state) ON TABLE public.bank_returns TO suanquan_app;

GRANT UPDATE(decision_id) ON TABLE public.bank_returns TO suanquan_app;

GRANT INSERT(paid_fen),UPDATE(paid_fen) ON TABLE public.bank_returns TO suanquan_app;

GRANT UPDATE(returned_fen) ON TABLE public.bank_returns TO suanquan_app;

GRANT UPDATE(over_fen) ON TABLE public.bank_returns TO suanquan_app;

GRANT UPDATE(outside_fen) ON TABLE public.bank_returns TO suanquan_app;

GRANT SELECT ON TABLE public.barred_steps TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.billing_sources TO suanquan_app;

GRANT UPDATE(superseded_at) ON TABLE public.billing_sources TO suanquan_app;

GRANT UPDATE(superseded_by) ON TABLE public.billing_sources TO suanquan_app;

GRANT UPDATE(superseded_decision_id) ON TABLE public.billing_sources TO suanquan_app;

GRANT SELECT ON TABLE public.books TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.capacities TO suanquan_app;

GRANT SELECT ON TABLE public.case_courses TO suanquan_app;

GRANT SELECT ON TABLE public.case_holds TO suanquan_app;

GRANT INSERT(claim_id) ON TABLE public.case_holds TO suanquan_app;

GRANT INSERT(kind) ON TABLE public.case_holds TO suanquan_app;

GRANT INSERT(reason) ON TABLE public.case_holds TO suanquan_app;

GRANT INSERT(opened_at) ON TABLE public.case_holds TO suanquan_app;

GRANT INSERT(opened_by) ON TABLE public.case_holds TO suanquan_app;

GRANT UPDATE(closed_at) ON TABLE public.case_holds TO suanquan_app;

GRANT UPDATE(closed_by) ON TABLE public.case_holds TO suanquan_app;

GRANT UPDATE(outcome) ON TABLE public.case_holds TO suanquan_app;

GRANT SELECT ON TABLE public.case_moves TO suanquan_app;

GRANT SELECT ON TABLE public.case_steps TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.catalogue_models TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.catalogue_names TO suanquan_app;

GRANT SELECT ON TABLE public.cause_kinds TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.centres TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.certificates TO suanquan_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.charges TO suanquan_app;

GRANT SELECT ON TABLE public.claim_cells TO suanquan_app;

GRANT INSERT(claim_id) ON TABLE public.claim_cells TO suanquan_app;

GRANT INSERT(contract_id) ON TABLE public.claim_cells TO suanquan_app;

GRANT INSERT(month) ON TABLE public.claim_cells TO suanquan_app;

GRANT INSERT(fen) ON TABLE public.claim_cells TO suanquan_app;

GRANT SELECT ON TABLE public.claim_events TO suanquan_app;

GRANT INSERT(claim_id) ON TABLE public.claim_events TO suanquan_app;

GRANT INSERT(state) ON TABLE public.claim_events TO suanquan_app;

GRANT INSERT(action) ON TABLE public.claim_events TO suanquan_app;

GRANT INSERT(role) ON TABLE public.claim_events TO suanquan_app;

GRANT INSERT(next) ON TABLE public.claim_events TO suanquan_app;

GRANT INSERT(actor) ON TABLE public.claim_events TO suanquan_app;

GRANT INSERT(at) ON TABLE public.claim_events TO suanquan_app;

GRANT INSERT(note) ON TABLE public.claim_events TO suanquan_app;

GRANT INSERT(content) ON TABLE public.claim_events TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.claim_files TO suanquan_app;

GRANT SELECT ON TABLE public.claims TO suanquan_app;

GRANT INSERT(number) ON TABLE public.claims TO suanquan_app;

GRANT INSERT(voucher_id) ON TABLE public.claims TO suanquan_app;

GRANT INSERT(payee_id) ON TABLE public.claims TO suanquan_app;

GRANT INSERT(centre_id) ON TABLE public.claims TO suanquan_app;

GRANT INSERT(fen) ON TABLE public.claims TO suanquan_app;

GRANT INSERT(opened_at) ON TABLE public.claims TO suanquan_app;

GRANT INSERT(opened_by) ON TABLE public.claims TO suanquan_app;

GRANT SELECT ON TABLE public.clause_rates TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.closes TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.clusters TO suanquan_app;

GRANT SELECT ON TABLE public.compared_clusters TO suanquan_app;

GRANT SELECT ON TABLE public.contract_terms TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.controllers TO suanquan_app;

GRANT UPDATE(superseded_at) ON TABLE public.controllers TO suanquan_app;

GRANT UPDATE(superseded_by) ON TABLE public.controllers TO suanquan_app;

GRANT UPDATE(superseded_decision_id) ON TABLE public.controllers TO suanquan_app;

GRANT SELECT ON TABLE public.cost_books TO suanquan_app;

GRANT INSERT(reconciliation_id) ON TABLE public.cost_books TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.cost_documents TO suanquan_app;

GRANT UPDATE(confirmed_by) ON TABLE public.cost_documents TO suanquan_app;

GRANT UPDATE(confirmed_at) ON TABLE public.cost_documents TO suanquan_app;

GRANT UPDATE(dropped_at) ON TABLE public.cost_documents TO suanquan_app;

GRANT SELECT ON TABLE public.deductions TO suanquan_app;

GRANT INSERT(document_id) ON TABLE public.deductions TO suanquan_app;

GRANT INSERT(contract_id) ON TABLE public.deductions TO suanquan_app;

GRANT INSERT(fen) ON TABLE public.deductions TO suanquan_app;

GRANT UPDATE(held_fen) ON TABLE public.deductions TO suanquan_app;

GRANT UPDATE(fall_decision_id) ON TABLE public.deductions TO suanquan_app;

GRANT INSERT(stated_at) ON TABLE public.deductions TO suanquan_app;

GRANT INSERT(stated_by) ON TABLE public.deductions TO suanquan_app;

GRANT UPDATE(confirmed_at) ON TABLE public.deductions TO suanquan_app;

GRANT UPDATE(confirmed_by) ON TABLE public.deductions TO suanquan_app;

GRANT UPDATE(consent_decision_id) ON TABLE public.deductions TO suanquan_app;

GRANT SELECT ON TABLE public.counted_deductions TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.courier_files TO suanquan_app;

GRANT SELECT ON TABLE public.coverage TO suanquan_app;

GRANT SELECT ON TABLE public.day_totals TO suanquan_app;

GRANT SELECT ON TABLE public.moved_jobs TO suanquan_app;

GRANT SELECT ON TABLE public.use_corrections TO suanquan_app;

GRANT SELECT ON TABLE public.day_use TO suanquan_app;

GRANT SELECT ON TABLE public.decision_kinds TO suanquan_app;

GRANT SELECT ON TABLE public.decisions TO suanquan_app;

GRANT INSERT(kind) ON TABLE public.decisions TO suanquan_app;

GRANT INSERT(subject) ON TABLE public.decisions TO suanquan_app;

GRANT INSERT(content) ON TABLE public.decisions TO suanquan_app;

GRANT INSERT(digest) ON TABLE public.decisions TO suanquan_app;

GRANT INSERT(reason) ON TABLE public.decisions TO suanquan_app;

GRANT INSERT(decided_by) ON TABLE public.decisions TO suanquan_app;

GRANT INSERT(decided_at) ON TABLE public.decisions TO suanquan_app;

GRANT UPDATE(answer) ON TABLE public.decisions TO suanquan_app;

GRANT UPDATE(answered_by) ON TABLE public.decisions TO suanquan_app;

GRANT UPDATE(answered_at) ON TABLE public.decisions TO suanquan_app;

GRANT UPDATE(answered_digest) ON TABLE public.decisions TO suanquan_app;

GRANT UPDATE(answer_reason) ON TABLE public.decisions TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.differences TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.document_lines TO suanquan_app;

GRANT SELECT ON TABLE public.drill TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.enrolment_codes TO suanquan_app;

GRANT SELECT ON TABLE public.entries TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.event_bookmarks TO suanquan_app;

GRANT UPDATE("position") ON TABLE public.event_bookmarks TO suanquan_app;

GRANT SELECT ON TABLE public.evidence_days TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.excluded_months TO suanquan_app;

GRANT UPDATE(readmission_id) ON TABLE public.excluded_months TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.failed_sign_ins TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.red_parts TO suanquan_app;

GRANT SELECT ON TABLE public.family_sums TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.forks TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.freezes TO suanquan_app;

GRANT UPDATE(lifted_at) ON TABLE public.freezes TO suanquan_app;

GRANT UPDATE(lifted_by) ON TABLE public.freezes TO suanquan_app;

GRANT SELECT ON TABLE public.unclear_reds TO suanquan_app;

GRANT SELECT ON TABLE public.frozen_documents TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.gpus TO suanquan_app;

GRANT UPDATE(cluster_id) ON TABLE public.gpus TO suanquan_app;

GRANT UPDATE(node) ON TABLE public.gpus TO suanquan_app;

GRANT UPDATE(retired_at) ON TABLE public.gpus TO suanquan_app;

GRANT UPDATE(changed_at) ON TABLE public.gpus TO suanquan_app;

GRANT UPDATE(changed_by) ON TABLE public.gpus TO suanquan_app;

GRANT UPDATE(decision_id) ON TABLE public.gpus TO suanquan_app;

GRANT SELECT ON TABLE public.history TO suanquan_app;

GRANT SELECT ON TABLE public.hold_kinds TO suanquan_app;

GRANT SELECT ON TABLE public.holds TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.incident_rulings TO suanquan_app;

GRANT SELECT ON TABLE public.incident_spans TO suanquan_app;

GRANT SELECT ON TABLE public.incidents TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.indicator_shares TO suanquan_app;

GRANT SELECT ON TABLE public.indicators TO suanquan_app;

GRANT INSERT(number) ON TABLE public.indicators TO suanquan_app;

GRANT INSERT(year) ON TABLE public.indicators TO suanquan_app;

GRANT INSERT(project_name) ON TABLE public.indicators TO suanquan_app;

GRANT INSERT(fund_kind) ON TABLE public.indicators TO suanquan_app;

GRANT INSERT(classification) ON TABLE public.indicators TO suanquan_app;

GRANT INSERT(opened_at) ON TABLE public.indicators TO suanquan_app;

GRANT INSERT(opened_by) ON TABLE public.indicators TO suanquan_app;

GRANT SELECT ON TABLE public.kept_batches TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.sealed_rows TO suanquan_app;

GRANT SELECT ON TABLE public.kept_leaves TO suanquan_app;

GRANT SELECT ON TABLE public.legal_moves TO suanquan_app;

GRANT SELECT ON TABLE public.lent_rolls TO suanquan_app;

GRANT SELECT ON TABLE public.line_sums TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.logins TO suanquan_app;

GRANT UPDATE(token_id) ON TABLE public.logins TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.lookups TO suanquan_app;

GRANT SELECT ON TABLE public.match_lines TO suanquan_app;

GRANT SELECT ON TABLE public.match_usage TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.matches TO suanquan_app;

GRANT UPDATE(metered_fen) ON TABLE public.matches TO suanquan_app;

GRANT UPDATE(invoiced_fen) ON TABLE public.matches TO suanquan_app;

GRANT UPDATE(matched_fen) ON TABLE public.matches TO suanquan_app;

GRANT UPDATE(extra_fen) ON TABLE public.matches TO suanquan_app;

GRANT UPDATE(extra_over_fen) ON TABLE public.matches TO suanquan_app;

GRANT UPDATE(closed_fen) ON TABLE public.matches TO suanquan_app;

GRANT UPDATE(carried) ON TABLE public.matches TO suanquan_app;

GRANT UPDATE(held_fen) ON TABLE public.matches TO suanquan_app;

GRANT UPDATE(decision_id) ON TABLE public.matches TO suanquan_app;

GRANT UPDATE(extra_decision_id) ON TABLE public.matches TO suanquan_app;

GRANT UPDATE(fall_decision_id) ON TABLE public.matches TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.messages TO suanquan_app;

GRANT UPDATE(answer) ON TABLE public.messages TO suanquan_app;

GRANT UPDATE(answered_at) ON TABLE public.messages TO suanquan_app;

GRANT UPDATE(answered_by) ON TABLE public.messages TO suanquan_app;

GRANT SELECT ON TABLE public.movements TO suanquan_app;

GRANT INSERT(posting_id) ON TABLE public.movements TO suanquan_app;

GRANT INSERT(book_id) ON TABLE public.movements TO suanquan_app;

GRANT INSERT(kind) ON TABLE public.movements TO suanquan_app;

GRANT INSERT(from_role) ON TABLE public.movements TO suanquan_app;

GRANT INSERT(to_role) ON TABLE public.movements TO suanquan_app;

GRANT INSERT(amount) ON TABLE public.movements TO suanquan_app;

GRANT SELECT ON TABLE public.number_reads TO suanquan_app;

GRANT INSERT(at) ON TABLE public.number_reads TO suanquan_app;

GRANT INSERT(actor) ON TABLE public.number_reads TO suanquan_app;

GRANT INSERT(accounts) ON TABLE public.number_reads TO suanquan_app;

GRANT INSERT(place) ON TABLE public.number_reads TO suanquan_app;

GRANT SELECT ON TABLE public.numbering TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.objections TO suanquan_app;

GRANT UPDATE(upheld) ON TABLE public.objections TO suanquan_app;

GRANT UPDATE(resolution) ON TABLE public.objections TO suanquan_app;

GRANT UPDATE(resolved_at) ON TABLE public.objections TO suanquan_app;

GRANT UPDATE(resolved_by) ON TABLE public.objections TO suanquan_app;

GRANT SELECT ON TABLE public.postings TO suanquan_app;

GRANT INSERT(cause) ON TABLE public.postings TO suanquan_app;

GRANT INSERT(used) ON TABLE public.postings TO suanquan_app;

GRANT INSERT(booked) ON TABLE public.postings TO suanquan_app;

GRANT INSERT(actor) ON TABLE public.postings TO suanquan_app;

GRANT INSERT(note) ON TABLE public.postings TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.organisation_names TO suanquan_app;

GRANT UPDATE(superseded_at) ON TABLE public.organisation_names TO suanquan_app;

GRANT UPDATE(superseded_by) ON TABLE public.organisation_names TO suanquan_app;

GRANT UPDATE(superseded_decision_id) ON TABLE public.organisation_names TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.organisations TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.originals TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.other_support TO suanquan_app;

GRANT UPDATE(superseded_at) ON TABLE public.other_support TO suanquan_app;

GRANT UPDATE(superseded_by) ON TABLE public.other_support TO suanquan_app;

GRANT UPDATE(superseded_decision_id) ON TABLE public.other_support TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.partition_gpus TO suanquan_app;

GRANT UPDATE(gpus) ON TABLE public.partition_gpus TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.passwords TO suanquan_app;

GRANT SELECT ON TABLE public.past_hours TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.payable_versions TO suanquan_app;

GRANT SELECT ON TABLE public.payable_clauses TO suanquan_app;

GRANT SELECT ON TABLE public.payment_lines TO suanquan_app;

GRANT INSERT(list_id) ON TABLE public.payment_lines TO suanquan_app;

GRANT INSERT(line) ON TABLE public.payment_lines TO suanquan_app;

GRANT INSERT(claim_id) ON TABLE public.payment_lines TO suanquan_app;

GRANT INSERT(voucher_id) ON TABLE public.payment_lines TO suanquan_app;

GRANT INSERT(account_id) ON TABLE public.payment_lines TO suanquan_app;

GRANT INSERT(payee) ON TABLE public.payment_lines TO suanquan_app;

GRANT INSERT(uscc) ON TABLE public.payment_lines TO suanquan_app;

GRANT INSERT(bank) ON TABLE public.payment_lines TO suanquan_app;

GRANT INSERT(bank_code) ON TABLE public.payment_lines TO suanquan_app;

GRANT INSERT(number) ON TABLE public.payment_lines TO suanquan_app;

GRANT INSERT(fen) ON TABLE public.payment_lines TO suanquan_app;

GRANT UPDATE(recalled_fen) ON TABLE public.payment_lines TO suanquan_app;

GRANT SELECT ON TABLE public.payment_lists TO suanquan_app;

GRANT INSERT(number) ON TABLE public.payment_lists TO suanquan_app;

GRANT INSERT(indicator_id) ON TABLE public.payment_lists TO suanquan_app;

GRANT INSERT(total_fen) ON TABLE public.payment_lists TO suanquan_app;

GRANT INSERT(words) ON TABLE public.payment_lists TO suanquan_app;

GRANT INSERT(digest) ON TABLE public.payment_lists TO suanquan_app;

GRANT INSERT(decision_id) ON TABLE public.payment_lists TO suanquan_app;

GRANT INSERT(made_at) ON TABLE public.payment_lists TO suanquan_app;

GRANT INSERT(made_by) ON TABLE public.payment_lists TO suanquan_app;

GRANT UPDATE(sent_at) ON TABLE public.payment_lists TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.policy_ends TO suanquan_app;

GRANT SELECT ON TABLE public.pools TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.price_bands TO suanquan_app;

GRANT UPDATE(superseded_at) ON TABLE public.price_bands TO suanquan_app;

GRANT UPDATE(superseded_by) ON TABLE public.price_bands TO suanquan_app;

GRANT UPDATE(superseded_decision_id) ON TABLE public.price_bands TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.prices TO suanquan_app;

GRANT UPDATE(superseded_at) ON TABLE public.prices TO suanquan_app;

GRANT UPDATE(superseded_by) ON TABLE public.prices TO suanquan_app;

GRANT UPDATE(superseded_decision_id) ON TABLE public.prices TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.projects TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.publications TO suanquan_app;

GRANT SELECT ON TABLE public.quarantine TO suanquan_app;

GRANT INSERT(gpu) ON TABLE public.quarantine TO suanquan_app;

GRANT INSERT(start) ON TABLE public.quarantine TO suanquan_app;

GRANT INSERT(hash) ON TABLE public.quarantine TO suanquan_app;

GRANT INSERT(reason),UPDATE(reason) ON TABLE public.quarantine TO suanquan_app;

GRANT INSERT(cluster_id) ON TABLE public.quarantine TO suanquan_app;

GRANT INSERT(node) ON TABLE public.quarantine TO suanquan_app;

GRANT INSERT(source) ON TABLE public.quarantine TO suanquan_app;

GRANT INSERT(stream) ON TABLE public.quarantine TO suanquan_app;

GRANT INSERT(number) ON TABLE public.quarantine TO suanquan_app;

GRANT INSERT(received_at) ON TABLE public.quarantine TO suanquan_app;

GRANT UPDATE(released_at) ON TABLE public.quarantine TO suanquan_app;

GRANT UPDATE(admitted_at) ON TABLE public.quarantine TO suanquan_app;

GRANT UPDATE(admitted_by) ON TABLE public.quarantine TO suanquan_app;

GRANT INSERT(body) ON TABLE public.quarantine TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.receipts TO suanquan_app;

GRANT UPDATE(checked_by) ON TABLE public.receipts TO suanquan_app;

GRANT UPDATE(checked_at) ON TABLE public.receipts TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.reconciliations TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.recoveries TO suanquan_app;

GRANT UPDATE(closed_at) ON TABLE public.recoveries TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.refunds TO suanquan_app;

GRANT SELECT ON TABLE public.registry_acts TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.relations TO suanquan_app;

GRANT UPDATE(superseded_at) ON TABLE public.relations TO suanquan_app;

GRANT UPDATE(superseded_by) ON TABLE public.relations TO suanquan_app;

GRANT UPDATE(superseded_decision_id) ON TABLE public.relations TO suanquan_app;

GRANT SELECT ON TABLE public.related_organisations TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.relays TO suanquan_app;

GRANT UPDATE(name) ON TABLE public.relays TO suanquan_app;

GRANT UPDATE(batches) ON TABLE public.relays TO suanquan_app;

GRANT UPDATE(waiting_since) ON TABLE public.relays TO suanquan_app;

GRANT UPDATE(bytes) ON TABLE public.relays TO suanquan_app;

GRANT UPDATE(bytes_max) ON TABLE public.relays TO suanquan_app;

GRANT UPDATE(told_at) ON TABLE public.relays TO suanquan_app;

GRANT SELECT ON TABLE public.reservations TO suanquan_app;

GRANT INSERT(voucher_id) ON TABLE public.reservations TO suanquan_app;

GRANT INSERT(fen) ON TABLE public.reservations TO suanquan_app;

GRANT INSERT(plan) ON TABLE public.reservations TO suanquan_app;

GRANT INSERT(until) ON TABLE public.reservations TO suanquan_app;

GRANT INSERT(reserved_at) ON TABLE public.reservations TO suanquan_app;

GRANT INSERT(reserved_by) ON TABLE public.reservations TO suanquan_app;

GRANT UPDATE(released_at) ON TABLE public.reservations TO suanquan_app;

GRANT UPDATE(released_by) ON TABLE public.reservations TO suanquan_app;

GRANT SELECT ON TABLE public.reserved_devices TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.restorations TO suanquan_app;

GRANT SELECT ON TABLE public.roles TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.rounds TO suanquan_app;

GRANT UPDATE(finished_at) ON TABLE public.rounds TO suanquan_app;

GRANT UPDATE(took_ms) ON TABLE public.rounds TO suanquan_app;

GRANT UPDATE(unpriced_ms) ON TABLE public.rounds TO suanquan_app;

GRANT SELECT ON TABLE public.seal_keys TO suanquan_app;

GRANT INSERT(public_key) ON TABLE public.seal_keys TO suanquan_app;

GRANT INSERT(registered_at) ON TABLE public.seal_keys TO suanquan_app;

GRANT INSERT(registered_by) ON TABLE public.seal_keys TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.seal_stamps TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.seals TO suanquan_app;

GRANT SELECT ON TABLE public.series TO suanquan_app;

GRANT SELECT ON TABLE public.server_key TO suanquan_app;

GRANT SELECT ON TABLE public.sign_in_links TO suanquan_app;

GRANT UPDATE(used_at) ON TABLE public.sign_in_links TO suanquan_app;

GRANT SELECT ON TABLE public.standing_documents TO suanquan_app;

GRANT SELECT ON TABLE public.standing_lines TO suanquan_app;

GRANT SELECT ON TABLE public.standing_matches TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.stated_periods TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.statement_answers TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.statement_lines TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.statements TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.streams TO suanquan_app;

GRANT UPDATE(number) ON TABLE public.streams TO suanquan_app;

GRANT UPDATE(hash) ON TABLE public.streams TO suanquan_app;

GRANT UPDATE(sent_at) ON TABLE public.streams TO suanquan_app;

GRANT UPDATE(received_at) ON TABLE public.streams TO suanquan_app;

GRANT SELECT ON TABLE public.stretch_days TO suanquan_app;

GRANT SELECT ON TABLE public.stretches TO suanquan_app;

GRANT SELECT ON TABLE public.stretch_use TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.subjects TO suanquan_app;

GRANT UPDATE(ended_at) ON TABLE public.subjects TO suanquan_app;

GRANT SELECT ON TABLE public.trusted_certificates TO suanquan_app;

GRANT SELECT ON TABLE public.unsealed_rows TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.voucher_rates TO suanquan_app;

GRANT SELECT ON TABLE public.voucher_versions TO suanquan_app;

GRANT INSERT(voucher_id) ON TABLE public.voucher_versions TO suanquan_app;

GRANT INSERT(policy) ON TABLE public.voucher_versions TO suanquan_app;

GRANT INSERT(clause) ON TABLE public.voucher_versions TO suanquan_app;

GRANT INSERT(rate_num) ON TABLE public.voucher_versions TO suanquan_app;

GRANT INSERT(rate_den) ON TABLE public.voucher_versions TO suanquan_app;

GRANT INSERT(rate_words) ON TABLE public.voucher_versions TO suanquan_app;

GRANT INSERT(opened_at) ON TABLE public.voucher_versions TO suanquan_app;

GRANT INSERT(opened_by) ON TABLE public.voucher_versions TO suanquan_app;

GRANT SELECT ON TABLE public.voucher_rate_days TO suanquan_app;

GRANT SELECT ON TABLE public.voucher_spans TO suanquan_app;

GRANT SELECT ON TABLE public.voucher_years TO suanquan_app;

GRANT INSERT(voucher_id) ON TABLE public.voucher_years TO suanquan_app;

GRANT INSERT(year) ON TABLE public.voucher_years TO suanquan_app;

GRANT SELECT ON TABLE public.window_counts TO suanquan_app;

GRANT SELECT ON TABLE public.window_days TO suanquan_app;

GRANT SELECT ON TABLE public.window_hours TO suanquan_app;

GRANT SELECT ON TABLE public.witness_nodes TO suanquan_app;

GRANT SELECT ON TABLE public.witness_watches TO suanquan_app;

GRANT SELECT ON TABLE public.working_days TO suanquan_app;

GRANT SELECT ON TABLE public.xid_events TO suanquan_app;

GRANT SELECT ON TABLE public.year_books TO suanquan_app;

GRANT SELECT,DELETE ON TABLE public.year_waits TO suanquan_app;

GRANT INSERT(voucher_id) ON TABLE public.year_waits TO suanquan_app;

GRANT INSERT(year) ON TABLE public.year_waits TO suanquan_app;

GRANT INSERT(fen),UPDATE(fen) ON TABLE public.year_waits TO suanquan_app;

GRANT INSERT(since) ON TABLE public.year_waits TO suanquan_app;
