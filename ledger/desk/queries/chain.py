"""Walk the chain from a payment to the signed bytes of a batch, and back.

A posting names its cause; the cause names a decision, a project, or the line of a payment list. A
line pays a claim, a claim is of months of contracts, a month has its days, documents and statement,
a day its windows, a window its batch.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

from ledger.metering.queries.usage import owned_usage
from ledger.registry.tables import Contract
from ledger.units import month_of, next_month

# What a cause names: of a decision its key, of a list's or a bank's row the line and its claim. The
# owner of a book is a project, an indicator, or the month of a contract.
_NAMES = """
    LEFT JOIN LATERAL (
        SELECT s.number AS payment_list, n.line, c.number AS claim
        FROM payment_lists s JOIN payment_lines n ON n.list_id = s.id
        JOIN claims c ON c.id = n.claim_id
        WHERE split_part(p.cause, '/', 1) IN ('pay', 'year-end')
            AND s.number = split_part(p.cause, '/', 2)
            AND n.line::text = split_part(p.cause, '/', 3)
        UNION ALL
        SELECT s.number, n.line, c.number
        FROM bank_returns r JOIN payment_lines n ON (n.list_id, n.line) = (r.list_id, r.line)
        JOIN payment_lists s ON s.id = n.list_id JOIN claims c ON c.id = n.claim_id
        WHERE split_part(p.cause, '/', 1) = 'bank' AND r.reference = substr(p.cause, 6)
            AND r.state <> 'open'
        LIMIT 1
    ) paid ON true
"""
_CAUSE = """
    p.id, p.number, p.cause, p.used, p.booked, p.actor, p.posted_at,
    CASE WHEN split_part(p.cause, '/', 1) IN ('reconcile', 'decision')
        THEN substring(p.cause FROM '^[a-z]+/([0-9]{1,18})')::bigint END AS decision,
    paid.payment_list, paid.line, paid.claim
"""
_OWNER = """
    LEFT JOIN vouchers v ON v.book_id = m.book_id LEFT JOIN projects j ON j.id = v.project_id
    LEFT JOIN indicators i ON i.book_id = m.book_id
    LEFT JOIN cost_books b ON b.book_id = m.book_id
    LEFT JOIN reconciliations r ON r.id = b.reconciliation_id
"""
_OF_BOOK = """
    m.id, m.kind, m.from_role, m.to_role, m.amount AS fen, m.book_id AS book,
    j.code AS project, i.number || ' / ' || i.year AS indicator,
    r.contract_id || to_char(r.month, '-YYYY-MM') AS month
"""

_POSTINGS = text(f"""
    SELECT {_CAUSE} FROM (
        SELECT * FROM postings p
        WHERE p.number IS NOT NULL
            AND (CAST(:number AS bigint) IS NULL OR p.number = :number)
            AND (CAST(:cause AS text) IS NULL OR starts_with(p.cause, :cause))
            AND (CAST(:project AS text) IS NULL OR EXISTS (
                SELECT FROM movements m JOIN vouchers v ON v.book_id = m.book_id
                JOIN projects j ON j.id = v.project_id
                WHERE m.posting_id = p.id AND j.code = :project))
        ORDER BY p.number DESC LIMIT :limit OFFSET :offset
    ) p {_NAMES} ORDER BY p.number DESC
""")
_MOVEMENTS_OF = text(f"""
    SELECT m.posting_id AS posting, {_OF_BOOK}, f.balance AS from_balance, t.balance AS to_balance
    FROM movements m {_OWNER}
    JOIN entries f ON f.movement_id = m.id AND f.amount < 0
    JOIN entries t ON t.movement_id = m.id AND t.amount > 0
    WHERE m.posting_id = ANY(:postings) ORDER BY m.id
""")
_MOVEMENTS = text(f"""
    SELECT {_CAUSE.replace("p.id, ", "")}, {_OF_BOOK} FROM (
        SELECT m.* FROM movements m JOIN postings p ON p.id = m.posting_id
        WHERE p.number IS NOT NULL AND (CAST(:kind AS text) IS NULL OR m.kind = :kind)
            AND (CAST(:project AS text) IS NULL OR m.book_id = (
                SELECT v.book_id FROM vouchers v JOIN projects j ON j.id = v.project_id
                WHERE j.code = :project))
        ORDER BY m.id DESC LIMIT :limit OFFSET :offset
    ) m JOIN postings p ON p.id = m.posting_id {_OWNER} {_NAMES} ORDER BY m.id DESC
""")
_CLAIMS = text("""
    SELECT c.number AS claim, c.centre_id AS centre, c.state, n.fen, n.due_fen,
           s.number AS payment_list, l.line, l.fen AS line_fen, l.paid_fen,
           coalesce((SELECT array_agg(p.number ORDER BY p.number) FROM postings p
               WHERE p.cause = ANY(ARRAY(
                   SELECT 'pay/' || s.number || '/' || l.line
                   UNION ALL SELECT 'bank/' || r.reference FROM bank_returns r
                   WHERE (r.list_id, r.line) = (l.list_id, l.line) AND r.state <> 'open'))),
               '{}') AS postings
    FROM claim_cells n JOIN claims c ON c.id = n.claim_id
    LEFT JOIN payment_lines l ON l.claim_id = c.id AND NOT l.void
    LEFT JOIN payment_lists s ON s.id = l.list_id
    WHERE n.contract_id = :contract AND n.month = :month ORDER BY c.id, s.id, l.line
""")
_LINES = text("""
    SELECT a.document_id AS document, d.number, a.line, a.part, sum(a.fen)::bigint AS fen
    FROM allocations a JOIN cost_documents d ON d.id = a.document_id
    WHERE a.contract_id = :contract AND a.month = :month
    GROUP BY a.document_id, d.number, a.line, a.part ORDER BY a.document_id, a.line, a.part
""")
_STATEMENTS = text("""
    SELECT number FROM statements
    WHERE contract_id = :contract AND month = :month ORDER BY revision
""")
_BATCH_DAYS = text("""
    SELECT DISTINCT j.code AS project, w.day
    FROM part_use(:gpus, :low, CAST(:high AS timestamptz) + interval '1 minute') w
    JOIN billing_sources s ON s.cluster_id = w.cluster_id AND s.source = w.source
        AND s.valid @> w.day AND s.superseded_at IS NULL
    JOIN bindings b ON b.cluster_id = w.cluster_id AND b.valid @> w.day AND b.superseded_at IS NULL
        AND b.holder_kind = w.holder_kind AND b.holder = w.holder
    JOIN projects j ON j.id = b.project_id
    WHERE w.stream = :stream AND w.number = :number
    ORDER BY 1, 2
""")
_CHARGED = text("""
    SELECT DISTINCT j.code AS project, k.id AS contract_id, k.number AS contract, c.month
    FROM charges c JOIN contracts k ON k.id = c.contract_id JOIN projects j ON j.id = k.project_id
    WHERE j.code = ANY(:projects) AND c.month = ANY(CAST(:months AS date[])) ORDER BY 1, 4, 2
""")


def postings(
    db: Session,
    *,
    number: int | None = None,
    cause: str | None = None,
    project: str | None = None,
    limit: int = 100,
    offset: int = 0,
) -> Sequence[Row[Any]]:
    """Return postings, the newest first, each with what its cause names.

    Args:
        db: the database.
        number: of the one posting that is wanted.
        cause: how the cause begins.
        project: the code of a project whose voucher was moved.
        limit: how many at most.
        offset: how many are left out.
    """
    params = {
        "number": number, "cause": cause, "project": project, "limit": limit, "offset": offset,
    }  # fmt: skip
    return db.execute(_POSTINGS, params).all()


def movements_of(db: Session, ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """Return the movements of postings, by the posting's key, with the balances after each."""
    by_posting: dict[int, list[Row[Any]]] = {posting: [] for posting in ids}
    for row in db.execute(_MOVEMENTS_OF, {"postings": list(ids)}):
        by_posting[row.posting].append(row)
    return by_posting


def movements(
    db: Session,
    *,
    kind: str | None = None,
    project: str | None = None,
    limit: int = 100,
    offset: int = 0,
) -> Sequence[Row[Any]]:
    """Return movements, the newest first, of this kind and this project's voucher or of any."""
    params = {"kind": kind, "project": project, "limit": limit, "offset": offset}
    return db.execute(_MOVEMENTS, params).all()


def claims_of_month(db: Session, contract: int, month: date) -> Sequence[Row[Any]]:
    """Return the claims of a contract's month, each with the lines that pay it and its postings."""
    return db.execute(_CLAIMS, {"contract": contract, "month": month}).all()


def lines_of_month(db: Session, contract: int, month: date) -> Sequence[Row[Any]]:
    """Return the document lines that are allocated to a contract's month."""
    return db.execute(_LINES, {"contract": contract, "month": month}).all()


def statements_of_month(db: Session, contract: int, month: date) -> list[str]:
    """Return the numbers of a month's statements, as they were issued."""
    return list(db.scalars(_STATEMENTS, {"contract": contract, "month": month}))


def days_of_month(db: Session, contract: Contract, month: date) -> list[date]:
    """Return the days of a month on which a contract's project used its centre."""
    usage = owned_usage(db, [contract.project_id], since=month, until=next_month(month))
    return sorted(
        {u.day for u in usage if u.centre == contract.centre_id
         and u.contract in (None, contract.id)}
    )  # fmt: skip


def uses_of_batch(
    db: Session, stream: str, number: int, gpus: Sequence[str], span: tuple[object, object]
) -> Sequence[Row[Any]]:
    """Return the projects and days to whose usage a batch's windows belong.

    `gpus` are those of its windows, `span` is from the first start of these to the last.
    """
    low, high = span
    params = {"stream": stream, "number": number, "gpus": gpus, "low": low, "high": high}
    return db.execute(_BATCH_DAYS, params).all()


def months_charged(db: Session, uses: Iterable[tuple[str, date]]) -> Sequence[Row[Any]]:
    """Return the months of contracts in which usage of these projects and days is charged."""
    months = {(project, month_of(day)) for project, day in uses}
    projects = sorted({project for project, _ in months})
    params = {"projects": projects, "months": sorted({month for _, month in months})}
    return [r for r in db.execute(_CHARGED, params) if (r.project, r.month) in months]
