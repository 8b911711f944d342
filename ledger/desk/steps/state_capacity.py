"""State how many GPUs a cluster of a job source has, and on what evidence; two decide it."""

from datetime import date, datetime

from sqlmodel import Session, select

from ledger.metering.queries.jobs.capacity import record_capacity
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.registry.tables import Cluster

KIND = DecisionKind.CAPACITY


def propose_capacity(
    db: Session,
    *,
    cluster: Cluster,
    gpus: int,
    since: date,
    until: date | None,
    evidence: str,
    actor: str,
    now: datetime,
) -> Decision:
    """Propose a cluster's capacity on these Beijing days (inclusive; None: open).

    Raises:
        Conflict: another proposal for the cluster is open (`decision_open`).
    """
    return decide(
        db,
        kind=KIND,
        subject=cluster.name,
        content={
            "cluster": cluster.name,
            "gpus": gpus,
            "since": str(since),
            "until": str(until) if until else None,
            "evidence": evidence,
        },
        reason=evidence,
        actor=actor,
        now=now,
    )


def carry_out(db: Session, decision: Decision, _actor: str, _now: datetime) -> None:
    """Record the capacity that two persons stated."""
    content = decision.content
    cluster = db.exec(select(Cluster).where(Cluster.name == content["cluster"])).one()
    record_capacity(
        db,
        cluster=key(cluster),
        gpus=content["gpus"],
        since=date.fromisoformat(content["since"]),
        until=date.fromisoformat(content["until"]) if content["until"] else None,
        evidence=content["evidence"],
        decision=key(decision),
    )
