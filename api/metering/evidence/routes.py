"""What the witnesses say of usage, by project and month; incidents, explained and decided once."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, Limit, Now, Offset, ReadDb, having
from api.door.files import Uploaded, documented, download_original
from api.door.route_table import FORM_MAX, limited
from api.door.schemas import LINE_MAX, TEXT_MAX, IsoMoment, Line, Visible, YearMonth, first_day
from api.metering.schemas import EvidenceRead, IncidentExplainedRead, RulingCreate, UnexplainedRead
from api.people.schemas import DecisionRead
from ledger.desk.queries import incidents as incident_queries
from ledger.desk.queries.incidents import Scope
from ledger.desk.steps import rule_incidents
from ledger.documents.queries import originals
from ledger.metering.codes import IncidentKind
from ledger.metering.queries.witnesses.evidence import evidence_sums, keep_evidence
from ledger.people.steps.credentials import Viewer
from ledger.postgres.columns import key

router = APIRouter(tags=["evidence"])

Reader = Annotated[Viewer, having(Right.READ_USAGE)]
Onlooker = Annotated[Viewer, having(Right.READ_METERING)]
Explainer = Annotated[Viewer, having(Right.EXPLAIN_INCIDENTS)]
Clerk = Annotated[Viewer, having(Right.ADMIT_USAGE)]
Part = Annotated[str | None, Query(min_length=1, max_length=LINE_MAX), Visible]


@router.get("/evidence")
def evidence(
    *, month: YearMonth, cluster: str | None = None, viewer: Reader, db: Db
) -> list[EvidenceRead]:
    """Tell what the witnesses say of a month's usage, by project and cluster.

    A builder sees its own project, an operator its own centre.
    """
    cluster_id = key(access.cluster(db, viewer, cluster)) if cluster else None
    keep_evidence(db, cluster_id)
    sums = evidence_sums(
        db, first_day(month), centre=viewer.centre, project=viewer.project, cluster=cluster_id
    )
    return [EvidenceRead.model_validate(row, from_attributes=True) for row in sums]


@router.get("/incidents/unexplained")
def unexplained(
    *, viewer: Onlooker, db: Db, limit: Limit = 100, offset: Offset = 0
) -> list[UnexplainedRead]:
    """List use that a witness contradicts, or that nobody metered, and nobody explained."""
    keep_evidence(db)
    rows = incident_queries.unexplained(db, centre=viewer.centre, limit=limit, offset=offset)
    return [UnexplainedRead.model_validate(row, from_attributes=True) for row in rows]


@router.get("/incidents")
def incidents(
    *, viewer: Onlooker, db: ReadDb, limit: Limit = 100, offset: Offset = 0
) -> list[IncidentExplainedRead]:
    """List what was explained, newest first, with what two persons decided."""
    rows = incident_queries.incidents(db, centre=viewer.centre, limit=limit, offset=offset)
    return [IncidentExplainedRead.model_validate(row, from_attributes=True) for row in rows]


@router.post("/incidents", status_code=201, openapi_extra=documented())
@limited(body=FORM_MAX)
def explain(
    *,
    viewer: Explainer,
    cluster: Line,
    kind: IncidentKind,
    since: IsoMoment,
    until: IsoMoment,
    explanation: Annotated[str, Query(min_length=1, max_length=TEXT_MAX), Visible],
    node: Part = None,
    namespace: Part = None,
    pod: Part = None,
    upload: Uploaded,
    db: Db,
    now: Now,
) -> IncidentExplainedRead:
    """Explain, with a file, all of a time that nobody explained yet: of a node, namespace, pod."""
    scope = Scope(
        key(access.cluster(db, viewer, cluster)), kind, since, until, node, namespace, pod
    )
    db.commit()  # others have the connection while the file is read
    row = rule_incidents.explain_incident(
        db, scope, explanation, upload.file, actor=viewer.actor, now=now
    )
    return IncidentExplainedRead.model_validate(row, from_attributes=True)


@router.get("/incidents/{incident}/file", response_class=Response)
def incident_file(incident: int, viewer: Onlooker, db: ReadDb) -> Response:
    """Download the file by which an incident was explained."""
    row = rule_incidents.incident(db, incident, viewer.centre)
    return download_original(originals.original(db, row.original))


@router.post("/incidents/{incident}/ruling", status_code=201)
def rule(incident: int, request: RulingCreate, viewer: Clerk, db: Db, now: Now) -> DecisionRead:
    """Propose whether an incident's use counts; another person confirms."""
    decision = rule_incidents.propose_ruling(
        db, incident, counts=request.counts, reason=request.reason, actor=viewer.actor, now=now
    )
    return DecisionRead.model_validate(decision)
