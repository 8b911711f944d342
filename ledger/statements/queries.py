"""Read statements, with both parties' newest answers, and the data they are made from.

The data are the charges of a contract's month, and their evidence from the day totals of single
devices.
"""

from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, select

from ledger.charging.queries import contract_lines
from ledger.charging.rules.billing import owed_items
from ledger.charging.rules.charges import ChargeKey, Policies
from ledger.charging.tables import Charge
from ledger.errors import NotFound
from ledger.metering.queries.witnesses.evidence import proved_by_three
from ledger.statements.codes import LineAnswer, Party
from ledger.statements.rules import (
    Evidence,
    LineAnswerView,
    Statement,
    StatementLineView,
    StatementSummary,
    answer_state,
    evidence,
)

_HEADS = """
    SELECT s.id, s.number, k.number AS contract, c.name AS centre, p.code AS project, s.month,
           s.revision, s.total_fen, s.digest, s.issued_at, s.issued_by, n.number AS superseded_by
    FROM statements s JOIN contracts k ON k.id = s.contract_id JOIN centres c ON c.id = k.centre_id
    JOIN projects p ON p.id = k.project_id
    LEFT JOIN LATERAL (
        SELECT o.number FROM statements o
        WHERE (o.contract_id, o.month) = (s.contract_id, s.month) AND o.revision > s.revision
        ORDER BY o.revision DESC LIMIT 1
    ) n ON true
    WHERE (CAST(:centre AS bigint) IS NULL OR k.centre_id = :centre)
        AND (CAST(:project AS bigint) IS NULL OR k.project_id = :project)
"""
_STATEMENT = text(f"{_HEADS} AND s.number = :number")
_LIST = text(f"""
    SELECT h.*, a.lines, a.centre_words, a.builder_words FROM ({_HEADS}
        AND (CAST(:month AS date) IS NULL OR s.month = :month)
        AND (CAST(:contract AS text) IS NULL OR k.number = :contract)
        AND (:all OR n.number IS NULL)
        ORDER BY s.month DESC, k.number, s.revision DESC LIMIT :limit OFFSET :offset
    ) h
    CROSS JOIN LATERAL (
        SELECT count(*) AS lines,
               array_agg(w.centre) AS centre_words, array_agg(w.builder) AS builder_words
        FROM statement_lines l
        CROSS JOIN LATERAL (
            SELECT (SELECT x.answer FROM statement_answers x
                    WHERE (x.statement_id, x.line, x.party) = (l.statement_id, l.line, 'centre')
                    ORDER BY x.id DESC LIMIT 1) AS centre,
                   (SELECT x.answer FROM statement_answers x
                    WHERE (x.statement_id, x.line, x.party) = (l.statement_id, l.line, 'builder')
                    ORDER BY x.id DESC LIMIT 1) AS builder
        ) w
        WHERE l.statement_id = h.id
    ) a
    ORDER BY h.month DESC, h.contract, h.revision DESC
""")
_LINES = text("""
    SELECT l.line, l.price_id AS price, p.kind, p.name, p.unit, l.policy, m.name AS model,
           l.mig_profile,
           p.partition, p.qos, p.market, l.ms_num, l.ms_den, l.promised_ms,
           l.cost_fen, l.grade, l.gap_ms
    FROM statement_lines l JOIN prices p ON p.id = l.price_id
    LEFT JOIN catalogue_models m ON m.id = l.model_id
    WHERE l.statement_id = :statement ORDER BY l.line
""")
_ANSWERS = text("""
    SELECT DISTINCT ON (line, party) line, party, answer, reason, answered_at, answered_by
    FROM statement_answers WHERE statement_id = :statement ORDER BY line, party, id DESC
""")
_GAPS = text("""
    SELECT v.gpu, v.day, sum(v.gap_ms)::bigint AS gap_ms
    FROM coverage v
    JOIN clusters c ON c.id = v.cluster_id
    JOIN billing_sources s ON s.cluster_id = v.cluster_id AND s.source = v.source
        AND s.valid @> v.day AND s.superseded_at IS NULL
    WHERE v.gap_ms > 0 AND v.day >= :month AND v.day < :next
        AND c.centre_id IN (SELECT centre_id FROM contracts WHERE project_id = :project)
    GROUP BY v.gpu, v.day
""")

# A party that contested a revision and said nothing of a later one still contests.
_CONTESTED_BEFORE = text("""
    SELECT EXISTS (
        SELECT FROM statement_answers a JOIN statements s ON s.id = a.statement_id
        WHERE s.contract_id = :contract AND s.month = :month AND a.answer = 'contested'
            AND NOT EXISTS (
                SELECT FROM statement_answers n JOIN statements t ON t.id = n.statement_id
                WHERE t.contract_id = s.contract_id AND t.month = s.month AND n.party = a.party
                    AND t.revision > s.revision))
""")


def statement(
    db: Session, number: str, *, centre: int | None = None, project: int | None = None
) -> Statement:
    """Return a statement of a centre or project; NotFound if there is none."""
    params = {"number": number, "centre": centre, "project": project}
    head = db.execute(_STATEMENT, params).mappings().one_or_none()
    if head is None:
        raise NotFound("statement", number=number)
    fields = dict(head)
    key = {"statement": fields.pop("id")}
    answers = {(r.line, r.party): _answer(r) for r in db.execute(_ANSWERS, key)}
    lines = tuple(_line(r, answers) for r in db.execute(_LINES, key))
    return Statement(
        **fields,
        lines=lines,
        centre_says=answer_state(line.centre.answer if line.centre else None for line in lines),
        builder_says=answer_state(line.builder.answer if line.builder else None for line in lines),
    )


def statements(
    db: Session,
    *,
    centre: int | None = None,
    project: int | None = None,
    month: date | None = None,
    contract: str | None = None,
    superseded: bool = False,
    limit: int = 100,
    offset: int = 0,
) -> list[StatementSummary]:
    """Return statements, newest month first; `superseded` adds older revisions."""
    params = {
        "centre": centre, "project": project, "month": month, "contract": contract,
        "all": superseded, "limit": limit, "offset": offset,
    }  # fmt: skip
    return [_summary(row) for row in db.execute(_LIST, params)]


def charges_of(db: Session, contract: int, month: date) -> dict[ChargeKey, Charge]:
    """Return the charges of a contract's month."""
    rows = db.exec(select(Charge).where(Charge.contract_id == contract, Charge.month == month))
    return {
        ChargeKey(r.contract_id, r.price_id, r.month, r.policy, r.model_id, r.mig_profile): r
        for r in rows
    }


def evidence_of(
    db: Session, project: int, month: date, next_month: date, policies: Policies
) -> dict[ChargeKey, Evidence]:
    """Return the evidence of all charges of a project in a month."""
    rows = db.execute(_GAPS, {"project": project, "month": month, "next": next_month})
    gaps = {(r.gpu, r.day): int(r.gap_ms) for r in rows}
    items = owed_items(contract_lines.bill_items_between(db, project, month, next_month))
    agreements = proved_by_three(db, project, next_month)
    proofs = evidence(items, gaps, policies, agreements)
    return {key: proof for key, proof in proofs.items() if key.month == month}


def _line(
    r: Any,  # noqa: ANN401 - a row
    answers: dict[tuple[int, Party], LineAnswerView],
) -> StatementLineView:
    return StatementLineView(
        line=r.line,
        price=r.price,
        kind=r.kind,
        name=r.name,
        unit=r.unit,
        policy=r.policy,
        model=r.model,
        mig_profile=r.mig_profile,
        partition=r.partition,
        qos=r.qos,
        market=r.market,
        device_ms=Fraction(int(r.ms_num), int(r.ms_den)),
        promised_ms=r.promised_ms,
        cost_fen=r.cost_fen,
        grade=r.grade,
        gap_ms=r.gap_ms,
        centre=answers.get((r.line, Party.CENTRE)),
        builder=answers.get((r.line, Party.BUILDER)),
    )


def _answer(r: Any) -> LineAnswerView:  # noqa: ANN401 - a row
    return LineAnswerView(LineAnswer(r.answer), r.reason, r.answered_at, r.answered_by)


def _summary(r: Any) -> StatementSummary:  # noqa: ANN401 - a row
    fields = dict(r._mapping)  # noqa: SLF001 - SQLAlchemy's name
    for key in ("id", "digest"):
        del fields[key]
    centre, builder = fields.pop("centre_words"), fields.pop("builder_words")
    return StatementSummary(
        **fields, centre_says=answer_state(centre or ()), builder_says=answer_state(builder or ())
    )


def contested_before(db: Session, contract: int, month: date) -> bool:
    """Return whether a party contests a revision of a month's statement, and none since."""
    return bool(db.scalar(_CONTESTED_BEFORE, {"contract": contract, "month": month}))
