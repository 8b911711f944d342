"""What the routes are given: the database, the moment, who is asking, and where sign-in is kept.

One request is one transaction. It is committed before the answer goes out, so a caller can rely on
the answer; an error undoes everything. At most as many requests hold a transaction as there are
connections; others wait without holding a thread.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Security
from fastapi.responses import Response
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from sqlmodel import Session

from api.door import access
from api.door.events.record import record_done
from api.door.middleware import DEVICE_COOKIE, SESSION_COOKIE
from api.door.outer import admits, wants
from api.door.problems import Refusal
from api.door.route_table import SAFE
from api.settings import Settings
from ledger.people.steps import credentials, sessions, step_up
from ledger.people.steps.credentials import Viewer
from ledger.people.steps.sessions import Lasts, Place
from ledger.postgres.database import POOL
from ledger.postgres.replica import Replica
from ledger.units import BEIJING

DEVICE_LASTS = timedelta(days=366)
DRILL_CLOCK = "x-drill-clock"
DRILL_BEGINS = datetime(2000, 1, 1, tzinfo=BEIJING)
DRILL_ENDS = datetime(2100, 1, 1, tzinfo=BEIJING)
CONNECTIONS = POOL - 2  # one is for looking callers up, one for the rounds in the background
_BEARER = {"WWW-Authenticate": "Bearer"}


async def wall_clock(request: Request) -> datetime:
    """The present of credentials, by the application's clock: the database's, which all share."""
    now: datetime = request.app.state.wall_clock()
    return now


Wall = Annotated[datetime, Depends(wall_clock)]


async def moment(request: Request, wall: Wall) -> datetime:
    """The present of the books: that of the clock on the wall, but for a drill.

    In a drill, who holds the secret of its clock says what time it is: a month with its publication
    cannot be waited for. Asynchronous, as what waits for nothing needs no thread of its own.
    """
    header = request.headers.get(DRILL_CLOCK)
    if header is not None:
        return _drill_moment(header, request.app.state.settings.drill_clock)
    return wall


def _drill_moment(header: str, secret: str | None) -> datetime:
    shown_secret, _, when = header.rpartition(" ")
    if secret is None or not compare_digest(shown_secret.encode(), secret.encode()):
        raise Refusal(403, "no_drill")
    try:
        at = datetime.fromisoformat(when)
    except ValueError as error:
        raise Refusal(422, "bad_moment") from error
    if at.tzinfo is None or not DRILL_BEGINS <= at < DRILL_ENDS:
        raise Refusal(422, "bad_moment")
    return at.astimezone(UTC)


def session(request: Request) -> Iterator[Session]:
    """The request's one transaction."""
    with Session(request.app.state.engine) as db:
        yield db
        record_done(request, db)
        db.commit()


async def configured(request: Request) -> Settings:
    """The settings that the application was made with."""
    settings: Settings = request.app.state.settings
    return settings


def late_after(request: Request) -> timedelta:
    """How old a window may be that counts by itself."""
    return timedelta(days=request.app.state.settings.late_days)


LateAfter = Annotated[timedelta, Depends(late_after)]
Now = Annotated[datetime, Depends(moment)]
Db = Annotated[Session, Depends(session, scope="function", max_concurrency=CONNECTIONS)]
Configured = Annotated[Settings, Depends(configured)]


TOKEN = HTTPBearer(auto_error=False, description="The secret of a token: `sq_…`")
COOKIE = APIKeyCookie(name=SESSION_COOKIE, auto_error=False, description="A browser's session")


def visitor(
    request: Request,
    token: Annotated[HTTPAuthorizationCredentials | None, Security(TOKEN)],
    cookie: Annotated[str | None, Security(COOKIE)],
    db: Db,
    wall: Wall,
) -> Viewer | None:
    """Who is asking, if they say: by `Authorization: Bearer`, else by the browser's session.

    A change by the API takes a token: a cookie is sent by a browser whether its owner meant it or
    not. A token that is not good is an error; a session that has ended is a visit without one.
    Which of them is good, the clock on the wall says, in a drill too.
    """
    in_page = request.method in SAFE or not request.url.path.startswith("/api/")
    if token is not None:
        viewer = credentials.viewer(db, token.credentials, wall)
    elif cookie and in_page:
        viewer = sessions.signed_in(db, cookie, lasts(request), wall)
    else:
        return None
    if viewer is None and token is not None:
        raise Refusal(401, "bad_credential", headers=_BEARER)
    if viewer is not None and not admits(request.app.state.settings.door, viewer.role):
        if token is None:  # a session of another door
            return None
        raise Refusal(403, "other_door", {"role": viewer.role})
    request.state.viewer = viewer
    if viewer is not None and request.method not in SAFE:
        viewer = replace(viewer, unproven=step_up.is_wanted(db, viewer, stands(request), wall))
    return viewer


Visitor = Annotated[Viewer | None, Depends(visitor)]


def looking(request: Request, db: Db, _visitor: Visitor) -> Iterator[Session]:
    """The transaction of who only looks: the replica's where there is one, else the request's.

    Who is asking was looked up before, on the primary. What is noted while reading (whole account
    numbers) is recorded there with the request.
    """
    replica: Replica | None = request.app.state.replica
    if replica is None or request.method not in SAFE:
        yield db
        return
    with replica.session(db) as copy:
        yield copy or db


ReadDb = Annotated[Session, Depends(looking, scope="function")]


def signed_in(visitor: Visitor) -> Viewer:
    """Who is asking; nobody in particular is a 401."""
    if visitor is None:
        raise Refusal(401, "no_credential", headers=_BEARER)
    return visitor


def having(right: access.Right) -> Any:  # noqa: ANN401 - FastAPI's own type for a dependency
    """Who is asking, with a role that has this right; any other role is a 403.

    Written in a signature as `viewer: Annotated[Viewer, having(Right.REGISTER)]`.
    """

    def check(viewer: Annotated[Viewer, Depends(signed_in)]) -> Viewer:
        if not access.may(viewer, right):
            raise Refusal(403, "not_your_role", {"role": viewer.role})
        return viewer

    return Depends(wants(right, check))


def lasts(request: Request) -> Lasts:
    """How long a session lasts."""
    settings: Settings = request.app.state.settings
    hours, idle = settings.session_hours, settings.session_idle_minutes
    return Lasts(idle=timedelta(minutes=idle), absolute=timedelta(hours=hours))


def stands(request: Request) -> timedelta | None:
    """How long a code that was shown again stands, as the site says; None: it does not say."""
    minutes = request.app.state.settings.step_up_minutes
    return timedelta(minutes=minutes) if minutes else None


def place_of(request: Request) -> Place:
    """From where somebody asks; a browser that keeps no device of ours gets one."""
    device = request.cookies.get(DEVICE_COOKIE, "")
    if not sessions.is_secret(device):
        device = sessions.new_secret()
    address = request.client.host if request.client else ""
    return Place(device, address, request.headers.get("user-agent", ""))


def open_session(
    request: Request,
    response: Response,
    db: Session,
    viewer: Viewer,
    now: datetime,
    *,
    own_device: bool = False,
    proven: bool = False,
    provider_sid: str | None = None,
) -> None:
    """Sign a browser in: opens a session of the viewer's token, and sets the cookies.

    The session that the browser had before ends, and its secret with it. `own_device` takes it for
    another device than the browser is; `proven` says that she has just shown a code;
    `provider_sid` is as in `sessions.sign_in`.

    Raises:
        Refusal: this role does not come in by this door (`other_door`).
    """
    request.state.viewer = viewer  # whom the log names
    if not admits(request.app.state.settings.door, viewer.role):
        raise Refusal(403, "other_door", {"role": viewer.role})
    place = place_of(request)
    if own_device:
        place = replace(place, device=sessions.new_secret())
    length = lasts(request)
    secret = sessions.sign_in(
        db, viewer.token, place, length, now, proven=proven, provider_sid=provider_sid
    )
    request.state.fresh_session = secret
    sessions.sign_out(db, request.cookies.get(SESSION_COOKIE, ""), now)
    _keep(request, response, SESSION_COOKIE, secret, length.absolute)
    if not own_device:
        _keep(request, response, DEVICE_COOKIE, place.device, DEVICE_LASTS)


def keep_session(request: Request, response: Response, secret: str) -> None:
    """Give the browser another secret of the session that it has."""
    _keep(request, response, SESSION_COOKIE, secret, lasts(request).absolute)


def _keep(
    request: Request, response: Response, cookie: str, secret: str, length: timedelta
) -> None:
    response.set_cookie(
        cookie, secret, max_age=int(length.total_seconds()), path="/",
        secure=by_https(request), httponly=True, samesite="strict",
    )  # fmt: skip


def close_session(request: Request, response: Response, db: Session, now: datetime) -> None:
    """Sign a browser out: the session ends here, not only in the browser."""
    secret = request.cookies.get(SESSION_COOKIE, "")
    request.state.viewer = sessions.signed_in(db, secret, lasts(request), now)
    sessions.sign_out(db, secret, now)
    response.delete_cookie(SESSION_COOKIE, path="/", secure=by_https(request), httponly=True)


def public_url(request: Request) -> str:
    """Return where people reach this server: as the settings say, or as this one did."""
    return request.app.state.settings.url or str(request.base_url).rstrip("/")


def by_https(request: Request) -> bool:
    """Whether people reach us by https, here or at a proxy before us."""
    settings: Settings = request.app.state.settings
    return request.url.scheme == "https" or (settings.url or "").startswith("https:")


Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0, le=10**9)]
"""Which part of a long list to return."""
