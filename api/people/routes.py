"""Tokens: made by an administrator, shown once, listed without their secret, ended."""

from typing import Annotated

from fastapi import APIRouter
from sqlmodel import Session, select

from api.door.access import Right
from api.door.dependencies import Db, Wall, having
from api.people.schemas import TokenCreate, TokenSecret
from ledger.errors import NotFound
from ledger.people.steps import credentials
from ledger.people.steps.credentials import TokenRecord, Viewer
from ledger.registry.tables import Centre
from ledger.vouchers.queries.quotas import project_by_code

router = APIRouter(tags=["tokens"])


@router.post("/tokens", status_code=201)
def issue(
    request: TokenCreate, viewer: Annotated[Viewer, having(Right.ISSUE_TOKENS)], db: Db, wall: Wall
) -> TokenSecret:
    """Issue a token for a person; its secret is in this answer and nowhere else."""
    secret = credentials.issue_token(
        db,
        role=request.role,
        person=request.person,
        project=project_by_code(db, request.project).id if request.project else None,
        centre=_centre(db, request.centre) if request.centre else None,
        actor=viewer.actor,
        now=wall,
        expires_at=request.expires_at,
    )
    holder = credentials.viewer(db, secret, wall)
    assert holder is not None  # noqa: S101 - it was made above, and is good now
    return TokenSecret(id=holder.token, secret=secret)


@router.get("/tokens", dependencies=[having(Right.READ_TOKENS)])
def tokens(db: Db) -> list[TokenRecord]:
    """List every token ever issued, newest first."""
    return credentials.tokens(db)


@router.delete("/tokens/{token}", status_code=204, dependencies=[having(Right.ISSUE_TOKENS)])
def revoke(token: int, db: Db, wall: Wall) -> None:
    """End a token and the browser sessions made from it."""
    credentials.revoke(db, token, wall)


def _centre(db: Session, name: str) -> int | None:
    centre = db.exec(select(Centre).where(Centre.name == name)).one_or_none()
    if centre is None:
        raise NotFound("centre", name=name)
    return centre.id
