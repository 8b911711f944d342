"""Take a registry file: what is harmless at once, what touches charged usage by two persons.

The proposal shows each change, what it was and what it becomes, and which months cost how much more
or less by it. That is found out by doing it, charging, and undoing it again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from ledger.charging.steps import charge
from ledger.errors import Conflict
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide
from ledger.people.tables import Decision
from ledger.registry.steps import changes
from ledger.registry.steps.register import (
    RegistrationReport,
    one_at_a_time,
    read_file,
    register,
)
from ledger.units import Fen, beijing_day, month_of

KIND = DecisionKind.REGISTRY

_COSTS = text("""
    SELECT k.number, h.month, sum(h.cost_fen)::bigint AS fen
    FROM charges h JOIN contracts k ON k.id = h.contract_id
    WHERE k.project_id = ANY(:projects) GROUP BY k.number, h.month ORDER BY k.number, h.month
""")

Costs = Mapping[tuple[str, date], Fen]
"""Fen without tax, by contract number and month."""


@dataclass(frozen=True)
class RegistryIntake:
    """What was registered, and the decision that the rest waits for."""

    report: RegistrationReport
    decision: Decision | None


@dataclass(frozen=True)
class RegistryPreview:
    """What a file would do: register at once, and propose; nothing is kept.

    `at_once` has a `section` beside `about`, `before`, `after`; `content` is that of the
    decision, None where nothing waits for two persons.
    """

    report: RegistrationReport
    at_once: list[dict[str, str]]
    content: Mapping[str, Any] | None


def preview_registry(
    db: Session, text_of_file: str, *, actor: str, now: datetime, supersede: bool = False
) -> RegistryPreview:
    """Do what `take_registry` would, tell it, and undo it."""
    registry, findings = read_file(text_of_file)
    with db.begin_nested() as trial:
        report = register(db, registry, findings, actor=actor, now=now, supersede=supersede)
        at_once = changes.changes_at_once(db, report)
        content = _content(db, report, actor=actor, now=now)
        trial.rollback()
    db.expire_all()
    return RegistryPreview(report, at_once, content)


def take_registry(
    db: Session,
    content: str,
    *,
    actor: str,
    now: datetime,
    supersede: bool = False,
    reason: str = "",
) -> RegistryIntake:
    """Register a file, and propose what touches charged usage.

    Raises:
        Conflict: another change of the same thing waits for its confirmation (`decision_open`).
    """
    report = register(db, *read_file(content), actor=actor, now=now, supersede=supersede)
    proposal = _content(db, report, actor=actor, now=now)
    if proposal is None:
        return RegistryIntake(report, None)
    descriptions = proposal["changes"]
    rest = f" +{len(descriptions) - 1}" if len(descriptions) > 1 else ""
    decision = decide(
        db,
        kind=KIND,
        subject=f"registry {descriptions[0]['about']}{rest}",
        content=proposal,
        reason=reason,
        actor=actor,
        now=now,
    )
    return RegistryIntake(report, decision)


def _content(
    db: Session, report: RegistrationReport, *, actor: str, now: datetime
) -> dict[str, Any] | None:
    """Return what two persons are to decide: the changes, the months, the rows to the letter."""
    if not (report.proposals or report.terms or report.moves):
        return None
    descriptions = changes.descriptions(db, report)
    letter: dict[str, Any] = {}

    def write() -> list[int]:
        letter.update(changes.record_proposals(db, report, actor=actor, now=now))
        return changes.projects_concerned(db, letter)

    months = _effect(db, write, now)
    return {"changes": descriptions, "months": months, **letter}


def change_registry(db: Session, decision: Decision, actor: str, now: datetime) -> None:
    """Carry out the confirmed changes, all or nothing.

    Raises:
        Conflict: the registry, or a past month's figures, are not what they were when this was
            decided (`registry_moved`).
    """
    content = decision.content
    one_at_a_time(db)

    def write() -> list[int]:
        changes.record_decided(db, content, decision=decision.id or 0, actor=actor, now=now)
        return changes.projects_concerned(db, content)

    # A month that was still running when this was decided has grown since; the others stand.
    running = f"{month_of(beijing_day(decision.decided_at)):%Y-%m}"
    before, after = (
        [entry for entry in months if entry["month"] < running]
        for months in (content["months"], _effect(db, write, now))
    )
    if before != after:
        raise Conflict("registry_moved")
    write()


def _effect(db: Session, write: Callable[[], list[int]], now: datetime) -> list[dict[str, Any]]:
    """Return what changes of the cost of each contract and month by writing; nothing is kept."""
    with db.begin_nested() as trial:
        projects = write()
        after = _costs(db, projects, now)
        trial.rollback()
    with db.begin_nested() as trial:
        before = _costs(db, projects, now)
        trial.rollback()
    db.expire_all()
    return [
        {
            "contract": number,
            "month": f"{month:%Y-%m}",
            "before_fen": before.get((number, month), 0),
            "after_fen": after.get((number, month), 0),
            "difference_fen": after.get((number, month), 0) - before.get((number, month), 0),
        }
        for number, month in sorted({*before, *after})
        if before.get((number, month)) != after.get((number, month))
    ]


def _costs(db: Session, projects: Sequence[int], now: datetime) -> Costs:
    charge(db, now, projects)
    rows = db.execute(_COSTS, {"projects": list(projects)})
    return {(row.number, row.month): row.fen for row in rows}
