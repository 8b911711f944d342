-- Under which version of a voucher the days of a month are, and what was metered on them when a match
-- came to be what the books rest on. What falls or came later is mapped by days: a lower price of one
-- version's days takes nothing from another's, and late usage moves nothing that was matched before.

-- A voucher was opened under one version or several, and is valid on its own days; its rate under a
-- version may change. Under a version that is not payable nothing is earned.
CREATE VIEW voucher_spans AS
    SELECT v.project_id, v.id AS voucher_id, n.label, n.rate_num, n.rate_den, d.days, c.policy,
           lower(c.effective) AS in_force
    FROM vouchers v JOIN voucher_rate_days n ON n.voucher_id = v.id
    JOIN clauses c ON (c.policy, c.clause) = (n.policy, n.clause)
    JOIN payable_clauses y ON (y.policy, y.clause) = (n.policy, n.clause)
    LEFT JOIN LATERAL (SELECT e.until FROM policy_ends e WHERE e.policy = c.policy
                       ORDER BY e.decision_id DESC LIMIT 1) e ON true
    CROSS JOIN LATERAL (
        SELECT c.effective * v.valid * n.days * daterange(NULL, e.until) AS days
    ) d
    WHERE NOT lower_inf(c.effective) AND NOT isempty(d.days);

-- Of versions that are in force on one day the one that came into force last counts; '' is none.
CREATE FUNCTION policy_days(of_project bigint, of_month date)
RETURNS TABLE (policy text, days datemultirange)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(s.label, '') AS policy, range_agg(daterange(d.day::date, d.day::date + 1))
    FROM generate_series(of_month, of_month + interval '1 month - 1 day', interval '1 day') AS d(day)
    LEFT JOIN LATERAL (
        SELECT label FROM voucher_spans
        WHERE project_id = of_project AND voucher_spans.days @> d.day::date
        ORDER BY in_force DESC, voucher_spans.policy, lower(voucher_spans.days) LIMIT 1
    ) s ON true GROUP BY 1
$$;

-- A single month of a contract, used while the project was not eligible, earns nothing: two persons
-- exclude it, and two readmit it. What was metered and matched of it stays as it is.
CREATE TABLE excluded_months (
    decision_id bigint PRIMARY KEY REFERENCES decisions,
    voucher_id bigint NOT NULL REFERENCES vouchers,
    contract_id bigint NOT NULL REFERENCES contracts,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    readmission_id bigint UNIQUE REFERENCES decisions
);
CREATE UNIQUE INDEX excluded_months_open ON excluded_months (voucher_id, contract_id, month)
    WHERE readmission_id IS NULL;
CREATE INDEX excluded_months_by_voucher ON excluded_months (voucher_id, month);
CREATE INDEX excluded_months_by_contract ON excluded_months (contract_id, month);

CREATE FUNCTION exclusion_decided() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
CREATE TRIGGER decided BEFORE INSERT OR UPDATE ON excluded_months
    FOR EACH ROW EXECUTE FUNCTION exclusion_decided();

CREATE TABLE match_usage (
    reconciliation_id bigint NOT NULL,
    part text NOT NULL,
    policy text NOT NULL,
    fen bigint NOT NULL CHECK (fen >= 0),
    days datemultirange NOT NULL,
    held_num numeric NOT NULL CHECK (held_num >= 0),
    held_den numeric NOT NULL CHECK (held_den > 0),
    PRIMARY KEY (reconciliation_id, part, policy),
    FOREIGN KEY (reconciliation_id, part) REFERENCES matches
);

CREATE AGGREGATE gcd_of(numeric) (SFUNC = gcd, STYPE = numeric, INITCOND = '0');
CREATE AGGREGATE lcm_of(numeric) (SFUNC = lcm, STYPE = numeric, INITCOND = '1');

-- What is metered of a cell under each version by now, the days of the month under it, and what documents
-- whose service days are all its own still pay.
CREATE FUNCTION cell_usage(of_reconciliation bigint, of_part text)
RETURNS TABLE (policy text, fen bigint, days datemultirange, paid_fen bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
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

-- Whether the versions still have the days that they had when a cell was mapped.
CREATE FUNCTION has_days(of_reconciliation bigint, of_part text, policies text[], days datemultirange[])
RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT (SELECT jsonb_object_agg(u.policy, u.days::text) FROM match_usage u
            WHERE (u.reconciliation_id, u.part) = (of_reconciliation, of_part) AND NOT isempty(u.days))
        IS NOT DISTINCT FROM (
            SELECT jsonb_object_agg(t.policy, t.days::text) FROM unnest(policies, days) AS t (policy, days)
            WHERE NOT isempty(t.days))
$$;

-- Share what the books rest on among the versions, exactly: `nums` of `den`. It is what `share` says in
-- `ledger/charging/rules/segments.py`; a test compares the two. Documents whose service days are all a
-- version's pay that first, the rest goes by what is not paid yet, and beyond what was metered in
-- proportion to it. `held` are shares of `den` below which no version comes.
CREATE FUNCTION share_by_version(
    held_fen bigint, metered bigint[], paid bigint[], held numeric[], INOUT den numeric, OUT nums numeric[]
)
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
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

-- Map what the books rest on of a cell, by what is metered now. Where it only rises, that comes on top of
-- what each version held, while the versions have the days that they had.
CREATE FUNCTION map_cell(of_reconciliation bigint, of_part text, rises boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
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

CREATE FUNCTION keep_usage() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM map_cell(NEW.reconciliation_id, NEW.part, TG_OP = 'UPDATE'
        AND NEW.held_fen > OLD.held_fen AND NEW.decision_id = OLD.decision_id
        AND NEW.fall_decision_id IS NOT DISTINCT FROM OLD.fall_decision_id);
    RETURN NULL;
END $$;

-- Two persons have changed the days of a project's versions: what the books rest on is mapped anew, as it
-- was metered then. What comes or falls later is compared with that.
CREATE FUNCTION map_days(of_project bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
CREATE TRIGGER usage_new AFTER INSERT ON matches FOR EACH ROW EXECUTE FUNCTION keep_usage();
CREATE TRIGGER usage_anew AFTER UPDATE OF held_fen, decision_id, fall_decision_id ON matches
    FOR EACH ROW
    WHEN ((NEW.held_fen, NEW.decision_id) <> (OLD.held_fen, OLD.decision_id)
          OR NEW.fall_decision_id IS DISTINCT FROM OLD.fall_decision_id)
    EXECUTE FUNCTION keep_usage();

COMMENT ON VIEW voucher_spans IS 'Versions under which the usage of a project is, with their days';
COMMENT ON TABLE excluded_months IS 'Months of contracts that earn nothing, decided by two persons';
COMMENT ON COLUMN excluded_months.month IS 'Beijing month, its first day';
COMMENT ON COLUMN excluded_months.readmission_id IS
    'The decision by which it earns again; null: it is excluded';
COMMENT ON TABLE match_usage IS
    'What was metered of a cell under each version when the books came to rest on it; by a trigger';
COMMENT ON COLUMN match_usage.fen IS 'Fen';
COMMENT ON COLUMN match_usage.days IS 'Days of the month that were under it then';
COMMENT ON COLUMN match_usage.held_num IS 'What the books rest on of it, fen: so many of held_den';
COMMENT ON COLUMN match_usage.held_den IS 'Parts of a fen, the same for all versions of a match';

REVOKE EXECUTE ON FUNCTION keep_usage, map_cell, map_days, has_days, share_by_version, gcd_of, lcm_of,
    cell_usage, exclusion_decided FROM PUBLIC;
GRANT EXECUTE ON FUNCTION map_days TO :app_role;
GRANT SELECT ON voucher_spans, match_usage, excluded_months TO :app_role;
GRANT INSERT, UPDATE (readmission_id) ON excluded_months TO :app_role;
