"""The page on which anybody checks a certificate: by its number and code."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.door.dependencies import Configured, Db, Now, ReadDb
from api.door.route_table import limited
from api.seals.certificates import routes
from api.seals.certificates.routes import Code, Issuer, certificate_by_code, view_of
from api.seals.certificates.schemas import CertificateCreate
from api.web.forms import form
from api.web.layout import Framed
from ledger.seals.rules.certificate import read_certificate

router = APIRouter(include_in_schema=False)


@router.get("/certificates")
@limited(guesses=True)
def checking(*, frame: Framed, db: ReadDb, number: str = "", code: Code = "") -> HTMLResponse:
    """The form; with a number and its code, that certificate."""
    if not number:
        return frame.page("seals/certificates.html", {"view": None})
    return one(number, frame=frame, db=db, code=code)


@router.get("/certificates/{number}")
@limited(guesses=True)
def one(number: str, *, frame: Framed, db: ReadDb, code: Code = "") -> HTMLResponse:
    """One certificate, and whether it still holds; this is where its square leads."""
    view = view_of(db, certificate_by_code(db, number.strip(), code.strip()))
    certificate_read = read_certificate(view.certificate)
    return frame.page("seals/certificates.html", {"view": view, "made": certificate_read.content})


@router.post("/projects/{code}/certificates")
def issue(
    code: str,
    http: Request,
    *,
    viewer: Issuer,
    settings: Configured,
    request: Annotated[CertificateCreate, form(CertificateCreate)],
    db: Db,
    now: Now,
) -> Response:
    """Issue a certificate, and show it."""
    row = routes.issue_for(code, request, http, viewer, settings, db, now)
    certificate_read = read_certificate(row.content)
    return RedirectResponse(
        f"/certificates/{certificate_read.number}?code={certificate_read.code}", 303
    )
