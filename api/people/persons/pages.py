"""The page of a person: what lets her in, whom she let in, and her sign-ins for readers of logs."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, ReadDb, Wall, having
from api.language.labels import label
from api.people.persons import routes
from api.people.persons.routes import Reader
from api.people.rights import right_words
from api.people.step_up import Proving
from api.web.layout import Framed
from ledger.people.codes import Role
from ledger.people.steps.credentials import Viewer

router = APIRouter(include_in_schema=False)


@router.get("/people/{person}")
def person_page(
    *, viewer: Reader, person: int, request: Request, frame: Framed, db: ReadDb, wall: Wall,
    prover: Proving,
) -> HTMLResponse:  # fmt: skip
    """A person; who may let people in confirms and ends her tokens here."""
    read = routes.person_read(person, viewer, request, db, wall)
    record = read.person
    good = [row for row in record.tokens if row.revoked_at is None and row.expires_at > wall]
    content = {
        "person": record,
        "roles": sorted({row.role for row in good if not row.waits}),
        "good": good,
        "ended": [row for row in record.tokens if row not in good],
        "sessions": read.sessions,
        "failures": read.failures,
        "may_issue": access.may(viewer, Right.ISSUE_TOKENS),
        "may_sign_out": all(row.role is not Role.AUDIT_ADMIN for row in good),
        "code_wanted": prover.asks(viewer),
        "own": viewer.person,
        "rights": right_words(),
        "label": label,
        "wall": wall,
    }
    return frame.page("people/person.html", content)


@router.post("/people/{person}/sign-out")
def sign_out(
    *, viewer: Annotated[Viewer, having(Right.ISSUE_TOKENS)], person: int, db: Db, wall: Wall
) -> Response:
    """End every browser session of a person."""
    routes.end_sessions(person, viewer, db, wall)
    return RedirectResponse(f"/people/{person}", 303)
