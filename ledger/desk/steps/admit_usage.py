"""Admit windows whose day is against them: late, before the agent or the GPU, of a retired GPU.

A clerk says which and why. Where a month they lie in was reconciled with their centre, it takes
another person to confirm. Admitted windows are then judged again as all quarantined ones are.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session, select

from ledger.desk.queries import admissions
from ledger.desk.queries.admissions import Selection
from ledger.errors import Refused
from ledger.metering.codes import OF_ITS_DAY, QuarantineReason
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.registry.tables import Cluster
from ledger.units import midnight

KIND = DecisionKind.USAGE


@dataclass(frozen=True)
class Admission:
    """How many windows were admitted, or the decision that they wait for."""

    windows: int
    decision: Decision | None


def admit_usage(
    db: Session,
    *,
    cluster: Cluster,
    node: str | None,
    code: QuarantineReason,
    since: date | None,
    until: date | None,
    reason: str,
    actor: str,
    now: datetime,
) -> Admission:
    """Admit quarantined windows of these Beijing days (inclusive), or propose it.

    Raises:
        Refused: there is none (`nothing_waits`), or not its day is against it (`not_its_day`).
        Conflict: another proposal about them is open (`decision_open`).
    """
    if code not in OF_ITS_DAY:
        raise Refused("not_its_day")
    selection = Selection(
        key(cluster),
        node,
        code,
        midnight(since) if since else None,
        midnight(until + timedelta(days=1)) if until else None,
        now,
    )
    windows_there = admissions.waiting_windows(db, selection)
    if not windows_there.windows:
        raise Refused("nothing_waits")
    if not admissions.is_any_decided(db, selection.cluster, windows_there.months):
        return Admission(admissions.admit(db, selection, actor, now), None)
    content = {
        "cluster": cluster.name,
        "node": node,
        "code": str(code),
        "since": str(since) if since else None,
        "until": str(until) if until else None,
        "windows": windows_there.windows,
        "window_ms": windows_there.ms,
        "months": [f"{month:%Y-%m}" for month in windows_there.months],
        "received_until": now.isoformat(),
    }
    decision = decide(
        db,
        kind=KIND,
        subject=f"{cluster.name}/{node or '*'}/{code}",
        content=content,
        reason=reason,
        actor=actor,
        now=now,
    )
    return Admission(windows_there.windows, decision)


def carry_out(db: Session, decision: Decision, actor: str, now: datetime) -> None:
    """Admit what two persons decided; windows that came since are not among it."""
    content = decision.content
    until = date.fromisoformat(content["until"]) if content["until"] else None
    selection = Selection(
        key(db.exec(select(Cluster).where(Cluster.name == content["cluster"])).one()),
        content["node"],
        QuarantineReason(content["code"]),
        midnight(date.fromisoformat(content["since"])) if content["since"] else None,
        midnight(until + timedelta(days=1)) if until else None,
        datetime.fromisoformat(content["received_until"]),
    )
    admissions.admit(db, selection, actor, now)
