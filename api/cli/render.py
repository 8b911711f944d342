"""Print what a command answered: tables and pairs for people, JSON and CSV for programs.

On a terminal a table fits its width: long texts are folded, and where the figures alone are too
wide each row is written as pairs. Into a file or a pipe a row stays on its line, however long.
"""

import csv
import json
import sys
from io import StringIO

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from api.cli.answer import Answer, Block, Column, Heading, Pairs, Table
from api.cli.failures import Failure
from api.language.format import capital
from api.language.i18n import gettext as _
from ledger.formats.spreadsheets.export import harmless

_GAP = 2
_NARROW = 12  # columns of a terminal; a folded text needs as many to be read


def render(answer: Answer, *, as_json: bool = False, as_csv: bool = False) -> None:
    """Print it in one of the three ways.

    Raises:
        Failure: the answer's own, after everything is printed.
    """
    if as_json:
        print(json.dumps(answer.data, ensure_ascii=False, indent=2))
    elif as_csv:
        table = next(block for block in answer.blocks if isinstance(block, Table))
        sys.stdout.write(_csv(table))
    else:
        for block in answer.blocks:
            _print(block)
    if isinstance(answer.failure, Failure):
        raise answer.failure


def _print(block: Block) -> None:
    if isinstance(block, Table):
        print(_table(block) if block.rows else _(block.empty))
    elif isinstance(block, Pairs):
        print("\n".join(_pairs(block)))
    elif isinstance(block, Heading):
        print(f"\n## {block.text}\n")
    else:
        print(block)


def _table(table: Table) -> str:
    console = Console(highlight=False)
    cells = [[column.format.text(column.of(row)) for column in table.columns] for row in table.rows]
    lines = [[_title(column) for column in table.columns], *cells]
    widths = [max(map(cell_len, line)) for line in zip(*lines, strict=True)]
    least = [
        width if column.format.right else min(width, _NARROW)
        for column, width in zip(table.columns, widths, strict=True)
    ]
    gaps = _GAP * (len(widths) - 1)
    room = console.width if console.is_terminal else sum(widths) + gaps
    if sum(least) + gaps > room:
        return "\n\n".join("\n".join(_pairs(Pairs(table.columns, row))) for row in table.rows)
    grid = Grid(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, show_edge=False)
    for column, title, width in zip(table.columns, lines[0], least, strict=True):
        right = column.format.right
        grid.add_column(
            Text(title), justify="right" if right else "left", no_wrap=right, min_width=width,
            overflow="fold",
        )  # fmt: skip
    for line in cells:
        grid.add_row(*map(Text, line))
    console.width = room
    with console.capture() as capture:
        console.print(grid)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def _pairs(pairs: Pairs) -> list[str]:
    values = [(column, column.of(pairs.row)) for column in pairs.columns]
    texts = [(_title(c), c.format.text(v)) for c, v in values if not pairs.short or v is not None]
    width = max((cell_len(name) for name, _value in texts), default=0)
    return [f"{name}{' ' * (width - cell_len(name))}  {value}" for name, value in texts]


def _title(column: Column) -> str:
    """The column's title, which begins with a capital letter where the language has any."""
    return capital(_(column.title))


def _csv(table: Table) -> str:
    """The table for a spreadsheet, which must not take any of its texts for a formula."""
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([_title(column) for column in table.columns])
    for row in table.rows:
        writer.writerow([_cell(column, row) for column in table.columns])
    return stream.getvalue()


def _cell(column: Column, row: object) -> str:
    text = column.format.cell(column.of(row))
    return text if column.format.right else harmless(text)
