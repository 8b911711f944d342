"""Pools of a year (年度资金池): what they have, what is drawn by whom, and who waits."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

from ledger.units import Fen

_POOLS = text("""
    SELECT l.id, l.year, l.number, l.book_id, -p.floor AS cap_fen, s.balance AS drawn_fen,
           ARRAY(SELECT clause FROM pool_clauses WHERE pool_id = l.id ORDER BY clause) AS clauses
    FROM pools l
    JOIN accounts p ON p.book_id = l.book_id AND p.role = 'ceiling'
    JOIN accounts s ON s.book_id = l.book_id AND s.role = 'drawn'
    WHERE CAST(:year AS integer) IS NULL
        OR (l.year, l.number) = (CAST(:year AS integer), CAST(:number AS text))
    ORDER BY l.year DESC, l.number
""")

_PARTS = text("""
    SELECT o.code AS project, o.name, a.balance AS drawn_fen
    FROM pool_clauses c JOIN vouchers v USING (clause) JOIN projects o ON o.id = v.project_id
    JOIN voucher_years y ON (y.voucher_id, y.year) = (v.id, c.year)
    JOIN accounts a ON a.book_id = y.book_id AND a.role = 'drawn'
    WHERE c.pool_id = :pool AND a.balance <> 0 ORDER BY o.code
""")

_WAITS = text("""
    SELECT w.id AS number, o.code AS project, o.name, w.fen, w.since
    FROM pool_clauses c JOIN vouchers v USING (clause) JOIN projects o ON o.id = v.project_id
    JOIN year_waits w ON (w.voucher_id, w.year) = (v.id, c.year)
    WHERE c.pool_id = :pool ORDER BY w.id
""")


@dataclass(frozen=True)
class PoolPart:
    """What a project has drawn from a pool, fen."""

    project: str
    name: str
    drawn_fen: Fen


@dataclass(frozen=True)
class PoolWait:
    """What a project recognised beyond its pool, fen; the smallest number is served first."""

    number: int
    project: str
    name: str
    fen: Fen
    since: datetime


@dataclass(frozen=True)
class PoolRead:
    """A pool of a year, fen."""

    year: int
    number: str
    book_id: int
    clauses: tuple[str, ...]
    cap_fen: Fen
    drawn_fen: Fen
    parts: tuple[PoolPart, ...]
    waits: tuple[PoolWait, ...]

    @property
    def free_fen(self) -> Fen:
        """What nobody has drawn."""
        return self.cap_fen - self.drawn_fen

    @property
    def waiting_fen(self) -> Fen:
        """What waits for it in all."""
        return sum(wait.fen for wait in self.waits)


def pools(db: Session) -> list[PoolRead]:
    """Return all pools, the newest year first."""
    return [_pool(db, row) for row in db.execute(_POOLS, {"year": None, "number": None}).all()]


def pool_by_number(db: Session, year: int, number: str) -> PoolRead | None:
    """Return a pool; None if there is none of that number in that year."""
    row = db.execute(_POOLS, {"year": year, "number": number}).one_or_none()
    return _pool(db, row) if row is not None else None


def _pool(db: Session, row: Row[Any]) -> PoolRead:
    of_pool = {"pool": row.id}
    return PoolRead(
        year=row.year,
        number=row.number,
        book_id=row.book_id,
        clauses=tuple(row.clauses),
        cap_fen=row.cap_fen,
        drawn_fen=row.drawn_fen,
        parts=tuple(PoolPart(*part) for part in db.execute(_PARTS, of_pool)),
        waits=tuple(PoolWait(*wait) for wait in db.execute(_WAITS, of_pool)),
    )
