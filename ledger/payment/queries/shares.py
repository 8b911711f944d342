"""Read who bears which share of what an indicator pays."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlmodel import Session, col, select

from ledger.payment.rules.shares import share_out
from ledger.payment.tables import IndicatorShare
from ledger.units import Fen

# What one bearer has paid of claims, or is about to, over all years.
_DRAWN = text("""
    SELECT l.claim_id AS claim, sum(l.fen - l.returned_fen)::bigint AS fen
    FROM payment_lines l JOIN payment_lists s ON s.id = l.list_id
    JOIN indicator_shares h ON h.indicator_id = s.indicator_id
    WHERE l.claim_id = ANY(:claims) AND NOT l.void AND h.bearer = :bearer GROUP BY l.claim_id
""")
_BOOKS = text("""
    SELECT i.book_id FROM indicator_shares own JOIN indicator_shares h ON h.bearer = own.bearer
    JOIN indicators i ON i.id = h.indicator_id WHERE own.indicator_id = :indicator
""")
_SHARES = text("""
    SELECT h.scheme, h.bearer, i.number, i.year, h.weight,
           sum(h.weight) OVER (PARTITION BY h.scheme) AS whole
    FROM indicator_shares h JOIN indicators i ON i.id = h.indicator_id
    ORDER BY h.scheme DESC, h.place
""")


@dataclass(frozen=True)
class Share:
    """A bearer's share: `weight` of `whole`, paid from the indicator."""

    scheme: int
    bearer: str
    number: str
    year: int
    weight: int
    whole: int


def shares(db: Session) -> list[Share]:
    """Return all shares, the newest scheme first, in the order of their places."""
    return [Share(**row._mapping) for row in db.execute(_SHARES)]  # noqa: SLF001 - its public name


def scheme_of(db: Session, indicator: int) -> Sequence[IndicatorShare]:
    """Return the shares of the indicator's scheme in order; none where it bears all alone."""
    own = select(IndicatorShare.scheme).where(IndicatorShare.indicator_id == indicator)
    query = select(IndicatorShare).where(col(IndicatorShare.scheme).in_(own))
    return db.exec(query.order_by(col(IndicatorShare.place))).all()


def share_of(scheme: Sequence[IndicatorShare], indicator: int, fen: Fen) -> Fen:
    """Return the share of `fen` that this indicator of the scheme bears."""
    parts = share_out(fen, [share.weight for share in scheme])
    return next(
        part for share, part in zip(scheme, parts, strict=True) if share.indicator_id == indicator
    )


def books_of_bearer(db: Session, indicator: int) -> set[int]:
    """Return the books of all indicators from which this one's bearer pays, over all years."""
    return set(db.scalars(_BOOKS, {"indicator": indicator}))


def drawn_fen(db: Session, bearer: str, claims: Iterable[int]) -> Mapping[int, Fen]:
    """Return what the bearer has paid of these claims, or is about to, fen."""
    rows = db.execute(_DRAWN, {"bearer": bearer, "claims": list(claims)})
    return {row.claim: row.fen for row in rows}
