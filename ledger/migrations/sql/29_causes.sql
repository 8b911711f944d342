-- What caused a posting. Its `cause` names a row: an accrual's memo, a reservation, a list's line, a
-- bank's row, a decision. That row says which books may move, and the first word which moves they are.

CREATE TABLE cause_kinds (
    cause text NOT NULL,  -- the first word of a cause; of a decision with its kind
    kind text NOT NULL,
    PRIMARY KEY (cause, kind)
);
INSERT INTO cause_kinds (cause, kind)
    SELECT cause, kind
    FROM (VALUES
        ('voucher', 'eligible issue'),
        ('reserve', 'reserve'),
        ('release', 'release'),
        ('accrue', 'accrue unaccrue match unmatch recall set_off release forfeit draw undraw'),
        ('reconcile', 'meter unmeter invoice uninvoice explain'),
        ('pay', 'list commit'),
        ('bank', 'pay spend'),
        ('year-end', 'bounce uncommit'),
        ('refund', 'refund forfeit unspend remit'),
        ('decision/refund', 'refund forfeit unspend remit'),
        ('decision/cap', 'eligible issue withdraw reduce'),
        ('decision/lapse', 'release lapse'),
        ('decision/year_cap', 'draw'),
        ('decision/pool', 'draw'),
        ('decision/indicator', 'appropriate cut'),
        ('decision/year_end', 'surrender'),
        ('decision/bank_reversal', 'pay bounce late overpay unpay recall refund forfeit spend uncommit'
            ' late_spend reopen unspend remit release unaccrue')
    ) AS word (cause, kinds), string_to_table(kinds, ' ') AS kind;

-- What a ruling on a bank's row is about: the row, and the lines that are called back for it.
CREATE FUNCTION ruled_fen(content jsonb) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (content ->> 'fen')::bigint + (SELECT coalesce(sum((line ->> 'fen')::bigint), 0)::bigint
    FROM jsonb_array_elements(content -> 'lines') AS line);

-- Postings that have no number yet; `key` is that of the row that the cause names, if it is a number.
-- Without a regular expression, which costs more than to look the row up.
CREATE VIEW open_postings AS
    SELECT id, cause, split_part(cause, '/', 1) AS word,
           CASE WHEN length(split_part(cause, '/', 2)) BETWEEN 1 AND 18
                AND translate(split_part(cause, '/', 2), '0123456789', '') = ''
                THEN split_part(cause, '/', 2)::bigint END AS key
    FROM postings WHERE number IS NULL;

-- Which books the open postings of this first word may move, by moves of which kind (null: each of its
-- cause), and how much by all moves of a kind together (null: by its own rules). A cause is written in
-- one way, so it moves once. A branch for each word: a query of all would start them all at each posting.
-- ROWS 1, so that who asks for one posting makes no hash of the answer.
CREATE FUNCTION causes_of(first_word text, from_posting bigint)
    RETURNS TABLE (posting_id bigint, cause text, book_id bigint, kind text, most_fen bigint)
LANGUAGE plpgsql STABLE ROWS 1 SET search_path = pg_catalog, public, pg_temp AS $$
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

-- As `number_postings` closes the postings of a transaction from its first one on, when what caused
-- them stands as well. Of one that is alone (its cause is given, else null) the same is asked in a plan
-- without hashes, at half the cost.
CREATE FUNCTION check_causes(from_posting bigint, only_cause text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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

COMMENT ON TABLE cause_kinds IS 'Which moves a cause may make; filled by the migrations';
COMMENT ON VIEW open_postings IS 'Postings that have no number yet, with the words of their cause';

REVOKE EXECUTE ON FUNCTION causes_of, check_causes FROM PUBLIC;
GRANT SELECT ON cause_kinds TO :app_role;
