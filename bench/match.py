"""Matching 100,000 lines of invoices with what was metered, in one run and one transaction.

A city of 100 centres and 500 firms: a contract each, with two prices, a year of charges in every
month; 25,000 invoices of four lines, most of them what was metered, some too much, some too little,
some with a statement's number, some of a period that no contract covers. Reading, laying lines over
cells, writing and committing are all in the time. Then the same again, when nothing is left to do.
"""

import resource
import time
from datetime import UTC, datetime

import psycopg
import sqlalchemy as sa
from sqlmodel import Session

from bench import stage
from ledger.reconciliation.steps.match import Matched, match

CENTRES, FIRMS, DOCUMENTS, LINES = 100, 500, 25_000, 4
NOW = datetime(2026, 12, 20, 4, tzinfo=UTC)

# A USCC's last character checks the others; the database knows how.
CODES = """
    CREATE FUNCTION pg_temp.uscc(n integer) RETURNS text LANGUAGE sql AS $$
        SELECT '91640100MA' || to_char(n, 'FM0000000') || c
        FROM string_to_table('0123456789ABCDEFGHJKLMNPQRTUWXY', NULL) AS c
        WHERE uscc_valid('91640100MA' || to_char(n, 'FM0000000') || c)
    $$
"""
_TOWN = f"""
    INSERT INTO organisations (uscc, name)
        SELECT pg_temp.uscc(n), 'organisation ' || n FROM generate_series(1, {CENTRES + FIRMS}) n;
    INSERT INTO centres (name, organisation_id)
        SELECT 'centre ' || id, id FROM organisations WHERE id <= {CENTRES};
    INSERT INTO projects (code, name, kind, organisation_id)
        SELECT 'p' || id, 'p', CASE WHEN id % 5 = 0 THEN 'team' ELSE 'model' END, id
        FROM organisations WHERE id > {CENTRES};
    INSERT INTO contracts (number, centre_id, project_id, valid)
        SELECT 'k' || id, 1 + id % {CENTRES}, id, '[2026-01-01,2027-01-01)' FROM projects;
    INSERT INTO catalogue_models (name) VALUES ('one'), ('other');
    INSERT INTO prices (contract_id, model_id, unit, yuan, gpus, hours, tax_included, tax_rate,
        valid,
            recorded_at, recorded_by)
        SELECT k.id, m.id, 'gpu-hour', 10, 1, 1, false, 0.06, k.valid, now(), 'bench'
        FROM contracts k CROSS JOIN catalogue_models m ORDER BY k.id, m.id;
"""
# After the prices: of usage that was charged no price is stated without two persons.
_CHARGES = """
    INSERT INTO charges (contract_id, price_id, month, policy, model_id, mig_profile, ms_num,
        ms_den,
            cost_fen, computed_at)
        SELECT p.contract_id, p.id, m::date, 'v1', p.model_id, '', 1, 1,
               100000 + p.id * 13 + extract(month FROM m)::integer, now()
        FROM prices p, generate_series(date '2026-01-01', '2026-12-01', interval '1 month') m;
    INSERT INTO statements (number, contract_id, month, revision, total_fen, digest, issued_at,
            issued_by)
        SELECT 'DZ-' || contract_id || '-' || month, contract_id, month, 1, sum(cost_fen),
               repeat('0', 64), now(), 'bench' FROM charges GROUP BY contract_id, month;
    INSERT INTO originals (hash, name, media, content, received_at, received_by)
        VALUES (encode(sha256('x'), 'hex'), 'x', 'text/xml', 'x', now(), 'bench');
"""
_INVOICES = f"""
    CREATE TEMP TABLE wanted AS
        SELECT n, k.id AS contract, date '2026-01-01' + make_interval(months => n / {FIRMS} % 12)
                   AS month,
               so.uscc AS seller, so.name AS seller_name, bo.uscc AS buyer, bo.name AS buyer_name,
               l.line, (50000 + k.id * 13 / 2 + n % 7 * 1000) / 2 AS fen
        FROM generate_series(0, {DOCUMENTS - 1}) n JOIN contracts k ON k.id = 1 + n % {FIRMS}
        JOIN centres c ON c.id = k.centre_id JOIN organisations so ON so.id = c.organisation_id
        JOIN projects p ON p.id = k.project_id JOIN organisations bo ON bo.id = p.organisation_id
        CROSS JOIN generate_series(1, {LINES}) AS l (line);
    ALTER TABLE decisions DISABLE TRIGGER USER;  -- nobody is there who could decide
    INSERT INTO decisions (kind, subject, content, digest, reason, decided_by, decided_at)
        SELECT 'document', 'bench', content, digest_of(content), '', 'bench', now()
        FROM (SELECT jsonb_build_object('documents', count(DISTINCT n), 'net_fen', sum(fen),
                     'gross_fen', sum(fen), 'original', encode(sha256('x'), 'hex')) AS content
              FROM wanted) w;
    INSERT INTO cost_documents (kind, number, issued_on, seller_uscc, seller_name, buyer_uscc,
            buyer_name, net_fen, tax_fen, gross_fen, since, until, statement, source, original,
            received_at, received_by, decision_id)
        SELECT 'digital_invoice', '26640000' || to_char(n, 'FM000000000000'),
               (min(month) + interval '1 month 4 days')::date, seller, min(seller_name), buyer,
               min(buyer_name), sum(fen), 0, sum(fen),
               CASE WHEN n % 97 = 0 THEN date '2025-06-01' ELSE min(month)::date END,
               CASE WHEN n % 97 = 0 THEN date '2025-06-30'
                    ELSE (min(month) + make_interval(months => 1 + n % 2, days => -1))::date END,
               CASE WHEN n % 10 = 0 THEN 'DZ-' || min(contract) || '-' || min(month)::date END,
               'xml', encode(sha256('x'), 'hex'), now(), 'bench', d.id
        FROM wanted, decisions d GROUP BY n, seller, buyer, d.id ORDER BY n;
    INSERT INTO document_lines (document_id, line, item, net_fen, tax_fen)
        SELECT d.id, w.line, '*信息技术服务*算力服务费', w.fen, 0 FROM wanted w
        JOIN cost_documents d ON d.number = '26640000' || to_char(w.n, 'FM000000000000');
    UPDATE decisions SET answer = 'confirmed', answered_by = 'clerk:second#2',
        answered_at = now(), answered_digest = digest WHERE kind = 'document';
    UPDATE cost_documents SET confirmed_by = 'clerk:second#2', confirmed_at = now();
    ALTER TABLE decisions ENABLE TRIGGER USER;
    DROP TABLE wanted
"""


def run() -> dict[str, object]:
    """The figures of one run."""
    with stage.database() as database, stage.owner(database) as owner:
        fill(owner)
        engine = database.engine()
        matched, seconds, processor_s = _timed(engine)
        again, idle, _ = _timed(engine)
        assert again.shares == 0
        (tied,) = owner.execute("SELECT sum(fen) FROM allocations").fetchone() or (None,)
        assert tied == matched.allocated_fen
        engine.dispose()
    return {
        "lines_matched_s": round(seconds, 1),
        "processor_s_of_it": round(processor_s, 1),
        "lines_per_s": round(matched.lines / seconds),
        "again_with_nothing_to_do_s": round(idle, 1),
        "lines": matched.lines,
        "shares": matched.shares,
        "lines_left": matched.unallocated,
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def fill(owner: psycopg.Connection) -> None:
    """The city and its invoices."""
    owner.execute(CODES.encode())
    for part in (_TOWN, _CHARGES, _INVOICES):
        with owner.transaction():
            owner.execute(part.encode())
    owner.execute("ANALYZE")


def _timed(engine: sa.Engine) -> tuple[Matched, float, float]:
    """What was matched, the seconds by the clock, and those of the processor."""
    began, processor_s = time.perf_counter(), stage.processor_s()
    with Session(engine) as db, db.begin():
        matched = match(db, actor="clerk:bench#1", now=NOW)
    return matched, time.perf_counter() - began, stage.processor_s() - processor_s
