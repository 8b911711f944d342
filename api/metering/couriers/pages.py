"""The page of what couriers bring: batches of nodes without a line, and their enrolment.

A file is found whole before anything of it is used. Batches go through the agents' own door, one
by one, and each answer is signed; what goes back to the node is kept and can be fetched again.
"""

import io
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import IO, Any
from uuid import UUID

from fastapi import APIRouter, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from agents.enrolment_files import ANSWER, REQUEST, EnrolmentAnswer, EnrolmentRequest
from agents.parcels import BATCHES, RECEIPT, FileFault, Parcel, Receipt, read, write
from api.door.dependencies import Db, Now, ReadDb
from api.door.files import download
from api.door.problems import Refusal
from api.door.route_table import FORM_MAX, limited
from api.language.labels import label
from api.metering import batch_routes
from api.metering.agents.schemas import EnrolmentRequestCreate
from api.metering.couriers.routes import OfServer, Tender, enrol_offline
from api.metering.couriers.tally import TAKEN, Tally
from api.web.layout import Framed
from ledger.documents.queries.originals import NAME_MAX
from ledger.metering.codes import CourierFileKind
from ledger.metering.queries import agents as agent_queries
from ledger.metering.tables import CourierFile
from ledger.people.steps.credentials import Viewer

router = APIRouter(include_in_schema=False)

PAGE = "/courier"
_SUFFIX = {CourierFileKind.BATCHES: ".receipt", CourierFileKind.ENROLMENT: ".answer"}


@router.get(PAGE)
def page(*, frame: Framed, viewer: Tender, of_server: OfServer, db: ReadDb) -> HTMLResponse:
    """Where a file is handed in, what was handed in before, and the server's key."""
    files = agent_queries.courier_files(db, viewer.centre)
    return frame.page(
        "metering/courier.html",
        {
            "files": [(file, label(CourierFileKind(file.kind))) for file in files],
            "key": of_server.public_key,
        },
    )


@router.post(PAGE)
@limited(body=FORM_MAX)
def take(
    *, request: Request, viewer: Tender, of_server: OfServer, db: Db, now: Now, file: UploadFile
) -> Response:
    """Take a courier's file in; nothing of it is used unless it is whole."""
    content, answer = file.file, io.BytesIO()
    try:
        kind = _kind(content)
        if kind is CourierFileKind.BATCHES:
            items = list(read(content, BATCHES, Parcel.read))
        else:
            (request_of_node,) = read(content, REQUEST, EnrolmentRequest.read)
    except FileFault as fault:
        raise Refusal(422, f"courier_{fault.code}", {"line": fault.line}) from fault
    except ValueError as error:
        raise Refusal(422, "courier_unreadable_line", {"line": 2}) from error
    if kind is CourierFileKind.BATCHES:
        db.commit()  # batches have transactions of their own: no connection is held beside theirs
        tally = Tally()
        write(answer, RECEIPT, _receipts(request, items, tally, now))
        outcome = tally.rows()
    else:
        body = EnrolmentRequestCreate(**asdict(request_of_node))
        reply = enrol_offline(body, viewer, of_server, db, now).model_dump()
        write(answer, ANSWER, [EnrolmentAnswer(**reply)])
        outcome = [{name: reply[name] for name in ("agent", "cluster", "node")}]
    row = CourierFile(
        centre_id=viewer.centre, kind=kind, name=(file.filename or "")[:NAME_MAX], taken_at=now,
        taken_by=viewer.actor, outcome=outcome, answer=answer.getvalue(),
    )  # fmt: skip
    db.add(row)
    db.flush()
    return RedirectResponse(f"{PAGE}/{row.id}", 303)


@router.get("/courier/{number}")
def file_page(number: int, *, frame: Framed, viewer: Tender, db: ReadDb) -> HTMLResponse:
    """What came of one file, and the file that goes back."""
    row = agent_queries.courier_file(db, number, viewer.centre)
    return frame.page(
        "metering/courier-file.html",
        {
            "file": row,
            "kind": label(CourierFileKind(row.kind)),
            "is_enrolment": row.kind == CourierFileKind.ENROLMENT,
            "rows": _rows(row, viewer, db),
            "answer": _answer_name(row),
            "taken": TAKEN,
        },
    )


@router.get("/courier/{number}/answer")
def answer_file(number: int, viewer: Tender, db: ReadDb) -> Response:
    """The receipt, or the answer to a request."""
    row = agent_queries.courier_file(db, number, viewer.centre)
    return download(row.answer, _answer_name(row))


def _kind(file: IO[bytes]) -> CourierFileKind:
    """By its first line."""
    start = f'{{"format":"{REQUEST}"'.encode()
    file.seek(0)
    is_request = file.read(len(start)) == start
    return CourierFileKind.ENROLMENT if is_request else CourierFileKind.BATCHES


def _receipts(
    request: Request, items: list[Parcel], tally: Tally, now: datetime
) -> Iterator[Receipt]:
    for parcel in items:
        try:
            agent = UUID(parcel.agent)
        except ValueError:
            agent = UUID(int=0)  # nobody: the answer says so
        receipt = batch_routes.take(request, parcel, agent, "", now)
        tally.add(parcel, receipt)
        yield receipt


def _rows(file: CourierFile, viewer: Viewer, db: Db) -> list[dict[str, Any]]:
    """The rows with the node's name, where the viewer may know it."""
    reporters = {str(a.id): a for a in agent_queries.agents(db, viewer.centre)}
    return [{**row, "reporter": reporters.get(row["agent"])} for row in file.outcome]


def _answer_name(file: CourierFile) -> str:
    return (file.name or "courier") + _SUFFIX[CourierFileKind(file.kind)]
