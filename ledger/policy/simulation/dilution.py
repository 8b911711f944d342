"""Settle pools and lists once a whole register has been read.

Nobody's share is known before the last applicant, so these awards wait as short entries; everything
else is added up and dropped. A pool is settled by its version's rule, and by the other rules for
comparison.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from ledger.policy.codes import PoolRule
from ledger.policy.decide.pools import Application, natural, settle
from ledger.policy.text.clauses import Policy, Pool, Selection
from ledger.units import Fen

_UNRANKED = 10**9
RULES: tuple[PoolRule, ...] = tuple(PoolRule)


class Entry(NamedTuple):
    """A computed award of an applicant, fen; `line` is the order of arrival."""

    number: str
    clause: str
    line: int
    rank: int | None
    fen: Fen


class Shared(NamedTuple):
    """The result of a sharing rule: how many are paid in full, in part, not at all; fen in all.

    `ranked` is False where the rule wants ranks and the register has none.
    """

    rule: PoolRule
    paid_fen: Fen
    full: int
    part: int
    nothing: int
    most_lost_fen: Fen
    ranked: bool


class Dilution(NamedTuple):
    """What remains of the awards that share a pool, fen; recoveries are not included."""

    pool: str
    fen: Fen
    rule: PoolRule
    asked_fen: Fen
    paid_fen: Fen
    rules: tuple[Shared, ...]

    @property
    def factor(self) -> Fraction:
        """Paid for each fen asked; 1 if nothing was asked."""
        return Fraction(self.paid_fen, self.asked_fen) if self.asked_fen else Fraction(1)


class Listed(NamedTuple):
    """A list with its places: how many qualify, and sums before and after, fen."""

    clause: str
    limit: int
    eligible: int
    asked_fen: Fen
    paid_fen: Fen


class Rounds:
    """All rounds of one version: `add` entries, then settle once."""

    def __init__(self, policy: Policy) -> None:
        self._pools, self._of = policy.pools, {c.id: c.pool for c in policy.clauses if c.pool}
        self._lists = {c.id: c.selection for c in policy.clauses if c.selection}
        self._in_pool: dict[str, list[Entry]] = {pool: [] for pool in policy.pools}
        self._in_list: dict[str, list[Entry]] = {clause: [] for clause in self._lists}
        self.clauses = frozenset(self._of) | frozenset(self._lists)
        self.dilutions: tuple[Dilution, ...] = ()
        self.listed: tuple[Listed, ...] = ()

    def add(self, entry: Entry) -> None:
        """Add an award to its round."""
        if entry.clause in self._in_list:
            self._in_list[entry.clause].append(entry)
        else:
            self._in_pool[self._of[entry.clause]].append(entry)

    def settle(self) -> Iterator[tuple[Entry, Fen]]:
        """Yield what each entry is paid; lists are settled before their pools."""
        for clause, selection in self._lists.items():
            entries = self._in_list[clause]
            paid = _select(selection, entries)
            asked_fen, eligible = sum(e.fen for e in entries), sum(e.fen > 0 for e in entries)
            entry_list = Listed(clause, selection.limit, eligible, asked_fen, sum(paid))
            self.listed = (*self.listed, entry_list)
            on_list = [e._replace(fen=fen) for e, fen in zip(entries, paid, strict=True)]
            if pool := self._of.get(clause):
                self._in_pool[pool] += on_list
            else:
                yield from ((e, e.fen) for e in on_list)
        for name, entries in self._in_pool.items():
            sums = _shares(self._pools[name], entries)
            self.dilutions = (*self.dilutions, _dilution(name, self._pools[name], entries, sums))
            yield from zip(entries, sums, strict=True)


def _select(selection: Selection, entries: Sequence[Entry]) -> list[Fen]:
    """Pay the first by rank, ties by application number; keep recoveries."""
    eligible = [i for i, entry in enumerate(entries) if entry.fen > 0]
    eligible.sort(key=lambda i: (entries[i].rank or _UNRANKED, natural(entries[i].number)))
    winners = set(eligible[: selection.limit])
    return [entry.fen if i in winners else min(entry.fen, 0) for i, entry in enumerate(entries)]


def _shares(pool: Pool, entries: Sequence[Entry]) -> list[Fen]:
    by_rank = pool.rule == "ranked"
    applications = [
        Application(
            f"{entry.number} {entry.clause}",
            entry.number,
            entry.fen,
            (entry.rank or _UNRANKED) if by_rank else entry.line,
        )
        for entry in entries
    ]
    return [share.paid_fen for share in settle(pool, applications)]


def _dilution(name: str, pool: Pool, entries: Sequence[Entry], sums: Sequence[Fen]) -> Dilution:
    outcomes = []
    for rule in RULES:
        variant = pool.model_copy(update={"rule": rule})
        paid = sums if rule == pool.rule else _shares(variant, entries)
        outcomes.append(_shared(rule, entries, paid))
    asked_fen = sum(entry.fen for entry in entries if entry.fen > 0)
    paid_fen = sum(fen for fen in sums if fen > 0)
    return Dilution(name, pool.fen, pool.rule, asked_fen, paid_fen, tuple(outcomes))


def _shared(rule: PoolRule, entries: Sequence[Entry], paid: Sequence[Fen]) -> Shared:
    pairs = [(entry.fen, fen) for entry, fen in zip(entries, paid, strict=True) if entry.fen > 0]
    return Shared(
        rule,
        paid_fen=sum(fen for _, fen in pairs),
        full=sum(fen == asked_fen for asked_fen, fen in pairs),
        part=sum(0 < fen < asked_fen for asked_fen, fen in pairs),
        nothing=sum(not fen for _, fen in pairs),
        most_lost_fen=max((asked_fen - fen for asked_fen, fen in pairs), default=0),
        ranked=rule != "ranked" or any(entry.rank for entry in entries),
    )
