"""From which base and which WAL a moment is recovered, which moments can be, and what may go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ledger.backup.rules.bases import Base
from ledger.backup.rules.wal import Wal, chain, segment_of
from ledger.errors import Unusable


@dataclass(frozen=True)
class Reach:
    """A base, and the WAL that follows it without a gap."""

    base: Base
    wal: tuple[Wal, ...]

    @property
    def last(self) -> datetime:
        """Return the last moment that can be recovered from it."""
        moments = (wal.through for wal in self.wal if wal.through)
        return max((self.base.moment, *moments))


def is_cut(reach: Reach, place: int) -> bool:
    """Return whether WAL is missing between a base and the place up to which WAL was stored."""
    end = max([reach.base.end, *(wal.end for wal in reach.wal)])
    return end < segment_of(place, reach.base.segment)


@dataclass(frozen=True)
class Plan:
    """What is fetched, and up to which moment it is replayed; None: all of it."""

    base: Base
    wal: tuple[Wal, ...]
    moment: datetime | None

    @property
    def last(self) -> datetime:
        """Return the last moment of which all is there."""
        return Reach(self.base, self.wal).last


def reach_of(base: Base, wals: Sequence[Wal]) -> Reach:
    """Return how far a base goes with the WAL of the store, which is in its order.

    The WAL up to the base's own end lies in the base itself, whole segments of it.
    """
    place = segment_of(base.end - 1, base.segment)
    links = tuple(chain(wals, base.timeline, place, base.segment))
    if not links:
        links = tuple(chain(wals, base.timeline, place + base.segment, base.segment))
    return Reach(base, links)


def plan(reaches: Sequence[Reach], moment: datetime | None) -> Plan:
    """Return from what a moment is recovered; None is the last one there is.

    Args:
        reaches: of all bases, oldest first.
        moment: all that was committed by then, and nothing later.

    Raises:
        Unusable: there is no base (`backup_none`); the moment is before the first one's end
            (`backup_too_early`), or after the last that can be reached without a gap
            (`backup_unreachable`).
    """
    if not reaches:
        raise Unusable("backup_none")
    if moment is None:
        return Plan(reaches[-1].base, reaches[-1].wal, None)
    before = [reach for reach in reaches if reach.base.moment <= moment]
    if not before:
        raise Unusable("backup_too_early", first=reaches[0].base.ended_at)
    for reach in reversed(before):
        if moment <= reach.last:
            return Plan(reach.base, _up_to(reach, moment), moment)
    last = max(reach.last for reach in before)
    next_base = next((r.base.ended_at for r in reaches if r.base.moment > moment), "-")
    raise Unusable("backup_unreachable", last=last.isoformat(), next=next_base)


def _up_to(reach: Reach, moment: datetime) -> tuple[Wal, ...]:
    """Return the WAL up to the first that holds all of the moment."""
    for count, wal in enumerate(reach.wal, 1):
        if wal.through and wal.through >= moment:
            return reach.wal[:count]
    return ()  # the base itself goes so far


@dataclass(frozen=True)
class Retention:
    """What stays: all that moments of the last days need, and so many bases at least."""

    days: int
    bases: int


def bases_to_keep(bases: Sequence[Base], now: datetime, retention: Retention) -> list[Base]:
    """Return the bases that stay, of all whole ones, oldest first; the newest always does."""
    oldest_moment = now - timedelta(days=retention.days)
    older = [base for base in bases if base.moment <= oldest_moment]
    count = len(bases) - len(older) + bool(older)
    return list(bases[-max(count, retention.bases, 1) :])


def is_needed(wal: Wal, bases: Sequence[Base]) -> bool:
    """Return whether a base that stays is followed by this WAL."""
    timelines = {base.timeline for base in bases}
    if wal.timeline not in timelines:
        return wal.timeline > max(timelines, default=0)
    return any(
        base.timeline == wal.timeline
        and wal.start(base.segment) >= segment_of(base.start, base.segment)
        for base in bases
    )
