"""Which lines of its blue document a red one takes back, and out of which cells.

A red document (红字发票) names its lines as the blue one does. It takes back the blue line with the
same item, unit, unit price and tax rate, if there is one such line, or one of exactly its amount;
if it takes back all that is left, every line; if the blue one has a single line, that. Where more
than one line may be meant, nobody guesses: a clerk chooses, and a second person confirms.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from ledger.charging.rules.cells import Key
from ledger.reconciliation.rules.matching import Share
from ledger.units import Fen

_Place = TypeVar("_Place", Key, tuple[int, int])  # a cell, or a document's line


@dataclass(frozen=True)
class PrintedLine:
    """A line of a document as printed; `fen` without tax, a red one's below zero."""

    line: int
    item: str
    unit: str
    unit_price: str
    tax_rate: str
    fen: Fen

    @property
    def print(self) -> tuple[str, ...]:
        """What it is known by, apart from quantity and amount."""
        texts = (self.item, self.unit, self.unit_price, self.tax_rate)
        return tuple("".join(text.split()).upper() for text in texts)


@dataclass(frozen=True)
class CellShare:
    """What a blue line pays into a cell, net of what red ones took back."""

    line: int
    cell: Key
    fen: Fen


def parts_of(red: Sequence[PrintedLine], blue: Sequence[PrintedLine]) -> dict[int, Fen] | None:
    """Return what a red document takes back of each blue line, below zero; None if unclear.

    Args:
        red: its lines.
        blue: the lines of the blue document, less discounts and what other red ones took back.
    """
    rest = {line.line: line.fen for line in blue if line.fen > 0}
    red_parts = _without_discounts(red)
    if sum(fen for _, fen in red_parts) + sum(rest.values()) == 0:
        return {line: -fen for line, fen in rest.items()}
    parts: dict[int, Fen] = defaultdict(int)
    for line, fen in sorted(red_parts, key=lambda item: item[1]):
        target = _target(line, -fen, [b for b in blue if rest.get(b.line, 0) > 0], rest)
        if target is None:
            return None
        parts[target] += fen
        rest[target] += fen
    whole = sum(line.fen for line in red)
    return dict(parts) if sum(parts.values()) == whole else None


def _target(
    red: PrintedLine, fen: Fen, blue: Sequence[PrintedLine], rest: Mapping[int, Fen]
) -> int | None:
    """Return the one blue line that a red line of `fen` can mean; None if there is not just one."""
    able = [b for b in blue if rest[b.line] >= fen]
    if len(blue) == 1:
        return able[0].line if able else None
    alike = [b for b in able if b.print == red.print]
    candidates = alike or [b for b in able if b.print[0] == red.print[0]]
    exact = [b for b in candidates if rest[b.line] == fen]
    for choice in (candidates, exact):
        if len(choice) == 1:
            return choice[0].line
    return None


def _without_discounts(red: Sequence[PrintedLine]) -> list[tuple[PrintedLine, Fen]]:
    """Return the red lines with what they take back; a positive one lowers the one before it."""
    lines: list[tuple[PrintedLine, Fen]] = []
    for line in red:
        if line.fen <= 0:
            lines.append((line, line.fen))
        elif lines:
            lines[-1] = (lines[-1][0], lines[-1][1] + line.fen)
    return [(line, fen) for line, fen in lines if fen < 0]


def take_back(
    red: int,
    parts: Mapping[int, Fen],
    unallocated: Mapping[int, Fen],
    shares: Iterable[CellShare],
    months: tuple[date, date] | None = None,
) -> list[Share]:
    """Return what a red document takes out of the cells that its blue lines paid into.

    What of a line is not allocated goes first, then cells within `months`, if the red one says its
    own, then all other_cells; of several cells in proportion, to the fen by the largest remainder.

    Args:
        red: the red document.
        parts: what it takes back of each blue line, below zero.
        unallocated: what of each blue line was allocated nowhere before.
        shares: what the blue lines pay into cells now.
        months: the first and the last month that the red document names.
    """
    by_line: dict[int, dict[Key, Fen]] = defaultdict(dict)
    for share in shares:
        if share.fen > 0:
            by_line[share.line][share.cell] = by_line[share.line].get(share.cell, 0) + share.fen
    back_shares: list[Share] = []
    for line, fen in sorted(parts.items()):
        excess = -fen - max(unallocated.get(line, 0), 0)
        cells = dict(sorted(by_line[line].items()))
        in_months = {c: f for c, f in cells.items() if months and months[0] <= c[1] <= months[1]}
        other_cells = {cell: paid for cell, paid in cells.items() if cell not in in_months}
        for weights in (in_months, other_cells):
            part = min(excess, sum(weights.values()))
            if part > 0:
                excess -= part
                out = apportion(part, weights)
                back_shares += [Share(red, line, cell, -back) for cell, back in out.items() if back]
    return back_shares


def apportion(total: Fen, weights: Mapping[_Place, Fen]) -> dict[_Place, Fen]:
    """Split `total` fen by weight; none exceeds its weight unless the total does."""
    whole = sum(weights.values())
    parts = {key: total * weight // whole for key, weight in weights.items()}
    by_remainder = sorted(weights, key=lambda key: (-(total * weights[key] % whole), key))
    for key in by_remainder[: total - sum(parts.values())]:
        parts[key] += 1
    return parts
