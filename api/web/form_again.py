"""A form that was refused comes back on its page, with what was typed and what is wrong where.

Whatever a form's route raises, one rule answers: the page on which the form stands is made again,
the form is filled as it was sent, and each fault stands at its field. Where the page cannot be
told or shown, the problem has a page of its own (`layout.problem_page`).
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.types import Message, Scope

from api.door.files import PAGE_FIELD
from api.door.problems import Problem
from api.language.format import capital
from api.messages.sentences import place
from api.web.layout import came_from
from api.web.refill import FormFaults, refill

_IN_PLACE = frozenset({404, 409, 422})
_OF_FILE = re.compile(r"(?:^|\s)(?:line|row) \d+", re.ASCII)
_LEAF = re.compile(r"(?:^|[.\s])([a-z_][a-z_0-9]*)(?:\[\d+\])?$", re.ASCII)
_FIELDS: Mapping[str, str] = MappingProxyType(
    {"fen": "yuan", "bad_paid_amount": "yuan", "step_up": "code", "step_up_code": "code"}
)
_OK = 200


async def form_again(request: Request, problem: Problem) -> Response | None:
    """The page of a refused form, or None where it cannot be made."""
    data = getattr(request, "_form", None)
    if problem.status not in _IN_PLACE or not isinstance(data, FormData):
        return None
    page = _page(request, data)
    html = await _get(request, page) if page else ""
    again = refill(html, request.url.path, data, page, _faults(problem)) if html else ""
    return HTMLResponse(again, problem.status) if again else None


def _page(request: Request, data: FormData) -> str:
    """The address of the page that the form stands on, without the notice of an act before."""
    before = data.get(PAGE_FIELD)
    parts = urlsplit(before if isinstance(before, str) else came_from(request))
    if parts.scheme or parts.netloc or not parts.path.startswith("/"):
        return ""
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != "act"]
    return f"{parts.path}?{urlencode(query)}".rstrip("?")


async def _get(request: Request, page: str) -> str:
    """What the application shows this reader at an address of its own; "" if it is no page."""
    parts = urlsplit(page)
    of_content = {b"content-type", b"content-length"}
    scope: Scope = {
        **{k: v for k, v in request.scope.items() if k not in ("route", "endpoint", "path_params")},
        "method": "GET",
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "headers": [header for header in request.scope["headers"] if header[0] not in of_content],
        "state": dict(request.scope["state"]),
    }
    status, body = 0, bytearray()

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)
        body.extend(message.get("body", b""))

    try:
        await request.app.router(scope, receive, send)
    except HTTPException:  # there is no such address
        return ""
    return body.decode() if status == _OK else ""


def _faults(problem: Problem) -> FormFaults:
    """The problem by the fields of its form; a place of a file stays a line above them."""
    faults: Any = problem.params.get("findings", ())
    by_field: dict[str, str] = {}
    general = []
    if problem.code in _FIELDS:
        by_field[_FIELDS[problem.code]] = problem.detail
    for fault in faults:
        leaf = _LEAF.search(fault["where"])
        name = _FIELDS.get(leaf[1], leaf[1]) if leaf else ""
        if name and name not in by_field and not _OF_FILE.search(fault["where"]):
            by_field[name] = fault["message"]
        else:
            general.append(f"{place(fault['where'])}：{fault['message']}")
    return FormFaults(capital(problem.detail), by_field, general)
