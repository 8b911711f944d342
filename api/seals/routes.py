"""Seals, open to everybody: who keeps a head can prove later what stood that day."""

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from sqlmodel import Session

from api.door.dependencies import Db, Limit, Offset
from api.seals.schemas import SealHead, SealRead
from ledger.seals.queries import seals as seal_queries
from ledger.seals.rules.heads import read_head
from ledger.seals.tables import Seal

router = APIRouter(tags=["seals"])


@router.get("/seals")
def seals(*, db: Db, limit: Limit = 100, offset: Offset = 0) -> list[SealRead]:
    """List seals, newest first. Nobody has to sign in."""
    rows = views_of(db, seal_queries.seals(db, limit=limit, offset=offset))
    return [*map(SealRead.model_validate, rows)]


@router.get("/seals/{number}")
def seal_by_number(number: int, *, db: Db) -> SealHead:
    """One seal with its head, byte for byte. Nobody has to sign in."""
    seal = seal_queries.seal_by_number(db, number)
    (view,) = views_of(db, [seal])
    stamp = seal_queries.stamp_of(db, number)
    answer = b64encode(stamp.answer).decode() if stamp else None
    return SealHead.model_validate(view | {"head": seal.head, "stamp": answer})


def views_of(db: Session, seals: Sequence[Seal]) -> list[dict[str, Any]]:
    """What everybody may know of seals, with the moments of their time stamps."""
    stamped = seal_queries.stamp_moments(db, [seal.number for seal in seals])
    return [view_of(seal, stamped.get(seal.number)) for seal in seals]


def view_of(seal: Seal, stamped_at: datetime | None = None) -> dict[str, Any]:
    """What everybody may know of a seal."""
    head = read_head(seal.head)
    return {
        "number": seal.number,
        "kind": seal.kind,
        "month": seal.month,
        "sealed_at": seal.sealed_at,
        "algorithm": seal.algorithm,
        "rows": head.rows,
        "hash": seal.hash.hex(),
        "previous": seal.previous.hex() if seal.previous else None,
        "key": head.key,
        "signature": seal.signature.hex(),
        "stamped_at": stamped_at,
    }
