"""Read a table in CSV or XLSX as rows of texts with their row numbers.

CSV is UTF-8 or GB18030; of a workbook the first sheet is read, or each (`read_sheets`). A cell is
the text that a person would see; empty rows are skipped, the others keep their numbers. A file
that is no table, or is too large, gives one finding. So does a cell that may show something else
than it holds: a formula, and a number with more digits than a workbook keeps exactly (an account or
an invoice number not entered as text).
"""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import Any
from xml.etree.ElementTree import ParseError

from ledger.errors import Finding
from ledger.formats.archive import SIGNATURE, open_archive

ROWS_MAX = 100_000
COLUMNS_MAX = 200
SHEETS_MAX = 50
_EXACT = 10**15  # a workbook keeps 15 digits of a number
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, ParseError),
    *(ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError),
)


@dataclass(frozen=True)
class Row:
    """A row: its number counted from 1, and its cells."""

    number: int
    cells: tuple[str, ...]

    @property
    def where(self) -> str:
        """The row as findings name it."""
        return f"row {self.number}"


def read_rows(content: bytes) -> tuple[list[Row], list[Finding]]:
    """Read the rows of a CSV or XLSX file that have text, or one finding about the file."""
    try:
        lines = _workbook(content) if content.startswith(SIGNATURE) else _text(content)
    except _Refused as refused:
        return [], [refused.finding]
    if lines is None:
        return [], [Finding("file", "not_a_table")]
    if len(lines) > ROWS_MAX:
        return [], [Finding("file", "too_many_rows", (("limit", str(ROWS_MAX)),))]
    rows = _numbered(lines)
    return (rows, []) if rows else ([], [Finding("file", "empty_table")])


def read_sheets(content: bytes) -> tuple[dict[str, list[Row]], list[Finding]]:
    """Read the rows of every sheet of a workbook, by its title, or one finding about the file."""
    try:
        book = _sheets(content, SHEETS_MAX)
    except _Refused as refused:
        return {}, [refused.finding]
    if book is None:
        return {}, [Finding("file", "not_a_table")]
    if sum(map(len, book.values())) > ROWS_MAX:
        return {}, [Finding("file", "too_many_rows", (("limit", str(ROWS_MAX)),))]
    sheets = {title: _numbered(lines) for title, lines in book.items()}
    return (sheets, []) if any(sheets.values()) else ({}, [Finding("file", "empty_table")])


def _numbered(lines: Iterable[Sequence[str]]) -> list[Row]:
    return [Row(n, tuple(cells)) for n, cells in enumerate(lines, start=1) if any(cells)]


def _text(content: bytes) -> list[list[str]] | None:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else _csv(text)
    return None


def _csv(text: str) -> list[list[str]] | None:
    try:
        return _strip(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        return None


def _workbook(content: bytes) -> list[list[str]] | None:
    """Read the first sheet."""
    sheets = _sheets(content, 1)
    return None if sheets is None else next(iter(sheets.values()), None)


def _sheets(content: bytes, most: int) -> dict[str, list[list[str]]] | None:
    """Read the first sheets by their titles; openpyxl parses XML with defusedxml."""
    from openpyxl import load_workbook  # noqa: PLC0415 - who reads CSV alone need not have it

    if refusals := open_archive(content)[1]:
        raise _Refused(refusals[0])
    try:
        book = load_workbook(io.BytesIO(content), read_only=True)
        try:
            return {sheet.title: _lines(sheet) for sheet in book.worksheets[:most]}
        finally:
            book.close()
    except _BROKEN:
        return None


def _lines(sheet: Any) -> list[list[str]]:  # noqa: ANN401 - openpyxl names no type
    sheet.reset_dimensions()  # what a sheet says of its own size need not be so
    rows = sheet.iter_rows(max_row=ROWS_MAX + 1, max_col=COLUMNS_MAX + 1)
    return _strip(
        [_cell_text(cell.value, cell.data_type, n, c) for c, cell in enumerate(row, start=1)]
        for n, row in enumerate(rows, start=1)
    )


def _strip(rows: Iterable[Sequence[str]]) -> list[list[str]]:
    """Remove blanks around texts and empty cells at the end of rows; no row is too wide."""
    lines = []
    for number, row in enumerate(islice(rows, ROWS_MAX + 1), start=1):
        cells = [cell.strip() for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if len(cells) > COLUMNS_MAX:
            limit = (("limit", str(COLUMNS_MAX)),)
            raise _Refused(Finding(f"row {number}", "too_many_columns", limit))
        lines.append(cells)
    return lines


class _Refused(Exception):
    def __init__(self, finding: Finding) -> None:
        self.finding = finding


def _cell_text(cell: object, kind: str, row: int, column: int) -> str:
    """Format a cell: a number in its shortest decimal form, a midnight as its day."""
    if kind == "f":
        raise _Refused(Finding(_place(row, column), "formula"))
    if isinstance(cell, (int, float)) and abs(cell) >= _EXACT:
        raise _Refused(Finding(_place(row, column), "not_kept_exactly"))
    if cell is None:
        return ""
    if isinstance(cell, float):
        whole = int(cell) if cell.is_integer() else None
        return str(whole) if whole is not None else format(Decimal(repr(cell)), "f")
    if isinstance(cell, datetime):
        return str(cell.date() if cell.time() == time() else cell)
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _place(row: int, column: int) -> str:
    from openpyxl.utils import get_column_letter  # noqa: PLC0415 - as above

    return f"row {row}: {get_column_letter(column)}"
