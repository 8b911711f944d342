"""The page of the witnesses: what they say of a month, and incidents to explain and decide."""

from typing import Annotated

from fastapi import APIRouter, Form, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, Now, ReadDb
from api.door.files import Upload
from api.door.route_table import FORM_MAX, limited
from api.door.schemas import LINE_MAX, TEXT_MAX, IsoMoment, Visible, YearMonth
from api.language.labels import label
from api.metering.evidence import routes as evidence_routes
from api.metering.evidence.routes import Clerk, Explainer, Onlooker
from api.metering.schemas import RulingCreate
from api.web.forms import form
from api.web.layout import Framed
from ledger.documents.queries.originals import File
from ledger.metering.codes import IncidentKind
from ledger.units import beijing_day

router = APIRouter(include_in_schema=False)

PAGE = "/evidence"
Word = Annotated[str, Form(max_length=LINE_MAX), Visible]


@router.get(PAGE)
def page(
    *, frame: Framed, viewer: Onlooker, db: Db, now: Now, month: YearMonth | None = None
) -> HTMLResponse:
    """A month's usage by what the witnesses say, what is to be explained, and what was."""
    shown_month = month or f"{beijing_day(now):%Y-%m}"
    return frame.page(
        "metering/evidence.html",
        {
            "month": shown_month,
            "rows": evidence_routes.evidence(month=shown_month, viewer=viewer, db=db),
            "unexplained": evidence_routes.unexplained(viewer=viewer, db=db),
            "incidents": evidence_routes.incidents(viewer=viewer, db=db),
            "label": label,
            "may_explain": access.may(viewer, Right.EXPLAIN_INCIDENTS),
            "may_rule": access.may(viewer, Right.ADMIT_USAGE),
        },
    )


@router.post("/evidence/incidents")
@limited(body=FORM_MAX)
def explain(
    *,
    viewer: Explainer,
    db: Db,
    now: Now,
    file: UploadFile,
    cluster: Word,
    kind: Annotated[IncidentKind, Form()],
    since: Annotated[IsoMoment, Form()],
    until: Annotated[IsoMoment, Form()],
    explanation: Annotated[str, Form(min_length=1, max_length=TEXT_MAX), Visible],
    node: Word = "",
    namespace: Word = "",
) -> Response:
    """Explain, with a file, what a witness contradicts or nobody metered."""
    evidence_routes.explain(
        cluster=cluster, kind=kind, since=since, until=until, explanation=explanation,
        node=node or None, namespace=namespace or None, pod=None,
        upload=Upload(File.from_content(file.filename or "", file.file.read()), None),
        viewer=viewer, db=db, now=now,
    )  # fmt: skip
    return RedirectResponse(PAGE, 303)


@router.get("/incidents/{incident}/file")
def incident_file(incident: int, viewer: Onlooker, db: ReadDb) -> Response:
    """The file by which an incident was explained."""
    return evidence_routes.incident_file(incident, viewer, db)


@router.post("/incidents/{incident}/ruling")
def rule(
    incident: int,
    viewer: Clerk,
    request: Annotated[RulingCreate, form(RulingCreate)],
    db: Db,
    now: Now,
) -> Response:
    """Propose whether an incident's use counts; another person confirms."""
    decision = evidence_routes.rule(incident, request, viewer, db, now)
    return RedirectResponse(f"/decisions/{decision.id}", 303)
