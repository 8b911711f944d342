-- The figures of a cell, said once: for the programs that read them, and for the triggers that guard
-- what the books rest on.

-- A cell is there as soon as something was metered, invoiced or decided in it. Of these contracts, or of
-- all (NULL), and of one month or of every month (NULL). `extra_fen` is what two persons decided was used
-- beyond what is metered now: what is metered after all is no more on top of it. `counted_fen` counts
-- now: matched, still standing, and still metered or decided beyond that. `version_fall_fen` is what the
-- books hold of single versions' days and is no more metered on those days, however much more is metered
-- on other versions'; nothing where two persons have changed the versions' days since. `booked_fen` is
-- what the books rest on by the next round: while a version's part waits to fall, nothing rises.
CREATE FUNCTION cell_figures(of_contracts bigint[], of_month date)
RETURNS TABLE (contract_id bigint, month date, part text, metered_fen bigint, invoiced_fen bigint,
    matched_fen bigint, standing_fen bigint, extra_fen bigint, closed_fen bigint, held_fen bigint,
    counted_fen bigint, version_fall_fen bigint, booked_fen bigint, fall_fen bigint, open_fen bigint,
    carried boolean, decided boolean, changed boolean,
    policies text[], metered_fens bigint[], held_policies text[], held_nums numeric[], held_den numeric)
LANGUAGE sql STABLE AS $$
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

COMMENT ON FUNCTION cell_figures IS 'The figures of cells, fen';
