-- What is recorded as having happened at a moment happens now: within ten minutes of the database's
-- clock, so that no period (公示期, a term, a token's life) can be made to have passed. A drill has a
-- clock of its own (docs/adr/0007-drill-clock.md): its database says so in the owner's one row.
CREATE TABLE drill (
    is_drill boolean PRIMARY KEY CHECK (is_drill)
);

-- What a drill says happened cannot become what happened: it stays a drill, whoever would promote it.
CREATE FUNCTION drill_for_good() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'a drill stays a drill' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'drill_stays';
END $$;
CREATE TRIGGER stays BEFORE DELETE OR UPDATE OR TRUNCATE ON drill
    FOR EACH STATEMENT EXECUTE FUNCTION drill_for_good();

CREATE FUNCTION keep_clock() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM drill) THEN
        RAISE EXCEPTION 'what is recorded in % happens now', TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = 'by_the_clock';
    END IF;
    RETURN NEW;
END $$;

-- Every moment that the application writes, but for what others say happened (agents, the registry)
-- and what is yet to come; `tests/ledger/migrations/test_clock.py` holds the list to the grants.
DO $$
DECLARE
    place record;
BEGIN
    FOR place IN
        SELECT kept.of_table, moment FROM (VALUES
            ('accruals', 'computed_at'), ('agents', 'approved_at revoked_at'),
            ('allocations', 'allocated_at'), ('archives', 'archived_at'), ('assignments', 'recorded_at'),
            ('authenticators', 'set_at'),
            ('bank_accounts', 'confirmed_at superseded_at'), ('bank_returns', 'received_at'),
            ('batches', 'received_at'), ('billing_sources', 'recorded_at superseded_at'),
            ('bindings', 'recorded_at superseded_at'), ('case_holds', 'opened_at closed_at'), ('charges', 'computed_at'),
            ('claim_events', 'at'), ('claim_files', 'added_at'), ('claims', 'opened_at'), ('closes', 'closed_at'),
            ('conflicts', 'received_at'), ('contracts', 'recorded_at changed_at'), ('catalogue_models', 'recorded_at'),
            ('catalogue_names', 'recorded_at'), ('centres', 'recorded_at'), ('certificates', 'issued_at'), ('clusters', 'recorded_at'),
            ('courier_files', 'taken_at'), ('gpus', 'recorded_at changed_at'),
            ('organisations', 'recorded_at'), ('projects', 'recorded_at'),
            ('witness_requirements', 'recorded_at superseded_at'),
            ('controllers', 'recorded_at superseded_at'),
            ('cost_documents', 'received_at confirmed_at sealed_at dropped_at'),
            ('decisions', 'decided_at answered_at'), ('deductions', 'stated_at confirmed_at'),
            ('enrolment_codes', 'created_at'), ('failed_sign_ins', 'at'), ('forks', 'received_at'),
            ('freezes', 'frozen_at lifted_at'), ('indicators', 'opened_at'),
            ('invitations', 'created_at used_at'), ('logins', 'created_at'),
            ('lookups', 'entered_at'), ('messages', 'sent_at answered_at'), ('number_reads', 'at'),
            ('objections', 'received_at resolved_at'),
            ('organisation_names', 'recorded_at superseded_at'), ('originals', 'received_at'),
            ('other_support', 'recorded_at superseded_at'), ('passwords', 'set_at'),
            ('payment_lists', 'made_at sent_at'),
            ('persons', 'created_at'), ('price_bands', 'recorded_at superseded_at'),
            ('prices', 'recorded_at superseded_at'), ('publications', 'published_at'),
            ('quarantine', 'received_at released_at admitted_at'),
            ('receipts', 'entered_at checked_at'), ('reconciliations', 'opened_at'),
            ('recoveries', 'opened_at closed_at'), ('recovery_codes', 'used_at'),
            ('relays', 'told_at'), ('refunds', 'received_at'),
            ('relations', 'recorded_at superseded_at'), ('reservations', 'reserved_at released_at'),
            ('restorations', 'restored_at'),
            ('rounds', 'finished_at'), ('sessions', 'created_at seen_at ended_at proven_at'),
            ('stated_periods', 'stated_at'), ('statement_answers', 'answered_at'),
            ('statements', 'issued_at'), ('streams', 'received_at'), ('subjects', 'created_at ended_at'),
            ('seal_keys', 'registered_at'), ('seal_stamps', 'recorded_at'), ('seals', 'sealed_at'), ('sign_in_links', 'used_at'), ('tokens', 'confirmed_at created_at replaced_at revoked_at'),
            ('voucher_versions', 'opened_at'),
            ('vouchers', 'opened_at'), ('year_waits', 'since')
        ) AS kept (of_table, moments), string_to_table(kept.moments, ' ') AS moment
    LOOP
        EXECUTE format(
            'CREATE TRIGGER %I BEFORE INSERT OR UPDATE OF %I ON %I FOR EACH ROW
             WHEN (NEW.%2$I NOT BETWEEN now() - interval ''10 minutes'' AND now() + interval ''10 minutes'')
             EXECUTE FUNCTION keep_clock()',
            'clock_' || place.moment, place.moment, place.of_table);
    END LOOP;
END $$;

-- The days on which offices are open in China, of the years that have been announced. The owner writes
-- them at each upgrade, as the program's calendar has them (`ledger/formats/working_days.py`).
CREATE TABLE working_days (
    day date PRIMARY KEY
);

-- A publication begins on the Beijing day after it, and lasts at least its working days, which are those
-- of its version's process. Of a year that was not announced no day is one.
CREATE FUNCTION publication_lasts() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.since <> (NEW.published_at AT TIME ZONE interval '+08:00')::date + 1
            OR NEW.days > (SELECT count(*) FROM working_days WHERE day BETWEEN NEW.since AND NEW.until)
            OR NEW.days < (SELECT coalesce(c.publication_days, 1)
                           FROM claims m JOIN vouchers v ON v.id = m.voucher_id
                           JOIN clauses c USING (policy, clause) WHERE m.id = NEW.claim_id) THEN
        RAISE EXCEPTION 'claim % is not before the public for long enough', NEW.claim_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'publication_lasts';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER lasts BEFORE INSERT ON publications
    FOR EACH ROW EXECUTE FUNCTION publication_lasts();

COMMENT ON TABLE working_days IS 'Days on which offices are open in China; written by the owner';
COMMENT ON TABLE drill IS 'One row, the owner''s: this database is a drill, and its moments are not the clock''s';

REVOKE EXECUTE ON FUNCTION keep_clock, publication_lasts FROM PUBLIC;
