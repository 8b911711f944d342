"""Decide a fall: two persons accept that less of a decided month counts.

Until then the books hold, whatever was stated anew, moved or reversed. The decision names each
cell, what the books rest on and what counts now, with the causes, and by how much the subsidy
falls. What is payable falls with it; what was paid becomes recoverable.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from ledger.charging.queries.cells import cells
from ledger.errors import Conflict, Refused
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.reconciliation.queries import allocations, months
from ledger.reconciliation.queries.falls import Cause, Fall, falls_of
from ledger.reconciliation.queries.subsidy import subsidy_of, voucher_of
from ledger.reconciliation.rules.clearing import subject
from ledger.reconciliation.tables import Match
from ledger.registry.tables import Contract
from ledger.units import Fen
from ledger.vouchers.steps.accrue import accrue
from ledger.vouchers.tables import Voucher

KIND = DecisionKind.FALL
FIGURES = ("part", "held_fen", "counted_fen", "versions")


def propose_fall(
    db: Session, contract: Contract, month: date, *, reason: str, actor: str, now: datetime
) -> Decision:
    """Propose that what no longer counts of a contract's month falls.

    Raises:
        NotFound: the project has no voucher.
        Refused: nothing falls (`nothing_falls`), or no reason (`reason_missing`).
        Conflict: a fall of this month waits for its answer.
    """
    if not reason.strip():
        raise Refused("reason_missing")
    falls = falls_of(db, key(contract), month)
    if not falls:
        raise Refused("nothing_falls", subject=subject(contract.number, month))
    before_fen, after_fen = _subsidy(db, voucher_of(db, contract), falls)
    content = {
        "contract": key(contract),
        "number": contract.number,
        "month": f"{month:%Y-%m}",
        "cells": [
            {**_figures(fall), "causes": [_of_cause(cause) for cause in fall.causes]}
            for fall in falls
        ],
        "subsidy_before_fen": before_fen,
        "subsidy_after_fen": after_fen,
    }
    return decide(
        db, kind=KIND, subject=subject(contract.number, month), content=content, reason=reason,
        actor=actor, now=now,
    )  # fmt: skip


def carry_out_fall(db: Session, decision: Decision, actor: str, now: datetime) -> None:
    """Carry out a confirmed fall.

    Raises:
        Conflict: by now more or less would fall than was decided (`figures_changed`).
    """
    content = decision.content
    contract = db.get_one(Contract, content["contract"])
    month = date.fromisoformat(f"{content['month']}-01")
    allocations.lock(db)
    falls = falls_of(db, key(contract), month)
    expected = [{name: row.get(name, []) for name in FIGURES} for row in content["cells"]]
    if [_figures(fall) for fall in falls] != expected:
        raise Conflict("figures_changed", subject=decision.subject)
    reconciliation = key(months.reconciliation(db, key(contract), month, actor, now))
    for fall in falls:
        row = db.get_one(Match, (reconciliation, fall.cell.part))
        row.held_fen, row.fall_decision_id = fall.cell.counted_fen, key(decision)
        db.add(row)
    db.flush()
    accrue(db, voucher_of(db, contract), actor, now)


def _subsidy(db: Session, voucher: Voucher, falls: Sequence[Fall]) -> tuple[Fen, Fen]:
    """Return what the voucher earns before and after these falls, fen under its cap."""
    of_project = cells(db, projects=[voucher.project_id])
    falling = {fall.cell.key for fall in falls}
    return (
        subsidy_of(db, voucher, of_project),
        subsidy_of(db, voucher, [c.fallen() if c.key in falling else c for c in of_project]),
    )


def _figures(fall: Fall) -> dict[str, Any]:
    """Return what two persons decide of a cell, by `FIGURES`."""
    return {
        "part": fall.cell.part,
        "held_fen": fall.cell.booked_fen,
        "counted_fen": fall.cell.counted_fen,
        "versions": [asdict(version) for version in fall.versions],
    }


def _of_cause(cause: Cause) -> Mapping[str, Any]:
    return {
        "code": cause.code,
        "name": cause.name,
        "fen": cause.fen,
        "by": cause.by,
        "at": cause.at.isoformat() if cause.at else None,
    }
