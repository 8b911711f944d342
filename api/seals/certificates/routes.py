"""Certificates: issuing one, its files, and checking one by its number and code.

Who has a certificate has its number and its code: these open it to everybody. A number without its
code tells nothing, as prices are nobody else's business.
"""

from hmac import compare_digest
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import Session

from api.door import access
from api.door.access import Right
from api.door.dependencies import Configured, Db, Now, having
from api.door.files import download
from api.door.route_table import limited
from api.door.schemas import LINE_MAX, first_day
from api.seals.certificates.page import page
from api.seals.certificates.schemas import CertificateCreate, CertificateRead
from api.settings import Settings
from ledger.errors import NotFound, Refused
from ledger.people.steps.credentials import Viewer
from ledger.seals.queries.certificates import certificate_by_number, still_holds
from ledger.seals.rules.certificate import as_json, read_certificate
from ledger.seals.steps.bureau_key import read_bureau_key
from ledger.seals.steps.certificate import issue_certificate
from ledger.seals.tables import Certificate
from ledger.units import next_month

router = APIRouter(tags=["seals"])

Issuer = Annotated[Viewer, having(Right.CERTIFY)]
Code = Annotated[str, Query(max_length=LINE_MAX, description="The code that stands on it")]


@router.post("/projects/{code}/certificates", status_code=201)
def issue(
    code: str,
    request: CertificateCreate,
    *,
    http: Request,
    viewer: Issuer,
    settings: Configured,
    db: Db,
    now: Now,
) -> CertificateRead:
    """Certify what a project used in some months that are over, signed with the bureau's key."""
    return view_of(db, issue_for(code, request, http, viewer, settings, db, now))


def issue_for(  # noqa: PLR0917 - what a request brings
    code: str,
    request: CertificateCreate,
    http: Request,
    viewer: Viewer,
    settings: Settings,
    db: Session,
    now: Now,
) -> Certificate:
    """Issue one, for the route and for the page."""
    project = access.project(db, viewer, code)
    if settings.seal_key is None:
        raise Refused("seal_keyless")
    base = str(http.base_url)
    return issue_certificate(
        db,
        project,
        first_day(request.since),
        next_month(first_day(request.until)),
        read_bureau_key(settings.bureau_key),
        draw=lambda drawing: page(
            drawing, f"{base}certificates/{drawing.number}?code={drawing.code}"
        ),
        actor=viewer.actor,
        now=now,
    )


@router.get("/certificates/{number}")
@limited(guesses=True)
def certificate(number: str, code: Code, db: Db) -> CertificateRead:
    """Return a certificate, and whether it still holds. Nobody has to sign in."""
    return view_of(db, certificate_by_code(db, number, code))


@router.get("/certificates/{number}/certificate.json", response_class=Response)
@limited(guesses=True)
def json_file(number: str, code: Code, db: Db) -> Response:
    """Download a certificate as a JSON file that verifies. Nobody has to sign in."""
    row = certificate_by_code(db, number, code)
    content = as_json(read_certificate(row.content), row.signature)
    return download(content, f"{number}.json")


@router.get("/certificates/{number}/certificate.pdf", response_class=Response)
@limited(guesses=True)
def pdf_file(number: str, code: Code, db: Db) -> Response:
    """Download a certificate's page as it was handed out. Nobody has to sign in."""
    return download(certificate_by_code(db, number, code).pdf, f"{number}.pdf", "application/pdf")


def certificate_by_code(db: Session, number: str, code: str) -> Certificate:
    """Return the certificate of this number and code; NotFound for a wrong code as for none."""
    row = certificate_by_number(db, number)
    if not compare_digest(read_certificate(row.content).code.encode(), code.encode()):
        raise NotFound("certificate", number=number)
    return row


def view_of(db: Session, row: Certificate) -> CertificateRead:
    """What who has a certificate may know of it."""
    certificate_read = read_certificate(row.content)
    return CertificateRead(
        number=row.number,
        code=certificate_read.code,
        since=certificate_read.content["since"],
        until=certificate_read.content["until"],
        issued_at=row.issued_at,
        holds=still_holds(db, row, certificate_read.content["figures"]),
        figures=certificate_read.content["figures"],
        certificate=row.content,
        signature=row.signature.hex(),
    )
