"""Persons by a workbook: who is in which role, and invitations of all who are new in one."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response

from api.door.access import Right
from api.door.dependencies import Configured, Db, ReadDb, Wall, having
from api.door.files import Uploaded, documented, download
from api.door.problems import Refusal
from api.door.route_table import KIB, limited
from api.door.schemas import ResponseModel
from api.people import routes
from api.people.persons.workbook import place_of, read_persons, standing_rows, write_persons
from api.people.schemas import InvitationRead
from ledger.errors import Finding, LedgerError
from ledger.people.codes import Role
from ledger.people.steps import credentials
from ledger.people.steps.credentials import Viewer

router = APIRouter(tags=["tokens"])


class PersonInvited(InvitationRead):
    """An invitation, and whom it is for."""

    person: str
    role: Role


class PersonsOutcome(ResponseModel):
    """The invitations of a workbook, and how many of its persons have their role already."""

    invitations: list[PersonInvited]
    unchanged: int


@router.get("/persons.xlsx", response_class=Response, dependencies=[having(Right.READ_TOKENS)])
def persons_file(db: ReadDb, wall: Wall) -> Response:
    """Download who is in which role, as a workbook that can be added to and brought back."""
    return download(write_persons(credentials.tokens(db), wall), "persons.xlsx")


@router.post("/persons", status_code=201, openapi_extra=documented())
@limited(body=KIB * KIB)
def invite_persons(
    *,
    viewer: Annotated[Viewer, having(Right.ISSUE_TOKENS)],
    upload: Uploaded,
    db: Db,
    wall: Wall,
    settings: Configured,
) -> PersonsOutcome:
    """Invite everybody of a workbook who has not her role yet, or nobody.

    Where a role decides about money, each waits for a second security administrator.
    """
    db.commit()  # others have the connection while the file is read
    requests, faults = read_persons(upload.file.content)
    places = set(standing_rows(credentials.tokens(db), wall))
    invitations, unchanged = list[PersonInvited](), 0
    for row, request in requests:
        if place_of(request) in places:
            unchanged += 1
            continue
        places.add(place_of(request))
        try:
            invitation = routes.invite(request, viewer, db, wall, settings)
        except LedgerError as error:
            params = tuple((name, str(value)) for name, value in error.params.items())
            faults.append(Finding(row.where, error.code, params))
            continue
        about = {"person": request.person, "role": request.role}
        invitations.append(PersonInvited(**invitation.model_dump(), **about))
    if faults:
        raise Refusal.with_faults("persons", faults)
    return PersonsOutcome(invitations=invitations, unchanged=unchanged)
