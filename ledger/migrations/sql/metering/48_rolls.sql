-- Packing batches of closed days into rolls (07_batches). Whoever asks says how; that it says the same is
-- looked at here, batch by batch and byte by byte, before their rows go.

-- Only batches of GPUs' sources that are sealed as they are, and of which nothing waits in quarantine: no
-- window of them comes any more, so how many there are need not be counted on.
CREATE FUNCTION pack_batches(of_stream uuid, of_first bigint, of_last bigint, previous bytea,
    of_templates text[], of_counts integer[], of_columns smallint[], of_kinds text, of_bases bigint[],
    of_steps bigint[], of_widths smallint[], of_content bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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

-- The leaves of all seals, in whatever form they are kept.
CREATE VIEW kept_leaves AS
    SELECT seal, relation, key, hash, false AS away FROM sealed_rows
    UNION ALL
    SELECT r.seal, 'batches', jsonb_build_array(s.stream, s.first + n)::text COLLATE "C",
           substring(r.leaves FROM 32 * n + 1 FOR 32), false
    FROM roll_spans s CROSS JOIN LATERAL roll_leaves(s.stream, s.first) r
    CROSS JOIN LATERAL generate_series(0, (r.last - s.first)::integer) AS n
    UNION ALL
    SELECT a.seal, 'batches', jsonb_build_array(a.stream, a.first + n)::text COLLATE "C",
           substring(a.leaves FROM 32 * n + 1 FOR 32), true
    FROM archived_rolls a
    CROSS JOIN LATERAL generate_series(0, octet_length(a.leaves) / 32 - 1) AS n;

COMMENT ON VIEW kept_leaves IS 'The rows that seals took, and their hashes; those of packed batches too';
COMMENT ON COLUMN kept_leaves.away IS 'Whether the row lies in the archive';
REVOKE EXECUTE ON FUNCTION pack_batches FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pack_batches TO :app_role;
GRANT SELECT ON kept_leaves TO :app_role;
