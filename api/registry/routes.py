"""The registry: a file of who takes part, taken whole or not at all."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from sqlmodel import Session

from api.door.access import Right
from api.door.batch_decoder import read_kept
from api.door.dependencies import Db, LateAfter, Now, having
from api.door.files import SPREADSHEETS
from api.door.problems import Refusal
from api.door.route_table import KIB, limited
from api.registry.parents import Parents
from api.registry.schemas import RegistryOutcome, RegistryPreviewRead
from api.registry.workbook.reading import RegistryFile, read_workbook
from ledger.desk.queries.registry_entries import RegistryReader
from ledger.desk.steps.take_registry import preview_registry, take_registry
from ledger.formats.archive import SIGNATURE
from ledger.metering.steps.intake import release
from ledger.people.steps.credentials import Viewer

router = APIRouter(tags=["registry"])

_FILE: dict[str, Any] = {
    "schema": {"type": "object"},
    "example": {"organisations": [{"uscc": "91640100MA0000001X", "name": "某公司"}]},
}
XLSX = SPREADSHEETS["xlsx"]
_BOOK: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_OPENAPI: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "A registry file (docs/registry.md): YAML, JSON or a workbook",
        "content": {"application/yaml": _FILE, "application/json": _FILE, XLSX: _BOOK},
    }
}


Clerk = Annotated[Viewer, having(Right.REGISTER)]


async def body_of(request: Request) -> bytes:
    """The file as it was sent; its size was limited before (`api/door/limits.py`)."""
    return await request.body()


def sent_file(
    body: Annotated[bytes, Depends(body_of)], viewer: Clerk, db: Db, now: Now
) -> RegistryFile:
    """What was sent as a registry file."""
    del viewer
    return file_of(body, db, now)


def file_of(content: bytes, db: Session, now: datetime) -> RegistryFile:
    """A registry file by its content: a workbook, or text.

    Raises:
        Refusal: it is neither, or the workbook has faults.
    """
    if content.startswith(SIGNATURE):
        return read_workbook(content, Parents(RegistryReader(db, now)))
    try:
        return RegistryFile(content.decode())
    except UnicodeDecodeError as error:
        raise Refusal(422, "not_utf8", {"byte": error.start}) from error


SentFile = Annotated[RegistryFile, Depends(sent_file)]


@router.post("/registry/preview", openapi_extra=_OPENAPI)
@limited(body=8 * KIB * KIB)
def preview_file(
    *, file: SentFile, viewer: Clerk, db: Db, now: Now, supersede: bool = False
) -> RegistryPreviewRead:
    """Tell what a file would register, and what would wait for another person; keep nothing."""
    preview = preview_registry(db, file.text, actor=viewer.actor, now=now, supersede=supersede)
    report, content = preview.report, preview.content or {}
    if report.findings:
        raise Refusal.with_faults("registry", file.at_rows(report.findings))
    return RegistryPreviewRead.model_validate(
        {
            "created": report.created,
            "unchanged": report.unchanged,
            "superseded": report.superseded,
            "at_once": preview.at_once,
            "changes": content.get("changes", ()),
            "months": content.get("months", ()),
        }
    )


@router.post("/registry", openapi_extra=_OPENAPI)
@limited(body=8 * KIB * KIB)
def register_file(
    *,
    file: SentFile,
    viewer: Clerk,
    db: Db,
    now: Now,
    late_after: LateAfter,
    supersede: bool = False,
    reason: Annotated[str, Query(max_length=1000)] = "",
) -> RegistryOutcome:
    """Register a file. With `supersede`, dated facts that it contradicts are superseded.

    What touches usage that was charged is not registered: it is proposed as one decision.
    """
    intake = take_registry(
        db, file.text, actor=viewer.actor, now=now, supersede=supersede, reason=reason
    )
    outcome, decision = intake.report, intake.decision
    if outcome.findings:
        raise Refusal.with_faults("registry", file.at_rows(outcome.findings))
    if outcome.created.get("gpus") or outcome.superseded.get("gpus"):
        release(
            db, read_kept, now, late_after=late_after
        )  # windows of these GPUs may have been waiting for this
    return RegistryOutcome(
        created=outcome.created,
        unchanged=outcome.unchanged,
        superseded=outcome.superseded,
        decision=decision.id if decision else None,
        changes=tuple(decision.content["changes"]) if decision else (),
    )
