"""The registry: a file of who takes part, taken whole or not at all."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from api.door.access import Right
from api.door.batch_decoder import read_kept
from api.door.dependencies import Db, Now, having
from api.door.problems import Refusal
from api.door.route_table import KIB, limited
from api.registry.schemas import RegistryOutcome
from ledger.metering.steps.intake import release
from ledger.people.steps.credentials import Viewer
from ledger.registry.steps.register import register

router = APIRouter(tags=["registry"])

_FILE: dict[str, Any] = {"schema": {"type": "string"}, "example": "organisations:\n- uscc: ..."}
_OPENAPI: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "A registry file (docs/registry.md), YAML or JSON",
        "content": {"application/yaml": _FILE, "application/json": _FILE},
    }
}


async def text_of(request: Request) -> str:
    """The file as it was sent; its size was limited before (`api/door/limits.py`)."""
    try:
        return (await request.body()).decode()
    except UnicodeDecodeError as error:
        raise Refusal(422, "not_utf8", {"byte": error.start}) from error


@router.post("/registry", openapi_extra=_OPENAPI)
@limited(body=8 * KIB * KIB)
def register_file(
    *,
    file: Annotated[str, Depends(text_of)],
    viewer: Annotated[Viewer, having(Right.REGISTER)],
    db: Db,
    now: Now,
    supersede: bool = False,
) -> RegistryOutcome:
    """Register a file. With `supersede`, dated facts that it contradicts are superseded."""
    outcome = register(db, file, actor=viewer.actor, now=now, supersede=supersede)
    if outcome.findings:
        raise Refusal.with_faults("registry", outcome.findings)
    if outcome.created.get("gpus") or outcome.superseded.get("gpus"):
        release(db, read_kept, now)  # windows of these GPUs may have been waiting for this
    return RegistryOutcome.model_validate(outcome)
