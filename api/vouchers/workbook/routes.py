"""Vouchers by a workbook: those that are found, and proposals of all that one asks for."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from api.door import access
from api.door.dependencies import Db, Now, ReadDb
from api.door.files import Uploaded, documented, download
from api.door.problems import Refusal, problem_of
from api.door.route_table import KIB, limited
from api.door.schemas import ResponseModel
from api.vouchers import routes
from api.vouchers.project_routes import Reader
from api.vouchers.routes import OF_THE_BOOKS, Opener
from api.vouchers.schemas import ProjectsQuery, VoucherRead
from api.vouchers.workbook.reading import VoucherRow, read_vouchers
from api.vouchers.workbook.writing import write_vouchers
from ledger.errors import Finding, LedgerError
from ledger.people.steps.credentials import Viewer
from ledger.policy.decide.engine import decide
from ledger.policy.decide.reasons import reasons
from ledger.policy.text.published import load
from ledger.units import yuan
from ledger.vouchers.steps.openings import voucher_under
from ledger.vouchers.tables import Voucher

router = APIRouter(tags=["vouchers"])


class VouchersOutcome(ResponseModel):
    """The vouchers that a workbook proposals, and how many of its rows are open as they stand."""

    proposals: list[VoucherRead]
    unchanged: int


@router.get("/vouchers.xlsx", response_class=Response)
def vouchers_file(
    *, query: Annotated[ProjectsQuery, Query()], viewer: Reader, db: ReadDb, now: Now
) -> Response:
    """Download the vouchers of the projects that are found, as a workbook that can come back."""
    projects = [row[0] for row in access.projects(db, viewer, query.text, query.kind)]
    return download(write_vouchers(db, projects, now), "vouchers.xlsx")


@router.post("/vouchers", status_code=201, openapi_extra=documented())
@limited(body=KIB * KIB)
def propose_vouchers(*, viewer: Opener, upload: Uploaded, db: Db, now: Now) -> VouchersOutcome:
    """Decide on the facts of each row and propose its voucher; of all rows, or of none.

    Another person confirms each. A row that is open already and says nothing else changes nothing.
    """
    db.commit()  # others have the connection while the file is read
    voucher_rows, faults = read_vouchers(upload.file.content)
    proposals, unchanged = list[VoucherRead](), 0
    places = dict[str, str]()
    for voucher_row in voucher_rows:
        first = places.setdefault(voucher_row.place, voucher_row.row.where)
        if first != voucher_row.row.where:
            faults.append(voucher_row.row.fault("project", "duplicate", first=first))
            continue
        read = _propose(db, viewer, voucher_row, now)
        if isinstance(read, list):
            faults += read
        elif read.decision is None:
            unchanged += 1
        else:
            proposals.append(read)
    if faults:
        raise Refusal.with_faults("vouchers", faults)
    return VouchersOutcome(proposals=proposals, unchanged=unchanged)


def _propose(
    db: Session, viewer: Viewer, voucher_row: VoucherRow, now: datetime
) -> VoucherRead | list[Finding]:
    """The voucher of a row, proposed or open, or why it cannot be."""
    try:
        with db.begin_nested():
            if faults := list(_faults(db, viewer, voucher_row)):
                return faults
            return routes.open_for(
                code=voucher_row.project, request=voucher_row.request, viewer=viewer, db=db, now=now
            )
    except (LedgerError, Refusal, IntegrityError) as error:
        problem = problem_of(error)
        params = tuple((name, str(value)) for name, value in problem.params.items())
        return [Finding(voucher_row.row.where, problem.code, params)]


def _faults(db: Session, viewer: Viewer, voucher_row: VoucherRow) -> Iterator[Finding]:
    """What is wrong with a row, beside what opening its voucher refuses."""
    project, request = access.project(db, viewer, voucher_row.project), voucher_row.request
    if voucher_row.name and voucher_row.name != project.name:
        yield voucher_row.row.fault(
            "name", "differs", field="name", there=project.name, here=voucher_row.name
        )
    voucher = voucher_under(db, project, policy=request.policy, clause=request.clause)
    if voucher is not None:
        yield from _differences(voucher, voucher_row)
        return
    policy = load(request.policy)
    judged = decide(policy, request.clause, {**request.facts, **OF_THE_BOOKS})
    for reason in reasons(policy, judged):
        yield voucher_row.row.fault(reason.where, reason.code, **dict(reason.params))


def _differences(voucher: Voucher, voucher_row: VoucherRow) -> Iterator[Finding]:
    """What a row says otherwise than the voucher that is open: that is changed by itself."""
    request = voucher_row.request
    if voucher.policy != request.policy:
        return
    for name, value_now, value in (
        ("face_yuan", yuan(voucher.face_fen), request.face_fen and yuan(request.face_fen)),
        ("valid_from", voucher.valid.lower, request.valid_from),
        ("valid_until", voucher.valid.upper, request.valid_until),
        *((fact, voucher.facts.get(fact), typed) for fact, typed in request.facts.items()),
    ):
        if value is not None and value != value_now:
            fault = voucher_row.row.fault
            yield fault(name, "differs", field=name, there=value_now or "—", here=value)
