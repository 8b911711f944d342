"""Find which indicators have the money for what waits to be paid.

City and district that share what their indicators pay bear each claim together: such an indicator
covers no claim alone, and a claim waits until each of them has its share.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby

from sqlmodel import Session

from ledger.claims.queries import month_names
from ledger.payment.queries import shares
from ledger.payment.queries.payment_lists import Payable, indicators, payables
from ledger.payment.queries.shares import Share
from ledger.payment.rules.payment_list import cover, split
from ledger.payment.rules.shares import share_out
from ledger.units import Fen, beijing_day


def queue(db: Session, now: datetime) -> list[Payable]:
    """Return the payables, each with the indicators of this year that cover it."""
    payable_list = _with_months(db, payables(db))
    year = beijing_day(now).year
    free = {item.number: item.free_fen - item.proposed_fen for item in indicators(db, year)}
    schemes = [share for share in shares.shares(db) if share.year == year]
    alone = [number for number in free if number not in {share.number for share in schemes}]
    able = [item for item in payable_list if not item.held]
    by_scheme = _by_scheme(db, able, schemes)
    ways = [
        [*({number: item.due_fen} for number in alone), *(parts[place] for parts in by_scheme)]
        for place, item in enumerate(able)
    ]
    payable_by_claim = {}
    for item, parts in zip(able, cover(ways, free), strict=True):
        if parts is None:  # the first that waits: several that bear alone may have it together
            between = split(item.due_fen, {number: free[number] for number in alone})
            payable_by_claim[item.claim] = replace(item, parts=between)
            break
        only = next(iter(parts)) if len(parts) == 1 else None
        payable_by_claim[item.claim] = replace(item, indicator=only, parts={} if only else parts)
        for number, fen in parts.items():
            free[number] -= fen
    return [payable_by_claim.get(item.claim, item) for item in payable_list]


def _with_months(db: Session, payable_list: Sequence[Payable]) -> list[Payable]:
    months = month_names(db, [item.claim for item in payable_list])
    return [replace(item, months=months[item.claim]) for item in payable_list]


def _by_scheme(
    db: Session, able: Sequence[Payable], schemes: Sequence[Share]
) -> list[list[Mapping[str, Fen]]]:
    """Return for each scheme what its indicators bear of each payable."""
    return [
        list(_borne(db, able, list(scheme)))
        for _, scheme in groupby(schemes, key=lambda share: share.scheme)
    ]


def _borne(
    db: Session, able: Sequence[Payable], scheme: Sequence[Share]
) -> Iterator[Mapping[str, Fen]]:
    """Yield what each indicator of a scheme bears of each payable, less what it has listed."""
    claims = [item.claim for item in able]
    drawn_fen = [shares.drawn_fen(db, share.bearer, claims) for share in scheme]
    for item in able:
        rest_fen, parts = item.due_fen, dict[str, Fen]()
        of_claim = share_out(item.fen, [share.weight for share in scheme])
        for share, fen, before in zip(scheme, of_claim, drawn_fen, strict=True):
            part = min(fen - before.get(item.claim, 0), rest_fen)
            if part > 0:
                parts[share.number] = part
                rest_fen -= part
        yield {} if rest_fen else parts
