"""Contract lines from what the registry states: exact prices, and the days on which they hold."""

from datetime import date
from fractions import Fraction
from typing import Any

from ledger.registry.rules.pricing import PriceLine, fen_per_ms
from ledger.units import HOUR_MS


def price_line(row: Any, since: date | None, until: date | None) -> PriceLine:  # noqa: ANN401
    """Return a line as it holds from `since` until before `until`, within its contract's term.

    Args:
        row: the columns of `prices` (decimals as such, or as text), and contract, project,
            centre and the number of devices.
        since: first day.
        until: first day after it.
    """
    # A fee, and devices by the month: whatever its days, a whole month is one month's price.
    monthly = row.kind == "fixed" or (row.kind == "reserved" and row.unit == "node-month")
    tax = {"tax_included": row.tax_included, "tax_rate": Fraction(row.tax_rate)}
    per_ms = fen_per_ms(Fraction(row.yuan), row.gpus, 1 if monthly else row.hours, **tax)
    return PriceLine(
        price=row.id,
        contract=row.contract,
        project=row.project,
        centre=row.centre,
        model=row.model,
        mig_profile=row.mig_profile,
        since=since,
        until=until,
        fen_per_ms=Fraction(0) if monthly else per_ms,
        kind=row.kind,
        partition=row.partition,
        qos=row.qos,
        market=row.market,
        name=row.name,
        rounding=row.rounding,
        session_price=row.session_price,
        devices=row.devices or 0,
        quantity_ms=Fraction(row.quantity or 0) * HOUR_MS,
        expires=row.expires,
        fen_per_month=per_ms * HOUR_MS if monthly else Fraction(0),
        counts=row.counts is not False,
    )
