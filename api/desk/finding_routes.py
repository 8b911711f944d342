"""Findings: what a person should look at, and the release of what was quarantined."""

from fractions import Fraction
from typing import Annotated, Any

from fastapi import APIRouter

from api.door import access
from api.door.access import Right
from api.door.batch_decoder import read_kept
from api.door.dependencies import Db, LateAfter, Limit, Now, Offset, ReadDb, having
from api.door.schemas import first_day
from api.metering.schemas import (
    AdmissionCreate,
    AdmissionRead,
    CapacityCreate,
    CapacityProposal,
    CorrectionCreate,
    CorrectionProposal,
    ReleaseOutcome,
)
from ledger.desk.codes import FindingKind
from ledger.desk.queries import findings
from ledger.desk.steps.admit_usage import admit_usage
from ledger.desk.steps.rule_corrections import propose_corrections
from ledger.desk.steps.state_capacity import propose_capacity
from ledger.formats.json.exact import whole_or_ratio
from ledger.metering.steps.intake import release
from ledger.people.steps.credentials import Viewer
from ledger.postgres.columns import key

router = APIRouter(tags=["findings"])


@router.get("/findings")
def list_findings(
    *,
    kind: FindingKind,
    viewer: Annotated[Viewer, having(Right.READ_METERING)],
    db: ReadDb,
    now: Now,
    limit: Limit = 100,
    offset: Offset = 0,
) -> list[dict[str, Any]]:
    """List findings of one kind, newest first, of the viewer's centre or of all."""
    rows = findings.findings(db, kind, now, centre=viewer.centre, limit=limit, offset=offset)
    return [
        {key: whole_or_ratio(v) if isinstance(v, Fraction) else v for key, v in row.items()}
        for row in rows
    ]


@router.post("/quarantine/release")
def release_quarantine(
    viewer: Annotated[Viewer, having(Right.TEND_AGENTS)], db: Db, now: Now, late_after: LateAfter
) -> ReleaseOutcome:
    """Check quarantined windows again and accept those that are valid by now."""
    clusters = access.clusters(db, viewer)
    return ReleaseOutcome(
        released=sum(release(db, read_kept, now, cluster, late_after) for cluster in clusters)
    )


@router.post("/quarantine/admissions", status_code=201)
def admit(
    request: AdmissionCreate,
    viewer: Annotated[Viewer, having(Right.ADMIT_USAGE)],
    db: Db,
    now: Now,
    late_after: LateAfter,
) -> AdmissionRead:
    """Admit windows whose day is against them; where a month was reconciled, propose it."""
    cluster = access.cluster(db, viewer, request.cluster)
    admission = admit_usage(
        db,
        cluster=cluster,
        node=request.node,
        code=request.code,
        since=request.since,
        until=request.until,
        reason=request.reason,
        actor=viewer.actor,
        now=now,
    )
    number = 0
    if admission.decision is None:
        number = release(db, read_kept, now, cluster.id, late_after)
    return AdmissionRead(
        windows=admission.windows,
        released=number,
        decision=admission.decision.id if admission.decision else None,
    )


@router.post("/capacities", status_code=201)
def state_capacity(
    request: CapacityCreate,
    viewer: Annotated[Viewer, having(Right.ADMIT_USAGE)],
    db: Db,
    now: Now,
) -> CapacityProposal:
    """Propose how many GPUs a cluster of a job source has; another person confirms."""
    decision = propose_capacity(
        db,
        cluster=access.cluster(db, viewer, request.cluster),
        gpus=request.gpus,
        since=request.since,
        until=request.until,
        evidence=request.evidence,
        actor=viewer.actor,
        now=now,
    )
    return CapacityProposal(decision=key(decision))


@router.post("/corrections", status_code=201)
def rule_corrections(
    request: CorrectionCreate,
    viewer: Annotated[Viewer, having(Right.ADMIT_USAGE)],
    db: Db,
    now: Now,
) -> CorrectionProposal:
    """Propose to accept what a job source said later, or to put it aside; another confirms."""
    decision = propose_corrections(
        db,
        cluster=access.cluster(db, viewer, request.cluster),
        month=first_day(request.month),
        job=request.job,
        accept=request.accept,
        reason=request.reason,
        actor=viewer.actor,
        now=now,
    )
    return CorrectionProposal(decision=key(decision), windows=decision.content["windows"])
