"""Who did what: record an act, chain what was recorded, and find what does not hold.

An event of an act is written in the act's own transaction; the chain is made afterwards, so nobody
waits for another's hash (docs/audit/events.md).
"""

from dataclasses import asdict, dataclass

from sqlalchemy import text
from sqlmodel import Session

from ledger.people.codes import EventResult

NUMBER_READ = "number_read"
"""The code of an event: an account number was seen whole."""

_LAG = 10_000  # numbers of events whose transactions may still be under way

_RECORD = text("""
    INSERT INTO events (actor, token_id, session_id, address, request, act, noun, number, result,
                        code, omitted)
    SELECT :actor, CAST(:token AS bigint),
           coalesce(CAST(:session AS bigint), (SELECT id FROM sessions WHERE hash = :fresh)),
           :address, :request, :act, :noun, :number, :result, :code, :omitted
""")
_LINK = text("""
    SELECT link_events((SELECT coalesce(max(event_id), 0) - :lag FROM event_links))
""")
_CHAIN = text("""
    SELECT broken_link() AS broken,
           (SELECT count(*) FROM event_links) AS links,
           (SELECT encode(hash, 'hex') FROM event_links ORDER BY position DESC LIMIT 1) AS head,
           (SELECT coalesce(max(position), 0) FROM event_bookmarks) AS sent
""")
_EVENT_AT = text("SELECT event_id FROM event_links WHERE position = :place")


@dataclass(frozen=True)
class Act:
    """What was asked, by whom and from where.

    `token` is None where nobody known asked; `session` is the browser's, or `fresh` the SHA-256
    of the secret of one that was just opened.
    """

    token: int | None
    session: int | None
    fresh: bytes | None
    address: str
    request: str
    act: str
    noun: str
    number: str
    result: EventResult
    code: str = ""
    omitted: int = 0
    actor: str | None = None  # where no token says it


@dataclass(frozen=True)
class ChainState:
    """How the chain stands: its length and newest hash, and where it does not hold.

    `broken` is the first place that does not hold, `event` the event that stands there.
    """

    holds: bool
    links: int
    head: str | None
    broken: int | None
    event: int | None


def record(db: Session, act: Act) -> None:
    """Add an event."""
    db.execute(_RECORD, asdict(act))


def record_own(db: Session, actor: str, act: str, noun: str, number: str = "") -> None:
    """Add an event of the server's own: `round …` by `server`, `command …` by `machine:account`."""
    result = EventResult.DONE
    record(db, Act(None, None, None, "", "", act, noun, number, result, actor=actor))


def link(db: Session) -> int:
    """Give each event that is there by now its place in the chain; return the last place."""
    return int(db.execute(_LINK, {"lag": _LAG}).scalar_one())


def chain_state(db: Session) -> ChainState:
    """Go through the whole chain and say whether it holds, and where not.

    A chain that is shorter than what was already sent out does not hold either.
    """
    db.execute(text("SELECT link_events(0)"))
    row = db.execute(_CHAIN).one()
    broken = row.broken
    if broken is None and row.sent > row.links:
        broken = row.links + 1
    event = db.execute(_EVENT_AT, {"place": broken}).scalar_one_or_none() if broken else None
    return ChainState(broken is None, row.links, row.head, broken, event)
