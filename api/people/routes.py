"""Tokens: made by security administrators, shown once, listed, renewed, ended; sessions."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from sqlmodel import Session, select

from api.door.access import RIGHTS, Right
from api.door.dependencies import Configured, Db, Limit, ReadDb, Wall, having, lasts, signed_in
from api.people.rights import RightRow, right_table
from api.people.schemas import InvitationRead, Proof, TokenCreate, TokenRenew, TokenSecret
from api.people.step_up import Proving
from api.settings import Settings
from ledger.errors import NotFound, Refused
from ledger.people.steps import credentials, invitations, logins, sessions
from ledger.people.steps.credentials import TokenRecord, Viewer
from ledger.people.steps.logins import FailureRecord
from ledger.people.steps.sessions import SessionRecord
from ledger.postgres.columns import key
from ledger.registry.tables import Centre
from ledger.vouchers.queries.quotas import project_by_code

router = APIRouter(tags=["tokens"])


@router.post("/tokens", status_code=201)
def issue(
    request: TokenCreate,
    viewer: Annotated[Viewer, having(Right.ISSUE_TOKENS)],
    db: Db,
    wall: Wall,
    settings: Configured,
) -> TokenSecret:
    """Issue a token to an identity; its secret is in this answer and nowhere else.

    The token of a role that decides about money opens nothing until a second one confirms it.
    """
    return _told(db, _issue(request, viewer, db, wall, settings))


@router.post("/invitations", status_code=201)
def invite(
    request: TokenCreate,
    viewer: Annotated[Viewer, having(Right.ISSUE_TOKENS)],
    db: Db,
    wall: Wall,
    settings: Configured,
) -> InvitationRead:
    """Invite somebody to set up her account: a token whose secret nobody sees, and a link.

    The link works once; where the role decides about money, not before a second one confirms.
    """
    if request.service:
        raise Refused("login_service")
    row = credentials.token_of(db, _issue(request, viewer, db, wall, settings))
    lasts = timedelta(hours=settings.invitation_hours)
    code = invitations.invite(db, key(row), viewer.actor, wall, lasts)
    path = f"/invitation?code={code}"
    return InvitationRead(id=key(row), path=path, expires_at=wall + lasts, waits=row.waits)


@router.post("/tokens/renew", status_code=201)
def renew(
    request: TokenRenew,
    viewer: Annotated[Viewer, Depends(signed_in)],
    db: Db,
    wall: Wall,
    settings: Configured,
) -> TokenSecret:
    """Renew the token that asks: the new one takes its place when it is first used.

    Programs that run in several places name some hours for which the old one stays good then.
    """
    until = _until(request.expires_at, wall, settings)
    return _told(db, credentials.renew(db, viewer, wall, until, request.overlap_hours))


@router.get("/own/tokens")
def own_tokens(viewer: Annotated[Viewer, Depends(signed_in)], db: ReadDb) -> list[TokenRecord]:
    """List one's own tokens, newest first, those that ended too."""
    return credentials.tokens(db, viewer)


@router.delete("/own/tokens/{token}", status_code=204)
def end_own(token: int, viewer: Annotated[Viewer, Depends(signed_in)], db: Db, wall: Wall) -> None:
    """End one of one's own tokens, and the browser sessions made from it."""
    credentials.end_own(db, token, viewer, wall)


@router.get("/tokens", dependencies=[having(Right.READ_TOKENS)])
def tokens(db: ReadDb) -> list[TokenRecord]:
    """List every token ever issued, newest first."""
    return credentials.tokens(db)


@router.post("/tokens/{token}/confirmation", status_code=204)
def confirm(
    *,
    token: int,
    viewer: Annotated[Viewer, having(Right.ISSUE_TOKENS)],
    db: Db,
    wall: Wall,
    prover: Proving,
    request: Proof | None = None,
) -> None:
    """Confirm a token that waits for a second security administrator."""
    viewer = prover.take(viewer, request.code if request else "")
    credentials.confirm_token(db, token, viewer, wall)


@router.delete("/tokens/{token}", status_code=204)
def revoke(
    token: int, viewer: Annotated[Viewer, having(Right.ISSUE_TOKENS)], db: Db, wall: Wall
) -> None:
    """End a token and the browser sessions made from it."""
    credentials.revoke(db, token, viewer.actor, wall)


@router.get("/sign-ins", dependencies=[having(Right.READ_LOGS)])
def sign_ins(request: Request, db: ReadDb, wall: Wall, limit: Limit = 100) -> list[SessionRecord]:
    """List everybody's browser sessions, newest first."""
    return sessions.sign_ins(db, lasts(request), wall, limit)


@router.get("/sign-ins/failed", dependencies=[having(Right.READ_LOGS)])
def failures(db: ReadDb, limit: Limit = 100) -> list[FailureRecord]:
    """List everybody's sign-ins that did not succeed, newest first."""
    return logins.failures(db, limit)


@router.get("/rights", dependencies=[Depends(signed_in)])
def rights() -> list[RightRow]:
    """List every right with the roles that have it, and of whose things."""
    return right_table()


@router.get("/sessions")
def session_list(
    viewer: Annotated[Viewer, Depends(signed_in)], request: Request, db: ReadDb, wall: Wall
) -> list[SessionRecord]:
    """List one's own browser sessions, newest first, those that ended too."""
    return sessions.sessions(db, viewer, lasts(request), wall)


@router.get("/sessions/failed")
def own_failures(
    viewer: Annotated[Viewer, Depends(signed_in)], db: ReadDb, limit: Limit = 100
) -> list[FailureRecord]:
    """List the sign-ins by one's own account that did not succeed, newest first."""
    return logins.failures_of(db, viewer, limit)


@router.delete("/sessions/{session}", status_code=204)
def end_session(
    session: int, viewer: Annotated[Viewer, Depends(signed_in)], db: Db, wall: Wall
) -> None:
    """End one of one's own browser sessions at once."""
    sessions.end(db, viewer, session, wall)


def _issue(
    request: TokenCreate, viewer: Viewer, db: Session, wall: datetime, settings: Settings
) -> str:
    """The secret of a new token."""
    unknown_rights = [right for right in request.rights or () if right not in RIGHTS[request.role]]
    if unknown_rights:
        raise Refused("token_rights", rights="、".join(unknown_rights), role=request.role)
    return credentials.issue_token(
        db,
        role=request.role,
        person=request.person,
        service=request.service,
        project=project_by_code(db, request.project).id if request.project else None,
        centre=_centre(db, request.centre) if request.centre else None,
        rights=request.rights,
        actor=viewer.actor,
        now=wall,
        expires_at=_until(request.expires_at, wall, settings),
    )


def _until(wish: datetime | None, now: datetime, settings: Settings) -> datetime:
    """When a new token ends: as wished, at most so many days from now as the settings say."""
    longest = now + timedelta(days=settings.token_days)
    if wish is not None and wish > longest:
        raise Refused("token_too_long", days=settings.token_days)
    return wish or longest


def _told(db: Session, secret: str) -> TokenSecret:
    row = credentials.token_of(db, secret)
    return TokenSecret(
        id=key(row), secret=secret, expires_at=row.expires_at, overlap_hours=row.overlap_hours,
        waits=row.waits,
    )  # fmt: skip


def _centre(db: Session, name: str) -> int | None:
    centre = db.exec(select(Centre).where(Centre.name == name)).one_or_none()
    if centre is None:
        raise NotFound("centre", name=name)
    return centre.id
