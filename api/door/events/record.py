"""One place where requests become events.

A request that changes something is recorded at the end of its transaction, and goes with it; so is
a reading of whole account numbers. A refusal is recorded when it was answered, in a transaction of
its own, and within a bound. Batches are their own record: what an agent sent is kept, signed.
"""

from collections.abc import Iterable
from typing import Any

import structlog
from fastapi import Request
from sqlalchemy import event
from sqlmodel import Session

from api.door.events.bound import Bound
from api.door.route_table import API, SAFE
from ledger.people.codes import EventResult
from ledger.people.steps.credentials import digest
from ledger.people.steps.events import NUMBER_READ, Act, record

BATCHES = f"{API}/batches"
ONLY_LOOKING = ("/evaluations", "/preview")  # POST, as what is asked is long; nothing is changed
LONGEST = 200
NO_CREDENTIAL = "no_credential"

log = structlog.get_logger("suanquan.events")


def record_done(request: Request, db: Session) -> None:
    """Record what the request did, if it did anything; a refusal that was returned is for later."""
    if getattr(request.state, "refused", False):
        return
    if request.method not in SAFE and not route_path(request).endswith(ONLY_LOOKING):
        db.flush()  # what it makes has its number by now
        record(db, _act(request, EventResult.DONE, new=db.info.get("new_numbers")))
    if (accounts := db.info.get("numbers_read")) is not None:
        numbers = " ".join(map(str, accounts))  # none yet of an account that is to be confirmed
        thing = {"noun": "bank-accounts", "number": numbers} if numbers else {}
        record(db, _act(request, EventResult.DONE, NUMBER_READ, **thing))


def record_refusal(request: Request, status: int, bound: Bound) -> None:
    """Record that the request was refused, unless there were too many of this caller."""
    code = getattr(request.state, "code", "") or str(status)
    if not _matters(request, status, code):
        return
    viewer = getattr(request.state, "viewer", None)
    omitted = bound.admit(viewer.token if viewer else None)
    if omitted is None:
        return
    try:
        with Session(request.app.state.engine) as db:
            record(db, _act(request, EventResult.REFUSED, code, omitted=omitted))
            db.commit()
    except Exception:
        log.exception("a refusal was not recorded", request=request.state.id)


def _matters(request: Request, status: int, code: str) -> bool:
    is_known_route = request.scope.get("route") is not None
    if request.url.path == BATCHES:
        return status == 401  # noqa: PLR2004
    if request.method in SAFE:
        return status == 403 or (status == 401 and code != NO_CREDENTIAL)  # noqa: PLR2004
    return 400 <= status < 500 and (is_known_route or status == 403)  # noqa: PLR2004


def _act(request: Request, result: EventResult, code: str = "", **more: Any) -> Act:  # noqa: ANN401
    viewer = getattr(request.state, "viewer", None)
    secret = getattr(request.state, "fresh_session", None)
    path = route_path(request)
    noun, number = thing_of(path, request.path_params.values())
    return Act(
        token=viewer.token if viewer else None,
        session=viewer.session if viewer else None,
        fresh=digest(secret) if secret else None,
        address=request.client.host if request.client else "",
        request=request.state.id,
        act=f"{request.method} {path}",
        noun=more.get("noun", noun),
        number=(more.get("number") or number or _new(noun, more.get("new")))[:LONGEST],
        result=result,
        code=code,
        omitted=more.get("omitted", 0),
    )


def route_path(request: Request) -> str:
    """The route that answered, as it was declared, so without anyone's names; «-» for none."""
    path = getattr(request.scope.get("route"), "path", None)
    if path is None:
        return "-"
    inside = request.scope["path"].startswith(f"{API}/") and not path.startswith(f"{API}/")
    return f"{API}{path}" if inside else str(path)


def thing_of(path: str, values: Iterable[object]) -> tuple[str, str]:
    """The noun before the first number of a path, and the numbers."""
    parts = [part for part in path.removeprefix(API).split("/") if part]
    first = next((at for at, part in enumerate(parts) if part.startswith("{")), 1)
    noun = parts[first - 1] if parts and first else ""
    return noun, " ".join(str(value).replace("\0", "") for value in values)


def _new(noun: str, new: dict[str, str] | None) -> str:
    """The number of what was made: a thing of this noun, else the decision about it."""
    numbers = new or {}
    decision = numbers.get("decisions")
    return numbers.get(noun.replace("-", "_")) or (f"decision {decision}" if decision else "")


@event.listens_for(Session, "after_flush")
def _note_what_is_new(db: Session, _context: object) -> None:
    """Remember the number of the first thing of each kind that a transaction makes."""
    numbers = db.info.setdefault("new_numbers", {})
    for row in db.new:
        number = getattr(row, "number", None) or getattr(row, "code", None)
        number = number or getattr(row, "id", None)
        if number is not None:
            numbers.setdefault(row.__tablename__, str(number))
