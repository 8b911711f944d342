"""Effective dating: facts that hold for some days, and how a later statement changes them.

A binding, a price, a billing source holds from one Beijing day until another. A new statement edits
nothing: the old fact is superseded, and what remains true of it is written anew, so that one can
always see what was recorded at some moment about some day.

Two statements about the same subject meet in three ways. Same days and content: nothing to do.
Overlapping days with other content: they contradict, and the later one takes its days while the
rest stays. Overlapping days with the same content: the same fact with new dates (改期), which
replace the earlier ones; so a binding is ended.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True)
class Span:
    """Beijing days from `start` until before `end` (None: open)."""

    start: date
    end: date | None = None

    @classmethod
    def through(cls, first: date, last: date | None) -> "Span":
        """Return the span from the first day to the last one, both included (至)."""
        return cls(first, None if last is None else last + timedelta(days=1))

    def __str__(self) -> str:
        last = "" if self.end is None else f" {self.end - timedelta(days=1)}"
        return f"{self.start} ~{last}"

    def __contains__(self, inner: "Span") -> bool:
        return not inner.without([self])

    @property
    def empty(self) -> bool:
        """Return whether it has no day."""
        return self.end is not None and self.end <= self.start

    def overlaps(self, second: "Span") -> bool:
        """Return whether the spans share a day."""
        return (second.end is None or self.start < second.end) and (
            self.end is None or second.start < self.end
        )

    def without(self, cuts: "Iterable[Span]") -> "list[Span]":
        """Return what is left after cutting out other spans, in order."""
        pieces, start = [], self.start
        for cut in sorted(cuts, key=lambda o: o.start):
            if not cut.overlaps(self):
                continue
            if start < cut.start:
                pieces.append(Span(start, cut.start))
            if cut.end is None:
                return pieces
            start = max(start, cut.end)
        if self.end is None or start < self.end:
            pieces.append(Span(start, self.end))
        return pieces


@dataclass(frozen=True)
class Fact(Generic[Value]):
    """One content for some days; overlapping facts about a subject contradict each other."""

    value: Value
    span: Span


@dataclass(frozen=True)
class Plan(Generic[Value]):
    """What to write and supersede so that the target facts hold."""

    unchanged: tuple[Fact[Value], ...]  # wanted, and there already
    contradictions: tuple[tuple[Fact[Value], Fact[Value]], ...]  # (wanted, what there is instead)
    superseded: tuple[Fact[Value], ...]  # there, and to be superseded
    remainders: tuple[Fact[Value], ...]  # what stays true of those, to be written anew
    created: tuple[Fact[Value], ...]  # wanted, to be written


def plan(current: Sequence[Fact[Value]], target: Sequence[Fact[Value]]) -> Plan[Value]:
    """Plan how to get from the current facts about a subject to the target facts.

    Neither list may overlap within itself. Stating the outcome again is always unchanged.
    """
    runs = _runs(current)
    covering = {*current, *(Fact(run[0].value, _whole(run)) for run in runs)}
    fresh = [want for want in target if want not in covering]
    clashes: list[tuple[Fact[Value], Fact[Value]]] = []
    ended_facts: list[Fact[Value]] = []
    rest: list[Fact[Value]] = []
    for run in runs:
        whole = Fact(run[0].value, _whole(run))
        rivals = [want for want in fresh if want.span.overlaps(whole.span)]
        clashes += [(want, whole) for want in rivals]
        new_dates = any(want.value == whole.value for want in rivals)
        for fact in run:
            hit = new_dates or any(want.span.overlaps(fact.span) for want in rivals)
            if not hit or fact in target:
                continue
            ended_facts.append(fact)
            if not new_dates:
                spans = fact.span.without(want.span for want in rivals)
                rest += [Fact(fact.value, span) for span in spans]
    return Plan(
        unchanged=tuple(want for want in target if want in covering),
        contradictions=tuple(clashes),
        superseded=tuple(ended_facts),
        remainders=tuple(rest),
        created=tuple(fresh),
    )


def _runs(facts: Iterable[Fact[Value]]) -> list[list[Fact[Value]]]:
    """Group facts of one content that follow each other without a gap."""
    runs: list[list[Fact[Value]]] = []
    for fact in sorted(facts, key=lambda f: f.span.start):
        last = runs[-1][-1] if runs else None
        if last and last.value == fact.value and last.span.end == fact.span.start:
            runs[-1].append(fact)
        else:
            runs.append([fact])
    return runs


def _whole(run: Sequence[Fact[Value]]) -> Span:
    return Span(run[0].span.start, run[-1].span.end)
