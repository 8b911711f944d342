"""Who may sell for a centre, who may buy for a project and be paid for it, who is related to whom.

The organisation that runs a centre sells for it, and a project's own organisation buys and is paid
for it, on any day and without anybody saying so. Others are joined to them by dated relations of
the registry: a parent company that invoices, a subsidiary that buys, a unit that receives.
"""

from collections.abc import Collection
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import DATERANGE
from sqlmodel import Session, select

from ledger.errors import NotFound
from ledger.postgres.columns import Days
from ledger.registry.rules.safeguards import KnownName, PriceBand
from ledger.registry.tables import Contract
from ledger.units import Fen

_SELLERS = text("""
    SELECT organisation_id FROM centres WHERE id = :centre
    UNION SELECT organisation_id FROM relations
    WHERE kind = 'seller' AND centre_id = :centre AND valid @> :day AND superseded_at IS NULL
""")
_BUYERS = text("""
    SELECT organisation_id FROM projects WHERE id = :project
    UNION SELECT organisation_id FROM relations
    WHERE kind = 'buyer' AND project_id = :project AND valid @> :day AND superseded_at IS NULL
""")
_PAYEE = text("""
    SELECT coalesce(r.organisation_id, p.organisation_id) FROM projects p
    LEFT JOIN relations r ON r.kind = 'payee' AND r.project_id = p.id AND r.valid @> :day
        AND r.superseded_at IS NULL
    WHERE p.id = :project
""")
_RELATED = text("""
    SELECT EXISTS (
        SELECT FROM related_organisations
        WHERE valid @> :day AND (one_id, other_id) IN ((:one, :other), (:other, :one))
    )
""")
_CONTRACTS = text("""
    WITH sellers AS (
        SELECT id AS centre, organisation_id AS organisation, '(,)'::daterange AS valid FROM centres
        UNION ALL SELECT centre_id, organisation_id, valid FROM relations
        WHERE kind = 'seller' AND superseded_at IS NULL
    ), buyers AS (
        SELECT id AS project, organisation_id AS organisation, '(,)'::daterange AS valid
        FROM projects
        UNION ALL SELECT project_id, organisation_id, valid FROM relations
        WHERE kind = 'buyer' AND superseded_at IS NULL
    )
    SELECT so.uscc AS seller_uscc, bo.uscc AS buyer_uscc, k.id AS contract, k.centre_id AS centre,
           k.project_id AS project,
           p.kind, unnest(range_agg(k.valid * s.valid * b.valid)) AS valid
    FROM contracts k
    JOIN projects p ON p.id = k.project_id
    JOIN sellers s ON s.centre = k.centre_id JOIN organisations so ON so.id = s.organisation
    JOIN buyers b ON b.project = k.project_id JOIN organisations bo ON bo.id = b.organisation
    GROUP BY so.uscc, bo.uscc, k.id, p.kind
    ORDER BY so.uscc, bo.uscc, k.id, valid
""").columns(valid=DATERANGE)


_NAMES = text("""
    SELECT o.uscc, coalesce(n.name, o.name) AS name, lower(n.valid) AS since
    FROM organisations o LEFT JOIN organisation_names n
        ON n.organisation_id = o.id AND n.superseded_at IS NULL
    WHERE o.uscc = ANY(:codes) ORDER BY o.uscc, n.valid
""")
_BANDS = text("""
    SELECT model_id, mig_profile, low_yuan, high_yuan, lower(valid) AS since, upper(valid) AS until
    FROM price_bands WHERE superseded_at IS NULL ORDER BY model_id, mig_profile, valid
""")
_PLACE = text(
    "SELECT k.name, g.node FROM gpus g JOIN clusters k ON k.id = g.cluster_id WHERE g.gpu = :gpu"
)
_SUPPORT = text("""
    SELECT project_id, contract_id, lower(valid) AS month, sum(fen)::bigint AS fen
    FROM other_support WHERE superseded_at IS NULL AND project_id = ANY(:projects)
    GROUP BY project_id, contract_id, lower(valid)
""")


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
    """Return whether two organisations are related (关联方) on a day, in either order.

    They are so by the registry's word, or because one person controls both.
    """
    return bool(db.scalar(_RELATED, {"one": first, "other": second, "day": day}))


def known_names(db: Session, codes: Collection[str]) -> dict[str, list[KnownName]]:
    """What organisations are and were called, by their USCC, oldest first."""
    names: dict[str, list[KnownName]] = {}
    for row in db.execute(_NAMES, {"codes": list(codes)}):
        names.setdefault(row.uscc, []).append(KnownName(row.name, row.since))
    return names


def registered_place(db: Session, gpu: str) -> tuple[str, str] | None:
    """Return the cluster and node at which a GPU is registered; None if it is not."""
    row = db.execute(_PLACE, {"gpu": gpu}).one_or_none()
    return (row.name, row.node) if row else None


def price_bands(db: Session) -> list[PriceBand]:
    """The usual prices that the bureau published."""
    return [
        PriceBand(
            row.model_id,
            row.mig_profile,
            Fraction(row.low_yuan) * 100,
            Fraction(row.high_yuan) * 100,
            row.since,
            row.until,
        )
        for row in db.execute(_BANDS)
    ]


def other_support(
    db: Session, projects: Collection[int]
) -> dict[tuple[int, int | None, date], Fen]:
    """What other programmes pay, fen by project, contract (None: the project as a whole), month."""
    rows = db.execute(_SUPPORT, {"projects": list(projects)})
    return {(row.project_id, row.contract_id, row.month): row.fen for row in rows}


def seller_buyer_contracts(db: Session) -> list[SellerBuyerContract]:
    """Return every pair of parties under every contract, with its service days.

    A pair that holds for two separate spells has a row for each; days before and after a contract's
    term are in none.
    """
    return [SellerBuyerContract(*row) for row in db.execute(_CONTRACTS)]


def contract_by_number(db: Session, number: str) -> Contract:
    """The contract, or NotFound."""
    contract = db.exec(select(Contract).where(Contract.number == number)).one_or_none()
    if contract is None:
        raise NotFound("contract", number=number)
    return contract
