-- What a voucher may have turned into money: never more than its rate of what the books rest on, and
-- where that can be told by simple terms never less, whatever a memo says.

-- The most that a voucher can have earned, fen: of each month of its contracts that is not excluded
-- what the books rest on, at the highest rate of any day of that month, rounded up. How much of it is
-- really earned depends on the days of use, on other programmes and on the cap; that is worked out in
-- `ledger/vouchers/rules.py`, and is never more.
CREATE FUNCTION most_earned(of_voucher bigint) RETURNS numeric
LANGUAGE sql STABLE
RETURN (
    SELECT coalesce(sum(div(f.held_fen * f.rate_num + f.rate_den - 1, f.rate_den)), 0)
    FROM (
        SELECT b.rate_num, b.rate_den, sum(m.held_fen) AS held_fen
        FROM vouchers v
        JOIN contracts k ON k.project_id = v.project_id
        JOIN reconciliations r ON r.contract_id = k.id
        JOIN matches m ON m.reconciliation_id = r.id AND m.part IN ('compute', 'package')
        CROSS JOIN LATERAL (
            SELECT e.rate_num, e.rate_den FROM voucher_spans e
            WHERE e.voucher_id = v.id
                AND e.days && daterange(r.month, (r.month + interval '1 month')::date)
            ORDER BY e.rate_num::numeric / e.rate_den DESC LIMIT 1) b
        WHERE v.id = of_voucher AND NOT EXISTS (
            SELECT FROM excluded_months x
            WHERE (x.voucher_id, x.contract_id, x.month) = (v.id, k.id, r.month)
                AND x.readmission_id IS NULL)
        GROUP BY b.rate_num, b.rate_den) f
);

-- The least that a voucher can have earned, fen: of each month that is not excluded what the books rest
-- on, at the lowest rate of any of its days, rounded down; nothing of a month with a day under no version.
-- More than is left of the voucher it has not earned. Where caps for the years, pools or other programmes
-- cut something off as well, this says nothing: 0.
CREATE FUNCTION least_earned(of_voucher bigint) RETURNS numeric
LANGUAGE sql STABLE
RETURN (
    SELECT CASE WHEN draws_by_year(v.id)
            OR EXISTS (SELECT FROM other_support o WHERE o.project_id = v.project_id) THEN 0
        ELSE least(room.fen, coalesce(months.fen, 0)) END
    FROM vouchers v
    CROSS JOIN LATERAL (
        SELECT sum(a.balance) FILTER (WHERE a.role NOT IN ('clause', 'entitlement', 'lapsed')
            AND (a.role <> 'recoverable' OR NOT EXISTS (
                SELECT FROM recoveries c WHERE c.voucher_id = v.id AND c.fraud))) AS fen
        FROM accounts a WHERE a.book_id = v.book_id
    ) room
    CROSS JOIN LATERAL (
        SELECT sum(div(m.held_fen::numeric * (b.lowest).rate_num, (b.lowest).rate_den)) AS fen
        FROM contracts k JOIN reconciliations r ON r.contract_id = k.id
        JOIN matches m ON m.reconciliation_id = r.id AND m.part IN ('compute', 'package')
        CROSS JOIN daterange(r.month, (r.month + interval '1 month')::date) AS whole
        CROSS JOIN LATERAL (
            SELECT (array_agg(e ORDER BY e.rate_num::numeric / e.rate_den))[1] AS lowest,
                   range_agg(e.days) AS days
            FROM voucher_spans e WHERE e.voucher_id = v.id AND e.days && whole) b
        WHERE k.project_id = v.project_id AND b.days @> whole
            AND NOT EXISTS (
                SELECT FROM excluded_months x
                WHERE (x.voucher_id, x.contract_id, x.month) = (v.id, k.id, r.month)
                    AND x.readmission_id IS NULL)
    ) months
    WHERE v.id = of_voucher
);

-- At commit, of the postings of a transaction that accrue: where they bring a voucher more payable or
-- paid money, all that is payable, sent and paid is within what it can have earned; where less, within
-- what it has earned at least. What the bank and two persons correct has its own causes. And a promise
-- lapses beside an accrual only as a debt of fraud is set off by it: one that was there before.
CREATE FUNCTION check_earned(first_posting bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
        WHERE CASE WHEN t.more_fen > 0 THEN most_earned(v.id) < recognised.fen
                   WHEN t.more_fen < 0 THEN least_earned(v.id) > recognised.fen END;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'voucher % has not earned what is payable, or more', wrong
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

REVOKE EXECUTE ON FUNCTION most_earned, least_earned, check_earned FROM PUBLIC;
