-- What a voucher may have turned into money: what it has earned of what the books rest on, no more and
-- no less, whatever a memo says. `ledger/vouchers/rules.py` says the same; whatever that posts is held to
-- this.

-- What the books hold of a cell of each version, exact: `num` of `den` fen. As they hold it, while the
-- versions have the days that they had then; else two persons decided these, and it is mapped anew.
CREATE FUNCTION held_by_version(of_reconciliation bigint, of_part text)
RETURNS TABLE (policy text, num numeric, den numeric)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
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

-- What a voucher has earned of each year before any cap, fen, rounded once over all years: of what the
-- books hold of each version's days at its rate, nothing of days under none or of an excluded month; and
-- with what other programmes pay of a contract's month, or of a month, no more than it cost.
CREATE FUNCTION earned_by_year(of_voucher bigint) RETURNS TABLE (year integer, fen numeric)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
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

-- What a voucher has recognised of each year at least, fen: what it has earned, within the cap of the
-- year and what is left of the voucher; of a year that shares a pool, as far as it had drawn that before
-- the postings from this one on.
CREATE FUNCTION least_by_year(of_voucher bigint, first_posting bigint)
RETURNS TABLE (year integer, fen numeric)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
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

-- At commit, of the postings of a transaction that accrue: where they bring a voucher more payable or
-- paid money, all that is payable, sent and paid is within what it has earned; where less, it is no less
-- than that. So is what they draw of its years, and a pool has drawn what its vouchers have. What the bank
-- and two persons correct has its own causes. And a promise lapses beside an accrual only as a debt of
-- fraud is set off by it: one that was there before.
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

-- Who waits for money of a pool has earned it and not drawn it.
CREATE FUNCTION check_wait() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
CREATE CONSTRAINT TRIGGER earned AFTER INSERT ON year_waits DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION check_wait();

REVOKE EXECUTE ON FUNCTION held_by_version, earned_by_year, least_by_year, check_earned, check_wait
    FROM PUBLIC;
