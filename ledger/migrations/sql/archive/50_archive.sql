-- Archives (归档): the rolls of sealed months leave for files, part by part. A part is a Parquet file and a
-- manifest that the bureau's key signs. The row of a part comes in the transaction in which its rolls go;
-- they go by `archive_roll` alone, which holds each to what its file gave when it was read back.

CREATE TABLE archives (
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    part integer NOT NULL CHECK (part >= 1),
    place text NOT NULL CHECK (place <> ''),
    manifest text NOT NULL,
    signature bytea NOT NULL CHECK (octet_length(signature) = 64),
    seal bigint NOT NULL REFERENCES seals,
    archived_at timestamptz NOT NULL,
    archived_by text NOT NULL CHECK (archived_by <> ''),
    PRIMARY KEY (month, part)
);
CREATE INDEX archives_by_seal ON archives (seal);

-- Reads days of a month into stretches and holds, as far as that is not done, so that nobody needs its windows
-- for them later.
CREATE FUNCTION read_days(of_month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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

-- A month is archived once its end is sealed, its windows are packed, and a whole month has passed since; one
-- part follows the other.
CREATE FUNCTION archive_follows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
CREATE TRIGGER follows BEFORE INSERT ON archives FOR EACH ROW EXECUTE FUNCTION archive_follows();

-- The SHA-256 of a roll, of every column in its binary form.
CREATE FUNCTION roll_digest(roll batch_rolls) RETURNS bytea
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN sha256(record_send(roll));
END $$;

-- Takes a roll out of the database. It comes as its file gave it, but for the leaves, which stay here. The
-- part's row has to come in this very transaction.
CREATE FUNCTION archive_roll(of_month date, of_part integer, of_group integer, roll batch_rolls)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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

-- Who brings a roll back brings the one that went.
CREATE FUNCTION lend_roll(roll batch_rolls, at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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

-- What was brought back goes again.
CREATE FUNCTION return_rolls(lent_before timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    gone bigint;
BEGIN
    DELETE FROM lent_rolls WHERE lent_at < lent_before;
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;

COMMENT ON TABLE archives IS 'Parts of archives: which file each is, and the seal that it rests on; append-only';
COMMENT ON COLUMN archives.month IS 'Beijing month, of which it is';
COMMENT ON COLUMN archives.place IS 'The folder or bucket it was written into, as an address';
COMMENT ON COLUMN archives.manifest IS 'The text that is signed, byte for byte; see docs/audit/archive.md';
COMMENT ON COLUMN archives.seal IS 'That of the month''s end';

REVOKE EXECUTE ON FUNCTION read_days, archive_follows, archive_roll, lend_roll, return_rolls FROM PUBLIC;
GRANT EXECUTE ON FUNCTION read_days, archive_roll, lend_roll, return_rolls TO :app_role;
GRANT SELECT, INSERT ON archives TO :app_role;
