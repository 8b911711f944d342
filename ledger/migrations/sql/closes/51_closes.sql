-- Closes (月结): the usage of a month is closed, then its books. What a month came to and what was left
-- open are kept as they stood; nothing is closed twice, out of order, or opened again.

CREATE TABLE closes (
    kind text NOT NULL CHECK (kind IN ('usage', 'books')),
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    closed_at timestamptz NOT NULL,
    closed_by text NOT NULL CHECK (closed_by <> ''),
    decision_id bigint UNIQUE REFERENCES decisions,
    figures jsonb NOT NULL,
    items jsonb NOT NULL CHECK (jsonb_typeof(items) = 'array'),
    digest text NOT NULL,
    PRIMARY KEY (kind, month),
    CONSTRAINT digest_of_figures CHECK (digest = digest_of(figures)),
    CONSTRAINT books_take_two CHECK ((kind = 'books') = (decision_id IS NOT NULL))
);

-- A month is closed once it is over, each after the one before, its books after its usage and by a
-- decision of two persons about these very figures. From now on `numbering` knows of it: whoever posts
-- locks that row last (02_accounts), so no posting slips past a close, and none waits for one.
CREATE FUNCTION close_follows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    last date := (SELECT max(month) FROM closes WHERE kind = NEW.kind);
BEGIN
    IF NEW.month + interval '1 month' > (NEW.closed_at AT TIME ZONE interval '+08:00')::date
            OR NEW.month <> last + interval '1 month'
            OR NEW.kind = 'books' AND NOT EXISTS (
                SELECT FROM closes c JOIN decisions d ON d.id = NEW.decision_id
                WHERE c.kind = 'usage' AND c.month = NEW.month AND d.kind = 'books_close'
                    AND d.answer = 'confirmed' AND d.content -> 'figures' = NEW.figures
                    AND d.content ->> 'month' = to_char(NEW.month, 'YYYY-MM')) THEN
        RAISE EXCEPTION '% of % cannot be closed', NEW.kind, NEW.month
            USING ERRCODE = 'check_violation', CONSTRAINT = 'close_follows';
    END IF;
    IF NEW.kind = 'usage' THEN
        UPDATE numbering SET usage_closed = NEW.month;
    ELSE
        UPDATE numbering SET books_closed = NEW.month;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER follows BEFORE INSERT ON closes FOR EACH ROW EXECUTE FUNCTION close_follows();

COMMENT ON TABLE closes IS 'Months that are closed, their usage or their books; append-only';
COMMENT ON COLUMN closes.month IS 'First day of the Beijing month';
COMMENT ON COLUMN closes.figures IS 'What the month came to as it was closed; what came later is the difference';
COMMENT ON COLUMN closes.items IS 'What was open and is carried: kind, owner (a role), subject, since, fen';
COMMENT ON COLUMN closes.digest IS 'SHA-256 of figures, hex; of the books it is what two persons decided';

REVOKE EXECUTE ON FUNCTION close_follows FROM PUBLIC;
GRANT SELECT ON closes TO :app_role;
GRANT INSERT ON closes TO :app_role;
