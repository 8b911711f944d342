"""Reconcile a cell: matched, closed, and every fen of difference typed.

Some of the invoiced cost may be excluded (wrong buyer, no compute, …); the rest is matched up to
the metered cost, plus what two persons decided was used beyond it. Invoiced cost that is not
matched is typed, and so is metered cost that is not matched: it is carried over, or closed when
nobody will invoice it. Then the month's cost book is cleared: it balances to zero because all
differences are typed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from ledger.accounts.rules.targets import Move
from ledger.charging.rules.cells import Cell
from ledger.units import Fen

MORE_INVOICED = "R07"
LESS_INVOICED = "R17"


@dataclass(frozen=True)
class Exclusion:
    """`fen` of a cell that are not matched, and why; metered cost if without a document."""

    code: str
    document: int | None
    line: int | None
    fen: Fen
    reason: str


@dataclass(frozen=True)
class Typed:
    """A typed difference: above zero invoiced and not metered, below zero the opposite."""

    code: str
    document: int | None
    line: int | None
    fen: Fen
    treatment: str  # exclude, carry_over, close or note
    reason: str


@dataclass(frozen=True)
class CellOutcome:
    """A decided cell; its typed differences add up to invoiced less metered cost."""

    cell: Cell
    matched_fen: Fen
    closed_fen: Fen
    typed: tuple[Typed, ...]

    @property
    def carried(self) -> bool:
        """Whether something metered is neither matched nor closed: later invoices may bill it."""
        return any(typed.treatment == "carry_over" for typed in self.typed)


def settle(
    cell: Cell,
    exclusions: Sequence[Exclusion] = (),
    *,
    close: bool = False,
    within_tolerance: bool = False,
    reason: str = "",
    reasons: Mapping[str, str] = MappingProxyType({}),
) -> CellOutcome:
    """Settle a cell.

    Args:
        cell: what is metered and invoiced.
        exclusions: what is not matched, at most what there is.
        close: whether what was metered and is not matched is closed, or carried over.
        within_tolerance: whether what is short is closed as too little, and nothing else.
        reason: why.
        reasons: why, of what is over (R07) or short (R17) as a whole, where that was said.
    """
    documents, metered = _bounded(exclusions, cell.invoiced_fen, cell.metered_fen)
    matchable = cell.metered_fen + cell.extra_fen - sum(e.fen for e in metered)
    invoiced = cell.invoiced_fen - sum(e.fen for e in documents)
    matched = max(min(invoiced, matchable), 0)
    over = invoiced - matched
    under = cell.metered_fen - matched - sum(e.fen for e in metered)
    treatment = "close" if close else "carry_over"
    excluded = sum(e.fen for e in metered)
    more, less = (reasons.get(code, reason) for code in (MORE_INVOICED, LESS_INVOICED))
    typed = [
        *(Typed(e.code, e.document, e.line, e.fen, "exclude", e.reason) for e in documents),
        *(Typed(e.code, None, None, -e.fen, treatment, e.reason) for e in metered),
    ]
    if over:
        typed.append(Typed(MORE_INVOICED, None, None, over, "exclude", more))
    if under > 0:
        short = "close" if close or within_tolerance else "carry_over"
        typed.append(Typed(LESS_INVOICED, None, None, -under, short, less))
    elif under < 0:  # more was used than metered, as two persons decided
        typed.append(Typed(MORE_INVOICED, None, None, -under, "note", more))
    closed = (max(under, 0) if close or within_tolerance else 0) + (excluded if close else 0)
    return CellOutcome(cell, matched, closed, tuple(typed))


def _bounded(
    exclusions: Iterable[Exclusion], invoiced: Fen, metered: Fen
) -> tuple[list[Exclusion], list[Exclusion]]:
    """Limit exclusions of documents and of metered cost to what there is."""
    remaining = {True: max(invoiced, 0), False: metered}
    by_side: dict[bool, list[Exclusion]] = {True: [], False: []}
    for exclusion in exclusions:
        side = exclusion.document is not None
        fen = min(exclusion.fen, remaining[side])
        if fen > 0:
            remaining[side] -= fen
            by_side[side].append(
                Exclusion(exclusion.code, exclusion.document, exclusion.line, fen, exclusion.reason)
            )
    return by_side[True], by_side[False]


def clear(balances: Mapping[str, Fen], outcomes: Sequence[CellOutcome]) -> tuple[Move, ...]:
    """Return the moves that bring a month's cost book to its cells.

    Absolute, as everything here: whatever was booked before, only what has to change moves.
    """
    metered = sum(outcome.cell.metered_fen for outcome in outcomes)
    invoiced = sum(outcome.cell.invoiced_fen for outcome in outcomes)
    target: dict[str, Fen] = {}
    for typed in (t for outcome in outcomes for t in outcome.typed):
        target[typed.code] = target.get(typed.code, 0) - typed.fen
    codes = sorted(target.keys() | {r for r, fen in balances.items() if r[0] == "R" and fen})
    moves = [
        *_towards("meter", "unmeter", "metered", "clearing", metered + balances["metered"]),
        *_towards("invoice", "uninvoice", "clearing", "invoiced", invoiced - balances["invoiced"]),
    ]
    for code in codes:
        moves += _towards(
            "explain", "explain", "clearing", code, target.get(code, 0) - balances[code]
        )
    return tuple(moves)


def _towards(forward: str, back: str, source: str, goal: str, fen: Fen) -> list[Move]:
    if fen > 0:
        return [Move(forward, source, goal, fen)]
    return [Move(back, goal, source, -fen)] if fen < 0 else []


def subject(contract: str, month: date) -> str:
    """Return how decisions name a contract's month."""
    return f"{contract} {month:%Y-%m}"
