"""Rule on later words of a job source: accept the corrections of a month, or put them aside.

A clerk proposes for one job or for all of a cluster's month; another person confirms exactly the
hours that the proposal names. Nothing counts or falls by itself: that a source says two things of
one hour is for persons, whether it says more or less.
"""

from datetime import date, datetime

from psycopg import errors
from sqlmodel import Session

from ledger.errors import Conflict, LedgerError, Refused
from ledger.metering.queries.jobs import corrections
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.postgres.refusals import refusals
from ledger.registry.tables import Cluster

KIND = DecisionKind.CORRECTION


def propose_corrections(
    db: Session,
    *,
    cluster: Cluster,
    month: date,
    job: str | None,
    accept: bool,
    reason: str,
    actor: str,
    now: datetime,
) -> Decision:
    """Propose what is to become of what is open of a cluster's Beijing month, or of one job.

    Raises:
        Refused: nothing is open (`nothing_to_correct`).
        Conflict: another proposal about it is open (`decision_open`).
    """
    which = {
        "cluster": cluster.name,
        "month": f"{month:%Y-%m}",
        "job": job,
        "accept": accept,
        "received_until": now.isoformat(),
    }
    scope = corrections.scope_of(db, which)
    if not scope.windows:
        raise Refused("nothing_to_correct")
    return decide(
        db,
        kind=KIND,
        subject=f"{cluster.name}/{month:%Y-%m}/{job or '*'}",
        content={
            **which,
            "windows": scope.windows,
            "digest": scope.digest,
            "holders": scope.holders,
        },
        reason=reason,
        actor=actor,
        now=now,
    )


def carry_out(db: Session, decision: Decision, _actor: str, _now: datetime) -> None:
    """Let the corrections count, or put them aside.

    Raises:
        Conflict: others came since (`figures_changed`).
        Refused: one stands in no signed batch of the cluster's agents (`correction_unsigned`).
    """
    with refusals(_refusal):
        corrections.rule(db, key(decision))


def _refusal(error: object) -> LedgerError | None:
    if isinstance(error, errors.RestrictViolation):
        if error.diag.constraint_name == "correction_signed":
            return Refused("correction_unsigned")
        return Conflict("figures_changed", subject=KIND)
    return None
