"""What a command answers: the data as the server gave it, and how a person reads it.

A command asks the server and returns one of these; `api/cli/render.py` prints it as tables, as
`--json` or as `--csv`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.cli.failures import Failure
from api.cli.values import TEXT, Format
from api.language.i18n import msgid

Row = Mapping[str, Any] | Sequence[Any]


@dataclass(frozen=True)
class Column:
    """A title in Chinese, what of a row stands under it, and how it is written.

    `value` is a key of the row, its place in a sequence, or a function of the row.
    """

    title: str
    value: str | int | Callable[[Any], object]
    format: Format = TEXT

    def of(self, row: Any) -> Any:  # noqa: ANN401 - whatever the server sent
        """The row's value in this column."""
        return self.value(row) if callable(self.value) else row[self.value]


@dataclass(frozen=True)
class Table:
    """Rows under the titles of their columns; `empty` is said where there is no row."""

    columns: Sequence[Column]
    rows: Sequence[Row]
    empty: str = msgid("没有")


@dataclass(frozen=True)
class Pairs:
    """One thing's values, each on a line after its name; `short` leaves out those it lacks."""

    columns: Sequence[Column]
    row: Row
    short: bool = False


@dataclass(frozen=True)
class Heading:
    """The title of what follows."""

    text: str


Block = Table | Pairs | Heading | str


@dataclass(frozen=True)
class Answer:
    """What `--json` prints, what people read instead, and why the command fails all the same."""

    data: object
    blocks: Sequence[Block] = ()
    failure: Failure | None = None


class Listing(Answer):
    """An answer whose first table may be had as CSV."""


def listing(
    columns: Sequence[Column], rows: Sequence[Row], *more: Block, empty: str = Table.empty
) -> Listing:
    """A list of things alike, as the server sent it."""
    return Listing(rows, [Table(columns, rows, empty), *more])


def record(columns: Sequence[Column], row: Row, *more: Block) -> Answer:
    """One thing, as the server sent it."""
    return Answer(row, [Pairs(columns, row), *more])
