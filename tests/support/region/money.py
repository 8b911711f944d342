"""The money of a region's months, by the real steps, from vouchers to months that two closed.

The invoices and the transfers that paid them are written by SQL: one of two lines for what each
contract's month cost, where there is none yet.
"""

from datetime import date

import psycopg
import sqlalchemy as sa
from sqlmodel import Session

from ledger.charging.steps import charge
from ledger.desk.steps.confirm import respond
from ledger.people.codes import Answer, Role
from ledger.people.steps.credentials import Viewer
from ledger.postgres.columns import key
from ledger.reconciliation.steps.match import match
from ledger.reconciliation.steps.reconcile import propose_tolerable
from ledger.statements.steps import issue_all
from ledger.vouchers.steps.accrue import accrue_all
from ledger.vouchers.steps.voucher import open_voucher
from tests.support.region.usage import CLAUSE, NOW, POLICY

CLERK, APPROVER = Viewer(1_000_011, "甲", Role.CLERK), Viewer(1_000_012, "乙", Role.APPROVER)

_QUIET = ("decisions", "cost_documents", "receipts")
# Nobody is there who could decide each of them.
_BILLS = """
    INSERT INTO originals (hash, name, media, content, received_at, received_by)
        VALUES (encode(sha256('x'), 'hex'), 'x', 'text/xml', 'x', now(), 'bench')
        ON CONFLICT DO NOTHING;
    CREATE TEMP TABLE bills AS
        SELECT k.id, c.month, sum(c.cost_fen)::bigint AS fen, so.uscc AS seller,
               so.name AS seller_name, bo.uscc AS buyer, bo.name AS buyer_name,
               '266' || to_char(c.month, 'YYMM') || to_char(k.id, 'FM0000000000000') AS number
        FROM charges c JOIN contracts k ON k.id = c.contract_id
        JOIN centres s ON s.id = k.centre_id JOIN organisations so ON so.id = s.organisation_id
        JOIN projects p ON p.id = k.project_id JOIN organisations bo ON bo.id = p.organisation_id
        WHERE c.month = '{month}' GROUP BY k.id, c.month, so.uscc, so.name, bo.uscc, bo.name;
    DELETE FROM bills WHERE number IN (SELECT number FROM cost_documents);
    CREATE TEMP TABLE decided AS
        SELECT b.*, nextval('decisions_id_seq') AS decision_id FROM bills b;
    INSERT INTO decisions (id, kind, subject, content, digest, reason, decided_by, decided_at,
            answer, answered_by, answered_at, answered_digest)
        OVERRIDING SYSTEM VALUE
        SELECT decision_id, 'document', number, c, digest_of(c), '', 'clerk:a#1', now(),
               'confirmed', 'clerk:b#2', now(), digest_of(c)
        FROM decided CROSS JOIN LATERAL jsonb_build_object('number', number) c;
    INSERT INTO cost_documents (kind, number, issued_on, seller_uscc, seller_name, buyer_uscc,
            buyer_name, net_fen, tax_fen, gross_fen, since, until, source, original, received_at,
            received_by, confirmed_by, confirmed_at, decision_id)
        SELECT 'digital_invoice', number, month + 35, seller, seller_name, buyer, buyer_name, fen,
               fen * 6 / 100, fen + fen * 6 / 100, month, (month + interval '1 month')::date - 1,
               'xml', encode(sha256('x'), 'hex'), now(), 'clerk:a#1', 'clerk:b#2', now(),
               decision_id
        FROM decided ORDER BY id;
    INSERT INTO document_lines (document_id, line, item, net_fen, tax_fen)
        SELECT d.id, line, '*信息技术服务*算力服务费',
               CASE line WHEN 1 THEN net_fen / 2 ELSE net_fen - net_fen / 2 END,
               CASE line WHEN 1 THEN tax_fen / 2 ELSE tax_fen - tax_fen / 2 END
        FROM cost_documents d JOIN bills USING (number) CROSS JOIN generate_series(1, 2) line;
    INSERT INTO receipts (reference, document_id, payer, payee, fen, paid_on, original,
            amount_found, reference_found, entered_at, entered_by)
        SELECT 'T' || d.id, d.id, d.buyer_name, d.seller_name, gross_fen, d.issued_on, original,
               true, true, now(), 'clerk:a#1'
        FROM cost_documents d JOIN bills USING (number);
    DROP TABLE bills, decided;
"""


def place_money(
    owner: psycopg.Connection, engine: sa.Engine, months: list[date], fresh: range
) -> None:
    """Vouchers for the projects `fresh` (numbers of their codes); then each month, oldest first."""
    for number in fresh:
        with Session(engine) as db, db.begin():
            project = db.execute(
                sa.text("SELECT id FROM projects WHERE code = :code"), {"code": f"p{number}"}
            ).scalar_one()
            open_voucher(
                db, project=project, clause=CLAUSE, policy=POLICY, facts={}, actor="bench", now=NOW
            )
    with Session(engine) as db, db.begin():
        charge(db, NOW)
        accrue_all(db, CLERK.actor, NOW)
    for month in months:
        place_bills(owner, month)
        close_month(engine, month)
    owner.execute("ANALYZE")


def place_bills(owner: psycopg.Connection, month: date) -> None:
    """An invoice, and the transfer that paid it, for what each contract's month cost."""
    with owner.transaction():
        for table in _QUIET:
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
        owner.execute(_BILLS.format(month=month).encode())
        for table in _QUIET:
            owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER".encode())


def close_month(engine: sa.Engine, month: date) -> None:
    """Statements, matching, one person's proposals and the other's answers, and accrual."""
    with Session(engine, expire_on_commit=False) as db, db.begin():
        issue_all(db, month, actor=CLERK.actor, now=NOW)
        match(db, actor=CLERK.actor, now=NOW)
        decisions, _ = propose_tolerable(db, month, actor=CLERK.actor, now=NOW)
    for decision in decisions:
        with Session(engine) as db, db.begin():
            respond(
                db, key(decision), answer=Answer.CONFIRMED, digest_seen=decision.digest,
                viewer=APPROVER, now=NOW,
            )  # fmt: skip
    with Session(engine) as db, db.begin():
        accrue_all(db, CLERK.actor, NOW)
