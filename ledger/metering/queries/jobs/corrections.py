"""Read what job sources said later of hours that are kept, and carry out what two persons decided.

Slurm's accounting may say tomorrow that a job ended earlier, later, or had other GPUs. A new hour
is new usage; an hour that was told before in other words is a correction, which counts nothing
until two persons accept it. The newest word is meant: what was said in between, or taken back, is
not.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from ledger.formats.json.exact import whole_or_ratio

# Of a word and of what counts now: held milliseconds times numerator, by holder and denominator.
_HELD = """
    SELECT w.sign, coalesce(p.holder ->> 'account', '') AS holder, coalesce(p.den, 1) AS den,
           (p.to_ms - p.from_ms) * coalesce(p.num, 1) AS held
    FROM (VALUES (1, o.body), (-1, o.counted)) AS w(sign, body)
    CROSS JOIN LATERAL jsonb_to_recordset(w.body -> 'parts')
        AS p(holder jsonb, from_ms bigint, to_ms bigint, num bigint, den integer)
    WHERE p.holder ->> 'kind' <> 'unallocated'
"""
_JOBS = text(f"""
    WITH page AS (
        SELECT c.name AS cluster, o.cluster_id, o.month, o.job, count(*)::integer AS windows,
               min(o.start) AS first, max(o.start) AS last, max(o.received_at) AS received_at
        FROM open_corrections o JOIN clusters c ON c.id = o.cluster_id
        WHERE CAST(:centre AS bigint) IS NULL OR c.centre_id = :centre
        GROUP BY c.name, o.cluster_id, o.month, o.job
        ORDER BY o.month DESC, c.name, o.job LIMIT :limit OFFSET :offset
    )
    SELECT g.*, h.sign, h.den, h.held FROM page g LEFT JOIN LATERAL (
        SELECT h.sign, h.den, sum(h.held) AS held FROM open_corrections o
        CROSS JOIN LATERAL ({_HELD}) h
        WHERE (o.cluster_id, o.month, o.job) = (g.cluster_id, g.month, g.job)
        GROUP BY h.sign, h.den
    ) h ON true
    ORDER BY g.month DESC, g.cluster, g.job
""")
_MEANT = text(f"""
    SELECT h.sign, h.holder, h.den, sum(h.held) AS held
    FROM corrections_meant(CAST(:content AS jsonb)) o CROSS JOIN LATERAL ({_HELD}) h
    GROUP BY h.sign, h.holder, h.den ORDER BY h.holder
""")
_FIGURES = text("""
    SELECT count(*)::integer AS windows, digest_of_corrections(CAST(:content AS jsonb)) AS digest
    FROM corrections_meant(CAST(:content AS jsonb))
""")
_WAITING = text(
    "SELECT min(received_at) AS since FROM open_corrections GROUP BY cluster_id, job, month"
)
_RULE = text("SELECT rule_corrections(:decision)")


@dataclass(frozen=True)
class JobCorrection:
    """A job of a Beijing month of which its source says something else than what counts."""

    cluster: str
    month: date
    job: str
    windows: int
    before_ms: Fraction
    after_ms: Fraction
    first: datetime
    last: datetime
    received_at: datetime


def open_jobs(
    db: Session, centre: int | None = None, *, limit: int = 100, offset: int = 0
) -> list[JobCorrection]:
    """Return the jobs that wait for a correction, of one centre or of all, newest month first.

    Device-milliseconds are of the hours in question alone.
    """
    jobs: dict[tuple[Any, ...], JobCorrection] = {}
    for r in db.execute(_JOBS, {"centre": centre, "limit": limit, "offset": offset}):
        key = (r.cluster, r.month, r.job)
        old = jobs.get(key)
        sums = [old.after_ms, old.before_ms] if old else [Fraction(0), Fraction(0)]
        if r.held is not None:
            sums[r.sign < 0] += Fraction(int(r.held), r.den)
        after_ms, before_ms = sums
        jobs[key] = JobCorrection(
            *key, r.windows, before_ms, after_ms, r.first, r.last, r.received_at
        )
    return list(jobs.values())


@dataclass(frozen=True)
class Scope:
    """What a proposal is about: its windows, their digest, and use by holder before and after."""

    windows: int
    digest: str
    holders: list[dict[str, Any]]


def scope_of(db: Session, content: Mapping[str, Any]) -> Scope:
    """Return what a decision's content means; `windows` is 0 where nothing is open."""
    values = {"content": json.dumps(content, ensure_ascii=False)}
    figures = db.execute(_FIGURES, values).one()
    sums: dict[str, list[Fraction]] = {}
    for r in db.execute(_MEANT, values):
        of_holder = sums.setdefault(r.holder, [Fraction(0), Fraction(0)])
        of_holder[r.sign > 0] += Fraction(int(r.held), r.den)
    holders = [
        {
            "account": name,
            "before_ms": whole_or_ratio(before),
            "after_ms": whole_or_ratio(after),
            "difference_ms": whole_or_ratio(after - before),
        }
        for name, (before, after) in sorted(sums.items())
    ]
    return Scope(figures.windows, figures.digest, holders)


def waiting_since(db: Session) -> list[datetime]:
    """Return since when each job waits."""
    return [row.since for row in db.execute(_WAITING)]


def rule(db: Session, decision: int) -> int:
    """Carry out a confirmed decision; return how many windows it was about."""
    return int(db.execute(_RULE, {"decision": decision}).scalar_one())
