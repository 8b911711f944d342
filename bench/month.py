"""A month of 320 GPUs, from day totals to money: charged, stated, matched, reconciled, accrued.

A city of 5 centres and 40 projects, 8 GPUs each: 14 million windows of a month, as they stand in
the day totals, four pods a GPU and day; a contract, a voucher and an invoice each, paid in full.
First everything is accrued as provisional. Then the statements are issued,
the invoices are matched, one person proposes all months in which nothing asks for anybody, another
confirms each of them (which matches, clears the cost book and accrues), and all is accrued again.
"""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from typing import TypeVar

import psycopg
import sqlalchemy as sa
from sqlmodel import Session

from bench import stage
from bench.match import CODES
from ledger.charging.steps import charge
from ledger.desk.steps.confirm import respond
from ledger.people.codes import Answer, Role
from ledger.people.steps.credentials import Viewer
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.reconciliation.steps.match import match
from ledger.reconciliation.steps.reconcile import propose_tolerable
from ledger.statements.steps import issue_all
from ledger.vouchers.steps.accrue import accrue_all
from ledger.vouchers.steps.clauses import load_policies
from ledger.vouchers.steps.voucher import open_voucher
from tests.support.people import let_everybody_act, make_payable

T = TypeVar("T")
CENTRES, PROJECTS, GPUS, PODS = 5, 40, 320, 4
MONTH = date(2026, 11, 1)
NOW = datetime(2026, 12, 10, 4, tzinfo=UTC)
POLICY, CLAUSE = "yinchuan-2024-drill", "09-1"
CLERK, APPROVER = Viewer(1_000_011, "甲", Role.CLERK), Viewer(1_000_012, "乙", Role.APPROVER)

_TOWN = f"""
    INSERT INTO organisations (uscc, name)
        SELECT pg_temp.uscc(n), 'organisation ' || n
        FROM generate_series(1, {CENTRES + PROJECTS}) n;
    INSERT INTO centres (name, organisation_id)
        SELECT 'centre ' || id, id FROM organisations WHERE id <= {CENTRES};
    INSERT INTO projects (code, name, kind, organisation_id, drill)
        SELECT 'p' || id - {CENTRES}, 'p', 'model', id, true
        FROM organisations WHERE id > {CENTRES} ORDER BY id;
    INSERT INTO clusters (name, centre_id) SELECT 'c' || id, id FROM centres ORDER BY id;
    INSERT INTO billing_sources (cluster_id, source, valid, recorded_at, recorded_by)
        SELECT id, 'nvml', '[2026-01-01,)', now(), 'bench' FROM clusters;
    INSERT INTO catalogue_models (name) VALUES ('H100');
    INSERT INTO catalogue_names (nvml_name, model_id) SELECT 'H100', id FROM catalogue_models;
    INSERT INTO gpus (gpu, cluster_id, node, registered_from)
        SELECT 'GPU-00000000-0000-4000-8000-' || to_char(n, 'FM000000000000'),
               1 + n / 8 % {CENTRES}, 'n' || n / 8, '2026-01-01+08'
        FROM generate_series(0, {GPUS - 1}) n;
    INSERT INTO contracts (number, centre_id, project_id, valid)
        SELECT 'k' || id, 1 + (id - 1) % {CENTRES}, id, '[2026-01-01,2027-01-01)' FROM projects;
    INSERT INTO prices (contract_id, unit, yuan, gpus, hours, tax_included, tax_rate, valid,
            recorded_at, recorded_by)
        SELECT k.id, 'gpu-hour', 10, 1, 1, false, 0.06, k.valid, now(), 'bench' FROM contracts k;
    INSERT INTO bindings (cluster_id, holder_kind, holder, project_id, valid, recorded_at,
            recorded_by)
        SELECT c.id, 'pod', p.code || '-' || n, p.id, '[2026-01-01,)', now(), 'bench'
        FROM projects p JOIN contracts k ON k.project_id = p.id
        JOIN clusters c ON c.centre_id = k.centre_id CROSS JOIN generate_series(1, {PODS}) n;
    CREATE TEMP TABLE days AS
        SELECT g.gpu, d::date AS day, g.cluster_id, k.project_id
        FROM gpus g JOIN contracts k ON k.id = 1 + substr(g.node, 2)::integer % {PROJECTS}
        CROSS JOIN generate_series(date '2026-11-01', '2026-11-30', interval '1 day') d;
    INSERT INTO day_totals (gpu, day, cluster_id, source, model, holder_kind, holder, mig_profile,
            den, held)
        SELECT gpu, day, cluster_id, 'nvml', 'H100', 'pod', 'p' || project_id || '-' || n, '', 1,
               86400000 / {PODS} FROM days CROSS JOIN generate_series(1, {PODS}) n;
    INSERT INTO coverage (gpu, day, cluster_id, source, windows, window_ms, gap_ms)
        SELECT gpu, day, cluster_id, 'nvml', 1440, 86400000, 0 FROM days;
"""
# Once charged: invoices of what was metered, of two lines each, and the transfers that paid them.
_BILLS = """
    INSERT INTO originals (hash, name, media, content, received_at, received_by)
        VALUES (encode(sha256('x'), 'hex'), 'x', 'text/xml', 'x', now(), 'bench');
    ALTER TABLE decisions DISABLE TRIGGER USER;  -- nobody is there who could decide
    ALTER TABLE cost_documents DISABLE TRIGGER USER;
    ALTER TABLE receipts DISABLE TRIGGER USER;
    CREATE TEMP TABLE bills AS
        SELECT k.id, sum(c.cost_fen)::bigint AS fen, so.uscc AS seller, so.name AS seller_name,
               bo.uscc AS buyer, bo.name AS buyer_name
        FROM charges c JOIN contracts k ON k.id = c.contract_id
        JOIN centres s ON s.id = k.centre_id JOIN organisations so ON so.id = s.organisation_id
        JOIN projects p ON p.id = k.project_id JOIN organisations bo ON bo.id = p.organisation_id
        GROUP BY k.id, so.uscc, so.name, bo.uscc, bo.name;
    WITH decision AS (
        INSERT INTO decisions (kind, subject, content, digest, reason, decided_by, decided_at,
                answer, answered_by, answered_at, answered_digest)
            VALUES ('document', 'bench', '{}', encode(sha256('{}'), 'hex'), '', 'clerk:a#1', now(),
                    'confirmed', 'clerk:b#2', now(), encode(sha256('{}'), 'hex')) RETURNING id
    )
    INSERT INTO cost_documents (kind, number, issued_on, seller_uscc, seller_name, buyer_uscc,
            buyer_name, net_fen, tax_fen, gross_fen, since, until, source, original, received_at,
            received_by, confirmed_by, confirmed_at, decision_id)
        SELECT 'digital_invoice', '26640000' || to_char(b.id, 'FM000000000000'), '2026-12-05',
               seller, seller_name, buyer, buyer_name, fen, fen * 6 / 100, fen + fen * 6 / 100,
               '2026-11-01', '2026-11-30', 'xml', encode(sha256('x'), 'hex'), now(), 'clerk:a#1',
               'clerk:b#2', now(), d.id
        FROM bills b, decision d ORDER BY b.id;
    INSERT INTO document_lines (document_id, line, item, net_fen, tax_fen)
        SELECT id, line, '*信息技术服务*算力服务费', CASE line WHEN 1 THEN net_fen / 2
               ELSE net_fen - net_fen / 2 END,
               CASE line WHEN 1 THEN tax_fen / 2 ELSE tax_fen - tax_fen / 2 END
        FROM cost_documents CROSS JOIN generate_series(1, 2) line;
    INSERT INTO receipts (reference, document_id, payer, payee, fen, paid_on, original,
            amount_found, reference_found, entered_at, entered_by)
        SELECT 'T' || id, id, buyer_name, seller_name, gross_fen, '2026-12-06', original, true,
               true, now(), 'clerk:a#1'
        FROM cost_documents;
    ALTER TABLE decisions ENABLE TRIGGER USER;
    ALTER TABLE cost_documents ENABLE TRIGGER USER;
    ALTER TABLE receipts ENABLE TRIGGER USER;
"""


def run() -> dict[str, object]:
    """The figures of one run: seconds of each step, and the processor's seconds of all of them."""
    with stage.database() as database, stage.owner(database) as owner:
        engine = database.engine()
        _fill(owner, engine, database.owner_engine())
        seconds: dict[str, float] = {}
        began_at = stage.processor_s()

        def timed(name: str, step: Callable[[Session], T]) -> T:
            began = time.perf_counter()
            with Session(engine, expire_on_commit=False) as db, db.begin():
                result = step(db)
            seconds[name] = seconds.get(name, 0) + time.perf_counter() - began
            return result

        timed("charged", lambda db: charge(db, NOW))
        timed("accrued_as_provisional", lambda db: accrue_all(db, CLERK.actor, NOW))
        _owner_script(owner, _BILLS)
        timed("statements_issued", lambda db: issue_all(db, MONTH, actor=CLERK.actor, now=NOW))
        timed("invoices_matched", lambda db: match(db, actor=CLERK.actor, now=NOW))
        decisions, left_out = timed(
            "proposed", lambda db: propose_tolerable(db, MONTH, actor=CLERK.actor, now=NOW)
        )
        for decision in decisions:
            timed("confirmed_one_by_one", partial(_confirm, decision))
        timed("accrued_again", lambda db: accrue_all(db, CLERK.actor, NOW))
        processor_s = stage.processor_s() - began_at
        engine.dispose()
    return {
        **{f"{name}_s": round(value, 2) for name, value in seconds.items()},
        "all_of_it_s": round(sum(seconds.values()), 1),
        "processor_s_of_it": round(processor_s, 1),
        "windows": GPUS * 30 * 1440,
        "months_decided": len(decisions),
        "months_left_to_a_person": len(left_out),
    }


def _fill(owner: psycopg.Connection, engine: sa.Engine, owner_engine: sa.Engine) -> None:
    with owner_engine.begin() as connection:
        load_policies(connection)
    make_payable(owner)
    _owner_script(owner, CODES + ";" + _TOWN)
    let_everybody_act(owner)  # two persons open the vouchers
    for project in range(1, PROJECTS + 1):
        with Session(engine) as db, db.begin():
            open_voucher(
                db, project=project, clause=CLAUSE, policy=POLICY, facts={}, actor="bench", now=NOW
            )
    owner.execute("ANALYZE")


def _confirm(decision: Decision, db: Session) -> None:
    respond(
        db, key(decision), answer=Answer.CONFIRMED, digest_seen=decision.digest, viewer=APPROVER,
        now=NOW,
    )  # fmt: skip


def _owner_script(owner: psycopg.Connection, script: str) -> None:
    with owner.transaction():
        owner.execute(script.encode())
