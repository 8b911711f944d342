"""How values are written for people: money, time, codes; and plainly, for a spreadsheet."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any

from api.language.i18n import gettext as _
from ledger.units import BEIJING, hours, yuan

_ACTOR = re.compile(r"(?P<role>\w+):(?P<name>.+)#\d+")
ABSENT = "—"  # not measured, not there: never shown as a nought


@dataclass(frozen=True)
class Format:
    """How a value that is there is written, and in a spreadsheet; whether figures line up right."""

    show: Callable[[Any], object]
    right: bool = False
    plain: Callable[[Any], object] | None = None

    def text(self, value: object) -> str:
        """The value on a screen. What came from an agent must not command the terminal."""
        value_text = None if value is None else self.show(value)
        return ABSENT if value_text in (None, "") else printable(str(value_text))

    def cell(self, value: object) -> str:
        """The value in a spreadsheet; empty where there is none."""
        cell_text = None if value is None else (self.plain or self.show)(value)
        return "" if cell_text is None or cell_text == ABSENT else str(cell_text)


def printable(text: str) -> str:
    """A text without characters that command a terminal."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def money(fen: int) -> str:
    """`¥1,234.50`."""
    return f"¥{yuan(fen)}"


def plain_yuan(fen: int) -> str:
    """`1234.50`."""
    return yuan(fen).replace(",", "")


def approximate(fen: int | str) -> str:
    """Exact fen that need not be whole; `≈` where they are not."""
    exact = Fraction(fen)
    amount = money(round(exact))
    return amount if exact.denominator == 1 else f"≈ {amount}"


def gpu_hours(device_ms: int | str) -> str:
    """Device-milliseconds, an integer or "n/d", as GPU-hours."""
    return hours(Fraction(device_ms))


def percent(ppm: int) -> str:
    """Parts per million as per cent, one place."""
    return f"{(ppm + 500) // 1000 / 10:.1f}%"


def beijing(moment: str) -> str:
    """A moment of the server's (UTC) in Beijing time, to the second."""
    return datetime.fromisoformat(moment).astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def label_of(kind: type[StrEnum], code: str) -> str:
    """The label of a code; all labels are loaded when one is asked for."""
    from api.language.labels import label_of  # noqa: PLC0415 - loaded when it is used

    return label_of(kind, code)


def coded(kind: type[StrEnum]) -> Format:
    """Codes by their labels."""
    return Format(lambda code: label_of(kind, code))


def person(actor: str | None) -> str | None:
    """`clerk:张三#7` is 张三, a clerk."""
    if actor is None or not (match := _ACTOR.fullmatch(actor)):
        return actor
    from ledger.people.codes import Role  # noqa: PLC0415 - loaded when it is used

    role = label_of(Role, match["role"])
    return _("{name}（{role}）").format(name=match["name"], role=role)


TEXT = Format(str)
NUMBER = Format(str, right=True)
COUNT = Format(lambda n: f"{n:,}", right=True, plain=str)
MONEY = Format(money, right=True, plain=plain_yuan)
ROUGHLY = Format(approximate, right=True)
HOURS = Format(gpu_hours, right=True)
PERCENT = Format(percent, right=True)
MOMENT = Format(beijing)
MONTH = Format(lambda day: day[:7])
PERSON = Format(person)
YES = Format(lambda yes: _("是") if yes else "")
WORDS = Format(lambda several: " ".join(map(str, several)))
