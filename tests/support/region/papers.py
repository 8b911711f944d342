"""What else lists show of a region: claims and payments, decisions, tokens, what was recorded.

Written by SQL without triggers: a list shows what stands there, however it came about. For each new
project three claims, one of them published and one on a payment list, a decision that waits, a
reservation, a question to the parties, a builder's token with a session, and a hundred events.
"""

from datetime import date

import psycopg

from tests.support.region.usage import NOW

_QUIET = (
    "persons", "tokens", "sessions", "events", "decisions", "reservations", "messages", "claims",
    "claim_events", "claim_files", "claim_cells", "publications", "bank_accounts",
    "payment_lists", "payment_lines", "bank_returns", "originals", "courier_files", "incidents",
    "incident_spans", "number_reads",
)  # fmt: skip
_PEOPLE = """
    CREATE TEMP TABLE fresh AS
        SELECT p.id, p.code, p.organisation_id, v.id AS voucher_id, k.id AS contract_id,
               k.centre_id, substr(p.code, 2)::integer AS n
        FROM projects p JOIN vouchers v ON v.project_id = p.id
        JOIN contracts k ON k.project_id = p.id
        WHERE substr(p.code, 2)::integer BETWEEN {low} AND {high};
    INSERT INTO persons (name, created_at, created_by)
        SELECT 'builder ' || code, '{now}', 'machine:bench' FROM fresh;
    INSERT INTO tokens (hash, role, person_id, project_id, created_at, created_by, expires_at)
        SELECT sha256(('token ' || code)::bytea), 'builder', o.id, f.id, '{now}', 'machine:bench',
               '2999-01-01' FROM fresh f JOIN persons o ON o.name = 'builder ' || f.code;
    INSERT INTO sessions (hash, token_id, device, address, browser, created_at, seen_at, expires_at)
        SELECT sha256(('session ' || f.code)::bytea), t.id, sha256(f.code::bytea), '10.0.0.1', 'b',
               '{now}', '{now}', '{now}'::timestamptz + interval '12 hours'
        FROM fresh f JOIN tokens t ON t.project_id = f.id;
    INSERT INTO events (at, actor, token_id, address, request, act, noun, number, result, code,
            omitted)
        SELECT '{now}'::timestamptz - i * interval '1 hour', 'builder:x#1', t.id, '10.0.0.1', 'r',
               'GET /projects', 'project', f.code, 'done', '', 0
        FROM fresh f JOIN tokens t ON t.project_id = f.id CROSS JOIN generate_series(1, 100) i;
    INSERT INTO number_reads (at, actor, accounts, place)
        SELECT '{now}', 'builder:x#1', '{{1}}', 'page' FROM fresh;
"""
_DECIDED = """
    INSERT INTO decisions (kind, subject, content, digest, reason, decided_by, decided_at)
        SELECT 'cap', code, c, digest_of(c), '', 'clerk:a#1', '{now}'
        FROM fresh CROSS JOIN LATERAL
            jsonb_build_object('voucher', voucher_id, 'cap_fen', 600000000) c;
    INSERT INTO decisions (kind, subject, content, digest, reason, decided_by, decided_at, answer,
            answered_by, answered_at, answered_digest)
        SELECT k, k || code, c, digest_of(c), '', 'clerk:a#1', '{now}', 'confirmed', 'clerk:b#2',
               '{now}', digest_of(c)
        FROM fresh CROSS JOIN unnest('{{account,payment_list}}'::text[]) k
        CROSS JOIN LATERAL jsonb_build_object('n', n) c WHERE k = 'account' OR n % 5 = 0;
    INSERT INTO reservations (voucher_id, fen, plan, until, reserved_at, reserved_by)
        SELECT voucher_id, 1, 'x', '2027-12-31', '{now}', 'clerk:a#1' FROM fresh;
    INSERT INTO messages (reconciliation_id, code, body, answer_by, sent_at, sent_by)
        SELECT r.id, 'R07', 'x', '2026-12-31', '{now}', 'clerk:a#1'
        FROM fresh JOIN reconciliations r USING (contract_id);
    INSERT INTO courier_files (centre_id, kind, name, taken_at, taken_by, outcome, answer)
        SELECT centre_id, 'batches', 'f', '{now}', 'operator:x#1', '[]', 'x' FROM fresh;
    INSERT INTO incidents (cluster_id, kind, explanation, original, file, explained_by,
            explained_at)
        SELECT centre_id, 'gap', 'x', (SELECT hash FROM originals LIMIT 1), 'f', 'operator:x#1',
               '{now}' FROM fresh WHERE n % 2 = 0;
    INSERT INTO incident_spans (incident_id, gpu, device, holder, node, num, den, span, reason)
        SELECT i.id, g.gpu, '', '', g.node, 1, 1,
               tstzrange(at - interval '9 minutes', at), 'nvml_error'
        FROM incidents i
        JOIN (SELECT cluster_id, min(gpu) AS gpu, min(node) AS node FROM gpus GROUP BY cluster_id) g
            USING (cluster_id)
        CROSS JOIN LATERAL (SELECT '{now}'::timestamptz - i.id * interval '10 minutes') q (at)
        WHERE NOT EXISTS (SELECT FROM incident_spans s WHERE s.incident_id = i.id);
"""
_CLAIMS = """
    INSERT INTO claims (number, voucher_id, payee_id, fen, state, opened_at, opened_by)
        SELECT 'DF-2026-' || n || '-' || state, voucher_id, organisation_id, 100, state, '{now}',
               'builder:x#1'
        FROM fresh CROSS JOIN unnest('{{submitted,published,paid}}'::text[]) state;
    CREATE TEMP TABLE fresh_claims AS SELECT c.*, f.contract_id, f.n FROM claims c
        JOIN fresh f USING (voucher_id);
    INSERT INTO claim_cells (claim_id, contract_id, month, fen)
        SELECT id, contract_id, '{month}', 100 FROM fresh_claims;
    INSERT INTO claim_events (claim_id, seq, state, action, role, next, actor, at)
        SELECT id, 1, 'draft', 'submit', 'builder', 'submitted', 'builder:x#1', '{now}'
        FROM fresh_claims;
    INSERT INTO claim_files (claim_id, role, original, added_at, added_by)
        SELECT id, 'application', (SELECT hash FROM originals LIMIT 1), '{now}', 'builder:x#1'
        FROM fresh_claims;
    INSERT INTO publications (claim_id, since, until, days, content, published_at, published_by)
        SELECT id, '2026-12-09', '2026-12-15', 5, jsonb_build_object('number', number,
                   'project', 'x', 'organisation', 'x', 'policy', 'x', 'article', 'x', 'award', 'x',
                   'words', 'x', 'drill', true, 'channel', 'x', 'fen', fen), '{now}', 'clerk:a#1'
        FROM fresh_claims WHERE state = 'published';
"""
# A list for five projects, of which each has a line.
_PAYMENTS = """
    INSERT INTO indicators (number, year, project_name, fund_kind, classification, opened_at,
            opened_by)
        SELECT 'Z1', 2026, 'x', 'x', '2060404', '{now}', 'clerk:a#1'
        WHERE NOT EXISTS (SELECT FROM indicators);
    INSERT INTO bank_accounts (organisation_id, holder, bank, bank_code, number, decision_id,
            confirmed_at)
        SELECT f.organisation_id, 'x', 'x', '313871000007', '6400123456789', d.id, '{now}'
        FROM fresh f JOIN decisions d ON d.subject = 'account' || f.code;
    INSERT INTO payment_lists (number, indicator_id, total_fen, words, digest, decision_id, made_at,
            made_by, sent_at)
        SELECT 'ZF-2026-' || f.n, i.id, 500, 'x', repeat('1', 64), d.id, '{now}', 'finance:x#1',
               '{now}'
        FROM fresh f JOIN decisions d ON d.subject = 'payment_list' || f.code
        CROSS JOIN indicators i;
    INSERT INTO payment_lines (list_id, line, claim_id, voucher_id, account_id, payee, uscc, bank,
            bank_code, number, fen)
        SELECT l.id, 1 + c.n % 5, c.id, c.voucher_id, a.id, 'x', 'x', 'x', '313871000007',
               '6400123456789', c.fen
        FROM fresh_claims c JOIN payment_lists l ON l.number = 'ZF-2026-' || c.n / 5 * 5
        JOIN bank_accounts a ON a.organisation_id = c.payee_id WHERE c.state = 'paid';
    INSERT INTO bank_returns (reference, list_id, line, result, fen, on_day, original, place,
            received_at, received_by, state)
        SELECT 'N' || claim_id, list_id, line, 'paid', fen, '2026-12-09',
               (SELECT hash FROM originals LIMIT 1), 'row', '{now}', 'finance:x#1', 'open'
        FROM payment_lines WHERE claim_id IN (SELECT id FROM fresh_claims);
    DROP TABLE fresh, fresh_claims;
"""


def place_papers(owner: psycopg.Connection, month: date, fresh: range) -> None:
    """The papers of the projects `fresh` (numbers of their codes), whose vouchers are there."""
    words = {"low": fresh[0], "high": fresh[-1], "now": NOW.isoformat(), "month": month}
    with owner.transaction():
        for table in _QUIET:
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
        for script in (_PEOPLE, _DECIDED, _CLAIMS, _PAYMENTS):
            owner.execute(script.format(**words).encode())
        for table in _QUIET:
            owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER".encode())
    owner.execute("ANALYZE")
