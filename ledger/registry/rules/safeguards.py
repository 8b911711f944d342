"""Rules that guard public money beside prices: names, usual prices, totals, other support.

They are asked by whoever reconciles and accrues; the data are the registry's (`queries.py`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from ledger.formats.organisation_names import same_name
from ledger.units import Fen


@dataclass(frozen=True)
class KnownName:
    """What an organisation is called from a day on (None: always)."""

    name: str
    since: date | None = None


def name_stands(name: str, day: date, names: Iterable[KnownName]) -> bool:
    """Return whether an organisation may be called so in a document of that day.

    A former name stays good after it was given up: an old contract is still invoiced under it. A
    new one is not good before it was taken.
    """
    return any(
        same_name(entry.name, name) and (entry.since is None or entry.since <= day)
        for entry in names
    )


@dataclass(frozen=True)
class PriceBand:
    """The usual prices of a GPU-hour on these days, fen without tax, both bounds included."""

    model: int
    mig_profile: str
    low_fen: Fraction
    high_fen: Fraction
    since: date
    until: date | None = None  # not included


def outside_band(
    model: int | None,
    mig_profile: str | None,
    fen_per_hour: Fraction,
    day: date,
    bands: Iterable[PriceBand],
) -> PriceBand | None:
    """Find R09: the band that a contract line is outside of on a day.

    A line for any model, or for any slice, is held against every band that it could price.
    """
    for band in bands:
        applies = (
            model in (None, band.model)
            and mig_profile in (None, band.mig_profile)
            and band.since <= day
            and (band.until is None or day < band.until)
        )
        if applies and not band.low_fen <= fen_per_hour <= band.high_fen:
            return band
    return None


def beyond_total(total_fen: Fen | None, invoiced_fen: Fen) -> Fen:
    """Find R06: how much a contract's invoices, with tax, exceed its total; 0 without a total."""
    return max(invoiced_fen - total_fen, 0) if total_fen is not None else 0


def support_room(cost_fen: Fen, other_fen: Fen) -> Fen:
    """Return how much this programme may pay at most: all public support is within the cost."""
    return max(cost_fen - other_fen, 0)
