-- Which way a clause's digest was taken: 1 over the record as it was written, 2 over its terms alone.
ALTER TABLE clauses ADD COLUMN digest_format integer NOT NULL DEFAULT 1 CHECK (digest_format >= 1);
