"""A sheet of a workbook by its columns: written under their titles, and read by any of their names.

A column, and a choice that may stand in it (按用量, 是), are known by their code (`tax_rate`) or by
the words of either language. So a sheet comes back as it was taken away, and one that a program
writes may use codes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from api.language.i18n import LANGUAGES, speaking
from ledger.errors import Finding
from ledger.formats.bounded_call import bounded_call
from ledger.formats.spreadsheets.export import Rows, unescape
from ledger.formats.spreadsheets.reading import Row, read_sheets

ROWS_MAX = 1_000
"""Of one sheet: each row is an act of a person's, and all of them are one transaction."""


@dataclass(frozen=True)
class SheetColumn:
    """A column: its code, its title in the reader's language, and the words of its choices.

    Without choices any text may stand in it.
    """

    name: str
    title: Callable[[], str]
    choices: Callable[[], Mapping[str, str]] = dict


@dataclass(frozen=True)
class SheetRow:
    """A row that was read: where it stands, and what its cells say, by the codes of columns."""

    where: str
    fields: Mapping[str, str]

    def fault(self, column: str, code: str, /, **params: object) -> Finding:
        """A fault of one of its cells."""
        texts = tuple((name, str(value)) for name, value in params.items() if name != "code")
        return Finding(f"{self.where}: {column}", code, texts)


def plain(word: str) -> str:
    """A name as it is compared: not by capitals, nor by space around it."""
    return word.strip().casefold()


def names_of(code: str, title: Callable[[], str]) -> Iterator[str]:
    """Every name by which something is known, as `plain` writes it."""
    yield plain(code)
    for language in LANGUAGES:
        with speaking(language):
            yield plain(title())


def sheet_rows(columns: Sequence[SheetColumn], entries: Iterable[Mapping[str, str]]) -> Rows:
    """The rows of a sheet: its titles, and each entry with the words of its choices."""
    yield [column.title() for column in columns]
    words = {column.name: column.choices() for column in columns}
    for entry in entries:
        values = ((column.name, entry.get(column.name, "")) for column in columns)
        yield [words[name].get(value, value) for name, value in values]


def read_sheet(
    title: str, rows: Sequence[Row], columns: Sequence[SheetColumn]
) -> tuple[list[SheetRow], list[Finding]]:
    """The rows of a sheet by the codes of its columns; a fault for each head that is unknown."""
    if not rows:
        return [], []
    by_name = {name: column for column in columns for name in names_of(column.name, column.title)}
    head, *body = rows
    heads = [by_name.get(plain(cell)) for cell in head.cells]
    faults = [
        Finding(f"{title} {head.where}: {cell}", "unknown_key")
        for cell, column in zip(head.cells, heads, strict=True)
        if cell and column is None
    ]
    codes = {column.name: _codes(column) for column in heads if column}
    read = [
        SheetRow(
            f"{title} {row.where}",
            {
                column.name: codes[column.name].get(plain(cell), unescape(cell))
                for column, cell in zip(heads, row.cells, strict=False)
                if column and cell
            },
        )
        for row in body
    ]
    return read, faults


def read_one_sheet(
    content: bytes,
    names: Iterable[str],
    columns: Sequence[SheetColumn],
    *,
    others: Iterable[str] = (),
) -> tuple[list[SheetRow], list[Finding]]:
    """The rows of a workbook's one sheet, or every fault of its form.

    Args:
        content: the file.
        names: those by which the sheet is known.
        columns: its columns.
        others: names of sheets that say nothing; any other one is a fault.

    Raises:
        Refused: it is too hard to read (`file_too_hard`).
    """
    sheets, faults = bounded_call(read_sheets, content)
    own_names, silent_names = set(names), set(others)
    read, faults = list[SheetRow](), list(faults)
    for name, rows in sheets.items():
        if plain(name) in own_names:
            of_sheet, of_heads = read_sheet(name, rows, columns)
            read += of_sheet
            faults += of_heads
        elif rows and plain(name) not in silent_names:
            faults.append(Finding(name, "unknown_key"))
    if not (read or faults):
        faults.append(Finding("file", "empty_table"))
    if len(read) > ROWS_MAX:
        faults.append(Finding("file", "too_many_rows", (("limit", str(ROWS_MAX)),)))
    return read, faults


def _codes(column: SheetColumn) -> dict[str, str]:
    """The codes of a column by every word that stands for one."""
    words: dict[str, str] = {}
    for language in LANGUAGES:
        with speaking(language):
            for code, word in column.choices().items():
                words |= {plain(code): code, plain(word): code}
    return words
