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
    """The vouchers that a workbook proposed, and how many of its rows are open as they stand."""

    proposed: list[VoucherRead]
    unchanged: int


@router.get("/vouchers.xlsx", response_class=Response)
def vouchers_file(
    *, query: Annotated[ProjectsQuery, Query()], viewer: Reader, db: ReadDb, now: Now
) -> Response:
    """Download the vouchers of the projects that are found, as a workbook that can come back."""
    found = [row[0] for row in access.projects(db, viewer, query.text, query.kind)]
    return download(write_vouchers(db, found, now), "vouchers.xlsx")


@router.post("/vouchers", status_code=201, openapi_extra=documented())
@limited(body=KIB * KIB)
def propose_vouchers(*, upload: Uploaded, viewer: Opener, db: Db, now: Now) -> VouchersOutcome:
    """Decide on the facts of each row and propose its voucher; of all rows, or of none.

    Another person confirms each. A row that is open already and says nothing else is left as it is.
    """
    db.commit()  # others have the connection while the file is read
    wanted, faults = read_vouchers(upload.file.content)
    proposed, unchanged = list[VoucherRead](), 0
    for each in wanted:
        read = _propose(db, viewer, each, now)
        if isinstance(read, list):
            faults += read
        elif read.decision is None:
            unchanged += 1
        else:
            proposed.append(read)
    if faults:
        raise Refusal.with_faults("vouchers", faults)
    return VouchersOutcome(proposed=proposed, unchanged=unchanged)


def _propose(
    db: Session, viewer: Viewer, each: VoucherRow, now: datetime
) -> VoucherRead | list[Finding]:
    """The voucher of a row, proposed or open, or why it cannot be."""
    try:
        with db.begin_nested():
            if faults := list(_faults(db, viewer, each)):
                return faults
            return routes.open_for(
                code=each.project, request=each.request, viewer=viewer, db=db, now=now
            )
    except (LedgerError, Refusal, IntegrityError) as error:
        problem = problem_of(error)
        params = tuple((name, str(value)) for name, value in problem.params.items())
        return [Finding(each.row.where, problem.code, params)]


def _faults(db: Session, viewer: Viewer, each: VoucherRow) -> Iterator[Finding]:
    """What is wrong with a row, beside what opening its voucher refuses."""
    project, request = access.project(db, viewer, each.project), each.request
    if each.name and each.name != project.name:
        yield each.row.fault("name", "differs", field="name", there=project.name, here=each.name)
    voucher = voucher_under(db, project, policy=request.policy, clause=request.clause)
    if voucher is not None:
        yield from _differences(voucher, each)
        return
    policy = load(request.policy)
    judged = decide(policy, request.clause, {**request.facts, **OF_THE_BOOKS})
    for reason in reasons(policy, judged):
        yield each.row.fault(reason.where, reason.code, **dict(reason.params))


def _differences(voucher: Voucher, each: VoucherRow) -> Iterator[Finding]:
    """What a row says otherwise than the voucher that is open: that is changed by itself."""
    request = each.request
    if voucher.policy != request.policy:
        return
    for name, there, here in (
        ("face_yuan", yuan(voucher.face_fen), request.face_fen and yuan(request.face_fen)),
        ("valid_from", voucher.valid.lower, request.valid_from),
        ("valid_until", voucher.valid.upper, request.valid_until),
        *((name, voucher.facts.get(name), value) for name, value in request.facts.items()),
    ):
        if here is not None and here != there:
            yield each.row.fault(name, "differs", field=name, there=there or "—", here=here)
