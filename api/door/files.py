"""Files that people send and files that they take away.

They are sent as a form with a part called `file`, or as they are with `?name=`. Both are read
whole; their size was limited before (`api/door/limits.py`). What a form says beside its file stands
in a part called `document`, as JSON; a code of the sender's authenticator in one called `code`, for
an address is written into logs. What is taken away a browser keeps and does not open.
"""

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request, Response
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from api.door.exactness import json_once
from api.door.problems import Refusal
from api.door.schemas import PROOF_MAX
from ledger.documents.queries.originals import File
from ledger.documents.tables import Original
from ledger.formats.spreadsheets.export import Rows, csv_file, xlsx_file

FORM = "multipart/form-data"
PAGE_FIELD = "_page"
"""The hidden field of a form that was sent back: the page that it stands on."""
_PARTS = {"file", "document", "code", PAGE_FIELD}
SPREADSHEETS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""What the files of a table are, by the end of their name."""

_MEDIA = {"html": "text/html; charset=utf-8", "json": "application/json", **SPREADSHEETS}
_BINARY = {"schema": {"type": "string", "format": "binary"}}


def documented(*, keyed: bool = False, with_code: bool = False) -> dict[str, Any]:
    """The request body of such a route, for the OpenAPI document."""
    properties: dict[str, Any] = {"file": {"type": "string", "format": "binary"}}
    if keyed:
        properties["document"] = {"type": "string", "contentMediaType": "application/json"}
    required = sorted(properties)
    if with_code:
        properties["code"] = {"type": "string", "maxLength": PROOF_MAX, "default": ""}
    form = {"type": "object", "properties": properties, "required": required}
    content: dict[str, Any] = {FORM: {"schema": form}}
    if not keyed:
        content["application/octet-stream"] = _BINARY
    return {"requestBody": {"required": True, "content": content}}


@dataclass(frozen=True)
class Upload:
    """A file, and the form's `document` and `code` beside it."""

    file: File
    document: dict[str, Any] | None
    code: str = ""


async def upload(request: Request, name: str = "") -> Upload:
    """What was sent; a form without its one file, or with something that is no JSON, is refused."""
    if not request.headers.get("content-type", "").startswith(FORM):
        return Upload(File.from_content(name, await request.body()), None)
    try:
        async with request.form(max_files=1, max_fields=len(_PARTS) - 1) as form:
            part, beside, code = form.get("file"), form.get("document"), form.get("code", "")
            if not isinstance(part, UploadFile):
                raise Refusal(422, "no_file")
            if not form.keys() <= _PARTS:
                raise Refusal(422, "broken_form")
            file = File.from_content(part.filename or "", await part.read())
    except HTTPException as error:  # more files or fields, or no whole form
        raise Refusal(422, "broken_form") from error
    if not isinstance(code, str) or len(code) > PROOF_MAX:
        raise Refusal(422, "broken_form")
    return Upload(file, _document(beside) if isinstance(beside, str) else None, code.strip())


def _document(text: str) -> dict[str, Any]:
    document = json_once(text)
    if not isinstance(document, dict):
        raise Refusal(422, "no_document")
    return document


def download(content: bytes | str, name: str, media: str | None = None) -> Response:
    """A file of this name; what it is follows from the end of its name where nothing else says."""
    encoded = quote(name, safe="")
    named = f'filename="{name}"' if encoded == name else f"filename*=UTF-8''{encoded}"
    return Response(
        content,
        media_type=media or _MEDIA.get(name.rpartition(".")[2], "application/octet-stream"),
        headers={"Content-Disposition": f"attachment; {named}"},
    )


def download_table(rows: Rows, name: str) -> Response:
    """A table as the spreadsheet that its name says: `.csv` or `.xlsx`."""
    return download(csv_file(rows) if name.endswith(".csv") else xlsx_file(rows), name)


def download_original(file: Original) -> Response:
    """A file as it came."""
    return download(file.content, file.name, file.media)


Uploaded = Annotated[Upload, Depends(upload)]
