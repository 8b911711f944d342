-- Every table is watched for what is to be sealed, but those whose rows follow from sealed ones or prove
-- nothing, and postings with their movements, which have numbers (44_seals); `ledger/seals/rules/relations.py` says why, and a test holds the two to each other. So a
-- new table is sealed unless somebody says otherwise.
DO $$
DECLARE
    place record;
BEGIN
    FOR place IN
        SELECT c.relname, string_agg(quote_ident(a.attname), ', ' ORDER BY k.rank) AS key
        FROM pg_class c
        JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
        CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, rank)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND NOT c.relispartition
            AND c.relname <> ALL ('{
                accounts,entries,numbering,roll_spans,batch_rolls,archived_rolls,lent_rolls,windows,window_hours,past_hours,window_days,window_counts,streams,day_totals,coverage,
                hour_totals,hour_coverage,stretches,stretch_days,job_users,xid_events,evidence,
                evidence_changes,evidence_days,holds,hold_days,incident_spans,witness_nodes,
                partition_gpus,witness_pods,witness_watches,
                postings,movements,
                agent_shares,alembic_version,backup_progress,event_bookmarks,relays,rounds,seals,sealed_rows,unsealed_rows}')
        GROUP BY c.relname ORDER BY c.relname
    LOOP
        EXECUTE format(
            'CREATE TRIGGER seal_new AFTER INSERT ON %1$I REFERENCING NEW TABLE AS touched
             FOR EACH STATEMENT EXECUTE FUNCTION note_unsealed(%2$L);
             CREATE TRIGGER seal_changed AFTER UPDATE ON %1$I REFERENCING NEW TABLE AS touched
             FOR EACH STATEMENT EXECUTE FUNCTION note_unsealed(%2$L);
             CREATE TRIGGER seal_gone AFTER DELETE ON %1$I REFERENCING OLD TABLE AS touched
             FOR EACH STATEMENT EXECUTE FUNCTION note_unsealed(%2$L)', place.relname, place.key);
        -- What the migrations themselves wrote before is to be sealed too.
        EXECUTE format('INSERT INTO unsealed_rows SELECT %L, jsonb_build_array(%s)::text FROM %I',
            place.relname, place.key, place.relname);
    END LOOP;
END $$;

GRANT SELECT ON drill, working_days, registry_acts TO :app_role;
