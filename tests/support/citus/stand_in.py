"""A stand-in for Citus on one PostgreSQL: SIMULATED. It spreads nothing.

It has the functions and tables of Citus that `suanquan db distribute` uses, refuses what Citus
refuses of a table, and remembers what it was asked for. No figure and no claim about Citus may rest
on it: it is here to run the command from end to end where Citus cannot be installed.
"""

from collections.abc import Sequence

import psycopg

_STAND_IN = """
CREATE FUNCTION citus_version() RETURNS text LANGUAGE sql AS $$
    SELECT 'SIMULATED: no Citus, a stand-in of the tests'
$$;
CREATE TABLE pg_dist_local_group (groupid integer);
INSERT INTO pg_dist_local_group VALUES (0);
CREATE TABLE pg_dist_node (nodename text, nodeport integer, groupid integer,
    noderole text DEFAULT 'primary', isactive boolean DEFAULT true,
    shouldhaveshards boolean DEFAULT true);
CREATE TABLE pg_dist_partition (logicalrelid regclass, partmethod "char", partkey text,
    together text);
CREATE TABLE emptied (relation regclass);
CREATE FUNCTION column_to_column_name(relation regclass, partkey text) RETURNS text LANGUAGE sql
    AS $$ SELECT partkey $$;
CREATE FUNCTION run_command_on_workers(command text)
RETURNS TABLE (nodename text, nodeport integer, success boolean, result text)
LANGUAGE plpgsql AS $$
BEGIN
    FOR nodename, nodeport IN
        SELECT n.nodename, n.nodeport FROM pg_dist_node n WHERE groupid <> 0
    LOOP
        success := nodename !~ 'silent';
        IF NOT success THEN result := 'connection refused';
        ELSIF nodename ~ 'roleless' THEN result := '';
        ELSE EXECUTE command INTO result; END IF;
        RETURN NEXT;
    END LOOP;
END $$;
CREATE FUNCTION create_distributed_table(relation regclass, col text, colocate_with text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = relation) THEN
        RAISE EXCEPTION 'table % is already distributed', relation;
    END IF;
    IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = relation AND NOT tgisinternal) THEN
        RAISE EXCEPTION 'triggers are not supported on distributed tables';
    END IF;
    IF EXISTS (SELECT FROM pg_constraint
               WHERE relation IN (conrelid, confrelid) AND contype = 'f') THEN
        RAISE EXCEPTION 'cannot create foreign key constraint';
    END IF;
    IF EXISTS (SELECT FROM pg_index i
               WHERE indrelid = relation AND (indisunique OR indisexclusion)
               AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = relation
                               AND a.attname = col AND a.attnum = ANY(i.indkey))) THEN
        RAISE EXCEPTION 'cannot create constraint without the distribution column';
    END IF;
    IF colocate_with <> 'none' AND NOT EXISTS (
        SELECT FROM pg_dist_partition WHERE logicalrelid = colocate_with::regclass) THEN
        RAISE EXCEPTION 'relation % is not distributed', colocate_with;
    END IF;
    INSERT INTO pg_dist_partition VALUES (relation, 'h', col, colocate_with);
END $$;
CREATE FUNCTION truncate_local_data_after_distributing_table(relation regclass)
RETURNS void LANGUAGE sql AS $$ INSERT INTO emptied VALUES (relation) $$;
GRANT SELECT ON pg_dist_partition, pg_dist_node, pg_dist_local_group TO PUBLIC;
"""


def stand_in(owner: psycopg.Connection, workers: Sequence[str] = ("w1", "w2")) -> None:
    """Make a database look like the coordinator of these workers.

    A worker called `silent` does not answer, and into one called `roleless` nobody may log in.
    """
    owner.execute(_STAND_IN.encode())
    for group, name in enumerate(workers, 1):
        owner.execute("INSERT INTO pg_dist_node VALUES (%s, 5432, %s)", (name, group))
