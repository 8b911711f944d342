"""Statements: issued by the bureau from metering, confirmed or contested by both parties.

The statement comes before the invoice: the centre invoices what both have confirmed, and an invoice
with the statement's number is matched to its month. Issuing again returns the same statement while
the figures are the same; if they change (late windows, a corrected binding) a new revision replaces
it. Answers stay with the revision they were given to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import text
from sqlmodel import Session, col, select

from ledger.charging.queries.policies import policies
from ledger.charging.rules.charges import ChargeKey
from ledger.charging.steps import charge
from ledger.errors import Conflict, NotFound, Refused
from ledger.formats.digest import digest
from ledger.postgres.columns import key
from ledger.registry.tables import Contract
from ledger.statements import queries as statement_queries
from ledger.statements.codes import LineAnswer, Party
from ledger.statements.rules import Evidence, Statement, content, number_of
from ledger.statements.tables import Statement as Row
from ledger.statements.tables import StatementAnswer, StatementLine
from ledger.units import beijing_day, month_of

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('suanquan.statement', 0))")
_OF_MONTH = text("""
    SELECT DISTINCT contract FROM (
        SELECT contract_id AS contract FROM charges WHERE month = :month
        UNION ALL SELECT contract_id FROM statements WHERE month = :month
    ) c ORDER BY contract
""")

Line = Mapping[str, int | str | Decimal | None]


def issue(db: Session, contract: int, month: date, *, actor: str, now: datetime) -> Statement:
    """Issue the statement of a contract's month, from updated charges.

    Raises:
        NotFound: there is no such contract.
        Refused: the month is not over (`month_open`), or there is nothing in it
            (`nothing_metered`).
    """
    _refuse_open(month, now)
    row = _contract(db, contract)
    charge(db, now, [row.project_id])
    return _issue(db, row, month, actor, now)


def issue_all(db: Session, month: date, *, actor: str, now: datetime) -> list[Statement]:
    """Issue the statements of a month for every contract with charges, in order of key."""
    _refuse_open(month, now)
    charge(db, now)
    keys = list(db.scalars(_OF_MONTH, {"month": month}))
    return [_issue(db, _contract(db, key), month, actor, now) for key in keys]


def preview(db: Session, contract: int, month: date, *, now: datetime) -> Statement:
    """Return the statement as it would be now, also of an unfinished month, without storing it."""
    row = _contract(db, contract)
    with db.begin_nested() as savepoint:
        charge(db, now, [row.project_id])
        statement = _issue(db, row, month, "preview", now)
        savepoint.rollback()
    return replace(statement, number="", superseded_by=None)


def answer(
    db: Session,
    number: str,
    *,
    lines: Sequence[int] | None,
    party: Party,
    word: LineAnswer,
    reason: str,
    actor: str,
    now: datetime,
) -> int:
    """Record a party's answer to these lines (None: to all); the newest one counts.

    Returns how many lines it changed; the same word again changes none.

    Raises:
        NotFound: there is no such statement or line.
        Conflict: a newer revision has taken its place (`statement_superseded`).
        Refused: contested without a reason (`reason_missing`).
    """
    db.execute(_ONE_AT_A_TIME)
    view = statement_queries.statement(db, number)
    if view.superseded_by is not None:
        raise Conflict("statement_superseded", number=number, by=view.superseded_by)
    if word == "contested" and not reason.strip():
        raise Refused("reason_missing")
    by_line = {line.line: line for line in view.lines}
    for line in lines or ():
        if line not in by_line:
            raise NotFound("statement_line", number=number, line=line)
    row = db.exec(select(Row).where(Row.number == number)).one()
    count = 0
    for line in sorted(set(by_line if lines is None else lines)):
        before = by_line[line].centre if party == "centre" else by_line[line].builder
        if before is None or (before.answer, before.reason) != (word, reason.strip()):
            db.add(
                StatementAnswer(
                    statement_id=key(row),
                    line=line,
                    party=party,
                    answer=word,
                    reason=reason.strip(),
                    answered_at=now,
                    answered_by=actor,
                )
            )
            count += 1
    db.flush()
    return count


def _contract(db: Session, key: int) -> Contract:
    row = db.get(Contract, key)
    if row is None:
        raise NotFound("contract", number=key)
    return row


def _refuse_open(month: date, now: datetime) -> None:
    if beijing_day(now) < _next(month):
        raise Refused("month_open", month=f"{month:%Y-%m}")


def _next(month: date) -> date:
    return month_of(month + timedelta(days=31))


def _issue(db: Session, contract: Contract, month: date, actor: str, now: datetime) -> Statement:
    contract_id = key(contract)
    db.execute(_ONE_AT_A_TIME)
    newest = db.exec(
        select(Row)
        .where(Row.contract_id == contract_id, Row.month == month)
        .order_by(col(Row.revision).desc())
        .limit(1)
    ).first()
    lines_now = _lines(db, contract, month)
    if newest is None and not lines_now:
        raise Refused("nothing_metered", contract=contract.number, month=f"{month:%Y-%m}")
    says = digest(content(contract_id, month, lines_now))
    if newest is None or newest.digest != says:
        revision = newest.revision + 1 if newest else 1
        newest = Row(
            number=number_of(contract_id, month, revision), contract_id=contract_id, month=month,
            revision=revision,
            total_fen=sum(int(str(line["cost_fen"])) for line in lines_now), digest=says,
            issued_at=now, issued_by=actor,
        )  # fmt: skip
        db.add(newest)
        db.flush()
        db.add_all(
            StatementLine.model_validate(
                {
                    **line,
                    "statement_id": newest.id,
                    "line": at,
                    "price_id": line["price"],
                    "model_id": line["model"],
                }
            )
            for at, line in enumerate(lines_now, start=1)
        )
        db.flush()
    return statement_queries.statement(db, newest.number)


def _lines(db: Session, contract: Contract, month: date) -> list[Line]:
    rows = statement_queries.charges_of(db, key(contract), month)
    if not rows:
        return []
    project = contract.project_id
    proofs = statement_queries.evidence_of(
        db, project, month, _next(month), policies(db, [project])
    )
    return [
        {
            "price": key.price,
            "policy": key.policy,
            "model": key.model,
            "mig_profile": key.mig_profile,
            "ms_num": row.ms_num,
            "ms_den": row.ms_den,
            "promised_ms": row.promised_ms,
            "cost_fen": row.cost_fen,
            **vars(proofs.get(key, Evidence())),
        }
        for key, row in sorted(rows.items(), key=lambda item: _order(item[0]))
    ]


def _order(key: ChargeKey) -> tuple[int, str, int, str]:
    return key.price, key.policy, key.model or 0, key.mig_profile
