"""Contract lines from what the registry states: exact prices, and the days on which they hold."""

from datetime import date
from fractions import Fraction
from typing import Any

from ledger.registry.rules.pricing import PriceLine, fen_per_ms
from ledger.units import HOUR_MS


def price_line(stated: Any, since: date | None, until: date | None) -> PriceLine:  # noqa: ANN401
    """Return a line as it holds from `since` until before `until`, within its contract's term.

    Args:
        stated: the columns of `prices` (decimals as such, or as text), and contract, project,
            centre and the number of devices.
        since: first day.
        until: first day after it.
    """
    # A fee, and devices by the month: whatever its days, a whole month is one month's price.
    monthly = stated.kind == "fixed" or (stated.kind == "reserved" and stated.unit == "node-month")
    tax = {"tax_included": stated.tax_included, "tax_rate": Fraction(stated.tax_rate)}
    per_ms = fen_per_ms(Fraction(stated.yuan), stated.gpus, 1 if monthly else stated.hours, **tax)
    return PriceLine(
        price=stated.id,
        contract=stated.contract,
        project=stated.project,
        centre=stated.centre,
        model=stated.model,
        mig_profile=stated.mig_profile,
        since=since,
        until=until,
        fen_per_ms=Fraction(0) if monthly else per_ms,
        kind=stated.kind,
        partition=stated.partition,
        qos=stated.qos,
        market=stated.market,
        name=stated.name,
        rounding=stated.rounding,
        session_price=stated.session_price,
        devices=stated.devices or 0,
        quantity_ms=Fraction(stated.quantity or 0) * HOUR_MS,
        expires=stated.expires,
        fen_per_month=per_ms * HOUR_MS if monthly else Fraction(0),
        counts=stated.counts is not False,
    )
