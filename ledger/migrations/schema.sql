CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;

COMMENT ON EXTENSION btree_gist IS 'support for indexing common datatypes in GiST';

CREATE FUNCTION public.ensure_day(day date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    part text := 'windows_' || to_char(day, 'YYYYMMDD');
    low text := day || ' 00:00:00+08';
    high text := (day + 1) || ' 00:00:00+08';
BEGIN
    IF to_regclass('public.' || part) IS NOT NULL THEN RETURN; END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.' || part, 0));
    -- Asked of the catalog itself: to_regclass may remember its «no» from before the wait.
    IF EXISTS (SELECT FROM pg_class WHERE relname = part) THEN RETURN; END IF;
    EXECUTE format('CREATE TABLE public.%I (LIKE public.windows INCLUDING ALL)', part);
    EXECUTE format('ALTER TABLE public.windows ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                   part, low, high);
END $$;

ALTER FUNCTION public.ensure_day(day date) OWNER TO suanquan_owner;

CREATE FUNCTION public.keep_dated_fact() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF OLD.superseded_at IS NOT NULL THEN
        RAISE EXCEPTION 'a superseded fact cannot change again' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.keep_dated_fact() OWNER TO suanquan_owner;

CREATE FUNCTION public.lock_book(wanted bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM FROM books WHERE id = wanted FOR NO KEY UPDATE;
    RETURN FOUND;
END $$;

ALTER FUNCTION public.lock_book(wanted bigint) OWNER TO suanquan_owner;

CREATE FUNCTION public.number_postings() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    first bigint;
    added bigint;
BEGIN
    IF (SELECT number FROM postings WHERE id = NEW.id) IS NOT NULL THEN RETURN NULL; END IF;
    IF EXISTS (SELECT FROM postings p WHERE p.id >= NEW.id AND p.number IS NULL
               AND NOT EXISTS (SELECT FROM movements m WHERE m.posting = p.id)) THEN
        RAISE EXCEPTION 'a posting without movements'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_moves';
    END IF;
    SELECT count(*) INTO added FROM postings WHERE id >= NEW.id AND number IS NULL;
    UPDATE numbering SET last = last + added RETURNING last - added INTO first;
    UPDATE postings p SET number = first + n.rank, posted_at = clock_timestamp()
        FROM (SELECT id, row_number() OVER (ORDER BY id) AS rank
              FROM postings WHERE id >= NEW.id AND number IS NULL) n
        WHERE p.id = n.id;
    RETURN NULL;
END $$;

ALTER FUNCTION public.number_postings() OWNER TO suanquan_owner;

CREATE FUNCTION public.open_rights_book() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    scope text;
BEGIN
    SELECT kind || ':' || code INTO scope FROM projects WHERE id = NEW.project FOR NO KEY UPDATE;
    IF NEW.cap_scope IS DISTINCT FROM scope THEN
        RAISE EXCEPTION 'the cap scope of this project is %', scope
            USING ERRCODE = 'check_violation', CONSTRAINT = 'cap_scope_of_project';
    END IF;
    IF EXISTS (SELECT FROM vouchers WHERE project = NEW.project) THEN
        RAISE EXCEPTION 'the project has its voucher'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'vouchers_project_key';
    END IF;
    INSERT INTO books (ledger) VALUES ('rights') RETURNING id INTO NEW.book;
    INSERT INTO accounts (book, role, floor)
        SELECT NEW.book, r.role,
               CASE WHEN r.role = 'clause' THEN -c.cap_fen ELSE 0 END
        FROM roles r JOIN clauses c ON c.policy = NEW.policy AND c.clause = NEW.clause
        WHERE r.ledger = 'rights';
    RETURN NEW;
END $$;

ALTER FUNCTION public.open_rights_book() OWNER TO suanquan_owner;

CREATE FUNCTION public.post_movements() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    wanted bigint;
    written bigint;
    below text;
BEGIN
    PERFORM FROM books WHERE id IN (SELECT book FROM fresh) ORDER BY id FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM fresh f JOIN postings p ON p.id = f.posting WHERE p.number IS NOT NULL)
    THEN
        RAISE EXCEPTION 'a posting that has its number is closed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_open';
    END IF;
    WITH legs AS (
        SELECT id AS movement, book, from_role AS role, -amount AS amount FROM fresh
        UNION ALL
        SELECT id, book, to_role, amount FROM fresh
    ), running AS (
        SELECT movement, book, role, amount,
               row_number() OVER w AS step, sum(amount) OVER w AS so_far
        FROM legs
        WINDOW w AS (PARTITION BY book, role ORDER BY movement ROWS UNBOUNDED PRECEDING)
    ), kept AS (
        INSERT INTO entries (book, role, version, movement, amount, balance)
        SELECT r.book, r.role, a.version + r.step, r.movement, r.amount, a.balance + r.so_far
        FROM running r JOIN accounts a USING (book, role)
        RETURNING book, role, balance
    ), moved AS (
        UPDATE accounts a SET balance = a.balance + t.amount, version = a.version + t.steps
        FROM (SELECT book, role, sum(amount) AS amount, count(*) AS steps
              FROM legs GROUP BY book, role) t
        WHERE a.book = t.book AND a.role = t.role
    )
    SELECT (SELECT count(*) FROM legs), count(*),
           min(format('(%s, %s)', book, role)) FILTER (WHERE k.balance < a.floor)
        INTO wanted, written, below
        FROM kept k JOIN accounts a USING (book, role);
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

CREATE FUNCTION public.uscc_valid(code text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
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

CREATE TABLE public.accounts (
    book bigint NOT NULL,
    role text NOT NULL,
    floor bigint NOT NULL,
    balance bigint DEFAULT 0 NOT NULL,
    version bigint DEFAULT 0 NOT NULL,
    CONSTRAINT balance_at_least_floor CHECK ((balance >= floor))
)
WITH (fillfactor='20');

ALTER TABLE public.accounts OWNER TO suanquan_owner;

CREATE TABLE public.accruals (
    id bigint NOT NULL,
    voucher bigint NOT NULL,
    posting bigint,
    cost_fen bigint NOT NULL,
    uncapped_fen bigint NOT NULL,
    target_fen bigint NOT NULL,
    months jsonb NOT NULL,
    computed_at timestamp with time zone NOT NULL,
    CONSTRAINT accruals_check CHECK (((target_fen >= 0) AND (target_fen <= uncapped_fen))),
    CONSTRAINT accruals_cost_fen_check CHECK ((cost_fen >= 0)),
    CONSTRAINT accruals_uncapped_fen_check CHECK ((uncapped_fen >= 0))
);

ALTER TABLE public.accruals OWNER TO suanquan_owner;

ALTER TABLE public.accruals ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.accruals_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.agents (
    id uuid NOT NULL,
    cluster bigint NOT NULL,
    node text NOT NULL,
    source text NOT NULL,
    public_key bytea NOT NULL,
    enrolled_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT agents_node_check CHECK ((node <> ''::text)),
    CONSTRAINT agents_public_key_check CHECK ((octet_length(public_key) = 32)),
    CONSTRAINT agents_source_check CHECK ((source = ANY (ARRAY['nvml'::text, 'dcgm'::text, 'slurm'::text, 'import'::text])))
);

ALTER TABLE public.agents OWNER TO suanquan_owner;

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);

ALTER TABLE public.alembic_version OWNER TO suanquan_owner;

CREATE TABLE public.batches (
    stream uuid NOT NULL,
    number bigint NOT NULL,
    hash bytea NOT NULL,
    signature bytea NOT NULL,
    agent uuid NOT NULL,
    received_at timestamp with time zone NOT NULL,
    answer jsonb NOT NULL,
    bytes bytea NOT NULL,
    CONSTRAINT batches_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT batches_number_check CHECK ((number >= 1)),
    CONSTRAINT batches_signature_check CHECK ((octet_length(signature) = 64))
);

ALTER TABLE public.batches OWNER TO suanquan_owner;

CREATE TABLE public.billing_sources (
    id bigint NOT NULL,
    cluster bigint NOT NULL,
    source text NOT NULL,
    valid daterange NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    superseded_at timestamp with time zone,
    superseded_by text,
    CONSTRAINT billing_sources_check CHECK ((superseded_at >= recorded_at)),
    CONSTRAINT billing_sources_check1 CHECK (((superseded_at IS NULL) = (superseded_by IS NULL))),
    CONSTRAINT billing_sources_source_check CHECK ((source = ANY (ARRAY['nvml'::text, 'dcgm'::text, 'slurm'::text, 'import'::text]))),
    CONSTRAINT billing_sources_valid_check CHECK ((NOT isempty(valid)))
);

ALTER TABLE public.billing_sources OWNER TO suanquan_owner;

ALTER TABLE public.billing_sources ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.billing_sources_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.bindings (
    id bigint NOT NULL,
    cluster bigint NOT NULL,
    holder_kind text NOT NULL,
    holder text NOT NULL,
    project bigint NOT NULL,
    valid daterange NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    superseded_at timestamp with time zone,
    superseded_by text,
    CONSTRAINT bindings_check CHECK ((superseded_at >= recorded_at)),
    CONSTRAINT bindings_check1 CHECK (((superseded_at IS NULL) = (superseded_by IS NULL))),
    CONSTRAINT bindings_holder_check CHECK ((holder <> ''::text)),
    CONSTRAINT bindings_holder_kind_check CHECK ((holder_kind = ANY (ARRAY['pod'::text, 'slurm'::text, 'static'::text]))),
    CONSTRAINT bindings_valid_check CHECK ((NOT isempty(valid)))
);

ALTER TABLE public.bindings OWNER TO suanquan_owner;

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
    CONSTRAINT books_ledger_check CHECK ((ledger = ANY (ARRAY['rights'::text, 'budget'::text, 'cost'::text])))
);

ALTER TABLE public.books OWNER TO suanquan_owner;

ALTER TABLE public.books ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.books_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.catalogue_models (
    id bigint NOT NULL,
    name text NOT NULL,
    CONSTRAINT catalogue_models_name_check CHECK ((name <> ''::text))
);

ALTER TABLE public.catalogue_models OWNER TO suanquan_owner;

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
    model bigint NOT NULL
);

ALTER TABLE public.catalogue_names OWNER TO suanquan_owner;

CREATE TABLE public.centres (
    id bigint NOT NULL,
    name text NOT NULL,
    organisation bigint NOT NULL,
    simulated boolean DEFAULT false NOT NULL,
    CONSTRAINT centres_name_check CHECK ((name <> ''::text))
);

ALTER TABLE public.centres OWNER TO suanquan_owner;

ALTER TABLE public.centres ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.centres_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.charges (
    contract bigint NOT NULL,
    price bigint NOT NULL,
    month date NOT NULL,
    policy text NOT NULL,
    model bigint NOT NULL,
    mig_profile text NOT NULL,
    ms_num numeric NOT NULL,
    ms_den numeric NOT NULL,
    cost_fen bigint NOT NULL,
    computed_at timestamp with time zone NOT NULL,
    CONSTRAINT charges_cost_fen_check CHECK ((cost_fen >= 0)),
    CONSTRAINT charges_month_check CHECK ((EXTRACT(day FROM month) = (1)::numeric)),
    CONSTRAINT charges_ms_den_check CHECK ((ms_den >= (1)::numeric)),
    CONSTRAINT charges_ms_num_check CHECK ((ms_num >= (0)::numeric))
);

ALTER TABLE public.charges OWNER TO suanquan_owner;

CREATE TABLE public.clauses (
    policy text NOT NULL,
    clause text NOT NULL,
    digest text NOT NULL,
    rate_num bigint NOT NULL,
    rate_den bigint NOT NULL,
    cap_fen bigint NOT NULL,
    effective daterange,
    payable boolean NOT NULL,
    CONSTRAINT clauses_cap_fen_check CHECK ((cap_fen > 0)),
    CONSTRAINT clauses_check CHECK ((rate_den >= rate_num)),
    CONSTRAINT clauses_check1 CHECK (((NOT payable) OR (effective IS NOT NULL))),
    CONSTRAINT clauses_rate_num_check CHECK ((rate_num > 0))
);

ALTER TABLE public.clauses OWNER TO suanquan_owner;

CREATE TABLE public.clusters (
    id bigint NOT NULL,
    name text NOT NULL,
    centre bigint NOT NULL,
    witnesses_required smallint DEFAULT 1 NOT NULL,
    CONSTRAINT clusters_name_check CHECK ((name ~ '^[^/\s]{1,64}$'::text)),
    CONSTRAINT clusters_witnesses_required_check CHECK (((witnesses_required >= 1) AND (witnesses_required <= 3)))
);

ALTER TABLE public.clusters OWNER TO suanquan_owner;

ALTER TABLE public.clusters ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.clusters_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.conflicts (
    gpu text NOT NULL,
    start timestamp with time zone NOT NULL,
    hash bytea NOT NULL,
    cluster bigint NOT NULL,
    stream uuid NOT NULL,
    number bigint NOT NULL,
    received_at timestamp with time zone NOT NULL,
    body jsonb NOT NULL
);

ALTER TABLE public.conflicts OWNER TO suanquan_owner;

CREATE TABLE public.contracts (
    id bigint NOT NULL,
    number text NOT NULL,
    centre bigint NOT NULL,
    project bigint NOT NULL,
    valid daterange NOT NULL,
    CONSTRAINT contracts_number_check CHECK ((number <> ''::text)),
    CONSTRAINT contracts_valid_check CHECK ((NOT isempty(valid)))
);

ALTER TABLE public.contracts OWNER TO suanquan_owner;

ALTER TABLE public.contracts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.contracts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.coverage (
    gpu text NOT NULL,
    day date NOT NULL,
    cluster bigint NOT NULL,
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

CREATE TABLE public.day_totals (
    gpu text NOT NULL,
    day date NOT NULL,
    cluster bigint NOT NULL,
    source text NOT NULL,
    model text NOT NULL,
    holder_kind text NOT NULL,
    holder text NOT NULL,
    mig_profile text NOT NULL,
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

CREATE TABLE public.enrolment_codes (
    hash bytea NOT NULL,
    cluster bigint NOT NULL,
    source text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    agent uuid,
    CONSTRAINT enrolment_codes_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT enrolment_codes_source_check CHECK ((source = ANY (ARRAY['nvml'::text, 'dcgm'::text, 'slurm'::text, 'import'::text])))
);

ALTER TABLE public.enrolment_codes OWNER TO suanquan_owner;

CREATE TABLE public.entries (
    book bigint NOT NULL,
    role text NOT NULL,
    version bigint NOT NULL,
    movement bigint NOT NULL,
    amount bigint NOT NULL,
    balance bigint NOT NULL,
    CONSTRAINT entries_amount_check CHECK ((amount <> 0))
);

ALTER TABLE public.entries OWNER TO suanquan_owner;

CREATE TABLE public.forks (
    stream uuid NOT NULL,
    number bigint NOT NULL,
    hash bytea NOT NULL,
    agent uuid NOT NULL,
    received_at timestamp with time zone NOT NULL,
    bytes bytea NOT NULL
);

ALTER TABLE public.forks OWNER TO suanquan_owner;

CREATE TABLE public.gpus (
    gpu text NOT NULL,
    cluster bigint NOT NULL,
    node text NOT NULL,
    registered_from timestamp with time zone NOT NULL,
    retired_at timestamp with time zone,
    CONSTRAINT gpus_check CHECK ((retired_at > registered_from)),
    CONSTRAINT gpus_gpu_check CHECK ((gpu ~ '^GPU-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'::text)),
    CONSTRAINT gpus_node_check CHECK ((node <> ''::text))
);

ALTER TABLE public.gpus OWNER TO suanquan_owner;

CREATE TABLE public.legal_moves (
    kind text NOT NULL,
    from_role text NOT NULL,
    to_role text NOT NULL
);

ALTER TABLE public.legal_moves OWNER TO suanquan_owner;

CREATE TABLE public.movements (
    id bigint NOT NULL,
    posting bigint NOT NULL,
    book bigint NOT NULL,
    kind text NOT NULL,
    from_role text NOT NULL,
    to_role text NOT NULL,
    amount bigint NOT NULL,
    CONSTRAINT amount_above_zero CHECK ((amount > 0))
);

ALTER TABLE public.movements OWNER TO suanquan_owner;

ALTER TABLE public.movements ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.movements_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.numbering (
    one boolean DEFAULT true NOT NULL,
    last bigint NOT NULL,
    CONSTRAINT numbering_one_check CHECK (one)
);

ALTER TABLE public.numbering OWNER TO suanquan_owner;

CREATE TABLE public.organisations (
    id bigint NOT NULL,
    uscc text NOT NULL,
    name text NOT NULL,
    CONSTRAINT organisations_name_check CHECK ((name <> ''::text)),
    CONSTRAINT organisations_uscc_check CHECK (public.uscc_valid(uscc))
);

ALTER TABLE public.organisations OWNER TO suanquan_owner;

ALTER TABLE public.organisations ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.organisations_id_seq
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
    used date NOT NULL,
    booked date NOT NULL,
    actor text NOT NULL,
    posted_at timestamp with time zone,
    note jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT postings_actor_check CHECK ((actor <> ''::text)),
    CONSTRAINT postings_booked_check CHECK ((isfinite(booked) AND (EXTRACT(day FROM booked) = (1)::numeric))),
    CONSTRAINT postings_cause_check CHECK ((cause <> ''::text)),
    CONSTRAINT postings_used_check CHECK ((isfinite(used) AND (EXTRACT(day FROM used) = (1)::numeric)))
);

ALTER TABLE public.postings OWNER TO suanquan_owner;

ALTER TABLE public.postings ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.postings_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.prices (
    id bigint NOT NULL,
    contract bigint NOT NULL,
    model bigint,
    mig_profile text,
    unit text NOT NULL,
    yuan numeric NOT NULL,
    gpus integer NOT NULL,
    hours integer NOT NULL,
    tax_included boolean NOT NULL,
    tax_rate numeric NOT NULL,
    valid daterange NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    superseded_at timestamp with time zone,
    superseded_by text,
    CONSTRAINT prices_check CHECK ((superseded_at >= recorded_at)),
    CONSTRAINT prices_check1 CHECK (((superseded_at IS NULL) = (superseded_by IS NULL))),
    CONSTRAINT prices_check2 CHECK (((mig_profile IS NULL) OR (model IS NOT NULL))),
    CONSTRAINT prices_gpus_check CHECK (((gpus >= 1) AND (gpus <= 1024))),
    CONSTRAINT prices_hours_check CHECK (((hours >= 1) AND (hours <= 8784))),
    CONSTRAINT prices_tax_rate_check CHECK (((tax_rate >= (0)::numeric) AND (tax_rate < (1)::numeric) AND (scale(tax_rate) <= 6))),
    CONSTRAINT prices_unit_check CHECK ((unit = ANY (ARRAY['gpu-hour'::text, 'node-hour'::text, 'node-day'::text, 'node-month'::text]))),
    CONSTRAINT prices_valid_check CHECK ((NOT isempty(valid))),
    CONSTRAINT prices_yuan_check CHECK (((yuan >= (0)::numeric) AND (yuan < '100000000'::numeric) AND (scale(yuan) <= 12)))
);

ALTER TABLE public.prices OWNER TO suanquan_owner;

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
    organisation bigint NOT NULL,
    drill boolean DEFAULT false NOT NULL,
    CONSTRAINT projects_code_check CHECK ((code ~ '^[^/\s]{1,64}$'::text)),
    CONSTRAINT projects_kind_check CHECK ((kind = ANY (ARRAY['model'::text, 'team'::text]))),
    CONSTRAINT projects_name_check CHECK ((name <> ''::text))
);

ALTER TABLE public.projects OWNER TO suanquan_owner;

ALTER TABLE public.projects ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.projects_id_seq
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
    cluster bigint NOT NULL,
    node text NOT NULL,
    source text NOT NULL,
    stream uuid NOT NULL,
    number bigint NOT NULL,
    received_at timestamp with time zone NOT NULL,
    released_at timestamp with time zone,
    body jsonb NOT NULL,
    CONSTRAINT quarantine_reason_check CHECK ((reason = ANY (ARRAY['future'::text, 'unknown_gpu'::text, 'other_cluster'::text, 'other_node'::text])))
);

ALTER TABLE public.quarantine OWNER TO suanquan_owner;

CREATE TABLE public.roles (
    ledger text NOT NULL,
    role text NOT NULL
);

ALTER TABLE public.roles OWNER TO suanquan_owner;

CREATE TABLE public.sessions (
    hash bytea NOT NULL,
    token bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT sessions_hash_check CHECK ((octet_length(hash) = 32))
);

ALTER TABLE public.sessions OWNER TO suanquan_owner;

CREATE TABLE public.streams (
    stream uuid NOT NULL,
    agent uuid NOT NULL,
    number bigint NOT NULL,
    hash bytea NOT NULL,
    sent_at timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    CONSTRAINT streams_number_check CHECK ((number >= 1))
);

ALTER TABLE public.streams OWNER TO suanquan_owner;

CREATE TABLE public.tokens (
    id bigint NOT NULL,
    hash bytea NOT NULL,
    role text NOT NULL,
    person text NOT NULL,
    project bigint,
    centre bigint,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT tokens_check CHECK (((role = 'builder'::text) = (project IS NOT NULL))),
    CONSTRAINT tokens_check1 CHECK (((role = 'operator'::text) = (centre IS NOT NULL))),
    CONSTRAINT tokens_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT tokens_person_check CHECK ((person <> ''::text)),
    CONSTRAINT tokens_role_check CHECK ((role = ANY (ARRAY['builder'::text, 'operator'::text, 'clerk'::text, 'approver'::text, 'finance'::text, 'auditor'::text, 'administrator'::text])))
);

ALTER TABLE public.tokens OWNER TO suanquan_owner;

ALTER TABLE public.tokens ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.tokens_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.vouchers (
    id bigint NOT NULL,
    book bigint NOT NULL,
    project bigint NOT NULL,
    policy text NOT NULL,
    clause text NOT NULL,
    cap_scope text NOT NULL,
    facts jsonb NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    opened_by text NOT NULL
);

ALTER TABLE public.vouchers OWNER TO suanquan_owner;

ALTER TABLE public.vouchers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.vouchers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.windows (
    gpu text NOT NULL,
    start timestamp with time zone NOT NULL,
    cluster bigint NOT NULL,
    source text NOT NULL,
    stream uuid NOT NULL,
    number bigint NOT NULL,
    body jsonb NOT NULL
)
PARTITION BY RANGE (start);

ALTER TABLE public.windows OWNER TO suanquan_owner;

ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (book, role);

ALTER TABLE ONLY public.accruals
    ADD CONSTRAINT accruals_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.agents
    ADD CONSTRAINT agents_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.agents
    ADD CONSTRAINT agents_public_key_key UNIQUE (public_key);

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY public.batches
    ADD CONSTRAINT batches_pkey PRIMARY KEY (stream, number);

ALTER TABLE ONLY public.billing_sources
    ADD CONSTRAINT billing_sources_cluster_valid_excl EXCLUDE USING gist (cluster WITH =, valid WITH &&) WHERE ((superseded_at IS NULL));

ALTER TABLE ONLY public.billing_sources
    ADD CONSTRAINT billing_sources_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.bindings
    ADD CONSTRAINT bindings_cluster_holder_kind_holder_valid_excl EXCLUDE USING gist (cluster WITH =, holder_kind WITH =, holder WITH =, valid WITH &&) WHERE ((superseded_at IS NULL));

ALTER TABLE ONLY public.bindings
    ADD CONSTRAINT bindings_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.books
    ADD CONSTRAINT books_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.catalogue_models
    ADD CONSTRAINT catalogue_models_name_key UNIQUE (name);

ALTER TABLE ONLY public.catalogue_models
    ADD CONSTRAINT catalogue_models_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.catalogue_names
    ADD CONSTRAINT catalogue_names_pkey PRIMARY KEY (nvml_name, mig_profile);

ALTER TABLE ONLY public.centres
    ADD CONSTRAINT centres_name_key UNIQUE (name);

ALTER TABLE ONLY public.centres
    ADD CONSTRAINT centres_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.charges
    ADD CONSTRAINT charges_pkey PRIMARY KEY (contract, price, month, policy, model, mig_profile);

ALTER TABLE ONLY public.clauses
    ADD CONSTRAINT clauses_pkey PRIMARY KEY (policy, clause);

ALTER TABLE ONLY public.clusters
    ADD CONSTRAINT clusters_name_key UNIQUE (name);

ALTER TABLE ONLY public.clusters
    ADD CONSTRAINT clusters_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.conflicts
    ADD CONSTRAINT conflicts_pkey PRIMARY KEY (gpu, start, hash);

ALTER TABLE ONLY public.contracts
    ADD CONSTRAINT contracts_centre_project_valid_excl EXCLUDE USING gist (centre WITH =, project WITH =, valid WITH &&);

ALTER TABLE ONLY public.contracts
    ADD CONSTRAINT contracts_number_key UNIQUE (number);

ALTER TABLE ONLY public.contracts
    ADD CONSTRAINT contracts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.coverage
    ADD CONSTRAINT coverage_pkey PRIMARY KEY (gpu, day, cluster, source);

ALTER TABLE ONLY public.day_totals
    ADD CONSTRAINT day_totals_pkey PRIMARY KEY (gpu, day, cluster, source, model, holder_kind, holder, mig_profile, den);

ALTER TABLE ONLY public.enrolment_codes
    ADD CONSTRAINT enrolment_codes_agent_key UNIQUE (agent);

ALTER TABLE ONLY public.enrolment_codes
    ADD CONSTRAINT enrolment_codes_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY public.entries
    ADD CONSTRAINT entries_pkey PRIMARY KEY (book, role, version);

ALTER TABLE ONLY public.forks
    ADD CONSTRAINT forks_pkey PRIMARY KEY (stream, number, hash);

ALTER TABLE ONLY public.gpus
    ADD CONSTRAINT gpus_pkey PRIMARY KEY (gpu);

ALTER TABLE ONLY public.legal_moves
    ADD CONSTRAINT legal_moves_pkey PRIMARY KEY (kind, from_role, to_role);

ALTER TABLE ONLY public.movements
    ADD CONSTRAINT movements_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.numbering
    ADD CONSTRAINT numbering_pkey PRIMARY KEY (one);

ALTER TABLE ONLY public.organisations
    ADD CONSTRAINT organisations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.organisations
    ADD CONSTRAINT organisations_uscc_key UNIQUE (uscc);

ALTER TABLE ONLY public.postings
    ADD CONSTRAINT postings_cause_key UNIQUE (cause);

ALTER TABLE ONLY public.postings
    ADD CONSTRAINT postings_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.prices
    ADD CONSTRAINT prices_contract_coalesce_coalesce1_valid_excl EXCLUDE USING gist (contract WITH =, COALESCE(model, (0)::bigint) WITH =, COALESCE(mig_profile, '*'::text) WITH =, valid WITH &&) WHERE ((superseded_at IS NULL));

ALTER TABLE ONLY public.prices
    ADD CONSTRAINT prices_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.projects
    ADD CONSTRAINT projects_code_key UNIQUE (code);

ALTER TABLE ONLY public.projects
    ADD CONSTRAINT projects_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_pkey PRIMARY KEY (gpu, start, hash, cluster, node);

ALTER TABLE ONLY public.roles
    ADD CONSTRAINT roles_pkey PRIMARY KEY (role);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY public.streams
    ADD CONSTRAINT streams_pkey PRIMARY KEY (stream);

ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_hash_key UNIQUE (hash);

ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.vouchers
    ADD CONSTRAINT vouchers_book_key UNIQUE (book);

ALTER TABLE ONLY public.vouchers
    ADD CONSTRAINT vouchers_clause_cap_scope_key UNIQUE (clause, cap_scope);

ALTER TABLE ONLY public.vouchers
    ADD CONSTRAINT vouchers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.vouchers
    ADD CONSTRAINT vouchers_project_key UNIQUE (project);

ALTER TABLE ONLY public.windows
    ADD CONSTRAINT windows_pkey PRIMARY KEY (gpu, start);

CREATE INDEX accruals_by_voucher ON public.accruals USING btree (voucher, id);

CREATE INDEX bindings_by_project ON public.bindings USING btree (project);

CREATE INDEX coverage_by_day ON public.coverage USING btree (cluster, day);

CREATE INDEX day_totals_by_holder ON public.day_totals USING btree (cluster, holder_kind, holder, day);

CREATE INDEX gpus_by_cluster ON public.gpus USING btree (cluster, node);

CREATE INDEX movements_by_posting ON public.movements USING btree (posting);

CREATE UNIQUE INDEX postings_by_number ON public.postings USING btree (number) WHERE (number IS NOT NULL);

CREATE INDEX postings_unnumbered ON public.postings USING btree (id) WHERE (number IS NULL);

CREATE INDEX quarantine_waiting ON public.quarantine USING btree (cluster, received_at) WHERE (released_at IS NULL);

CREATE TRIGGER keep BEFORE UPDATE ON public.billing_sources FOR EACH ROW EXECUTE FUNCTION public.keep_dated_fact();

CREATE TRIGGER keep BEFORE UPDATE ON public.bindings FOR EACH ROW EXECUTE FUNCTION public.keep_dated_fact();

CREATE TRIGGER keep BEFORE UPDATE ON public.prices FOR EACH ROW EXECUTE FUNCTION public.keep_dated_fact();

CREATE CONSTRAINT TRIGGER number AFTER INSERT ON public.postings DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.number_postings();

CREATE TRIGGER open BEFORE INSERT ON public.vouchers FOR EACH ROW EXECUTE FUNCTION public.open_rights_book();

CREATE TRIGGER post AFTER INSERT ON public.movements REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION public.post_movements();

ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_book_fkey FOREIGN KEY (book) REFERENCES public.books(id);

ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_role_fkey FOREIGN KEY (role) REFERENCES public.roles(role);

ALTER TABLE ONLY public.accruals
    ADD CONSTRAINT accruals_posting_fkey FOREIGN KEY (posting) REFERENCES public.postings(id);

ALTER TABLE ONLY public.accruals
    ADD CONSTRAINT accruals_voucher_fkey FOREIGN KEY (voucher) REFERENCES public.vouchers(id);

ALTER TABLE ONLY public.agents
    ADD CONSTRAINT agents_cluster_fkey FOREIGN KEY (cluster) REFERENCES public.clusters(id);

ALTER TABLE ONLY public.billing_sources
    ADD CONSTRAINT billing_sources_cluster_fkey FOREIGN KEY (cluster) REFERENCES public.clusters(id);

ALTER TABLE ONLY public.bindings
    ADD CONSTRAINT bindings_cluster_fkey FOREIGN KEY (cluster) REFERENCES public.clusters(id);

ALTER TABLE ONLY public.bindings
    ADD CONSTRAINT bindings_project_fkey FOREIGN KEY (project) REFERENCES public.projects(id);

ALTER TABLE ONLY public.catalogue_names
    ADD CONSTRAINT catalogue_names_model_fkey FOREIGN KEY (model) REFERENCES public.catalogue_models(id);

ALTER TABLE ONLY public.centres
    ADD CONSTRAINT centres_organisation_fkey FOREIGN KEY (organisation) REFERENCES public.organisations(id);

ALTER TABLE ONLY public.charges
    ADD CONSTRAINT charges_contract_fkey FOREIGN KEY (contract) REFERENCES public.contracts(id);

ALTER TABLE ONLY public.charges
    ADD CONSTRAINT charges_model_fkey FOREIGN KEY (model) REFERENCES public.catalogue_models(id);

ALTER TABLE ONLY public.charges
    ADD CONSTRAINT charges_price_fkey FOREIGN KEY (price) REFERENCES public.prices(id);

ALTER TABLE ONLY public.clusters
    ADD CONSTRAINT clusters_centre_fkey FOREIGN KEY (centre) REFERENCES public.centres(id);

ALTER TABLE ONLY public.contracts
    ADD CONSTRAINT contracts_centre_fkey FOREIGN KEY (centre) REFERENCES public.centres(id);

ALTER TABLE ONLY public.contracts
    ADD CONSTRAINT contracts_project_fkey FOREIGN KEY (project) REFERENCES public.projects(id);

ALTER TABLE ONLY public.enrolment_codes
    ADD CONSTRAINT enrolment_codes_agent_fkey FOREIGN KEY (agent) REFERENCES public.agents(id);

ALTER TABLE ONLY public.enrolment_codes
    ADD CONSTRAINT enrolment_codes_cluster_fkey FOREIGN KEY (cluster) REFERENCES public.clusters(id);

ALTER TABLE ONLY public.gpus
    ADD CONSTRAINT gpus_cluster_fkey FOREIGN KEY (cluster) REFERENCES public.clusters(id);

ALTER TABLE ONLY public.movements
    ADD CONSTRAINT legal_move FOREIGN KEY (kind, from_role, to_role) REFERENCES public.legal_moves(kind, from_role, to_role);

ALTER TABLE ONLY public.legal_moves
    ADD CONSTRAINT legal_moves_from_role_fkey FOREIGN KEY (from_role) REFERENCES public.roles(role);

ALTER TABLE ONLY public.legal_moves
    ADD CONSTRAINT legal_moves_to_role_fkey FOREIGN KEY (to_role) REFERENCES public.roles(role);

ALTER TABLE ONLY public.movements
    ADD CONSTRAINT movements_posting_fkey FOREIGN KEY (posting) REFERENCES public.postings(id);

ALTER TABLE ONLY public.prices
    ADD CONSTRAINT prices_contract_fkey FOREIGN KEY (contract) REFERENCES public.contracts(id);

ALTER TABLE ONLY public.prices
    ADD CONSTRAINT prices_model_fkey FOREIGN KEY (model) REFERENCES public.catalogue_models(id);

ALTER TABLE ONLY public.projects
    ADD CONSTRAINT projects_organisation_fkey FOREIGN KEY (organisation) REFERENCES public.organisations(id);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_token_fkey FOREIGN KEY (token) REFERENCES public.tokens(id);

ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_centre_fkey FOREIGN KEY (centre) REFERENCES public.centres(id);

ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_project_fkey FOREIGN KEY (project) REFERENCES public.projects(id);

ALTER TABLE ONLY public.vouchers
    ADD CONSTRAINT vouchers_book_fkey FOREIGN KEY (book) REFERENCES public.books(id);

ALTER TABLE ONLY public.vouchers
    ADD CONSTRAINT vouchers_policy_clause_fkey FOREIGN KEY (policy, clause) REFERENCES public.clauses(policy, clause);

ALTER TABLE ONLY public.vouchers
    ADD CONSTRAINT vouchers_project_fkey FOREIGN KEY (project) REFERENCES public.projects(id);

REVOKE ALL ON FUNCTION public.ensure_day(day date) FROM PUBLIC;
GRANT ALL ON FUNCTION public.ensure_day(day date) TO suanquan_app;

REVOKE ALL ON FUNCTION public.lock_book(wanted bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.lock_book(wanted bigint) TO suanquan_app;

REVOKE ALL ON FUNCTION public.number_postings() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.open_rights_book() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.post_movements() FROM PUBLIC;

GRANT SELECT ON TABLE public.accounts TO suanquan_app;

GRANT SELECT ON TABLE public.accruals TO suanquan_app;

GRANT INSERT(voucher) ON TABLE public.accruals TO suanquan_app;

GRANT INSERT(posting) ON TABLE public.accruals TO suanquan_app;

GRANT INSERT(cost_fen) ON TABLE public.accruals TO suanquan_app;

GRANT INSERT(uncapped_fen) ON TABLE public.accruals TO suanquan_app;

GRANT INSERT(target_fen) ON TABLE public.accruals TO suanquan_app;

GRANT INSERT(months) ON TABLE public.accruals TO suanquan_app;

GRANT INSERT(computed_at) ON TABLE public.accruals TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.agents TO suanquan_app;

GRANT UPDATE(revoked_at) ON TABLE public.agents TO suanquan_app;

GRANT SELECT ON TABLE public.alembic_version TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.batches TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.billing_sources TO suanquan_app;

GRANT UPDATE(superseded_at) ON TABLE public.billing_sources TO suanquan_app;

GRANT UPDATE(superseded_by) ON TABLE public.billing_sources TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.bindings TO suanquan_app;

GRANT UPDATE(superseded_at) ON TABLE public.bindings TO suanquan_app;

GRANT UPDATE(superseded_by) ON TABLE public.bindings TO suanquan_app;

GRANT SELECT ON TABLE public.books TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.catalogue_models TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.catalogue_names TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.centres TO suanquan_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.charges TO suanquan_app;

GRANT SELECT ON TABLE public.clauses TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.clusters TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.conflicts TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.contracts TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.coverage TO suanquan_app;

GRANT UPDATE(windows) ON TABLE public.coverage TO suanquan_app;

GRANT UPDATE(window_ms) ON TABLE public.coverage TO suanquan_app;

GRANT UPDATE(gap_ms) ON TABLE public.coverage TO suanquan_app;

GRANT UPDATE(energy_mj) ON TABLE public.coverage TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.day_totals TO suanquan_app;

GRANT UPDATE(held) ON TABLE public.day_totals TO suanquan_app;

GRANT UPDATE(util_ppm_ms) ON TABLE public.day_totals TO suanquan_app;

GRANT UPDATE(util_ms) ON TABLE public.day_totals TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.enrolment_codes TO suanquan_app;

GRANT UPDATE(agent) ON TABLE public.enrolment_codes TO suanquan_app;

GRANT SELECT ON TABLE public.entries TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.forks TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.gpus TO suanquan_app;

GRANT UPDATE(cluster) ON TABLE public.gpus TO suanquan_app;

GRANT UPDATE(node) ON TABLE public.gpus TO suanquan_app;

GRANT UPDATE(retired_at) ON TABLE public.gpus TO suanquan_app;

GRANT SELECT ON TABLE public.legal_moves TO suanquan_app;

GRANT SELECT ON TABLE public.movements TO suanquan_app;

GRANT INSERT(posting) ON TABLE public.movements TO suanquan_app;

GRANT INSERT(book) ON TABLE public.movements TO suanquan_app;

GRANT INSERT(kind) ON TABLE public.movements TO suanquan_app;

GRANT INSERT(from_role) ON TABLE public.movements TO suanquan_app;

GRANT INSERT(to_role) ON TABLE public.movements TO suanquan_app;

GRANT INSERT(amount) ON TABLE public.movements TO suanquan_app;

GRANT SELECT ON TABLE public.numbering TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.organisations TO suanquan_app;

GRANT SELECT ON TABLE public.postings TO suanquan_app;

GRANT INSERT(cause) ON TABLE public.postings TO suanquan_app;

GRANT INSERT(used) ON TABLE public.postings TO suanquan_app;

GRANT INSERT(booked) ON TABLE public.postings TO suanquan_app;

GRANT INSERT(actor) ON TABLE public.postings TO suanquan_app;

GRANT INSERT(note) ON TABLE public.postings TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.prices TO suanquan_app;

GRANT UPDATE(superseded_at) ON TABLE public.prices TO suanquan_app;

GRANT UPDATE(superseded_by) ON TABLE public.prices TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.projects TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.quarantine TO suanquan_app;

GRANT UPDATE(released_at) ON TABLE public.quarantine TO suanquan_app;

GRANT SELECT ON TABLE public.roles TO suanquan_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.sessions TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.streams TO suanquan_app;

GRANT UPDATE(number) ON TABLE public.streams TO suanquan_app;

GRANT UPDATE(hash) ON TABLE public.streams TO suanquan_app;

GRANT UPDATE(sent_at) ON TABLE public.streams TO suanquan_app;

GRANT UPDATE(received_at) ON TABLE public.streams TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.tokens TO suanquan_app;

GRANT UPDATE(revoked_at) ON TABLE public.tokens TO suanquan_app;

GRANT SELECT ON TABLE public.vouchers TO suanquan_app;

GRANT INSERT(project) ON TABLE public.vouchers TO suanquan_app;

GRANT INSERT(policy) ON TABLE public.vouchers TO suanquan_app;

GRANT INSERT(clause) ON TABLE public.vouchers TO suanquan_app;

GRANT INSERT(cap_scope) ON TABLE public.vouchers TO suanquan_app;

GRANT INSERT(facts) ON TABLE public.vouchers TO suanquan_app;

GRANT INSERT(opened_at) ON TABLE public.vouchers TO suanquan_app;

GRANT INSERT(opened_by) ON TABLE public.vouchers TO suanquan_app;

GRANT SELECT,INSERT ON TABLE public.windows TO suanquan_app;
