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
    PRIMARY KEY (reconciliation_id, part, policy),
    FOREIGN KEY (reconciliation_id, part) REFERENCES matches
);

CREATE FUNCTION keep_usage() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM match_usage WHERE (reconciliation_id, part) = (NEW.reconciliation_id, NEW.part);
    INSERT INTO match_usage (reconciliation_id, part, policy, fen, days)
        SELECT NEW.reconciliation_id, NEW.part, policy, coalesce(u.fen, 0), coalesce(d.days, '{}')
        FROM (
            SELECT c.policy, sum(c.cost_fen)::bigint AS fen
            FROM reconciliations r JOIN charges c USING (contract_id, month)
            JOIN prices p ON p.id = c.price_id
            WHERE r.id = NEW.reconciliation_id AND part_of(p.kind, p.counts) = NEW.part
            GROUP BY c.policy
        ) u FULL JOIN (
            SELECT of_month.policy, of_month.days
            FROM reconciliations r JOIN contracts k ON k.id = r.contract_id
            CROSS JOIN LATERAL policy_days(k.project_id, r.month) AS of_month
            WHERE r.id = NEW.reconciliation_id
        ) d USING (policy);
    RETURN NULL;
END $$;
CREATE TRIGGER usage_new AFTER INSERT ON matches FOR EACH ROW EXECUTE FUNCTION keep_usage();
CREATE TRIGGER usage_anew AFTER UPDATE OF held_fen, decision_id, extra_decision_id, fall_decision_id
    ON matches FOR EACH ROW
    WHEN ((NEW.held_fen, NEW.decision_id) <> (OLD.held_fen, OLD.decision_id)
          OR (NEW.extra_decision_id, NEW.fall_decision_id)
              IS DISTINCT FROM (OLD.extra_decision_id, OLD.fall_decision_id))
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

REVOKE EXECUTE ON FUNCTION keep_usage, exclusion_decided FROM PUBLIC;
GRANT SELECT ON voucher_spans, match_usage, excluded_months TO :app_role;
GRANT INSERT, UPDATE (readmission_id) ON excluded_months TO :app_role;
