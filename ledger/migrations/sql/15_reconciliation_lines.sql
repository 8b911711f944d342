-- Reconciliation (对账), third part: allocations and matches follow when a contract line is restated.

-- A contract line that is stated anew, be it for later days only, is another row. What documents pay
-- for the old one, and what was decided of it, belongs to the line that stands for the month now: the
-- one with a charge, else the earliest. Where that has its own match, the old one stays and counts
-- nothing: two persons decide anew. Called when charges are computed, which follow in the same way.
CREATE FUNCTION line_now(of_price bigint, in_month date) RETURNS bigint
LANGUAGE sql STABLE STRICT
RETURN (
    SELECT n.id FROM prices o JOIN prices n ON n.contract = o.contract AND n.kind = o.kind
        AND (n.name = o.name OR n.kind = 'metered') AND coalesce(n.model, 0) = coalesce(o.model, 0)
        AND coalesce(n.mig_profile, '*') = coalesce(o.mig_profile, '*')
        AND (n.partition, n.qos, n.market) IS NOT DISTINCT FROM (o.partition, o.qos, o.market)
    WHERE o.id = of_price AND o.superseded_at IS NOT NULL AND n.superseded_at IS NULL
        AND n.valid && daterange(in_month, (in_month + interval '1 month')::date)
    ORDER BY NOT EXISTS (SELECT FROM charges c WHERE (c.contract, c.price, c.month)
                         = (n.contract, n.id, in_month)), lower(n.valid), n.id
    LIMIT 1
);

-- Where a voucher was opened after an invoice came, what was charged under no policy is charged under
-- the voucher's, and what pays for it follows.
CREATE FUNCTION policy_now(of_price bigint, in_month date, of_policy text) RETURNS text
LANGUAGE sql STABLE STRICT
RETURN (
    SELECT CASE WHEN of_policy <> '' OR coalesce(bool_or(c.policy = ''), true) THEN of_policy
                ELSE max(c.policy) END
    FROM charges c WHERE (c.price, c.month) = (of_price, in_month)
);

CREATE FUNCTION follow_lines(of_projects bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    old bigint[];
    bare bigint[];  -- allocations under no policy that belong under one
BEGIN
    SELECT array_agg(p.id) INTO old FROM prices p JOIN contracts k ON k.id = p.contract
        WHERE k.project = ANY(of_projects) AND p.superseded_at IS NOT NULL;
    SELECT array_agg(a.id) INTO bare FROM vouchers v JOIN contracts k ON k.project = v.project
        JOIN allocations a ON a.contract = k.id
        WHERE v.project = ANY(of_projects) AND a.policy = ''
            AND policy_now(coalesce(line_now(a.price, a.month), a.price), a.month, '') <> '';
    IF bare IS NULL AND NOT EXISTS (SELECT FROM allocations WHERE price = ANY(old))
        AND NOT EXISTS (SELECT FROM matches WHERE price = ANY(old)) THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('suanquan.match', 0));
    UPDATE matches m SET price = f.now
        FROM (SELECT DISTINCT ON (m.reconciliation, m.policy, s.now) m.reconciliation, m.policy,
                     m.price, s.now
              FROM matches m JOIN reconciliations r ON r.id = m.reconciliation
              CROSS JOIN LATERAL (SELECT line_now(m.price, r.month) AS now) s
              WHERE m.price = ANY(old) AND s.now IS NOT NULL
              ORDER BY m.reconciliation, m.policy, s.now, m.decision DESC, m.price) f
        WHERE (m.reconciliation, m.policy, m.price) = (f.reconciliation, f.policy, f.price)
            AND NOT EXISTS (SELECT FROM matches t WHERE (t.reconciliation, t.policy, t.price)
                            = (f.reconciliation, f.policy, f.now));
    WITH gone AS (
        DELETE FROM allocations a
        WHERE a.price = ANY(old) AND line_now(a.price, a.month) IS NOT NULL OR a.id = ANY(bare)
        RETURNING a.*, coalesce(line_now(a.price, a.month), a.price) AS now
    )
    INSERT INTO allocations AS a (document, line, contract, month, price, policy, kind, fen,
            allocated_at, allocated_by)
        SELECT document, line, contract, month, now, policy_now(now, month, policy) AS under, kind,
               sum(fen), max(allocated_at), max(allocated_by)
        FROM gone GROUP BY document, line, contract, month, now, under, kind
        ON CONFLICT (document, line, contract, month, price, policy)
            DO UPDATE SET fen = a.fen + excluded.fen;
END $$;

REVOKE EXECUTE ON FUNCTION line_now, policy_now, follow_lines FROM PUBLIC;
GRANT EXECUTE ON FUNCTION follow_lines TO :app_role;
