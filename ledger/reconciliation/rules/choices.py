"""A clerk's choices on the differences of a month, and the resulting cells.

Every difference has a default treatment: what is blocked, cut or excluded does not count, a note is
informative. Where a person is required (需人工), somebody must choose and give a reason. A block
cannot be overridden.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ledger.charging.codes import Part
from ledger.charging.rules.cells import Cell
from ledger.errors import Finding
from ledger.reconciliation.rules.clearing import (
    LESS_INVOICED,
    MORE_INVOICED,
    CellOutcome,
    Exclusion,
    settle,
)
from ledger.reconciliation.rules.difference_codes import Difference
from ledger.reconciliation.rules.reds import apportion
from ledger.units import Fen

TREATMENTS = ("exclude", "note", "carry_over", "close")
_DEFAULT = {"block": "exclude", "exclude": "exclude", "cut": "exclude", "note": "note"}


@dataclass(frozen=True)
class Choice:
    """A clerk's choice on a difference; without a document, line or cell: on all such."""

    code: str
    treatment: str
    reason: str = ""
    document: int | None = None
    line: int | None = None
    part: Part | None = None

    def about(self, difference: Difference) -> bool:
        """Return whether this choice applies to a difference."""
        pairs = (
            (self.document, difference.document),
            (self.line, difference.line),
            (self.part, difference.cell[2] if difference.cell else None),
        )
        same = all(chosen_value in (None, actual) for chosen_value, actual in pairs)
        return self.code == difference.code and same


def treatment(difference: Difference, choices: Iterable[Choice]) -> str | None:
    """Return the chosen or default treatment; None if a person must still choose."""
    choice_made = next((c.treatment for c in choices if c.about(difference)), None)
    return choice_made or _DEFAULT.get(difference.handling)


def reason_of(difference: Difference, choices: Iterable[Choice]) -> str:
    """Return the reason of the choice."""
    return next((c.reason for c in choices if c.about(difference)), "")


def allowed_treatments(difference: Difference) -> tuple[str, ...]:
    """Return the allowed treatments; a shortfall is carried over or closed.

    A block and what exceeds the metering cannot be chosen to count.
    """
    if difference.code == LESS_INVOICED:
        return ("carry_over", "close")
    return ("exclude",) if difference.handling in ("block", "cut") else ("exclude", "note")


def faults(differences: Sequence[Difference], choices: Sequence[Choice]) -> Iterator[Finding]:
    """Yield invalid choices, differences without a required choice, and blocked ones."""
    for index, choice in enumerate(choices):
        where = f"choices[{index}]"
        targets = [d for d in differences if choice.about(d)]
        if choice.treatment not in TREATMENTS:
            yield Finding(where, "bad_choice", (("choices", ", ".join(TREATMENTS)),))
        elif not targets:
            yield Finding(where, "no_such_difference", (("code", choice.code),))
        elif unfit := next((d for d in targets if choice.treatment not in _choosable(d)), None):
            yield Finding(where, "bad_choice", (("choices", ", ".join(allowed_treatments(unfit))),))
        elif not choice.reason.strip():
            yield Finding(where, "reason_missing")
    for difference in differences:
        chosen_treatment = treatment(difference, choices)
        about = (("code", difference.code),)
        if chosen_treatment is None:
            yield Finding(_place(difference), "undecided_difference", about)
        elif difference.handling == "block" and chosen_treatment != "exclude":
            yield Finding(_place(difference), "blocked_difference", about)


def _choosable(difference: Difference) -> tuple[str, ...]:
    """Return the treatments that may be chosen; blocks are reported by their own code."""
    return TREATMENTS if difference.handling == "block" else allowed_treatments(difference)


def _place(difference: Difference) -> str:
    """Return a choice's notation: `R19/3/1` is line 1 of document 3, `R17@package` packages."""
    parts = (difference.code, difference.document, difference.line)
    about = "/".join(str(part) for part in parts if part is not None)
    return f"{about}@{difference.cell[2]}" if difference.cell is not None else about


def settle_cell(
    cell: Cell,
    differences: Sequence[Difference],
    choices: Sequence[Choice],
    shares: Mapping[tuple[int, int], Fen],
    reason: str = "",
) -> CellOutcome:
    """Settle a cell as chosen; `shares` is what each (document, line) pays into it.

    Red ones are taken off their blue lines. Each fen of a document is excluded once, by the first
    difference that claims it. What is short within the tolerance is closed: nobody bills it any
    more.
    """
    remaining = dict(shares)
    exclusions: list[Exclusion] = []
    reasons: dict[str, str] = {}
    close = within_tolerance = False
    for difference in differences:
        if difference.cell is not None and difference.cell != cell.key:
            continue
        chosen_treatment = treatment(difference, choices)
        why = reason_of(difference, choices) or reason
        if difference.code in (LESS_INVOICED, MORE_INVOICED) and difference.cell is not None:
            close = close or chosen_treatment == "close"
            within_tolerance = within_tolerance or (
                chosen_treatment == "note" and _is_short(difference)
            )
            reasons[difference.code] = why
        elif chosen_treatment == "exclude" and difference.document is not None:
            exclusions += _exclusions(remaining, difference, why)
        elif chosen_treatment == "exclude" and difference.cell is not None:
            exclusions.append(Exclusion(difference.code, None, None, difference.fen, why))
    if cell.closed_fen and not any(_is_short(d) and d.cell == cell.key for d in differences):
        within_tolerance = True  # what was closed before stays closed
    return settle(
        cell,
        exclusions,
        close=close,
        within_tolerance=within_tolerance,
        reason=reason,
        reasons=reasons,
    )


def _is_short(difference: Difference) -> bool:
    return difference.code == LESS_INVOICED


def _exclusions(
    remaining: dict[tuple[int, int], Fen], difference: Difference, why: str
) -> list[Exclusion]:
    """Exclude a document's shares in a cell, up to the difference.

    A part of a document, such as what was not paid of it, is the same part of each of its lines:
    what another difference excludes of a line is no more of it than of the others.
    """
    weights = {
        (document, line): fen
        for (document, line), fen in remaining.items()
        if document == difference.document and difference.line in (None, line) and fen > 0
    }
    whole = sum(weights.values())
    fen = min(difference.fen or whole, whole)  # nothing said: all of it
    if fen <= 0:
        return []
    exclusions = []
    for place, part in apportion(fen, weights).items():
        if part:
            exclusions.append(Exclusion(difference.code, *place, part, why))
            remaining[place] -= part
    return exclusions
