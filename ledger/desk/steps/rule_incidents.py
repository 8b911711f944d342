"""Explain what a witness contradicts, or what nobody metered, once; and decide it once, by two.

The centre's operator or a clerk hands in a file and says of which time, node or pod it speaks. The
database tells which stretches those are, and keeps them. A clerk proposes whether their use counts,
another person confirms: what counts is charged in the next round, with grade B; what does not stays
uncharged, whatever a witness says later.
"""

from datetime import datetime

from sqlmodel import Session

from ledger.desk.queries.incidents import (
    Incident,
    Scope,
    incidents,
    record_explanation,
    record_ruling,
)
from ledger.documents.queries.documents import is_document_file
from ledger.documents.queries.originals import File, keep
from ledger.documents.steps.receipts import proof_of
from ledger.errors import Conflict, NotFound, Refused
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide, refuse_one_identity
from ledger.people.tables import Decision
from ledger.postgres.columns import key

KIND = DecisionKind.INCIDENT


def explain_incident(
    db: Session, scope: Scope, explanation: str, file: File, *, actor: str, now: datetime
) -> Incident:
    """Explain all that is not explained yet in a time, of a node, namespace or pod.

    Raises:
        Refused: the file can prove nothing (`file_empty`, `proof_…`), the time runs backwards
            (`time_backwards`), or nothing in it is left to explain (`nothing_to_explain`).
    """
    if scope.until <= scope.since:
        raise Refused("time_backwards")
    proof_of(file)
    if is_document_file(db, file.hash):
        raise Refused("proof_is_document", name=file.name)
    original = keep(db, file, actor=actor, now=now)
    number = record_explanation(
        db, scope, words=explanation, file=file.name, original=original, actor=actor, now=now
    )
    if number is None:
        raise Refused("nothing_to_explain")
    return incident(db, number)


def incident(db: Session, number: int, centre: int | None = None) -> Incident:
    """Return an incident of a centre, or of any; NotFound if there is none."""
    rows = incidents(db, number=number, centre=centre)
    if not rows:
        raise NotFound("incident", id=number)
    return rows[0]


def propose_ruling(
    db: Session, number: int, *, counts: bool, reason: str, actor: str, now: datetime
) -> Decision:
    """Propose whether an incident's use counts.

    Raises:
        NotFound: there is no such incident.
        Refused: no reason (`reason_missing`).
        Conflict: it is decided (`incident_ruled`), or a proposal waits (`decision_open`).
    """
    if not reason.strip():
        raise Refused("reason_missing")
    row = incident(db, number)
    if row.counts is not None:
        raise Conflict("incident_ruled", id=number)
    content = {
        "incident": row.id,
        "cluster": row.cluster,
        "kind": row.kind,
        "since": row.since.isoformat(),
        "until": row.until.isoformat(),
        "node": ", ".join(row.nodes),
        "device_ms": str(row.device_ms),
        "counts": counts,
        "explanation": row.explanation,
        "file": row.file,
        "original": row.original,
    }
    return decide(
        db, kind=KIND, subject=f"incident {row.id}", content=content, reason=reason, actor=actor,
        now=now,
    )  # fmt: skip


def carry_out(db: Session, decision: Decision, actor: str, _now: datetime) -> None:
    """Write the ruling; the next round of charges follows it.

    Raises:
        Refused: who confirms explained it (`same_person`), or one of them made the other's
            credential (`one_made_the_other`).
    """
    content = decision.content
    row = incident(db, content["incident"])
    refuse_one_identity(db, actor, row.explained_by)
    record_ruling(db, row.id, key(decision), counts=content["counts"])
