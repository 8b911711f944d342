"""Errors as people and programs read them: RFC 9457 problems in the reader's language.

Whatever goes wrong leaves here as `{type, title, status, detail, code, ...}`. The code is stable,
the sentence is the reader's; what the machine knows of an unforeseen error stays in the log, so
that no stack, SQL or path ever goes out.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import psycopg
from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from starlette.exceptions import HTTPException

from api.language.i18n import gettext as _
from api.messages.messages import STATUS, TITLES
from api.messages.sentences import field_message, findings, sentence
from ledger.errors import (
    Busy,
    Conflict,
    Finding,
    LedgerError,
    NotFound,
    Refused,
    Spent,
    Unusable,
)
from ledger.formats.findings import FINDINGS_MAX, bounded, more_faults
from ledger.postgres.connections import Unconfirmed

METHOD_NOT_ALLOWED = 405
RETRY_S = 5
SPENT_S = 600  # of a share of a day
_KINDS: tuple[tuple[type[LedgerError], int], ...] = (
    (NotFound, 404),
    (Conflict, 409),
    (Refused, 422),
)
_CLASHES = (
    psycopg.errors.UniqueViolation,
    psycopg.errors.ExclusionViolation,
    psycopg.errors.ForeignKeyViolation,
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
)
_FOR_NOW: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled, NoConnectionFree), "busy"),
    ((psycopg.errors.DiskFull,), "disk_full"),
    ((Unconfirmed,), "unconfirmed"),
    ((psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction), "unavailable"),
)
"""What passes by itself, by its kind: the first that fits. A standby is read-only."""


@dataclass(frozen=True)
class Problem:
    """What went wrong: HTTP status, stable code, the parameters of its sentence, headers."""

    status: int
    code: str
    params: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What kind of problem it is, in the reader's language."""
        return _(TITLES.get(self.status, TITLES[400]))

    @property
    def detail(self) -> str:
        """What happened, in the reader's language."""
        return sentence(self.code, self.params)


Page = Callable[[Request, Problem], Response]
"""How `app.state.problem_page`, where the pages set it, shows a problem to a person."""
FormAgain = Callable[[Request, Problem], Awaitable[Response | None]]
"""How `app.state.form_again`, where the pages set it, shows a refused form on its page."""


class Refusal(Exception):
    """The door says no: a problem that is about the asking, not about the books."""

    def __init__(
        self,
        status: int,
        code: str,
        params: Mapping[str, object] = MappingProxyType({}),
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(code)
        self.problem = Problem(status, code, params, headers)

    @classmethod
    def with_faults(cls, code: str, faults: Sequence[Finding], **params: object) -> "Refusal":
        """The faults of what was sent, each with its place; of very many the first ones."""
        listing = findings(bounded(faults))
        return cls(422, code, {"count": len(faults), "findings": listing, **params})


def problem_of(error: Exception) -> Problem:
    """Turn an error into a problem; an unforeseen one is `internal`."""
    if isinstance(error, Refusal):
        return error.problem
    if isinstance(error, LedgerError):
        return _of_ledger(error)
    if isinstance(error, RequestValidationError):
        errors = error.errors()
        faults = [_fault(e) for e in errors[:FINDINGS_MAX]]
        if more := len(errors) - len(faults):
            faults += findings([more_faults(more)])
        return Problem(422, "invalid", {"count": len(errors), "findings": faults})
    if isinstance(error, HTTPException):
        return _of_http(error)
    return _of_database(error)


def wants_page(request: Request) -> bool:
    """Whether a person's browser asks, and not for the API."""
    is_browser = "text/html" in request.headers.get("accept", "")
    return is_browser and not request.url.path.startswith("/api/")


def respond(request: Request, problem: Problem) -> Response:
    """Answer with the problem: as a page for a browser, else as JSON."""
    request.state.refused, request.state.code = True, problem.code  # for the event log
    page: Page | None = getattr(request.app.state, "problem_page", None)
    if page and wants_page(request):
        return page(request, problem)
    return as_json(problem)


def as_json(problem: Problem) -> Response:
    """The problem as programs read it (RFC 9457)."""
    return JSONResponse(
        {
            **{key: _plain(value) for key, value in problem.params.items()},
            "type": f"urn:suanquan:problem:{problem.code}",
            "title": problem.title,
            "status": problem.status,
            "detail": problem.detail,
            "code": problem.code,
        },
        problem.status,
        headers=dict(problem.headers),
        media_type="application/problem+json",
    )


def answer(request: Request, error: Exception) -> Response:
    """A route may also *return* a problem, where what it wrote must be kept all the same."""
    problem = problem_of(error)
    if problem.status == METHOD_NOT_ALLOWED:  # the router names the methods of one route only
        allowed = ", ".join(request.app.state.route_table.methods(request.scope["path"]))
        problem = replace(problem, headers={"Allow": allowed})
    return respond(request, problem)


async def handle(request: Request, error: Exception) -> Response:
    """Answer a foreseen error: a browser's form comes back on its page, where that can be."""
    again: FormAgain | None = getattr(request.app.state, "form_again", None)
    if again and request.method == "POST" and wants_page(request):
        problem = problem_of(error)
        request.state.refused, request.state.code = True, problem.code
        response = await again(request, problem)
        if response is not None:
            return response
    return await run_in_threadpool(answer, request, error)


def install(app: FastAPI) -> None:
    """Let every foreseen error leave as a problem; `middleware` catches and logs all others."""
    for kind in (Refusal, NotFound, Conflict, Refused, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, handle)


def _of_http(error: HTTPException) -> Problem:
    codes = {404: "no_route", 405: "no_method"}
    code = codes.get(error.status_code, "http")
    return Problem(error.status_code, code, {"status": error.status_code}, error.headers or {})


def _of_ledger(error: LedgerError) -> Problem:
    if isinstance(error, Unusable):  # its parameters tell of this machine
        return Problem(503, "unavailable", headers=_retry())
    if isinstance(error, Busy):
        return Problem(503, error.code, error.params, _retry())
    if isinstance(error, Spent):
        return Problem(429, error.code, error.params, {"Retry-After": str(SPENT_S)})
    kind = next((status for cls, status in _KINDS if isinstance(error, cls)), 422)
    return Problem(STATUS.get(error.code, kind), error.code, error.params)


def is_disk_full(error: Exception) -> bool:
    """Whether the database found no room."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(cause, psycopg.errors.DiskFull)


def _of_database(error: Exception) -> Problem:
    """What PostgreSQL refused, by its kind alone: its words may show SQL."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, (psycopg.errors.CheckViolation, *_CLASHES)):
        return _of_constraint(cause)
    if isinstance(cause, psycopg.DataError):
        return Problem(422, "unusable_value")
    for kinds, code in _FOR_NOW:
        if isinstance(cause, kinds):
            return Problem(503, code, headers=_retry())
    return Problem(500, "internal", {"request": "?"})  # the gate knows its number


def _of_constraint(cause: psycopg.Error) -> Problem:
    """A row that another has just written, a moment that is not now, what is archived."""
    if cause.diag.constraint_name == "by_the_clock":
        return Problem(503, "clocks_differ")
    if cause.diag.constraint_name == "batch_archived":
        return Problem(503, "batch_archived", headers=_retry())
    if isinstance(cause, _CLASHES):
        return Problem(409, "changed_meanwhile")
    return Problem(500, "internal", {"request": "?"})


def _fault(error: dict[str, Any]) -> dict[str, str]:
    """One wrong field."""
    where = ".".join(map(str, error["loc"]))
    return {"where": where, "code": error["type"], "message": field_message(error)}


def _plain(value: object) -> object:
    return value if isinstance(value, (bool, int, str, list, dict, type(None))) else str(value)


def _retry() -> dict[str, str]:
    return {"Retry-After": str(RETRY_S)}
