"""Reconcile (对账): two persons decide what of a contract's month counts, line by line.

One person proposes: every difference is excluded, noted, carried over or closed, with a reason; the
rest follows from `rules/clearing.py`. Another confirms exactly these figures. Then the cells'
matches are written, the cost book is cleared, and the voucher's money is moved. If anything changed
since the proposal, it cannot be confirmed. More than was metered is matched only if two persons
decided before that more was used in that cell. What earlier months carried over and documents have
billed since is decided with the month.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, select

from ledger.accounts.queries import balances, lock_book, post
from ledger.charging.codes import Part
from ledger.charging.rules.cells import Cell
from ledger.errors import Conflict, Finding, NotFound, Refused
from ledger.metering.queries.witnesses.evidence import pending_ms
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide
from ledger.people.tables import Decision
from ledger.policy.process import Process
from ledger.postgres.columns import key
from ledger.reconciliation.queries import allocations, falls, months
from ledger.reconciliation.queries.differences import differences_of
from ledger.reconciliation.queries.month_details import process_of
from ledger.reconciliation.rules.choices import Choice, faults, reason_of, settle_cell, treatment
from ledger.reconciliation.rules.clearing import (
    LESS_INVOICED,
    CellOutcome,
    Typed,
    clear,
    subject,
)
from ledger.reconciliation.rules.difference_codes import Difference
from ledger.reconciliation.tables import Difference as DifferenceRow
from ledger.reconciliation.tables import Match
from ledger.registry.tables import Contract
from ledger.statements.queries import contested_before
from ledger.statements.rules import Statement
from ledger.statements.steps import issue
from ledger.units import Fen, beijing_day, hours, month_of
from ledger.vouchers.steps.accrue import accrue
from ledger.vouchers.tables import Voucher

KIND, EXTRA = DecisionKind.RECONCILIATION, DecisionKind.EXTRA


def propose(
    db: Session,
    contract: Contract,
    month: date,
    *,
    choices: Sequence[Choice] = (),
    reason: str = "",
    actor: str,
    now: datetime,
) -> Decision | list[Finding]:
    """Propose what of a contract's month counts; faults of the choices are returned.

    The statement is issued first, so that the month is over, its evidence is graded, and both
    parties could contest it.

    Raises:
        NotFound: the project has no voucher, or nothing was metered or invoiced in the month.
        Refused: the month is not over.
        Conflict: a proposal for this month waits for its answer.
    """
    if not months.month_cells(db, key(contract), month):
        raise NotFound("nothing_to_reconcile", contract=contract.number, month=f"{month:%Y-%m}")
    process = process_of(db, contract)
    statement = _statement(db, contract, month, actor, now)  # it brings the charges to date
    differences = differences_of(db, key(contract), month, process)
    before = contested_before(db, key(contract), month)
    wrong = [*_contested(statement, reason, before=before), *faults(differences, choices)]
    wrong += [
        Finding(month_row, "fall_first", (("month", month_row),))
        for month_row in falls.held_elsewhere(db, key(contract), month)
    ]
    wrong += _wait_for_witness(db, contract, month)
    if wrong:
        return wrong
    outcomes = _settle(db, contract, month, differences, choices=choices, reason=reason)
    for earlier in months.billed_later(db, key(contract), month):
        outcomes += _settle_carried(db, contract, earlier, process, reason)
    return decide(
        db, kind=KIND, subject=subject(contract.number, month),
        content=_content(contract, month, outcomes, _notes(differences, choices)), reason=reason,
        actor=actor, now=now,
    )  # fmt: skip


def _wait_for_witness(db: Session, contract: Contract, month: date) -> list[Finding]:
    """Refuse a month of which a witness that is needed has not spoken yet: it cannot be decided."""
    ms = pending_ms(db, key(contract), month)
    params = (("month", f"{month:%Y-%m}"), ("hours", hours(ms)))
    return [Finding(contract.number, "witness_pending", params)] if ms else []


def _settle(
    db: Session,
    contract: Contract,
    month: date,
    differences: Sequence[Difference],
    *,
    choices: Sequence[Choice],
    reason: str,
) -> list[CellOutcome]:
    shares = months.shares(db, key(contract), month)
    return [
        settle_cell(cell, differences, choices, months.paid_by_line(shares, cell.part), reason)
        for cell in months.month_cells(db, key(contract), month)
    ]


def _settle_carried(
    db: Session, contract: Contract, month: date, process: Process, reason: str
) -> list[CellOutcome]:
    """Settle an earlier month anew; what is still short is carried on as before.

    Where it raises questions of its own, it is left for a decision of its own.
    """
    differences = differences_of(db, key(contract), month, process)
    carry_on = [Choice(LESS_INVOICED, "carry_over", reason or contract.number)]
    short = [d for d in differences if d.code == LESS_INVOICED and d.handling == "person"]
    choices = carry_on if short else []
    if any(faults(differences, choices)):
        return []
    return _settle(db, contract, month, differences, choices=choices, reason=reason)


def _statement(
    db: Session, contract: Contract, month: date, actor: str, now: datetime
) -> Statement | None:
    """Issue the statement of the month; None if nothing was metered."""
    try:
        return issue(db, key(contract), month, actor=actor, now=now)
    except Refused as refused:
        if refused.code != "nothing_metered":
            raise
        return None


def _contested(statement: Statement | None, reason: str, *, before: bool) -> list[Finding]:
    """Require a reason for what a party contests, or contested of an earlier revision."""
    if statement is None or reason.strip():
        return []
    if "contested" not in (statement.centre_says, statement.builder_says) and not before:
        return []
    return [Finding(statement.number, "statement_contested", (("number", statement.number),))]


def propose_tolerable(
    db: Session, month: date, *, actor: str, now: datetime
) -> tuple[list[Decision], list[str]]:
    """Propose every contract's month without a question for a person, in one act.

    Returns the decisions, and the numbers of the contracts that were left for a person.
    """
    decisions, left_out = [], []
    for row in months.months(db, month=month):
        if row.state == "decided" or row.proposed is not None or not row.invoiced_fen:
            continue
        contract = db.get_one(Contract, row.contract)
        differences = differences_of(db, row.contract, month, process_of(db, contract))
        if any(d.handling in ("block", "person", "cut") for d in differences):
            left_out.append(row.number)
            continue
        result = propose(db, contract, month, reason="", actor=actor, now=now)
        if isinstance(result, Decision):
            decisions.append(result)
        else:
            left_out.append(row.number)
    return decisions, left_out


def propose_extra(
    db: Session,
    contract: Contract,
    month: date,
    *,
    part: Part,
    extra_fen: Fen,
    reason: str,
    actor: str,
    now: datetime,
) -> Decision:
    """Propose that a cell used more than was metered, by this cost in fen, not negative.

    Raises:
        NotFound: there is no such cell.
    """
    cells = months.month_cells(db, key(contract), month)
    cell = next((c for c in cells if c.part == part), None)
    if cell is None:
        raise NotFound("cell", part=part)
    content = {
        "contract": key(contract),
        "month": f"{month:%Y-%m}",
        "part": part,
        "metered_fen": cell.metered_fen,
        "extra_fen": extra_fen,
    }
    about = f"{subject(contract.number, month)} {part}"
    return decide(
        db, kind=EXTRA, subject=about, content=content, reason=reason, actor=actor, now=now
    )


def carry_out(db: Session, decision: Decision, actor: str, now: datetime) -> None:
    """Carry out a confirmed reconciliation.

    Raises:
        Conflict: a charge or an allocation is not what was decided on (`changed_meanwhile`).
    """
    contract, month = _contract_month(db, decision)
    allocations.lock(db)  # what the match rests on stays what it is until the commit
    by_month: dict[date, list[CellOutcome]] = {month: []}
    for row in decision.content["cells"]:
        outcome = _read(key(contract), row)
        by_month.setdefault(outcome.cell.month, []).append(outcome)
    for decided_month, outcomes in sorted(by_month.items()):
        _carry_out_month(
            db, contract, decided_month, outcomes, decision=decision, actor=actor, now=now
        )
    _accrue(db, contract, actor, now)


def _carry_out_month(
    db: Session,
    contract: Contract,
    month: date,
    outcomes: Sequence[CellOutcome],
    *,
    decision: Decision,
    actor: str,
    now: datetime,
) -> None:
    month_row = months.reconciliation(db, key(contract), month, actor, now)
    book = months.cost_book(db, key(month_row))
    lock_book(db, book)
    now_cells = months.month_cells(db, key(contract), month)
    if [_figures(outcome.cell) for outcome in outcomes] != [_figures(cell) for cell in now_cells]:
        raise Conflict("figures_changed", subject=decision.subject)
    _keep(db, key(month_row), outcomes, decision)
    if moves := clear(balances(db, book), outcomes):
        post(
            db, cause=f"reconcile/{decision.id}/{month:%Y-%m}", used_on=month,
            booked=month_of(beijing_day(now)), actor=actor, moves={book: moves},
        )  # fmt: skip


def carry_out_extra(db: Session, decision: Decision, actor: str, now: datetime) -> None:
    """Carry out a confirmed decision that more was used: the cell may match more."""
    contract, month = _contract_month(db, decision)
    month_row = months.reconciliation(db, key(contract), month, actor, now)
    content = decision.content
    cells = {c.part: c for c in months.month_cells(db, key(contract), month)}
    cell = cells.get(Part(content["part"]))
    if cell is None or cell.metered_fen != content["metered_fen"]:
        raise Conflict("figures_changed", subject=decision.subject)
    row = _match(db, key(month_row), cell, decision)
    row.extra_fen, row.extra_over_fen = content["extra_fen"], cell.metered_fen
    row.extra_decision_id = decision.id
    row.matched_fen = min(row.matched_fen, row.metered_fen + row.extra_fen)
    row.held_fen = min(row.held_fen, row.matched_fen)
    db.add(row)
    db.flush()
    _accrue(db, contract, actor, now)


def _content(
    contract: Contract,
    month: date,
    outcomes: Sequence[CellOutcome],
    notes: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    return {
        "contract": contract.id,
        "number": contract.number,
        "month": f"{month:%Y-%m}",
        "cells": [
            {
                "month": f"{outcome.cell.month:%Y-%m}",
                "part": outcome.cell.part,
                "kind": outcome.cell.kind,
                "metered_fen": outcome.cell.metered_fen,
                "invoiced_fen": outcome.cell.invoiced_fen,
                "extra_fen": outcome.cell.extra_fen,
                "matched_fen": outcome.matched_fen,
                "closed_fen": outcome.closed_fen,
                "typed": [asdict(t) for t in outcome.typed],
            }
            for outcome in outcomes
        ],
        "notes": list(notes),
    }


def _notes(differences: Sequence[Difference], choices: Sequence[Choice]) -> list[dict[str, Any]]:
    return [
        {"code": d.code, "document": d.document, "line": d.line, "reason": reason_of(d, choices)}
        for d in differences
        if treatment(d, choices) == "note"
    ]


def _read(contract: int, row: Mapping[str, Any]) -> CellOutcome:
    cell = Cell(
        contract, date.fromisoformat(f"{row['month']}-01"), Part(row["part"]), row["kind"],
        row["metered_fen"], row["invoiced_fen"], extra_fen=row["extra_fen"],
    )  # fmt: skip
    typed = tuple(Typed(**t) for t in row["typed"])
    return CellOutcome(cell, row["matched_fen"], row["closed_fen"], typed)


def _figures(cell: Cell) -> tuple[object, ...]:
    return (*cell.key, cell.metered_fen, cell.invoiced_fen, cell.extra_fen)


def _contract_month(db: Session, decision: Decision) -> tuple[Contract, date]:
    month = date.fromisoformat(f"{decision.content['month']}-01")
    return db.get_one(Contract, decision.content["contract"]), month


def _keep(
    db: Session, reconciliation: int, outcomes: Sequence[CellOutcome], decision: Decision
) -> None:
    """Write the decided matches of the cells, and every typed difference."""
    for outcome in outcomes:
        row = _match(db, reconciliation, outcome.cell, decision)
        row.metered_fen, row.invoiced_fen = outcome.cell.metered_fen, outcome.cell.invoiced_fen
        row.matched_fen, row.closed_fen = outcome.matched_fen, outcome.closed_fen
        row.held_fen = outcome.matched_fen
        row.carried = row.carried or outcome.carried
        row.decision_id = key(decision)
        db.add(row)
        for typed in outcome.typed:
            db.add(
                DifferenceRow(
                    decision_id=key(decision),
                    reconciliation_id=reconciliation,
                    part=outcome.cell.part,
                    code=typed.code,
                    document_id=typed.document,
                    line=typed.line,
                    fen=typed.fen,
                    treatment=typed.treatment,
                    reason=typed.reason,
                )
            )
    db.flush()


def _match(db: Session, reconciliation: int, cell: Cell, decision: Decision) -> Match:
    """Return the match of a cell, or a new empty one."""
    return db.get(Match, (reconciliation, cell.part)) or Match(
        reconciliation_id=reconciliation, part=cell.part, metered_fen=0, invoiced_fen=0,
        matched_fen=0, extra_fen=0, extra_over_fen=0, closed_fen=0, held_fen=0,
        decision_id=key(decision),
    )  # fmt: skip


def _accrue(db: Session, contract: Contract, actor: str, now: datetime) -> None:
    voucher = db.exec(
        select(Voucher).where(Voucher.project_id == contract.project_id)
    ).one_or_none()
    if voucher is not None:
        accrue(db, voucher, actor, now)
