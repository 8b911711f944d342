"""What a voucher earns of each calendar year, under its caps for the years and the pools it shares.

A fen counts to the year of its month of use. The exact sums are rounded once over the whole
(`whole_fen`), so everything here is in whole fen, and the parts of a year add up:

    metered = let through + beyond the cap of the year + beyond the pool + beyond the cap for life

The cap of a year comes first, then its pool, then the cap for life, from the earliest year on. What
is cut off in one year is not earned in another. What is recognised (an invoice agrees) goes before
what is provisional, and only it draws on a pool; a pool serves first come, first served:
what was drawn stays drawn until its own months fall, and what comes free goes to those who wait, in
the order of their numbers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ledger.accounts.rules.targets import Move, Target
from ledger.units import Fen, round_half_up


@dataclass(frozen=True)
class Metered:
    """What a year earns before any cap, fen: recognised, and provisional beside it."""

    earned_fen: Fen = 0
    provisional_fen: Fen = 0


@dataclass(frozen=True)
class Wait:
    """Fen that wait for money of a pool; those of a pool stand in the order of their numbers."""

    number: int
    fen: Fen
    own: bool  # of the voucher that is looked at


@dataclass(frozen=True)
class Pool:
    """What is left in a pool for everybody, fen, and who waits for it."""

    free_fen: Fen
    waits: Sequence[Wait] = ()

    def grant(self, wish_fen: Fen) -> Fen:
        """Return how much of a wish is served: after all who wait with a smaller number."""
        ahead_fen = given_fen = 0
        for wait in self.waits:
            if wait.own:
                given_fen += self._part(min(wait.fen, wish_fen - given_fen), ahead_fen + given_fen)
            else:
                ahead_fen += wait.fen
        return given_fen + self._part(wish_fen - given_fen, ahead_fen + given_fen)

    def _part(self, wish_fen: Fen, before_fen: Fen) -> Fen:
        return max(min(wish_fen, self.free_fen - before_fen), 0)

    def rest_after(self, given_fen: Fen) -> Fen:
        """Return what is left when all who wait, and this voucher with `given_fen`, are served."""
        others_fen = sum(wait.fen for wait in self.waits if not wait.own)
        return max(self.free_fen - given_fen - others_fen, 0)


@dataclass(frozen=True)
class Limits:
    """What limits a year: its cap, fen (None: none), its pool (None: none); and what is drawn."""

    cap_fen: Fen | None = None
    pool: Pool | None = None
    drawn_fen: Fen = 0


@dataclass(frozen=True)
class YearShare:
    """What is let through of a year, and what is cut off by which cap, fen."""

    year: int
    earned_fen: Fen = 0
    provisional_fen: Fen = 0
    over_cap_fen: Fen = 0
    over_pool_fen: Fen = 0
    over_life_fen: Fen = 0
    waiting_fen: Fen = 0  # recognised, and part of `over_pool_fen`: served when the pool has money

    @property
    def metered_fen(self) -> Fen:
        """What the year would earn without any cap."""
        over_fen = self.over_cap_fen + self.over_pool_fen + self.over_life_fen
        return self.earned_fen + self.provisional_fen + over_fen


def whole_fen(exact: Mapping[int, tuple[Fraction, Fraction]]) -> dict[int, Metered]:
    """Lay exact sums over the years in whole fen, rounded once over all of them, half up.

    First what is recognised, year by year, then the provisional parts: a part is what the rounded
    sum grows by. So each is at least zero, and all of them add up to the rounded whole.

    Args:
        exact: by year, exactly earned, and with the provisional part.
    """
    years = sorted(exact)
    provisional = [exact[year][1] - exact[year][0] for year in years]
    parts = _growth([*(exact[year][0] for year in years), *provisional])
    pairs = zip(years, parts[: len(years)], parts[len(years) :], strict=True)
    return {year: Metered(fen, more) for year, fen, more in pairs}


def _growth(parts: Iterable[Fraction]) -> list[Fen]:
    fen, whole, before = [], Fraction(0), 0
    for part in parts:
        whole += part
        after = round_half_up(whole)
        fen.append(after - before)
        before = after
    return fen


def shares(
    metered: Mapping[int, Metered], limits: Mapping[int, Limits], room: Fen
) -> tuple[YearShare, ...]:
    """Return what each year is let through, under its limits and `room` fen in all.

    Raises:
        ValueError: the room is negative.
    """
    if room < 0:
        raise ValueError(f"a negative room: {room}")
    wishes, grants = {}, {}
    for year in sorted(metered):
        own = limits.get(year, Limits())
        wishes[year] = min(_capped(metered[year].earned_fen, own), room)
        grants[year] = _granted(wishes[year], own)
        room -= grants[year]
    of_years = []
    for year in sorted(metered):
        own, part = limits.get(year, Limits()), metered[year]
        within_fen = _capped(part.earned_fen + part.provisional_fen, own)
        waiting_fen = wishes[year] - grants[year]
        more_fen = within_fen - _capped(part.earned_fen, own)
        from_pool_fen = more_fen
        if own.pool is not None:
            left_fen = own.pool.rest_after(grants[year] - own.drawn_fen)
            from_pool_fen = 0 if waiting_fen else min(more_fen, left_fen)
        provisional_fen = min(from_pool_fen, room)
        room -= provisional_fen
        over_pool_fen = waiting_fen + more_fen - from_pool_fen
        of_years.append(
            YearShare(
                year=year,
                earned_fen=grants[year],
                provisional_fen=provisional_fen,
                over_cap_fen=part.earned_fen + part.provisional_fen - within_fen,
                over_pool_fen=over_pool_fen,
                over_life_fen=within_fen - grants[year] - provisional_fen - over_pool_fen,
                waiting_fen=waiting_fen,
            )
        )
    return tuple(of_years)


def _capped(fen: Fen, limits: Limits) -> Fen:
    return fen if limits.cap_fen is None else min(fen, limits.cap_fen)


def _granted(wish_fen: Fen, limits: Limits) -> Fen:
    """Return what of a wish is recognised: what is drawn already, and what the pool grants."""
    if limits.pool is None or wish_fen <= limits.drawn_fen:
        return wish_fen
    return limits.drawn_fen + limits.pool.grant(wish_fen - limits.drawn_fen)


def target_of(of_years: Iterable[YearShare]) -> Target:
    """Return the target of a voucher, from its years."""
    every = tuple(of_years)
    earned_fen = sum(share.earned_fen for share in every)
    provisional_fen = earned_fen + sum(share.provisional_fen for share in every)
    metered_fen = sum(share.metered_fen for share in every)
    return Target(metered_fen, earned_fen, provisional_fen, metered_fen - provisional_fen)


def draws(
    of_years: Iterable[YearShare], before: Mapping[int, Fen], recognised_fen: Fen
) -> dict[int, Fen]:
    """Return what each year is to have drawn, when `recognised_fen` are payable, sent and paid.

    That is what it earned. Only money that is on its way to the bank may be more: the earliest
    years keep what they drew for it until it is back.
    """
    goal = dict.fromkeys(before, 0) | {share.year: share.earned_fen for share in of_years}
    stuck_fen = recognised_fen - sum(goal.values())
    for year in sorted(goal):
        kept_fen = max(min(before.get(year, 0) - goal[year], stuck_fen), 0)
        goal[year] += kept_fen
        stuck_fen -= kept_fen
    return goal


def year_moves(before_fen: Fen, after_fen: Fen) -> list[Move]:
    """Return the move that brings what a year's book has drawn from one sum to another, if any."""
    more = after_fen - before_fen
    draw, undraw = Move("draw", "ceiling", "drawn", more), Move("undraw", "drawn", "ceiling", -more)
    return [draw] if more > 0 else [undraw] if more < 0 else []


def queue(own_fen: Sequence[Fen], served_fen: Fen, waiting_fen: Fen) -> tuple[list[Fen], Fen]:
    """Return what is left of a voucher's waiting sums, oldest first, and what queues anew behind.

    What is served was the oldest; what no longer waits was the newest.
    """
    rests = []
    for fen in own_fen:
        part = min(fen, served_fen)
        served_fen -= part
        rests.append(min(fen - part, waiting_fen))
        waiting_fen -= rests[-1]
    return rests, waiting_fen
