-- A voucher promises a whole cap, so two persons open it: the decision names the project, the version
-- and the clause, the face value, the days on which it is valid, and the facts on which the project is
-- eligible.
CREATE FUNCTION voucher_decided() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM decisions d
            JOIN projects p ON p.id = NEW.project_id
            JOIN clauses c ON c.policy = NEW.policy AND c.clause = NEW.clause
            WHERE d.kind = 'voucher' AND d.subject = p.code AND d.answer = 'confirmed'
                AND d.content ->> 'project' = p.code AND d.content ->> 'policy' = NEW.policy
                AND d.content ->> 'clause' = NEW.clause AND d.content -> 'facts' = NEW.facts
                AND d.content ->> 'cap_fen' = coalesce(NEW.face_fen, c.cap_fen)::text
                AND daterange((d.content ->> 'valid_from')::date,
                              (d.content ->> 'valid_until')::date) = NEW.valid) THEN
        RAISE EXCEPTION 'two persons have not opened this voucher'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'voucher_decided';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER decided BEFORE INSERT ON vouchers FOR EACH ROW EXECUTE FUNCTION voucher_decided();

-- So do they for another version of its clause, at the rate that they decided: the cap stays what it is.
CREATE FUNCTION version_decided() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM decisions d JOIN vouchers v ON v.id = NEW.voucher_id
            JOIN projects p ON p.id = v.project_id
            JOIN clauses c ON (c.policy, c.clause) = (NEW.policy, NEW.clause)
            WHERE d.kind = 'voucher' AND d.subject = p.code AND d.answer = 'confirmed'
                AND d.content ->> 'project' = p.code AND d.content ->> 'policy' = NEW.policy
                AND d.content ->> 'clause' = NEW.clause
                AND coalesce(split_part(d.content ->> 'rate', '/', 1)::numeric, c.rate_num)
                        * NEW.rate_den
                    = coalesce(split_part(d.content ->> 'rate', '/', 2)::numeric, c.rate_den)
                        * NEW.rate_num) THEN
        RAISE EXCEPTION 'two persons have not opened this voucher under version %', NEW.policy
            USING ERRCODE = 'check_violation', CONSTRAINT = 'voucher_decided';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER decided BEFORE INSERT ON voucher_versions
    FOR EACH ROW EXECUTE FUNCTION version_decided();

REVOKE EXECUTE ON FUNCTION voucher_decided, version_decided FROM PUBLIC;
