"""Record who saw account numbers whole: when, which, and where."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, text
from sqlmodel import Session

from ledger.claims.tables import NumberRead

_READS = text("""
    SELECT r.at, r.actor, r.place, r.accounts, ARRAY(
        SELECT o.name || ' ' || repeat('*', length(b.number) - 4) || right(b.number, 4)
        FROM unnest(r.accounts) WITH ORDINALITY AS a (id, place)
        JOIN bank_accounts b ON b.id = a.id JOIN organisations o ON o.id = b.organisation_id
        ORDER BY a.place) AS numbers
    FROM number_reads r
    WHERE CAST(:account AS bigint) IS NULL OR r.accounts @> ARRAY[CAST(:account AS bigint)]
    ORDER BY r.id DESC LIMIT :limit OFFSET :offset
""")


@dataclass(frozen=True)
class NumberReadView:
    """That somebody saw account numbers whole: whose, masked, and at which address.

    `accounts` and `numbers` are in one order; both are empty for an account that was to be
    confirmed.
    """

    at: datetime
    actor: str
    place: str
    accounts: list[int]
    numbers: list[str]


def record_read(
    db: Session, accounts: Iterable[int], *, place: str, actor: str, now: datetime
) -> None:
    """Record that `actor` saw the numbers of these bank accounts at this address."""
    values = {"at": now, "actor": actor, "accounts": sorted(set(accounts)), "place": place}
    db.info.setdefault("numbers_read", []).extend(values["accounts"])  # for the event log
    db.execute(insert(NumberRead).values(values))


def number_reads(
    db: Session, *, limit: int, offset: int = 0, account: int | None = None
) -> Sequence[NumberReadView]:
    """Return what was recorded, of one account or of all, the newest first."""
    rows = db.execute(_READS, {"account": account, "limit": limit, "offset": offset})
    return [NumberReadView(**row) for row in rows.mappings()]
