"""Changes of dated facts that two persons decide, because charged usage rests on them.

A change is told twice in its decision: for the reader, what it was and what it becomes; and to the
letter, as the rows to be written and the keys of those to be superseded. The database takes just
these rows under this decision (`registry_decided`).
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from ledger.errors import Conflict
from ledger.registry.rules.effective_dating import Fact
from ledger.registry.steps import contract_terms, gpu_moves
from ledger.registry.steps.effective_dating import Columns, Proposal, record
from ledger.registry.steps.guarded_update import Marks
from ledger.registry.steps.register import RegistrationReport

# What a key is called.
_NAMES = {
    "contract_id": text("SELECT number FROM contracts WHERE id = :key"),
    "cluster_id": text("SELECT name FROM clusters WHERE id = :key"),
    "model_id": text("SELECT name FROM catalogue_models WHERE id = :key"),
    "organisation_id": text("SELECT uscc FROM organisations WHERE id = :key"),
    "other_id": text("SELECT uscc FROM organisations WHERE id = :key"),
    "centre_id": text("SELECT name FROM centres WHERE id = :key"),
    "project_id": text("SELECT code FROM projects WHERE id = :key"),
}
_ROWS = """
    SELECT fact_content(to_jsonb(t)) FROM {table} t WHERE id = ANY(:keys) ORDER BY id
"""
_SUPERSEDE = """
    UPDATE {table} SET superseded_at = greatest(:now, recorded_at), superseded_by = :actor,
        superseded_decision_id = :decision
    WHERE id = ANY(:keys) AND superseded_at IS NULL
"""
_RECORD = """
    INSERT INTO {table} ({columns}, recorded_by, decision_id, recorded_at)
    SELECT {columns}, :actor, :decision,
           greatest(:now, (SELECT max(superseded_at) FROM {table} WHERE id = ANY(:keys)))
    FROM jsonb_populate_record(NULL::{table}, CAST(:row AS jsonb))
"""
_PROJECTS = text("""
    SELECT DISTINCT k.project_id
    FROM jsonb_each(CAST(:recorded AS jsonb)) AS r (relation, rows)
    CROSS JOIN jsonb_array_elements(rows) AS fact
    CROSS JOIN contracts_resting_on(relation, fact) k
    WHERE relation IN ('prices', 'bindings', 'billing_sources', 'witness_requirements', 'contracts')
    ORDER BY 1
""")
_OLD = "SELECT fact_content(to_jsonb(t)) FROM {table} t WHERE id = ANY(:keys)"
TABLES = (
    "prices", "bindings", "billing_sources", "witness_requirements", "relations",
    "organisation_names", "controllers", "price_bands", "other_support",
)  # fmt: skip


def descriptions(db: Session, report: RegistrationReport) -> list[dict[str, str]]:
    """Return each change as its reader sees it: what about, what it was, what it becomes."""
    return [
        *(contract_terms.description(change) for change in report.terms),
        *(gpu_moves.description(move) for move in report.moves),
        *(_description(db, proposal) for proposal in report.proposals),
    ]


def changes_at_once(db: Session, report: RegistrationReport) -> list[dict[str, str]]:
    """Return what was registered, each as its reader sees it, with the section of the file."""
    entities = [
        {
            "section": change.section,
            "about": change.name.replace("\n", " "),
            "before": _fields(change.before),
            "after": _fields(change.after),
        }
        for change in report.entities
    ]
    return entities + [
        {"section": proposal.kind.name, **_description(db, proposal)} for proposal in report.at_once
    ]


def _fields(fields: Mapping[str, object]) -> str:
    return "；".join(
        f"{name} {str(value).lower() if isinstance(value, bool) else value}"
        for name, value in fields.items()
        if value not in (None, "")
    )


def _description(db: Session, proposal: Proposal) -> dict[str, str]:
    return {
        "about": _label(db, proposal),
        "before": _lines(db, proposal, proposal.plan.superseded),
        "after": _lines(db, proposal, (*proposal.plan.remainders, *proposal.plan.created)),
    }


def _label(db: Session, proposal: Proposal) -> str:
    parts = []
    for name, value in zip(proposal.kind.about, proposal.about, strict=True):
        if value not in (None, ""):
            look_up = _NAMES.get(name)
            parts.append(str(db.scalar(look_up, {"key": value}) if look_up is not None else value))
    return " ".join(parts)


def _lines(db: Session, proposal: Proposal, facts: Sequence[Fact[Columns]]) -> str:
    by_day = sorted(facts, key=lambda fact: fact.span.start)
    return "；".join(f"{proposal.kind.show(db, f.value)} {f.span}".strip() for f in by_day)


def record_proposals(
    db: Session, report: RegistrationReport, *, actor: str, now: datetime
) -> dict[str, Any]:
    """Write the changes, and return them to the letter: `recorded` rows, `superseded` keys.

    The `terms` of contracts and the `moves` of GPUs are there if some change.

    The database refuses them at the end of a transaction: this is for looking at what follows.
    """
    recorded: dict[str, list[Any]] = {}
    superseded: dict[str, list[Any]] = {}
    terms = [change.as_json() for change in report.terms]
    marks = Marks(now=now, actor=actor, decision=None)
    contract_terms.change_terms(db, terms, marks)
    moves = [move.as_json() for move in report.moves]
    gpu_moves.move_gpus(db, moves, marks)
    for proposal in report.proposals:
        keys = record(
            db,
            proposal.kind,
            {proposal.about: proposal.plan},
            proposal.superseded,
            actor=actor,
            now=now,
        )
        table = proposal.kind.table.name
        rows = list(db.scalars(text(_ROWS.format(table=table)), {"keys": keys}))
        recorded[table] = [*recorded.get(table, []), *rows]
        old = [str(row["id"]) for row in proposal.superseded]
        superseded[table] = [*superseded.get(table, []), *old]
    letter: dict[str, Any] = {"recorded": recorded, "superseded": superseded}
    return {**letter, **{k: v for k, v in (("terms", terms), ("moves", moves)) if v}}


def projects_concerned(db: Session, content: Mapping[str, Any]) -> list[int]:
    """Return the projects whose charges may change by a decision's rows, old and new."""
    rows = {table: list(content["recorded"].get(table, [])) for table in TABLES}
    for table, keys in content["superseded"].items():
        numbers = [int(key) for key in keys]
        rows[table] += db.scalars(text(_OLD.format(table=table)), {"keys": numbers})
    rows["contracts"] = [{"id": change["contract"]} for change in content.get("terms", [])]
    return list(db.scalars(_PROJECTS, {"recorded": json.dumps(rows)}))


def record_decided(
    db: Session, content: Mapping[str, Any], *, decision: int, actor: str, now: datetime
) -> None:
    """Supersede and write what two persons decided, whole or not at all.

    Raises:
        Conflict: the registry is not as it was when this was decided (`registry_moved`).
    """
    marks = Marks(now=now, actor=actor, decision=decision)
    contract_terms.change_terms(db, content.get("terms", []), marks)
    gpu_moves.move_gpus(db, content.get("moves", []), marks)
    try:
        for table in TABLES:
            keys = [int(key) for key in content["superseded"].get(table, [])]
            sql = text(_SUPERSEDE.format(table=table))
            result = db.execute(sql, {"keys": keys, **marks})
            if result.rowcount != len(keys):  # type: ignore[attr-defined]
                raise Conflict("registry_moved")
            for row in content["recorded"].get(table, []):
                sql = text(_RECORD.format(table=table, columns=", ".join(sorted(row))))
                db.execute(sql, {"row": json.dumps(row), "keys": keys, **marks})
    except IntegrityError as error:  # somebody else registered for the same days
        raise Conflict("registry_moved") from error
