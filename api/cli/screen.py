"""What commands print: tables and figures for people, plain JSON for programs."""

import json
import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any

from api.cli.client import language, say
from api.language.i18n import speaking
from api.language.labels import label_of
from ledger.people.codes import Role
from ledger.units import BEIJING, hours, yuan

_ACTOR = re.compile(r"(?P<role>\w+):(?P<name>.+)#\d+")
ABSENT = "—"  # not measured, not there: never shown as a nought


def as_json(value: object) -> None:
    """The server's answer as it came, readable by people too."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def table(titles: Sequence[str], rows: Sequence[Sequence[object]], right: str = "") -> None:
    """Columns under their titles. `right` has an `r` for each column set to the right.

    Where there is no row it says so: titles alone look as if something were cut off.
    """
    if not rows:
        print(say("没有", "none"))
        return
    texts = [[_plain(cell) for cell in row] for row in rows]
    lines = [list(titles), *texts]
    widths = [max(_width(line[i]) for line in lines) for i in range(len(titles))]
    sides = right.ljust(len(titles), "l")
    for line in lines:
        cells = [
            _pad(cell, width, side) for cell, width, side in zip(line, widths, sides, strict=True)
        ]
        print("  ".join(cells).rstrip())


def heading(chinese: str, english: str) -> None:
    """The title of one of several tables."""
    print(f"\n## {say(chinese, english)}\n")


def pairs(rows: Sequence[tuple[str, object]]) -> None:
    """A name and a value on each line."""
    width = max(_width(name) for name, _ in rows)
    for name, value in rows:
        print(f"{_pad(name, width, 'l')}  {ABSENT if value is None else value}")


def money(fen: int | None) -> str | None:
    """`¥1,234.50`."""
    return None if fen is None else f"¥{yuan(fen)}"


def called(kind: type[StrEnum], code: str | None) -> str | None:
    """A code of this kind in the reader's language; one that is not known as it is."""
    if not code:
        return None
    with speaking(language()):
        return label_of(kind, code)


def person(actor: str | None) -> str | None:
    """`clerk:张三#7` is 张三, a clerk."""
    if actor is None or not (found := _ACTOR.fullmatch(actor)):
        return actor
    role = called(Role, found["role"])
    return say(f"{found['name']}（{role}）", f"{found['name']} ({role})")


def gpu_hours(device_ms: int | str | None) -> str | None:
    """Device-milliseconds, an integer or "n/d", as GPU-hours."""
    return None if device_ms is None else hours(Fraction(device_ms))


def percent(ppm: int | None) -> str | None:
    """Parts per million as per cent, one place."""
    return None if ppm is None else f"{(ppm + 500) // 1000 / 10:.1f}%"


def beijing(moment: str | None) -> str | None:
    """A moment of the server's (UTC) in Beijing time, to the second."""
    if moment is None:
        return None
    return datetime.fromisoformat(moment).astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def approximate(fen: int | str) -> str:
    """Exact fen that need not be whole; `≈` where they are not."""
    exact = Fraction(fen)
    shown = f"¥{yuan(round(exact))}"
    return shown if exact.denominator == 1 else f"≈ {shown}"


def columns(rows: list[dict[str, Any]]) -> tuple[list[str], list[list[object]]]:
    """Rows of whatever columns they have, as a table's titles and cells."""
    titles = list(rows[0]) if rows else []
    return titles, [[row[title] for title in titles] for row in rows]


def _plain(cell: object) -> str:
    """A cell as it is printed. What came from an agent must not command the reader's terminal."""
    if cell is None:
        return ABSENT
    return "".join(c if c.isprintable() else "\ufffd" for c in str(cell))


def _width(text: str) -> int:
    """Chinese characters take two places on a screen."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _pad(text: str, width: int, side: str) -> str:
    space = " " * (width - _width(text))
    return space + text if side == "r" else text + space
