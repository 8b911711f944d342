"""Vouchers for tests of the books, and the audit that every such test may end with."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.types.json import Jsonb
from sqlmodel import Session

from ledger.accounts.queries import post, rights
from ledger.accounts.rules.targets import Move, Rights
from ledger.vouchers.steps.voucher import open_voucher
from ledger.vouchers.tables import Voucher
from tests.support.people import place_token

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
MONTH = date(2026, 11, 1)
USCC = "91640100MA7600001J"


def place_project(owner: psycopg.Connection, code: str, kind: str = "model") -> int:
    """A project of that code; its id."""
    owner.execute(
        "INSERT INTO organisations (uscc, name) VALUES (%s, '测试单位') ON CONFLICT DO NOTHING",
        (USCC,),
    )
    row = owner.execute(
        "INSERT INTO projects (code, name, kind, organisation_id)"
        " SELECT %s, %s, %s, id FROM organisations WHERE uscc = %s RETURNING id",
        (code, code, kind, USCC),
    ).fetchone()
    assert row
    return int(row[0])


def place_clause(
    owner: psycopg.Connection, cap_fen: int, clause: str = "09-1", policy: str = "draft"
) -> None:
    """A clause of a policy version with this cap, as its file would give it."""
    owner.execute(
        "INSERT INTO clauses (policy, clause, digest, rate_num, rate_den, cap_fen, effective,"
        " complete) VALUES (%s, %s, 'digest', 30, 100, %s, '[2017-01-01,)', true)",
        (policy, clause, cap_fen),
    )


def place_voucher(
    owner: psycopg.Connection, engine: sa.Engine, cap_fen: int, code: str = "m1"
) -> Voucher:
    """A project with a voucher of that cap, open and issued."""
    project = place_project(owner, code)
    place_clause(owner, cap_fen, policy=f"policy of {code}")
    with Session(engine, expire_on_commit=False) as db, db.begin():
        return open_voucher(
            db,
            project=project,
            clause="09-1",
            policy=f"policy of {code}",
            facts={},
            actor="clerk",
            now=NOW,
        )


def place_budget(owner: psycopg.Connection, number: str = "指标1", year: int = 2026) -> int:
    """An indicator of that year, with nothing in it yet; its book."""
    row = owner.execute(
        "INSERT INTO indicators (number, year, project_name, fund_kind, classification, opened_at,"
        " opened_by) VALUES (%s, %s, '算力补贴', '一般公共预算', '2150899', now(), 'clerk')"
        " RETURNING book_id",
        (number, year),
    ).fetchone()
    assert row
    return int(row[0])


def place_cost_book(owner: psycopg.Connection, project: int, number: str = "k1") -> int:
    """The cost book of a contract's November; a centre and the contract are made for it."""
    row = owner.execute(
        """
        WITH place AS (
            INSERT INTO centres (name, organisation_id) SELECT %s, organisation_id FROM projects
            WHERE id = %s RETURNING id
        ), made AS (
            INSERT INTO contracts (number, centre_id, project_id, valid)
            SELECT %s, place.id, %s, '[2026-01-01,)' FROM place RETURNING id
        )
        INSERT INTO reconciliations (contract_id, month, opened_at, opened_by)
        SELECT id, %s, now(), 'clerk' FROM made RETURNING id
        """,
        (f"centre of {number}", project, number, project, MONTH),
    ).fetchone()
    assert row
    book = owner.execute(
        "INSERT INTO cost_books (reconciliation_id) VALUES (%s) RETURNING book_id", row
    ).fetchone()
    assert book
    return int(book[0])


def place_decision(owner: psycopg.Connection, kind: str, content: Mapping[str, Any]) -> int:
    """A decision that one person made and another confirmed; its id."""
    row = owner.execute(
        "INSERT INTO decisions (kind, subject, content, digest, reason, decided_by, decided_at,"
        " answer, answered_by, answered_at, answered_digest)"
        " VALUES (%s, 'x', %s, repeat('0', 64), '', %s, now(), 'confirmed', %s, now(),"
        " repeat('0', 64)) RETURNING id",
        (
            kind,
            Jsonb(content),
            place_token(owner, "clerk", "甲"),
            place_token(owner, "approver", "乙"),
        ),
    ).fetchone()
    assert row
    return int(row[0])


def chain(amount: int, *steps: str) -> Sequence[Move]:
    """Moves of one amount: chain(30, "accrue available accrued", …)."""
    return [Move(kind, source, goal, amount) for kind, source, goal in map(str.split, steps)]


def accrue(amount: int) -> Sequence[Move]:
    """The commonest posting of all."""
    return chain(amount, "accrue available accrued")


@contextmanager
def uncaused(owner: psycopg.Connection) -> Iterator[None]:
    """Money may be put anywhere under a cause that is made up, as only the owner can allow it."""
    rule = ask_no_cause(owner)
    yield
    owner.execute(rule.encode())


def ask_no_cause(owner: psycopg.Connection) -> str:
    """From now on no posting needs a cause; the rule that would say so again."""
    row = owner.execute("SELECT pg_get_functiondef('check_causes'::regproc)").fetchone()
    assert row
    owner.execute(
        "CREATE OR REPLACE FUNCTION check_causes(from_posting bigint, only_cause text) RETURNS void"
        " LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS 'BEGIN END'"
    )
    return str(row[0])


def posted(engine: sa.Engine, cause: str, moves: Mapping[int, Sequence[Move]]) -> int | None:
    """Post and commit."""
    with Session(engine) as db, db.begin():
        return post(db, cause=cause, used_on=MONTH, booked=MONTH, actor="clerk", moves=moves)


def place_moves(
    owner: psycopg.Connection, engine: sa.Engine, cause: str, moves: Mapping[int, Sequence[Move]]
) -> None:
    """Money is moved there by the owner's leave, without anything that caused it."""
    with uncaused(owner):
        posted(engine, cause, moves)


def held(engine: sa.Engine, book: int) -> Rights:
    with Session(engine) as db:
        return rights(db, book)


# Each query finds what must not be.
AUDIT = {
    "an account that is not the sum of its entries": """
        SELECT a.book_id AS book, a.role FROM accounts a LEFT JOIN entries e USING (book_id, role)
        GROUP BY a.book_id, a.role
        HAVING a.balance <> coalesce(sum(e.amount), 0) OR a.version <> count(e.version)
    """,
    "a version that is missing": """
        SELECT book_id AS book, role FROM entries GROUP BY book_id, role
        HAVING (min(version), max(version)) <> (1, count(*))
    """,
    "an entry whose balance is not the sum up to it, or below the floor": """
        SELECT * FROM (
            SELECT *, sum(amount) OVER (PARTITION BY book_id, role ORDER BY version) AS so_far
            FROM entries
        ) e JOIN accounts a USING (book_id, role)
        WHERE e.balance <> so_far OR e.balance < least(a.floor, (
            -- a promise under an older cap was lower than the floor is now
            SELECT min(-(d.content ->> 'before_fen')::bigint)
            FROM decisions d JOIN vouchers v ON v.id = (d.content ->> 'voucher')::bigint
            WHERE v.book_id = a.book_id AND a.role = 'clause'
                AND (d.kind, d.answer) = ('cap', 'confirmed')
        ))
    """,
    "a movement without its two opposite entries": """
        SELECT m.id FROM movements m LEFT JOIN entries e ON e.movement_id = m.id
        GROUP BY m.id
        HAVING count(e.version) <> 2 OR count(*) FILTER (WHERE e.book_id = m.book_id
            AND (e.role, e.amount) IN ((m.from_role, -m.amount), (m.to_role, m.amount))) <> 2
    """,
    "an entry without a movement": """
        SELECT e.* FROM entries e LEFT JOIN movements m ON m.id = e.movement_id WHERE m.id IS NULL
    """,
    "a number that is missing": """
        SELECT last FROM numbering, (SELECT count(number) AS numbered, max(number) AS highest,
                                            count(*) AS posted FROM postings) p
        WHERE (last, last, last) <> (numbered, coalesce(highest, 0), posted)
    """,
    "a number that is older than the one before it": """
        SELECT * FROM (SELECT posted_at, lag(posted_at) OVER (ORDER BY number) AS before
                       FROM postings) p WHERE before > posted_at
    """,
    "a posting without movements": """
        SELECT p.id FROM postings p LEFT JOIN movements m ON m.posting_id = p.id WHERE m.id IS NULL
    """,
    "a book without its voucher, its indicator or its month": """
        SELECT b.id FROM books b
        LEFT JOIN vouchers v ON v.book_id = b.id AND b.ledger = 'rights'
        LEFT JOIN indicators i ON i.book_id = b.id AND b.ledger = 'budget'
        LEFT JOIN cost_books c ON c.book_id = b.id AND b.ledger = 'cost'
        LEFT JOIN voucher_years y ON y.book_id = b.id AND b.ledger = 'year'
        LEFT JOIN pools p ON p.book_id = b.id AND b.ledger = 'year'
        WHERE num_nonnulls(v.id, i.id, c.reconciliation_id, y.voucher_id, p.id) <> 1
    """,
    "a voucher that has recognised more than its years have drawn": """
        SELECT v.id FROM vouchers v WHERE draws_by_year(v.id) AND (
            SELECT sum(balance) FROM accounts
            WHERE book_id = v.book_id AND role IN ('payable', 'sent', 'paid')
        ) <> (
            SELECT coalesce(sum(a.balance), 0) FROM voucher_years y JOIN accounts a USING (book_id)
            WHERE y.voucher_id = v.id AND a.role = 'drawn')
    """,
    "a pool that has not drawn what its vouchers have": """
        SELECT p.id FROM pools p JOIN accounts d ON d.book_id = p.book_id AND d.role = 'drawn'
        WHERE d.balance <> (
            SELECT coalesce(sum(a.balance), 0)
            FROM pool_clauses c JOIN vouchers v USING (clause)
            JOIN voucher_years y ON (y.voucher_id, y.year) = (v.id, c.year)
            JOIN accounts a ON a.book_id = y.book_id AND a.role = 'drawn'
            WHERE c.pool_id = p.id)
    """,
    "a book with an account of another kind of book": """
        SELECT a.book_id AS book, a.role FROM accounts a JOIN books b ON b.id = a.book_id
        JOIN roles r ON r.role = a.role WHERE r.ledger <> b.ledger
    """,
}


def audit(owner: psycopg.Connection) -> list[str]:
    """What is wrong with the books of the whole database; nothing, if all is well."""
    return [fault for fault, query in AUDIT.items() if _finds(owner, query)]


def _finds(owner: psycopg.Connection, query: str) -> bool:
    row = owner.execute(f"SELECT EXISTS ({query})".encode()).fetchone()
    assert row
    return bool(row[0])
