"""What is wrong with one place of sacct's words."""

from __future__ import annotations

from dataclasses import dataclass


class BadCell(ValueError):
    """A cell that cannot be believed; `column` is sacct's name of it, empty for the whole line."""

    def __init__(self, column: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.column = column
        self.zh = zh
        self.en = en


class BadName(BadCell):
    """A name that cannot be carried: its row is left out, and the others say what they say."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a file; `row` counts its lines from 1. Of one that is alone the rest is used."""

    file: str
    row: int
    column: str
    zh: str
    en: str
    is_alone: bool = False

    @classmethod
    def of(cls, file: str, row: int, error: BadCell) -> Fault:
        """Return what is wrong with a cell of this row."""
        return cls(file, row, error.column, error.zh, error.en, isinstance(error, BadName))


def short(value: str) -> str:
    """Return a value so that a message can show it: short, and with no hidden character."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value[:80])
