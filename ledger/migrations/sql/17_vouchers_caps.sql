-- A cap changes, and a promise is lowered, only by a confirmed decision of two persons.

-- The cap of a voucher is the floor of its contra account. It changes by a confirmed decision of two
-- persons that names the voucher and the new cap; the newest one holds, so an old one brings no old
-- cap back. It is never below what is promised: the promise is taken back first.
CREATE FUNCTION set_cap(of_decision bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    cap bigint;
    of_book bigint;
BEGIN
    SELECT (d.content ->> 'cap_fen')::bigint, v.book_id INTO cap, of_book
        FROM decisions d JOIN vouchers v ON v.id = (d.content ->> 'voucher')::bigint
        WHERE d.id = of_decision AND d.kind = 'cap' AND d.answer = 'confirmed'
            AND NOT EXISTS (
                SELECT FROM decisions later
                WHERE later.id > d.id AND later.kind = 'cap' AND later.answer = 'confirmed'
                    AND later.content -> 'voucher' = d.content -> 'voucher'
            );
    IF cap IS NULL OR cap <= 0 THEN
        RAISE EXCEPTION 'a cap changes by the newest confirmed decision'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'two_persons_decided';
    END IF;
    PERFORM FROM books WHERE id = of_book FOR NO KEY UPDATE;
    UPDATE accounts SET floor = -cap WHERE book_id = of_book AND role = 'clause';
END $$;

-- Nor does any other way lower a promise: these moves belong to the posting of a confirmed decision
-- about that voucher, which is named `decision/<id>` and so is made once, and take no more back than
-- it says.
CREATE FUNCTION lower_by_decision() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM postings p
        JOIN decisions d ON d.id = substring(p.cause FROM '^decision/([0-9]{1,18})$')::bigint
        JOIN vouchers v ON v.id = (d.content ->> 'voucher')::bigint
        WHERE p.id = NEW.posting_id AND v.book_id = NEW.book_id AND d.answer = 'confirmed'
            AND (d.kind = 'lapse' AND NEW.kind = 'lapse'
                OR d.kind = 'cap' AND NEW.kind <> 'lapse' AND (
                    SELECT sum(m.amount) FROM movements m
                    WHERE (m.posting_id, m.book_id, m.kind) = (NEW.posting_id, NEW.book_id, NEW.kind)
                ) <= (d.content ->> 'before_fen')::bigint - (d.content ->> 'cap_fen')::bigint)
    ) THEN
        RAISE EXCEPTION 'a promise is lowered by a decision of two persons'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'two_persons_decided';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER lower AFTER INSERT ON movements FOR EACH ROW
    WHEN (NEW.kind IN ('withdraw', 'reduce', 'lapse')) EXECUTE FUNCTION lower_by_decision();

REVOKE EXECUTE ON FUNCTION set_cap, lower_by_decision FROM PUBLIC;
GRANT EXECUTE ON FUNCTION set_cap TO :app_role;
