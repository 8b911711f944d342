"""docs/faults.md: a row for each fault, whose figures are those that its test has just measured.

A test says `told("key", verdict)`. Then the row, made of words.yaml and of the verdict, must
stand in the page as it is; with `pytest --renew-faults` it is written there instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.support.faults.fault_site import Verdict
from tests.support.paths import DOCS

PAGE = DOCS / "faults.md"
HERE = "tests/agents/faults"
WORDS: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("words.yaml").read_text(encoding="utf-8")
)


class Row(NamedTuple):
    """A fault in both languages: its name, what happens, what is said. `also` are further tests."""

    zh: tuple[str, str, str]
    en: tuple[str, str, str]
    also: tuple[str, ...] = ()


ROWS = {
    key: Row(tuple(row["zh"]), tuple(row["en"]), tuple(row.get("also", ())))
    for key, row in WORDS["rows"].items()
}


@dataclass(frozen=True)
class Line:
    """A row as it stands in the page, without its language."""

    figures: tuple[str, str, str]
    test: str


def line(verdict: Verdict, test: str) -> Line:
    """What was measured, and by which test."""
    gaps = [f"{reason} {_s(ms)}" for reason, ms in sorted(verdict.gaps.items())]
    rest = {"silent": verdict.silent, "left_out": verdict.left_out}
    gaps += [f"{word} {_s(ms)}" for word, ms in rest.items() if ms]
    return Line((_s(verdict.true), _s(verdict.counted), "<br>".join(gaps) or "—"), test)


def written(text: str) -> dict[str, Line]:
    """The lines that stand in the page, by the fault's key."""
    by_name = {row.zh[0]: key for key, row in ROWS.items()}
    lines_by_key = {}
    for item in text.splitlines():
        cells = [cell.strip() for cell in item.strip("|").split("|")]
        if cells[0] in by_name:
            test = cells[6].partition("<br>")[0].strip("`")
            lines_by_key[by_name[cells[0]]] = Line((cells[2], cells[3], cells[4]), test)
    return lines_by_key


def page(lines: Mapping[str, Line]) -> str:
    """The whole page."""
    pairs = [(row, lines[key]) for key, row in ROWS.items() if key in lines]
    chinese = "\n".join(_line(row.zh, item, row.also) for row, item in pairs)
    english = "\n".join(_line(row.en, item, row.also) for row, item in pairs)
    text: str = WORDS["page"]
    return text.format(chinese=chinese, english=english)


def row_line(row: Row, item: Line) -> tuple[str, str]:
    """Both lines of one fault."""
    return _line(row.zh, item, row.also), _line(row.en, item, row.also)


def _line(words: tuple[str, str, str], item: Line, also: Iterable[str]) -> str:
    fault, happens, counts = words
    tests = "<br>".join(f"`{name}`" for name in (item.test, *also))
    return f"| {' | '.join((fault, happens, *item.figures, counts, tests))} |"


def _s(ms: int) -> str:
    """Milliseconds as seconds, exactly."""
    return f"{ms // 1000:,}" if ms % 1000 == 0 else f"{ms / 1000:,.3f}"
