"""Seals, open to everybody: who keeps a head can prove later what stood that day."""

from typing import Any

from fastapi import APIRouter

from api.door.dependencies import Db, Limit, Offset
from api.seals.schemas import SealHead, SealRead
from ledger.seals.queries import seals as seal_queries
from ledger.seals.rules.heads import read_head
from ledger.seals.tables import Seal

router = APIRouter(tags=["seals"])


@router.get("/seals")
def seals(*, db: Db, limit: Limit = 100, offset: Offset = 0) -> list[SealRead]:
    """List seals, newest first. Nobody has to sign in."""
    rows = seal_queries.seals(db, limit=limit, offset=offset)
    return [SealRead.model_validate(view_of(seal)) for seal in rows]


@router.get("/seals/{number}")
def seal_by_number(number: int, *, db: Db) -> SealHead:
    """One seal with its head, byte for byte. Nobody has to sign in."""
    seal = seal_queries.seal_by_number(db, number)
    return SealHead.model_validate(view_of(seal) | {"head": seal.head})


def view_of(seal: Seal) -> dict[str, Any]:
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
    }
