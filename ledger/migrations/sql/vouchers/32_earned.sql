-- What a voucher may have turned into money: never more than its rate of what the books rest on,
-- whatever a memo says.

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

-- At commit, of the postings of a transaction that accrue: where they bring a voucher more payable or
-- paid money, all that is payable, sent and paid is within what it can have earned. What falls is not
-- held up; what the bank and two persons correct has its own causes. And a promise lapses beside an
-- accrual only as a debt of fraud is set off by it.
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
        WHERE t.more_fen > 0 AND most_earned(v.id) < (
            SELECT sum(a.balance) FROM accounts a
            WHERE a.book_id = t.book_id AND a.role IN ('payable', 'sent', 'paid'));
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'voucher % has not earned what is payable', wrong
            USING ERRCODE = 'check_violation', CONSTRAINT = 'earned_by_matches', DETAIL = wrong;
    END IF;
    SELECT min(v.id) INTO wrong
        FROM postings p JOIN movements m ON m.posting_id = p.id JOIN vouchers v ON v.book_id = m.book_id
        WHERE p.id >= first_posting AND p.number IS NULL AND split_part(p.cause, '/', 1) = 'accrue'
            AND m.kind = 'forfeit'
            AND (m.amount > (SELECT coalesce(sum(s.amount), 0) FROM movements s
                             WHERE (s.posting_id, s.book_id, s.kind)
                                 = (m.posting_id, m.book_id, 'set_off'))
                 OR NOT EXISTS (SELECT FROM recoveries r WHERE r.voucher_id = v.id AND r.fraud));
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'nothing of voucher % is lost', wrong
            USING ERRCODE = 'check_violation', CONSTRAINT = 'lost_by_fraud', DETAIL = wrong;
    END IF;
END $$;

REVOKE EXECUTE ON FUNCTION most_earned, check_earned FROM PUBLIC;
