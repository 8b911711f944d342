"""Who may sell for a centre, who may buy for a project and be paid for it, who is related to whom.

The organisation that runs a centre sells for it, and a project's own organisation buys and is paid
for it, on any day and without anybody saying so. Others are joined to them by dated relations of
the registry: a parent company that invoices, a subsidiary that buys, a unit that receives.
"""

from datetime import date
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import DATERANGE
from sqlmodel import Session, select

from ledger.errors import NotFound
from ledger.postgres.columns import Days
from ledger.registry.tables import Contract

_SELLERS = text("""
    SELECT organisation FROM centres WHERE id = :centre
    UNION SELECT organisation FROM relations
    WHERE kind = 'seller' AND centre = :centre AND valid @> :day AND superseded_at IS NULL
""")
_BUYERS = text("""
    SELECT organisation FROM projects WHERE id = :project
    UNION SELECT organisation FROM relations
    WHERE kind = 'buyer' AND project = :project AND valid @> :day AND superseded_at IS NULL
""")
_PAYEE = text("""
    SELECT coalesce(r.organisation, p.organisation) FROM projects p
    LEFT JOIN relations r ON r.kind = 'payee' AND r.project = p.id AND r.valid @> :day
        AND r.superseded_at IS NULL
    WHERE p.id = :project
""")
_RELATED = text("""
    SELECT EXISTS (
        SELECT FROM relations
        WHERE kind = 'related' AND valid @> :day AND superseded_at IS NULL
            AND (organisation, other) IN ((:one, :other), (:other, :one))
    )
""")
_CONTRACTS = text("""
    WITH sellers AS (
        SELECT id AS centre, organisation, '(,)'::daterange AS valid FROM centres
        UNION ALL SELECT centre, organisation, valid FROM relations
        WHERE kind = 'seller' AND superseded_at IS NULL
    ), buyers AS (
        SELECT id AS project, organisation, '(,)'::daterange AS valid FROM projects
        UNION ALL SELECT project, organisation, valid FROM relations
        WHERE kind = 'buyer' AND superseded_at IS NULL
    )
    SELECT so.uscc AS seller_uscc, bo.uscc AS buyer_uscc, k.id AS contract, k.centre, k.project,
           p.kind, unnest(range_agg(k.valid * s.valid * b.valid)) AS valid
    FROM contracts k
    JOIN projects p ON p.id = k.project
    JOIN sellers s ON s.centre = k.centre JOIN organisations so ON so.id = s.organisation
    JOIN buyers b ON b.project = k.project JOIN organisations bo ON bo.id = b.organisation
    GROUP BY so.uscc, bo.uscc, k.id, p.kind
    ORDER BY so.uscc, bo.uscc, k.id, valid
""").columns(valid=DATERANGE)


class SellerBuyerContract(NamedTuple):
    """These two may invoice each other under this contract, for service on these days."""

    seller_uscc: str
    buyer_uscc: str
    contract: int
    centre: int
    project: int
    kind: str  # the project's: model or team
    valid: Days


def sellers_of(db: Session, centre: int, day: date) -> set[int]:
    """The organisations that may sell for a centre on a day; always the one that runs it."""
    return set(db.scalars(_SELLERS, {"centre": centre, "day": day}))


def buyers_of(db: Session, project: int, day: date) -> set[int]:
    """The organisations that may buy for a project on a day; always its own."""
    return set(db.scalars(_BUYERS, {"project": project, "day": day}))


def payee_of(db: Session, project: int, day: date) -> int:
    """The one organisation that is paid for a project on a day; its own, if no other is named."""
    return int(db.scalars(_PAYEE, {"project": project, "day": day}).one())


def related(db: Session, first: int, second: int, day: date) -> bool:
    """Return whether two organisations are related (关联方) on a day, in either order."""
    return bool(db.scalar(_RELATED, {"one": first, "other": second, "day": day}))


def seller_buyer_contracts(db: Session) -> list[SellerBuyerContract]:
    """Return every pair of parties under every contract, with its service days.

    A pair that holds for two separate spells has a row for each; days before and after a contract's
    term are in none.
    """
    return [SellerBuyerContract(*row) for row in db.execute(_CONTRACTS)]


def contract_by_number(db: Session, number: str) -> Contract:
    """The contract, or NotFound."""
    found = db.exec(select(Contract).where(Contract.number == number)).one_or_none()
    if found is None:
        raise NotFound("contract", number=number)
    return found
